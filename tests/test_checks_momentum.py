"""The checks of sheet 04: right answers pass, usual wrong ones are called by their names, blanks are told so."""

import numpy as np
import pytest

from course_lib import surfaces
from course_lib.checks import momentum
from course_lib.descent import descend, end
from course_lib.optimizers import momentum as library_momentum
from course_lib.optimizers import momentum_ema as library_ema
from course_lib.optimizers import nesterov as library_nesterov


def ema(values, beta, start=0.0, old=None, new=None, first=1):
    old, new = beta if old is None else old, 1 - beta if new is None else new
    m, mean, corrected = start, [], []
    for t, value in enumerate(values, first):
        m = old * m + new * value
        mean.append(m)
        with np.errstate(divide="ignore", invalid="ignore"):
            corrected.append(np.divide(m, 1 - beta**t))
    return np.array(mean), np.array(corrected)


def ema_fed_back(values, beta):
    m, mean = 0.0, []
    for t, value in enumerate(values, 1):
        m = (beta * m + (1 - beta) * value) / (1 - beta**t)
        mean.append(m)
    return np.array(mean), np.array(mean)


def heavy_ball(x, g, v=0.0, *, lr, beta=0.9):
    v = beta * v + g
    return x - lr * v, v


def heavy_ball_in_place(x, g, v=0.0, *, lr, beta=0.9):
    v = beta * v + g
    x -= lr * v
    return x, v


def nesterov(x, g, v=0.0, *, lr, beta=0.9):
    v = beta * v + g
    return x - lr * (g + beta * v), v


def step(point, velocity):
    """A step from its two formulas; in that of the point, w is the new velocity."""

    def method(x, g, v=0.0, *, lr, beta=0.9):
        w = velocity(g, v, lr, beta)
        return point(x, g, v, w, lr, beta), w

    return method


def heavy_sum(g, v, lr, beta):
    return beta * v + g


def rate(lr, lam, beta):
    trace = 1 + beta - lr * lam
    root = (trace**2 - 4 * beta + 0j) ** 0.5
    return max(abs(trace + root), abs(trace - root)) / 2


def completed(x, Q, c, b, sign=1.0, constant=-0.5, half=0.5):
    best = np.linalg.solve(Q, c)
    return half * (x + sign * best) @ Q @ (x + sign * best) + b + constant * c @ best


RIGHT = {
    "ema": [ema],
    "heavy_ball": [heavy_ball, library_momentum],
    "full_speed": [0.2, 0.01 / (1 - 0.95)],
    "edge": [0.75, 0.7499],
    "times": [2, 2.08],
    "sum_to_ema": [lambda lr, v, beta: (lr / (1 - beta), (1 - beta) * v)],
    "ema_to_sum": [lambda lr, v, beta: (lr * (1 - beta), v / (1 - beta))],
    "sum_to_inside": [lambda lr, v, beta: (lr, lr * v)],
    "proof": ["CFAGDBE", "f c a g d b e", ["C", "F", "A", "G", "B", "D", "E"]],
    "critical_beta": [lambda lr, lam: (1 - np.sqrt(lr * lam)) ** 2],
    "measured_beta": [0.49, 0.492, np.float64(0.491)],
    "told_from_ahead": [nesterov],
    "look_ahead": [nesterov, library_nesterov],
    "cycle": [(0.0288, 0.98, 5.0), [0.05, 0.98, -5], np.array([0.0287, 0.98, 5.0])],
    "per_step": [0.9, 0.8988],
    "rate": [rate],
    "completed": [completed],
    "next_z": [lambda z, lam, lr: z - lr * lam * z, lambda z, lam, lr: (1 - lr * lam) * z],
}

