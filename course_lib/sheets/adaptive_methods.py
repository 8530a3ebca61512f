"""Sheet 05: AdaGrad, RMSProp and Adam, three slips in AdamW, what decay leaves, a trust ratio, fair fights."""

import math

import numpy as np

from course_lib.checks import draws
from course_lib.checks.comparison import numbers
from course_lib.checks.draws import symmetric
from course_lib.checks.exercise import Like, Rule, case, function, order, value
from course_lib.checks.steps import runs_in_descend, step
from course_lib.checks.varied import Varied, choice, relettered
from course_lib.descent import descend as descend
from course_lib.descent import end
from course_lib.optimizers import adam as library_adam
from course_lib.optimizers import gd, momentum
from course_lib.surfaces import changed, nesterov_worst, quadratic, quadratic_form

FORGETS, ADAM, DECAY = "3. RMSProp: forget", "5. Adam", "7. AdamW: decay beside the gradient"
COUSINS, TURNED, FAIR = "8. Seven cousins, one idea each", "9. Turn the valley", '11. "Adam clearly outperforms"'
METHODS = "adagrad rmsprop adam adamw amsgrad nadam nadam_constant radam lamb"  # with some arguments they are those
WITHHELD = [f"optimizers.{name}" for name in METHODS.split()]

X, G, V, M = np.array([1.0, 2.0]), np.array([0.5, -1.0]), np.array([0.04, 0.25]), np.array([-0.1, 0.3])
THREE, MANY = np.array([1.0, 2.0, -3.0]), np.linspace(-2, 2, 6).reshape(2, 3)  # three runs side by side

SUM = {"eps": (0.01, 2)}  # hyperparameters and their ranges
MEAN = {"b2": (0, 0.95), **SUM}
MEANS = {"b1": (0, 0.95), **MEAN}


RUNS = runs_in_descend("the new point and the memory, in a tuple")


def squares(rng, shape):
    return (abs(draws.array(rng, shape)),)


def means(rng, shape):
    return draws.array(rng, shape), *squares(rng, shape), int(rng.integers(1, 20))


# 5.1


def steps(**ranges):
    """What both steps of 5.1 are tried with. ranges: of their hyperparameters beside the rate."""
    return {
        "points": 1, "withheld": WITHHELD, "rules": [RUNS],
        "cases": [
            case("the first step", X, G, lr=0.1),
            case("a later step", X, G, V, lr=0.1),
            case("a large eps", X, G, V, lr=0.1, eps=0.5),
            case("a gradient of zeros", X, np.zeros(2), lr=0.1),
            case("three coordinates", THREE, THREE - 2, lr=0.2),
            case("three runs side by side", MANY, MANY + 3, MANY**2, lr=0.3),
        ],
        "draw": [step(**ranges), step(squares, **ranges), step()],
    }  # fmt: skip


def slips(old):
    """The mistakes that both steps of 5.1 share. old: name of the memory."""
    return f"""
        np.sqrt(new) -> new : the root is missing: divide by the root of the memory
        np.sqrt(new) -> np.sqrt(new + eps) ;; (root + eps) -> root
            : eps stands inside the root; here it is added behind the root
        (root + eps) -> root : eps is missing: a gradient of 0 gives 0/0
        np.sqrt(new) -> np.sqrt({old}) : the old memory divides; this step's gradient belongs into it first
        , new -> , {old} : the memory that comes back is the old one
        , new -> , {old} + 0 * g : the memory that comes back is the old one
        , new -> , root : the memory that comes back is the root; the root is for the division only
        x - lr -> x + lr : the sign of the step: x goes against the gradient
        x - lr -> lr : this is the step alone; take it from x
        g / (root + eps) -> g * (root + eps) : divide by the root, do not multiply
        g / (root + eps) -> g : this is gradient descent: the memory divides nothing
        lr * g / -> lr * np.sign(g) / : above the bar stands the gradient itself, not its sign
        lr * g / -> lr / : above the bar stands the gradient
        g / (root + eps) -> (g / root + eps) : brackets: eps belongs to the root below the bar
        g / (root + eps) -> g / root + eps : brackets: eps belongs to the root below the bar
        np.sqrt(new) -> np.linalg.norm(new, axis=0)
            : the root goes coordinate by coordinate; np.linalg.norm makes one number of all
        new = -> {old} = np.zeros(2) if np.isscalar({old}) else {old}; new =
            : it works for two coordinates only: the shape is that of g
    """


MOVES = "The point moves against the gradient, divided by the root of the new memory and eps behind it."


