"""Checks of sheet 06. The right answers here are sums written out, counts and complex steps, not the library's."""

from functools import cache

import numpy as np

from course_lib.checks import answer, case, function, numbers, order


def turned(curvatures, rng):
    """A symmetric matrix with these eigenvalues, its eigenvectors drawn at random."""
    Q, _ = np.linalg.qr(rng.normal(size=(len(curvatures), len(curvatures))))
    A = Q * curvatures @ Q.T
    return (A + A.T) / 2


def away_from_zero(rng, d):
    return rng.choice([-1.0, 1.0], size=d) * rng.uniform(0.5, 3, size=d)


FRIENDLY_FACE = np.array([[1.0, 2.0], [2.0, 1.0]])  # eigenvalues 3 and -1

# 6.1


def spectrum(H):
    return np.real(np.linalg.eigvals(H))


def by_signs(of=spectrum, zero=lambda tolerance: tolerance):
    """A function of exercise 6.1: the word for the signs of some numbers that belong to H."""

    def kind(H, tolerance=1e-8):
        values, small = of(H), zero(tolerance)
        up, down = np.sum(values > small), np.sum(values < -small)
        if up and down:
            return "saddle"
        return "minimum" if up == len(values) else "maximum" if down == len(values) else "degenerate"

    return kind


def renamed(change):
    """The right word but for one change: a function of (word, eigenvalues, tolerance)."""
    return lambda H, tolerance=1e-8: change(by_signs()(H, tolerance), spectrum(H), tolerance)


def by_determinant(H, tolerance=1e-8):
    if abs(np.linalg.det(H)) <= tolerance:
        return "degenerate"
    return "saddle" if np.linalg.det(H) < 0 else "minimum" if H[0, 0] > 0 else "maximum"


def semidefinite(word, values, tolerance):
    return "minimum" if min(values) >= -tolerance else "maximum" if max(values) <= tolerance else word


EXCHANGED = {"minimum": "maximum", "maximum": "minimum"}
ENTRIES = "these are the signs of its entries; the eigenvalues are meant, as [[1, 2], [2, 1]] shows"

kind = function(
    "6.1 Name the point",
    by_signs(),
    [
        case("a bowl", np.diag([2.0, 1.0])),
        case("a hilltop", np.diag([-2.0, -1.0])),
        case("all entries positive", FRIENDLY_FACE),
        case("the monkey saddle", np.zeros((2, 2))),
        case("x^3", np.zeros((1, 1))),
        case("a trough", np.diag([1.0, 0.0])),
        case("a ridge", np.diag([-1.0, 0.0])),
        case("both signs and a zero", np.diag([1.0, 0.0, -1.0])),
        case("a hilltop in three dimensions", np.diag([-1.0, -2.0, -3.0])),
        case("two ways down in three dimensions", np.diag([1.0, -2.0, -3.0])),
        case("a trough, up to rounding", turned(np.array([2.0, 1.0, 1e-10]), np.random.default_rng(7))),
        case("a tolerance of 0.1", np.diag([1.0, -0.05]), 0.1),
        case("a tolerance of 0.1, upside down", np.diag([0.05, -1.0]), 0.1),
    ],
    fresh=lambda rng: case("", turned(rng.choice([-2.0, -1.0, -1e-10, 1e-10, 1.0, 2.0], size=4), rng)),
    mistakes=[
        (by_signs(np.ravel), ENTRIES),
        (lambda H, tolerance=1e-8: semidefinite("saddle", np.ravel(H), tolerance), ENTRIES),
        (by_signs(np.diag), "the diagonal says how it curves along the axes; the eigenvalues are meant"),
        (by_determinant, "the determinant decides in two dimensions only; ask the eigenvalues"),
        (by_signs(zero=lambda tolerance: 0.0), "nothing computed is exactly 0: sizes up to tolerance count as 0"),
        (by_signs(zero=lambda tolerance: 1e-8), "tolerance is an argument; use it"),
        (by_signs(lambda H: np.abs(spectrum(H))), "the sizes of the eigenvalues have no signs"),
        (
            renamed(lambda word, *rest: "saddle" if word == "degenerate" else word),
            "with a zero and one sign it need not be a saddle: x^4 has a minimum",
        ),
        (
            renamed(semidefinite),
            "an eigenvalue 0 is not enough for a minimum or a maximum: think of x^3",
        ),
        (
            renamed(lambda word, values, zero: "degenerate" if min(np.abs(values)) <= zero else word),
            "up one way and down another is a saddle, whatever the zeros do: ask that first",
        ),
        (renamed(lambda word, *rest: EXCHANGED.get(word, word)), "minimum and maximum have changed places"),
        (
            renamed(lambda word, values, zero: "saddle" if min(values) * max(values) < 0 else word),
            "the sign of a product knows no tolerance: one above it and one below -tolerance make a saddle",
        ),
        (
            renamed(lambda word, values, zero: "maximum" if max(values) <= zero else word),
            "below tolerance is not yet below 0: a maximum has all eigenvalues below -tolerance",
        ),
        (
            renamed(
                lambda word, values, zero: (
                    "degenerate" if max(np.abs(values)) <= zero else semidefinite(word, values, zero)
                )
            ),
            "one eigenvalue 0 is enough for degenerate, if the others have one sign",
        ),
    ],
)


# 6.2

