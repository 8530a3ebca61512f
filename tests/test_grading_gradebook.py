"""nbgrader's gradebook: the marks are in it, what waits for a person is flagged, what people enter is never changed."""

import csv
import json
import os
import sqlite3
from contextlib import closing

import psutil
import pytest
from nbgrader.api import Gradebook
from nbgrader.apps.api import NbGraderAPI
from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config

from course_lib.grading import gradebook, read, table
from course_lib.grading.__main__ import main
from course_lib.grading.names import filename
from course_lib.grading.results import Results, blank_result
from course_lib.grading.unit import blank_mark, graded, unit_of

pytestmark = pytest.mark.slow
UNIT = "04_momentum"
OURS, CELLS = unit_of(UNIT), read.cells_of(UNIT)
EVIL = (
    "http://spy.example $\\href{javascript:steal()}{x}$"
    "<script>steal()</script> $a < b$ [x](javascript:steal()) ![y](http://spy.example/y.png)\n\n[z]: javascript:steal()"
)


def result(learner, when="2026-03-01 10:00:00", **changed):
    """A result with full marks but for one exercise, and a text to read."""
    cells = [blank_mark(cell, OURS) | {"marks": float(cell.points), "state": "graded"} for cell in
             graded(OURS)]  # fmt: skip
    for mark in cells:
        if mark["id"] == "check-ema":
            mark |= {"marks": 1.25, "note": "the corrected mean"}
        if mark["id"] == "critical-proof":
            mark |= {"marks": None, "state": "by hand"}
    came = {"state": "graded", "graded": when, "seed": 1, "marks": cells, "texts": {"critical-proof": EVIL}}
    return blank_result(learner, "", UNIT) | came | changed


def unread(learner):
    cells = [blank_mark(cell, OURS) for cell in graded(OURS)]
    return result(learner, state="needs a person", reasons=["it is empty"], marks=cells, texts={})


@pytest.fixture(scope="module")
def empty(tmp_path_factory):
    """A gradebook that nbgrader has just made: that takes it a second."""
    file = tmp_path_factory.mktemp("course") / "gradebook.db"
    gradebook.fill(file, UNIT, CELLS, [])
    return file


@pytest.fixture
def file(empty, tmp_path):
    file = tmp_path / "gradebook.db"
    file.write_bytes(empty.read_bytes())
    return file


def fill(file, *results):
    return gradebook.fill(file, UNIT, CELLS, results)


def grade(book, learner, cell):
    return book.find_grade(cell, UNIT, UNIT, filename(learner))


def test_marks_and_flags_are_in_it(file):
    assert fill(file, result("anna"), unread("bob")) == 2
    with Gradebook(f"sqlite:///{file}") as book:
        anna, bob = (book.find_submission(UNIT, learner) for learner in ("anna", "bob"))
        assert (anna.score, anna.max_score, anna.needs_manual_grade) == (22.25, 24, True)
        assert (bob.score, bob.needs_manual_grade) == (0, True)
        flagged = [one.name for one in anna.notebooks[0].grades if one.needs_manual_grade]
        assert flagged == ["critical-proof"]
        assert all(one.needs_manual_grade and one.auto_score is None for one in bob.notebooks[0].grades)


def test_filled_twice_nothing_changes(file):
    fill(file, result("anna"))
    with Gradebook(f"sqlite:///{file}") as book:
        before = [one.to_dict() for one in book.find_submission(UNIT, "anna").notebooks[0].grades]
    fill(file, result("anna"))
    with Gradebook(f"sqlite:///{file}") as book:
        assert [one.to_dict() for one in book.find_submission(UNIT, "anna").notebooks[0].grades] == before
        assert len(book.students) == 1


def by_hand(file, learner, cell, score, words=None):
    with Gradebook(f"sqlite:///{file}") as book:
        one = grade(book, learner, cell)
        one.manual_score, one.needs_manual_grade = score, False
        if words:
            book.find_comment(cell, UNIT, UNIT, filename(learner)).manual_comment = words
        book.db.commit()


def test_what_a_person_entered_stays_and_comes_back(file):
    fill(file, result("anna"), unread("bob"))
    by_hand(file, "anna", "critical-proof", 0.5, "the case beta > 1 is missing")
    by_hand(file, "bob", "check-ema", 2.0)
    fill(file, result("anna"), unread("bob"))
    entered = gradebook.by_hand(file, UNIT, CELLS)
    anna, bob = (gradebook.with_hand(one, entered) for one in (result("anna"), unread("bob")))
    assert table.summary(anna)["marks"] == 22.75
    assert table.summary(anna)["open"] == 0
    assert next(mark["note"] for mark in anna["marks"] if mark["id"] == "critical-proof").startswith("the case")
    assert (table.summary(bob)["marks"], table.summary(bob)["open"]) == (2, 22)


def test_a_comment_beside_an_answer_reaches_the_page_of_its_first_check(file):
    fill(file, result("anna"))
    with Gradebook(f"sqlite:///{file}") as book:
        for answer, words in (("ema", "Mind the start."), ("converters", "Elegant.")):
            book.find_comment(answer, UNIT, UNIT, "anna").manual_comment = words
        book.db.commit()
    anna = gradebook.with_hand(result("anna"), gradebook.by_hand(file, UNIT, CELLS))
    notes = {mark["id"]: mark["note"] for mark in anna["marks"]}
    assert notes["check-ema"] == "the corrected mean Mind the start."
    assert (notes["check-sum-to-ema"], notes["check-ema-to-sum"]) == ("Elegant.", "")


