"""Many steps, many runs at once: the loop around an optimizer."""

import math
import operator
from itertools import count, islice

import numpy as np

NOT_NEGATIVE = (0.0, math.inf, "a finite number >= 0")
SHARE = (0.0, 1.0, "a number in [0, 1)")
RANGES = dict.fromkeys(("lr", "eps", "decay", "psi", "damping"), NOT_NEGATIVE)
RANGES |= dict.fromkeys(("beta", "b1", "b2"), SHARE)

# glibc gives each freed array back to the system, page by page, until it has once seen a larger one come and go
np.empty(2**24, np.int8)


def checked(name, value, dtype):
    """The hyperparameter as a plain number or an array of dtype, or a ValueError that says what it must be."""
    try:
        array = np.asarray(value)
    except ValueError:  # lists of unequal lengths
        array = np.asarray(None)
    is_number = array.dtype.kind in "iuf"
    if name in RANGES:
        low, high, words = RANGES[name]
        if not (is_number and array.size and ((array >= low) & (array < high)).all()):
            raise ValueError(f"{name} must be {words} (or an array of them, or a function of the step); got {value!r}")
    if not is_number:
        return value
    if array.ndim:
        return array.astype(dtype)
    # plain, since a NumPy scalar would turn a float32 run into float64
    return float(array) if array.dtype.kind == "f" else int(array)


def checked_start(f, start):
    """A copy of start as a float array whose axis 0 has as many coordinates as f, or a ValueError."""
    try:
        x = np.array(start)
    except ValueError:  # lists of unequal lengths
        x = np.array(None)
    if x.dtype.kind not in "iuf":
        raise ValueError(f"start must be an array of real numbers with the coordinates on axis 0; got {start!r}")
    d = getattr(f, "d", None)
    if x.ndim == 0 or x.size == 0 or (d is not None and len(x) != d):
        raise ValueError(f"start must have shape ({d or 'd'}, ...), coordinates on axis 0; got shape {x.shape}")
    if not np.all(np.isfinite(x)):
        raise ValueError(f"start must be finite; got {start!r}")
    return x if x.dtype.kind == "f" else x.astype(float)


def checked_steps(steps):
    """The number of steps as an int, or a ValueError."""
    try:
        number = -1 if isinstance(steps, bool | np.bool) else operator.index(steps)
    except TypeError:
        number = -1
    if number < 0:
        raise ValueError(f"steps must be an integer >= 0; got {steps!r}")
    return number


def side_by_side(x, hyper):
    """The start once for each run: the shapes of its runs and of the hyperparameters, broadcast together."""
    shapes = {"runs of start": x.shape[1:]} | {name: np.shape(value) for name, value in hyper.items()}
    try:
        runs = np.broadcast_shapes(*shapes.values())
    except ValueError:
        raise ValueError(f"start and hyperparameters must broadcast together; got the shapes {shapes}") from None
    x = x.reshape(len(x), *[1] * (len(runs) + 1 - x.ndim), *x.shape[1:])
    return np.broadcast_to(x, (len(x), *runs))


def iterate(method, f, start, **hyper):
    r"""All states of a run, for ever: first (start,), then (x, *memory) after each step.

    method: a step, `x, *memory = method(x, g, *memory, **hyper)`.
    f: what is descended: anything with `f.grad(x)`, of the shape of x.
    start: array (d, *A) of finite numbers, coordinates on axis 0; further axes are runs side by side.
    hyper: the method's hyperparameters: numbers, arrays (*B) with one value a run, or functions of the step
        t = 0, 1, ... (schedules). Runs have the shape of A and B broadcast together.
    Returns a generator; every x in it has shape (d, *runs) and the dtype of start (integers count as float64).
    Errors: ValueError for a start or a hyperparameter out of range, a step that changes x in place, a gradient or a
    point of another shape than x; TypeError for an f without grad. A run that diverges is no error: its path goes to
    inf and NaN without a warning.
    """
    return quiet(states(*prepared(method, f, start, hyper)))


def prepared(method, f, start, hyper):
    """The arguments of `states`, or an error that says what they must be."""
    if not callable(method):
        raise TypeError(f"method must be a step: x, *memory = method(x, g, *memory, **hyper); got {method!r}")
    if not callable(getattr(f, "grad", None)):
        raise TypeError(f"f must have a method grad(x) that returns the gradient at x; got {f!r}")
    x = checked_start(f, start)
    schedules = {name: value for name, value in hyper.items() if callable(value)}
    hyper |= {name: schedule(0) for name, schedule in schedules.items()}
    hyper = {name: checked(name, value, x.dtype) for name, value in hyper.items()}
    return method, f, side_by_side(x, hyper), hyper, schedules


def quiet(run):
    """The same states; a run that diverges goes to inf and NaN without NumPy's warnings."""
    while True:
        with np.errstate(all="ignore"):
            state = next(run)
        yield state


