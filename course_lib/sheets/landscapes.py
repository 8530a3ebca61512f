"""Sheet 09: what slices show, two symmetries, a hill on a line and a road round it, and a gradient taken uphill."""

import numpy as np

from course_lib.checks import draws
from course_lib.checks.comparison import numbers
from course_lib.checks.draws import Formula
from course_lib.checks.exercise import Like, Rule, case, function, order, value
from course_lib.checks.varied import Varied, choice, number, relettered

SLICE, STRETCH, LINE = "1. A slice through 610 dimensions", "2. As sharp as you like", "3. Two networks and one line"
ROAD, EDGE, NOISE = "4. The bent road", "5. Sharpness while it learns", "6. Flat and good"
WITHHELD = [f"landscapes.{name}" for name in ("barrier", "line", "filter_normalized", "permuted", "Bend")]


def hills(rng, d):
    """A function of points (d,) with hills and no symmetry, and its gradient."""
    A, B = rng.normal(size=(d, d)).round(1), rng.normal(size=d).round(1)
    return Formula("sin(A @ x).sum() + B @ x", A=A, B=B), Formula("A.T @ cos(A @ x) + B", A=A, B=B)


# 9.1

slope = value(
    "9.1 Guess before you run: what a slice shows", 0.6, points=1, read=SLICE, tolerance=1e-3,
    mistakes=[
        (1.0, "this is the largest curvature: a random direction mixes all of them"),
        (-1.0, "this is the lowest curvature: a random direction mixes all of them"),
        (0.8, "this is the share of the directions that curve upwards; the curvatures are +1 and -1"),
        (0.0, "the curvatures up and down do not cancel: there are more of one than of the other"),
        (-0.6, "the sign: more of them curve upwards"),
        (600.0, "this is their sum; a random direction has a share of 1/1000 along each"),
    ],
    varied=Varied(
        {"down": choice(100, 250, 300, 350, 400), "up": lambda rng, p: 1000 - p["down"]},
        {"guess-task": [("200 curvatures of $-1$ and 800 of $+1$", "{down} curvatures of $-1$ and {up} of $+1$")],
         "guesses": [("(800 - 200) / 1000", "({up} - {down}) / 1000")]},
    ),
)  # fmt: skip

edge = value(
    "9.1 Guess before you run: the edge", 40.0, points=1, read=EDGE, tolerance=1e-3,
    mistakes=[
        (20.0, "this is 1/rate, where the steepest direction is crossed in one step; the edge is twice that"),
        (0.1, "this is twice the rate: the smaller the rate, the sharper it may become"),
        (0.025, "upside down: the sharpness is 2 over the rate"),
        (3.0, "this is where it begins; it sharpens until the rate stops it"),
        (80.0, "twice too much: the edge of gradient descent is 2 over the rate"),
    ],
    varied=Varied(
        {"edge_rate": choice(0.02, 0.04, 0.08, 0.16, 0.25)},
        {"guess-task": [("the rate 0.05", "the rate {edge_rate}")], "guesses": [("2 / 0.05", "2 / {edge_rate}")]},
    ),
)  # fmt: skip

steeper = value(
    "9.1 Guess before you run: the stretch", 450.0, points=1, read=STRETCH, tolerance=1e-3,
    mistakes=[
        (150.0, "the factor goes in twice: a curvature is in units of 1 over length squared"),
        (50.0, "the function stays, its sharpness does not: the coordinates have been stretched"),
        (1350.0, "the factor goes in twice, not three times"),
        (Like(50 / 9, lambda s: abs(s - 50 / 9) < 0.01), "the other way: the second layer's weights are shorter now"),
        (Like(50 / 3, lambda s: abs(s - 50 / 3) < 0.01), "the other way, and twice"),
    ],
    varied=Varied(
        {"from_c": choice(20, 25, 40), "more": choice(2, 4, 5), "to_c": number(lambda p: p["from_c"] * p["more"])},
        {"guess-task": [("$c = 20$ it is 50", "$c = {from_c}$ it is 50"), ("$c = 60$", "$c = {to_c}$")],
         "guesses": [("(60 / 20) ** 2", "({to_c} / {from_c}) ** 2")]},
    ),
)  # fmt: skip


# 9.2


