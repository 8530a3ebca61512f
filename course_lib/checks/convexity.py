"""Checks of sheet 01. The right answers here are second differences, bisections and closed forms, not the lesson's."""

from dataclasses import dataclass

import numpy as np

from course_lib.checks import Blank, Case, Check, answer, case, function, is_blank, numbers, order
from course_lib.convexity import find_violation
from course_lib.surfaces import quadratic_form


@dataclass(frozen=True)
class Curve:
    """A function of an array of numbers that is called by its formula in messages."""

    words: str
    f: object

    def __call__(self, x):
        return self.f(np.asarray(x, float))

    def __repr__(self):
        return self.words


# 1.1


def said(answer, f, low, high):
    """What the learner's falsifier says, in words."""
    return "convex" if answer(f, low, high, np.random.default_rng(7)) else "not convex"


def bends_up(f, low, high, rng):
    return np.all(np.diff(f(np.linspace(low, high, 2001)), 2) >= -1e-9)


def bends_down(f, low, high, rng):
    return np.all(np.diff(f(np.linspace(low, high, 2001)), 2) <= 1e-9)


def strictly_below(f, low, high, rng):
    x, y = rng.uniform(low, high, (2, 10_000))
    return np.all(f((x + y) / 2) < (f(x) + f(y)) / 2)


def single_valley(f, low, high, rng):
    turns = np.diff(np.sign(np.diff(f(np.linspace(low, high, 2001)))))
    return np.all(turns >= 0)


def wavy(rng):
    """A parabola with waves that bend down by far less, or by far more, than the parabola bends up."""
    c, share = rng.uniform(2, 4), rng.choice([0.3, 4.0])
    curve = Curve(
        f"x**2 + {2 * share / c**2:.3f} * sin({c:.3f} * x)", lambda x: x * x + 2 * share / c**2 * np.sin(c * x)
    )
    return case("", curve, -3.0, 3.0)


falsifier = function(
    "1.1 A falsifier",
    bends_up,
    [
        case("a parabola", Curve("x**2", lambda x: x * x), -3.0, 3.0),
        case("a hill", Curve("-x**2", lambda x: -x * x), -3.0, 3.0),
        case("a straight line", Curve("3 * x - 1", lambda x: 3 * x - 1), -3.0, 3.0),
        case("a kink", Curve("abs(x)", np.abs), -3.0, 3.0),
        case("a cube where it bends up", Curve("x**3", lambda x: x**3), 0.0, 2.0),
        case("a cube on both sides of 0", Curve("x**3", lambda x: x**3), -2.0, 2.0),
        case("a valley in a plain", Curve("1 - exp(-x**2 / 2)", lambda x: 1 - np.exp(-x * x / 2)), -3.0, 3.0),
        case("a trough", Curve("maximum(x, 0)**2", lambda x: np.maximum(x, 0) ** 2), -3.0, 3.0),
    ],
    fresh=wavy,
    use=said,
    mistakes=[
        (bends_down, "the inequality is the wrong way round: this refutes what bends up"),
        (strictly_below, "a chord may lie on the graph, and rounding may push it below: allow for 1e-9"),
        (single_valley, "this asks for a single valley; convex asks for more"),
        (lambda *a: True, "it never refutes: does the violation ever reach the return?"),
        (lambda *a: False, "even a straight line is refuted: is the weight of x the same on both sides?"),
    ],
)


# 1.2

CONVEX = {  # letter -> (whether it is convex, why)
    "A": (True, "its second derivative is 2 everywhere"),
    "B": (True, "its second derivative, exp(-x), is above 0"),
    "C": (False, "from 0 to pi the chord lies on the axis and the graph above it"),
    "D": (True, "it is a maximum of straight lines"),
    "E": (True, "its second derivative, (1 + x²)^(-3/2), is above 0"),
    "F": (False, "for x > 0 its slope 1/(1 + x)² falls"),
    "G": (True, "it is a sum of two convex functions, each |x| of something straight"),
    "H": (False, "from 0 to 2 the chord is at 1/2 above x = 1, and the graph at 1"),
    "I": (True, "its second derivative, 1/x², is above 0"),
    "J": (True, "its second derivative, 1/x, is above 0"),
    "K": (False, "beyond |x| = 1 it bends down, as a logarithm does"),
    "L": (False, "from (2, 0) to (0, 2) the chord is at 0 and its middle, (1, 1), at 1"),
}


