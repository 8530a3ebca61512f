"""Adaptive methods: what they remember, one step at a time, and a valley that can be turned."""

from functools import partial
from itertools import islice

import numpy as np

from course_lib.descent import best_rate, descend, iterate
from course_lib.live.figure import Figure
from course_lib.live.landscape import above_minimum, landscape, on_landscape
from course_lib.live.parts import Bars, Choice, Lines, Panel, Player, Point, Slider, Toggles
from course_lib.optimizers import adagrad, adam, amsgrad, gd, momentum, nesterov, rmsprop
from course_lib.style import AMBER, BLUE, DASHED, GREEN, INK, SKY, SOLID, VERMILLION
from course_lib.surfaces import quadratic

LOWEST = 1e-30  # heights below it are rounding
B1, B2 = 0.9, 0.999  # of all methods in the inspector, so that only their formulas differ


def means(g, v):
    """The state of a method without a mean of gradients or a correction: g stands for m, v for its corrected self."""
    return g, v, g, v


def corrected(g, m, v, top, t):
    return m, v, m / (1 - B1**t), top / (1 - B2**t)


# {title: (method, its (m, v, m-hat, v-hat) from the gradient and its memory)}
INSPECTED = {
    "Adam": (partial(adam, b1=B1, b2=B2), lambda g, m, v, t: corrected(g, m, v, v, t)),
    "AMSGrad": (partial(amsgrad, b1=B1, b2=B2), corrected),
    "Adam with b1 = 0": (partial(adam, b1=0.0, b2=B2), lambda g, m, v, t: (m, v, m, v / (1 - B2**t))),
    "RMSProp": (partial(rmsprop, b2=B2), means),
    "AdaGrad": (adagrad, means),
}
STATE = {
    "g": (INK, SOLID, "o"),
    "m": (SKY, DASHED, "s"),
    "m̂": (BLUE, SOLID, "d"),
    "√v": (AMBER, DASHED, "D"),
    "√v̂": (VERMILLION, SOLID, "P"),
    "step ÷ rate": (GREEN, SOLID, "^"),
}


def inspector(kappa=10.0, steps=60):
    r"""All that a method remembers of one coordinate, one step at a time: g, m, v, both corrected, and the step.

    Curves over the steps, bars at the step of the player; v is shown as its root. RMSProp and AdaGrad have no m and no
    correction: there m is g, and AdaGrad's v is its sum.

    kappa: condition number of the valley, >= 1. steps: int >= 1.
    Returns a Figure.
    """
    f = quadratic(kappa)
    where = landscape(f, aspect=1.6)

    def compute(method, axis, lr, start):
        path, state = inspected(*method, f, start, steps, lr)
        state = state[:, axis]
        g, m, m_hat, root_v, root_v_hat, step = state
        room = 1.1 * np.maximum(1, np.abs(state).max(axis=(0, 1)))
        numbers = {"g": g, "m": m, "v": root_v**2, "m_hat": m_hat, "v_hat": root_v_hat**2, "step": lr * step}
        return where | numbers | {"path": path[None], "state": state, "room": np.stack([-room, room])}

    names, looks = list(STATE), list(STATE.values())
    panels = [
        on_landscape("Path", "path", ["adam"], aspect=1.6),
        Panel("So far", [Lines("state", names, looks)], x=(0, steps), y="room", xlabel="step", aspect=1.6),
        Panel("Now", [Bars("state", names, looks)], x=(-0.5, 5.5), y="room", aspect=1.6),
    ]
    controls = [
        Toggles(names, looks=looks),
        Point("start", "start", (-1.7, 1.1)),
        Player(steps, seconds=0.25 * steps, start=12),
        Choice("method", "method", INSPECTED),
        Choice("axis", "coordinate", {"y, across the floor": 1, "x, along it": 0}),
        Slider("lr", "learning rate", 0.001, 1, 0.1, log=True),
    ]
    note = "g = {g}, m = {m}, v = {v}, m̂ = {m_hat}, v̂ = {v_hat}, step = {step}"
    task = "Go step by step; change method, coordinate and rate, or drag the start."
    return Figure("Inside an adaptive method", panels, controls, compute, note, task=task)


def inspected(method, told, f, start, steps, lr):
    """(path (2, steps + 1, *runs), state (6, 2, steps + 1, *runs)): g, m, m-hat, the roots of v and v-hat, step / lr.

    The state is that of the step to a point; before the first it is 0.
    """
    (x,), *after = islice(iterate(method, f, start, lr=lr), steps + 1)
    path, state = [x], [np.zeros((6, *x.shape))]
    for x, *memory in after:
        g = f.grad(path[-1])
        m, v, m_hat, v_hat = told(g, *memory)
        state.append(np.stack([g, m, m_hat, np.sqrt(v), np.sqrt(v_hat), (path[-1] - x) / lr]))
        path.append(x)
    return np.stack(path, axis=1), np.stack(state, axis=2)


def rotation(kappa=100.0, steps=150):
    """The rotation dial: a valley turned from 0° to 90°, and who notices.

    Each method runs at its best rate, by `best_rate`: that of the valley along the axes, or that of the valley as it
    lies. The start turns with the valley, so that gradient descent and momentum go the same way at every angle.

    kappa: condition number at first, from 1 to 1000. steps: int >= 1.
    Returns a Figure.
    """
    methods = {method.__name__: method for method in (gd, momentum, nesterov, adagrad, adam)}
    methods["adam, b1 = 0"] = partial(adam, b1=0.0)

    def compute(degrees, beside, kappa, tuned):
        f, start = quadratic(kappa, degrees), 1.7 * direction(degrees + beside)
        along = (f, start) if tuned else (quadratic(kappa), 1.7 * direction(beside))
        rates = {name: best_rate(method, *along, steps) for name, method in methods.items()}
        paths = np.stack([descend(method, f, start, steps, lr=rates[name]) for name, method in methods.items()])
        height = np.stack([above_minimum(f, path) for path in paths])
        paths = np.where(np.abs(paths) < 1e6, paths, np.nan)  # lines end there
        return landscape(f) | {"path": paths, "height": np.maximum(height, LOWEST)} | rates

    panels = [
        on_landscape("Paths", "path", list(methods)),
        Panel("Height", [Lines("height", list(methods))], x=(0, steps), y=(1e-16, 10), xlabel="step", log=True),
    ]
    controls = [
        Toggles(list(methods), values="height", least=LOWEST),
        Player(steps),
        Slider("degrees", "angle of the valley in degrees", 0, 90, 0, count=91, ahead=False),
        Slider("beside", "start, in degrees from the floor", 1, 89, 40, count=89, ahead=False),
        Slider("kappa", "condition number κ", 1, 1000, kappa, log=True, count=31, ahead=False),
        Choice("tuned", "rates", {"best at 0°": False, "best at each angle": True}),
    ]
    note = "Rates: " + ", ".join(f"{name} {{{name}}}" for name in list(methods)[:5])
    task = "Turn the valley, choose for which angle the rates are the best, and press play."
    return Figure("Turn the valley", panels, controls, compute, note, task=task)


def direction(degrees):
    return np.array([np.cos(np.radians(degrees)), np.sin(np.radians(degrees))])