def a_line(rng):
    d = draws.dimension(rng)
    n = {"n": int(rng.integers(2, 30))} if rng.integers(2) else {}
    return case("", hills(rng, d)[0], draws.array(rng, d), draws.array(rng, d), **n)


DOME, BOWL = Formula("-(x @ x)"), Formula("x @ x")


@function(
    "9.2 The hill on the line", points=2, read=LINE, withheld=WITHHELD,
    says="It is the greatest height above the chord between the ends.",
    cases=[
        case("a dome, ends at one height", DOME, np.array([1.0, 0.0]), np.array([-1.0, 0.0])),
        case("a dome, one end higher", DOME, np.array([0.0, 0.0]), np.array([2.0, 0.0])),
        case("a bowl, which has none", BOWL, np.array([1.0, 2.0]), np.array([3.0, -1.0])),
        case("few points", Formula("sin(x).sum()"), np.array([0.0]), np.array([6.0]),
             n=4),
        case("whole numbers", DOME, np.array([1, 2]), np.array([3, -1]), n=5),
    ],
    draw=a_line,
    mistakes="""
        np.max(heights - chord) -> np.max(heights) - (heights[0] + heights[-1]) / 2
            : this is above the mean of the ends; the chord joins them and may be tilted
        np.max(heights - chord) -> np.max(heights) : this is the height itself; take it above the chord
        np.max(heights - chord) -> np.max(heights) - max(heights[0], heights[-1])
            : this is above the higher end; the chord joins both ends
        np.max(heights - chord) -> (heights - chord)[n // 2] : the hill need not be highest half way
        np.max(heights - chord) -> f((a + b) / 2) - (heights[0] + heights[-1]) / 2
            : the hill need not be highest half way
        np.max(heights - chord) -> np.max(np.abs(heights - chord)) : a dip below the chord is no barrier
        np.max(heights - chord) -> np.mean(heights - chord) : the highest place is meant, not the mean
        np.max(heights - chord) -> np.argmax(heights - chord) : this is where it is; how high is asked for
        (1 - t) * heights[0] + t * heights[-1] -> t * heights[0] + (1 - t) * heights[-1]
            : the chord is the wrong way round: at t = 0 it starts at f(a)
        np.linspace(0, 1, n) -> np.linspace(0, 1, n, endpoint=False)
            : the last point of the line is b itself
        np.linspace(0, 1, n) -> np.linspace(0, 1, n + 1) : n points, both ends among them
        n=21 -> n=11 : without an n there are 21 points
    """,
)  # fmt: skip
def barrier(f, a, b, n=21):
    t = np.linspace(0, 1, n)
    heights = np.array([f((1 - s) * a + s * b) for s in t])
    chord = (1 - t) * heights[0] + t * heights[-1]
    return np.max(heights - chord)


# 9.3


def two_layers(rng):
    n, m = rng.integers(1, 6), rng.integers(1, 6)
    D, W = rng.normal(size=(2, n, m)).round(2) + 0.01
    if rng.integers(3) == 0:
        D = D.copy()
        D[:, rng.integers(m)] = 0
    return case("", D, W)


@function(
    "9.3 In the units of the weights", points=2, read=STRETCH, withheld=WITHHELD,
    says="Each unit's part of the direction is as long as the unit's weights.",
    cases=[
        case("two units", np.array([[3.0, 0.0], [4.0, 2.0]]), np.array([[0.0, 3.0], [10.0, 4.0]])),
        case("a unit that does not move", np.array([[1.0, 0.0], [1.0, 0.0]]), np.array([[1.0, 2.0], [1.0, 2.0]])),
        case("more inputs than units", np.array([[1.0], [2.0], [2.0]]), np.array([[6.0], [0.0], [0.0]])),
        case("a unit without weights", np.array([[1.0, 1.0], [2.0, 0.0]]), np.array([[0.0, 1.0], [0.0, 1.0]])),
    ],
    draw=two_layers,
    mistakes="""
        (W, axis=0) -> (W) : the length of the whole layer; each unit has its own, axis=0
        (D, axis=0) -> (D) : the length of the whole direction; each unit's part has its own, axis=0
        (W, axis=0) -> (W) ;; (D, axis=0) -> (D)
            : this gives the layer the right length, and not each unit: axis=0
        (W, axis=0) -> (W, axis=1, keepdims=True) ;; (D, axis=0) -> (D, axis=1, keepdims=True)
            ;; / np.where(length > 0, length, 1) -> / length
            : these are rows: what leads into a unit is a column, axis=0
        (W, axis=0) -> (W, axis=1, keepdims=True) ;; (D, axis=0) -> (D, axis=1, keepdims=True)
            : these are rows: what leads into a unit is a column, axis=0
        D * own -> D : the direction is only shortened to length 1: multiply by the length of the weights
        / np.where(length > 0, length, 1) -> : the direction keeps its own length as a factor: divide by it
        / np.where(length > 0, length, 1) -> / length
            : a column of zeros has no direction and stays 0; 0 / 0 is no number
        / np.where(length > 0, length, 1) -> / (length + 1) : divide by the length, and by nothing more
        D * own -> W * own : this goes along the weights; the direction is D
        np.linalg.norm(W, -> np.abs(W).max( : the length is the root of the sum of squares
    """,
)  # fmt: skip
def in_units(D, W):
    own, length = np.linalg.norm(W, axis=0), np.linalg.norm(D, axis=0)
    return D * own / np.where(length > 0, length, 1)


