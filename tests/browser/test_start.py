"""The start page and the learner's copies in JupyterLab, opened as `course.py lab` opens them."""

import importlib.util
import json
import re
import shutil
import time
from pathlib import Path

import pytest

from course_lib import copies

ROOT = Path(__file__).parents[2]
PLACES = ("README.md", "CLAIMS.md", "CONTRIBUTING.md", "course.py", ".jupyter", "notebooks", "exercises", "solutions")
WIDE = """async () => {
    const found = [], notebook = window.jupyterapp.shell.currentWidget.content;
    for (const [i, cell] of notebook.widgets.entries()) {
        if (cell.model.type !== 'code') continue;
        await notebook.scrollToItem(i);
        await new Promise(shown => setTimeout(shown, 50));
        const code = cell.node.querySelector('.cm-scroller');
        if (code?.offsetParent) found.push(code.scrollWidth - code.clientWidth);
        const dots = cell.node.querySelector('.jp-InputPlaceholder .jp-MoreHorizIcon');
        if (dots) found.push(dots.getBoundingClientRect().right - cell.node.getBoundingClientRect().right);
    }
    return found;
}"""


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """A copy of the course with a learner's copies in it."""
    root = tmp_path_factory.mktemp("start") / "course"
    root.mkdir()
    for name in PLACES:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("workspaces", ".ipynb_checkpoints"))
        else:
            shutil.copy(ROOT / name, root / name)
    assert copies.make(root) == []
    copies.write_start_page(root)
    return root


@pytest.fixture(scope="module")
def lab(course, jupyterlab_with, tmp_path_factory):
    spec = importlib.util.spec_from_file_location("a_course", course / "course.py")
    started = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(started)
    started.WORKSPACE.parent.mkdir()
    shutil.copy(course / ".jupyter" / "workspace.json", started.WORKSPACE)
    answers = course / "answers.jsonl"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COURSE_ANSWERS", str(answers))
        with jupyterlab_with(tmp_path_factory.mktemp("lab"), *started.lab_options(())) as running:
            yield running


@pytest.fixture
def page(lab, browser):
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.set_default_timeout(30_000)
    page.goto(f"{lab.address}/lab/tree/mine/README.md?reset&token={lab.token}")
    page.wait_for_selector(".jp-RenderedMarkdown table")
    yield page
    page.close()


def tabs(page):
    """The words on the tabs: what custom.css puts before them and, where that leaves it visible, the file's name."""
    return page.locator(".lm-DockPanel-tabBar .lm-TabBar-tabLabel").evaluate_all(
        """tabs => tabs.map(tab => {
            const before = getComputedStyle(tab, '::before').content;
            const name = getComputedStyle(tab).fontSize === '0px' ? '' : tab.textContent;
            return (before === 'none' ? '' : before.replaceAll('"', '')) + name;
        })"""
    )


def current(page):
    return page.evaluate("() => window.jupyterapp.shell.currentWidget.context.path")


def test_it_opens_rendered_with_the_side_bar_closed_and_leads_to_the_copies(lab, browser):
    page, wrong = browser.new_page(viewport={"width": 1280, "height": 800}), []
    page.on("pageerror", lambda error: wrong.append(error.stack))
    page.goto(f"{lab.address}/?token={lab.token}")
    page.wait_for_selector(".jp-RenderedMarkdown table")
    assert page.get_by_role("heading", name="Optimizers, measured").is_visible()
    assert not page.locator(".jp-DirListing").is_visible()
    page.get_by_role("link", name=re.compile("^Momentum carries")).first.click()
    page.wait_for_selector(".jp-Notebook .jp-Cell")
    assert current(page) == "mine/notebooks/04_momentum.ipynb"
    assert page.locator(".jp-OutputArea-output").count() == 0
    page.locator(".jp-Notebook").get_by_role("link", name="contents").click()
    page.wait_for_function("() => window.jupyterapp.shell.currentWidget?.context?.path === 'mine/README.md'")
    page.close()
    assert not wrong


def test_tabs_of_one_file_name_can_be_told_apart(page):
    for folder in ("notebooks", "exercises", "solutions"):
        path = f"mine/{folder}/04_momentum.ipynb"
        page.evaluate(f"() => {{ window.jupyterapp.commands.execute('docmanager:open', {{path: '{path}'}}) }}")
        page.wait_for_function(f"() => window.jupyterapp.shell.currentWidget?.context?.path === '{path}'")
    wanted = {"Start", "04_momentum.ipynb", "Sheet 04_momentum.ipynb", "Solution 04_momentum.ipynb"}
    end = time.monotonic() + 20
    while not wanted <= set(tabs(page)) and time.monotonic() < end:
        page.wait_for_timeout(200)  # a tab has its title a little after its notebook
    assert wanted <= set(tabs(page))


def test_it_is_made_anew_whenever_it_is_opened(page, course):
    asked = re.search(r"\| 0 of (\d+) \|", (course / "mine" / "README.md").read_text(encoding="utf-8"))
    assert asked
    bet = {"key": "00-wrong", "guess": "x", "sure": 70, "when": "2026-01-01T00:00:00Z"}
    (course / "answers.jsonl").write_text(json.dumps(bet) + "\n")
    page.reload()
    page.wait_for_selector(".jp-RenderedMarkdown table")
    row = page.locator(".jp-RenderedMarkdown tbody tr").first
    assert row.locator("td").nth(3).inner_text() == f"1 of {asked[1]}"
    assert page.get_by_text("Go on with").is_visible()


@pytest.mark.parametrize("width", [1280, 900])
def test_no_code_scrolls_sideways(page, width):
    """And the first line of collapsed code ends in dots within its cell."""
    page.set_viewport_size({"width": width, "height": 800})
    path = "mine/notebooks/07_conditioning.ipynb"
    page.evaluate(f"() => {{ window.jupyterapp.commands.execute('docmanager:open', {{path: '{path}'}}) }}")
    page.wait_for_function(f"() => window.jupyterapp.shell.currentWidget?.context?.path === '{path}'")
    page.locator(".jp-Notebook .cm-scroller:visible").first.wait_for()
    wide = page.evaluate(WIDE)
    assert len(wide) > 20
    assert max(wide) <= 1
