"""The results of a class: one file for each learner, written in one stroke, so that a run can be killed at any moment.

OUT/<unit>/results/<learner>.json    what grade_one said, and the seed it holds for
OUT/<unit>/seed.txt                  what the hidden inputs of this class are drawn from
"""

import json
import os
import secrets
import time
from pathlib import Path
from typing import NotRequired, TypedDict

from course_lib.grading.names import filename

STATES = ("graded", "blank", "by hand", "needs a person")
OPEN = STATES[2:]


class Held(TypedDict):
    """Whether a property holds of an answer. says: a sentence."""

    says: str
    held: bool


Tried = TypedDict("Tried", {"says": str, "with": str, "came": str})
Tried.__doc__ = "What a property that does not hold was tried with, and the result or error that came; for the teacher."


class Mark(TypedDict):
    """The mark of a graded cell, as JSON holds it.

    id: nbgrader's grade_id. check: its name, "" for a text. section: of the lesson, to read again.
    state: "graded", "blank", "by hand" (a text that somebody has to read), or "needs a person".
    marks: from 0 to points, None unless state is "graded" or "blank". note: a sentence, or "".
    """

    id: str
    check: str
    title: str
    section: str
    points: float
    state: str
    marks: float | None
    note: str
    properties: list[Held]
    tried: list[Tried]


class Result(TypedDict):
    """What became of a submission, as JSON holds it.

    sha256: of the file, "" if it cannot be read. unit: the sheet's name. checks: hash of all that judges.
    state: "graded", or "needs a person" if anything at all does. reasons: why, in sentences.
    marks: one for each graded cell of our sheet, in its order.
    texts: {id of the graded cell: the text to mark by hand}. answers: {id of an answer cell: its code}.
    seconds: by the clock. busy: seconds of a processor that the process which you started has taken for it.
    ran_out: the limits of time that something ran into, or None.
    handed_in: hashes of all notebooks of the learner. beside: what else lay there.
    seed: what the hidden inputs were drawn from. graded: when.
    """

    learner: str
    file: str
    sha256: str
    unit: str
    checks: str
    state: str
    reasons: list[str]
    marks: list[Mark]
    texts: dict[str, str]
    answers: dict[str, str]
    seconds: float
    busy: float
    ran_out: list[float] | None
    handed_in: NotRequired[list[str]]
    beside: NotRequired[str]
    seed: NotRequired[int]
    graded: NotRequired[str]


WHOLE = Result.__required_keys__ | {"seed"}


def blank_result(learner: str, file: str, unit: str = "") -> Result:
    """The result before anything is known."""
    return Result(
        learner=learner,
        file=file,
        sha256="",
        unit=unit,
        checks="",
        state="graded",
        reasons=[],
        marks=[],
        texts={},
        answers={},
        seconds=0.0,
        busy=0.0,
        ran_out=None,
    )


class Results:
    """The folder of a unit's results.

    folder: a path, made if it is not there.
    """

    def __init__(self, folder):
        self.folder = Path(folder)
        (self.folder / "results").mkdir(parents=True, exist_ok=True)

    def seed(self, wanted=None):
        """The seed of this class: the one wanted, else the one of the run before, else a new one that nobody knows."""
        file = self.folder / "seed.txt"
        if wanted is None and file.exists():
            return int(file.read_text(encoding="utf-8"))
        seed = secrets.randbits(48) if wanted is None else wanted
        write(file, f"{seed}\n")
        return seed

    def path(self, learner):
        return self.folder / "results" / f"{filename(learner)}.json"

    def find(self, learner):
        """The stored result of a learner, or None; a file that is not whole counts as none."""
        return read(self.path(learner))

    def put(self, result):
        """Keeps a result; the time of grading is added, that of the stored one if nothing else is new."""
        known = self.find(result["learner"]) or {}
        if all(known.get(name) == value for name, value in result.items() if name not in ("seconds", "busy")):
            return known
        result = {**result, "graded": time.strftime("%Y-%m-%d %H:%M:%S")}
        write(self.path(result["learner"]), json.dumps(result, ensure_ascii=False, indent=1) + "\n")
        return result

    def __iter__(self):
        """All results, in the order of the learners' names, one at a time."""
        for path in sorted((self.folder / "results").glob("*.json")):
            if (result := read(path)) is not None:
                yield result


def read(path):
    try:
        result = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return result if isinstance(result, dict) and result.keys() >= WHOLE else None


def write(path, text):
    """Writes a file in one stroke: whoever looks sees the old one or the whole new one."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    with open(part, "w", encoding="utf-8", errors="backslashreplace", newline="\n") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.replace(part, path)
