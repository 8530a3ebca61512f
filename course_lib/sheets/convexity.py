"""Sheet 01: refute and sort, project, one proof, two functions to design, curvatures, a certificate, a minimum."""

import re
from collections import Counter

import numpy as np

from course_lib.checks import draws
from course_lib.checks.calls import Blank
from course_lib.checks.comparison import letters, numbers
from course_lib.checks.draws import Formula, symmetric
from course_lib.checks.exercise import Rule, case, function, order, value
from course_lib.checks.varied import Varied, choice
from course_lib.convexity import find_violation
from course_lib.surfaces import Surface

WALKERS, TANGENT, PARTS = "1. Where do 401 walkers end?", "2. Tangent and curvature", "3. Convex by construction"
SANDWICH, NOT, FENCE = (
    "4. L and μ: between two parabolas", "5. What convex does not mean", "6. Staying inside a fence",
)  # fmt: skip


# 1.1


def said(answer, f, low, high, seed):
    """What a falsifier says, in words."""

    def inside(x):
        if np.min(x) < low - 1e-9 or np.max(x) > high + 1e-9:
            raise ValueError(f"f is asked only from low to high, here from {low:.4g} to {high:.4g}")
        return f(x)

    return "convex" if answer(inside, low, high, np.random.default_rng(seed)) else "not convex"


def asked_first(answer, seed):
    """The first places at which a falsifier asks for f."""
    asked = []
    answer(lambda x: asked.append(np.array(x)) or x * x, -1.0, 1.0, np.random.default_rng(seed))
    return asked[0]


def draws_from_its_generator(answer, rng):
    seed = int(rng.integers(10**6))
    first, again, other = (asked_first(answer, one) for one in (seed, seed, seed + 1))
    return np.array_equal(first, again) and not np.array_equal(first, other)


def curve(words, **ranges):
    """A draw of a function of z = x - m with numbers from ranges, seen through a window that tells nothing of m."""

    def drawn(rng):
        values = {
            name: int(rng.choice(ends)) if isinstance(ends, range) else rng.uniform(*ends)
            for name, ends in ({"m": (-4, 4)} | ranges).items()
        }
        wide, wider = rng.uniform(4, 6), rng.uniform(1, 1.2)
        f = Formula(re.sub(r"\bz\b", "(x - m)", words), **values)
        return case("", f, values["m"] - wide, values["m"] + wide * wider, int(rng.integers(10**6)))

    return drawn


BENDS_DOWN = [
    curve("(z**2 - c)**2", c=(2, 4)),
    curve("log(1 + c * z**2)", c=(2, 4)),
    curve("a * z - 10**-k * z**2", a=(-1, 1), k=(6, 7)),
    # a dent half-way between whole numbers, and so narrow that a hundred chords miss it more often than not
    *[curve("z**2 + 0.2 * exp(-50 * (z - n - c)**2)", m=range(-4, 5), n=range(-2, 2), c=(0.4, 0.6))] * 6,
]
BENDS_UP = [curve("c * (z + 6.5)**3", c=(0.5, 2)), curve("sqrt(c + z**2) - z", c=(0.5, 2))]
STRAIGHT = [curve("a * z + b", a=(-5, 5), b=(-5, 5)), curve("a * abs(z - 1) - b * z", a=(1, 5), b=(1, 5))]
REFUTED, SPARED = (
    "What bends down somewhere in the window is refuted.",
    "What bends up everywhere in it is not refuted.",
)


def single_valley(f, low, high, rng):
    return np.all(np.diff(np.sign(np.diff(f(np.linspace(low, high, 2001))))) >= 0)


