"""Sheet 06: critical points named, left, and counted; how long it takes to leave; functions made to order."""

from functools import cache
from itertools import pairwise

import numpy as np

from course_lib.checks import draws
from course_lib.checks.comparison import numbers
from course_lib.checks.draws import symmetric
from course_lib.checks.exercise import Like, Rule, case, function, order, value
from course_lib.checks.mistakes import edits
from course_lib.checks.varied import Varied, choice, relettered

TELL, LEAVE = "2. What eigenvalues tell, and what not", "3. How long does it take to leave?"
NEWTON, NETWORK = "8. Newton walks into saddles, and how to turn it round", "9. The saddle of a real network"
WITHHELD = ["curvature.critical_kind", "curvature.saddle_free_newton", "curvature.solved"]
FRIENDLY_FACE = np.array([[1.0, 2.0], [2.0, 1.0]])  # eigenvalues 3 and -1


def some(rng, low=1):
    """A drawn number, 1, 2 or 3 if it is not said otherwise."""
    return int(rng.integers(low, 4))


def sizes(rng, n=None):
    """Curvatures up, n or some of them."""
    return rng.uniform(0.3, 3, some(rng) if n is None else n)


def tiny(rng, size=1e-10):
    """Some curvatures that are zero but for rounding."""
    return rng.uniform(-size, size, some(rng))


# 6.1


def bent(values):
    """A draw of a Hessian. values: rng -> its curvatures, a list of numbers and arrays."""
    return lambda rng: case("", symmetric(rng, *values(rng)))


def beside_the_tolerance(rng):
    tolerance = round(float(rng.uniform(0.1, 0.2)), 3)
    one, other = tolerance * np.array([rng.uniform(0.3, 0.8), rng.uniform(1.2, 1.5)])
    sign = rng.choice([-1, 1])
    parts = [(sizes(rng, 2), -one), (sizes(rng, 2), -other), (sizes(rng, 1), other), (sizes(rng, 1), one)]
    return case("", sign * symmetric(rng, *parts[rng.integers(4)]), tolerance)


def no_tolerance(rng):
    return case("", rng.choice([-1.0, 1.0]) * np.diag(rng.permutation([0, *rng.integers(1, 4, some(rng, 0))])), 0.0)


@function(
    "6.1 Name the point", points=2, read=TELL, withheld=WITHHELD,
    cases=[
        case("a bowl", np.diag([2.0, 1.0])),
        case("a hilltop", np.diag([-2.0, -1.0])),
        case("all entries positive", FRIENDLY_FACE),
        case("the monkey saddle", np.zeros((2, 2))),
        case("one dimension", np.array([[2.0]])),
        case("a trough", np.diag([1.0, 0.0])),
        case("a ridge", np.diag([-1.0, 0.0])),
        case("both signs and a zero", np.diag([1.0, 0.0, -1.0])),
        case("a hilltop in three dimensions", np.diag([-1, -2, -3])),
        case("two ways down in three dimensions", np.diag([1.0, -2.0, -3.0])),
        case("a trough, up to rounding", symmetric(np.random.default_rng(7), 2, 1, 1e-10)),
        case("the same, rounded to the other side", symmetric(np.random.default_rng(7), 2, 1, -1e-10)),
        case("a tolerance of 0.1", np.diag([1.0, -0.05]), 0.1),
        case("a tolerance of 0.1, upside down", np.diag([0.05, -1.0]), 0.1),
        case("a tolerance of 0", np.diag([1.0, 0.0]), 0.0),
        case("a tolerance of 0, upside down", np.diag([0.0, -1.0]), 0.0),
    ],
    draw={
        "A bowl is a minimum and a hilltop a maximum, in any dimension.":
            bent(lambda rng: [rng.choice([-1, 1]) * sizes(rng, draws.dimension(rng))]),
        "Where some curvatures are up and some are down it is a saddle.": bent(lambda rng: [sizes(rng), -sizes(rng)]),
        "With zeros, and the others of one sign, the Hessian cannot tell.":
            bent(lambda rng: [rng.choice([-1, 1]) * sizes(rng, some(rng, 0)), tiny(rng)]),
        "Up and down is a saddle even if other curvatures are zero.":
            bent(lambda rng: [sizes(rng), tiny(rng), -sizes(rng)]),
        "What counts as zero is what the tolerance says.": [beside_the_tolerance, no_tolerance],
    },
    needs=0,
    mistakes="""
        np.linalg.eigvalsh(H) -> np.sort(np.ravel(H))
            : these are the signs of its entries; the eigenvalues are meant, as [[1, 2], [2, 1]] shows
            -> np.sort(np.diag(H)) : the diagonal says how it curves along the axes; the eigenvalues are meant
            -> np.abs(np.linalg.eigvalsh(H)) : the sizes of the eigenvalues have no signs
        curvatures = np.linalg.eigvalsh(H) -> det, curvatures = np.linalg.det(H), np.sort(np.diag(H))
            ;; np.any(curvatures > tolerance) and np.any(curvatures < -tolerance) -> det < -tolerance
            ;; np.any(np.abs(curvatures) <= tolerance) -> abs(det) <= tolerance ;; curvatures[0] > 0 -> H[0, 0] > 0
            : the determinant decides in two dimensions only; ask the eigenvalues
            -> curvatures, tolerance = np.linalg.eigvalsh(H), 0.0
                : nothing computed is exactly 0: sizes up to tolerance count as 0
            -> curvatures, tolerance = np.linalg.eigvalsh(H), 1e-8 : tolerance is an argument; use it
        return "degenerate" -> return "saddle" : with a zero and one sign it need not be a saddle: x^4 has a minimum
            -> return "minimum" if curvatures[0] >= -tolerance else "maximum"
                : an eigenvalue 0 is not enough for a minimum or a maximum: think of x^3
        if np.any(np.abs(curvatures) <= tolerance) -> if np.all(np.abs(curvatures) <= tolerance)
            ;; curvatures[0] > 0 -> curvatures[-1] > tolerance
            : one eigenvalue 0 is enough for degenerate, if the others have one sign
        np.any(curvatures > tolerance) and np.any(curvatures < -tolerance) -> np.all(np.abs(curvatures) > tolerance)
            and curvatures[0] * curvatures[-1] < 0
            : up one way and down another is a saddle, whatever the zeros do: ask that first
            -> curvatures[0] * curvatures[-1] < 0
                : the sign of a product knows no tolerance: one above it and one below -tolerance make a saddle
        "minimum" if curvatures[0] > 0 else "maximum" -> "maximum" if curvatures[0] > 0 else "minimum"
            : minimum and maximum have changed places
        np.any(np.abs(curvatures) <= tolerance) -> np.any(np.abs(curvatures) <= tolerance)
            and curvatures[-1] > tolerance
            : below tolerance is not yet below 0: a maximum has all eigenvalues below -tolerance
        np.abs(curvatures) <= tolerance -> np.abs(curvatures) < tolerance
            : sizes up to tolerance count as 0, the tolerance itself, too: with a tolerance of 0, 0 is still 0
    """,
)  # fmt: skip
def kind(H, tolerance=1e-8):
    curvatures = np.linalg.eigvalsh(H)
    if np.any(curvatures > tolerance) and np.any(curvatures < -tolerance):
        return "saddle"
    if np.any(np.abs(curvatures) <= tolerance):
        return "degenerate"
    return "minimum" if curvatures[0] > 0 else "maximum"


