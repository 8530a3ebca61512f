"""The checks of sheet 05: right answers pass, usual wrong ones are called by their names, blanks are told so."""

import math

import numpy as np
import pytest

from course_lib import problems
from course_lib.checks import adaptive_methods
from course_lib.descent import descend, end
from course_lib.optimizers import adagrad, adam, adamw, amsgrad, gd, rmsprop


def divided(x, g, s, lr, eps):
    return x - lr * g / (np.sqrt(s) + eps)


def ada(memory, point=divided):
    """AdaGrad's step from its new sum, memory(s, g), and its point."""

    def step(x, g, s=0.0, *, lr, eps=1e-10):
        new = memory(s, g)
        return point(x, g, new, lr, eps), new

    return step


def rms(memory, point=divided, b2=0.9):
    """RMSProp's step from its new mean, memory(v, g, b2), and its point."""

    def step(x, g, v=0.0, *, lr, b2=b2, eps=1e-8):
        new = memory(v, g, b2)
        return point(x, g, new, lr, eps), new

    return step


def total(s, g):
    return s + g**2


def mean(v, g, b2):
    return b2 * v + (1 - b2) * g**2


def in_place(x, g, s=0.0, *, lr, eps=1e-10):
    s = s + g * g
    x -= lr * g / (np.sqrt(s) + eps)
    return x, s


def memory_in_place(x, g, s=0.0, *, lr, eps=1e-10):
    s += g * g
    return x - lr * g / (np.sqrt(s) + eps), s


def with_old(x, g, s=0.0, *, lr, eps=1e-10):
    return x - lr * g / (np.sqrt(s) + eps), s + g * g


def old_back(x, g, v=0.0, *, lr, b2=0.9, eps=1e-8):
    return x - lr * g / (np.sqrt(mean(v, g, b2)) + eps), v + 0 * g


POINTS = [  # wrong points of both methods of 5.1
    (lambda x, g, s, lr, eps: x - lr * g / (s + eps), "the root is missing"),
    (lambda x, g, s, lr, eps: x - lr * g / np.sqrt(s + eps), "eps stands inside the root"),
    (lambda x, g, s, lr, eps: x - lr * g / np.sqrt(s), "eps is missing"),
    (lambda x, g, s, lr, eps: x + lr * g / (np.sqrt(s) + eps), "the sign of the step"),
    (lambda x, g, s, lr, eps: x - lr * g * (np.sqrt(s) + eps), "do not multiply"),
    (lambda x, g, s, lr, eps: x - lr * g, "this is gradient descent"),
    (lambda x, g, s, lr, eps: x - lr * np.sign(g) / (np.sqrt(s) + eps), "not its sign"),
    (lambda x, g, s, lr, eps: x - lr * (g / np.sqrt(s) + eps), "brackets"),
    (lambda x, g, s, lr, eps: x - lr * g / np.sqrt(s) + eps, "brackets"),
    (lambda x, g, s, lr, eps: x - lr / (np.sqrt(s) + eps), "above the bar stands the gradient"),
    (lambda x, g, s, lr, eps: x - lr * g / (np.linalg.norm(s, axis=0) + eps), "coordinate by coordinate"),
    (lambda x, g, s, lr, eps: lr * g / (np.sqrt(s) + eps), "the step alone"),
]


def my_adam(x, g, m=0.0, v=0.0, t=0, *, lr, b1=0.9, b2=0.999, eps=1e-8):
    """In the other usual form: both corrections in one rate, and eps scaled to match."""
    t, m, v = t + 1, m + (1 - b1) * (g - m), v + (1 - b2) * (g**2 - v)
    left = math.sqrt(1 - b2**t)
    return x - lr * left / (1 - b1**t) * m / (np.sqrt(v) + eps * left), m, v, t


def formula(rate=lambda m, v, b1, b2, t, eps: m / (1 - b1**t) / (np.sqrt(v / (1 - b2**t)) + eps), first=1, second=2):
    """A step of Adam from its direction; first and second are the powers of g in the two means."""

    def step(x, g, m=0.0, v=0.0, t=0, *, lr, b1=0.9, b2=0.999, eps=1e-8):
        m, v = b1 * m + (1 - b1) * g**first, b2 * v + (1 - b2) * g**second
        return x - lr * rate(m, v, b1, b2, t + 1, eps), m, v, t + 1

    return step


def results(pick, step=my_adam):
    def other(x, g, m=0.0, v=0.0, t=0, **hyper):
        return pick(step(x, g, m, v, t, **hyper), (m + 0 * g, v + 0 * g, t))

    return other


