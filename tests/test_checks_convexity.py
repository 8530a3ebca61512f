"""The checks of sheet 01: right answers pass, usual wrong ones are called by their names, blanks are told so."""

import numpy as np

from course_lib.checks import convexity
from course_lib.convexity import project_ball, project_simplex


def chords(violated=lambda graph, chord: graph > chord + 1e-9, swapped=False, middle=False):
    """A falsifier from what counts as a violation."""

    def is_convex_on(f, low, high, rng, pairs=10_000):
        x, y = rng.uniform(low, high, (2, pairs))
        t = 0.5 if middle else rng.uniform(size=pairs)
        s = 1 - t if swapped else t
        return not np.any(violated(f(t * x + (1 - t) * y), s * f(x) + (1 - s) * f(y)))

    return is_convex_on


def one_by_one(f, low, high, rng):
    for _ in range(3000):
        x, y, t = rng.uniform(low, high), rng.uniform(low, high), rng.uniform()
        if f(t * x + (1 - t) * y) > t * f(x) + (1 - t) * f(y) + 1e-9:
            return False
    return True


def one_valley(f, low, high, rng):
    y = f(np.linspace(low, high, 2001))
    k = np.argmin(y)
    return np.all(np.diff(y[: k + 1]) <= 0) and np.all(np.diff(y[k:]) >= 0)


def to_shares(x):
    return np.maximum(x, 0) / max(np.sum(np.maximum(x, 0)), 1e-12)


def stop(gap=lambda g, f: g @ g / (2 * f.mu), rate=lambda f: 1 / f.L, first=False):
    """Exercise 1.8 from its certificate and its rate; first: the step comes before the question."""

    def certified(f, x, allowed):
        for steps in range(10_000):
            g = f.grad(x)
            if first:
                x = x - rate(f) * g
            if gap(g, f) <= allowed:
                return x, steps + first
            if not first:
                x = x - rate(f) * g
        return x, 10_000

    return certified


def least(H):
    return np.linalg.eigvalsh(H)[0]


RIGHT = {
    "falsifier": [chords(), chords(middle=True), one_by_one],
    "convex_ones": ["ABDEGIJ", "a b d e g i j", "J, I, G, E, D, B, A"],
    "ball": [project_ball, lambda x, radius: x if np.linalg.norm(x) <= radius else x * radius / np.linalg.norm(x)],
    "simplex": [project_simplex],
    "proof": ["DAFCEB", "d a f c e b"],
    "edge": [1 / 3, 0.3333],
    "priced": [1.2, np.float64(1.2)],
    "gap": [0.2],
    "no_minimiser": [
        (lambda x: np.sqrt(1 + x**2) - x, 0.0),
        (lambda x: np.exp(x) - 3, -3),
        (lambda x: np.log(1 + np.exp(x)), 0),
        (lambda x: np.where(x < 0, 1 - x, 1 / (1 + np.abs(x))), 0.0),
    ],
    "flat": [
        lambda x: np.maximum(1 - x, 0) + np.maximum(x - 2, 0),
        lambda x: np.maximum(np.abs(x - 1.5), 0.5),
        lambda x: np.maximum(np.abs(x - 1.5) - 0.5, 0) ** 2,
    ],
    "fooled": [np.array([[0.0, 0.0], [0.0, -1.0]]), [[0, 0], [0, -3]]],
    "hessian": [
        lambda H: least(H) >= -1e-9 * max(1, np.abs(H).max()),
        lambda H: least(H) > -1e-8 * (1 + np.abs(H).max()),
    ],
    "certified": [stop()],
    "broken": [(-1, 1, 0.5), [1.0, -0.5, 0.4], np.array([0.2, -0.2, 0.5])],
}

