"""The notebooks: stored as run and in one form, built as a lesson is built, exercises made from the solutions."""

import ast
import base64
import builtins
import io
import os
import re
import shutil
import subprocess
import sys
import unicodedata
from functools import cache
from statistics import median

import nbformat
import numpy as np
import pytest
from PIL import Image

from course_lib import quiz
from course_lib.grading import form
from tools import picture, refresh
from tools.slides import CHECK

ROOT = refresh.ROOT


def notebooks(*folders):
    return [pytest.param(path, id=f"{folder}/{path.stem}") for folder in folders
            for path in sorted((ROOT / folder).glob("*.ipynb"))]  # fmt: skip


LESSONS, SOLUTIONS = notebooks("notebooks"), notebooks("solutions")
EVERY = notebooks("notebooks", "exercises", "solutions")
WRITTEN = sorted([*ROOT.glob("*.md"), *ROOT.glob("teaching/*.md")])
PAGES = [*EVERY, *(pytest.param(path, id=str(path.relative_to(ROOT))) for path in WRITTEN)]


def cells_of(path, kind="code"):
    return [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == kind]


# As stored


@pytest.mark.parametrize("path", EVERY)
def test_it_is_stored_in_the_one_form(path):
    assert form.text(form.canonical(nbformat.read(path, as_version=4))) == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("path", [*LESSONS, *SOLUTIONS])
def test_no_cell_went_wrong(path):
    for cell in cells_of(path):
        wrong = [output for output in cell.outputs if output.output_type == "error" or output.get("name") == "stderr"]
        assert not wrong, cell.source


@pytest.mark.parametrize("path", [*LESSONS, *SOLUTIONS])
def test_nothing_but_a_film_escapes_comparison(path):
    for cell in cells_of(path):
        tags = [tag for tag in cell.metadata.get("tags", []) if re.match("nbval|raises-exception|skip", tag)]
        assert not tags or (tags == ["nbval-ignore-output"] and cell.source.startswith("plots.animation(")), cell.source
        assert "NBVAL" not in cell.source


# A number that ought to be 0 is rounding noise, and differs between processors: it is rounded or asserted, not printed.
SMALL = re.compile(r"(\d+(?:\.\d+)?)[eE][-−](\d+)|10\^\{?[-−](\d+)|10⁻([⁰¹²³⁴⁵⁶⁷⁸⁹]+)")
DECAY, CHOSEN = "multiplied down to it, so its digits are sure", "a bound, a floor or a step that we chose"
ROUNDING = "rounding is the subject: the best step of a difference rule, told by one digit"
SMALL_FOR = {  # (notebook, cell) -> why its smallest numbers are the same on every machine
    ("notebooks/00_race_first", "run-four"): DECAY,
    ("notebooks/02_gradients", "armijo-race"): DECAY,
    ("notebooks/02_gradients", "check-slip"): ROUNDING,
    ("notebooks/02_gradients", "claim-5"): DECAY,
    ("notebooks/02_gradients", "claim-7"): DECAY,
    ("notebooks/02_gradients", "predict-h"): CHOSEN,
    ("notebooks/02_gradients", "u-shape"): ROUNDING,
    ("notebooks/04_momentum", "claim-29-cycle"): DECAY,
    ("notebooks/05_adaptive_methods", "burst-figure"): CHOSEN,
    ("notebooks/05_adaptive_methods", "claim-37"): DECAY,
    ("notebooks/05_adaptive_methods", "claim-40-adam"): CHOSEN,
    ("notebooks/05_adaptive_methods", "live-rotation"): CHOSEN,
    ("notebooks/08_deep_networks", "claim-78"): DECAY,
}


def small_numbers(cell):
    """(digits, exponent) of each number below 1e-8 in what a cell stores as text."""
    texts = [output.get("text", "") for output in cell.get("outputs", [])]
    shown = [output.get("data", {}).items() for output in cell.get("outputs", [])]
    texts += [text for data in shown for kind, text in data if kind.startswith("text/")]
    found = [match for text in texts for match in SMALL.finditer(text)]
    small = [(match[1] or "1", int(match[2] or match[3] or unicodedata.normalize("NFKC", match[4]))) for match in found]
    return [(len(digits.replace(".", "")), exponent) for digits, exponent in small if exponent > 8]