def sums(x, g, m=0.0, v=0.0, t=0, *, lr, b1=0.9, b2=0.999, eps=1e-8):
    t, m, v = t + 1, b1 * m + g, b2 * v + g * g
    return x - lr * m / (1 - b1**t) / (np.sqrt(v / (1 - b2**t)) + eps), m, v, t


def counted_late(x, g, m=0.0, v=0.0, t=0, *, lr, b1=0.9, b2=0.999, eps=1e-8):
    m, v = b1 * m + (1 - b1) * g, b2 * v + (1 - b2) * g * g
    down = 1 - np.float64(b1) ** t, 1 - np.float64(b2) ** t
    return x - lr * m / down[0] / (np.sqrt(v / down[1]) + eps), m, v, t + 1


def fed_back(x, g, m=0.0, v=0.0, t=0, *, lr, b1=0.9, b2=0.999, eps=1e-8):
    t = t + 1
    m, v = (b1 * m + (1 - b1) * g) / (1 - b1**t), (b2 * v + (1 - b2) * g * g) / (1 - b2**t)
    return x - lr * m / (np.sqrt(v) + eps), m, v, t


def decaying(v_corrected=True, eps_outside=True, beside=True, keeps=lambda lr, decay: 1 - lr * decay, after=False):
    """AdamW with some of the slips of 5.5."""

    def step(x, g, m=0.0, v=0.0, t=0, *, lr, b1=0.9, b2=0.999, eps=1e-8, decay=0.01):
        t, g = t + 1, g if beside else g + decay * x
        m, v = b1 * m + (1 - b1) * g, b2 * v + (1 - b2) * g * g
        v_hat = v / (1 - b2**t) if v_corrected else v
        move = lr * m / (1 - b1**t) / (np.sqrt(v_hat) + eps if eps_outside else np.sqrt(v_hat + eps))
        kept = keeps(lr, decay) if beside else 1
        return (kept * (x - move) if after else kept * x - move), m, v, t

    return step


def trust(ratio):
    return lambda x, u, *, lr: x - lr * ratio(x, u) * u


def norm(a):
    return math.sqrt(sum(value**2 for value in a))


def right_ratio(x, u):
    return norm(x) / norm(u) if norm(x) * norm(u) else 1


def with_zeros(ratio):
    return trust(lambda x, u: ratio(x, u) if norm(x) * norm(u) else 1)


def one_by_one(method, f, start, steps, rates):
    with np.errstate(all="ignore"):
        ends = [f(descend(method, f, start, steps, lr=rate)[:, -1]) for rate in rates]
    best = min(range(len(rates)), key=lambda i: ends[i] if np.isfinite(ends[i]) else math.inf)
    return [rates[best], ends[best], best not in (0, len(rates) - 1)]


def at_once(method, f, start, steps, rates):
    ends = f(end(method, f, start, steps, lr=rates))
    best = np.nanargmin(ends)
    return rates[best], ends[best], 0 < best < len(rates) - 1


def chosen(pick=np.nanargmin, out=lambda best, rates, ends: (rates[best], ends[best], 0 < best < len(rates) - 1)):
    def tuned(method, f, start, steps, rates):
        ends = f(end(method, f, start, steps, lr=rates))
        return out(pick(ends), rates, ends)

    return tuned


def on_the_way(method, f, start, steps, rates):
    lowest = f(descend(method, f, start, steps, lr=rates)).min(axis=0)
    best = np.nanargmin(lowest)
    return rates[best], lowest[best], 0 < best < len(rates) - 1


TURN = np.array([[0.8, -0.6], [0.6, 0.8]])

