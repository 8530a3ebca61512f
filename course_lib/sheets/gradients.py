"""Sheet 02: a walk, gradients measured and mended, rulers, a search, a layer's backward pass, and how runs end."""

import numpy as np

from course_lib.checks import draws
from course_lib.checks.exercise import Like, case, function, order, value
from course_lib.checks.varied import Varied, choice

VALUES, RULER, UNDER_WAY = (
    "3. A gradient from values alone", "2. Steepest, by which ruler?", "6. When the curvature changes under way"
)  # fmt: skip
RATE = "5. How far: the learning rate against 2/L"
WITHHELD = ["gradients.central_differences", "gradients.complex_step", "gradients.steepest_l1",
            "gradients.steepest_linf", "gradients.backtracking", "descent.states"]  # fmt: skip


# 2.1

A = np.array([[2.0, 0.5], [0.5, 1.0]])


def tilted(x):
    return A @ x


def a_walk(rng, least=1):
    d = draws.dimension(rng)
    a, b, c = rng.uniform(0.2, 1.5, size=(3, d))
    start = draws.array(rng, d)
    return case("", lambda x: a * x + b * np.sin(c * x + 1), start, int(rng.integers(least, 10)),
                round(float(rng.uniform(0.1, 0.6)), 2))  # fmt: skip


def no_step(rng):
    grad, start, _, lr = a_walk(rng).args
    return case("", grad, start, 0, lr)


@function(
    "2.1 Walk downhill", points=2, read="1. One number for each direction", withheld=WITHHELD,
    cases=[
        case("one step", tilted, np.array([1.0, -2.0]), 1, 0.1),
        case("four steps", tilted, np.array([1.0, -2.0]), 4, 0.3),
        case("one dimension", lambda x: 4 * x, np.array([1.0]), 3, 0.4),
        case("a start in whole numbers", tilted, np.array([1, -2]), 2, 0.3),
        case("no step", tilted, np.array([1.0, -2.0]), 0, 0.1),
    ],
    draw={"Each place is the one before minus the learning rate times the gradient there, from the start to the last.":
              a_walk,
          "Without a step it is the start alone.": no_step},
    needs=0,
    mistakes="""
        x - lr * grad(x) -> x + lr * grad(x) : the sign: a step goes against the gradient
        lr * grad(x) -> lr * grad(start) : the gradient is taken at the start each time; take it where you are
            -> grad(x) : the learning rate is missing
        x, path = start, [start] -> x = start.copy(); path = [x] ;; x = x - lr -> x -= lr
            : all columns are the last place: one array was changed in place; write x = x - ...
        [start] -> [] : the start belongs to the path: column 0
        axis=1 -> axis=0 : the places are rows; make them columns, np.stack(path, axis=1)
        np.stack(path, axis=1) -> np.stack(path, axis=1)[:, 1:] : the start belongs to the path: column 0
            -> np.stack(path, axis=1)[:, :-1] : the last place is missing: a walk of n steps has n + 1 places
            -> x : this is the last place alone; return them all
            -> np.stack(path, axis=1).astype(start.dtype)
                : the array for the places takes over the dtype int of the start, which cuts off all decimals
            -> np.stack(path, axis=1).astype(int) : the array for the places has dtype int, which cuts off all decimals
            -> np.stack([*path[:-1], 0 * x], axis=1) : the last column has stayed 0
    """,
)  # fmt: skip
def walk(grad, start, steps, lr):
    x, path = start, [start]
    for _ in range(steps):
        x = x - lr * grad(x)
        path.append(x)
    return np.stack(path, axis=1)


# 2.2

