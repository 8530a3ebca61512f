"""The command line of grading, with a grader that needs no sandbox: what it keeps, tells, and ends with."""

import csv
import gc
import hashlib
import io
import json
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from course_lib.grading import __main__ as cli
from course_lib.grading import batch, feedback, read, table
from course_lib.grading.results import Results, blank_result, write
from course_lib.grading.unit import blank_mark, graded, unit_of

UNIT = "04_momentum"
OURS = unit_of(UNIT)
PERSON = "needs a person"
COMMANDS = ("grade", "make", "collect", "show", "export")


class Grader:
    """In the place of grade_one: full marks for what says "right", else what it says; it counts its calls."""

    def __init__(self):
        self.calls = []

    def __call__(self, path, unit, *, sandbox, seed, limits):
        self.calls.append(path)
        data = Path(path).read_bytes()
        if data == b"boom":
            raise RuntimeError("the cluster fell over")
        result = blank_result("?", path, "?") | {"sha256": hashlib.sha256(data).hexdigest(), "checks": OURS.hash}
        result["seconds"] = 0.1
        result["marks"] = [blank_mark(cell, OURS) | {"state": "graded", "marks": cell.points * (data == b"right")}
                           for cell in graded(OURS)]  # fmt: skip
        if data == b"blank":
            result["marks"] = [mark | {"state": "blank", "marks": 0.0} for mark in result["marks"]]
        if data == b"text":
            result["marks"][0] |= {"state": "by hand", "marks": None}
        if data == b"slow":
            result |= {"ran_out": limits.times, "seconds": limits.total + 1}
            result["marks"] = [mark | {"state": "needs a person", "marks": None} for mark in result["marks"]]
        if data == b"odd":
            result |= {"state": "needs a person", "reasons": ["its cells are gone"]}
        return result


@pytest.fixture
def grader(monkeypatch):
    fake = Grader()
    monkeypatch.setattr(batch, "grade_one", fake)
    monkeypatch.setattr(cli, "refusal", lambda name: "")
    return fake


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        try:
            code = cli.main(arguments)
        except SystemExit as end:
            code = end.code
        return code, *capsys.readouterr()

    return run


def hand_in(folder, answers):
    for learner, text in answers.items():
        write(folder / learner / f"{UNIT}.ipynb", text)
    return folder


def marks_of(path):
    with open(path, encoding="utf-8", newline="") as file:
        return {row["learner"]: row for row in csv.DictReader(file)}


# Words


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself_with_an_example(command, run):
    code, out, _ = run(command, "--help")
    assert code == 0
    assert f"python -m course_lib.grading {command} " in out or f"python -m course_lib.grading {command}\n" in out
    assert "Traceback" not in out


def test_the_help_tells_what_the_ends_mean(run):
    code, out, _ = run("--help")
    assert code == 0
    assert all(word in out for word in (*COMMANDS, "0 if", "3 if", "1 if", "2 if"))


@pytest.mark.parametrize("arguments", [
    (), ("mark",), ("grade",), ("grade", UNIT), ("grade", "99_none", "x"), ("grade", UNIT, "x", "-j", "0"),
    ("grade", UNIT, "x", "--sandbox", "box"), ("grade", UNIT, "x", "--seconds", "0"), ("grade", UNIT, "x.zip"),
    ("grade", UNIT, "x", "--seconds", "nan"), ("grade", UNIT, "x", "--seconds", "1e9"), ("show", UNIT),
    ("make", UNIT, "--seed", "s"), ("grade", UNIT, ".", "--seed", "x"),
])  # fmt: skip
def test_called_wrongly_it_ends_with_2_and_a_reason(arguments, run):
    code, _, err = run(*arguments)
    assert code == 2
    assert err


def test_with_nothing_to_grade_it_fails_and_says_so(run, grader, tmp_path):
    (tmp_path / "empty").mkdir()
    code, _, err = run("grade", UNIT, "empty")
    assert code == 1
    assert "no notebook in empty" in err


def test_without_a_sandbox_it_grades_nothing(run, grader, monkeypatch, tmp_path):
    hand_in(tmp_path / "in", {"anna": "right"})
    monkeypatch.setattr(cli, "refusal", lambda name: f"There is no {name} here. Install it.")
    code, _, err = run("grade", UNIT, "in")
    assert (code, grader.calls) == (1, [])
    assert "There is no bwrap here. Install it." in err


