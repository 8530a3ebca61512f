"""Sheet 01: its other right and wrong answers, and what ties its right answers to the library and to the lesson."""

import numpy as np
import pytest

from course_lib import surfaces
from course_lib.convexity import penalized, project_ball, project_box, project_simplex
from course_lib.descent import end
from course_lib.grading import variants
from course_lib.grading.judge import credited
from course_lib.optimizers import gd
from course_lib.sheets import convexity


def chords(violated=lambda graph, chord: graph > chord + 1e-9, weight=lambda rng, n: rng.uniform(size=n), most=10_000):
    """A falsifier from what counts as a violation, its weights, and how many pairs it looks at."""

    def is_convex_on(f, low, high, rng, pairs=10_000):
        x, y = rng.uniform(low, high, (2, min(pairs, most)))
        t = weight(rng, len(x))
        return not np.any(violated(f(t * x + (1 - t) * y), t * f(x) + (1 - t) * f(y)))

    return is_convex_on


def one_by_one(f, low, high, rng, pairs=10_000):
    for x, y, t in zip(*rng.uniform(low, high, (2, 4000)), rng.uniform(size=4000)):
        if f(t * x + (1 - t) * y) > t * f(x) + (1 - t) * f(y) + 1e-9:
            return False
    return True


def by_differences(f, low, high, rng, pairs=10_000):
    return np.all(np.diff(f(np.linspace(low - 0.1, high + 0.1, 2001)), 2) >= -1e-9)


def by_halving(x):
    """The projection onto the simplex by bisection for the amount that all kept coordinates give up."""
    low, high = np.min(x) - 1, np.max(x)
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if np.maximum(x - middle, 0).sum() > 1 else (low, middle)
    return np.maximum(x - low, 0)


def all_squares(H):
    """x H x at least 0: completed squares, row by row, with pivots as large as they come."""
    H = np.array(H, float)
    scale = np.abs(H).max()
    while len(H):
        k = np.argmax(np.diag(H))
        pivot, row = H[k, k], np.delete(H[k], k)
        if pivot <= 1e-12 * scale:
            return bool(np.abs(H).max() <= 1e-9 * scale)
        H = np.delete(np.delete(H, k, 0), k, 1) - np.outer(row, row) / pivot
    return True


def stop(turn):
    """Exercise 1.8 from what is done in a turn, (f, x, g, allowed) -> (whether it stops there, the next x)."""

    def certified(f, x, allowed):
        for steps in range(10_000):
            done, after = turn(f, x, f.grad(x), allowed)
            if done:
                return x, steps
            x = after

    return certified


def known(f, g, allowed):
    return g @ g / (2 * f.mu) <= allowed


ALSO = {
    "falsifier": [chords(), chords(weight=lambda rng, n: 0.5), one_by_one],
    "convex_ones": ["J, I, G, E, D, B, A", set("ABDEGIJ")],
    "ball": [project_ball, lambda x, radius: x if np.linalg.norm(x) <= radius else x * radius / np.linalg.norm(x)],
    "simplex": [project_simplex, by_halving],
    "edge": [0.3333],
    "no_minimiser": [
        (lambda x: np.where(x < 0, 1 - x, 1 / (1 + np.abs(x))), 0.0),
        (lambda x: 1 + np.exp(-2 * x), 1),
        (lambda x: 5 + np.exp(3 * x), np.array([5.0])),
        (lambda x: 1 + 4.0**x, 1.0),
        (lambda x: 4 + np.log(1 + np.exp(2 * x)), 4.0),
        (lambda x: 2.0**x, 0.0),
        (lambda x: np.where(x < 0, 1 - x / np.e, 1 / np.log(np.e + np.abs(x))), 0.0),
        [lambda x: 7 - x + np.sqrt(3 + x * x), 7.0],
    ],
    "flat": [
        lambda x: np.maximum(np.abs(x - 1.5), 0.5),
        lambda x: np.maximum(np.abs(x - 1.5) - 0.5, 0) ** 2,
    ],
    "fooled": [[[0, 0], [0, -3]]],
    "hessian": [
        all_squares,
        lambda H: np.linalg.eigvalsh(H)[0] >= -1e-9 * max(1, np.abs(H).max()),
        lambda H: np.linalg.eigvalsh(H)[0] > -1e-8 * (1 + np.abs(H).max()),
    ],
    "certified": [stop(lambda f, x, g, allowed: (known(f, g, allowed), x - g / f.L))],
    "broken": [(-1, 1, 0.5), [1.0, -0.5, 0.4], np.array([0.2, -0.2, 0.5])],
}

