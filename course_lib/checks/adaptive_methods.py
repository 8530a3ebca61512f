"""Checks of sheet 05. A right answer here is built of the parts that may go wrong: each slip has its message."""

import math
from itertools import permutations

import numpy as np

from course_lib.checks import answer, case, function, numbers, order
from course_lib.descent import descend, end
from course_lib.optimizers import adam as library_adam
from course_lib.optimizers import gd
from course_lib.surfaces import quadratic, quadratic_form

X, G, V = np.array([1.0, 2.0]), np.array([0.5, -1.0]), np.array([0.04, 0.25])
M = np.array([-0.1, 0.3])
MANY = np.linspace(-2, 2, 6).reshape(2, 3)  # three runs side by side


def outside(v, eps):
    return np.sqrt(v) + eps


def inside(v, eps):
    return np.sqrt(v + eps)


def no_root(v, eps):
    return v + eps


# 5.1


def divided(memory, divisor=outside, sign=-1, above=lambda g: g):
    """A function of exercise 5.1 from its memory, memory(old, g, b2), and what it makes of it."""

    def step(x, g, s=0.0, *, lr, b2=0.9, eps=1e-8):
        s = memory(s, g, b2)
        with np.errstate(all="ignore"):
            return x + sign * lr * above(g) / divisor(s, eps), s

    return step


def late(memory, returned=True):
    """The old memory divides, or, if it is the new one that divides, the old one comes back."""

    def step(x, g, s=0.0, *, lr, b2=0.9, eps=1e-8):
        new = memory(s, g, b2)
        with np.errstate(all="ignore"):
            return x - lr * g / outside(s if returned else new, eps), new if returned else s + 0 * g

    return step


def added(s, g, b2):
    return s + g * g


def faded(v, g, b2):
    return b2 * v + (1 - b2) * (g * g)


def without_decay_rate(step):
    """AdaGrad has no b2: the same function with AdaGrad's hyperparameters."""
    return lambda x, g, s=0.0, *, lr, eps=1e-10: step(x, g, s, lr=lr, eps=eps)


def common(right):
    """Mistakes that both functions of exercise 5.1 share; right is the memory as it should be."""
    return [
        (divided(right, no_root), "the root is missing: divide by the root of the memory"),
        (divided(right, inside), "eps stands inside the root; here it is added behind the root"),
        (divided(right, lambda v, eps: np.sqrt(v)), "eps is missing: a gradient of 0 gives 0/0"),
        (late(right), "the old memory divides; this step's gradient belongs into it first"),
        (late(right, returned=False), "the memory that comes back is the old one"),
        (divided(lambda s, g, b2: g * g), "the old memory is not used: this is the sign of the gradient"),
        (divided(right, sign=1), "the sign of the step: x goes against the gradient"),
        (divided(right, lambda v, eps: 1 / outside(v, eps)), "divide by the root, do not multiply"),
        (divided(right, lambda v, eps: 1), "this is gradient descent: the memory divides nothing"),
        (divided(right, above=lambda g: np.sign(g)), "above the bar stands the gradient itself, not its sign"),
        (lambda *a, **k: divided(right)(*a, **k)[::-1], "the results have changed places: first x, then the memory"),
        (
            lambda x, g, s=0.0, *, lr, b2=0.9, eps=1e-8: (
                x - lr * (g / np.sqrt(right(s, g, b2)) + eps),
                right(s, g, b2),
            ),
            "brackets: eps belongs to the root below the bar",
        ),
        (
            lambda x, g, s=0.0, *, lr, b2=0.9, eps=1e-8: (
                x - lr * g / np.sqrt(right(s, g, b2)) + eps,
                right(s, g, b2),
            ),
            "brackets: eps belongs to the root below the bar",
        ),
        (divided(right, above=np.ones_like), "above the bar stands the gradient"),
        (
            divided(right, lambda v, eps: np.linalg.norm(v, axis=0) + eps),
            "the root goes coordinate by coordinate; np.linalg.norm makes one number of all",
        ),
        (
            lambda *a, **k: (a[0] - divided(right)(*a, **k)[0], divided(right)(*a, **k)[1]),
            "this is the step alone; take it from x",
        ),
        (
            lambda *a, **k: (divided(right)(*a, **k)[0], np.sqrt(divided(right)(*a, **k)[1])),
            "the memory that comes back is the root; the root is for the division only",
        ),
    ]