@pytest.mark.parametrize("path", [*LESSONS, *SOLUTIONS])
def test_no_cell_prints_rounding_noise(path):
    for cell in cells_of(path):
        small, why = small_numbers(cell), SMALL_FOR.get((f"{path.parent.name}/{path.stem}", cell.id))
        assert why or not [exponent for _, exponent in small if exponent > 13], (cell.id, cell.source)
        assert all(digits <= (1 if why == ROUNDING else 2) for digits, _ in small), (cell.id, cell.source)
        assert not re.search(r"(?<![\w.])-0(\.0*)?(?![\d.e])", said(cell)), ("a zero with a sign", cell.source)


def test_the_list_of_small_numbers_is_up_to_date():
    for name, identity in SMALL_FOR:
        (cell,) = (cell for cell in cells_of(ROOT / f"{name}.ipynb") if cell.id == identity)
        assert small_numbers(cell), (name, identity)


@pytest.mark.parametrize(
    ("text", "small"),
    [("along the fence 6e-17", [(1, 17)]), ("[-1.25e-16  0.5]", [(3, 16)]), ("lowest, 1.0e−30; 5e-3", [(2, 30)]),
     ("about $10^{-15}$, 10⁻²⁰", [(1, 15), (1, 20)]), ("9e-08, 1e10, 2e+14", [])],
)  # fmt: skip
def test_small_numbers_are_seen_as_they_are_written(text, small):
    stream = nbformat.v4.new_output("stream", text=text)
    page = nbformat.v4.new_output("display_data", data={"text/html": text, "image/png": "e-99"})
    assert small_numbers(nbformat.v4.new_code_cell(outputs=[stream])) == small
    assert small_numbers(nbformat.v4.new_code_cell(outputs=[page])) == small


def test_the_one_form_leaves_out_what_chance_put_in():
    new = nbformat.v4
    view = {form.VIEW: {"model_id": "77"}, "text/plain": "Measured: 9.1 times."}
    outputs = [new.output_from_msg({"header": {"msg_type": kind}, "content": content}) for kind, content in [
        ("stream", {"name": "stdout", "text": "gd: "}), ("stream", {"name": "stdout", "text": "1.00\n"}),
        ("display_data", {"data": view, "metadata": {}}),
        ("execute_result", {"data": {"text/plain": "1"}, "metadata": {}, "execution_count": 9}),
        ("error", {"ename": "E", "evalue": "e", "traceback": ["in /a/b/c.py"]})]]  # fmt: skip
    noise = {"tags": ["claim-7"], "execution": {"started": "now"}, "collapsed": True}
    cell = new.new_code_cell("1", execution_count=9, outputs=outputs, id="one", metadata=noise)
    again = new.new_code_cell("2", execution_count=11, id="two", metadata={"tags": ["claim-7"]})
    folded = new.new_code_cell("3", execution_count=12, id="three", metadata={"tags": ["hide-input"]})
    open_again = new.new_code_cell("4", execution_count=13, id="four", metadata={"jupyter": {"source_hidden": True}})
    metadata = {"widgets": {"state": {}}, "language_info": {"name": "python", "version": "3.13"}, "signature": "x"}
    stored = form.canonical(new.new_notebook(cells=[cell, again, folded, open_again], metadata=metadata))
    assert stored.metadata == form.METADATA
    assert [(cell.id, cell.execution_count, cell.metadata) for cell in stored.cells] == [
        ("claim-7", 1, {"tags": ["claim-7"]}), ("two", 2, {"tags": ["claim-7"]}),
        ("three", 3, {"tags": ["hide-input"], "jupyter": {"source_hidden": True}}), ("four", 4, {})]  # fmt: skip
    stream, shown, result, error = stored.cells[0].outputs
    assert stream.text == "gd: 1.00\n"
    assert shown.data == {"text/plain": "Measured: 9.1 times."}
    assert result.execution_count == 1
    assert error.traceback == []
    assert form.canonical(stored) == stored


