"""The checks of sheet 07: right answers pass, usual wrong ones are called by their names, blanks are told so."""

import math

import numpy as np
import pytest

from course_lib import curvature, surfaces
from course_lib.checks import conditioning
from course_lib.descent import descend, first_step
from course_lib.optimizers import gd


def hvp(grad, x, v, h=1e-5):
    return (grad(x + h * v) - grad(x - h * v)) / (2 * h)


def library_power(product, start, steps):
    return curvature.power_iteration(product, start, steps)[0]


def iterate(last=lambda v, w: v @ w, each=lambda w: w / np.sqrt(w @ w), first=None):
    """Power iteration from what it does with each product; last takes v and Av."""

    def power(product, start, steps):
        v = (first or each)(start)
        for _ in range(steps):
            v = each(product(v))
        return last(v, product(v))

    return power


def same(w):
    return w


def full_matrix(product, start, steps):
    H = np.stack([product(axis) for axis in np.eye(len(start))])
    values = np.linalg.eigvalsh(H)
    return max(values, key=abs)


def greedy(product, start, steps):
    v = start / np.linalg.norm(start)
    for _ in range(steps):
        value = v @ product(v)
        v = product(v) / np.linalg.norm(product(v))
    return value


def standardise(train, new, eps=0.0, ddof=0, bare=False):
    spread = train.std(axis=0, ddof=ddof)
    with np.errstate(all="ignore"):
        return (new - train.mean(axis=0)) / (spread + eps if bare or eps else np.where(spread > 0, spread, 1))


def whiten_by(power=-0.5, ddof=0, back=False, T=False):
    """Whitening by eigenvectors; back: turned back to the old axes."""

    def whiten(train, new):
        values, Q = np.linalg.eigh(np.cov(train.T, ddof=ddof))
        W = (Q.T if T else Q) * values**power
        return (new - train.mean(axis=0)) @ (W @ Q.T if back else W)

    return whiten


def whiten_by_triangle(train, new):
    L = np.linalg.cholesky(np.cov(train.T, bias=True))
    return np.linalg.solve(L, (new - train.mean(axis=0)).T).T


def whiten_by_svd(train, new):
    _, sizes, Vt = np.linalg.svd(train - train.mean(axis=0), full_matrices=False)
    return (new - train.mean(axis=0)) @ Vt.T / sizes * np.sqrt(len(train))


def bfgs(B, s, y, sign=1.0, below=None):
    if y @ s <= 0:
        return B
    ys = y @ s
    E = np.eye(len(s)) - np.outer(s, y) / ys
    return E @ B @ E.T + sign * np.outer(s, s) / (ys if below is None else below(s, y))


def bfgs_without_refusal(B, s, y):
    E = np.eye(len(s)) - np.outer(s, y) / (y @ s)
    return E @ B @ E.T + np.outer(s, s) / (y @ s)


def bfgs_forgets(B, s, y):
    return bfgs(B, s, y) if y @ s > 0 else np.eye(len(s))


def bfgs_of_the_hessian(B, s, y):
    return bfgs(B, y, s)


def bfgs_half(B, s, y):
    E = np.eye(len(s)) - np.outer(s, y) / (y @ s)
    return E @ B + np.outer(s, s) / (y @ s) if y @ s > 0 else B


def bfgs_crossed(B, s, y):
    E = np.eye(len(s)) - np.outer(y, s) / (y @ s)
    return E @ B @ E.T + np.outer(s, s) / (y @ s) if y @ s > 0 else B


def bfgs_without_eye(B, s, y):
    if s @ y <= 0:
        return B
    left = 1 - np.outer(s, y) / (s @ y)
    return left @ B @ left.T + np.outer(s, s) / (s @ y)


def bfgs_in_place(B, s, y):
    B += bfgs(B, s, y) - B
    return B


def dfp(B, s, y):
    if y @ s <= 0:
        return B
    return B - B @ np.outer(y, y) @ B / (y @ B @ y) + np.outer(s, s) / (y @ s)


def cg(A, b, x, steps, beta=lambda new, g: new @ new / (g @ g), far=lambda g, p, A: -g @ p / (p @ A @ p)):
    """Conjugate gradients with the gradient's sign, g = A x - b."""
    g = A @ x - b
    p = -g
    for _ in range(steps):
        if np.linalg.norm(g) < 1e-13:
            return x
        x = x + far(g, p, A) * p
        new = A @ x - b
        p, g = -new + beta(new, g) * p, new
    return x