adagrad = function(
    "5.1 A memory that divides: AdaGrad",
    without_decay_rate(divided(added)),
    [
        case("the first step", X, G, lr=0.1),
        case("a later step", X, G, V, lr=0.1),
        case("a large eps", X, G, V, lr=0.1, eps=0.5),
        case("a gradient of zeros", X, np.zeros(2), lr=0.1),
        case("three runs side by side", MANY, MANY + 3, MANY**2, lr=0.3),
    ],
    fresh=lambda rng: case("", *rng.normal(size=(2, 3)), rng.uniform(0.1, 4, 3), lr=rng.uniform(), eps=rng.uniform()),
    parts=("new point x", "new sum s"),
    mistakes=[
        *((without_decay_rate(wrong), message) for wrong, message in common(added)),
        (without_decay_rate(divided(faded)), "this memory fades, as RMSProp's does; AdaGrad's is a plain sum"),
        (
            without_decay_rate(divided(lambda s, g, b2: s + g)),
            "the sum is of squares, g * g; gradients themselves cancel",
        ),
        (
            without_decay_rate(divided(lambda s, g, b2: s + abs(g))),
            "the sum is of squares, g * g, not of absolute values",
        ),
        (
            without_decay_rate(divided(lambda s, g, b2: s + np.sum(g * g, axis=0))),
            "each coordinate has a sum of its own; here all coordinates share one",
        ),
        (
            without_decay_rate(divided(lambda s, g, b2: (np.sqrt(s) + abs(g)) ** 2)),
            "add the square to s; the root is taken for the division only",
        ),
    ],
)

rmsprop = function(
    "5.1 A memory that divides: RMSProp",
    divided(faded),
    [
        case("the first step", X, G, lr=0.1),
        case("a later step", X, G, V, lr=0.1),
        case("b2 = 0", X, G, V, lr=0.2, b2=0.0),
        case("a large eps", X, G, V, lr=0.1, eps=0.5),
        case("a gradient of zeros", X, np.zeros(2), lr=0.1),
        case("three runs side by side", MANY, MANY + 3, MANY**2, lr=0.3, b2=0.8),
    ],
    fresh=lambda rng: case(
        "",
        *rng.normal(size=(2, 3)),
        rng.uniform(0.1, 4, 3),
        lr=rng.uniform(),
        b2=rng.uniform(0.1, 0.9),
        eps=rng.uniform(),
    ),
    parts=("new point x", "new mean v"),
    mistakes=[
        *common(faded),
        (divided(added), "this is AdaGrad's sum: nothing fades"),
        (divided(lambda v, g, b2: b2 * v + g * g), "the new square counts 1 - b2, or it is a sum and not a mean"),
        (divided(lambda v, g, b2: (1 - b2) * v + b2 * (g * g)), "b2 and 1 - b2 have changed places: b2 keeps the old"),
        (divided(lambda v, g, b2: b2 * v + ((1 - b2) * g) ** 2), "1 - b2 is squared, too: square g alone"),
        (divided(lambda v, g, b2: b2 * v + (1 - b2) * g), "the mean is of squares, g * g; gradients themselves cancel"),
        (divided(lambda v, g, b2: b2 * v + (1 - b2) * abs(g)), "the mean is of squares, g * g, not of absolute values"),
        (
            divided(lambda v, g, b2: b2 * v + (1 - b2) * np.mean(g * g, axis=0)),
            "each coordinate has a mean of its own; here all coordinates share one",
        ),
        (
            lambda x, g, v=0.0, *, lr, b2=0.99, eps=1e-8: divided(faded)(x, g, v, lr=lr, b2=b2, eps=eps),
            "b2 is 0.9 unless another is given; 0.99 is another library's",
        ),
    ],
)


# 5.2

slope_step = answer(
    "5.2 Guess before you run: the hundredth step",
    0.05,
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
    tolerance=1e-4,
)

ball = answer(
    "5.2 Guess before you run: the ball",
    0.02,
    mistakes=[
        (0.0, "its steps do not shrink with the gradient, so it cannot settle"),
        (0.04, "this is the length of a step; it lands as far behind the minimum as it began before it"),
        (0.08, "the step is twice the distance, not half of it"),
        (0.01, "a step carries it across, to the same distance on the other side"),
        (0.0002, "the curvature cancels: it is in the gradient and in what divides it"),
        (0.0004, "the curvature cancels: it is in the gradient and in what divides it"),
        (4.0, "the curvature cancels: it is in the gradient and in what divides it"),
        (0.002, "the curvature cancels, and so does its root"),
        (lambda value: 0.12 < value < 0.13, "this is the first step, when the mean is still too small"),
    ],
    tolerance=1e-3 * 0.02,
)

uncorrected = answer(
    "5.2 Guess before you run: without the correction",
    0.6,
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
    tolerance=1e-4,
)


# 5.3

NEEDS = [
    ("G", "B", "the mean of the gradients needs the gradient first"),
    ("G", "F", "the mean of the squares needs the gradient first"),
    ("D", "E", "the correction counts this step, too: first t + 1"),
    ("D", "A", "the correction counts this step, too: first t + 1"),
    ("B", "E", "a mean is corrected after this step's gradient has come into it"),
    ("F", "A", "a mean is corrected after this step's square has come into it"),
    ("E", "C", "the step is made of both corrected means: it comes last"),
    ("A", "C", "the step is made of both corrected means: it comes last"),
]