# 6.2

TERMS = {"+ 3z^2 + 4xy": 1, "- 5z^2 + xy": 1, "+ z^2 + xy": 0, "+ 2z^2 - 6xy": 1, "+ 4z^2 - xy": 0}  # and ways out

ways = value(
    "6.2 Guess before you run: ways out", 2, points=1, read=TELL,
    mistakes=[
        (1, "a term such as 4xy can make a way down of its own: look along (1, -1, 0)"),
        (3, "along (1, 1, 0) it goes up"),
        (0, "along z it goes down"),
        (-2, "how many eigenvalues are negative is meant, not one of them"),
    ],
    varied=Varied(
        {"terms": choice(*TERMS), "ways": lambda rng, p: TERMS[p["terms"]]},
        {"guess-task": ["x^2 + y^2 {terms:- 3z^2 + 4xy}"], "guesses": ["ways = {ways:2}"]},
        dropped={"guess-run-text", "guess-run"},
    ),
)  # fmt: skip

newton_end = value(
    "6.2 Guess before you run: Newton's end", -1, points=1, read=NEWTON, tolerance=1e-2,
    mistakes=[
        (1, "there gradient descent goes; Newton's step keeps the sign of x here"),
        (-1.45, "this is where its first step lands; go on"),
        (0, "at 0 the curvature vanishes, and the step from nearby is huge"),
        (Like(-5, lambda v: abs(v) > 1.6), "it does not run away: at -1 the slope is 0, and that is all it asks for"),
    ],
    varied=Varied(
        {"end": choice(2, 3, 4), "slope": lambda rng, p: 3 * p["end"] ** 2},
        {"guess-task": ["x^3 - {slope:3}x$ has a maximum at $-{end:1}$ and a minimum at ${end:1}$"],
         "guesses": ["newton_end = -{end:1}"]},
    ),
)  # fmt: skip

times = value(
    "6.2 Guess before you run: ten times as near", 100, points=1, read=LEAVE, tolerance=0.05,
    mistakes=[
        (10, "this is the monkey saddle, whose slope falls like the square; here it falls like the cube"),
        (1000, "the slope is a thousandth, but the way until the distance has doubled is a tenth, too"),
        (10_000, "the slope counts, a cube, not the height"),
        (Like(2.3, lambda v: 1 <= v < 5),
         "this is the logarithm of a strict saddle, for which ten times as near costs little"),
        (Like(0.1, lambda v: 0 < v < 1), "from nearer it takes longer"),
    ],
    varied=Varied(
        {"power": choice(5, 6), "near": choice(0.01, 0.025)},
        {"guess-task": [("**Ten times as near.**", "**Nearer.**"), "x^2 - y^{power:4}", "from $y = {near:0.005}$"],
         "guesses": [("times = 100", "times = (0.05 / {near}) ** ({power} - 2)")]},
    ),
)  # fmt: skip


# 6.3


def digits(array):
    """Words for an array that cannot be right enough."""
    single = getattr(array, "dtype", None) == np.float32
    return " in float32, which keeps too few digits" if single else ""


def noticed(step, x, g, wait, seed, **hyper):
    """What a step does, in words that do not depend on the numbers it draws; and the new wait."""
    moves = {
        "a step": x - hyper["lr"] * g, "a step uphill": x + hyper["lr"] * g, "a step without lr": x - g, "no step": +x,
    }  # fmt: skip
    result = step(x, g, wait, rng=np.random.default_rng(seed), **hyper)
    if not isinstance(result, tuple | list) or len(result) != 2:
        return result
    point, left = result
    if np.shape(point) != moves["a step"].shape:
        return f"a point of shape {np.shape(point)}", left
    if digits(point):
        return f"a point{digits(point)}", left
    apart, move = min((np.max(np.abs(point - place)), name) for name, place in moves.items())
    if not apart < 7 * hyper["sigma"]:
        return "another move", left
    return move + " and noise" * bool(apart > 1e-12), left


def a_step(near=True, waits=(0,)):
    """A draw of a step of 6.3 with a gradient that is small, or is not quite."""

    def drawn(rng):
        d = draws.dimension(rng) + 1
        quiet, g = float(rng.choice([0.3, 3])), rng.normal(size=d)
        g *= quiet * (rng.uniform(0.7, 0.95) if near else rng.uniform(1.05, 1.3)) / np.linalg.norm(g)
        hyper = {"lr": round(float(rng.uniform(0.05, 0.5)), 3), "quiet": quiet, "sigma": 1e-5}
        return case("", draws.array(rng, d), g, int(rng.choice(waits)), int(rng.integers(2**40)),
                    pause=int(rng.integers(9)), **hyper)  # fmt: skip

    return drawn


def just_not_small(rng):
    """A gradient whose length is the limit, exactly."""
    g, size = rng.permutation([3.0, -4.0, *np.zeros(some(rng, 0))]), int(rng.integers(1, 4))
    hyper = {"lr": 0.25, "quiet": 5.0 * size, "sigma": 1e-5, "pause": 2}
    return case("", draws.array(rng, len(g)), g * size, 0, int(rng.integers(2**40)), **hyper)


def kicks(step, rng, times=600):
    """The kicks of so many steps over their size, array (times, 3), each from a generator of its own."""
    x, sigma = rng.normal(size=3), float(rng.uniform(0.05, 0.3))
    hyper = {"lr": 0.1, "quiet": 1.0, "sigma": sigma, "pause": 3}
    runs = [step(x.copy(), np.zeros(3), 0, rng=np.random.default_rng(rng.integers(2**40)), **hyper)[0]
            for _ in range(times)]  # fmt: skip
    return (np.array(runs) - x) / sigma


def repeats(step, rng):
    seed = rng.integers(2**40)
    one, same, other = (kicks(step, np.random.default_rng(seed + i), 5) for i in (0, 0, 1))
    return np.array_equal(one, same) and not np.any(np.isclose(one, other, rtol=0, atol=1e-12))


