r"""How to choose: searches over settings, what a comparison can say, a table of runs to argue about, and a league."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.resources import files
from itertools import islice
from math import comb, sqrt

import numpy as np
from numpy.typing import ArrayLike

from course_lib.arguments import Step, array, data, fits, generator, integer, number, numbers, step
from course_lib.descent import end, iterate
from course_lib.linalg import total
from course_lib.networks import Network
from course_lib.optimizers import adagrad, adam, gd, lion, momentum, nesterov, rmsprop
from course_lib.problems import classify, clusters, digits, logistic, noisy, sparse_words
from course_lib.schedules import cosine
from course_lib.surfaces import Delegate, quadratic_form

# Searching


def at_random(space: dict[str, tuple[float, float]], n: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
    r"""n trials, each knob of each drawn anew: every trial tries a new value of every knob.

    space: {knob: (low, high)}, 0 < low < high; equal ratios are equally likely.
    n: int >= 1. rng: numpy Generator.
    Returns {knob: array (n,)}, to be given to `end` as they are: runs side by side.
    Errors: ValueError for bounds, n or rng out of range; TypeError for a space that is no dictionary.
    Source: Bergstra and Bengio (2012).
    """
    shares = generator(rng).random((len(checked(space)), integer("n", n)))
    return placed(space, shares)


def on_grid(space: dict[str, tuple[float, float]], levels: int) -> dict[str, np.ndarray]:
    r"""All combinations of a few values a knob: of `levels` to the power of the number of knobs trials.

    space: as in `at_random`. levels: int >= 1, values a knob: the middles of as many equal parts of its range, on the
        scale of ratios; 1 tries the middle alone.
    Returns {knob: array (n,)}.
    Errors: as `at_random`.
    """
    middles = (np.arange(integer("levels", levels)) + 0.5) / levels
    return placed(space, np.reshape(np.meshgrid(*[middles] * len(checked(space)), indexing="ij"), (len(space), -1)))


def checked(space):
    if not isinstance(space, dict) or not space:
        raise TypeError(f"space must be a dictionary {{knob: (low, high)}}; got {space!r}")
    for knob, bounds in space.items():
        low, high = array(f"space[{knob!r}]", bounds, "(2,)", ", 0 < low < high")
        if not 0 < low < high:
            raise ValueError(f"space[{knob!r}] must be a pair (low, high) with 0 < low < high; got {bounds!r}")
    return space


def placed(space, shares):
    """The trials at shares (knobs, n) of the way from low to high."""
    return {knob: float(low) * (float(high) / float(low)) ** u for (knob, (low, high)), u in zip(space.items(), shares)}


def halving(values: ArrayLike) -> tuple[int, int]:
    r"""Successive halving: at each look the better half goes on, the other half is stopped for good.

    values: array (looks, n), what is to be small of n runs at each look, NaN the worst; the last look is the end.
    Returns the number of the run that is chosen, and how many values were looked at: what stops early is not paid for.
    Errors: ValueError for values of another shape.
    Source: Jamieson and Talwalkar (2016).
    """
    values = table("values", values, "(looks, n)")
    left, seen = np.arange(values.shape[1]), 0
    for look in values[:-1]:
        seen += len(left)
        left = left[np.argsort(look[left], kind="stable")[: (len(left) + 1) // 2]]
    return int(left[np.argmin(values[-1, left])]), seen + len(left)


def hypergradient(x, g, last=0.0, rate=None, *, lr, speed):
    r"""Gradient descent that descends on its own learning rate, too: it grows while two gradients in a row agree.

    $\eta_t = \eta_{t-1} + s\,g_t^\top g_{t-1},\quad x_{t+1} = x_t - \eta_t g_t$

    x, g: point and gradient, float arrays (d, *runs).
    last: the gradient before; starts at 0. rate: the rate of each run, (*runs); starts at lr.
    lr: the first rate $\eta \ge 0$. speed: $s \ge 0$, the rate of the rate; 0 is gradient descent.
    Returns (x, g, rate).
    Source: Baydin and others (2018), SGD-HD: $-g_t^\top g_{t-1}$ is the slope of $f(x_t)$ in $\eta_{t-1}$.
    """
    rate = (lr if rate is None else rate) + speed * total(g * last + 0.0)
    return x - rate * g, g, rate


# What a comparison can say


def table(name: str, values: ArrayLike, shape: str) -> np.ndarray:
    """A float array of the shape; NaN counts as infinity: a run that got lost is the worst."""
    values = data(name, values, "biuf")
    if not fits(values.shape, shape):
        raise ValueError(f"{name} must be an array of shape {shape}; got shape {values.shape}")
    return np.where(np.isnan(values), np.inf, values).astype(float)


def expected_best(scores: ArrayLike, k: int, reports: ArrayLike | None = None) -> float:
    r"""What the best of k trials is on average, of those that were made.

    $\sum_i \binom{n-i}{k-1} \Big/ \binom nk\; s_i$ over the scores in their order: the share of all choices of k out of
    n whose best is the i-th

    scores: array (n,), one a trial, small is good, NaN the worst. k: int from 1 to n; 1 is the mean, n the best.
    reports: array (n,), what is reported of a trial that was chosen by its score; None: the score.
    Returns a float.
    Errors: ValueError for scores or reports of another shape, or a k out of range.
    Source: Tang and others (2020), the unbiased form; that of Dodge and others (2019) draws with replacement.
    """
    scores = table("scores", scores, "(n,)")
    reports = scores if reports is None else table("reports", reports, f"({len(scores)},)")
    n, k = len(scores), integer("k", k, 1, len(scores))
    weights = np.array([comb(n - i, k - 1) / comb(n, k) for i in range(1, n + 1)])
    chosen = reports[np.argsort(scores, kind="stable")]
    counts = weights > 0  # a lost trial that is never the best is no 0 times infinity
    return float(total(chosen[counts] * weights[counts]))


def interval(values: ArrayLike) -> tuple[float, float, float]:
    r"""A mean, and a 95 % interval around it that holds if the values are independent and about normal.

    $\bar x \pm t\,s/\sqrt n$, t of Student's distribution with n - 1 degrees of freedom

    values: array (n,) of n >= 2 finite numbers.
    Returns (mean, low, high).
    Errors: ValueError for other values.
    Source: Student (1908).
    """
    values = array("values", values, "(n,)").astype(float)
    if len(values) < 2:
        raise ValueError("values must be 2 or more: of one the spread is not known")
    half = student(len(values) - 1) * values.std(ddof=1) / sqrt(len(values))
    mean = float(values.mean())
    return mean, mean - half, mean + half


@cache
def student(freedom):
    """Where the middle 95 % of Student's distribution end: with t = tan(a) its density is a power of cos(a)."""
    angle = np.linspace(0, np.pi / 2, 100_001)
    mass = np.cos(angle) ** (freedom - 1)
    share = np.concatenate(([0], np.cumsum(mass[1:] + mass[:-1])))
    return float(sqrt(freedom) * np.tan(np.interp(0.95, share / share[-1], angle)))