def broken(lines):
    """Why an order of the lines cannot be, or ""."""
    return next((why for first, then, why in NEEDS if lines.index(first) > lines.index(then)), "")


ORDERS = ["".join(lines) for lines in permutations("ABCDEFG")]

lines = order(
    "5.3 Adam out of shuffled lines",
    *(lines for lines in ORDERS if not broken(lines)),
    mistakes=[(lines, broken(lines)) for lines in ORDERS if broken(lines)],
)


# 5.4


def fading(m, g, b):
    return b * m + (1 - b) * g


def unbiased(mean, b, t):
    return mean / (1 - b**t)


def as_it_is(mean, b, t):
    return mean


def moments(
    first=fading,
    second=lambda v, g, b: fading(v, g * g, b),
    m_hat=unbiased,
    v_hat=unbiased,
    divisor=outside,
    count=lambda t: t + 1,
    betas=lambda b1, b2: (b1, b2),
    sign=-1,
):
    """A function of exercise 5.4 from its parts; count(t) is the step that the correction believes in."""

    def step(x, g, m=0.0, v=0.0, t=0, *, lr, b1=0.9, b2=0.999, eps=1e-8):
        b1, b2 = betas(b1, b2)
        m, v = first(m, g, b1), second(v, g, b2)
        with np.errstate(all="ignore"):
            up, down = m_hat(m, b1, np.float64(count(t))), divisor(v_hat(v, b2, np.float64(count(t))), eps)
            return x + sign * lr * up / down, m, v, t + 1

    return step


ADAM = moments()


def returning(pick, step=ADAM):
    """The step, but with other results: pick(old memory (m, v, t), results, (b1, b2)) are those that come back."""

    def other(x, g, m=0.0, v=0.0, t=0, *, lr, b1=0.9, b2=0.999, eps=1e-8):
        new = step(x, g, m, v, t, lr=lr, b1=b1, b2=b2, eps=eps)
        return pick((m + 0 * g, v + 0 * g, t), new, (b1, b2))

    return other


def product(mean, b, t):
    return mean / (1 - b * t)


def first_only(mean, b, t):
    return mean / (1 - b)


def power_of_all(mean, b, t):
    return mean / (1 - b) ** t


def upside_down(mean, b, t):
    return mean * (1 - b**t)


def late_eps(x, g, m=0.0, v=0.0, t=0, *, lr, b1=0.9, b2=0.999, eps=1e-8):
    """Eps is added to the root of v before the correction."""
    t, m, v = t + 1, fading(m, g, b1), fading(v, g * g, b2)
    return x - lr * m / (1 - b1**t) / ((np.sqrt(v) + eps) / math.sqrt(1 - b2**t)), m, v, t


def same_beta(x, g, m=0.0, v=0.0, t=0, *, lr, b1=0.9, b2=0.999, eps=1e-8):
    """Both means are corrected with b1."""
    t, m, v = t + 1, fading(m, g, b1), fading(v, g * g, b2)
    return x - lr * m / (1 - b1**t) / outside(v / (1 - b1**t), eps), m, v, t


def gradient_above(x, g, m=0.0, v=0.0, t=0, *, lr, b1=0.9, b2=0.999, eps=1e-8):
    """The gradient itself stands above the bar."""
    t, m, v = t + 1, fading(m, g, b1), fading(v, g * g, b2)
    return x - lr * g / outside(v / (1 - b2**t), eps), m, v, t


def squares_of_mean(x, g, m=0.0, v=0.0, t=0, *, lr, b1=0.9, b2=0.999, eps=1e-8):
    """The second mean is of m squared."""
    t, m = t + 1, fading(m, g, b1)
    v = fading(v, m * m, b2)
    return x - lr * m / (1 - b1**t) / outside(v / (1 - b2**t), eps), m, v, t


STEPS = {
    "cases": [
        case("the first step", X, G, lr=0.1),
        case("a later step", X, G, M, V, 4, lr=0.1),
        case("a large eps", X, G, M, V, 4, lr=0.1, eps=0.5),
        case("a gradient of zeros", X, np.zeros(2), lr=0.1),
        case("hardly any memory", X, G, M, V, 1, lr=0.2, b1=0.01, b2=0.01),
        case("three runs side by side", MANY, MANY + 3, MANY - 1, MANY**2, 2, lr=0.3, b1=0.8, b2=0.9),
    ],
    "parts": ("new point x", "new mean m", "new mean v", "new count t"),
}


def drawn(rng, **more):
    memory = rng.normal(size=3), rng.uniform(0.1, 4, 3), int(rng.integers(0, 9))
    shares = {"b1": rng.uniform(0.1, 0.9), "b2": rng.uniform(0.1, 0.9)}
    return case("", *rng.normal(size=(2, 3)), *memory, lr=rng.uniform(), eps=rng.uniform(), **shares, **more)


