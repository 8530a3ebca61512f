"""The site as it is built, served by a plain static server: its pages, and JupyterLite with a bet in it."""

import hashlib
import html.parser
import json
import shutil
import subprocess
import sys
import urllib.parse
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SITE = ROOT / "build" / "site"
LITE, PYODIDE = SITE / "lite", SITE / "lite" / "static" / "pyodide"
NOTEBOOKS = [f"{f}/{path.name}" for f in ("notebooks", "exercises", "solutions") for path in (ROOT / f).glob("*.ipynb")]
NARROW = """() => ({
    over: document.documentElement.scrollWidth - document.documentElement.clientWidth,
    formulas: document.querySelectorAll("mjx-container").length,
    raw: document.querySelector("article").innerText.match(/\\$[^$\\n]+\\$/g) ?? [],
    wrong: document.querySelectorAll("mjx-merror").length,
})"""


@pytest.fixture(scope="module")
def told():
    """Builds the site; gives what the command says."""
    run = subprocess.run([sys.executable, "-m", "tools.site"], cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr
    return run.stdout


@pytest.fixture(scope="module")
def pages(told):
    """{file: its Page} of all pages but those of JupyterLite."""
    found = {}
    for path in SITE.rglob("*.html"):
        if path.relative_to(SITE).parts[0] not in (LITE.name, "_static"):
            found[path] = Page()
            found[path].feed(path.read_text(encoding="utf-8"))
    return found


@pytest.fixture(scope="module")
def lite(told):
    if "For JupyterLite, " in told:
        pytest.skip(told)


@pytest.fixture(scope="module")
def address(told):
    server = subprocess.Popen(
        [sys.executable, "-u", "-m", "http.server", "0", "--bind", "127.0.0.1", "--directory", SITE],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    with server:
        yield f"http://127.0.0.1:{server.stdout.readline().split(' port ')[1].split()[0]}"
        server.terminate()


@pytest.fixture
def visit(browser, address):
    """A function that opens a page of the site; at the end nothing had failed, and nobody else had been asked."""
    context = browser.new_context()
    complaints = []
    context.on("request", lambda request: request.url.startswith("http") and not request.url.startswith(address)
               and complaints.append(f"asked {request.url}"))  # fmt: skip
    context.on("weberror", lambda error: complaints.append(str(error.error)))

    def opened(name, **size):
        page = context.new_page()
        page.set_default_timeout(60_000)
        page.set_viewport_size({"width": 1280, "height": 900} | size)
        page.goto(f"{address}/{name}")
        return page

    yield opened
    context.close()
    assert not complaints


class Page(html.parser.HTMLParser):
    """What a page leads to, what it loads, and the places in it."""

    def __init__(self):
        super().__init__()
        self.links, self.loads, self.places = [], [], set()

    def handle_starttag(self, tag, attributes):
        told = dict(attributes)
        self.places |= {told.get("id"), told.get("name")} - {None}
        if tag == "a" and "href" in told:
            self.links.append(told["href"])
        elif tag in ("script", "img", "iframe") and "src" in told:
            self.loads.append(told["src"])
        elif tag == "link" and told.get("rel") in ("stylesheet", "preload", "icon", "modulepreload"):
            self.loads.append(told["href"])


# The pages


def test_each_text_and_notebook_is_a_page_that_search_finds(pages):
    wanted = {
        SITE / name
        for name in ("index.html", "CLAIMS.html", "FROM_HERE.html", "REFERENCES.html", "teaching/lessons.html")
    }
    wanted |= {(SITE / name).with_suffix(".html") for name in NOTEBOOKS}
    wanted |= {SITE / "library" / f"{name}.html" for name in ("index", "optimizers", "surfaces", "live")}
    assert wanted <= set(pages)
    listed = (SITE / "searchindex.js").read_text(encoding="utf-8")
    assert all(f'"{path.relative_to(SITE).with_suffix("").as_posix()}"' in listed for path in wanted)


def test_no_link_is_dead_and_nothing_is_loaded_from_elsewhere(pages):
    dead = []
    for path, page in pages.items():
        assert not [load for load in page.loads if load.startswith(("http:", "https:", "//"))]
        for link in page.links + page.loads:
            parts = urllib.parse.urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / urllib.parse.unquote(parts.path)).resolve() if parts.path else path
            if not target.is_file() or (
                parts.fragment and target in pages and urllib.parse.unquote(parts.fragment) not in pages[target].places
            ):
                dead.append((path.name, link))
            elif target.is_relative_to(LITE) and parts.query:
                name = urllib.parse.parse_qs(parts.query)["path"][0]
                if not (LITE / "files" / name).is_file():
                    dead.append((path.name, link))
    assert not dead


@pytest.mark.parametrize(
    ("name", "formulas"),
    [("notebooks/04_momentum", 100), ("library/optimizers", 50), ("CLAIMS", 50), ("teaching/README", 0)],
)
def test_a_page_reads_well_on_a_narrow_screen(visit, name, formulas):
    """Nothing is wider than the screen, and each formula is set, also those in what a cell has left."""
    page = visit(f"{name}.html", width=400)
    page.wait_for_function(f"() => document.querySelectorAll('mjx-container').length >= {formulas}")
    page.wait_for_function("() => !globalThis.MathJax || MathJax.startup.promise.then(() => true)")
    seen = page.evaluate(NARROW)
    assert (seen["over"], seen["raw"], seen["wrong"]) == (0, [], 0)


def test_code_and_answers_unfold_the_dark_mode_is_kept_and_search_finds(visit):
    page = visit("notebooks/04_momentum.html")
    code, answer = page.get_by_text("Show the code").first, page.get_by_text("when η > 2/λ")
    answer.scroll_into_view_if_needed()
    assert not page.get_by_text("Yes: then").first.is_visible()
    answer.click()
    page.get_by_text("Yes: then").first.wait_for()
    code.click()
    page.get_by_text("Hide the code").first.wait_for()
    page.get_by_role("button", name="Color mode").locator("visible=true").click()
    page.locator(".dropdown-menu.show").get_by_text("Dark").click()
    page.goto(page.url.replace("notebooks/04_momentum.html", "search.html?q=Nesterov"))
    page.locator("#search-results a", has_text="04 · Momentum carries").first.wait_for()
    assert page.locator("html").get_attribute("data-theme") == "dark"


# JupyterLite


def test_jupyterlite_has_each_notebook_and_lists_it(lite):
    for name in NOTEBOOKS:
        notebook = json.loads((LITE / "files" / name).read_text(encoding="utf-8"))
        assert notebook["metadata"]["kernelspec"]["name"] == "python"
        folder = json.loads((LITE / "api" / "contents" / name).parent.joinpath("all.json").read_text(encoding="utf-8"))
        assert name in [entry["path"] for entry in folder["content"]]


def test_the_lock_names_what_lies_there_and_the_library_is_in_it(lite, told):
    packages = json.loads((PYODIDE / "pyodide-lock.json").read_text(encoding="utf-8"))["packages"]
    for one in packages.values():
        assert hashlib.sha256((PYODIDE / one["file_name"]).read_bytes()).hexdigest() == one["sha256"]
    own = zipfile.ZipFile(PYODIDE / packages["course-lib"]["file_name"])
    with own:
        assert own.read("course_lib/optimizers.py") == (ROOT / "course_lib" / "optimizers.py").read_bytes()
    assert ("numpy" in packages) == ("It lacks" not in told)


IMPORTS = """
import {{ loadPyodide }} from {core};
process.on("uncaughtException", (error) => {{ console.error(error.message); process.exit(1); }});
const python = await loadPyodide({{ indexURL: {folder}, stdout: () => {{}} }});
await python.loadPackage("course-lib", {{ messageCallback: () => {{}} }});
console.log(python.runPython(`
import importlib, json, os, sys
os.environ["COURSE_ANSWERS"] = "answers.jsonl"
for name in {modules}:
    importlib.import_module("course_lib." + name)
from course_lib import quiz, record
questions = [len(quiz.questions(f"{{number:02}}")) for number in range({lessons})]
record.add({{"key": "04-gain", "guess": 9.0, "sure": 70}})
record.add({{"key": "04-gain", "hit": True}})
json.dumps([sys.platform, sys.maxsize, "numpy" in sys.modules, questions, record.read().answers["04-gain"]])
`));
"""


def test_the_python_of_the_browser_imports_what_needs_no_numpy(lite, tmp_path):
    """In node: Pyodide's core, and the library by the site's own lock."""
    modules = ["quiz", "record", "amounts", "style", "reading", "copies", "start"]
    lessons = len(list((ROOT / "course_lib" / "questions").glob("*.toml")))
    program = IMPORTS.format(
        core=json.dumps((PYODIDE / "pyodide.mjs").as_uri()),
        folder=json.dumps(f"{PYODIDE}/"),
        modules=modules,
        lessons=lessons,
    )
    (tmp_path / "imports.mjs").write_text(program, encoding="utf-8")
    run = subprocess.run([shutil.which("node"), tmp_path / "imports.mjs"], capture_output=True, text=True, timeout=120)
    assert run.returncode == 0, run.stdout + run.stderr
    platform, largest, numpy, questions, answer = json.loads(run.stdout)
    assert (platform, largest) == ("emscripten", 2**31 - 1)
    assert not numpy
    assert min(questions) > 0
    assert (answer["guess"], answer["hit"]) == (9.0, True)


ONLY_BETS = "import os\nfrom course_lib.quiz import predict, reveal"
READY = "() => jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel?.status === 'idle'"
EDIT = """async ([old, source]) => {
    const notebook = jupyterapp.shell.currentWidget.content;
    const at = notebook.widgets.findIndex((cell) => cell.model.sharedModel.source.startsWith(old));
    if (source) notebook.widgets[at].model.sharedModel.setSource(source);
    notebook.activeCellIndex = at;
    await notebook.scrollToItem(at);
    await jupyterapp.commands.execute("notebook:run-cell");
    return notebook.widgets[at].model.outputs.toJSON().filter((one) => one.output_type === "error");
}"""


def test_a_bet_is_locked_in_a_lesson_that_a_page_opens_and_kept_over_a_reload(lite, visit):
    """Of the lesson all but its bets needs NumPy, which is not there: so its first cell is cut down to them."""
    lesson = visit("notebooks/04_momentum.html").locator("a.in-browser").get_attribute("href")
    page = visit(lesson.removeprefix("../"))

    def run(begins, source=""):
        assert page.evaluate(EDIT, [begins, source]) == []

    page.locator(".jp-Notebook .jp-Cell").first.wait_for()
    page.wait_for_function(READY)
    run("import numpy", ONLY_BETS)
    run('predict("04-gd"')
    page.get_by_role("textbox", name="Prediction").fill("1000")
    page.get_by_role("button", name="Lock the prediction").click()
    page.get_by_role("status").filter(has_text="Locked: 1,000 steps, 70 % sure.").wait_for()
    run("valley =", 'reveal("04-gd", 1375)')
    page.get_by_role("status").filter(has_text="Locked: 1,000 steps, 70 % sure: a miss.").wait_for()
    page.evaluate("() => jupyterapp.commands.execute('docmanager:save')")
    page.wait_for_function("() => !jupyterapp.shell.currentWidget.context.model.dirty")

    page.reload()
    page.locator(".jp-Notebook .jp-Cell").first.wait_for()
    page.wait_for_function(READY)
    run("import os")
    run('predict("04-gd"')
    page.get_by_role("status").filter(has_text="Locked: 1,000 steps, 70 % sure: a miss.").wait_for()
    run("reveal(", "print(sorted(os.listdir('..')), open('../answers.jsonl').read().count('04-gd'))")
    page.get_by_text("'answers.jsonl'").get_by_text("] 2").wait_for()
