"""Checks of sheet 02. The right answers here are matrix powers, sums written out and searches, not the library's."""

import numpy as np

from course_lib.checks import answer, case, function, order

A = np.array([[2.0, 0.5], [0.5, 1.0]])


# 2.1


def walked(walk, A, start, steps, lr):
    return walk(lambda x: A @ x, start, steps, lr)


def powers(factor=lambda A, lr: np.eye(len(A)) - lr * A):
    """A walk on the quadratic with Hessian A, each place the start times a power of one matrix."""

    def walk(grad, start, steps, lr):
        M = factor(hessian(grad, len(start)), lr)
        return np.stack([np.linalg.matrix_power(M, t) @ start for t in range(steps + 1)], axis=1)

    return walk


def hessian(grad, d):
    return np.stack([grad(axis) for axis in np.eye(d)], axis=1)


def straight(grad, start, steps, lr):
    return start[:, None] - lr * grad(start)[:, None] * np.arange(steps + 1)


def last_only(grad, start, steps, lr):
    return np.repeat(powers()(grad, start, steps, lr)[:, -1:], steps + 1, axis=1)


walk = function(
    "2.1 Walk downhill",
    powers(),
    [
        case("one step", A, np.array([1.0, -2.0]), 1, 0.1),
        case("no step", A, np.array([1.0, -2.0]), 0, 0.1),
        case("four steps", A, np.array([1.0, -2.0]), 4, 0.3),
        case("one dimension", np.array([[4.0]]), np.array([1.0]), 3, 0.4),
    ],
    fresh=lambda rng: case("", A, rng.normal(size=2), 5, rng.uniform(0.05, 0.5)),
    use=walked,
    mistakes=[
        (powers(lambda A, lr: np.eye(len(A)) + lr * A), "the sign: a step goes against the gradient"),
        (straight, "the gradient is taken at the start each time; take it where you are"),
        (powers(lambda A, lr: np.eye(len(A)) - A), "the learning rate is missing"),
        (last_only, "all columns are the last place: one array was changed in place; write x = x - ..."),
        (lambda *a: powers()(*a)[:, 1:], "the start belongs to the path: column 0"),
        (lambda *a: powers()(*a).T, "the places are rows; make them columns, np.stack(path, axis=1)"),
        (lambda *a: powers()(*a)[:, :-1], "the last place is missing: a walk of n steps has n + 1 places"),
        (lambda *a: powers()(*a)[:, -1], "this is the last place alone; return them all"),
    ],
)


# 2.2

factor = answer(
    "2.2 Guess before you run: the factor",
    -0.6,
    mistakes=[
        (0.6, "the sign: the run flips to the other side at each step"),
        (-1.6, "this is what is taken away, 0.4 times the slope; what is left of 1?"),
        (1.6, "this is 0.4 times the slope; a step takes it away from 1"),
        (0.2, "the gradient of a bowl with curvature 4 is 4x, not 2x"),
        (2.6, "the sign: a step goes against the gradient"),
    ],
    tolerance=1e-3,
)

edge = answer(
    "2.2 Guess before you run: the edge",
    2 / 9,
    mistakes=[
        (2.0, "this is the edge of the flat direction; the steepest decides for all"),
        (1 / 9, "there the steep direction arrives in one step; the edge is twice as far"),
        (2 / 81, "the curvature is 9: the half and the square are taken care of by two derivatives"),
        (0.2, "this is 2/(L + mu), the best rate; the edge is a little beyond"),
        (4 / 9, "the curvature of 9x^2/2 is 9, not 4.5"),
        (4.5, "a steeper bowl needs a smaller rate: L belongs below the line"),
    ],
    tolerance=2e-3,
)