ways = answer(
    "6.2 Guess before you run: ways out",
    2.0,
    mistakes=[
        (1.0, "a term such as 4xy can make a way down of its own: look along (1, -1, 0)"),
        (3.0, "along (1, 1, 0) it goes up"),
        (0.0, "along z it goes down"),
        (-2.0, "how many eigenvalues are negative is meant, not one of them"),
    ],
)

newton_end = answer(
    "6.2 Guess before you run: Newton's end",
    -1.0,
    mistakes=[
        (1.0, "there gradient descent goes; Newton's step keeps the sign of x here"),
        (-1.45, "this is where its first step lands; go on"),
        (0.0, "at 0 the curvature vanishes, and the step from nearby is huge"),
        (lambda v: abs(v) > 1.6, "it does not run away: at -1 the slope is 0, and that is all it asks for"),
    ],
    tolerance=1e-2,
)

times = answer(
    "6.2 Guess before you run: ten times as near",
    100.0,
    mistakes=[
        (10.0, "this is the monkey saddle, whose slope falls like the square; here it falls like the cube"),
        (1000.0, "the slope is a thousandth, but the way until the distance has doubled is a tenth, too"),
        (10_000.0, "the slope counts, a cube, not the height"),
        (lambda v: 1 <= v < 5, "this is the logarithm of a strict saddle, for which ten times as near costs little"),
        (lambda v: 0 < v < 1, "from nearer it takes longer"),
    ],
    tolerance=0.05,
)


# 6.3


def noticed(step, x, g, wait, **hyper):
    """What a step of exercise 6.3 does, in words that do not depend on the numbers it draws."""
    result = step(x, g, wait, rng=np.random.default_rng(6), **hyper)
    if not isinstance(result, tuple) or len(result) != 2:
        return result
    point, left = result
    if np.shape(point) != np.shape(x):
        return f"a point of shape {np.shape(point)}", left
    moves = {
        "a step": x - hyper["lr"] * g,
        "a step uphill": x + hyper["lr"] * g,
        "a step without lr": x - g,
        "no step": x,
    }
    apart = {name: np.max(np.abs(point - place)) for name, place in moves.items()}
    move = next((name for name, size in apart.items() if size < 7 * hyper["sigma"]), "")
    if move and apart[move] > 1e-12:
        move += " and noise"
    return move or "another move", left


def noisy(
    now=lambda g, wait, quiet: wait == 0 and np.sum(g**2) < quiet**2,
    after=lambda wait, now, pause: pause if now else max(wait - 1, 0),
    move=lambda x, g, lr, noise: x - lr * g + noise,
    drawn=lambda rng, sigma, d: rng.normal(0, sigma, d),
):
    """A function of exercise 6.3: when there is noise, what becomes of wait, where the point moves, which noise."""

    def step(x, g, wait=0, *, lr, quiet, sigma, pause, rng):
        noise = bool(now(g, wait, quiet))
        return move(x, g, lr, noise * drawn(rng, sigma, len(x))), after(wait, noise, pause)

    return step


def paused_where_large(x, g, wait=0, *, quiet, **hyper):
    """The right step, but wait stays where the gradient is large."""
    point, left = noisy()(x, g, wait, quiet=quiet, **hyper)
    return point, left if np.linalg.norm(g) < quiet else wait


def pushes(step):
    """The noise of 600 pushes, array (600, 3), each from a generator of its own."""
    settings = {"lr": 0.1, "quiet": 1.0, "sigma": 0.25, "pause": 3}
    runs = [step(np.ones(3), np.zeros(3), 0, rng=np.random.default_rng(seed), **settings)[0] for seed in range(600)]
    return np.array(runs) - 1


def alone(step):
    """Whether coordinates have noise of their own."""
    return np.max(np.abs(np.corrcoef(pushes(step), rowvar=False) - np.eye(3))) < 0.25


def repeats(step):
    return np.array_equal(pushes(step), pushes(step)) and np.std(pushes(step)[:, 0]) > 0


POINT, SMALL, LARGE = np.array([1.0, -2.0]), np.array([0.06, -0.05]), np.array([3.0, 1.0])
PUSH = {"lr": 0.5, "quiet": 0.1, "sigma": 1e-4, "pause": 3}

