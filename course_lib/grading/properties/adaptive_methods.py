"""Hidden checks of sheet 05: AdaGrad, RMSProp and Adam line by line, decay that multiplies, and a fair choice."""

import numpy as np

from course_lib.descent import end
from course_lib.grading.properties import Property, close, intact
from course_lib.optimizers import gd, momentum
from course_lib.surfaces import quadratic_form

WITHHELD = {"optimizers": ["adagrad", "rmsprop", "adam", "adamw"]}
WITHHELD["optimizers"] += ["amsgrad", "nadam", "nadam_constant", "radam", "lamb"]  # with some arguments they are those

READ = {"adagrad": "1. Rare words", "rmsprop": "3. RMSProp: forget", "slope_step": "2. Does AdaGrad stop?"}
READ |= {"ball": "3. RMSProp: forget"} | dict.fromkeys(("uncorrected", "lines", "adam"), "5. Adam")
READ |= dict.fromkeys(
    ("printed_first", "adamw", "left_on", "half_life", "decay_for"), "7. AdamW: decay beside the gradient"
)
READ |= {"trusted": "8. Seven cousins, one idea each"} | dict.fromkeys(("loses", "wins"), "9. Turn the valley")
READ |= {"slopes": "6. AMSGrad, and a problem of one line"}
READ |= dict.fromkeys(("tuned", "ratio"), '11. "Adam clearly outperforms"')

TINY = 1e-12  # an eps that cannot be noticed


def several(got, n):
    return isinstance(got, tuple | list) and len(got) == n


# 5.1


def fresh(rng):
    """A place, a gradient and a memory of squares, of runs side by side."""
    shape = rng.integers(3, 6), 4
    return rng.normal(size=shape), rng.normal(size=shape) * 10 ** rng.uniform(-1, 1, shape), rng.uniform(0.1, 4, shape)


def divides(memory, **defaults):
    """The properties of a step that divides by the root of its memory, memory(old, g, **shares).

    defaults: those of its hyperparameters beside lr: eps, and the shares.
    """

    def drawn(rng):
        hyper = {"lr": rng.uniform(0.05, 2)} | {name: rng.uniform(0.1, 0.95) for name in defaults if name != "eps"}
        return fresh(rng), hyper, hyper | {"eps": TINY}

    def right(x, g, s, lr, eps, **given):
        s = memory(s, g, **given)
        return x - lr * g / (np.sqrt(s) + eps), s

    def remembers(step, rng):
        (x, g, s), _, hyper = drawn(rng)
        got = step(x.copy(), g.copy(), s.copy(), **hyper)
        return several(got, 2) and close(got[1], right(x, g, s, **hyper)[1])

    def moves(step, rng):
        (x, g, s), _, hyper = drawn(rng)
        got = step(x.copy(), g.copy(), s.copy(), **hyper)
        return several(got, 2) and close(got[0], right(x, g, s, **hyper)[0])

    def bounded(step, rng):
        (x, g, s), hyper, _ = drawn(rng)
        g[0], s[0], hyper["eps"] = 0, 0, rng.uniform(0.1, 2)
        got = step(x.copy(), g.copy(), s.copy(), **hyper)
        return several(got, 2) and close(got[0], right(x, g, s, **hyper)[0])

    def begins(step, rng):
        (x, g, s), hyper, more = drawn(rng)
        first = {"lr": hyper["lr"]}
        begun = close(intact(step, x, g, **first), right(x, g, 0.0, **first | defaults))
        return begun and close(intact(step, x, g, s, **more), right(x, g, s, **more))

    return [
        Property("The memory that comes back holds the new squares, each coordinate its own.", remembers),
        Property("The point moves against the gradient, divided by the root of the new memory.", moves),
        Property("Eps stands behind the root, so that a gradient of zero moves nothing.", bounded, 0.5),
        Property("The step is right without memory and defaults given, and changes nothing in place.", begins, 0.5),
    ]


# 5.4 and 5.5


def means(m, v, g, b1, b2):
    return b1 * m + (1 - b1) * g, b2 * v + (1 - b2) * g**2


def moved(x, g, m, v, t, lr, b1, b2, eps, decay=0.0):
    """Where a step of AdamW ends. In float64 1 - b^t is 1 where t is large."""
    m, v = means(m, v, g, b1, b2)
    m_hat, v_hat = m / (1 - b1 ** (t + 1.0)), v / (1 - b2 ** (t + 1.0))
    return x - lr * decay * x - lr * m_hat / (np.sqrt(v_hat) + eps)


def drawn(rng, **hyper):
    x, g, v = fresh(rng)
    b1, b2 = rng.uniform(0.3, 0.95, 2)
    hyper = {"lr": rng.uniform(0.05, 1), "b1": b1, "b2": b2, "eps": TINY} | hyper
    return [x, g, rng.normal(size=x.shape), v, int(rng.integers(1, 9))], hyper