def ranks(scores: ArrayLike) -> np.ndarray:
    r"""Places on each problem: 1 for the smallest score; those that are equal share the mean of their places.

    scores: array (methods, problems), NaN the worst.
    Returns an array of the same shape.
    Errors: ValueError for scores of another shape.
    """
    scores = table("scores", scores, "(methods, problems)")
    below = (scores[None] < scores[:, None]).sum(axis=1)
    return below + ((scores[None] == scores[:, None]).sum(axis=1) + 1) / 2


# by the number of methods, from 2 on: the range of so many standard normals that is passed in 5 %, over the root of 2
NEMENYI = [1.960, 2.343, 2.569, 2.728, 2.850, 2.949, 3.031, 3.102, 3.164]


def critical_difference(methods: int, problems: int) -> float:
    r"""How far apart two mean ranks must be at least before chance is an unlikely reason (5 %, Nemenyi's test).

    $q\sqrt{\frac{k(k+1)}{6N}}$ for k methods on N problems

    methods: int from 2 to 10. problems: int >= 1.
    Returns a float: places.
    Errors: ValueError for an argument out of range.
    Source: Demšar (2006).
    """
    k, n = integer("methods", methods, 2, len(NEMENYI) + 1), integer("problems", problems)
    return NEMENYI[k - 2] * sqrt(k * (k + 1) / (6 * n))