noisy_step = function(
    "6.3 A kick, but only where it is needed",
    noisy(),
    [
        case("a small gradient, no wait", POINT, SMALL, 0, **PUSH),
        case("a large gradient, no wait", POINT, LARGE, 0, **PUSH),
        case("a small gradient, 3 to wait", POINT, SMALL, 3, **PUSH),
        case("a small gradient, 1 to wait", POINT, SMALL, 1, **PUSH),
        case("a large gradient, 2 to wait", POINT, LARGE, 2, **PUSH),
        case("each coordinate small, but not the norm", POINT, np.array([0.09, 0.09]), 0, **PUSH),
        case("a large negative gradient", POINT, -LARGE, 0, **PUSH),
        case("no pause", POINT, SMALL, 0, **PUSH | {"pause": 0}),
    ],
    fresh=lambda rng: case("", *rng.normal(size=(2, 5)), int(rng.integers(3)), **PUSH | {"quiet": 2.2}),
    parts=("move", "wait"),
    use=noticed,
    mistakes=[
        (noisy(lambda g, wait, quiet: np.sum(g**2) < quiet**2), "no pause: noise only when wait is 0"),
        (noisy(lambda g, wait, quiet: wait == 0), "noise only where the gradient is small, too"),
        (noisy(lambda g, wait, quiet: True), "noise only where the gradient is small, and when wait is 0"),
        (noisy(lambda g, wait, quiet: False), "there is never any noise"),
        (
            noisy(lambda g, wait, quiet: wait == 0 and np.sum(g**2) > quiet**2),
            "the wrong way round: noise where the gradient is smaller than quiet",
        ),
        (
            noisy(lambda g, wait, quiet: wait == 0 or np.sum(g**2) < quiet**2),
            "both must hold, a small gradient and no wait: and, not or",
        ),
        (
            noisy(lambda g, wait, quiet: wait == 0 and np.max(np.abs(g)) < quiet),
            "each coordinate is small here, but the norm of g is not",
        ),
        (
            noisy(lambda g, wait, quiet: wait == 0 and np.max(g) < quiet),
            "a large negative slope is large, too: take the norm of g",
        ),
        (
            noisy(lambda g, wait, quiet: wait == 0 and np.sum(g**2) < quiet),
            "this compares the square of the norm with quiet",
        ),
        (noisy(after=lambda wait, now, pause: max(wait - 1, 0)), "after a noise wait becomes pause"),
        (noisy(after=lambda wait, now, pause: pause if now else wait), "without noise wait goes down by one"),
        (noisy(after=lambda wait, now, pause: pause if now else wait - 1), "wait does not go below 0"),
        (
            noisy(after=lambda wait, now, pause: max(pause - 1, 0) if now else max(wait - 1, 0)),
            "the step with the noise does not count: after it wait is pause",
        ),
        (paused_where_large, "wait goes down at every step without noise, where the gradient is large, too"),
        (
            noisy(drawn=lambda rng, sigma, d: rng.normal(0, 1, d)),
            "the noise is too large: sigma times a standard normal number",
        ),
        (
            noisy(after=lambda wait, now, pause: pause if now else wait + 1),
            "wait counts down, not up",
        ),
        (noisy(move=lambda x, g, lr, noise: x + noise if np.any(noise) else x - lr * g), "noise is added to the step"),
        (noisy(move=lambda x, g, lr, noise: x + lr * g + noise), "the sign: the step goes against the gradient"),
        (noisy(move=lambda x, g, lr, noise: x - g + noise), "lr is missing in the step"),
    ],
    rules=[
        (
            "noise is drawn from rng",
            repeats,
            "The noise must come from rng and nothing else: the same generator gives the same step, another one "
            "another. (np.random.normal, or a generator made inside, does not.)",
        ),
        (
            "each coordinate has its own",
            alone,
            "The coordinates get the same number as noise, so it pushes along one line only: "
            "draw as many as x has, with x.shape.",
        ),
        (
            "it has mean 0",
            lambda step: np.all(np.abs(pushes(step).mean(axis=0)) < 0.06),
            "The noise pushes to one side: its mean must be 0 (standard normal, not uniform on [0, 1)).",
        ),
        (
            "it is as large as asked for",
            lambda step: np.all(np.abs(pushes(step).std(axis=0) / 0.25 - 1) < 0.15),
            "The noise has the wrong size: sigma times a standard normal number (not its square, its root, "
            "or something uniform).",
        ),
    ],
)


# 6.4


def along_each(divisor, sign=-1, rate=lambda lr: lr, start=1):
    """A function of exercise 6.4, eigenvector by eigenvector: divisor(curvature, floor)."""

    def step(x, g, H, *, lr=1.0, floor=0.1):
        values, vectors = np.linalg.eig(H)
        moves = [(u @ g) / divisor(value, floor) * u for value, u in zip(np.real(values), np.real(vectors).T)]
        return start * x + sign * rate(lr) * np.sum(moves, axis=0)

    return step


def cured(value, floor):
    return max(abs(value), floor)


def entries(x, g, H, *, lr=1.0, floor=0.1):
    return x - lr * np.linalg.solve(np.abs(H), g)


def crossed(x, g, H, *, lr=1.0, floor=0.1):
    values, Q = np.linalg.eigh(H)
    return x - lr * Q.T @ ((Q @ g) / np.maximum(np.abs(values), floor))


def in_parts(x, g, H, *, lr=1.0, floor=0.1):
    values, Q = np.linalg.eigh(H)
    return x - lr * (Q.T @ g) / np.maximum(np.abs(values), floor)


def of_the_whole(x, g, H, *, lr=1.0, floor=0.1):
    values, Q = np.linalg.eigh(H)
    return x - lr * Q @ (g / np.maximum(np.abs(values), floor))


X, G = np.array([1.0, 2.0]), np.array([0.5, -1.0])