# 9.4


def four(pair):
    found = numbers(pair)
    return found is not None and found.shape == (2, 2) and bool(np.isfinite(found).all())


def sharp(pair):
    """v² + w² of both: the larger eigenvalue of the Hessian of (v max(w, 0) - 1)²/2 where vw = 1."""
    return np.sum(np.square(numbers(pair)), axis=1)


twins = value(
    "9.4 One function, two sharpnesses", points=2, read=STRETCH, passes=((1.0, 1.0), (20.0, 0.05)),
    rules=[
        Rule("two pairs of numbers", lambda pair, rng: four(pair), "Two pairs are meant: ((w, v), (w, v))."),
        Rule("the unit is alive", lambda pair, rng: np.all(numbers(pair)[:, 0] > 0),
             "Where w is not above 0 the relu gives 0 for the example, and no v can make 1 of it."),
        Rule("both are minima", lambda pair, rng: np.allclose(np.prod(numbers(pair), axis=1), 1, rtol=0, atol=1e-9),
             "Not both are minima: the loss is 0 where v times w is 1."),
        Rule("the second is 100 times as sharp", lambda pair, rng: sharp(pair)[1] >= 100 * sharp(pair)[0] * (1 - 1e-9),
             "The second is to be 100 times as sharp as the first at least: v^2 + w^2 is the sharpness."),
    ],
    varied=Varied(
        {"target": choice(2.0, 3.0, 4.0, 0.5)},
        {"twins-task": [(r"\tfrac12(v\,\sigma(w) - 1)^2", r"\tfrac12(v\,\sigma(w) - {target})^2"),
                        ("the target 1", "the target {target}"), ("where $vw = 1$", "where $vw = {target}$")],
         "twins": [("(1.0, 1.0), (20.0, 1 / 20)", "({target}**0.5, {target}**0.5), (20.0 * {target}, 1 / 20)")]},
        back=lambda pair, p: [[w / p["target"] ** 0.5, v / p["target"] ** 0.5] for w, v in pair],
    ),
)  # fmt: skip


# 9.5


def a_slope(rng):
    d = draws.dimension(rng)
    grad, x, g = hills(rng, d)[1], draws.array(rng, d), draws.array(rng, d)
    g = 0 * g if rng.integers(6) == 0 else g
    return case("", x, g, grad, lr=draws.number(rng, 0, 1), **draws.sometimes(rng, rho=draws.number(rng, 0, 0.5)))


LINEAR = Formula("array([2 * x[0], x[1]])")


