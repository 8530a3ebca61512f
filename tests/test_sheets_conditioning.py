"""Sheet 07: its other right and wrong answers, and what ties its right answers to the library and to runs."""

import math
from types import SimpleNamespace

import numpy as np
import pytest

from course_lib import curvature, surfaces
from course_lib.descent import descend, first_step
from course_lib.grading import variants
from course_lib.optimizers import gd
from course_lib.sheets import conditioning


def allowing_for_rounding(train, new):
    spread = train.std(axis=0)
    return (new - train.mean(axis=0)) / np.where(spread > 1e-12 * np.abs(train).max(axis=0), spread, 1)


def whiten_by_triangle(train, new):
    L = np.linalg.cholesky(np.cov(train.T, bias=True))
    return np.linalg.solve(L, (new - train.mean(axis=0)).T).T


def whiten_by_svd(train, new):
    _, sizes, Vt = np.linalg.svd(train - train.mean(axis=0), full_matrices=False)
    return (new - train.mean(axis=0)) @ Vt.T / sizes * np.sqrt(len(train))


def whiten_and_turn_back(train, new):
    values, Q = np.linalg.eigh(np.cov(train.T, bias=True))
    return (new - train.mean(axis=0)) @ (Q * values**-0.5) @ Q.T


def by_inverse(B, s, y):
    """The update of the Hessian itself, and inverted."""
    if s @ y <= 0:
        return B
    H = np.linalg.inv(B)
    return np.linalg.inv(H + np.outer(y, y) / (y @ s) - np.outer(H @ s, H @ s) / (s @ H @ s))


def by_library(H, b, x, steps):
    f, lowest = surfaces.quadratic_form(H), np.linalg.solve(H, b)
    return lowest + descend(curvature.conjugate_gradients(f, curvature.exact), f, x - lowest, steps)[:, -1]


def krylov(H, b, x, steps):
    """The lowest point of the bowl over x and the first products of H with the slope there."""
    w, Q = b - H @ x, np.zeros((len(x), 0))
    for _ in range(min(steps, len(x))):
        for _ in range(2):
            w = w - Q @ (Q.T @ w)
        if np.linalg.norm(w) < 1e-10:
            break
        Q = np.column_stack([Q, w / np.linalg.norm(w)])
        w = H @ Q[:, -1]
    return x + Q @ np.linalg.solve(Q.T @ H @ Q, Q.T @ (b - H @ x)) if Q.size else x


def by_residuals(H, b, x, steps, share=lambda new, r: new @ new / (r @ r)):
    r = b - H @ x
    p = r
    for _ in range(steps):
        if not np.any(r):
            break
        t = r @ r / (p @ H @ p)
        x, new = x + t * p, r - t * (H @ p)
        p, r = new + share(new, r) * p, new
    return x


def greedy(product, start, steps):
    v = start / np.linalg.norm(start)
    for _ in range(steps):
        value = v @ product(v)
        v = product(v) / np.linalg.norm(product(v))
    return value


def scaled_by_the_largest(product, start, steps):
    v = start / np.abs(start).max()
    for _ in range(steps):
        v = product(v)
        v = v / np.abs(v).max()
    return v @ product(v) / (v @ v)


def nearly_equal(gap, n=50):
    a = np.linspace(-1, 1, n)
    return np.stack([a, a + gap * (-1.0) ** np.arange(n)], axis=1)


def exception(slope, at, instead):
    """A slope that makes an exception of one number, or of a few around it."""
    return lambda x: instead if at(x) else slope(x)


def changed(right):
    """An answer of letters with each letter wrong in turn, and what it hears."""
    for letter in conditioning.METHODS:
        keeps = letter in right
        other = right.replace(letter, "") if keeps else right + letter
        yield other, f"{letter} keeps its path, and is missing" if keeps else f"{letter} does not keep its path"


