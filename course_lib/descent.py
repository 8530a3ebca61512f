"""Many steps, many runs at once: the loop around an optimizer."""

import math
from itertools import islice

import numpy as np

RANGES = {
    "lr": (0.0, math.inf, "a finite number >= 0"),
    "beta": (0.0, 1.0, "a number in [0, 1)"),
    "b1": (0.0, 1.0, "a number in [0, 1)"),
    "b2": (0.0, 1.0, "a number in [0, 1)"),
    "eps": (0.0, math.inf, "a finite number >= 0"),
    "decay": (0.0, math.inf, "a finite number >= 0"),
}


def checked(name, value):
    """The hyperparameter as a plain number or an array, or a ValueError that names it, its range and the value."""
    if isinstance(value, np.generic):
        value = value.item()  # a NumPy scalar would turn a float32 run into float64
    if isinstance(value, list | tuple):
        value = np.asarray(value)
    if name in RANGES:
        low, high, words = RANGES[name]
        try:
            inside = np.all((np.asarray(value) >= low) & (np.asarray(value) < high))
        except TypeError:
            inside = False
        if not inside:
            raise ValueError(f"{name} must be {words} (or an array of them, or a function of the step); got {value!r}")
    return value


def checked_start(f, start):
    """The start as a float array whose axis 0 has as many coordinates as f, or a ValueError."""
    try:
        x = np.asarray(start)
        x = x if x.dtype.kind == "f" else x.astype(float)
    except (TypeError, ValueError):
        raise ValueError(f"start must be an array of numbers with the coordinates on axis 0; got {start!r}") from None
    d = getattr(f, "d", None)
    if x.ndim == 0 or x.size == 0 or (d is not None and len(x) != d):
        raise ValueError(f"start must have shape ({d or 'd'}, ...), coordinates on axis 0; got shape {x.shape}")
    if not np.all(np.isfinite(x)):
        raise ValueError(f"start must be finite; got {start!r}")
    return x


def checked_steps(steps):
    """The number of steps as an int, or a ValueError."""
    if isinstance(steps, bool) or not hasattr(steps, "__index__") or steps < 0:
        raise ValueError(f"steps must be an integer >= 0; got {steps!r}")
    return int(steps)


def iterate(method, f, start, **hyper):
    r"""All states of a run, for ever: first (start,), then (x, *memory) after each step.

    method: a step, `x, *memory = method(x, g, *memory, **hyper)`.
    f: what is descended: anything with `f.grad(x)`, of the shape of x.
    start: array (d, *A) of finite numbers, coordinates on axis 0; further axes are runs side by side.
    hyper: the method's hyperparameters: numbers, arrays (*B) with one value a run, or functions of the step
        t = 0, 1, ... (schedules). Runs have the shape of A and B broadcast together.
    Returns a generator; every x in it has shape (d, *runs) and the dtype of start.
    Errors: ValueError for a start or a hyperparameter out of range. A run that diverges is no error: its path goes to
    inf and NaN without a warning.
    """
    x = checked_start(f, start)
    hyper = {name: value if callable(value) else checked(name, value) for name, value in hyper.items()}
    schedules = {name: value for name, value in hyper.items() if callable(value)}
    now = hyper | {name: checked(name, schedule(0)) for name, schedule in schedules.items()}
    runs = np.broadcast_shapes(x.shape[1:], *(np.shape(value) for value in now.values()))
    spread = x.reshape(len(x), *[1] * (len(runs) + 1 - x.ndim), *x.shape[1:])
    x = np.broadcast_to(spread, (len(x), *runs))
    plain = {name: in_dtype(value, x.dtype) for name, value in now.items()}
    return states(method, f, x, plain, schedules)


def in_dtype(value, dtype):
    return value.astype(dtype) if isinstance(value, np.ndarray) and value.dtype.kind == "f" else value


def states(method, f, x, hyper, schedules):
    yield (x,)
    memory, t = (), 0
    while True:
        for name, schedule in schedules.items():
            hyper[name] = in_dtype(schedule(t), x.dtype)
        with np.errstate(all="ignore"):
            x, *memory = method(x, f.grad(x), *memory, **hyper)
        yield x, *memory
        t += 1


def descend(method, f, start, steps, **hyper):
    r"""The path of a run, start included; of many runs at once if start or a hyperparameter is an array of them.

    method, f, start, hyper: as in `iterate`.
    steps: int >= 0; 0 gives the start alone.
    Returns an array (d, steps + 1, *runs) with the dtype of start: `plot(*path)` and `f(path)` just work.
    Errors: ValueError for a bad argument, as `iterate`. Divergence is data: inf and NaN in the path, no warning.
    """
    steps = checked_steps(steps)
    run = iterate(method, f, start, **hyper)
    (x,) = next(run)
    path = np.empty((len(x), steps + 1, *x.shape[1:]), x.dtype)
    path[:, 0] = x
    for t, (x, *_) in enumerate(islice(run, steps), 1):
        path[:, t] = x
    return path


def end(method, f, start, steps, **hyper):
    r"""The last point of each run; `descend` without the memory of the way.

    method, f, start, steps, hyper: as in `descend`.
    Returns an array (d, *runs) with the dtype of start.
    Errors: as `descend`.
    """
    steps = checked_steps(steps)
    return next(islice(iterate(method, f, start, **hyper), steps, None))[0]


def first_step(holds):
    r"""The first step at which something holds: `first_step(f(path) <= 1e-6)`.

    holds: bool array (steps + 1, *runs), axis 0 the steps.
    Returns the number of the step for each run, float array (*runs), or one number for a single run; inf: never.
    """
    holds = np.asarray(holds)
    return np.where(holds.any(axis=0), holds.argmax(axis=0), np.inf)[()]