factor = value(
    "2.2 Guess before you run: the factor", -0.6, points=1, read=RATE, tolerance=1e-3,
    mistakes=[
        (0.6, "the sign: the run flips to the other side at each step"),
        (-1.6, "this is what is taken away, 0.4 times the slope; take it away from 1"),
        (1.6, "this is 0.4 times the slope; a step takes it away from 1"),
        (0.2, "the gradient of a bowl with curvature 4 is 4x, not 2x"),
        (2.6, "the sign: a step goes against the gradient"),
    ],
    varied=Varied(
        {"curvature": choice(2, 3, 5), "rate": choice(0.3, 0.45, 0.55)},
        {"guess-task": [r"curvature {curvature:4}, with $\eta = {rate:0.4}$"],
         "guesses": ["1 - {rate:0.4} * {curvature:4}"]},
        dropped={"guess-run-text", "guess-run"},
    ),
)  # fmt: skip

edge = value(
    "2.2 Guess before you run: the edge", 2 / 9, points=1, read=RATE, tolerance=2e-3,
    mistakes=[
        (2.0, "this is the edge of the flat direction; the steepest decides for all"),
        (1 / 9, "there the steep direction arrives in one step; the edge is twice as far"),
        (2 / 81, "the curvature is 9: the half and the square are taken care of by two derivatives"),
        (0.2, "this is 2/(L + mu), the best rate; the edge is a little beyond"),
        (4 / 9, "the curvature of 9x^2/2 is 9, not 4.5"),
        (4.5, "a steeper bowl needs a smaller rate: L belongs below the line"),
    ],
    varied=Varied(
        {"steep": choice(8, 16, 25, 36)},
        {"guess-task": ["({steep:9}x^2 + y^2)"], "guesses": ["2 / {steep:9}"]},
    ),
)  # fmt: skip

days = value(
    "2.2 Guess before you run: the wait", 1_000_001 / 86_400, points=1, read=VALUES, tolerance=5e-3,
    mistakes=[
        (Like(1_000_001, lambda v: abs(v - 1e6) < 100), "these are seconds; a day has 86,400"),
        (Like(278, lambda v: abs(v - 277.8) < 1), "these are hours"),
        (Like(23.15, lambda v: abs(v - 23.15) < 0.1),
         "this is central differences; forward ones need one pass for each and one more"),
        (Like(3e-5, lambda v: v < 1), "this is backpropagation; differences need a pass for each parameter"),
    ],
    varied=Varied(
        {"parameters": choice(500_000, 700_000, 1_500_000, 2_000_000, 3_000_000),
         "parameters_said": lambda rng, p: f"{p['parameters']:,}"},
        {"guess-task": ["{parameters_said:1,000,000} parameters"],
         "guesses": [("1_000_001 /", "({parameters} + 1) /")]},
    ),
)  # fmt: skip


# 2.3


def polynomial(power, weights):
    return lambda x: float(np.sum(weights * x**power) + x[0] * x[-1])


def on_a(power):
    """rng -> a case on a polynomial of this power."""

    def drawn(rng):
        d = draws.dimension(rng)
        h = round(float(rng.uniform(0.1, 0.5)), 2)
        return case("", polynomial(power, rng.normal(size=d).round(2)), draws.array(rng, d), h)

    return drawn