WRONG = {
    "falsifier": [
        (chords(lambda graph, chord: graph < chord - 1e-9), "the inequality is the wrong way round"),
        (chords(lambda graph, chord: graph >= chord), "a chord may lie on the graph"),
        (one_valley, "this asks for a single valley"),
        (lambda f, low, high, rng: True, "it never refutes"),
        (chords(swapped=True), "is the weight of x the same on both sides?"),
        (lambda f, low, high: True, "TypeError"),
    ],
    "convex_ones": [
        ("ABCDEGIJ", "C is not convex: from 0 to pi"),
        ("ABDEGI", "J is convex, and missing"),
        ("ABDEGIJK", "K is not convex"),
        ("ABDEGIJL", "L is not convex: from (2, 0)"),
        ("x² and exp", "A text of letters"),
        (["A", "B"], "A text of letters"),
    ],
    "ball": [
        (lambda x, r: x * r / max(np.linalg.norm(x), 1e-12), "points inside stay where they are"),
        (lambda x, r: project_ball(x), "the ball of radius 1"),
        (lambda x, r: np.clip(x, -r, r), "this is a box"),
        (lambda x, r: x * min(1, r / max(x @ x, 1e-12)), "the root of the sum of squares"),
        (lambda x, r: np.linalg.norm(x), "Wrong shape"),
    ],
    "simplex": [
        (to_shares, "not the same part"),
        (lambda x: np.exp(x) / np.exp(x).sum(), "softmax"),
        (lambda x: x - (x.sum() - 1) / len(x), "some are below 0"),
        (lambda x: np.maximum(x - (x.sum() - 1) / len(x), 0), "after the cut the sum is above 1"),
        (lambda x: np.maximum(x, 0), "the sum is not 1"),
    ],
    "proof": [
        ("ADFCEB", "when it has been written down"),
        ("DAFCBE", "when the bound holds for all y"),
        ("DAFECB", "the value at the lowest point"),
        ("DFACEB", "only when the gradient is known"),
        ("DAF", "Lines are missing after F"),
    ],
    "edge": [(2 / 3, "that of 3x² is not 3"), (1 / 6, "this is 1/L"), (6, "this is L"), (0.5, "too large")],
    "priced": [
        (1.0, "the best feasible point"),
        (3.0, "without a fence"),
        (2.0, "a weight of 1"),
        (0.2, "how far outside"),
    ],
    "gap": [(0.4, "the factor 2"), (1.0, "is squared"), (0.002, "mu belongs below"), (0.004, "and so does the 2")],
    "no_minimiser": [
        ((lambda x: x**2, 0.0), "it reaches the number"),
        ((lambda x: -x, -np.inf), "must be finite"),
        ((lambda x: -x, -100.0), "below the number"),
        ((lambda x: 1 / (1 + x**2), 0.0), "Not convex"),
        ((lambda x: np.exp(-x), -1.0), "largest lower bound"),
        (lambda x: np.exp(-x), "A pair is meant"),
    ],
    "flat": [
        (lambda x: (x - 1.5) ** 2, "From 1 to 2 its values differ"),
        (lambda x: (x - 1) ** 2 * (x - 2) ** 2, "Not convex"),
        (lambda x: np.maximum(x - 2, 0), "At 0.9 or at 2.1"),
        (lambda x: np.maximum(np.abs(x - 1.5) - 2, 0), "At 0.9 or at 2.1"),
        (lambda x: x * 0 + np.maximum(x, 2), "At 0.9 or at 2.1"),
        (lambda x: -np.maximum(2 - x, 0), "Not convex"),
        (lambda x: max(1 - x, 0), "ValueError"),
    ],
    "fooled": [
        (np.array([[1.0, 2.0], [2.0, 1.0]]), "is not fooled"),
        (np.array([[1.0, 1.0], [1.0, 1.0]]), "it is right"),
        (np.array([[0.0, 1.0], [0.0, -1.0]]), "A Hessian is symmetric"),
        (np.diag([0.0, -1.0, 1.0]), "2 rows and 2 columns"),
    ],
    "hessian": [
        (convexity.minors, "this is the test with the slip"),
        (lambda H: np.all(H >= 0), "the entries do not tell it"),
        (lambda H: np.linalg.det(H) >= 0, "two minus signs hide"),
        (lambda H: least(H) > 0, "a curvature of 0 is allowed"),
        (lambda H: least(H) >= 0, "allow for rounding"),
        (lambda H: np.trace(H) >= 0, "the diagonal does not tell it"),
    ],
    "certified": [
        (stop(first=True), "a step more after it knows"),
        (stop(lambda g, f: g @ g / (2 * f.L)), "this certificate has L in it"),
        (stop(lambda g, f: g @ g / f.mu), "the factor 2"),
        (stop(lambda g, f: np.linalg.norm(g) / (2 * f.mu)), "the gradient's length is squared"),
        (stop(rate=lambda f: 0.5 / f.L), "the rate is 1/L"),
        (lambda *a: stop()(*a)[::-1], "changed places"),
        (lambda *a: stop()(*a)[0], "Expected 2 results"),
    ],
    "broken": [
        ((-1, 1, 2), "t is from 0 to 1"),
        ((1, 2, 0.5), "the graph is not above the chord"),
        ((-1, 1), "Three numbers are meant"),
        ((-1, 1, 0), "the graph is not above the chord"),
    ],
}

BLANK = {name: [None, lambda *args: None] if callable(answers[0]) else [None, ""] for name, answers in RIGHT.items()}
BLANK["no_minimiser"] = [(lambda x: None, None), (None, None)]


def test_what_the_checks_expect_is_what_the_library_does():
    rng = np.random.default_rng(1)
    for x in rng.normal(size=(20, 5)):
        np.testing.assert_allclose(convexity.nearest_shares(x), project_simplex(x), rtol=0, atol=1e-9)
    for H in ([[1, 2], [2, 1]], [[1, 1], [1, 1]], np.eye(3), -np.eye(3), np.zeros((2, 2)), [[0, 1], [1, 0]]):
        assert convexity.all_squares(H) == (np.linalg.eigvalsh(H)[0] > -1e-9)


def test_the_reasons_of_the_twelve_are_true():
    x = np.linspace(-3, 3, 2001)
    up = np.linspace(0.01, 3, 2001)
    curves = {
        "A": x**2 - 3 * x,
        "B": np.exp(-x),
        "C": np.sin(x),
        "D": np.maximum(np.maximum(x, -2 * x), 1),
        "E": np.sqrt(1 + x**2),
        "F": x / (1 + np.abs(x)),
        "G": np.abs(x - 1) + np.abs(x + 1),
        "H": np.minimum(x**2, 1),
        "I": -np.log(up),
        "J": up * np.log(up),
        "K": np.log1p(x**2),
        "L": (x * (2 - x)) ** 2,  # along the line x + y = 2
    }
    for letter, curve in curves.items():
        assert np.all(np.diff(curve, 2) >= -1e-12) == convexity.CONVEX[letter][0], letter
