r"""Methods that use curvature, and the tools to measure it.

A gradient is not enough for these, so each is made from the function it descends and returns a step of the usual
shape: ``descend(newton(f), f, start, 10)``. The Newton steps take runs side by side like all other methods. Those with
a line search (`bfgs`, `lbfgs`, `conjugate_gradients`) follow one run at a time, as each run would search for itself.
"""

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from course_lib.arguments import (
    Curved,
    Descendable,
    Landscape,
    array,
    curved,
    descendable,
    function,
    integer,
    number,
    points,
    symmetric,
)
from course_lib.linalg import eigenvalues, norm, total
from course_lib.surfaces import Delegate


class newton:
    r"""Newton's method: jump to where the quadratic through the gradient and the Hessian is flat.

    $x_{t+1} = x_t - \eta H_t^{-1} g_t$

    Flat is not low: it is drawn to saddles and maxima as it is to minima.

    f: a surface with `hess`.
    Returns a step without memory; hyperparameter lr, the learning rate $\eta \ge 0$, by default 1: one step ends on a
    quadratic. Where H is singular the step is infinite or NaN.
    Source: Nocedal and Wright (2006), eq. 2.15.
    """

    def __init__(self, f: Curved):
        self.f = curved(f)

    def __call__(self, x, g, *, lr=1.0) -> tuple:
        return (x - lr * solved(self.f.hess(x), g, lambda curvature: curvature),)


class damped_newton:
    r"""Newton's method with damping (Levenberg's): a little of gradient descent where there is little curvature.

    $x_{t+1} = x_t - \eta (H_t + \delta I)^{-1} g_t$

    It goes downhill wherever $\delta$ is above the size of the most negative curvature.

    f: a surface with `hess`.
    Returns a step without memory; hyperparameters lr, the learning rate $\eta \ge 0$, by default 1, and damping, the
    number $\delta \ge 0$: 0 is `newton`, a large one is gradient descent with rate $\eta/\delta$.
    Source: Levenberg (1944); as damping in Martens (2010), section 4.1. Others call Newton's method damped when a line
    search shortens its step (Boyd and Vandenberghe, 2004, section 9.5.2): that is lr.
    """

    def __init__(self, f: Curved):
        self.f = curved(f)

    def __call__(self, x, g, *, damping, lr=1.0) -> tuple:
        return (x - lr * solved(self.f.hess(x), g, lambda curvature: curvature + damping),)


class saddle_free_newton:
    r"""Newton's method with every curvature taken as positive, so that it runs from saddles instead of to them.

    $x_{t+1} = x_t - \eta\,(|H_t| + \delta I)^{-1} g_t,\quad |H| = Q\,|\Lambda|\,Q^\top$

    f: a surface with `hess`.
    Returns a step without memory; hyperparameters lr, the learning rate $\eta \ge 0$, by default 1, and damping, the
    number $\delta \ge 0$, by default 0: it bounds the step where a curvature is near 0.
    Source: Dauphin et al. (2014), algorithm 1, with the whole space in place of a Krylov subspace.
    """

    def __init__(self, f: Curved):
        self.f = curved(f)

    def __call__(self, x, g, *, lr=1.0, damping=0.0) -> tuple:
        return (x - lr * solved(self.f.hess(x), g, lambda curvature: np.abs(curvature) + damping),)


def solved(H, g, change):
    """Q c(Λ)^-1 Qᵀ g for each run, from H = Q Λ Qᵀ: inf or NaN where that does not exist, never an error."""
    finite = np.isfinite(H).all(axis=(0, 1))
    curvatures, directions = np.linalg.eigh(np.moveaxis(np.where(finite, H, 0), (0, 1), (-2, -1)))
    Q = np.moveaxis(directions, (-2, -1), (0, 1))
    scale = change(np.where(finite, np.moveaxis(curvatures, -1, 0), np.nan))
    return total(np.swapaxes(Q * (total(Q * g[:, None]) / scale), 0, 1))


# Line searches: search(f, x, p, g) -> t, how far to go from x along p, with g the gradient at x; first they try t = 1


