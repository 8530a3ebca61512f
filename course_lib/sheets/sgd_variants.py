"""Sheet 03: an epoch, the floor, schedules, scissors, noise subtracted, batches, and what two texts slipped on."""

import numpy as np

from course_lib.checks import draws
from course_lib.checks.comparison import numbers
from course_lib.checks.exercise import Like, Rule, case, function, order, value
from course_lib.checks.varied import Varied, choice, number, relettered
from course_lib.descent import end
from course_lib.problems import least_squares

ONE, LOUD, CONSTANT = (
    "1. One example instead of all",
    "2. How loud is the noise?",
    "3. A constant rate, for a long time",
)
SHRINKING, BUYS = "4. Steps that shrink, but not too fast", "6. What does a batch buy?"
BELOW, SHORT = "8. Below the floor at a constant rate", "9. Cutting gradients short"


# 3.1


def batch_sizes(f, n, size, seed):
    return [len(batch) for batch in f(n, size, np.random.default_rng(seed))]


def in_a_row(f, n, size, seed):
    """All indices of an epoch."""
    return np.concatenate(f(n, size, np.random.default_rng(seed)))


def some(rng):
    """A number of examples, a size of the batches, a seed."""
    n = int(rng.integers(2, 40))
    return n, int(rng.integers(1, n + 1)), int(rng.integers(2**40))


def whole(f, rng):
    return all(
        np.asarray(batch).dtype.kind in "iu" for batch in f(*some(rng)[:2], np.random.default_rng(rng.integers(2**40)))
    )


def in_range(f, rng):
    n, size, seed = some(rng)
    indices = in_a_row(f, n, size, seed)
    return indices.min() >= 0 and indices.max() < n


def misses_nobody(f, rng):
    return all(sorted(in_a_row(f, *args)) == list(range(args[0])) for args in [some(rng) for _ in range(8)])


def shuffled(f, rng):
    n, size, seed = 12, int(rng.integers(2, 4)), int(rng.integers(2**40))
    return any(np.any(np.diff(in_a_row(f, n, size, seed + i)) != 1) for i in range(5))


def another(f, rng):
    n, size = int(rng.integers(30, 40)), int(rng.integers(2, 4))
    return len({tuple(np.concatenate(f(n, size, rng))) for _ in range(4)}) > 1


def repeats(f, rng):
    n, size, seed = int(rng.integers(30, 40)), int(rng.integers(2, 4)), int(rng.integers(2**40))
    first, again, more = (in_a_row(f, n, size, one) for one in (seed, seed, seed + 1))
    return np.array_equal(first, again) and not np.array_equal(first, more)


def mixes(f, rng):
    """Whether two examples are sometimes in one batch and sometimes not, and another one comes behind the first."""
    n = int(rng.integers(6, 10))
    size = int(rng.integers(2, n - 2))
    one, other = rng.choice(n, 2, replace=False)
    together, behind = set(), set()
    for _ in range(200):  # by chance a fair draw fails once in 10^6
        batches = [list(batch) for batch in f(n, size, np.random.default_rng(rng.integers(2**40)))]
        together.add(any(one in batch and other in batch for batch in batches))
        row = [i for batch in batches for i in batch]
        behind.add(row[(row.index(one) + 1) % n])
    return len(together) == 2 and len(behind) > n / 2


