"""The tool that changes one place in the official solutions: what it changes, and that the checks see it."""

import random
from pathlib import Path

import pytest

from tools import mutants

ROOT = Path(__file__).parents[1]
SHEETS = [path.stem for path in (ROOT / "course_lib" / "sheets").glob("*.py")]
DESCRIBED = [path for path in sorted((ROOT / "solutions").glob("*.ipynb")) if path.stem[3:] in SHEETS]
CELL = """def f(x, steps):
    y = 0
    ### BEGIN SOLUTION
    for _ in range(steps):
        y = max(y - 2 * x, 0.5)
    return y, x
    ### END SOLUTION
"""


def test_one_place_is_changed_and_only_between_the_marks():
    lines = {mutant.after for mutant in mutants.mutants(CELL)}
    assert {"y = max(y + 2 * x, 0.5)", "y = min(y - 2 * x, 0.5)", "y = max(y - 3 * x, 0.5)", "y = max(y - 2 / x, 0.5)",
            "y = max(y - 2 * x, 1.0)", "return (x, y)", "pass", "for _ in steps:"} <= lines  # fmt: skip
    assert "y = 1" not in lines
    assert all(mutant.source.startswith("def f(x, steps):\n    y = 0\n") for mutant in mutants.mutants(CELL))


def test_an_order_of_letters_is_changed_too():
    lines = {one.after for one in mutants.mutants("### BEGIN SOLUTION\nlines = 'ACB'\n### END SOLUTION")}
    assert lines == {"lines = 'CAB'", "lines = 'ABC'", "lines = 'CB'", "pass"}


def test_a_set_of_letters_loses_each_of_them_since_no_change_of_places_changes_it():
    lines = {one.after for one in mutants.mutants("### BEGIN SOLUTION\nchosen = 'ABD'\n### END SOLUTION")}
    assert lines == {"chosen = 'BD'", "chosen = 'AD'", "chosen = 'AB'", "pass"}


@pytest.mark.slow
@pytest.mark.parametrize("path", DESCRIBED, ids=lambda path: path.stem)
def test_a_share_of_the_mutants_is_refused(path, monkeypatch):
    monkeypatch.setenv("COURSE_ANSWERS", "/dev/null")
    draw, known = random.Random(4), mutants.listed()
    tried, survivors = mutants.judged(path, lambda several: [one for one in several if draw.random() < 0.15])
    assert tried > 5
    assert [one for one in survivors if (one["sheet"], one["as"]) not in known] == []