@function(
    "2.3 Measure a gradient: central differences", points=2, read=VALUES, withheld=WITHHELD,
    cases=[
        case("a parabola, where they are exact", polynomial(2, np.array([1.0, 3.0])), np.array([1.0, 2.0]), 0.5),
        case("a cubic, where they are not", polynomial(3, np.array([1.0, -1.0])), np.array([1.0, 2.0]), 0.1),
        case("three dimensions", polynomial(3, np.array([1.0, -1.0, 2.0])), np.array([0.5, 1.0, -1.0]), 0.2),
        case("whole numbers", polynomial(3, np.array([1.0, -1.0])), np.array([1, 2]), 0.1),
    ],
    draw={"On a parabola it is the gradient, however long the way.": on_a(2),
          "Elsewhere it misses by as much as central differences do.": on_a(3)},
    mistakes="""
        / (2 * h) -> / h : the two places are 2h apart: divide by 2h
            -> / 2 * h : / 2 * h multiplies by h: put brackets around 2 * h
        f(x - step)) / (2 * h) -> f(x)) / h : these are forward differences; the other place is x - h
        f(x + step) -> f(x) ;; / (2 * h) -> / h : these are backward differences; the other place is x + h
        f(x + step) - f(x - step) -> f(x - step) - f(x + step) : the sign: ahead minus behind
        f(x - step) -> f(x) : the place behind is x - h, not x
        step[i] = h -> step[i] = h / 2 : the two places are only h apart here
            -> step[:] = h : this goes along all axes at once; one axis at a time
        step = np.zeros(len(x)) -> pass ;; slopes = [] -> slopes, step = [], np.zeros(len(x))
            : the step along one axis is still there at the next: begin with zeros each time
            -> x = x.copy(); x[i] += h; ahead = f(x); x[i] -= 2 * h; step = np.zeros(len(x))
                ;; f(x + step) - f(x - step) -> ahead - f(x)
                : x was not put back before the next axis
        np.zeros(len(x)) -> np.zeros_like(x)
            : the step takes over the dtype int of x, which makes it 0: np.zeros(len(x))
        np.array(slopes) -> np.array(slopes)[:1] : one slope for each axis is meant
    """,
)  # fmt: skip
def central(f, x, h):
    slopes = []
    for i in range(len(x)):
        step = np.zeros(len(x))
        step[i] = h
        slopes.append((f(x + step) - f(x - step)) / (2 * h))
    return np.array(slopes)


best_exponent = value(
    "2.3 Find the bottom of the U", -5, points=1, read=VALUES, tolerance=1e-9,
    mistakes=[
        (1e-5, "this is the way h; its exponent is meant"),
        (5, "the exponent is negative"),
        (-8, "this is the bottom of forward differences; central ones have theirs earlier"),
        (-15, "there rounding has taken over; the least error is meant"),
        (-1, "this is the longest way; the least error is meant"),
        (4, "this is the index in the list; the exponent stands there"),
    ],
    varied=Varied(
        {"stretch": choice(0.05, 4, 5, 10)},
        {
            "central-measure-text": [(r"$f(x) = e^{x/2}$", r"$f(x) = e^{{stretch}x}$"),
                                     (r"$\frac12e^{x/2}$", r"${stretch}e^{{stretch}x}$")],
            "central-mean": [("differences of exp(x / 2)", "differences of exp({stretch} * x)"),
                             ("np.exp(x[0] / 2)", "np.exp({stretch} * x[0])"),
                             ("np.exp(places / 2) / 2", "{stretch} * np.exp({stretch} * places)")],
        },
    ),
)  # fmt: skip


# 2.4


def regression(rng, column=False, decay=None):
    n, d = rng.choice([1, 2, 3, 5, 7], 2)
    X, y = draws.array(rng, (n, d)), draws.array(rng, (n, 1) if column else n)
    return case("", draws.array(rng, d), X, y, draws.number(rng, 0.1, 2) if decay is None else decay)


DATA = np.random.default_rng(24)
W3, X7, Y7 = (DATA.normal(size=shape).round(2) for shape in (3, (7, 3), 7))


@function(
    "2.4 Bug hunt: the sign", points=1, read=VALUES, withheld=WITHHELD, says="It is the gradient of the loss.",
    cases=[case("no decay, where the slip does not show", W3, X7, Y7, 0.0), case("with decay", W3, X7, Y7, 0.5)],
    draw=regression,
    mistakes="""
        + decay -> - decay : this is as found: the derivative of + decay |w|^2 / 2 has a plus
        return X.T @ -> return -X.T @ : the sign of the first part was right as found
            -> return -X.T @ ;; + decay -> - decay : now both signs are wrong
        decay * w -> 2 * decay * w : the derivative of |w|^2 / 2 is w, not 2w
            -> decay * w / 2 : the derivative of |w|^2 / 2 is w: the half goes
            -> decay * w / len(y) : only the first part is a mean; the decay is not divided by n
            -> decay * w @ w : this is the number |w|^2; its derivative is an array
        + decay * w -> : the decay is missing
        / len(y) -> : the loss is a mean: divide by n
            -> / len(w) : the mean is over the n examples, not over the weights
            -> * 2 / len(y) : the half in the loss takes the 2 of the square away
            -> / (2 * len(y)) : the half in the loss is gone with the 2 of the square: divide by n, not 2n
    """,
)  # fmt: skip
def gradient(w, X, y, decay):
    return X.T @ (X @ w - y) / len(y) + decay * w


