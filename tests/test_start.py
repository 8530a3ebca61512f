"""The start page: what it says of lessons, of what was done, and of where to go on."""

import json
import re
from pathlib import Path

import pytest

from course_lib import record, start

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
NUMBERS = [found[0] for found in start.LESSON.findall(README)]


@pytest.fixture
def answers(tmp_path, monkeypatch):
    """A function that adds lines to the learner's file."""
    file = tmp_path / "answers.jsonl"
    monkeypatch.setenv("COURSE_ANSWERS", str(file))

    def add(*lines):
        with open(file, "a") as end:
            end.writelines((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines)

    return add


def row(page, number):
    (found,) = re.findall(rf"^\| {number} \|.*$", page, re.M)
    return [column.strip() for column in found.strip("|").split("|")]


def bets(number):
    (path,) = (ROOT / "notebooks").glob(f"{number}_*.ipynb")
    return start.Lesson(ROOT, record.Record(), number, "", f"notebooks/{path.name}", path.stem, "").bets


def lock(key, sure=70, when="2026-03-01T10:00:00Z", **more):
    return {"key": key, "guess": 1.0, "sure": sure, "late": False, "when": when} | more


def test_every_lesson_has_its_row_with_minutes_bets_exercises_and_points(answers):
    page = start.page(ROOT)
    lessons = sorted((ROOT / "notebooks").glob("*.ipynb"))
    assert [path.stem[:2] for path in lessons] == NUMBERS
    for path in lessons:
        _, link, minutes, locked, *sheet = row(page, path.stem[:2])
        assert f"(notebooks/{path.name})" in link
        assert f"| {minutes} |" in README
        asked = len(
            re.findall(r"^ *\\?\"?predict\(", path.read_text(encoding="utf-8").replace('"predict', "predict"), re.M)
        )
        assert locked == f"0 of {asked}" != "0 of 0"
        if (ROOT / "exercises" / path.name).exists():
            assert re.fullmatch(r"0 of [1-9]\d?", sheet[1])
            assert re.fullmatch(r"0 of [1-9]\d", sheet[2])


def test_points_are_those_that_the_sheet_says(answers):
    said = re.search(
        r"(\w+) exercises to .*?, (\d+) points", start.sources(ROOT / "exercises" / "04_momentum.ipynb", "markdown")
    )
    assert row(start.page(ROOT), "04")[6] == f"0 of {said[2]}"


def test_it_counts_what_was_locked_what_came_true_and_what_passed(answers):
    first, second = bets("04")[:2]
    answers(lock(first), {"key": first, "hit": True}, lock(second, 90), {"key": second, "hit": False})
    answers(
        *[{"sheet": "04_momentum", "exercise": e, "passed": True, "points": p} for e, p in (("4.1", 2.0), ("4.3", 1.5))]
    )
    page = start.page(ROOT)
    asked, (_, _, _, locked, _, passed, points, _) = len(bets("04")), row(page, "04")
    assert (locked, passed[:5], points[:4]) == (f"2 of {asked}, 1 came true", "2 of ", "3.5 ")
    assert "| 70 % | 1 of 1 |\n| 90 % | 0 of 1 |" in page
    assert "| 50 % |" not in page


def test_a_bet_made_after_its_measurement_does_not_count_as_calibrated(answers):
    answers(lock("04-gain", late=True), {"key": "04-gain", "hit": True})
    assert "how sure you were" not in start.page(ROOT)


def test_it_says_where_to_begin_and_where_to_go_on(answers):
    def on():
        return re.search(r"^\*\*(?:Begin|Go on|You are).*$", start.page(ROOT), re.M)[0]

    assert on().startswith("**Begin with** [00 ·")
    answers(lock(bets("04")[0]))
    assert re.fullmatch(r"\*\*Go on with\*\* \[04 · .*\]\(notebooks/04_momentum.ipynb\)\.", on())
    answers(lock(bets("02")[0], when="2026-03-02T10:00:00Z"))
    assert "notebooks/02_" in on()
    answers(*[lock(key, when="2026-03-03T10:00:00Z") for key in bets("04")])
    assert "(exercises/04_momentum.ipynb), or with [05 ·" in on()
    exercises = start.EXERCISE.findall(start.sources(ROOT / "exercises" / "04_momentum.ipynb", "markdown"))
    answers(*[{"sheet": "04_momentum", "exercise": e, "passed": True, "points": float(p)} for e, p in exercises])
    assert on().startswith("**Go on with** [05 ·")


def test_damaged_lines_are_counted_and_survived(answers):
    answers("{", '{"key": [1]}', lock(bets("04")[0]), "[" * 5000)
    page = start.page(ROOT)
    assert "In `answers.jsonl` 3 lines cannot be read, and" in page
    assert row(page, "04")[3].startswith("1 of ")


def test_it_is_short_and_its_six_lines_say_how_the_course_works(answers):
    page = start.page(ROOT)
    assert len(re.findall(r"^\d\. ", page, re.M)) == 6
    assert len(page.splitlines()) < 40
    for text in (page, README):
        assert "*Run All Above Selected Cell*" in text, "a new kernel knows nothing of yesterday"


def test_a_course_without_sheets_or_with_a_broken_notebook_has_a_page(answers, tmp_path):
    (tmp_path / "README.md").write_text("| 08 | [Deep](notebooks/08_deep.ipynb): words | 80 | |\n")
    assert row(start.page(tmp_path), "08") == ["08", "[Deep](notebooks/08_deep.ipynb)", "80", "0 of 0"]
