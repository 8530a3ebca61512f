"""Hidden checks of sheet 03: epochs that miss nobody, schedules at every step, scissors, and batches tuned fairly."""

from itertools import permutations

import numpy as np

from course_lib.grading.properties import Property, close, intact
from course_lib.problems import least_squares

WITHHELD = {
    "schedules": ["step_decay", "warmup", "cosine", "one_cycle", "exponential"],
    "wrappers": ["clip_by_norm", "clip_by_value"],
    "problems": ["svrg", "Batches"],
}

READ = {"epoch": "1. One example instead of all", "sgd_ratio": "1. One example instead of all"}
READ |= dict.fromkeys(("floor", "proof"), "3. A constant rate, for a long time") | {
    "batch": "2. How loud is the noise?"
}
READ |= dict.fromkeys(("rate", "best_after", "critical", "gd_ratio"), "6. What does a batch buy?")
READ |= dict.fromkeys(("stairs", "warm_cosine", "eighth", "exponential"), "4. Steps that shrink, but not too fast")
READ |= dict.fromkeys(("clip_norm", "clip_value", "counterexample"), "9. Cutting gradients short")
READ |= {"svrg_epoch": "8. Below the floor at a constant rate"}


# 3.1


def generator(rng):
    return np.random.default_rng(rng.integers(2**40))


def order(batches):
    """All indices of an epoch, in a row."""
    return [int(i) for batch in batches for i in batch]


def shapes(rng):
    """Numbers of examples and sizes of batches: with a rest and without, one by one and all at once."""
    size, many = (int(value) for value in rng.integers(3, 9, 2))
    return (size * many, size), (size * many + int(rng.integers(1, size)), size), (many, 1), (size + 5, size + 5)


def misses_nobody(epoch, rng):
    return all(
        sorted(order(epoch(n, size, generator(rng)))) == list(range(n)) for n, size in shapes(rng) for _ in "123"
    )