@function(
    "1.1 A falsifier", points=2, read=WALKERS, withheld=["convexity.find_violation"], use=said, drawn=8,
    cases=[
        case("a parabola", Formula("x**2"), -3.0, 3.0, 7),
        case("a hill", Formula("-x**2"), -3.0, 3.0, 7),
        case("a straight line", Formula("3 * x - 1"), -3.0, 3.0, 7),
        case("a kink", Formula("abs(x)"), -3.0, 3.0, 7),
        case("a cube where it bends up", Formula("x**3"), 0.0, 2.0, 7),
        case("a cube on both sides of 0", Formula("x**3"), -2.0, 2.0, 7),
        case("a valley in a plain", Formula("1 - exp(-x**2 / 2)"), -3.0, 3.0, 7),
        case("a trough", Formula("maximum(x, 0)**2"), -3.0, 3.0, 7),
        case("a wave between two whole numbers", Formula("cos(2 * pi * x)"), 0, 1, 7),
        case("a dent in a bowl", Formula("x**2 + 0.2 * exp(-50 * (x - 1)**2)"), -5.0, 5.0, 7),
    ],
    draw={REFUTED: BENDS_DOWN, SPARED: BENDS_UP, "What is straight in places is not refuted.": STRAIGHT},
    needs={REFUTED: SPARED, SPARED: REFUTED, "What is straight in places is not refuted.": REFUTED},
    rules=[Rule("it draws from rng", draws_from_its_generator,
                "It does not draw from the rng that it is given, so nobody can repeat what it finds: rng.uniform.",
                says="It draws from the generator that it is given.", weight=0.25, needs=0)],
    mistakes=["""
        graph > chord + 1e-9 -> graph < chord - 1e-9 : the inequality is the wrong way round: this refutes what bends up
            -> graph >= chord || graph > chord
                : a chord may lie on the graph, and rounding may push it below: allow for 1e-9
            -> graph > chord + 1e-3 : this allows for much more than rounding: a graph that bends down a little passes
        t * f(x) + (1 - t) * f(y) -> (1 - t) * f(x) + t * f(y)
            : even a straight line is refuted: let the weight of x be the same on both sides
        return not np.any(graph > chord + 1e-9) -> return True
            : it never refutes: see to it that a violation reaches the return
            -> return np.any(graph > chord + 1e-9) : the answer is the opposite: a violation means False
            -> return not np.all(graph > chord + 1e-9) : a single chord below the graph is enough: np.any, not np.all
        rng.uniform(low, high, (2, pairs)) -> rng.integers(low, high, (2, pairs), endpoint=True)
            : whole numbers miss what happens between them: rng.uniform(low, high, pairs)
    """, (single_valley, "this asks for a single valley; convex asks for more")],
)  # fmt: skip
def falsifier(f, low, high, rng, pairs=10_000):
    x, y = rng.uniform(low, high, (2, pairs))
    t = rng.uniform(size=pairs)
    graph, chord = f(t * x + (1 - t) * y), t * f(x) + (1 - t) * f(y)
    return not np.any(graph > chord + 1e-9)


# 1.2

SORTED = "ABDEGIJ"
REASONS = {  # why each is convex, or not
    "A": "its second derivative is 2 everywhere",
    "B": "its second derivative, exp(-x), is above 0",
    "C": "from 0 to pi the chord lies on the axis and the graph above it",
    "D": "it is a maximum of straight lines",
    "E": "its second derivative, (1 + x²)^(-3/2), is above 0",
    "F": "for x > 0 its slope 1/(1 + x)² falls",
    "G": "it is a sum of two convex functions, each |x| of something straight",
    "H": "from 0 to 2 the chord is at 1/2 above x = 1, and the graph at 1",
    "I": "its second derivative, 1/x², is above 0",
    "J": "its second derivative, 1/x, is above 0",
    "K": "beyond |x| = 1 it bends down, as a logarithm does",
    "L": "from (2, 0) to (0, 2) the chord is at 0 and its middle, (1, 1), at 1",
}


def amiss(given):
    """How many of the twelve are on the wrong side, and how many letters are none of them."""
    return len(set(letters(given)) ^ set(SORTED))


convex_ones = value(
    "1.2 Sort twelve", points=3, read=PARTS, passes=SORTED,
    rules=[
        Rule("letters from A to L", lambda given, rng: set(letters(given)) <= set(REASONS),
             "A text of letters from A to L is meant, those of the convex functions."),
        *(Rule(letter, lambda given, rng, letter=letter: (letter in letters(given)) == (letter in SORTED),
               f"{letter} is {'convex, and missing' if letter in SORTED else 'not convex'}: {why}.")
          for letter, why in REASONS.items()),
        Rule("all", lambda given, rng: amiss(given) == 0, "Some are on the wrong side.",
             says="All twelve are sorted right.", weight=2 / 3),
        Rule("nearly all", lambda given, rng: amiss(given) <= 1, "Some are on the wrong side.",
             says="At most one of the twelve is sorted wrongly.", weight=1 / 3),
    ],
)  # fmt: skip


# 1.3


def outside(rng):
    x = draws.array(rng, draws.dimension(rng))
    x = x if np.any(x) else x + 1
    return case("", x, round(float(rng.uniform(0.2, 0.9) * np.linalg.norm(x)), 4))


