"""What a learner has done: one file on this computer, one line for each thing, only ever added to.

The file is answers.jsonl in the course's folder, or the one that the environment variable COURSE_ANSWERS names. Since
a line is written at once and none is ever changed, several kernels can write at the same time and nothing is lost::

    {"key": "04-gain", "guess": 9.0, "sure": 70, "late": false, "when": ...}     a prediction was locked
    {"key": "04-gain", "hit": true, "when": ...}                                 and measured
    {"key": "04-mean", "answer": "10", "when": ...}                              a question was answered
    {"sheet": "04_momentum", "exercise": "4.2", "passed": true, "points": 2.0, "when": ...}     a check passed
    {"over": "04", "when": ...}                  predictions and answers whose keys begin so are forgotten

Deleting the file forgets everything. Lines that were damaged are left as they are, counted, and not believed.
"""

import json
import math
import os
import time
from dataclasses import dataclass, field
from pathlib import Path

CONFIDENCES = (50, 70, 90)

unsaved: list = []  # lines that could not be written, for the time that the kernel runs


@dataclass
class Record:
    """What the file says in all.

    answers: {key: {"guess", "sure", "late", "hit", "answer", "when"}}, of these what is known of the key; when: of the
        last line, as 2026-01-31T09:00:00Z.
    passed: {(sheet, exercise): points} of the checks that passed.
    damaged: number of lines that cannot be read.
    """

    answers: dict = field(default_factory=dict)
    passed: dict = field(default_factory=dict)
    damaged: int = 0


def path(folder=None):
    """The file: that of COURSE_ANSWERS (~ is the home folder), else answers.jsonl in the folder, that of the course."""
    if named := os.environ.get("COURSE_ANSWERS"):
        return Path(os.path.expanduser(named))
    return (folder or course()) / "answers.jsonl"


def course():
    """The course's folder: that of this file; where the library was installed without it, the one that we are in."""
    here = Path.cwd()
    around = [Path(__file__).parents[1], here, *here.parents]
    return next((folder for folder in around if (folder / "course.py").exists()), here)


def read(folder=None):
    """The Record of all lines of the file, in their order; an empty one where there is no file."""
    try:
        lines = path(folder).read_bytes().splitlines()
    except OSError:
        lines = []
    record = Record()
    for line in filter(bytes.strip, [*lines, *unsaved]):
        event = understood(line)
        if event is None:
            record.damaged += 1
        elif "over" in event:
            record.answers = {k: entry for k, entry in record.answers.items() if not k.startswith(event["over"])}
        elif "sheet" in event:
            record.passed[event["sheet"], event["exercise"]] = event["points"]
        else:
            entry = record.answers.setdefault(event.pop("key"), {})
            entry.update({} if "guess" in event and "hit" in entry else event)  # what was measured is not bet on anew
    return record


def add(event):
    """Adds a line to the file in one write; behind a line left unfinished it starts a new one.

    event: a dict as JSON holds it, in one of the forms above. What cannot be written lasts as long as the kernel.
    """
    event = event | {"when": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())}
    line = json.dumps(event, ensure_ascii=False).encode() + b"\n"
    try:
        with open(path(), "a+b", buffering=0) as file:
            file.seek(max(file.seek(0, os.SEEK_END) - 1, 0))
            file.write(line if file.read(1) in (b"", b"\n") else b"\n" + line)
    except OSError:
        unsaved.append(line)


def passed(sheet, exercise, points):
    """Notes that the check of an exercise has passed: "04_momentum", "4.2", 2.0. Said again it adds nothing."""
    if read().passed.get((sheet, exercise)) != points:
        add({"sheet": sheet, "exercise": exercise, "passed": True, "points": points})


def start_over(keys=""):
    """Forgets the locked predictions and the answers whose keys begin so: "04-gain" one, "04" a lesson's, "" all."""
    add({"over": keys})


def text(value):
    return isinstance(value, str)


def yes_or_no(value):
    return isinstance(value, bool)


def number(value):
    return isinstance(value, int | float) and not isinstance(value, bool) and not math.isnan(float(value))


FORMS = [  # what a line has, each with what it must be
    {"over": text},
    {"sheet": text, "exercise": text, "passed": lambda value: value is True, "points": number},
    {"key": text, "guess": lambda value: text(value) or number(value), "sure": lambda value: value in CONFIDENCES},
    {"key": text, "hit": yes_or_no},
    {"key": text, "answer": text},
]
ALSO = {"late": yes_or_no, "when": text}  # what it may have


def understood(line):
    """What a line of the file says, or None if it was damaged."""
    try:
        event = json.loads(line)
        line.decode(), json.dumps(event, ensure_ascii=False).encode()  # a half of a character cannot be shown
        for form in FORMS:
            names = event.keys() & (form | ALSO).keys()
            if form.keys() <= names and all((form | ALSO)[name](event[name]) for name in names):
                return {name: event[name] for name in names}
    except (ValueError, AttributeError, OverflowError, RecursionError):
        pass
    return None