def alone(step, rng):
    return np.max(np.abs(np.corrcoef(kicks(step, rng), rowvar=False) - np.eye(3))) < 0.25


def as_large(step, rng):
    """Whether size and shape are those of the normal distribution: 68 % of the numbers are within 1."""
    noise = kicks(step, rng)  # 1800 numbers
    return np.all(np.abs(noise.std(axis=0) - 1) < 0.15) and 0.62 < np.mean(np.abs(noise) < 1) < 0.75


POINT, SMALL, LARGE = np.array([1.0, -2.0]), np.array([0.06, -0.05]), np.array([3.0, 1.0])
PUSH = {"lr": 0.5, "quiet": 0.1, "sigma": 1e-4, "pause": 3}


@function(
    "6.3 A kick, but only where it is needed", points=3, read="4. Which noise helps, and how much of it?", use=noticed,
    cases=[
        case("a small gradient, no wait", POINT, SMALL, 0, 6, **PUSH),
        case("a large gradient, no wait", POINT, LARGE, 0, 6, **PUSH),
        case("a small gradient, 3 to wait", POINT, SMALL, 3, 6, **PUSH),
        case("a small gradient, 1 to wait", POINT, SMALL, 1, 6, **PUSH),
        case("a large gradient, 2 to wait", POINT, LARGE, 2, 6, **PUSH),
        case("each coordinate small, but not the norm", POINT, np.array([0.09, 0.09]), 0, 6, **PUSH),
        case("a large negative gradient", POINT, -LARGE, 0, 6, **PUSH),
        case("a gradient of exactly this length", POINT, np.array([3.0, 4.0]), 0, 6, **PUSH | {"quiet": 5.0}),
        case("no pause", POINT, SMALL, 0, 6, **PUSH | {"pause": 0}),
    ],
    draw=[a_step(), a_step(near=False), a_step(waits=(1, 2, 3)), a_step(near=False, waits=(1, 2, 3)),
          just_not_small],
    parts={"move": "The step is plain, with a kick where the gradient is small and there is no wait.",
           "wait": "After a kick the wait is the pause; else it goes down by one, but not below zero."},
    mistakes="""
        wait == 0 and np -> np : no pause: noise only when wait is 0
        if wait == 0 and np.linalg.norm(g) < quiet -> if wait == 0 : noise only where the gradient is small, too
            -> if True : noise only where the gradient is small, and when wait is 0
            -> if False : there is never any noise
        < quiet -> > quiet : the wrong way round: noise where the gradient is smaller than quiet
            -> <= quiet : a gradient of exactly this length is not below quiet
        wait == 0 and -> wait == 0 or : both must hold, a small gradient and no wait: and, not or
        np.linalg.norm(g) -> np.max(np.abs(g)) : each coordinate is small here, but the norm of g is not
            -> np.max(g) : a large negative slope is large, too: take the norm of g
            -> g @ g : this compares the square of the norm with quiet
        (x.shape), pause -> (x.shape), max(wait - 1, 0) : after a noise wait becomes pause
            -> (x.shape), max(pause - 1, 0) || (x.shape), pause - 1
                : the step with the noise does not count: after it wait is pause
            -> (x.shape), pause + 1 : after a noise wait becomes pause itself, not one more
        max(wait - 1, 0) -> wait : without noise wait goes down by one
            -> wait - 1 : wait does not go below 0
            -> wait + 1 : wait counts down, not up
            -> wait if np.linalg.norm(g) >= quiet else max(wait - 1, 0)
                : wait goes down at every step without noise, where the gradient is large, too
        sigma * rng -> rng : the noise is too large: sigma times a standard normal number
        x = x - lr * g -> start, x = x, x - lr * g ;; return x + sigma -> return start + sigma
            : noise is added to the step
        x - lr * g -> x + lr * g : the sign: the step goes against the gradient
            -> x - g : lr is missing in the step
    """,
    rules=[
        Rule("noise is drawn from rng", repeats,
             "The noise must come from rng and nothing else: the same generator gives the same step, another one "
             "another. (np.random.normal, or a generator made inside, does not.)",
             says="The noise comes from rng and nothing else.", weight=0.5, needs=0),
        Rule("each coordinate has its own", alone,
             "The coordinates get the same number as noise, so it pushes along one line only: "
             "draw as many as x has, with x.shape.", says="Each coordinate has noise of its own.", weight=0.5, needs=0),
        Rule("it has mean 0", lambda step, rng: np.all(np.abs(kicks(step, rng).mean(axis=0)) < 0.24),
             "The noise pushes to one side: its mean must be 0 (standard normal, not uniform on [0, 1)).",
             says="The noise pushes to no side.", weight=0.25, needs=0),
        Rule("it is as large as asked for", as_large,
             "The noise has the wrong size: sigma times a standard normal number (not its square, its root, "
             "or something uniform).",
             says="The noise is sigma times standard normal numbers.", weight=0.5, needs=0),
    ],
)  # fmt: skip
def noisy_step(x, g, wait=0, *, lr, quiet, sigma, pause, rng):
    x = x - lr * g
    if wait == 0 and np.linalg.norm(g) < quiet:
        return x + sigma * rng.standard_normal(x.shape), pause
    return x, max(wait - 1, 0)


# 6.4


def curved(sign, low=False):
    """A draw of a step of 6.4; sign: rng -> signs of curvatures; low: whether some are below the floor."""

    def drawn(rng):
        d = draws.dimension(rng)
        values = sign(rng, d) * sizes(rng, d)
        floor = round(float(np.quantile(np.abs(values), 0.6)) + 0.1, 3) if low else 0.05
        hyper = draws.sometimes(rng, lr=draws.number(rng, 0.2, 1.5), floor=floor)
        if low and not hyper:
            values[0] *= 0.1 / 3
        return case("", draws.array(rng, d), draws.array(rng, d), symmetric(rng, values), **hyper)

    return drawn


def mixed(rng, d):
    return rng.permutation([-1, *rng.choice([-1, 1], d - 1)])


X, G = np.array([1.0, 2.0]), np.array([0.5, -1.0])