RIGHT = {
    "adagrad": [adagrad, ada(total), ada(total, lambda x, g, s, lr, eps: x - lr / (s**0.5 + eps) * g)],
    "rmsprop": [rmsprop, rms(mean), rms(lambda v, g, b2: v + (1 - b2) * (g * g - v))],
    "slope_step": [0.05, 0.5 / math.sqrt(100)],
    "ball": [0.02, np.float64(0.02), 0.019999],
    "uncorrected": [0.6, 0.6000001],
    "lines": ["DGBFEAC", "g b d e f a c", "GFDABEC", ["G", "D", "F", "A", "B", "E", "C"]],
    "adam": [adam, my_adam, formula(), lambda *a, **k: list(my_adam(*a, **k))],
    "printed_first": [31.6227, 1000**0.5],
    "adamw": [adamw, decaying()],
    "left_on": [
        lambda rates, decay: np.cumprod(1 - decay * rates)[-1],
        lambda rates, decay: math.exp(sum(math.log(1 - decay * rate) for rate in rates)),
    ],
    "half_life": [
        lambda lr, decay: np.log2(0.5) / np.log2(1 - lr * decay),
        lambda lr, decay: math.log(0.5, 1 - lr * decay),
    ],
    "decay_for": [
        lambda lr, steps, share: (1 - share ** (1 / steps)) / lr,
        lambda lr, steps, share: (1 - np.exp(np.log(share) / steps)) / lr,
    ],
    "trusted": [trust(right_ratio), lambda x, u, *, lr: x - u * (lr * right_ratio(x, u))],
    "loses": [[[1, 0], [0, 1]], np.eye(2) * 50, [[1.0, 0.2], [0.2, 1.0]]],
    "wins": [[[0.001, 0], [0, 1]], np.diag([100.0, 0.1])],
    "slopes": [[60] + [-1] * 49, [-2.0] * 39 + [100.0], np.array([60.0] + [-1.0] * 49)],
    "tuned": [one_by_one, at_once],
    "ratio": [4969, 4950.0],
}

