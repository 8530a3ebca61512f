"""Conditioning: an ellipse by its condition number and angle, and the steps that every method needs on it."""

from functools import lru_cache

import numpy as np

from course_lib.curvature import bfgs, conjugate_gradients, newton
from course_lib.descent import descend, first_step
from course_lib.live.figure import Figure
from course_lib.live.landscape import landscape, on_landscape
from course_lib.live.parts import Bars, Lines, Panel, Player, Point, Slider, Toggles
from course_lib.optimizers import adagrad, adam, gd, momentum, nesterov
from course_lib.style import styles
from course_lib.surfaces import quadratic

START = (1.2, 1.6)
CAP, SHOWN = 400, 60  # steps of the first-order methods, and of the others and of the path that is shown
NEAREST = 1e-12  # of the distance; below it is rounding
RATES = np.geomspace(1e-3, 10, 41)
TUNED = {"adagrad": adagrad, "adam": adam}
WITH_CURVATURE = {"newton": newton, "bfgs": bfgs, "cg": conjugate_gradients}
NAMES = ["gd", "momentum", "cg", "nesterov", "bfgs", "adagrad", "adam", "newton"]  # long names apart, below the bars
LOOKS = styles(["conjugate_gradients" if name == "cg" else name for name in NAMES])


def ellipse(kappa=20.0, angle=0.0):
    r"""Eight methods on an elliptic valley with L = 1: their paths, distances, and steps to a thousandth of the way.

    gd and momentum have the settings that are best for this $\kappa$, nesterov those for which its rate is proved;
    adagrad and adam the best of 41 rates for this valley, from the first start. newton, bfgs and conjugate gradients
    (cg) have nothing to tune.

    kappa: condition number at first, from 1 to 100. angle: degrees at first, from 0 to 90.
    Returns a Figure. A bar of 400 means: not there in 400 steps.
    """

    def compute(kappa, angle, start):
        f = quadratic(kappa, angle)
        runs = paths(f, settings(kappa, angle), start)
        runs = {name: runs[name] for name in NAMES}
        near = [np.hypot(*run) / max(np.hypot(*start), 1e-9) for run in runs.values()]
        steps = [float(min(first_step(apart <= 1e-3), CAP)) for apart in near]
        return landscape(f, aspect=0.75) | {
            "paths": np.stack([run[:, : SHOWN + 1] for run in runs.values()]),
            "near": np.stack([np.maximum(apart[: SHOWN + 1], NEAREST) for apart in near]),
            "steps": np.array(steps)[:, None],
            **dict(zip(NAMES, steps)),
        }

    panels = [
        on_landscape("Paths", "paths", NAMES, LOOKS, aspect=0.75),
        Panel(
            "Share of the distance that is left",
            [Lines("near", NAMES, LOOKS)],
            x=(0, SHOWN),
            y=(1e-6, 10),
            xlabel="step",
            log=True,
            aspect=1.6,
        ),
        Panel(
            "Steps to a thousandth", [Bars("steps", NAMES, LOOKS)], x=(-0.6, 7.6), y=(0.5, CAP), log=True, aspect=1.6
        ),
    ]
    controls = [
        Toggles(NAMES, values="near", first="is nearest", least=NEAREST, looks=LOOKS),
        Point("start", "start", START),
        Player(SHOWN, start=SHOWN),
        Slider("kappa", "condition number κ", 1, 100, kappa, log=True, count=41, ahead=False),
        Slider("angle", "angle in degrees", 0, 90, angle, count=91, ahead=False),
    ]
    counts = ", ".join(f"{name} {{{name}}}" for name in NAMES)
    task = "Stretch and turn the valley, drag the start, and press play."
    return Figure(
        "An ellipse and all methods", panels, controls, compute, f"Steps to a thousandth: {counts}", task=task
    )


def paths(f, hypers, start):
    """{name: path (2, steps + 1)} of all methods; those with curvature are run for as long as they are shown."""
    runs = {m.__name__: descend(m, f, start, CAP, **hypers[m.__name__]) for m in (gd, momentum, nesterov)}
    runs |= {name: descend(method, f, start, CAP, **hypers[name]) for name, method in TUNED.items()}
    return runs | {name: descend(make(f), f, start, SHOWN) for name, make in WITH_CURVATURE.items()}


@lru_cache(256)
def settings(kappa, angle):
    """The hyperparameters of each first-order method on this valley."""
    f, q = quadratic(kappa, angle), kappa**-0.5
    best = {
        "gd": {"lr": 2 / (f.L + f.mu)},
        "momentum": {"lr": (2 / (1 + q)) ** 2, "beta": ((1 - q) / (1 + q)) ** 2},
        "nesterov": {"lr": 1 / f.L, "beta": (1 - q) / (1 + q)},
    }
    return best | {name: {"lr": fewest_steps(method, f)} for name, method in TUNED.items()}


def fewest_steps(method, f):
    """Of `RATES` the one that comes to a thousandth of the distance first; of equals, the one that ends nearest."""
    apart = np.hypot(*descend(method, f, START, CAP, lr=RATES)) / np.hypot(*START)
    order = np.lexsort((apart[-1], first_step(apart <= 1e-3)))
    return float(RATES[order[0]])