def cg_polak(A, b, x, steps):
    return cg(A, b, x, steps, beta=lambda new, g: new @ (new - g) / (g @ g))


def cg_without_end(A, b, x, steps):
    r = b - A @ x
    p = r
    with np.errstate(all="ignore"):
        for _ in range(steps):
            t = r @ r / (p @ A @ p)
            x, new = x + t * p, r - t * (A @ p)
            p, r = new + (new @ new) / (r @ r) * p, new
    return x


def cg_uphill(A, b, x, steps):
    """The new direction begins with plus the gradient."""
    g = A @ x - b
    p = -g
    for _ in range(steps):
        if not np.any(g):
            break
        x = x - g @ p / (p @ A @ p) * p
        new = A @ x - b
        p, g = new + new @ new / (g @ g) * p, new
    return x


def minus(a):
    return lambda x, g, d, lr: x - lr * a(x, g, d)


def solves(H):
    return lambda f, x: x - np.linalg.solve(H(f, x), f.grad(x))


def nearly_equal(gap, n=50):
    a = np.linspace(-1, 1, n)
    return np.stack([a, a + gap * (-1.0) ** np.arange(n)], axis=1)


def units(rng=None):
    rng = np.random.default_rng(0)
    return rng.normal(size=(200, 2)) * [1, 1e6]


RIGHT = {
    "steps": [2757, 200 * math.log(1e6), 2757.4],
    "correlated": [19, (1 + 0.9) / (1 - 0.9)],
    "lines": [3, 3.0],
    "product": [hvp, lambda grad, x, v, h: (grad(x - h * v) - grad(x + h * v)) / (-2 * h)],
    "power": [
        library_power,
        iterate(),
        iterate(lambda v, w: v @ w / (v @ v)),
        iterate(lambda v, w: v @ w / (v @ v), lambda w: w / abs(w).max()),
    ],
    "standardise": [standardise],
    "whiten": [whiten_by(), whiten_by(back=True), whiten_by_triangle, whiten_by_svd],
    "update": [bfgs, curvature.secant_update],
    "conjugate": [cg, cg_polak],
    "preconditioned": [lambda x, g, d, lr: x - lr * d * g, lambda x, g, d, lr: x - (lr * np.diag(d)) @ g],
    "newton": [
        solves(lambda f, x: f.hess(x)),
        lambda f, x: x - np.linalg.inv(f.hess(x)) @ f.grad(x),
        lambda f, x: curvature.newton(f)(x, f.grad(x))[0],
    ],
    "columns": [nearly_equal(1e-3), nearly_equal(1e-5).tolist(), nearly_equal(1e-3) * [1, 1e6] + 7],
    "thrower": [
        (np.tanh, lambda x: 1 / np.cosh(x) ** 2),
        (math.tanh, lambda x: 1 - math.tanh(x) ** 2 + 1e-300),
        [lambda x: x / (1.05**2 + x * x) ** 0.5, lambda x: 1.05**2 / (1.05**2 + x * x) ** 1.5],
        (lambda x: math.atan(1.3 * x), lambda x: 1.3 / (1 + (1.3 * x) ** 2)),
        (lambda x: math.erf(0.91 * x), lambda x: 1.82 / math.pi**0.5 * math.exp(-((0.91 * x) ** 2))),
    ],
    "proof": ["DBFACE", "DFBACE", "d f b a c e"],
    "slope_in_z": [lambda grad, A, z: A.T @ grad(A @ z), lambda grad, A, z: grad(A @ z) @ A],
    "rounding": [
        lambda A: np.linalg.inv(np.linalg.cholesky(A)).T,
        lambda A: np.linalg.cholesky(np.linalg.inv(A)),
        lambda A: np.linalg.eigh(A)[1] / np.linalg.eigvalsh(A) ** 0.5,
        lambda A: conditioning.root(A, -0.5),
    ],
    "scaled": ["ABCEGH", "h, g, e, c, b, a"],
    "rotated": ["ACDFGH", "hgfdca"],
    "stretched": ["EH", ["h", "e"], "E, H."],
}