@pytest.mark.notebook
@pytest.mark.parametrize(
    "source", ["1 / 0", "import sys; print('oh', file=sys.stderr)", "import warnings; warnings.warn('oh')"]
)
def test_a_notebook_that_goes_wrong_is_not_stored(source, tmp_path):
    path = tmp_path / "x.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)]), path)
    before = path.read_bytes()
    with pytest.raises(Exception, match=r"oh|ZeroDivisionError"):
        refresh.refresh(path)
    assert path.read_bytes() == before


@pytest.mark.notebook
def test_refreshed_twice_it_is_the_same_to_the_byte(tmp_path):
    path = tmp_path / "x.ipynb"
    sources = ["import matplotlib.pyplot as plt\nfrom course_lib.quiz import predict\nprint('gd: 1')",
               "predict('04-x', 'How many?')", "plt.plot([1, 3])\nplt.show()", "2"]  # fmt: skip
    cells = [nbformat.v4.new_code_cell(source, id=f"n{i}") for i, source in enumerate(sources)]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    refresh.refresh(path)
    once = path.read_bytes()
    refresh.refresh(path)
    assert path.read_bytes() == once
    assert [cell.execution_count for cell in cells_of(path)] == [1, 2, 3, 4]
    assert [list(output.get("data", {"text": 0})) for cell in cells_of(path) for output in cell.outputs] == [
        ["text"], ["text/html", "text/plain"], ["image/png", "text/plain"], ["text/plain"]]  # fmt: skip


def png(pixels):
    file = io.BytesIO()
    Image.fromarray(np.asarray(pixels, dtype=np.uint8)).save(file, "png")
    return file.getvalue()


def test_a_picture_that_looks_as_stored_stays_as_stored():
    rng = np.random.default_rng(1)
    pixels = rng.integers(50, 200, size=(100, 50, 3))
    near, few, many = pixels + rng.integers(-8, 9, size=pixels.shape), pixels.copy(), pixels.copy()
    few[:5, 0, 1] += 55
    many[:6, 0, 1] += 9
    assert [refresh.look_alike(png(pixels), png(other)) for other in (near, few, many, pixels[1:])] == [
        True, True, False, False]  # fmt: skip

    def notebook(*shown):
        new = nbformat.v4
        data = [{"image/png": base64.b64encode(png(picture)).decode()} for picture in shown]
        outputs = [new.new_output("display_data", data=each) for each in data]
        return new.new_notebook(cells=[new.new_code_cell("1", id="a", outputs=outputs), new.new_code_cell("2", id="b")])

    stored, again = notebook(pixels, pixels), notebook(near, many, pixels)
    refresh.keep_pictures(stored, again)
    assert again == notebook(pixels, many, pixels)


def test_the_picture_of_the_readme_is_the_one_in_the_lesson():
    assert picture.PICTURE.read_bytes() == picture.drawn(), "python -m tools.picture"


# As built


@pytest.mark.parametrize("path", [*LESSONS, *SOLUTIONS])
def test_cells_are_short(path):
    lines = {cell.id: len([line for line in cell.source.splitlines() if line.strip()]) for cell in cells_of(path)}
    assert {name: n for name, n in lines.items() if n > 15} == {}
    assert median(lines.values()) <= 6


@pytest.mark.parametrize("path", [*LESSONS, *SOLUTIONS])
def test_one_cell_imports_in_at_most_six_lines(path):
    first, *others = [ast.parse(cell.source).body for cell in cells_of(path)]
    assert all(isinstance(line, ast.Import | ast.ImportFrom) for line in first)
    assert len(cells_of(path)[0].source.splitlines()) <= 6
    assert not [ast.unparse(line) for body in others for line in body if isinstance(line, ast.Import | ast.ImportFrom)]