def parabola(f: Landscape, x: np.ndarray, p: np.ndarray, g: np.ndarray) -> float:
    r"""Nearly the lowest point along p, by values alone: try the lowest point of a parabola, and again from there.

    $t \leftarrow \frac{-t^2\, g\cdot p}{2\,(f(x + tp) - f(x) - t\, g\cdot p)}$

    The parabola has the slope of f at 0 and the values of f at 0 and t: on a quadratic it is right at once. The first t
    is 1, or the smallest power of ten whose descent rounding does not hide; each stays between a tenth and ten times
    the one before. The search ends where a parabola's t would move by less than a tenth, or the value falls no more.

    f: a surface. x: a point, float array (d,). p: a direction downhill, (d,). g: the gradient at x, (d,).
    Returns t >= 0, a float: the lowest of those tried. Where rounding hides all descent it is 1, as the slope may still
    fall, or 0 if the value there is higher: the run stays.
    Source: interpolation as in Nocedal and Wright (2006), section 3.5, who ask for one of Wolfe's conditions besides.
    """
    t, best, ahead, value, slope = 1.0, 0.0, math.nan, f(x), g @ p
    lowest = value
    while value + t * slope == value and t < 2.0**60:
        t *= 10
    while value + t * slope < value and t < 2.0**60:
        new = f(x + t * p)
        if new < lowest:
            best, lowest = t, new
        elif best:
            break
        aimed, bend = t == ahead, new - value - t * slope
        ahead = math.inf if bend <= 0 else -slope * t * t / (2 * bend)
        if best and aimed and abs(ahead - t) < 0.1 * t:
            break
        t = max(0.1 * t, min(ahead, 10 * t))  # so put, NaN is too far
    return best or float(slope < 0 and f(x + p) <= value)


def wolfe(
    f: Landscape, x: np.ndarray, p: np.ndarray, g: np.ndarray, t: float = 1.0, c1: float = 1e-4, c2: float = 0.9
) -> float:
    r"""A step length that goes down enough and gets past the steep part, by doubling and halving.

    $f(x + tp) \le f(x) + c_1 t\, g\cdot p$ (Armijo) and $\nabla f(x + tp)\cdot p \ge c_2\, g\cdot p$ (weak Wolfe)

    The second condition makes $s\cdot y > 0$ in BFGS, whatever f, and costs a gradient for each trial low enough.

    f, x, p, g: as in `parabola`.
    t: the first length tried, > 0.
    c1, c2: 0 < c1 < c2 < 1; a c2 near 0 asks for a place that is nearly flat along p.
    Returns t >= 0, a float. Where doubling comes to 2**60, or halving to its end, the longest that went down enough, 0
    if none did: the run stays.
    Errors: ValueError for t, c1 or c2 out of range.
    Source: Lewis and Overton (2013), algorithm 4.6.
    """
    if not (0 < t < math.inf and 0 < c1 < c2 < 1):
        raise ValueError(f"t must be > 0, and 0 < c1 < c2 < 1; got t = {t!r}, c1 = {c1!r}, c2 = {c2!r}")
    shortest, longest, value, slope = 0.0, math.inf, f(x), g @ p
    while t * slope < 0 and shortest < t < min(longest, 2.0**60):
        new = x + t * p
        if not f(new) <= value + c1 * t * slope:  # so put, NaN is too far as well
            longest = t
        elif f.grad(new) @ p < c2 * slope:
            shortest = t
        else:
            return t
        t = (shortest + longest) / 2 if longest < math.inf else 2 * shortest
    return shortest


def exact(f: Landscape, x: np.ndarray, p: np.ndarray, g: np.ndarray) -> float:
    r"""The lowest point along p of a quadratic, from one more gradient.

    $t = -\frac{g\cdot p}{(\nabla f(x + p) - g)\cdot p}$, where the denominator is $p\cdot Hp$

    f, x, p, g: as in `parabola`; on a function that is not quadratic this is a step of the secant method.
    Returns t, a float; 0 where the slope is 0.
    """
    slope = g @ p
    return -slope / ((f.grad(x + p) - g) @ p) if slope else 0.0


