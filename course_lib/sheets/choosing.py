"""Sheet 11: an honest number, the best of k, trials at random, halving, and a front that weights miss."""

from itertools import combinations
from itertools import product as product

import numpy as np

from course_lib.checks.comparison import letters
from course_lib.checks.exercise import Like, Rule, case, function, value

TABLE, SEARCH, CARD = "1. One table, many headlines", "5. Searching", "9. The card, and the league"
WITHHELD = [f"choosing.{name}" for name in ("expected_best", "halving")]


# 11.1

honest = value(
    "11.1 An honest number: what is reported", 88.3, points=1, read=TABLE, tolerance=1e-6,
    mistakes=[
        (90.1, "this is the best test accuracy: it was chosen because it is high"),
        (93.6, "this is the best validation accuracy: the setting was chosen by it, so it is too high, too"),
        (89.0, "this is the test accuracy at the end of the list; the setting is chosen on the validation pictures"),
        (Like(88.75, lambda a: abs(a - 88.75) < 0.01), "a mean over all settings: one of them is chosen, and reported"),
    ],
)  # fmt: skip

too_good = value(
    "11.1 An honest number: what peeking adds", 1.8, points=1, read=TABLE, tolerance=1e-6,
    mistakes=[
        (5.3, "this is the validation accuracy less the honest one; peeking is choosing by the test accuracy"),
        (3.5, "this is the best validation accuracy less the best test accuracy"),
        (-1.8, "the sign: the peeked number is the higher one"),
        (0.0, "another setting has a higher test accuracy: peeking would take that one"),
    ],
)  # fmt: skip


# 11.2


def some_scores(rng):
    n = int(rng.integers(2, 7))
    return case("", rng.normal(size=n).round(2) + 3, int(rng.integers(1, n + 1)))


@function(
    "11.2 The best of k", points=3, read=TABLE, withheld=WITHHELD,
    says="It is the mean, over all choices of k trials, of the lowest score.",
    cases=[
        case("one trial is the mean", np.array([3.0, 1.0, 2.0]), 1),
        case("all trials are the lowest", np.array([3.0, 1.0, 2.0]), 3),
        case("two of three", np.array([3.0, 1.0, 2.0]), 2),
        case("two of four, two alike", np.array([5.0, 1.0, 1.0, 4.0]), 2),
        case("one score", np.array([2.0]), 1),
    ],
    draw=some_scores,
    mistakes="""
        combinations(scores, k) -> product(scores, repeat=k)
            : this draws with replacement; k different trials are made
        min -> max : the score is small if it is good: the best is the lowest
        min -> np.mean : of each choice the best is reported, not the mean
        np.mean([min(chosen) for chosen in combinations(scores, k)]) -> np.min(scores)
            : this is the best of all trials; only k of them are made
        np.mean([ -> np.median([ : the mean is asked for, not the middle one
    """,
)  # fmt: skip
def best_of(scores, k):
    return np.mean([min(chosen) for chosen in combinations(scores, k)])


# 11.3

needed = value(
    "11.3 How many trials at random", 29, points=1, read=SEARCH,
    mistakes=[
        (10, "ten trials have one in the best tenth *on average*; in a third of the searches there is none"),
        (28, "with 28 it is 94.8 %, a little too little"),
        (28.43, "trials are counted in whole numbers; round up"),
        (Like(28.4332, lambda n: abs(n - 28.4332) < 0.01), "trials are counted in whole numbers; round up"),
        (2, "this is for missing it with probability 0.9 twice: the chance of a miss has to fall below 0.05"),
        (59, "this is for the best twentieth; the best tenth is asked for"),
        (44, "this is for 99 of 100 searches; 95 are asked for"),
    ],
)  # fmt: skip


# 11.4


def some_looks(rng):
    looks, n = int(rng.integers(2, 6)), int(rng.integers(2, 12))
    return case("", rng.permutation(looks * n).reshape(looks, n).astype(float))


@function(
    "11.4 Halving", points=3, read=SEARCH, withheld=WITHHELD,
    says="At each look but the last the better half goes on; the last look decides.",
    cases=[
        case("four runs, two looks", np.array([[4.0, 3.0, 2.0, 1.0], [0.0, 1.0, 6.0, 5.0]])),
        case("the best at the end is stopped early",
             np.array([[1.0, 2.0, 3.0, 4.0], [2.0, 1.0, 4.0, 3.0], [9.0, 8.0, 7.0, 0.0]])),
        case("an odd number: the larger half", np.array([[1.0, 2.0, 3.0], [5.0, 4.0, 0.0]])),
        case("one look alone", np.array([[3.0, 1.0, 2.0]])),
        case("one run", np.array([[1.0], [2.0]])),
    ],
    draw=some_looks,
    mistakes="""
        np.argsort(look[left]) -> np.argsort(-look[left]) : small is good: keep those that are lowest
        left[np.argsort(look[left])[: (len(left) + 1) // 2]] -> np.argsort(look)[: (len(left) + 1) // 2]
            : a run that was stopped has come back: choose among those that are left
        left[np.argsort(look[left])[: (len(left) + 1) // 2]] -> np.argsort(look[left])[: (len(left) + 1) // 2]
            : these are places among those that are left, not the numbers of the runs: left[...]
        (len(left) + 1) // 2 -> max(1, len(left) // 2) : of an odd number the larger half goes on
        values[-1, left] -> values[0, left] : the last look decides among those that are left
        left[np.argmin(values[-1, left])] -> np.argmin(values[-1]) : the winner must be one that is left
        left[np.argmin(values[-1, left])] -> np.argmin(values[-1, left])
            : this is its place among those that are left, not its number: left[...]
    """,
)  # fmt: skip
def halve(values):
    left = np.arange(values.shape[1])
    for look in values[:-1]:
        left = left[np.argsort(look[left])[: (len(left) + 1) // 2]]
    return left[np.argmin(values[-1, left])]


# 11.5

HIDDEN = "BD"

missed = value(
    "11.5 What weights can not choose", points=2, read=CARD, passes=HIDDEN,
    mistakes=[
        ("BCD", "C is chosen by equal weights: 0.45 + 0.45 is less than 1.0 of the ends"),
        ("BDF", "F is worse than C in both: it is not on the front"),
        ("F", "F is worse than C in both: it is not on the front, and the question is about the front"),
        ("ACE", "these are the ones that some weight chooses; the others are asked for"),
        ("ABCDE", "this is the whole front, those that no other point beats in both; some of it no weight chooses"),
    ],
    rules=[
        Rule("letters", lambda text, rng: set(letters(text)) <= set("ABCDEF") and len(letters(text)) > 0,
             "Letters from A to F are meant."),
        Rule("both", lambda text, rng: sorted(letters(text)) == list(HIDDEN),
             "For each point try weights 0.1, 0.3, 0.5, 0.7 and 0.9: which has the lowest sum?"),
    ],
)  # fmt: skip