def inside(rng):
    x = draws.array(rng, draws.dimension(rng)) * rng.choice([0, 1, 1, 1])
    return case("", x, round(float(rng.uniform(1.05, 3) * np.linalg.norm(x)) + 0.01, 4))


@function(
    "1.3 Two projections: the ball", points=1, read=FENCE, withheld=["convexity.project_ball"],
    cases=[
        case("a point outside", np.array([3.0, 4.0]), 1.0),
        case("a point inside", np.array([0.3, -0.4]), 1.0),
        case("a larger ball", np.array([3.0, -4.0, 12.0]), 6.5),
        case("the origin", np.zeros(2), 2.0),
    ],
    draw={"A point outside comes to the ball's edge, on its own ray.": outside,
          "A point inside stays where it is.": inside},
    needs=0,
    mistakes="""
        max(length, radius) -> length || max(length, 1e-12) : points inside stay where they are: min(1, ...)
            -> min(length, radius) : it is the points outside that have to move, not those inside
        radius / max(length, radius) -> max(length, radius) / radius : this moves a point outside farther away
            -> 1 / max(length, 1) : this is the ball of radius 1
        x * (radius / max(length, radius)) -> np.clip(x, -radius, radius)
            : this is a box: cut coordinate by coordinate, the direction changes
        np.linalg.norm(x) -> x @ x || np.sum(np.abs(x)) || np.max(np.abs(x))
            : the length is the root of the sum of squares
    """,
)  # fmt: skip
def ball(x, radius):
    length = np.linalg.norm(x)
    return x * (radius / max(length, radius))


def too_much(rng):
    x = draws.array(rng, draws.dimension(rng))
    return case("", x if np.maximum(x, 0).sum() > 1 else x + 2)


def shares_already(rng):
    d = draws.dimension(rng)
    return case("", rng.multinomial(100, np.ones(d) / d) / 100)


def too_little(rng):
    return case("", -rng.uniform(1, 2, draws.dimension(rng)).round(2))


@function(
    "1.3 Two projections: the simplex", points=2, read=FENCE, withheld=["convexity.project_simplex"],
    cases=[
        case("too much in each", np.array([0.6, 0.8])),
        case("one far ahead", np.array([2.0, 0.5, -1.0])),
        case("a tail to cut", np.array([0.9, 0.4, 0.1, -0.2])),
        case("shares already", np.array([0.2, 0.3, 0.5])),
        case("all below 0", np.array([-1.0, -2.0, -4.0])),
    ],
    draw={"If there is too much, those that stay above 0 give up the same amount.": too_much,
          "Shares stay as they are.": shares_already,
          "If all have too little, all gain the same amount.": too_little},
    needs=0,
    mistakes="""
        np.maximum(x - theta[kept][-1], 0) -> np.maximum(x, 0) / np.sum(np.maximum(x, 0))
            || np.maximum(x, 0) / max(np.sum(np.maximum(x, 0)), 1e-12)
            : shares, but not the nearest: all that stay above 0 give up the same amount, not the same part
            -> np.exp(x - np.max(x)) / np.sum(np.exp(x - np.max(x))) : softmax gives shares, but not the nearest ones
            -> x - theta[-1] : the sum is right, but some are below 0
            -> np.maximum(x - theta[-1], 0) / np.sum(np.maximum(x - theta[-1], 0))
                : cut, then divided by the sum: but all that stay give up the same amount; find it without those that go
            -> np.maximum(x, 0) : none is below 0, but the sum is not 1
        theta[kept][-1] -> theta[-1]
            : after the cut the sum is above 1: those that are cut must not be counted when the amount is shared out
            -> max(theta[kept][-1], 0) : theta may be negative: if all have too little, all gain
            -> theta[kept][0] : this leaves the largest alone; of the candidates take the last that fits
        np.maximum(x - -> np.maximum(falling - : these are sorted: the amount is taken from x, whose order stays
        - 1) / -> ) / : the sum is to be 1, not 0
    """,
)  # fmt: skip
def simplex(x):
    falling = np.sort(x)[::-1]
    theta = (np.cumsum(falling) - 1) / np.arange(1, len(x) + 1)
    kept = falling > theta
    return np.maximum(x - theta[kept][-1], 0)


# 1.4

proof = order(
    "1.4 How far down can it go?", "DAFCEB", points=2, read=SANDWICH,
    needs="""
        D < A, F, C, E, B : a parabola can be minimised only when it has been written down
        A < F : where the gradient is zero can be said only when the gradient is known
        F < C : a value "there" needs a place
        C < E : the bound needs the value at the lowest point
        E < B : the minimiser may be put in only when the bound holds for all y
    """,
)  # fmt: skip


