"""Hidden checks of sheet 02: a walk, differences, bugs, rulers, a search, a layer, an adversary, many starts."""

import numpy as np

from course_lib.checks.gradients import average, outcome
from course_lib.grading.properties import Property, close, intact

WITHHELD = {
    "gradients": ["central_differences", "complex_step", "steepest_l1", "steepest_linf", "backtracking"],
    "descent": ["states"],
}

READ = {"walk": "1. One number for each direction", "layer_backward": "4. Backpropagation, by hand"}
READ |= dict.fromkeys(("steepest_l1", "steepest_linf"), "2. Steepest, by which ruler?")
READ |= dict.fromkeys(
    ("central", "best_exponent", "days", "gradient", "found_by_the_check", "mended"), "3. A gradient from values alone"
)
READ |= dict.fromkeys(("factor", "edge"), "5. How far: the learning rate against 2/L")
READ |= dict.fromkeys(("armijo", "edge_of", "adversary"), "6. When the curvature changes under way")
READ |= {"proof": "7. Where it stops", "starts_needed": "9. One start, one basin"}


# 2.1


def slopes_of(rng, d):
    """The gradient of a function whose curvature changes from place to place."""
    a, b, c = rng.uniform(0.2, 1.5, size=(3, d))
    return lambda x: a * x + b * np.sin(c * x + 1)


def each_step(walk, rng):
    d, lr = int(rng.integers(3, 6)), rng.uniform(0.1, 0.6)
    grad, start = slopes_of(rng, d), rng.normal(size=d)
    path = np.asarray(walk(grad, start.copy(), 9, lr))
    path = path if path.shape[0] == d else path.T
    if path.ndim != 2 or path.shape[1] > 11:
        return False
    right = np.stack([x - lr * grad(x) for x in path.T[:-1]], axis=1)
    return path.shape[1] >= 9 and close(path[:, 1:], right)


def whole_path(walk, rng, steps=8, call=lambda walk, grad, start, *how: walk(grad, start.copy(), *how)):
    d, lr = int(rng.integers(3, 6)), rng.uniform(0.1, 0.6)
    grad, start = slopes_of(rng, d), rng.normal(size=d)
    places = [start]
    for _ in range(steps):
        places.append(places[-1] - lr * grad(places[-1]))
    return close(call(walk, grad, start, steps, lr), np.stack(places, axis=1))


# 2.3


def on_parabolas(central, rng):
    """Central differences are exact there, however long the way."""
    d = rng.integers(3, 6)
    A, x = rng.normal(size=(d, d)), rng.normal(size=d)
    return close(central(lambda p: float(p @ A @ p), x.copy(), rng.uniform(0.5, 2)), (A + A.T) @ x)


def on_cubics(central, rng, call=lambda central, f, x, h: central(f, x.copy(), h)):
    """There they miss by the third derivative times h²/6, and by no more."""
    w, x = rng.normal(size=(2, rng.integers(4, 7)))
    h = rng.uniform(0.1, 0.5)
    return close(call(central, lambda p: float(np.sum(w * p**3) + p[0] * p[1]), x, h), exact(w, x) + w * h**2)


def exact(w, x):
    mixed = np.zeros(len(x))
    mixed[:2] = x[1], x[0]
    return 3 * w * x**2 + mixed


# 2.4


def data(rng):
    n, d = rng.integers(8, 13), rng.integers(3, 6)
    return rng.normal(size=d), rng.normal(size=(n, d)), rng.normal(size=n)


def of_the_loss(gradient, rng, call=lambda f, *given: f(*(part.copy() for part in given[:3]), given[3])):
    w, X, y = data(rng)
    decay = rng.uniform(0.1, 2)
    right = np.einsum("ni,n->i", X, X @ w - y) / len(y) + decay * w
    return close(call(gradient, w, X, y, decay), right)


def decays(gradient, rng):
    w, X, y = data(rng)
    decay = rng.uniform(0.1, 2)
    with_decay, without = (np.asarray(gradient(w.copy(), X.copy(), y.copy(), b)) for b in (decay, 0.0))
    return close(with_decay - without, decay * w)


def loss(column, call=lambda f, *given: f(*(part.copy() for part in given[:3]), given[3])):
    def holds(mended, rng):
        w, X, y = data(rng)
        decay = rng.uniform(0.1, 2)
        right = average(lambda w, X, y: X @ w - y)(w, X, y, decay)
        return close(call(mended, w, X, y[:, None] if column else y, decay), right)

    return holds


# 2.5


def along_largest(g):
    return -np.sign(g) * (np.abs(g) == np.max(np.abs(g)))


