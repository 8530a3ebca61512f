"""Checks of sheet 03. The right answers here are loops over numbers and closed forms, not the library's batches."""

import math

import numpy as np

from course_lib.checks import answer, case, function, numbers, order
from course_lib.problems import least_squares

# 3.1


def batch_sizes(f, n, size, seed):
    return [len(batch) for batch in f(n, size, np.random.default_rng(seed))]


def drawn(f, n=12, size=4, seed=1):
    """All indices of an epoch, in a row."""
    return np.concatenate(f(n, size, np.random.default_rng(seed)))


def two_epochs(f):
    rng = np.random.default_rng(2)
    return [np.concatenate(f(30, 5, rng)) for _ in range(2)]


epoch = function(
    "3.1 An epoch of batches",
    lambda n, size, rng: [range(size)] * (n // size) + [range(n % size)] * (n % size > 0),  # of the right sizes
    [
        case("12 examples in batches of 4", 12, 4, 0),
        case("10 examples in batches of 4: the last one is shorter", 10, 4, 0),
        case("batches of 1", 3, 1, 0),
        case("one batch of all", 5, 5, 0),
    ],
    use=batch_sizes,
    mistakes=[
        (lambda n, size, rng: [range(size)] * (n // size), "the last batch, shorter than the others, is missing"),
        (lambda n, size, rng: np.array_split(range(n), math.ceil(n / size)), "all but the last batch are full"),
        (
            lambda n, size, rng: np.array_split(range(n), size),
            "size is the examples in a batch, not the number of batches",
        ),
        (lambda n, size, rng: [range(size)], "this is one batch; an epoch goes on until all examples have come"),
    ],
    rules=[
        (
            "the indices go from 0 to n - 1",
            lambda f: drawn(f).min() >= 0 and drawn(f).max() <= 11,
            "The indices are not all from 0 to n - 1.",
        ),
        (
            "each example comes once",
            lambda f: all(len(set(drawn(f, seed=seed))) == 12 for seed in range(5)),
            "Some examples come twice and others not at all: draw one order of all, without replacement.",
        ),
        (
            "they are shuffled",
            lambda f: any(np.any(np.diff(drawn(f, seed=seed)) != 1) for seed in range(5)),
            "The examples come in their own order: draw the order from rng.",
        ),
        (
            "the next epoch is another",
            lambda f: not np.array_equal(*two_epochs(f)),
            "Two epochs from one generator have the same order: draw from rng, and make no generator of your own.",
        ),
        (
            "one seed, one order",
            lambda f: np.array_equal(drawn(f, 30), drawn(f, 30)),
            "The same seed gave two orders: draw from rng alone.",
        ),
    ],
)


# 3.2

floor = answer(
    "3.2 Guess before you run: the floor",
    1.0,
    mistakes=[
        (0.25, "this is for sigma^2 = 1; here it is 4"),
        (0.5, "the noise counts by its square, 4, not by 2"),
        (0.8, "this is the rule of thumb for small rates; 0.4 is not small"),
        (0.0, "with a constant rate it never arrives"),
        (4.0, "this is the noise of one gradient; the rate shrinks what of it gets into x"),
    ],
    tolerance=1e-3,
)

batch = answer(
    "3.2 Guess before you run: the batch",
    1024,
    mistakes=[
        (128, "eight times the batch divides the noise by root 8 only"),
        (64, "this is the factor; the batch was 16 before"),
        (2, "a smaller batch is noisier, not quieter"),
    ],
    tolerance=1e-3,
)

rate = answer(
    "3.2 Guess before you run: the rate",
    0.2,
    mistakes=[
        (0.05, "at the same rate the floor falls to a quarter, and so does the progress of an epoch"),
        (0.1, "the noise falls with the root of B, but the floor with its square"),
        (0.186, "exact for the plain bowl of curvature 1; the rule for small rates keeps eta / B"),
        (0.0125, "the wrong way: a quieter gradient can be trusted with a longer step"),
    ],
    tolerance=1e-3,
)


# 3.3


def made(f, *args):
    """What the schedule that f makes says at the step, the last of args."""
    return f(*args[:-1])(args[-1])


stairs = function(
    "3.3 Two schedules: stairs",
    lambda lr, every, factor: lambda t: lr * math.prod([factor] * sum(s % every == 0 for s in range(1, t + 1))),
    [
        case("the first stair", 0.1, 30, 0.5, 0),
        case("its last step", 0.1, 30, 0.5, 29),
        case("the second stair", 0.1, 30, 0.5, 30),
        case("the third stair", 0.1, 30, 0.5, 65),
    ],
    fresh=lambda rng: case("", rng.uniform(0.01, 1), int(rng.integers(2, 20)), rng.uniform(0.1, 0.9), 37),
    use=lambda f, lr, every, factor, t: made(f, lr, every, factor, t),
    mistakes=[
        (lambda lr, n, q: lambda t: lr * q ** (t / n), "this falls at each step; count whole stairs, t // every"),
        (lambda lr, n, q: lambda t: lr * q * (t // n), "each stair multiplies: factor to the power of the stairs done"),
        (lambda lr, n, q: lambda t: lr * q ** ((t + 1) // n), "the fall comes a step early: t counts from 0"),
        (
            lambda lr, n, q: lambda t: lr * q ** (max(t - 1, 0) // n),
            "the fall comes a step late: at t = every it is due",
        ),
        (lambda lr, n, q: lambda t: lr * q**t, "this multiplies at each step, not every so many"),
        (lambda lr, n, q: lambda t: lr if t < n else lr * q, "there are more than two stairs"),
    ],
)


def warm(up, share, end=1.0):
    """A function of exercise 3.3 from its way up and its share of the way down."""

    def make(lr, steps, warm):
        def rate(t):
            return lr * up(t, warm) if t < warm else lr * (1 + math.cos(math.pi * min(share(t, steps, warm), end))) / 2

        return rate

    return make


def rising(t, w):
    return (t + 1) / (w + 1)


def falling(t, T, w):
    return (t - w) / (T - w)


warm_cosine = function(
    "3.3 Two schedules: warm-up and half a cosine",
    lambda lr, steps, warm: (
        lambda t: (
            lr * (t + 1) / (warm + 1)
            if t < warm
            else lr * math.cos(math.pi / 2 * min(t - warm, steps - warm) / (steps - warm)) ** 2
        )
    ),
    [
        case("the first step", 0.1, 100, 20, 0),
        case("half-way up", 0.1, 100, 20, 10),
        case("the top", 0.1, 100, 20, 20),
        case("half-way down", 0.1, 100, 20, 60),
        case("the end", 0.1, 100, 20, 100),
        case("after the end", 0.1, 100, 20, 130),
        case("no warm-up at all", 0.1, 100, 0, 25),
    ],
    fresh=lambda rng: case("", rng.uniform(0.01, 1), 50, int(rng.integers(1, 20)), int(rng.integers(0, 60))),
    use=lambda f, lr, steps, warm, t: made(f, lr, steps, warm, t),
    mistakes=[
        (warm(lambda t, w: t / w, falling), "the first step is wasted at rate 0: t + 1 over warm + 1"),
        (warm(lambda t, w: (t + 1) / w, falling), "the top is reached a step early: divide by warm + 1"),
        (warm(rising, lambda t, T, w: t / T), "the cosine begins where the warm-up ends: count from there"),
        (warm(rising, lambda t, T, w: (t - w) / T), "the way down is steps - warm long"),
        (warm(rising, falling, math.inf), "after the end the cosine climbs again; the rate stays at 0"),
        (warm(lambda t, w: 1, falling), "the way up is missing"),
        (
            warm(rising, lambda t, T, w: 2 * falling(t, T, w)),
            "half a cosine goes from 0 to pi, a whole one climbs again",
        ),
    ],
)


# 3.4

GRADIENTS = {
    "cases": [
        case("a long one", np.array([3.0, -4.0]), 1.0),
        case("a short one stays", np.array([0.3, -0.4]), 1.0),
        case("zeros stay", np.zeros(3), 1.0),
        case("one large coordinate", np.array([0.1, -8.0, 0.2]), 2.0),
    ],
    "fresh": lambda rng: case("", rng.normal(size=4) * rng.uniform(0.1, 5), rng.uniform(0.5, 3)),
}


def normalised(g, c):
    with np.errstate(all="ignore"):
        return g * c / np.linalg.norm(g)


def by_norm(g, c):
    return g if math.hypot(*g) <= c else np.array([c * v / math.hypot(*g) for v in g])


def by_value(g, c):
    return np.array([min(max(v, -c), c) for v in g])


clip_norm = function(
    "3.4 Two pairs of scissors: by norm",
    by_norm,
    **GRADIENTS,
    mistakes=[
        (normalised, "this makes short gradients longer: shorten only what is longer than the limit"),
        (lambda g, c: np.nan_to_num(normalised(g, c)), "this makes short gradients longer; only the long are touched"),
        (by_value, "this cuts each coordinate, by value; by norm all are multiplied by one number"),
        (lambda g, c: g * c / max(g @ g, c), "this is the square of the norm; take its root"),
        (lambda g, c: g / max(np.linalg.norm(g), 1), "the limit is missing from the new length"),
        (lambda g, c: g * c / max(np.abs(g).sum(), c), "this is the sum of sizes, the 1-norm; the length is meant"),
        (lambda g, c: g * c / max(np.abs(g).max(), c), "this is the largest coordinate; the length is meant"),
        (lambda g, c: g if np.linalg.norm(g) <= c else 0 * g, "a long gradient is shortened, not thrown away"),
    ],
)

clip_value = function(
    "3.4 Two pairs of scissors: by value",
    by_value,
    **GRADIENTS,
    mistakes=[
        (by_norm, "this is by norm; by value each coordinate is cut for itself"),
        (np.minimum, "large negative numbers pass: cut at -limit, too"),
        (lambda g, c: np.maximum(g, -c), "large positive numbers pass: cut at limit, too"),
        (lambda g, c: c * np.sign(g), "this makes all coordinates equally large; small ones stay as they are"),
        (lambda g, c: np.clip(np.abs(g), 0, c), "the signs are lost"),
        (lambda g, c: np.where(np.abs(g) <= c, g, 0), "what is too large becomes the limit, not 0"),
    ],
)


# 3.5

ROWS, TARGETS = np.array([[1.0, 2.0], [0.0, 1.0], [-1.0, 1.0], [2.0, 0.0]]), np.array([1.0, -1.0, 0.5, 2.0])
FOUR = least_squares(ROWS, TARGETS)


def corrected(parts):
    """A function of exercise 3.5: parts(example here, example at the anchor, exact at the anchor, exact here) is g."""

    def svrg_epoch(f, w, lr, order):
        def grad(w, i):
            return ROWS[i] * (ROWS[i] @ w - TARGETS[i])

        def exact(w):
            return sum(grad(w, i) for i in range(4)) / 4

        anchor = w
        for i in order:
            w = w - lr * parts(grad(w, i), grad(anchor, i), exact(anchor), exact(w))
        return w

    return svrg_epoch


svrg_epoch = function(
    "3.5 Subtract the noise",
    corrected(lambda here, there, full, exact: here - there + full),
    [
        case("a single step, from the anchor", FOUR, np.array([1.0, -1.0]), 0.1, np.array([2])),
        case("two steps", FOUR, np.array([1.0, -1.0]), 0.1, np.array([2, 0])),
        case("an epoch", FOUR, np.array([0.5, 2.0]), 0.05, np.array([3, 1, 0, 2])),
    ],
    fresh=lambda rng: case("", FOUR, rng.normal(size=2), rng.uniform(0.01, 0.2), rng.permutation(4)),
    mistakes=[
        (corrected(lambda here, there, full, exact: here), "this is plain SGD: the correction is missing"),
        (corrected(lambda here, there, full, exact: here + there - full), "the signs of the correction are exchanged"),
        (corrected(lambda here, there, full, exact: here - there), "at the anchor this is 0: add the exact gradient"),
        (
            corrected(lambda here, there, full, exact: exact),
            "this is gradient descent: the exact gradient at each step",
        ),
        (corrected(lambda here, there, full, exact: here - full), "what is subtracted is the same example's gradient"),
        (corrected(lambda here, there, full, exact: full), "this goes on along the anchor's gradient, whatever comes"),
        (corrected(lambda here, there, full, exact: there - here - full), "the sign of the step"),
        (corrected(lambda here, there, full, exact: here + full), "the example's gradient at the anchor is missing"),
    ],
)


# 3.6

proof = order(
    "3.6 Why there is a floor",
    "BFDCGEA",
    mistakes=[
        ("BDFCGEA", "a mixed term comes from squaring; there is none to average yet"),
        ("BFDGCEA", "what does not change is the mean square, so its equation comes first"),
        ("BFCDGEA", "what is left is left by averaging: the mixed term is still there"),
        ("BFDCEGA", "s is not named yet"),
        ("BFDCGAE", "divide by the bracket when there is one"),
    ],
)


# 3.7

RATES = np.geomspace(0.01, 1, 13)


def small_task():
    rng = np.random.default_rng(7)
    X = rng.normal(size=(32, 3))
    return least_squares(X, X @ np.array([1.0, -2.0, 0.5]) + rng.normal(size=32))


def after(task, size, rates, seeds=range(3), steps=None, choose=lambda above: np.nanmin(np.mean(above, axis=0))):
    """The loss above the minimum for each seed and rate by a loop over numbers, and what is made of it."""
    X, y = task.X, task.y
    best = np.linalg.lstsq(X, y)[0]

    def loss(w):
        return np.mean((X @ w - y) ** 2) / 2

    above = np.empty((len(seeds), len(rates)))
    for row, seed in zip(above, seeds):
        for k, lr in enumerate(rates):
            rng, w, done = np.random.default_rng(seed), np.zeros(X.shape[1]), 0
            while done < (5 * len(X) // size if steps is None else steps):
                shuffled = rng.permutation(len(X))
                for i in range(0, len(X), size):
                    if steps is None or done < steps:
                        rows = shuffled[i : i + size]
                        with np.errstate(all="ignore"):  # a rate may diverge
                            w, done = w - lr * X[rows].T @ (X[rows] @ w - y[rows]) / size, done + 1
            with np.errstate(all="ignore"):
                row[k] = loss(w) - loss(best)
    return choose(above)


def with_minimum(task, size, rates):
    X, y = task.X, task.y
    return after(task, size, rates) + np.mean((X @ np.linalg.lstsq(X, y)[0] - y) ** 2) / 2


SMALL = small_task()

best_after = function(
    "3.7 Find the critical batch: five epochs at the best rate",
    after,
    [
        case("batches of 8", SMALL, 8, RATES),
        case("batches of all", SMALL, 32, RATES),
        case("batches of 1", SMALL, 1, RATES),
        case("one rate", SMALL, 4, np.array([0.05])),
        case("a rate that diverges", SMALL, 1, np.array([0.05, 1e4])),
    ],
    mistakes=[
        (
            lambda task, size, rates: after(task, size, rates, choose=lambda a: np.mean(np.nanmin(a, axis=1))),
            "each shuffle has chosen its own lucky rate: first average, then choose",
        ),
        (lambda task, size, rates: after(task, size, rates, seeds=[0]), "this is seed 0 alone; average three shuffles"),
        (
            lambda task, size, rates: after(task, size, rates, choose=lambda a: np.nanmin(a)),
            "this is the luckiest shuffle: average the three first",
        ),
        (
            lambda task, size, rates: after(task, size, rates, steps=5),
            "these are five steps; an epoch has n / size of them",
        ),
        (
            lambda task, size, rates: after(task, size, rates, steps=len(task.X) // size),
            "this is one epoch; five are meant",
        ),
        (
            lambda task, size, rates: after(task, size, rates, choose=lambda a: np.min(np.mean(a, axis=0))),
            "one rate has diverged, to nan, and np.min answers nan: np.nanmin passes over it",
        ),
        (with_minimum, "this is the loss itself: subtract that of the minimum"),
        (
            lambda task, size, rates: 3 * after(task, size, rates),
            "this is the sum over three shuffles; the mean is meant",
        ),
        (
            lambda task, size, rates: rates[
                after(task, size, rates, choose=lambda a: np.nanargmin(np.mean(a, axis=0)))
            ],
            "this is the best rate; its loss is meant",
        ),
    ],
    tolerance=1e-7,
)

critical = answer(
    "3.7 Find the critical batch: the size",
    64,
    mistakes=[
        (512, "the largest of all is far worse than size 1; did each size get its own best rate?"),
        (1, "then no size above 1 keeps up; did each size get its own best rate?"),
        (6, "this is its place in the list; the size is what stands there"),
        (lambda value: value < 64, "a larger one keeps up, too: at most 1.3 times the loss of size 1"),
        (lambda value: value > 64, "its loss is more than 1.3 times that of size 1"),
    ],
    tolerance=1e-9,
)


# 3.8

gd_ratio = answer(
    "3.8 Ten copies of everything: gradient descent",
    10.0,
    mistakes=[
        (1.0, "the steps are the same, but each of them now looks at ten times as many examples"),
        (0.1, "the other way round: copied over plain"),
        (100.0, "the number of steps does not grow, only their cost"),
    ],
    tolerance=0.01,
)

sgd_ratio = answer(
    "3.8 Ten copies of everything: SGD",
    1.0,
    mistakes=[
        (lambda value: 8 < value < 12, "a step costs one example's gradient, however many there are"),
        (
            lambda value: 0.08 < value < 0.12,
            "these are epochs, which are now ten times as long; count single gradients",
        ),
    ],
    tolerance=0.3,
)


# 3.9

eighth = answer(
    "3.9 Bug hunt, an exponential that is none: measured",
    70,
    mistakes=[
        (30, "so it would be with an exponential: run the one that is printed"),
        (80, "the 1 in the bracket counts, too"),
        (10, "this is where it has halved"),
        (71, "one step too far: at t = 70 the rate is an eighth already"),
    ],
    tolerance=1e-9,
)

exponential = function(
    "3.9 Bug hunt, an exponential that is none: mended",
    lambda lr, t, k: lr * math.exp(-math.log(2) * k * t),
    [
        case("the start", 1.0, 0, 0.1),
        case("where it has halved", 1.0, 10, 0.1),
        case("where it has halved again", 1.0, 20, 0.1),
        case("another rate", 0.3, 7, 0.25),
    ],
    fresh=lambda rng: case("", rng.uniform(0.01, 1), int(rng.integers(1, 50)), rng.uniform(0.01, 0.5)),
    mistakes=[
        (lambda lr, t, k: lr / (1 + k * t), "this is as printed"),
        (lambda lr, t, k: lr * math.exp(-k * t), "this is exponential, but at t = 1/k it is 0.37 and not a half"),
        (lambda lr, t, k: lr * (1 - k) ** t, "this is exponential, but a half is not where it should be"),
        (lambda lr, t, k: lr * k**t, "k is not the factor of one step; at t = 1/k the rate is a half"),
        (lambda lr, t, k: lr * 0.5**t, "k is missing: this halves at each step"),
        (lambda lr, t, k: lr * max(1 - k * t / 2, 0), "this is a straight line; an exponential never reaches 0"),
        (lambda lr, t, k: lr * 0.5 ** (t // (1 / k)), "these are stairs; the rate falls at each step"),
    ],
)


# 3.10


def settles(values):
    """Where the clipped gradients add up to zero, by halving an interval."""
    low, high = min(values) - 1, max(values) + 1
    for _ in range(200):
        middle = (low + high) / 2
        if sum(min(max(middle - value, -1), 1) for value in values) < 0:
            low = middle
        else:
            high = middle
    return (low + high) / 2


counterexample = answer(
    "3.10 The wrong sign",
    rules=[
        (
            "a list of numbers",
            lambda v: np.ndim(numbers(v)) == 1 and len(v) > 1 and np.all(np.isfinite(numbers(v))),
            "A list of at least two numbers is meant.",
        ),
        ("not too many", lambda v: len(v) <= 20, "At most 20 numbers."),
        (
            "the mean is -1 or less",
            lambda v: np.mean(numbers(v)) <= -1 + 1e-12,
            "The mean is above -1. Move the one on the left farther out.",
        ),
        (
            "clipped SGD settles at 0.5 or more",
            lambda v: settles(v) >= 0.5 - 1e-9,
            "Clipped SGD settles below 0.5. How many numbers pull to the right there, and how hard?",
        ),
    ],
    mistakes=[
        (lambda v: np.ptp(numbers(v)) <= 1, "all numbers are so close together that nothing is clipped"),
    ],
)
