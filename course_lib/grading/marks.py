"""A file in, marks out. What was handed in is not looked at here: it is bytes, and what comes back is checked."""

import hashlib
import json
import time
from dataclasses import dataclass
from pathlib import Path

from course_lib.grading.read import Unreadable, contents, path_of
from course_lib.grading.relay import JUDGES, Broken, Relay
from course_lib.grading.results import STATES, Result, blank_result
from course_lib.grading.sandbox import NoSandbox
from course_lib.grading.unit import blank_mark, graded, unit_of

WORDS = 2000  # characters of a sentence


@dataclass(frozen=True)
class Limits:
    """How long and how large a submission may be.

    cell, call, total: seconds of wall clock for one cell, for one call of an answer, for the whole submission.
    memory: bytes for a process. line: bytes of one value. file: bytes of a submission.
    """

    cell: float = 60.0
    call: float = 10.0
    total: float = 300.0
    memory: int = 2**30
    line: int = 2**23
    file: int = 2**25

    @property
    def times(self):
        """Those of time, as JSON can hold them."""
        return [self.cell, self.call, self.total]


def grade_one(
    path: str | Path,
    unit: str | Path,
    *,
    sandbox: str = "bwrap",
    seed: int = 0,
    limits: Limits = Limits(),
    learner: str | None = None,
) -> Result:
    """The `results.Result` of one submission. It raises nothing, whatever the submission is.

    path: the notebook handed in. unit: name of the sheet, such as "04_momentum", or the path of a variant of it.
    sandbox: "bwrap", "docker" or "none". seed: int, the secret of the class; the hidden inputs are drawn from it and
    from what was handed in. learner: name; by default that of the file's folder.
    """
    began, busy, path, relay = time.monotonic(), time.thread_time(), Path(path), None
    result = blank_result(learner or path.parent.name, str(path), Path(unit).stem)
    try:
        ours = unit_of(unit)
        result["checks"], result["marks"] = ours.hash, [blank_mark(cell, ours) for cell in graded(ours)]
        data = contents(path, limits.file)
        result["sha256"] = hashlib.sha256(data).hexdigest()
        task = {"seed": [seed, int(result["sha256"], 16)], "cell": limits.cell, "call": limits.call}
        with (
            JUDGES.one(sandbox, path_of(unit).absolute(), ours.hash) as judge,
            Relay(judge, sandbox, ours.withheld, limits, began) as relay,
        ):
            try:
                take(result, json.loads(relay.grade(task, data)))
            finally:
                result["ran_out"] = limits.times if relay.was_late else None
    except (Unreadable, NoSandbox, Broken) as error:
        result["reasons"].append(str(error))
    except Exception as error:  # of ours: a person looks, and the others are graded
        result["reasons"].append(f"The grader itself failed: {type(error).__name__}: {error}")
    for mark in result["marks"]:
        if mark["state"] == "needs a person":
            mark["note"] = mark["note"] or " ".join(result["reasons"])
            if mark["note"] not in result["reasons"]:
                result["reasons"].append(mark["note"])
    if result["reasons"]:
        result["state"] = "needs a person"
    result["seconds"] = round(time.monotonic() - began, 3)
    result["busy"] = round(time.thread_time() - busy + (relay.busy if relay else 0.0), 3)
    return result


def take(result, judged):
    """Takes over what was judged, each thing by its kind and none larger than it can be."""
    marks = []
    for mark, came in zip(result["marks"], judged["marks"], strict=True):
        state, earned = came["state"], came["marks"]
        settled = (state in ("graded", "blank") and mark["check"]) or state == "blank"
        if state not in STATES or (settled and not 0 <= earned <= mark["points"]) or (state == "blank" and earned):
            raise ValueError(f"no such mark: {state!r:.50}, {earned!r:.50}")
        properties = [{"says": text(one["says"]), "held": one["held"] is True} for one in came["properties"]]
        tried = [{key: text(one[key]) for key in ("says", "with", "came")} for one in came["tried"]]
        mark |= {"state": state, "marks": float(earned) if settled else None, "note": text(came["note"])}
        marks.append(mark | {"properties": properties, "tried": tried})
    texts = {str(name): str(words) for name, words in judged["texts"].items()}
    answers = {str(name): str(words) for name, words in judged["answers"].items()}
    reasons = [text(reason) for reason in judged["reasons"]]
    result |= {"marks": marks, "texts": texts, "answers": answers, "reasons": reasons}


def text(words):
    """A sentence with no half characters in it, which no database takes."""
    return str(words)[:WORDS].encode(errors="replace").decode()