ALSO = {
    "steps": [2757, 200 * math.log(1e6)],
    "product": [lambda grad, x, v, h: (grad(x - h * v) - grad(x + h * v)) / (-2 * h)],
    "power": [scaled_by_the_largest, lambda *args: curvature.power_iteration(*args)[0]],
    "standardise": [allowing_for_rounding],
    "whiten": [whiten_by_triangle, whiten_by_svd, whiten_and_turn_back],
    "update": [by_inverse, curvature.secant_update],
    "conjugate": [
        by_library,
        krylov,
        by_residuals,
        lambda *args: by_residuals(*args, lambda new, r: new @ (new - r) / (r @ r)),
    ],
    "preconditioned": [lambda x, g, d, lr: x - (lr * np.diag(d)) @ g],
    "newton": [
        lambda f, x: x - np.linalg.inv(f.hess(x)) @ f.grad(x),
        lambda f, x: curvature.newton(SimpleNamespace(hess=f.hess))(x, f.grad(x))[0],
    ],
    "columns": [
        nearly_equal(1e-5).tolist(),
        nearly_equal(1e-6),
        nearly_equal(1e-3) * [1, 1e6] + 7,
        np.vander(np.linspace(1, 2, 40), 7)[:, :-1],
    ],
    "thrower": [
        (math.tanh, lambda x: 1 - math.tanh(x) ** 2 + 1e-300),
        [lambda x: x / (1.05**2 + x * x) ** 0.5, lambda x: 1.05**2 / (1.05**2 + x * x) ** 1.5],
        (lambda x: np.tanh([x]), lambda x: 1 / np.cosh([x]) ** 2),
        (lambda x: math.atan(1.3 * x), lambda x: 1.3 / (1 + (1.3 * x) ** 2)),
        (lambda x: math.erf(0.91 * x), lambda x: 1.82 / math.pi**0.5 * math.exp(-((0.91 * x) ** 2))),
    ],
    "slope_in_z": [lambda grad, A, z: grad(A @ z) @ A],
    "rounding": [
        lambda H: np.linalg.inv(np.linalg.cholesky(H)).T,
        lambda H: np.linalg.cholesky(np.linalg.inv(H)),
        lambda H: np.linalg.eigh(H)[1] / np.linalg.eigvalsh(H) ** 0.5 @ np.linalg.eigh(H)[1].T,
    ],
    "stretched": [["h", "e"], "E, H.", {"E", "H"}],
}

BY_HAND = np.tanh, lambda x: 1 / np.cosh(x) ** 2

WRONG = {
    "power": [(greedy, "41 products at most, and one more was asked for")],
    "whiten": [(lambda train, new: whiten_by_svd(train, train), "the shape of new is to be kept")],
    "columns": [
        (np.random.default_rng(0).normal(size=(200, 2)) * [1, 1e6], "Different units are cured"),
        (nearly_equal(0.1), "not yet 10,000"),
        (np.stack([np.arange(9.0), 0.1 * np.arange(9.0) + 1e6], axis=1), "made of the others"),
        (np.stack([np.ones(9) * 0.1, np.arange(9.0)], axis=1), "A column is constant"),
        (nearly_equal(1e-3).T, "more rows than columns"),
        (np.arange(5.0), "An array (n, d)"),
    ],
    "thrower": [
        (np.tanh, "A pair of functions"),
        ((lambda x: x / (1 + x * x) ** 0.5, lambda x: (1 + x * x) ** -1.5), "does not arrive at 0"),
        ((np.arctan, lambda x: 1 / (1 + x * x)), "From 1.1 Newton's method arrives as well"),
        ((lambda x: x, lambda x: 1.0), "From nowhere on [-10, 10]"),
        ((lambda x: 3 * x * x, lambda x: 6 * x), "the curvature is not above 0"),
        ((np.tanh, lambda x: 1 / np.cosh(x)), "not the derivative of the first"),
        ((lambda x: x + 1, lambda x: 1.0), "The slope at 0 is not 0"),
        ((exception(lambda x: x, lambda x: x == 1.1, math.nan), lambda x: 1.0), "not the derivative of the first"),
        ((exception(np.arctan, lambda x: 1.09 < x < 1.11, 1e9), lambda x: 1 / (1 + x * x)), "not the derivative"),
        ((lambda x: print(x), lambda x: 1.0), "is there a return on every way through it?"),
    ],
    **{name: [("none", "A text of letters"), *changed(getattr(conditioning, name).passes)]
       for name in ("scaled", "rotated", "stretched")},
}  # fmt: skip


