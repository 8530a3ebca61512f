"""Sheet 04: momentum in its spellings, the roots behind it, and what two texts have slipped on."""

import numpy as np

from course_lib.checks import draws
from course_lib.checks.exercise import Like, Rule, case, function, order, value
from course_lib.checks.mistakes import Edited
from course_lib.checks.steps import runs_in_descend, step
from course_lib.checks.varied import Varied, choice, number, relettered

MEMORY, SPELLINGS, MAP = "2. A memory that fades", "3. One method, four spellings", "5. A map of all settings"
LEAP, VALLEY = "6. Look before you leap", "4. Back in the valley"
WITHHELD = ["optimizers.momentum", "optimizers.momentum_ema", "optimizers.nesterov"]

X, G, V = np.array([1.0, 2.0]), np.array([0.5, -1.0]), np.array([0.1, 0.2])


# 4.1


def a_series(*lengths):
    return lambda rng: case("", draws.array(rng, rng.choice(lengths)), draws.number(rng, 0, 0.95))


def mean_from(p):
    """4.1 with another start: what is left of it is taken out before the rest is corrected."""

    def ema(values, beta):
        rest, corrected = running_mean(values, beta)
        return rest + p["start"] * beta ** np.arange(1, len(values) + 1), corrected

    return ema


@function(
    "4.1 A running mean and its slow start", points=2, read=MEMORY,
    cases=[
        case("a constant series", np.ones(4), 0.9),
        case("one jump", np.array([0.0, 0.0, 4.0, 4.0, 4.0]), 0.5),
        case("beta = 0", np.array([3.0, -1.0, 2.0]), 0.0),
        case("a single value", np.array([2.0]), 0.75),
        case("whole numbers", np.array([1, 2, 3]), 0.5),
    ],
    draw=[a_series(1, 2, 3, 7), a_series(10, 14)],
    parts={"mean": "Each mean is beta times the one before it and 1 - beta times the new value, from 0 on.",
           "corrected mean": "The corrected mean is a mean: its fading weights have the sum 1."},
    mistakes="""
        (1 - beta) * y -> y : this is the fading sum; in a mean the new value counts 1 - beta
        beta * m + (1 - beta) * y -> (1 - beta) * m + beta * y
        m, path = 0.0, [] -> m, path, beta = 0.0, [], 1 - beta
            : beta and 1 - beta have changed places: beta keeps the old mean
            -> m, path = values[0], [] : the memory starts at 0, not at the first value
            -> m, path = values[0], [] ;; mean / (1 - beta**t) -> mean
                : the memory starts at 0, not at the first value: that leaves something to correct
        mean / (1 - beta**t) -> mean : the second result is not corrected yet: divide by 1 - beta^t
        1 - beta**t -> 1 - beta : 1 - beta belongs to the first step only; at step t it is 1 - beta^t
            -> 1 - beta ** (t - 1) : the correction is a step late: the first one is 1 - beta^1
            -> 1 - beta ** (t + 1) : the correction is a step early: the first one is 1 - beta^1
        mean / (1 -> mean * (1 : the mean starts too small: divide by 1 - beta^t, do not multiply
        path.append(m) -> m = m / (1 - beta ** (len(path) + 1)); path.append(m) ;; mean / (1 - beta**t) -> mean
            : the corrected mean went back into the memory; the memory itself stays biased
        np.array(path) -> np.array(path).astype(values.dtype)
            : the array for the means takes over the dtype int of the values, which cuts off all decimals: np.zeros(n)
    """,
    varied=Varied(
        {"start": choice(2.0, -1.0, 3.0, 0.5, -2.0, 1.5)},
        {
            "ema-task": [
                "$m_0 = {start:0}$",
                ("with their bias corrected.", "with their bias corrected: what is left of $m_0$ is taken out, and the "
                 "rest divided by the sum of the weights that it has."),
            ],
            "ema": [
                "np.empty(len(values)), {start:0.0}\n",
                ("    return mean, mean / (1 - beta ** np.arange(1, len(values) + 1))",
                 "    left = beta ** np.arange(1, len(values) + 1)\n"
                 "    return mean, (mean - {start} * left) / (1 - left)"),
            ],
        },
        right=mean_from,
    ),
)  # fmt: skip
def ema(values, beta):
    m, path = 0.0, []
    for y in values:
        m = beta * m + (1 - beta) * y
        path.append(m)
    mean, t = np.array(path), np.arange(1, len(values) + 1)
    return mean, mean / (1 - beta**t)