@function(
    "6.4 Newton, cured of its love for saddles", points=3, read=NEWTON, withheld=WITHHELD,
    cases=[
        case("a bowl", X, G, np.diag([2.0, 4.0])),
        case("a saddle", X, G, np.diag([2.0, -4.0])),
        case("all entries positive", X, G, FRIENDLY_FACE),
        case("half a step", X, G, FRIENDLY_FACE, lr=0.5),
        case("a direction with little curvature", X, G, np.diag([2.0, 0.001])),
        case("a way out with little curvature", X, G, np.diag([2.0, -0.001])),
        case("a high floor", X, G, np.diag([2.0, -4.0]), floor=3.0),
        case("one dimension", X[:1], G[:1], np.array([[-0.5]])),
    ],
    draw={"In a bowl it is Newton's step, times the rate.": curved(lambda rng, d: np.ones(d)),
          "A negative curvature divides by its size.": curved(mixed),
          "No divisor is below the floor, whatever the sign.": curved(mixed, low=True)},
    mistakes="""
        np.maximum(np.abs(curvatures), floor) -> curvatures
            : this is Newton's step: it goes to the saddle; divide by the size
            -> np.abs(curvatures) : the floor is missing: no divisor is below it
            -> (np.abs(curvatures) + floor) : the floor is a least value, not something added
            -> np.copysign(np.maximum(np.abs(curvatures), floor), curvatures)
                : the sign of the curvature came back: it goes to the saddle again
            -> np.where(np.abs(curvatures) < floor, floor, curvatures)
                : the floor holds, but a negative curvature has kept its sign: it goes to the saddle
        np.abs(curvatures) -> curvatures : a negative curvature became the floor: take its size first
        np.maximum -> np.minimum : the larger of the two is meant: np.maximum
        ) / np -> ) * np : divide by the size of the curvature
        x - lr -> x + lr : the sign of the step: it goes against the gradient
            -> -lr : this is the move alone; add it to x
        lr * Q -> Q : lr is missing
        lr * Q @ ( -> lr * ( : these are the parts along the eigenvectors: Q @ parts puts them together again
        (Q.T @ g) -> g : each curvature divides the part of g along its eigenvector: take Q.T @ g first
        Q @ ((Q.T @ g) / np.maximum(np.abs(curvatures), floor)) -> np.linalg.solve(np.abs(H), g)
            : np.abs(H) takes the sizes of the entries; those of the eigenvalues are meant
            -> g : this is gradient descent: H is not used
        lr * Q @ ((Q.T @ g) -> lr * Q.T @ ((Q @ g)
            : the parts of g along the columns of Q are Q.T @ g, and Q @ parts puts them together
    """,
)  # fmt: skip
def saddle_free_step(x, g, H, *, lr=1.0, floor=0.1):
    curvatures, Q = np.linalg.eigh(H)
    return x - lr * Q @ ((Q.T @ g) / np.maximum(np.abs(curvatures), floor))


# 6.5


def beside_the_ridge(rng):
    """A saddle with one way out, a start beside its ridge, and a rate; rounding cannot change the number of steps."""
    while True:
        d, curvature, lr = some(rng, 1) + 1, rng.uniform(0.5, 3), round(float(rng.uniform(0.02, 0.2)), 3)
        H = symmetric(rng, -curvature, sizes(rng, d - 1))
        Q = np.linalg.eigh(H)[1]
        part = rng.choice([-1, 1]) * 10 ** rng.uniform(-5, -0.5)
        if 0.05 < -np.log(abs(part)) / np.log1p(lr * curvature) % 1 < 0.95:
            return case("", H, Q @ [part, *rng.normal(size=d - 1)], lr)


def reached_exactly(rng):
    """A step doubles the part along the way out, which becomes 1 without any rounding."""
    place = rng.permutation(some(rng, 1) + 1)
    x = np.where(place, rng.normal(size=len(place)), rng.choice([-1, 1]) * 2.0 ** -rng.choice([1, 2, 4]))
    return case("", np.diag(np.where(place, 0.5 * place, -1.0)), x, 1.0)


@function(
    "6.5 How long to get away? From a strict saddle", points=1, read=LEAVE, withheld=WITHHELD,
    says="It is the first step at which the part along the way out is large enough.",
    cases=[
        case("beside the ridge", np.diag([2.0, -2.0]), np.array([0.5, 0.01]), 0.05),
        case("on its other side, farther out", np.diag([2.0, -2.0]), np.array([3.0, -0.01]), 0.05),
        case("a friendly face", FRIENDLY_FACE, np.array([1.0, 1.001]), 0.1),
        case("three dimensions", np.diag([3.0, -1.0, 1.0]), np.array([0.5, 1e-6, 2.0]), 0.1),
        case("1 is reached exactly", np.diag([0.5, -1.0]), np.array([0.5, 0.25]), 1.0),
    ],
    draw=[beside_the_ridge, reached_exactly],
    mistakes="""
        int(np.ceil( -> int(( : rounded down, it is one step short
            -> round(( : rounded to the nearest, it is at times one short: round up
            -> float(( : a whole number of steps is meant: round up
            -> 1 + int(( : where 1 is reached exactly this is one step too many: round up with np.ceil
            -> 1 + int(np.ceil( || 2 + int(( : one step too many
        abs(Q[:, 0] @ x) -> Q[:, 0] @ x : q . x may be negative, and then it has no logarithm: take its size
        Q[:, 0] @ x -> np.linalg.norm(x) : this is the whole distance; only the part along q gets away
            -> x[-1] : this is the last coordinate; the part along the way out is q . x
            -> x[0] : this is the first coordinate; the part along the way out is q . x
        r = abs(Q[:, 0] @ x) -> curvatures = np.diag(H); i = np.argmin(curvatures); r = abs(x[i])
            ;; curvatures[0] -> curvatures[i]
            : the way out need not be an axis: take the eigenvector
        np.log(1 + lr * abs(curvatures[0])) -> (lr * abs(curvatures[0]))
            : the factor of a step is 1 + lr |lambda|, not e to the lr |lambda|
        1 + lr * abs -> 1 + 2 * lr * abs : H is the matrix of second derivatives: no 2 here
            -> 1 - lr * abs
        np.log(1 / r) / np.log(1 + lr -> -np.log(1 / r) / np.log(1 - lr
            : the sign: along the way out a step is 1 + lr |lambda|
        Q[:, 0] -> Q[0] : the eigenvectors are the columns of Q: Q[:, 0], not Q[0]
            -> Q[:, -1] ;; curvatures[0] -> curvatures[-1]
                : this is the largest eigenvalue; the negative one is the first
        lr * abs(curvatures[0]) -> 2 * lr : 2 is the curvature of the lesson's saddle; take that of H
            -> abs(curvatures[0]) : lr is missing
            -> lr : the curvature is missing
    """,
)  # fmt: skip
def strict_steps(H, x, lr):
    curvatures, Q = np.linalg.eigh(H)
    r = abs(Q[:, 0] @ x)
    return int(np.ceil(np.log(1 / r) / np.log(1 + lr * abs(curvatures[0]))))


@cache
def by_running(r, p, lr):
    """The steps, counted: what a formula is measured by."""
    s, steps = r, 0
    while s < 1:
        s, steps = s + lr * s ** (p - 1), steps + 1
    return steps


