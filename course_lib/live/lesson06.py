"""Saddle points: a slice that turns, and a run that starts on it."""

from functools import lru_cache

import numpy as np

from course_lib.descent import descend, first_step
from course_lib.live.figure import Figure
from course_lib.live.landscape import landscape
from course_lib.live.parts import Choice, Contours, Lines, Marks, Panel, Player, Slider, Toggles
from course_lib.optimizers import gd
from course_lib.style import DASHED, VERMILLION, styles
from course_lib.surfaces import Delegate, monkey_saddle, quadratic_form, saddle

THREE = saddle, quadratic_form([[0.0, 1.0], [1.0, 0.0]], "xy"), monkey_saddle
LR, RUNS, GONE, PATIENCE = 0.05, 40, 1.0, 3000
NEAR = np.geomspace(1e-6, 0.5, 40)
SLICE = VERMILLION, DASHED, ""
NOISE = {"none": 0.0, "0.000001": 1e-6, "0.0001": 1e-4, "0.01": 1e-2}


class Shaken(Delegate):
    """f with noise on its gradient, the same at each use."""

    def __init__(self, f, sigma, noise):
        super().__init__(f)
        self.sigma, self.noise = sigma, iter(noise)

    def grad(self, p):
        return self.f.grad(p) + self.sigma * next(self.noise)


def saddle_slice(surfaces=THREE, steps=300):
    r"""A slice through the saddle at any angle, a run of gradient descent that starts on it, and when the run leaves.

    The start is at distance r on the slice; the rate is 0.05. A run has left once it is farther than 1 from the saddle.
    The last panel is without noise: a strict saddle is left after about $\log(1/r)$ steps, a monkey saddle after about
    $1/r$; a start from which nothing leaves within 3,000 steps is not on it.

    surfaces: Surfaces with d = 2, a Hessian and a saddle at the origin; the first is shown first.
    steps: int >= 1, the length of the run.
    Returns a Figure.
    """
    noise = np.random.default_rng(6).standard_normal((steps, 2, RUNS))

    def compute(f, angle, r, sigma):
        u = direction(angle)
        start = np.repeat(r * u[:, None], RUNS, axis=1)
        path = descend(gd, Shaken(f, sigma, noise), start, steps, lr=LR)
        far = np.hypot(*path)
        far = np.where(np.isfinite(far), far, np.inf)
        along = np.linspace(-1, 1, 81)
        needed = escapes(f, angle)
        here = np.array([[np.log10(r), np.interp(np.log(r), np.log(NEAR), needed)]])
        return landscape(f, aspect=1.25) | {
            "slice": 3 * np.stack([-u, u], axis=1)[None],
            "path": np.where(far < 100, path, np.nan)[None, :, :, 0],
            "profile": np.stack([along, f(along * u[:, None])])[None],
            "distance": far[None, :, 0].clip(1e-7),
            "escapes": np.stack([np.log10(NEAR), needed])[None, :, ::-1],  # from afar: a line ends at infinity
            "here": here[np.isfinite(here).all(axis=1)],
            "bend": np.round(u @ f.hess(np.zeros(2)) @ u, 3) + 0.0,
            "gone": (np.maximum.accumulate(far) > GONE).sum(axis=1),
        }

    panels = [
        Panel(
            "From above",
            [Contours("grid"), Lines("slice", ["slice"], [SLICE], follow=False), Lines("path", ["gd"])],
            x="x",
            y="y",
        ),
        Panel("Height along the slice", [Lines("profile", ["slice"], [SLICE], follow=False)], (-1, 1), (-1.1, 1.1)),
        Panel("Distance from the saddle", [Lines("distance", ["gd"])], (0, steps), (1e-7, 10), xlabel="step", log=True),
        Panel(
            "Steps to leave, for each start on the slice",
            [Lines("escapes", ["gd"], [(*styles(["gd"])[0][:2], "")], follow=False), Marks("here")],
            x=(-6, 0),
            y=(1, PATIENCE),
            xlabel="log10 of the start's distance",
            log=True,
        ),
    ]
    controls = [
        Toggles(["gd", "slice"], looks=[*styles(["gd"]), SLICE]),
        Player(steps),
        Choice("f", "surface", {f.name: f for f in surfaces}),
        Slider("angle", "angle of the slice in degrees", 0, 179, 60, count=180, ahead=False),
        Slider("r", "distance of the start", NEAR[0], NEAR[-1], 0.05, log=True, ahead=False),
        Choice("sigma", "noise on the gradient", NOISE),
    ]
    note = "Along this slice the curvature is {bend}; by this step {gone} of 40 runs have left"
    task = "Turn the slice, move the starts, put noise on the gradient, and press play."
    return Figure("A slice through the saddle", panels, controls, compute, note, task=task)


def direction(degrees):
    """The unit vector at an angle; exact where it lies on an axis, for a start on the ridge must not leave it."""
    return np.array([np.cos(np.radians(degrees)) * (degrees != 90), np.sin(np.radians(degrees))])


@lru_cache(1024)
def escapes(f, degrees):
    """After how many steps a run from each distance of NEAR has left; inf for later than PATIENCE."""
    path = descend(gd, f, NEAR * direction(degrees)[:, None], PATIENCE, lr=LR)
    return first_step(~(np.hypot(*path) <= GONE))
