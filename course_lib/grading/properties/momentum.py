"""Hidden checks of sheet 04: momentum in its spellings, the roots behind it, and what two texts have slipped on."""

import numpy as np

from course_lib.grading.properties import Property, close, intact

WITHHELD = {"optimizers": ["momentum", "momentum_ema", "nesterov"]}

READ = dict.fromkeys(("ema", "heavy_ball"), "2. A memory that fades")
READ |= dict.fromkeys(("full_speed", "sum_to_ema", "ema_to_sum", "sum_to_inside"), "3. One method, four spellings")
READ |= dict.fromkeys(
    ("proof", "critical_beta", "measured_beta", "rate", "per_step", "edge"), "5. A map of all settings"
)
READ |= dict.fromkeys(("told_from_ahead", "look_ahead"), "6. Look before you leap")
READ |= {"times": "8. The speed limit", "cycle": "6. Look before you leap"}
READ |= dict.fromkeys(("completed", "next_z"), "4. Back in the valley")


# 4.1


def series(rng):
    return rng.normal(size=rng.integers(9, 15)), rng.uniform(0.2, 0.95)


def follows(ema, rng):
    y, beta = series(rng)
    mean, _ = ema(y.copy(), beta)
    before = np.concatenate([[0.0], np.asarray(mean)[:-1]])
    return close(mean, beta * before + (1 - beta) * y)


def weighs(ema, rng):
    y, beta = series(rng)
    _, corrected = ema(y.copy(), beta)
    weights = [beta ** np.arange(t, -1, -1) for t in range(len(y))]
    return close(corrected, np.array([np.average(y[: len(w)], weights=w) for w in weights]))


# 4.2 and 4.7: a step, as its matrix


def ball(x, g, v, lr, beta):
    return x - lr * (beta * v + g), beta * v + g


def ahead(x, g, v, lr, beta):
    return x - lr * (1 + beta) * g - lr * beta**2 * v, beta * v + g


def drawn(rng):
    return rng.normal(size=(3, rng.integers(3, 6), 4)), {"lr": rng.uniform(0.05, 2), "beta": rng.uniform(0.1, 0.95)}


def part(right, which):
    """Whether one of the two results of a step is right."""

    def holds(step, rng):
        (x, g, v), hyper = drawn(rng)
        expected = right(x, g, v, **hyper)[which]
        got = step(x.copy(), g.copy(), v.copy(), **hyper)
        return len(got) == 2 and close(got[which], expected)

    return holds


def both(right, call=lambda step, *args, **hyper: step(*(arg.copy() for arg in args), **hyper), **default):
    """Whether both results are right. default: hyperparameters that are not given, since these are their defaults."""

    def holds(step, rng):
        given, hyper = drawn(rng)
        expected = right(*given, **hyper | default)
        return close(call(step, *given, **{name: hyper[name] for name in hyper if name not in default}), expected)

    return holds


NESTEROV = [
    Property("The new point is the look-ahead point of Nesterov's method.", part(ahead, 0)),
    Property("Beside the right point, the new velocity comes back.", both(ahead), 0.5),
    Property("The whole step is right if beta is not given, and then 0.9.", both(ahead, beta=0.9), 0.25),
    Property("The step is right and changes nothing in place.", both(ahead, intact), 0.25),
]


# 4.4: the old spelling and the new one, as what becomes of the memory and how far the point moves


def from_sum(v, g, lr, beta):
    return beta * v + g, lr * (beta * v + g)


def from_mean(v, g, lr, beta):
    return beta * v + (1 - beta) * g, lr * (beta * v + (1 - beta) * g)


def from_inside(v, g, lr, beta):
    return beta * v + lr * g, beta * v + lr * g


def conversion(old, new, rate, memory):
    def drawn(rng):
        return rng.uniform(0.01, 2), rng.normal(size=rng.integers(4, 7)), rng.uniform(0.1, 0.97)

    def rate_holds(converter, rng):
        lr, v, beta = drawn(rng)
        return close(converter(lr, v.copy(), beta)[0], rate(lr, beta))

    def memory_holds(converter, rng):
        lr, v, beta = drawn(rng)
        return close(converter(lr, v.copy(), beta)[1], memory(lr, beta) * v)

    def path_holds(converter, rng):
        lr, v, beta = drawn(rng)
        lr_new, v_new = intact(converter, lr, v, beta)
        v_new, moves = np.asarray(v_new), []
        for g in rng.normal(size=(6, len(v))):
            v, move = old(v, g, lr, beta)
            v_new, move_new = new(v_new, g, lr_new, beta)
            moves.append(close(move_new, move))
        return all(moves)

    return [
        Property("The memory is that of the new spelling.", memory_holds, 0.5),
        Property("The rate is that of the new spelling.", rate_holds, 0.5, needs=0 if new is from_inside else None),
        Property("The path goes on as if nothing had happened.", path_holds),
    ]


