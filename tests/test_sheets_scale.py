"""Sheet 10: its other right and wrong answers, and what ties its right answers to the library and to runs."""

import numpy as np
import pytest

from course_lib import optimizers, schedules, wrappers
from course_lib.descent import descend, end
from course_lib.scale import ring, rounded, scaled_sign
from course_lib.sheets import scale as sheet
from course_lib.surfaces import quadratic_form


def by_companion(delay, lr, beta):
    """The largest eigenvalue of the step itself, on positions and velocity."""
    n = delay + 1
    A = np.eye(n + 1, k=-1)
    A[n] = 0
    A[n, n], A[n, delay] = beta, 1  # the new velocity
    A[0] = 0
    A[0, 0] = 1
    A[0] -= lr * A[n]
    return np.abs(np.linalg.eigvals(A)).max()


def whole_by_loops(gradients, sizes, limit):
    g = sum(n * row for n, row in zip(sizes, gradients)) / sum(sizes)
    return g * min(1, limit / np.sqrt(np.sum(g**2))) if np.any(g) else g


def turned(a, t):
    K = len(a)
    return [
        [
            (a[c, to] + a[c, to - 1] if t < K - 1 else a[c, to - 1]) if c == (to - 1 - t) % K else a[c, to]
            for to in range(K)
        ]
        for c in range(K)
    ]


def root_by_svd(S):
    U, s, _ = np.linalg.svd(S)
    return U / np.sqrt(np.sqrt(s)) @ U.T


def shampoo_by_svd(W, G, L, R, *, lr):
    L, R = L + G @ G.T, R + G.T @ G
    return W - lr * root_by_svd(L) @ G @ root_by_svd(R), L, R


ALSO = {
    "whole": [whole_by_loops],
    "turn": [turned],
    "step_with_rest": [lambda x, g, e, code, *, lr: (x - code(e + lr * g), e + lr * g - code(e + lr * g))],
    "arriving": [{"B", "F", "D"}],
    "at_random": [lambda x, s, u: s * (np.floor(x / s) + (u >= 1 - (x / s - np.floor(x / s))))],
    "proof": ["BDFCAGE"],
    "ruined": [((1.0, 19.0), (0.0, 5.0)), np.array([[0.01, 19.0], [2.0, 1.0]])],
    "factor": [by_companion],
    "edge": [0.28],
    "flat_then_down": [
        lambda lr, steps, down: lambda t: lr if t < steps - down else lr * (steps - t) / down if t < steps else 0.0
    ],
    "shampoo": [shampoo_by_svd],
}

WRONG = {
    "updates": [(149, "too small")],
    "edge": [(0.29, "too large")],
    "spike": [(6000, "too large")],
    "turn": [(lambda a, t: np.repeat(a.sum(axis=1, keepdims=True), len(a), axis=1), "Wrong")],
    "arriving": [("XYZ", "letters from A to F"), ("BCDF", "C is lost"), ("BF", "D arrives"), ("BDEF", "E is lost")],
    "at_random": [
        (lambda x, s, u: s * (np.floor(x / s) + (u < 0.5)), "half the time"),
        (lambda x, s, u: s * (np.floor(x / s) + (u < x / s - np.floor(x / s))), "right on average"),
    ],
    "flat_then_down": [
        (
            lambda lr, steps, down: lambda t: lr * (1 - np.cos(np.pi * min(1, max(0, (steps - t) / down)))) / 2,
            "half a cosine",
        )
    ],
    "ruined": [
        ((1.0, 2.0), "Two pairs are meant"),
        (((25.0, 1.0), (1.0, -1.0)), "below 20"),
        (((-1.0, 1.0), (1.0, -1.0)), "below 20"),
        (((19.0, 1.0), (1.0, 1.0)), "at least 0.1 apart"),
        (((10.0, 1.0), (1.0, -1.0)), "less than five times the lowest"),
        (((float("nan"), 1.0), (1.0, -1.0)), "Two pairs are meant"),
    ],
}


def test_the_right_answers_are_what_the_library_does():
    rng = np.random.default_rng(10)
    x, g, rest = rng.normal(size=(3, 5))
    ours = sheet.step_with_rest.right(x, g, rest, scaled_sign, lr=0.1)
    for a, b in zip(ours, wrappers.with_feedback(optimizers.gd, scaled_sign)(x, g, rest, lr=0.1)):
        np.testing.assert_allclose(a, b, rtol=0, atol=1e-15)
    W, G = rng.normal(size=(2, 3, 4))
    L, R = np.eye(3), 2 * np.eye(4)
    theirs = optimizers.shampoo(W, G, L, R, lr=0.1, eps=0.0)
    for a, b in zip(sheet.shampoo.right(W, G, L, R, lr=0.1), theirs):
        np.testing.assert_allclose(a, b, rtol=1e-10)
    parts = rng.normal(size=(6, 6))
    a = parts
    for t in range(10):
        a = sheet.turn.right(a, t)
    sums, sent = ring(parts)
    np.testing.assert_allclose(a, sums, rtol=1e-12)
    assert sent == 10


def test_the_numbers_of_the_guesses_are_those_of_the_library():
    assert ring(np.zeros((3200, 16)))[1] == sheet.sent.right
    sums = [(1, -0.001), (1, -0.003), (1, 0.003), (1, 0.005), (100, 0.2), (0.01, -0.0001)]
    for letter, (w, update) in zip("ABCDEF", sums):
        w = rounded(w, "bfloat16")
        assert (rounded(w + update, "bfloat16") != w) == (letter in sheet.ARRIVING)


def test_where_two_workers_settle_is_where_they_do():
    a, c = map(np.array, sheet.ruined.passes)
    x = 0.0
    for _ in range(50):
        worker = np.full(2, x)
        for _ in range(64):
            worker = worker - 0.1 * a * (worker - c)
        x = worker.mean()
    assert np.sum(a * (x - c) ** 2) / 4 == pytest.approx(sheet.settling(sheet.ruined.passes)[0], rel=1e-9)


def test_the_factor_is_that_of_a_run():
    bowl, method = quadratic_form([[1.0]]), wrappers.stale(optimizers.momentum, 2)
    low, high = (np.abs(end(method, bowl, [1.0], 3000, lr=lr, beta=0.5)[0]) for lr in (0.279, 0.283))
    assert low < 1 < high
    path = np.abs(descend(method, bowl, [1.0], 1200, lr=0.25, beta=0.5)[0])
    measured = (path[900:1200].max() / path[300:600].max()) ** (1 / 600)
    assert measured == pytest.approx(sheet.factor.right(2, 0.25, 0.5), abs=1e-3)


def felt(b2):
    """How many gradients of 1 bring v down to 4 after one of 1,000."""
    v, steps = b2 + (1 - b2) * 1000**2, 0
    while v > 4:
        v, steps = b2 * v + (1 - b2), steps + 1
    return steps


def test_after_a_spike_of_a_thousand_adam_is_slow_for_as_long_as_the_solution_says():
    assert felt(0.999) == sheet.spike.right
    assert felt(0.95) == 190


def test_how_unequal_two_curvatures_must_be():
    excess = [(1 + r) ** 2 / (4 * r) for r in (17.9, 18)]
    assert excess[0] == pytest.approx(5, abs=0.02)
    assert excess[1] > 5


def test_flat_then_down_is_a_cosine_with_straight_sides():
    ours = sheet.flat_then_down.right(0.1, 100, 100)
    assert [ours(t) for t in (0, 50, 100)] == pytest.approx([schedules.cosine(0.1, 100)(t) for t in (0, 50, 100)])
