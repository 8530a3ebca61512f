"""The results of a class: one file for each learner, written in one stroke, so that a run can be killed at any moment.

OUT/<unit>/results/<learner>.json    what grade_one said, and the seed it holds for
OUT/<unit>/seed.txt                  what the hidden inputs of this class are drawn from
"""

import json
import os
import secrets
import time
from pathlib import Path

from course_lib.grading.names import filename

WHOLE = {"learner", "unit", "file", "sha256", "checks", "seed", "state", "reasons", "marks", "texts", "answers"}


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