def test_what_is_not_installed_is_said(run, grader, monkeypatch, tmp_path):
    hand_in(tmp_path / "in", {"anna": "right"})
    monkeypatch.setitem(sys.modules, "distributed", None)
    code, _, err = run("grade", UNIT, "in", "--dask", "tcp://127.0.0.1:1")
    assert code == 1
    assert "distributed" in err
    assert "the group grading" in err


# Grading


def test_a_class_is_graded(run, grader, tmp_path):
    hand_in(tmp_path / "in", {"anna": "right", "bob": "wrong"})
    code, out, err = run("grade", UNIT, "in", "-j", "2")
    assert code == 0
    assert [line.split()[:4] for line in out.splitlines()[1:3]] == [["anna", "24", "0", "24"], ["bob", "0", "0", "24"]]
    assert "[1/2]" in err
    assert "[2/2]" in err
    rows = marks_of(tmp_path / "graded" / UNIT / "marks.csv")
    assert (rows["anna"]["marks"], rows["anna"]["check-ema"], rows["bob"]["marks"]) == ("24", "2", "0")
    assert sorted(path.name for path in (tmp_path / "graded" / UNIT / "feedback").iterdir()) == [
        "anna.html",
        "bob.html",
    ]


@pytest.mark.parametrize(("text", "told"), [("text", "2"), ("odd", "its cells are gone"), ("boom", "fell over")])
def test_something_for_a_person_ends_with_3_and_harms_nobody(text, told, run, grader, tmp_path):
    hand_in(tmp_path / "in", {"anna": "right", "eve": text})
    code, out, _ = run("grade", UNIT, "in")
    assert code == 3
    assert told in next(line for line in out.splitlines() if line.startswith("eve"))
    rows = marks_of(tmp_path / "graded" / UNIT / "marks.csv")
    assert rows["anna"]["marks"] == "24"
    assert rows["eve"]["check-ema"] == ("0" if text == "odd" else "")


def test_what_cannot_be_graded_is_no_zero(run, grader, tmp_path):
    hand_in(tmp_path / "in", {"anna": "right"})
    (tmp_path / "in" / "bob").mkdir()
    (tmp_path / "in" / "carl").mkdir()
    (tmp_path / "in" / "carl" / "essay.docx").write_text("e")
    (tmp_path / "in" / "dora").symlink_to(tmp_path / "in" / "anna")
    code, out, _ = run("grade", UNIT, "in")
    assert code == 3
    rows = marks_of(tmp_path / "graded" / UNIT / "marks.csv")
    assert {name: (row["marks"], row["open"], row["reasons"]) for name, row in rows.items()} == {
        "anna": ("24", "0", ""),
        "bob": ("", "24", "the folder is empty"),
        "carl": ("", "24", "no notebook in the folder; it holds: essay.docx"),
        "dora": ("", "24", "a link is not followed"),
    }
    assert len(grader.calls) == 1
    assert "carl" in out


def test_a_second_run_grades_only_what_is_new(run, grader, tmp_path):
    hand_in(tmp_path / "in", {"anna": "right", "bob": "wrong"})
    run("grade", UNIT, "in")
    hand_in(tmp_path / "in", {"bob": "right", "carl": "right"})
    code, out, err = run("grade", UNIT, "in", "--resume")
    assert code == 0
    assert "1 of 3 are graded already" in err
    assert len(grader.calls) == 4
    assert [line.split()[1] for line in out.splitlines()[1:4]] == ["24", "24", "24"]
    run("grade", UNIT, "in", "--seed", "7")
    assert len(grader.calls) == 7, "other inputs are other marks"


def test_with_more_time_those_that_ran_out_of_it_are_graded_again(run, grader, tmp_path):
    hand_in(tmp_path / "in", {"anna": "right", "bob": "slow"})
    for arguments, calls in [((), 2), ((), 2), (("--seconds", "5"), 2), (("--seconds", "90"), 3), ((), 3)]:
        run("grade", UNIT, "in", *arguments)
        assert len(grader.calls) == calls, arguments


def test_the_seed_is_drawn_once_and_kept(tmp_path):
    seed = Results(tmp_path / "a").seed()
    assert Results(tmp_path / "a").seed() == seed != Results(tmp_path / "b").seed()
    assert Results(tmp_path / "a").seed(5) == Results(tmp_path / "a").seed() == 5


def test_a_part_of_the_class_keeps_the_marks_of_the_others(run, grader, tmp_path):
    hand_in(tmp_path / "in", {"anna": "right", "bob": "wrong"})
    run("grade", UNIT, "in")
    run("grade", UNIT, f"in/anna/{UNIT}.ipynb")
    assert set(marks_of(tmp_path / "graded" / UNIT / "marks.csv")) == {"anna", "bob"}