def profile(steps: ArrayLike, factors: ArrayLike) -> np.ndarray:
    r"""Performance profile: on which share of the problems a method is within a factor of the fastest one.

    steps: array (methods, problems), numbers > 0, what each needed; inf or NaN: never there. A problem that none
        solves counts for none.
    factors: array (n,), numbers >= 1; at 1 stands the share of problems won, at a large one the share solved.
    Returns an array (methods, n) of shares.
    Errors: ValueError for arguments that are not so.
    Source: Dolan and Moré (2002).
    """
    steps, factors = table("steps", steps, "(methods, problems)"), numbers("factors", factors, least=1)
    if not np.all(steps > 0):
        raise ValueError(f"steps must be numbers > 0; got {steps!r}")
    best = np.where(np.isfinite(steps.min(axis=0)), steps.min(axis=0), np.nan)
    return (steps[..., None] <= best[:, None] * np.atleast_1d(factors)).mean(axis=1)


# A table of runs

METHODS = {method.__name__: method for method in (gd, momentum, nesterov, adagrad, rmsprop, adam, lion)}
RATES = np.geomspace(1e-4, 10, 21)
SCHEDULES = ("constant", "cosine")
LOOKS = (50, 100, 200, 300)
QUESTIONS = ("training loss", "validation loss", "validation accuracy", "test accuracy")
SEEDS = 8


@cache
def splits():
    """A network of 16 tanh units, and three disjoint sets of digits: to train on, to choose by, to report."""
    network, (X, y) = Network((64, 16, 10)), digits()
    return network, *(
        classify(network, X[part], y[part]) for part in (slice(1200), slice(1200, 1500), slice(1500, None))
    )


def measured(method: str, schedule: str, seed: int, nudge: float = 0.0) -> np.ndarray:
    r"""One row of the table, run anew: a method at all 21 rates side by side, 300 steps of 32 digits.

    method: a name in METHODS. schedule: "constant" or "cosine", down to 0 at step 300.
    seed: int >= 0, of the start and of the order of the batches. nudge: a number, by how much the start is moved.
    Returns an array (questions, looks, rates), in the order of QUESTIONS, LOOKS and RATES.
    Errors: ValueError for a name that is not there, or a seed out of range.
    """
    if method not in [*METHODS] or schedule not in SCHEDULES:
        raise ValueError(f"method must be one of {[*METHODS]}, schedule of {SCHEDULES}; got {method!r}, {schedule!r}")
    rng = np.random.default_rng(integer("seed", seed, 0))
    network, train, validation, test = splits()
    start = np.tile(network.init(rng)[:, None] + number("nudge", nudge), len(RATES))
    lr = cosine(RATES, LOOKS[-1]) if schedule == "cosine" else RATES
    run = iterate(METHODS[method], train.batches(32, rng), start, lr=lr)
    seen = []
    for t, (w, *_) in enumerate(islice(run, LOOKS[-1] + 1)):
        if t in LOOKS:
            with np.errstate(all="ignore"):
                seen.append([train(w), validation(w), validation.accuracy(w), test.accuracy(w)])
    return np.swapaxes(seen, 0, 1)