def by_integral(r, p, lr):
    return (r ** (2 - p) - 1) / ((p - 2) * lr)


def flatter(low, high):
    """A draw of a start, a power from low to high, and a rate."""

    def drawn(rng):
        r, p, lr = rng.uniform([0.012, low, 0.03], [0.03, high, 0.1])
        return case("", round(float(r), 3), round(float(p), 2), round(float(lr), 3))

    return drawn


@function(
    "6.5 How long to get away? From a flatter saddle", points=2, read=LEAVE, tolerance=0.05,
    cases=[
        case("p = 3 from 0.01", 0.01, 3.0, 0.05),
        case("p = 3 from 0.03", 0.03, 3.0, 0.01),
        case("p = 4 from 0.03", 0.03, 4.0, 0.1),
        case("p = 3.5 from 0.01", 0.01, 3.5, 0.1),
    ],
    draw={"It is right for the slope of the monkey saddle.": flatter(3, 3),
          "It is right for flatter slopes, too.": flatter(3.3, 4)},
    mistakes=edits(by_integral, """
        ((p - 2) * lr) -> lr : the integral of s^(1 - p) has p - 2 below the line
        ((p - 2) * lr) -> ((p - 1) * lr) : the integral of s^(1 - p) has p - 2 below the line, not p - 1
        ((p - 2) * lr) -> (p * lr) : the integral of s^(1 - p) has p - 2 below the line, not p
        / ((p - 2) * lr) -> * (p - 2) / lr : the p - 2 belongs below the line
        ((p - 2) * lr) -> (p * (p - 2) * lr) : the slope of s^p / p is s^(p - 1): the p is gone
        ((p - 2) * lr) -> ((p - 1) * (p - 2) * lr) : p - 1 belongs to the curvature; the slope is s^(p - 1)
        (r ** (2 - p) - 1) / ((p - 2) * lr) -> (1 / r - 1) / (3 * lr)
            : this is the monkey saddle of the lesson, for p = 3 and a factor 3
        (r ** (2 - p) - 1) / ((p - 2) * lr) -> (1 / r - 1) / lr : this is right for p = 3 only
        ((p - 2) * lr) -> (p - 2) : lr is missing: a smaller rate takes more steps
        / ((p - 2) * lr) -> / (p - 2) * lr : lr belongs below the line: a smaller rate takes more steps
        (r ** (2 - p) - 1) / ((p - 2) * lr) -> (1 - r) * r ** (1 - p) / lr
            : the slope grows on the way: this takes the one at the start
        (r ** (2 - p) - 1) / ((p - 2) * lr) -> (r ** (1 - p) - 1) / ((p - 1) * lr)
            : the slope falls like s^(p - 1), not like s^p: the integral is over s^(1 - p)
        (r ** (2 - p) - 1) / ((p - 2) * lr) -> (r ** (-p) - 1) / (p * lr)
            : the slope falls like s^(p - 1): the integral is over s^(1 - p)
        (r ** (2 - p) - 1) / ((p - 2) * lr) -> np.log(1 / r) / np.log(1 + lr)
            : this is the law of a strict saddle, with its logarithm
        (r ** (2 - p) - 1) / ((p - 2) * lr) -> np.log(1 / r) / np.log(1 + lr * r ** (p - 2))
            : the factor of a step grows on the way; this keeps the one at the start
        ((p - 2) * lr) -> ((2 - p) * lr) : the sign: the integral runs from r to 1
    """),
)  # fmt: skip
def flat_steps(r, p, lr):
    return by_running(r, p, lr)


# 6.6


def residuals(rng):
    n, d = some(rng) + 2, some(rng)
    C = draws.array(rng, (n, d, d))
    return draws.array(rng, (n, d)), draws.array(rng, n), C + np.swapaxes(C, 1, 2)


TWO_WEIGHTS = (
    np.array([[0.0, 0.0], [0.1, 0.0], [0.0, 0.1]]), np.array([-1.0, 0.0, 0.0]),
    np.array([[[0.0, 1.0], [1.0, 0.0]], np.zeros((2, 2)), np.zeros((2, 2))]),
)  # fmt: skip


@function(
    "6.6 Bug hunt: the false minimum", points=1, read=TELL, withheld=WITHHELD,
    says="It is the Hessian of half the sum of squares.",
    cases=[
        case("the two weights at 0", *TWO_WEIGHTS),
        case("five residuals", *residuals(np.random.default_rng(66))),
        case("as many residuals as weights", *residuals(np.random.default_rng(74))),
    ],
    draw=lambda rng: case("", *residuals(rng)),
    mistakes="""
        + np.tensordot(r, C, axes=1) -> : this is as found: the residuals' own curvatures are missing
        np.tensordot(r, C, axes=1) -> np.sum(C, axis=0) : each C counts as much as its residual: r_i C_i
        + np -> - np : the sign of the second part: a product has a plus
        tensordot(r, -> tensordot(r * r, : the residual counts once, not squared
            -> tensordot(np.abs(r), : the residual counts with its sign
            -> tensordot(r / 2,
        J.T @ J -> J.T @ J / 2 || J.T @ J / 2 ;; tensordot(r, -> tensordot(r / 2,
            : the half in f takes the 2 away in both parts
            -> 2 * J.T @ J ;; tensordot(r, -> tensordot(2 * r, || 2 * J.T @ J : the half in f takes this 2 away
        J.T @ J + -> : J.T @ J was right; something has to be added to it
        J.T @ J + np.tensordot(r, C, axes=1) -> (J.T @ J + np.tensordot(r, C, axes=1)) / len(r)
            : f is half the sum, not the mean: no division by n
    """,
)  # fmt: skip
def hessian(J, r, C):
    return J.T @ J + np.tensordot(r, C, axes=1)


def course(downhill, g, H):
    """What a direction does, in words: there are many good ones where H is not positive definite."""
    slopes, bowl, newton = g.copy(), np.all(np.linalg.eigvalsh(H) > 0), -np.linalg.inv(H) @ g
    p = np.asarray(downhill(g, H))
    if p.shape != slopes.shape or digits(p):
        return f"an array of shape {p.shape}{digits(p)}"
    if bowl and np.allclose(p, newton, rtol=0, atol=1e-8 * np.max(np.abs(slopes))):
        return "Newton's direction"
    return "another that goes down" if slopes @ p < 0 else "one that does not go down"


def felt(values):
    """A draw of a place with these curvatures, and slopes that may be small along those above or below 0."""

    def drawn(rng):
        H = symmetric(rng, *values(rng))
        curvatures, Q = np.linalg.eigh(H)
        slopes = np.where(curvatures < 0, *rng.choice([0.1, 1], 2)) * rng.uniform(0.5, 2, len(H))
        return case("", Q @ (slopes * rng.choice([-1, 1], len(H))), H)

    return drawn


