"""The checks of sheet 03: right answers pass, usual wrong ones are called by their names, blanks are told so."""

import numpy as np
import pytest

from course_lib import problems, schedules, wrappers
from course_lib.checks import sgd_variants
from course_lib.descent import descend, end, first_step
from course_lib.optimizers import gd


def cut(order, size):
    return [order[i : i + size] for i in range(0, len(order), size)]


def epoch(n, size, rng):
    return cut(rng.permutation(n), size)


def library_epoch(n, size, rng):
    f = problems.least_squares(np.eye(n), np.zeros(n))
    rows = f.batches(size, rng).rows
    return [rows() for _ in range(-(-n // size))]


def forgetful(n, size, rng, seed=[0]):  # noqa: B006  a generator of its own, new at each call
    seed[0] += 1
    return cut(np.random.default_rng(seed[0]).permutation(n), size)


def warm_cosine(lr, steps, warm, up=lambda t, w: (t + 1) / (w + 1), share=None, end=1):
    share = share or (lambda t: (t - warm) / (steps - warm))
    return lambda t: lr * up(t, warm) if t < warm else lr / 2 * (1 + np.cos(np.pi * min(share(t), end)))


def clip_norm(g, limit):
    return g * min(1, limit / max(np.linalg.norm(g), 1e-300))


def svrg(gradient):
    def svrg_epoch(f, w, lr, order):
        anchor, full = w, f.grad(w)
        for i in order:
            w = w - lr * gradient(f, w, anchor, full, i)
        return w

    return svrg_epoch


def svrg_moving(f, w, lr, order):
    full = f.grad(w)
    for i in order:
        anchor = w
        w = w - lr * (f.grad(w, [i]) - f.grad(anchor, [i]) + full)
    return w


def right_gradient(f, w, anchor, full, i):
    return f.grad(w, [i]) - f.grad(anchor, [i]) + full


def losses(task, size, rates, seeds=range(3), steps=None):
    """The loss above the minimum, (seeds, rates), by the library."""
    steps = 5 * len(task.X) // size if steps is None else steps
    ends = [end(gd, task.batches(size, np.random.default_rng(s)), task.start, steps, lr=rates) for s in seeds]
    return np.array([task(w) for w in ends]) - task(task.minima[0])


def best_after(task, size, rates):
    return np.nanmin(losses(task, size, rates).mean(axis=0))


RIGHT = {
    "epoch": [epoch, library_epoch, lambda n, size, rng: [b.tolist() for b in epoch(n, size, rng)]],
    "floor": [1, 1.0],
    "batch": [1024, 1024.0],
    "rate": [0.2, 0.05 * 4],
    "stairs": [lambda lr, every, factor: lambda t: lr * factor ** (t // every), schedules.step_decay],
    "warm_cosine": [
        warm_cosine,
        lambda lr, steps, warm: schedules.warmup(schedules.cosine(lr, steps - warm), warm),
    ],
    "clip_norm": [clip_norm, lambda g, c: wrappers.clip_by_norm(lambda x, g: (g,), c)(g, g)[0]],
    "clip_value": [lambda g, c: np.clip(g, -c, c), lambda g, c: np.sign(g) * np.minimum(np.abs(g), c)],
    "svrg_epoch": [svrg(right_gradient)],
    "proof": ["BFDCGEA", "b f d c g e a", list("BFDCGEA")],
    "best_after": [best_after],
    "critical": [64, np.int64(64)],
    "gd_ratio": [10, 10.0],
    "sgd_ratio": [1.04, 0.95, 1],
    "eighth": [70, np.int64(70)],
    "exponential": [lambda lr, t, k: lr * 0.5 ** (k * t), lambda lr, t, k: lr * 2 ** (-k * t)],
    "counterexample": [[1.0] * 9 + [-21.0], [1, 1, -5], np.array([2.0, 2.0, 2.0, -40.0])],
}

WRONG = {
    "epoch": [
        (lambda n, size, rng: [rng.integers(n, size=len(b)) for b in epoch(n, size, rng)], "Some examples come twice"),
        (lambda n, size, rng: cut(np.arange(n), size), "come in their own order"),
        (lambda n, size, rng: epoch(n, size, np.random.default_rng(0)), "Two epochs from one generator have the same"),
        (forgetful, "The same seed gave two orders"),
        (lambda n, size, rng: epoch(n, size, rng)[: n // size], "the last batch, shorter than the others, is missing"),
        (lambda n, size, rng: np.array_split(rng.permutation(n), -(-n // size)), "all but the last batch are full"),
        (lambda n, size, rng: np.array_split(rng.permutation(n), size), "not the number of batches"),
        (lambda n, size, rng: epoch(n, size, rng)[:1], "this is one batch"),
        (lambda n, size, rng: [b + 1 for b in epoch(n, size, rng)], "The indices are not all from 0 to n - 1"),
    ],
    "floor": [(0.25, "here it is 4"), (0.5, "by its square"), (0.8, "rule of thumb"), (0, "never arrives"),
              (4, "the noise of one gradient")],
    "batch": [(128, "by root 8 only"), (64, "this is the factor"), (2, "noisier"), (500, "too small")],
    "rate": [(0.05, "falls to a quarter"), (0.1, "root of B"), (0.186, "exact for the plain bowl"),
             (0.0125, "the wrong way")],
    "stairs": [
        (lambda lr, n, q: lambda t: lr * q ** (t / n), "count whole stairs"),
        (lambda lr, n, q: lambda t: lr * q * (t // n), "to the power of the stairs"),
        (lambda lr, n, q: lambda t: lr * q ** ((t + 1) // n), "a step early"),
        (lambda lr, n, q: lambda t: lr * q**t, "multiplies at each step"),
        (lambda lr, n, q: lambda t: lr if t < n else lr * q, "more than two stairs"),
        (lambda lr, n, q: lr, "It stops with TypeError"),
    ],
    "warm_cosine": [
        (lambda lr, T, w: warm_cosine(lr, T, w, up=lambda t, w: t / w), "wasted at rate 0"),
        (lambda lr, T, w: warm_cosine(lr, T, w, up=lambda t, w: (t + 1) / w), "reached a step early"),
        (lambda lr, T, w: warm_cosine(lr, T, w, share=lambda t: t / T), "begins where the warm-up ends"),
        (lambda lr, T, w: warm_cosine(lr, T, w, share=lambda t: (t - w) / T), "steps - warm long"),
        (lambda lr, T, w: warm_cosine(lr, T, w, end=9), "climbs again; the rate stays at 0"),
        (lambda lr, T, w: warm_cosine(lr, T, w, up=lambda t, w: 1), "the way up is missing"),
    ],
    "clip_norm": [
        (lambda g, c: g * c / max(np.linalg.norm(g), 1e-300), "makes short gradients longer"),
        (lambda g, c: np.clip(g, -c, c), "this cuts each coordinate"),
        (lambda g, c: g * c / max(g @ g, c), "the square of the norm"),
        (lambda g, c: g * c / max(np.abs(g).sum(), c), "the 1-norm"),
        (lambda g, c: g * c / max(np.abs(g).max(), c), "the largest coordinate"),
        (lambda g, c: g if np.linalg.norm(g) <= c else 0 * g, "not thrown away"),
    ],
    "clip_value": [
        (clip_norm, "this is by norm"),
        (np.minimum, "large negative numbers pass"),
        (lambda g, c: np.maximum(g, -c), "large positive numbers pass"),
        (lambda g, c: c * np.sign(g), "equally large"),
        (lambda g, c: np.clip(np.abs(g), 0, c), "the signs are lost"),
        (lambda g, c: g * (np.abs(g) <= c), "becomes the limit, not 0"),
    ],
    "svrg_epoch": [
        (svrg(lambda f, w, a, full, i: f.grad(w, [i])), "this is plain SGD"),
        (svrg(lambda f, w, a, full, i: f.grad(w, [i]) + f.grad(a, [i]) - full), "signs of the correction"),
        (svrg(lambda f, w, a, full, i: f.grad(w, [i]) - f.grad(a, [i])), "add the exact gradient"),
        (svrg(lambda f, w, a, full, i: f.grad(w)), "this is gradient descent"),
        (svrg(lambda f, w, a, full, i: -right_gradient(f, w, a, full, i)), "the sign of the step"),
        (svrg_moving, "along the anchor's gradient"),
        (svrg(lambda f, w, a, full, i: f.grad(w, [i]) - full), "the same example's gradient"),
    ],
    "proof": [
        ("BDFCGEA", "there is none to average yet"),
        ("BFDGCEA", "its equation comes first"),
        ("BFCDGEA", "the mixed term is still there"),
        ("BFDCEGA", "s is not named yet"),
        ("ABCDEFG", "Line 1 cannot be A"),
        ("BFD", "Lines are missing after D"),
    ],
    "best_after": [
        (lambda task, size, rates: np.nanmin(losses(task, size, rates), axis=1).mean(), "its own lucky rate"),
        (lambda task, size, rates: np.nanmin(losses(task, size, rates, seeds=[0])), "seed 0 alone"),
        (lambda task, size, rates: np.nanmin(losses(task, size, rates)), "the luckiest shuffle"),
        (lambda task, size, rates: np.nanmin(losses(task, size, rates, steps=5).mean(axis=0)), "these are five steps"),
        (lambda task, size, rates: best_after(task, size, rates) + task(task.minima[0]), "that of the minimum"),
        (lambda task, size, rates: np.min(losses(task, size, rates).mean(axis=0)), "np.min answers nan"),
        (lambda task, size, rates: 3 * best_after(task, size, rates), "the sum over three shuffles"),
        (lambda task, size, rates: rates[np.nanargmin(losses(task, size, rates).mean(axis=0))], "its loss is meant"),
    ],
    "critical": [(512, "far worse"), (1, "no size above 1"), (6, "its place in the list"),
                 (32, "a larger one keeps up"), (128, "more than 1.3 times")],
    "gd_ratio": [(1, "the steps are the same"), (0.1, "the other way round"), (100, "only their cost"),
                 (5, "too small")],
    "sgd_ratio": [(10.2, "costs one example's gradient"), (0.1, "these are epochs"), (2, "too large")],
    "eighth": [(30, "run the one that is printed"), (80, "the 1 in the bracket"), (10, "where it has halved"),
               (71, "one step too far")],
    "exponential": [
        (lambda lr, t, k: lr / (1 + k * t), "this is as printed"),
        (lambda lr, t, k: lr * np.exp(-k * t), "it is 0.37"),
        (lambda lr, t, k: lr * (1 - k) ** t, "a half is not where it should be"),
        (lambda lr, t, k: lr * 0.5**t, "k is missing"),
        (lambda lr, t, k: lr * max(1 - k * t / 2, 0), "a straight line"),
    ],
    "counterexample": [
        ([1.0] * 9 + [-9.0], "The mean is above -1"),
        ([-2.0, 0.0], "Clipped SGD settles below 0.5"),
        ([1.0] * 20 + [-100.0], "At most 20 numbers"),
        (3.0, "A list of at least two numbers"),
        ([-2.0, -1.5], "nothing is clipped"),
        ([1.0, float("nan")], "A list of at least two numbers"),
    ],
}  # fmt: skip

BLANK = {
    name: [None, lambda *args, **hyper: None] if callable(answers[0]) else [None, (None, None), ""]
    for name, answers in RIGHT.items()
}


def test_the_place_where_clipped_sgd_settles_is_that_of_a_run():
    for values in ([1.0] * 9 + [-21.0], [0.2, 3.0, -7.0, 1.1], [1, 1, -5]):
        f = problems.least_squares(np.ones((len(values), 1)), np.array(values, float))
        method = wrappers.clip_by_norm(gd, 1.0)
        path = descend(
            method, f.batches(1, np.random.default_rng(0)), [0.0], 4000, lr=schedules.inverse_time(0.5, 0.02)
        )
        assert path[0, -1] == pytest.approx(sgd_variants.settles(values), abs=0.03)


def test_the_numbers_of_the_sheet_are_those_of_runs():
    t = np.arange(100)
    assert t[1 / (1 + 0.1 * t) <= 1 / 8 + 1e-12].min() == 70
    X = np.random.default_rng(0).normal(size=(64, 3))
    y = X @ np.ones(3) + 0.3
    plain, copied = problems.least_squares(X, y), problems.least_squares(np.tile(X, (10, 1)), np.tile(y, 10))
    steps = [first_step(f(descend(gd, f, f.start, 99, lr=0.3)) <= 0.1) for f in (plain, copied)]
    assert steps[0] == steps[1]
