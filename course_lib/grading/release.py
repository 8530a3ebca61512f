"""From a solution to the sheet that is handed out, or to a private variant of it, by nbgrader's generate_assignment.

In a solution a cell to be answered has nbgrader's metadata. What stands between ### BEGIN SOLUTION and ### END
SOLUTION is cut out of it and a comment put there, so a function needs a docstring, and a value a line `name = None`
above. A cell with the tag solution-only is for those who have done the exercise, and is not in its sheet.
"""

import json
import logging
import tempfile
from pathlib import Path

import nbformat
from nbgrader.converters import GenerateAssignment
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import NbGraderPreprocessor, SaveCells
from traitlets.config import Config

from course_lib.checks.calls import STUB
from course_lib.grading import variants
from course_lib.grading.form import METADATA, canonical, executed, text

SOLUTION_ONLY = "solution-only"


class DropSolutionOnly(NbGraderPreprocessor):
    """Takes out the cells that speak about the solution."""

    def preprocess(self, nb, resources):
        nb.cells = [cell for cell in nb.cells if SOLUTION_ONLY not in cell.metadata.get("tags", [])]
        return nb, resources


def exercise(solution):
    """The text of the exercise sheet that belongs to a solution, a path."""
    return released(solution.read_text(encoding="utf-8"), solution.stem)


def released(solution, name):
    """The text of a sheet from that of its solution; what nbgrader warns of is shown on stderr."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "solutions" / name
        source.mkdir(parents=True)
        (source / f"{name}.ipynb").write_text(solution, encoding="utf-8")
        settings = config(folder, name)
        log = logging.getLogger(__name__)  # shows warnings and errors, unlike nbgrader's own
        GenerateAssignment(coursedir=CourseDirectory(config=settings), config=settings, log=log).start()
        sheet = nbformat.read(Path(folder) / "exercises" / name / f"{name}.ipynb", as_version=4)
    return text(canonical(sheet))


def config(folder, name):
    """nbgrader's settings: our folders, our stubs, no database."""
    c = Config()
    c.CourseDirectory.root = folder
    c.CourseDirectory.assignment_id = name
    c.CourseDirectory.source_directory = "solutions"
    c.CourseDirectory.release_directory = "exercises"
    c.GenerateAssignment.no_database = True
    steps = [step for step in GenerateAssignment.preprocessors.default() if step is not SaveCells]
    c.GenerateAssignment.preprocessors = [DropSolutionOnly, *steps]
    c.ClearSolutions.code_stub = {"python": STUB}
    c.ClearSolutions.text_stub = "*Your answer here.*"
    return c


def variant(solution, seed):
    """A private variant of a sheet, from its solution, a path, and a seed, a text.

    Returns (text of the sheet to hand out, text of the key, lines that say what varies). The key is the varied
    solution, run; in its metadata are the parameters, the right values, and the cells of the sheet.
    """
    unit, p = solution.stem, variants.drawn(solution.stem, seed)
    cells = json.loads(solution.read_text(encoding="utf-8"))["cells"]
    cells = variants.keeping(variants.varied(cells, unit, p), unit)
    sheet = released(text(canonical(notebook(cells))), unit)
    ran = executed(notebook(cells, variants.code_for_answers(cells, unit)), solution.parent)
    answers = json.loads(ran.cells.pop()["outputs"][0]["text"])
    key = canonical(ran)
    known = {"unit": unit, "seed": seed, "parameters": p, "answers": answers, "cells": json.loads(sheet)["cells"]}
    key["metadata"]["variant"] = known
    return sheet, text(key), list(variants.what_varies(cells, unit))


def notebook(cells, *code):
    """A notebook of cells, as dicts, and of lines of code after them."""
    last = [nbformat.v4.new_code_cell(source, id="the-values") for source in code]
    return nbformat.from_dict({"cells": [*cells, *last], "metadata": METADATA, "nbformat": 4, "nbformat_minor": 5})