running_mean = ema.right


# 4.2


STEPS = {
    "cases": [
        case("the first step", X, G, lr=0.1),
        case("a later step", X, G, V, lr=0.1),
        case("beta = 0", X, G, V, lr=0.2, beta=0.0),
        case("one coordinate", X[:1], G[:1], lr=0.5),
        case("three runs side by side", np.ones((2, 3)), np.full((2, 3), 2.0), np.ones((2, 3)), lr=0.3, beta=0.8),
    ],
    "draw": [step(beta=(0, 0.99)), step(lambda rng, shape: (draws.array(rng, shape),), beta=(0, 0.99))],
    "rules": [runs_in_descend("the new point and the new velocity")],
}  # fmt: skip

WORDS = {  # of a spelling: how it is told, and its two lines
    "mean": (
        "the velocity is the running **mean** of the gradients, in which a new one has the weight $1-\\beta$, "
        "and the rate stands outside",
        "v = beta * v + (1 - beta) * g", "x - lr * v",
    ),
    "inside": (
        "the velocity is the fading sum of the gradients, each **times the rate** when it comes in, "
        "and the point moves against it",
        "v = beta * v + lr * g", "x - v",
    ),
    "downhill": (
        "the velocity points **downhill**: it is the fading sum of the gradients, each times minus the rate when it "
        "comes in, and is added to the point",
        "v = beta * v - lr * g", "x + v",
    ),
    "halved": (
        "the velocity is the fading sum of the gradients, each **halved** when it comes in, "
        "and the rate stands outside",
        "v = beta * v + g / 2", "x - lr * v",
    ),
}  # fmt: skip


def spelled(p):
    """4.2 in another spelling."""
    velocity, moved = "w" + p["velocity"][1:], p["moved"][:-1] + "w"
    return Edited(heavy_ball.right, [("w = beta * v + g", velocity), ("x - lr * w", moved)])


@function(
    "4.2 One step of heavy ball", points=2, read=MEMORY, withheld=WITHHELD, **STEPS,
    parts={"new point x": "The point moves by the rate times the new velocity, against it.",
           "new velocity v": "The new velocity is beta times the old one plus the gradient."},
    mistakes="""
        beta * v + g -> beta * v + (1 - beta) * g  : this is the running mean; the sum is meant
        x - lr * w -> x + lr * w                   : the sign of the step: x goes against v
        + g -> - g                                 : the sign of the gradient: v adds gradients up
        + g -> - g ;; x - lr * w -> x + lr * w     : v adds gradients up; the minus sign stands in the step
        lr * w -> lr * v                           : x moves with the old velocity; take the new one
        , w -> , v                                 : the velocity that comes back is the old one
        lr * w -> lr * g                           : x moves by the gradient alone; use the velocity
        beta * v + g -> g + 0 * v                  : this is gradient descent: the old velocity is not used
        + g -> + lr * g ;; lr * w -> w             : the rate is inside the velocity; here it stands in the step
        beta * v -> lr * v ;; lr * w -> beta * w   : lr and beta have changed places
        beta * v + g -> beta * (v + g)             : beta multiplies the old velocity only
        lr * w -> lr * (g + beta * w)              : this is Nesterov's step, exercise 4.7
        beta=0.9 -> beta=0.5                       : without a beta it is to be 0.9, as in the heading
        w = beta -> v = np.zeros(2) if np.isscalar(v) else v; w = beta
            : it works for two coordinates only: the shape is that of g
    """,
    varied=Varied(
        {
            "spelling": choice(*WORDS),
            "spelled": lambda rng, p: WORDS[p["spelling"]][0],
            "velocity": lambda rng, p: WORDS[p["spelling"]][1],
            "moved": lambda rng, p: WORDS[p["spelling"]][2],
        },
        {
            "ball-task": [
                ("Two lines, and they are what `torch.optim.SGD(..., momentum=0.9)` does at every step.",
                 "Two lines, and everything depends on their spelling."),
                ("in the spelling of PyTorch: the velocity is the fading **sum** of the gradients, "
                 "and the rate stands outside.", "in which {spelled}."),
            ],
            "heavy-ball": ["{velocity:v = beta * v + g}\n", "return {moved:x - lr * v}, v"],
        },
        dropped={"ball-race-text", "ball-race"},
        right=spelled,
    ),
)  # fmt: skip
def heavy_ball(x, g, v=0.0, *, lr, beta=0.9):
    w = beta * v + g
    return x - lr * w, w


