r"""Where gradients come from, which way they point, and how far to follow them.

Three ways to measure a gradient from values alone, and the check that compares them with the formula; the directions
of steepest descent for three ways to measure a step; and a step that finds its own length.
"""

from time import perf_counter

import numpy as np
from numpy.typing import ArrayLike

from course_lib.arguments import Function, Landscape, array, descendable, function, integer, number, points
from course_lib.linalg import norm, total


def forward_differences(f: Function, x: ArrayLike, h: float | None = None) -> np.ndarray:
    r"""The gradient from d + 1 values: how much f rises on a short way along each axis.

    $g_i = \frac{f(x + h e_i) - f(x)}{h}$

    f: function of points (d, *runs) with values (*runs).
    x: point or points, float array (d, *runs).
    h: length of the way, > 0; by default $\sqrt u$ with u the rounding unit of x: 1.5e-8 in float64. A longer one
        misses by the curvature, about $h|f''|/2$; in a shorter one rounding takes over, about $u|f|/h$.
    Returns an array of the shape of x.
    Errors: ValueError for a bad x or h.
    Source: Nocedal and Wright (2006), eq. 8.1.
    """
    f, (x, h) = function("f", f), checked_place(x, h, 1 / 2)
    here = f(x)
    return np.stack([(f(x + step) - here) / h for step in along_axes(x, h)])


def central_differences(f: Function, x: ArrayLike, h: float | None = None) -> np.ndarray:
    r"""The gradient from 2d values: the errors of a way forward and a way back cancel.

    $g_i = \frac{f(x + h e_i) - f(x - h e_i)}{2h}$

    f, x: as in `forward_differences`.
    h: length of the way, > 0; by default $\sqrt[3]u$, 6e-6 in float64. A longer one misses by about $h^2|f'''|/6$; in a
        shorter one rounding takes over, about $u|f|/h$.
    Returns an array of the shape of x.
    Errors: ValueError for a bad x or h.
    Source: Nocedal and Wright (2006), eq. 8.7.
    """
    f, (x, h) = function("f", f), checked_place(x, h, 1 / 3)
    return np.stack([(f(x + step) - f(x - step)) / (2 * h) for step in along_axes(x, h)])


def complex_step(f: Function, x: ArrayLike, h: float = 1e-20) -> np.ndarray:
    r"""The gradient from d values at complex points: nothing is subtracted, so nothing is lost to rounding.

    $g_i = \operatorname{Im} f(x + i h e_i) / h$

    f: as in `forward_differences`; made of sums, products and functions such as np.exp, which NumPy knows for complex
        numbers. Not np.abs, np.maximum or a comparison: they forget the imaginary part.
    x: as there. h: length of the way, > 0; the error is of the order $h^2$ and so below rounding.
    Returns an array of the shape of x.
    Errors: ValueError for a bad x or h.
    Source: Squire and Trapp (1998), eq. 6.
    """
    f, (x, h) = function("f", f), checked_place(x, number("h", h, above=0), 1)
    return np.stack([np.imag(f(x + 1j * step)) / h for step in along_axes(x, h)]).astype(x.dtype)


def checked_place(x: ArrayLike, h: float | None, power: float) -> tuple[np.ndarray, float]:
    """x as a float array and h as a number, by default that power of the rounding unit; or a ValueError."""
    x = array("x", x, "(d, ...)", ", coordinates on axis 0")
    return x, float(np.finfo(x.dtype).eps) ** power if h is None else number("h", h, above=0)


def along_axes(x, h):
    """For each coordinate the step of length h along its axis, of the shape of x."""
    for i in range(len(x)):
        step = np.zeros_like(x)
        step[i] = h
        yield step


def gradient_check(
    f: Landscape, x: ArrayLike, differences: Function = central_differences, h: float | None = None
) -> np.ndarray | float:
    r"""How far `f.grad` is from the gradient that the values of f tell.

    $\frac{\|\nabla f(x) - \hat g\|}{\max(\|\nabla f(x)\|,\ \|\hat g\|)}$, with $\hat g$ from differences

    At most 1e-6 is a right gradient, 1e-2 or more is a wrong one; between, look closer. Choose x at random: at a
    symmetric point a wrong gradient can be right by chance, and near a kink a right one looks wrong. A slip in a small
    coordinate hides behind the large ones.

    f: function with `grad`: a surface or a problem.
    x: as in `forward_differences`. differences: one of the three functions above. h: their length; None: their own.
    Returns a float, or an array (*runs) of them: 0 for two gradients alike, 1 for one of them 0, 2 for a wrong sign.
    Errors: ValueError for a bad x or h.
    """
    f, differences = descendable(f), function("differences", differences)
    measured = differences(f, x) if h is None else differences(f, x, h)
    claimed = f.grad(np.asarray(x, measured.dtype))
    larger = np.maximum(norm(claimed), norm(measured))
    return norm(claimed - measured) / np.where(larger > 0, larger, 1)