def test_export_has_the_marks_that_people_gave(file, tmp_path):
    store = Results(tmp_path / "graded" / UNIT)
    for one in (result("anna"), result("bob")):
        store.put(one)
    export = ["export", UNIT, "--out", str(tmp_path / "graded"), "--gradebook", str(file)]
    export += ["--csv", str(tmp_path / "marks.csv"), "--feedback", str(tmp_path / "pages")]
    assert main(export) == 3, "two texts are to be read"
    by_hand(file, "anna", "critical-proof", 0.5, "half of it")
    by_hand(file, "bob", "critical-proof", 1.0)
    assert main(export) == 0
    with open(tmp_path / "marks.csv", encoding="utf-8", newline="") as table_:
        assert [(row["learner"], row["marks"]) for row in csv.DictReader(table_)] == [
            ("anna", "22.75"),
            ("bob", "23.25"),
        ]
    assert "half of it" in (tmp_path / "pages" / "anna.html").read_text(encoding="utf-8")


def test_handed_in_again_a_mark_by_hand_is_to_be_looked_at_again(file):
    fill(file, result("anna"))
    by_hand(file, "anna", "critical-proof", 1.0)
    fill(file, result("anna", when="2026-03-02 10:00:00"))
    with Gradebook(f"sqlite:///{file}") as book:
        one = grade(book, "anna", "critical-proof")
        assert (one.manual_score, one.needs_manual_grade) == (1.0, True)
    assert gradebook.by_hand(file, UNIT, CELLS)["anna"].get("critical-proof", (None,))[0] is None


@pytest.mark.parametrize(
    "learner", ["../eve", "<script>", "a/b", "M\udcfcller", "x" * 300, "Robert'); DROP TABLE grade;--"]
)
def test_a_name_is_only_a_name(learner, file):
    fill(file, result("anna"), result(learner))
    gradebook.write_autograded(file, UNIT, CELLS, [result(learner)])
    with Gradebook(f"sqlite:///{file}") as book:
        assert {one.id for one in book.students} == {"anna", filename(learner)}
        assert book.find_submission(UNIT, filename(learner)).score == 22.25
    assert [path.parent.parent.name for path in file.parent.rglob("*.ipynb")] == [filename(learner)]


def test_the_formgrader_has_a_page_to_read_on_which_nothing_runs(file):
    fill(file, result("anna"))
    gradebook.write_autograded(file, UNIT, CELLS, [result("anna")])
    config = Config()
    config.CourseDirectory.root = str(file.parent)
    config.CourseDirectory.db_url = f"sqlite:///{file}"
    course = CourseDirectory(config=config)
    with_api = NbGraderAPI(course, config=config)
    shown = [one["student"] for one in with_api.get_notebook_submissions(UNIT, UNIT)]
    assert shown == ["anna"]
    notebook = json.loads((file.parent / "autograded" / "anna" / UNIT / f"{UNIT}.ipynb").read_text())
    text = next("".join(cell["source"]) for cell in notebook["cells"] if cell["id"] == "critical-proof")
    assert "&lt;script&gt;" in text
    assert r"$a \lt  b$" in text
    assert not any(danger in text for danger in ("<", "](", "]:", "://", r"\href"))


@pytest.mark.parametrize(("words", "shown"), [
    (r"$\beta<1$ and $\frac12 > 0$", r"$\beta\lt 1$ and $\frac12 \gt  0$"), ("a < b & c", "a &lt; b &amp; c"),
    (r"$\href{javascript:x}{y}$", r"$\ href{javascript:x}{y}$"), (r"\(\ref{a}\)", r"\(\ ref{a}\)"),
    (r"$$\require{html}\beta$$ $\eta$", r"$$\ require{html}\ beta$$ $\eta$"),
    (r"\begin{align}\href{x}{y}\end{align}", r"\ begin{align}\ href{x}{y}\ end{align}"),
    ("$[a](http://x)$", "$[a] (http: //x)$"), ("$x$ $[z]: http://x$", "$x$ $[z] : http: //x$"),
    ("$<b>$", r"$\lt b\gt $"),
])  # fmt: skip
def test_in_a_text_to_read_formulas_are_left_and_nothing_that_leads_elsewhere(words, shown):
    assert gradebook.filled_in({"cell_type": "markdown", "source": ""}, words)["source"] == shown


def test_the_page_to_read_has_the_code_that_was_graded(file, tmp_path):
    for answers, code in (({"ema": "def ema(values, beta):\n    return 7"}, "return 7"), ({}, "# Your lines here.")):
        gradebook.write_autograded(file, UNIT, CELLS, [result("anna", answers=answers)])
        notebook = json.loads((file.parent / "autograded" / "anna" / UNIT / f"{UNIT}.ipynb").read_text())
        assert code in next("".join(cell["source"]) for cell in notebook["cells"] if cell["id"] == "ema")


def test_a_gradebook_that_another_program_holds_is_spoken_of(file, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Results(f"graded/{UNIT}").put(result("anna"))
    with closing(sqlite3.connect(file, isolation_level=None)) as holder:
        holder.execute("BEGIN EXCLUSIVE")
        assert main(["export", UNIT, "--gradebook", str(file)]) == 1
        assert "database is locked" in capsys.readouterr().err
        holder.execute("ROLLBACK")
        assert times_open(file) == 1, "by the holder"
    assert main(["export", UNIT, "--gradebook", str(file)]) == 3, "a text is to be read"
    assert times_open(file) == 0


def times_open(file):
    return [one.path for one in psutil.Process().open_files()].count(os.path.realpath(file))