@function(
    "5.1 A memory that divides: AdaGrad", read="1. Rare words", **steps(**SUM),
    parts={"new point x": MOVES, "new sum s": "The sum of squares that comes back is the new one."},
    mistakes=[slips("s"), """
        s + g * g -> g * g : the old memory is not used: this is the sign of the gradient
            -> 0.9 * s + (1 - 0.9) * g * g || 0.9 * s + (1 - 0.9) * g * g ;; eps=1e-10 -> eps=1e-8
                : this memory fades, as RMSProp's does; AdaGrad's is a plain sum
            -> s + g : the sum is of squares, g * g; gradients themselves cancel
            -> s + abs(g) : the sum is of squares, g * g, not of absolute values
            -> s + np.sum(g * g, axis=0) || s + np.sum(g * g)
                : each coordinate has a sum of its own; here all coordinates share one
            -> (np.sqrt(s) + abs(g)) ** 2 : add the square to s; the root is taken for the division only
    """],
)  # fmt: skip
def adagrad(x, g, s=0.0, *, lr, eps=1e-10):
    new = s + g * g
    root = np.sqrt(new)
    return x - lr * g / (root + eps), new


@function(
    "5.1 A memory that divides: RMSProp", read=FORGETS, **steps(**MEAN),
    parts={"new point x": MOVES, "new mean v": "The mean that comes back holds the new squares, by their share."},
    mistakes=[slips("v"), """
        b2 * v + (1 - b2) * g * g -> g * g : the old memory is not used: this is the sign of the gradient
            -> v + g * g : this is AdaGrad's sum: nothing fades
            -> (1 - b2) * v + b2 * g * g : b2 and 1 - b2 have changed places: b2 keeps the old
        (1 - b2) * g * g -> g * g : the new square counts 1 - b2, or it is a sum and not a mean
            -> ((1 - b2) * g) ** 2 : 1 - b2 is squared, too: square g alone
        g * g -> g : the mean is of squares, g * g; gradients themselves cancel
            -> abs(g) : the mean is of squares, g * g, not of absolute values
            -> np.mean(g * g, axis=0) || np.mean(g * g)
                : each coordinate has a mean of its own; here all coordinates share one
        b2=0.9 -> b2=0.99 : b2 is 0.9 unless another is given; 0.99 is another library's
    """],
)  # fmt: skip
def rmsprop(x, g, v=0.0, *, lr, b2=0.9, eps=1e-8):
    new = b2 * v + (1 - b2) * g * g
    root = np.sqrt(new)
    return x - lr * g / (root + eps), new


# 5.2

slope_step = value(
    "5.2 Guess before you run: the hundredth step", 0.05, points=1, read="2. Does AdaGrad stop?", tolerance=1e-4,
    mistakes=[
        (0.5, "this is the first step; the sum has grown since"),
        (0.15, "the gradient cancels: it stands above the bar and, a hundred times squared, below it"),
        (1.5, "this is gradient descent"),
        (0.005, "the sum has grown a hundredfold, its root tenfold"),
        (1.5 / math.sqrt(300), "the sum is of squares: 3 squared is 9"),
        (0.5 / math.sqrt(300), "the sum is of squares, and the gradient stands above the bar, too"),
        (0.5 / 30, "the gradient stands above the bar, too"),
        (0.5 / 900, "take the root of the sum, and the gradient stands above the bar"),
        (1.5 / 900, "take the root of the sum"),
    ],
    varied=Varied(
        {"slope": choice(2, 4, 5, 7), "slope_rate": choice(0.2, 0.3, 0.6), "step": choice(25, 64, 400)},
        {
            "guess-task": [("**The hundredth step.**", "**A late step.**"),
                           "gradient is {slope:3} everywhere, AdaGrad has `lr={slope_rate:0.5}`",
                           "step number {step:100}?"],
            "guesses": ["{slope_rate:0.5} * {slope:3} / np.sqrt({step:100} * {slope:3}**2)"],
        },
        dropped={"guess-run-text", "guess-run"},
    ),
)  # fmt: skip

CANCELS = "the curvature cancels: it is in the gradient and in what divides it"

ball = value(
    "5.2 Guess before you run: the ball", 0.02, points=1, read=FORGETS, tolerance=2e-5,
    mistakes=[
        (0.0, "its steps do not shrink with the gradient, so it cannot settle"),
        (0.04, "this is the length of a step; it lands as far behind the minimum as it began before it"),
        (0.08, "the step is twice the distance, not half of it"),
        (0.01, "a step carries it across, to the same distance on the other side"),
        *((wrong, CANCELS) for wrong in (0.0002, 0.0004, 4.0)),
        (0.002, "the curvature cancels, and so does its root"),
        (Like(0.1265, lambda value: 0.12 < value < 0.13), "this is the first step, when the mean is still too small"),
    ],
    varied=Varied(
        {
            "curvature": choice(20, 60, 200), "half": lambda rng, p: p["curvature"] // 2,
            "ball_rate": choice(0.02, 0.06, 0.1),
        },
        {
            "guess-task": ["${half:50}x^2$, whose curvature is {curvature:100}", "constant `lr={ball_rate:0.04}`"],
            "guesses": ["{ball_rate:0.04} / 2"],
        },
    ),
)  # fmt: skip

