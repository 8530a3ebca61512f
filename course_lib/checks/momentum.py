"""Checks of sheet 04. The right answers here are sums, matrices and closed forms, not the steps of the library."""

from dataclasses import replace

import numpy as np

from course_lib.checks import answer, case, function, numbers, order

X, G, V = np.array([1.0, 2.0]), np.array([0.5, -1.0]), np.array([0.1, 0.2])
MANY = np.linspace(-2, 2, 6).reshape(2, 3)  # three runs side by side


# 4.1


def smoothed(values, old, new, start=0.0):
    """All m of m <- old m + new value, from m = start, as one product: a value k steps old has the weight new old^k."""
    t = np.arange(len(values))
    age = t[:, None] - t
    weights = np.where(age >= 0, new * float(old) ** np.maximum(age, 0), 0.0)
    return weights @ values + start * float(old) ** (t + 1)


def means(mean=lambda x, b: smoothed(x, b, 1 - b), bias=lambda t, b: 1 - b**t):
    """A function of exercise 4.1 from its mean and from what divides it at step t = 1, 2, ..."""

    def ema(values, beta):
        with np.errstate(all="ignore"):
            return mean(values, beta), mean(values, beta) / bias(np.arange(1, len(values) + 1), beta)

    return ema


def corrected_memory(values, beta):
    path, m = [], 0.0
    for t, value in enumerate(values, 1):
        m = (beta * m + (1 - beta) * value) / (1 - beta**t)
        path.append(m)
    return np.array(path), np.array(path)


ema = function(
    "4.1 A running mean and its slow start",
    means(),
    [
        case("a constant series", np.ones(4), 0.9),
        case("one jump", np.array([0.0, 0.0, 4.0, 4.0, 4.0]), 0.5),
        case("beta = 0", np.array([3.0, -1.0, 2.0]), 0.0),
        case("a single value", np.array([2.0]), 0.75),
    ],
    fresh=lambda rng: case("", rng.normal(size=8), rng.uniform(0.1, 0.95)),
    parts=("mean", "corrected mean"),
    mistakes=[
        (means(lambda x, b: smoothed(x, b, 1)), "this is the fading sum; in a mean the new value counts 1 - beta"),
        (means(lambda x, b: smoothed(x, 1 - b, b)), "beta and 1 - beta have changed places: beta keeps the old mean"),
        (
            means(lambda x, b: smoothed(x, 1 - b, b), lambda t, b: 1 - (1 - b) ** t),
            "beta and 1 - beta have changed places: beta keeps the old mean",
        ),
        (means(lambda x, b: smoothed(x, b, 1 - b, x[0])), "the memory starts at 0, not at the first value"),
        (
            means(lambda x, b: smoothed(x, b, 1 - b, x[0]), lambda t, b: 1),
            "the memory starts at 0, not at the first value: that leaves something to correct",
        ),
        (means(bias=lambda t, b: 1), "the second result is not corrected yet: divide by 1 - beta^t"),
        (means(bias=lambda t, b: 1 - b), "1 - beta belongs to the first step only; at step t it is 1 - beta^t"),
        (means(bias=lambda t, b: 1 - b ** (t - 1)), "the correction is a step late: the first one is 1 - beta^1"),
        (means(bias=lambda t, b: 1 - b ** (t + 1)), "the correction is a step early: the first one is 1 - beta^1"),
        (means(bias=lambda t, b: 1 / (1 - b**t)), "the mean starts too small: divide by 1 - beta^t, do not multiply"),
        (corrected_memory, "the corrected mean went back into the memory; the memory itself stays biased"),
        (lambda values, beta: means()(values, beta)[::-1], "the two results have changed places"),
    ],
)


# 4.2 and 4.7: a step is linear in the point, the gradient and the velocity


def step(rows):
    """A step as a matrix: rows(lr, beta) are the weights of x, g and v in the new point and in the new velocity."""
    return lambda x, g, v=0.0, *, lr, beta=0.9: tuple(a * x + b * g + c * v for a, b, c in rows(lr, beta))


def stale(rows):
    """The same, but the velocity that comes back is the old one."""
    return lambda x, g, v=0.0, **hyper: (step(rows)(x, g, v, **hyper)[0], v)


def ball(r, b):
    return (1, -r, -r * b), (0, 1, b)


def ahead(r, b):
    return (1, -r * (1 + b), -r * b * b), (0, 1, b)