days = answer(
    "2.2 Guess before you run: the wait",
    11.574,
    mistakes=[
        (lambda v: abs(v - 1e6) < 100, "these are seconds; a day has 86,400"),
        (lambda v: abs(v - 277.8) < 1, "these are hours"),
        (
            lambda v: abs(v - 23.15) < 0.1,
            "this is central differences; forward ones need one pass for each and one more",
        ),
        (lambda v: v < 1, "this is backpropagation; differences need a pass for each parameter"),
    ],
    tolerance=0.01,
)


# 2.3


def measured(central, power, weights, x, h):
    return central(lambda p: float(np.sum(weights * p**power) + p[0] * p[-1]), x, h)


def rule(ahead, behind, apart):
    """Differences between f at x + ahead h e_i and x - behind h e_i, divided by apart h."""

    def differences(f, x, h):
        E = h * np.eye(len(x))
        return np.array([(f(x + ahead * e) - f(x - behind * e)) / (apart * h) for e in E])

    return differences


def drifting(f, x, h):
    """Each axis is measured where the one before has left x: a step along it, never taken back."""
    moved, slopes = x.copy(), []
    for i in range(len(x)):
        moved[i] += h
        ahead = f(moved)
        moved[i] -= 2 * h
        slopes.append((ahead - f(moved)) / (2 * h))
    return np.array(slopes)


central = function(
    "2.3 Measure a gradient: central differences",
    rule(1, 1, 2),
    [
        case("a parabola, where they are exact", 2, np.array([1.0, 3.0]), np.array([1.0, 2.0]), 0.5),
        case("a cubic, where they are not", 3, np.array([1.0, -1.0]), np.array([1.0, 2.0]), 0.1),
        case("three dimensions", 3, np.array([1.0, -1.0, 2.0]), np.array([0.5, 1.0, -1.0]), 0.2),
    ],
    fresh=lambda rng: case("", 3, rng.normal(size=3), rng.normal(size=3), rng.uniform(0.1, 0.5)),
    use=measured,
    mistakes=[
        (rule(1, 1, 1), "the two places are 2h apart: divide by 2h"),
        (rule(1, 0, 1), "these are forward differences; the other place is x - h"),
        (rule(0, 1, 1), "these are backward differences; the other place is x + h"),
        (rule(-1, -1, 2), "the sign: ahead minus behind"),
        (rule(1, 0, 2), "the place behind is x - h, not x"),
        (rule(0.5, 0.5, 2), "the two places are only h apart here"),
        (drifting, "x was not put back before the next axis"),
        (lambda f, x, h: rule(1, 1, 2)(f, x, h)[:1], "one slope for each axis is meant"),
    ],
)

best_exponent = answer(
    "2.3 Find the bottom of the U",
    -5,
    mistakes=[
        (1e-5, "this is the way h; its exponent is meant"),
        (5, "the exponent is negative"),
        (-8, "this is the bottom of forward differences; central ones have theirs earlier"),
        (-15, "there rounding has taken over; the least error is meant"),
        (-1, "this is the longest way; the least error is meant"),
        (4, "this is the index in the list; the exponent stands there"),
    ],
    tolerance=1e-9,
)


# 2.4


def slope(data=1.0, decay=1.0, divide=len):
    """The gradient of the sheet's loss, example by example, with factors on its two parts."""

    def gradient(w, X, y, decay_given):
        parts = [(x @ w - target) * x for x, target in zip(X, y)]
        return data * np.sum(parts, axis=0) / divide(y) + decay * decay_given * w

    return gradient


def drawn_regression(rng):
    return rng.normal(size=3), rng.normal(size=(6, 3)), rng.normal(size=6)


W3, X6, Y6 = drawn_regression(np.random.default_rng(24))