WRONG = {
    "ema": [
        (lambda x, beta: ema(x, beta, new=1.0), "this is the fading sum"),
        (lambda x, beta: ema(x, beta, old=1 - beta, new=beta), "have changed places: beta keeps the old mean"),
        (lambda x, beta: ema(x, 1 - beta), "have changed places: beta keeps the old mean"),
        (lambda x, beta: ema(x, beta, start=x[0]), "the memory starts at 0, not at the first value"),
        (lambda x, beta: (ema(x, beta, start=x[0])[0],) * 2, "that leaves something to correct"),
        (lambda x, beta: (ema(x, beta)[0], ema(x, beta)[0]), "not corrected yet"),
        (lambda x, beta: (ema(x, beta)[0], ema(x, beta)[0] / (1 - beta)), "belongs to the first step only"),
        (lambda x, beta: ema(x, beta, first=0), "the correction is a step late"),
        (lambda x, beta: ema(x, beta, first=2), "the correction is a step early"),
        (ema_fed_back, "the corrected mean went back into the memory"),
        (lambda x, beta: ema(x, beta)[::-1], "the two results have changed places"),
        (lambda x, beta: ema(x, beta)[0], "Expected 2 results"),
        (lambda x, beta: (ema(x, beta)[0][-1], ema(x, beta)[1][-1]), "Wrong shape of the mean: expected (4,)"),
    ],
    "heavy_ball": [
        (heavy_ball_in_place, "x was changed in place"),
        (library_ema, "this is the running mean; the sum is meant"),
        (step(lambda x, g, v, w, lr, beta: x + lr * w, heavy_sum), "the sign of the step"),
        (step(lambda x, g, v, w, lr, beta: x - lr * w, lambda g, v, lr, beta: beta * v - g), "sign of the gradient"),
        (step(lambda x, g, v, w, lr, beta: x + lr * w, lambda g, v, lr, beta: beta * v - g), "the minus sign stands"),
        (step(lambda x, g, v, w, lr, beta: x - lr * v, heavy_sum), "moves with the old velocity"),
        (lambda x, g, v=0.0, *, lr, beta=0.9: (x - lr * (beta * v + g), v), "comes back is the old one"),
        (step(lambda x, g, v, w, lr, beta: x - lr * g, heavy_sum), "moves by the gradient alone"),
        (lambda x, g, v=0.0, *, lr, beta=0.9: (x - lr * g, g), "this is gradient descent"),
        (step(lambda x, g, v, w, lr, beta: x - w, lambda g, v, lr, beta: beta * v + lr * g), "rate is inside"),
        (
            step(lambda x, g, v, w, lr, beta: x - beta * w, lambda g, v, lr, beta: lr * v + g),
            "lr and beta have changed",
        ),
        (step(lambda x, g, v, w, lr, beta: x - lr * w, lambda g, v, lr, beta: beta * (v + g)), "old velocity only"),
        (nesterov, "this is Nesterov's step"),
        (lambda x, g, v=0.0, *, lr, beta=0.9: heavy_ball(x, g, v, lr=lr, beta=beta)[::-1], "first x, then v"),
        (lambda x, g, v=0.0, *, lr, beta=0.9: x - lr * (beta * v + g), "Expected 2 results"),
        (lambda x, g, v=0.0, *, lr, beta=0.5: heavy_ball(x, g, v, lr=lr, beta=beta), "Wrong"),
    ],
    "full_speed": [
        (0.01, "gain is 1"),
        (0.1, "here beta is 0.95"),
        (0.19, "the fresh gradient"),
        (20, "this is the gain"),
    ],
    "edge": [(0.5, "gradient descent"), (0.25, "the sign"), (3, "here L is 4"), (0.375, "factor 2"), (1, "gain of 2")],
    "times": [
        (4, "gradient descent"),
        (16, "not like its square"),
        (1, "the longer one takes longer"),
        (7, "too large"),
    ],
    "sum_to_ema": [
        (lambda lr, v, beta: (lr * (1 - beta), v / (1 - beta)), "both go the wrong way"),
        (lambda lr, v, beta: (lr / (1 - beta), v), "still in the old spelling"),
        (lambda lr, v, beta: (lr, (1 - beta) * v), "the same rate on a smaller memory"),
        (lambda lr, v, beta: (lr * (1 - beta), v * (1 - beta)), "the rate goes the wrong way"),
        (lambda lr, v, beta: (lr / (1 - beta), v / (1 - beta)), "the memory goes the wrong way"),
        (lambda lr, v, beta: lr / (1 - beta), "Expected 2 results (learning rate, memory)"),
    ],
    "ema_to_sum": [
        (lambda lr, v, beta: (lr / (1 - beta), v * (1 - beta)), "both go the wrong way"),
        (lambda lr, v, beta: (lr * (1 - beta), v), "still in the old spelling"),
        (lambda lr, v, beta: (lr, v / (1 - beta)), "the same rate on a larger memory"),
        (lambda lr, v, beta: (lr / (1 - beta), v / (1 - beta)), "the rate goes the wrong way"),
        (lambda lr, v, beta: (lr * (1 - beta), v * (1 - beta)), "the memory goes the wrong way"),
    ],
    "sum_to_inside": [
        (lambda lr, v, beta: (lr, v), "still in the old spelling"),
        (lambda lr, v, beta: (1.0, lr * v), "the gradients to come still need the rate"),
        (lambda lr, v, beta: (lr, v / lr), "the memory goes the wrong way"),
        (lambda lr, v, beta: (lr / (1 - beta), lr * v), "this rate is for a mean"),
    ],
    "proof": [
        ("CAFGDBE", "can be replaced only when"),
        ("CFGADBE", "in an equation between positions alone"),
        ("CFAGEDB", "the conclusion stands before its reasons"),
        ("CFAGDEB", "the square of a size"),
        ("ABCDEFG", "Line 1 cannot be A"),
        ("CFA", "Lines are missing after A"),
    ],
    "critical_beta": [
        (lambda lr, lam: abs(1 - (lr * lam) ** 0.5), "this is the root of it"),
        (lambda lr, lam: 1 - (lr * lam) ** 0.5, "with a sign"),
        (lambda lr, lam: 1 - lr * lam, "the factor of gradient descent"),
        (lambda lr, lam: (1 - lr * lam) ** 2, "solved for beta, it is under a root"),
        (lambda lr, lam: (1 + (lr * lam) ** 0.5) ** 2, "the other solution"),
        (lambda lr, lam: (1 - lr * lam**0.5) ** 2, "under the root, too"),
        (lambda lr, lam: (1 - lam**0.5) ** 2, "the rate is missing"),
    ],
    "measured_beta": [
        (0.0, "this is the slowest one"),
        (0.99, "the largest of all"),
        (491, "this is an index"),
        (0.504, "make 1,000 steps"),
        (0.7, "this is root beta"),
        (0.968, "this is the most negative end"),
        (0.3, "too small"),
    ],
    "told_from_ahead": [
        (step(lambda x, g, v, w, lr, beta: x - lr * w - lr * beta * w, heavy_sum), "as if it were the ball"),
        (heavy_ball, "this is the heavy ball"),
        (step(lambda x, g, v, w, lr, beta: x + lr * beta * v - lr * w, heavy_sum), "this is where the ball is"),
        (step(lambda x, g, v, w, lr, beta: x + lr * beta * v - 2 * lr * w, heavy_sum), "too far ahead"),
        (
            step(lambda x, g, v, w, lr, beta: x + lr * (beta * v - w + beta * w), heavy_sum),
            "the sign: ahead of the ball",
        ),
        (step(lambda x, g, v, w, lr, beta: x + lr * beta * (v - w), heavy_sum), "the ball has to move"),
    ],
    "look_ahead": [
        (step(lambda x, g, v, w, lr, beta: x - lr * (g + beta * v), heavy_sum), "this is the heavy ball"),
        (step(lambda x, g, v, w, lr, beta: x - lr * g, heavy_sum), "this is where the ball is"),
        (step(lambda x, g, v, w, lr, beta: x - lr * (g + w), heavy_sum), "too far ahead"),
        (step(lambda x, g, v, w, lr, beta: x - lr * g - beta * w, heavy_sum), "the rate multiplies both"),
        (step(lambda x, g, v, w, lr, beta: x - lr * beta * w, heavy_sum), "the fresh gradient is missing"),
        (step(lambda x, g, v, w, lr, beta: x + lr * (g + beta * w), heavy_sum), "the sign of the step"),
        (lambda x, g, v=0.0, *, lr, beta=0.9: (nesterov(x, g, v, lr=lr, beta=beta)[0], v), "is the old one"),
        (
            step(
                lambda x, g, v, w, lr, beta: x - lr * (g + beta * w), lambda g, v, lr, beta: beta * v + (1 - beta) * g
            ),
            "v is a running mean",
        ),
    ],
    "cycle": [
        ((1 / 9, (2 / 3) ** 2, 3.3), "here Nesterov's ball flies off"),
        ((0.04, 0.9, 5.0), "The heavy ball arrives at the minimum"),
        ((0.2, 0.5, 5.0), "The heavy ball flies off"),
        ((0.08, 0.0, 5.0), "Nesterov's ball has not arrived"),
        ((0.02, 1.0, 5.0), "beta from 0 to 0.99"),
        ((0.02, 0.9), "Three numbers are meant"),
        ("0.02, 0.9, 5", "Three numbers are meant"),
        ((0.02, 0.9, float("inf")), "Three numbers are meant"),
    ],
    "per_step": [
        (1.8, "the sentence, not the run"),
        (0.81, "this is beta"),
        (4e-47, "take the root"),
        (0.5, "too small"),
    ],
    "rate": [
        (lambda lr, lam, beta: 2 * rate(lr, lam, beta), "this is as printed"),
        (lambda lr, lam, beta: beta**0.5, "this is right in a ripple only"),
        (lambda lr, lam, beta: 2 * beta**0.5, "this is the sentence"),
        (lambda lr, lam, beta: min(abs(np.roots([1, lr * lam - 1 - beta, beta]))), "the larger of the two sizes"),
        (lambda lr, lam, beta: abs(1 + beta - lr * lam) / 2, "the imaginary part"),
        (
            lambda lr, lam, beta: abs(1 + beta - lr * lam + ((1 + beta - lr * lam) ** 2 - 4 * beta + 0j) ** 0.5) / 2,
            "a root near -1",
        ),
    ],
    "completed": [
        (lambda x, Q, c, b: completed(x, Q, c, b, sign=-1), "this is as printed"),
        (lambda x, Q, c, b: completed(x, Q, c, b, sign=-1, constant=0.5), "in the square, not in the constant"),
        (lambda x, Q, c, b: completed(x, Q, c, b, constant=0.5), "the square is right"),
        (lambda x, Q, c, b: completed(x, Q, c, b, half=1.0), "the factor 1/2 of the square"),
        (lambda x, Q, c, b: completed(x, Q, c, b, constant=-1.0), "the factor 1/2 of the constant"),
        (lambda x, Q, c, b: completed(x, Q, c, b, constant=0.0), "is missing"),
    ],
    "next_z": [
        (lambda z, lam, lr: z - lam * z, "the learning rate is missing"),
        (lambda z, lam, lr: z - lr * z, "the curvatures are missing"),
        (lambda z, lam, lr: z + lr * lam * z, "against the gradient"),
        (lambda z, lam, lr: lr * (z - lam * z), "not the point"),
        (lambda z, lam, lr: -lr * lam * z, "this is the step alone"),
    ],
}