STEPS = {
    "cases": [
        case("the first step", X, G, lr=0.1),
        case("a later step", X, G, V, lr=0.1),
        case("beta = 0", X, G, V, lr=0.2, beta=0.0),
        case("three runs side by side", MANY, MANY + 1, MANY - 1, lr=0.3, beta=0.8),
    ],
    "fresh": lambda rng: case("", *rng.normal(size=(3, 2)), lr=rng.uniform(0.01, 1), beta=rng.uniform(0.01, 0.99)),
    "parts": ("new point x", "new velocity v"),
}

heavy_ball = function(
    "4.2 One step of heavy ball",
    step(ball),
    **STEPS,
    mistakes=[
        (step(lambda r, b: ((1, -r * (1 - b), -r * b), (0, 1 - b, b))), "this is the running mean; the sum is meant"),
        (step(lambda r, b: ((1, r, r * b), (0, 1, b))), "the sign of the step: x goes against v"),
        (step(lambda r, b: ((1, r, -r * b), (0, -1, b))), "the sign of the gradient: v adds gradients up"),
        (step(lambda r, b: ((1, -r, r * b), (0, -1, b))), "v adds gradients up; the minus sign stands in the step"),
        (step(lambda r, b: ((1, 0, -r), (0, 1, b))), "x moves with the old velocity; take the new one"),
        (stale(ball), "the velocity that comes back is the old one"),
        (step(lambda r, b: ((1, -r, 0), (0, 1, b))), "x moves by the gradient alone; use the velocity"),
        (step(lambda r, b: ((1, -r, 0), (0, 1, 0))), "this is gradient descent: the old velocity is not used"),
        (step(lambda r, b: ((1, -r, -b), (0, r, b))), "the rate is inside the velocity; here it stands in the step"),
        (step(lambda r, b: ((1, -b, -b * r), (0, 1, r))), "lr and beta have changed places"),
        (step(lambda r, b: ((1, -r * b, -r * b), (0, b, b))), "beta multiplies the old velocity only"),
        (step(ahead), "this is Nesterov's step, exercise 4.7"),
        (step(lambda r, b: ball(r, b)[::-1]), "the results have changed places: first x, then v"),
    ],
)

look_ahead = function(
    "4.7 Nesterov in three tellings: without the ball",
    step(ahead),
    **STEPS,
    mistakes=[
        (step(ball), "with the old velocity the look-ahead cancels out: this is the heavy ball; take the new velocity"),
        (step(lambda r, b: ((1, -r, 0), (0, 1, b))), "this is where the ball is; x is ahead of it by beta lr v"),
        (step(lambda r, b: ((1, -2 * r, -r * b), (0, 1, b))), "too far ahead: the velocity fades, beta lr v"),
        (step(lambda r, b: ((1, r * b - r, r * b * b), (0, 1, b))), "the sign: ahead of the ball is ball - beta lr v"),
        (step(lambda r, b: ((1, -r * b, r * b * (1 - b)), (0, 1, b))), "the ball has to move by lr v, too"),
        (
            step(lambda r, b: ((1, -r * (1 + b), -r * b * (1 + b)), (0, 1, b))),
            "this moves the look-ahead point as if it were the ball, which lies beta lr v behind it",
        ),
        (
            step(lambda r, b: ((1, -r - b, -b * b), (0, 1, b))),
            "the rate multiplies both, the gradient and the velocity",
        ),
        (step(lambda r, b: ((1, -r * b, -r * b * b), (0, 1, b))), "the fresh gradient is missing: g + beta v"),
        (
            step(lambda r, b: ((1, r * (1 + b), r * b * b), (0, 1, b))),
            "the sign of the step: x goes against g + beta v",
        ),
        (stale(ahead), "the velocity that comes back is the old one"),
        (
            step(lambda r, b: ((1, -r * (1 + b - b * b), -r * b * b), (0, 1 - b, b))),
            "v is a running mean; the sum is meant",
        ),
    ],
)


told_from_ahead = replace(look_ahead, name="4.7 Nesterov in three tellings: from the look-ahead point")


# 4.3

full_speed = answer(
    "4.3 Guess before you run: full speed",
    0.2,
    mistakes=[
        (0.01, "this is gradient descent, or a running mean: their gain is 1"),
        (0.1, "this is the gain of beta = 0.9; here beta is 0.95"),
        (0.19, "the fresh gradient counts, too: 1 + beta + beta^2 + ..."),
        (20.0, "this is the gain; a step is the learning rate times it"),
    ],
    tolerance=1e-3,
)