gradient = function(
    "2.4 Bug hunt: the sign",
    slope(),
    [case("no decay, where the slip does not show", W3, X6, Y6, 0.0), case("with decay", W3, X6, Y6, 0.5)],
    fresh=lambda rng: case("", *drawn_regression(rng), rng.uniform(0.1, 2)),
    mistakes=[
        (slope(decay=-1), "this is as found: the derivative of + decay |w|^2 / 2 has a plus"),
        (slope(data=-1), "the sign of the first part was right as found"),
        (slope(data=-1, decay=-1), "now both signs are wrong"),
        (slope(decay=2), "the derivative of |w|^2 / 2 is w, not 2w"),
        (slope(decay=0), "the decay is missing"),
        (slope(divide=lambda y: 1), "the loss is a mean: divide by n"),
        (slope(data=2), "the half in the loss takes the 2 of the square away"),
    ],
)

found_by_the_check = answer(
    "2.4 Bug hunt: does the check find it?",
    "no",
    mistakes=[
        ("yes", "the check compares a formula with values, and both belong to the same wrong loss"),
        (lambda v: v is True or v is False, 'answer with a text, "yes" or "no"'),
    ],
)


def average(residuals, half=0.5):
    """The sheet's loss from its residuals: function of (w, X, y)."""

    def loss(w, X, y, decay):
        r = residuals(w, X, y)
        return half * float(np.mean(r * r)) + 0.5 * decay * float(w @ w)

    return loss


mended = function(
    "2.4 Bug hunt: the shape",
    average(lambda w, X, y: np.array([x @ w - float(np.squeeze(t)) for x, t in zip(X, y)])),
    [case("y of shape (6,)", W3, X6, Y6, 0.5), case("y of shape (6, 1)", W3, X6, Y6[:, None], 0.5)],
    fresh=lambda rng: case("", *(a if a.shape != (6,) else a[:, None] for a in drawn_regression(rng)), 0.3),
    mistakes=[
        (average(lambda w, X, y: X @ w - y), "this is as found: a column and a flat array make a square"),
        (average(lambda w, X, y: X @ w - np.ravel(y)[0]), "every prediction is compared with the first target"),
        (average(lambda w, X, y: X @ w - np.mean(y)), "every prediction is compared with the mean of the targets"),
        (average(lambda w, X, y: X @ w - np.ravel(y), 1.0), "the half before the mean is missing"),
        (lambda w, X, y, decay: average(lambda w, X, y: X @ w - np.ravel(y))(w, X, y, 0.0), "the decay is missing"),
    ],
)


# 2.5


def best_corner(corners, sign=1):
    """The corner of a unit ball that goes down most, found by trying all of them."""

    def steepest(g):
        ball = corners(len(g))
        return ball[np.argmin(sign * ball @ g)]

    return steepest


def diamond(d):
    return np.vstack((np.eye(d), -np.eye(d)))


def cube(d):
    return np.stack(np.meshgrid(*[[-1.0, 1.0]] * d), axis=-1).reshape(-1, d)


def largest_alone(value):
    """A step along the axis of the largest slope; value: slope -> how far."""

    def steepest(g):
        first = np.abs(g) == np.abs(g).max()
        return np.where(first, value(g), 0.0)

    return steepest


SLOPES = {
    "cases": [
        case("the last slope is the largest", np.array([1.0, -2.0, 3.0])),
        case("a negative one is", np.array([2.0, -5.0])),
    ],
    "fresh": lambda rng: case("", rng.normal(size=4)),
}

steepest_l1 = function(
    "2.5 Steepest by two other rulers: l1",
    best_corner(diamond),
    **SLOPES,
    mistakes=[
        (best_corner(diamond, -1), "the sign: this is steepest ascent"),
        (lambda g: np.where(g == g.max(), -1.0, 0.0), "a steep negative slope counts, too: np.abs before np.argmax"),
        (
            lambda g: np.where(g == g.max(), -np.sign(g), 0.0),
            "a steep negative slope counts, too: np.abs before np.argmax",
        ),
        (largest_alone(lambda g: -g), "the length is not 1: only the sign of the slope remains"),
        (lambda g: -g / np.abs(g).sum(), "this has length 1, but spends on all axes; the largest slope pays best"),
        (lambda g: -g / np.linalg.norm(g), "this is the l2 ruler"),
        (best_corner(cube), "this is the l-infinity ruler"),
        (largest_alone(lambda g: -1.0), "its sign is opposite to the slope's"),
    ],
)

