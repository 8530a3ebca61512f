"""What every function says to bad input: one place for all checks of arguments, under everything else.

Each function here takes the name of an argument and what was given, and returns it in the one form that the code
behind it computes with, or raises a ValueError that says what it must be and what came. Numbers are finite; bounds are
least <=, above <, most >=, below >. float32 stays float32; every other real number counts as float64.
"""

import math
from numbers import Real
from operator import index

import numpy as np


def floats(value, kinds="iuf"):
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


def inside(a, least=-math.inf, above=-math.inf, most=math.inf, below=math.inf):
    """Whether a number is finite and within the bounds; for an array, of each."""
    return (a >= least) & (a > above) & (a <= most) & (a < below)


def words(least=-math.inf, above=-math.inf, most=math.inf, below=math.inf):
    """The bounds as people write them."""
    low, high = max(least, above), min(most, below)
    if high < math.inf:
        return f"a number in {'(' if above == low else '['}{low}, {high}{')' if below == high else ']'}"
    return "a finite number" + (f" {'>' if above == low else '>='} {low}" if low > -math.inf else "")


def number(name, value, **bounds):
    """A float within the bounds."""
    a = floats(value)
    if a is None or a.ndim or not inside(a, **bounds):
        raise ValueError(f"{name} must be {words(**bounds)}; got {value!r}")
    return float(a)


def numbers(name, value, also="", **bounds):
    """A float or a new array of floats, each within the bounds; also: what else it may be, for the error."""
    if type(value) is float and inside(value, **bounds):  # in a loop of steps, each microsecond counts
        return value
    a = floats(value)
    if a is None or not (a.size and inside(a, **bounds).all()):
        raise ValueError(f"{name} must be {words(**bounds)} or an array of them{also}; got {value!r}")
    return a.astype(float) if a.ndim else float(a)


def integer(name, value, least=1, most=math.inf):
    """An int from least to most."""
    try:
        n = None if isinstance(value, bool | np.bool) else index(value)
    except TypeError:
        n = None
    if n is None or not least <= n <= most:
        which = f">= {least}" if most == math.inf else f"from {least} to {most}"
        raise ValueError(f"{name} must be an integer {which}; got {value!r}")
    return n


def array(name, value, shape, remark="", kinds="iuf"):
    """A finite array, float32 or float64, of a shape such as "(d, 2)", "(d, d, ...)" or "(n,) or (n, d)"."""
    a = floats(value, kinds)
    if a is None or not (fits(a.shape, shape) and np.isfinite(a).all()):
        got = repr(value) if a is None or fits(a.shape, shape) else f"shape {a.shape}"
        raise ValueError(f"{name} must be a finite array of shape {shape}{remark}; got {got}")
    return a


def fits(shape, pattern):
    """Whether no length is 0 and the shape is like one of the patterns; the same letter is the same length."""
    patterns = (one.strip("()").replace(",", " ").split() for one in pattern.split(" or "))
    return 0 not in shape and any(fits_one(shape, axes) for axes in patterns)


def fits_one(shape, axes):
    named = [axis for axis in axes if axis != "..."]
    lengths = dict(zip(named, shape)) | {axis: int(axis) for axis in named if axis.isdigit()}
    enough = len(shape) >= len(named) if "..." in axes else len(shape) == len(named)
    return enough and all(n == lengths[axis] for axis, n in zip(named, shape))


def symmetric(name, value, shape="(d, d)"):
    """A finite matrix, or many side by side, made exactly symmetric: its numbers agree to half of their digits."""
    A = array(name, value, shape, ", symmetric")
    off = A / 2 - np.swapaxes(A, 0, 1) / 2
    if np.any(np.abs(off) > np.sqrt(np.finfo(A.dtype).eps) * np.abs(A).max(axis=(0, 1))):
        raise ValueError(f"{name} must be symmetric; got {value!r}")
    return A - off


def window(value, d="d"):
    """An array (d, 2), for each coordinate a pair (low, high)."""
    pairs = array("window", value, f"({d}, 2)", ", a pair (low, high) for each coordinate").astype(float)
    if not np.all(pairs[:, 0] < pairs[:, 1]):
        raise ValueError(f"window must hold pairs (low, high) with low < high; got {value!r}")
    return pairs


def points(p, d=None):
    """Points as an array of floats or complex numbers, their d coordinates on axis 0; they may be infinite or NaN."""
    a = p if isinstance(p, np.ndarray) and p.dtype.char in "fdFD" else floats(p, "biufc")
    if a is None or a.ndim == 0 or (d and len(a) != d):
        got = repr(p) if a is None else f"shape {a.shape}"
        raise ValueError(f"a point must have shape ({d or 'd'}, ...), coordinates on axis 0; got {got}")
    return a


def complex_or_floats(value):
    return np.asarray(value, complex) if np.iscomplexobj(value) else floats(value, "biuf")


def generator(rng):
    if not isinstance(rng, np.random.Generator):
        raise ValueError(f"rng must be a numpy Generator, as np.random.default_rng(0); got {rng!r}")
    return rng