def cancelled(rng):
    """A saddle where the slope along Newton's direction is 0."""
    size, signs = float(rng.integers(1, 4)), rng.permutation([1.0, -1.0])
    return case("", size * rng.choice([-1.0, 1.0], 2), 2.0 ** rng.integers(-1, 3) * np.diag(signs))


@function(
    "6.6 Bug hunt: the step that climbs", points=2, read=NEWTON, withheld=WITHHELD, use=course,
    cases=[
        case("a bowl", G, np.diag([2.0, 4.0])),
        case("a flat bowl that leans", G, np.array([[0.5, -0.2], [-0.2, 0.2]])),
        case("a hilltop", G, np.diag([-2.0, -4.0])),
        case("a saddle", np.array([0.1, 1.0]), np.diag([3.0, -1.0])),
        case("a saddle from another side", np.array([1.0, 0.1]), np.diag([1.0, -1.0])),
        case("a saddle from between", np.array([1.0, 1.0]), np.diag([1.0, -1.0])),
        case("a saddle with a friendly face", np.array([1.0, -1.0]), FRIENDLY_FACE),
        case("its mirror image", np.array([1.0, -1.0]), FRIENDLY_FACE * [[1, -1], [-1, 1]]),
        case("two ways down in three dimensions", np.array([0.1, 1.0, 1.0]), np.diag([1.0, -1.0, -1.0])),
    ],
    draw={"It is Newton's direction where all curvatures are positive, and goes down on a hilltop.":
              [felt(lambda rng: [sizes(rng, some(rng) + 1)]), felt(lambda rng: [-sizes(rng, some(rng) + 1)])],
          "At a saddle it goes down, from all sides.": [
              felt(lambda rng: [2 + sizes(rng, 2), -rng.uniform(0.3, 1)]),
              felt(lambda rng: [sizes(rng, 1), -sizes(rng, 2)]),
              cancelled, lambda rng: case("", rng.uniform(0.5, 2) * np.array([1.0, -1.0]), FRIENDLY_FACE)]},
    needs=0,
    mistakes="""
        p if np.all(np.linalg.eigvalsh(H) > 0) else -g -> p : this is as found
            -> -g : it goes down, but where all curvatures are positive Newton's direction is meant
            -> -p : the sign: in a bowl this goes up
            -> g : the sign: this goes up
            -> p if g @ p < 0 else -p
                : where the terms of g @ p cancel, neither p nor -p goes down: try g = (1, 1) and diag(1, -1)
        np.all(np.linalg.eigvalsh(H) > 0) -> np.linalg.det(H) > 0
            : the determinant is positive at a hilltop, too: ask the eigenvalues
            -> np.trace(H) > 0 : the trace is the sum of the eigenvalues: each must be positive
        np.linalg.eigvalsh(H) -> np.diag(H) : a positive diagonal is not enough: [[1, 2], [2, 1]]
        np.linalg.eigvalsh(H) > 0 -> H >= 0 : positive entries are not enough: [[1, 2], [2, 1]]
        np.all( -> np.any( : one positive eigenvalue is not enough: all of them must be
        else -g -> else g : elsewhere this goes up: against the gradient is -g
            -> else -p : turned round it goes down on a hilltop, but at a saddle it may climb: look at g @ p
        np.linalg.solve(H, g) -> np.linalg.solve(np.abs(H), g) ;; np.all(np.linalg.eigvalsh(H) > 0) -> True
            : np.abs(H) takes the sizes of the entries; those of the eigenvalues would do
    """,
)  # fmt: skip
def downhill(g, H):
    p = -np.linalg.solve(H, g)
    return p if np.all(np.linalg.eigvalsh(H) > 0) else -g


# 6.7

proof = order(
    "6.7 Why a random start misses the saddle", "DFCAGEB", points=2, read=LEAVE, needs="""
    D < F : the q are used before a line says what they are
    F < C : the gradient is written with a(t), and no line has said yet what those are
    C < A : a step needs the gradient in these coordinates first
    A < G : the power is that of one step's factor, and no line has given it yet
    G < E : that other starts do not converge follows from their growth: the growth comes first
    E < B : these starts: the line before must say which ones remain
    """,
    varied=relettered("DFCAGEB", dropped={"parsons-run-text", "parsons-run"}),
)  # fmt: skip


# 6.8


def ways_of(A):
    return np.sum(np.linalg.eigvalsh(numbers(A)) < -1e-9)


friendly = value(
    "6.8 Made to measure: the friendly face", points=1, read=TELL, passes=1 + np.ones((3, 3)) - np.eye(3),
    rules=[
        Rule("3 x 3 numbers",
             lambda A, rng: np.shape(numbers(A)) == (3, 3) and np.all(np.isfinite(numbers(A))),
             "A 3 x 3 array of numbers is meant."),
        Rule("symmetric", lambda A, rng: np.array_equal(A, np.transpose(A)),
             "A Hessian is symmetric; this matrix is not."),
        Rule("all entries positive", lambda A, rng: np.min(A) > 0,
             "The entries are to be positive, all nine of them: a 0 is not, either."),
        Rule("it is a saddle", lambda A, rng: ways_of(A) > 0,
             "None of its eigenvalues is negative: no way out. (All ones, or a strong diagonal?) "
             "The entries off the diagonal have to outweigh it."),
        Rule("two ways out", lambda A, rng: ways_of(A) == 2,
             "One of its eigenvalues is negative; two are meant. Try with more symmetry between the three axes."),
    ],
)  # fmt: skip


def at(slope, place, rng):
    """What a derivative says of its function at a place, in words."""
    sides = [[slope(place + side * h) for h in 2.0 ** -np.arange(3, 31)] for side in (-1, 1)]
    for near in sides:
        jumps = [abs(b) < abs(a) / 2**12 and abs(a) > 1e-6 for a, b in pairwise(near)]
        if any(jumps) or not abs(near[-1]) < 1e-3 or not abs(slope(place)) < 1e-3:
            return "not flat, or it jumps"
    before, behind = (np.sign([slope(place + side * h) for h in rng.uniform(0.01, 0.9, 20)]) for side in (-1, 1))
    kinds = {(-1, 1): "a minimum", (1, -1): "a maximum", (1, 1): "flat on the way up", (-1, -1): "flat on the way down"}
    return kinds.get((before.min(), behind.max()), "flat") if before.std() + behind.std() == 0 else "flat"