# 1.5

edge = value(
    "1.5 Guess before you run: the edge", 1 / 3, points=1, read=SANDWICH, tolerance=1e-3,
    mistakes=[
        (2 / 3, "L is the second derivative, and that of 3x² is not 3"),
        (1 / 6, "this is 1/L, the best promise; the edge is twice as far"),
        (6.0, "this is L"),
    ],
    varied=Varied(
        {"half_curvature": choice(2, 4, 5)},
        {"guess-task": ["$f(x) = {half_curvature:3}x^2$"],
         "guesses": [("edge = 2 / 6", "edge = 2 / (2 * {half_curvature})")]},
        dropped={"guess-run-text", "guess-run"},
    ),
)  # fmt: skip

priced = value(
    "1.5 Guess before you run: the penalty", 1.2, points=1, read=FENCE, tolerance=1e-3,
    mistakes=[
        (1.0, "this is the best feasible point; a penalty stops short of it"),
        (3.0, "this is the minimum without a fence"),
        (2.0, "both pulls would be equal for a weight of 1"),
        (0.2, "this is how far outside; the place is asked for"),
        (1.8, "this is how far from 3; the place is asked for"),
        (15 / 11, "the square of the distance has a factor 1/2, as f has: the slope of the penalty is 9 (x - 1)"),
    ],
    varied=Varied(
        {"target": choice(4, 5, 6), "fence": choice(1, 2), "price": choice(3, 4, 9)},
        {
            "guess-task": [r"$f(x) = \frac12(x - {target:3})^2$, and only $x \le {fence:1}$",
                           r"$\rho = {price:9}$, that is $\frac{price:9}2 (x-{fence:1})^2$ for $x > {fence:1}$"],
            "guesses": ["({target:3} + {price:9} * {fence:1}) / (1 + {price:9})"],
        },
    ),
)  # fmt: skip

gap = value(
    "1.5 Guess before you run: the certificate", 0.2, points=1, read=SANDWICH, tolerance=1e-3,
    mistakes=[
        (0.4, "the factor 2 below the line is missing"),
        (1.0, "the gradient is squared"),
        (2.0, "the gradient is squared, and the factor 2 below the line is missing"),
        (0.002, "mu belongs below the line"),
        (0.004, "mu belongs below the line, and so does the 2"),
        (0.02, "the gradient is squared, and 2 mu belongs below the line"),
    ],
    varied=Varied(
        {"least_curvature": choice(0.05, 0.2, 0.5), "length": choice(0.1, 0.3, 0.4)},
        {"guess-task": [r"$\mu = {least_curvature:0.1}$", "the length {length:0.2}."],
         "guesses": ["{length:0.2}**2 / (2 * {least_curvature:0.1})"]},
    ),
)  # fmt: skip


# 1.6

WIDE = np.linspace(-30, 30, 6001)
OUTWARDS = np.concatenate([WIDE, 30 * 1.1 ** np.arange(1, 300)])  # from -30 on, far beyond 30


def on_points(f):
    """A function of numbers as one of points (1, n)."""

    def g(p):
        with np.errstate(all="ignore"):
            return np.asarray(f(p[0]), float) + np.zeros(p.shape[1:])

    return g


def values(f, x):
    return on_points(f)(np.asarray(x, float)[None])


def is_convex(f, rng):
    found = [find_violation(on_points(f), [(-r, r)], rng, 3000) for r in (rng.uniform(2, 5), rng.uniform(15, 30))]
    return all(violation is None or violation.above < 1e-9 for violation in found)


def a_pair(pair, rng):
    if not (isinstance(pair, tuple | list) and len(pair) == 2 and callable(pair[0])):
        return False
    pair[0](np.zeros(1))  # blank, if this is
    number = numbers(pair[1])
    return number is not None and number.size == 1


def infimum_of(pair):
    return float(np.squeeze(numbers(pair[1])))


def its_own(pair, rng):
    """Whether it is neither exp(x) nor log(1 + exp(x)), nor one of these moved or mirrored."""
    y = values(pair[0], np.arange(-5.0, 6.0))
    for form in (y, np.exp(np.minimum(y, 700))):
        step = np.diff(form)
        if any(np.allclose(step[1:], factor * step[:-1], rtol=1e-6, atol=0) for factor in (np.e, 1 / np.e)):
            return False
    return True