# 4.3

full_speed = value(
    "4.3 Guess before you run: full speed", 0.2, points=1, read=SPELLINGS, tolerance=1e-3,
    mistakes=[
        (0.01, "this is gradient descent, or a running mean: their gain is 1"),
        (0.1, "this is the gain of beta = 0.9; here beta is 0.95"),
        (0.19, "the fresh gradient counts, too: 1 + beta + beta^2 + ..."),
        (20.0, "this is the gain; a step is the learning rate times it"),
    ],
    varied=Varied(
        {"speed_rate": choice(0.001, 0.003, 0.005, 0.03, 0.05), "speed_beta": choice(0.8, 0.9, 0.96, 0.98, 0.99)},
        {"guess-task": ["`lr={speed_rate:0.01}` and `beta={speed_beta:0.95}`"],
         "guesses": ["{speed_rate:0.01} / (1 - {speed_beta:0.95})"]},
        dropped={"guess-run-text", "guess-run"},
    ),
)  # fmt: skip

edge = value(
    "4.3 Guess before you run: the edge", 0.75, points=1, read=MAP, tolerance=1e-3,
    mistakes=[
        (0.5, "this is the edge of gradient descent, 2/L; momentum moves it outwards"),
        (0.25, "the sign: momentum makes larger rates safe"),
        (3.0, "this is the edge for L = 1; here L is 4"),
        (0.375, "a factor 2 is missing: put r = -1 into the equation of the roots"),
        (1.0, "a gain of 2 does not double the edge: put r = -1 into the equation of the roots"),
    ],
    varied=Varied(
        {"edge_curvature": choice(2, 3, 5, 6, 8), "edge_beta": choice(0.2, 0.4, 0.6, 0.7, 0.8)},
        {"guess-task": ["$L = {edge_curvature:4}$", "`beta={edge_beta:0.5}`"],
         "guesses": ["2 * (1 + {edge_beta:0.5}) / {edge_curvature:4}"]},
    ),
)  # fmt: skip

times = value(
    "4.3 Guess before you run: the longer valley", 2.0, points=1, read="8. The speed limit", tolerance=0.05,
    mistakes=[
        (4.0, "this is gradient descent, whose steps grow like kappa"),
        (16.0, "the steps grow like the root of kappa, not like its square"),
        (1.0, "each valley has its best setting, and yet the longer one takes longer"),
    ],
    varied=Varied(
        {"short": choice(25, 50, 64, 100), "long": lambda rng, p: p["short"] * choice(9, 16, 25)(rng, p)},
        {"guess-task": [r"$\kappa = {short:100}$, another has $\kappa = {long:400}$"],
         "guesses": ["({long:400} / {short:100}) ** 0.5"]},
    ),
)  # fmt: skip


# 4.4


CONVERSIONS = {
    "points": 1, "read": SPELLINGS,
    "draw": lambda rng: case("", draws.number(rng, 0.01, 2), draws.array(rng, draws.shape(rng)),
                             draws.number(rng, 0, 0.97)),
    "cases": [
        case("at momentum 0.9", 0.1, np.array([2.0, -4.0]), 0.9),
        case("at momentum 0", 0.3, np.array([2.0, -4.0]), 0.0),
    ],
    "parts": {"learning rate": "The rate is that of the new spelling.",
              "memory": "The memory is that of the new spelling."},
}  # fmt: skip


@function(
    "4.4 Another spelling, the same path: sum to mean", **CONVERSIONS,
    mistakes="""
        lr / (1 - beta), (1 - beta) * v -> lr * (1 - beta), v / (1 - beta)
            : both go the wrong way: a mean is smaller than a sum, so its rate is larger
        (1 - beta) * v -> v : the memory is still in the old spelling; the next step would jump
            -> v / (1 - beta) : the memory goes the wrong way: a mean is smaller than a sum
        lr / (1 - beta) -> lr : the same rate on a smaller memory takes smaller steps
        lr / -> lr * : the rate goes the wrong way: a mean is smaller than a sum, so its rate is larger
    """,
)  # fmt: skip
def sum_to_ema(lr, v, beta):
    return lr / (1 - beta), (1 - beta) * v


