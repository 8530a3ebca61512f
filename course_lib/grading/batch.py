"""A class's submissions: which there are, and the grading of all of them by any executor."""

import hashlib
import os
import re
import stat
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, wait
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from course_lib.grading.marks import Limits, grade_one
from course_lib.grading.names import filename, readable
from course_lib.grading.read import Unreadable, contents
from course_lib.grading.results import Result, blank_result
from course_lib.grading.unit import Unit, blank_mark, graded

NOTEBOOK = ".ipynb"
MANY = 5  # notebooks of one learner that are looked at
KEPT = re.compile(rb"\bkept\.\w+\(")  # what stands in a variant in the place of a check
LOOK = 1.0  # seconds between two looks at what is in work


@dataclass(frozen=True)
class Submission:
    """What a learner handed in: notebooks, the one to grade first, or the reason why there is none.

    named: whether the first has the sheet's name, so that the others count only if it is blank.
    """

    learner: str
    paths: tuple = ()
    reason: str = ""
    named: bool = True


def find_submissions(paths, unit):
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
            elif is_notebook(entry):
                owner = entry.parent.name if has_name(entry, unit) else entry.stem
                every.setdefault(readable(owner), []).append(Submission("", (entry,)))
            elif entry.is_symlink():
                every.setdefault(readable(entry.name), []).append(Submission("", (), "a link is not followed"))
            else:
                others.append(entry)
    submissions = [single(learner, handed) for learner, handed in sorted(every.items())]
    return without_name_clashes(submissions), others


def is_notebook(path):
    return path.suffix.casefold() == NOTEBOOK


def has_name(path, unit):
    return path.stem.casefold() == unit.casefold()


def is_folder(path):
    return stat.S_ISDIR(path.lstat().st_mode) and not path.name.startswith(".") if os.path.lexists(path) else False


def inside(folder, unit):
    """The Submission of a learner's folder, without the name."""
    try:
        return held_in(folder, unit)
    except OSError as error:
        return Submission("", (), f"the folder cannot be opened ({error.strerror})")


def held_in(folder, unit):
    places = [place for place in (folder, folder / unit) if is_folder(place)]
    notebooks = [path for place in places for path in sorted(place.iterdir()) if is_notebook(path)]
    if notebooks:
        notebooks.sort(key=lambda path: not has_name(path, unit))
        return Submission("", tuple(notebooks), "", has_name(notebooks[0], unit) or len(notebooks) == 1)
    held = ", ".join(sorted(readable(path.name) for path in folder.iterdir())[:5])
    return Submission("", (), f"no notebook in the folder; it holds: {held}" if held else "the folder is empty")


def single(learner, handed):
    if len(handed) == 1:
        return replace(handed[0], learner=learner)
    names = ", ".join(readable(str(path)) for one in handed for path in one.paths)
    return Submission(learner, (), f"several submissions with this name: {names}")


def without_name_clashes(submissions):
    """The same, but two names that a file system may take for one are not graded into one file."""
    places = {}
    for submission in submissions:
        places.setdefault(filename(submission.learner).casefold(), []).append(submission)
    return [
        one if len(same) == 1 else Submission(f"{one.learner} {i + 1}", (), "another name differs by capitals only")
        for same in places.values()
        for i, one in enumerate(same)
    ]


def count_variants(submissions):
    """How many of the submissions are of a private variant."""
    return sum(any(map(KEPT.search, filter(None, map(bytes_of, one.paths[:MANY])))) for one in submissions)


def bytes_of(path):
    """The bytes of a notebook, or None if it cannot be read."""
    try:
        return contents(path, Limits().file)
    except Unreadable:
        return None


def hashes(submission):
    """The hash of each notebook handed in, "" where it cannot be read."""
    every = map(bytes_of, submission.paths[:MANY])
    return ["" if data is None else hashlib.sha256(data).hexdigest() for data in every]


def is_current(known, submission, checks, seed, times):
    """Whether a stored result is that of these very bytes, these checks, this seed, and no more time would change it.

    times: as in `marks.Limits`.
    """
    if known is None or not submission.paths or known["checks"] != checks or known["seed"] != seed:
        return False
    if any(now > before for now, before in zip(times, known["ran_out"] or ())):
        return False
    handed_in = hashes(submission)
    return all(handed_in) and known.get("handed_in") == handed_in


