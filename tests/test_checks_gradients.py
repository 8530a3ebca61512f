"""The checks of sheet 02: right answers pass, usual wrong ones are called by their names, blanks are told so."""

import inspect

import numpy as np

from course_lib import gradients as library
from course_lib.checks import gradients
from course_lib.descent import descend
from course_lib.optimizers import gd
from course_lib.surfaces import quadratic_form, quartic


def walk(grad, start, steps, lr, sign=-1.0):
    x, path = start, [start]
    for _ in range(steps):
        x = x + sign * lr * grad(x)
        path.append(x)
    return np.stack(path, axis=1)


def walk_in_place(grad, start, steps, lr):
    x, path = start, [start]
    for _ in range(steps):
        x -= lr * grad(x)
        path.append(x)
    return np.stack(path, axis=1)


def walk_one_array(grad, start, steps, lr):
    x = start.copy()
    path = [x]
    for _ in range(steps):
        x -= lr * grad(x)
        path.append(x)
    return np.stack(path, axis=1)


def walk_straight(grad, start, steps, lr):
    g = grad(start)
    return walk(lambda x: g, start, steps, lr)


def central(f, x, h, ahead=1.0, behind=1.0, apart=2.0):
    slopes = []
    for i in range(len(x)):
        step = np.zeros(len(x))
        step[i] = h
        slopes.append((f(x + ahead * step) - f(x - behind * step)) / (apart * h))
    return np.array(slopes)


def central_in_place(f, x, h):
    slopes = []
    for i in range(len(x)):
        x[i] += h
        ahead = f(x)
        x[i] -= 2 * h
        slopes.append((ahead - f(x)) / (2 * h))
    return np.array(slopes)


def central_drifting(f, x, h):
    return central_in_place(f, x.copy(), h)


def slope(w, X, y, decay):
    return X.T @ (X @ w - y) / len(y) + decay * w


def mended(w, X, y, decay, half=0.5):
    r = X @ w - y.reshape(-1)
    return half * np.mean(r * r) + 0.5 * decay * w @ w


def as_found(w, X, y, decay):
    r = X @ w - y
    return 0.5 * np.mean(r * r) + 0.5 * decay * w @ w


def l1(g, by=np.abs):
    u = np.zeros(len(g))
    k = np.argmax(by(g))
    u[k] = -np.sign(g[k])
    return u


def armijo(f, x, g, lr=1.0, c=0.1):
    while not f(x - lr * g) < f(x) - c * lr * g @ g:
        lr = lr / 2
    return lr


def armijo_any(f, x, g, lr=1.0, c=0.1):
    while not f(x - lr * g) < f(x):
        lr /= 2
    return lr


def armijo_length(f, x, g, lr=1.0, c=0.1):
    while not f(x - lr * g) < f(x) - c * lr * np.linalg.norm(g):
        lr /= 2
    return lr


def armijo_without_rate(f, x, g, lr=1.0, c=0.1):
    while not f(x - lr * g) < f(x) - c * g @ g:
        lr /= 2
    return lr


def armijo_endless(f, x, g, lr=1.0, c=0.1):
    while not f(x - lr * g) < f(x) - c * lr * g @ g:
        pass
    return lr


def backward(X, W, a, da, slope=lambda a: 1 - a * a):
    ds = da * slope(a)
    return X.T @ ds, ds.sum(axis=0), ds @ W.T


def starts_needed(p, q):
    return int(np.ceil(np.log(1 - q) / np.log(1 - p)))


RIGHT = {
    "walk": [walk, lambda grad, start, steps, lr: walk(grad, np.array(start), steps, lr)],
    "factor": [-0.6, 1 - 0.4 * 4],
    "edge": [2 / 9, 0.222],
    "days": [11.574, 1_000_001 / 86_400, 11.6],
    "central": [central, lambda f, x, h: library.central_differences(f, x, h)],
    "best_exponent": [-5, np.int64(-5)],
    "gradient": [slope],
    "found_by_the_check": ["no", "No"],
    "mended": [mended, lambda w, X, y, decay: as_found(w, X, np.ravel(y), decay)],
    "steepest_l1": [l1, library.steepest_l1],
    "steepest_linf": [library.steepest_linf],
    "armijo": [armijo],
    "proof": ["BEGCAFD", "b e g c a f d"],
    "layer_backward": [backward],
    "edge_of": [lambda lr: (1 / (2 * lr)) ** 0.5],
    "adversary": [lambda lr: 2 * (1 / (2 * lr)) ** 0.5, lambda lr: -5 / lr**0.5],
    "starts_needed": [starts_needed],
}