@function(
    "4.4 Another spelling, the same path: mean to sum", **CONVERSIONS,
    mistakes="""
        lr * (1 - beta), v / (1 - beta) -> lr / (1 - beta), v * (1 - beta)
            : both go the wrong way: a sum is larger than a mean, so its rate is smaller
        v / (1 - beta) -> v : the memory is still in the old spelling; the next step would jump
        lr * (1 - beta) -> lr : the same rate on a larger memory takes larger steps
        lr * -> lr / : the rate goes the wrong way: a sum is larger than a mean, so its rate is smaller
        v / -> v * : the memory goes the wrong way: a sum is larger than a mean
    """,
)  # fmt: skip
def ema_to_sum(lr, v, beta):
    return lr * (1 - beta), v / (1 - beta)


@function(
    "4.4 Another spelling, the same path: rate outside to inside", **CONVERSIONS,
    needs={"learning rate": "memory"},
    mistakes="""
        lr * v -> v : the memory is still in the old spelling; the next step would jump
            -> v / lr : the memory goes the wrong way: inside, each gradient in it was multiplied by the rate
        return lr, -> return 1.0, || return 1 / lr, : the gradients to come still need the rate: it stays as it is
            -> return lr / (1 - beta), : this rate is for a mean; here both spellings are sums
    """,
)  # fmt: skip
def sum_to_inside(lr, v, beta):
    return lr, lr * v


# 4.5

proof = order(
    "4.5 Why a ripple shrinks by root beta", "CFAGDBE", points=2, read=MAP,
    needs="""
        C, F < A : the velocity can be replaced only when a line says by what
        A < G    : the power is tried in an equation between positions alone, and there is none yet
        G < D, B : roots can be spoken of only when there is an equation that has them
        D < E    : the conclusion stands before its reasons
        B < E    : the conclusion needs to know that the product is the square of a size
    """,
    varied=relettered("CFAGDBE"),
)  # fmt: skip


# 4.6


def setting(ends, *momentum):
    """A draw of rate, curvature and, if its ends are given, momentum. ends: root beta -> those of rate * curvature."""

    def drawn(rng):
        beta = [rng.uniform(*momentum)] if momentum else []
        lam, product = rng.uniform(0.2, 5), rng.uniform(*ends(*np.sqrt(beta)))
        return case("", product / lam, lam, *beta)

    return drawn


@function(
    "4.6 The critical momentum: the formula", points=1, read=MAP,
    cases=[
        case("a flat direction", 0.01, 1.0),
        case("where gradient descent arrives at once", 0.5, 2.0),
        case("a steep direction", 3.0, 0.75),
        case("whole numbers", 1, 2),
    ],
    draw={"Where the product of rate and curvature is below 1, the roots coincide there.":
              setting(lambda: (0.05, 0.95)),
          "Where the product of rate and curvature is above 1, the roots coincide there.":
              setting(lambda: (1.05, 3.9))},
    mistakes="""
        root**2 -> abs(root) : this is the root of it: square it
            -> root : this is the root of it, with a sign: square it
            -> 1 - lr * lam : this is the factor of gradient descent; look for where the roots become complex
            -> (1 - lr * lam) ** 2 : lr lam = (1 - root beta)^2: solved for beta, it is under a root
        1 - (lr -> 1 + (lr : this is the other solution, which is above 1
        (lr * lam) ** 0.5 -> lr * lam**0.5 : the rate is under the root, too
        lr * lam -> lam : the rate is missing: it is always the product lr lam that counts
            -> lr : the curvature is missing: it is always the product lr lam that counts
    """,
)  # fmt: skip
def critical_beta(lr, lam):
    root = 1 - (lr * lam) ** 0.5
    return root**2


