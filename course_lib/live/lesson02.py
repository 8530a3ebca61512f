"""Gradient descent: the learning rate against 2/L, and the basins of two methods."""

from functools import cache

import numpy as np

from course_lib.descent import arrived, descend, end
from course_lib.live.figure import Figure
from course_lib.live.landscape import landscape, on_landscape
from course_lib.live.parts import Heat, Lines, Marks, Panel, Player, Slider, Toggles
from course_lib.optimizers import gd, momentum
from course_lib.style import DASHED, DOTTED, GREEN, PLACES, VERMILLION, named, styles
from course_lib.surfaces import himmelblau, quadratic

START = np.array([1.6, 1.2])
FLOOR, ROOF = 1e-12, 1e6
BARS = {"2/L": (VERMILLION, DASHED, ""), "2/(L + μ), the fastest": (GREEN, DOTTED, "")}


def learning_rate(steps=60):
    r"""Gradient descent in a valley with L = 1: its path, its height over the steps, and where every rate ends.

    Along an eigenvector of curvature $\lambda$ a step multiplies the distance by $1-\eta\lambda$: below the bar at
    $2/L$ every run comes down, the fastest at $2/(L+\mu)$, beyond the bar every run leaves.

    steps: int >= 1, the length of the path.
    Returns a Figure.
    """

    def compute(lr, kappa):
        f = quadratic(kappa)
        path = descend(gd, f, START, steps, lr=lr)
        here = np.stack(np.broadcast_arrays(lr, np.clip(f(path)[-1], FLOOR, ROOF)))
        return landscape(f, aspect=0.75) | {
            "path": path[None],
            "height": np.clip(f(path), FLOOR, None)[None],
            "ends": ends(kappa, steps)[None],
            "bars": np.array([[[2 / f.L] * 2, [FLOOR, ROOF]], [[2 / (f.L + f.mu)] * 2, [FLOOR, ROOF]]]),
            "here": here[None],
            "steep": 1 - lr * f.L,
            "flat": 1 - lr * f.mu,
        }

    panels = [
        on_landscape("Path", "path", ["gd"], aspect=0.75),
        Panel(
            "Height over the steps", [Lines("height", ["gd"])], x=(0, steps), y=(FLOOR, ROOF), xlabel="step", log=True
        ),
        Panel(
            "The last height, for every rate",
            [
                Lines("ends", ["gd"], follow=False),
                Lines("bars", list(BARS), list(BARS.values()), follow=False),
                Marks("here"),
            ],
            x=(0, 2.4),
            y=(FLOOR, ROOF),
            xlabel="learning rate",
            log=True,
        ),
    ]
    controls = [
        Toggles(["gd", *BARS], looks=[*styles(["gd"]), *BARS.values()]),
        Player(steps),
        Slider("lr", "learning rate × L", 0.02, 2.4, 0.5, count=120),
        Slider("kappa", "condition number κ", 1, 100, 10, log=True, count=41, ahead=False),
    ]
    note = "A step multiplies the distance by {steep} across the valley and by {flat} along it"
    task = "Move the learning rate, press play, and read the factor of each axis."
    return Figure("The learning rate against 2/L", panels, controls, compute, note, task=task)


@cache
def ends(kappa, steps):
    """A curve (2, n): learning rates, and the height after the last step at each."""
    f, rates = quadratic(kappa), np.linspace(0, 2.4, 241)
    return np.stack([rates, np.clip(f(end(gd, f, START, steps, lr=rates)), FLOOR, ROOF)])


def basins(methods=(gd, momentum), f=himmelblau, steps=100, size=200):
    """Which minimum each start of a grid comes to, for each method; computed anew at each move of the rate.

    Grey: near none of them after the last step. A minimum loses its basin where the rate passes 2 over its largest
    curvature (for gradient descent), and the sharpest does so first.

    methods: step functions, or {label: step function}; a learner's own may be among them.
    f: a Surface with d = 2 and up to 4 minima. steps: int >= 1. size: starts along each side, int >= 2.
    Returns a Figure.
    """
    methods, where = named(methods), landscape(f, aspect=1.0)
    starts = np.stack(np.meshgrid(np.linspace(*where["x"], size), np.linspace(*where["y"], size)))

    def compute(lr):
        place = {name: arrived(end(method, f, starts, steps, lr=lr), f.minima) for name, method in methods.items()}
        maps = {f"{name} map": np.where(p < 0, len(PLACES), p) for name, p in place.items()}
        return where | maps | {f"share_{i}": 100 * np.mean(p >= 0) for i, p in enumerate(place.values())}

    panels = [
        Panel(
            f"{name}: where each start ends",
            [Heat(f"{name} map", 0, len(PLACES) - 1, PLACES), Marks("minima")],
            x="x",
            y="y",
            xlabel="x",
            ylabel="y",
            aspect=1.0,
        )
        for name in methods
    ]
    rate = Slider("lr", "learning rate", 0.001, 0.03, 0.01, log=True, count=61, ahead=False)
    note = "; ".join(f"{name} brings {{share_{i}}} % of the starts to a minimum" for i, name in enumerate(methods))
    task = "Move the learning rate: each start has the colour of the minimum that it comes to."
    return Figure("Basins of attraction", panels, [rate], compute, note, task=task)