def way_down(pair):
    """(places, values, how much rounding may change each) on the way to the side on which it is lower at 30."""
    f, level = pair[0], abs(infimum_of(pair))
    left, right = values(f, [-30.0, 30.0])
    x = OUTWARDS if right < left else -OUTWARDS
    y = values(f, x)
    end = next((i for i in range(len(WIDE), len(x)) if not np.isfinite(y[i])), len(x))
    return x[:end], y[:end], 64 * np.finfo(float).eps * np.maximum(np.abs(x[:end]), level)


def above(pair, rng):
    """Whether it stays above its number, or comes so near before it that rounding makes them equal."""
    _, y, rounding = way_down(pair)
    over = y - infimum_of(pair)
    first = int(np.argmax(over <= 0))
    reached = over[first] <= 0
    return np.all(over >= -rounding) and not (reached and (first == 0 or over[first - 1] > rounding[first]))


def falls_for_ever(pair, rng):
    """Whether it falls at each step, less and less, and stops only where rounding hides the next one."""
    _, y, rounding = way_down(pair)
    y = y[np.isfinite(y)]
    rounding, drop = rounding[-len(y) + 1 :], -np.diff(y)
    first = int(np.argmax(drop <= 0))
    stops = drop[first] <= 0
    return (
        np.all(drop >= -rounding)
        and drop[-1] <= 0.1
        and not (stops and (first == 0 or drop[first - 1] > rounding[first]))
    )


def near(pair, rng):
    return way_down(pair)[1][-1] - infimum_of(pair) <= 0.05


no_minimiser = value(
    "1.6 Design: no minimiser", points=2, read=NOT, passes=(lambda x: np.sqrt(1 + x**2) - x, 0.0),
    rules=[
        Rule("a function and a number", a_pair,
             "A pair is meant: (the function, the number that it approaches)."),
        Rule("the number is finite", lambda p, rng: np.isfinite(infimum_of(p)),
             "The function falls without end. Bounded below is asked for: the number must be finite."),
        Rule("it is convex", lambda p, rng: is_convex(p[0], rng),
             "Not convex: on [-30, 30] a chord is below the graph."),
        Rule("it stays above its number", above,
             "Somewhere it reaches the number, or falls below the number. So it is no infimum that is never attained."),
        Rule("it falls for ever", falls_for_ever,
             "It does not fall for ever, less and less: somewhere, perhaps far out, it rises again or stays level."),
        Rule("it is your own", lambda p, rng: is_convex(p[0], rng) and falls_for_ever(p, rng) and its_own(p, rng),
             "exp(-x) is in exercise 1.2, and log(1 + exp(x)) in the lesson; moved or mirrored they are no others.",
             says="The function is convex, it is your own, and on one side it falls for ever, less and less."),
        Rule("it comes near its number", lambda p, rng: above(p, rng) and near(p, rng),
             "However far out, it does not come within 0.05 of the number: is that the largest lower bound?",
             says="The number is what the function approaches and never reaches.", weight=0.5, needs=0),
    ],
)  # fmt: skip


def higher_elsewhere(f, rng):
    far = np.array([0.1, *rng.uniform(0.1, 30, 200)])
    return np.all(values(f, np.array([*(1 - far), *(2 + far)])) > np.max(values(f, [1.0, 1.5, 2.0])))


def level(f, rng):
    return np.ptp(values(f, np.array([1.0, 2.0, *rng.uniform(1, 2, 50)]))) < 1e-12


flat = value(
    "1.6 Design: a flat floor", points=1, read=NOT,
    passes=lambda x: np.maximum(1 - x, 0) + np.maximum(x - 2, 0),
    rules=[
        Rule("it is a function", lambda f, rng: callable(f),
             "A function is meant: give the check its name, without brackets."),
        Rule("it is convex", is_convex, "Not convex: on [-30, 30] a chord is below the graph.",
             says="The function is convex.", needs=1),
        Rule("it is flat from 1 to 2", level, "From 1 to 2 its values differ: not all of these points are minimisers."),
        Rule("it rises on both sides", lambda f, rng: level(f, rng) and higher_elsewhere(f, rng),
             "At 0.9 or at 2.1, or farther out, it is no higher: there are minimisers outside of [1, 2].",
             says="All points from 1 to 2 have one value, and all others a higher one."),
    ],
)  # fmt: skip


# 1.7


def minors(H):
    """The test with the slip: all leading minors at least 0."""
    return all(np.linalg.det(H[:k, :k]) >= 0 for k in range(1, len(H) + 1))