measured_beta = value(
    "4.6 The critical momentum: measured", 0.49, points=1, read=MAP, tolerance=5e-3,
    mistakes=[
        (0.0, "this is the slowest one; look for the smallest distance"),
        (0.99, "this is the largest of all; look for the smallest distance"),
        (0.7, "this is root beta, the factor of a step; the momentum is its square"),
        (0.968, "this is the most negative end; the distance from 0 is its size, np.abs(last)"),
        (Like(491, lambda beta: beta > 1), "this is an index; the momentum is what stands at it in betas"),
        (Like(0.504, lambda beta: 0.495 < beta < 0.6),
         "the last distance of a ripple can be small by chance: make 1,000 steps"),
    ],
    varied=Varied(
        {
            "door_rate": choice(0.4, 0.5, 0.8, 1.25),
            "door_product": choice(0.04, 0.0625, 0.1225, 0.16),
            "door_curvature": number(lambda p: p["door_product"] / p["door_rate"]),
        },
        {
            "critical-measure-text": [r"$\lambda = {door_curvature:0.18}$", r"$\eta = {door_rate:0.5}$"],
            "critical-measured": ["[[{door_curvature:0.18}]]", "lr={door_rate:0.5}"],
        },
    ),
)  # fmt: skip


# 4.7

NESTEROV = {
    "points": 1, "read": LEAP, "withheld": WITHHELD, **STEPS,
    "parts": {"new point x": "The new point is the look-ahead point of Nesterov's method.",
              "new velocity v": "The new velocity comes back beside it."},
    "needs": {"new velocity v": "new point x"},
}  # fmt: skip


@function(
    "4.7 Nesterov in three tellings: without the ball", **NESTEROV,
    mistakes="""
        beta * w -> beta * v
            : with the old velocity the look-ahead cancels out: this is the heavy ball; take the new velocity
            -> w : too far ahead: the velocity fades, beta lr v
        (g + beta * w) -> g : this is where the ball is; x is ahead of it by beta lr v
            -> beta * (w - v) : the ball has to move by lr v, too
            -> (w + beta * w) : this moves the look-ahead point as if it were the ball, which lies beta lr v behind it
            -> g - beta * w : the rate multiplies both, the gradient and the velocity
            -> beta * w : the fresh gradient is missing: g + beta v
        g + beta * w -> g - beta * w : the sign: ahead of the ball is ball - beta lr v
        x - lr * (g -> x + lr * (g : the sign of the step: x goes against g + beta v
        , w -> , v : the velocity that comes back is the old one
        + g -> + (1 - beta) * g : v is a running mean; the sum is meant
        w = beta -> v = np.zeros(2) if np.isscalar(v) else v; w = beta
            : it works for two coordinates only: the shape is that of g
    """,
)  # fmt: skip
def look_ahead(x, g, v=0.0, *, lr, beta=0.9):
    w = beta * v + g
    return x - lr * (g + beta * w), w


@function("4.7 Nesterov in three tellings: from the look-ahead point", **NESTEROV, mistakes=look_ahead.mistakes)
def told_from_ahead(x, g, v=0.0, *, lr, beta=0.9):
    w = beta * v + g
    ball = x + lr * beta * v - lr * w
    return ball - lr * beta * w, w


# 4.8


def places(lr, beta, start, *, looks_ahead=False, steps=6000):
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


def three_numbers(setting, rng):
    return len(setting) == 3 and all(np.ndim(one) == 0 and np.isfinite(one) for one in setting)