@function(
    "9.5 A gradient taken uphill", points=2, read=NOISE, withheld=["wrappers.sam"],
    says="The gradient is that of a place rho uphill, and the step starts at x.",
    cases=[
        case("a bowl", np.array([3.0, 4.0]), np.array([6.0, 8.0]), LINEAR, lr=0.1, rho=0.5),
        case("rho = 0", np.array([3.0, 4.0]), np.array([6.0, 4.0]), LINEAR, lr=0.1, rho=0.0),
        case("rho left out", np.array([1.0, 2.0]), np.array([0.0, 5.0]), LINEAR, lr=0.2),
        case("where the gradient is 0", np.array([1.0, 2.0]), np.array([0.0, 0.0]), LINEAR, lr=0.1, rho=0.5),
    ],
    draw=a_slope,
    mistakes="""
        x + rho -> x - rho : this is downhill; SAM looks at the gradient uphill, x + rho g / |g|
        / np.where(length > 0, length, 1) -> : the way uphill is rho long, whatever the length of g: divide by it
        / np.where(length > 0, length, 1) -> / length : where g is 0 there is no uphill: take x itself, not 0 / 0
        / np.where(length > 0, length, 1) -> / np.where(g == 0, 1, np.abs(g))
            : each coordinate was divided by its own size: the length of g is one number
        np.linalg.norm(g) -> np.abs(g).max() : the length is the root of the sum of squares
        return x - lr -> return uphill - lr : the step starts at x; uphill is only where the gradient is taken
        grad(uphill) -> g : this is gradient descent: take the gradient uphill
        grad(uphill) -> grad(x) : this is gradient descent: take the gradient uphill
        grad(uphill) -> (g + grad(uphill)) : the gradient uphill alone, not the sum of both
        x - lr -> x + lr : the sign of the step: x goes against the gradient
        rho=0.05 -> rho=0.1 : without a rho it is 0.05, as in the heading
    """,
)  # fmt: skip
def sam(x, g, grad, *, lr, rho=0.05):
    length = np.linalg.norm(g)
    uphill = x + rho * g / np.where(length > 0, length, 1)
    return x - lr * grad(uphill)


# 9.6

proof = order(
    "9.6 In the right order: the copy does not notice", "CFDAGBEH", points=2, read=LINE,
    needs="""
        C < F, D, B : the matrix P has to be said before anything is said of it
        F < A : what the hidden units give out follows from what they take in
        D < A : to take P out of the bend one has to know that the bend works on each entry alone
        A < G : the outputs are made of what the hidden units give out
        G < E : the two matrices must stand in the formula before they are replaced
        B < E : that their product is the identity has to be known before it is left out
        E < H : the loss is computed from the outputs: first they must be the same
    """,
    varied=relettered("CFDAGBEH"),
)  # fmt: skip


# 9.7


def a_network(rng):
    n, m, k = rng.integers(1, 5), rng.integers(2, 6), rng.integers(1, 4)
    W, b, V = rng.normal(size=(n, m)).round(2), rng.normal(size=m).round(2), rng.normal(size=(m, k)).round(2)
    return case("", W, b, V, rng.permutation(m))


@function(
    "9.7 Bug hunt: a copy that is none", points=2, read=LINE, withheld=WITHHELD, whole=True,
    cases=[
        case("three units", np.array([[1.0, 2.0, 3.0]]), np.array([0.1, 0.2, 0.3]), np.array([[1.0], [2.0], [3.0]]),
             np.array([2, 0, 1])),
        case("the order as it is", np.array([[1.0, 2.0]]), np.array([5.0, 6.0]), np.array([[3.0], [4.0]]),
             np.array([0, 1])),
        case("two outputs", np.eye(3), np.array([1.0, 2.0, 3.0]), np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]),
             np.array([1, 2, 0])),
    ],
    draw=a_network,
    parts={"W1": "The weights into the hidden units are in the new order.",
           "b1": "The biases of the hidden units are in the new order.",
           "W2": "The weights out of the hidden units are in the new order."},
    mistakes="""
        b1[order] -> b1 : this is as printed: a unit takes its bias with it
        W2[order] -> W2 : what leads out of a unit has to move with it: the rows of W2
        W1[:, order] -> W1 : what leads into a unit has to move with it: the columns of W1
        b1[order] -> b1 ;; W2[order] -> W2 : a unit takes its bias and its row of W2 with it
        W1[:, order] -> W1[:, np.argsort(order)] : the columns went the other way: the first new unit is order[0]
        W2[order] -> W2[np.argsort(order)] : the rows of W2 went the other way: the first new unit is order[0]
        W1[:, order], b1[order], W2[order] -> W1[:, order][:, order], b1[order][order], W2[order][order]
            : the order was applied twice
        return W1 -> order = np.argsort(order); return W1
            : all went the other way: the same function, too, but the first new unit is to be order[0]
    """,
)  # fmt: skip
def reordered_units(W1, b1, W2, order):
    return W1[:, order], b1[order], W2[order]