uncorrected = value(
    "5.2 Guess before you run: without the correction", 0.6, points=1, read=ADAM, tolerance=1e-4,
    mistakes=[
        (0.03, "so long it is with the correction"),
        (0.006, "m is five times too small, but what divides it is too small as well"),
        (3.0, "v is too small, but m is too small as well"),
        (20.0, "so many rates long it is; times the rate of 0.03"),
        (4.2, "the size of the gradient cancels"),
        (60.0, "take the root of v"),
        (0.0015, "the wrong way round: m is above the bar, the root of v below"),
        (0.03 * 1.4 / math.sqrt(0.0007), "v is the mean of squares: 7 squared is 49"),
        (2.4, "the new gradient counts 1 - b1"),
        (0.024, "the new gradient counts 1 - b1, and its square 1 - b2"),
    ],
    varied=Varied(
        {"b1": choice(0.7, 0.9, 0.6), "b2": choice(0.99, 0.9991, 0.9975), "gradient": choice(3, 9, 20),
         "first_rate": choice(0.02, 0.04, 0.05)},
        {
            "guess-task": ["`b1={b1:0.8}`, `b2={b2:0.9999}` and `lr={first_rate:0.03}`", "it is {gradient:7}."],
            "guesses": [("0.03 * 0.2 / np.sqrt(0.0001)", "{first_rate} * (1 - {b1}) / np.sqrt(1 - {b2})")],
        },
    ),
)  # fmt: skip


# 5.3

lines = order(
    "5.3 Adam out of shuffled lines", "DGBFEAC", points=2, read=ADAM,
    needs="""
        G < B    : the mean of the gradients needs the gradient first
        G < F    : the mean of the squares needs the gradient first
        D < E, A : the correction counts this step, too: first t + 1
        B < E    : a mean is corrected after this step's gradient has come into it
        F < A    : a mean is corrected after this step's square has come into it
        E, A < C : the step is made of both corrected means: it comes last
    """,
    varied=relettered("DGBFEAC"),
)  # fmt: skip


# 5.4

ADAMS = {
    "withheld": WITHHELD, "rules": [RUNS], "points": 2,
    "parts": {"new point x": "The point moves by one corrected mean over the root of the other, with eps behind it.",
              "new mean m": "The running mean of the gradients comes back, uncorrected.",
              "new mean v": "The running mean of their squares comes back, uncorrected.",
              "new count t": "The count that comes back is one higher."},
    "needs": {"new count t": "new mean m"},
}  # fmt: skip
CASES = [
    case("the first step", X, G, lr=0.1),
    case("a later step", X, G, M, V, 4, lr=0.1),
    case("a large eps", X, G, M, V, 4, lr=0.1, eps=0.5),
    case("a gradient of zeros", X, np.zeros(2), lr=0.1),
    case("hardly any memory", X, G, M, V, 1, lr=0.2, b1=0.01, b2=0.01),
    case("three coordinates", THREE, THREE - 2, lr=0.2),
    case("three runs side by side", MANY, MANY + 3, MANY - 1, MANY**2, 2, lr=0.3, b1=0.8, b2=0.9),
]
ADAM_SLIPS = """
    (np.sqrt(v_hat) + eps) -> ((np.sqrt(square) + eps) / (1 - b2**n) ** 0.5)
        : eps is added before the correction; add it to the root of the corrected mean
        -> np.sqrt(v_hat) : eps is missing: a gradient of 0 gives 0/0
    b2**n -> b1**n : both are corrected with b1; v fades with b2
    x - lr * m_hat -> x + lr * m_hat : the sign of the step: x goes against the mean
    n = t + 1 -> n = t + 1; m = np.zeros(2) if np.isscalar(m) else m
        : it works for two coordinates only: the shape is that of g
"""


