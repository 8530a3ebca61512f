"""Sheet 04 with other numbers.

Its own: the start of the mean (4.1), the spelling of the step (4.2), the three guesses (4.3), the letters of the proof
(4.5), the measured momentum (4.6), the landscape of the hunt (4.8), the measured ripple (4.9). The other functions are
those of the open sheet; what they are tried with is hidden and drawn anew.
"""

import numpy as np

from ...checks import momentum
from . import Function, Through, Value, choice, lines_of, number, permutation, renamed, reordered

SPELLINGS = {  # words, two lines of code, and the weights of x, g, v in the new point and the new velocity
    "mean": (
        "the velocity is the running **mean** of the gradients, in which a new one has the weight $1-\\beta$, "
        "and the rate stands outside",
        "v = beta * v + (1 - beta) * g",
        "x - lr * v",
        lambda r, b: ((1, -r * (1 - b), -r * b), (0, 1 - b, b)),
    ),
    "inside": (
        "the velocity is the fading sum of the gradients, each **times the rate** when it comes in, "
        "and the point moves against it",
        "v = beta * v + lr * g",
        "x - v",
        lambda r, b: ((1, -r, -b), (0, r, b)),
    ),
    "downhill": (
        "the velocity points **downhill**: it is the fading sum of the gradients, each times minus the rate when it "
        "comes in, and is added to the point",
        "v = beta * v - lr * g",
        "x + v",
        lambda r, b: ((1, -r, b), (0, -r, b)),
    ),
    "halved": (
        "the velocity is the fading sum of the gradients, each **halved** when it comes in, "
        "and the rate stands outside",
        "v = beta * v + g / 2",
        "x - lr * v",
        lambda r, b: ((1, -r / 2, -r * b), (0, 0.5, b)),
    ),
}


PARAMETERS = {
    "start": choice(2.0, -1.0, 3.0, 0.5, -2.0, 1.5),
    "spelling": choice(*SPELLINGS),
    "spelled": lambda rng, p: SPELLINGS[p["spelling"]][0],
    "velocity": lambda rng, p: SPELLINGS[p["spelling"]][1],
    "moved": lambda rng, p: SPELLINGS[p["spelling"]][2],
    "speed_rate": choice(0.001, 0.003, 0.005, 0.03, 0.05),
    "speed_beta": choice(0.8, 0.9, 0.96, 0.98, 0.99),
    "edge_curvature": choice(2, 3, 5, 6, 8),
    "edge_beta": choice(0.2, 0.4, 0.6, 0.7, 0.8),
    "short": choice(25, 50, 64, 100),
    "long": lambda rng, p: p["short"] * choice(9, 16, 25)(rng, p),
    "lines": permutation("ABCDEFG"),
    "proof": lambda rng, p: renamed("CFAGDBE", p),
    "door_rate": choice(0.4, 0.5, 0.8, 1.25),
    "door_curvature": lambda rng, p: number(lambda p: choice(0.04, 0.0625, 0.1225, 0.16)(rng, p) / p["door_rate"])(
        rng, p
    ),
    "zoom": choice(0.5, 0.25, 2.0, 4.0),
    "soft": choice(0.5, 2.0, 4.0, 0.25),
    "height": number(lambda p: p["soft"] / p["zoom"] ** 2),
    "sharp": number(lambda p: 25 * p["soft"]),
    "near": number(lambda p: 1 / p["zoom"]),
    "far": number(lambda p: 2 / p["zoom"]),
    "from_start": number(lambda p: 5 / p["zoom"]),
    "low": number(lambda p: 0.01 / p["soft"]),
    "high": number(lambda p: 0.05 / p["soft"]),
    "ripple_beta": choice(0.49, 0.64, 0.7225, 0.9025),
    "ripple_rate": choice(0.8, 1.2, 1.5),
    "q11": choice(2.0, 3.0, 4.0),
    "q12": choice(0.5, -0.5, 1.0),
    "q22": choice(1.0, 1.5, 2.5),
}