saddle_free_step = function(
    "6.4 Newton, cured of its love for saddles",
    along_each(cured),
    [
        case("a bowl", X, G, np.diag([2.0, 4.0])),
        case("a saddle", X, G, np.diag([2.0, -4.0])),
        case("all entries positive", X, G, FRIENDLY_FACE),
        case("half a step", X, G, FRIENDLY_FACE, lr=0.5),
        case("a direction with little curvature", X, G, np.diag([2.0, 0.001])),
        case("a way out with little curvature", X, G, np.diag([2.0, -0.001])),
        case("a high floor", X, G, np.diag([2.0, -4.0]), floor=3.0),
        case("one dimension", X[:1], G[:1], np.array([[-0.5]])),
    ],
    fresh=lambda rng: case(
        "", *rng.normal(size=(2, 3)), turned(away_from_zero(rng, 3), rng), lr=rng.uniform(0.1, 1), floor=1.0
    ),
    mistakes=[
        (along_each(lambda value, floor: value), "this is Newton's step: it goes to the saddle; divide by the size"),
        (along_each(lambda value, floor: abs(value)), "the floor is missing: no divisor is below it"),
        (along_each(lambda value, floor: abs(value) + floor), "the floor is a least value, not something added"),
        (
            along_each(lambda value, floor: max(value, floor)),
            "a negative curvature became the floor: take its size first",
        ),
        (
            along_each(lambda value, floor: np.copysign(max(abs(value), floor), value)),
            "the sign of the curvature came back: it goes to the saddle again",
        ),
        (along_each(lambda value, floor: min(abs(value), floor)), "the larger of the two is meant: np.maximum"),
        (along_each(lambda value, floor: 1 / cured(value, floor)), "divide by the size of the curvature"),
        (along_each(cured, sign=1), "the sign of the step: it goes against the gradient"),
        (along_each(cured, rate=lambda lr: 1.0), "lr is missing"),
        (along_each(cured, start=0), "this is the move alone; add it to x"),
        (in_parts, "these are the parts along the eigenvectors: Q @ parts puts them together again"),
        (of_the_whole, "each curvature divides the part of g along its eigenvector: take Q.T @ g first"),
        (
            along_each(lambda value, floor: floor if abs(value) < floor else value),
            "the floor holds, but a negative curvature has kept its sign: it goes to the saddle",
        ),
        (entries, "np.abs(H) takes the sizes of the entries; those of the eigenvalues are meant"),
        (crossed, "the parts of g along the columns of Q are Q.T @ g, and Q @ parts puts them together"),
        (lambda x, g, H, *, lr=1.0, floor=0.1: x - lr * g, "this is gradient descent: H is not used"),
    ],
)


# 6.5


def first_beyond(H, x, lr):
    values, Q = np.linalg.eig(H)
    q, steps = np.real(Q[:, np.argmin(np.real(values))]), 0
    while abs(q @ x) < 1:
        steps, x = steps + 1, x - lr * H @ x
    return steps


def logs(rounded=lambda v: int(np.ceil(v)), factor=lambda c, lr: np.log(1 + lr * c), part=lambda q, x: q @ x, which=0):
    """A function of exercise 6.5: ln(1 / |part|) / factor, rounded; which: the number of the eigenvalue."""

    def strict_steps(H, x, lr):
        values, Q = np.linalg.eigh(H)
        return rounded(np.log(1 / abs(part(Q[:, which], x))) / factor(abs(values[which]), lr))

    return strict_steps


def along_an_axis(H, x, lr):
    i = np.argmin(np.diag(H))
    return int(np.ceil(np.log(1 / abs(x[i])) / np.log(1 + lr * abs(H[i, i]))))


def beside_the_ridge(rng):
    """A saddle with one way out, and a start whose part along it is small."""
    Q, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    H = Q * [*rng.uniform(0.5, 3, size=2), -rng.uniform(0.5, 4)] @ Q.T
    return case("", (H + H.T) / 2, Q @ [*rng.normal(size=2), 10 ** rng.uniform(-6, -0.5)], rng.uniform(0.01, 0.2))


def along_a_row(H, x, lr):
    values, Q = np.linalg.eigh(H)
    return int(np.ceil(np.log(1 / abs(Q[0] @ x)) / np.log(1 + lr * abs(values[0]))))


strict_steps = function(
    "6.5 How long to get away? From a strict saddle",
    first_beyond,
    [
        case("beside the ridge", np.diag([2.0, -2.0]), np.array([0.5, 0.01]), 0.05),
        case("on its other side, farther out", np.diag([2.0, -2.0]), np.array([3.0, -0.01]), 0.05),
        case("a friendly face", FRIENDLY_FACE, np.array([1.0, 1.001]), 0.1),
        case("three dimensions", np.diag([3.0, -1.0, 1.0]), np.array([0.5, 1e-6, 2.0]), 0.1),
    ],
    fresh=beside_the_ridge,
    mistakes=[
        (logs(int), "rounded down, it is one step short"),
        (logs(round), "rounded to the nearest, it is at times one short: round up"),
        (logs(float), "a whole number of steps is meant: round up"),
        (logs(lambda v: int(v) + 2), "one step too many"),
        (logs(part=lambda q, x: np.linalg.norm(x)), "this is the whole distance; only the part along q gets away"),
        (logs(part=lambda q, x: x[-1]), "this is the last coordinate; the part along the way out is q . x"),
        (logs(part=lambda q, x: x[0]), "this is the first coordinate; the part along the way out is q . x"),
        (along_an_axis, "the way out need not be an axis: take the eigenvector"),
        (logs(factor=lambda c, lr: lr * c), "the factor of a step is 1 + lr |lambda|, not e to the lr |lambda|"),
        (logs(float, lambda c, lr: lr * c), "the factor of a step is 1 + lr |lambda|, not e to the lr |lambda|"),
        (logs(factor=lambda c, lr: np.log(1 + 2 * lr * c)), "H is the matrix of second derivatives: no 2 here"),
        (logs(factor=lambda c, lr: -np.log(abs(1 - lr * c))), "the sign: along the way out a step is 1 + lr |lambda|"),
        (logs(factor=lambda c, lr: np.log(abs(1 - lr * c))), "the sign: along the way out a step is 1 + lr |lambda|"),
        (along_a_row, "the eigenvectors are the columns of Q: Q[:, 0], not Q[0]"),
        (logs(factor=lambda c, lr: np.log(1 + 2 * lr)), "2 is the curvature of the lesson's saddle; take that of H"),
        (logs(factor=lambda c, lr: np.log(1 + c)), "lr is missing"),
        (logs(factor=lambda c, lr: np.log(1 + lr)), "the curvature is missing"),
        (logs(which=-1), "this is the largest eigenvalue; the negative one is the first"),
        (lambda H, x, lr: -logs(lambda v: -int(np.ceil(v)))(H, x, lr) + 1, "one step too many"),
    ],
)