@function(
    "5.4 Adam, written", read=ADAM, **ADAMS, cases=CASES,
    draw={"": [step(**MEANS), step(means, **MEANS)],
          "The first step, from no memory, is right.": step()},
    mistakes=["""
        mean / (1 - b1**n), square / (1 - b2**n) -> mean, square
            : neither mean is corrected: divide by 1 - b1^t and by 1 - b2^t
        square / (1 - b2**n) -> square : v is not corrected: divide it by 1 - b2^t
        mean / (1 - b1**n) -> mean : m is not corrected: divide it by 1 - b1^t
        n = t + 1 -> n = t ;; square, n -> square, t + 1
            : t counts the steps done before: add 1 first, or the first correction is 0/0
        n = t + 1 -> n = t : t stays what it was: add 1 to it before the corrections, and return it
        n = t + 1 -> n = t + 2 ;; square, n -> square, t + 1 : the correction is a step ahead: the first one is 1 - b^1
        square, n -> square, t : the count that comes back is the old one
        eps), mean, square -> eps), m, v : the means that come back are the old ones
        eps), mean, square -> eps), m + 0 * g, v + 0 * g : the means that come back are the old ones
        eps), mean, square -> eps), m_hat, v_hat
            : the corrected means come back; the memory itself stays biased, or the next step corrects it again
        b1**n -> b1 * n ;; b2**n -> b2 * n : b1^t is a power, b1 ** t, not a product
        (1 - b1**n) -> (1 - b1) ** n ;; (1 - b2**n) -> (1 - b2) ** n : b1 alone has the power t: 1 - b1**t
        b1**n -> b1 ;; b2**n -> b2 : 1 - b1 is for the first step only; at step t it is 1 - b1^t
        mean / (1 -> mean * (1 ;; square / (1 -> square * (1
            : the means are too small at first: divide, do not multiply
        mean / (1 - b1**n), square / (1 - b2**n) -> mean / (1 - b2**n), square / (1 - b1**n)
            : in the corrections b1 and b2 have changed places: b1 belongs to m
        (np.sqrt(v_hat) + eps) -> np.sqrt(v_hat + eps) : eps stands inside the root; here it is added behind the root
        np.sqrt(v_hat) -> v_hat : the root of v is missing
        (1 - b2) * g * g -> (1 - b2) * g : v is the mean of squares, g * g
        (1 - b2) * g * g -> ((1 - b2) * g) ** 2 : 1 - b2 is squared, too: square g alone
        (1 - b2) * g * g -> (1 - b2) * mean * mean : v is the mean of the gradient's squares, not of the mean's
        (1 - b1) * g -> g ;; (1 - b2) * g * g -> g * g
            : these are sums; in a mean the new value counts 1 - b1, or 1 - b2
        (1 - b1) * g -> g : m is a sum; in a mean the new gradient counts 1 - b1
        (1 - b2) * g * g -> g * g : v is a sum; in a mean the new square counts 1 - b2
        n = t + 1 -> n, b1, b2 = t + 1, b2, b1 : b1 and b2 have changed places: b1 belongs to m
        b1 * m + (1 - b1) * g -> b2 * m + (1 - b2) * g ;; b2 * v + (1 - b2) * g * g -> b1 * v + (1 - b1) * g * g
            : in the means b1 and b2 have changed places: b1 belongs to m
        b1=0.9, b2=0.999 -> b1=0.999, b2=0.9 : unless others are given b1 is 0.9 and b2 is 0.999
        n = t + 1 -> n, b1, b2 = t + 1, 1 - b1, 1 - b2 : b and 1 - b have changed places: b keeps the old mean
        b1 * m + (1 - b1) * g -> (1 - b1) * m + b1 * g ;; b2 * v + (1 - b2) * g * g -> (1 - b2) * v + b2 * g * g
            : b and 1 - b have changed places: b keeps the old mean
        lr * m_hat -> lr * g : the gradient itself stands above the bar; Adam has its corrected mean there
    """, ADAM_SLIPS],
)  # fmt: skip
def adam(x, g, m=0.0, v=0.0, t=0, *, lr, b1=0.9, b2=0.999, eps=1e-8):
    n = t + 1
    mean = b1 * m + (1 - b1) * g
    square = b2 * v + (1 - b2) * g * g
    m_hat, v_hat = mean / (1 - b1**n), square / (1 - b2**n)
    return x - lr * m_hat / (np.sqrt(v_hat) + eps), mean, square, n


# 5.5

printed_first = value(
    "5.5 Bug hunt, three slips in one: measured", 1000**0.5, points=1, read=DECAY, tolerance=1e-3,
    mistakes=[
        (1.0, "so it should be; run the one that is printed"),
        (10**0.5, "so it would be with neither mean corrected; here one of them is"),
        (Like(-31.6, lambda value: value < 0),
         "this is where it lands; the length of the step is meant, a number above 0"),
        (1000.0, "the root is there, too"),
    ],
    varied=Varied(
        {"printed_b2": choice(0.99, 0.98, 0.9975)},
        {
            "bugs-measure-text": [("with a gradient of 1. How many",
                                   "with a gradient of 1, with `b2={printed_b2}`. How many")],
            "bugs-measured": [("np.ones(1), lr=1.0", "np.ones(1), lr=1.0, b2={printed_b2}")],
        },
    ),
)  # fmt: skip

HALF = "square / (1 - b2**n) -> square"
INSIDE = "(np.sqrt(v_hat) + eps) -> np.sqrt(v_hat + eps)"
PENALTY = "n = t + 1 -> n = t + 1; g = g + decay * x"
L2 = f"{PENALTY} ;; (1 - lr * decay) * x -> x"


