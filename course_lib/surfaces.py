r"""Functions of a point to descend: value, gradient, Hessian, minima, a start and a window to draw them in.

A `Surface` takes points whose coordinates are on axis 0; all further axes are points side by side, so ``f(path)`` is
the value along a path and ``f.grad(p)`` the gradients of a thousand runs. Each point gets the same bits alone and in
company: squares are products, and sums over coordinates are running sums. A surface of this module pickles.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from course_lib.arguments import (
    Descendable,
    Function,
    array,
    box,
    descendable,
    floats,
    integer,
    number,
    points,
    symmetric,
)
from course_lib.linalg import eigenvalues, times, total


class Named:
    """What has a name in its module is pickled by that name, as a function is, whatever it is made of."""

    def __reduce_ex__(self, protocol):
        names = vars(sys.modules[type(self).__module__]).items()
        return next((name for name, value in names if value is self), None) or super().__reduce_ex__(protocol)


@dataclass(frozen=True, eq=False, init=False)
class Surface(Named):
    r"""A function from $\mathbb R^d$ to $\mathbb R$ with its derivatives and the places worth knowing.

    f(p): values, shape (*runs), at points p, shape (d, *runs).
    f.grad(p): gradients, shape (d, *runs). f.hess(p): Hessians, shape (d, d, *runs).
    f.name: str. f.d: int, the number of coordinates.
    f.start: array (d,), a point from which the descent shows what the surface is known for.
    f.minima: array (k, d), its global minimisers (sharp_and_flat: both wells, deeper first); k = 0 if there is none, or
    a whole curve of them.
    f.window: ((low, high), ...), one pair per axis, for drawing.
    f.L, f.mu: bounds, the largest size of a curvature and the smallest curvature; None where none is given.
    float32 stays float32, complex numbers stay complex; all other numbers count as float64.

    To make one: name, functions of p for value and gradient, start and window; minima, hessian, L and mu if known.
    Errors: ValueError for a start that is not one finite point, for places of another dimension, for a window without
    width, and for points of a wrong shape.
    """

    name: str
    value: Function
    gradient: Function
    start: np.ndarray
    window: Any
    minima: np.ndarray
    hessian: Function | None
    L: float | None
    mu: float | None

    def __init__(
        self,
        name: str,
        value: Function,
        gradient: Function,
        start: ArrayLike,
        window: ArrayLike,
        minima: ArrayLike = (),
        hessian: Function | None = None,
        L: float | None = None,
        mu: float | None = None,
    ):
        point = array("start", start, "(d,)", ", one point").astype(float)
        box(window, len(point))
        places = floats(minima)
        if places is None or places.size % len(point) or not np.isfinite(places).all():
            raise ValueError(f"minima must be finite points of {len(point)} coordinates, as start; got {minima!r}")
        places = places.astype(float).reshape(-1, len(point))
        point.setflags(write=False)
        places.setflags(write=False)
        vars(self).update(name=name, value=value, gradient=gradient, hessian=hessian, window=window, L=L, mu=mu)
        vars(self).update(start=point, minima=places)

    def __repr__(self):
        return self.name

    @property
    def d(self) -> int:
        return len(self.start)

    def __call__(self, p: ArrayLike) -> np.ndarray:
        with np.errstate(all="ignore"):  # a run that diverged has a value, too: inf or NaN
            return self.value(points(p, self.d))

    def grad(self, p: ArrayLike) -> np.ndarray:
        return self.gradient(points(p, self.d))

    def hess(self, p: ArrayLike) -> np.ndarray:
        if self.hessian is None:
            raise ValueError(f"{self.name}: no Hessian was given")
        return self.hessian(points(p, self.d))


class Delegate:
    """Stands for f in everything that a subclass does not do itself."""

    def __init__(self, f: Any):
        self.f = f

    def __call__(self, p: Any) -> Any:
        return self.f(p)

    def grad(self, p: Any) -> Any:
        return self.f.grad(p)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # or a copy, still empty, would look for f in f for ever
            raise AttributeError(name)
        return getattr(self.f, name)


def counted(f: Descendable) -> Counted:
    r"""The same function, which counts: how often its value and its gradient were asked for.

    f: what is descended: a surface, a problem, or the batches of one (not a problem whose batches are taken later).
    Returns an object that stands for f, with two more attributes: `calls` and `grads`, ints that start at 0. One call
    with many points side by side counts once: it is one evaluation of each run.
    """
    return Counted(descendable(f))


class Counted(Delegate):
    def __init__(self, f):
        super().__init__(f)
        self.calls = self.grads = 0

    def __call__(self, p):
        self.calls += 1
        return super().__call__(p)

    def grad(self, p):
        self.grads += 1
        return super().grad(p)


def matrix(p, xx, xy, yy):
    """A symmetric 2 x 2 matrix for each point of p."""
    h = np.empty((2, 2, *p.shape[1:]), p.dtype)
    h[0, 0], h[0, 1], h[1, 0], h[1, 1] = xx, xy, xy, yy
    return h


def on_a_line(name, value, slope, curvature, **places):
    """A surface with d = 1 from three functions of one number."""
    return Surface(name, lambda p: value(p)[0], slope, hessian=lambda p: curvature(p)[None], **places)


def quadratic_form(
    A: ArrayLike, name: str = "quadratic form", start: ArrayLike | None = None, window: ArrayLike | None = None
) -> Surface:
    r"""The quadratic with Hessian A: a bowl, a saddle or a trough, as its eigenvalues have it.

    $f(x) = \tfrac12 x^\top A x,\quad \nabla f(x) = A x$

    A: symmetric matrix (to rounding), shape (d, d); a diagonal one costs d operations a point, not d².
    name, start, window: as in `Surface`; by default the start is at 1 in every coordinate.
    Returns a Surface; L and mu are the largest size of an eigenvalue and the smallest eigenvalue (below 0 for a
    saddle). `minima` holds the origin if A is positive definite.
    Errors: ValueError if A is not a finite symmetric matrix.
    """
    A = symmetric("A", A)
    curvatures, A = eigenvalues(A), A.astype(float)
    d, is_diagonal = len(A), np.count_nonzero(A) == np.count_nonzero(np.diag(A))
    form = DiagonalForm(np.diag(A)) if is_diagonal else QuadraticForm(A)
    return Surface(
        name,
        form.value,
        form.gradient,
        hessian=form.hessian,
        start=np.ones(d) if start is None else start,
        window=((-2, 2),) * d if window is None else window,
        minima=np.zeros((int(curvatures[0] > 0), d)),
        L=float(np.max(np.abs(curvatures))),
        mu=float(curvatures[0]),
    )


@dataclass(frozen=True, eq=False)
class QuadraticForm:
    A: np.ndarray

    def value(self, p):
        return 0.5 * total(p * self.gradient(p))

    def gradient(self, p):
        return sum(row * x for row, x in zip(beside(self.A, p), p))

    def hessian(self, p):
        return beside(self.A, p) + np.zeros_like(p)


@dataclass(frozen=True, eq=False)
class DiagonalForm(QuadraticForm):
    A: np.ndarray  # its diagonal

    def gradient(self, p):
        return beside(self.A, p) * p

    def hessian(self, p):
        return beside(np.diag(self.A), p) + np.zeros_like(p)


def beside(a, p):
    """a with an axis of length 1 for each axis of runs."""
    return a.astype(p.dtype).reshape(*a.shape, *[1] * (p.ndim - 1))


def changed(f: Surface, A: ArrayLike | None = None, scale: float = 1.0, shift: float = 0.0) -> Surface:
    r"""The same landscape in other coordinates and units: $z \mapsto c\, f(Az) + b$.

    Gradient $c\, A^\top \nabla f(Az)$, Hessian $c\, A^\top H(Az)\, A$. A method does not notice the change if it takes
    the same way: `A @ path` is then its path on f.

    f: a Surface. A: invertible matrix (d, d): $x = Az$; a rotation turns the axes, a diagonal one changes their units;
    None: as they are.
    scale: c > 0. shift: b, a finite number.
    Returns a Surface; start, minima and window (its box) are those of f in the new coordinates. L and mu are not known.
    Errors: ValueError for an A, scale or shift out of range.
    """
    f, scale, shift = descendable(f), number("scale", scale, above=0), number("shift", shift)
    A = array("A", np.eye(f.d) if A is None else A, f"({f.d}, {f.d})", ", invertible").astype(float)
    if np.linalg.matrix_rank(A) < f.d:
        raise ValueError(f"A must be invertible; got {A!r}")
    back, middle, half = np.linalg.inv(A), np.mean(f.window, axis=1), np.ptp(f.window, axis=1) / 2
    middle, half = back @ middle, np.abs(back) @ half
    new = Changed(f, A, scale, shift)
    return Surface(
        f.name,
        new.value,
        new.gradient,
        hessian=new.hessian,
        start=back @ f.start,
        window=tuple(zip(middle - half, middle + half)),
        minima=f.minima @ back.T,
    )


@dataclass(frozen=True, eq=False)
class Changed:
    f: Surface
    A: np.ndarray
    scale: float
    shift: float

    def value(self, p):
        return self.scale * self.f(times(self.A, p)) + self.shift

    def gradient(self, p):
        return self.scale * times(self.A.T, self.f.grad(times(self.A, p)))

    def hessian(self, p):
        once = np.swapaxes(times(self.A.T, self.f.hess(times(self.A, p))), 0, 1)
        return self.scale * times(self.A.T, once)


def quadratic(kappa: float = 10.0, angle: float = 0.0, L: float = 1.0) -> Surface:
    r"""An elliptic valley, the model of every minimum: how long it is, and how it lies.

    $f(x) = \tfrac12 x^\top R\,\mathrm{diag}(L/\kappa, L)\,R^\top x$, with $R$ the rotation by the angle

    kappa: condition number >= 1; 1 is a round bowl, 100 a ravine ten times as long as wide.
    angle: degrees, counter-clockwise, of the valley's floor from the first axis; at 0 the first axis is the flat one.
    L: curvature of the walls, > 0; the floor has mu = L/kappa.
    Returns a Surface with d = 2, its minimum at the origin.
    Errors: ValueError for a kappa, angle or L out of range.
    """
    kappa, angle, L = number("kappa", kappa, least=1), number("angle", angle), number("L", L, above=0)
    mu = L / kappa
    cos, sin = np.cos(np.radians(angle)), np.sin(np.radians(angle))
    mixed = (mu - L) * cos * sin
    A = [[mu * cos * cos + L * sin * sin, mixed], [mixed, mu * sin * sin + L * cos * cos]]
    valley = quadratic_form(A, f"quadratic, κ = {kappa:g}", start=(cos - sin, sin + cos))
    return replace(valley, minima=np.zeros((1, 2)), L=L, mu=mu)


def rosenbrock_value(p):
    x, y = p
    u, v = 1 - x, y - x * x
    return u * u + 100 * (v * v)


def rosenbrock_gradient(p):
    x, y = p
    slope = 200 * (y - x * x)
    return np.array((2 * (x - 1 - x * slope), slope))


def rosenbrock_hessian(p):
    x, y = p
    return matrix(p, 1200 * (x * x) - 400 * y + 2, -400 * x, 200)


rosenbrock = Surface(
    "Rosenbrock",
    rosenbrock_value,
    rosenbrock_gradient,
    hessian=rosenbrock_hessian,
    start=(-1.2, 1),
    window=((-2, 2), (-1, 3)),
    minima=(1, 1),
)
r"""A bent valley: easy to reach, slow to follow. $(1-x)^2 + 100(y-x^2)^2$, Rosenbrock (1960), with its start."""


def beale_terms(p):
    x, y = p
    yy = y * y
    a, b, c = y - 1, yy - 1, yy * y - 1
    return x, y, a, b, c, 1.5 + x * a, 2.25 + x * b, 2.625 + x * c


def beale_value(p):
    *_, u, v, w = beale_terms(p)
    return u * u + v * v + w * w


def beale_gradient(p):
    x, y, a, b, c, u, v, w = beale_terms(p)
    return np.array((2 * (a * u + b * v + c * w), 2 * x * (u + 2 * y * v + 3 * (y * y) * w)))


def beale_hessian(p):
    x, y, a, b, c, u, v, w = beale_terms(p)
    b_y, c_y = 2 * y, 3 * (y * y)
    xy = u + b_y * v + c_y * w + x * (a + b * b_y + c * c_y)
    yy = x * (2 * v + 6 * y * w) + x * x * (1 + b_y * b_y + c_y * c_y)
    return matrix(p, 2 * (a * a + b * b + c * c), 2 * xy, 2 * yy)


beale = Surface(
    "Beale",
    beale_value,
    beale_gradient,
    hessian=beale_hessian,
    start=(1, 1),
    window=((-4.5, 4.5), (-4.5, 4.5)),
    minima=(3, 0.5),
)
r"""Flat, with steep walls towards the corners; the slopes reach 10⁵ and vanish along y = 1.