adam = function(
    "5.4 Adam, written",
    ADAM,
    **STEPS,
    fresh=drawn,
    mistakes=[
        (moments(m_hat=as_it_is, v_hat=as_it_is), "neither mean is corrected: divide by 1 - b1^t and by 1 - b2^t"),
        (moments(v_hat=as_it_is), "v is not corrected: divide it by 1 - b2^t"),
        (moments(m_hat=as_it_is), "m is not corrected: divide it by 1 - b1^t"),
        (moments(count=lambda t: t), "t counts the steps done before: add 1 first, or the first correction is 0/0"),
        (
            returning(lambda old, new, b: (*new[:3], old[2]), moments(count=lambda t: t)),
            "t stays what it was: add 1 to it before the corrections, and return it",
        ),
        (moments(count=lambda t: t + 2), "the correction is a step ahead: the first one is 1 - b^1"),
        (returning(lambda old, new, b: (*new[:3], old[2])), "the count that comes back is the old one"),
        (returning(lambda old, new, b: (new[0], *old[:2], new[3])), "the means that come back are the old ones"),
        (
            returning(lambda old, new, b: (new[0], *map(unbiased, new[1:3], b, (new[3],) * 2), new[3])),
            "the corrected means come back; the memory itself stays biased, or the next step corrects it again",
        ),
        (returning(lambda old, new, b: (new[0], new[2], new[1], new[3])), "m and v have changed places as results"),
        (moments(m_hat=product, v_hat=product), "b1^t is a power, b1 ** t, not a product"),
        (moments(m_hat=power_of_all, v_hat=power_of_all), "b1 alone has the power t: 1 - b1**t"),
        (
            moments(m_hat=first_only, v_hat=first_only),
            "1 - b1 is for the first step only; at step t it is 1 - b1^t",
        ),
        (
            moments(m_hat=upside_down, v_hat=upside_down),
            "the means are too small at first: divide, do not multiply",
        ),
        (same_beta, "both are corrected with b1; v fades with b2"),
        (moments(divisor=inside), "eps stands inside the root; here it is added behind the root"),
        (late_eps, "eps is added before the correction; add it to the root of the corrected mean"),
        (moments(divisor=no_root), "the root of v is missing"),
        (moments(divisor=lambda v, eps: np.sqrt(v)), "eps is missing: a gradient of 0 gives 0/0"),
        (moments(second=fading), "v is the mean of squares, g * g"),
        (moments(second=lambda v, g, b: b * v + ((1 - b) * g) ** 2), "1 - b2 is squared, too: square g alone"),
        (squares_of_mean, "v is the mean of the gradient's squares, not of the mean's"),
        (
            moments(first=lambda m, g, b: b * m + g, second=lambda v, g, b: b * v + g * g),
            "these are sums; in a mean the new value counts 1 - b1, or 1 - b2",
        ),
        (moments(first=lambda m, g, b: b * m + g), "m is a sum; in a mean the new gradient counts 1 - b1"),
        (moments(second=lambda v, g, b: b * v + g * g), "v is a sum; in a mean the new square counts 1 - b2"),
        (moments(betas=lambda b1, b2: (b2, b1)), "b1 and b2 have changed places: b1 belongs to m"),
        (moments(betas=lambda b1, b2: (1 - b1, 1 - b2)), "b and 1 - b have changed places: b keeps the old mean"),
        (
            moments(lambda m, g, b: fading(m, g, 1 - b), lambda v, g, b: fading(v, g * g, 1 - b)),
            "b and 1 - b have changed places: b keeps the old mean",
        ),
        (gradient_above, "the gradient itself stands above the bar; Adam has its corrected mean there"),
        (moments(sign=1), "the sign of the step: x goes against the mean"),
    ],
)


# 5.5

printed_first = answer(
    "5.5 Bug hunt, three slips in one: measured",
    1000**0.5,
    mistakes=[
        (1.0, "so it should be; run the one that is printed"),
        (10**0.5, "so it would be with neither mean corrected; here one of them is"),
        (lambda value: value < 0, "this is where it lands; the length of the step is meant, a number above 0"),
        (1000**0.5 / 10, "this is the step at rate 0.1; how many rates long is it?"),
        (1000.0, "the root is there, too"),
    ],
    tolerance=1e-3 / 1000**0.5,
)


def decayed(step=ADAM, gradient=lambda g, x, decay: g, keeps=lambda lr, decay: 1 - lr * decay, after=False):
    """A function of exercise 5.5 from a step of Adam, what it takes for the gradient, and what is kept of x."""

    def adamw(x, g, m=0.0, v=0.0, t=0, *, lr, b1=0.9, b2=0.999, eps=1e-8, decay=0.01):
        move, *memory = step(0 * x, gradient(g, x, decay), m, v, t, lr=lr, b1=b1, b2=b2, eps=eps)
        kept = keeps(lr, decay)
        return kept * (x + move) if after else kept * x + move, *memory

    return adamw