@pytest.mark.parametrize("path", LESSONS)
def test_a_lesson_says_what_it_is_for_what_it_needs_and_how_long_it_takes(path):
    title = cells_of(path, "markdown")[0].source
    assert re.match(rf"# {path.stem[:2]} · .+\n", title)
    assert 1 <= len(re.findall(r"^\d\. ", title, re.MULTILINE)) <= 3
    assert "**You need** " in title
    assert re.search(r"\*\*Time:\*\* \d+ minutes", title)


class Names(ast.NodeVisitor):
    """What a cell binds, and what it takes from other cells: a function takes when it is called, which may be later."""

    def __init__(self, source):
        self.bound, self.taken = set(), set()
        self.visit(ast.parse(source))

    def visit_Name(self, node):
        if isinstance(node.ctx, ast.Store):
            self.bound.add(node.id)
        elif node.id not in self.bound and not hasattr(builtins, node.id):
            self.taken.add(node.id)

    def visit_Assign(self, node):
        for part in (node.value, *node.targets):
            self.visit(part)

    def visit_For(self, node):
        for part in (node.iter, node.target, *node.body, *node.orelse):
            self.visit(part)

    def visit_ListComp(self, node):
        outside = set(self.bound)
        for loop in node.generators:
            for part in (loop.iter, loop.target, *loop.ifs):
                self.visit(part)
        for part in (node.key, node.value) if isinstance(node, ast.DictComp) else (node.elt,):
            self.visit(part)
        self.bound = outside

    visit_SetComp = visit_GeneratorExp = visit_DictComp = visit_ListComp

    def visit_Lambda(self, node):
        for default in [*node.args.defaults, *filter(None, node.args.kw_defaults)]:
            self.visit(default)
        inside = [part for part in ast.walk(node) if part not in node.args.defaults]
        own = {part.arg for part in inside if isinstance(part, ast.arg)}
        own |= {part.name for part in inside if isinstance(part, ast.FunctionDef)}
        names = [part for part in inside if isinstance(part, ast.Name)]
        own |= {name.id for name in names if isinstance(name.ctx, ast.Store)}
        self.taken |= {name.id for name in names if not hasattr(builtins, name.id)} - own

    def visit_FunctionDef(self, node):
        self.bound.add(node.name)
        self.visit_Lambda(node)

    def visit_alias(self, node):
        self.bound.add(node.asname or node.name)


@pytest.mark.parametrize("path", LESSONS)
def test_no_name_that_cells_share_gets_a_second_meaning(path):
    cells = {cell.id: Names(cell.source) for cell in cells_of(path)}
    for name in set().union(*(names.taken for names in cells.values())):
        assert len(bound := [key for key, names in cells.items() if name in names.bound]) == 1, f"{name}: {bound}"


@pytest.mark.parametrize("path", LESSONS)
def test_hidden_code_draws_and_does_nothing_else(path):
    """The experiment is there to be read."""
    running = {
        "descend",
        "end",
        "iterate",
        "best_rate",
        "reveal",
        "print",
        "default_rng",
        "counted",
        "noisy",
        "batches",
    }
    taken = set().union(*(Names(cell.source).taken for cell in cells_of(path)))
    for cell in cells_of(path):
        if "plots.show(" in cell.source and "hide-input" in cell.metadata.get("tags", []):
            nodes = list(ast.walk(ast.parse(cell.source)))
            calls = [node.func for node in nodes if isinstance(node, ast.Call)]
            assert not running & {getattr(call, "attr", getattr(call, "id", "")) for call in calls}, cell.source
            assert not any(isinstance(node, ast.Assert | ast.FunctionDef) for node in nodes), cell.source
            assert "title=" not in cell.source.splitlines()[0], "JupyterLab shows the first line of what it collapses"
            assert not Names(cell.source).bound & taken - Names(cell.source).taken, cell.source


def is_figure(output):
    data = output.get("data", {})
    return any(kind.startswith("image/") for kind in data) or "<script" in data.get("text/html", "")


