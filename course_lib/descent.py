"""Many steps, many runs at once: the loop around an optimizer."""

from collections.abc import Iterator
from itertools import count, islice

import numpy as np
from numpy.typing import ArrayLike

from course_lib.arguments import (
    Descendable,
    Landscape,
    Step,
    array,
    data,
    descendable,
    floats,
    integer,
    number,
    numbers,
    points,
    step,
)
from course_lib.linalg import norm

BOUNDS = {name: {"least": 0} for name in ("lr", "eps", "decay", "psi", "damping")}
BOUNDS |= {name: {"least": 0, "below": 1} for name in ("beta", "b1", "b2")}

# glibc gives each freed array back to the system, page by page, until it has once seen a larger one come and go
np.empty(2**24, np.int8)


def checked(name, value, dtype, also=", or a function of the step"):
    """The hyperparameter as a plain number or an array of dtype, or a ValueError that says what it must be."""
    if name in BOUNDS:
        value = numbers(name, value, also, **BOUNDS[name])
    elif floats(value) is None:
        return value
    if isinstance(value, float):
        return float(value)  # plain, since a NumPy scalar would turn a float32 run into float64
    value = np.asarray(value)
    return value.astype(dtype) if value.ndim else float(value) if value.dtype.kind == "f" else int(value)


def side_by_side(x, hyper):
    """The start once for each run: the shapes of its runs and of the hyperparameters, broadcast together."""
    shapes = {"runs of start": x.shape[1:]} | {name: np.shape(value) for name, value in hyper.items()}
    try:
        runs = np.broadcast_shapes(*shapes.values())
    except ValueError:
        raise ValueError(f"start and hyperparameters must broadcast together; got the shapes {shapes}") from None
    x = x.reshape(len(x), *[1] * (len(runs) + 1 - x.ndim), *x.shape[1:])
    return np.broadcast_to(x, (len(x), *runs))


def iterate(method: Step, f: Descendable, start: ArrayLike, **hyper) -> Iterator[tuple]:
    r"""All states of a run, for ever: first (start,), then (x, *memory) after each step.

    method: a step, `x, *memory = method(x, g, *memory, **hyper)`.
    f: what is descended: anything with `f.grad(x)`, of the shape of x.
    start: array (d, *A) of finite numbers, coordinates on axis 0; further axes are runs side by side.
    hyper: the method's hyperparameters: numbers, arrays (*B) with one value a run, or functions of the step
        t = 0, 1, ... (schedules). Runs have the shape of A and B broadcast together.
    Returns a generator; every x in it has shape (d, *runs) and the dtype of start, float32 or float64
        (all other numbers, whole ones and half precision too, count as float64).
    Errors: ValueError for a start or a hyperparameter out of range, a step that changes x in place, a gradient or a
    point of another shape than x; TypeError for an f without grad. A run that diverges is no error: its path goes to
    inf and NaN without a warning.
    """
    return quiet(states(*prepared(method, f, start, hyper)))


def prepared(method, f, start, hyper):
    """The arguments of `states`, or an error that says what they must be."""
    method, f = step(method), descendable(f)
    x = array("start", start, f"({getattr(f, 'd', 'd')}, ...)", ", coordinates on axis 0").copy()
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
    state = (x,)
    yield state
    for t in count(1):
        state = checked_state(method, f, state, hyper)
        yield state
        for name, schedule in schedules.items():
            value = checked(name, schedule(t), x.dtype, f" at step {t}")
            if np.shape(value) != np.shape(hyper[name]):
                raise ValueError(f"{name} must keep its shape, {np.shape(hyper[name])}; got {value!r} at step {t}")
            hyper[name] = value


def checked_state(method, f, state, hyper):
    """The state after one step, or a ValueError that says what a gradient and a step must be."""
    x = state[0]
    g = np.asarray(f.grad(x))  # with the dtype it costs five times as much, and each microsecond of a step counts
    if g.dtype != x.dtype:
        g = g.astype(x.dtype)
    if g.shape != x.shape:
        raise ValueError(f"f.grad(x) must have the shape of x, {x.shape}; got {g.shape}")
    try:
        state = method(x, g, *state[1:], **hyper)
    except ValueError as error:
        if "read-only" in str(error):
            error.add_note("A step changes nothing in place: write x = x - ..., not x -= ...")
        raise
    new = np.asarray(state[0]) if isinstance(state, tuple) else None
    if new is None or new.shape != x.shape:
        got = type(state) if new is None else f"an x of shape {new.shape}"
        raise ValueError(f"a step must return a tuple (x, *memory), x of shape {x.shape}; got {got}")
    return state if new is state[0] and new.dtype == x.dtype else (new.astype(x.dtype), *state[1:])