WRONG = {
    "steps": [
        (1200, "the natural logarithm"),
        (195, "tuned momentum's share"),
        (1381, "the distance is asked for"),
        (math.log(1e-6) / math.log(199 / 201), "not 2/(L + mu)"),
        (-2757, "their ratio is above"),
        (13.8, "a round bowl's share"),
        (200**2 * 13.8, "not its square"),
        (4000, "too large"),
    ],
    "correlated": [
        (1, "the correlation stays"),
        (1.9, "divide it by the smaller one"),
        (10, "the larger eigenvalue, not 1"),
        (361, "the squares in it already"),
        (19**0.5, "the ellipse's axes"),
        (1 / 19, "never below 1"),
        (1 / 0.19, "the eigenvalues are 1 + 0.9"),
        (1.81 / 0.19, "not its square"),
        (30, "too large"),
    ],
    "lines": [
        (50, "d lines always suffice"),
        (10, "no kappa here"),
        (1, "a round bowl"),
        (2, "there are three"),
        (4, "the first one too"),
    ],
    "product": [
        (lambda grad, x, v, h: 2 * hvp(grad, x, v, h), "divide by 2h"),
        (lambda grad, x, v, h: (grad(x + h * v) - grad(x)) / h, "a forward difference"),
        (lambda grad, x, v, h: (grad(x) - grad(x - h * v)) / h, "a backward difference"),
        (lambda grad, x, v, h: -hvp(grad, x, v, h), "ahead minus behind"),
        (lambda grad, x, v, h: (grad(x + h * v) - grad(x)) / (2 * h), "h apart here"),
        (lambda grad, x, v, h: hvp(grad, x, np.ones_like(v), h), "goes along v"),
        (lambda grad, x, v, h: v * hvp(grad, x, np.ones_like(v), h), "goes along v"),
        (lambda grad, x, v, h: hvp(grad, x, v), "h is an argument"),
        (lambda grad, x, v, h: hvp(grad, x, v / np.linalg.norm(v), h), "do not shorten v"),
        (
            lambda grad, x, v, h: np.array([hvp(grad, x, e, h) for e in np.eye(len(x))]).T @ v,
            "two along v suffice",
        ),
        (lambda grad, x, v, h: v @ hvp(grad, x, v, h), "this is the number"),
    ],
    "power": [
        (iterate(lambda v, w: np.linalg.norm(w)), "but for its sign"),
        (iterate(lambda v, w: v @ w / (v @ v), same), "v outgrows all numbers"),
        (iterate(lambda v, w: v @ w, same), "for a v of length 1"),
        (iterate(lambda v, w: v @ w, same, lambda w: w / np.linalg.norm(w)), "for a v of length 1"),
        (lambda product, start, steps: start @ product(start) / (start @ start), "the curvature along the start"),
        (iterate(lambda v, w: v), "this is the direction"),
        (iterate(lambda v, w: np.linalg.norm(v)), "which is 1 by now"),
        (iterate(lambda v, w: (v @ w, v)), "return the number alone"),
        (greedy, "one more was asked for"),
        (
            lambda product, start, steps: np.linalg.eigvalsh([product(e) for e in np.eye(len(start))])[-1],
            "most positive",
        ),
        (
            lambda product, start, steps: np.linalg.eigvalsh([product(e) for e in np.eye(len(start))])[0],
            "the smallest one",
        ),
    ],
    "standardise": [
        (lambda train, new: standardise(train, new, bare=True), "a constant column has spread 0"),
        (lambda train, new: standardise(train, new, 1e-8), "a constant column has spread 0"),
        (lambda train, new: standardise(new, new), "Hint: mean and spread are those of train"),
        (lambda train, new: standardise(train, new, ddof=1), "1/n here"),
        (lambda train, new: standardise(train, train), "the rows to come back"),
        (lambda train, new: (new - train.mean(0)) / np.maximum(train.std(0), 1), "only a spread of 0 becomes 1"),
        (lambda train, new: new - train.mean(axis=0), "not scaled yet"),
        (lambda train, new: standardise(train, new + train.mean(axis=0)), "the mean has to go first"),
        (lambda train, new: (new - train.mean()) / train.std(), "each column by itself"),
        (
            lambda train, new: (new - train.mean(0)) / np.where(train.var(0) > 0, train.var(0), 1),
            "divides by the variance",
        ),
        (
            lambda train, new: (new - train.mean(0)) / np.where(new.std(0) > 0, new.std(0), 1),
            "the spread is that of train",
        ),
        (
            lambda train, new: (new - new.mean(0)) / np.where(train.std(0) > 0, train.std(0), 1),
            "the mean is that of train",
        ),
        (
            lambda train, new: np.where(train.std(0) > 0, standardise(train, new), 0.0),
            "and then left as it is",
        ),
    ],
    "whiten": [
        (standardise, "this is standardised"),
        (whiten_by(0), "not scaled along them yet"),
        (whiten_by(-1), "divide by the roots of the eigenvalues"),
        (whiten_by(0.5), "stretches the long axes further"),
        (whiten_by(T=True), "not new @ Q.T"),
        (whiten_by(ddof=1), "np.cov divides by n - 1"),
        (lambda train, new: whiten_by()(train, new + train.mean(axis=0)), "the mean has to go"),
        (lambda train, new: whiten_by()(new, new), "mean and covariance are those of train"),
        (lambda train, new: whiten_by()(train, train), "the shape of new is to be kept"),
        (
            lambda train, new: (new - train.mean(axis=0)) @ np.linalg.inv(np.cov(train.T, bias=True)),
            "a root of it is needed",
        ),
        (
            lambda train, new: (
                np.linalg.solve(np.linalg.cholesky(np.cov(train.T, bias=True)).T, (new - train.mean(axis=0)).T).T
            ),
            "the triangle is to be transposed",
        ),
        (lambda train, new: new - train.mean(axis=0), "nothing else yet"),
        (conditioning.around_zero, "around the means"),
        (
            lambda train, new: conditioning.around_zero(train, new + train.mean(axis=0)),
            "from the rows and from the covariance",
        ),
        (lambda train, new: whiten_by()(train, new)[:, :1], "the shape of new is to be kept"),
        (lambda train, new: whiten_by()(train, new) / len(train) ** 0.5, "divide by n"),
        (
            lambda train, new: whiten_by()(train, new - new.mean(axis=0) + train.mean(axis=0)),
            "the mean is that of train",
        ),
    ],
    "update": [
        (bfgs_without_refusal, "the old B is to be kept"),
        (bfgs_forgets, "not the identity"),
        (bfgs_of_the_hessian, "s and y have changed places"),
        (bfgs_half, "the factor right of B is missing"),
        (bfgs_crossed, "the outer factors have changed places"),
        (bfgs_without_eye, "I is the identity"),
        (bfgs_in_place, "B was changed in place"),
        (dfp, "Davidon, Fletcher and Powell"),
        (conditioning.symmetric_rank_one, "rank-one update"),
        (lambda B, s, y: bfgs(B, s, y, 0.0), "is missing at the end"),
        (lambda B, s, y: bfgs(B, s, y, -1.0), "not taken away"),
        (lambda B, s, y: bfgs(B, s, y, below=lambda s, y: y @ y), "all three denominators"),
        (lambda B, s, y: bfgs(np.eye(len(s)), s, y), "B itself is not used"),
        (lambda B, s, y: np.linalg.inv(bfgs(B, s, y)), "B stands for its inverse"),
        (lambda B, s, y: bfgs(B, s, y) @ y, "a matrix of shape (2, 2)"),
        (lambda B, s, y: bfgs(B, s, y) if s @ y < 0 else bfgs_without_refusal(B, s, y), "for s.y = 0"),
        (lambda B, s, y: bfgs_without_refusal(B, s, y) if s @ y else B, "for s.y < 0"),
        (lambda B, s, y: B + np.outer(s, s) / (s @ y), "both factors around B are missing"),
        (lambda B, s, y: 0.5 * bfgs(B, s, y) + 0.5 * bfgs(B, s, y).T + np.eye(len(s)), "the secant condition"),
        (conditioning.entry_by_entry, "multiplied by @"),
        (conditioning.without_outer, "np.outer(s, y)"),
    ],
    "conjugate": [
        (cg_without_end, "0 is divided by 0"),
        (lambda *a: cg(*a, beta=lambda new, g: 0.0), "this is steepest descent"),
        (lambda *a: cg(*a, beta=lambda new, g: 1.0), "only the share"),
        (lambda *a: cg(*a, beta=lambda new, g: (new @ new / (g @ g)) ** 0.5), "no root of it"),
        (lambda *a: cg(*a, beta=lambda new, g: -new @ new / (g @ g)), "the sign of beta"),
        (lambda *a: cg(*a, beta=lambda new, g: g @ g / (new @ new)), "upside down"),
        (lambda A, b, x, steps: np.linalg.solve(A, b), "this is the minimum itself"),
        (lambda A, b, x, steps: cg(A, b, x, steps + 1), "one line too far"),
        (lambda A, b, x, steps: cg(A, b, x, max(0, steps - 1)), "the last line is missing"),
        (lambda A, b, x, steps: cg(A, -b, x, steps), "the gradient is H x - b"),
        (lambda *a: cg(*a, far=lambda g, p, A: g @ p / (p @ A @ p)), "the sign of t"),
        (lambda *a: cg(*a, far=lambda g, p, A: g @ g / (p @ p)), "the curvature along p below the line"),
        (conditioning.never_renewed, "becomes the old one"),
        (cg_uphill, "against the gradient: p = -new"),
        (lambda A, b, x, steps: cg(A, -b, -x, steps), "Wrong result"),
    ],
    "preconditioned": [
        (lambda x, g, d, lr: d * (x - lr * g), "this is as found"),
        (lambda x, g, d, lr: d * x - lr * g, "d scales the gradient, not the point"),
        (minus(lambda x, g, d: g), "this is gradient descent"),
        (minus(lambda x, g, d: g / d), "multiply"),
        (lambda x, g, d, lr: x - d * g, "the learning rate is missing"),
        (minus(lambda x, g, d: -d * g), "against the gradient"),
        (lambda x, g, d, lr: -lr * d * g, "the step alone"),
        (minus(lambda x, g, d: d**0.5 * g), "without a root"),
        (minus(lambda x, g, d: d * d * g), "not twice"),
        (minus(lambda x, g, d: d @ g), "coordinate by coordinate"),
    ],
    "newton": [
        (solves(lambda f, x: np.outer(f.grad(x), f.grad(x)) + 1e-8 * np.eye(len(x))), "this is as found"),
        (lambda f, x: x - f.hess(x) @ f.grad(x), "multiplies by the Hessian"),
        (lambda f, x: x - f.grad(x) / np.diag(f.hess(x)), "the diagonal alone"),
        (lambda f, x: x + np.linalg.inv(f.hess(x)) @ f.grad(x), "the sign"),
        (lambda f, x: x - f.grad(x), "this is gradient descent"),
        (lambda f, x: -np.linalg.inv(f.hess(x)) @ f.grad(x), "the step alone"),
        (lambda f, x: x - 1 / f.grad(x), "squares of the gradient"),
        (lambda f, x: x - np.sign(f.grad(x)), "a step by signs"),
        (lambda f, x: x - f.grad(x) / f.hess(x), "Wrong shape"),
    ],
    "columns": [
        (units(), "Different units are cured"),
        (nearly_equal(0.1), "not yet 10,000"),
        (np.stack([np.arange(9.0), 2 * np.arange(9.0)], axis=1), "made of the others"),
        (np.ones((5, 2)), "A column is constant"),
        (np.stack([np.ones(9) * 0.1, np.arange(9.0)], axis=1), "A column is constant"),
        (nearly_equal(1e-3).T, "more rows than columns"),
        (np.arange(5.0), "An array (n, d)"),
        ("columns", "An array (n, d)"),
    ],
    "thrower": [
        (np.tanh, "A pair of functions"),
        ((lambda x: x / (1 + x * x) ** 0.5, lambda x: (1 + x * x) ** -1.5), "does not arrive at 0"),
        ((np.arctan, lambda x: 1 / (1 + x * x)), "From 1.1 Newton's method arrives as well"),
        ((lambda x: 3 * x * x, lambda x: 6 * x), "the curvature is not above 0"),
        ((np.tanh, lambda x: 1 / np.cosh(x)), "not the derivative of the first"),
        ((lambda x: x + 1, lambda x: 1.0), "The slope at 0 is not 0"),
        ((math.tanh, lambda x: 1 / math.nothing), "It stops with AttributeError"),
    ],
    "proof": [
        ("BDFACE", "only when h is defined"),
        ("DFABCE", "only when it is known"),
        ("DBFCAE", "which have to be there"),
        ("DBFAEC", "read backwards"),
        ("ABCDEF", "Line 1 cannot be A"),
        ("DBF", "Lines are missing"),
    ],
    "slope_in_z": [
        (lambda grad, A, z: A @ grad(A @ z), "A is to be transposed"),
        (lambda grad, A, z: grad(A @ z), "brings another factor"),
        (lambda grad, A, z: A.T @ grad(z), "not at z"),
        (lambda grad, A, z: grad(z), "brings a factor"),
        (lambda grad, A, z: np.linalg.solve(A, grad(A @ z)), "gradients by"),
        (lambda grad, A, z: A @ A.T @ grad(A @ z), "told in x"),
        (lambda grad, A, z: A.T * grad(A @ z), "Wrong shape"),
    ],
    "rounding": [
        (np.linalg.inv, "a root of it is needed"),
        (np.linalg.cholesky, "a root of its inverse"),
        (lambda A: np.linalg.inv(np.linalg.cholesky(A)), "nearly: the inverse of the triangle"),
        (lambda A: np.diag(1 / np.diag(A) ** 0.5), "still leans"),
        (lambda A: np.linalg.eigh(A)[1], "scale each by"),
        (lambda A: np.linalg.eigh(A)[1] @ np.diag(1 / np.linalg.eigvalsh(A)), "its root is needed"),
        (lambda A: np.diag(np.linalg.eigvalsh(A) ** -0.5) @ np.linalg.eigh(A)[1].T, "nearly: the axes are the columns"),
        (lambda A: np.eye(len(A)), "this changes nothing"),
        (lambda A: 1 / np.linalg.eigvalsh(A) ** 0.5, "A is a matrix of shape"),
    ],
    "scaled": [
        ("ABCDEGH", "D does not keep its path"),
        ("ABCEFGH", "F does not keep its path"),
        ("BCEGH", "A keeps its path, and is missing"),
        ("ABCEG", "H keeps its path, and is missing"),
        ("all", "A text of letters"),
        (3, "A text of letters"),
    ],
    "rotated": [
        ("ABCDFGH", "B does not keep its path"),
        ("ACDEFGH", "E does not keep its path"),
        ("ACDGH", "F keeps its path, and is missing"),
        ("ACFGH", "D keeps its path, and is missing"),
    ],
    "stretched": [
        ("EGH", "G does not keep its path"),
        ("BEH", "B does not keep its path"),
        ("EFH", "F does not keep its path"),
        ("H", "E keeps its path, and is missing"),
        ("none", "A text of letters"),
    ],
}

