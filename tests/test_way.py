"""Finding one's way: the line on top of each notebook, how long it takes, and the short way through a long lesson."""

import math
import re
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).parents[1]
LESSONS = sorted((ROOT / "notebooks").glob("*.ipynb"))
SHEETS = [path for folder in ("exercises", "solutions") for path in sorted((ROOT / folder).glob("*.ipynb"))]
BET, QUESTION, FIGURE, WORDS, LINES = 1.5, 1, 5, 100, 8  # minutes, minutes, minutes, a minute, a minute
SHORT = 90
FURTHER = "*Further.*"


def cells_of(path):
    return nbformat.read(path, as_version=4).cells


def words(text):
    """How many words are read: a formula or a piece of code in the text counts as one."""
    text = re.sub(r"\]\([^)]*\)|<[^>]*>", " ", text)
    text = re.sub(r"\$\$.*?\$\$|\$[^$]*\$|`[^`]*`", " x ", text, flags=re.DOTALL)
    return len(re.findall(r"[A-Za-z][\w'’-]*", text))


def minutes(cell):
    """What a cell of code takes. Imports and the calibration are run and not read."""
    for start, time in {"predict(": BET, "ask(": QUESTION, "live.": FIGURE}.items():
        if cell.source.startswith(start):
            return time
    if "hide-input" in cell.metadata.get("tags", []) or cell.source.startswith(("import ", "from ", "calibration(")):
        return 0
    return len([line for line in cell.source.splitlines() if line.strip()]) / LINES


def sections(path):
    """{(heading, heading below it): minutes}, in the order of the lesson, its opening first."""
    under, found = ("Opening", ""), {("Opening", ""): 0.0}
    for cell in cells_of(path):
        if cell.cell_type == "code":
            found[under] += minutes(cell)
            continue
        for part in re.split(r"^(?=###? )", cell.source, flags=re.MULTILINE):
            if heading := re.match(r"(###?) (.+)", part):
                under = (heading[2], "") if heading[1] == "##" else (under[0], heading[2])
            found[under] = found.get(under, 0) + words(part) / WORDS
    return found


def further(path):
    """The headings of what the short way leaves out."""
    text = "\n".join(cell.source for cell in cells_of(path) if cell.cell_type == "markdown")
    return re.findall(rf"^###? (.+)\n\n{re.escape(FURTHER)}", text, re.MULTILINE)


def rounded(time, to=5):
    return to * round(time / to)


def whole_and_short(path):
    """The minutes of the lesson, and of it without what is marked as further; to five."""
    times, left_out = sections(path), further(path)
    short = sum(time for headings, time in times.items() if not set(headings) & set(left_out))
    return rounded(sum(times.values())), 5 * math.ceil(short / 5)


def time_said(path):
    return re.search(r"\*\*Time:\*\* (.+)", cells_of(path)[0].source)[1]


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_a_lesson_says_how_long_it_takes_and_a_long_one_has_a_short_way(path):
    whole, short = whole_and_short(path)
    if whole <= SHORT:
        assert further(path) == []
        assert time_said(path) == f"{whole} minutes."
    else:
        assert short <= SHORT
        assert time_said(path) == f"{whole} minutes; {short} without the sections marked *further*."


@pytest.mark.parametrize("path", SHEETS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_sheet_says_how_long_it_takes(path):
    """What its exercises say, and reading it: the sheet, not the solution."""
    text = "\n".join(cell.source for cell in cells_of(ROOT / "exercises" / path.name) if cell.cell_type == "markdown")
    work = sum(int(time) for time in re.findall(r"^## \d+\.\d+ .+ · (\d+) minutes", text, re.MULTILINE))
    minutes = rounded(work + words(text) / WORDS)
    assert f" points, about {minutes} minutes with the reading. " in cells_of(path)[0].source


def test_the_readme_says_the_minutes_of_lessons_and_sheets():
    page = (ROOT / "README.md").read_text(encoding="utf-8")
    row = r"^\| \d\d \| .*?\(notebooks/(.+?)\).*\| (\d+) \| (?:\[sheet\]\(.+?\), (\d+) )?\|$"
    rows = re.findall(row, page, re.MULTILINE)
    assert [name for name, *_ in rows] == [path.name for path in LESSONS]
    for name, lesson, sheet in rows:
        assert int(lesson) == whole_and_short(ROOT / "notebooks" / name)[0]
        exercises = ROOT / "exercises" / name
        assert f"about {sheet} minutes" in cells_of(exercises)[0].source if exercises.exists() else not sheet


def test_the_rule_is_the_one_that_is_written_down():
    page = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    assert f"{WORDS} words or {LINES} visible lines of code a minute" in page
    assert f"{BET:g} minutes for a prediction, {QUESTION} for a question, {FIGURE} for a live figure" in page


def line(path):
    """Where one can go from a notebook: to those before and after it, to the contents, between lesson and sheet."""
    names = [lesson.name for lesson in LESSONS]
    at = names.index(path.name)
    before = [f"[← {names[at - 1][:2]}]({names[at - 1]})"] if at else []
    after = [f"[{name[:2]} →]({name})" for name in names[at + 1 : at + 2]]
    number = path.stem[:2]
    other = {
        "notebooks": f"[sheet {number}](../exercises/{path.name})",
        "exercises": f"[lesson {number}](../notebooks/{path.name})",
    }
    other["solutions"] = other["exercises"]
    return " · ".join([*before, "[contents](../README.md)", *after, other[path.parent.name]])


@pytest.mark.parametrize("path", [*LESSONS, *SHEETS], ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_the_way_on_and_back_stands_below_the_title(path):
    if path.parent.name == "notebooks" and not (ROOT / "exercises" / path.name).exists():
        pytest.skip("a lesson without a sheet")
    title, way, *_ = cells_of(path)[0].source.split("\n\n")
    assert title.startswith("# ")
    assert way == line(path)