def sorted_rule(letter, convex, why):
    verb = "is convex, and missing" if convex else "is not convex"
    return "", lambda text: (letter in text.upper()) == convex, f"{letter} {verb}: {why}."


convex_ones = answer(
    "1.2 Sort twelve",
    rules=[
        (
            "it is a text of letters",
            lambda text: isinstance(text, str) and set(text.upper()) <= set("ABCDEFGHIJKL, "),
            "A text of letters from A to L is meant, those of the convex functions.",
        ),
        *(sorted_rule(letter, *entry) for letter, entry in CONVEX.items()),
    ],
)


# 1.3


def nearest_shares(x):
    """The projection onto the simplex by bisection for the amount that all kept coordinates give up."""
    low, high = np.min(x) - 1, np.max(x)
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if np.maximum(x - middle, 0).sum() > 1 else (low, middle)
    return np.maximum(x - low, 0)


def shifted(x):
    return x - (np.sum(x) - 1) / len(x)


def softmax(x):
    e = np.exp(x - np.max(x))
    return e / e.sum()


ball = function(
    "1.3 Two projections: the ball",
    lambda x, radius: x / max(1.0, np.sqrt(np.sum(x * x)) / radius),
    [
        case("a point outside", np.array([3.0, 4.0]), 1.0),
        case("a point inside", np.array([0.3, -0.4]), 1.0),
        case("a larger ball", np.array([3.0, -4.0, 12.0]), 6.5),
        case("the origin", np.zeros(2), 2.0),
    ],
    fresh=lambda rng: case("", rng.normal(size=3), rng.uniform(0.5, 2.5)),
    mistakes=[
        (lambda x, r: x * r / np.sqrt(np.sum(x * x)), "points inside stay where they are: min(1, ...)"),
        (
            lambda x, r: x * r / np.sqrt(np.sum(x * x)) if x.any() else x,
            "points inside stay where they are: min(1, ...)",
        ),
        (lambda x, r: x * min(1, 1 / max(np.sqrt(np.sum(x * x)), 1e-9)), "this is the ball of radius 1"),
        (lambda x, r: np.clip(x, -r, r), "this is a box: cut coordinate by coordinate, the direction changes"),
        (lambda x, r: x * min(1, r / max(np.sum(x * x), 1e-9)), "the length is the root of the sum of squares"),
        (lambda x, r: x * min(1, r / max(np.sum(np.abs(x)), 1e-9)), "the length is the root of the sum of squares"),
    ],
)

simplex = function(
    "1.3 Two projections: the simplex",
    nearest_shares,
    [
        case("too much in each", np.array([0.6, 0.8])),
        case("one far ahead", np.array([2.0, 0.5, -1.0])),
        case("a tail to cut", np.array([0.9, 0.4, 0.1, -0.2])),
        case("shares already", np.array([0.2, 0.3, 0.5])),
        case("all below 0", np.array([-1.0, -2.0, -4.0])),
    ],
    fresh=lambda rng: case("", rng.normal(size=rng.integers(2, 7))),
    mistakes=[
        (
            lambda x: np.maximum(x, 0) / max(np.sum(np.maximum(x, 0)), 1e-12),
            "shares, but not the nearest: all that stay above 0 give up the same amount, not the same part",
        ),
        (softmax, "softmax gives shares, but not the nearest ones"),
        (shifted, "the sum is right, but some are below 0"),
        (
            lambda x: np.maximum(shifted(x), 0),
            "after the cut the sum is above 1: those that are cut must not be counted when the amount is shared out",
        ),
        (lambda x: np.maximum(x, 0), "none is below 0, but the sum is not 1"),
    ],
)


# 1.4