WRONG = {
    "adagrad": [
        *((ada(total, point), message) for point, message in POINTS),
        (in_place, "x was changed in place"),
        (memory_in_place, "s was changed in place"),
        (with_old, "the old memory divides"),
        (rms(mean), "this memory fades"),
        (lambda x, g, s=0.0, **k: (adagrad(x, g, s, **k)[0], np.sqrt(s + g * g)), "comes back is the root"),
        (ada(lambda s, g: g * g), "the old memory is not used"),
        (ada(lambda s, g: s + g), "gradients themselves cancel"),
        (ada(lambda s, g: s + abs(g)), "not of absolute values"),
        (ada(lambda s, g: s + np.sum(g * g, axis=0)), "a sum of its own"),
        (lambda x, g, s=0.0, *, lr, eps=1e-10: (x - lr * g / (np.sqrt(s + g * g) + eps), s + 0 * g), "is the old one"),
        (lambda x, g, s=0.0, *, lr, eps=1e-10: adagrad(x, g, s, lr=lr, eps=eps)[::-1], "first x, then the memory"),
        (lambda x, g, s=0.0, *, lr, eps=1e-10: adagrad(x, g, s, lr=lr, eps=eps)[0], "Expected 2 results"),
    ],
    "rmsprop": [
        *((rms(mean, point), message) for point, message in POINTS),
        (rms(lambda v, g, b2: v + g * g), "this is AdaGrad's sum"),
        (rms(lambda v, g, b2: b2 * v + g * g), "the new square counts 1 - b2"),
        (rms(lambda v, g, b2: (1 - b2) * v + b2 * g * g), "b2 and 1 - b2 have changed places"),
        (rms(lambda v, g, b2: b2 * v + ((1 - b2) * g) ** 2), "1 - b2 is squared, too"),
        (rms(lambda v, g, b2: b2 * v + (1 - b2) * g), "gradients themselves cancel"),
        (rms(mean, b2=0.99), "b2 is 0.9 unless another is given"),
        (rms(lambda v, g, b2: g * g), "the old memory is not used"),
        (old_back, "the memory that comes back is the old one"),
    ],
    "slope_step": [
        (0.5, "the first step"),
        (0.15, "the gradient cancels"),
        (1.5, "gradient descent"),
        (0.005, "its root tenfold"),
        (1 / 60, "the gradient stands above the bar, too"),
        (0.0289, "the sum is of squares"),
        (0.0866, "3 squared is 9"),
    ],
    "ball": [
        (0, "cannot settle"),
        (0.04, "the length of a step"),
        (0.08, "twice the distance"),
        (0.01, "the same distance on the other side"),
        (0.0002, "the curvature cancels"),
        (0.1265, "the first step"),
        (0.3, "too large"),
    ],
    "uncorrected": [
        (0.03, "with the correction"),
        (0.006, "too small as well"),
        (3, "m is too small as well"),
        (20, "so many rates long"),
        (4.2, "the gradient cancels"),
        (60, "take the root of v"),
        (0.0015, "the wrong way round"),
        (1.58745, "7 squared is 49"),
        (2.4, "the new gradient counts 1 - b1"),
    ],
    "lines": [
        ("GBFEACD", "first t + 1"),
        ("BGDFEAC", "the mean of the gradients needs the gradient first"),
        ("GDEBFAC", "a mean is corrected after this step's gradient"),
        ("GDBAFEC", "a mean is corrected after this step's square"),
        ("GDBFECA", "it comes last"),
        ("GDBF", "Lines are missing after F"),
        ("GDBFEACH", "H is not one of the lines"),
        ("GDBFEACC", "Everything after line 7 is too much"),
    ],
    "adam": [
        (formula(lambda m, v, b1, b2, t, eps: m / (np.sqrt(v) + eps)), "neither mean is corrected"),
        (formula(lambda m, v, b1, b2, t, eps: m / (1 - b1**t) / (np.sqrt(v) + eps)), "v is not corrected"),
        (formula(lambda m, v, b1, b2, t, eps: m / (np.sqrt(v / (1 - b2**t)) + eps)), "m is not corrected"),
        (
            formula(lambda m, v, b1, b2, t, eps: m / (1 - b1**t) / np.sqrt(v / (1 - b2**t) + eps)),
            "eps stands inside the root",
        ),
        (formula(lambda m, v, b1, b2, t, eps: m / (1 - b1**t) / np.sqrt(v / (1 - b2**t))), "eps is missing"),
        (
            formula(lambda m, v, b1, b2, t, eps: m / (1 - b1**t) * np.sqrt(1 - b2**t) / (np.sqrt(v) + eps)),
            "eps is added before the correction",
        ),
        (
            formula(lambda m, v, b1, b2, t, eps: m / (1 - b1**t) / (v / (1 - b2**t) + eps)),
            "the root of v is missing",
        ),
        (
            formula(lambda m, v, b1, b2, t, eps: m / (1 - b1**t) / (np.sqrt(v / (1 - b1**t)) + eps)),
            "both are corrected with b1",
        ),
        (
            formula(lambda m, v, b1, b2, t, eps: m / (1 - b1 * t) / (np.sqrt(v / (1 - b2 * t)) + eps)),
            "is a power",
        ),
        (
            formula(lambda m, v, b1, b2, t, eps: m / (1 - b1) / (np.sqrt(v / (1 - b2)) + eps)),
            "1 - b1 is for the first step only",
        ),
        (
            formula(lambda m, v, b1, b2, t, eps: m / (1 - b1) ** t / (np.sqrt(v / (1 - b2) ** t) + eps)),
            "b1 alone has the power t",
        ),
        (
            formula(lambda m, v, b1, b2, t, eps: m * (1 - b1**t) / (np.sqrt(v * (1 - b2**t)) + eps)),
            "divide, do not multiply",
        ),
        (
            formula(lambda m, v, b1, b2, t, eps: -m / (1 - b1**t) / (np.sqrt(v / (1 - b2**t)) + eps)),
            "the sign of the step",
        ),
        (formula(second=1), "v is the mean of squares"),
        (sums, "these are sums"),
        (counted_late, "t counts the steps done before"),
        (fed_back, "corrected"),
        (results(lambda new, old: (new[0], *old[:2], new[3])), "the means that come back are the old ones"),
        (results(lambda new, old: (*new[:3], old[2])), "the count that comes back is the old one"),
        (results(lambda new, old: (new[0], new[2], new[1], new[3])), "m and v have changed places as results"),
        (results(lambda new, old: new[:3]), "Expected 4 results (new point x"),
        (results(lambda new, old: new[0]), "Expected 4 results"),
        (
            lambda x, g, m=0.0, v=0.0, t=0, *, lr, b1=0.9, b2=0.999, eps=1e-8: my_adam(
                x, g, m, v, t, lr=lr, b1=b2, b2=b1, eps=eps
            ),
            "b1 and b2 have changed places",
        ),
        (
            lambda x, g, m=0.0, v=0.0, t=0, *, lr, b1=0.9, b2=0.999, eps=1e-8: my_adam(
                x, g, m, v, t, lr=lr, b1=1 - b1, b2=1 - b2, eps=eps
            ),
            "b keeps the old mean",
        ),
        (lambda x, g, m, v, t, lr, b1, b2, eps: (x, m, v, t), "It stops with TypeError"),
    ],
    "printed_first": [
        (1, "so it should be"),
        (3.16227766, "neither mean corrected"),
        (-31.6, "where it lands"),
        (1000, "the root is there, too"),
        (7, "too small"),
    ],
    "adamw": [
        (decaying(False, False, False), "this is as printed"),
        (decaying(True, False, False), "two slips are left: look at eps, and at decay * x"),
        (decaying(False, True, False), "two slips are left: look at v's correction, and at decay * x"),
        (decaying(False, False, True), "two slips are left: look at v's correction, and at eps"),
        (decaying(False, True, True), "one slip is left: m is corrected, v is not"),
        (decaying(True, False, True), "one slip is left: eps stands"),
        (decaying(True, True, False), "one slip is left: in the gradient"),
        (decaying(keeps=lambda lr, decay: 1 - decay), "the decay is scaled by the rate"),
        (decaying(keeps=lambda lr, decay: 1), "the decay is gone"),
        (decaying(keeps=lambda lr, decay: 1 + lr * decay), "the sign of the decay"),
        (decaying(after=True), "the old point shrinks"),
    ],
    "left_on": [
        (lambda rates, decay: (1 - decay) ** len(rates), "the rates are missing"),
        (lambda rates, decay: 1 - decay * sum(rates), "each step takes its share of what is left"),
        (lambda rates, decay: np.exp(-decay * sum(rates)), "exact is the product"),
        (lambda rates, decay: (1 - decay * np.mean(rates)) ** len(rates), "each step has its own rate"),
        (lambda rates, decay: np.cumprod(1 - decay * rates), "the last is meant"),
        (lambda rates, decay: 1 - decay * rates, "multiply them"),
        (lambda rates, decay: np.sum(1 - decay * rates), "a product, not a sum"),
    ],
    "half_life": [
        (lambda lr, decay: np.log(2) / (lr * decay), "exact is ln(1 - lr * decay)"),
        (lambda lr, decay: np.log(0.5) / np.log(1 - decay), "the rate is missing"),
        (lambda lr, decay: 0.5 / (lr * decay), "not of the start"),
        (lambda lr, decay: 1 / (lr * decay), "1/e is left"),
        (lambda lr, decay: np.log(2) / np.log(1 - lr * decay), "the sign"),
        (lambda lr, decay: math.ceil(np.log(0.5) / np.log(1 - lr * decay) - 1e-9), "do not round"),
    ],
    "decay_for": [
        (lambda lr, steps, share: 1 - share ** (1 / steps) / lr, "brackets"),
        (lambda lr, steps, share: (1 - share) ** (1 / steps) / lr, "first the root of share"),
        (lambda lr, steps, share: 1 - share ** (1 / steps), "divide by the rate"),
        (lambda lr, steps, share: -np.log(share) / steps / lr, "exact is a root of share"),
        (lambda lr, steps, share: (1 - share) / steps / lr, "not of the start"),
        (lambda lr, steps, share: (1 - (1 - share) ** (1 / steps)) / lr, "share is what is left"),
        (lambda lr, steps, share: share ** (1 / steps) / lr, "lr * decay is the rest"),
        (lambda lr, steps, share: (1 - share**steps) / lr, "undo the power"),
    ],
    "trusted": [
        (trust(lambda x, u: norm(x) / (norm(u) + 1e-8)), "an if decides where it is 0, and"),
        (with_zeros(lambda x, u: norm(x) / (norm(u) + 1e-8)), "nothing is added to a norm"),
        (trust(lambda x, u: np.float64(norm(x)) / norm(u) if norm(x) else 1), "that of the update, too"),
        (trust(lambda x, u: 1), "the ratio is missing"),
        (with_zeros(lambda x, u: norm(u) / norm(x)), "upside down"),
        (with_zeros(lambda x, u: 1 / norm(u)), "the norm of the weights is missing"),
        (with_zeros(lambda x, u: norm(x)), "the norm of the update is missing"),
        (with_zeros(lambda x, u: (x @ x) / (u @ u)), "squares of norms"),
        (with_zeros(lambda x, u: abs(x).sum() / abs(u).sum()), "the 1-norm"),
        (with_zeros(lambda x, u: abs(x) / abs(u)), "one ratio for the whole layer"),
        (trust(lambda x, u: np.divide(norm(x), norm(u))), "would never move"),
        (trust(lambda x, u: norm(x) / max(norm(u), 1e-12)), "a layer that starts at zero would never move"),
        (lambda x, u, *, lr: x + lr * right_ratio(x, u) * u, "the sign of the step"),
        (lambda x, u, *, lr: lr * right_ratio(x, u) * u, "this is the step alone"),
    ],
    "loses": [
        (np.diag([0.001, 1]), "Here Adam ends lower"),
        ([[2.0, 1.9], [1.9, 2.0]], "not 100 times lower"),
        ([[1, 0.5], [0, 1]], "must be equal"),
        ([[0, 0], [0, 0]], "must lie between 0.001 and 100"),
        ([1, 1], "Two rows of two numbers"),
        ("eye", "Two rows of two numbers"),
    ],
    "wins": [
        ([[1, 0], [0, 1]], "Here gradient descent ends lower"),
        (TURN @ np.diag([0.001, 1]) @ TURN.T, "not 100 times lower"),
        ([[1e-6, 0], [0, 1]], "must lie between 0.001 and 100"),
        ([[1, 0, 0], [0, 1, 0]], "Two rows of two numbers"),
    ],
    "slopes": [
        ([3, -1, -1], "Adam goes left"),
        ([29 + 6] + [-1] * 29, "it does not stay at 0.9"),
        ([50] + [-1] * 49, "below 0.2"),
        ([5001] + [-1] * 5000, "At most 50"),
        ([600000] + [-10000] * 49, "thrown about"),
        ("up", "A list of at least two numbers"),
        (3.0, "A list of at least two numbers"),
    ],
    "tuned": [
        (chosen(np.argmin), "diverged to nan was chosen"),
        (chosen(np.nanargmax), "the highest end was chosen"),
        (on_the_way, "the lowest value on the way"),
        (chosen(out=lambda best, rates, ends: (best, ends[best], 0 < best < len(rates) - 1)), "the rate itself"),
        (chosen(out=lambda best, rates, ends: (ends[best], rates[best], 0 < best < len(rates) - 1)), "changed places"),
        (chosen(out=lambda best, rates, ends: (rates[best], ends[best], True)), "neither the first nor the last"),
        (chosen(out=lambda best, rates, ends: (rates[best], ends[best], best > 0)), "False at the last rate, too"),
        (chosen(out=lambda best, rates, ends: (rates[best], ends[best])), "Expected 3 results"),
    ],
    "ratio": [
        (1 / 4969, "upside down"),
        (1.55e-3, "at the shared rate"),
        (1.000005, "heights above lowest"),
        (645, "upside down, and at the shared rate"),
        (100, "too small"),
    ],
}

