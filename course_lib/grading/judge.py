"""What the answers of a submission are worth: the process that reads and judges, and runs nothing of the learner's.

Answers run where the library lacks the functions that the exercises ask for: there functions are tried. Values are
made there, too, unless a cell called such a function before; these come out of a second run, to which the functions
are lent.
"""

import builtins
import contextlib
import json
import os
import signal
import traceback
import zlib
from pathlib import Path

import numpy as np

from course_lib.checks.calls import OwnFault
from course_lib.checks.comparison import is_blank
from course_lib.grading import read, relay
from course_lib.grading.program import program
from course_lib.grading.remote import END, Ended, Host, LearnerError, Over, Remote, Session, shown
from course_lib.grading.sandbox import READY
from course_lib.grading.unit import blank_mark, graded, unit_of
from course_lib.grading.worker import GONE, STARTERS, apart, drop, limit

BY_ITSELF = "By itself this answer earns these marks; with the other cells run before it, it earns less."
OUR_FAULT = "The check itself is at fault here, not the answer."
PATIENCE = 2  # times that an answer may end its process before its other properties are given up
ROOM = 600 * 2**20  # bytes of a process that reads; a fourth of them are there before


class Judge:
    """Fills in the marks of all checks.

    unit: `unit.Unit`. submitted: `read.Submission`. host: `remote.Host`. seed: ints from which hidden inputs are drawn.

    What counts is what Run All would give at the place of the check. Only where that gives nothing, because other cells
    spoil it, an answer is tried with its own section's cells alone, and then without those that the learner has added:
    the first value that comes, or the first function of which anything comes, is the one that counts.
    """

    def __init__(self, unit, submitted, host, seed):
        self.unit, self.submitted, self.host, self.seed = unit, submitted, host, seed
        self.cells = {cell.id: cell for cell in unit.cells}

    def fill(self, marks):
        written = []
        for mark in (mark for mark in marks if mark["check"]):
            if self.is_untouched(mark):
                mark |= {"state": "blank", "marks": 0.0}
            else:
                written.append(mark)
        values, ended = self.run(written)
        if values:
            self.run(values, self.unit.lent, ended)

    def run(self, marks, lent=None, ended=()):
        """Fills in marks; ([marks whose answers are values that come of withheld functions], cells left out and why).

        lent, ended: as in `Session`.
        """
        session = Session(self.host, self.program(), lent, ended)
        elsewhere, poor, missing = [], {}, []

        def settle(mark, verdict):
            if verdict.is_elsewhere:
                elsewhere.append(mark)
                return
            mark |= verdict.words()
            if verdict.gives_nothing:
                poor.setdefault(self.cells[mark["id"]].section, []).append((mark, verdict))

        for mark in marks:
            verdict = Verdict(self, mark, session)
            if verdict.is_missing:
                missing.append(mark)
            else:
                settle(mark, verdict)
        for mark in missing:
            settle(mark, Verdict(self, mark, session, END))
        for section, pairs in poor.items():
            for more in (True, False) if self.submitted.more else (True,):
                alone = Session(self.host, self.apart(section, more, session), lent)
                alone.careful = bool(session.ended)
                pairs = [pair for pair in pairs if not self.try_apart(*pair, alone, elsewhere)]
        return elsewhere, session.ended

    def try_apart(self, mark, verdict, alone, elsewhere):
        """Tries an answer once more by itself; whether nothing better can come of it then."""
        other = Verdict(self, mark, alone, END)
        if other.is_elsewhere:
            elsewhere.append(mark)
        elif other.is_better_than(verdict):
            mark |= other.words() | {"note": BY_ITSELF}
        return other.is_elsewhere or not other.gives_nothing

    def program(self, *args):
        return program(self.unit.cells, self.submitted, *args)

    def apart(self, section, more, session):
        """The cells of one section, without those that took too long, and added ones that have ended a process."""
        out = {name for name in session.ended if name in session.slow or answers(name) not in self.submitted.answers}
        return [(name, source) for name, source in self.program(section, more) if name not in out]

    def is_untouched(self, mark):
        """Whether nothing has been written into the cells that a check is about, nor anywhere else."""
        parts = self.makers(self.cells[mark["id"]])
        sources = [(source, part) for part in parts for source in self.submitted.answers.get(part.id, ())]
        untouched = bool(sources) and all(read.is_stub(*pair) for pair in sources)
        return untouched and not self.submitted.more and mark["id"] not in self.submitted.edited

    def makers(self, cell):
        return makers(cell, self.unit)