@function(
    "5.5 Bug hunt, three slips in one: mended", read=DECAY, **ADAMS,
    cases=[*CASES, case("much decay", X, G, M, V, 4, lr=0.1, decay=2.0),
           case("no decay", X, G, M, V, 4, lr=0.1, decay=0.0)],
    draw={
        "": [step(**MEANS, decay=(0, 1)), step(means, **MEANS, decay=(0, 1)), step()],
        "Without decay it is the step of Adam.": step(means, {"decay": 0.0}, **MEANS),
        "Without a gradient the decay is all that moves the point.":
            lambda rng: case("", x := draws.array(rng, draws.shape(rng)), np.zeros(x.shape), lr=draws.number(rng, 0, 1),
                             decay=round(rng.uniform(0.1, 1), 3)),
    },
    mistakes=[f"""
        {HALF} ;; {INSIDE} ;; {L2} : this is as printed
        {INSIDE} ;; {L2} : two slips are left: look at eps, and at decay * x
        {HALF} ;; {L2} : two slips are left: look at v's correction, and at decay * x
        {HALF} ;; {INSIDE} : two slips are left: look at v's correction, and at eps
        {HALF} : one slip is left: m is corrected, v is not
        {INSIDE} : one slip is left: eps stands inside the root
        {L2} : one slip is left: in the gradient, decay * x is divided like the rest of it
        {PENALTY} : the decay is there twice, in the gradient and beside it
        (1 - lr * decay) -> (1 - decay) : the decay is scaled by the rate: x loses lr * decay of itself
        (1 - lr * decay) -> (1 + lr * decay) : the sign of the decay: x shrinks
        (1 - lr * decay) * x - lr * m_hat / (np.sqrt(v_hat) + eps) ->
            (1 - lr * decay) * (x - lr * m_hat / (np.sqrt(v_hat) + eps))
            : the old point shrinks, not the one after the step
        (1 - lr * decay) * x -> x : the decay is gone: x has to shrink by lr * decay of itself
        (1 - lr * decay) -> decay : this keeps the share decay of x; 1 - lr * decay is kept
    """, ADAM_SLIPS],
)  # fmt: skip
def adamw(x, g, m=0.0, v=0.0, t=0, *, lr, b1=0.9, b2=0.999, eps=1e-8, decay=0.01):
    n = t + 1
    mean = b1 * m + (1 - b1) * g
    square = b2 * v + (1 - b2) * g * g
    m_hat, v_hat = mean / (1 - b1**n), square / (1 - b2**n)
    return (1 - lr * decay) * x - lr * m_hat / (np.sqrt(v_hat) + eps), mean, square, n


# 5.6


@function(
    "5.6 What decay leaves: on a schedule", points=1, read=DECAY,
    cases=[
        case("one step", np.array([0.5]), 0.2),
        case("a constant rate", np.full(10, 0.1), 0.5),
        case("a falling rate", np.array([1.0, 0.5, 0.25, 0.0]), 0.4),
    ],
    says="Each step takes its own share of what is left.",
    draw=[lambda rng: case("", rng.uniform(0.01, 1, rng.integers(1, 10)).round(2), draws.number(rng, 0, 0.9)),
          lambda rng: case("", rng.integers(0, 2, rng.integers(1, 10), dtype=int), draws.number(rng, 0, 0.9))],
    mistakes="""
        decay * rates -> decay + 0 * rates : the rates are missing: a step keeps 1 - rate * decay
            -> rates : the decay is missing: a step keeps 1 - decay * rate
        np.prod(factors) -> 1 - decay * np.sum(rates) : each step takes its share of what is left: multiply
            -> np.exp(-decay * np.sum(rates)) : close, for small rates; exact is the product
            -> (1 - decay * np.mean(rates)) ** len(rates) : each step has its own rate, not the mean
            -> factors[-1] ** len(rates) : this takes the last rate for all
            -> factors[0] ** len(rates) : this takes the first rate for all
            -> 1 - np.prod(factors) : this is what is lost; what is left is meant
            -> factors : these are the factors of the steps: multiply them
        np.prod -> np.sum : what is left multiplies: a product, not a sum
            -> np.cumprod : this is what is left after each step; the last is meant
        1 - decay * rates -> decay * rates : a step keeps 1 - decay * rate, not decay * rate
    """,
)  # fmt: skip
def left_on(rates, decay):
    factors = 1 - decay * rates
    return np.prod(factors)


@function(
    "5.6 What decay leaves: the half-life", points=1, read=DECAY,
    says="After so many steps half is left, exactly.",
    cases=[
        case("half of it at once", 0.5, 1.0),
        case("a quarter a step", 0.5, 0.5),
        case("usual numbers", 1e-3, 0.01),
    ],
    draw=[lambda rng: case("", *rng.uniform(0.01, 0.95, 2).round(3)),
          lambda rng: case("", *(float(f"{value:.3g}") for value in 10 ** rng.uniform(-4, -1, 2)))],
    mistakes="""
        np.log(0.5) / np.log(kept) -> np.log(2) / (lr * decay) : close, for small rates; exact is ln(1 - lr * decay)
            -> 1 / (2 * lr * decay) : each step takes its share of what is left, not of the start
            -> 1 / (lr * decay) : after so many steps 1/e is left, about 0.37
            -> 0.5 / kept : the steps are an exponent: take logarithms
            -> np.ceil(np.log(0.5) / np.log(kept) - 1e-9) || round(np.log(0.5) / np.log(kept))
                : do not round: a half-life may lie between two steps
        1 - lr * decay -> 1 - decay : the rate is missing: a step keeps 1 - lr * decay
            -> lr * decay : a step keeps 1 - lr * decay, not lr * decay
        np.log(0.5) -> np.log(2) : the sign: it is ln(1/2), a negative number, above
    """,
)  # fmt: skip
def half_life(lr, decay):
    kept = 1 - lr * decay
    return np.log(0.5) / np.log(kept)


