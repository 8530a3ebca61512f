"""What answers are tried with, drawn: shapes, arrays and numbers that nobody can foresee, short enough to be repeated.

Each draw takes a NumPy Generator first.
"""

import numpy as np

ALONE = [(1,), (2,), (3,), (7,)]
TOGETHER = [(2, 3), (3, 1), (1, 4), (3, 2, 2)]  # axis 0 holds the coordinates, the others are runs side by side


def shape(rng, shapes=(*ALONE, *TOGETHER)):
    """A shape of points: of 1, 2, 3 or 7 coordinates, alone or side by side."""
    return shapes[rng.integers(len(shapes))]


def dimension(rng):
    """A number of coordinates: 1, 2, 3 or 7."""
    return shape(rng, ALONE)[0]


def array(rng, shape):
    """Numbers of both signs with two decimals; in one draw of four whole ones, with zeros, in an array of integers."""
    if rng.integers(4) == 0:
        return rng.integers(-3, 4, shape, dtype=int)
    return rng.normal(size=shape).round(2)


def number(rng, low, high):
    """A number from low to high with three decimals; in one draw of eight low itself."""
    return low if rng.integers(8) == 0 else round(float(rng.uniform(low, high)), 3)


def sometimes(rng, **hyper):
    """These keyword arguments, or none of them: then the defaults count."""
    return hyper if rng.integers(3) else {}


def symmetric(rng, *curvatures):
    """A symmetric matrix with these eigenvalues, numbers or arrays of them, and eigenvectors drawn at random."""
    values = np.concatenate([np.atleast_1d(part) for part in curvatures]).astype(float)
    Q = np.linalg.qr(rng.normal(size=(len(values), len(values))))[0]
    A = Q * values @ Q.T
    return (A + A.T) / 2


class Formula:
    """A function of an array x from its formula, in NumPy's names and those of given values; messages call it so."""

    def __init__(self, words, **values):
        self.f = eval(f"lambda x: {words}", vars(np) | values)
        numbers = [f"{name} = {value:.6g}" for name, value in values.items() if np.ndim(value) == 0]
        self.words = f"x -> {words}" + (f", with {', '.join(numbers)}" if numbers else "")

    def __call__(self, x):
        return self.f(np.asarray(x, float))

    def __repr__(self):
        return self.words