def all_kept(lr, decay):
    return 1


def penalty(g, x, decay):
    return g + decay * x


half, inner, both = moments(v_hat=as_it_is), moments(divisor=inside), moments(v_hat=as_it_is, divisor=inside)

adamw = function(
    "5.5 Bug hunt, three slips in one: mended",
    decayed(),
    [
        *STEPS["cases"],
        case("much decay", X, G, M, V, 4, lr=0.1, decay=2.0),
        case("no decay", X, G, M, V, 4, lr=0.1, decay=0.0),
    ],
    parts=STEPS["parts"],
    fresh=lambda rng: drawn(rng, decay=rng.uniform(0, 1)),
    mistakes=[
        (decayed(both, penalty, all_kept), "this is as printed"),
        (decayed(inner, penalty, all_kept), "two slips are left: look at eps, and at decay * x"),
        (
            decayed(half, penalty, all_kept),
            "two slips are left: look at v's correction, and at decay * x",
        ),
        (decayed(both), "two slips are left: look at v's correction, and at eps"),
        (decayed(half), "one slip is left: m is corrected, v is not"),
        (decayed(inner), "one slip is left: eps stands inside the root"),
        (
            decayed(gradient=penalty, keeps=all_kept),
            "one slip is left: in the gradient, decay * x is divided like the rest of it",
        ),
        (decayed(gradient=penalty), "the decay is there twice, in the gradient and beside it"),
        (decayed(keeps=lambda lr, decay: 1 - decay), "the decay is scaled by the rate: x loses lr * decay of itself"),
        (decayed(keeps=lambda lr, decay: 1 + lr * decay), "the sign of the decay: x shrinks"),
        (decayed(after=True), "the old point shrinks, not the one after the step"),
        (decayed(keeps=all_kept), "the decay is gone: x has to shrink by lr * decay of itself"),
        (decayed(keeps=lambda lr, decay: decay), "this keeps the share decay of x; 1 - lr * decay is kept"),
        (decayed(late_eps), "eps is added before the correction; add it to the root of the corrected mean"),
        (decayed(same_beta), "both are corrected with b1; v fades with b2"),
        (decayed(moments(divisor=lambda v, eps: np.sqrt(v))), "eps is missing: a gradient of 0 gives 0/0"),
        (decayed(moments(sign=1)), "the sign of the step: x goes against the mean"),
    ],
)


# 5.6

left_on = function(
    "5.6 What decay leaves: on a schedule",
    lambda rates, decay: math.prod(1 - decay * rate for rate in rates),
    [
        case("one step", np.array([0.5]), 0.2),
        case("a constant rate", np.full(10, 0.1), 0.5),
        case("a falling rate", np.array([1.0, 0.5, 0.25, 0.0]), 0.4),
    ],
    fresh=lambda rng: case("", rng.uniform(0.01, 1, 6), rng.uniform(0.01, 0.9)),
    mistakes=[
        (lambda rates, decay: (1 - decay) ** len(rates), "the rates are missing: a step keeps 1 - rate * decay"),
        (
            lambda rates, decay: 1 - decay * np.sum(rates),
            "each step takes its share of what is left: multiply",
        ),
        (lambda rates, decay: np.sum(1 - decay * rates), "what is left multiplies: a product, not a sum"),
        (
            lambda rates, decay: math.exp(-decay * np.sum(rates)),
            "close, for small rates; exact is the product",
        ),
        (lambda rates, decay: (1 - decay * np.mean(rates)) ** len(rates), "each step has its own rate, not the mean"),
        (lambda rates, decay: (1 - decay * rates[-1]) ** len(rates), "this takes the last rate for all"),
        (lambda rates, decay: (1 - decay * rates[0]) ** len(rates), "this takes the first rate for all"),
        (lambda rates, decay: np.cumprod(1 - decay * rates), "this is what is left after each step; the last is meant"),
        (lambda rates, decay: 1 - math.prod(1 - decay * rates), "this is what is lost; what is left is meant"),
        (lambda rates, decay: 1 - decay * rates, "these are the factors of the steps: multiply them"),
        (lambda rates, decay: math.prod(decay * rates), "a step keeps 1 - decay * rate, not decay * rate"),
        (lambda rates, decay: math.prod(1 - rates), "the decay is missing: a step keeps 1 - decay * rate"),
    ],
)