def grade_first(submission, grade, total):
    """The result of the notebook that counts: the first, or of several the one with answers in it.

    grade: path -> result, as grade_one. total: seconds after which no other notebook is looked at.
    """
    paths, results, handed_in = submission.paths[:MANY], [], hashes(submission)  # they may change meanwhile
    for path in paths:
        results.append(grade(str(path)))
        is_found = submission.named and has_answers(results[-1])
        if is_found or sum(result["seconds"] for result in results) > total:
            break
    answered = [result for result in results if has_answers(result)]
    chosen = (answered or results)[0]
    result = {**chosen, "reasons": [*chosen["reasons"]], "handed_in": handed_in, "beside": ""}
    seen = [readable(path.name) for path in paths[: len(results)]]
    others = [readable(path.name) for path in submission.paths if str(path) != chosen["file"]]
    left, rest = listed(others), listed([readable(path.name) for path in submission.paths[len(results) :]])
    if len(answered) > 1:
        result["reasons"].append(f"several notebooks with answers, none with the name of the sheet; not graded: {left}")
    elif not answered and rest:
        result["reasons"].append(f"no answers in {listed(seen)}; not looked at: {rest}")
    elif chosen is not results[0]:
        first = readable(Path(results[0]["file"]).name)
        result["reasons"].append(f"{first} has no answers; {readable(Path(chosen['file']).name)} was graded")
    elif left:
        result["beside"] = f"not graded: {left}"
    return result | ({"state": "needs a person"} if result["reasons"] else {})


def listed(names):
    return ", ".join(names[:MANY]) + (f" and {len(names) - MANY} more" if len(names) > MANY else "")


def has_answers(result):
    """Whether anything in a result is worth looking at: not all is blank or unreadable."""
    return bool(result["texts"]) or any(mark["state"] == "graded" for mark in result["marks"])


def ungraded(submission, unit, reason):
    """The result of a submission that could not be graded: never a zero, always the reason. unit: a `unit.Unit`."""
    marks = [blank_mark(cell, unit) | {"note": reason} for cell in graded(unit)]
    file = str(submission.paths[0]) if submission.paths else ""
    result = blank_result(submission.learner, file) | {"checks": unit.hash, "marks": marks, "reasons": [reason]}
    return result | {"state": "needs a person", "handed_in": [], "beside": ""}


def result_of(submission, outcome, unit):
    """The result to keep. outcome: what grade_one gave, an exception, or the reason why there is nothing to grade."""
    if isinstance(outcome, BaseException):
        outcome = f"Grading failed, which is no fault of the submission: {type(outcome).__name__}: {outcome}"
    if isinstance(outcome, str):
        return ungraded(submission, unit, outcome)
    return {**outcome, "learner": submission.learner}


def grade_class(
    submissions: Sequence[Submission],
    name: str | Path,
    unit: Unit,
    executor: Executor,
    ahead: int,
    *,
    sandbox: str,
    seed: int,
    limits: Limits,
    working: Callable[[dict[str, float]], Any] = lambda names: None,
) -> Iterator[tuple[Submission, Result]]:
    """Pairs (submission, result), as they are done; first those without a notebook.

    submissions: list of Submission. name: of the sheet, or the path of a key. unit: a `unit.Unit`. executor: a
    concurrent.futures.Executor, of threads, of processes, or of a cluster. ahead: how many are handed to it at once.
    sandbox, seed, limits: as in `grade_one`. working: is told now and then {learner: seconds so far}.
    """
    grade = partial(grade_one, unit=name, sandbox=sandbox, seed=seed, limits=limits)
    for one in submissions:
        if not one.paths:
            yield one, result_of(one, one.reason, unit)
    waiting = (one for one in submissions if one.paths)
    for one, outcome in in_parallel(
        waiting, partial(grade_first, grade=grade, total=limits.total), executor, ahead, working
    ):
        yield one, result_of(one, outcome, unit)


def in_parallel(submissions, grade, executor, ahead, working=lambda names: None):
    """Pairs (submission, result or exception), as they are done; never more than `ahead` are under way or waiting.

    submissions: any iterable. grade: submission -> result; for a cluster it has to be importable there.
    executor, working: as in `grade_class`.
    """
    under_way, since, submissions = {}, {}, iter(submissions)
    while True:
        for submission in islice(submissions, ahead - len(under_way)):
            under_way[executor.submit(grade, submission)] = submission
        if not under_way:
            return
        done, _ = wait(under_way, LOOK, return_when=FIRST_COMPLETED)
        for future in done:
            yield under_way.pop(future), future.exception() or future.result()
        now = time.monotonic()
        since = {future: since.get(future, now) for future in under_way if future.running()}
        working({under_way[future].learner: now - began for future, began in since.items()})
