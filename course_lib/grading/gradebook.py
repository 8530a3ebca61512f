"""The marks in nbgrader's gradebook, where free text is graded by hand.

Only this module touches the database. What a person has entered there, marks, extra points, comments, is never changed.
"""

import json
from datetime import datetime
from pathlib import Path

from nbgrader.api import Gradebook

from .names import filename
from .table import OPEN


def fill(file, unit, cells, results):
    """Writes results into a gradebook; done twice, nothing changes.

    file: the path of nbgrader's gradebook.db, made if it is not there.
    unit: the name of the assignment and of its notebook.
    cells: the graded and answer cells of the sheet, as dicts with nbgrader's metadata and the cell_type.
    results: any iterable of results. A learner's id is the name of his folder.
    Returns the number of learners written.
    """
    count = 0
    with Gradebook(f"sqlite:///{file}") as book:
        declare(book, unit, cells)
        for result in results:
            enter(book, unit, result)
            count += 1
    return count


def declare(book, unit, cells):
    """Tells the gradebook which cells the sheet has, and how many points each is worth."""
    book.update_or_create_assignment(unit)
    book.update_or_create_notebook(unit, unit)
    for cell in cells:
        name = cell["grade_id"]
        if cell.get("grade"):
            given = {"max_score": cell["points"], "cell_type": cell["cell_type"]}
            book.update_or_create_grade_cell(name, unit, unit, **given)
        if cell.get("solution"):
            book.update_or_create_solution_cell(name, unit, unit)


def enter(book, unit, result):
    """One learner's marks, in one transaction."""
    student = filename(result["learner"])
    book.update_or_create_student(student)
    submission = book.update_or_create_submission(unit, student)
    when = datetime.strptime(result["graded"], "%Y-%m-%d %H:%M:%S")
    again, submission.timestamp = submission.timestamp != when, when
    notebook = submission.notebooks[0]
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


def cells_of(path):
    """nbgrader's metadata of a sheet's answer and graded cells, from its solution or key, with their cell_type."""
    cells = json.loads(Path(path).read_text(encoding="utf-8"))["cells"]
    marked = [(cell["metadata"].get("nbgrader"), cell["cell_type"]) for cell in cells]
    return [{**mark, "cell_type": kind} for mark, kind in marked if mark]


def by_hand(file, unit):
    """{learner's id: {grade_id: (score or None, comment or None)}}: what people have entered in a gradebook."""
    entered = {}
    with Gradebook(f"sqlite:///{file}") as book:
        for submission in book.assignment_submissions(unit):
            for notebook in submission.notebooks:
                scores = {grade.name: grade.score for grade in notebook.grades if settled(grade)}
                words = {comment.name: comment.manual_comment for comment in notebook.comments}
                entered[submission.student.id] = {
                    name: (scores.get(name), words.get(name)) for name in scores.keys() | words.keys()
                }
    return entered


def settled(grade):
    return grade.manual_score is not None and not grade.needs_manual_grade


def with_hand(result, entered):
    """A result with the marks and comments that people gave; what they have not settled stays open."""
    given, marks = entered.get(filename(result["learner"]), {}), []
    for mark in result["marks"]:
        score, comment = given.get(mark["id"], (None, None))
        changed = {} if score is None else {"marks": score, "state": "graded"}
        marks.append({**mark, **changed, "note": comment or mark["note"]})
    return {**result, "marks": marks}