class bfgs:
    r"""BFGS: Newton's method with an inverse Hessian learned from how the gradient changed on the way.

    $p_t = -B_t g_t,\quad x_{t+1} = x_t + t^\star p_t,\quad s = x_{t+1} - x_t,\quad y = g_{t+1} - g_t$
    $B_{t+1} = \left(I - \frac{sy^\top}{s\cdot y}\right) B_t \left(I - \frac{ys^\top}{s\cdot y}\right)
    + \frac{ss^\top}{s\cdot y}$, so that $B_{t+1}\, y = s$ (the secant condition)

    f: a surface.
    search: a line search: `parabola`, with which a step costs one gradient and some three values; `wolfe`, or `exact`
        for a quadratic, each with a gradient or more besides.
    Returns a step for one run, x and g of shape (d,), with memory (B, s, g): the approximation of $H^{-1}$ (d, d), by
    which the point moved and from which gradient. It has no hyperparameters.
    Errors: ValueError if x holds several runs.
    Source: Nocedal and Wright (2006), eq. 6.17. The very first trial goes a distance of 1 along -g; then B starts
    from $\frac{s\cdot y}{y\cdot y} I$ (eq. 6.20). A move with $s\cdot y \le 0$ teaches nothing and is left out.
    """

    def __init__(self, f: Landscape, search: Callable = parabola):
        self.f, self.search = descendable(f), function("search", search)

    def __call__(self, x, g, B=None, s=None, last=None) -> tuple:
        one_run(x)
        if s is not None and s @ (y := g - last) > 0:
            B = secant_update(flatness(s, y) * np.eye(len(x), dtype=x.dtype) if B is None else B, s, y)
        p = -unit(g) if B is None else -(B @ g)
        s = self.search(self.f, x, p, g) * p
        return x + s, B, s, g


def unit(g):
    """g at length 1; 0 stays 0."""
    return g / (norm(g) or 1.0)


def flatness(s, y):
    r"""$s\cdot y / y\cdot y$, the inverse of a curvature along s; no square overflows or vanishes on the way."""
    return s @ unit(y) / norm(y)


def secant_update(B, s, y):
    """The update of BFGS, multiplied out: symmetric to the last bit, and d² operations in place of d³."""
    sy, u = s @ y, s - B @ y
    if not sy > 0:
        return B
    us = np.outer(u, s)
    return B + (us + us.T) / sy - u @ y / sy * np.outer(s, s) / sy


class lbfgs:
    r"""L-BFGS: BFGS that keeps its latest moves instead of a matrix, d numbers each.

    $B_t$ is made anew from $\frac{s\cdot y}{y\cdot y} I$ (of the latest move) by the updates of the moves kept, and
    only ever as the product $B_t g_t$: two loops over the moves.

    f, search: as in `bfgs`.
    history: number of moves kept, int >= 1; as many as there are steps is BFGS with its start scaled anew at each.
    Returns a step for one run, x and g of shape (d,), with memory (moves, s, g): a tuple of pairs (s, y), oldest
    first, by which the point moved and from which gradient. It has no hyperparameters.
    Errors: ValueError for a bad history, or if x holds several runs.
    Source: Liu and Nocedal (1989); Nocedal and Wright (2006), algorithm 7.4.
    """

    def __init__(self, f: Landscape, history: int = 10, search: Callable = parabola):
        self.f, self.search = descendable(f), function("search", search)
        self.history = integer("history", history)

    def __call__(self, x, g, moves=(), s=None, last=None) -> tuple:
        one_run(x)
        if s is not None and s @ (y := g - last) > 0:
            moves = (*moves, (s, y))[-self.history :]
        p = -two_loops(moves, g) if moves else -unit(g)
        s = self.search(self.f, x, p, g) * p
        return x + s, moves, s, g


def two_loops(moves, q):
    """B q, with B made from the moves (s, y)."""
    shares = []
    for s, y in reversed(moves):
        shares.append(s @ q / (s @ y))
        q = q - shares[-1] * y
    if moves:
        q = flatness(*moves[-1]) * q
    for s, y in moves:
        q = q + (shares.pop() - y @ q / (s @ y)) * s
    return q