found_by_the_check = value(
    "2.4 Bug hunt: does the check find it?", "no", points=1, read=VALUES,
    mistakes=[
        ("yes", "the check compares a formula with values, and both belong to the same wrong loss"),
        (Like(True, lambda v: isinstance(v, bool)), 'answer with a text, "yes" or "no"'),
        (Like("n", lambda v: v.strip(" .!").casefold() in ("n", "no", "y", "yes")), 'answer "yes" or "no", no more'),
    ],
)  # fmt: skip


@function(
    "2.4 Bug hunt: the shape", points=1, read=VALUES, withheld=WITHHELD,
    cases=[case("y of shape (7,)", W3, X7, Y7, 0.5), case("y of shape (7, 1)", W3, X7, Y7[:, None], 0.5)],
    draw={"The loss is right for targets in a column.": lambda rng: regression(rng, column=True),
          "The loss is right for flat targets.": regression},
    needs=0,
    mistakes="""
        np.ravel(y) -> y : this is as found: a column and a flat array make a square
            -> np.ravel(y)[0] : every prediction is compared with the first target
            -> np.mean(y) : every prediction is compared with the mean of the targets
            -> y[:, 0] : this suits a column only; y can be flat, too
        return 0.5 * -> return : the half before the mean is missing
        + 0.5 * decay * w @ w -> : the decay is missing
    """,
)  # fmt: skip
def mended(w, X, y, decay):
    r = X @ w - np.ravel(y)
    return 0.5 * np.mean(r * r) + 0.5 * decay * w @ w


# 2.5


def slopes(rng):
    d = rng.choice([2, 3, 5, 7])
    return case("", rng.permutation(np.arange(1, d + 1) + rng.uniform(0, 0.9, d).round(2)) * rng.choice([-1.0, 1.0], d))


def one_down(rng):
    g = np.abs(slopes(rng).args[0])
    g[np.argmax(g)] *= -1
    return case("", g)


SLOPES = {
    "points": 1, "read": RULER, "withheld": WITHHELD,
    "cases": [case("the last slope is the largest", np.array([1.0, -2.0, 3.0])),
              case("a negative one is", np.array([2.0, -5.0])), case("whole numbers", np.array([1, -4, 2]))],
    "draw": [slopes, one_down], "says": "Of all steps of length 1 by this ruler, none goes down more.",
}  # fmt: skip


@function(
    "2.5 Steepest by two other rulers: l1", **SLOPES,
    mistakes="""
        = -np.sign -> = np.sign : the sign: this is steepest ascent
        np.argmax(np.abs(g)) -> np.argmax(g) ;; -np.sign(g[k]) -> -1 || np.argmax(g)
            : a steep negative slope counts, too: np.abs before np.argmax
        -np.sign(g[k]) -> -g[k] : the length is not 1: only the sign of the slope remains
            -> -1 : its sign is opposite to the slope's
        return u -> return -g / np.abs(g).sum() : this has length 1, but spends on all axes; the largest slope pays best
            -> return -g / np.linalg.norm(g) : this is the l2 ruler
            -> return -np.sign(g) : this is the l-infinity ruler
    """,
)  # fmt: skip
def steepest_l1(g):
    u = np.zeros(len(g))
    k = np.argmax(np.abs(g))
    u[k] = -np.sign(g[k])
    return u


@function(
    "2.5 Steepest by two other rulers: l-infinity", **SLOPES,
    mistakes="""
        -np.sign(g) -> np.sign(g) : the sign: this is steepest ascent
            -> -g / np.abs(g).max() : this has length 1, but the smaller coordinates may go as far for nothing
            -> -g / np.linalg.norm(g) : this is the l2 ruler
            -> -np.sign(g) * (np.abs(g) == np.abs(g).max()) : this is the l1 ruler
            -> -np.ones(len(g)) : each sign is opposite to its slope's
    """,
)  # fmt: skip
def steepest_linf(g):
    return -np.sign(g)