edge = answer(
    "4.3 Guess before you run: the edge",
    0.75,
    mistakes=[
        (0.5, "this is the edge of gradient descent, 2/L; momentum moves it outwards"),
        (0.25, "the sign: momentum makes larger rates safe"),
        (3.0, "this is the edge for L = 1; here L is 4"),
        (0.375, "a factor 2 is missing: put r = -1 into the equation of the roots"),
        (1.0, "a gain of 2 does not double the edge: put r = -1 into the equation of the roots"),
    ],
    tolerance=1e-3,
)

times = answer(
    "4.3 Guess before you run: the longer valley",
    2.0,
    mistakes=[
        (4.0, "this is gradient descent, whose steps grow like kappa"),
        (16.0, "the steps grow like the root of kappa, not like its square"),
        (1.0, "each valley has its best setting, and yet the longer one takes longer"),
    ],
    tolerance=0.05,
)


# 4.4


def converter(rate, memory):
    """A function of exercise 4.4 from the factors on the rate and on the memory."""
    return lambda lr, v, beta: (lr * rate(lr, beta), v * memory(lr, beta))


def conversion(words, rate, memory, mistakes):
    return function(
        f"4.4 Another spelling, the same path: {words}",
        converter(rate, memory),
        [
            case("at momentum 0.9", 0.1, np.array([2.0, -4.0]), 0.9),
            case("at momentum 0", 0.3, np.array([2.0, -4.0]), 0.0),
        ],
        fresh=lambda rng: case("", rng.uniform(0.01, 2), rng.normal(size=3), rng.uniform(0.05, 0.99)),
        parts=("learning rate", "memory"),
        mistakes=[(converter(*wrong), message) for *wrong, message in mistakes],
    )


def same(r, b):
    return 1


def less(r, b):
    return 1 - b


def more(r, b):
    return 1 / (1 - b)


def times_rate(r, b):
    return r


def over_rate(r, b):
    return 1 / r


STALE = "the memory is still in the old spelling; the next step would jump"

sum_to_ema = conversion(
    "sum to mean",
    more,
    less,
    [
        (less, more, "both go the wrong way: a mean is smaller than a sum, so its rate is larger"),
        (more, same, STALE),
        (same, less, "the same rate on a smaller memory takes smaller steps"),
        (less, less, "the rate goes the wrong way: a mean is smaller than a sum, so its rate is larger"),
        (more, more, "the memory goes the wrong way: a mean is smaller than a sum"),
    ],
)

ema_to_sum = conversion(
    "mean to sum",
    less,
    more,
    [
        (more, less, "both go the wrong way: a sum is larger than a mean, so its rate is smaller"),
        (less, same, STALE),
        (same, more, "the same rate on a larger memory takes larger steps"),
        (more, more, "the rate goes the wrong way: a sum is larger than a mean, so its rate is smaller"),
        (less, less, "the memory goes the wrong way: a sum is larger than a mean"),
    ],
)

sum_to_inside = conversion(
    "rate outside to inside",
    same,
    times_rate,
    [
        (same, same, STALE),
        (over_rate, times_rate, "the gradients to come still need the rate: it stays as it is"),
        (same, over_rate, "the memory goes the wrong way: inside, each gradient in it was multiplied by the rate"),
        (more, times_rate, "this rate is for a mean; here both spellings are sums"),
    ],
)


# 4.5

proof = order(
    "4.5 Why a ripple shrinks by root beta",
    "CFAGDBE",
    "FCAGDBE",
    "CFAGBDE",
    "FCAGBDE",
    mistakes=[
        ("CAFGDBE", "the velocity can be replaced only when a line says by what"),
        ("CFGADBE", "the power is tried in an equation between positions alone, and there is none yet"),
        ("CFAGEDB", "the conclusion stands before its reasons"),
        ("CFAGDEB", "the conclusion needs to know that the product is the square of a size"),
    ],
)


# 4.6

critical_beta = function(
    "4.6 The critical momentum: the formula",
    lambda lr, lam: 1 + lr * lam - 2 * (lr * lam) ** 0.5,
    [
        case("a flat direction", 0.01, 1.0),
        case("where gradient descent arrives at once", 0.5, 2.0),
        case("a steep direction", 3.0, 0.75),
    ],
    fresh=lambda rng: case("", *rng.uniform(0.1, 1.9, size=2)),
    mistakes=[
        (lambda lr, lam: abs(1 - (lr * lam) ** 0.5), "this is the root of it: square it"),
        (lambda lr, lam: 1 - (lr * lam) ** 0.5, "this is the root of it, with a sign: square it"),
        (
            lambda lr, lam: 1 - lr * lam,
            "this is the factor of gradient descent; look for where the roots become complex",
        ),
        (lambda lr, lam: (1 - lr * lam) ** 2, "lr lam = (1 - root beta)^2: solved for beta, it is under a root"),
        (lambda lr, lam: (1 + (lr * lam) ** 0.5) ** 2, "this is the other solution, which is above 1"),
        (lambda lr, lam: (1 - lr * lam**0.5) ** 2, "the rate is under the root, too"),
        (lambda lr, lam: (1 - lam**0.5) ** 2, "the rate is missing: it is always the product lr lam that counts"),
    ],
)