def called(step, given, hyper):
    """The four results of a step, called with copies; a ValueError if there are not four."""
    got = step(*(value.copy() if isinstance(value, np.ndarray) else value for value in given), **hyper)
    if not several(got, 4):
        raise ValueError("four results are meant")
    return got


def mean(which, **more):
    """Whether the first or the second mean comes back as it should: uncorrected, and with nothing but gradients."""

    def holds(step, rng):
        (x, g, m, v, t), hyper = drawn(rng, **more)
        expected = means(m, v, g, hyper["b1"], hyper["b2"])[which]
        return close(called(step, (x, g, m, v, t), hyper)[1 + which], expected)

    return holds


def counts(step, rng):
    given, hyper = drawn(rng)
    return close(called(step, given, hyper)[3], given[4] + 1)


def lands(change=lambda given, hyper, rng: None, **more):
    """Whether the new point is right. change: what it makes of the drawn arguments, in place."""

    def holds(step, rng):
        given, hyper = drawn(rng, **more)
        change(given, hyper, rng)
        return close(called(step, given, hyper)[0], moved(*given, **hyper))

    return holds


def with_eps(given, hyper, rng):
    hyper["eps"] = rng.uniform(0.1, 2)


def long_since(given, hyper, rng):
    given[4] = 10**6


def long_since_with_eps(given, hyper, rng):
    long_since(given, hyper, rng), with_eps(given, hyper, rng)


def long_since_with_decay(given, hyper, rng):
    long_since(given, hyper, rng)
    hyper["decay"] = rng.uniform(0.2, 1.5)


def whole(**defaults):
    """Whether a first step with nothing but the rate, and a later one with everything given, are right and clean."""

    def holds(step, rng):
        (x, g, *memory), hyper = drawn(rng, **defaults)
        hyper |= {name: rng.uniform(0.2, 1) for name in ("eps", *defaults)}
        lr, usual = hyper["lr"], {"b1": 0.9, "b2": 0.999, "eps": 1e-8} | defaults
        first, later = intact(step, x, g, lr=lr), intact(step, x, g, *memory, **hyper)
        if not (several(first, 4) and several(later, 4)):
            return False
        right = [(x, g, 0.0, 0.0, 0), {"lr": lr} | usual], [(x, g, *memory), hyper]
        for got, (given, more) in zip((first, later), right):
            expected = moved(*given, **more), *means(*given[2:4], g, more["b1"], more["b2"]), given[4] + 1
            if not close(got, expected):
                return False
        return True

    return holds


# 5.6


def one_step(left_on, rng):
    rate, decay = rng.uniform(0.05, 1, 2)
    return close(left_on(np.array([rate]), decay), 1 - rate * decay)


def each_its_share(left_on, rng):
    rates, decay = rng.uniform(0.02, 1, rng.integers(8, 20)), rng.uniform(0.1, 0.9)
    left = 1.0
    for rate in rates:
        left -= rate * decay * left
    return close(intact(left_on, rates, decay), left)


def nearly(got, right):
    return abs(got - right) <= 1e-2 * right


def half_of_much(half_life, rng):
    lr, decay = 10 ** rng.uniform(-4, -2, 2)
    return nearly(half_life(lr, decay), np.log(2) / (lr * decay))


def half(half_life, rng):
    def exact(product):
        lr = rng.uniform(0.5, 1)
        return close((1 - product) ** half_life(lr, product / lr), 0.5)

    return all(exact(product) for product in rng.uniform([0.02, 0.2, 0.6], [0.2, 0.6, 0.9]))


def share_of_many(decay_for, rng):
    lr, steps, share = 10 ** rng.uniform(-3, -1), int(rng.integers(2000, 9000)), rng.uniform(0.2, 0.6)
    return nearly(decay_for(lr, steps, share), -np.log(share) / (lr * steps))


def leaves_the_share(decay_for, rng):
    def exact(steps):
        lr, share = rng.uniform(0.05, 1), rng.uniform(0.05, 0.95)
        return close((1 - lr * decay_for(lr, steps, share)) ** steps, share)

    return all(exact(int(steps)) for steps in (1, *rng.integers(2, 30, 3)))


# 5.7


def layer(rng):
    d = rng.integers(6, 12)
    return rng.normal(size=d) * rng.uniform(0.1, 9), rng.normal(size=d) * 10 ** rng.uniform(-3, 3), rng.uniform(0.05, 1)


def as_long_as_its_weights(trusted, rng):
    x, u, lr = layer(rng)
    tiny = 1e-5 * u / np.linalg.norm(u)  # here what is added to a norm is seen
    expected = [x - lr * np.sqrt(np.sum(x**2) / np.sum(v**2)) * v for v in (u, tiny)]
    return close([trusted(x.copy(), v.copy(), lr=lr) for v in (u, tiny)], expected)


