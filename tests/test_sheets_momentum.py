"""Sheet 04: its other right and wrong answers, and what ties its right answers to the library and to runs."""

import numpy as np
import pytest

from course_lib import optimizers, surfaces
from course_lib.descent import descend, end
from course_lib.grading import variants
from course_lib.sheets import momentum

ALSO = {
    "heavy_ball": [optimizers.momentum],
    "look_ahead": [optimizers.nesterov],
    "told_from_ahead": [optimizers.nesterov],
    "proof": ["FCAGBDE"],
    "critical_beta": [
        lambda lr, lam: 1 + lr * lam - 2 * (lr * lam) ** 0.5,
        lambda lr, lam: (1 - (lr * lam + 0j) ** 0.5) ** 2,
    ],
    "cycle": [[0.05, 0.98, -5], np.array([0.0287, 0.98, 5.0])],
    "rate": [lambda lr, lam, beta: np.max(np.abs(np.linalg.eigvals([[1 + beta - lr * lam, -beta], [1, 0]])))],
    "completed": [lambda x, Q, c, b: 0.5 * x @ Q @ x + c @ x + b],
    "next_z": [lambda z, lam, lr: (1 - lr * lam) * z],
}

WRONG = {
    "cycle": [
        ((1 / 9, (2 / 3) ** 2, 3.3), "here Nesterov's ball flies off"),
        ((0.04, 0.9, 5.0), "The heavy ball arrives at the minimum"),
        ((0.2, 0.5, 5.0), "The heavy ball flies off"),
        ((0.08, 0.0, 5.0), "Nesterov's ball has not arrived"),
        ((0.02, 1.0, 5.0), "beta from 0 to 0.99"),
        ((0.02, 0.9, [5.0]), "the start is a number here, no list"),
        ((0.02, 0.9, float("inf")), "Three numbers in one tuple are meant"),
    ],
}  # fmt: skip


def test_a_converted_memory_goes_on_as_if_nothing_had_happened():
    methods = {"sum": optimizers.momentum, "mean": optimizers.momentum_ema}
    for convert, old, new in [(momentum.sum_to_ema, "sum", "mean"), (momentum.ema_to_sum, "mean", "sum")]:
        x, v = np.array([1.0, -2.0]), np.array([0.5, 3.0])
        lr, w = convert.right(0.1, v, 0.8)
        for g in np.random.default_rng(1).normal(size=(6, 2)):
            (y, v), (z, w) = methods[old](x, g, v, lr=0.1, beta=0.8), methods[new](x, g, w, lr=lr, beta=0.8)
            np.testing.assert_allclose(y, z, rtol=0, atol=1e-14)
            x = y


@pytest.mark.parametrize(("looks_ahead", "method"), [(False, optimizers.momentum), (True, optimizers.nesterov)])
def test_positions_on_lessards_function_are_those_of_the_library(looks_ahead, method):
    told = momentum.places(0.03, 0.8, 5.0, looks_ahead=looks_ahead, steps=200)[1:]
    path = descend(method, surfaces.lessard, [5.0], 200, lr=0.03, beta=0.8)[0]
    if looks_ahead:  # the library's x is the look-ahead point, beta times the last step farther
        told = told + 0.8 * np.diff(told, prepend=told[0])
    np.testing.assert_allclose(told, path, rtol=0, atol=1e-9)


def test_the_numbers_of_the_sheet_are_those_of_runs():
    ball, bowl = optimizers.momentum, surfaces.quadratic_form([[1.0]])
    assert momentum.per_step.report(abs(end(ball, bowl, [1.0], 1000, lr=1.0, beta=0.81)[0]) ** (1 / 1000))[0]
    betas = np.linspace(0, 0.99, 991)
    last = end(ball, surfaces.quadratic_form([[0.18]]), [1.0], 1000, lr=0.5, beta=betas)[0]
    assert momentum.measured_beta.report(betas[np.argmin(np.abs(last))])[0]
    rates = np.array([0.7499, 0.7501])
    last = end(ball, surfaces.quadratic_form([[4.0]]), [1.0], 100_000, lr=rates, beta=0.5)[0]
    assert abs(last[0]) < 1 < abs(last[1])
    path = descend(ball, surfaces.absolute, [1000.0], 500, lr=0.01, beta=0.95)[0]
    assert momentum.full_speed.report(path[-2] - path[-1])[0]


def test_at_the_critical_momentum_the_roots_coincide():
    for lr, lam in [(0.1, 0.5), (2.0, 1.5), (1.0, 3.9)]:
        beta = momentum.critical_beta.right(lr, lam)
        assert 0 <= beta < 1
        roots = np.roots([1, lr * lam - 1 - beta, beta])
        assert abs(roots[0] - roots[1]) < 1e-6
        assert momentum.rate.right(lr, lam, beta) == pytest.approx(max(abs(roots)), abs=1e-6)


@pytest.mark.parametrize("seed", [f"seed {i}" for i in range(40)])
def test_the_numbers_of_a_variant_make_good_exercises(seed):
    p = variants.drawn("04_momentum", seed)
    assert 0.3 < 1 - (p["door_rate"] * p["door_curvature"]) ** 0.5 < 0.9
    assert (1 - p["ripple_beta"] ** 0.5) ** 2 < p["ripple_rate"] < (1 + p["ripple_beta"] ** 0.5) ** 2, "it is a ripple"
    assert p["q11"] * p["q22"] > p["q12"] ** 2, "the curvatures are positive"
    assert np.isclose(p["height"] * p["zoom"] ** 2 * 25, p["sharp"])
    measured = [(1 - (p["door_rate"] * p["door_curvature"]) ** 0.5) ** 2, p["ripple_beta"] ** 0.5]
    assert not np.any(np.isclose(measured, [0.49, 0.9], rtol=0, atol=5e-3))
