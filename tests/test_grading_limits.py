"""What is as large as may be handed in is read or refused, soon, with little memory, and the next is graded as ever."""

import contextlib
import importlib.util
import json
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest

from course_lib.grading import relay, sandbox
from course_lib.grading.marks import Limits, grade_one
from course_lib.grading.relay import JUDGES, READING, Judges

SPEC = importlib.util.spec_from_file_location("kinds", Path(__file__).with_name("test_grading_kinds.py"))
kinds = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(kinds)

pytestmark = kinds.pytestmark
SIZE = Limits().file - 1000
ANSWER = b'{"cell_type": "code", "metadata": {"nbgrader": {"grade_id": "ema"}}, "source": "    a = 1"}'
TEXT = b'{"cell_type": "markdown", "source": "x"}'


def filled(before, middle, after=b"]}", between=b","):
    """Bytes of the largest size: a beginning, the same thing many times, an end."""
    count = (SIZE - len(before) - len(after)) // len(middle + between)
    return before + between.join([middle] * count) + after


def solved(more):
    """The bytes of a notebook with all answers, and one cell more. more: (cell, its key, piece to be repeated)."""
    nb = kinds.Notebook(None)
    cell, key, piece = more
    nb.cells.append(cell | {key: "@"})
    start, end = json.dumps(nb.json).encode().split(b'"@"')
    return start + b'"' + piece * ((SIZE - len(start) - len(end)) // len(piece)) + b'"' + end


CODE = {"cell_type": "code", "id": "x", "metadata": {}, "outputs": []}
LARGE = {  # what it is -> its bytes, and what is said of it; "" if all marks are there
    "a line of code": (lambda: solved((CODE, "source", b"x")), "characters are read"),
    "a list in a cell": (lambda: solved((CODE, "source", b"a, ")), "characters are read"),
    "brackets in a cell": (lambda: solved((CODE, "source", b"(")), "characters are read"),
    "lines in a cell": (lambda: solved((CODE, "source", b"x\\n")), "characters are read"),
    "words in prose": (lambda: solved(({"cell_type": "raw", "metadata": {}}, "source", b"x ")), ""),
    "outputs": (lambda: solved((CODE, "outputs", b"x")), ""),
    "empty cells": (lambda: filled(b'{"cells": [', b"{}"), "memory"),
    "pieces of an answer": (lambda: filled(b'{"cells": [', ANSWER), "cells and|memory"),
    "texts": (lambda: filled(b'{"cells": [', TEXT), "another notebook|memory"),
    "brackets": (lambda: b'{"cells": ' + b"[" * SIZE, "nested"),
    "objects in objects": (lambda: b'{"cells":' * (SIZE // 9), "nested|not a notebook"),
    "numbers": (lambda: filled(b'{"cells": [', b"1"), "another notebook|memory"),
    "digits": (lambda: b'{"cells": [' + b"1" * SIZE + b"]}", "not a notebook"),
    "keys": (lambda: b"{" + b",".join(b'"%d":0' % i for i in range(SIZE // 12)) + b"}", "no cells|memory"),
    "half characters": (lambda: filled(b'{"cells": ["', b"\\ud800", b'"]}', b""), "another notebook|memory"),
    "blanks": (lambda: b" " * SIZE, "empty"),
    "zeros": (lambda: b"\0" * SIZE, "binary|not a notebook"),
}


@contextmanager
def peak():
    """A list that holds, at the end, the most memory in MB that a process had in which a notebook was read, and the
    seconds that it took to look."""
    found, over = [0.0, 0.0], threading.Event()

    def watch():
        while not over.wait(0.03):
            for judge in judging:
                found[0] = max([found[0], *(sandbox.resident(one) / 2**20 for one in sandbox.below(judge))])
        found[1] = time.thread_time()

    judging, start = [idle.first for _, idle in JUDGES.idle], sandbox.start
    watcher = threading.Thread(target=watch)
    watcher.start()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sandbox, "start", lambda *args: noted(start(*args), judging))
        yield found
    over.set()
    watcher.join()


def noted(process, numbers):
    numbers.append(process.first)
    return process


@pytest.mark.parametrize("words", LARGE)
def test_what_is_as_large_as_may_be_is_read_or_refused_soon(words, tmp_path):
    make, said = LARGE[words]
    path = tmp_path / f"{kinds.UNIT}.ipynb"
    path.write_bytes(make())
    assert 0.9 * SIZE < path.stat().st_size <= Limits().file
    began, busy = time.monotonic(), time.process_time()
    with peak() as most:
        result = grade_one(path, kinds.UNIT)
    assert time.process_time() - busy - most[1] < 1, "the grader itself has hardly anything to do with it"
    assert time.monotonic() - began < READING + (60 if not said else 10)
    assert most[0] < 500
    if said:
        assert result["state"] == "needs a person"
        assert kinds.re.search(f"{said}|took longer than", " ".join(result["reasons"])), result["reasons"]
    else:
        marks = {mark["id"]: mark["marks"] for mark in result["marks"]}
        assert marks == {**kinds.POINTS, kinds.BY_HAND: None}


def test_the_next_is_graded_as_ever(tmp_path):
    """Whatever a notebook does, the one behind it has its marks, and its time at least once in three goes."""
    school = kinds.School(tmp_path)
    honest = kinds.Notebook(school).write(school.here)
    usual = [grade_one(honest, kinds.UNIT, limits=kinds.LIMITS) for _ in range(3)]
    most = 1.1 * min(result["seconds"] for result in usual) + 0.5
    for words in ("empty files", "one long line", "a dict of numbers that collide", "fork bomb", "cut off"):
        other = kinds.spoilt(words, school).write(tmp_path)
        times = []
        while not times or (times[-1] > most and len(times) < 3):
            grade_one(other, kinds.UNIT, limits=kinds.LIMITS)
            result = grade_one(honest, kinds.UNIT, limits=kinds.LIMITS)
            assert kinds.earned(result) == kinds.earned(usual[0])
            times.append(result["seconds"])
        assert times[-1] <= most, (words, times)
    school.server.close()


def test_a_method_of_ours_is_given_numbers_and_not_too_many(tmp_path):
    """A function of the library that an answer is given runs where it is judged, on what the answer says."""
    unit = "05_adaptive_methods"
    notebook = json.loads((kinds.ROOT / "solutions" / f"{unit}.ipynb").read_text(encoding="utf-8"))
    bombs = [
        'method("x", "x", "x", lr=1, beta=1_500_000_000)',
        "method([0.0], [0.0], [0.0], lr=1, beta=10**9)",
        "method(np.ones((10**4, 1)), np.ones((1, 10**4)), lr=1.0)",
        "method(np.ones(5 * 10**6), 1.0, lr=1.0)",
    ]
    tries = "".join(f"    try: {bomb}\n    except RuntimeError: pass\n" for bomb in bombs)
    kept = ("imports", "adagrad", "rmsprop", "adam", "check-adam", "bugs-mended", "decay-alone", "trusted", "tuned")
    notebook["cells"] = [cell for cell in notebook["cells"] if cell["id"] in kept]
    next(cell for cell in notebook["cells"] if cell["id"] == "tuned")["source"] = (
        f"def tuned(method, *args, **hyper):\n{tries}    return 1.0, 1.0, True"
    )
    path = tmp_path / f"{unit}.ipynb"
    path.write_text(json.dumps(notebook))
    with peak() as most:
        result = grade_one(path, unit)
    marks = {mark["check"]: mark["marks"] for mark in result["marks"]}
    assert (marks["tuned"], marks["adam"]) == (0, 2), result["reasons"]
    assert most[0] < 300


def test_no_more_processes_wait_for_submissions_than_are_of_use(monkeypatch):
    monkeypatch.setattr(relay, "KEPT", 1)
    for unit in ("00_race_first", "04_momentum"):
        assert grade_one(kinds.ROOT / "exercises" / f"{unit}.ipynb", unit)["state"] == "graded"
    ((_, sheet, _), last), *others = JUDGES.idle
    assert (Path(sheet).stem, others) == ("04_momentum", [])
    grade_one(kinds.ROOT / "exercises" / "04_momentum.ipynb", "04_momentum")
    assert JUDGES.idle[0][1] is last, "it is used again"


def test_those_that_wait_are_alive():
    """As many as there may be: those that have been ended are not among them."""
    judges = Judges()
    with contextlib.ExitStack() as several:
        for _ in range(relay.KEPT):
            several.enter_context(judges.one("none", kinds.ROOT / "exercises" / "04_momentum.ipynb", ""))
    assert [process.process.poll() for _, process in judges.idle] == [None] * relay.KEPT
    kept = [process for _, process in judges.idle]
    judges.close()
    assert [process.process.poll() is None for process in kept] == [False] * relay.KEPT
    kept[0].kill()
    assert kept[0].gone, "and a signal to what has its number by now is not sent"


def graded_once():
    return grade_one(kinds.ROOT / "exercises" / "04_momentum.ipynb", "04_momentum")["reasons"]


def test_those_that_wait_outlive_the_thread_that_started_them():
    """A service may grade in threads that come and go."""
    JUDGES.close()
    for _ in range(2):
        with ThreadPoolExecutor(1) as executor:
            assert executor.submit(graded_once).result() == []
    assert graded_once() == []
    ((_, last),) = JUDGES.idle
    assert last.process.poll() is None


@pytest.mark.skipif(not hasattr(os, "fork"), reason="Windows has no fork")
def test_a_process_that_is_forked_has_none_of_its_parents():
    graded_once()
    with ProcessPoolExecutor(1, multiprocessing.get_context("fork")) as executor:
        assert executor.submit(graded_once).result(60) == []
    assert graded_once() == []


def test_one_that_died_while_it_waited_is_not_asked():
    graded_once()
    for _, process in JUDGES.idle:
        process.process.kill()
        process.process.wait()
    assert graded_once() == []


def test_waiting_for_a_processor_is_not_counted():
    """But for some times as long as something may take, and never beyond the end of all."""
    stood, began = [5.0], time.monotonic() - 3
    awaited = relay.Awaited(SimpleNamespace(stood=lambda: stood[0]), 2.0)
    awaited.began = began
    assert awaited.is_late(), "what it had waited before does not count"
    stood[0] += 1.5
    assert not awaited.is_late()
    awaited.began -= 1
    assert awaited.is_late()
    stood[0] += 100
    awaited.began = time.monotonic() - 2.0 * relay.STRETCH + 0.5
    assert not awaited.is_late()
    awaited.began -= 1
    assert awaited.is_late(), "whatever it has waited"
    awaited.began, awaited.until = began, time.monotonic() - 1
    assert awaited.is_late(), "whatever it has waited"


def test_whoever_stops_it_does_not_wait_for_those_in_work(tmp_path):
    school, out = kinds.School(tmp_path / "school"), tmp_path / "out"
    for name in ("ada", "carl", "dan"):
        (tmp_path / "in" / name).mkdir(parents=True)
        kinds.spoilt("endless loop", school).write(tmp_path / "in" / name)
    school.server.close()
    code = "import signal, sys; from course_lib.grading.__main__ import main\n"
    code += "signal.signal(signal.SIGINT, signal.default_int_handler); sys.exit(main())"
    command = [sys.executable, "-c", code, "grade", kinds.UNIT, str(tmp_path / "in"), "-j", "1", "--out", str(out)]
    with subprocess.Popen(command, cwd=kinds.ROOT, stderr=subprocess.PIPE, text=True) as process:
        while len(started := list(sandbox.children(process.pid))) < 2:  # one judges, another is in its endless loop
            time.sleep(0.05)
        time.sleep(1)
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 1  # a cell has 60 s
        assert "Stopped. What is graded is kept" in process.stderr.read()
    assert not list((out / kinds.UNIT / "results").iterdir())
    assert not [one for one in started if Path(f"/proc/{one}").exists()]