@cache
def flat_count(r, p, lr):
    steps, s = 0, r
    while s < 1:
        steps, s = steps + 1, s + lr * s ** (p - 1)
    return steps


def against_the_run(flat_steps, r, p, lr):
    """By which power of ten the steps differ from those counted, as a tuple of one."""
    steps = float(flat_steps(r, p, lr))
    return (np.log10(steps / flat_count(r, p, lr)) if steps > 0 else f"{steps:.3g} steps",)


def share(factor):
    return lambda r, p, lr: factor(r, p, lr) * (r ** (2 - p) - 1) / ((p - 2) * lr)


flat_steps = function(
    "6.5 How long to get away? From a flatter saddle",
    flat_count,
    [
        case("p = 3 from 0.01", 0.01, 3.0, 0.05),
        case("p = 4 from 0.03", 0.03, 4.0, 0.1),
        case("p = 3.5 from 0.01", 0.01, 3.5, 0.1),
    ],
    fresh=lambda rng: case("", rng.uniform(0.01, 0.03), rng.uniform(3, 4), rng.uniform(0.05, 0.1)),
    parts=("log10(predicted / counted steps)",),
    use=against_the_run,
    mistakes=[
        (share(lambda r, p, lr: p - 2), "the integral of s^(1 - p) has p - 2 below the line"),
        (share(lambda r, p, lr: (p - 2) / (p - 1)), "the integral of s^(1 - p) has p - 2 below the line, not p - 1"),
        (share(lambda r, p, lr: (p - 2) / p), "the integral of s^(1 - p) has p - 2 below the line, not p"),
        (share(lambda r, p, lr: (p - 2) ** 2), "the p - 2 belongs below the line"),
        (share(lambda r, p, lr: 1 / p), "the slope of s^p / p is s^(p - 1): the p is gone"),
        (share(lambda r, p, lr: 1 / (p - 1)), "p - 1 belongs to the curvature; the slope is s^(p - 1)"),
        (lambda r, p, lr: (1 / r - 1) / (3 * lr), "this is the monkey saddle of the lesson, for p = 3 and a factor 3"),
        (lambda r, p, lr: (1 / r - 1) / lr, "this is right for p = 3 only"),
        (share(lambda r, p, lr: lr), "lr is missing: a smaller rate takes more steps"),
        (share(lambda r, p, lr: lr * lr), "lr belongs below the line: a smaller rate takes more steps"),
        (share(lambda r, p, lr: (p - 2) / r), "the slope grows on the way: this takes the one at the start"),
        (
            lambda r, p, lr: (1 - r) * r ** (1 - p) / lr,
            "the slope grows on the way: this takes the one at the start",
        ),
        (
            lambda r, p, lr: (r ** (1 - p) - 1) / ((p - 1) * lr),
            "the slope falls like s^(p - 1), not like s^p: the integral is over s^(1 - p)",
        ),
        (
            lambda r, p, lr: (r ** (-p) - 1) / (p * lr),
            "the slope falls like s^(p - 1): the integral is over s^(1 - p)",
        ),
        (lambda r, p, lr: np.log(1 / r) / np.log(1 + lr), "this is the law of a strict saddle, with its logarithm"),
        (lambda r, p, lr: np.log(1 / r) / lr, "this is the law of a strict saddle, with its logarithm"),
        (
            lambda r, p, lr: np.log(1 / r) / np.log(1 + lr * r ** (p - 2)),
            "the factor of a step grows on the way; this keeps the one at the start",
        ),
        (share(lambda r, p, lr: -1), "the sign: the integral runs from r to 1"),
    ],
    tolerance=np.log10(1.05),
)


# 6.6


def second_derivative(first=1.0, second=lambda r: r, scale=lambda n: 1.0):
    """The Hessian of exercise 6.6, residual by residual, with factors on its two parts."""

    def hessian(J, r, C):
        parts = [first * np.outer(row, row) + weight * curved for row, weight, curved in zip(J, second(r), C)]
        return np.sum(parts, axis=0) / scale(len(r))

    return hessian


def drawn_residuals(rng, n=4, d=3):
    C = rng.normal(size=(n, d, d))
    return rng.normal(size=(n, d)), rng.normal(size=n), C + np.swapaxes(C, 1, 2)


NETWORK = (
    np.array([[0.0, 0.0], [0.1, 0.0], [0.0, 0.1]]),
    np.array([-1.0, 0.0, 0.0]),
    np.array([[[0.0, 1.0], [1.0, 0.0]], np.zeros((2, 2)), np.zeros((2, 2))]),
)