# 9.8


def a_bend(rng):
    d = draws.dimension(rng)
    a, c, b = (draws.array(rng, d) for _ in range(3))
    return case("", a, c, b, draws.number(rng, 0, 1))


@function(
    "9.8 The bent road: a point of it", points=1, read=ROAD, withheld=WITHHELD,
    says="It is the point of the Bézier curve at t.",
    cases=[
        case("half way", np.array([0.0, 0.0]), np.array([1.0, 2.0]), np.array([2.0, 0.0]), 0.5),
        case("at the start", np.array([1.0, 2.0]), np.array([5.0, 5.0]), np.array([3.0, 4.0]), 0.0),
        case("at the end", np.array([1.0, 2.0]), np.array([5.0, 5.0]), np.array([3.0, 4.0]), 1.0),
        case("a quarter of the way", np.array([1, 0]), np.array([0, 4]), np.array([2, 2]), 0.25),
    ],
    draw=a_bend,
    mistakes="""
        2 * t * (1 - t) * c -> t * (1 - t) * c : a factor 2 is missing: the three shares have the sum 1
        (1 - t) ** 2 * a -> (1 - t) * a ;; t**2 * b -> t * b : the shares of the ends are squared
        (1 - t) ** 2 * a -> t**2 * a ;; + t**2 * b -> + (1 - t) ** 2 * b : the wrong way round: at t = 0 it starts at a
        2 * t * (1 - t) * c -> 2 * t * (1 - t) * (a + b) / 2 : this is the straight line: c bends it
        2 * t * (1 - t) * c -> 2 * t * (1 - t) * b ;; t**2 * b -> t**2 * c : the road ends at b, and c bends it
        2 * t * (1 - t) * c -> c : the share of c fades at both ends: 2t(1 - t)
    """,
)  # fmt: skip
def bent(a, c, b, t):
    return (1 - t) ** 2 * a + 2 * t * (1 - t) * c + t**2 * b


def a_pull(rng):
    d = draws.dimension(rng)
    a, c, b = (draws.array(rng, d) for _ in range(3))
    return case("", hills(rng, d)[1], a, c, b, rng.uniform(0.05, 0.95, size=rng.integers(1, 6)).round(2))


@function(
    "9.8 The bent road: which way to bend it", points=2, read=ROAD, withheld=WITHHELD,
    says="It is the gradient in c of the mean height.",
    cases=[
        case("at one place", LINEAR, np.array([0.0, 0.0]), np.array([1.0, 2.0]), np.array([2.0, 0.0]), np.array([0.5])),
        case("at three", LINEAR, np.array([1.0, -1.0]), np.array([0.0, 2.0]), np.array([2.0, 1.0]),
             np.array([0.25, 0.5, 0.75])),
        case("at the ends, where c has no share", LINEAR, np.array([1.0, 1.0]), np.array([3.0, 0.0]),
             np.array([2.0, 2.0]), np.array([0.0, 1.0])),
    ],
    draw=a_pull,
    mistakes="""
        2 * t * (1 - t) * grad(point) -> grad(point)
            : the chain rule: a step of c moves the place at t by 2t(1 - t) of it
        2 * t * (1 - t) * grad(point) -> t * (1 - t) * grad(point) : a factor 2 is missing: the share of c is 2t(1 - t)
        pull / len(ts) -> pull : this is the sum over the places; the mean is asked for
        grad(point) -> grad(c) : the gradient is taken on the road, not at c
        point = (1 - t) ** 2 * a + 2 * t * (1 - t) * c + t**2 * b -> point = (1 - t) * a + t * b
            : the gradient is taken on the straight line; it is asked for on the bent road
        2 * t * (1 - t) * grad(point) -> 2 * (1 - 2 * t) * grad(point)
            : this is the derivative of the share in t; c is what is moved
        2 * t * (1 - t) * grad(point) -> t**2 * grad(point) : this is the share of b; that of c is 2t(1 - t)
    """,
)  # fmt: skip
def bend(grad, a, c, b, ts):
    pull = 0 * c
    for t in ts:
        point = (1 - t) ** 2 * a + 2 * t * (1 - t) * c + t**2 * b
        pull = pull + 2 * t * (1 - t) * grad(point)
    return pull / len(ts)