class conjugate_gradients:
    r"""Conjugate gradients: each direction spoils nothing of what the ones before have reached.

    $p_t = -g_t + \beta_t\, p_{t-1},\quad y = g_t - g_{t-1},\quad
    \beta_t = \frac{g_t\cdot y}{p_{t-1}\cdot y}$, so that $p_t\cdot y = 0$

    On a quadratic in d dimensions the lowest point along each line is reached exactly, and the minimum after d lines,
    but for rounding.

    f: a surface.
    search: a line search: `parabola`, with which a step costs one gradient and some three values, or `exact` for a
        quadratic, with one gradient more. `wolfe` is rough here, and slow.
    Returns a step for one run, x and g of shape (d,), with memory (s, g): by which the point moved, which stands for
    $p_{t-1}$, and from which gradient. It has no hyperparameters.
    Errors: ValueError if x holds several runs.
    Source: Hestenes and Stiefel (1952), as Nocedal and Wright (2006), eq. 5.46. It begins anew with -g where p would
    not go down, where f does not curve upwards along the last move, and where that has lost its use:
    $|g_t\cdot g_{t-1}| \ge 0.2\,\|g_t\|^2$ (Powell, 1977). The first trial along p promises as much descent as the last
    move did (Nocedal and Wright, section 3.5).
    """

    def __init__(self, f: Landscape, search: Callable = parabola):
        self.f, self.search = descendable(f), function("search", search)

    def __call__(self, x, g, s=None, last=None) -> tuple:
        one_run(x)
        p = -unit(g)
        if s is not None and s @ last < 0:
            y = g - last
            p = g @ y / (s @ y) * s - g
            if not (s @ y > 0 and g @ p < 0 and abs(g @ last) < 0.2 * (g @ g)):
                p = -g
            ratio = s @ last / (g @ p)
            p = p * ratio if 0 < ratio < math.inf else p
        s = self.search(self.f, x, p, g) * p
        return x + s, s, g


def one_run(x):
    if np.ndim(x) != 1:
        raise ValueError(f"a line search follows one run at a time: x must have shape (d,); got {np.shape(x)}")


# Measuring curvature


def hessian_vector_product(f: Descendable, x: ArrayLike, v: ArrayLike, h: float | None = None) -> np.ndarray:
    r"""How the gradient changes along v, without a Hessian: two gradients, whatever the dimension.

    $Hv \approx \|v\| \, \frac{\nabla f(x + hu) - \nabla f(x - hu)}{2h},\quad u = v / \|v\|$

    f: anything with `grad`. x: points, float array (d, *runs). v: directions, of the same shape.
    h: how far the step goes, a number > 0, or None for $\sqrt[3]{\epsilon}\,\max(1, \|x\|)$, $\epsilon$ the rounding
        unit. Where it crosses a kink of f, the jump of the slope counts as a curvature, times 1/2h: in a network of
        ReLUs, along a random v, 0.74 came where 0.015 is right. A smaller h crosses fewer, but rounding adds some
        $\epsilon \|\nabla f\| / h$.
    Returns an array of the shape of x, 0 where v is 0. Without kinks it is right to about 1e-10 of its size in float64
    and 1e-4 in float32, ten times worse on a function as wavy as Rastrigin's.
    Errors: ValueError for a v of another shape or a bad h.
    Source: central differences of the gradient. Pearlmutter (1994) has the exact product, at the same cost, for
    programs that can be differentiated.
    """
    f, x = descendable(f), points(x, name="x")
    v = points(v, name="v").astype(x.dtype)
    if v.shape != x.shape:
        raise ValueError(f"v must have the shape of x, {x.shape}; got {v.shape}")
    size, length = norm(x), norm(v)
    length = np.where(length > 0, length, 1).astype(x.dtype)
    h = np.cbrt(np.finfo(x.dtype).eps) * np.maximum(1, size) if h is None else number("h", h, above=0)
    u = v / length
    return (f.grad(x + h * u) - f.grad(x - h * u)) / (2 * h) * length