proof = order(
    "1.4 How far down can it go?",
    "DAFCEB",
    mistakes=[
        ("ADFCEB", "a parabola can be minimised only when it has been written down"),
        ("DAFCBE", "the minimiser may be put in only when the bound holds for all y"),
        ("DAFECB", "the bound needs the value at the lowest point"),
        ("DFACEB", "where the gradient is zero can be said only when the gradient is known"),
    ],
)


# 1.5

edge = answer(
    "1.5 Guess before you run: the edge",
    1 / 3,
    mistakes=[
        (2 / 3, "L is the second derivative, and that of 3x² is not 3"),
        (1 / 6, "this is 1/L, the best promise; the edge is twice as far"),
        (6.0, "this is L"),
    ],
    tolerance=1e-3,
)

priced = answer(
    "1.5 Guess before you run: the penalty",
    1.2,
    mistakes=[
        (1.0, "this is the best feasible point; a penalty stops short of it"),
        (3.0, "this is the minimum without a fence"),
        (2.0, "both pulls would be equal for a weight of 1"),
        (0.2, "this is how far outside; where is it?"),
        (1.8, "the square of the distance has a factor 1/2, as f has: the slope of the penalty is 9 (x - 1)"),
    ],
    tolerance=1e-3,
)

gap = answer(
    "1.5 Guess before you run: the certificate",
    0.2,
    mistakes=[
        (0.4, "the factor 2 below the line is missing"),
        (1.0, "the gradient is squared"),
        (0.002, "mu belongs below the line"),
        (0.004, "mu belongs below the line, and so does the 2"),
    ],
    tolerance=1e-3,
)


# 1.6


def on_points(f):
    """A function of numbers as one of points (1, n)."""

    def g(p):
        with np.errstate(all="ignore"):
            return np.asarray(f(p[0]), float) + np.zeros(p.shape[1:])

    return g


def designed(name, rules):
    """A check that the rules alone decide; still blank while a function in the answer returns nothing."""

    def examine(given):
        for part in given if isinstance(given, tuple | list) else [given]:
            if is_blank(part) or (callable(part) and is_blank(part(np.zeros(1)))):
                raise Blank
        yield from answer(name, rules=rules).examine(given)

    return Check(name, examine)


def is_convex(f):
    rng = np.random.default_rng(0)
    found = [find_violation(on_points(f), [(-r, r)], rng, 3000) for r in (3.0, 30.0)]
    return all(violation is None or violation.above < 1e-9 for violation in found)


WIDE = np.linspace(-30, 30, 6001)


def values(f, x):
    return on_points(f)(np.asarray(x, float)[None])


def approaches(pair):
    f, lowest = pair
    far = np.concatenate([WIDE, [-1000.0, 1000.0]])
    return np.nanmin(values(f, far)) - lowest <= 0.1


no_minimiser = designed(
    "1.6 Design: no minimiser",
    rules=[
        (
            "a function and a number",
            lambda p: isinstance(p, tuple | list) and len(p) == 2 and callable(p[0]) and np.ndim(numbers(p[1])) == 0,
            "A pair is meant: (the function, the number that it approaches).",
        ),
        (
            "the number is finite",
            lambda p: np.isfinite(p[1]),
            "The function falls without end. Bounded below is asked for: the number must be finite.",
        ),
        ("it is convex", lambda p: is_convex(p[0]), "Not convex: on [-30, 30] a chord is below the graph."),
        (
            "it is above its number everywhere",
            lambda p: np.all(values(p[0], WIDE) > p[1]),
            "On [-30, 30] it reaches the number, or falls below it. So it is no infimum that is never attained.",
        ),
        (
            "it stays above it farther out",
            lambda p: np.all(values(p[0], [-1000.0, 1000.0]) >= p[1]),
            "At -1000 or 1000 it is below the number.",
        ),
        (
            "it comes near to its number",
            approaches,
            "From -1000 to 1000 it does not come within 0.1 of the number: is that the largest lower bound?",
        ),
    ],
)