def steepest(right, length):
    """The properties of a unit step of steepest descent. right: slopes -> the step. length: its ruler."""

    def steps(answer, rng, call=lambda answer, g: answer(g.copy())):
        drawn = rng.normal(size=(6, rng.integers(5, 9)))
        return [(np.asarray(call(answer, g)), right(g)) for g in drawn]

    def points_there(answer, rng):
        return all(length(u) > 0 and close(u / length(u), best) for u, best in steps(answer, rng))

    def is_one(answer, rng):
        return all(close(length(u), 1.0) for u, _ in steps(answer, rng))

    def right_and_intact(answer, rng):
        return all(close(u, best) for u, best in steps(answer, rng, intact))

    return [
        Property("Of all steps of its length by this ruler, none goes down more.", points_there),
        Property("Its length by this ruler is 1.", is_one, 0.5, needs=0),
        Property("It is right and changes nothing in place.", right_and_intact, 0.5),
    ]


# 2.6


def asked(f, times=500):
    """f, but an error for a search that never ends."""
    left = iter(range(times))

    def g(p):
        next(left)
        return f(p)

    return g


def round_bowl(rng, curvature):
    center = rng.normal(size=rng.integers(3, 6))
    x = rng.normal(size=len(center)) + 3
    return lambda p: float(np.sum((p - center) ** 2) * curvature / 2), x, curvature * (x - center)


def gorge(rng):
    """A sum of x⁴ and of mixed terms, steep enough that rates have to be halved often."""
    w, x = rng.uniform(1, 3, size=4), rng.uniform(1, 3, size=4)
    return lambda p: float(np.sum(w * p**4) + p[0] * p[1]), x, 4 * w * x**3 + np.array([x[1], x[0], 0, 0])


def searches(rng):
    """Pairs (f, x, g, lr, c), among them three in which one rate goes down, but not enough."""
    yield from ((*gorge(rng), rng.uniform(0.5, 4), rng.uniform(0.02, 0.5)) for _ in range(3))
    for k in range(2, 5):
        lr, c = rng.uniform(0.5, 4), rng.uniform(0.2, 0.45)
        yield *round_bowl(rng, 2**k / lr * rng.uniform(2 - 1.9 * c, 1.95)), lr, c


def halvings(f, x, g, lr, c):
    """How often lr has to be halved."""
    k = 0
    while not f(x - lr / 2**k * g) < f(x) - c * lr / 2**k * np.sum(g * g):
        k += 1
    return k


def goes_down_enough(armijo, rng):
    for f, x, g, lr, c in searches(rng):
        rate = float(armijo(asked(f), x.copy(), g.copy(), lr=lr, c=c))
        k = round(np.log2(lr / rate))
        if not (close(rate, lr / 2**k) and halvings(f, x, g, lr, c) <= k <= 60):
            return False
    return True


def first_enough(armijo, rng, call=lambda armijo, f, x, g, **how: armijo(f, x.copy(), g.copy(), **how)):
    found = [(call(armijo, asked(f), x, g, lr=lr, c=c), f, x, g, lr, c) for f, x, g, lr, c in searches(rng)]
    return all(close(rate, lr / 2 ** halvings(f, x, g, lr, c), 1e-12) for rate, f, x, g, lr, c in found)


def by_default(armijo, rng):
    """One bowl has a rate that goes down, but not a tenth of what the slope says."""
    cases = [gorge(rng), round_bowl(rng, 2 ** rng.integers(2, 5) * rng.uniform(1.85, 1.95))]
    return all(
        close(armijo(asked(f), x.copy(), g.copy()), 1 / 2 ** halvings(f, x, g, 1.0, 0.1), 1e-12) for f, x, g in cases
    )


def good_at_once(armijo, rng):
    lr = rng.uniform(0.5, 2)
    f, x, g = round_bowl(rng, rng.uniform(0.2, 0.9) / lr)
    return close(armijo(asked(f), x.copy(), g.copy(), lr=lr, c=rng.uniform(0.1, 0.4)), lr)


# 2.8


def layer(rng):
    n, p, m = rng.permutation([4, 6, 7])
    X, W = rng.normal(size=(n, p)), rng.normal(size=(p, m))
    return X, W, np.tanh(X @ W + rng.normal(size=m)), rng.normal(size=(n, m))


def gradients(X, W, a, da):
    """Row by row: each example adds its share."""
    ds = [slope * (1 - out**2) for slope, out in zip(da, a)]
    return sum(np.outer(x, s) for x, s in zip(X, ds)), sum(ds), np.array([W @ s for s in ds])


def part(which):
    def holds(layer_backward, rng):
        given = layer(rng)
        right = gradients(*given)[which]
        return close(layer_backward(*(array.copy() for array in given))[which], right)

    return holds


def all_intact(layer_backward, rng):
    given = layer(rng)
    right = gradients(*given)
    return close(intact(layer_backward, *given), right)