cycle = value(
    "4.8 Hunt for a cycle", points=3, read=LEAP, passes=(0.0288, 0.98, 5.0),
    rules=[
        Rule("three numbers", three_numbers,
             "Three numbers in one tuple are meant, (lr, beta, start); the start is a number here, no list."),
        Rule("they are in range", lambda s, rng: s[0] > 0 and 0 <= s[1] <= 0.99,
             "lr is above 0, and beta from 0 to 0.99."),
        Rule("the heavy ball stays", lambda s, rng: abs(places(*s)[-1]) < 1e9,
             "The heavy ball flies off: this rate is beyond its edge, 2(1 + beta)/25."),
        Rule("it does not arrive", lambda s, rng: 1e-3 < np.max(np.abs(places(*s)[-200:])) < 1e9,
             "The heavy ball arrives at the minimum. Try another rate, another start, or more momentum."),
        Rule("it comes back to the same places", lambda s, rng: period(s) > 1,
             "The heavy ball moves for ever, but its last 100 places do not repeat. Change the rate a little."),
        Rule("Nesterov's ball stays", lambda s, rng: abs(places(*s, looks_ahead=True)[-1]) < 1e9,
             "The heavy ball cycles, but here Nesterov's ball flies off: its edge is nearer. "
             "Take a smaller rate and more momentum."),
        Rule("Nesterov's ball arrives", lambda s, rng: abs(places(*s, looks_ahead=True)[-1]) < 1e-6,
             "The heavy ball cycles, but Nesterov's ball has not arrived after 6,000 steps. Take a larger rate."),
    ],
    varied=Varied(
        {
            "zoom": choice(0.5, 0.25, 2.0, 4.0),
            "soft": choice(0.5, 2.0, 4.0, 0.25),
            "height": number(lambda p: p["soft"] / p["zoom"] ** 2),
            "sharp": number(lambda p: 25 * p["soft"]),
            "near": number(lambda p: 1 / p["zoom"]),
            "far": number(lambda p: 2 / p["zoom"]),
            "from_start": number(lambda p: 5 / p["zoom"]),
            "low": number(lambda p: 0.01 / p["soft"]),
            "high": number(lambda p: 0.05 / p["soft"]),
        },
        {
            "cycle-task": [
                ("on `surfaces.lessard` such that", "on `f`, Lessard's function in other units, such that"),
                ("The check makes 6,000 steps with each. It says what your three numbers do, so ask it often.",
                 "What counts is where each is after 6,000 steps; the figure shows what your three numbers do."),
            ],
            "cycle-search": [
                ("f = surfaces.lessard  # curvature 25, but 1 between x = 1 and x = 2",
                 "f = surfaces.changed(surfaces.lessard, A=[[{zoom}]], scale={height})\n"
                 "# curvature {sharp}, but {soft} between x = {near} and x = {far}"),
                "beta, start = 0.98, {from_start:5.0}",
                "np.linspace({low:0.01}, {high:0.05}, 401)",
            ],
            "cycle-figure": [("check.cycle.report(cycle)[0]", "cycle is not None")],
        },
        back=lambda s, p: (s[0] * p["soft"], s[1], s[2] * p["zoom"]),
    ),
)  # fmt: skip


# 4.9

per_step = value(
    "4.9 Bug hunt, two root betas: measured", 0.9, points=1, read=MAP, tolerance=0.01,
    mistakes=[
        (1.8, "this is the sentence, not the run: a ball that grows 1.8 times a step flies off"),
        (0.81, "this is beta, the product of both roots; a step shrinks by the size of one of them"),
        (Like(4e-47, lambda value: 0 <= value < 1e-3),
         "this is the shrinking of all steps together; take the root, ** (1 / steps)"),
    ],
    varied=Varied(
        {"ripple_beta": choice(0.49, 0.64, 0.7225, 0.9025), "ripple_rate": choice(0.8, 1.2, 1.5)},
        {
            "distill-task": [r"$\beta = {ripple_beta:0.81}$ and $\eta = {ripple_rate:1}$"],
            "distill-measured": ["lr={ripple_rate:1.0}, beta={ripple_beta:0.81}"],
            "distill-printed": ["rate_as_printed({ripple_rate:1.0}, 1.0, {ripple_beta:0.81})",
                                "2 * {ripple_beta:0.81}**0.5"],
        },
    ),
)  # fmt: skip