CAPTION = re.compile(r"(?:\*|<em>)(?:Figure|Film): (.{30,}\.)(?:\*|</em>)")


@pytest.mark.parametrize("path", [*LESSONS, *SOLUTIONS])
def test_each_figure_is_described_below_it(path):
    """By what its cell shows below it, or by the first words of the text that follows."""
    cells = nbformat.read(path, as_version=4).cells
    for cell, after in zip(cells, [*cells[1:], None]):
        outputs = cell.get("outputs", [])
        pages = [output.get("data", {}).get(kind, "") for output in outputs for kind in ("text/markdown", "text/html")]
        said = [match[1] for page in pages for match in CAPTION.finditer(page)]
        if after is not None and (match := CAPTION.match(after.source)):
            said.append(match[1])
        assert bool(said) == any(map(is_figure, outputs)), cell.source
        assert all(output.metadata["image/png"]["alt"] for output in outputs if "image/png" in output.get("data", {}))


@pytest.mark.parametrize("path", [*LESSONS, *SOLUTIONS])
def test_a_legend_on_a_map_stands_on_a_ground_of_its_own_or_beside_it(path):
    """Contour lines would run through its words."""
    for cell in cells_of(path):
        if re.search(r"plots\.(heat|paths|basins)\(|plots\.surface\([^}]*plots\.arrows\(", cell.source):
            for legend in re.findall(r"\.legend\((.*)\)", cell.source):
                assert "frameon=True" in legend or "bbox_to_anchor" in legend, cell.source


HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


@cache
def slugs(path):
    """What a link into a page can point at: what JupyterLab makes of a notebook, and a forge of Markdown."""
    if path.suffix != ".ipynb":
        headings = re.findall(HEADING, path.read_text(encoding="utf-8"))
        return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
    text = "\n".join(cell.source for cell in cells_of(path, "markdown"))
    ids = {f"cell-id={cell.id}" for cell in nbformat.read(path, as_version=4).cells}
    return ids | {heading.strip().replace(" ", "-") for heading in re.findall(HEADING, text)}


@pytest.mark.parametrize("path", PAGES)
def test_links_lead_somewhere(path):
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".ipynb":
        text = "\n".join(cell.source for cell in cells_of(path, "markdown"))
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        if not re.match(r"[a-z]+:", link):
            name, _, place = link.partition("#")
            target = path.parent / name if name else path
            assert target.exists(), link
            assert not place or place in slugs(target), link


# Predictions and questions


def calls(path, function):
    """The first arguments of the calls of a function, cell by cell in the order of the notebook."""
    nodes = [node for cell in cells_of(path) for node in ast.walk(ast.parse(cell.source)) if isinstance(node, ast.Call)]
    return [node.args[0].value for node in nodes if isinstance(node.func, ast.Name) and node.func.id == function]


@pytest.mark.parametrize("path", LESSONS)
def test_each_prediction_is_made_in_its_own_cell_before_its_measurement(path):
    """And nothing but code stands between the two."""
    predicted, revealed, asked = (calls(path, function) for function in ("predict", "reveal", "ask"))
    assert predicted == revealed
    assert len(predicted) >= 3
    keys = [*predicted, *asked]
    assert len(set(keys)) == len(keys)
    assert all(key.startswith(f"{path.stem[:2]}-") for key in keys)
    open_bets = set()
    for cell in nbformat.read(path, as_version=4).cells:
        code = cell.source if cell.cell_type == "code" else ""
        assert code or not open_bets, f"read before the measurement of {open_bets}: {cell.source}"
        open_bets |= set(re.findall(r'^predict\(\s*"(.+?)"', code))
        open_bets -= set(re.findall(r'^ *reveal\(\s*"(.+?)"', code, re.MULTILINE))
    for cell in cells_of(path):
        if re.search(r"^(predict|ask)\(", cell.source, re.MULTILINE):
            assert len(ast.parse(cell.source).body) == 1, "a guess comes before the run, so in a cell of its own"


FOLD = "<details><summary>What it shows</summary>\n\n"