@function(
    "5.6 What decay leaves: the decay for it", points=1, read=DECAY,
    says="After so many steps the share is left, exactly.",
    cases=[
        case("half of it in one step", 0.1, 1, 0.5),
        case("a quarter in two steps", 0.1, 2, 0.25),
        case("all of it stays", 0.1, 100, 1.0),
    ],
    draw=lambda rng: case("", round(rng.uniform(0.01, 1), 3), int(rng.choice([1, 2, 3, 7, 20, 3000])),
                          round(1 - draws.number(rng, 0, 0.95), 3)),
    mistakes="""
        (1 - kept) / lr -> 1 - kept : this is what a step takes, lr * decay: divide by the rate
            -> (1 - kept) * lr : the rate: divide by it, do not multiply
            -> -np.log(share) / (lr * steps) : close, for small rates; exact is a root of share
            -> (1 - share) / (lr * steps) : each step takes its share of what is left, not of the start
            -> 1 - kept / lr : brackets: all of 1 - share ** (1 / steps) is divided by lr
            -> (1 - share) ** (1 / steps) / lr : first the root of share, then what is missing to 1
            -> kept / lr : this is what a step keeps: lr * decay is the rest
        share ** (1 / steps) -> (1 - share) ** (1 / steps) : share is what is left, not what is lost
            -> share**steps : undo the power: the steps-th root of share, ** (1 / steps)
            -> share / steps : undo the power by a root, ** (1 / steps), not by a division
        (1 - kept) -> (kept - 1) : the sign: a step keeps 1 - lr * decay
    """,
)  # fmt: skip
def decay_for(lr, steps, share):
    kept = share ** (1 / steps)
    return (1 - kept) / lr


# 5.7


def layer(of_weights=1, of_update=1):
    """A draw of a layer and an update, each times a size."""

    def drawn(rng):
        d = draws.dimension(rng)
        x, u = (a if np.any(a) else a + 1 for a in (draws.array(rng, d), draws.array(rng, d)))
        return case("", of_weights * x, of_update * u, lr=draws.number(rng, 0, 1))

    return drawn


LAYER, UPDATE = np.array([3.0, -4.0]), np.array([0.6, 0.8])


@function(
    "5.7 The trust ratio", points=2, read=COUSINS, withheld=WITHHELD,
    cases=[
        case("a layer of norm 5", LAYER, UPDATE, lr=0.1),
        case("its update a thousand times as long", LAYER, 1000 * UPDATE, lr=0.1),
        case("a short update", LAYER, 1e-3 * UPDATE, lr=0.1),
        case("a very short update", LAYER, 1e-10 * UPDATE, lr=0.1),
        case("a layer of zeros", np.zeros(2), 3 * UPDATE, lr=0.1),
        case("an update of zeros", LAYER, np.zeros(2), lr=0.1),
        case("rate 0", LAYER, UPDATE, lr=0.0),
    ],
    draw={"A step is as long as the rate times the layer's norm, against the direction.":
              [layer(), layer(1000, 1e-3), layer(of_weights=1e-10), layer(of_update=1e-10)],
          "A layer of zeros moves with the ratio 1.": layer(of_weights=0),
          "Where nothing is proposed nothing moves.": layer(of_update=0)},
    needs=0,
    mistakes="""
        lr * ratio * u -> lr * u : this is the update as it comes: the ratio is missing
        size / length -> length / size : the ratio is upside down: the weights' norm stands above
            -> size / (length + 1e-8) : nothing is added to a norm; an if decides where it is 0
            -> 1 / length : the norm of the weights is missing above the bar
            -> size : the norm of the update is missing below the bar
            -> size**2 / length**2 : these are squares of norms; take their roots
            -> np.divide(abs(x), abs(u)) : one ratio for the whole layer, not one for each weight
        size / length if size > 0 and length > 0 else 1.0 -> size / (length + 1e-8)
            : nothing is added to a norm; an if decides where it is 0, and the ratio is 1 there
            -> size / length
                : where a norm is 0 the ratio is 1: a layer of zeros would never move, and an update of zeros is 0/0
        size > 0 and length > 0 -> size > 1e-8 and length > 1e-8 : a small norm is no norm of 0: compare with exactly 0
            -> size > 0 : where a norm is 0 the ratio is 1, that of the update, too
            -> length > 0 : where a norm is 0 the ratio is 1: a layer that starts at zero would never move
        np.linalg.norm(x), np.linalg.norm(u) -> abs(x).sum(), abs(u).sum()
            : this is the sum of sizes, the 1-norm, or their mean; the length is meant
            -> abs(x).max(), abs(u).max() : this is the largest coordinate; the length is meant
        else 1.0 -> else np.nan : where a norm is 0 the ratio is 1; here it is 0/0
        x - lr -> x + lr : the sign of the step: x goes against u
            -> lr : this is the step alone; take it from x
            -> -lr : this is the step alone; add it to x
    """,
)  # fmt: skip
def trusted(x, u, *, lr):
    size, length = np.linalg.norm(x), np.linalg.norm(u)
    ratio = size / length if size > 0 and length > 0 else 1.0
    return x - lr * ratio * u


# 5.8

ANGLES = np.arange(8) * np.pi / 4 + 0.2
STARTS = np.array([np.cos(ANGLES), np.sin(ANGLES)])
RATES = np.geomspace(1e-4, 100, 61)