fooled = value(
    "1.7 Bug hunt, the leading minors: a matrix that fools it", points=1, read=TANGENT,
    passes=np.array([[0.0, 0.0], [0.0, -1.0]]),
    rules=[
        Rule("two rows, two columns", lambda H, rng: np.shape(numbers(H)) == (2, 2),
             "A matrix of 2 rows and 2 columns is meant: np.array([[..., ...], [..., ...]])."),
        Rule("symmetric", lambda H, rng: np.array_equal(H, np.transpose(H)), "A Hessian is symmetric."),
        Rule("the test says convex", lambda H, rng: minors(np.asarray(H, float)),
             "The test as printed is not fooled: one of the two numbers H[0, 0] and det H is below 0."),
        Rule("it is not", lambda H, rng: np.linalg.eigvalsh(np.asarray(H, float))[0] < -1e-9,
             "The test says convex, and it is right: no eigenvalue is below 0."),
    ],
)  # fmt: skip


def verdict(answer, H):
    return "convex" if answer(H) else "not convex"


def bent(curvatures, scale=1.0):
    """A draw of a symmetric matrix, from a draw of its eigenvalues."""
    return lambda rng: case("", scale * symmetric(rng, *curvatures(rng)))


a_saddle = bent(lambda rng: [-rng.uniform(1, 2), *rng.uniform(1, 9, draws.dimension(rng) - 1)])
an_even_number_below = bent(lambda rng: [*-rng.uniform(1, 2, 2), *rng.uniform(5, 9, rng.integers(0, 5))])
hardly_below = bent(lambda rng: [-rng.uniform(1, 3) * 1e-7, *rng.uniform(0.5, 1, rng.integers(1, 5))])
all_above = bent(lambda rng: rng.uniform(0.5, 3, draws.dimension(rng)))
trough, large, huge = (bent(lambda rng: [*rng.uniform(1, 4, 3), 0, 0], scale) for scale in (1.0, 1e6, 1e11))


def all_entries_positive(rng):
    return case("", np.ones((4, 4)) - np.diag(rng.uniform(0.3, 0.8, 4)))


def between_zeros(rng):
    """A saddle, or a slope down, with rows of zeros on both sides: no corner of the matrix tells of it."""
    H = np.zeros((5, 5))
    H[1:4, 1:4] = symmetric(rng, -rng.uniform(1, 2), *rng.uniform(1, 2, 2))
    H[1:4, 1:4] -= np.diag(np.diag(H)[1:4]) * rng.integers(2)
    return case("", H)


GENERAL = np.random.default_rng(4)
SEEN = "A curvature below 0 is seen, also beside one of 0."
RISING = "If all curvatures are above 0, it is convex."
FIXED = "rounding grows with the matrix: allow for a share of its largest entry, not for a fixed number"
CORNERS = "not only minors in a corner count: look at zeros around [[0, 1], [1, 0]], and at the eigenvalues"