def with_hessian(f: Descendable) -> Delegate:
    r"""The same function with a Hessian, measured: for a network, which has none in closed form.

    Its column i is `hessian_vector_product` along axis i; the mean with the transpose makes it symmetric.

    f: anything with `grad`.
    Returns an object that stands for f and has `hess(x)`, shape (d, d, *runs), at points x, shape (d, *runs): two
    gradients, each of d times as many runs.
    """
    return Measured(descendable(f))


class Measured(Delegate):
    def hess(self, x):
        x = points(x, name="x")
        axes = np.eye(len(x)).reshape(len(x), len(x), *[1] * (x.ndim - 1))
        columns = np.broadcast_to(x[:, None], (len(x), *x.shape))
        H = hessian_vector_product(self.f, columns, np.broadcast_to(axes, columns.shape))
        return (H + np.swapaxes(H, 0, 1)) / 2


def power_iteration(product: Callable, start: ArrayLike, steps: int = 100) -> tuple[float, np.ndarray]:
    r"""The eigenvalue of largest size of a symmetric matrix that is known only by its products: often L.

    $v \leftarrow Av / \|Av\|$

    product: function v -> Av, such as `lambda v: hessian_vector_product(f, x, v)`.
    start: array (d,), not 0; a random one, as it must have a share of the eigenvector.
    steps: int >= 1, number of products. The error falls like $(\lambda_2/\lambda_1)^{2\cdot\text{steps}}$; with two
        eigenvalues of equal size and opposite sign the result lies between them.
    Returns (value, vector): the eigenvalue with its sign, and the unit vector v with $v\cdot Av$ = value.
    Errors: ValueError for a bad start or steps.
    Source: von Mises and Pollaczek-Geiringer (1929).
    """
    product, steps = function("product", product), integer("steps", steps)
    w = array("start", start, "(d,)", ", other than 0").astype(float)
    if not np.any(w):
        raise ValueError(f"start must be other than 0; got {start!r}")
    for _ in range(steps):
        w = w / np.abs(w).max()  # or the squares in its norm may overflow
        v = w / np.linalg.norm(w)
        w = product(v)
        if not np.any(w):
            break
    return v @ w, v


def critical_kind(H: ArrayLike, tolerance: float = 1e-8) -> str | np.ndarray:
    r"""What a point of zero gradient is, by the signs of the Hessian's eigenvalues.

    All positive: 'minimum'. All negative: 'maximum'. Some of each: 'saddle', whatever the others. Else some are 0 and
    the rest has one sign: 'degenerate', and the Hessian does not tell.

    H: symmetric matrix (d, d), or (d, d, *runs).
    tolerance: eigenvalues up to this size count as 0, a number >= 0.
    Returns a str, or an array (*runs) of them.
    Errors: ValueError for a matrix that is not finite and symmetric or a bad tolerance.
    """
    tolerance, curvatures = number("tolerance", tolerance, least=0), eigenvalues(symmetric("H", H, "(d, d, ...)"))
    up, down = (curvatures > tolerance).any(axis=-1), (curvatures < -tolerance).any(axis=-1)
    flat = (np.abs(curvatures) <= tolerance).any(axis=-1)
    kinds = np.select([up & down, flat, up], ["saddle", "degenerate", "minimum"], "maximum")
    return kinds if kinds.ndim else kinds.item()


def condition_number(H: ArrayLike) -> float | np.ndarray:
    r"""How much steeper the steepest direction curves than the flattest.

    $\kappa = \max_i|\lambda_i| / \min_i|\lambda_i|$

    H: symmetric matrix (d, d), or (d, d, *runs).
    Returns a float >= 1, or an array (*runs) of them; inf for a singular matrix, one whose flattest curvature is within
    rounding of 0: at most $d\,u$ of the steepest, u the rounding unit. A diagonal matrix is taken as it stands.
    Errors: ValueError for a matrix that is not finite and symmetric.
    """
    sizes = np.abs(eigenvalues(symmetric("H", H, "(d, d, ...)")))
    flattest, steepest = sizes.min(axis=-1), sizes.max(axis=-1)
    kappa = np.where(flattest > 0, steepest / np.where(flattest > 0, flattest, 1), np.inf)
    return kappa if kappa.ndim else kappa.item()