def makers(cell, unit):
    """The answer cells of our sheet that make what a check is called with."""
    wanted = read.names_in(cell.expression)
    return [part for part in unit.cells if part.kind == "answer" and wanted & set(read.made_by(part.source))]


def answers(name):
    """The id of the answer that a cell run under a name is, or belongs to."""
    return name.partition(" ")[0]


class Verdict:
    """What the answer to one check is worth in a session.

    place: where the answer is taken; the place of its check, if it is not given. is_elsewhere: whether it is a value
    that comes of functions which are not here. gives_nothing: whether other cells may have spoilt it.
    """

    def __init__(self, judge, mark, session, place=None):
        self.place = mark["id"] if place is None else place
        self.judge, self.session, self.cell = judge, session, judge.cells[mark["id"]]
        self.parts, unit = judge.makers(self.cell), judge.unit
        self.properties, wanted = unit.hidden.get(self.cell.check), read.names_in(self.cell.expression)
        self.asks_function = any(made & wanted for made in map(read.defined_by, self.parts))
        self.found, self.tried, self.trouble, self.lacks = [(1, "The answer is there.", False)], [], "", ""
        self.is_refused = False  # whether it calls what is withheld
        self.is_our_fault = False  # whether a right answer of ours fails
        self.is_missing = self.is_blank = self.is_elsewhere = self.is_function = self.has_value = False
        self.came = False  # whether a call of the answer gave anything
        calls, blanks, results = session.calls, session.blanks, session.results
        try:
            answer = session.value(self.place, self.cell.expression)
        except (LearnerError, Ended) as error:
            self.is_elsewhere = session.touched and not session.lent and not self.asks_function
            if self.properties:
                self.found = [(one.weight, one.says, False) for one in self.properties]
            self.trouble, self.is_missing = f"It cannot be had: {error}.", getattr(error, "kind", "") == "NameError"
            return
        self.is_function, self.has_value, self.answer = not is_plain(answer), True, answer
        if self.is_function and session.lent:
            self.trouble = "It calls the library's function that the exercise asks for."
            return
        is_value = not self.is_function and not self.asks_function
        self.is_elsewhere = is_value and session.touched and not session.lent
        if self.is_elsewhere:
            return
        self.is_blank = is_blank(answer)
        if self.is_blank:
            return
        try:
            if self.properties:
                self.try_properties()
            else:
                self.look(getattr(unit.visible, self.cell.check), answer)
        except OwnFault as fault:
            self.is_our_fault = True
            self.tried.append({"says": OUR_FAULT, "with": "inputs of ours: the right answer", "came": str(fault)})
        self.is_blank = session.calls > calls and session.calls - calls == session.blanks - blanks
        self.came = session.results > results

    def look(self, check, answer):
        """The verdict of the check in the sheet."""
        self.session.refused = False
        passed, text = check.report(answer)
        says = "The check in the sheet passes."
        if not passed and not self.is_function:
            says = " ".join(text.splitlines()[1:])
        self.found = [(1, says, passed)]
        self.hear_of_refusal()

    def try_properties(self):
        """What holds of the answer at hidden inputs."""
        self.session.refused = False
        seed = [*self.judge.seed, zlib.crc32(self.cell.check.encode())]
        held = credited(self.properties, self.again, seed, self.miss)
        self.found = [(one.weight, one.says, holds) for one, holds in zip(self.properties, held)]
        self.hear_of_refusal()

    def again(self):
        """The answer, for the next property; a value is what it was the first time."""
        self.session.last = ((), None if self.is_function else self.answer)
        return self.session.value(self.place, self.cell.expression) if self.is_function else self.answer

    def miss(self, one, error):
        """Takes down what happened where a property does not hold."""
        given, value = self.session.last
        came = str(error) if isinstance(error, LearnerError | Ended) else shown(value)
        if error and came != str(error):
            came += f"; that cannot be tried: {type(error).__name__}: {error}"
        self.tried.append({"says": one.says, "with": shown(given), "came": came})
        if error:
            self.lacks = self.lacks or self.told_of(getattr(error, "lacks", ""))
            self.trouble = self.trouble or describe_error(error)

    def told_of(self, lacks):
        """What is missing while hidden inputs are tried, by its name if that stands in the answer."""
        sources = [source for part in self.parts for source in self.judge.submitted.answers.get(part.id, ())]
        kind, _, name = lacks.partition(" ")
        return lacks if not name or any(name in source for source in sources) else f"{kind} that it asks for"

    def hear_of_refusal(self):
        self.is_refused = self.session.refused
        if self.is_refused:
            self.trouble = "It calls the library's function that the exercise asks for."

    @property
    def share(self):
        return sum(weight for weight, _, holds in self.found if holds) / sum(weight for weight, *_ in self.found)

    @property
    def gives_nothing(self):
        nothing = self.is_blank and any(self.stopped(part.id) for part in self.parts)
        nothing |= not self.has_value or ((self.is_function or self.asks_function) and not self.came)
        return self.share < 1 and nothing and not (self.is_refused or self.is_our_fault)

    def is_better_than(self, other):
        """Whether this one counts in place of another: a function that does more, or the only value that there is."""
        if other.asks_function or self.is_function:
            return self.share > other.share
        return self.has_value and not self.is_blank

    def words(self):
        """The part of a mark that says what the answer is worth."""
        submitted = self.judge.submitted
        sources = [source for part in self.parts for source in submitted.answers.get(part.id, ())]
        said = [] if self.is_our_fault else [{"says": says, "held": holds} for _, says, holds in self.found]
        result = {"state": "graded", "marks": round(self.cell.points * self.share, 2)}
        result |= {"properties": said, "tried": self.tried}
        nobody = {"state": "needs a person", "marks": None}
        notes = [submitted.notes.get(part.id, "") for part in self.parts]
        own = [reason for part in self.parts for reason in self.stopped(part.id)]
        if self.is_blank and not own:
            edited = self.cell.id in submitted.edited
            result |= nobody if edited else {"state": "blank", "marks": 0.0}
            notes.append("It is blank, but the cell with its check was changed." if edited else "")
        elif self.is_missing and not own:
            result |= nobody
            name = self.cell.expression
            notes.append(f"No cell makes {name}." if sources else "The cell of this answer was not found.")
        else:
            notes += own or [self.trouble]
            if self.share < 1 and (why := self.for_a_person()):
                result |= nobody
                notes.append(why)
        return result | {"note": " ".join(filter(None, notes))}

    def errors(self, answer):
        """The errors of the cells of an answer."""
        return [error for name, error in self.session.errors.items() if answers(name) == answer]

    def for_a_person(self):
        """Why it may not be the answer's fault that it fails here, or ""."""
        if self.is_our_fault:
            return OUR_FAULT
        errors = [error for part in self.parts for error in self.errors(part.id)]
        lacks = next((error.lacks for error in errors if error.lacks), self.lacks)
        if lacks:
            return (
                f"Where it is graded there is no {lacks}."
                if lacks not in STARTERS
                else f"With {lacks} it starts more at once than it may where it is graded."
            )
        newer = self.judge.submitted.newer
        if newer and any(error.kind in ("SyntaxError", "IndentationError") for error in errors):
            return f"It was written with Python {newer}, which may know more than the one here."
        return ""

    def stopped(self, answer):
        """Why cells of an answer did not run to their end, in sentences."""
        said = []
        for name, _ in self.session.steps:
            if answers(name) == answer and name in self.session.ended:
                said.append(f"Its cell was left out: {self.session.ended[name]}.")
            elif answers(name) == answer and name in self.session.errors:
                error = self.session.errors[name]
                if error.kind == "Withheld" and self.share == 1:
                    continue
                said.append(f"Its cell stops{f' in line {error.line}' if error.line else ''}: {error}.")
        return said