def zeros_move(trusted, rng):
    _, u, lr = layer(rng)
    return close(trusted(np.zeros(len(u)), u.copy(), lr=lr), -lr * u)


def nothing_proposed(trusted, rng):
    x, _, lr = layer(rng)
    return close(trusted(x.copy(), np.zeros(len(x)), lr=lr), x)


def leaves_its_arguments(trusted, rng):
    x, u, lr = layer(rng)
    return close(intact(trusted, x, u, lr=lr), trusted(x.copy(), u.copy(), lr=lr))


# 5.10


def race(rng, lowest=0.01, highest=3.0, n=9):
    """A bowl in three or four dimensions of largest curvature 1, a start, steps and rates."""
    d = rng.integers(3, 5)
    Q, _ = np.linalg.qr(rng.normal(size=(d, d)))
    A = Q * [1, *rng.uniform(0.05, 0.8, d - 1)] @ Q.T
    rates = np.geomspace(lowest, highest, n)
    return quadratic_form((A + A.T) / 2), rng.normal(size=d), int(rng.integers(12, 20)), rates


def best_of_all(method, f, start, steps, rates):
    values = f(end(method, f, start, steps, lr=rates))
    best = min((i for i in range(len(rates)) if values[i] < np.inf), key=lambda i: values[i])
    return rates[best], values[best], 0 < best < len(rates) - 1


def part(which, draw=race, methods=(momentum, gd)):
    """Whether one of the three results is right: for a method that rises on its way, and for one that does not."""

    def holds(tuned, rng):
        given = draw(rng)
        for method in methods:
            expected, got = best_of_all(method, *given), tuned(method, *given)
            if not (several(got, 3) and close(got[which], expected[which], 1e-8 if which else 1e-12)):
                return False
        return True

    return holds


def low(rng):
    return race(rng, 0.001, 0.02)


def high(rng):
    return race(rng, 4.0, 6.0)


def wild(rng):
    return race(rng, 0.05, 1e40, 12)


def tells(tuned, rng):
    return all(part(2, draw)(tuned, rng) for draw in (race, low, high))


def passes_over_nan(tuned, rng):
    return all(part(which, wild)(tuned, rng) for which in (0, 1))


HIDDEN = {
    "adagrad": divides(lambda s, g: s + g**2, eps=1e-10),
    "rmsprop": divides(lambda v, g, b2: b2 * v + (1 - b2) * g**2, b2=0.9, eps=1e-8),
    "adam": [
        Property("The running mean of the gradients comes back, uncorrected.", mean(0), 0.5),
        Property("The running mean of their squares comes back, uncorrected.", mean(1), 0.5),
        Property("The count that comes back is one higher.", counts, 0.5, needs=0),
        Property("The point moves by one corrected mean over the root of the other.", lands(), 1.5),
        Property("Eps is added to the root of the corrected mean.", lands(with_eps), 0.5),
        Property("The step is right without memory and defaults given, and changes nothing in place.", whole(), 0.5),
    ],
    "adamw": [
        Property("Without decay both means are corrected.", lands(decay=0.0)),
        Property(
            "Without decay, and after a long time, eps stands behind the root.", lands(long_since_with_eps, decay=0.0)
        ),
        Property("The decay stands beside the gradient, and is scaled by the rate.", lands(long_since_with_decay)),
        Property("The whole step is right, and changes nothing in place.", whole(decay=0.01)),
    ],
    "left_on": [
        Property("A single step takes the decay times its rate.", one_step, 0.5),
        Property("Each step takes its own share of what is left.", each_its_share),
    ],
    "half_life": [
        Property("For small rates it is right to two digits.", half_of_much, 0.5),
        Property("After so many steps half is left, exactly.", half, 1.5),
    ],
    "decay_for": [
        Property("For many steps it is right to two digits.", share_of_many, 0.5),
        Property("After so many steps the share is left, exactly.", leaves_the_share, 1.5),
    ],
    "trusted": [
        Property(
            "A step is as long as the rate times the layer's norm, against the direction.", as_long_as_its_weights
        ),
        Property("A layer of zeros moves with the ratio 1.", zeros_move, 0.5, needs=0),
        Property("Where nothing is proposed nothing moves.", nothing_proposed, 0.25, needs=0),
        Property("Nothing is changed in place.", leaves_its_arguments, 0.25, needs=0),
    ],
    "tuned": [
        Property("The rate is the one whose run ends lowest.", part(0, methods=(gd,))),
        Property("The value is that at the end of its run.", part(1)),
        Property("It says whether the best rate is neither the first nor the last.", tells, needs=0),
        Property("Rates whose runs diverge are passed over.", passes_over_nan, needs=0),
    ],
}