# 2.6

ENDLESS = "a loop without end"


class Endless(Exception):
    """f has been asked too often."""


def searched(armijo, f, x, g, **how):
    """The rate; what never ends is stopped by the function that it asks."""
    calls = 0

    def asked(p):
        nonlocal calls
        calls += 1
        if calls > 300:
            raise Endless
        return f(p)

    try:
        return armijo(asked, x, g, **how)
    except Endless:
        return ENDLESS


def on_powers(label, power, weights, x, **how):
    weights, x = np.array(weights), np.array(x)
    g = power * weights * np.abs(x) ** (power - 1) * np.sign(x)
    return case(label, lambda p: float(np.sum(weights * np.abs(p) ** power)), x, g, **how)


def gorge(rng, **how):
    """A sum of x⁴ and of mixed terms, steep enough that rates have to be halved often."""
    w, x = rng.uniform(1, 3, 4).round(2), (rng.uniform(1, 3, 4) * rng.choice([-1, 1], 4)).round(2)
    g = 4 * w * x**3 + np.array([x[1], x[0], 0, 0])
    return case("", lambda p: float(np.sum(w * p**4) + p[0] * p[1]), x, g, **how)


def bowl(rng, curvature, **how):
    center = rng.normal(size=draws.dimension(rng)).round(2)
    x = center + 3
    return case("", lambda p: float(np.sum((p - center) ** 2) * curvature / 2), x, curvature * (x - center), **how)


def in_a_gorge(rng):
    return gorge(rng, lr=rng.uniform(0.5, 4), c=rng.uniform(0.02, 0.5))


def not_enough(rng):
    """A bowl in which one of the rates goes down, but not enough."""
    lr, c = rng.uniform(0.5, 4), rng.uniform(0.2, 0.45)
    return bowl(rng, 2 ** rng.integers(2, 5) / lr * rng.uniform(2 - 1.9 * c, 1.95), lr=lr, c=c)


def good_at_once(rng):
    lr = rng.uniform(0.5, 2)
    return bowl(rng, rng.uniform(0.2, 0.9) / lr, lr=lr, c=rng.uniform(0.1, 0.4))


DEFAULT = "It is right if neither lr nor c is given."
AT_ONCE = "A rate that is good at once comes back as it is."


@function(
    "2.6 Backtracking", points=3, read=UNDER_WAY, withheld=WITHHELD, use=searched, tolerance=1e-12,
    cases=[
        on_powers("a rate that is good at once", 2, [0.5], [1.0], lr=0.5, c=0.1),
        on_powers("a steep parabola", 2, [10.0, 1.0], [1.0, 2.0], lr=1.0, c=0.1),
        on_powers("x^4 from 3", 4, [1.0], [3.0], lr=1.0, c=0.1),
        on_powers("a demanding c", 2, [1.0, 3.0], [1.0, 1.0], lr=1.0, c=0.5),
        on_powers("any descent is not enough", 2, [0.5], [2.0], lr=1.9, c=0.2),
        on_powers("a small slope, whose square is smaller", 2, [0.5], [0.01], lr=1.5, c=0.1),
    ],
    draw={"It is the first of the rates that goes down enough.": [in_a_gorge, not_enough],
          DEFAULT: [gorge, lambda rng: bowl(rng, 2 ** rng.integers(2, 5) * rng.uniform(1.85, 1.95))],
          AT_ONCE: good_at_once},
    needs=0,
    mistakes="""
        - c * lr * g @ g -> : any descent is accepted; ask for c lr |g|^2
        g @ g -> np.linalg.norm(g) : the square of the gradient's length is meant: g @ g
        c * lr * g @ g -> c * g @ g : lr is missing on the right side
        - c * -> - 0.1 * : c is an argument; use it
            -> + c * : the sign: enough is below f(x)
        return lr -> return lr / 2 : it is halved once too often
            -> return lr * 2 : this is the last rate that failed; return the next one
        lr = lr / 2 -> pass || lr = lr / 2; x = x - lr * g
            : the loop does not come to its end: halve lr in it, and leave x where it is
            -> lr = lr / 10 : a tenth skips rates: the next one is half of the one before
        while not f -> while f : the loop goes on while the rate does NOT go down enough
        while not -> while False and : lr comes back as it was, and is never halved
            -> if not : it is halved at most once: go on while it is not enough
    """,
)  # fmt: skip
def armijo(f, x, g, lr=1.0, c=0.1):
    height = f(x)
    while not f(x - lr * g) < height - c * lr * g @ g:
        lr = lr / 2
    return lr