half_life = function(
    "5.6 What decay leaves: the half-life",
    lambda lr, decay: -math.log(2) / math.log1p(-lr * decay),
    [
        case("half of it at once", 0.5, 1.0),
        case("a quarter a step", 0.5, 0.5),
        case("usual numbers", 1e-3, 0.01),
    ],
    fresh=lambda rng: case("", rng.uniform(0.01, 0.9), rng.uniform(0.01, 0.9)),
    mistakes=[
        (
            lambda lr, decay: math.log(2) / (lr * decay),
            "close, for small rates; exact is ln(1 - lr * decay)",
        ),
        (
            lambda lr, decay: math.log(0.5) / math.log(1 - decay) if decay < 1 else 0.0,
            "the rate is missing: a step keeps 1 - lr * decay",
        ),
        (lambda lr, decay: 1 / (2 * lr * decay), "each step takes its share of what is left, not of the start"),
        (lambda lr, decay: 1 / (lr * decay), "after so many steps 1/e is left, about 0.37"),
        (lambda lr, decay: 0.5 / (1 - lr * decay), "the steps are an exponent: take logarithms"),
        (lambda lr, decay: math.log(0.5) / math.log(lr * decay), "a step keeps 1 - lr * decay, not lr * decay"),
        (lambda lr, decay: math.log(2) / math.log(1 - lr * decay), "the sign: it is ln(1/2), a negative number, above"),
        (
            lambda lr, decay: math.ceil(-math.log(2) / math.log1p(-lr * decay) - 1e-12),
            "do not round: a half-life may lie between two steps",
        ),
        (
            lambda lr, decay: round(-math.log(2) / math.log1p(-lr * decay)),
            "do not round: a half-life may lie between two steps",
        ),
    ],
)

decay_for = function(
    "5.6 What decay leaves: the decay for it",
    lambda lr, steps, share: -math.expm1(math.log(share) / steps) / lr,
    [
        case("half of it in one step", 0.1, 1, 0.5),
        case("a quarter in two steps", 0.1, 2, 0.25),
        case("all of it stays", 0.1, 100, 1.0),
    ],
    fresh=lambda rng: case("", rng.uniform(0.01, 1), int(rng.integers(2, 50)), rng.uniform(0.05, 0.95)),
    mistakes=[
        (lambda lr, n, share: 1 - share ** (1 / n), "this is what a step takes, lr * decay: divide by the rate"),
        (lambda lr, n, share: (1 - share ** (1 / n)) * lr, "the rate: divide by it, do not multiply"),
        (
            lambda lr, n, share: -math.log(share) / (lr * n),
            "close, for small rates; exact is a root of share",
        ),
        (lambda lr, n, share: (1 - share) / (lr * n), "each step takes its share of what is left, not of the start"),
        (lambda lr, n, share: 1 - share ** (1 / n) / lr, "brackets: all of 1 - share ** (1 / steps) is divided by lr"),
        (lambda lr, n, share: (1 - share) ** (1 / n) / lr, "first the root of share, then what is missing to 1"),
        (lambda lr, n, share: (1 - (1 - share) ** (1 / n)) / lr, "share is what is left, not what is lost"),
        (lambda lr, n, share: share ** (1 / n) / lr, "this is what a step keeps: lr * decay is the rest"),
        (lambda lr, n, share: (1 - share**n) / lr, "undo the power: the steps-th root of share, ** (1 / steps)"),
        (lambda lr, n, share: (1 - share / n) / lr, "undo the power by a root, ** (1 / steps), not by a division"),
        (lambda lr, n, share: (share ** (1 / n) - 1) / lr, "the sign: a step keeps 1 - lr * decay"),
    ],
)


# 5.7


def two(a):
    return math.hypot(*a)


def layer(factor, at_zero=lambda x, u: 1.0):
    """A function of exercise 5.7 from what multiplies the rate, and from that where a norm is 0."""

    def trusted(x, u, *, lr):
        return x - lr * (factor(x, u) if two(x) > 0 and two(u) > 0 else at_zero(x, u)) * u

    return trusted


def ratio_of(norm):
    return layer(lambda x, u: norm(x) / norm(u))


def not_a_number(x, u):
    return math.nan


LAYER, UPDATE = np.array([3.0, -4.0]), np.array([0.6, 0.8])