def test_a_hint_ends_as_a_sentence():
    for name, rows in WRONG.items():
        for answer, _ in rows:
            assert "?." not in getattr(momentum, name).report(answer)[1], name


BLANK = {
    name: [None, lambda *args, **hyper: None] if callable(answers[0]) else [None, (None, None, None), ""]
    for name, answers in RIGHT.items()
}


def test_what_the_checks_expect_is_what_the_library_does():
    rng = np.random.default_rng(4)
    x, g, v = rng.normal(size=(3, 2, 5))
    for row, method in ((momentum.ball, library_momentum), (momentum.ahead, library_nesterov)):
        expected = momentum.step(row)(x, g, v, lr=0.3, beta=0.7)
        np.testing.assert_allclose(expected, method(x, g, v, lr=0.3, beta=0.7), rtol=0, atol=1e-14)


@pytest.mark.parametrize(("looks_ahead", "method"), [(False, library_momentum), (True, library_nesterov)])
def test_positions_on_lessards_function_are_those_of_the_library(looks_ahead, method):
    told = momentum.places(0.03, 0.8, 5.0, looks_ahead, steps=200)[1:]
    path = descend(method, surfaces.lessard, [5.0], 200, lr=0.03, beta=0.8)[0]
    if looks_ahead:  # the library's x is the look-ahead point, beta times the last step farther
        told = told + 0.8 * np.diff(told, prepend=told[0])
    np.testing.assert_allclose(told, path, rtol=0, atol=1e-9)


def test_the_numbers_of_the_sheet_are_those_of_runs():
    bowl = surfaces.quadratic_form([[1.0]])
    per_step = abs(end(library_momentum, bowl, [1.0], 1000, lr=1.0, beta=0.81)[0]) ** (1 / 1000)
    assert momentum.per_step.report(per_step)[0]
    betas = np.linspace(0, 0.99, 991)
    last = end(library_momentum, surfaces.quadratic_form([[0.18]]), [1.0], 1000, lr=0.5, beta=betas)[0]
    assert momentum.measured_beta.report(betas[np.argmin(np.abs(last))])[0]
    rates = np.array([0.7499, 0.7501])
    last = end(library_momentum, surfaces.quadratic_form([[4.0]]), [1.0], 100_000, lr=rates, beta=0.5)[0]
    assert abs(last[0]) < 1 < abs(last[1])
    path = descend(library_momentum, surfaces.absolute, [1000.0], 500, lr=0.01, beta=0.95)[0]
    assert momentum.full_speed.report(path[-2] - path[-1])[0]