def best_end(method, A):
    """The lowest mean value after 100 steps, over eight starts, of all rates; at least the smallest normal number."""
    f = quadratic_form((A + A.T) / 2)
    return max(np.nanmin(f(end(method, f, STARTS[:, :, None], 100, lr=RATES)).mean(axis=0)), np.finfo(float).tiny)


def times_lower(A):
    """How many times lower gradient descent ends than Adam."""
    A = np.asarray(A, dtype=float)
    return best_end(library_adam, A) / best_end(gd, A)


def curvatures(A):
    return np.linalg.eigvalsh(np.asarray(A, dtype=float))


def far_lower(A):
    return times_lower(A) <= 0.01


MATRIX = [
    Rule("two rows of two numbers", lambda A, rng: np.shape(numbers(A)) == (2, 2) and np.all(np.isfinite(numbers(A))),
         "Two rows of two numbers are meant, such as [[2, 1], [1, 3]]."),
    Rule("symmetric", lambda A, rng: np.isclose(A[0][1], A[1][0], rtol=1e-9, atol=0),
         "The two numbers off the diagonal must be equal."),
    Rule("curvatures from 0.001 to 100",
         lambda A, rng: np.all((curvatures(A) > 0.001 * (1 - 1e-9)) & (curvatures(A) < 100 * (1 + 1e-9))),
         "Its curvatures, np.linalg.eigvalsh of it, must lie between 0.001 and 100."),
]  # fmt: skip

loses = value(
    "5.8 Adam loses, Adam wins: loses", points=1, read=TURNED, passes=[[1.0, 0.0], [0.0, 1.0]],
    rules=[
        *MATRIX,
        Rule("gradient descent ends lower", lambda A, rng: times_lower(A) > 1,
             "Here Adam ends lower. What shape of bowl suits gradient descent best of all?"),
        Rule("by far", lambda A, rng: times_lower(A) >= 100,
             "Gradient descent ends lower here, but not 100 times lower. Make the bowl rounder."),
    ],
)  # fmt: skip

wins = value(
    "5.8 Adam loses, Adam wins: wins", points=1, read=TURNED, passes=[[0.001, 0.0], [0.0, 1.0]],
    rules=[
        *MATRIX,
        Rule("Adam ends lower", lambda A, rng: times_lower(A) < 1,
             "Here gradient descent ends lower: the bowl is too round, or it is narrow but lies askew."),
        Rule("along the axes", lambda A, rng: A[0][1] == 0 or far_lower(A),
             "Adam ends lower here, but not 100 times lower: the bowl lies askew. Put it along the axes."),
        Rule("narrow", lambda A, rng: curvatures(A)[1] > 500 * curvatures(A)[0] or far_lower(A),
             "Adam ends lower here, but not 100 times lower. Make it narrower."),
        Rule("by far", lambda A, rng: far_lower(A),
             "Adam ends lower here, but not 100 times lower: how high it ends is set by the steep direction. "
             "Make that one less steep, and leave the flat one as flat as it may be."),
    ],
)  # fmt: skip


# 5.9


def drifts(slopes, kind, steps=20_000, lr=0.001, beta=0.9):
    """The mean of the last 5,000 places in [-1, 1], by numbers alone; beta is both of Adam's."""
    slopes = [float(slope) for slope in slopes]
    x, m, v, top, total = 0.0, 0.0, 0.0, 0.0, 0.0
    for t in range(1, steps + 1):
        g = slopes[(t - 1) % len(slopes)]
        m, v = beta * m + (1 - beta) * g, beta * v + (1 - beta) * g * g
        top = max(top, v)
        left = 1 - beta**t
        size = {"gd": 0.0, "adam": v, "amsgrad": top}[kind]
        u = g if kind == "gd" else m / left / (math.sqrt(size / left) + 1e-8)
        x = min(1.0, max(-1.0, x - lr * u))
        total += x * (t > steps - 5000)
    return total / 5000


def no_louder(slopes):
    """Whether the mean is not far above 0.2, where the usual slope is 1."""
    usual = np.median(np.abs(slopes))
    return not usual or np.mean(slopes) <= 0.7 * usual


slopes = value(
    "5.9 The rare voice", points=2, read="6. AMSGrad, and a problem of one line", passes=[60.0] + [-1.0] * 49,
    rules=[
        Rule("a list of numbers",
             lambda s, rng: np.ndim(numbers(s)) == 1 and len(s) >= 2 and np.all(np.isfinite(numbers(s))),
             "A list of at least two numbers is meant."),
        Rule("not too many", lambda s, rng: len(s) <= 50, "At most 50 slopes."),
        Rule("the mean is 0.2 or more", lambda s, rng: np.mean(numbers(s)) >= 0.2 - 1e-9,
             "The mean of the slopes is below 0.2: then the right way may really be to the right."),
        Rule("gradient descent goes left", lambda s, rng: drifts(s, "gd") < -0.5,
             "Gradient descent is thrown about: divide all slopes by one number, which Adam does not notice."),
        Rule("no louder than it must be", lambda s, rng: no_louder(numbers(s)) or drifts(s, "adam") >= 0.9,
             "Adam does not settle on the right. Make the loud voice as loud as the mean needs, and no louder: "
             "the louder it is, the longer it is remembered."),
        Rule("Adam leaves the left", lambda s, rng: drifts(s, "adam") > -0.5,
             "Adam goes left, as it should. Let the uphill vote be rarer, and just loud enough for the mean."),
        Rule("Adam stays on the right", lambda s, rng: drifts(s, "adam") >= 0.9,
             "Adam is held back, but it does not stay at 0.9 or more. Still rarer: one loud voice in a list of 50."),
        Rule("AMSGrad goes left", lambda s, rng: drifts(s, "amsgrad") < 0,
             "Adam goes right, but here AMSGrad does so, too."),
    ],
)  # fmt: skip