def fills_batches(epoch, rng):
    for n, size in shapes(rng):
        right = [size] * (n // size) + [n % size] * (n % size > 0)
        if [len(batch) for batch in epoch(n, size, generator(rng))] != right:
            return False
    return True


def every_order(epoch, rng):
    """Whether four examples come in all 24 orders: of 600 epochs with a fair draw, one is missing once in 10^10."""
    return {tuple(order(epoch(4, 3, generator(rng)))) for _ in range(600)} == set(permutations(range(4)))


def repeats(epoch, rng):
    seed, other = (int(value) for value in rng.integers(2**40, size=2))
    first, again, more = (order(epoch(40, 7, np.random.default_rng(number))) for number in (seed, seed, other))
    return first == again != more


# 3.3


def on_stairs(stairs, rng):
    """Whether the rate is right on every step of the first stair, which starts with the rate itself."""
    lr, every, factor = rng.uniform(0.01, 1), int(rng.integers(3, 9)), rng.uniform(0.2, 0.9)
    rate = stairs(lr, every, factor)
    return close([rate(t) for t in range(every)], [lr] * every) and close(rate(every), lr * factor)


def further_down(stairs, rng):
    every, factor, lr = int(rng.integers(2, 9)), rng.uniform(0.3, 0.9), rng.uniform(0.01, 1)
    rate, right = stairs(lr, every, factor), np.repeat(lr * factor ** np.arange(6.0), every)
    return close([rate(t) for t in range(6 * every)], right)


def risen(low, high):
    """Whether the rates are right at all steps of one part. low, high: (T, w) -> its first step and one past its last.

    As an oracle the half cosine is the square of a quarter of one.
    """

    def holds(warm_cosine, rng):
        lr, warm = rng.uniform(0.01, 1), int(rng.integers(4, 12))
        steps = warm + int(rng.integers(8, 20))
        rate = warm_cosine(lr, steps, warm)
        for t in range(low(steps, warm), high(steps, warm)):
            down = np.cos(np.pi / 2 * (t - warm) / (steps - warm)) ** 2 if t < steps else 0
            if not close(rate(t), lr * (t + 1) / (warm + 1) if t < warm else lr * down):
                return False
        return True

    return holds


def without_warming(warm_cosine, rng):
    lr, steps = rng.uniform(0.01, 1), int(rng.integers(8, 20))
    rate = warm_cosine(lr, steps, 0)
    right = lr * np.cos(np.pi / 2 * np.arange(steps + 1) / steps) ** 2
    return close([rate(t) for t in range(steps + 1)], right)


# 3.4


def gradient(rng):
    return rng.normal(size=rng.integers(5, 12)), rng.uniform(0.3, 3)


def shortens(clip, rng):
    """Whether a long gradient becomes as long as the limit and keeps its direction."""
    g, limit = gradient(rng)
    g *= limit * rng.uniform(1.01, 9) / np.linalg.norm(g)
    expected = g * limit / np.linalg.norm(g)
    return close(clip(g.copy(), limit), expected)


def leaves_short(clip, rng):
    g, limit = gradient(rng)
    g *= limit * rng.uniform(0.1, 0.99) / np.linalg.norm(g)
    return close(intact(clip, g, limit), g)


def leaves_zeros(clip, rng):
    d = rng.integers(3, 9)
    return close(clip(np.zeros(d), rng.uniform(0.3, 3)), np.zeros(d))


def cuts(sign):
    """Whether what is too large with this sign is cut at the limit, and nothing else is touched."""

    def holds(clip, rng):
        (g, limit), others = gradient(rng), rng.uniform(-0.9, 0.9, 4)
        g = np.concatenate([sign * limit * (1 + abs(g)), limit * others])
        return close(intact(clip, g, limit), [*[sign * limit] * (len(g) - 4), *(limit * others)])

    return holds


# 3.5


def regression(rng, n, d):
    X = rng.normal(size=(n, d))
    return X, X @ rng.normal(size=d) + rng.normal(size=n)


def corrected(steps):
    """Whether an epoch of so many steps ends where it should; None: one for each example."""

    def holds(svrg_epoch, rng):
        n, d = int(rng.integers(6, 12)), int(rng.integers(3, 6))
        X, y = regression(rng, n, d)
        start, lr, examples = rng.normal(size=d), rng.uniform(0.02, 0.2), rng.permutation(n)[:steps]
        w, full = start, X.T @ (X @ start - y) / n
        for i in examples:
            w = w - lr * (X[i] * (X[i] @ (w - start)) + full)
        return close(intact(lambda w, i: svrg_epoch(least_squares(X, y), w, lr, i), start, examples), w)

    return holds


def stays_at_the_minimum(svrg_epoch, rng):
    """At the minimum plain SGD jumps about; the corrected steps stay, and that says that the noise is gone."""
    f = least_squares(*regression(rng, 9, 4))
    return close(svrg_epoch(f, f.minima[0].copy(), rng.uniform(0.05, 0.2), rng.permutation(9)), f.minima[0])


# 3.7


def heights(X, y, size, rates):
    """The loss above the minimum after five epochs, for three seeds, each and all rates: by sums over the examples."""
    n, above = len(X), []
    lowest = np.linalg.solve(X.T @ X, X.T @ y)
    for seed in range(3):
        rng, w = np.random.default_rng(seed), np.zeros((X.shape[1], len(rates)))
        for _ in range(5):
            rows = rng.permutation(n)
            for i in range(0, n, size):
                batch = X[rows[i : i + size]]
                w = w - rates * (batch.T @ (batch @ w - y[rows[i : i + size], None])) / size
        above.append(np.mean((X @ (w - lowest[:, None])) ** 2, axis=0) / 2)
    return np.array(above)


def after_epochs(sizes, *rates):
    """Whether the lowest mean height is right for these sizes and rates, on 24 examples."""

    def holds(best_after, rng):
        X, y = regression(rng, 24, int(rng.integers(2, 5)))
        for size in sizes:
            right = np.nanmin(heights(X, y, size, np.array(rates)).mean(axis=0))
            if not close(best_after(least_squares(X, y), size, np.array(rates)), right, 1e-7):
                return False
        return True

    return holds


def first_averages(best_after, rng):
    """Whether the mean comes before the choice: on a problem where the three shuffles want different rates."""
    rates = np.geomspace(0.02, 0.6, 12)
    while True:
        X, y = regression(rng, 24, 3)
        above = heights(X, y, 2, rates)
        if len(set(np.argmin(above, axis=1))) > 1:
            break
    return close(best_after(least_squares(X, y), 2, rates), above.mean(axis=0).min(), 1e-7)


# 3.9


def halves(exponential, rng):
    """Whether the rate halves once in each span of 1 / k steps."""
    lr, span = rng.uniform(0.01, 1), int(rng.integers(3, 30))
    return close([exponential(lr, m * span, 1 / span) for m in range(6)], lr * 0.5 ** np.arange(6.0))


def equal_factors(exponential, rng):
    """Whether equal times make equal factors below 1, and the rate begins with lr."""
    lr, k = rng.uniform(0.1, 1), rng.uniform(0.02, 0.2)
    rates = np.array([float(exponential(lr, t, k)) for t in range(12)])
    factors = rates[1:] / rates[:-1]
    return close(rates[0], lr) and 0.3 < factors[0] < 0.999 and close(factors, np.full(11, factors[0]))


HIDDEN = {
    "epoch": [
        Property("Together the batches hold every number exactly once.", misses_nobody),
        Property("All batches are full but the last, which has the rest.", fills_batches, needs=0),
        Property(
            "The order comes from rng and nothing else: the same again if it is the same, else another.",
            repeats,
            needs=0,
        ),
        Property("Every order can come up.", every_order, 0.5, needs=0),
    ],
    "stairs": [
        Property("The first stair is the rate itself, and the next begins where it should.", on_stairs, 0.5),
        Property("It is right on every step of many stairs.", further_down),
    ],
    "warm_cosine": [
        Property("The rate rises as it should, from the first step on.", risen(lambda T, w: 0, lambda T, w: w)),
        Property("From the top it falls along half a cosine.", risen(lambda T, w: w, lambda T, w: T + 1)),
        Property("After the end it stays at zero.", risen(lambda T, w: T, lambda T, w: 3 * T), 0.5, needs=1),
        Property("It is right without any warm-up.", without_warming, 0.5),
    ],
    "clip_norm": [
        Property("A long gradient becomes as long as the limit and keeps its direction.", shortens),
        Property("A short one stays as it is, and nothing is changed in place.", leaves_short, needs=0),
        Property("Zeros stay zeros.", leaves_zeros, 0.5, needs=0),
    ],
    "clip_value": [
        Property("What is above the limit is cut there; what is between stays.", cuts(1)),
        Property("What is below minus the limit is cut there; what is between stays.", cuts(-1)),
    ],
    "svrg_epoch": [
        Property("A first step, from the anchor, is that of the exact gradient.", corrected(1), 0.25, needs=1),
        Property("An epoch of steps ends where the corrected gradients lead.", corrected(None), 1.5),
        Property("At the minimum nothing moves: the noise is gone.", stays_at_the_minimum, 0.25, needs=1),
    ],
    "best_after": [
        Property("With a single rate it is the mean height after five epochs.", after_epochs((1, 3, 8), 0.06)),
        Property("Of several rates it is the lowest mean.", first_averages, needs=0),
        Property("Rates that diverge are passed over.", after_epochs((1, 2), 1e30, 0.04, 1e200), 0.5, needs=0),
    ],
    "exponential": [
        Property("It is an exponential: equal times, equal factors.", equal_factors, 0.5),
        Property("It halves again and again, when it should.", halves),
    ],
}