@np.errstate(all="ignore")
def descend(method: Step, f: Descendable, start: ArrayLike, steps: int, **hyper) -> np.ndarray:
    r"""The path of a run, start included; of many runs at once if start or a hyperparameter is an array of them.

    method, f, start, hyper: as in `iterate`.
    steps: int >= 0; 0 gives the start alone.
    Returns an array (d, steps + 1, *runs) with the dtype of start: `plot(*path)` and `f(path)` just work.
    Errors: ValueError for a bad argument, as `iterate`. Divergence is data: inf and NaN in the path, no warning.
    """
    steps = integer("steps", steps, 0)
    run = states(*prepared(method, f, start, hyper))
    (x,) = next(run)
    path = np.empty((len(x), steps + 1, *x.shape[1:]), x.dtype)
    path[:, 0] = x
    for t, state in enumerate(islice(run, steps), 1):
        path[:, t] = state[0]
    return path


@np.errstate(all="ignore")
def end(method: Step, f: Descendable, start: ArrayLike, steps: int, **hyper) -> np.ndarray:
    r"""The last point of each run; `descend` without the memory of the way.

    method, f, start, steps, hyper: as in `descend`.
    Returns an array (d, *runs) with the dtype of start.
    Errors: as `descend`.
    """
    steps = integer("steps", steps, 0)
    return next(islice(states(*prepared(method, f, start, hyper)), steps, None))[0].copy()


def best_rate(
    method: Step, f: Landscape, start: ArrayLike, steps: int, rates: ArrayLike | None = None, **hyper
) -> float:
    r"""The learning rate of a fair race: of many, the lowest end among the runs that never climb above their start.

    method, f, start, steps, hyper: as in `descend`, for one run: start is one point, (d,).
    rates: array (n,) of the learning rates to try, all at once; None: 61 from 1e-4 to 10, in equal ratios.
    Returns one of rates, a float; the first if every run climbs.
    Errors: as `descend`; ValueError for rates of another shape, or for several starts.
    """
    rates = array("rates", np.geomspace(1e-4, 10, 61) if rates is None else rates, "(n,)")
    start = array("start", start, "(d,)", ", one point")
    values = f(descend(method, f, start, steps, lr=rates, **hyper))
    stays = values.max(axis=0) <= values[0]
    return float(rates[np.argmin(np.where(stays, values[-1], np.inf))])


def first_step(holds: ArrayLike) -> np.ndarray | float:
    r"""The first step at which something holds: `first_step(f(path) <= 1e-6)`.

    holds: bool array (steps + 1, *runs), axis 0 the steps.
    Returns the number of the step for each run, float array (*runs), or one number for a single run; inf: never.
    """
    holds = data("holds", holds, "biuf")
    return np.where(holds.any(axis=0), holds.argmax(axis=0), np.inf)[()]


def arrived(x: ArrayLike, places: ArrayLike, within: float = 0.1) -> np.ndarray | int:
    r"""Which of some places each run has come to: `arrived(end(gd, f, starts, 100, lr=0.01), f.minima)`.

    x: points, array (d, *runs). places: array (k, d), in any order; with none, k = 0, no run comes to one.
    within: distance >= 0 up to which a run counts as there.
    Returns the number of the nearest place, int array (*runs), or one number for a single run; -1: near none of them.
    Errors: ValueError for points, places or a distance that are none.
    """
    x, within = points(x, name="x"), number("within", within, least=0)
    if isinstance(places, np.ndarray) and places.shape == (0, len(x)):
        return np.full(x.shape[1:], -1)[()]
    places = array("places", places, f"(k, {len(x)})")
    with np.errstate(all="ignore"):
        apart = [norm(x - place.reshape(-1, *[1] * (x.ndim - 1))) for place in places]
    return np.where(np.min(apart, axis=0) <= within, np.argmin(apart, axis=0), -1)[()]
