r"""Convexity: tests that can refute it, the two parabolas that hold a function, and steps that keep a constraint.

A function is anything that takes points of shape (d, n), coordinates on axis 0, and gives n values: a surface, a
problem, a lambda. A constraint is known by its projection: a function that brings each point to the nearest one that
keeps it. Then `projected` makes a method keep it, and `penalized` makes a function that charges for breaking it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from course_lib.arguments import (
    Function,
    Landscape,
    Projection,
    Step,
    box,
    data,
    descendable,
    function,
    generator,
    integer,
    number,
    numbers,
    points,
    step,
)
from course_lib.linalg import total
from course_lib.surfaces import Delegate

ROUNDING = 1e-9  # of the largest value at hand: what lies below the chord by less may be an error of arithmetic


def chord_gap(f: Function, x: ArrayLike, y: ArrayLike, t: ArrayLike) -> np.ndarray:
    r"""How far the graph lies below the chord: for a convex function never less than 0.

    $t f(x) + (1-t) f(y) - f(t x + (1-t) y)$

    f: function of points. x, y: the chord's ends, arrays (d, *runs). t: weight of x in [0, 1], number or array (*runs).
    Returns an array (*runs).
    """
    f, share = function("f", f), numbers("t", t, least=0, most=1)
    x, y = points(x, name="x"), points(y, name="y")
    return share * f(x) + (1 - share) * f(y) - f(share * x + (1 - share) * y)


def tangent_gap(f: Landscape, x: ArrayLike, y: ArrayLike) -> np.ndarray:
    r"""How far the graph at y lies above the tangent at x: for a convex function never less than 0.

    $f(y) - f(x) - \nabla f(x)^\top (y - x)$

    With curvatures from $\mu$ to $L$ it lies between $\frac\mu2\|y-x\|^2$ and $\frac L2\|y-x\|^2$: the sandwich.

    f: function of points with `f.grad`. x, y: arrays (d, *runs).
    Returns an array (*runs).
    Source: Bregman (1967), whose divergence it is; Nesterov (2004), theorem 2.1.5 for the bounds.
    """
    f, x, y = descendable(f), points(x, name="x"), points(y, name="y")
    return f(y) - f(x) - total(f.grad(x) * (y - x))


@dataclass(frozen=True)
class Violation:
    """A proof that a function is not convex: at the share t of x, the graph is above the chord from x to y by `above`.

    x, y: arrays (d,). t, above: numbers.
    """

    x: np.ndarray
    y: np.ndarray
    t: float
    above: float


def random_pairs(window, rng, pairs):
    """Two arrays (d, pairs) of points in the window; the distances are of all sizes, down to a thousandth."""
    low, high = np.split(box(window), 2, axis=1)
    x, y = generator(rng).uniform(low, high, (2, len(low), integer("pairs", pairs)))
    return x, x + (y - x) * 10 ** rng.uniform(-3, 0, pairs)


def find_violation(f: Function, window: ArrayLike, rng: np.random.Generator, pairs: int = 10_000) -> Violation | None:
    r"""Looks for a chord below the graph: one refutes convexity, none proves nothing.

    f: function of points. Where it is infinite, outside of its domain, no chord is below it.
    window: ((low, high), ...), a pair for each coordinate: where to look.
    rng: numpy Generator. pairs: int >= 1, the number of chords tried; half of them are shorter than a 30th of the
        window, since a small dent shows on short chords only.
    Returns the Violation of the chord that is farthest below the graph, or None if there is none.
    Errors: ValueError for a window, rng or pairs out of range, or an f that does not give one value for each point.
    """
    f, (x, y) = function("f", f), random_pairs(window, rng, pairs)
    t = rng.uniform(size=x.shape[1])
    with np.errstate(all="ignore"):
        values = [np.asarray(f(p)) for p in (x, y, t * x + (1 - t) * y)]
        if any(value.shape != t.shape for value in values):
            raise ValueError(f"f must give one value for each point, shape {t.shape}; got {values[0].shape}")
        above = values[2] - t * values[0] - (1 - t) * values[1]
        found = above > ROUNDING * np.max(np.abs(values), axis=0)
    if not found.any():
        return None
    i = np.argmax(np.where(found, above, -np.inf))
    return Violation(x[:, i], y[:, i], float(t[i]), float(above[i]))


def project_ball(x: ArrayLike, radius: float = 1.0) -> np.ndarray:
    r"""The nearest point with $\|x\|_2 \le r$: points outside are pulled back along their ray.

    $x \cdot \min(1, r/\|x\|_2)$

    x: array (d, *runs). radius: r, a finite number >= 0; 0 leaves the origin alone.
    Returns an array of the shape of x.
    Errors: ValueError for a radius out of range.
    """
    radius, x = number("radius", radius, least=0), points(x, name="x")
    length = np.hypot.reduce(x, dtype=float)  # no square to overflow
    return x * np.divide(radius, length, out=np.ones_like(length), where=length > radius).astype(x.dtype)


def project_box(x: ArrayLike, low: ArrayLike, high: ArrayLike) -> np.ndarray:
    r"""The nearest point with $l \le x_i \le h$ in each coordinate: each is cut by itself.

    x: array (d, *runs). low, high: numbers, or arrays that broadcast against x; infinite ones bound nothing.
    Returns an array of the shape of x.
    Errors: ValueError if low is above high somewhere.
    """
    x, low, high = points(x, name="x"), data("low", low, "biuf"), data("high", high, "biuf")
    if not np.all(low <= high):
        raise ValueError(f"low must not be above high; got low={low!r}, high={high!r}")
    return np.clip(x, low.astype(x.dtype), high.astype(x.dtype))


def project_simplex(x: ArrayLike, amount: float = 1.0) -> np.ndarray:
    r"""The nearest point with $x_i \ge 0$ and $\sum_i x_i = a$: shares of an amount, probabilities for a = 1.

    $x_i \leftarrow \max(x_i - \theta, 0)$, with the one $\theta$ that makes the sum right

    x: array (d, *runs). amount: a, a finite number > 0.
    Returns an array of the shape of x.
    Errors: ValueError for an amount out of range.
    Source: Held, Wolfe and Crowder (1974); Duchi et al. (2008), figure 1.
    """
    amount, x = number("amount", amount, above=0), points(x, name="x")
    falling = -np.sort(-x, axis=0)
    count = np.arange(1, len(x) + 1).reshape(-1, *[1] * (x.ndim - 1))
    theta = (falling.cumsum(axis=0) - amount) / count  # if the largest `count` coordinates are those above 0
    last = np.sum(falling > theta, axis=0, keepdims=True) - 1
    return np.maximum(x - np.take_along_axis(theta, last, axis=0), 0).astype(x.dtype, copy=False)


class projected:
    r"""A wrapper: after each step of the method the point is brought back to the nearest one that is allowed.

    $x_{t+1} \leftarrow P(x_{t+1})$

    method: a step. project: function x -> x, of points (d, *runs), as `project_ball`.
    Returns a step with the memory of method.
    Source: Goldstein (1964), Levitin and Polyak (1966), for gradient descent.
    """

    def __init__(self, method: Step, project: Projection):
        self.method, self.project = step(method), function("project", project)

    def __call__(self, x, g, *memory, **hyper) -> tuple:
        x, *new = self.method(x, g, *memory, **hyper)
        return self.project(x), *new


def penalized(f: Landscape, project: Projection, weight: float) -> Penalized:
    r"""The same function with a price on breaking a constraint: the squared distance to what is allowed.

    $f(x) + \frac\rho2\|x - P(x)\|^2$, with the gradient $\nabla f(x) + \rho\,(x - P(x))$

    f: a surface or a problem. project: P, function x -> x, the projection onto a convex set.
    weight: $\rho \ge 0$, finite; 0 charges nothing. Outside, it adds up to $\rho$ to the curvature.
    Returns an object that stands for f.
    Errors: ValueError for a weight out of range.
    Source: Courant (1943).
    """
    return Penalized(descendable(f), function("project", project), number("weight", weight, least=0))


class Penalized(Delegate):
    def __init__(self, f, project, weight):
        super().__init__(f)
        self.project, self.weight = project, weight

    def __call__(self, p):
        p = points(p)
        outside = p - self.project(p)
        return self.f(p) + 0.5 * self.weight * total(outside * outside)

    def grad(self, p):
        p = points(p)
        return self.f.grad(p) + self.weight * (p - self.project(p))
