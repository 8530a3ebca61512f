"""What every function says to bad input: one place for all checks of arguments, under everything else.

Each function here takes the name of an argument and what was given, and returns it in the one form that the code
behind it computes with, or raises a ValueError (a TypeError for what is no function or has no gradient) that says what
it must be and what came. Numbers are finite; they are bounded by least <= and above <, most >= and below >. float32
stays float32; every other real number counts as float64.
"""

from __future__ import annotations  # or NumPy would load its random numbers for a hint

import math
from collections.abc import Callable
from numbers import Real
from operator import index
from typing import Any, Protocol

import numpy as np

Step = Callable[..., tuple]  # x, *memory = step(x, g, *memory, **hyper)
Function = Callable[..., Any]  # values (*runs) at points (d, *runs)
Projection = Callable[[np.ndarray], np.ndarray]


class Descendable(Protocol):
    """What has a gradient."""

    def grad(self, x: Any, /) -> Any: ...


class Curved(Descendable, Protocol):
    """What has a Hessian, too."""

    def hess(self, x: Any, /) -> Any: ...


class Landscape(Descendable, Protocol):
    """What has a value, too."""

    def __call__(self, x: Any, /) -> Any: ...


class Layered(Protocol):
    """A network: layers that are cut from one flat vector of parameters."""

    sizes: tuple[int, ...]
    activation: str
    norm: str | None
    skip: bool
    size: int

    def layers(self, theta: Any, /) -> list[tuple[np.ndarray, ...]]: ...

    def init(self, rng: np.random.Generator, /) -> np.ndarray: ...

    def activations(self, theta: Any, X: Any, /) -> list[np.ndarray]: ...

    def forward(self, theta: Any, X: Any, /) -> np.ndarray: ...

    def backward(self, theta: Any, outputs: Any, delta: Any, /) -> np.ndarray: ...


def floats(value: Any, kinds: str = "iuf") -> np.ndarray | None:
    """An array of floats, or None for what is none; kinds may add "b", True is 1, and "c", complex numbers."""
    try:
        a = np.asarray(value)
        if a.dtype.kind == "O" and all(isinstance(number, Real) for number in a.flat):  # 2**70, Fraction(1, 3)
            a = a.astype(float)
    except (ValueError, OverflowError):  # lists of unequal lengths, 10**400
        return None
    if a.dtype.kind not in kinds:
        return None
    if a.dtype.char in "fdFD":
        return a
    with np.errstate(over="ignore"):  # of a longer double
        return a.astype(complex if a.dtype.kind == "c" else float)


def inside(
    a: Any, least: float = -math.inf, above: float = -math.inf, most: float = math.inf, below: float = math.inf
) -> Any:
    """Whether a number is finite and within the bounds; for an array, of each."""
    return (a >= least) & (a > above) & (a <= most) & (a < below)


def words(least: float = -math.inf, above: float = -math.inf, most: float = math.inf, below: float = math.inf) -> str:
    """The bounds as people write them."""
    low, high = max(least, above), min(most, below)
    if high < math.inf:
        return f"a number in {'(' if above == low else '['}{low}, {high}{')' if below == high else ']'}"
    return "a finite number" + (f" {'>' if above == low else '>='} {low}" if low > -math.inf else "")


def number(name: str, value: Any, **bounds: float) -> float:
    """A float within the bounds."""
    a = floats(value)
    if a is None or a.ndim or not inside(a, **bounds):
        raise ValueError(f"{name} must be {words(**bounds)}; got {value!r}")
    return float(a)


def numbers(name: str, value: Any, also: str = "", **bounds: float) -> Any:
    """A float or a new array of floats, each within the bounds; also: what else it may be, for the error."""
    if type(value) is float and inside(value, **bounds):  # in a loop of steps, each microsecond counts
        return value
    a = floats(value)
    if a is None or not (a.size and inside(a, **bounds).all()):
        raise ValueError(f"{name} must be {words(**bounds)} or an array of them{also}; got {value!r}")
    return a.astype(float) if a.ndim else float(a)


LARGEST = 2**63 - 1


def integer(name: str, value: Any, least: int = 1, most: int = LARGEST) -> int:
    """An int from least to most; NumPy counts to 2**63 - 1."""
    try:
        n = None if isinstance(value, bool | np.bool) else index(value)
    except TypeError:
        n = None
    if n is None or not least <= n <= most:
        which = f">= {least}" if most == LARGEST and (n is None or n < least) else f"from {least} to {most}"
        raise ValueError(f"{name} must be an integer {which}; got {value!r}")
    return n