@function(
    "3.1 An epoch of batches", points=2, read=ONE, withheld=["problems.Batches"], use=batch_sizes,
    says="All batches are full but the last, which has the rest.",
    cases=[
        case("12 examples in batches of 4", 12, 4, 0),
        case("10 examples in batches of 4: the last one is shorter", 10, 4, 0),
        case("batches of 1", 3, 1, 0),
        case("one batch of all", 5, 5, 0),
    ],
    draw=lambda rng: case("", *some(rng)),
    mistakes="""
        range(0, n, size) -> range(0, n - size + 1, size) : the last batch, shorter than the others, is missing
        order = rng.permutation(n) -> return np.array_split(rng.permutation(n), -(-n // size))
            : all but the last batch are full
            -> return np.array_split(rng.permutation(n), size)
                : size is the examples in a batch, not the number of batches
            -> return [rng.permutation(n)[:size]] : this is one batch; an epoch goes on until all examples have come
    """,
    rules=[
        Rule("its indices are whole numbers", whole, "An index is a whole number: a batch holds integers.",
             says="The batches hold integers.", weight=0.5, needs=0),
        Rule("the indices go from 0 to n - 1", in_range, "The indices are not all from 0 to n - 1."),
        Rule("each example comes once", misses_nobody,
             "Some examples come twice and others not at all: draw one order of all, without replacement.",
             says="Together the batches hold every number exactly once.", needs=0),
        Rule("they are shuffled", shuffled, "The examples come in their own order: draw the order from rng."),
        Rule("the next epoch is another", another,
             "Two epochs from one generator have the same order: draw from rng, and make no generator of your own."),
        Rule("all are mixed", mixes,
             "Some examples always come together, or one behind the other: shuffle all of them, then cut.",
             says="Any two examples meet in a batch of some epochs, and not in others.", needs=2),
        Rule("one seed, one order", repeats, "The same seed gave two orders: draw from rng alone.",
             says="The order comes from rng and nothing else: the same again if it is the same, else another.",
             needs=2),
    ],
)  # fmt: skip
def epoch(n, size, rng):
    order = rng.permutation(n)
    return [order[i : i + size] for i in range(0, n, size)]


# 3.2

floor = value(
    "3.2 Guess before you run: the floor", 1.0, points=1, read=CONSTANT, tolerance=1e-3,
    mistakes=[
        (0.25, "this is for sigma^2 = 1; here it is 4"),
        (0.5, "the noise counts by its square, 4, not by 2"),
        (0.8, "this is the rule of thumb for small rates; 0.4 is not small"),
        (0.0, "with a constant rate it never arrives"),
        (4.0, "this is the noise of one gradient; the rate shrinks what of it gets into x"),
    ],
    varied=Varied(
        {"floor_rate": choice(0.25, 0.5, 0.8), "variance": choice(6, 9, 16)},
        {"guess-task": [r"mean square $\sigma^2 = {variance:4}$, constant rate $\eta = {floor_rate:0.4}$"],
         "guesses": ["{floor_rate:0.4} / (2 - {floor_rate:0.4}) * {variance:4}"]},
        dropped={"guess-run-text", "guess-run"},
    ),
)  # fmt: skip

batch = value(
    "3.2 Guess before you run: the batch", 1024, points=1, read=LOUD, tolerance=1e-3,
    mistakes=[
        (128, "eight times the batch divides the noise by root 8 only"),
        (64, "this is the factor; the batch was 16 before"),
        (2, "a smaller batch is noisier, not quieter"),
    ],
    varied=Varied(
        {"size": choice(8, 32, 64), "quiet": choice(0.2, 0.3, 0.4), "times": choice(2, 3, 5),
         "noise": number(lambda p: p["quiet"] * p["times"])},
        {"guess-task": [
             "Batches of {size:16} have a noise of {noise:0.8}. How large must a batch be for a noise of {quiet:0.1}?",
         ],
         "guesses": ["{size:16} * {times:(0.8 / 0.1)} ** 2"]},
    ),
)  # fmt: skip

rate = value(
    "3.2 Guess before you run: the rate", 0.2, points=1, read=BUYS, tolerance=1e-3,
    mistakes=[
        (0.05, "at the same rate the floor falls to a quarter, and so does the progress of an epoch"),
        (0.1, "the noise falls with the root of B, but the floor with its square"),
        (0.186, "exact for the plain bowl of curvature 1; the rule for small rates keeps eta / B"),
        (0.0125, "the wrong way: a quieter gradient can be trusted with a longer step"),
    ],
    varied=Varied(
        {"old": choice(16, 24, 64), "old_rate": choice(0.01, 0.02, 0.03),
         "new": lambda rng, p: p["old"] * choice(2, 8)(rng, p)},
        {"guess-task": ["batch {old:32}, rate {old_rate:0.05}. You want batch {new:128}"],
         "guesses": ["{old_rate:0.05} * {new:128} / {old:32}"]},
    ),
)  # fmt: skip


