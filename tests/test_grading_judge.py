"""What becomes of an answer where a right answer of ours fails."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from course_lib.checks.calls import OwnFault
from course_lib.checks.exercise import case, function
from course_lib.grading.judge import OUR_FAULT, Judge, Verdict, credited
from course_lib.grading.read import Submission
from course_lib.grading.remote import Ended
from course_lib.grading.unit import blank_mark, graded, unit_of

OURS = unit_of("04_momentum")
EMA = next(cell for cell in graded(OURS) if cell.check == "ema")
HEAD = {"points": 2, "read": "1. A section", "cases": [case("one", 1.0)], "draw": lambda rng: case("", rng.normal())}


def exercise(right):
    return function("4.1 A running mean", **HEAD)(right)


class Session:
    """Gives an answer, and has seen no trouble. As `remote.Session`."""

    def __init__(self, answer):
        self.answer, self.lent, self.touched, self.refused = answer, None, False, False
        self.calls = self.blanks = self.results = 0
        self.errors, self.ended, self.steps, self.last = {}, {}, [], ((), None)

    def value(self, place, expression):
        return self.answer


def verdict(known, answer, is_hidden):
    """The verdict on an answer by an exercise, in the sheet or out of sight."""
    unit = replace(OURS, visible=SimpleNamespace(ema=known), hidden={"ema": known.hidden()} if is_hidden else {})
    judge = Judge(unit, Submission(), None, [0])
    return Verdict(judge, blank_mark(EMA, unit), Session(answer))


@pytest.mark.parametrize("is_hidden", [True, False])
@pytest.mark.parametrize("answer", [lambda a: a, lambda a: np.nan])
def test_where_our_own_right_answer_fails_a_person_looks(is_hidden, answer):
    said = verdict(exercise(lambda a: 1 / 0), answer, is_hidden)
    words = said.words()
    assert (words["state"], words["marks"]) == ("needs a person", None)
    assert words["note"] == OUR_FAULT
    assert words["properties"] == []
    assert "ZeroDivisionError" in words["tried"][-1]["came"], "for the teacher"
    assert not said.gives_nothing, "it is not tried again in other ways"


@pytest.mark.parametrize("is_hidden", [True, False])
def test_where_it_does_not_the_answer_is_graded(is_hidden):
    assert verdict(exercise(lambda a: 2 * a), lambda a: 2 * a, is_hidden).words()["marks"] == 2
    assert verdict(exercise(lambda a: 2 * a), lambda a: 1 / 0, is_hidden).words()["marks"] == 0


def test_no_property_fails_by_a_fault_of_ours():
    with pytest.raises(OwnFault):
        credited(exercise(lambda a: 1 / 0).hidden(), lambda: abs, [0], lambda one, error: None)


@pytest.mark.parametrize("ends", [(), (1,), (1, 2)])
def test_where_a_process_ends_the_property_is_tried_once_more(ends):
    """Once in all: it may have been a cell's doing. The inputs are the same."""
    seen, lost = [], []

    def answer():
        def double(a):
            seen.append(a)
            if len(seen) in ends:
                raise Ended("it ended the process it ran in", by_chance=True)
            return 2 * a

        return double

    held = credited(exercise(lambda a: 2 * a).hidden(), answer, [0], lambda one, error: lost.append(error))
    assert (held.count(False), len(lost)) == ((1, 1) if len(ends) == 2 else (0, 0))
    assert not ends or seen[0] == seen[1]


def test_what_runs_too_long_is_not_tried_again():
    seen = []

    def answer():
        seen.append(1)
        raise Ended("it ran longer than 3 s")

    properties = exercise(lambda a: 2 * a).hidden()
    assert credited(properties, answer, [0], lambda one, error: None) == [False] * len(properties)
    assert len(seen) == min(2, len(properties))
