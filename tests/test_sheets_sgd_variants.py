"""Sheet 03: its other right and wrong answers, loops over numbers that agree with it, and what ties it to runs."""

import math

import numpy as np
import pytest

from course_lib import problems, schedules, wrappers
from course_lib.descent import descend, first_step
from course_lib.optimizers import gd
from course_lib.sheets import sgd_variants


def cut(order, size):
    return [order[i : i + size] for i in range(0, len(order), size)]


def epoch(n, size, rng):
    return cut(rng.permutation(n), size)


def library_epoch(n, size, rng):
    f = problems.least_squares(np.eye(n), np.zeros(n))
    rows = f.batches(size, rng).rows
    return [rows() for _ in range(-(-n // size))]


def forgetful(n, size, rng, seed=[0]):  # noqa: B006  a generator of its own, new at each call
    seed[0] += 1
    return cut(np.random.default_rng(seed[0]).permutation(n), size)


def in_shuffled_blocks(n, size, rng):
    blocks = cut(np.arange(n), size)
    return [blocks[i] for i in rng.permutation(len(blocks) - 1)] + blocks[-1:]


def yielded(n, size, rng):
    yield from epoch(n, size, rng)


def svrg_by_loops(f, w, lr, order):
    """A loop over numbers: no gradient of the library."""
    X, y = f.X, f.y
    full = sum(X[i] * (X[i] @ w - y[i]) for i in range(len(X))) / len(X)
    anchor = w
    for i in order:
        w = w - lr * (X[i] * (X[i] @ w - y[i]) - X[i] * (X[i] @ anchor - y[i]) + full)
    return w


def after_by_loops(task, size, rates):
    """The lowest mean loss above the minimum, by a loop over examples: one row for each rate."""
    X, y = task.X, task.y
    best, above = np.linalg.lstsq(X, y)[0], []
    with np.errstate(all="ignore"):  # a rate may diverge
        for seed in range(3):
            rng, w = np.random.default_rng(seed), np.zeros((len(rates), X.shape[1]))
            for _ in range(5):
                for rows in epoch(len(X), size, rng):
                    w = w - rates[:, None] * ((w @ X[rows].T - y[rows]) @ X[rows]) / size
            above.append(np.mean((w @ X.T - y) ** 2, axis=1) / 2 - np.mean((X @ best - y) ** 2) / 2)
    return np.nanmin(np.mean(above, axis=0))


ALSO = {
    "epoch": [library_epoch, lambda n, size, rng: [b.tolist() for b in epoch(n, size, rng)]],
    "stairs": [
        schedules.step_decay,
        lambda lr, every, factor: lambda t: lr * math.prod([factor] * sum(s % every == 0 for s in range(1, t + 1))),
    ],
    "warm_cosine": [lambda lr, steps, warm: schedules.warmup(schedules.cosine(lr, steps - warm), warm)],
    "clip_norm": [
        lambda g, c: wrappers.clip_by_norm(lambda x, g: (g,), c)(g, g)[0],
        lambda g, c: g if math.hypot(*g) <= c else np.array([c * v / math.hypot(*g) for v in g]),
    ],
    "clip_value": [
        lambda g, c: np.array([min(max(v, -c), c) for v in g]),
        lambda g, c: np.sign(g) * np.minimum(np.abs(g), c),
    ],
    "svrg_epoch": [svrg_by_loops],
    "best_after": [after_by_loops],
    "exponential": [lambda lr, t, k: lr * 2 ** (-k * t), lambda lr, t, k: lr * math.exp(-math.log(2) * k * t)],
    "counterexample": [[1, 1, -5], np.array([2.0, 2.0, 2.0, -40.0])],
}

WRONG = {
    "epoch": [
        (lambda n, size, rng: [rng.integers(n, size=len(b)) for b in epoch(n, size, rng)], "Some examples come twice"),
        (lambda n, size, rng: cut(np.arange(n), size), "come in their own order"),
        (lambda n, size, rng: epoch(n, size, np.random.default_rng(0)), "Two epochs from one generator have the same"),
        (forgetful, "The same seed gave two orders"),
        (lambda n, size, rng: [b + 1 for b in epoch(n, size, rng)], "The indices are not all from 0 to n - 1"),
        (lambda n, size, rng: [b.astype(float) for b in epoch(n, size, rng)], "An index is a whole number"),
        (lambda n, size, rng: [rng.permutation(b) for b in cut(np.arange(n), size)], "always come together"),
        (in_shuffled_blocks, "always come together"),
        (lambda n, size, rng: cut(np.roll(np.arange(n), rng.integers(n)), size), "one behind the other"),
        (yielded, "make a list or an array of it and return that"),
        (lambda n, size, rng: cut(np.arange(0), size), "It returns [], which is empty."),
        (lambda n, size, rng: [[i] for i in rng.permutation(n)], "Wrong"),
    ],
    "stairs": [
        (lambda lr, n, q: lr, "a function is meant as the result, got"),
        (lambda lr, n, q: lambda: lr, "takes 0 positional arguments but 1 was given"),
    ],
    "svrg_epoch": [(lambda f, w, lr, order: str(w), "expected numbers")],
    "counterexample": [
        ([1.0] * 9 + [-9.0], "The mean is above -1"),
        ([-2.0, 0.0], "Clipped SGD settles below 0.5"),
        ([1.0] * 20 + [-100.0], "At most 20 numbers"),
        (3.0, "A list of at least two numbers"),
        ([1.0, float("nan")], "A list of at least two numbers"),
    ],
}


def test_the_place_where_clipped_sgd_settles_is_that_of_a_run():
    for values in ([1.0] * 9 + [-21.0], [0.2, 3.0, -7.0, 1.1], [1, 1, -5]):
        f = problems.least_squares(np.ones((len(values), 1)), np.array(values, float))
        method = wrappers.clip_by_norm(gd, 1.0)
        path = descend(
            method, f.batches(1, np.random.default_rng(0)), [0.0], 4000, lr=schedules.inverse_time(0.5, 0.02)
        )
        assert path[0, -1] == pytest.approx(sgd_variants.settles(values), abs=0.03)


def test_the_numbers_of_the_sheet_are_those_of_runs():
    t = np.arange(100)
    assert t[1 / (1 + 0.1 * t) <= 1 / 8 + 1e-12].min() == 70
    X = np.random.default_rng(0).normal(size=(64, 3))
    y = X @ np.ones(3) + 0.3
    plain, copied = problems.least_squares(X, y), problems.least_squares(np.tile(X, (10, 1)), np.tile(y, 10))
    steps = [first_step(f(descend(gd, f, f.start, 99, lr=0.3)) <= 0.1) for f in (plain, copied)]
    assert steps[0] == steps[1]