# 5.10

LONG = quadratic(kappa=20, angle=30)


def race(lowest=0.01, highest=3.0, n=9):
    """A draw of a bowl of largest curvature 1, now and then with a minimum below 0, and some rates."""

    def drawn(rng):
        d = int(rng.choice([1, 2, 3, 7]))
        A = symmetric(rng, 1, rng.uniform(0.05, 0.8, d - 1))
        f = changed(quadratic_form(A), shift=-round(rng.uniform(0, 3), 2))
        start = rng.normal(size=d).round(2) + 0.5
        return case("", (gd, momentum)[rng.integers(2)], f, start, int(rng.integers(12, 20)),
                    np.geomspace(lowest, highest, n + rng.integers(4)))  # fmt: skip

    return drawn


@function(
    "5.10 Tune fairly: the best rate of each", points=2, read=FAIR,
    cases=[
        case("gradient descent", gd, LONG, np.array([1.0, -0.5]), 20, np.geomspace(0.01, 1.9, 9)),
        case("Adam", library_adam, LONG, np.array([1.0, -0.5]), 20, np.geomspace(0.01, 10, 13)),
        case("rates that diverge to nan", gd, LONG, np.array([1.0, 2.0]), 30, np.geomspace(0.01, 1e30, 9)),
        case("the best is the first", gd, LONG, np.array([1.0, 2.0]), 20, np.array([1.5, 1.95, 2.5])),
        case("the best is the last", gd, LONG, np.array([1.0, 2.0]), 20, np.array([0.01, 0.1, 0.5])),
        case("the best is in the middle", gd, LONG, np.array([1.0, 2.0]), 20, np.array([0.5, 1.5, 2.5])),
        case("values below 0", gd, nesterov_worst(5), np.zeros(5), 20, np.geomspace(0.01, 1.9, 9)),
    ],
    draw={"": [race(), race(0.001, 0.02), race(4.0, 6.0)],
          "Rates whose runs diverge are passed over.": race(0.05, 1e40, 12)},
    parts={"rate": "The rate is the one whose run ends lowest.", "value": "The value is that at the end of its run.",
           "inside": "It says whether the best rate is neither the first nor the last."},
    needs={"inside": "rate"},
    mistakes="""
        np.nanargmin -> np.argmin : a run that diverged to nan was chosen: np.nanargmin passes over it
            -> np.nanargmax : the highest end was chosen; the lowest is meant
        np.nanargmin(ends) -> np.flatnonzero(np.isfinite(ends))[-1]
            : this is the largest rate that does not diverge; the lowest end is meant
            -> np.nanargmin(abs(ends)) : this is the end nearest to 0; values can be below 0
        f(end(method, f, start, steps, lr=rates)) -> np.min(f(descend(method, f, start, steps, lr=rates)), axis=0)
            : this is the lowest value on the way; where the run ends is meant
            -> np.linalg.norm(end(method, f, start, steps, lr=rates), axis=0)
                : this is the distance at the end; f of it is meant
        steps, lr -> steps - 1, lr : one step is missing
        return rates[best] -> return best : this is the place of the rate in the list; the rate itself is meant
        0 < best < len(rates) - 1 -> best > 0 : inside is False at the last rate, too
            -> best < len(rates) - 1 : inside is False at the first rate, too
            -> True : inside must say whether the best rate is neither the first nor the last
            -> best in (0, len(rates) - 1)
                : inside is the opposite: True if the best rate is neither the first nor the last
    """,
)  # fmt: skip
def tuned(method, f, start, steps, rates):
    ends = f(end(method, f, start, steps, lr=rates))
    best = np.nanargmin(ends)
    return rates[best], ends[best], 0 < best < len(rates) - 1


ratio = value(
    "5.10 Tune fairly: the verdict", 4969.0, points=1, read=FAIR, tolerance=0.01,
    mistakes=[
        (Like(1 / 4969, lambda value: 1e-4 < value < 3e-4), "upside down: Adam's height over that of gradient descent"),
        (Like(1.55e-3, lambda value: 1.4e-3 < value < 1.7e-3),
         "this is at the shared rate; each gets its own best one"),
        (Like(645, lambda value: 600 < value < 680),
         "this is upside down, and at the shared rate; each gets its own best one"),
        (Like(1.000005, lambda value: 0.99 < value < 1.01),
         "these are values of the loss: take their heights above lowest"),
    ],
)  # fmt: skip