def credited(properties, answer, seed, miss):
    """Which properties hold and count.

    answer: called for each, gives the answer. seed: ints. miss: is told of each that does not hold, and the error if
    there was one. Where a process has ended in the middle of a property, that one is tried once more, with the same
    inputs: it may have been something that an earlier cell had left running. Errors: OwnFault.
    """
    held, ended, again = [], 0, True
    for i, one in enumerate(properties):
        holds, error = (False, None) if ended == PATIENCE else tried(one, answer, [*seed, i])
        if again and isinstance(error, Ended) and error.by_chance:
            again = False
            holds, error = tried(one, answer, [*seed, i])
        ended += isinstance(error, Ended)
        if not holds:
            miss(one, error)
        held.append(holds)

    def counts(i, before=()):
        needed = properties[i].needs
        return held[i] and (needed is None or needed in before or counts(needed, (*before, i)))

    return [counts(i) for i in range(len(properties))]


def tried(one, answer, seed):
    """(whether a property holds, what kept it from being tried or None). Errors: Over, MemoryError, OwnFault."""
    try:
        with np.errstate(all="ignore"):
            return bool(one.holds(answer(), np.random.default_rng(seed))), None
    except (Over, MemoryError, OwnFault):
        raise
    except Exception as error:  # a property that cannot be tried does not hold
        return False, error


