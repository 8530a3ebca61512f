"""The instructor's guide: what it says of a lesson is in that lesson, minutes add up, and a shortened lesson runs."""

import ast
import re
import tomllib
from functools import cache
from pathlib import Path

import nbformat
import pytest

from course_lib.grading import variants
from course_lib.grading.unit import graded, unit_of

ROOT = Path(__file__).parents[1]
GUIDE = ROOT / "teaching"
LESSONS = {path.stem[:2]: path for path in sorted((ROOT / "notebooks").glob("*.ipynb"))}
USES = {"half_day.md": (210, 240), "two_days.md": (600, 840)}
PARTS = ("Minutes", "Predict and discuss", "Move", "When late", "A late learner", "Stumbling blocks")


@cache
def cells_of(lesson):
    return nbformat.read(LESSONS[lesson], as_version=4).cells


@cache
def notes():
    """{lesson: its text in lessons.md}."""
    text = (GUIDE / "lessons.md").read_text(encoding="utf-8")
    return {part[:2]: part for part in re.split(r"^## (?=\d\d )", text, flags=re.MULTILINE)[1:]}


@cache
def parts(lesson):
    """{heading of a part: its text}."""
    found = re.split(r"^### (.+)\n", notes()[lesson], flags=re.MULTILINE)[1:]
    return dict(zip(found[::2], found[1::2]))