CELLS = {
    "ema-task": [
        ("$m_0 = 0$", "$m_0 = {start}$"),
        ("with their bias corrected.", "with their bias corrected: what is left of $m_0$ is taken out, and the rest "
         "divided by the sum of the weights that it has."),
    ],
    "ema": [
        ("np.empty(len(values)), 0.0\n", "np.empty(len(values)), {start}\n"),
        ("    return mean, mean / (1 - beta ** np.arange(1, len(values) + 1))",
         "    left = beta ** np.arange(1, len(values) + 1)\n    return mean, (mean - {start} * left) / (1 - left)"),
    ],
    "ball-task": [
        ("Two lines, and they are what `torch.optim.SGD(..., momentum=0.9)` does at every step.",
         "Two lines, and everything depends on their spelling."),
        ("in the spelling of PyTorch: the velocity is the fading **sum** of the gradients, "
         "and the rate stands outside.", "in which {spelled}."),
    ],
    "heavy-ball": [("v = beta * v + g\n", "{velocity}\n"), ("return x - lr * v, v", "return {moved}, v")],
    "guess-task": [
        ("`lr=0.01` and `beta=0.95`", "`lr={speed_rate}` and `beta={speed_beta}`"),
        ("$L = 4$", "$L = {edge_curvature}$"),
        ("`beta=0.5`", "`beta={edge_beta}`"),
        (r"$\kappa = 100$, another has $\kappa = 400$", r"$\kappa = {short}$, another has $\kappa = {long}$"),
    ],
    "guesses": [
        ("0.01 / (1 - 0.95)", "{speed_rate} / (1 - {speed_beta})"),
        ("2 * (1 + 0.5) / 4", "2 * (1 + {edge_beta}) / {edge_curvature}"),
        ("(400 / 100) ** 0.5", "({long} / {short}) ** 0.5"),
    ],
    "parsons-task": reordered,
    "parsons": [("CFAGDBE", "{proof}")],
    "critical-measure-text": [
        (r"$\lambda = 0.18$", r"$\lambda = {door_curvature}$"), (r"$\eta = 0.5$", r"$\eta = {door_rate}$"),
    ],
    "critical-measured": [("[[0.18]]", "[[{door_curvature}]]"), ("lr=0.5", "lr={door_rate}")],
    "cycle-task": [
        ("on `surfaces.lessard` such that", "on `f`, Lessard's function in other units, such that"),
        ("The check makes 6,000 steps with each. It says what your three numbers do, so ask it often.",
         "What counts is where each is after 6,000 steps; the figure shows what your three numbers do."),
    ],
    "cycle-search": [
        ("f = surfaces.lessard  # curvature 25, but 1 between x = 1 and x = 2",
         "f = surfaces.changed(surfaces.lessard, A=[[{zoom}]], scale={height})\n"
         "# curvature {sharp}, but {soft} between x = {near} and x = {far}"),
        ("beta, start = 0.98, 5.0", "beta, start = 0.98, {from_start}"),
        ("np.linspace(0.01, 0.05, 401)", "np.linspace({low}, {high}, 401)"),
    ],
    "distill-task": [(r"$\beta = 0.81$ and $\eta = 1$", r"$\beta = {ripple_beta}$ and $\eta = {ripple_rate}$")],
    "distill-measured": [("lr=1.0, beta=0.81", "lr={ripple_rate}, beta={ripple_beta}")],
    "distill-printed": [
        ("rate_as_printed(1.0, 1.0, 0.81)", "rate_as_printed({ripple_rate}, 1.0, {ripple_beta})"),
        ("2 * 0.81**0.5", "2 * {ripple_beta}**0.5"),
    ],
    "d2l-printed": [("[[2.0, 0.5], [0.5, 1.0]]", "[[{q11}, {q12}], [{q12}, {q22}]]")],
}  # fmt: skip

DROPPED = {"ball-race-text", "ball-race", "guess-run-text", "guess-run"}


def mean(p):
    """The running mean from a start of its own, as weights of the values and of the start."""

    def ema(values, beta):
        left = beta ** np.arange(1, len(values) + 1)
        rest = momentum.smoothed(values, beta, 1 - beta)
        return rest + p["start"] * left, rest / (1 - left)

    return ema


def drawn_step(rng):
    shape = tuple(rng.integers(2, 6, size=rng.integers(1, 3)))
    return tuple(rng.normal(size=(3, *shape))), {"lr": rng.uniform(0.01, 1), "beta": rng.uniform(0.01, 0.99)}


def in_open_terms(answer, p):
    """Three numbers of the hunt, as they would be on Lessard's function itself."""
    lr, beta, start = answer
    return lr * p["soft"], beta, start * p["zoom"]


KEYED = {
    "ema": Function(
        mean,
        lambda rng: ((rng.normal(size=rng.integers(3, 12)), rng.uniform(0.1, 0.95)), {}),
        ("mean", "corrected mean"),
    ),
    "heavy_ball": Function(
        lambda p: momentum.step(SPELLINGS[p["spelling"]][3]), drawn_step, ("new point", "new velocity")
    ),
    "full_speed": Value(1e-3),
    "edge": Value(1e-3),
    "times": Value(0.05),
    "proof": lines_of(momentum.proof),
    "measured_beta": Value(5e-3),
    "cycle": Through(momentum.cycle, in_open_terms),
    "per_step": Value(0.01),
}