WRONG = {
    "falsifier": [
        (chords(most=30), "expected 'not convex', got 'convex'"),
        (by_differences, "f is asked only from low to high"),
        (lambda f, low, high, rng: chords()(f, low, high, np.random.default_rng(0)), "draw from the rng"),
        (lambda f, low, high: True, "TypeError"),
    ],
    "convex_ones": [
        ("ABCDEGIJ", "C is not convex: from 0 to pi"),
        ("ABDEGI", "J is convex, and missing"),
        ("ABDEGIJK", "K is not convex"),
        ("ABDEGIJL", "L is not convex: from (2, 0)"),
        ("x² and exp", "A text of letters"),
        (["A", "B"], "D is convex, and missing"),
        (7, "A text of letters"),
    ],
    "ball": [(lambda x, r: np.linalg.norm(x), "Wrong shape")],
    "no_minimiser": [
        ((lambda x: x**2, 0.0), "it reaches the number"),
        ((lambda x: -x, -np.inf), "must be finite"),
        ((lambda x: -x, -100.0), "below the number"),
        ((lambda x: 1 / (1 + x**2), 0.0), "Not convex"),
        ((lambda x: np.sqrt(1 + x**2) - x, -1.0), "largest lower bound"),
        (lambda x: np.sqrt(1 + x**2) - x, "A pair is meant"),
        ((lambda x: np.sqrt(1 + x**2) - x, "0"), "A pair is meant"),
        ((lambda x: np.exp(-x), 0.0), "exp(-x) is in exercise 1.2"),
        ((lambda x: np.exp(x - 1), 0.0), "moved or mirrored"),
        ((lambda x: np.exp(-x) + 7, 7.0), "moved or mirrored"),
        ((lambda x: np.log(1 + np.exp(x)), 0.0), "in the lesson"),
        ((lambda x: np.logaddexp(0, 2 - x) + 3, 3.0), "in the lesson"),
        ((lambda x: np.maximum(1000 - x, 0), 0.0), "it reaches the number"),
        ((lambda x: np.maximum(2 - x, 1), 0.97), "stays level"),
        ((lambda x: np.sqrt(1 + x**2) - 0.9999 * x, 0.0), "it rises again"),
    ],
    "flat": [
        (lambda x: (x - 1.5) ** 2, "From 1 to 2 its values differ"),
        (lambda x: (x - 1) ** 2 * (x - 2) ** 2, "Not convex"),
        (lambda x: np.maximum(x - 2, 0), "At 0.9 or at 2.1"),
        (lambda x: np.maximum(np.abs(x - 1.5) - 2, 0), "At 0.9 or at 2.1"),
        (lambda x: x * 0 + np.maximum(x, 2), "At 0.9 or at 2.1"),
        (lambda x: -np.maximum(2 - x, 0), "Not convex"),
        (lambda x: max(1 - x, 0), "ValueError"),
        (3.0, "A function is meant"),
    ],
    "fooled": [
        (np.array([[1.0, 2.0], [2.0, 1.0]]), "is not fooled"),
        (np.array([[1.0, 1.0], [1.0, 1.0]]), "it is right"),
        (np.array([[0.0, 1.0], [0.0, -1.0]]), "A Hessian is symmetric"),
        (np.diag([0.0, -1.0, 1.0]), "2 rows and 2 columns"),
    ],
    "certified": [
        (stop(lambda f, x, g, allowed: (known(f, g, allowed), x)), "10,000 steps and no end"),
        (stop(lambda f, x, g, allowed: (known(f, g, allowed), x - g * f.L)), "10,000 steps and no end"),
        (lambda *a: convexity.certified.right(*a)[0], "Expected 2 results"),
    ],
    "broken": [
        ((-1, 1, 2), "t is from 0 to 1"),
        ((1, 2, 0.5), "the graph is not above the chord"),
        ((-1, 1), "Three numbers are meant"),
        ((-1, 1, 0), "the graph is not above the chord"),
    ],
}  # fmt: skip


def test_f_in_place_of_the_certificate_is_found_each_time():
    by_height = stop(lambda f, x, g, allowed: (f(x) <= allowed, x - g / f.L))
    for _ in range(5):
        assert "the minimum need not be 0" in convexity.certified.report(by_height)[1]


def test_an_untouched_loop_is_still_blank():
    def untouched(f, x, allowed):
        for _ in range(10_000):
            f.grad(x)

    assert "still blank" in convexity.certified.report(untouched)[1]


def test_who_refutes_everything_earns_nothing():
    """Not even for the numbers that it draws from its generator."""

    def refuting(f, low, high, rng, pairs=10_000):
        return bool(f(rng.uniform(low, high)) is None)

    hidden = convexity.falsifier.hidden()
    assert not any(credited(hidden, lambda: refuting, [0], lambda one, error: None))


def test_a_pair_whose_function_is_a_stub_is_still_blank():
    assert "still blank" in convexity.no_minimiser.report((lambda x: None, None))[1]


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
    assert set(curves) == set(convexity.REASONS)
    for letter, heights in curves.items():
        assert np.all(np.diff(heights, 2) >= -1e-12) == (letter in convexity.SORTED), letter


def test_the_numbers_of_the_sheet_are_those_of_runs():
    last = end(gd, surfaces.quadratic_form([[6.0]]), [1.0], 5000, lr=np.array([0.333, 0.334]))[0]
    assert abs(last[0]) < 1 < abs(last[1])
    f = surfaces.Surface("", lambda p: (p[0] - 3) ** 2 / 2, lambda p: p - 3, start=[0], window=((-1, 4),))
    fenced = penalized(f, lambda x: project_box(x, -np.inf, 1), 9)
    assert convexity.priced.report(end(gd, fenced, [0], 500, lr=0.1)[0])[0]


@pytest.mark.parametrize("seed", [f"seed {i}" for i in range(20)])
def test_the_numbers_of_a_variant_make_good_exercises(seed):
    p = variants.drawn("01_convexity", seed)
    assert p["fence"] < p["target"]
    back = convexity.in_open_terms((p["left"], p["right"], 0.5), p)
    assert convexity.broken.report(back)[0]