@cache
def runs() -> tuple[np.ndarray, np.ndarray]:
    r"""The table of runs that is shipped: each entry is one of `measured`.

    Returns runs, array (methods, schedules, seeds, questions, looks, rates) in the order of METHODS, SCHEDULES, 0 to
    SEEDS - 1, QUESTIONS, LOOKS and RATES, and sure, bool array (methods, schedules, seeds, rates): whether the run
    comes out the same, to 7 digits, from a start that is moved by 1e-13. The others are chaotic: they differ between
    machines.
    """
    with files("course_lib").joinpath("data", "runs.npz").open("rb") as file, np.load(file) as stored:
        return stored["runs"].astype(float), stored["sure"]


# A league

BUDGET = 300  # steps, one gradient each
MOST = 4.0  # orders of magnitude that count


class Moved(Delegate):
    """The same function in coordinates that are turned by Q and moved by c: z = Q'(x - c)."""

    def __init__(self, f, Q, c):
        super().__init__(f)
        self.Q, self.c = Q, c

    def __call__(self, x):
        return self.f(self.Q.T @ (x - self.c))

    def grad(self, x):
        return self.Q @ self.f.grad(self.Q.T @ (x - self.c))


class Chain:
    """Rosenbrock's valley in d dimensions."""

    def __call__(self, z):
        return total(100 * (z[1:] - z[:-1] ** 2) ** 2 + (1 - z[:-1]) ** 2)

    def grad(self, z):
        g, off = np.zeros_like(z), z[1:] - z[:-1] ** 2
        g[:-1] = -400 * z[:-1] * off - 2 * (1 - z[:-1])
        g[1:] += 200 * off
        return g


def turned(d, rng):
    return np.linalg.qr(rng.standard_normal((d, d)))[0]


def bowl(d, kappa, rng):
    Q = turned(d, rng)
    H = Q * np.geomspace(1 / kappa, 1, d) @ Q.T
    return quadratic_form((H + H.T) / 2)


def ravine(d, h, p, rng):
    f = bowl(d, 10 ** rng.uniform(1.5, 3), rng)
    return f, f, rng.standard_normal(d)


def noisy_bowl(d, h, p, rng):
    f = bowl(d, 30, rng)
    return f, noisy(f, 10 ** rng.uniform(-1, 0), rng), 3 * rng.standard_normal(d)


def curved_valley(d, h, p, rng):
    f = Chain()
    return f, f, 0.5 * rng.standard_normal(d)


def rare_words(d, h, p, rng):
    X, y = sparse_words(400, d - 1, 10, rng)
    f = logistic(np.column_stack((np.ones(400), X)), 2 * y - 1, 1e-3)
    return f, f.batches(20, rng), f.start


def small_network(d, h, p, rng):
    network = Network((p, h, 1))
    X, y = clusters(240, 2 * rng.standard_normal((6, p)), 0.7, rng)
    f = classify(network, X, y % 2)
    return f, f.batches(24, rng), network.init(rng)


PROBLEMS = (ravine, noisy_bowl, curved_valley, rare_words, small_network)
ALONG_THE_AXES = (rare_words, small_network)  # their coordinates mean something: they are shuffled and given signs


def drawn(make, seed, side):
    """(f, what gives its gradients, start): a problem in coordinates that are turned, moved and scaled, by its seed.

    side: 1, or -1 for its mirror image in the start, with the same start.
    """
    rng = np.random.default_rng(seed)
    h, p = rng.integers(4, 9), rng.integers(2, 7)
    d = int(h * (p + 2) + 1)  # the parameters of a network: a length that every problem may have
    f, gradients, z = make(d, int(h), int(p), rng)
    along = make in ALONG_THE_AXES
    Q = np.eye(d)[rng.permutation(d)] * rng.choice([-1, 1], d) if along else turned(d, rng)
    c, scale = 10 * rng.standard_normal(d), 10 ** rng.uniform(-1, 1)
    start = c + Q @ z
    Q, c = side * Q, start - side * (start - c)
    return Moved(f, Q, c), Scaled(Moved(gradients, Q, c), scale), start