# 4.6 and 4.9


def critical(low, high):
    def holds(critical_beta, rng):
        product, lam = rng.uniform(low, high), rng.uniform(0.2, 5)
        beta = float(critical_beta(product / lam, lam))
        return 0 <= beta < 1 and close((1 + beta - product) ** 2, 4 * beta)

    return holds


def root_of(draw):
    def holds(rate, rng):
        product, beta = draw(rng)
        lam = rng.uniform(0.2, 5)
        return close(rate(product / lam, lam, beta), np.abs(np.roots([1, product - 1 - beta, beta])).max(), 1e-6)

    return holds


def ripple(rng):
    beta = rng.uniform(0.1, 0.95)
    root = beta**0.5
    return rng.uniform((1 - root) ** 2, (1 + root) ** 2), beta


def creep(rng):
    beta = rng.uniform(0.05, 0.7)
    return rng.uniform(0.05, 0.95) * (1 - beta**0.5) ** 2, beta


def flip(rng):
    beta = rng.uniform(0.05, 0.95)
    return rng.uniform(1.02, 2) * (1 + beta**0.5) ** 2, beta


# 4.10


def quadratic(rng):
    d = rng.integers(3, 6)
    A = rng.normal(size=(d, d))
    return A @ A.T + np.eye(d), rng.normal(size=d), rng.normal()


def h(x, Q, c, b):
    return x @ Q @ x / 2 + c @ x + b


def equal(completed, rng):
    Q, c, b = quadratic(rng)
    x = rng.normal(size=len(c))
    expected = h(x, Q, c, b)
    return close(intact(completed, x, Q, c, b), expected)


def equal_but_for_a_constant(completed, rng):
    Q, c, b = quadratic(rng)
    x, y = rng.normal(size=(2, len(c)))
    given = [value.copy() for value in (Q, c)]
    return close(completed(x.copy(), *given, b) - completed(y.copy(), *given, b), h(x, Q, c, b) - h(y, Q, c, b))


def descends(next_z, rng):
    z, lam, lr = rng.normal(size=5), rng.uniform(0.1, 5, size=5), rng.uniform(0.05, 0.9)
    expected = (1 - lr * lam) * z
    return close(intact(next_z, z, lam, lr), expected)


HIDDEN = {
    "ema": [
        Property("Each mean is beta times the one before it and 1 - beta times the new value, from 0 on.", follows),
        Property("The corrected mean is a mean: its fading weights have the sum 1.", weighs),
    ],
    "heavy_ball": [
        Property("The new velocity is beta times the old one plus the gradient.", part(ball, 1)),
        Property("The point moves by the rate times the new velocity, against it.", part(ball, 0)),
        Property("The whole step is right if beta is not given, and then 0.9.", both(ball, beta=0.9), 0.5),
        Property("The step is right and changes nothing in place.", both(ball, intact), 0.5),
    ],
    "sum_to_ema": conversion(from_sum, from_mean, lambda r, b: r / (1 - b), lambda r, b: 1 - b),
    "ema_to_sum": conversion(from_mean, from_sum, lambda r, b: r * (1 - b), lambda r, b: 1 / (1 - b)),
    "sum_to_inside": conversion(from_sum, from_inside, lambda r, b: r, lambda r, b: r),
    "critical_beta": [
        Property("Where the product of rate and curvature is below 1, the roots coincide there.", critical(0.05, 0.95)),
        Property("Where the product of rate and curvature is above 1, the roots coincide there.", critical(1.05, 3.9)),
    ],
    "told_from_ahead": NESTEROV,
    "look_ahead": NESTEROV,
    "rate": [
        Property("It is right for a ball that ripples.", root_of(ripple)),
        Property("It is right for a ball that creeps.", root_of(creep)),
        Property("It is right for a ball that flies off, from side to side.", root_of(flip)),
    ],
    "completed": [
        Property("It is the same function as before, and changes nothing in place.", equal),
        Property("It is the same function but for a constant.", equal_but_for_a_constant, 0.5),
    ],
    "next_z": [Property("A step multiplies each coordinate by 1 minus the rate times its curvature.", descends)],
}
