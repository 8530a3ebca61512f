"""Hidden checks of sheet 00: a step in any dimension, a mountain whose slopes fit its height, an objective."""

import numpy as np

from course_lib.checks.race_first import differences
from course_lib.grading.properties import Property, close, intact

WITHHELD = {"optimizers": ["gd", "momentum", "momentum_ema", "nesterov"]}  # without momentum all are one

READ = dict.fromkeys(
    ("default", "parts", "best_feasible", "by_hand", "step", "mountain"), "1. On a mountain, in the fog"
)
READ |= dict.fromkeys(("bet", "first_below", "share"), "2. The race")
READ |= dict.fromkeys(("balanced_error", "useless"), "3. You get what you ask for")
READ |= {"search": "4. Why not just try things?"}


# 0.4


def one_walker(rng):
    return *rng.normal(size=(2, rng.integers(3, 7))), rng.uniform(0.01, 2)


def crowd(rng):
    """Walkers side by side, each with a rate of its own."""
    runs = rng.integers(4, 7)
    return *rng.normal(size=(2, 3, runs)), rng.uniform(0.01, 2, size=runs)


def arrives(step, rng):
    x, g, lr = one_walker(rng)
    got = step(x.copy(), g.copy(), lr=lr)
    return close(got[0] if isinstance(got, tuple | list) else got, x - lr * g)


def comes_back(drawn, call=lambda step, x, g, lr: step(x.copy(), g.copy(), lr=lr)):
    """Whether the new place comes back alone in a tuple."""

    def holds(step, rng):
        x, g, lr = drawn(rng)
        expected = (x - lr * g,)
        return close(call(step, x, g, lr=lr), expected)

    return holds


# 0.5


def places(f, rng, n=12):
    """Places in the window, shape (n, 2), and the size of the window."""
    low, high = np.array(f.window, float).T
    if f.d != 2:
        raise ValueError("a mountain has two coordinates")
    return rng.uniform(low, high, size=(n, 2)), high - low


def one_by_one(ask, at):
    return np.array([ask(place.copy()) for place in at], float)


def is_there(f, rng):
    at = places(f, rng)[0]
    heights, slopes = one_by_one(f.value, at), one_by_one(f.gradient, at)
    shaped = heights.shape == at.shape[:1] and slopes.shape == at.shape
    return shaped and np.all(np.isfinite(heights)) and np.all(np.isfinite(slopes)) and np.ptp(heights) > 0


def slope(*axes):
    def holds(f, rng):
        at, width = places(f, rng)
        slopes = one_by_one(f.gradient, at)
        right = np.array([differences(f.value, place, width) for place in at])
        allowed = 1e-5 * max(1.0, np.max(np.abs(right)), np.max(np.abs(one_by_one(f.value, at))))
        return slopes.shape == at.shape and np.all(np.abs(slopes - right)[:, axes] <= allowed)

    return holds


def side_by_side(f, rng, call=lambda ask, at: ask(at.copy())):
    at = places(f, rng)[0]
    alone, together = [(one_by_one(ask, at), np.asarray(call(ask, at.T))) for ask in (f.value, f.gradient)]
    return close(alone[1], alone[0]) and close(together[1], together[0].T) and slope(0, 1)(f, rng)


# 0.7


def people(rng):
    """Who is ill: fewer than are healthy, in any order, 20 at least."""
    ill = 20 * rng.integers(1, 3)
    y = np.repeat([1, 0], [ill, 20 * rng.integers(3, 7)])
    return rng.permutation(y)


def mean_of_shares(balanced_error, rng, call=lambda f, y, p: f(y.copy(), p.copy())):
    for y in [people(rng) for _ in range(5)]:
        predicted = rng.integers(2, size=len(y))
        shares = [np.sum((predicted != y) * (y == group)) / np.sum(y == group) for group in (0, 1)]
        if not close(call(balanced_error, y, predicted), (shares[0] + shares[1]) / 2):
            return False
    return True


def counts_alike(balanced_error, rng):
    """A share of mistakes in one group costs as much as the same share in the other, and twice the share twice."""
    y = people(rng)
    quarter, half = (
        [balanced_error(y.copy(), mistaken(y, group, share, rng)) for group in (0, 1)] for share in (1 / 4, 1 / 2)
    )
    return quarter[0] > 0 and close(quarter, [quarter[0]] * 2) and close(half, [2 * quarter[0]] * 2)


def mistaken(y, group, share, rng):
    """The answers of a test that is wrong about a share of one group, and right about the other."""
    members = np.flatnonzero(y == group)
    predicted = y.copy()
    predicted[rng.choice(members, int(share * len(members)), replace=False)] = 1 - group
    return predicted


HIDDEN = {
    "step": [
        Property("The walker arrives at its place minus the learning rate times the gradient.", arrives),
        Property("The new place comes back alone in a tuple.", comes_back(one_walker), 0.5, needs=0),
        Property("It is right for many walkers side by side, each with a rate of its own.", comes_back(crowd), 0.5),
        Property("The step is right and changes nothing in place.", comes_back(one_walker, intact), 0.5),
    ],
    "mountain": [
        Property(
            "Each place in the window has a height and two slopes, finite, and not all the same height.", is_there
        ),
        Property("The slope in x is that of the height.", slope(0), needs=0),
        Property("The slope in y is that of the height.", slope(1), needs=0),
        Property("Many places side by side have the heights and slopes that each has alone.", side_by_side, needs=0),
        Property("Height and slopes change nothing in place.", lambda f, rng: side_by_side(f, rng, intact), 0.5, 0),
    ],
    "balanced_error": [
        Property("It is the mean of the two shares of wrong answers.", mean_of_shares),
        Property("Both groups count alike, however small one is, and twice as many mistakes twice.", counts_alike, 0.5),
        Property("It is right and changes nothing in place.", lambda f, rng: mean_of_shares(f, rng, intact), 0.5),
    ],
}