steepest_linf = function(
    "2.5 Steepest by two other rulers: l-infinity",
    best_corner(cube),
    **SLOPES,
    mistakes=[
        (best_corner(cube, -1), "the sign: this is steepest ascent"),
        (lambda g: -g / np.abs(g).max(), "this has length 1, but the smaller coordinates may go as far for nothing"),
        (lambda g: -g / np.linalg.norm(g), "this is the l2 ruler"),
        (best_corner(diamond), "this is the l1 ruler"),
        (lambda g: -np.ones(len(g)), "each sign is opposite to its slope's"),
    ],
)


# 2.6

ENDLESS = "a loop without end"


class Endless(Exception):
    """f has been asked too often."""


def searched(armijo, power, weights, x, lr, c):
    """armijo on sum of weights |x|^power; what never ends is stopped by the function that it asks."""
    calls = 0

    def f(p):
        nonlocal calls
        calls += 1
        if calls > 2000:
            raise Endless
        return float(np.sum(weights * np.abs(p) ** power))

    try:
        return armijo(f, x, power * weights * np.abs(x) ** (power - 1) * np.sign(x), lr=lr, c=c)
    except Endless:
        return ENDLESS


def halvings(enough, extra=0):
    """A search that looks at 60 rates at once and takes the first that is enough(new, old, rate, g, c)."""

    def armijo(f, x, g, lr=1.0, c=0.1):
        rates = [lr / 2**k for k in range(60)]
        found = next((rate for rate in rates if enough(f(x - rate * g), f(x), rate, g, c)), ENDLESS)
        return found if found is ENDLESS else found / 2**extra

    return armijo


def promise(new, old, rate, g, c):
    return new < old - c * rate * np.sum(g**2)


armijo = function(
    "2.6 Backtracking",
    halvings(promise),
    [
        case("a rate that is good at once", 2, np.array([0.5]), np.array([1.0]), 0.5, 0.1),
        case("a steep parabola", 2, np.array([10.0, 1.0]), np.array([1.0, 2.0]), 1.0, 0.1),
        case("x^4 from 3", 4, np.array([1.0]), np.array([3.0]), 1.0, 0.1),
        case("a demanding c", 2, np.array([1.0, 3.0]), np.array([1.0, 1.0]), 1.0, 0.5),
        case("any descent is not enough", 2, np.array([0.5]), np.array([2.0]), 1.9, 0.2),
        case("a small slope, whose square is smaller", 2, np.array([0.5]), np.array([0.01]), 1.5, 0.1),
    ],
    fresh=lambda rng: case(
        "", 4, rng.uniform(0.1, 5, size=2), rng.normal(size=2), rng.uniform(0.5, 2), rng.uniform(0.01, 0.4)
    ),
    use=searched,
    mistakes=[
        (halvings(lambda new, old, rate, g, c: new < old), "any descent is accepted; ask for c lr |g|^2"),
        (
            halvings(lambda new, old, rate, g, c: new < old - c * rate * np.linalg.norm(g)),
            "the square of the gradient's length is meant: g @ g",
        ),
        (halvings(lambda new, old, rate, g, c: new < old - c * np.sum(g**2)), "lr is missing on the right side"),
        (halvings(lambda new, old, rate, g, c: new < old - rate * np.sum(g**2) * 0.1), "c is an argument; use it"),
        (halvings(lambda new, old, rate, g, c: new < old + c * rate * np.sum(g**2)), "the sign: enough is below f(x)"),
        (halvings(promise, extra=1), "it is halved once too often"),
        (halvings(promise, extra=-1), "this is the last rate that failed; return the next one"),
        (
            lambda f, x, g, lr=1.0, c=0.1: lr if promise(f(x - lr * g), f(x), lr, g, c) else ENDLESS,
            "lr does not change in the loop: halve it there",
        ),
        (lambda f, x, g, lr=1.0, c=0.1: lr, "lr comes back as it was: when is it halved?"),
        (
            lambda f, x, g, lr=1.0, c=0.1: lr if promise(f(x - lr * g), f(x), lr, g, c) else lr / 2,
            "it is halved at most once: go on while it is not enough",
        ),
    ],
)