# 2.7

proof = order(
    "2.7 Why the gradient vanishes", "BEGCAFD", points=2, read="7. Where it stops",
    needs="""
        B < E    : the step is put into an inequality, and there is none yet
        B, E < G : together are the inequality and the step put into it, and both have to be there
        G < C    : the inequality of one step is the descent lemma, rearranged: the lemma comes first
        C < A    : what is added up is the inequality of one step, and it is not there yet
        A < F    : there is no sum yet that f* could bound
        F < D    : as long as the bound contains f(x_T), it might grow with T
    """,
)  # fmt: skip


# 2.8


def a_layer(rng):
    n, p, m = (draws.dimension(rng) for _ in range(3))
    X, W = draws.array(rng, (n, p)), rng.normal(size=(p, m)).round(2)
    return case("", X, W, np.tanh(X @ W + rng.normal(size=m)).round(3), draws.array(rng, (n, m)))


def labelled(label, seed, n, p, m):
    rng = np.random.default_rng(seed)
    X, W, da = (rng.normal(size=shape).round(2) for shape in ((n, p), (p, m), (n, m)))
    return case(label, X, W, np.tanh(X @ W + rng.normal(size=m)).round(3), da)


@function(
    "2.8 The backward pass of a layer", points=3, read="4. Backpropagation, by hand", withheld=WITHHELD,
    cases=[labelled("one example, one unit", 1, 1, 1, 1), labelled("five examples", 2, 5, 3, 2),
           labelled("all widths 3", 3, 3, 3, 3)],
    draw=a_layer,
    parts={"dW": "The first result is the gradient in the weights.",
           "db": "The second result is the gradient in the bias.",
           "dX": "The third result is the gradient in the layer's input."},
    mistakes="""
        da * (1 - a * a) -> da : the slope of tanh is missing: multiply by 1 - a^2 first
        1 - a * a -> 1 - np.tanh(a) ** 2 : a is the value of tanh already: its slope is 1 - a^2
            -> 1 - a : the slope of tanh is 1 - a^2
        (1 - a * a) -> (a * (1 - a)) : this is the slope of the logistic function; tanh has 1 - a^2
        ds.sum(axis=0) -> ds.mean(axis=0) : the bias adds to every row: its gradient is the sum, not the mean
        X.T @ ds -> X.T @ ds / len(X) : no division by n: if the loss is a mean, da has it already
            -> ds.T @ X : dW has the shape of W: X.T @ ds
        X.T @ ds, ds.sum -> X.T @ ds / len(X), ds.mean : no division by n: if the loss is a mean, da has it already
        ds @ W.T -> da @ W.T : dX goes through the tanh, too: with ds, not da
    """,
)  # fmt: skip
def layer_backward(X, W, a, da):
    ds = da * (1 - a * a)
    return X.T @ ds, ds.sum(axis=0), ds @ W.T


# 2.9


def a_rate(rng):
    return case("", float(f"{10 ** rng.uniform(-6, 2):.3g}"))


