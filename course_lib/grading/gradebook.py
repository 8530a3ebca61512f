"""The marks in nbgrader's gradebook, where free text is graded by hand.

Only this module touches the database. What a person has entered there, marks, extra points, comments, is never changed.
"""

import json
import os
import re
import sysconfig
import warnings
from datetime import datetime
from html import escape
from pathlib import Path

from nbgrader.api import Gradebook
from sqlalchemy.exc import OperationalError

from course_lib.grading.formulas import pieces
from course_lib.grading.names import filename
from course_lib.grading.results import OPEN, write


def fill(file, unit, cells, results):
    """Writes results into a gradebook; done twice, nothing changes.

    file: the path of nbgrader's gradebook.db, made if it is not there.
    unit: the name of the assignment and of its notebook.
    cells: the cells of the sheet, as in its file.
    results: any iterable of results. A learner's id is the name of his folder.
    Returns the number of learners written. Errors: OSError if another program holds it.
    """
    count = 0
    try:
        with warnings.catch_warnings(), opened(file) as book:
            warnings.filterwarnings("ignore", "Object of type", module="nbgrader")  # its way of adding a submission
            declare(book, unit, cells)
            for result in results:
                enter(book, unit, result)
                count += 1
    except OperationalError as error:
        raise OSError(f"{file}: {error.orig}. The marks are kept; export enters them later") from None
    return count


def opened(file):
    scripts = sysconfig.get_path("scripts")  # where alembic is, which nbgrader calls by its name
    if scripts not in os.environ["PATH"].split(os.pathsep):
        os.environ["PATH"] = scripts + os.pathsep + os.environ["PATH"]
    return Book(f"sqlite:///{file}")


class Book(Gradebook):
    """nbgrader's, which is closed also where it could not be opened whole."""

    def __init__(self, address):
        try:
            super().__init__(address)
        except BaseException:
            self.close()
            raise


def declare(book, unit, cells):
    """Tells the gradebook which cells the sheet has, and how many points each is worth."""
    book.update_or_create_assignment(unit)
    book.update_or_create_notebook(unit, unit)
    for cell in filter(id_of, cells):
        name, mark = id_of(cell), cell["metadata"]["nbgrader"]
        if mark["grade"]:
            given = {"max_score": mark["points"], "cell_type": cell["cell_type"]}
            book.update_or_create_grade_cell(name, unit, unit, **given)
        if mark["solution"]:
            book.update_or_create_solution_cell(name, unit, unit)


def enter(book, unit, result):
    """One learner's marks, in one transaction."""
    student = filename(result["learner"])
    book.update_or_create_student(student)
    handed_in = book.update_or_create_submission(unit, student)
    when = datetime.strptime(result["graded"], "%Y-%m-%d %H:%M:%S")
    again, handed_in.timestamp = handed_in.timestamp != when, when
    notebook = handed_in.notebooks[0]
    marks = {mark["id"]: mark for mark in result["marks"]}
    for grade in notebook.grades:
        mark = marks.get(grade.name)
        open_ = mark is None or mark["state"] in OPEN
        grade.auto_score = None if open_ else mark["marks"]
        if again or grade.manual_score is None:
            grade.needs_manual_grade = open_ or grade.manual_score is not None
    for comment in notebook.comments:
        mark = marks.get(comment.name)
        comment.auto_comment = mark["note"] if mark and mark["note"] else None
    book.db.commit()


def id_of(cell):
    return cell["metadata"].get("nbgrader", {}).get("grade_id")


def write_autograded(file, unit, cells, results):
    """Writes what nbgrader's formgrader shows to who grades by hand: autograded/<learner>/<unit>/<unit>.ipynb.

    It is our sheet with the learner's words in it; nothing is run. cells: as in the file of the sheet.
    """
    for result in results:
        words = {**result["answers"], **result["texts"]}
        filled = [filled_in(cell, words.get(id_of(cell))) for cell in cells]
        text = json.dumps({"cells": filled, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}, ensure_ascii=False)
        write(Path(file).absolute().parent / "autograded" / filename(result["learner"]) / unit / f"{unit}.ipynb", text)


def filled_in(cell, words):
    """A cell of the sheet with a learner's words; in a text nothing is left that a browser would follow or run."""
    if words is None:
        return cell
    if cell["cell_type"] == "markdown":
        words = "".join(with_signs(piece) if maths else without_commands(piece) for piece, maths in pieces(words))
        words = words.replace("](", "] (").replace("]:", "] :").replace("://", ": //")
    return {**cell, "source": words}


def with_signs(formula):
    """A formula that is known to be harmless, for MathJax, with no sign that HTML takes for its own."""
    return formula.replace("<", r"\lt ").replace(">", r"\gt ")


def without_commands(words):
    """Words in which MathJax finds no command, such as one that makes a link."""
    return re.sub(r"\\(?=[a-zA-Z])", r"\\ ", escape(words, quote=False))


def by_hand(file, unit, cells):
    """{learner's id: {grade_id: (score or None, comment or None)}}: what people have entered in a gradebook.

    A comment stands in the gradebook beside an answer; here it belongs to the first graded cell from there on.
    """
    entered, judges = {}, judged_by(cells)
    with opened(file) as book:
        for handed_in in book.assignment_submissions(unit):
            for notebook in handed_in.notebooks:
                scores = {grade.name: grade.score for grade in notebook.grades if settled(grade)}
                words = {}
                for comment in filter(lambda one: one.manual_comment, notebook.comments):
                    words.setdefault(judges.get(comment.name), []).append(comment.manual_comment)
                entered[handed_in.student.id] = {
                    name: (scores.get(name), " ".join(words.get(name, [])) or None)
                    for name in scores.keys() | words.keys()
                }
    return entered


def judged_by(cells):
    """{grade_id: that of the first graded cell from it on}."""
    judges, judge = {}, None
    for cell in filter(id_of, reversed(cells)):
        judge = id_of(cell) if cell["metadata"]["nbgrader"]["grade"] else judge
        judges[id_of(cell)] = judge
    return judges


def settled(grade):
    return grade.manual_score is not None and not grade.needs_manual_grade


def with_hand(result, entered):
    """A result with the marks that people gave, and their comments; what they have not settled stays open."""
    given, marks = entered.get(filename(result["learner"]), {}), []
    for mark in result["marks"]:
        score, comment = given.get(mark["id"], (None, None))
        changed = {} if score is None else {"marks": score, "state": "graded"}
        marks.append({**mark, **changed, "note": " ".join(filter(None, [mark["note"], comment]))})
    return {**result, "marks": marks}