BLANK = {
    name: [None, lambda *args, **hyper: None] if callable(answers[0]) else [None, ...]
    for name, answers in RIGHT.items()
}
BLANK["lines"] = BLANK["slopes"] = [None, ""]


def test_what_the_checks_expect_is_what_the_library_does():
    rng = np.random.default_rng(5)
    x, g, m = rng.normal(size=(3, 2, 5))
    v = rng.uniform(0.1, 1, size=(2, 5))
    hyper = {"lr": 0.3, "b1": 0.7, "b2": 0.8, "eps": 0.1}
    for ours, theirs in ((adaptive_methods.ADAM, adam), (adaptive_methods.decayed(), adamw)):
        for got, right in zip(ours(x, g, m, v, 3, **hyper), theirs(x, g, m, v, 3, **hyper), strict=True):
            np.testing.assert_allclose(got, right, rtol=0, atol=1e-14)


@pytest.mark.parametrize(("kind", "method"), [("gd", gd), ("adam", adam), ("amsgrad", amsgrad)])
def test_the_drift_by_numbers_is_that_of_the_library(kind, method):
    slopes = [7.0, -1.0, -1.5, -1.0, -0.5]
    hyper = {} if method is gd else {"b1": 0.9, "b2": 0.9}
    x, memory, places = np.zeros(1), (), []
    for t in range(5100):
        x, *memory = method(x, np.array([slopes[t % 5]]), *memory, lr=0.001, **hyper)
        x = np.clip(x, -1, 1)
        places.append(x[0])
    assert abs(adaptive_methods.drifts(slopes, kind, steps=5100) - np.mean(places[100:])) < 1e-9


def test_the_numbers_of_the_sheet_are_those_of_runs():
    assert sum(not adaptive_methods.broken(lines) for lines in adaptive_methods.ORDERS) == 22
    X, y = problems.digits()
    keep = (y == 3) | (y == 8)
    task = problems.logistic(X[keep], np.where(y[keep] == 3, 1, -1), decay=0.1)
    lowest = task(end(gd, task, task.start, 5000, lr=0.5))
    heights = [at_once(m, task, task.start, 100, np.geomspace(1e-4, 100, 37))[1] - lowest for m in (adam, gd)]
    assert adaptive_methods.ratio.report(heights[0] / heights[1])[0]
    assert 90 < 1 / adaptive_methods.times_lower(np.diag([0.001, 1.0])) < 400