flat = designed(
    "1.6 Design: a flat floor",
    rules=[
        ("it is a function", callable, "A function is meant: give the check its name, without brackets."),
        ("it is convex", is_convex, "Not convex: on [-30, 30] a chord is below the graph."),
        (
            "it is flat from 1 to 2",
            lambda f: np.ptp(values(f, np.linspace(1, 2, 21))) < 1e-12,
            "From 1 to 2 its values differ: not all of these points are minimisers.",
        ),
        (
            "nothing is lower",
            lambda f: np.min(values(f, WIDE)) >= values(f, [1.5])[0] - 1e-12,
            "Somewhere it is lower than from 1 to 2.",
        ),
        (
            "it rises on both sides",
            lambda f: np.all(values(f, [0.9, 2.1]) > values(f, [1.5])[0]),
            "At 0.9 or at 2.1 it is no higher: there are minimisers outside of [1, 2].",
        ),
    ],
)


# 1.7


def minors(H):
    """The test with the slip: all leading minors at least 0."""
    return all(np.linalg.det(H[:k, :k]) >= 0 for k in range(1, len(H) + 1))


fooled = answer(
    "1.7 Bug hunt, the leading minors: a matrix that fools it",
    rules=[
        (
            "two rows, two columns",
            lambda H: np.shape(numbers(H)) == (2, 2),
            "A matrix of 2 rows and 2 columns is meant: np.array([[..., ...], [..., ...]]).",
        ),
        ("symmetric", lambda H: np.array_equal(H, np.transpose(H)), "A Hessian is symmetric."),
        (
            "the test says convex",
            lambda H: minors(np.asarray(H, float)),
            "The test as printed is not fooled: one of the two numbers H[0, 0] and det H is below 0.",
        ),
        (
            "it is not",
            lambda H: np.linalg.eigvalsh(np.asarray(H, float))[0] < -1e-9,
            "The test says convex, and it is right: no eigenvalue is below 0.",
        ),
    ],
)


def verdict(answer, H):
    return "convex" if answer(H) else "not convex"


def all_squares(H):
    """x H x at least 0: completed squares, row by row, with pivots as large as they come."""
    H = np.array(H, float)
    scale = max(1.0, np.abs(H).max())
    while len(H):
        k = np.argmax(np.diag(H))
        pivot, row = H[k, k], np.delete(H[k], k)
        if pivot <= 1e-12 * scale:
            return bool(np.abs(H).max() <= 1e-9 * scale)
        H = np.delete(np.delete(H, k, 0), k, 1) - np.outer(row, row) / pivot
    return True


def spectrum(*eigenvalues):
    """A symmetric matrix with these eigenvalues, in general position."""
    Q = np.linalg.qr(np.random.default_rng(len(eigenvalues)).normal(size=(len(eigenvalues),) * 2))[0]
    H = Q @ np.diag(eigenvalues) @ Q.T
    return (H + H.T) / 2


def drawn_matrix(rng):
    A = rng.normal(size=(3, 3))
    return case("", A @ A.T + rng.choice([0.1, -8.0]) * np.eye(3))


hessian = function(
    "1.7 Bug hunt, the leading minors: mended",
    all_squares,
    [
        case("a bowl", np.array([[2.0, 0.5], [0.5, 1.0]])),
        case("a saddle whose entries are all positive", np.array([[1.0, 2.0], [2.0, 1.0]])),
        case("a bowl with negative entries", np.array([[2.0, -1.0], [-1.0, 2.0]])),
        case("a hill", -np.eye(2)),
        case("the slip", np.array([[0.0, 0.0], [0.0, -1.0]])),
        case("a trough", np.array([[1.0, 1.0], [1.0, 1.0]])),
        case("no curvature at all", np.zeros((2, 2))),
        case("a trough with rounding errors", spectrum(3.0, 1.0, 0.0, 0.0)),
        case("a saddle in three dimensions", np.diag([-1.0, -2.0, 3.0])),
        case("a large trough", 1e6 * spectrum(2.0, 1.0, 0.0)),
    ],
    fresh=drawn_matrix,
    use=verdict,
    mistakes=[
        (minors, "this is the test with the slip"),
        (lambda H: np.all(H >= 0), "the entries do not tell it: look at the eigenvalues"),
        (
            lambda H: np.linalg.det(H) >= 0,
            "the determinant alone is the product of the eigenvalues: two minus signs hide",
        ),
        (lambda H: np.linalg.eigvalsh(H)[0] > 0, "a curvature of 0 is allowed"),
        (lambda H: np.linalg.eigvalsh(H)[0] > 1e-9, "a curvature of 0 is allowed"),
        (lambda H: np.linalg.eigvalsh(H)[0] >= 0, "an eigenvalue of 0 may come out as -1e-16: allow for rounding"),
        (lambda H: np.linalg.eigvalsh(H)[0] >= -1e-12, "rounding grows with the matrix: allow for a share of its size"),
        (lambda H: np.linalg.eigvalsh(H)[-1] >= -1e-9, "the smallest eigenvalue decides, not the largest"),
        (lambda H: np.trace(H) >= 0, "the diagonal does not tell it: look at the eigenvalues"),
    ],
)


