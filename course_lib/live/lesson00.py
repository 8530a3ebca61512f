"""The race: some optimizers from one start, on one landscape."""

from functools import cache

import numpy as np

from course_lib.live.figure import Figure
from course_lib.live.landscape import above_minimum, fair_rate, landscape, on_landscape, run
from course_lib.live.parts import Choice, Lines, Panel, Player, Point, Slider, Toggles
from course_lib.optimizers import adam, gd, momentum, nesterov, rmsprop
from course_lib.style import named
from course_lib.surfaces import beale, himmelblau, quadratic, rosenbrock

FIVE = gd, momentum, nesterov, rmsprop, adam
FOUR = rosenbrock, quadratic(100, 30), himmelblau, beale


def race(methods=FIVE, surfaces=FOUR, steps=200):
    """The race as a live figure: drag the start, choose the landscape, turn the rates up and down, play.

    Each method runs at its own `best_rate` from the landscape's start, times the slider.

    methods: step functions, or {label: step function}; a learner's own stand beside the course's.
    surfaces: Surfaces with d = 2; the first is shown first.
    steps: int >= 1, the gradients that each method may ask for.
    Returns a Figure. A method that fails has no line, and the figure says why.
    """
    methods = named(methods)
    names = list(methods)
    place = cache(landscape)

    @cache
    def rates(f):
        return {label: fair_rate(method, f, steps) for label, method in methods.items()}

    @cache
    def limits(f):
        """Round powers of ten about the losses of the fair race; they stay while the rest moves."""
        runs = [run(method, f, f.start, steps, lr=rates(f)[label])[0] for label, method in methods.items()]
        values = np.array([above_minimum(f, path) for path in runs])
        low, high = np.nanmin(values, initial=1.0), np.nanmax(values, initial=1e-9)
        return 10 ** np.array([np.floor(np.log10(max(low, 1e-11))) - 1, np.ceil(np.log10(high)) + 1])

    def compute(surface, start, factor):
        paths, losses, failed = [], [], []
        for label, method in methods.items():
            path, message = run(method, surface, start, steps, lr=rates(surface)[label] * factor)
            loss = above_minimum(surface, path)
            paths.append(np.where(np.isnan(loss), np.nan, path))
            losses.append(loss)
            failed += [f"{label} failed. {message}"] if message else []
        arrays = {"paths": np.stack(paths), "loss": np.stack(losses), "limits": limits(surface)}
        return arrays | place(surface) | {"message": "\n".join(failed)}

    options = {f.name: f for f in surfaces}
    starts = {f.name: f.start for f in surfaces}
    panels = [
        on_landscape("Paths", "paths", names, xlabel="x", ylabel="y"),
        Panel("Height above the minimum", [Lines("loss", names)], x=(0, steps), y="limits", xlabel="step", log=True),
    ]
    controls = [
        Toggles(names, values="loss"),
        Point("start", "start", surfaces[0].start),
        Player(steps, autoplay=True),
        Choice("surface", "landscape", options, moves={"start": starts}),
        Slider("factor", "rates, × the best", 0.01, 100, 1, log=True),
    ]
    task = "Drag the start, choose another landscape or other rates, and press play."
    return Figure("The race", panels, controls, compute, task=task)