# 2.9


def rates(rng):
    """Learning rates of all sizes."""
    return 10.0 ** (np.arange(-6, 2) + rng.uniform(0, 1, size=8))


def lands_opposite(edge_of, rng):
    places = [(float(edge_of(lr)), lr) for lr in rates(rng)]
    return all(x > 0 and close((x - lr * 4 * x**3) / x, -1.0) for x, lr in places)


def falls_with_the_root(edge_of, rng):
    pairs = [(float(edge_of(lr)), float(edge_of(4 * lr))) for lr in rates(rng)]
    return all(far != 0 and close(2 * near / far, 1.0) for far, near in pairs)


def just_outside(adversary, rng):
    return all(1 < abs(float(adversary(lr))) * (2 * lr) ** 0.5 <= 10 for lr in rates(rng))


# 2.10


def chances(rng):
    return zip(rng.uniform(0.02, 0.6, size=12), rng.uniform(0.5, 0.995, size=12))


def fewest(p, q):
    return next(n for n in range(1, 2000) if (1 - p) ** n <= 1 - q)


def enough(starts_needed, rng):
    found = [(float(starts_needed(p, q)), p, q) for p, q in chances(rng)]
    return all((1 - p) ** n <= (1 - q) * (1 + 1e-9) and n <= fewest(p, q) + 1 for n, p, q in found)


HIDDEN = {
    "walk": [
        Property("Each place is the one before minus the learning rate times the gradient there.", each_step),
        Property("The path is an array with a column for each place, from the start to the last.", whole_path, needs=0),
        Property("Without a step it is the start alone.", lambda walk, rng: whole_path(walk, rng, 0), 0.5, needs=0),
        Property(
            "The path is right and nothing is changed in place.",
            lambda walk, rng: whole_path(walk, rng, call=intact),
            0.5,
        ),
    ],
    "central": [
        Property("On a parabola it is the gradient, however long the way.", on_parabolas),
        Property("Elsewhere it misses by as much as central differences do.", on_cubics),
        Property("It is right and changes nothing in place.", lambda f, rng: on_cubics(f, rng, intact), 0.5),
    ],
    "gradient": [
        Property("It is the gradient of the loss.", of_the_loss),
        Property("The decay adds to it what its own loss has as a gradient.", decays, 0.5),
        Property("It is right and changes nothing in place.", lambda f, rng: of_the_loss(f, rng, intact), 0.5),
    ],
    "mended": [
        Property("The loss is right for targets in a column.", loss(True)),
        Property("The loss is right for flat targets.", loss(False), 0.5, needs=0),
        Property(
            "The loss is right for both and changes nothing in place.",
            lambda f, rng: loss(True, intact)(f, rng) and loss(False, intact)(f, rng),
            0.5,
        ),
    ],
    "steepest_l1": steepest(along_largest, lambda u: np.sum(np.abs(u))),
    "steepest_linf": steepest(lambda g: -np.sign(g), lambda u: np.max(np.abs(u))),
    "armijo": [
        Property("It is the first of the rates that goes down enough.", first_enough, 1.5),
        Property("It is one of the rates, and goes down enough.", goes_down_enough, 0.5),
        Property("It is right if neither lr nor c is given.", by_default, 0.5),
        Property("A rate that is good at once comes back as it is.", good_at_once, 0.5, needs=0),
        Property("It is right and changes nothing in place.", lambda f, rng: first_enough(f, rng, intact), 0.5),
    ],
    "layer_backward": [
        Property("The first result is the gradient in the weights.", part(0)),
        Property("The second result is the gradient in the bias.", part(1)),
        Property("The third result is the gradient in the layer's input.", part(2)),
        Property("All three are right and nothing is changed in place.", all_intact, 0.5),
    ],
    "edge_of": [
        Property("From there a step lands on the other side, equally far.", lands_opposite),
        Property("A rate four times as large halves the distance.", falls_with_the_root, 0.5),
    ],
    "adversary": [
        Property(
            "The run is beyond a million within 20 steps, from a start not too far out.",
            lambda f, rng: all(outcome(f, lr) == "a run beyond a million" for lr in rates(rng)),
        ),
        Property("The start is outside the edge at every rate, and not too far.", just_outside, 0.5),
    ],
    "starts_needed": [
        Property(
            "It is the smallest number of starts.",
            lambda f, rng: all(close(f(p, q), fewest(p, q)) for p, q in chances(rng)),
            1.5,
        ),
        Property("So many starts are enough, and at most one too many.", enough, 0.5),
        Property(
            "One start is enough if its own chance is.",
            lambda f, rng: close(f(rng.uniform(0.7, 0.95), rng.uniform(0.5, 0.65)), 1),
            0.5,
            needs=0,
        ),
    ],
}