# 1.8


def stopping(certificate=lambda gg, f: gg / (2 * f.mu), rate=lambda f: 1 / f.L, late=0):
    """A function of exercise 1.8, with steps as powers of a matrix; late: steps made after the certificate."""

    def certified(f, x, allowed):
        A = f.hess(x)
        shrink = np.eye(len(x)) - rate(f) * A
        for steps in range(10_000):
            at = np.linalg.matrix_power(shrink, steps) @ x
            g = A @ at
            if not certificate(g @ g, f) > allowed:
                return np.linalg.matrix_power(shrink, steps + late) @ x, steps + late
        return x, 10_000

    return certified


def bowl(*eigenvalues):
    return quadratic_form(np.diag(eigenvalues), f"a quadratic with curvatures {eigenvalues}")


def drawn_bowl(rng):
    low = rng.uniform(0.2, 0.8)
    return Case("", (bowl(low, 1.0, low * rng.uniform(2, 4)), rng.normal(size=3), 10 ** rng.uniform(-6, -2)), {})


certified = function(
    "1.8 Stop when you know",
    stopping(),
    [
        case("a valley", bowl(0.1, 1.0), np.array([3.0, -2.0]), 1e-3),
        case("good enough already", bowl(0.1, 1.0), np.array([0.01, 0.0]), 1e-1),
        case("steeper walls", bowl(0.5, 4.0), np.array([1.0, 1.0]), 1e-6),
        case("a round bowl", bowl(2.0, 2.0), np.array([1.0, 5.0]), 1e-9),
    ],
    fresh=drawn_bowl,
    parts=("point x", "number of steps"),
    mistakes=[
        (stopping(late=1), "it makes a step more after it knows: look at the certificate first"),
        (stopping(lambda gg, f: gg / (2 * f.L)), "this certificate has L in it, the larger one: the gap may be larger"),
        (stopping(lambda gg, f: gg / f.mu), "the factor 2 of the certificate is missing"),
        (stopping(lambda gg, f: gg**0.5 / (2 * f.mu)), "the gradient's length is squared: g @ g"),
        (stopping(lambda gg, f: gg), "this asks whether the gradient is small, not how far down it can go"),
        (stopping(lambda gg, f: gg * f.mu / 2), "mu belongs below the line"),
        (stopping(rate=lambda f: 0.5 / f.L), "the rate is 1/L"),
        (lambda *a: stopping()(*a)[::-1], "the results have changed places: first x, then the steps"),
    ],
    tolerance=1e-6,
)


# 1.9


def lower(x):
    return min((x + 1) ** 2, (x - 1) ** 2)


broken = answer(
    "1.9 Maximum and minimum: two points",
    rules=[
        ("three numbers", lambda s: np.shape(numbers(s)) == (3,), "Three numbers are meant: (x, y, t)."),
        ("t is a share", lambda s: 0 <= s[2] <= 1, "t is from 0 to 1."),
        (
            "the graph is above the chord",
            lambda s: lower(s[2] * s[0] + (1 - s[2]) * s[1]) > s[2] * lower(s[0]) + (1 - s[2]) * lower(s[1]) + 1e-9,
            "There the graph is not above the chord. Draw both parabolas: where does their minimum bend down?",
        ),
    ],
)