def rows(text):
    """The cells of a table's rows, its head left out."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines[2:]]


def headings(lesson, marks="##"):
    return [line.removeprefix(mark + " ") for cell in cells_of(lesson) if cell.cell_type == "markdown"
            for line in cell.source.splitlines() for mark in [line.split(" ")[0]] if mark in marks.split()]  # fmt: skip


def sections(lesson):
    """[(headings a cell of code stands under, cell)], for all cells of code."""
    under, found = ["", ""], []
    for cell in cells_of(lesson):
        for line in cell.source.splitlines() if cell.cell_type == "markdown" else ():
            if line.startswith("## "):
                under = [line[3:], ""]
            elif line.startswith("### "):
                under = [under[0], line[4:]]
        if cell.cell_type == "code":
            found.append((under, cell))
    return found


def cuts(lesson):
    """{heading: minutes}."""
    return {heading: int(minutes) for minutes, heading, _ in rows(parts(lesson)["When late"])}


def test_the_guide_has_notes_on_each_lesson_and_they_are_whole():
    assert list(notes()) == list(LESSONS)
    for lesson in LESSONS:
        assert notes()[lesson].splitlines()[0] == headings(lesson, "#")[0], "the lesson's title"
        assert tuple(parts(lesson)) == PARTS


@pytest.mark.parametrize("lesson", LESSONS)
def test_minutes_add_up_and_sections_are_the_lessons_own(lesson):
    minutes = rows(parts(lesson)["Minutes"])
    assert [heading for _, heading in minutes] == ["Opening", *headings(lesson)]
    said = re.search(r"\*\*Time:\*\* (\d+) minutes", cells_of(lesson)[0].source)[1]
    assert sum(int(number) for number, _ in minutes) == int(said)


@pytest.mark.parametrize("lesson", LESSONS)
def test_the_question_is_one_of_the_lesson_and_each_option_has_an_answer(lesson):
    text = parts(lesson)["Predict and discuss"]
    key = re.search(r"`(\d\d-[\w-]+)`", text)[1]
    calls = [cell.source for _, cell in sections(lesson) if re.match(rf'(?:predict|ask)\(\s*"{key}"', cell.source)]
    assert len(calls) == 1
    said = [option.strip() for option in re.findall(r"^\d\. \*\*(.+?)\*\*", text, re.MULTILINE)]
    assert len(said) >= 3
    if calls[0].startswith("ask("):
        words = tomllib.loads((ROOT / "course_lib" / "questions" / f"{lesson}.toml").read_text(encoding="utf-8"))
        assert sorted(said) == sorted(words[key]["answers"])
    elif options := re.search(r"options=\[(.+?)\]", calls[0], re.DOTALL):
        assert sorted(said) == sorted(re.findall('"(.+?)"', options[1]))


@pytest.mark.parametrize("lesson", LESSONS)
def test_the_figure_to_move_is_in_the_lesson(lesson):
    figures = re.findall(r"`(live\.\w+\(\))`", parts(lesson)["Move"])
    assert figures
    assert set(figures) <= {cell.source for _, cell in sections(lesson)}
    for word in ("**Ask first.**", "**Then move.**"):
        assert word in parts(lesson)["Move"]


@pytest.mark.parametrize("lesson", LESSONS)
def test_two_stumbling_blocks_and_a_place_to_go_on_from(lesson):
    assert len(re.findall(r"^\d\. ", parts(lesson)["Stumbling blocks"], re.MULTILINE)) == 2
    place = re.search(r"\*\*(.+?)\*\*", parts(lesson)["A late learner"])[1]
    assert place in headings(lesson)
    assert re.search(r"\d+ seconds", parts(lesson)["A late learner"])


@pytest.mark.parametrize("lesson", LESSONS)
def test_what_is_cut_is_there_and_saves_no_more_than_it_takes(lesson):
    minutes = {heading: int(number) for number, heading in rows(parts(lesson)["Minutes"])}
    under = {inner or outer: outer for (outer, inner), _ in sections(lesson)}
    saved = {}
    for heading, number in cuts(lesson).items():
        assert heading in under, heading
        saved[under[heading]] = saved.get(under[heading], 0) + number
    assert saved
    assert all(number <= minutes[outer] for outer, number in saved.items())


@pytest.mark.parametrize("lesson", LESSONS)
def test_the_short_way_leaves_out_what_may_be_cut(lesson):
    text = "\n".join(cell.source for cell in cells_of(lesson) if cell.cell_type == "markdown")
    assert set(re.findall(r"^###? (.+)\n\n\*Further\.\*", text, re.MULTILINE)) <= set(cuts(lesson))


@pytest.mark.parametrize("lesson", LESSONS)
def test_a_cut_takes_nothing_that_another_section_reads(lesson):
    """No name; and that no cell changes what another one takes is seen when nbval runs each again: conftest.py."""
    for heading in cuts(lesson):
        source = {}  # name -> whether the cell that set it last would be cut
        for under, cell in sections(lesson):
            read, stored = names(cell.source)
            cut = heading in under
            assert cut or not [name for name in read if source.get(name)], (heading, cell.source)
            source |= dict.fromkeys(stored, cut)


def names(source):
    """(names that a cell of code reads before it has set them, names that it sets)."""
    read, stored = set(), set()
    for line in ast.parse(source).body:
        used = [node for node in ast.walk(line) if isinstance(node, ast.Name)]
        loaded = {node.id for node in used if isinstance(node.ctx, ast.Load)}
        bound = {node.id for node in used if isinstance(node.ctx, ast.Store)}
        inside = [node for node in ast.walk(line) if isinstance(node, ast.comprehension | ast.For)]
        own = {name.id for node in inside for name in ast.walk(node.target) if isinstance(name, ast.Name)}
        own |= {node.arg for node in ast.walk(line) if isinstance(node, ast.arg)}
        if isinstance(line, ast.For | ast.FunctionDef):
            own |= bound  # what the body sets, it sets before it reads
        read |= loaded - stored - own
        stored |= bound | {line.name for line in [line] if isinstance(line, ast.FunctionDef)}
    return read, stored


@pytest.mark.parametrize("name", USES)
def test_a_timetable_adds_up(name):
    """Each table of a timetable: the minutes of its rows are those that its heading says."""
    text = (GUIDE / name).read_text(encoding="utf-8")
    tables = re.findall(r"^## .*?(\d+) minutes.*?\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    low, high = USES[name]
    total = [sum(int(number) for number, *_ in rows(table)) for _, table in tables]
    assert total == [int(said) for said, _ in tables]
    assert any(low <= number <= high for number in [*total, sum(total)])


def test_the_points_of_a_semester_are_those_of_the_sheets():
    text = (GUIDE / "semester.md").read_text(encoding="utf-8").split("## Marks")[1].split("\n## ")[0]
    table = {sheet: (int(points), int(texts)) for sheet, points, texts, _ in rows(text)}
    assert list(table) == [path.stem for path in sorted((ROOT / "exercises").glob("*.ipynb"))]
    for sheet, said in table.items():
        cells = nbformat.read(ROOT / "exercises" / f"{sheet}.ipynb", as_version=4).cells
        marks = [cell.metadata.nbgrader for cell in cells if cell.metadata.get("nbgrader", {}).get("grade")]
        assert said == (sum(mark.points for mark in marks), sum(mark.solution for mark in marks)), sheet


def test_the_points_that_a_variant_leaves_to_the_open_solution_are_counted():
    cells, new = graded(unit_of("04_momentum")), variants.table("04_momentum")["KEYED"]
    same = sum(cell.points for cell in cells if cell.check and cell.check not in new)
    words = f"for sheet 04 that is {same} of {sum(cell.points for cell in cells)} points"
    assert words in (GUIDE / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("page", sorted(GUIDE.glob("*.md")), ids=lambda path: path.name)
def test_keys_and_figures_of_a_page_are_there(page):
    text = page.read_text(encoding="utf-8")
    everything = {cell.source for lesson in LESSONS for _, cell in sections(lesson)}
    for key in re.findall(r"`(\d\d-[\w-]+)`", text):
        assert any(re.match(rf'(?:predict|ask)\(\s*"{key}"', source) for source in everything), key
    for figure in re.findall(r"`(live\.\w+\(\))`", text):
        assert figure in everything, figure