@pytest.mark.parametrize("path", LESSONS)
def test_what_a_measurement_shows_is_folded_below_it(path):
    """Or it would stand on the screen beside the bet."""
    cells = nbformat.read(path, as_version=4).cells
    for at, cell in enumerate(cells):
        if cell.cell_type == "code" and re.search(r"^ *reveal\(", cell.source, re.MULTILINE):
            below = next(after.source for after in cells[at + 1 :] if after.cell_type == "markdown")
            assert below.startswith(FOLD), below
    for cell in cells_of(path, "markdown"):
        folds = re.findall(
            rf"^{FOLD}((?:(?!</details>).)+?)\n\n</details>(?:\n\n|$)", cell.source, re.DOTALL | re.MULTILINE
        )
        assert len(folds) == cell.source.count("<details>") == cell.source.count("</details>"), cell.source
        assert not any(re.search(r"^#", fold, re.MULTILINE) for fold in folds), "a heading cannot be found in a fold"


def shown_assertions(cell):
    """The names in each assertion of code that is not collapsed."""
    if cell.cell_type != "code" or "hide-input" in cell.metadata.get("tags", []):
        return []
    asserted = [node for node in ast.walk(ast.parse(cell.source)) if isinstance(node, ast.Assert)]
    return [{name.id for name in ast.walk(node) if isinstance(name, ast.Name)} for node in asserted]


def telling(cells):
    """The cells whose assertions tell, beside an open bet, how it comes out.

    From a bet to the fold below its measurement that is any assertion; then, up to the next bet or heading, one about
    what is revealed.
    """
    found, anything, revealed, bound = [], False, set(), set()
    for cell in cells:
        if cell.cell_type == "markdown":
            anything = False
            if re.search(r"^#", cell.source, re.MULTILINE):
                revealed = set()
            continue
        if re.search(r"^predict\(", cell.source, re.MULTILINE):
            anything, revealed, bound = True, set(), set()
        if any(anything or revealed & names for names in shown_assertions(cell)):
            found.append(cell.id)
        bound |= Names(cell.source).bound
        for node in ast.walk(ast.parse(cell.source)):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "reveal":
                revealed |= {name.id for name in ast.walk(node) if isinstance(name, ast.Name)} & bound
    return found


@pytest.mark.parametrize("path", LESSONS)
def test_no_assertion_tells_how_a_bet_comes_out(path):
    assert telling(nbformat.read(path, as_version=4).cells) == []


def test_an_assertion_that_tells_is_found():
    new, hidden = nbformat.v4, {"tags": ["hide-input"]}
    cells = [
        new.new_code_cell("assert n == 0", id="before"),
        new.new_code_cell("predict('01-n', 'How many?')", id="bet"),
        new.new_code_cell("n = 3\nassert n * m == 9", id="between"),
        new.new_code_cell("assert m == 3\nreveal('01-n', round(n))", id="measured"),
        new.new_code_cell("assert n == 3", id="collapsed", metadata=hidden),
        new.new_code_cell("assert m == 3", id="above-the-fold"),
        new.new_markdown_cell(FOLD + "Three.\n\n</details>"),
        new.new_code_cell("assert m == 3", id="of-something-else"),
        new.new_code_cell("assert n == 3", id="below-the-fold"),
        new.new_markdown_cell("## The next"),
        new.new_code_cell("assert n == 3", id="elsewhere"),
    ]
    assert telling(cells) == ["between", "measured", "above-the-fold", "below-the-fold"]


@pytest.mark.parametrize("path", LESSONS)
def test_what_only_checks_is_collapsed(path):
    """And leaves nothing behind that another cell takes."""
    taken = set().union(*(Names(cell.source).taken for cell in cells_of(path)))
    for cell in cells_of(path):
        check = cell.source.startswith(CHECK)
        assert check == ("assert " in cell.source and not cell.outputs), cell.source
        if check:
            assert "hide-input" in cell.metadata.tags, cell.source
            assert not Names(cell.source).bound & taken - Names(cell.source).taken, cell.source


