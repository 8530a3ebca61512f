"""What figures on a surface share: its window and contours, runs on it, and fair rates."""

import numpy as np

from course_lib.descent import best_rate, descend
from course_lib.live.figure import describe_error
from course_lib.live.parts import Contours, Lines, Marks, Panel

CONTOURS = 24
FEW = np.array([1e-4, 1e-3, 1e-2])


def landscape(f, aspect=1.25, shape=(145, 181)):
    """The arrays behind a plane panel: grid for `Contours`, x and y for the panel, minima for `Marks`.

    f: a Surface with d = 2. The shorter side of its window is widened to the aspect, so that both axes have one scale.
    """
    (left, right), (low, high) = f.window
    width = max(right - left, aspect * (high - low))
    x = (left + right) / 2 + width * np.array([-0.5, 0.5])
    y = (low + high) / 2 + width / aspect * np.array([-0.5, 0.5])
    z = f(np.stack(np.meshgrid(np.linspace(*x, shape[1]), np.linspace(*y, shape[0]))))
    share = (z - z.min()) / (z.max() - z.min())
    return {"x": x, "y": y, "grid": CONTOURS * np.cbrt(share), "minima": f.minima}


def on_landscape(title, array, names, looks=(), **rest):
    """The plane panel on which the paths of an array are drawn over what `landscape` gives. rest: as `Panel` has it."""
    return Panel(title, [Contours("grid"), Lines(array, names, looks), Marks("minima")], x="x", y="y", **rest)


def above_minimum(f, path):
    """How far f lies above its minimum along a path (above 0, if it has none); NaN once a run has left for good.

    path: (2, steps + 1, *runs). A run has left where f is no number, or is and stays above 1000 times its highest value
    in the window: such lines are cut there.
    """
    lowest = min((f(minimum) for minimum in f.minima), default=0.0)
    values = f(path) - lowest
    values = np.where(np.isnan(values), np.inf, values)
    still_to_come = np.minimum.accumulate(values[::-1])[::-1]
    return np.where(still_to_come > 1000 * (landscape_top(f) - lowest), np.nan, values)


def landscape_top(f):
    return max(f(np.array([x, y])) for x in f.window[0] for y in f.window[1])


def run(method, f, start, steps, **hyper):
    """(path, message): `descend`, but a method that fails gives a path of NaN and says why.

    With arrays of runs side by side it raises: the page then asks for one run at a time, and hears the reason.
    """
    try:
        return descend(method, f, start, steps, **hyper), ""
    except Exception as error:
        if any(np.ndim(value) for value in hyper.values()):
            raise
        return np.full((len(start), steps + 1), np.nan), describe_error(error)


def fair_rate(method, f, steps):
    """`best_rate` from the surface's own start, also for a method that cannot do many runs at once."""
    try:
        few = descend(method, f, f.start, 10, lr=FEW)
        alone = [descend(method, f, f.start, 10, lr=rate) for rate in FEW]
        np.testing.assert_allclose(few, np.stack(alone, axis=-1))
        return best_rate(method, f, f.start, steps)
    except Exception:
        return best_rate(one_by_one(method), f, f.start, steps)


def one_by_one(method):
    """The same method, called for each run by itself; NaN for a run in which it fails."""

    def alone(x, g, memory, lr):
        try:
            return method(x, g, *memory, lr=lr)
        except Exception:
            return (x * np.nan,)

    def step(x, g, *memories, lr):
        memories = memories or [()] * len(lr)
        done = [alone(*one) for one in zip(x.T, g.T, memories, lr.tolist())]
        return np.stack([x for x, *_ in done], axis=1), *[memory for _, *memory in done]

    return step
