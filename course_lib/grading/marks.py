"""A file in, marks out."""

import hashlib
import importlib
import importlib.util
import time
from dataclasses import dataclass
from pathlib import Path

from course_lib.checks.exercise import exercises
from course_lib.grading import read, variants
from course_lib.grading.judge import judge
from course_lib.grading.remote import Host
from course_lib.grading.sandbox import NoSandbox

HERE = Path(__file__).parent
CHECKS = HERE.parent / "checks"
ENGINE = [
    HERE / f"{name}.py" for name in ("marks", "judge", "read", "remote", "sandbox", "worker", "properties/__init__")
]


@dataclass(frozen=True)
class Limits:
    """How long and how large a submission may be.

    cell, call, total: seconds of wall clock for one cell, for one call of an answer, for the whole submission.
    memory: bytes for the process. line: bytes of one value. file: bytes of a submission.
    """

    cell: float = 60.0
    call: float = 10.0
    total: float = 300.0
    memory: int = 2**30
    line: int = 2**23
    file: int = 2**25


@dataclass(frozen=True)
class Unit:
    """A sheet with all that judges it: its cells, visible checks and hidden properties, and a hash of everything."""

    cells: list
    visible: object
    hidden: dict
    withheld: dict
    sections: dict
    hash: str


def unit_of(name):
    """A `Unit`. name: of a sheet, such as "04_momentum", or the path of one, "…/04_momentum.ipynb"."""
    sheet = Path(name).stem.partition("_")[2]
    if importlib.util.find_spec(f"course_lib.sheets.{sheet}"):
        return described(name, importlib.import_module(f"course_lib.sheets.{sheet}"))
    visible = importlib.import_module(f"course_lib.checks.{sheet}")
    files = [*ENGINE, Path(visible.__file__), Path(visible.__file__).with_name("__init__.py"), read.path_of(name)]
    try:
        hidden = importlib.import_module(f"course_lib.grading.properties.{sheet}")
    except ModuleNotFoundError:
        hidden = None
    else:
        files.append(Path(hidden.__file__))
    tables = [getattr(hidden, table, {}) for table in ("HIDDEN", "WITHHELD", "READ")]
    if private := variants.hidden(read.path_of(name)):
        tables[0] = tables[0] | private
        files += sorted(HERE.glob("variants/*.py"))
    return Unit(read.sheet(name), visible, *tables, digest(*(file.read_bytes() for file in files)))


def described(name, sheet):
    """A `Unit` from a sheet's module."""
    known, withheld = exercises(sheet), {}
    for module, _, function in sorted({one.partition(".") for each in known.values() for one in each.withheld}):
        withheld.setdefault(module, []).append(function)
    hidden = {check: one.hidden() for check, one in known.items()} | variants.hidden(read.path_of(name))
    sections = {check: one.read for check, one in known.items()}
    files = [*ENGINE, *sorted(CHECKS.glob("*.py")), Path(sheet.__file__), read.path_of(name)]
    files += sorted(HERE.glob("variants/*.py"))
    return Unit(read.sheet(name), sheet, hidden, withheld, sections, digest(*(file.read_bytes() for file in files)))


def digest(*parts):
    return hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in parts)).hexdigest()


def grade_one(path, unit, *, sandbox="bwrap", seed=0, limits=Limits(), learner=None):
    """The marks of one submission, as a dict that JSON can hold. It raises nothing, whatever the submission is.

    path: the notebook handed in. unit: name of the sheet, such as "04_momentum", or the path of a variant of it.
    sandbox: "bwrap", "docker" or "none". seed: int from which the hidden inputs are drawn.
    learner: name; by default that of the file's folder.
    Returns
        learner, file, sha256 (of the file; "" if it cannot be read), unit, checks (hash of all that judges), seconds
        state: "graded", or "needs a person" if anything at all does
        reasons: why, in sentences
        marks: a dict for each graded cell of our sheet, in its order:
            id (of the graded cell, nbgrader's grade_id), check (its name, "" for a text), title, section (of the
            lesson, to read again), points, marks (None unless state is "graded" or "blank"),
            state: "graded", "blank", "by hand" (a text that somebody has to read), or "needs a person"
            note: a sentence, or ""
            properties: [{"says": sentence, "held": bool}]
        texts: {id of the graded cell: the text to mark by hand}
    """
    began, path = time.monotonic(), Path(path)
    result = {"learner": learner or path.parent.name, "file": str(path), "sha256": "", "unit": Path(unit).stem}
    result |= {"checks": "", "state": "graded", "reasons": [], "seconds": 0.0, "marks": [], "texts": {}}
    try:
        ours = unit_of(unit)
        result |= {"checks": ours.hash, "marks": [blank_mark(cell, ours) for cell in graded(ours)]}
        data = read.contents(path, limits.file)
        result["sha256"] = hashlib.sha256(data).hexdigest()
        submitted = read.submission(data, ours.cells)
        result["texts"] = hand_in_texts(result["marks"], submitted)
        with Host(sandbox, limits) as host:
            judge(result["marks"], ours, submitted, host, seed)
    except (read.Unreadable, NoSandbox, TimeoutError) as error:
        give_up(result, str(error))
    except Exception as error:  # of ours: a person looks, and the others are graded
        give_up(result, f"The grader itself failed: {type(error).__name__}: {error}")
    for mark in result["marks"]:
        if mark["state"] == "needs a person" and mark["note"] not in result["reasons"]:
            result["reasons"].append(mark["note"])
    if result["reasons"]:
        result["state"] = "needs a person"
    result["seconds"] = round(time.monotonic() - began, 3)
    return result


def graded(unit):
    return [cell for cell in unit.cells if cell.kind in ("check", "text")]


def blank_mark(cell, unit):
    title = getattr(unit.visible, cell.check).name if cell.check else cell.section
    section = unit.sections.get(cell.check, "")
    mark = {"id": cell.id, "check": cell.check, "title": title, "section": section, "points": cell.points}
    return mark | {"marks": None, "state": "needs a person", "note": "", "properties": []}


def give_up(result, reason):
    result["reasons"].append(reason)
    for mark in result["marks"]:
        if mark["state"] == "needs a person":
            mark["note"] = mark["note"] or reason


def hand_in_texts(marks, submitted):
    """The texts that a person reads, and their marks' states."""
    texts = {}
    for mark in (mark for mark in marks if not mark["check"]):
        text = submitted.texts.get(mark["id"])
        if text is None:
            mark["note"] = f"The cell for the text {mark['id']} was not found."
        elif read.is_blank_text(text):
            mark |= {"marks": 0.0, "state": "blank"}
        else:
            mark["state"], texts[mark["id"]] = "by hand", text
    return texts