# 3.3


def stair(*steps):
    """A draw of a step of a schedule; steps: every -> what it may be."""

    def drawn(rng):
        every = int(rng.integers(2, 20))
        t = int(rng.choice(steps[rng.integers(len(steps))](every)))
        return case("", draws.number(rng, 0.01, 1), every, draws.number(rng, 0.1, 0.9), t)

    return drawn


@function(
    "3.3 Two schedules: stairs", points=1, read=SHRINKING, inner=1,
    withheld=["schedules.step_decay", "schedules.exponential"],
    cases=[
        case("the first stair", 0.1, 30, 0.5, 0),
        case("its last step", 0.1, 30, 0.5, 29),
        case("the second stair", 0.1, 30, 0.5, 30),
        case("the third stair", 0.1, 30, 0.5, 65),
    ],
    draw={"The first stair is the rate itself, and the next begins where it should.":
          stair(lambda every: range(every), lambda every: [every - 1, every]),
          "It is right on every step of many stairs.": stair(lambda every: range(6 * every))},
    mistakes="""
        t // every -> t / every : this falls at each step; count whole stairs, t // every
            -> (t + 1) // every : the fall comes a step early: t counts from 0
            -> max(t - 1, 0) // every : the fall comes a step late: at t = every it is due
            -> t : this multiplies at each step, not every so many
        factor ** (t // every) -> factor * (t // every) : each stair multiplies: factor to the power of the stairs done
        lr * factor ** (t // every) -> lr if t < every else lr * factor : there are more than two stairs
    """,
)  # fmt: skip
def stairs(lr, every, factor):
    return lambda t: lr * factor ** (t // every)


def warming(low, high):
    """A draw of a step t from low(steps, warm) to before high(steps, warm)."""

    def drawn(rng):
        warm = int(rng.integers(3, 12))
        steps = warm + int(rng.integers(4, 20))
        t = int(rng.integers(low(steps, warm), high(steps, warm)))
        return case("", draws.number(rng, 0.01, 1), steps, warm, t)

    return drawn


def without_warming(rng):
    steps = int(rng.integers(4, 20))
    return case("", draws.number(rng, 0.01, 1), steps, 0, int(rng.integers(0, steps + 1)))


FALLS = "From the top it falls along half a cosine."


@function(
    "3.3 Two schedules: warm-up and half a cosine", points=1, read=SHRINKING, inner=1,
    withheld=["schedules.warmup", "schedules.cosine", "schedules.one_cycle"],
    cases=[
        case("the first step", 0.1, 100, 20, 0),
        case("half-way up", 0.1, 100, 20, 10),
        case("the top", 0.1, 100, 20, 20),
        case("half-way down", 0.1, 100, 20, 60),
        case("the end", 0.1, 100, 20, 100),
        case("after the end", 0.1, 100, 20, 130),
        case("no warm-up at all", 0.1, 100, 0, 25),
    ],
    draw={"The rate rises as it should, from the first step on.": warming(lambda T, w: 0, lambda T, w: w),
          FALLS: warming(lambda T, w: w, lambda T, w: T),
          "After the end it stays at zero.": warming(lambda T, w: T, lambda T, w: 3 * T),
          "It is right without any warm-up.": without_warming},
    needs={"After the end it stays at zero.": FALLS},
    mistakes="""
        (t + 1) / (warm + 1) -> t / warm || t / (warm + 1) : the first step is wasted at rate 0: t + 1 over warm + 1
            -> (t + 1) / warm : the top is reached a step early: divide by warm + 1
        (t - warm) / (steps - warm) -> t / steps : the cosine begins where the warm-up ends: count from there
            -> (t - warm) / steps : the way down is steps - warm long
        min((t - warm) / (steps - warm), 1) -> (t - warm) / (steps - warm)
            : after the end the cosine climbs again; the rate stays at 0
        lr * (t + 1) / (warm + 1) -> lr : the way up is missing
        np.pi * share -> 2 * np.pi * share : half a cosine goes from 0 to pi, a whole one climbs again
            -> 180 * share : np.cos takes radians: from 0 to pi, not to 180
        lr / 2 * (1 -> lr * (1 : 1 + cos goes from 2 to 0: halve it
    """,
)  # fmt: skip
def warm_cosine(lr, steps, warm):
    def rate(t):
        if t < warm:
            return lr * (t + 1) / (warm + 1)
        share = min((t - warm) / (steps - warm), 1)
        return lr / 2 * (1 + np.cos(np.pi * share))

    return rate


# 3.4


def gradient(rng, low, high):
    """A gradient, and a limit from 1/high to 1/low times its length."""
    g = rng.normal(size=draws.dimension(rng)).round(2) + 0.005  # never 0
    return case("", g, round(float(np.linalg.norm(g) / rng.uniform(low, high)), 4))


def zeros(rng):
    return case("", np.zeros(draws.dimension(rng)), draws.number(rng, 0.3, 3))


def beyond(sign):
    """A draw of a gradient in which what is too large has this sign; whole numbers now and then."""

    def drawn(rng):
        limit = float(rng.integers(1, 4))
        large = sign * (limit + rng.uniform(0.1, 5, draws.dimension(rng)).round(2))
        g = rng.permutation(np.concatenate([large, limit * rng.uniform(-0.9, 0.9, 3).round(2)]))
        return case("", np.rint(g).astype(int) if rng.integers(4) == 0 else g, limit)

    return drawn


LONG, LIMITS = "A long gradient becomes as long as the limit and keeps its direction.", [
    case("a long one", np.array([3.0, -4.0]), 1.0),
    case("a short one stays", np.array([0.3, -0.4]), 1.0),
    case("zeros stay", np.zeros(3), 1.0),
    case("one large coordinate", np.array([0.1, -8.0, 0.2]), 2.0),
    case("whole numbers", np.array([3, -4]), 2),
]  # fmt: skip


@function(
    "3.4 Two pairs of scissors: by norm", points=1, read=SHORT, cases=LIMITS, withheld=["wrappers.clip_by_norm"],
    draw={LONG: lambda rng: gradient(rng, 1.01, 9), "A short one stays as it is.": lambda rng: gradient(rng, 0.1, 0.99),
          "Zeros stay zeros.": zeros},
    needs=0,
    mistakes="""
        limit / max(norm, limit) -> limit / norm
            : this makes short gradients longer: shorten only what is longer than the limit
        g * limit / max(norm, limit) -> np.nan_to_num(g * limit / norm)
            : this makes short gradients longer; only the long are touched
            -> np.clip(g, -limit, limit) : this cuts each coordinate, by value; by norm all are multiplied by one number
            -> g / max(norm, 1) : the limit is missing from the new length
            -> g if norm <= limit else 0 * g : a long gradient is shortened, not thrown away
            -> g * min(1.0, limit / (norm + 1e-6))
                : this is PyTorch's form: the 1e-6 leaves a long gradient a little shorter than the limit
        np.linalg.norm(g) -> g @ g : this is the square of the norm; take its root
            -> np.abs(g).sum() : this is the sum of sizes, the 1-norm; the length is meant
            -> np.abs(g).max() : this is the largest coordinate; the length is meant
    """,
)  # fmt: skip
def clip_norm(g, limit):
    norm = np.linalg.norm(g)
    return g * limit / max(norm, limit)


@function(
    "3.4 Two pairs of scissors: by value", points=1, read=SHORT, cases=LIMITS, withheld=["wrappers.clip_by_value"],
    draw={"What is above the limit is cut there; what is between stays.": beyond(1),
          "What is below minus the limit is cut there; what is between stays.": beyond(-1)},
    mistakes="""
        np.clip(g, -limit, limit) -> g * limit / max(np.linalg.norm(g), limit)
            : this is by norm; by value each coordinate is cut for itself
            -> np.minimum(g, limit) : large negative numbers pass: cut at -limit, too
            -> np.maximum(g, -limit) : large positive numbers pass: cut at limit, too
            -> limit * np.sign(g) : this makes all coordinates equally large; small ones stay as they are
            -> np.clip(np.abs(g), 0, limit) : the signs are lost
            -> np.where(np.abs(g) <= limit, g, 0) : what is too large becomes the limit, not 0
    """,
)  # fmt: skip
def clip_value(g, limit):
    return np.clip(g, -limit, limit)


# 3.5


def regression(rng, n, d):
    X = rng.normal(size=(n, d))
    return least_squares(X, X @ rng.normal(size=d) + rng.normal(size=n))


def corrected(steps):
    """A draw of an epoch of so many steps; None: one for each example."""

    def drawn(rng):
        d = draws.dimension(rng)
        n = d + int(rng.integers(2, 8))
        return case(
            "", regression(rng, n, d), rng.normal(size=d), draws.number(rng, 0, 0.1), rng.permutation(n)[:steps]
        )

    return drawn


def at_the_minimum(rng):
    d = draws.dimension(rng)
    f = regression(rng, d + 4, d)
    return case("", f, f.minima[0].copy(), rng.uniform(0.05, 0.1), rng.permutation(d + 4))


FOUR = least_squares(np.array([[1.0, 2.0], [0.0, 1.0], [-1.0, 1.0], [2.0, 0.0]]), np.array([1.0, -1.0, 0.5, 2.0]))
LEADS = "An epoch of steps ends where the corrected gradients lead."
STAYS = "At the minimum nothing moves: the noise is gone."
FIRST = "A first step, from the anchor, is that of the exact gradient."


@function(
    "3.5 Subtract the noise", points=2, read=BELOW, whole=True, withheld=["problems.svrg"],
    cases=[
        case("a single step, from the anchor", FOUR, np.array([1.0, -1.0]), 0.1, np.array([2])),
        case("two steps", FOUR, np.array([1.0, -1.0]), 0.1, np.array([2, 0])),
        case("an epoch", FOUR, np.array([0.5, 2.0]), 0.05, np.array([3, 1, 0, 2])),
    ],
    draw={LEADS: corrected(None), FIRST: corrected(1), STAYS: at_the_minimum}, needs=0,
    mistakes="""
        - f.grad(anchor, [i]) + full -> : this is plain SGD: the correction is missing
            -> + f.grad(anchor, [i]) - full : the signs of the correction are exchanged
            -> - f.grad(anchor, [i]) : at the anchor this is 0: add the exact gradient
            -> - full : what is subtracted is the same example's gradient
            -> + full : the example's gradient at the anchor is missing
        f.grad(w, [i]) - f.grad(anchor, [i]) + full -> f.grad(w)
            : this is gradient descent: the exact gradient at each step
            -> full : this goes on along the anchor's gradient, whatever comes
        w = w - lr * g -> w = w + lr * g : the sign of the step
            -> return w - lr * g : the return stands in the loop: it ends after one step
        for i in order -> for i in range(len(order)) : the examples come as order says: for i in order
    """,
)  # fmt: skip
def svrg_epoch(f, w, lr, order):
    anchor, full = w, f.grad(w)
    for i in order:
        g = f.grad(w, [i]) - f.grad(anchor, [i]) + full
        w = w - lr * g
    return w


# 3.6

proof = order(
    "3.6 Why there is a floor", "BFDCGEA", points=2, read=CONSTANT, needs="""
    B < F : before the step is written down there is nothing to square
    F < D : a mixed term comes from squaring; there is none to average yet
    D < C : what is left is left by averaging: the mixed term is still there
    C < G : what does not change is the mean square, so its equation comes first
    G < E : s is not named yet
    E < A : divide by the bracket when there is one
    """,
    varied=relettered("BFDCGEA"),
)  # fmt: skip


# 3.7

RATES = np.geomspace(0.01, 1, 13)
LOWEST, PASSED = "Of several rates it is the lowest mean.", "Rates that diverge are passed over."
MEAN = "With a single rate it is the mean height after five epochs."


def small_task(seed=7, n=32, d=3):
    return regression(np.random.default_rng(seed), n, d)


def a_task(rng):
    return small_task(int(rng.integers(2**40)), int(rng.choice([24, 48])), draws.dimension(rng))


def one_rate(rng):
    return case("", a_task(rng), int(rng.choice([1, 3, 8])), rng.uniform(0.04, 0.08, 1).round(3))


def several(rng):
    """Rates so close together that each shuffle likes another one best."""
    rates = np.geomspace(0.02, rng.uniform(0.4, 0.8), rng.integers(45, 65))
    return case("", a_task(rng), int(rng.choice([2, 4, 6])), rates)


def diverging(rng):
    return case("", a_task(rng), int(rng.choice([1, 2])), rng.permutation([1e30, 0.04, 1e200]))


SMALL = small_task()


@function(
    "3.7 Find the critical batch: five epochs at the best rate", points=2, read=BUYS, tolerance=1e-7, drawn=9,
    cases=[
        case("batches of 8", SMALL, 8, RATES),
        case("batches of 4, where each shuffle likes another rate best", small_task(9), 4, RATES),
        case("batches of all", SMALL, 32, RATES),
        case("batches of 1", SMALL, 1, RATES),
        case("one rate", SMALL, 4, np.array([0.05])),
        case("a rate that diverges", SMALL, 1, np.array([0.05, 1e4])),
    ],
    draw={MEAN: one_rate, LOWEST: several, PASSED: diverging}, needs=0,
    mistakes="""
        return np.nanmin(np.mean(above, axis=0)) -> return np.mean(np.nanmin(above, axis=1))
            : each shuffle has chosen its own lucky rate: first average, then choose
            -> return rates[np.nanargmin(np.mean(above, axis=0))] : this is the best rate; its loss is meant
        range(3) -> range(1) : this is seed 0 alone; average three shuffles
        np.nanmin(np.mean(above, axis=0)) -> np.nanmin(above) : this is the luckiest shuffle: average the three first
            -> np.min(np.mean(above, axis=0))
                : one rate has diverged, to nan, and np.min answers nan: np.nanmin passes over it
        5 * len(task.X) // size -> 5 : these are five steps; an epoch has n / size of them
            -> 5 * len(task.X) : an epoch has n / size steps, not n
            -> len(task.X) // size : this is one epoch; five are meant
        task(last) - task(task.minima[0]) -> task(last) : this is the loss itself: subtract that of the minimum
        np.mean(above, axis=0) -> np.sum(above, axis=0) : this is the sum over three shuffles; the mean is meant
    """,
)  # fmt: skip
def best_after(task, size, rates):
    steps, above = 5 * len(task.X) // size, []
    for seed in range(3):
        batches = task.batches(size, np.random.default_rng(seed))
        last = end(gd_step, batches, task.start, steps, lr=rates)
        above.append(task(last) - task(task.minima[0]))
    return np.nanmin(np.mean(above, axis=0))


def gd_step(x, g, *, lr):
    return (x - lr * g,)


critical = value(
    "3.7 Find the critical batch: the size", 64, points=1, read=BUYS, tolerance=1e-9,
    mistakes=[
        (512, "the largest of all is far worse than size 1; each size is to get its own best rate"),
        (1, "then no size above 1 keeps up; each size is to get its own best rate"),
        (6, "this is its place in the list; the size is what stands there"),
        (Like(32, lambda value: value < 64), "a larger one keeps up, too: at most 1.3 times the loss of size 1"),
        (Like(128, lambda value: value > 64), "its loss is more than 1.3 times that of size 1"),
    ],
)  # fmt: skip


# 3.8

gd_ratio = value(
    "3.8 Ten copies of everything: gradient descent", 10.0, points=1, read=BUYS, tolerance=0.01,
    mistakes=[
        (1.0, "the steps are the same, but each of them now looks at ten times as many examples"),
        (0.1, "the other way round: copied over plain"),
        (100.0, "the number of steps does not grow, only their cost"),
    ],
)  # fmt: skip

sgd_ratio = value(
    "3.8 Ten copies of everything: SGD", 1.0, points=1, read=ONE, tolerance=0.3,
    mistakes=[
        (Like(10.2, lambda value: 8 < value < 12), "a step costs one example's gradient, however many there are"),
        (Like(0.1, lambda value: 0.08 < value < 0.12),
         "these are epochs, which are now ten times as long; count single gradients"),
        (Like(5.0, lambda value: 4.5 < value < 5.5), "this is the sum over five seeds; the mean is meant"),
    ],
)  # fmt: skip


# 3.9

eighth = value(
    "3.9 Bug hunt, an exponential that is none: measured", 70, points=1, read=SHRINKING, tolerance=1e-9,
    mistakes=[
        (30, "so it would be with an exponential: run the one that is printed"),
        (80, "the 1 in the bracket counts, too"),
        (10, "this is where it has halved"),
        (71, "one step too far: at t = 70 the rate is an eighth already"),
    ],
    varied=Varied(
        {"decay": choice(0.2, 0.05, 0.02, 0.025)},
        {"exponential-reproduce-text": ["Take `k = {decay:0.1}`."],
         "exponential-measured": ["rate_as_printed(1.0, t, {decay:0.1})"]},
    ),
)  # fmt: skip


def halving(rng):
    span = int(rng.integers(3, 30))
    return case("", draws.number(rng, 0.01, 1), int(rng.integers(6)) * span, 1 / span)


def anywhere(rng):
    return case("", draws.number(rng, 0.1, 1), int(rng.integers(0, 50)), round(rng.uniform(0.02, 0.5), 3))


@function(
    "3.9 Bug hunt, an exponential that is none: mended", points=1, read=SHRINKING,
    withheld=["schedules.exponential"],
    cases=[
        case("the start", 1.0, 0, 0.1),
        case("where it has halved", 1.0, 10, 0.1),
        case("where it has halved again", 1.0, 20, 0.1),
        case("another rate", 0.3, 7, 0.25),
    ],
    draw={"It halves again and again, when it should.": halving,
          "It is an exponential: equal times, equal factors.": anywhere},
    mistakes="""
        lr * 0.5 ** (k * t) -> lr / (1 + k * t) : this is as printed
        0.5 ** (k * t) -> np.exp(-k * t) : this is exponential, but at t = 1/k it is 0.37 and not a half
            -> (1 - k) ** t : this is exponential, but a half is not where it should be
            -> k**t : k is not the factor of one step; at t = 1/k the rate is a half
            -> max(1 - k * t / 2, 0) : this is a straight line; an exponential never reaches 0
        k * t -> t : k is missing: this halves at each step
            -> t // (1 / k) : these are stairs; the rate falls at each step
    """,
)  # fmt: skip
def exponential(lr, t, k):
    return lr * 0.5 ** (k * t)


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


def is_list(v, rng):
    return np.ndim(numbers(v)) == 1 and len(v) > 1 and bool(np.all(np.isfinite(numbers(v))))


counterexample = value(
    "3.10 The wrong sign", points=2, read=SHORT, passes=[1.0] * 9 + [-21.0],
    rules=[
        Rule("a list of numbers", is_list, "A list of at least two numbers is meant."),
        Rule("not too many", lambda v, rng: len(v) <= 20, "At most 20 numbers."),
        Rule("the mean is -1 or less", lambda v, rng: np.mean(numbers(v)) <= -1 + 1e-12,
             "The mean is above -1. Move the one on the left farther out."),
        Rule("clipped SGD settles at 0.5 or more", lambda v, rng: settles(v) >= 0.5 - 1e-9,
             "Clipped SGD settles below 0.5. How many numbers pull to the right there, and how hard?"),
    ],
    mistakes=[
        (Like([-2.0, -1.5], lambda v: np.ptp(numbers(v)) <= 1),
         "all numbers are so close together that nothing is clipped"),
    ],
)  # fmt: skip
