"""What the answers of a submission are worth."""

import threading
import zlib

import numpy as np

from course_lib.checks import is_blank
from course_lib.grading import read
from course_lib.grading.remote import Ended, LearnerError, Remote, Session

PATIENCE = 2  # times that an answer may end its process before its other properties are given up
ONE_AT_A_TIME = threading.Lock()  # a visible check redirects what is printed, for all threads


def judge(marks, unit, submitted, host, seed):
    """Fills in the marks of all checks. marks: as in `grade_one`. unit: `marks.Unit`. host: `remote.Host`.

    An answer that does not get full marks is tried again in a fresh process, with its own section's cells alone, and
    without the cells that the learner has added, and without those behind its check if they make a name anew that it
    uses. The best counts: what one cell spoils takes no marks of another.
    """
    cells = {cell.id: cell for cell in unit.cells}
    session = whole_run(unit, submitted, host)
    unsure = {}
    for mark in marks:
        if mark["check"]:
            cell = cells[mark["id"]]
            untouched = as_handed_out(cell, unit, submitted)
            if untouched and not submitted.more and cell.id not in submitted.edited:
                mark |= {"state": "blank", "marks": 0.0}
                continue
            mark |= tried(cell, unit, submitted, session, seed)
            if mark["marks"] != cell.points and not untouched:
                unsure.setdefault(cell.section, []).append(mark)
    for section, several in unsure.items():
        for more in (True, False) if submitted.more else (True,):
            own = apart(unit, submitted, session, section, more)
            alone = Session(host, own, unit.withheld, careful=bool(session.ended))
            for mark in several:
                if mark["marks"] != mark["points"]:
                    better(mark, tried(cells[mark["id"]], unit, submitted, alone, seed))
    for mark in (mark for several in unsure.values() for mark in several):
        cell = cells[mark["id"]]
        if mark["marks"] != mark["points"] and written_over(cell, unit, submitted):
            until = read.program(unit.cells, submitted, until=cell.id)
            better(mark, tried(cell, unit, submitted, Session(host, until, unit.withheld), seed))


def as_handed_out(cell, unit, submitted):
    """Whether nothing has been written into the cells that a check is about."""
    parts = makers(cell, unit)
    sources = [(source, part) for part in parts for source in submitted.answers.get(part.id, ())]
    return bool(sources) and all(read.is_stub(*pair) for pair in sources)


def apart(unit, submitted, session, section, more):
    """The cells of one section, without those added ones that have already ended a process."""
    cells = read.program(unit.cells, submitted, section, more)
    return [(name, source) for name, source in cells if name not in session.ended or answers(name) in submitted.answers]


def written_over(cell, unit, submitted):
    """Whether a name that an answer uses is made anew behind its check."""
    sources = [source for part in makers(cell, unit) for source in submitted.answers.get(part.id, ())]
    used = set().union(*(read.missing(source) | set(read.made_by(source)) for source in sources))
    behind = unit.cells[unit.cells.index(cell) :]
    later = [source for part in behind for source in submitted.answers.get(part.id, ())]
    later += [source for part in behind for source in submitted.more.get(part.id, ())]
    return any(used & set(read.made_by(source)) for source in later)


def answers(name):
    """The id of the answer that a cell run under a name is, or belongs to."""
    return name.partition(" ")[0]


def whole_run(unit, submitted, host):
    """A session in which all cells have run; our own with every figure only if an answer uses a name out of one."""
    for whole in (False, True):
        session = Session(host, read.program(unit.cells, submitted, whole=whole), unit.withheld)
        session.ready()
        if not any(error.kind == "NameError" for error in session.errors.values()):
            break
    return session


def better(mark, other):
    if (other["marks"] or 0) > (mark["marks"] or 0):
        mark |= other
        mark["note"] = "By itself this answer earns these marks; with the other cells run before it, it does not."