hessian = function(
    "6.6 Bug hunt: the false minimum",
    second_derivative(),
    [
        case("the two weights at 0", *NETWORK),
        case("four residuals", *drawn_residuals(np.random.default_rng(66))),
        case("as many residuals as weights", *drawn_residuals(np.random.default_rng(67), 3, 3)),
    ],
    fresh=lambda rng: case("", *drawn_residuals(rng)),
    mistakes=[
        (second_derivative(second=np.zeros_like), "this is as found: the residuals' own curvatures are missing"),
        (second_derivative(second=np.ones_like), "each C counts as much as its residual: r_i C_i"),
        (second_derivative(second=lambda r: -r), "the sign of the second part: a product has a plus"),
        (second_derivative(second=np.square), "the residual counts once, not squared"),
        (second_derivative(second=lambda r: r / 2), "the half in f takes the 2 away in both parts"),
        (second_derivative(first=0.5), "the half in f takes the 2 away in both parts"),
        (second_derivative(first=0.5, second=lambda r: r / 2), "the half in f takes the 2 away in both parts"),
        (second_derivative(first=2, second=lambda r: 2 * r), "the half in f takes this 2 away"),
        (second_derivative(first=2), "the half in f takes this 2 away"),
        (second_derivative(first=0), "J.T @ J was right; something has to be added to it"),
        (second_derivative(scale=lambda n: n), "f is half the sum, not the mean: no division by n"),
        (second_derivative(second=np.abs), "the residual counts with its sign"),
    ],
)


def course(downhill, g, H):
    """What a direction does, in words: there are many good ones where H is not positive definite."""
    p = np.asarray(downhill(g, H), float)
    if p.shape != g.shape:
        return f"an array of shape {p.shape}"
    if np.all(spectrum(H) > 0) and np.allclose(p, newton(g, H), rtol=0, atol=1e-8 * np.max(np.abs(g))):
        return "Newton's direction"
    return "another that goes down" if g @ p < 0 else "one that does not go down"


def newton(g, H):
    return -np.linalg.inv(H) @ g


def careful(trusted):
    """Newton's direction where trusted(H), else against the gradient."""
    return lambda g, H: newton(g, H) if trusted(H) else -g


downhill = function(
    "6.6 Bug hunt: the step that climbs",
    careful(lambda H: np.all(spectrum(H) > 0)),
    [
        case("a bowl", G, np.diag([2.0, 4.0])),
        case("a hilltop", G, np.diag([-2.0, -4.0])),
        case("a saddle", np.array([0.1, 1.0]), np.diag([3.0, -1.0])),
        case("a saddle from another side", np.array([1.0, 0.1]), np.diag([1.0, -1.0])),
        case("a saddle with a friendly face", np.array([1.0, -1.0]), FRIENDLY_FACE),
        case("two ways down in three dimensions", np.array([0.1, 1.0, 1.0]), np.diag([1.0, -1.0, -1.0])),
    ],
    fresh=lambda rng: case("", rng.normal(size=3), turned(away_from_zero(rng, 3) ** rng.integers(1, 3), rng)),
    use=course,
    mistakes=[
        (newton, "this is as found"),
        (lambda g, H: -g, "it goes down, but where all curvatures are positive Newton's direction is meant"),
        (lambda g, H: -newton(g, H), "the sign: in a bowl this goes up"),
        (lambda g, H: g, "the sign: this goes up"),
        (careful(lambda H: np.linalg.det(H) > 0), "the determinant is positive at a hilltop, too: ask the eigenvalues"),
        (careful(lambda H: np.all(np.diag(H) > 0)), "a positive diagonal is not enough: [[1, 2], [2, 1]]"),
        (careful(lambda H: np.all(H >= 0)), "positive entries are not enough: [[1, 2], [2, 1]]"),
        (careful(lambda H: np.trace(H) > 0), "the trace is the sum of the eigenvalues: each must be positive"),
        (careful(lambda H: np.any(spectrum(H) > 0)), "one positive eigenvalue is not enough: all of them must be"),
        (
            lambda g, H: newton(g, H) if np.all(spectrum(H) > 0) else g,
            "elsewhere this goes up: against the gradient is -g",
        ),
        (
            lambda g, H: newton(g, H) if np.all(spectrum(H) > 0) else -newton(g, H),
            "turned round it goes down on a hilltop, but at a saddle it may climb: look at g @ p",
        ),
        (
            lambda g, H: -np.linalg.solve(np.abs(H), g),
            "np.abs(H) takes the sizes of the entries; those of the eigenvalues would do",
        ),
    ],
)


# 6.7

proof = order(
    "6.7 Why a random start misses the saddle",
    "DFCAGEB",
    mistakes=[
        ("FDCAGEB", "the q are used before a line says what they are"),
        ("DCFAGEB", "the gradient is written with a(t), and no line has said yet what those are"),
        ("DFACGEB", "a step needs the gradient in these coordinates first"),
        ("DFCGAEB", "the power is that of one step's factor, and no line has given it yet"),
        ("DFCAEGB", "that other starts do not converge follows from their growth: the growth comes first"),
        ("DFCAGBE", "these starts: the line before must say which ones remain"),
        ("DFCABGE", "which starts remain is not known yet"),
    ],
)


# 6.8


def square(size):
    return lambda A: numbers(A) is not None and np.shape(numbers(A)) == (size, size) and np.all(np.isfinite(numbers(A)))


friendly = answer(
    "6.8 Made to measure: the friendly face",
    rules=[
        ("3 x 3 numbers", square(3), "A 3 x 3 array of numbers is meant."),
        ("symmetric", lambda A: np.array_equal(A, np.transpose(A)), "A Hessian is symmetric; this matrix is not."),
        (
            "all entries positive",
            lambda A: np.min(A) > 0,
            "The entries are to be positive, all nine of them: a 0 is not, either.",
        ),
        (
            "it is a saddle",
            lambda A: spectrum(numbers(A)).min() < -1e-9,
            "None of its eigenvalues is negative: no way out. (All ones, or a strong diagonal?) "
            "The entries off the diagonal have to outweigh it.",
        ),
        (
            "two ways out",
            lambda A: np.sum(spectrum(numbers(A)) < -1e-9) == 2,
            "One of its eigenvalues is negative; two are meant. Try with more symmetry between the three axes.",
        ),
    ],
)


