"""A class's submissions: which there are, and the grading of all of them by any executor."""

import hashlib
import os
import stat
from concurrent.futures import FIRST_COMPLETED, wait
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from .marks import Limits, blank_mark
from .marks import graded as graded_cells
from .names import filename, readable
from .read import Unreadable, contents

NOTEBOOK = ".ipynb"


@dataclass(frozen=True)
class Submission:
    """What a learner handed in: a notebook, or the reason why there is none to grade."""

    learner: str
    path: Path | None
    reason: str = ""


def found(paths, unit):
    """The submissions in files and folders, one for each learner, in the order of their names.

    paths: notebooks, or folders as collect makes them and nbgrader has them: in them a folder for each learner, or a
        notebook with the learner's name. A notebook with the unit's name belongs to the folder that it is in.
    Returns (list of Submission, list of what else lies there).
    """
    every, others = {}, []
    for path in (Path(path).absolute() for path in paths):
        entries = sorted(path.iterdir()) if path.is_dir() and not path.is_symlink() else [path]
        for entry in entries:
            if is_folder(entry):
                every.setdefault(readable(entry.name), []).append(inside(entry, unit))
            elif entry.suffix == NOTEBOOK:
                owner = entry.parent.name if entry.stem == unit else entry.stem
                every.setdefault(readable(owner), []).append((entry, ""))
            elif entry.is_symlink():
                every.setdefault(readable(entry.name), []).append((None, "a link is not followed"))
            else:
                others.append(entry)
    submissions = [single(learner, handed) for learner, handed in sorted(every.items())]
    return told_apart(submissions), others


def is_folder(path):
    return stat.S_ISDIR(path.lstat().st_mode) and not path.name.startswith(".") if os.path.lexists(path) else False


def inside(folder, unit):
    """(notebook, "") of a learner's folder, or (None, reason)."""
    for place in (folder, folder / unit):
        notebooks = sorted(place.glob("*" + NOTEBOOK)) if is_folder(place) else []
        named = [path for path in notebooks if path.stem == unit] or notebooks
        if len(named) == 1:
            return named[0], ""
        if named:
            return None, "several notebooks, none with the name of the sheet: " + ", ".join(
                readable(path.name) for path in named
            )
    held = ", ".join(sorted(readable(path.name) for path in folder.iterdir())[:5])
    return None, f"no notebook in the folder; it holds: {held}" if held else "the folder is empty"


def single(learner, handed):
    if len(handed) == 1:
        path, reason = handed[0]
        return Submission(learner, path, reason)
    names = ", ".join(readable(str(path)) for path, _ in handed)
    return Submission(learner, None, f"several submissions with this name: {names}")


def told_apart(submissions):
    """The same, but two names that a file system may take for one are not graded into one file."""
    places = {}
    for submission in submissions:
        places.setdefault(filename(submission.learner).casefold(), []).append(submission)
    return [
        one if len(same) == 1 else Submission(f"{one.learner} {i + 1}", None, "another name differs by capitals only")
        for same in places.values()
        for i, one in enumerate(same)
    ]


def still_holds(known, submission, checks, seed):
    """Whether a stored result is that of these very bytes, these checks and this seed."""
    if known is None or submission.path is None or known["checks"] != checks or known["seed"] != seed:
        return False
    try:
        return known["sha256"] == hashlib.sha256(contents(submission.path, Limits().file)).hexdigest()
    except Unreadable:
        return False


def ungraded(submission, unit, reason):
    """The result of a submission that could not be graded: never a zero, always the reason. unit: a marks.Unit."""
    marks = [blank_mark(cell, unit) | {"note": reason} for cell in graded_cells(unit)]
    result = {"learner": submission.learner, "file": str(submission.path or ""), "sha256": "", "checks": unit.hash}
    return result | {"state": "needs a person", "reasons": [reason], "seconds": 0.0, "marks": marks, "texts": {}}


def result_of(submission, outcome, unit):
    """The result to keep. outcome: what grade_one gave, an exception, or the reason why there is nothing to grade."""
    if isinstance(outcome, BaseException):
        outcome = f"Grading failed, which is no fault of the submission: {type(outcome).__name__}: {outcome}"
    if isinstance(outcome, str):
        return ungraded(submission, unit, outcome)
    return {**outcome, "learner": submission.learner}


def graded(submissions, grade, executor, ahead):
    """Pairs (submission, result or exception), as they are done; never more than `ahead` are under way or waiting.

    submissions: any iterable. grade: path -> result; for a cluster it has to be importable there.
    executor: a concurrent.futures.Executor, of threads, of processes, or of a cluster.
    """
    under_way, submissions = {}, iter(submissions)
    while True:
        for submission in islice(submissions, ahead - len(under_way)):
            under_way[executor.submit(grade, str(submission.path))] = submission
        if not under_way:
            return
        done, _ = wait(under_way, return_when=FIRST_COMPLETED)
        for future in done:
            yield under_way.pop(future), future.exception() or future.result()
