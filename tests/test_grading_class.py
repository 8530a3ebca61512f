"""A whole class with every kind of submission in it, graded by the command, killed in the middle, and resumed.

Counted are marks lost, marks not deserved, zeros without a word, calls over the network, processes left over, files
changed outside: none of them may happen. Who sits where is drawn from a seed.

python tests/test_grading_class.py          a class of 300 or more, of whom 60 or more are honest: some minutes
"""

import copy
import csv
import importlib.util
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from course_lib.grading.sandbox import resident

ROOT = Path(__file__).parents[1]
SPEC = importlib.util.spec_from_file_location("kinds", Path(__file__).with_name("test_grading_kinds.py"))
kinds = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(kinds)

pytestmark = [pytest.mark.classroom, *kinds.pytestmark]
SEED, LARGE = 2, 300
SECONDS = kinds.LIMITS.cell  # for a cell, and for a call
QUICK = [words for words, (*_, seconds, _) in kinds.KINDS.items() if seconds <= SECONDS]
HONEST, MANY = 30, 60  # besides those; in the large class
WRONG = {"full_speed": 0.01, "edge": 0.5, "times": 4.0, "measured_beta": 0.99, "per_step": 1.8}
ANSWERS = {  # id of an answer cell -> the graded cells that it is for
    "ema": ["ema"], "heavy-ball": ["heavy-ball"], "guesses": ["full-speed", "edge", "times"],
    "converters": ["sum-to-ema", "ema-to-sum", "sum-to-inside"], "parsons": ["proof"], "critical": ["critical"],
    "critical-measured": ["critical-measured"], "look-ahead": ["told-from-ahead", "look-ahead"],
    "cycle-search": ["cycle"], "distill-measured": ["per-step"], "distill-mended": ["rate"],
    "d2l-mended": ["completed", "next-z"],
}  # fmt: skip


def honest(nb, rng):
    """Leaves some exercises blank and answers some wrongly; {id of a graded cell: what it deserves}."""
    earned = {**kinds.POINTS, kinds.BY_HAND: "by hand"}
    stubs = {cell["id"]: "".join(cell["source"]) for cell in kinds.SHEET}
    for cell, checks in ANSWERS.items():
        luck = rng.random()
        if luck < 0.15:
            nb.say(cell, stubs[cell])
            earned |= {f"check-{check}": "blank" for check in checks}
        elif luck < 0.3 and cell == "guesses":
            nb.say(cell, "\n".join(f"{name} = {WRONG[name]}" for name in ("full_speed", "edge", "times")))
            earned |= {f"check-{check}": 0 for check in checks}
        elif luck < 0.3 and cell in ("critical-measured", "distill-measured"):
            name = "measured_beta" if cell == "critical-measured" else "per_step"
            nb.append(cell, f"{name} = {WRONG[name]}")
            earned |= {f"check-{check}": 0 for check in checks}
    if rng.random() < 0.2:
        nb.say(kinds.BY_HAND, stubs[kinds.BY_HAND])
        earned[kinds.BY_HAND] = "blank"
    return earned


def hand_in(school, honest_ones):
    """Writes a class's notebooks; {learner: what the marks should be}, {words of a kind: learner}."""
    rng, due, spoilt = random.Random(SEED), {}, {}
    roles = [*QUICK, *[None] * honest_ones]
    rng.shuffle(roles)
    for i, words in enumerate(roles):
        learner = f"{i:03} {words or 'honest'}".replace("/", " ")
        school.here = school.folder / "submitted" / learner
        school.here.mkdir()
        if words:
            nb, due[learner], spoilt[words] = kinds.spoilt(words, school), kinds.deserved(words), learner
        else:
            nb = kinds.Notebook(school)
            due[learner] = honest(nb, rng)
        nb.write(school.here)
    nobody = dict.fromkeys(kinds.POINTS, "needs a person")
    linked = school.folder / "submitted" / "linked"
    linked.mkdir()
    (linked / f"{kinds.UNIT}.ipynb").symlink_to(school.solution)
    due |= {"ada": nobody, "ben": nobody, "linked": nobody}  # an empty folder, an empty notebook, a link
    return due, spoilt


