"""Sheet 11: honest numbers, the best of k, seeds, Adam's twin, halving, a rate that steers itself, and a league."""

from itertools import combinations
from itertools import product as product

import numpy as np

from course_lib import choosing
from course_lib.checks import draws
from course_lib.checks.comparison import letters, numbers
from course_lib.checks.exercise import Like, Rule, case, function, order, value
from course_lib.checks.varied import Varied, choice, relettered
from course_lib.optimizers import adam
from course_lib.schedules import cosine

TABLE, SEEDS = "1. One table, many headlines", "2. How many seeds for one sentence?"
INSIDE, SEARCH = "3. Momentum lives inside Adam", "5. Searching"
CLINIC, CARD = "8. The clinic", "9. The card, and the league"


# 11.1

honest = value(
    "11.1 An honest number: what is reported", 88.3, points=1, read=TABLE, tolerance=1e-6,
    mistakes=[
        (90.1, "this is the best test accuracy: it was chosen because it is high"),
        (93.6, "this is the best validation accuracy: the setting was chosen by it, so it is too high, too"),
        (89.0, "this is the test accuracy at the end of the list; the setting is chosen on the validation pictures"),
        (Like(88.75, lambda a: abs(a - 88.75) < 0.01), "a mean over all settings: one of them is chosen, and reported"),
    ],
    varied=Varied(
        {"reported": choice(87.9, 88.1, 88.6, 88.8), "best": choice(89.7, 90.4, 90.6)},
        {"honest-task": ["| 93.6 | {reported:88.3} |", "| 93.1 | {best:90.1} |"],
         "honest": [("reported = 88.3", "reported = {reported}")]},
    ),
)  # fmt: skip

too_good = value(
    "11.1 An honest number: what peeking adds", 1.8, points=1, read=TABLE, tolerance=1e-6,
    mistakes=[
        (5.3, "this is the validation accuracy less the honest one; peeking is choosing by the test accuracy"),
        (3.5, "this is the best validation accuracy less the best test accuracy"),
        (-1.8, "the sign: the peeked number is the higher one"),
        (0.0, "another setting has a higher test accuracy: peeking would take that one"),
    ],
    varied=Varied({}, {"honest": [("90.1 - 88.3", "{best} - {reported}")]}),
)  # fmt: skip


# 11.2

proof = order(
    "11.2 In the right order: a comparison that could go against you", "GCEBFADH", points=2, read=TABLE,
    needs="""
        G < C : what the ranges have to be good for is only known when the question is
        C < E : there is nothing to train before the rates are drawn
        E < B : a rate is chosen by what the networks did that were trained at it
        B < F : the new runs are made at the chosen rates
        F < A : the test pictures are for the networks of the new runs
        A < D : the differences are those of the test accuracies
        D < H : the sentence says what the interval allows, so it comes last
    """,
    varied=relettered("GCEBFADH"),
)  # fmt: skip


# 11.3


def some_scores(rng):
    n = int(rng.integers(2, 7))
    return case("", rng.normal(size=n).round(2) + 3, int(rng.integers(1, n + 1)))