@function(
    "1.7 Bug hunt, the leading minors: mended", points=1, read=TANGENT, use=verdict,
    cases=[
        case("a bowl", np.array([[2.0, 0.5], [0.5, 1.0]])),
        case("a saddle whose entries are all positive", np.array([[1.0, 2.0], [2.0, 1.0]])),
        case("a bowl with negative entries", np.array([[2.0, -1.0], [-1.0, 2.0]])),
        case("a hill", -np.eye(2)),
        case("the slip", np.array([[0.0, 0.0], [0.0, -1.0]])),
        case("a trough", np.array([[1.0, 1.0], [1.0, 1.0]])),
        case("no curvature at all", np.zeros((2, 2))),
        case("a trough with rounding errors", np.pad(symmetric(GENERAL, 3, 1, 0, 0), (0, 1))),
        case("a saddle in three dimensions", np.diag([-1.0, -2.0, 3.0])),
        case("a large trough", 1e6 * symmetric(GENERAL, 2, 1, 0)),
        case("a slope down between two zeros", np.diag([0.0, -1.0, 0.0])),
        case("a saddle between two zeros", np.diag([0.0, 1, 0], 1) + np.diag([0.0, 1, 0], -1)),
        case("a saddle with a determinant above 0", np.ones((3, 3)) - np.eye(3)),
        case("a small saddle", 1e-4 * np.array([[1.0, 2.0], [2.0, 1.0]])),
        case("a trough and nearly one", np.diag([1.0, -1e-4])),
        case("the same, nearer still", np.diag([1.0, -2e-7])),
        case("a huge trough", 1e11 * symmetric(GENERAL, 2, 1, 0, 0, 0)),
    ],
    draw={SEEN: [a_saddle, an_even_number_below, all_entries_positive, between_zeros, hardly_below],
          RISING: all_above,
          "A curvature of 0 is allowed, whatever rounding makes of it.": trough,
          "Rounding is allowed for with large entries, too.": [large, huge]},
    needs={SEEN: RISING, RISING: SEEN, "A curvature of 0 is allowed, whatever rounding makes of it.": SEEN,
           "Rounding is allowed for with large entries, too.": SEEN},
    mistakes=[
        (minors, "this is the test with the slip"),
        (lambda H: minors(H) and np.all(np.diag(H) >= 0), CORNERS),
        (lambda H: minors(H) and minors(H[::-1, ::-1]), CORNERS),
        (lambda H: minors(H) and minors(H[::-1, ::-1]) and np.all(np.diag(H) >= 0), CORNERS),
        (lambda H: np.all(np.diag(H) >= 0) and np.linalg.det(H) >= 0, CORNERS),
        (lambda H: H[0, 0] >= 0 and H[-1, -1] >= 0 and np.linalg.det(H) >= 0, CORNERS),
        *((lambda H, fixed=fixed: np.linalg.eigvalsh(H)[0] >= -fixed, FIXED) for fixed in (1e-12, 1e-6, 1e-3)),
        """
        curvatures[0] >= -1e-9 * np.abs(H).max() -> np.all(H >= 0) : the entries do not tell it: look at the eigenvalues
            -> np.linalg.det(H) >= 0 : the determinant alone is the product of the eigenvalues: two minus signs hide
            -> np.trace(H) >= 0 || np.all(np.diag(H) >= 0) : the diagonal does not tell it: look at the eigenvalues
            -> curvatures[0] > 0 || curvatures[0] > 1e-9 : a curvature of 0 is allowed
        >= -1e-9 * np.abs(H).max() -> >= 0 : an eigenvalue of 0 may come out as -1e-16: allow for rounding
        -1e-9 * -> -0.01 * : a hundredth is much more than rounding: a curvature of -1e-4 beside one of 1 is below 0
        curvatures[0] -> curvatures[-1] : the smallest eigenvalue decides, not the largest
        """,
    ],
)  # fmt: skip
def hessian(H):
    curvatures = np.linalg.eigvalsh(H)
    return curvatures[0] >= -1e-9 * np.abs(H).max()


# 1.8


def valley(words, curvatures, bend=0.0, lowest=0.0, height=0.0):
    """A valley along the axes; a bend makes each curvature larger by so much beyond 1 from the lowest point."""
    curvatures = np.array(curvatures, float)
    lowest = lowest + 0 * curvatures

    def value(p):
        z = (np.asarray(p, float).T - lowest).T
        return height + ((curvatures * z.T**2).T + bend * (z - np.clip(z, -1, 1)) ** 2).sum(axis=0) / 2

    def gradient(p):
        z = (np.asarray(p, float).T - lowest).T
        return (curvatures * z.T).T + bend * (z - np.clip(z, -1, 1))

    window = [(-9, 9)] * len(curvatures)
    return Surface(words, value, gradient, lowest + 1, window, L=curvatures.max() + bend, mu=curvatures.min())


def stopped(certified, f, x, allowed):
    """What an answer comes to, if it comes to an end; without a look at f.L or f.mu it has not been begun."""
    asked = Counter()

    class Asked(Surface):
        def __getattribute__(self, name):
            asked[name] += 1
            if asked["grad"] >= 10_000:
                if not asked["L"] + asked["mu"]:
                    raise Blank(": its loop asks neither for f.mu nor for f.L")
                raise RuntimeError("10,000 steps and no end: each turn asks the certificate, then moves x by -g / f.L")
            return super().__getattribute__(name)

    made = Asked(f.name, f.value, f.gradient, f.start, f.window, L=f.L, mu=f.mu)
    asked.clear()
    return certified(made, x, allowed)


def a_valley(rng):
    d = draws.dimension(rng)
    lowest = rng.uniform(2, 4, d).round(1) * rng.choice([-1, 1], d)
    f = valley("a valley that bends", rng.uniform(0.06, 0.2, d).round(3), 1.0, lowest, round(rng.uniform(-5, 5), 2))
    return f, lowest, draws.array(rng, d)