class Watch(threading.Thread):
    """Notes the number spaces of all processes that the one that grades has started; a sandbox has one of its own.

    They are held open: the system gives the name of a space that has ended to the next, which may be another test's.
    """

    def __init__(self):
        super().__init__(daemon=True)
        self.spaces, self.own, self.over = {}, os.readlink("/proc/self/ns/pid"), threading.Event()
        self.grader, self.most = None, 0  # the number of the process that grades, the most memory it had in MB

    def run(self):
        while not self.over.wait(0.1):
            if not self.grader:
                continue
            self.most = max(self.most, resident(self.grader) / 2**20)
            for pid in below(self.grader):
                if space_of(pid) not in (None, self.own, *self.spaces):
                    self.hold(pid)

    def hold(self, pid):
        with suppress(OSError):
            descriptor = os.open(f"/proc/{pid}/ns/pid", os.O_RDONLY)
            space = os.readlink(f"/proc/self/fd/{descriptor}")
            if space in (self.own, *self.spaces):
                os.close(descriptor)
            else:
                self.spaces[space] = descriptor

    def let_go(self):
        for descriptor in self.spaces.values():
            os.close(descriptor)

    def left(self):
        """The processes that are in one of the spaces and do not go; the system may give its number to a new one."""
        there, until = self.inside(), time.monotonic() + 10
        while there and time.monotonic() < until:
            time.sleep(0.1)
            there &= self.inside()
        return there

    def inside(self):
        pids = {entry.name for entry in Path("/proc").iterdir() if entry.name.isdigit()}
        return {pid for pid in pids if space_of(pid) in self.spaces}


def space_of(pid):
    with suppress(OSError):
        return os.readlink(f"/proc/{pid}/ns/pid")


def below(pid):
    """The processes that a process has started, and theirs."""
    with suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                yield int(child)
                yield from below(int(child))


@contextmanager
def grading(school, out, watch):
    command = [sys.executable, "-m", "course_lib.grading", "grade", kinds.UNIT, str(school.folder / "submitted"), "-j",
               "3", "--out", str(out), "--seconds", str(SECONDS), "--seed", str(SEED)]  # fmt: skip
    with (
        open(out.with_suffix(".txt"), "ab") as said,
        subprocess.Popen(command, cwd=ROOT, stdout=said, stderr=said) as process,
    ):
        watch.grader = process.pid
        yield process


def results_in(out):
    return {path: path.read_bytes() for path in (out / kinds.UNIT / "results").glob("*.json")}


def worth(mark):
    return mark if isinstance(mark, int | float) else 0


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return in_two_goes(tmp_path_factory.mktemp("class"), HONEST)


def in_two_goes(folder, honest_ones):
    """A class, killed in the middle and resumed: all that there is to count."""
    school, out, began = kinds.School(folder / "school"), folder / "out", time.monotonic()
    (due, spoilt), watch = hand_in(school, honest_ones), Watch()
    third, before = len(due) // 3, copy.copy(school.files())
    watch.start()
    with grading(school, out, watch) as process:
        while len(results_in(out)) < third:
            assert process.poll() is None, out.with_suffix(".txt").read_text()[-2000:]
            time.sleep(0.1)
        process.send_signal(signal.SIGKILL)
    orphans, kept = watch.left(), results_in(out)
    with grading(school, out, watch) as process:
        code = process.wait()
    watch.over.set()
    watch.join()
    found = {
        "due": due, "spoilt": spoilt, "code": code, "orphans": orphans, "left": watch.left(), "kept": kept,
        "spaces": len(watch.spaces), "most": watch.most, "after": results_in(out), "out": out / kinds.UNIT,
        "changed": school.files() != before, "called": school.was_called(),
        "third": third, "seconds": time.monotonic() - began,
        "said": out.with_suffix(".txt").read_text(encoding="utf-8"),
    }  # fmt: skip
    found["results"] = {result["learner"]: result for result in map(json.loads, found["after"].values())}
    watch.let_go()
    school.server.close()
    return found


def of(run):
    """Triples (learner, result, what is due)."""
    assert set(run["results"]) == set(run["due"])
    return [(learner, result, run["due"][learner]) for learner, result in run["results"].items()]


def test_every_kind_that_is_quick_and_some_honest_ones_are_in_it(run):
    assert len(run["spoilt"]) == len(QUICK) >= 200
    assert len(run["due"]) >= len(QUICK) + HONEST