$(1.5 - x + xy)^2 + (2.25 - x + xy^2)^2 + (2.625 - x + xy^3)^2$, Beale (1958)
"""


def himmelblau_value(p):
    x, y = p
    u, v = x * x + y - 11, x + y * y - 7
    return u * u + v * v


def himmelblau_gradient(p):
    x, y = p
    u, v = x * x + y - 11, x + y * y - 7
    return np.array((4 * (x * u) + 2 * v, 2 * u + 4 * (y * v)))


def himmelblau_hessian(p):
    x, y = p
    return matrix(p, 12 * (x * x) + 4 * y - 42, 4 * (x + y), 12 * (y * y) + 4 * x - 26)


himmelblau = Surface(
    "Himmelblau",
    himmelblau_value,
    himmelblau_gradient,
    hessian=himmelblau_hessian,
    start=(0, 0),
    window=((-5, 5), (-5, 5)),
    minima=(
        (3, 2),
        (-2.805118086952745, 3.131312518250573),
        (-3.779310253377747, -3.2831859912861696),
        (3.5844283403304917, -1.8481265269644036),
    ),
)
r"""Four minima, all of them 0. $(x^2+y-11)^2 + (x+y^2-7)^2$, Himmelblau (1972)"""


def rastrigin(d: int = 2) -> Surface:
    r"""A bowl full of dents: one global minimum among about $11^d$ local ones.

    $f(x) = \sum_i \left[x_i^2 + 10\,(1 - \cos 2\pi x_i)\right]$

    d: int >= 1, the number of coordinates.
    Returns a Surface; its window is the usual [-5.12, 5.12] on every axis.
    Errors: ValueError for a d out of range.
    Source: Rastrigin (1974), in the form of Mühlenbein, Schomisch and Born (1991) for any d.
    """
    d = integer("d", d)
    return Surface(
        f"Rastrigin, d = {d}",
        rastrigin_value,
        rastrigin_gradient,
        hessian=rastrigin_hessian,
        start=np.full(d, 3.3),
        window=((-5.12, 5.12),) * d,
        minima=np.zeros((1, d)),
        L=2 + 10 * TURN * TURN,
    )


TURN = 2 * np.pi


def rastrigin_value(p):
    return total(p * p + 10 * (1 - np.cos(TURN * p)))


def rastrigin_gradient(p):
    return 2 * p + 10 * TURN * np.sin(TURN * p)


def rastrigin_hessian(p):
    h = np.zeros((len(p), *p.shape), p.dtype)
    i = np.arange(len(p))
    h[i, i] = 2 + 10 * TURN * TURN * np.cos(TURN * p)
    return h


saddle = Surface(
    "saddle",
    lambda p: p[0] * p[0] - p[1] * p[1],
    lambda p: np.array((2 * p[0], -2 * p[1])),
    hessian=lambda p: matrix(p, 2, 0, -2),
    start=(1, 0.01),
    window=((-2, 2), (-2, 2)),
    L=2.0,
    mu=-2.0,
)
r"""The strict saddle: the way out is y. $x^2 - y^2$"""


monkey_saddle = Surface(
    "monkey saddle",
    lambda p: p[0] * (p[0] * p[0] - 3 * (p[1] * p[1])),
    lambda p: np.array((3 * (p[0] * p[0] - p[1] * p[1]), -6 * (p[0] * p[1]))),
    hessian=lambda p: matrix(p, 6 * p[0], -6 * p[1], -6 * p[0]),
    start=(0.5, 0.05),
    window=((-1.5, 1.5), (-1.5, 1.5)),
)
r"""Three ways down, and no curvature at all at the origin. $x^3 - 3xy^2$"""


plateau = on_a_line(
    "plateau",
    lambda x: 1 - np.exp(-0.5 * (x * x)),
    lambda x: x * np.exp(-0.5 * (x * x)),
    lambda x: (1 - x * x) * np.exp(-0.5 * (x * x)),
    start=(5,),
    window=((-6, 6),),
    minima=(0,),
    L=1.0,
)
r"""A well in a plain: from 5, the slope is 2·10⁻⁵. $1 - e^{-x^2/2}$"""


bumpy = on_a_line(
    "bumpy",
    lambda x: 0.1 * (x * x) + np.sin(3 * x),
    lambda x: 0.2 * x + 3 * np.cos(3 * x),
    lambda x: 0.2 - 9 * np.sin(3 * x),
    start=(5,),
    window=((-8, 8),),
    minima=(-0.5122140283561128,),
    L=9.2,
)
r"""Eight minima in the window, one of them global. $x^2/10 + \sin 3x$"""


def sharp_and_flat_terms(x):
    """Distances from both wells, the flat parabola, and how much more the sharp one counts there."""
    a, b = x - 1, x + 2
    flat = 0.5 + 0.5 * (b * b)
    return a, b, flat, np.exp(4 * (flat - 44.5 * (a * a)))


def sharp_and_flat_value(x):
    *_, flat, odds = sharp_and_flat_terms(x)
    return flat - 0.25 * np.log1p(odds)


def sharp_and_flat_slope(x):
    a, b, _, odds = sharp_and_flat_terms(x)
    return (odds * (89 * a) + b) / (1 + odds)


def sharp_and_flat_curvature(x):
    a, b, _, odds = sharp_and_flat_terms(x)
    share, apart = odds / (1 + odds), 89 * a - b
    return 1 + 88 * share - 4 * share * (1 - share) * (apart * apart)


sharp_and_flat = on_a_line(
    "sharp and flat",
    sharp_and_flat_value,
    sharp_and_flat_slope,
    sharp_and_flat_curvature,
    start=(0.8,),
    window=((-5, 2),),
    minima=((0.9999999999305229,), (-2,)),
)
r"""A sharp well at 1, the global minimum, and a flat one at -2.