def from_far(rng):
    f, lowest, away = a_valley(rng)
    return case("", f, lowest + away + np.sign(away + 0.5), float(f"{10 ** rng.uniform(-6, -3):.2g}"))


def known_at_once(rng):
    f, lowest, away = a_valley(rng)
    allowed = float(f"{10 ** rng.uniform(-5, -2):.2g}")
    x = lowest + away * (f.mu * allowed) ** 0.5 / (1 + f.mu) / (1 + np.linalg.norm(away))
    return case("", f, x, allowed)


@function(
    "1.8 Stop when you know", points=2, read=SANDWICH, use=stopped, tolerance=1e-6,
    cases=[
        case("a valley", valley("curvatures 0.1, 0.3 and 1", [0.1, 0.3, 1]), np.array([3.0, 1.0, -2.0]), 1e-3),
        case("good enough already", valley("curvatures 0.1 and 1", [0.1, 1]), np.array([0.01, 0.0]), 1e-1),
        case("steeper walls", valley("curvatures 0.5 and 4", [0.5, 4]), np.array([1.0, 1.0]), 1e-6),
        case("a round bowl", valley("curvature 2", [2, 2]), np.array([1.0, 5.0]), 1e-9),
        case("a floor below 0", valley("curvatures 0.5, 1 and 2, lowest at -5", [0.5, 1, 2], height=-5.0),
             np.array([1.0, -3.0, 2.0]), 1e-4),
        case("a floor above 0", valley("curvatures 0.5, 1 and 2, lowest at 5", [0.5, 1, 2], height=5.0),
             np.array([1.0, -3.0, 2.0]), 1e-4),
    ],
    draw={"": from_far, "A start that is known to be good enough comes back at once.": known_at_once},
    parts={"point x": "It stops at the first point whose certificate says so.",
           "number of steps": "It counts the steps that led there."},
    needs=0,
    mistakes="""
        gap <= allowed -> f(x) <= allowed : the minimum need not be 0: the certificate needs no f, only g and mu
        return x, steps -> return x - g / f.L, steps + 1
            : it makes a step more after it knows: look at the certificate first
            -> return x, steps + 1 : the start is step 0: count the steps that were made
        (2 * f.mu) -> (2 * f.L) : this certificate has L in it, the larger one: the gap may be larger
            -> f.mu : the factor 2 of the certificate is missing
        g @ g / (2 * f.mu) -> np.linalg.norm(g) / (2 * f.mu) : the gradient's length is squared: g @ g
            -> g @ g || np.linalg.norm(g) : this asks whether the gradient is small, not how far down it can go
            -> g @ g * f.mu / 2 : mu belongs below the line
        x - g / f.L -> x - 0.5 * g / f.L : the rate is 1/L
    """,
)  # fmt: skip
def certified(f, x, allowed):
    for steps in range(10_000):
        g = f.grad(x)
        gap = g @ g / (2 * f.mu)
        if gap <= allowed:
            return x, steps
        x = x - g / f.L


# 1.9


def lower(x):
    return min((x + 1) ** 2, (x - 1) ** 2)


def in_open_terms(answer, p):
    """The two points, as they would be for parabolas around -1 and 1."""
    x, y, t = answer
    middle, half = (p["left"] + p["right"]) / 2, (p["right"] - p["left"]) / 2
    return (x - middle) / half, (y - middle) / half, t


broken = value(
    "1.9 Maximum and minimum: two points", points=1, read=WALKERS, passes=(-1.0, 1.0, 0.5),
    rules=[
        Rule("three numbers", lambda s, rng: np.shape(numbers(s)) == (3,), "Three numbers are meant: (x, y, t)."),
        Rule("t is a share", lambda s, rng: 0 <= s[2] <= 1, "t is from 0 to 1."),
        Rule("the graph is above the chord",
             lambda s, rng: lower(s[2] * s[0] + (1 - s[2]) * s[1])
             > s[2] * lower(s[0]) + (1 - s[2]) * lower(s[1]) + 1e-9,
             "There the graph is not above the chord. Draw both parabolas: where does their minimum bend down?"),
    ],
    varied=Varied(
        {"left": choice(1, 2, 3), "right": lambda rng, p: p["left"] + choice(2, 4, 6)(rng, p)},
        {"maximum-task": [("((x+1)^2, (x-1)^2", "((x-{left})^2, (x-{right})^2")],
         "broken": ["({left:-1}.0, {right:1}.0, 0.5)"]},
        back=in_open_terms,
    ),
)  # fmt: skip