PIECES = {"before -1": (-6, -1), "from -1 to 0": (-1, 0), "from 0 to 2": (0, 2), "beyond 2": (2, 7)}


def outline(slope):
    """What a derivative says of its function, in words: on each piece, and at the three places between."""
    words = []
    for low, high in PIECES.values():
        slopes = np.array([float(slope(x)) for x in np.linspace(low, high, 203)[1:-1]])
        words.append("rises" if np.all(slopes > 0) else "falls" if np.all(slopes < 0) else "does both or is flat")
    near = [max(abs(float(slope(place + h))) for h in (-1e-7, 0.0, 1e-7)) for place in (-1.0, 0.0, 2.0)]
    return *words, *("flat" if size < 1e-3 else "not flat" for size in near)


def roots(*powers, sign=-1.0):
    """sign (x + 1)^a x^b (x - 2)^c."""
    a, b, c = powers
    return lambda x: sign * (x + 1) ** a * x**b * (x - 2) ** c


slope = function(
    "6.8 Made to measure: three flat places",
    roots(1, 2, 1),
    [case("the whole line")],
    use=outline,
    parts=(*(f"way {piece}" for piece in PIECES), "place -1", "place 0", "place 2"),
    mistakes=[
        (roots(1, 2, 1, sign=1.0), "upside down: the minimum and the maximum have changed places"),
        (roots(1, 1, 1, sign=1.0), "at a simple root the slope changes its sign: at 0 it must touch and not cross"),
        (roots(1, 1, 1), "at a simple root the slope changes its sign: at 0 it must touch and not cross"),
        (roots(1, 0, 1), "at 0 it is not flat: a factor is missing"),
        (lambda x: -(x - 1) * x * x * (x + 2), "a root at -1 belongs to the factor x + 1"),
        (lambda x: (x - 1) * x * x * (x + 2), "a root at -1 belongs to the factor x + 1"),
        (roots(2, 1, 2), "the double root belongs at 0, where the sign stays"),
        (roots(2, 2, 2), "where all roots are double the slope never changes its sign: no minimum, no maximum"),
        (roots(2, 2, 2, sign=1.0), "where all roots are double the slope never changes its sign"),
        (
            lambda x: -((x**5) / 5 - x**4 / 4 - 2 * x**3 / 3),
            "this is the function itself; its derivative is meant",
        ),
    ],
)


def shapes(trap, p):
    value, gradient = trap(p)
    return str(np.shape(value)), str(np.shape(gradient))


def gradient_agrees(trap):
    p = np.random.default_rng(68).uniform(-1, 1, size=(2, 60))
    measured = [(trap(p + h)[0] - trap(p - h)[0]) / 2e-5 for h in 1e-5 * np.eye(2)[:, :, None]]
    return np.allclose(trap(p)[1], measured, rtol=1e-4, atol=1e-6)


def around(trap, r):
    """Heights above the origin, at 720 points in distance r."""
    angle = np.linspace(0, 2 * np.pi, 720, endpoint=False)
    return trap(r * np.array([np.cos(angle), np.sin(angle)]))[0] - trap(np.zeros((2, 1)))[0]


def caught(trap, steps=20_000):
    """Where gradient descent ends from 61 starts in the disc, its rim and middle included: array (2, 61)."""
    rng = np.random.default_rng(69)
    angle, r = rng.uniform(0, 2 * np.pi, 61), 0.1 * np.sqrt(rng.uniform(size=61))
    r[:30], r[30] = 0.1, 0.0
    p = np.array([r * np.cos(angle), 0.5 + r * np.sin(angle)])
    with np.errstate(all="ignore"):
        for _ in range(steps):
            p = p - 0.05 * trap(p)[1]
            if not np.all(np.abs(p) < 1e6):
                break
    return p


def distances(trap):
    return np.hypot(*caught(trap))


trap = function(
    "6.8 Made to measure: the trap",
    lambda p: (p[0] ** 2 + p[1] ** 3, np.array([2 * p[0], 3 * p[1] ** 2])),
    [case("one point", np.array([0.3, 0.4])), case("five points", np.linspace(-1, 1, 10).reshape(2, 5))],
    use=shapes,
    parts=("shape of the value", "shape of the gradient"),
    rules=[
        (
            "the gradient belongs to the value",
            gradient_agrees,
            "The gradient is not that of the value: central differences say otherwise.",
        ),
        (
            "the origin is critical",
            lambda trap: np.all(np.abs(trap(np.zeros(2))[1]) < 1e-9),
            "At the origin the gradient is not 0.",
        ),
        (
            "near the origin are lower points",
            lambda trap: all(np.min(around(trap, r)) < 0 for r in (0.1, 0.01, 0.001)),
            "No point near the origin is lower: it is a minimum. A saddle has lower points at every small distance.",
        ),
        (
            "and higher ones",
            lambda trap: all(np.max(around(trap, r)) > 0 for r in (0.1, 0.01, 0.001)),
            "No point near the origin is higher: it is a maximum. A saddle has higher points at every small distance.",
        ),
        (
            "no run flies off",
            lambda trap: np.all(distances(trap) < 2),
            "From the disc runs leave, and end far from the origin. If your saddle is strict, or a monkey's, only a "
            "thin line or three rays lead to it; if not, is the disc on the side that goes down to "
            "the origin, and is nothing too steep for the rate?",
        ),
        (
            "all runs arrive",
            lambda trap: np.all(distances(trap) < 0.05),
            "After 20,000 steps not all runs from the disc are at the origin. Either they have come to rest elsewhere "
            "(a whole line where the gradient is 0?), or the slope near the origin is too flat to arrive in time.",
        ),
    ],
)


