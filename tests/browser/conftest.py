"""JupyterLab and a real Chromium for the tests of the live figures; both are started once."""

import json
import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CHROMIUM = next(filter(None, map(shutil.which, ["chromium", "chromium-browser", "google-chrome", "chrome"])), None)
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
QUIET += ["--disable-component-update", "--disable-sync", "--force-color-profile=srgb"]


@contextmanager
def jupyterlab(folder, *options):
    """JupyterLab as `course.py lab` starts it, on a folder of its own or as the options say; gives its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    token = secrets.token_hex(8)
    own = {f"JUPYTER_{kind}_DIR": str(folder / kind.lower()) for kind in ("CONFIG", "DATA", "RUNTIME")}
    environment = os.environ | own | {"JUPYTER_CONFIG_PATH": str(ROOT / ".jupyter"), "PYTHONPATH": str(ROOT)}
    (folder / "notebooks").mkdir(exist_ok=True)
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--expose-app-in-browser"]
    command += [f"--port={port}", "--ServerApp.port_retries=0", f"--IdentityProvider.token={token}"]
    command += ["--LabApp.news_url=", *(options or [f"--ServerApp.root_dir={folder / 'notebooks'}"])]
    with open(folder / "server.log", "w") as log:
        server = subprocess.Popen(command, env=environment, stdout=log, stderr=log, cwd=folder)
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(300):
            try:
                urllib.request.urlopen(f"{address}/api?token={token}", timeout=1).close()
                break
            except OSError:
                assert server.poll() is None, (folder / "server.log").read_text()
                time.sleep(0.1)
        yield Lab(address, token, folder / "notebooks")
    finally:
        server.terminate()
        try:
            server.wait(10)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


class Lab:
    def __init__(self, address, token, notebooks):
        self.address, self.token, self.notebooks = address, token, notebooks

    def write(self, name, *cells):
        """A notebook of code cells, as a lesson is committed."""
        kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
        blank = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None}
        code = [blank | {"id": f"cell-{i}", "source": source} for i, source in enumerate(cells)]
        notebook = {"cells": code, "metadata": kernel, "nbformat": 4, "nbformat_minor": 5}
        (self.notebooks / f"{name}.ipynb").write_text(json.dumps(notebook), encoding="utf-8")

    def open(self, page, name):
        """Opens the notebook, and waits for its kernel."""
        page.goto(f"{self.address}/lab/workspaces/{name}/tree/{name}.ipynb?token={self.token}")
        page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=60_000)
        page.wait_for_function(
            "() => window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel?.status === 'idle'",
            timeout=60_000,
        )

    @staticmethod
    def command(page, name):
        page.evaluate(f"() => window.jupyterapp.commands.execute({name!r})")


@pytest.fixture(scope="session")
def jupyterlab_with():
    """`jupyterlab`, for a test that wants one with other options."""
    return jupyterlab


@pytest.fixture(scope="session")
def lab(tmp_path_factory):
    with jupyterlab(tmp_path_factory.mktemp("lab")) as running:
        yield running


@contextmanager
def chromium():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def browser():
    if CHROMIUM is None and not os.environ.get("CI"):
        pytest.skip("no Chromium on PATH: apt-get install chromium")
    with chromium() as running:
        yield running


@pytest.fixture
def run_all(lab, browser):
    """A function that opens code cells as a notebook and runs them; at the end no error was on the page's console."""
    pages, complaints = [], []

    def run(name, *cells, **options):
        lab.write(name, *cells)
        page = browser.new_page(viewport={"width": 1300, "height": 1000}, **options)
        pages.append(page)
        page.set_default_timeout(20_000)
        page.on("console", lambda message: message.type == "error" and complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(error.stack))
        lab.open(page, name)
        lab.command(page, "notebook:run-all-cells")
        return page

    yield run
    for page in pages:
        page.close()
    assert not complaints


@pytest.fixture
def says(page):
    """A function that waits until the label of a figure on the test's page matches."""

    def wait(pattern, figure=0):
        live = page.locator(".live-figure").nth(figure)
        live.get_by_role("img", name=re.compile(pattern)).first.wait_for()

    return wait