@pytest.mark.parametrize("words", QUICK)
def test_a_kind_is_graded_as_is_due(words, run):
    kinds.as_due(words, run["results"][run["spoilt"][words]])


def test_every_learner_has_the_marks_deserved(run):
    """No mark is lost, none is undeserved."""
    wrong = {
        (learner, cell): (came, result["reasons"])
        for learner, result, due in of(run)
        for cell, came in kinds.earned(result).items()
        if came != due[cell]
    }
    lost = sum(worth(run["due"][learner][cell]) > worth(came) for (learner, cell), (came, _) in wrong.items())
    gained = sum(worth(run["due"][learner][cell]) < worth(came) for (learner, cell), (came, _) in wrong.items())
    assert (lost, gained, wrong) == (0, 0, {})


def test_no_zero_is_silent(run):
    silent = [
        (learner, mark["id"])
        for learner, result, _ in of(run)
        for mark in result["marks"]
        if mark["marks"] == 0 and mark["state"] == "graded" and not mark["note"]
        and all(one["held"] for one in mark["properties"])
    ]  # fmt: skip
    assert silent == []


def test_killed_in_the_middle_nothing_was_lost_or_done_twice(run):
    assert run["third"] <= len(run["kept"]) < len(run["due"])
    assert all(run["after"][path] == text for path, text in run["kept"].items())
    assert f"{sum(json.loads(text)['sha256'] != '' for text in run['kept'].values())} of" in run["said"]


def test_it_ends_with_something_for_a_person_and_the_table_is_whole(run):
    assert run["code"] == 3
    with open(run["out"] / "marks.csv", encoding="utf-8", newline="") as file:
        rows = {row["learner"]: row for row in csv.DictReader(file)}
    assert set(rows) == set(run["due"])
    for learner, _, due in of(run):
        settled = [mark for mark in due.values() if mark not in ("by hand", "needs a person")]
        assert rows[learner]["marks"] == ("" if not settled else f"{sum(map(worth, settled)):g}")
    assert len(list((run["out"] / "feedback").glob("*.html"))) == len(rows)


def test_no_page_holds_what_a_browser_would_run(run):
    for page in (run["out"] / "feedback").glob("*.html"):
        text = page.read_text(encoding="utf-8").casefold()
        assert not any(danger in text for danger in ("<script", "<img", "<iframe", "<a ", "javascript:alert"))


def test_the_terminal_hears_nothing_raw(run):
    assert {sign for sign in run["said"] if not sign.isprintable()} <= {"\n"}


def test_nothing_was_called_changed_or_left_over(run):
    assert run["spaces"] > 1, "the sandboxes were seen"
    assert (run["called"], run["changed"], run["orphans"], run["left"]) == (False, False, set(), set())


def test_the_process_that_grades_stays_small_and_has_little_to_do(run):
    assert 0 < run["most"] < 300
    busy = max(result.get("busy", 0) for result in run["results"].values())
    assert 0 < busy < 3, "0.4 s on a quiet machine; one that is busy takes some times as long for the same work"


TESTS = [test for name, test in globals().items() if name.startswith("test_")]


def main():
    with tempfile.TemporaryDirectory() as place:
        run, failed = in_two_goes(Path(place), max(MANY, LARGE - len(QUICK))), 0
        for test in TESTS:
            for arguments in [(words, run) for words in QUICK] if test == test_a_kind_is_graded_as_is_due else [(run,)]:
                try:
                    test(*arguments)
                except AssertionError as error:
                    failed += 1
                    print(f"FAILED {test.__name__} {arguments[:-1]}: {str(error)[:500]}")
    results = run["results"].values()
    print(f"{len(results)} in the class, {len(run['spoilt'])} of them spoilt; {run['seconds']:.0f} s in two goes")
    print(f"{len(run['kept'])} results before the kill, {run['spaces']} sandboxes seen, {failed} tests failed")
    print(f"the process that grades: {run['most']:.0f} MB, {max(one.get('busy', 0) for one in results):.2f} s for one")
    for one in sorted(results, key=lambda one: one["seconds"])[:-6:-1]:
        print(f"{one['seconds']:7.2f} s  {one['learner']}")
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())