def test_two_submissions_of_one_name_are_for_a_person(run, grader, tmp_path):
    hand_in(tmp_path / "in", {"anna": "right", "bob": "right"})
    hand_in(tmp_path / "late", {"anna": "wrong"})
    code, out, _ = run("grade", UNIT, "in", "late")
    assert code == 3
    assert "several submissions with this name" in out
    assert marks_of(tmp_path / "graded" / UNIT / "marks.csv")["bob"]["marks"] == "24"


def test_a_folder_that_cannot_be_opened_is_for_a_person(run, grader, tmp_path, monkeypatch):
    hand_in(tmp_path / "in", {"anna": "right", "bob": "right"})
    look = Path.iterdir

    def closed(path):
        if path.name == "bob":
            raise PermissionError(13, "Permission denied", str(path))
        return look(path)

    monkeypatch.setattr(Path, "iterdir", closed)
    code, out, _ = run("grade", UNIT, "in")
    assert code == 3
    assert [line.split()[:2] for line in out.splitlines()[1:3]] == [["anna", "24"], ["bob", "24"]]
    assert "cannot be opened (Permission denied)" in out.splitlines()[2]


def test_whether_it_is_a_variant_is_seen_without_reading_all(tmp_path, monkeypatch):
    read_ones, read_it = [], batch.bytes_of
    monkeypatch.setattr(batch, "bytes_of", lambda path: read_ones.append(path) or read_it(path))
    paths = tuple(write(tmp_path / f"{i}.ipynb", "kept.x(1)") or tmp_path / f"{i}.ipynb" for i in range(99, 0, -1))
    assert batch.count_variants([batch.Submission("anna", paths)]) == 1
    batch.count_variants([batch.Submission("anna", tuple(write(path, "x") or path for path in paths))])
    assert len(read_ones) <= 2 * batch.MANY


def test_not_too_many_are_under_way(tmp_path):
    lock, asked, done = threading.Lock(), [], []

    def submissions():
        for i in range(50):
            with lock:
                asked.append(i)
                assert len(asked) - len(done) <= 5
            yield batch.Submission(str(i))

    with ThreadPoolExecutor(2) as executor:
        for submission, outcome in batch.in_parallel(submissions(), lambda one: int(one.learner), executor, 4):
            assert submission.learner == str(outcome)
            with lock:
                done.append(outcome)
    assert sorted(done) == list(range(50))


# What is asked for is looked at first


def test_a_zip_is_collected_first(run, grader):
    code, _, err = run("grade", UNIT, "all.ZIP")
    assert code == 2
    assert f"collect {UNIT} all.ZIP" in err


def test_a_sheet_is_no_key(run, grader, tmp_path):
    hand_in(tmp_path / "in", {"anna": "right"})
    sheet = cli.ROOT / "exercises" / f"{UNIT}.ipynb"
    code, _, err = run("grade", UNIT, "in", "--key", str(sheet))
    assert (code, grader.calls) == (2, [])
    assert "is no key" in err


def test_a_key_that_was_forgotten_is_spoken_of(run, grader, tmp_path):
    hand_in(tmp_path / "in", {"anna": "right", "bob": "kept.edge(edge)", "carl": '"kept.edge(edge)"'})
    code, _, err = run("grade", UNIT, "in")
    assert (code, grader.calls) == (2, [])
    assert "2 of 3 are of a private variant" in err
    hand_in(tmp_path / "in", {"bob": "right"})
    assert run("grade", UNIT, "in")[0] == 0, "one alone cannot stop a class"


def test_seconds_hold_for_a_call_too(run, grader, tmp_path, monkeypatch):
    seen = []
    monkeypatch.setattr(batch, "grade_one", lambda path, **given: seen.append(given["limits"]) or grader(path, **given))
    hand_in(tmp_path / "in", {"anna": "right"})
    run("grade", UNIT, "in", "--seconds", "90")
    run("grade", UNIT, "in", "--seed", "3")
    assert [(one.cell, one.call, one.total) for one in seen] == [(90, 90, 450), (60, 10, 300)]


def test_no_name_reaches_the_terminal_raw(run, grader, tmp_path):
    hand_in(tmp_path / "in", {"anna": "right", "\x1b[31mred": "right"})
    (tmp_path / "in" / "\x1b[2Jx\u202ey.txt").write_text("x")
    _, out, err = run("grade", UNIT, "in")
    assert not {"\x1b", "\u202e"} & set(out + err)
    assert "red" in out