# 2.7

proof = order(
    "2.7 Why the gradient vanishes",
    "BEGCAFD",
    mistakes=[
        ("BECGAFD", "the inequality of one step is the descent lemma, rearranged: the lemma comes first"),
        ("EBGCAFD", "the step is put into an inequality, and there is none yet"),
        ("BEGACFD", "what is added up is the inequality of one step, and it is not there yet"),
        ("BEGCADF", "as long as the bound contains f(x_T), it might grow with T"),
        ("BEGCFAD", "there is no sum yet that f* could bound"),
    ],
)


# 2.8


def layer(slope=lambda a: 1 - a**2, bias=np.sum, scale=lambda n: 1, results=lambda dW, db, dX: (dW, db, dX)):
    """The backward pass written out in indices."""

    def backward(X, W, a, da):
        ds, n = da * slope(a), scale(len(X))
        dW = np.einsum("ik,ij->kj", X, ds) / n
        return results(dW, bias(ds, axis=0), np.einsum("ij,kj->ik", ds, W))

    return backward


def drawn_layer(rng, n=5, p=3, m=2):
    X, W = rng.normal(size=(n, p)), rng.normal(size=(p, m))
    return case("", X, W, np.tanh(X @ W + rng.normal(size=m)), rng.normal(size=(n, m)))


ONE, FIVE = drawn_layer(np.random.default_rng(1), 1, 1, 1), drawn_layer(np.random.default_rng(2))
SQUARE = drawn_layer(np.random.default_rng(3), 3, 3, 3)

layer_backward = function(
    "2.8 The backward pass of a layer",
    layer(),
    [case("one example, one unit", *ONE.args), case("five examples", *FIVE.args), case("all widths 3", *SQUARE.args)],
    fresh=drawn_layer,
    parts=("dW", "db", "dX"),
    mistakes=[
        (layer(slope=lambda a: 1), "the slope of tanh is missing: multiply by 1 - a^2 first"),
        (layer(slope=lambda a: 1 - np.tanh(a) ** 2), "a is the value of tanh already: its slope is 1 - a^2"),
        (layer(slope=lambda a: 1 - a), "the slope of tanh is 1 - a^2"),
        (layer(slope=lambda a: a * (1 - a)), "this is the slope of the logistic function; tanh has 1 - a^2"),
        (layer(bias=np.mean), "the bias adds to every row: its gradient is the sum, not the mean"),
        (layer(scale=lambda n: n), "no division by n: if the loss is a mean, da has it already"),
        (layer(scale=lambda n: n, bias=np.mean), "no division by n: if the loss is a mean, da has it already"),
        (layer(results=lambda dW, db, dX: (dX, db, dW)), "the results have changed places: dW, db, dX"),
        (layer(results=lambda dW, db, dX: (dW.T, db, dX)), "dW has the shape of W: X.T @ ds"),
        (
            lambda X, W, a, da: (X.T @ (da * (1 - a * a)), (da * (1 - a * a)).sum(axis=0), da @ W.T),
            "dX goes through the tanh, too: with ds, not da",
        ),
    ],
)


# 2.9


def where(condition):
    """The distance at which condition(|next x| / |x|, factor) turns, by bisection between 1e-6 and 1e6."""

    def found(lr):
        low, high = 1e-6, 1e6
        for _ in range(200):
            middle = (low * high) ** 0.5
            low, high = (low, middle) if condition(1 - 4 * lr * middle * middle) else (middle, high)
        return low

    return found