class Scaled(Delegate):
    """Gradients in another unit of f."""

    def __init__(self, f, scale):
        super().__init__(f)
        self.scale = scale

    def grad(self, x):
        return self.scale * self.f.grad(x)


def league(method: Step, hyper: dict, word: str = "practice", sets: int = 3) -> dict[str, float]:
    r"""Points of a method with one setting on problems that nobody has seen: orders of magnitude below the start.

    $\log_{10} \frac{f(x_0)}{f(x_{300})}$, from 0 to 4; 300 steps, one gradient each

    A set has five problems: a ravine, a noisy bowl, Rosenbrock's valley, a logistic regression on rare words, and a
    network. Minimum, dimension, rotation and scale are drawn; the axes of the last two mean something, and theirs are
    shuffled and given signs. Each is set twice, the second time mirrored in the start, and the worse of the two counts:
    a step that does not look at the gradient loses on one what it wins on the other.

    method: a step; it sees gradients and nothing else. hyper: its hyperparameters, numbers or functions of the step.
    word: what all is drawn by; keep that of a competition secret until all have handed in. sets: int >= 1.
    Returns {problem: points} and {"mean": points}, to 2 decimals.
    Errors: as `end`; TypeError for a hyper or a word that is none.
    """
    method, sets = step(method), integer("sets", sets)
    if not isinstance(word, str) or not isinstance(hyper, dict):
        raise TypeError(f"hyper must be a dictionary and word a text; got {hyper!r} and {word!r}")
    points = {}
    for make in PROBLEMS:
        seeds = [hashlib.sha256(f"{word} {make.__name__} {k}".encode()).digest() for k in range(sets)]
        won = [min(fall(method, hyper, make, list(seed), side) for side in (1, -1)) for seed in seeds]
        points[make.__name__.replace("_", " ")] = float(np.mean(won))
    points["mean"] = float(np.mean(list(points.values())))
    return {name: round(value, 2) for name, value in points.items()}


def fall(method, hyper, make, seed, side):
    """The orders of magnitude that one run falls, from 0 to MOST."""
    f, gradients, start = drawn(make, seed, side)
    with np.errstate(all="ignore"):
        share = f(end(method, gradients, start, BUDGET, **hyper)) / f(start)
        return float(np.clip(-np.log10(share), 0, MOST)) if share == share else 0.0


# Learning to optimise


class Valleys:
    r"""n quadratic valleys side by side, each with curvatures and, if turned, a rotation of its own; minima at 0.

    $f(x) = \frac12 x^\top H x$, eigenvalues of H between scale / kappa and scale, equal ratios equally likely

    n: int >= 1. rng: numpy Generator. d: dimension, int >= 1. kappa: >= 1. scale: > 0. turned: bool; gradient descent
        and momentum do not notice a rotation, and without it a step is fast.
    f.start: array (d, n), standard normal. f(x) and f.grad(x): at x of shape (d, n, *runs), for each valley its own.
    Errors: ValueError for an argument out of range.
    """

    def __init__(self, n, rng, d=10, kappa=100.0, scale=1.0, turned=True):
        n, d, rng = integer("n", n), integer("d", d), generator(rng)
        kappa, scale = number("kappa", kappa, least=1), number("scale", scale, above=0)
        self.curvatures, self.start = scale * kappa ** -rng.random((d, n)), rng.standard_normal((d, n))
        self.Q = np.linalg.qr(rng.standard_normal((n, d, d)))[0] if turned else None

    def grad(self, x):
        ones = [1] * (x.ndim - 2)
        curvatures = self.curvatures.reshape(*self.curvatures.shape, *ones)
        if self.Q is None:
            return curvatures * x
        along = np.einsum("nij,in...->jn...", self.Q, x)
        return np.einsum("nij,jn...->in...", self.Q, curvatures * along)

    def __call__(self, x):
        return 0.5 * total(x * self.grad(x))