@pytest.mark.parametrize("name", ["x.IPYNB", "x.Ipynb"])
def test_the_ending_may_have_capitals(name, run, grader, tmp_path):
    write(tmp_path / "in" / name, "right")
    write(tmp_path / "in" / "bob" / f"{UNIT.upper()}.IPYNB", "right")
    _, out, _ = run("grade", UNIT, "in")
    assert [line.split()[:2] for line in out.splitlines()[1:3]] == [["bob", "24"], ["x", "24"]]


TWO = {  # name of a file -> what it holds; marks, state, and what the table says
    "a blank, with the name": ({f"{UNIT}.ipynb": "blank", "b.ipynb": "right"}, "24", PERSON, "b.ipynb was graded"),
    "answers with the name": ({f"{UNIT}.ipynb": "right", "b.ipynb": "wrong"}, "24", "graded", "not graded: b.ipynb"),
    "answers a folder further in": ({f"{UNIT}/{UNIT}.ipynb": "right", "b.ipynb": "blank"}, "24", "graded", "b.ipynb"),
    "six blanks": ({f"{i}.ipynb": "blank" for i in range(5)} | {"b.ipynb": "right"}, "0", PERSON, "at: b.ipynb"),
    "one that takes all its time": ({"a.ipynb": "slow", "b.ipynb": "right"}, "", PERSON, "looked at: b.ipynb"),
    "two blanks": ({f"{UNIT}.ipynb": "blank", "b.ipynb": "blank"}, "0", "graded", "not graded: b.ipynb"),
    "no name, one with answers": ({"a.ipynb": "blank", "b.ipynb": "right"}, "24", PERSON, "b.ipynb was graded"),
    "no name, two with answers": ({"a.ipynb": "right", "b.ipynb": "wrong"}, "24", PERSON, "several notebooks"),
}  # fmt: skip


@pytest.mark.parametrize("words", TWO)
def test_of_two_notebooks_the_one_with_answers_counts_and_the_table_says_so(words, run, grader, tmp_path):
    files, came, state, said = TWO[words]
    for name, text in files.items():
        write(tmp_path / "in" / "anna" / name, text)
    _, out, _ = run("grade", UNIT, "in")
    row = marks_of(tmp_path / "graded" / UNIT / "marks.csv")["anna"]
    assert (row["marks"], row["state"]) == (came, state)
    assert said in out.splitlines()[1]
    calls = len(grader.calls)
    run("grade", UNIT, "in")
    assert len(grader.calls) == calls, "all that was handed in is the same"
    write(tmp_path / "in" / "anna" / "0.ipynb", "other")
    run("grade", UNIT, "in")
    assert len(grader.calls) > calls


def test_what_changes_while_it_is_graded_is_graded_again(run, grader, tmp_path):
    write(path := tmp_path / "in" / "anna" / f"{UNIT}.ipynb", "wrong")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(batch, "grade_one", lambda *args, **named: (grader(*args, **named), write(path, "right"))[0])
        run("grade", UNIT, "in")
    run("grade", UNIT, "in")
    assert marks_of(tmp_path / "graded" / UNIT / "marks.csv")["anna"]["marks"] == "24"


def test_what_is_in_work_is_said(capsys):
    screen = cli.Screen(sys.stderr)
    for seconds in range(0, 50, 5):
        screen.working({"anna": float(seconds)})
    assert [line.split()[3] for line in capsys.readouterr().err.splitlines()] == ["10", "20", "40"]


def test_on_a_terminal_what_is_in_work_stands_in_one_line():
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    screen = cli.Screen(Terminal())
    screen.working({"anna": 3.0, "x" * 500: 4.0})
    screen.say("[1/2] anna")
    shown = screen.stream.getvalue()
    assert shown.startswith("in work: anna 3 s, xxx")
    assert shown.endswith(f"\r{' ' * cli.WIDTH}\r[1/2] anna\n")


def test_an_appeal_shows_what_the_page_does_not(run, grader, tmp_path):
    hand_in(tmp_path / "in", {"anna": "right"})
    run("grade", UNIT, "in")
    store = Results(tmp_path / "graded" / UNIT)
    result = store.find("anna")
    result["marks"][0] |= {"marks": 1.0, "tried": [{"says": "It holds.", "with": "[0.25]", "came": "E: \x1b[31mx"}]}
    store.put(result)
    code, out, _ = run("show", UNIT, "anna")
    assert code == 0
    assert all(words in out for words in ("It holds.", "[0.25]", "E: [31mx", "1 of 2"))
    assert "[0.25]" not in feedback.page(result, {})
    assert run("show", UNIT, "bob")[0] == 1