WRONG = {
    "walk": [
        (lambda *a: walk(*a, sign=1.0), "against the gradient"),
        (walk_in_place, "start was changed in place"),
        (walk_one_array, "one array was changed in place"),
        (walk_straight, "take it where you are"),
        (lambda grad, start, steps, lr: walk(grad, start, steps, 1.0), "the learning rate is missing"),
        (lambda *a: walk(*a)[:, 1:], "the start belongs to the path"),
        (lambda *a: walk(*a)[:, :-1], "the last place is missing"),
        (lambda *a: walk(*a).T, "make them columns"),
        (lambda *a: walk(*a)[:, -1], "the last place alone"),
    ],
    "factor": [
        (0.6, "the sign"),
        (-1.6, "what is taken away"),
        (0.2, "not 2x"),
        (2.6, "against the gradient"),
        (-3, "too"),
    ],
    "edge": [
        (2, "the flat direction"),
        (1 / 9, "arrives in one step"),
        (0.2, "the best rate"),
        (4.5, "below the line"),
    ],
    "days": [
        (1_000_001, "these are seconds"),
        (278, "these are hours"),
        (23.15, "central differences"),
        (3e-5, "backpropagation"),
    ],
    "central": [
        (lambda f, x, h: central(f, x, h, apart=1.0), "divide by 2h"),
        (lambda f, x, h: central(f, x, h, behind=0.0, apart=1.0), "forward differences"),
        (lambda f, x, h: central(f, x, h, ahead=0.0, apart=1.0), "backward differences"),
        (lambda f, x, h: -central(f, x, h), "ahead minus behind"),
        (lambda f, x, h: central(f, x, h, behind=0.0), "the place behind is x - h, not x"),
        (central_in_place, "x was changed in place"),
        (central_drifting, "x was not put back"),
        (lambda f, x, h: central(f, x, h).sum(), "Wrong shape"),
    ],
    "best_exponent": [
        (1e-5, "its exponent is meant"),
        (5, "is negative"),
        (-8, "forward differences"),
        (-15, "rounding"),
        (4, "index"),
    ],
    "gradient": [
        (lambda w, X, y, decay: slope(w, X, y, -decay), "this is as found"),
        (lambda w, X, y, decay: -slope(w, X, y, -decay), "the sign of the first part"),
        (lambda w, X, y, decay: -slope(w, X, y, decay), "both signs are wrong"),
        (lambda w, X, y, decay: slope(w, X, y, 2 * decay), "not 2w"),
        (lambda w, X, y, decay: slope(w, X, y, 0), "the decay is missing"),
        (lambda w, X, y, decay: X.T @ (X @ w - y) + decay * w, "divide by n"),
        (lambda w, X, y, decay: 2 * slope(w, X, y, decay / 2), "the half in the loss"),
    ],
    "found_by_the_check": [("yes", "the same wrong loss"), (True, "answer with a text"), ("perhaps", "Not 'perhaps'")],
    "mended": [
        (as_found, "this is as found"),
        (lambda w, X, y, decay: mended(w, X, np.full(len(X), y.ravel()[0]), decay), "with the first target"),
        (lambda w, X, y, decay: mended(w, X, np.full(len(X), y.mean()), decay), "with the mean of the targets"),
        (lambda w, X, y, decay: mended(w, X, y, decay, half=1.0), "the half before the mean"),
        (lambda w, X, y, decay: mended(w, X, y, 0.0), "the decay is missing"),
        (lambda w, X, y, decay: as_found(w, X, y[:, 0], decay), "It stops with IndexError"),
    ],
    "steepest_l1": [
        (lambda g: -l1(g), "steepest ascent"),
        (lambda g: l1(g, by=lambda g: g), "np.abs before np.argmax"),
        (lambda g: l1(g) * np.abs(g).max(), "the length is not 1"),
        (lambda g: -g / np.abs(g).sum(), "the largest slope pays best"),
        (lambda g: -g / np.linalg.norm(g), "this is the l2 ruler"),
        (library.steepest_linf, "this is the l-infinity ruler"),
        (lambda g: -np.abs(l1(g)), "opposite to the slope's"),
    ],
    "steepest_linf": [
        (np.sign, "steepest ascent"),
        (lambda g: -g / np.abs(g).max(), "may go as far for nothing"),
        (lambda g: -g / np.linalg.norm(g), "this is the l2 ruler"),
        (l1, "this is the l1 ruler"),
        (lambda g: -np.ones(len(g)), "opposite to its slope's"),
    ],
    "armijo": [
        (armijo_any, "any descent is accepted"),
        (armijo_length, "the square of the gradient's length"),
        (armijo_without_rate, "lr is missing on the right side"),
        (armijo_endless, "lr does not change in the loop"),
        (lambda f, x, g, lr=1.0, c=0.1: armijo(f, x, g, lr, 2.0), "got 'a loop without end'"),
        (lambda f, x, g, lr=1.0, c=0.1: armijo(f, x, g, lr), "c is an argument"),
        (lambda f, x, g, lr=1.0, c=0.1: armijo(f, x, g, lr, -c), "enough is below f(x)"),
        (lambda f, x, g, lr=1.0, c=0.1: armijo(f, x, g, lr, c) / 2, "halved once too often"),
        (lambda f, x, g, lr=1.0, c=0.1: armijo(f, x, g, lr, c) * 2, "the last rate that failed"),
        (lambda f, x, g, lr=1.0, c=0.1: lr, "lr comes back as it was"),
        (lambda f, x, g, lr=1.0, c=0.1: max(armijo(f, x, g, lr, c), lr / 2), "halved at most once"),
    ],
    "proof": [
        ("BECGAFD", "the lemma comes first"),
        ("EBGCAFD", "there is none yet"),
        ("BEGACFD", "is not there yet"),
        ("BEGCADF", "might grow with T"),
        ("BEGCFAD", "no sum yet"),
        ("ABCDEFG", "Line 1 cannot be A"),
    ],
    "layer_backward": [
        (lambda X, W, a, da: backward(X, W, a, da, lambda a: 1), "the slope of tanh is missing"),
        (lambda X, W, a, da: backward(X, W, a, da, lambda a: 1 - np.tanh(a) ** 2), "the value of tanh already"),
        (lambda X, W, a, da: backward(X, W, a, da, lambda a: 1 - a), "is 1 - a^2"),
        (lambda X, W, a, da: backward(X, W, a, da, lambda a: a * (1 - a)), "the logistic function"),
        (lambda X, W, a, da: (*(dl := backward(X, W, a, da))[:1], dl[1] / len(X), dl[2]), "not the mean"),
        (lambda X, W, a, da: (backward(X, W, a, da)[0] / len(X), *backward(X, W, a, da)[1:]), "no division by n"),
        (lambda X, W, a, da: backward(X, W, a, da)[::-1], "the results have changed places"),
        (lambda X, W, a, da: (*backward(X, W, a, da)[:2], da @ W.T), "with ds, not da"),
        (
            lambda X, W, a, da: (backward(X, W, a, da)[0], da * (1 - a * a), backward(X, W, a, da)[2]),
            "Wrong shape of the db",
        ),
        (lambda X, W, a, da: backward(X, W, a, da)[:2], "Expected 3 results"),
    ],
    "edge_of": [
        (lambda lr: (1 / (4 * lr)) ** 0.5, "a step lands at 0"),
        (lambda lr: (1 / (6 * lr)) ** 0.5, "2 over the curvature"),
        (lambda lr: 1 / (2 * lr), "take the root"),
        (lambda lr: lr**-0.5, "the gradient is 4 x^3"),
        (lambda lr: -((1 / (2 * lr)) ** 0.5), "the positive one"),
        (lambda lr: (2 * lr) ** 0.5, "upside down"),
    ],
    "adversary": [
        (lambda lr: 0.9 * (0.5 / lr) ** 0.5, "start farther outside the edge"),
        (lambda lr: 10.0, "the edge depends on the rate"),
        (lambda lr: 1e9, "how far is the edge"),
        (lambda lr: np.nan, "got 'no finite start'"),
        (lambda lr: 1.01 * (0.5 / lr) ** 0.5 if lr > 0.01 else 0.0, "a run that stays below a million"),
        (7.0, "A function is meant"),
    ],
    "starts_needed": [
        (lambda p, q: int(np.ceil(q / p)), "chances do not add up"),
        (lambda p, q: np.log(1 - q) / np.log(1 - p), "a whole number is meant"),
        (lambda p, q: int(np.log(1 - q) / np.log(1 - p)), "rounded down"),
        (lambda p, q: round(np.log(1 - q) / np.log(1 - p)), "rounded to the nearest"),
        (lambda p, q: int(np.ceil(np.log(q) / np.log(1 - p))), "at most 1 - q, not q"),
        (lambda p, q: int(np.ceil(np.log(q) / np.log(p))), "for all of them to succeed"),
        (lambda p, q: starts_needed(p, q) + 1, "one fewer is enough"),
    ],
}

BLANK = {
    name: [None, lambda *args, **hyper: None] if inspect.isroutine(answers[0]) else [None, (None, None), ""]
    for name, answers in RIGHT.items()
}


def test_what_the_checks_expect_is_what_the_library_does():
    start = np.array([1.0, -2.0])
    expected = descend(gd, quadratic_form(gradients.A), start, 4, lr=0.3)
    np.testing.assert_allclose(gradients.walked(gradients.powers(), gradients.A, start, 4, 0.3), expected, atol=1e-12)
    edge = (0.5 / 0.1) ** 0.5
    inside, outside = (descend(gd, quartic, [edge * factor], 20, lr=0.1)[0] for factor in (0.99, 1.01))
    assert np.all(np.diff(np.abs(inside)) < 0)
    assert np.all(np.diff(np.abs(outside[:8])) > 0)
    assert gradients.farthest(edge * 0.99, 0.1) < 3 < 1e6 < gradients.farthest(edge * 2, 0.1)