edge_of = function(
    "2.9 An adversary: the edge",
    where(lambda factor: factor < -1),
    [case("rate 0.5", 0.5), case("rate 0.02", 0.02)],
    fresh=lambda rng: case("", 10 ** rng.uniform(-4, 1)),
    mistakes=[
        (where(lambda factor: factor < 0), "from there a step lands at 0; where does it land at -x?"),
        (lambda lr: 1 / np.sqrt(6 * lr), "this is 2 over the curvature at x; the step itself comes closer for longer"),
        (lambda lr: 1 / (2 * lr), "this is its square: take the root"),
        (lambda lr: 1 / np.sqrt(lr), "a factor is missing: the gradient is 4 x^3"),
        (lambda lr: -1 / np.sqrt(2 * lr), "a distance is meant: the positive one"),
        (lambda lr: np.sqrt(2 * lr), "upside down: a smaller rate bears a larger distance"),
    ],
)


def farthest(start, lr):
    """The largest |x| within 20 steps."""
    x, top = float(start), abs(float(start))
    for _ in range(20):
        x = x * (1 - 4 * lr * x * x)
        top = max(top, abs(x))
        if top > 1e6:
            break
    return top


def outcome(adversary, lr):
    """What becomes of a run from the adversary's start, in words."""
    start, edge = float(adversary(lr)), (0.5 / lr) ** 0.5
    if not np.isfinite(start):
        return "no finite start"
    if abs(start) > 10 * edge:
        return "a start more than ten times as far out as necessary"
    return "a run beyond a million" if farthest(start, lr) > 1e6 else "a run that stays below a million"


adversary = function(
    "2.9 An adversary: the start",
    lambda lr: (2 / lr) ** 0.5,
    [case("a large rate", 1.0), case("a middling rate", 0.1), case("a small rate", 1e-4)],
    fresh=lambda rng: case("", 10 ** rng.uniform(-4, 1)),
    use=outcome,
    mistakes=[
        (lambda lr: 0.0, "start farther outside the edge"),
        (lambda lr: 1e9, "how far is the edge, and how far is this?"),
        (lambda lr: 3.0, "the edge depends on the rate, and so must the start"),
        (lambda lr: 10.0, "the edge depends on the rate, and so must the start"),
        (lambda lr: 100.0, "the edge depends on the rate, and so must the start"),
    ],
)


# 2.10


def counted(p, q):
    n, fails = 1, 1 - p
    while fails > 1 - q:
        n, fails = n + 1, fails * (1 - p)
    return n


starts_needed = function(
    "2.10 How many starts?",
    counted,
    [case("a coin, for 90 %", 0.5, 0.9), case("5 %, for 99 %", 0.05, 0.99), case("one start is enough", 0.9, 0.5)],
    fresh=lambda rng: case("", rng.uniform(0.02, 0.6), rng.uniform(0.5, 0.99)),
    mistakes=[
        (lambda p, q: int(np.ceil(q / p)), "chances do not add up: two starts may find the same; failures multiply"),
        (lambda p, q: q / p, "chances do not add up: two starts may find the same; failures multiply"),
        (lambda p, q: np.log(1 - q) / np.log(1 - p), "a whole number is meant: round up"),
        (lambda p, q: int(np.log(1 - q) / np.log(1 - p)), "rounded down, the chance is too small: round up"),
        (lambda p, q: round(np.log(1 - q) / np.log(1 - p)), "rounded to the nearest, it is at times too few: round up"),
        (lambda p, q: int(np.ceil(np.log(q) / np.log(1 - p))), "all must fail with at most 1 - q, not q"),
        (lambda p, q: int(np.ceil(np.log(q) / np.log(p))), "this is for all of them to succeed; all must not fail"),
        (lambda p, q: int(np.log(1 - q) / np.log(1 - p)) + 2, "one fewer is enough"),
    ],
)