@pytest.mark.parametrize("path", LESSONS)
def test_each_question_of_a_lesson_is_asked_and_well_put(path):
    questions = quiz.questions(path.stem[:2])
    assert sorted(questions) == sorted(calls(path, "ask"))
    for question in questions.values():
        assert set(question) == {"question", "right", "answers"}
        assert question["right"] in question["answers"]
        assert len(question["answers"]) >= 2
        assert "$" not in "".join(question["answers"]), "answers are plain text: maths is for their explanations"
        assert all(why.strip() for why in question["answers"].values())


# Exercises


@pytest.mark.parametrize("path", SOLUTIONS)
def test_the_exercises_are_what_the_solutions_make_them(path):
    if not os.environ.get("CI"):
        pytest.importorskip("nbgrader", reason="exercises are made with nbgrader, which only contributors need")
    from course_lib.grading.release import exercise

    assert (ROOT / "exercises" / path.name).read_text(encoding="utf-8") == exercise(path), "python -m tools.exercises"


def said(cell):
    """What a cell shows as plain text, printed or beside a box."""
    shown = (output.get("text") or output.get("data", {}).get("text/plain", "") for output in cell.get("outputs", []))
    return "".join(shown)


def graded(path):
    return [cell for cell in cells_of(path) if cell.metadata.get("nbgrader", {}).get("grade")]


@pytest.mark.parametrize("path", SOLUTIONS)
def test_each_solution_passes_its_checks(path):
    assert graded(path)
    for cell in graded(path):
        assert said(cell).startswith("PASSED: "), cell.source


@pytest.mark.notebook
def test_what_a_cell_says_only_once_and_a_blank_check_that_passes_are_found(tmp_path):
    new = nbformat.v4
    graded = {"nbgrader": {"grade": True, "grade_id": "a", "locked": True, "solution": False, "schema_version": 3}}
    sheets = {
        "notebooks": [new.new_code_cell("n = iter([1, 2])"), new.new_code_cell("next(n)")],
        "exercises": [new.new_code_cell("print('NOT YET: 1.1: a number')", metadata=graded), new.new_code_cell("1")],
    }
    sheets["notebooks"][1].outputs = [new.new_output("execute_result", {"text/plain": "1"})]
    for folder, cells in sheets.items():
        cells[0].execution_count, cells[1].execution_count = (1, 2) if folder == "notebooks" else (None, None)
        (tmp_path / folder).mkdir()
        nbformat.write(new.new_notebook(cells=cells), tmp_path / folder / "00_x.ipynb")
    shutil.copy(ROOT / "conftest.py", tmp_path)
    command = [sys.executable, "-m", "pytest", "--nbval", "--nbval-current-env", "-rf", "-q", "-p", "no:cacheprovider"]
    told = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False).stdout
    assert re.findall(r"^FAILED (.*?)(?: - .*)?$", told, re.M) == [
        "exercises/00_x.ipynb::Cell 0", "notebooks/00_x.ipynb::Cell 1 again"], told  # fmt: skip
    assert "2 failed, 4 passed" in told


@pytest.mark.parametrize("path", SOLUTIONS)
def test_a_sheet_says_the_points_that_its_checks_give(path):
    said, given = [], []
    first, *cells, last = nbformat.read(path, as_version=4).cells
    for cell in cells:
        if cell.cell_type == "markdown" and re.match(r"## \d", cell.source):
            heading = cell.source.splitlines()[0]
            match = re.fullmatch(
                rf"## {int(path.stem[:2])}\.(\d+) .+ [★☆]{{3}} · (\d+) points? · .+ · \d+ minutes", heading
            )
            assert match, heading
            assert int(match[1]) == len(said) + 1
            said.append(int(match[2]))
            given.append(0)
        elif "points" in cell.metadata.get("nbgrader", {}):
            given[-1] += cell.metadata.nbgrader.points
    assert said == given
    assert f" {sum(said)} points, about " in first.source
    assert f"Count your points: {sum(said)} is all." in last.source