def integers(name: str, values: Any, count: int = 1) -> tuple[int, ...]:
    """A tuple of at least `count` integers >= 1."""
    try:
        taken = tuple(integer(name, n) for n in np.atleast_1d(np.asarray(values, object)).flat)
    except ValueError:
        taken = ()
    if len(taken) < count:
        raise ValueError(f"{name} must be {count} or more integers >= 1; got {values!r}")
    return taken


def array(name: str, value: Any, shape: str, remark: str = "", kinds: str = "iuf") -> np.ndarray:
    """A finite array, float32 or float64, of a shape such as "(d, 2)", "(d, d, ...)" or "(n,) or (n, d)"."""
    a = floats(value, kinds)
    if a is None or not (fits(a.shape, shape) and np.isfinite(a).all()):
        got = repr(value) if a is None or fits(a.shape, shape) else f"shape {a.shape}"
        raise ValueError(f"{name} must be a finite array of shape {shape}{remark}; got {got}")
    return a


def fits(shape: tuple[int, ...], pattern: str) -> bool:
    """Whether no length is 0 and the shape is like one of the patterns; the same letter is the same length."""
    patterns = (one.strip("()").replace(",", " ").split() for one in pattern.split(" or "))
    return 0 not in shape and any(fits_one(shape, axes) for axes in patterns)


def fits_one(shape: tuple[int, ...], axes: list[str]) -> bool:
    named = [axis for axis in axes if axis != "..."]
    lengths = dict(zip(named, shape)) | {axis: int(axis) for axis in named if axis.isdigit()}
    enough = len(shape) >= len(named) if "..." in axes else len(shape) == len(named)
    return enough and all(n == lengths[axis] for axis, n in zip(named, shape))


def symmetric(name: str, value: Any, shape: str = "(d, d)") -> np.ndarray:
    """A finite matrix, or many side by side, made exactly symmetric: its numbers agree to half of their digits."""
    A = array(name, value, shape, ", symmetric")
    off = A / 2 - np.swapaxes(A, 0, 1) / 2
    if np.any(np.abs(off) > np.sqrt(np.finfo(A.dtype).eps) * np.abs(A).max(axis=(0, 1))):
        raise ValueError(f"{name} must be symmetric; got {value!r}")
    return A - off


def box(value: Any, d: int | str = "d") -> np.ndarray:
    """A window as an array (d, 2), for each coordinate a pair (low, high)."""
    pairs = array("window", value, f"({d}, 2)", ", a pair (low, high) for each coordinate").astype(float)
    with np.errstate(over="ignore"):
        width = np.diff(pairs)
    if not inside(width, above=0).all():
        raise ValueError(f"window must hold pairs (low, high) with low < high; got {value!r}")
    return pairs


def data(name: str, value: Any, kinds: str = "biufc", last: int | None = None) -> np.ndarray:
    """An array of floats or complex numbers, infinite and NaN, as runs become; last: the length of its last axis."""
    a = value if isinstance(value, np.ndarray) and value.dtype.char in "fdFD" else floats(value, kinds)
    if a is None:
        raise ValueError(f"{name} must be an array of numbers; got {value!r}")
    if last and a.shape[-1:] != (last,):
        raise ValueError(f"{name} must have shape (..., {last}); got shape {a.shape}")
    return a


def points(p: Any, d: int | None = None, name: str = "a point") -> np.ndarray:
    """Points as `data`, their d coordinates on axis 0."""
    p = data(name, p)
    if p.ndim == 0 or (d and len(p) != d):
        raise ValueError(f"{name} must have shape ({d or 'd'}, ...), coordinates on axis 0; got shape {p.shape}")
    return p


def function(name: str, value: Any, kind: str = "a function") -> Any:
    if not callable(value):
        raise TypeError(f"{name} must be {kind}; got {value!r}")
    return value


def step(method: Any) -> Step:
    return function("method", method, "a step: x, *memory = method(x, g, *memory, **hyper)")


def descendable(f: Any, name: str = "f") -> Any:
    return having(f, name, "grad", "gradient")


def curved(f: Any) -> Any:
    return having(f, "f", "hess", "Hessian")


def having(f: Any, name: str, method: str, gives: str) -> Any:
    if not callable(getattr(f, method, None)):
        raise TypeError(f"{name} must have a method {method}(x) that returns the {gives} at x; got {f!r}")
    return f


def generator(rng: Any) -> np.random.Generator:
    if not isinstance(rng, np.random.Generator):
        raise ValueError(f"rng must be a numpy Generator, as np.random.default_rng(0); got {rng!r}")
    return rng