# A clinic

SIGNS = ("training loss", "unseen loss", "accuracy", "gradient", "step", "dead", "rank", "weights", "clipped")
DISEASES = {
    "healthy": {},
    "rate too low": {"lr": 0.0003},
    "rate too high": {"lr": 0.2},
    "all units dead": {"bias": -4.0},
    "units alike": {"alike": True, "lr": 0.02},
    "inputs times 16": {"scale": 16.0},
    "clipped far too low": {"clip": 0.02},
    "not shuffled": {"shuffle": False, "lr": 0.02},
    "decay too strong": {"decay": 0.1, "lr": 0.02},
    "too few data": {"n": 80, "batch": 10, "lr": 0.02, "epochs": 40},
    "wrong labels": {"flip": 0.3, "epochs": 40},
}


def clinic(
    seed: int,
    *,
    lr: float = 0.05,
    n: int = 600,
    batch: int = 20,
    epochs: int = 15,
    scale: float = 1.0,
    bias: float = 0.0,
    alike: bool = False,
    clip: float = np.inf,
    decay: float = 0.0,
    shuffle: bool = True,
    flip: float = 0.0,
) -> dict[str, np.ndarray]:
    r"""A run of momentum 0.9 on a network (64, 32, 32, 10) of relu units, and what a doctor would measure of it.

    seed: int >= 0. lr: rate. n: pictures of digits. batch: size of a batch. epochs: int >= 1.
    scale: factor on the inputs. bias: that of the hidden units at the start. alike: all weights start at 0.1.
    clip: longest gradient. decay: weight decay inside the gradient. shuffle: False takes the pictures in the order of
        their classes. flip: share of pictures that get a label at random.
    Returns {sign: array (epochs,)} for each of SIGNS, after each epoch: both losses, the accuracy on unseen pictures,
        the median length of a batch's gradient and of a step relative to the weights, the share of hidden units that
        are 0 on all pictures, the effective rank $(\sum s)^2/\sum s^2$ of the first matrix with singular values s, the
        length of all weights, and the share of gradients that were clipped.
    Errors: ValueError for a bad seed.
    """
    rng, (X, y) = np.random.default_rng(integer("seed", seed, 0)), digits()
    X, labels = scale * X, y[:n].copy()
    wrong = rng.random(n) < flip
    labels[wrong] = rng.integers(10, size=wrong.sum())
    sort = np.argsort(labels, kind="stable")
    network = Network((64, 32, 32, 10), "relu")
    train, unseen = classify(network, X[sort], labels[sort]), classify(network, X[1000:], y[1000:])
    w, v, rows = network.init(rng), np.zeros(network.size), []
    for _, b in network.layers(w)[:-1]:
        b[:] = bias
    for W, _ in network.layers(w):
        W[:] = 0.1 if alike else W
    for _ in range(epochs):
        order, lengths, steps = rng.permutation(n) if shuffle else np.arange(n), [], []
        for at in range(0, n, batch):
            g = train.grad(w, order[at : at + batch]) + decay * w
            lengths.append(float(np.linalg.norm(g)))
            v = 0.9 * v + g * min(1, clip / max(lengths[-1], 1e-300))
            steps.append(lr * np.linalg.norm(v) / np.linalg.norm(w))
            w = w - lr * v
        hidden = network.activations(w, train.X)[1:-1]
        s = np.linalg.svd(network.layers(w)[0][0], compute_uv=False)
        dead = np.mean([np.all(a <= 0, axis=0).mean() for a in hidden])
        signs = [train(w), unseen(w), unseen.accuracy(w), np.median(lengths), np.median(steps), dead]
        signs += [s.sum() ** 2 / (s @ s), np.linalg.norm(w), np.mean(np.array(lengths) > clip)]
        rows.append(signs)
    return dict(zip(SIGNS, np.transpose(rows)))