@function(
    "11.3 The best of k: the mean of the lowest", points=2, read=TABLE, withheld=["choosing.expected_best"],
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


needed = value(
    "11.3 The best of k: how many trials", 29, points=1, read=SEARCH,
    mistakes=[
        (10, "ten trials have one in the best tenth *on average*; in a third of the searches there is none"),
        (28, "with 28 it is 94.8 %, a little too little"),
        (Like(28.4332, lambda n: abs(n - 28.4332) < 0.01), "trials are counted in whole numbers; round up"),
        (2, "this is for missing it with probability 0.9 twice: the chance of a miss has to fall below 0.05"),
        (59, "this is for the best twentieth; the best tenth is asked for"),
        (44, "this is for 99 of 100 searches; 95 are asked for"),
    ],
    varied=Varied(
        {"percent": choice(2, 4, 5, 20, 25)},
        {"trials-task": ["the best {percent:10} % of all settings"], "trials": ["1 - {percent:10} / 100"]},
    ),
)  # fmt: skip


# 11.4


def two_arms(rng):
    n = int(rng.integers(2, 9))
    seeds = 3 * rng.normal(size=n)
    a, b = (seeds + rng.normal(size=(2, n))).round(2) + np.array([[90.0], [89.0]])
    return case("", a, b, round(float(rng.uniform(1.5, 4)), 2))


@function(
    "11.4 The same seeds: the interval", points=2, read=SEEDS,
    cases=[
        case("two seeds", np.array([3.0, 5.0]), np.array([1.0, 1.0]), 1.0),
        case("seeds that matter to both alike", np.array([1.0, 5.0, 9.0]), np.array([0.0, 5.0, 7.0]), 2.0),
        case("a difference without scatter", np.array([1.0, 2.0, 7.0]), np.array([0.0, 1.0, 6.0]), 4.3),
        case("b is ahead", np.array([1.0, 2.0, 2.0, 1.0]), np.array([3.0, 3.0, 5.0, 4.0]), 3.18),
    ],
    draw=two_arms,
    parts={"low end": "The lower end is right.", "high end": "The upper end is right."},
    mistakes="""
        np.std(d, ddof=1) -> np.std(d)
            : the scatter of a sample is divided by n - 1: ddof=1
            -> np.sqrt(np.var(a, ddof=1) + np.var(b, ddof=1))
                : this is for arms with seeds of their own; here the scatter of the differences counts
            -> np.var(d, ddof=1) : this is the variance; take its root
            -> np.ptp(d) : this is from the lowest to the highest; the standard deviation is meant
        / np.sqrt(len(d)) -> : this is the scatter of a run; that of a mean is smaller by the root of n
            -> / len(d) : the scatter of a mean falls with the root of n
            -> / np.sqrt(len(d) - 1) : the root of n, for the n - 1 is in the standard deviation already
            -> / np.sqrt(2 * len(d)) : there are n differences, not 2n
        a - b -> b - a : the difference is a less b
        t * np -> np : half the interval is t times the scatter of the mean
        np.mean(d) - half, np.mean(d) + half -> np.median(d) - half, np.median(d) + half
            : the interval lies round the mean
    """,
)  # fmt: skip
def of_difference(a, b, t):
    d = a - b
    half = t * np.std(d, ddof=1) / np.sqrt(len(d))
    return np.mean(d) - half, np.mean(d) + half


runs = value(
    "11.4 The same seeds: how many runs", 22, points=1, read=SEEDS,
    mistakes=[
        (Like(21.6482, lambda n: abs(n - 21.6482) < 0.01), "runs are counted in whole numbers; round up"),
        (21, "with 21 it is a little less than 95 of 100: round up"),
        (11, "the difference of two means scatters more than one mean: the factor 2 is missing"),
        (6, "this is a product without its square: the number of runs grows with the square"),
        (7, "this is a product without its square: the number of runs grows with the square"),
        (8, "1.645 stands there for the 95 of 100, and is squared, too"),
        (4, "1.645 stands there for the 95 of 100; and twice the scatter needs four times the runs"),
    ],
    varied=Varied(
        {"gap": choice(0.2, 0.3, 0.5, 0.6)},
        {"runs-task": ["{gap:0.4} points"], "runs": ["0.8 / {gap:0.4}"]},
    ),
)  # fmt: skip


# 11.5


def a_twin(rng):
    lr, beta = draws.number(rng, 0.01, 2), round(float(rng.uniform(0.05, 0.95)), 3)
    return case("", lr, beta, float(10.0 ** rng.integers(2, 9)), int(rng.integers(0, 30)))


@function(
    "11.5 Adam's twin", points=2, read=INSIDE, inner=1,
    says="It is the rate at which Adam makes the heavy ball's steps.",
    cases=[
        case("the first step", 2.0, 0.9, 1e8, 0),
        case("the second step", 2.0, 0.9, 1e8, 1),
        case("much later", 2.0, 0.9, 1e8, 500),
        case("no momentum", 0.5, 0.0, 1e6, 3),
    ],
    draw=a_twin,
    mistakes="""
        beta ** (t + 1) -> beta**t : t counts from 0: the first step has corrected once already, with 1 - beta
        * (1 - beta ** (t + 1)) -> / (1 - beta ** (t + 1))
            : Adam has divided by 1 - beta^(t+1): multiply by it to undo that
            -> : this is the twin that climbs: the correction makes its first steps too long
        / (1 - beta) * -> * : the heavy ball sums, Adam takes a mean: the sum is 1 / (1 - beta) times as large
            -> * (1 - beta) * : the other way: the mean is 1 - beta times the sum, so the rate must be larger
        lr * eps -> lr : Adam divides by eps: multiply by it
            -> lr / eps : Adam divides by eps: multiply by it
            -> lr * np.sqrt(eps) : eps stands outside the root
    """,
)  # fmt: skip
def twin_rate(lr, beta, eps):
    return lambda t: lr * eps / (1 - beta) * (1 - beta ** (t + 1))


# 11.6


def some_looks(rng):
    looks, n = int(rng.integers(2, 6)), int(rng.integers(2, 12))
    return case("", rng.permutation(looks * n).reshape(looks, n).astype(float))


@function(
    "11.6 Halving: which run is kept", points=2, read=SEARCH, withheld=["choosing.halving"],
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


def two_curves(v, rng):
    found = numbers(v)
    return found is not None and found.shape == (2, 2) and bool(np.isfinite(found).all())


def heights(v, t):
    """Of both runs, c + exp(-r t)."""
    c, r = np.transpose(numbers(v)).astype(float)
    return c + np.exp(-r * t)


erring = value(
    "11.6 Halving: two runs on which it errs", points=1, read=SEARCH, passes=((0.1, 1.0), (0.001, 0.05)),
    rules=[
        Rule("two pairs of numbers", two_curves, "Two pairs are meant: ((c1, r1), (c2, r2))."),
        Rule("floors and speeds are above 0", lambda v, rng: bool(np.all(numbers(v) > 0)),
             "Floors c and speeds r are to be above 0."),
        Rule("the first is kept at step 10", lambda v, rng: heights(v, 10)[0] < heights(v, 10)[1],
             "At step 10 the first run is not the lower one, so it is not kept."),
        Rule("and ends ten times as high", lambda v, rng: heights(v, 1000)[0] >= 10 * heights(v, 1000)[1],
             "At step 1,000 the first run is less than ten times as high as the second. Which run must be fast, and "
             "which must have the low floor?"),
    ],
    mistakes=[
        (Like([[0.1, 1.0], [0.001, 0.0001]], lambda v: heights(v, 1000)[1] > 2 * numbers(v)[1][0]),
         "the second is so slow that at step 1,000 it has not come near its floor"),
    ],
)  # fmt: skip


# 11.7


def on_the_way(rng):
    d = draws.dimension(rng)
    x, g, last = (draws.array(rng, d) for _ in range(3))
    return case("", x, g, last, draws.number(rng, 0.01, 1), speed=draws.number(rng, 0.01, 0.5))


@function(
    "11.7 A rate that steers itself", points=2, read=SEARCH, withheld=["choosing.hypergradient"],
    cases=[
        case("two gradients that agree", np.array([1.0, 2.0]), np.array([2.0, 0.0]), np.array([3.0, 1.0]), 0.1,
             speed=0.01),
        case("two that disagree", np.array([1.0]), np.array([-1.0]), np.array([2.0]), 0.5, speed=0.1),
        case("at right angles", np.array([1.0, 2.0]), np.array([1.0, 0.0]), np.array([0.0, 5.0]), 0.1, speed=0.1),
        case("speed 0", np.array([1.0, 2.0]), np.array([1.0, 2.0]), np.array([1.0, 5.0]), 0.1, speed=0.0),
    ],
    draw=on_the_way,
    parts={"new point x": "The step has the new rate.", "gradient to be kept": "The gradient is kept.",
           "new rate": "The rate goes down its own slope."},
    mistakes="""
        rate = rate + speed * np.sum(g * last) -> rate = rate - speed * np.sum(g * last)
            : if the gradients agree the step was too short: the rate grows
            -> rate = rate + speed * g * last : one rate for all: the product of two vectors is a number, g @ last
            -> rate = rate + speed * np.sum(g * g) : the slope is that of the last step: this gradient times the last
            -> rate = rate * (1 + speed * np.sum(g * last)) : the slope is added, not multiplied by the rate
            -> rate = rate + np.sum(g * last) : the speed is missing
            -> rate = rate + speed * np.mean(g * last) : the sum of the products, not their mean
        x - rate * g -> x + rate * g : the sign of the step: x goes against the gradient
            -> x - (rate - speed * np.sum(g * last)) * g : this is a step at the old rate: first the rate, then the step
            -> x - rate * last : the step goes down this gradient; the last one is for the rate only
        return x - rate * g, g, -> return x - rate * g, last, : what is kept for the next step is this gradient
            -> return x - rate * g, g + last, : the last gradient is kept alone, not a sum
    """,
)  # fmt: skip
def steered(x, g, last, rate, *, speed):
    rate = rate + speed * np.sum(g * last)
    return x - rate * g, g, rate


# 11.8

HIDDEN = "BD"


def shuffled(word):
    """A parameter: the letters of a word in another order."""
    return lambda rng, p: "".join(rng.permutation(list(word)))


def columns(source, p):
    """The table of the task with its networks, but for their letters, in another order."""
    lines = source.splitlines()
    for i, line in enumerate(lines):
        if line.startswith(("| error", "| time")):
            name, *numbers = [part.strip() for part in line.strip("|").split("|")]
            lines[i] = "| " + " | ".join([name, *(numbers["ABCDEF".index(old)] for old in p["networks"])]) + " |"
    return "\n".join(lines)


def of_the_open_sheet(answer, p):
    """The letters as they are in the open sheet: the k-th network of the variant is its p["networks"][k]."""
    return [p["networks"]["ABCDEF".index(one)] if one in "ABCDEF" else one for one in letters(answer)]


def hidden_now(rng, p):
    return "".join(sorted("ABCDEF"[p["networks"].index(one)] for one in HIDDEN))


missed = value(
    "11.8 What weights can not choose", points=2, read=CARD, passes=HIDDEN,
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
    varied=Varied(
        {"networks": shuffled("ABCDEF"), "hidden_networks": hidden_now},
        {"front-task": columns, "front": [('"BD"', '"{hidden_networks}"')]},
        back=of_the_open_sheet,
    ),
)  # fmt: skip


# 11.9

FOUND = "CFADBE"
AILMENTS = {  # letter -> its disease in the clinic, and where it shows
    "A": ("rate too low", "its steps are a fiftieth of the healthy one's in the first epoch, and nothing is clipped"),
    "B": ("rate too high", "its weights have grown to three times those of the healthy one, and most units are dead"),
    "C": ("clipped far too low", "every single gradient was clipped"),
    "D": ("decay too strong", "both losses stop, and its weights have shrunk to a quarter, with rank 4"),
    "E": ("too few data", "its training loss is all but 0, as in health; only the unseen pictures are not learned"),
    "F": ("wrong labels", "after the first epoch its unseen loss was below its training loss: training is harder"),
}


def beds(source, p):
    """The task with its patients in other beds."""
    lines = source.splitlines()
    first = next(i for i, line in enumerate(lines) if line.startswith("| 1 |"))
    rows = [line.split("|", 2)[2] for line in lines[first : first + 6]]
    lines[first : first + 6] = [f"| {k} |{rows[int(old) - 1]}" for k, old in enumerate(p["beds"], 1)]
    return "\n".join(lines)


def found(k):
    letter = FOUND[k]
    return Rule(f"patient {k + 1}", lambda text, rng: letters(text)[k] == letter,
                f"Not so patient {k + 1}: {AILMENTS[letter][1]}.")  # fmt: skip


diagnoses = value(
    "11.9 The clinic", points=2, read=CLINIC, passes=FOUND,
    rules=[
        Rule("six letters from A to G",
             lambda text, rng: len(letters(text)) == 6 and set(letters(text)) <= set("ABCDEFG"),
             "Six letters from A to G are meant, one for each patient."),
        *map(found, range(6)),
    ],
    varied=Varied(
        {"beds": shuffled("123456"), "found": lambda rng, p: "".join(FOUND[int(old) - 1] for old in p["beds"])},
        {"clinic-task": beds, "clinic": [(FOUND, "{found}")]},
        back=lambda answer, p: [letters(answer)[p["beds"].index(str(k))] for k in range(1, 7)],
    ),
)  # fmt: skip


# 11.10

SETS = 4


def is_entry(v, rng):
    if not isinstance(v, tuple | list) or len(v) != 3 or not callable(v[0]) or not isinstance(v[1], dict):
        return False
    forecast = numbers(v[2])
    return forecast is not None and forecast.size == 1 and bool(np.isfinite(forecast).all())


def points(v, rng):
    """Those of an entry on a word that nobody can know."""
    return choosing.league(v[0], v[1], f"{rng.integers(2**62)}", SETS)["mean"]


entry = value(
    "11.10 The league", points=3, read=CARD, passes=(adam, {"lr": cosine(0.3, 300), "b1": 0.9, "b2": 0.95}, 2.3),
    rules=[
        Rule("a method, its knobs and a forecast", is_entry,
             "Three things are meant: (method, {\"lr\": ...}, forecast)."),
        Rule("2.1 points in practice", lambda v, rng: choosing.league(v[0], v[1])["mean"] >= 2.1,
             "On the word \"practice\" it has less than 2.1 points. On which of the five problems have others more?"),
        Rule("1.5 points on unseen problems", lambda v, rng: points(v, rng) >= 1.5,
             "On problems drawn by another word it has less than 1.5 points: it knows the practice, and nothing else.",
             "It has 1.5 points or more on problems that nobody has seen.", 2),
        Rule("a forecast that holds", lambda v, rng: abs(points(v, rng) - np.asarray(v[2]).item()) <= 0.75,
             "The forecast is off by more than three quarters of a point. Measure on words that you did not tune on.",
             "The forecast is right to three quarters of a point.", 1, 0),
    ],
)  # fmt: skip
