"""The learner's file: what is believed, what is survived, who may write at once, where it lies."""

import json
import math
import os
import subprocess
import sys
from pathlib import Path

import pytest

from course_lib import record
from course_lib.record import Record

BET = {"key": "04-gain", "guess": 9, "sure": 70}


@pytest.fixture(autouse=True)
def file(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_ANSWERS", str(tmp_path / "answers.jsonl"))
    monkeypatch.setattr(record, "unsaved", [])
    return tmp_path / "answers.jsonl"


def guesses():
    return {key: entry["guess"] for key, entry in record.read().answers.items()}


def test_nothing_done_is_an_empty_record():
    assert record.read() == Record({}, {}, 0)


def test_of_a_key_everything_is_known_that_was_said():
    for event in (BET, {"key": "04-gain", "hit": True}, {"key": "04-mean", "answer": "10"}):
        record.add(event)
    answers = record.read().answers
    assert [entry.pop("when")[-1] for entry in answers.values()] == ["Z", "Z"]
    assert answers == {"04-gain": {"guess": 9, "sure": 70, "hit": True}, "04-mean": {"answer": "10"}}


def test_a_bet_may_be_changed_until_it_is_measured():
    for event in (BET, BET | {"guess": 10}, {"key": "04-gain", "hit": False}, BET | {"guess": 11, "sure": 90}):
        record.add(event)
    assert guesses() == {"04-gain": 10}
    assert record.read().answers["04-gain"]["sure"] == 70


def test_starting_over_opens_what_it_names_and_leaves_the_passed_checks():
    for key in ("04-gain", "04-other", "05-other"):
        record.add(BET | {"key": key})
    record.passed("04_momentum", "4.2", 2.0)
    record.start_over("04-g")
    assert set(guesses()) == {"04-other", "05-other"}
    record.start_over("04")
    assert set(guesses()) == {"05-other"}
    record.start_over()
    assert record.read() == Record({}, {("04_momentum", "4.2"): 2.0}, 0)


def test_a_check_that_passes_again_is_noted_once(file):
    for _ in range(3):
        record.passed("04_momentum", "4.2", 2.0)
    (line,) = file.read_text().splitlines()
    assert {"sheet": "04_momentum", "exercise": "4.2", "passed": True, "points": 2.0}.items() <= json.loads(
        line
    ).items()


@pytest.mark.parametrize("guess", [math.inf, -math.inf, 0.5, 10**30, "heavy ball", "Größe", "√v̂"])
def test_whatever_can_be_bet_comes_back_as_it_was(guess):
    record.add(BET | {"guess": guess})
    assert guesses() == {"04-gain": guess}


DAMAGED = [
    b'{"key": "x", "guess"', b"\xff\xfe\x00", b"[]", b"3", b"null", b"NaN", b'"key"', b"[" * 100_000,
    b'{"a":' * 100_000, b'{"key": 4}', b'{"key": "x"}', b'{"key": ["x"], "hit": true}', b'{"over": 1}',
    b'{"key": "x", "guess": []}', b'{"key": "x", "guess": 1}', b'{"key": "x", "guess": true, "sure": 70}',
    b'{"key": "x", "guess": null, "sure": 70}', b'{"key": "x", "guess": NaN, "sure": 70}',
    b'{"key": "x", "guess": 1, "sure": 60}', b'{"key": "x", "guess": 1, "sure": "70"}',
    b'{"key": "x", "guess": 1, "sure": [70]}', b'{"key": "x", "guess": 1, "sure": 70, "late": "no"}',
    b'{"key": "x", "guess": 1, "sure": 70, "when": 3}', b'{"key": "x", "guess": 1' + b"0" * 400 + b', "sure": 70}',
    b'{"key": "x", "guess": ' + b"9" * 5000 + b', "sure": 70}', b'{"key": "x", "guess": "\\ud800", "sure": 70}',
    b'{"key": "x", "hit": "yes"}', b'{"key": "x", "hit": 1}', b'{"key": "x", "answer": [1]}',
    b'{"key": "x", "answer": {}}', b'{"key": "x", "answer": null}', b'{"sheet": "04"}',
    b'{"sheet": "04", "exercise": 4.2, "passed": true, "points": 2}',
    b'{"sheet": "04", "exercise": "4.2", "passed": 1, "points": 2}',
    b'{"sheet": "04", "exercise": "4.2", "passed": true, "points": "2"}',
    '{"key": "x", "answer": "ü"}'.encode("utf-16"), '{"key": "x", "answer": "ü"}'.encode("latin-1"), b'{"ke',
]  # fmt: skip


@pytest.mark.parametrize("line", DAMAGED, ids=range(len(DAMAGED)))
def test_a_damaged_line_is_counted_and_believed_in_nothing(file, line):
    file.write_bytes(line)
    assert record.read() == Record({}, {}, len([part for part in line.splitlines() if part.strip()]))


def test_a_damaged_file_loses_nothing(file):
    record.add(BET)
    whole = file.read_bytes()
    junk = b"\n".join(DAMAGED)
    file.write_bytes(whole + junk)
    record.add(BET | {"key": "04-new", "guess": 8})
    assert file.read_bytes().startswith(whole + junk + b"\n")
    assert guesses() == {"04-gain": 9, "04-new": 8}
    assert record.read().damaged == len([line for line in junk.splitlines() if line.strip()])


def test_another_systems_ends_of_lines_and_a_mark_at_the_top_are_no_damage(file):
    file.write_bytes(b"\xef\xbb\xbf" + json.dumps(BET).encode() + b"\r\n\r\n" + json.dumps(BET | {"key": "b"}).encode())
    assert record.read().damaged == 0
    assert guesses() == {"04-gain": 9, "b": 9}


def test_several_kernels_write_at_once():
    code = (
        "from course_lib import record\nfor i in range(200): record.add({'key': NAME + str(i), 'guess': i, 'sure': 70})"
    )
    kernels = [subprocess.Popen([sys.executable, "-c", code.replace("NAME", repr(name))]) for name in "abcd"]
    assert [kernel.wait() for kernel in kernels] == [0, 0, 0, 0]
    assert (len(guesses()), record.read().damaged) == (800, 0)


def test_where_nothing_can_be_written_it_lasts_as_long_as_the_kernel(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_ANSWERS", str(tmp_path))  # a folder
    record.add(BET)
    assert guesses() == {"04-gain": 9}
    assert len(record.unsaved) == 1


@pytest.mark.parametrize("name", ["~/answers.jsonl", "~/deep/../answers.jsonl"])
def test_a_home_folder_may_be_written_short(tmp_path, monkeypatch, name):
    (tmp_path / "deep").mkdir()
    for variable in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(variable, str(tmp_path))
    monkeypatch.setenv("COURSE_ANSWERS", name)
    record.add(BET)
    assert len((tmp_path / "answers.jsonl").read_text().splitlines()) == 1
    assert record.unsaved == []


def test_the_file_is_in_the_courses_folder_and_git_does_not_see_it(monkeypatch):
    for empty in (lambda: monkeypatch.delenv("COURSE_ANSWERS"), lambda: monkeypatch.setenv("COURSE_ANSWERS", "")):
        empty()
        root = Path(record.__file__).parents[1]
        assert record.path() == root / "answers.jsonl"
    assert "answers.jsonl" in (root / ".gitignore").read_text().splitlines()


def test_without_the_courses_folder_it_is_where_the_kernel_works(monkeypatch, tmp_path):
    monkeypatch.delenv("COURSE_ANSWERS")
    monkeypatch.setattr(record, "__file__", str(tmp_path / "course_lib" / "record.py"))
    monkeypatch.chdir(tmp_path)
    assert record.path() == Path.cwd() / "answers.jsonl"
    (tmp_path / "a course" / "mine" / "notebooks").mkdir(parents=True)
    (tmp_path / "a course" / "course.py").touch()
    monkeypatch.chdir(tmp_path / "a course" / "mine" / "notebooks")
    assert record.path() == tmp_path / "a course" / "answers.jsonl"
    assert record.path(tmp_path) == tmp_path / "answers.jsonl"


def test_under_test_a_learners_answers_are_out_of_reach():
    environment = {name: value for name, value in os.environ.items() if name != "COURSE_ANSWERS"}
    code = "import runpy, os; runpy.run_path('conftest.py'); print(os.environ['COURSE_ANSWERS'] == os.devnull)"
    done = subprocess.run([sys.executable, "-c", code], cwd=Path(record.__file__).parents[1], env=environment,
                          capture_output=True, text=True, check=True)  # fmt: skip
    assert done.stdout == "True\n"