# What is kept


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"a": 1}'])
def test_a_result_that_is_not_whole_counts_as_none(text, tmp_path):
    store = Results(tmp_path)
    store.path("anna").write_text(text)
    assert store.find("anna") is None
    assert list(store) == []


def test_a_result_is_written_in_one_stroke(tmp_path, monkeypatch):
    write(tmp_path / "x", "old")

    def die(descriptor):
        raise KeyboardInterrupt

    monkeypatch.setattr("os.fsync", die)
    with pytest.raises(KeyboardInterrupt):
        write(tmp_path / "x", "new")
    assert (tmp_path / "x").read_text() == "old"


def test_the_same_result_keeps_its_time(tmp_path, monkeypatch):
    store, one = Results(tmp_path), result("anna", seed=1, seconds=1)
    before = store.put(one)
    monkeypatch.setattr("time.strftime", lambda form: "2099-01-01 00:00:00")
    assert store.put({**one, "seconds": 2}) == before
    assert store.put({**one, "state": "needs a person"})["graded"].startswith("2099")


def test_a_name_of_any_kind_has_its_own_result(tmp_path):
    store = Results(tmp_path)
    everybody = ["anna", "../anna", "a/b", "a_b", "<script>", "x" * 400, "Müller", "M\udcfcller", ".", "con"]
    for i, learner in enumerate(everybody):
        store.put(result(learner, seed=1, i=i))
    assert [store.find(learner)["i"] for learner in everybody] == list(range(len(everybody)))
    assert len(list(store)) == len(everybody)
    assert all(path.parent == tmp_path / "results" for path in tmp_path.rglob("*.json"))


# The table


def result(learner, state="graded", **changed):
    cells = [blank_mark(cell, OURS) | {"state": state, "marks": cell.points} for cell in graded(OURS)]
    return blank_result(learner, "f", UNIT) | {"state": state, "marks": cells} | changed


def test_a_spreadsheet_takes_no_name_for_a_formula():
    names = ["=HYPERLINK(1)", "+1", "-1", "@x", "a,b", 'a"b', "a\nb", "a;=1+1", "＝1+1"]
    text = table.comma_separated(result(name) for name in names)
    read = [row[0] for row in csv.reader(text.splitlines())][1:]
    assert read == ["'=HYPERLINK(1)", "'+1", "'-1", "'@x", "a,b", 'a"b', "a b", "a,=1+1", "'＝1+1"]


def test_points_still_open_are_no_zeros():
    row = table.summary(result("anna", "needs a person"))
    assert (row["marks"], row["open"], row["of"]) == (None, 24, 24)


# Export


def test_export_writes_the_same_table(run, grader, tmp_path):
    hand_in(tmp_path / "in", {"anna": "right", "bob": "wrong"})
    run("grade", UNIT, "in")
    code, out, _ = run("export", UNIT)
    assert code == 0
    assert out == (tmp_path / "graded" / UNIT / "marks.csv").read_text()
    assert run("export", UNIT, "--csv", "m.csv", "--feedback", "pages")[0] == 0
    assert (tmp_path / "m.csv").read_text() == out
    assert (tmp_path / "pages" / "anna.html").exists()
    assert run("export", "00_race_first")[0] == 1


def test_make_makes_the_sheets_byte_for_byte(run, tmp_path):
    code, out, _ = run("make", UNIT, "--out", "sheets")
    assert code == 0
    assert f"{UNIT}.ipynb" in out
    assert (tmp_path / "sheets" / f"{UNIT}.ipynb").read_bytes() == (
        cli.ROOT / "exercises" / f"{UNIT}.ipynb"
    ).read_bytes()
    json.loads((tmp_path / "sheets" / f"{UNIT}.ipynb").read_text())


# Side by side


@pytest.fixture
def restless():
    """Garbage is collected all the time, by a callback in Python, so that threads change in the middle of anything."""
    threshold, interval = gc.get_threshold(), sys.getswitchinterval()
    gc.callbacks.append(lambda *when: sum(range(50)))
    gc.set_threshold(50)
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)
    gc.set_threshold(*threshold)
    gc.callbacks.pop()


def test_many_threads_may_read_at_once(restless):
    """Python 3.11's parser counts the depth of all threads together, and stumbles over it."""
    sources = ["a = 1\n" * 400, "x = " + "+".join(["1"] * 300)]
    with ThreadPoolExecutor(8) as executor:
        found = list(executor.map(lambda i: len(read.parsed(sources[i % 2]).body), range(160)))
    assert found == [400, 1] * 80