trusted = function(
    "5.7 The trust ratio",
    ratio_of(two),
    [
        case("a layer of norm 5", LAYER, UPDATE, lr=0.1),
        case("its update a thousand times as long", LAYER, 1000 * UPDATE, lr=0.1),
        case("a short update", LAYER, 1e-3 * UPDATE, lr=0.1),
        case("a layer of zeros", np.zeros(2), 3 * UPDATE, lr=0.1),
        case("an update of zeros", LAYER, np.zeros(2), lr=0.1),
        case("rate 0", LAYER, UPDATE, lr=0.0),
    ],
    fresh=lambda rng: case("", rng.normal(size=5), rng.normal(size=5) * rng.uniform(0.1, 9), lr=rng.uniform()),
    mistakes=[
        (layer(lambda x, u: 1.0), "this is the update as it comes: the ratio is missing"),
        (layer(lambda x, u: two(u) / two(x)), "the ratio is upside down: the weights' norm stands above"),
        (layer(lambda x, u: two(x) / (two(u) + 1e-8)), "nothing is added to a norm; an if decides where it is 0"),
        (
            layer(lambda x, u: two(x) / (two(u) + 1e-8), lambda x, u: 0.0),
            "nothing is added to a norm; an if decides where it is 0, and the ratio is 1 there",
        ),
        (
            layer(lambda x, u: two(x) / two(u), lambda x, u: math.nan if two(x) else 1.0),
            "where a norm is 0 the ratio is 1, that of the update, too",
        ),
        (layer(lambda x, u: 1 / two(u)), "the norm of the weights is missing above the bar"),
        (layer(lambda x, u: two(x)), "the norm of the update is missing below the bar"),
        (ratio_of(lambda a: a @ a), "these are squares of norms; take their roots"),
        (ratio_of(lambda a: np.abs(a).sum()), "this is the sum of sizes, the 1-norm; the length is meant"),
        (ratio_of(lambda a: np.abs(a).max()), "this is the largest coordinate; the length is meant"),
        (ratio_of(lambda a: np.abs(a).mean()), "this is the mean of sizes; the length is meant"),
        (layer(lambda x, u: np.divide(abs(x), abs(u))), "one ratio for the whole layer, not one for each weight"),
        (layer(lambda x, u: two(x) / two(u), not_a_number), "where a norm is 0 the ratio is 1; here it is 0/0"),
        (
            layer(lambda x, u: two(x) / two(u), lambda x, u: 0.0 if two(u) else math.nan),
            "where a norm is 0 the ratio is 1: a layer of zeros would never move, and an update of zeros is 0/0",
        ),
        (
            layer(lambda x, u: two(x) / two(u), lambda x, u: 0.0),
            "where a norm is 0 the ratio is 1: a layer that starts at zero would never move",
        ),
        (
            layer(lambda x, u: two(x) / two(u), lambda x, u: 0.0 if two(x) == 0 else 1.0),
            "where a norm is 0 the ratio is 1: a layer that starts at zero would never move",
        ),
        (lambda x, u, *, lr: 2 * x - ratio_of(two)(x, u, lr=lr), "the sign of the step: x goes against u"),
        (lambda x, u, *, lr: x - ratio_of(two)(x, u, lr=lr), "this is the step alone; take it from x"),
        (lambda x, u, *, lr: ratio_of(two)(x, u, lr=lr) - x, "this is the step alone; add it to x"),
    ],
)


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


MATRIX = [
    (
        "two rows of two numbers",
        lambda A: np.shape(numbers(A)) == (2, 2) and np.all(np.isfinite(numbers(A))),
        "Two rows of two numbers are meant, such as [[2, 1], [1, 3]].",
    ),
    (
        "symmetric",
        lambda A: np.isclose(A[0][1], A[1][0], rtol=1e-9, atol=0),
        "The two numbers off the diagonal must be equal.",
    ),
    (
        "curvatures from 0.001 to 100",
        lambda A: np.all((curvatures(A) > 0.001 * (1 - 1e-9)) & (curvatures(A) < 100 * (1 + 1e-9))),
        "Its curvatures, np.linalg.eigvalsh of it, must lie between 0.001 and 100.",
    ),
]

loses = answer(
    "5.8 Adam loses, Adam wins: loses",
    rules=[
        *MATRIX,
        (
            "gradient descent ends lower",
            lambda A: times_lower(A) > 1,
            "Here Adam ends lower. What shape of bowl suits gradient descent best of all?",
        ),
        (
            "by far",
            lambda A: times_lower(A) >= 100,
            "Gradient descent ends lower here, but not 100 times lower. Make the bowl rounder.",
        ),
    ],
)

wins = answer(
    "5.8 Adam loses, Adam wins: wins",
    rules=[
        *MATRIX,
        (
            "Adam ends lower",
            lambda A: times_lower(A) < 1,
            "Here gradient descent ends lower: the bowl is too round, or it is narrow but lies askew.",
        ),
        (
            "by far",
            lambda A: times_lower(A) <= 0.01,
            "Adam ends lower here, but not 100 times lower. Make it narrower, and along the axes.",
        ),
    ],
)


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
        u = {"gd": g, "adam": m / left / (math.sqrt(v / left) + 1e-8)}.get(kind)
        u = m / left / (math.sqrt(top / left) + 1e-8) if u is None else u
        x = min(1.0, max(-1.0, x - lr * u))
        total += x * (t > steps - 5000)
    return total / 5000