def least(slope, low, high):
    """The least size of a slope where it has a local minimum between two places, over the largest."""
    x = np.linspace(low, high, 103)[1:-1]
    size = np.abs([slope(place) for place in x])
    found = [np.inf]
    for i in range(1, len(x) - 1):
        if size[i] <= min(size[i - 1], size[i + 1]):
            a, b = x[i - 1], x[i + 1]
            for _ in range(80):
                c, d = a + (b - a) / 3, b - (b - a) / 3
                a, b = (a, d) if abs(slope(c)) < abs(slope(d)) else (c, b)
            found.append(abs(slope(a)))
    return min(found) / max(size.max(), 1e-300)


def outline(slope, seed):
    """What a derivative says of its function at the three places, and elsewhere, in words."""
    rng = np.random.default_rng(seed)

    def f(x):
        return float(np.asarray(slope(float(x))).item())

    far = [place + sign * 10 ** rng.uniform(0, 2.6, 60) for place, sign in ((-1, -1), (2, 1))]
    away = all(len({np.sign(f(x)) for x in side} - {0.0}) <= 1 for side in far)
    pieces = (-6, -1), (-1, 0), (0, 2), (2, 7)
    rest = away and all(least(f, low, high) > 1e-10 for low, high in pieces)
    return *(at(f, place, rng) for place in (-1, 0, 2)), "all well" if rest else "another critical point"


@function(
    "6.8 Made to measure: three flat places", points=1, read="1. Walk in every direction", use=outline,
    cases=[case("the whole line", 68)], drawn=4, draw=lambda rng: case("", int(rng.integers(2**40))),
    parts={"place -1": "There is a minimum at the first place.", "place 0": "The second place is flat, on the way up.",
           "place 2": "There is a maximum at the last place.", "line": "There is no other critical point."},
    needs={"line": "place 0"},
    mistakes="""
        -(x + 1) -> (x + 1) : upside down: the minimum and the maximum have changed places
            -> (x - 1) ;; (x - 2) -> (x + 2) : a root at -1 belongs to the factor x + 1
        -(x + 1) * x * x -> (x + 1) * x
        x * x -> x : at a simple root the slope changes its sign: at 0 it must touch and not cross
        x * x * (x -> (x : at 0 it is not flat: a factor is missing
        (x + 1) -> (x - 1) ;; (x - 2) -> (x + 2) : a root at -1 belongs to the factor x + 1
        (x + 1) * x * x * (x - 2) -> (x + 1) ** 2 * x * (x - 2) ** 2
            : the double root belongs at 0, where the sign stays
            -> ((x + 1) * x * (x - 2)) ** 2
        -(x + 1) * x * x * (x - 2) -> ((x + 1) * x * (x - 2)) ** 2
            : where all roots are double the slope never changes its sign: no minimum, no maximum
            -> -(x**5 / 5 - x**4 / 4 - 2 * x**3 / 3) : this is the function itself; its derivative is meant
    """,
)  # fmt: skip
def slope(x):
    return -(x + 1) * x * x * (x - 2)


def both(trap, p):
    """Value and gradient as arrays, whatever they come as."""
    height, gradient = map(np.asarray, trap(p))
    return height.reshape(()) if p.ndim == 1 and height.size == 1 else height, gradient


def shapes(trap, p):
    height, gradient = both(trap, p)
    more = digits(height) or digits(gradient)
    return f"a value of shape {height.shape}, a gradient of shape {gradient.shape}{more}"


def agrees(trap, p):
    steps = 1e-5 * np.eye(2).reshape(2, 2, *[1] * (p.ndim - 1))
    measured = [(both(trap, p + h)[0] - both(trap, p - h)[0]) / 2e-5 for h in steps]
    return np.allclose(both(trap, p.copy())[1], measured, rtol=1e-4, atol=1e-6)


def around(trap, rng):
    """Heights above the origin on three circles, as many arrays."""
    angle = np.concatenate([np.linspace(0, 2 * np.pi, 721), rng.uniform(0, 2 * np.pi, int(rng.integers(99, 400)))])
    ring = np.array([np.cos(angle), np.sin(angle)])
    return [both(trap, r * ring)[0] - both(trap, np.zeros(2))[0] for r in (0.1, 0.01, 0.001)]