$-\tfrac14\log\left(e^{-4s} + e^{-4u}\right)$ with $s = \frac{89}2(x-1)^2$ and $u = \frac12 + \frac12(x+2)^2$: the
smaller of two parabolas, the corner rounded. The sharp one's curvature is 89: at a rate above 2/89 = 0.0225 gradient
descent cannot settle there, however low it is.
"""


def rolled(p):
    """x_50 of x <- w sigmoid(x) + b from x_0 = 1/2, with its first and second derivatives in w and b."""
    w, b = p
    zero = np.zeros_like(w)
    x, x_w, x_b, x_ww, x_wb, x_bb = zero + 0.5, zero, zero, zero, zero, zero
    for _ in range(50):
        s, s1, s2 = sigmoid(x)
        bend = w * s2
        x_ww = w * s1 * x_ww + bend * (x_w * x_w) + 2 * (s1 * x_w)
        x_wb = w * s1 * x_wb + bend * (x_w * x_b) + s1 * x_b
        x_bb = w * s1 * x_bb + bend * (x_b * x_b)
        x_w, x_b = w * s1 * x_w + s, w * s1 * x_b + 1
        x = w * s + b
    return x, (x_w, x_b), (x_ww, x_wb, x_bb)


def sigmoid(x):
    """1/(1 + exp(-x)), its slope and its curvature."""
    s = 0.5 + 0.5 * np.tanh(0.5 * x)
    s1 = s * (1 - s)
    return s, s1, s1 * (1 - 2 * s)


def cliff_value(p):
    miss = sigmoid(rolled(p)[0])[0] - 0.7
    return miss * miss


def cliff_gradient(p):
    x, first, _ = rolled(p)
    s, s1, _ = sigmoid(x)
    return 2 * (s - 0.7) * s1 * np.array(first)


def cliff_hessian(p):
    x, (x_w, x_b), second = rolled(p)
    s, s1, s2 = sigmoid(x)
    slope, curvature = 2 * (s - 0.7) * s1, 2 * (s1 * s1 + (s - 0.7) * s2)
    products = x_w * x_w, x_w * x_b, x_b * x_b
    return matrix(p, *(curvature * both + slope * bent for both, bent in zip(products, second)))


cliff = Surface(
    "cliff",
    cliff_value,
    cliff_gradient,
    hessian=cliff_hessian,
    start=(5.1, -2.3),
    window=((4.5, 7), (-4, -1.5)),
)
r"""A plain, a wall in it, and a curve of minima behind: the slope is 0.04 in most places, and thousands at the wall.