# 6.9


def curvatures(grad, x, h=1e-30):
    """Eigenvalues of the Hessian by complex steps: the imaginary part of grad(x + ih e) is h times a column."""
    H = np.stack([np.imag(grad(x + 1j * h * e)) / h for e in np.eye(len(x))], axis=1)
    return np.linalg.eigvalsh((H + H.T) / 2)


def differences(grad, x, h):
    H = np.stack([(grad(x + h * e) - grad(x - h * e)) / (2 * h) for e in np.eye(len(x))], axis=1)
    return np.linalg.eigvalsh((H + H.T) / 2)


def along_axes(grad, x):
    return np.array([np.imag(grad(x + 1e-30j * e) @ e) / 1e-30 for e in np.eye(len(x))])


def count(of=curvatures, holds=lambda values, tolerance: values < -tolerance):
    return lambda grad, x, tolerance=1e-4: int(np.sum(holds(of(grad, x), tolerance)))


def counted(ways_out, A, c, k, **hyper):
    """ways_out at the critical point c of a function with Hessian A there and k times a fourth power besides."""
    return ways_out(lambda x: A @ (x - c) + k * (x - c) ** 3, c, **hyper)


FLAT = np.array([2.0, -1e-7, -3.0])

ways_out = function(
    "6.9 How many ways out has a network? The counter",
    count(),
    [
        case("a saddle", np.diag([2.0, -2.0]), np.zeros(2), 0.0),
        case("a saddle that is not at the origin", np.diag([2.0, -2.0]), np.array([1.0, -1.0]), 5.0),
        case("all entries positive", FRIENDLY_FACE, np.zeros(2), 1.0),
        case("a bowl", np.diag([1.0, 2.0]), np.ones(2), 1.0),
        case("a hilltop", np.diag([-1.0, -2.0, -3.0]), np.ones(3), 1.0),
        case("no curvature at all", np.zeros((2, 2)), np.zeros(2), 1.0),
        case("a direction almost without curvature", np.diag(FLAT), np.zeros(3), 1.0),
        case("the same, upside down", np.diag(-FLAT), np.zeros(3), 1.0),
        case("a tolerance of 1", np.diag([2.0, -0.5, -3.0]), np.zeros(3), 1.0, tolerance=1.0),
    ],
    fresh=lambda rng: case("", turned(away_from_zero(rng, 5), rng), rng.normal(size=5), rng.uniform(0, 5)),
    use=counted,
    mistakes=[
        (
            count(holds=lambda values, zero: values < -1e-9),
            "rounding leaves zeros a little below 0: count below -tolerance",
        ),
        (count(holds=lambda values, zero: values < -1e-4), "tolerance is an argument; use it"),
        (count(holds=lambda values, zero: values < zero), "the sign of the tolerance: below -tolerance"),
        (count(holds=lambda values, zero: values <= zero), "the sign of the tolerance: below -tolerance"),
        (count(holds=lambda values, zero: values > zero), "these are the ways up"),
        (count(holds=lambda values, zero: np.abs(values) > zero), "the ways up are counted, too"),
        (count(holds=lambda values, zero: values.min() < -zero), "at most one is counted here; count them all"),
        (count(along_axes), "these are the curvatures along the axes; the eigenvalues are meant"),
        (
            count(lambda grad, x: differences(grad, x, 1.0)),
            "the step of the differences is too long: about 1e-5",
        ),
        (
            count(lambda grad, x: differences(grad, np.zeros(len(x)), 1e-5)),
            "the Hessian is taken at the origin; take it at x",
        ),
    ],
)

ways_clouds = answer(
    "6.9 How many ways out has a network? Three clouds",
    8.0,
    mistakes=[
        (4.0, "one for each hidden unit: the law of a network with one output; this one has three"),
        (12.0, "one for each pair of hidden unit and output; but what pulls is a matrix of rank 2"),
        (16.0, "half of these curve upwards; only a negative one is a way out"),
        (10.0, "these are the ways up"),
        (18.0, "these are all that are not 0, the positive ones, too"),
        (2.0, "for each hidden unit as many"),
        (9.0, "these are the zeros"),
        (17.0, "zeros that came out below 0 by rounding are counted: count below -tolerance"),
        (27.0, "these are all parameters; many curvatures are 0, and others positive"),
        (0.0, "this is the answer for XOR"),
        (lambda v: 8 < v < 18, "some zeros came out below 0 by rounding: count below -tolerance"),
    ],
)

ways_xor = answer(
    "6.9 How many ways out has a network? XOR",
    0.0,
    mistakes=[
        (8.0, "this is the answer for the clouds; on XOR no straight line helps at all"),
        (4.0, "one for each hidden unit needs a straight line that helps; on XOR none does"),
        (1.0, "the one curvature that is not 0, that of the last bias, is positive"),
        (16.0, "these are the zeros: the Hessian says nothing about those directions"),
        (17.0, "these are all parameters"),
        (lambda v: 0 < v < 17, "some zeros came out below 0 by rounding: count below -tolerance"),
    ],
)
