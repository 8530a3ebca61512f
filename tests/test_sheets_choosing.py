"""Sheet 11: its other right and wrong answers, and what ties its right answers to the library."""

import numpy as np
import pytest

from course_lib import choosing
from course_lib.sheets import choosing as sheet

ALSO = {
    "too_good": [90.1 - 88.3],
    "best_of": [lambda scores, k: choosing.expected_best(scores, k)],
    "halve": [lambda values: choosing.halving(values)[0]],
    "missed": ["DB"],
}

WRONG = {
    "honest": [(88.31, "too large")],
    "missed": [("B", "For each point try weights"), ("AX", "Letters from A to F are meant")],
}


def test_the_right_answers_are_what_the_library_does():
    rng = np.random.default_rng(11)
    for _ in range(20):
        scores = rng.normal(size=6)
        k = int(rng.integers(1, 7))
        assert sheet.best_of.right(scores, k) == pytest.approx(choosing.expected_best(scores, k), abs=1e-12)
        values = rng.permutation(40).reshape(4, 10)
        assert sheet.halve.right(values) == choosing.halving(values)[0]


def test_the_trials_are_the_fewest():
    assert 0.9**29 <= 0.05 < 0.9**28


def test_no_weight_chooses_b_or_d_and_nothing_beats_them():
    points = np.array([[0, 1], [0.3, 0.8], [0.45, 0.45], [0.8, 0.3], [1, 0], [0.6, 0.6]])
    w = np.linspace(0, 1, 10_001)
    chosen = set(np.argmin(points @ np.stack((w, 1 - w)), axis=0))
    assert chosen == {0, 2, 4}
    front = [k for k, p in enumerate(points) if not (points < p).all(axis=1).any()]
    assert front == [0, 1, 2, 3, 4]
    assert "".join("ABCDEF"[k] for k in front if k not in chosen) == sheet.HIDDEN