def states(method, f, x, hyper, schedules):
    yield (x,)
    memory = ()
    for t in count(1):
        x, *memory = checked_state(method, f, x, memory, hyper)
        yield x, *memory
        for name, schedule in schedules.items():
            value = checked(name, schedule(t), x.dtype)
            if np.shape(value) != np.shape(hyper[name]):
                raise ValueError(f"{name} must keep its shape, {np.shape(hyper[name])}; got {value!r} at step {t}")
            hyper[name] = value


def gradient(f, x):
    g = np.asarray(f.grad(x), x.dtype)
    if g.shape != x.shape:
        raise ValueError(f"f.grad(x) must have the shape of x, {x.shape}; got {g.shape}")
    return g


def checked_state(method, f, x, memory, hyper):
    """The state after one step, or a ValueError that says what a step must give back."""
    g = gradient(f, x)
    try:
        state = method(x, g, *memory, **hyper)
    except ValueError as error:
        if "read-only" in str(error):
            error.add_note("A step changes nothing in place: write x = x - ..., not x -= ...")
        raise
    if not isinstance(state, tuple) or np.shape(state[0]) != x.shape:
        got = f"an x of shape {np.shape(state[0])}" if isinstance(state, tuple) else type(state)
        raise ValueError(f"a step must return a tuple (x, *memory), x of shape {x.shape}; got {got}")
    return np.asarray(state[0], x.dtype), *state[1:]


@np.errstate(all="ignore")
def descend(method, f, start, steps, **hyper):
    r"""The path of a run, start included; of many runs at once if start or a hyperparameter is an array of them.

    method, f, start, hyper: as in `iterate`.
    steps: int >= 0; 0 gives the start alone.
    Returns an array (d, steps + 1, *runs) with the dtype of start: `plot(*path)` and `f(path)` just work.
    Errors: ValueError for a bad argument, as `iterate`. Divergence is data: inf and NaN in the path, no warning.
    """
    steps = checked_steps(steps)
    run = states(*prepared(method, f, start, hyper))
    (x,) = next(run)
    path = np.empty((len(x), steps + 1, *x.shape[1:]), x.dtype)
    path[:, 0] = x
    for t, (x, *_) in enumerate(islice(run, steps), 1):
        path[:, t] = x
    return path


@np.errstate(all="ignore")
def end(method, f, start, steps, **hyper):
    r"""The last point of each run; `descend` without the memory of the way.

    method, f, start, steps, hyper: as in `descend`.
    Returns an array (d, *runs) with the dtype of start.
    Errors: as `descend`.
    """
    steps = checked_steps(steps)
    return next(islice(states(*prepared(method, f, start, hyper)), steps, None))[0].copy()


def best_rate(method, f, start, steps, rates=None, **hyper):
    r"""The learning rate of a fair race: of many, the lowest end among the runs that never climb above their start.

    method, f, start, steps, hyper: as in `descend`, for one run: start is one point, (d,).
    rates: array (n,) of the learning rates to try, all at once; None: 61 from 1e-4 to 10, in equal ratios.
    Returns one of rates, a float; the first if every run climbs.
    Errors: as `descend`; ValueError for rates of another shape, or for several starts.
    """
    rates = np.geomspace(1e-4, 10, 61) if rates is None else np.asarray(rates)
    if rates.ndim != 1:
        raise ValueError(f"rates must be an array of shape (n,); got shape {rates.shape}")
    if np.ndim(start) != 1:
        raise ValueError(f"start must be one point, of shape (d,); got shape {np.shape(start)}")
    values = f(descend(method, f, start, steps, lr=rates, **hyper))
    stays = values.max(axis=0) <= values[0]
    return float(rates[np.argmin(np.where(stays, values[-1], np.inf))])


def first_step(holds):
    r"""The first step at which something holds: `first_step(f(path) <= 1e-6)`.

    holds: bool array (steps + 1, *runs), axis 0 the steps.
    Returns the number of the step for each run, float array (*runs), or one number for a single run; inf: never.
    """
    holds = np.asarray(holds)
    return np.where(holds.any(axis=0), holds.argmax(axis=0), np.inf)[()]


def arrived(x, places, within=0.1):
    r"""Which of some places each run has come to: `arrived(end(gd, f, starts, 100, lr=0.01), f.minima)`.

    x: points, array (d, *runs). places: array (k, d), k >= 1, in any order.
    within: distance >= 0 up to which a run counts as there.
    Returns the number of the nearest place, int array (*runs), or one number for a single run; -1: near none of them.
    """
    x, places = np.asarray(x), np.asarray(places, float)
    with np.errstate(all="ignore"):
        apart = [np.linalg.norm(x - place.reshape(-1, *[1] * (x.ndim - 1)), axis=0) for place in places]
    return np.where(np.min(apart, axis=0) <= within, np.argmin(apart, axis=0), -1)[()]
