"""Visits the site where it was put: runs every lesson in a browser, all cells, and drags a live figure.

    python -m tools.web.visit ADDRESS               every lesson; some minutes
    python -m tools.web.visit ADDRESS 04_momentum   only these

What each cell prints must be what is stored in the course, and nobody but the site may be asked. It needs Chromium, and
at ADDRESS a site with NumPy. The exit code is 1 if anything is otherwise.
"""

import json
import shutil
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]
BROWSERS = ["chromium", "chromium-browser", "google-chrome", "chrome"]
MINUTES = 5  # for a lesson
IDLE = "() => jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel?.status === 'idle'"
RUN = """async () => {
    const notebook = jupyterapp.shell.currentWidget.content;
    await jupyterapp.commands.execute("notebook:run-all-cells");
    return notebook.widgets.filter((cell) => cell.model.type === "code").map((cell) => cell.model.outputs.toJSON());
}"""
MOVED = "(old) => document.querySelector('.live-figure .live-status').textContent !== old"


def main(address="", *names):
    if not address.startswith("http"):
        return __doc__.strip()
    from playwright.sync_api import sync_playwright

    wrong = 0
    with sync_playwright() as playwright:
        program = next(filter(None, map(shutil.which, BROWSERS)), None)
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
        for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
            if names and path.stem not in names:
                continue
            begun = time.monotonic()
            complaints = visit(browser, address.rstrip("/"), path)
            print(f"{path.stem}: {time.monotonic() - begun:.0f} s", *complaints, sep="\n  ", flush=True)
            wrong += bool(complaints)
        browser.close()
    return int(wrong > 0)


def visit(browser, address, path):
    """What is wrong with a lesson on the site, a line for each thing."""
    stored = [cell for cell in json.loads(path.read_text(encoding="utf-8"))["cells"] if cell["cell_type"] == "code"]
    foreign, complaints = set(), []
    context = browser.new_context(viewport={"width": 1300, "height": 1000}, reduced_motion="reduce")
    context.on("request", lambda request: request.url.startswith("http") and foreign.add(request.url))
    page = context.new_page()
    page.set_default_timeout(60_000 * MINUTES)
    try:
        page.goto(f"{address}/lite/lab/index.html?path=notebooks/{path.name}")
        page.locator(".jp-Notebook .jp-Cell").first.wait_for()
        page.wait_for_function(IDLE)
        for cell, outputs in zip(stored, page.evaluate(RUN), strict=True):
            if (now := printed(outputs)) != (then := printed(cell["outputs"])):
                complaints.append(f"{cell['id']} says {now!r} instead of {then!r}"[:400])
            if any(output["output_type"] == "error" for output in outputs):
                break  # what is below did not run
        if path.name.startswith("00") and not complaints:
            drag(page)
    except Exception as error:  # the other lessons are visited all the same
        complaints.append(f"{type(error).__name__}: {error}"[:400])
    context.close()
    return complaints + [f"asks {url}" for url in sorted(foreign) if not url.startswith(address)]


def printed(outputs):
    """The texts of a cell's outputs: what was printed in one piece, errors by name, of others what is plain text."""
    found = []
    for output in outputs:
        if output["output_type"] == "stream":
            last = found.pop() if found and found[-1][0] == output["name"] else (output["name"], "")
            found.append((output["name"], last[1] + joined(output["text"])))
        elif output["output_type"] == "error":
            found.append((output["ename"], output["evalue"]))
        else:
            found.append(("shown", joined(output["data"].get("text/plain", ""))))
    return found


def joined(text):
    return "".join(text)


def drag(page):
    """Drags a point of the first live figure, which Python has to answer, until the figure says something else."""
    figure = page.locator(".live-figure").first
    figure.scroll_into_view_if_needed()
    page.wait_for_function("() => document.querySelector('.live-figure .live-status').textContent")
    said = figure.locator(".live-status").text_content()
    box = figure.locator(".live-handle").first.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 60, y, steps=10)
    page.mouse.up()
    page.wait_for_function(MOVED, arg=said)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
