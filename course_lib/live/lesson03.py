"""SGD: batch size, rate and schedule on one board, with the noise floor that they make."""

import numpy as np

from course_lib import schedules
from course_lib.descent import descend
from course_lib.live.figure import Figure
from course_lib.live.landscape import landscape, on_landscape
from course_lib.live.parts import Choice, Lines, Panel, Player, Point, Slider, Toggles
from course_lib.optimizers import gd
from course_lib.style import BLUE, DASHED, INK, SOLID, VERMILLION
from course_lib.surfaces import Delegate, quadratic

LOOKS = {"floor": (VERMILLION, DASHED, "D"), "mean of many": (BLUE, SOLID, "s"), "one run": (INK, SOLID, "o")}


class SameNoise(Delegate):
    """f with noise on its gradient: the same at each use, and for all rates and batch sizes side by side."""

    def __init__(self, f, sigma, noise):
        super().__init__(f)
        self.sigma, self.noise = sigma, iter(noise)

    def grad(self, p):
        xi = next(self.noise)
        return self.f.grad(p) + self.sigma * xi.reshape(*xi.shape, *[1] * (p.ndim - xi.ndim))


def noise_board(kappa=5.0, steps=200, runs=40):
    r"""SGD in a quadratic valley with L = 1: one path, the mean height of many runs, and the floor of the formula.

    Each single example's gradient is the exact one plus standard normal noise, so that a batch of B leaves
    $1/\sqrt B$ of it. The floor is that of the rate of the moment, $\sum_i \frac{\eta_t}{2B(2 - \eta_t\lambda_i)}$ over
    the curvatures: where runs would hover if the schedule stopped there.

    kappa: condition number of the valley, >= 1. steps: int >= 1. runs: int >= 1, how many the mean is taken of.
    Returns a Figure.
    """
    f, where = quadratic(kappa), landscape(quadratic(kappa), aspect=1.6)
    noise = np.random.default_rng(3).standard_normal((steps, 2, runs))
    curvatures = np.array([f.mu, f.L])
    shapes = {
        "constant": schedules.constant(1.0),
        "like 1/√t": schedules.inverse_sqrt(1.0, 0.1),
        "like 1/t": schedules.inverse_time(1.0, 0.1),
        "like 1/t²": lambda t: 1 / (1 + 0.1 * t) ** 2,
        "step decay": schedules.step_decay(1.0, max(1, steps // 3)),
        "exponential": schedules.exponential(1.0, 0.01 ** (1 / steps)),
        "cosine": schedules.cosine(1.0, steps),
        "warm-up, cosine": schedules.warmup(schedules.cosine(1.0, steps - steps // 10), steps // 10),
        "one cycle": schedules.one_cycle(1.0, steps),
    }

    def compute(batch, lr, schedule, start):
        lr, batch = np.broadcast_arrays(lr, batch)
        many = np.broadcast_to(start.reshape(2, *[1] * (lr.ndim + 1)), (2, runs, *lr.shape))
        blurred = SameNoise(f, batch**-0.5, noise)
        path = descend(gd, blurred, many, steps, lr=lambda t: lr * schedule(t))
        height = f(path)
        shape = np.array([schedule(t) for t in range(steps + 1)])
        rate = lr * shape.reshape(-1, *[1] * lr.ndim)
        slack = 2 - rate * curvatures.reshape(2, *[1] * rate.ndim)
        floor = np.where(slack > 0, rate / (2 * batch * slack), np.inf).sum(axis=0).clip(1e-12)  # for the log axis
        curves = np.stack([floor, height.mean(axis=1), height[:, 0]])
        last = curves[1, -steps // 10 :].mean(axis=0)
        return where | {"path": path[None, :, :, 0], "height": curves, "examples": steps * batch, "last": last}

    panels = [
        on_landscape("One run", "path", ["one run"], [LOOKS["one run"]], aspect=1.6),
        Panel(
            "Height above the minimum",
            [Lines("height", list(LOOKS), list(LOOKS.values()))],
            x=(0, steps),
            y=(1e-5, 10),
            xlabel="step",
            log=True,
            aspect=1.6,
        ),
    ]
    controls = [
        Toggles(list(LOOKS), values="height", looks=list(LOOKS.values())),
        Point("start", "start", (-1.7, 1.1)),
        Player(steps),
        Slider("batch", "batch size B", 1, 1024, 1, log=True, count=11),
        Slider("lr", "learning rate × L", 0.001, 2, 0.2, log=True),
        Choice("schedule", "schedule", shapes),
    ]
    note = "At the end the mean of many is {last} high; {examples} examples were looked at"
    task = "Choose batch size, rate and schedule, and press play."
    return Figure("Batch, rate and schedule", panels, controls, compute, note, task=task)
