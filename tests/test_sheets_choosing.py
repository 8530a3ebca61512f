"""Sheet 11: its other right and wrong answers, and what ties its right answers to the library."""

import numpy as np

from course_lib import choosing
from course_lib.sheets import choosing as sheet

ALSO = {
    "best_of": [lambda scores, k: choosing.expected_best(scores, k)],
    "halve": [lambda values: choosing.halving(values)[0]],
    "missed": ["DB"],
}

WRONG = {
    "honest": [(88.31, "too large")],
    "missed": [("B", "For each point try weights"), ("AX", "Letters from A to F are meant")],
}


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