slopes = answer(
    "5.9 The rare voice",
    rules=[
        (
            "a list of numbers",
            lambda s: np.ndim(numbers(s)) == 1 and len(s) >= 2 and np.all(np.isfinite(numbers(s))),
            "A list of at least two numbers is meant.",
        ),
        ("not too many", lambda s: len(s) <= 50, "At most 50 slopes."),
        (
            "the mean is 0.2 or more",
            lambda s: np.mean(numbers(s)) >= 0.2 - 1e-9,
            "The mean of the slopes is below 0.2: then the right way may really be to the right.",
        ),
        (
            "gradient descent goes left",
            lambda s: drifts(s, "gd") < -0.5,
            "Gradient descent is thrown about: divide all slopes by one number, which Adam does not notice.",
        ),
        (
            "Adam leaves the left",
            lambda s: drifts(s, "adam") > -0.5,
            "Adam goes left, as it should. Let the uphill vote be rarer, and louder.",
        ),
        (
            "Adam stays on the right",
            lambda s: drifts(s, "adam") >= 0.9,
            "Adam is held back, but it does not stay at 0.9 or more. Still rarer: the list may have 50 slopes.",
        ),
        (
            "AMSGrad goes left",
            lambda s: drifts(s, "amsgrad") < 0,
            "Adam goes right, but here AMSGrad does so, too.",
        ),
    ],
)


# 5.10


def choice(value=lambda f, path: f(path[:, -1]), pick=np.nanargmin, results=None):
    """A function of exercise 5.10: the value of each rate's path, the place of the best, and the results."""

    def tuned(method, f, start, steps, rates):
        with np.errstate(all="ignore"):
            ends = np.array([value(f, descend(method, f, start, steps, lr=rate)) for rate in rates])
        best = pick(ends)
        if results:
            return results(ends, best, rates)
        return rates[best], ends[best], 0 < best < len(rates) - 1

    return tuned


def finite_last(ends):
    return np.flatnonzero(np.isfinite(ends))[-1]


LONG = quadratic(kappa=20, angle=30)

tuned = function(
    "5.10 Tune fairly: the best rate of each",
    choice(),
    [
        case("gradient descent", gd, LONG, np.array([1.0, -0.5]), 20, np.geomspace(0.01, 1.9, 9)),
        case("Adam", library_adam, LONG, np.array([1.0, -0.5]), 20, np.geomspace(0.01, 10, 13)),
        case("rates that diverge to nan", gd, LONG, np.array([1.0, 2.0]), 30, np.geomspace(0.01, 1e30, 9)),
        case("the best is the first", gd, LONG, np.array([1.0, 2.0]), 20, np.array([1.5, 1.95, 2.5])),
        case("the best is the last", gd, LONG, np.array([1.0, 2.0]), 20, np.array([0.01, 0.1, 0.5])),
    ],
    fresh=lambda rng: case(
        "", gd, quadratic(rng.uniform(5, 50), rng.uniform(0, 90)), rng.normal(size=2), 20, np.geomspace(0.01, 5, 8)
    ),
    parts=("rate", "value", "inside"),
    mistakes=[
        (choice(pick=np.argmin), "a run that diverged to nan was chosen: np.nanargmin passes over it"),
        (choice(pick=np.nanargmax), "the highest end was chosen; the lowest is meant"),
        (choice(pick=finite_last), "this is the largest rate that does not diverge; the lowest end is meant"),
        (choice(lambda f, path: np.min(f(path))), "this is the lowest value on the way; where the run ends is meant"),
        (choice(lambda f, path: np.linalg.norm(path[:, -1])), "this is the distance at the end; f of it is meant"),
        (choice(lambda f, path: f(path[:, -2])), "one step is missing"),
        (
            choice(results=lambda ends, best, rates: (best, ends[best], 0 < best < len(rates) - 1)),
            "this is the place of the rate in the list; the rate itself is meant",
        ),
        (
            choice(results=lambda ends, best, rates: (ends[best], rates[best], 0 < best < len(rates) - 1)),
            "rate and value have changed places",
        ),
        (
            choice(results=lambda ends, best, rates: (rates[best], ends[best], best > 0)),
            "inside is False at the last rate, too",
        ),
        (
            choice(results=lambda ends, best, rates: (rates[best], ends[best], best < len(rates) - 1)),
            "inside is False at the first rate, too",
        ),
        (
            choice(results=lambda ends, best, rates: (rates[best], ends[best], True)),
            "inside must say whether the best rate is neither the first nor the last",
        ),
        (
            choice(results=lambda ends, best, rates: (rates[best], ends[best], best in (0, len(rates) - 1))),
            "inside is the opposite: True if the best rate is neither the first nor the last",
        ),
    ],
)

ratio = answer(
    "5.10 Tune fairly: the verdict",
    4969.0,
    mistakes=[
        (lambda value: 1e-4 < value < 3e-4, "upside down: Adam's height over that of gradient descent"),
        (lambda value: 1.4e-3 < value < 1.7e-3, "this is at the shared rate; each gets its own best one"),
        (lambda value: 600 < value < 680, "this is upside down, and at the shared rate; each gets its own best one"),
        (lambda value: 0.99 < value < 1.01, "these are values of the loss: take their heights above lowest"),
    ],
    tolerance=0.01,
)