$(\sigma(x_{50}) - 0.7)^2$ in w and b, with $x_{t+1} = w\,\sigma(x_t) + b$, $x_0 = \frac12$ and
$\sigma(x) = 1/(1 + e^{-x})$: one unit, asked to say 0.7 after fifty times itself.
Source: Pascanu, Mikolov and Bengio (2013), who draw such a wall and clip gradients because of it.
"""


absolute = on_a_line(
    "|x|",
    np.abs,
    np.sign,
    np.zeros_like,
    start=(0.7,),
    window=((-1, 1),),
    minima=(0,),
)
r"""A kink: the slope never gets small. $|x|$; at 0, `grad` is 0."""


quartic = on_a_line(
    "x⁴",
    lambda x: (x * x) * (x * x),
    lambda x: 4 * (x * x * x),
    lambda x: 12 * (x * x),
    start=(1,),
    window=((-2, 2),),
    minima=(0,),
)
r"""A bowl with no curvature at its bottom, and no bound to it further up. $x^4$"""


lessard = on_a_line(
    "Lessard's piecewise quadratic",
    lambda x: np.where(
        x < 1, 12.5 * (x * x), np.where(x < 2, 0.5 * (x * x) + 24 * x - 12, 12.5 * (x * x) - 24 * x + 36)
    ),
    lambda x: np.where(x < 1, 25 * x, np.where(x < 2, x + 24, 25 * x - 24)),
    lambda x: np.where((x < 1) | (x >= 2), 25, x.dtype.type(1)),
    start=(3.3,),
    window=((-4, 4),),
    minima=(0,),
    L=25.0,
    mu=1.0,
)
r"""Strongly convex and smooth, and yet the heavy ball can circle on it for ever.