BLANK = {name: [None, lambda *args: None] if callable(answers[0]) else [None, ""] for name, answers in RIGHT.items()}
BLANK["thrower"] = [None, (None, None), (lambda x: None, lambda x: None)]


def test_a_ratio_of_single_entries_is_told_so():  # no row of WRONG: only along an axis is it wrong
    assert "a single entry of v" in conditioning.power.report(iterate(lambda v, w: w[0] / v[0]))[1]


def test_a_hint_ends_as_a_sentence():
    for name, rows in WRONG.items():
        for answer, _ in rows:
            assert "?." not in getattr(conditioning, name).report(answer)[1], name


def test_the_numbers_of_the_sheet_are_those_of_runs():
    valley = surfaces.quadratic(kappa=200)
    path = descend(gd, valley, [1, 0], 4000, lr=1 / valley.L)
    assert conditioning.steps.report(first_step(np.linalg.norm(path, axis=0) <= 1e-6))[0]
    assert conditioning.correlated.report(curvature.condition_number([[1, 0.9], [0.9, 1]]))[0]
    f = surfaces.quadratic_form(np.diag(np.repeat([1.0, 10, 100], [20, 20, 10])))
    path = descend(curvature.conjugate_gradients(f, curvature.exact), f, np.arange(1.0, 51), 6)
    assert conditioning.lines.report(first_step(np.linalg.norm(path, axis=0) < 1e-8))[0]


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
    assert np.allclose(A @ z, x, rtol=0, atol=1e-8) == (letter in RIGHT[change][0])


def test_conjugate_gradients_and_krylov_spaces_agree_with_the_library():
    A, start = conditioning.BOWL, np.array([1.0, 2.0, -1.0, 0.5])
    f = surfaces.quadratic_form(A)
    path = descend(curvature.conjugate_gradients(f, curvature.exact), f, start, 4)
    for steps in range(5):
        told = conditioning.krylov(A, np.zeros(4), start, steps)
        np.testing.assert_allclose(told, path[:, steps], rtol=0, atol=1e-7)
