"""Sheet 05: its other right and wrong answers, and what ties its right answers to the library and to runs."""

import math
from itertools import permutations

import numpy as np
import pytest

from course_lib import optimizers, problems
from course_lib.descent import descend, end
from course_lib.optimizers import adam, amsgrad, gd
from course_lib.sheets import adaptive_methods


def fading(x, g, v=0.0, *, lr, b2=0.9, eps=1e-8):
    v = v + (1 - b2) * (g * g - v)
    return x - lr / (v**0.5 + eps) * g, v


def one_rate(x, g, m=0.0, v=0.0, t=0, *, lr, b1=0.9, b2=0.999, eps=1e-8):
    """In the other usual form: both corrections in one rate, and eps scaled to match."""
    t, m, v = t + 1, m + (1 - b1) * (g - m), v + (1 - b2) * (g**2 - v)
    left = math.sqrt(1 - b2**t)
    return x - lr * left / (1 - b1**t) * m / (np.sqrt(v) + eps * left), m, v, t


def one_by_one(method, f, start, steps, rates):
    with np.errstate(all="ignore"):
        ends = [f(descend(method, f, start, steps, lr=rate)[:, -1]) for rate in rates]
    best = min(range(len(rates)), key=lambda i: ends[i] if np.isfinite(ends[i]) else math.inf)
    return [rates[best], ends[best], best not in (0, len(rates) - 1)]


TURN = np.array([[0.8, -0.6], [0.6, 0.8]])
NARROWER = "Make it narrower"
LESS_STEEP = "Make that one less steep"
NO_LOUDER = "as loud as the mean needs, and no louder"

ALSO = {
    "adagrad": [optimizers.adagrad],
    "rmsprop": [optimizers.rmsprop, fading],
    "lines": ["GFDABEC"],
    "adam": [optimizers.adam, one_rate],
    "printed_first": [31.6],
    "adamw": [optimizers.adamw],
    "left_on": [lambda rates, decay: np.cumprod(1 - decay * rates)[-1],
                lambda rates, decay: math.exp(sum(math.log(1 - decay * rate) for rate in rates))],
    "half_life": [lambda lr, decay: -math.log(2) / math.log1p(-lr * decay),
                  lambda lr, decay: math.log(0.5, 1 - lr * decay)],
    "decay_for": [lambda lr, steps, share: -math.expm1(math.log(share) / steps) / lr],
    "trusted": [lambda x, u, *, lr: x - u * (lr * (math.hypot(*x) / math.hypot(*u) if any(x) and any(u) else 1))],
    "loses": [[[1, 0], [0, 1]], np.eye(2) * 50, [[1.0, 0.2], [0.2, 1.0]]],
    "wins": [[[0.001, 0], [0, 1]], np.diag([100.0, 0.1])],
    "slopes": [[-2.0] * 39 + [100.0], np.array([60.0] + [-1.0] * 49), [80] + [-1] * 49],
    "tuned": [one_by_one],
}  # fmt: skip

WRONG = {
    "loses": [
        (np.diag([0.001, 1]), "Here Adam ends lower"),
        ([[2.0, 1.9], [1.9, 2.0]], "Make the bowl rounder"),
        ([[1, 0.5], [0, 1]], "must be equal"),
        ([[0, 0], [0, 0]], "must lie between 0.001 and 100"),
        ([1, 1], "Two rows of two numbers"),
    ],
    "wins": [
        ([[1, 0], [0, 1]], "Here gradient descent ends lower"),
        (TURN @ np.diag([0.001, 1]) @ TURN.T, "Put it along the axes"),
        (np.diag([0.02, 1]), NARROWER),
        ([[100, 0], [0, 0.001]], LESS_STEEP),
        (np.diag([100, 0.01]), LESS_STEEP),
        (np.diag([10, 0.001]), LESS_STEEP),
        ([[1e-6, 0], [0, 1]], "must lie between 0.001 and 100"),
    ],
    "slopes": [
        ([3, -1, -1], "Adam goes left"),
        ([29 + 6] + [-1] * 29, "it does not stay at 0.9"),
        *(([loud] + [-1] * 49, NO_LOUDER) for loud in (100, 150, 200, 1000)),
        ([50] + [-1] * 49, "below 0.2"),
        ([5001] + [-1] * 5000, "At most 50"),
        ([600000] + [-10000] * 49, "thrown about"),
        ("up", "A list of at least two numbers"),
    ],
}  # fmt: skip


def test_twenty_two_orders_of_the_lines_are_right():
    needs = adaptive_methods.lines.needs
    assert sum(all(order.index(a) < order.index(b) for b, a, _ in needs) for order in permutations("ABCDEFG")) == 22


@pytest.mark.parametrize(("kind", "method"), [("gd", gd), ("adam", adam), ("amsgrad", amsgrad)])
def test_the_drift_by_numbers_is_that_of_the_library(kind, method):
    slopes = [7.0, -1.0, -1.5, -1.0, -0.5]
    hyper = {} if method is gd else {"b1": 0.9, "b2": 0.9}
    x, memory, places = np.zeros(1), (), []
    for t in range(5100):
        x, *memory = method(x, np.array([slopes[t % 5]]), *memory, lr=0.001, **hyper)
        x = np.clip(x, -1, 1)
        places.append(x[0])
    assert abs(adaptive_methods.drifts(slopes, kind, steps=5100) - np.mean(places[100:])) < 1e-9


def test_the_numbers_of_the_sheet_are_those_of_runs():
    X, y = problems.digits()
    keep = (y == 3) | (y == 8)
    task = problems.logistic(X[keep], np.where(y[keep] == 3, 1, -1), decay=0.1)
    lowest, rates = task(end(gd, task, task.start, 5000, lr=0.5)), np.geomspace(1e-4, 100, 37)
    heights = [adaptive_methods.tuned.right(m, task, task.start, 100, rates)[1] - lowest for m in (adam, gd)]
    assert adaptive_methods.ratio.report(heights[0] / heights[1])[0]
    assert 90 < 1 / adaptive_methods.times_lower(np.diag([0.001, 1.0])) < 400