def farthest(trap, rng, steps):
    """The largest distance from the origin after some steps, or when all have stayed there for long; inf if any left.

    The starts are drawn from the disc, its rim and middle included, and so is their number. The gradient must be
    that of the value on the way.
    """
    n = int(rng.integers(50, 100))
    angle, r = rng.uniform(0, 2 * np.pi, n), 0.1 * np.sqrt(rng.uniform(size=n))
    r[: n // 2], r[n // 2] = 0.1, 0.0
    p, since = np.array([r * np.cos(angle), 0.5 + r * np.sin(angle)]), np.inf
    with np.errstate(all="ignore"):
        for t in range(steps):
            if t in (0, 10, 100) and not agrees(trap, p):
                return np.inf
            p = p - 0.05 * both(trap, p.copy())[1]
            far = np.max(np.hypot(*p))
            if not far < 2:
                return np.inf
            since = min(since, t) if far < 0.05 else np.inf
            if t > 500 + 4 * since:
                break
    return far


@function(
    "6.8 Made to measure: the trap", points=2, read=LEAVE, use=shapes,
    says="Value and gradient have the right shapes, for one point and for many.",
    cases=[case("one point", np.array([0.3, 0.4])), case("five points", np.linspace(-1, 1, 10).reshape(2, 5))],
    draw=lambda rng: case("", rng.uniform(-1, 1, [(2,), (2, 9), (2, 3, 2), (2, 7)][rng.integers(4)])),
    mistakes="""
        np.array((2 * x, 3 * y * y)) -> np.stack((2 * x, 3 * y * y), axis=-1)
            : the gradient has its two coordinates along the first axis, as p has
            -> 2 * x + 3 * y * y : a gradient has a number for each coordinate: do not add them up
        return x * x + y * y * y, np.array((2 * x, 3 * y * y)) -> return np.array((2 * x, 3 * y * y)), x * x + y * y * y
            : value and gradient have changed places
    """,
    rules=[
        Rule("the gradient belongs to the value", lambda trap, rng: agrees(trap, rng.uniform(-1, 1, (2, 60))),
             "The gradient is not that of the value: central differences say otherwise.",
             says="The gradient is that of the value.", weight=0.5, needs=0),
        Rule("the origin is critical", lambda trap, rng: np.all(np.abs(both(trap, np.zeros(2))[1]) < 1e-9),
             "At the origin the gradient is not 0."),
        Rule("near the origin are lower points", lambda trap, rng: all(h.min() < 0 for h in around(trap, rng)),
             "No point near the origin is lower: it is a minimum. A saddle has lower points at every small distance.",
             says="Near the origin are lower points.", weight=0.5, needs=2),
        Rule("and higher ones", lambda trap, rng: all(h.max() > 0 for h in around(trap, rng)),
             "No point near the origin is higher: it is a maximum. A saddle has higher points at every small distance.",
             says="Near the origin are higher points.", weight=0.25, needs=2),
        Rule("no run flies off", lambda trap, rng: farthest(trap, rng, 2000) < 2,
             "From the disc runs leave, and end far from the origin. If your saddle is strict, or a monkey's, only a "
             "thin line or three rays lead to it; if not, is the disc on the side that goes down to "
             "the origin, and is nothing too steep for the rate?"),
        Rule("all runs arrive", lambda trap, rng: farthest(trap, rng, 20_000) < 0.05,
             "After 20,000 steps not all runs from the disc are at the origin. Either they have come to rest elsewhere "
             "(a whole line where the gradient is 0?), or the slope near the origin is too flat to arrive in time.",
             says="Every start in the disc comes to the origin.", weight=6, needs=3),
    ],
)  # fmt: skip
def trap(p):
    x, y = p
    return x * x + y * y * y, np.array((2 * x, 3 * y * y))


# 6.9


def counted(ways_out, H, x, k, **hyper):
    """ways_out at the critical point x of a function with Hessian H there and k times a fourth power besides."""
    center = x.copy()
    return ways_out(lambda p: H @ (p - center) + k * (p - center) ** 3, x, **hyper)


def exits(values, **hyper):
    """A draw of a critical point with curvatures of these values, rng -> arrays of them."""

    def drawn(rng):
        H = symmetric(rng, *values(rng))
        return case("", H, draws.array(rng, len(H)), float(rng.uniform(3.5, 5)), **hyper)

    return drawn


@function(
    "6.9 How many ways out has a network? The counter", points=2, read=NETWORK, use=counted,
    withheld=WITHHELD,
    cases=[
        case("a saddle", np.diag([2.0, -2.0]), np.zeros(2), 0.0),
        case("a saddle that is not at the origin", np.diag([2.0, -2.0]), np.array([1.0, -1.0]), 5.0),
        case("all entries positive", FRIENDLY_FACE, np.zeros(2), 1.0),
        case("a bowl", np.diag([1.0, 2.0]), np.ones(2), 1.0),
        case("a hilltop", np.diag([-1.0, -2.0, -3.0]), np.ones(3), 1.0),
        case("no curvature at all", np.zeros((2, 2)), np.zeros(2), 1.0),
        case("a direction almost without curvature", np.diag([2.0, -1e-7, -3.0]), np.zeros(3), 1.0),
        case("the same, upside down", np.diag([-2.0, 1e-7, 3.0]), np.zeros(3), 1.0),
        case("a tolerance of 1", np.diag([2.0, -0.7, -1.2, -0.3]), np.zeros(4), 1.0, tolerance=1.0),
    ],
    draw={"At a saddle it counts every way out, wherever the saddle is.": exits(lambda rng: (sizes(rng), -sizes(rng))),
          "Curvatures that are zero but for rounding are no ways out.":
              exits(lambda rng: (tiny(rng, 1e-6), sizes(rng, 1), -sizes(rng, some(rng, 0)))),
          "The tolerance decides what is counted.":
              exits(lambda rng: (-1 - sizes(rng), -rng.uniform(0.6, 0.8, 2), -0.3, 1), tolerance=1.0)},
    needs=0,
    mistakes="""
        < -tolerance -> < 0 : rounding leaves zeros a little below 0: count below -tolerance
            -> < -1e-4 : tolerance is an argument; use it
            -> < tolerance : the sign of the tolerance: below -tolerance
            -> > tolerance : these are the ways up
        np.linalg.eigvalsh((H + H.T) / 2) < -tolerance -> np.abs(np.linalg.eigvalsh((H + H.T) / 2)) > tolerance
            : the ways up are counted, too
        np.sum( -> np.any( : at most one is counted here; count them all
        np.linalg.eigvalsh((H + H.T) / 2) -> np.diag(H)
            : these are the curvatures along the axes; the eigenvalues are meant
        / 2e-5 -> / 2 ;; 1e-5 * np.eye -> np.eye : the step of the differences is too long: about 1e-5
            -> / 1e-5
            : the two places are 2h apart: divided by h, the curvatures are twice too large, and too many are counted
            -> / 1 : the difference must be divided by the way between the two places, 2h
        grad(x + step) - grad(x - step) -> grad(step) - grad(-step) : the Hessian is taken at the origin; take it at x
    """,
)  # fmt: skip
def ways_out(grad, x, tolerance=1e-4):
    H = np.array([(grad(x + step) - grad(x - step)) / 2e-5 for step in 1e-5 * np.eye(len(x))])
    return int(np.sum(np.linalg.eigvalsh((H + H.T) / 2) < -tolerance))


ways_clouds = value(
    "6.9 How many ways out has a network? Three clouds", 8, points=1, read=NETWORK,
    mistakes=[
        (4, "one for each hidden unit: the law of a network with one output; this one has three"),
        (12, "one for each pair of hidden unit and output; but what pulls is a matrix of rank 2"),
        (16, "half of these curve upwards; only a negative one is a way out"),
        (10, "these are the ways up"),
        (18, "these are all that are not 0, the positive ones, too"),
        (2, "for each hidden unit as many"),
        (9, "these are the zeros"),
        (17, "zeros that came out below 0 by rounding are counted: count below -tolerance"),
        (27, "these are all parameters; many curvatures are 0, and others positive"),
        (0, "this is the answer for XOR"),
        (Like(13, lambda v: 8 < v < 18), "some zeros came out below 0 by rounding: count below -tolerance"),
    ],
    varied=Varied(
        {"hidden": choice(3, 5, 6)},
        {"network-guess-text": ["of **{hidden:4}** units"],
         "network-data": ["Network((2, {hidden:4}, 3))", "Network((2, {hidden:4}, 1))"]},
    ),
)  # fmt: skip

ways_xor = value(
    "6.9 How many ways out has a network? XOR", 0, points=1, read=NETWORK,
    mistakes=[
        (8, "this is the answer for the clouds; on XOR no straight line helps at all"),
        (4, "one for each hidden unit needs a straight line that helps; on XOR none does"),
        (1, "the one curvature that is not 0, that of the last bias, is positive"),
        (16, "these are the zeros: the Hessian says nothing about those directions"),
        (17, "these are all parameters"),
        (Like(6, lambda v: 0 < v < 17), "some zeros came out below 0 by rounding: count below -tolerance"),
    ],
)  # fmt: skip