measured_beta = answer(
    "4.6 The critical momentum: measured",
    0.49,
    mistakes=[
        (0.0, "this is the slowest one; look for the smallest distance"),
        (0.99, "this is the largest of all; look for the smallest distance"),
        (0.7, "this is root beta, the factor of a step; the momentum is its square"),
        (0.968, "this is the most negative end; the distance from 0 is its size, np.abs(last)"),
        (lambda beta: beta > 1, "this is an index; the momentum is what stands at it in betas"),
        (lambda beta: 0.49 < beta < 0.6, "the last distance of a ripple can be small by chance: make 1,000 steps"),
    ],
    tolerance=5e-3,
)


# 4.8


def places(lr, beta, start, looks_ahead=False, steps=6000):
    """Positions on Lessard's function, told without a velocity: each step repeats beta times the one before."""
    path = [start, start]
    while len(path) < steps + 2 and abs(path[-1]) < 1e9:
        glide = beta * (path[-1] - path[-2])
        x = path[-1] + looks_ahead * glide
        slope = 25 * x - 24 * min(max(x - 1, 0), 1)  # a curvature of 25, of 1 from x = 1 to 2
        path.append(path[-1] + glide - lr * slope)
    return np.array(path)


def period(setting):
    """After how many steps the heavy ball is back where it was, up to 99; 0 if it never is."""
    last = places(*setting)[-300:]
    return next((p for p in range(1, len(last) // 3) if np.allclose(last[p:], last[:-p], rtol=0, atol=1e-6)), 0)


cycle = answer(
    "4.8 Hunt for a cycle",
    rules=[
        (
            "three numbers",
            lambda s: np.shape(numbers(s)) == (3,) and np.all(np.isfinite(numbers(s))),
            "Three numbers are meant: (lr, beta, start).",
        ),
        ("they are in range", lambda s: s[0] > 0 and 0 <= s[1] <= 0.99, "lr is above 0, and beta from 0 to 0.99."),
        (
            "the heavy ball stays",
            lambda s: abs(places(*s)[-1]) < 1e9,
            "The heavy ball flies off: this rate is beyond its edge, 2(1 + beta)/25.",
        ),
        (
            "it does not arrive",
            lambda s: 1e-3 < np.max(np.abs(places(*s)[-200:])) < 1e9,
            "The heavy ball arrives at the minimum. Try another rate, another start, or more momentum.",
        ),
        (
            "it comes back to the same places",
            lambda s: period(s) > 1,
            "The heavy ball moves for ever, but its last 100 places do not repeat. Change the rate a little.",
        ),
        (
            "Nesterov's ball stays",
            lambda s: abs(places(*s, looks_ahead=True)[-1]) < 1e9,
            "The heavy ball cycles, but here Nesterov's ball flies off: its edge is nearer. "
            "Take a smaller rate and more momentum.",
        ),
        (
            "Nesterov's ball arrives",
            lambda s: abs(places(*s, looks_ahead=True)[-1]) < 1e-6,
            "The heavy ball cycles, but Nesterov's ball has not arrived after 6,000 steps. Take a larger rate.",
        ),
    ],
)


# 4.9


def larger(size):
    """A function of exercise 4.9: size(half the trace, half the root of the discriminant)."""

    def rate(lr, lam, beta):
        trace = 1 + beta - lr * lam
        return size(trace / 2, np.sqrt(complex(trace**2 - 4 * beta)) / 2)

    return rate


per_step = answer(
    "4.9 Bug hunt, two root betas: measured",
    0.9,
    mistakes=[
        (1.8, "this is the sentence, not the run: a ball that grows 1.8 times a step flies off"),
        (0.81, "this is beta, the product of both roots; a step shrinks by the size of one of them"),
        (lambda value: 0 <= value < 1e-3, "this is the shrinking of all steps together; take the root, ** (1 / steps)"),
    ],
    tolerance=0.01,
)

rate = function(
    "4.9 Bug hunt, two root betas: mended",
    lambda lr, lam, beta: np.max(np.abs(np.linalg.eigvals([[1 + beta - lr * lam, -beta], [1, 0]]))),
    [
        case("a ripple", 1.0, 1.0, 0.81),
        case("a ball that creeps", 0.01, 1.0, 0.25),
        case("no momentum", 0.5, 1.0, 0.0),
        case("a ball that flies off", 4.0, 1.0, 0.5),
    ],
    fresh=lambda rng: case("", rng.uniform(0.01, 2), rng.uniform(0.1, 2), rng.uniform(0.01, 0.99)),
    mistakes=[
        (larger(lambda h, q: 2 * max(abs(h + q), abs(h - q))), "this is as printed: look at what divides the roots"),
        (larger(lambda h, q: max(abs(h + 2 * q), abs(h - 2 * q))), "the square root is to be halved, too"),
        (larger(lambda h, q: max(abs(2 * h + q), abs(2 * h - q))), "the trace is to be halved, too"),
        (larger(lambda h, q: min(abs(h + q), abs(h - q))), "the larger of the two sizes decides"),
        (larger(lambda h, q: abs(h + q)), "a root near -1 can be the larger one: take the larger of both sizes"),
        (larger(lambda h, q: abs(h)), "the imaginary part belongs to the size of a root"),
        (
            lambda lr, lam, beta: beta**0.5,
            "this is right in a ripple only; the roots of a ball that creeps differ in size",
        ),
        (lambda lr, lam, beta: 2 * beta**0.5, "this is the sentence; the run at beta = 0.81 shrinks by 0.9 a step"),
    ],
    tolerance=1e-6,
)


# 4.10


def square(sign, constant=-0.5, factor=0.5):
    """A function of exercise 4.10 from the sign of Q^-1 c in the square, and the factors of c Q^-1 c and the square."""

    def completed(x, Q, c, b):
        z = x + sign * np.linalg.solve(Q, c)
        return factor * z @ Q @ z + b + constant * c @ np.linalg.solve(Q, c)

    return completed


def drawn_square(rng):
    A = rng.normal(size=(3, 3))
    return case("", rng.normal(size=3), A @ A.T + np.eye(3), rng.normal(size=3), rng.normal())


Q, C = np.array([[2.0, 0.5], [0.5, 1.0]]), np.array([1.0, -1.0])
TURN = np.array([[0.6, 0.8], [-0.8, 0.6]])  # its rows are the directions of the curvatures lam

completed = function(
    "4.10 Bug hunt, a square completed: the function",
    lambda x, Q, c, b: 0.5 * x @ Q @ x + c @ x + b,
    [
        case("at the origin", np.zeros(2), Q, C, 1.0),
        case("elsewhere", np.array([0.3, 0.7]), Q, C, 0.0),
        case("c = 0, where the slip does not show", np.array([0.3, 0.7]), Q, np.zeros(2), 0.5),
    ],
    fresh=drawn_square,
    mistakes=[
        (square(-1), "this is as printed, with its minimum at + Q^-1 c; the gradient Qx + c is zero elsewhere"),
        (square(-1, 0.5), "the sign changes in the square, not in the constant"),
        (square(1, 0.5), "the square is right; at the minimum, where it is 0, b - c Q^-1 c / 2 is left"),
        (square(1, factor=1), "the factor 1/2 of the square is missing"),
        (square(1, -1), "the factor 1/2 of the constant is missing"),
        (square(1, 0), "the constant - c Q^-1 c / 2 is missing"),
    ],
)

next_z = function(
    "4.10 Bug hunt, a square completed: the step",
    lambda z, lam, lr: TURN @ (TURN.T @ z - lr * (TURN.T @ np.diag(lam) @ TURN) @ (TURN.T @ z)),  # a step in x
    [
        case("a small rate", np.array([1.0, 2.0]), np.array([0.5, 3.0]), 0.1),
        case("rate 0 stays", np.array([1.0, 2.0]), np.array([0.5, 3.0]), 0.0),
        case("rate 1, where the slip does not show", np.array([1.0, 2.0]), np.array([0.5, 3.0]), 1.0),
    ],
    fresh=lambda rng: case("", rng.normal(size=2), rng.uniform(0.1, 5, size=2), rng.uniform(0.01, 0.9)),
    mistakes=[
        (lambda z, lam, lr: z - lam * z, "this is as printed: the learning rate is missing"),
        (lambda z, lam, lr: z - lr * z, "the curvatures are missing: the gradient in z is lam z"),
        (lambda z, lam, lr: z + lr * lam * z, "the sign: a step goes against the gradient"),
        (lambda z, lam, lr: lr * (z - lam * z), "the rate multiplies the gradient, not the point"),
        (lambda z, lam, lr: -lr * lam * z, "this is the step alone: add it to z"),
    ],
)