Slope $25x$ for $x < 1$, $x + 24$ for $1 \le x < 2$, $25x - 24$ for $x \ge 2$. With the rate 1/9 and momentum 4/9, the
best for every quadratic of curvatures 1 to 25, the ball ends in the cycle -1.802, 2.116, 0.647.
Source: Lessard, Recht and Packard (2016), eq. 4.11.
"""


def nesterov_worst(d: int, L: float = 1.0) -> Surface:
    r"""The slowest smooth convex function: the slope is at one end of a chain and has to be handed on link by link.

    $f(x) = \tfrac L8 \left(\sum_{i=0}^d (x_i - x_{i+1})^2 - 1\right)$, with $x_0 = 1$ and $x_{d+1} = 0$ held fixed

    From the origin, k gradients move the first k coordinates at most. So whatever a method makes of them, for every
    $k \le d$: $f(x_k) - f^\star \ge \tfrac L8\left(\frac1{k+1} - \frac1{d+1}\right)$, and at $k = \frac{d-1}2$ this is
    more than $\frac{3L\|x^\star\|^2}{32(k+1)^2}$: no method beats $1/k^2$ on all smooth convex functions.

    d: int >= 1, the number of coordinates.
    L: bound on the curvature, > 0.
    Returns a Surface that starts at the origin. The minimum, $x_i^\star = 1 - \frac i{d+1}$, has the value
    $-\frac L8\cdot\frac d{d+1}$; the smallest curvature is $\mu = L\sin^2\frac\pi{2(d+1)}$.
    Errors: ValueError for a d or L out of range.
    Source: Nesterov (2004), section 2.1.2, eq. 2.1.13 with k = d, and theorem 2.1.7.
    """
    d, chain = integer("d", d), Chain(number("L", L, above=0))
    return Surface(
        f"Nesterov's worst, d = {d}",
        chain.value,
        chain.gradient,
        hessian=chain.hessian,
        start=np.zeros(d),
        window=((-0.5, 1.5),) * d,
        minima=np.linspace(1, 0, d + 2)[1:-1],
        L=chain.L,
        mu=float(chain.L * np.sin(np.pi / (2 * (d + 1))) ** 2),
    )


@dataclass(frozen=True, eq=False)
class Chain:
    L: float

    def links(self, p):
        held = np.zeros((len(p) + 2, *p.shape[1:]), p.dtype)
        held[0] = 1
        held[1:-1] = p
        return held[:-1] - held[1:]

    def value(self, p):
        u = self.links(p)
        return self.L / 8 * (total(u * u) - 1)

    def gradient(self, p):
        u = self.links(p)
        return self.L / 4 * (u[1:] - u[:-1])

    def hessian(self, p):
        d = len(p)
        return beside(self.L / 4 * (2 * np.eye(d) - np.eye(d, k=1) - np.eye(d, k=-1)), p) + np.zeros_like(p)