@function(
    "2.9 An adversary: the edge", points=1, read=UNDER_WAY,
    says="From there a step lands on the other side, equally far.",
    cases=[case("rate 0.5", 0.5), case("rate 0.02", 0.02)],
    draw=a_rate,
    mistakes="""
        (2 * lr) -> (4 * lr) : from there a step lands at 0; it is to land at -x
            -> (6 * lr) : this is 2 over the curvature at x; the step itself comes closer for longer
            -> lr : a factor is missing: the gradient is 4 x^3
        ** 0.5 -> : this is its square: take the root
        return ( -> return -( : a distance is meant: the positive one
        1 / (2 * lr) -> 2 * lr : upside down: a smaller rate bears a larger distance
    """,
)  # fmt: skip
def edge_of(lr):
    return (1 / (2 * lr)) ** 0.5


def farthest(start, lr):
    """The largest |x| within 20 steps."""
    x, top = start, abs(start)
    for _ in range(20):
        x = x * (1 - 4 * lr * x * x)
        top = max(top, abs(x))
        if top > 1e6:
            break
    return top


def outcome(adversary, lr):
    """What becomes of a run from the adversary's start, in words."""
    start = np.asarray(adversary(lr), float)
    if start.size != 1:
        return "no single number"
    if not np.isfinite(start):
        return "no finite start"
    start = start.item()
    if abs(start) > 10 * edge_of.right(lr):
        return "a start more than ten times as far out as necessary"
    return "a run beyond a million" if farthest(start, lr) > 1e6 else "a run that stays below a million"


@function(
    "2.9 An adversary: the start", points=1, read=UNDER_WAY, use=outcome,
    says="The run is beyond a million within 20 steps, from a start not too far out.",
    cases=[case("a large rate", 1.0), case("a middling rate", 0.1), case("a small rate", 1e-4),
           case("a huge rate", 50.0)],
    draw=a_rate,
    mistakes="""
        return 2 * -> return 0.9 * : start farther outside the edge
            -> return 1e9 + : compare how far the edge is, and how far this is
        2 * (1 / (2 * lr)) ** 0.5 -> 3.0 || 10.0 || 100.0 : the edge depends on the rate, and so must the start
    """,
)  # fmt: skip
def adversary(lr):
    return 2 * (1 / (2 * lr)) ** 0.5


# 2.10


def chances(rng):
    while True:
        p, q = round(float(rng.uniform(0.02, 0.6)), 3), round(float(rng.uniform(0.5, 0.995)), 3)
        if abs((np.log(1 - q) / np.log(1 - p)) % 1 - 0.5) < 0.499:  # where it is whole, rounding decides
            return case("", p, q)


def equal_chances(rng):
    p = round(float(rng.uniform(0.1, 0.95)), 3)
    return case("", p, p)


@function(
    "2.10 How many starts?", points=2, read="9. One start, one basin",
    cases=[case("a coin, for 90 %", 0.5, 0.9), case("5 %, for 99 %", 0.05, 0.99), case("one start is enough", 0.9, 0.5),
           case("a coin, for 75 %", 0.5, 0.75), case("a coin, for 50 %", 0.5, 0.5)],
    draw={"It is the smallest number of starts.": chances,
          "One start is enough if its own chance is.":
              [lambda rng: case("", rng.uniform(0.7, 0.95), rng.uniform(0.5, 0.65)), equal_chances]},
    needs=0,
    mistakes="""
        np.log(1 - q) / np.log(1 - p) -> q / p : chances do not add up: two starts may find the same; failures multiply
            -> np.log(q) / np.log(p) : this is for all of them to succeed; all must not fail
        int(np.ceil(starts - 1e-9)) -> q / p : chances do not add up: two starts may find the same; failures multiply
            -> starts : a whole number is meant: round up
            -> int(starts) : rounded down, the chance is too small: round up
            -> int(starts) + 1 : rounded down and one more is one too many where the quotient is whole: round up
            -> round(starts) : rounded to the nearest, it is at times too few: round up
            -> 1 + int(np.ceil(starts)) : one fewer is enough
        np.log(1 - q) -> np.log(q) : all must fail with at most 1 - q, not q
    """,
)  # fmt: skip
def starts_needed(p, q):
    starts = np.log(1 - q) / np.log(1 - p)
    return int(np.ceil(starts - 1e-9))