@function(
    "4.9 Bug hunt, two root betas: mended", points=1, read=MAP, tolerance=1e-6,
    cases=[
        case("a ripple", 1.0, 1.0, 0.81),
        case("a ball that creeps", 0.01, 1.0, 0.25),
        case("no momentum", 0.5, 1.0, 0.0),
        case("a ball that flies off", 4.0, 1.0, 0.5),
    ],
    draw={"It is right for a ball that ripples.": setting(lambda r: ((1 - r) ** 2, (1 + r) ** 2), 0.1, 0.95),
          "It is right for a ball that creeps.": setting(lambda r: (1 - r) ** 2 * np.array([0.05, 0.95]), 0.05, 0.7),
          "It is right for a ball that flies off, from side to side.":
              setting(lambda r: (1 + r) ** 2 * np.array([1.02, 2]), 0.05, 0.95)},
    mistakes="""
        trace / 2 -> trace ;; root / 2 -> root : this is as printed: look at what divides the roots
            -> trace : the trace is to be halved, too
        root / 2 -> root : the square root is to be halved, too
        max( -> min( : the larger of the two sizes decides
        max(abs(half + shift), abs(half - shift)) -> abs(half + shift)
            : a root near -1 can be the larger one: take the larger of both sizes
            -> abs(half) : the imaginary part belongs to the size of a root
            -> beta**0.5 : this is right in a ripple only; the roots of a ball that creeps differ in size
            -> 2 * beta**0.5 : this is the sentence; the run at beta = 0.81 shrinks by 0.9 a step
        (trace**2 - 4 * beta + 0j) -> abs(trace**2 - 4 * beta)
            : below 0 the root is imaginary, and an imaginary part does not add to the real one: + 0j
    """,
)  # fmt: skip
def rate(lr, lam, beta):
    trace = 1 + beta - lr * lam
    root = (trace**2 - 4 * beta + 0j) ** 0.5
    half, shift = trace / 2, root / 2
    return max(abs(half + shift), abs(half - shift))


# 4.10


def a_quadratic(rng):
    d = draws.dimension(rng)
    A = rng.normal(size=(d, d)).round(1)
    return case("", draws.array(rng, d), A @ A.T + np.eye(d), draws.array(rng, d), draws.number(rng, 0, 2))


Q, C = np.array([[2.0, 0.5], [0.5, 1.0]]), np.array([1.0, -1.0])


@function(
    "4.10 Bug hunt, a square completed: the function", points=1, read=VALLEY,
    says="It is the same function as before.",
    cases=[
        case("at the origin", np.zeros(2), Q, C, 1.0),
        case("elsewhere", np.array([0.3, 0.7]), Q, C, 0.0),
        case("c = 0, where the slip does not show", np.array([0.3, 0.7]), Q, np.zeros(2), 0.5),
    ],
    draw=a_quadratic,
    mistakes="""
        best = - -> best = ;; + 0.5 * c -> - 0.5 * c
            : this is as printed, with its minimum at + Q^-1 c; the gradient Qx + c is zero elsewhere
        best = - -> best = : the sign changes in the square, not in the constant
        + 0.5 * c -> - 0.5 * c : the square is right; at the minimum, where it is 0, b - c Q^-1 c / 2 is left
        return 0.5 * -> return : the factor 1/2 of the square is missing
        + 0.5 * c -> + c : the factor 1/2 of the constant is missing
        + 0.5 * c @ best ->  : the constant - c Q^-1 c / 2 is missing
    """,
    varied=Varied(
        {"q11": choice(2.0, 3.0, 4.0), "q12": choice(0.5, -0.5, 1.0), "q22": choice(1.0, 1.5, 2.5)},
        {"d2l-printed": ["[[{q11:2.0}, {q12:0.5}], [{q12:0.5}, {q22:1.0}]]"]},
        same=True,
    ),
)  # fmt: skip
def completed(x, Q, c, b):
    best = -np.linalg.solve(Q, c)
    return 0.5 * (x - best) @ Q @ (x - best) + b + 0.5 * c @ best


@function(
    "4.10 Bug hunt, a square completed: the step", points=1, read=VALLEY,
    says="A step multiplies each coordinate by 1 minus the rate times its curvature.",
    cases=[
        case("a small rate", np.array([1.0, 2.0]), np.array([0.5, 3.0]), 0.1),
        case("rate 0 stays", np.array([1.0, 2.0]), np.array([0.5, 3.0]), 0.0),
        case("rate 1, where the slip does not show", np.array([1.0, 2.0]), np.array([0.5, 3.0]), 1.0),
    ],
    draw=lambda rng: case("", draws.array(rng, d := draws.dimension(rng)), rng.uniform(0.1, 5, d).round(2),
                          draws.number(rng, 0, 0.9)),
    mistakes="""
        lr * lam -> lam : this is as printed: the learning rate is missing
            -> lr : the curvatures are missing: the gradient in z is lam z
        z - lr -> z + lr : the sign: a step goes against the gradient
            -> -lr : this is the step alone: add it to z
        z - lr * lam * z -> lr * (z - lam * z) : the rate multiplies the gradient, not the point
    """,
)  # fmt: skip
def next_z(z, lam, lr):
    return z - lr * lam * z