def relative_cost(f: Landscape, x: ArrayLike, repeats: int = 50) -> float:
    r"""How many evaluations of f a gradient takes, by the clock: time of `f.grad(x)` over time of `f(x)`.

    f: function with `grad`: a surface or a problem. x: as in `forward_differences`.
    repeats: int >= 1, calls of each, in turn; the shortest counts, as whatever else the machine does only makes it
        longer.
    Returns a float > 0. For backpropagation about 3, however many parameters there are.
    Errors: ValueError for bad repeats.
    """
    f, x, repeats = descendable(f), points(x, name="x"), integer("repeats", repeats)
    times = [(seconds(f.grad, x), seconds(f, x)) for _ in range(repeats)]
    gradient, value = map(min, zip(*times))
    return gradient / value


def seconds(function, x):
    start = perf_counter()
    function(x)
    return perf_counter() - start


# Steepest descent. Which unit step goes down most, u = argmin g.u with |u| = 1, depends on how |u| is measured.


def steepest_l1(g: ArrayLike) -> np.ndarray:
    r"""The steepest direction if a step costs the sum of its coordinates: the one coordinate with the largest slope.

    $u = -\operatorname{sign}(g_k)\, e_k,\quad k = \arg\max_i |g_i|$

    g: gradient, array (d, *runs).
    Returns an array of the shape of g with $\|u\|_1 = 1$; of equal slopes the first; 0 where g is 0.
    Source: Boyd and Vandenberghe (2004), section 9.4.2: coordinate descent.
    """
    g = points(g, name="g")
    first = np.argmax(np.abs(g), axis=0)
    return np.where(np.arange(len(g)).reshape(-1, *[1] * first.ndim) == first, -np.sign(g), np.zeros_like(g))


def steepest_l2(g: ArrayLike) -> np.ndarray:
    r"""The steepest direction by the ordinary length: against the gradient.

    $u = -g / \|g\|_2$

    g: gradient, array (d, *runs).
    Returns an array of the shape of g with $\|u\|_2 = 1$; 0 where g is 0.
    Source: Cauchy (1847); Boyd and Vandenberghe (2004), section 9.4.1.
    """
    g = points(g, name="g")
    largest = np.abs(g).max(axis=0)
    g = g / np.where(largest > 0, largest, 1)  # whose squares neither overflow nor vanish
    return -g / np.where(largest > 0, np.sqrt(total(g * g)), 1)


def steepest_linf(g: ArrayLike) -> np.ndarray:
    r"""The steepest direction if a step costs its largest coordinate: all coordinates at once, by their signs alone.

    $u = -\operatorname{sign}(g)$

    g: gradient, array (d, *runs).
    Returns an array of the shape of g with $\|u\|_\infty = 1$; a coordinate without slope stays.
    Source: Boyd and Vandenberghe (2004), exercise 9.7.
    """
    return -np.sign(points(g, name="g"))


class backtracking:
    r"""Gradient descent that finds its own rate: it shortens a step until it goes down enough.

    $x_{t+1} = x_t - \eta_t g_t$, with $\eta_t$ the first of $\eta, \beta\eta, \beta^2\eta, \dots$ for which
    $f(x_t - \eta_t g_t) < f(x_t) - c\,\eta_t \|g_t\|^2$ (Armijo)

    The first rate tried is lr, and later the one before, divided by $\beta$: so rates grow again where they may.

    f: function of points (d, *runs): a surface or a problem; a step asks for its value at least twice. Each run
        searches for itself.
    c: share of the promised descent that is asked for, in (0, 1); 1e-4 takes nearly any step that goes down, 1/2 on a
        quadratic none beyond the lowest point of its line, and above 1/2 not even that point.
    shrink: $\beta$, in (0, 1); near 1 it searches finely and long: 14 trials at 0.95 for one at 1/2.
    Returns a step with memory (eta,), the rate of the latest step, shape (*runs); hyperparameter lr > 0, by default 1,
    the first rate tried. Where rounding swallows a step, or the descent asked of it, the run stays.
    Errors: ValueError for a bad c or shrink.
    Source: Armijo (1966), with c = shrink = 1/2. Boyd and Vandenberghe (2004), section 9.2, take c from 0.01 to 0.3;
    they, and Nocedal and Wright (2006), algorithm 3.1, start each search at lr.
    """

    def __init__(self, f: Function, c: float = 0.1, shrink: float = 0.5):
        self.f, self.c = function("f", f), number("c", c, above=0, below=1)
        self.shrink = number("shrink", shrink, above=0, below=1)

    def __call__(self, x, g, eta=None, *, lr=1.0) -> tuple:
        x, g = points(x, name="x"), points(g, name="g")
        here, slope, shrink = self.f(x), total(g * g), x.dtype.type(self.shrink)
        first = np.broadcast_to(lr if eta is None else eta / self.shrink, np.shape(here)).astype(x.dtype)
        rate = first
        while True:
            new, asked = x - rate * g, here - self.c * rate * slope
            lower = self.f(new) < asked
            settled = lower | ~(asked < here) | (new == x).all(axis=0)
            if settled.all():
                break
            rate = np.where(settled, rate, rate * shrink)
        return np.where(lower, new, x), np.where(lower, rate, first * shrink)