def test_the_numbers_of_the_sheet_are_those_of_runs():
    valley = surfaces.quadratic(kappa=200)
    path = descend(gd, valley, [1, 0], 4000, lr=1 / valley.L)
    assert conditioning.steps.report(first_step(np.linalg.norm(path, axis=0) <= 1e-6))[0]
    assert conditioning.correlated.report(curvature.condition_number([[1, 0.9], [0.9, 1]]))[0]
    f = surfaces.quadratic_form(np.diag(np.repeat([1.0, 10, 100], [20, 20, 10])))
    path = descend(curvature.conjugate_gradients(f, curvature.exact), f, np.arange(1.0, 51), 6)
    assert conditioning.lines.report(first_step(np.linalg.norm(path, axis=0) < 1e-8))[0]
    assert np.std([0.1, 0.1, 0.1]) == pytest.approx(1.4e-17, abs=5e-19, rel=0)


def test_where_newton_throws_log_cosh():
    far = 1.0886  # a jump lands at -x: sinh(2x)/2 = 2x
    assert math.sinh(2 * far) / 2 == pytest.approx(2 * far, abs=1e-3)
    assert conditioning.arrives(BY_HAND, far - 1e-3)
    assert conditioning.leaves(BY_HAND, far + 1e-3)


CHANGES = {
    "scaled": (1000.0, np.eye(3)),
    "rotated": (1.0, np.array([[0.8, -0.6, 0], [0.6, 0.8, 0], [0, 0, 1]])),
    "stretched": (1.0, np.diag([5.0, 0.2, 1.0])),
}
STEPS = {
    "A": lambda g, H: 0.1 * g / np.linalg.norm(g),
    "B": lambda g, H: 0.1 * np.sign(g),
    "C": lambda g, H: g @ g / (g @ H @ g) * g,
    "D": lambda g, H: 0.1 * g * min(1, 1 / np.linalg.norm(g)),
    "E": lambda g, H: 0.5 * g / np.diag(H),
    "F": lambda g, H: np.linalg.solve(H + np.eye(3), g),
    "G": lambda g, H: 0.5 * (np.linalg.eigh(H)[1] / abs(np.linalg.eigvalsh(H))) @ np.linalg.eigh(H)[1].T @ g,
    "H": lambda g, H: np.linalg.solve(H, g),  # on a quadratic the lowest point of the line is a whole step away
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("letter", conditioning.METHODS)
def test_the_table_is_what_runs_do(change, letter):
    (factor, A), x = CHANGES[change], np.array([0.1, 0.2, -0.2])
    lowest = 0.5 if letter in "CH" else -0.5  # a lowest point of a line needs a bowl
    H = np.array([[2.0, 0.6, 0.1], [0.6, 1.0, 0.2], [0.1, 0.2, lowest]])
    z = np.linalg.solve(A, x)
    for _ in range(3):
        x = x - STEPS[letter](H @ x, H)
        M = factor * A.T @ H @ A
        z = z - STEPS[letter](M @ z, M)
    assert np.allclose(A @ z, x, rtol=0, atol=1e-8) == (letter in getattr(conditioning, change).passes)


@pytest.mark.parametrize("seed", [f"seed {i}" for i in range(40)])
def test_the_numbers_of_a_variant_make_good_exercises(seed):
    p = variants.drawn("07_conditioning", seed)
    assert len(p["curvatures"].replace(" and ", ", ").split(", ")) == p["different"]
    zoom = p["zoom"]
    wider = (lambda x: np.tanh(x / zoom), lambda x: 1 / np.cosh(x / zoom) ** 2 / zoom)
    assert conditioning.thrower.report(conditioning.thrower.varied.back(wider, p))[0]
    assert not conditioning.thrower.report(wider)[0]
