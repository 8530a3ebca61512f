"""Sheet 02: its other right and wrong answers, and what ties its right answers to the library and to runs."""

from fractions import Fraction

import numpy as np
import pytest

from course_lib import gradients as library
from course_lib.descent import descend
from course_lib.grading import variants
from course_lib.optimizers import gd
from course_lib.sheets import gradients
from course_lib.surfaces import quadratic_form, quartic


def layer_by_examples(X, W, a, da):
    """Row by row: each example adds its share."""
    ds = [slope * (1 - out**2) for slope, out in zip(da, a)]
    return sum(np.outer(x, s) for x, s in zip(X, ds)), sum(ds), np.array([W @ s for s in ds])


def counted(p, q):
    """By failures that multiply, in fractions."""
    p, q = Fraction(p), Fraction(q)
    n, fails = 1, 1 - p
    while fails > 1 - q:
        n, fails = n + 1, fails * (1 - p)
    return n


def trying_all_corners(g):
    corners = np.stack(np.meshgrid(*[[-1.0, 1.0]] * len(g)), axis=-1).reshape(-1, len(g))
    return corners[np.argmin(corners @ g)]


def armijo_by_powers(f, x, g, lr=1.0, c=0.1):
    height = f(x)
    rates = (lr / 2**k for k in range(200))
    return next(rate for rate in rates if f(x - rate * g) < height - c * rate * np.sum(g**2))


ALSO = {
    "walk": [lambda grad, start, steps, lr: gradients.walk.right(grad, np.array(start, float), steps, lr)],
    "edge": [0.222],
    "days": [11.6],
    "central": [library.central_differences],
    "gradient": [lambda w, X, y, decay: np.einsum("ni,n->i", X, X @ w - y) / len(y) + decay * w],
    "found_by_the_check": ["No"],
    "mended": [lambda w, X, y, decay: 0.5 * np.mean((X @ w - y.reshape(-1)) ** 2) + 0.5 * decay * np.sum(w**2)],
    "steepest_l1": [library.steepest_l1],
    "steepest_linf": [library.steepest_linf, trying_all_corners],
    "armijo": [armijo_by_powers],
    "layer_backward": [layer_by_examples],
    "adversary": [lambda lr: -5 / lr**0.5, lambda lr: np.array([2 * (1 / (2 * lr)) ** 0.5])],
    "starts_needed": [counted, lambda p, q: int(np.ceil(np.log(1 - q) / np.log(1 - p)))],
}

WRONG = {
    "days": [(11.5, "too small")],
    "central": [
        (lambda f, x, h: gradients.central.right(f, x, h).sum(), "Wrong shape"),
    ],
    "found_by_the_check": [
        ("perhaps", "Not 'perhaps'"),
        (False, "answer with a text"),
        ("no.", 'answer "yes" or "no", no more'),
    ],
    "armijo": [
        (lambda f, x, g, lr=1.0, c=0.1: gradients.armijo.right(f, x, g, lr, 2.0), "got 'a loop without end'"),
        (lambda f, x, g, lr=1.0, c=0.1: lr / 2**50, "Wrong result"),
    ],
    "layer_backward": [
        (lambda X, W, a, da: (X.T @ (da * (1 - a * a)), da * (1 - a * a), 0 * X), "Wrong shape of the db"),
        (lambda X, W, a, da: gradients.layer_backward.right(X, W, a, da)[:2], "Expected 3 results"),
    ],
    "adversary": [
        (lambda lr: np.nan, "got 'no finite start'"),
        (lambda lr: 1.01 * (0.5 / lr) ** 0.5 if lr > 0.01 else 0.0, "a run that stays below a million"),
        (7.0, "A function is meant"),
    ],
}  # fmt: skip


def test_nan_is_no_walk():
    def nowhere(grad, start, steps, lr):
        return np.full((len(start), steps + 1), np.nan)

    assert not any(one.holds(nowhere, np.random.default_rng(0)) for one in gradients.walk.hidden())


@pytest.mark.parametrize(("p", "q", "starts"), [(0.2, 0.36, 2), (0.1, 0.271, 3), (0.2, 0.488, 3), (0.5, 0.75, 2)])
def test_rounding_buys_no_start_too_many(p, q, starts):
    assert gradients.starts_needed.right(p, q) == starts
    assert (np.log(1 - 0.36) / np.log(1 - 0.2)).item() == 2.0000000000000004, "as the solution says"


def test_what_is_right_is_what_the_library_does():
    start = np.array([1.0, -2.0])
    expected = descend(gd, quadratic_form(gradients.A), start, 4, lr=0.3)
    np.testing.assert_allclose(gradients.walk.right(gradients.tilted, start, 4, 0.3), expected, rtol=0, atol=1e-12)
    edge = gradients.edge_of.right(0.1)
    inside, outside = (descend(gd, quartic, [edge * factor], 20, lr=0.1)[0] for factor in (0.99, 1.01))
    assert np.all(np.diff(np.abs(inside)) < 0)
    assert np.all(np.diff(np.abs(outside[:8])) > 0)
    assert gradients.farthest(edge * 0.99, 0.1) < 3 < 1e6 < gradients.farthest(edge * 2, 0.1)


@pytest.mark.parametrize("seed", [f"seed {i}" for i in range(40)])
def test_one_decimal_of_the_days_is_enough_in_a_variant(seed):
    days = (variants.drawn("02_gradients", seed)["parameters"] + 1) / 86_400
    assert abs(round(days, 1) - days) < 5e-3 * days