def is_plain(answer):
    """Whether an answer is a value: nothing in it is a function or an object of the learner's."""
    return not isinstance(answer, Remote) and (not isinstance(answer, tuple | list) or all(map(is_plain, answer)))


def describe_error(error):
    """What the page says of an error while hidden inputs are tried: nothing that an answer could have put into it."""
    if isinstance(error, LearnerError):
        kind = error.kind if isinstance(getattr(builtins, error.kind, None), type) else "an error of its own kind"
        kind = error.kind if error.kind == "ModuleNotFoundError" else kind
        return f"When it is called: {kind}" + (f" in line {error.line} of its cell." if error.line else ".")
    if isinstance(error, Ended):
        return f"When it is called: {error}."
    if isinstance(error, NotImplementedError):
        return ""
    return "What it gives back has not the form that was asked for."


# The process


def main(name, user, limits, alone):
    """Judges one submission after the other, each in a child of its own. name: of the sheet."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    unit, inbox, outbox = unit_of(name), os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDWR)
    for fd in (0, 1, 2):
        os.dup2(nothing, fd)
    os.write(outbox, READY + b"\n")
    while apart(serve, unit, inbox, outbox, user, limits) != GONE:
        os.write(outbox, b"ended 0\n")


def serve(unit, inbox, outbox, user, limits):
    drop(user)
    limit(limits)
    inbox, outbox = os.fdopen(inbox, "rb"), os.fdopen(outbox, "wb")
    try:
        _, task = relay.receive(inbox)
    except ValueError:
        return GONE
    task, (_, data) = json.loads(task), relay.receive(inbox)
    result = {"reasons": [], "texts": {}, "answers": {}, "marks": [blank_mark(cell, unit) for cell in graded(unit)]}
    try:
        with less_memory(limits, ROOM):
            submitted = read.submission(data, unit.cells)
            del data
            result["texts"] = hand_in_texts(result["marks"], submitted)
            result["answers"] = {name: "\n\n".join(sources) for name, sources in submitted.answers.items()}
            host = Host(inbox, outbox, {"cell": task["cell"], "call": task["call"]})
            judge = Judge(unit, submitted, host, task["seed"])
            judge.program()
        relay.send(outbox, "read")
        judge.fill(result["marks"])
    except read.Unreadable as error:
        result["reasons"].append(str(error))
    except MemoryError:
        result["reasons"].append("Reading and judging it needed more memory than there is for it.")
    except Over:
        result["reasons"].append("Its cells ran longer than a submission may altogether.")
    except Exception as error:  # of ours: a person looks
        where = traceback.extract_tb(error.__traceback__)[-1]
        said = f"{type(error).__name__}: {error} ({Path(where.filename).name}, line {where.lineno})"
        result["reasons"].append(f"The grader itself failed: {said}")
    relay.send(outbox, "done", data=json.dumps(result).encode())
    return 0


@contextlib.contextmanager
def less_memory(limits, room):
    """Within it this process has no more memory than so many bytes, if there are limits at all."""
    if "AS" not in limits:
        yield
        return
    limit({"AS": (room, limits["AS"])})
    try:
        yield
    finally:
        limit(limits)


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