def tried(cell, unit, submitted, session, seed):
    """The part of a mark that says what the answer to a check is worth."""
    sources = [source for part in makers(cell, unit) for source in submitted.answers.get(part.id, ())]
    properties, trouble, name_missing, blank = examined(cell, unit, session, seed)
    held = sum(weight for weight, _, holds in properties if holds) / sum(weight for weight, *_ in properties)
    said = [{"says": says, "held": holds} for _, says, holds in properties]
    notes = [submitted.notes.get(part.id, "") for part in makers(cell, unit)]
    result = {"state": "graded", "marks": round(cell.points * held, 2), "properties": said}
    own = [reason for part in makers(cell, unit) for reason in stopped(part.id, session)]
    if blank and not own:
        edited = cell.id in submitted.edited
        result |= {"state": "needs a person", "marks": None} if edited else {"state": "blank", "marks": 0.0}
        notes.append("It is blank, but the cell with its check was changed." if edited else "")
    elif name_missing and not own:
        result |= {"state": "needs a person", "marks": None}
        notes.append(f"No cell makes {cell.expression}." if sources else "The cell of this answer was not found.")
    else:
        notes += own or [trouble]
        missing = [module for part in makers(cell, unit) for module in not_here(part.id, session)]
        if missing and result["marks"] != cell.points:
            result |= {"state": "needs a person", "marks": None}
            notes.append(f"Where it is graded there is no module {missing[0]}.")
    return result | {"note": " ".join(filter(None, notes))}


def makers(cell, unit):
    """The answer cells of our sheet that make what a check is called with."""
    wanted = read.names_in(cell.expression)
    return [part for part in unit.cells if part.kind == "answer" and wanted & set(read.made_by(part.source))]


def stopped(id, session):
    """Why cells of an answer did not run to their end, in sentences."""
    for name, _ in session.cells:
        if answers(name) == id and name in session.ended:
            yield f"Its cell was left out: {session.ended[name]}."
        elif answers(name) == id and name in session.errors:
            error = session.errors[name]
            line = f" in line {error.line}" if error.line else ""
            yield f"Its cell stops{line}: {error}."


def not_here(id, session):
    """The names of modules that cells of an answer import, and that are not where they are graded."""
    for name, error in session.errors.items():
        if answers(name) == id and error.kind == "ModuleNotFoundError":
            yield str(error).partition("'")[2].rstrip("'")


def examined(cell, unit, session, seed):
    """([(weight, sentence, whether it holds)], what went wrong, whether the name is missing, whether it is blank)."""
    properties = unit.hidden.get(cell.check)
    calls, blanks = session.calls, session.blanks
    try:
        answer = session.value(cell.expression)
    except (LearnerError, Ended) as error:
        says = [(one.weight, one.says, False) for one in properties or ()] or [(1, "The answer is there.", False)]
        return says, f"It cannot be had: {error}.", getattr(error, "kind", "") == "NameError", False
    if is_blank(answer):
        return [(1, "The answer is there.", False)], "", False, True
    if properties:
        found, trouble = hidden(cell, properties, session, seed)
    else:
        found, trouble = visible(getattr(unit.visible, cell.check), answer)
    nothing_else = session.calls > calls and session.calls - calls == session.blanks - blanks
    return found, trouble, False, nothing_else


def visible(check, answer):
    """The verdict of the check in the sheet on a value that came back."""
    with ONE_AT_A_TIME:
        passed, text = check.report(answer)
    says = " ".join(text.splitlines()[1:]) if is_plain(answer) else "The check in the sheet passes."
    return [(1, "The check in the sheet passes." if passed else says, passed)], ""


def is_plain(answer):
    parts = answer if isinstance(answer, tuple | list) else [answer]
    return not any(isinstance(part, Remote) for part in parts)


def hidden(cell, properties, session, seed):
    """([(weight, sentence, whether it holds)], what went wrong first) of an answer's properties."""
    errors, session.refused = [], False
    held = credited(properties, lambda: session.value(cell.expression), [seed, zlib.crc32(cell.check.encode())], errors)
    trouble = next((f"When it is called: {error}." for error in errors), "")
    if session.refused:
        trouble = "It calls the library's function that the exercise asks for."
    return [(one.weight, one.says, holds) for one, holds in zip(properties, held)], trouble


def credited(properties, answer, seed, errors):
    """Which properties hold and count. answer: called for each, gives the answer. errors: the learner's are added."""
    held = []
    for i, one in enumerate(properties):
        holds = False
        if sum(isinstance(error, Ended) for error in errors) < PATIENCE:
            try:
                with np.errstate(all="ignore"):
                    holds = bool(one.holds(answer(), np.random.default_rng([*seed, i])))
            except TimeoutError:
                raise
            except Exception as error:  # a property that cannot be tried does not hold
                errors += [error] * isinstance(error, LearnerError | Ended)
        held.append(holds)
    return [holds and (one.needs is None or held[one.needs]) for one, holds in zip(properties, held)]
