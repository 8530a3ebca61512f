"""How many gradients the searchers of the course ask for, beside SciPy's same methods, on classical test problems.

    python tests/benchmark_scipy.py        a minute

Counted alike: the gradients asked for up to the first at a point where f is at most what SciPy ends with, plus 1e-6. A
gradient in a line search counts like any other. Values are counted, too, and shown in brackets. One start says little,
as one lucky direction can halve a run: beside the published start stand the median and the worst of ten starts around
it. What SciPy needs from the published start is stored in reference/scipy.json, where ../test_curvature.py reads it.
Where SciPy is not installed it is, with the NumPy of the course, in a folder of its own, as torch is for benchmark.py.

The problems: Moré, Garbow and Hillstrom (1981), Testing unconstrained optimization software, in brackets their number
there; each is a sum of squares, given by its residuals r and their Jacobian J.
"""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from course_lib.curvature import bfgs, conjugate_gradients, lbfgs
from course_lib.descent import iterate

STORED = Path(__file__).with_name("reference") / "scipy.json"
LIMIT = 3000  # gradients
METHODS = {  # the course's, SciPy's name, and what makes SciPy go on to the end
    "bfgs": (bfgs, "BFGS", {"gtol": 1e-8}),
    "lbfgs": (lbfgs, "L-BFGS-B", {"gtol": 1e-8, "ftol": 0.0, "maxfun": LIMIT}),
    "conjugate_gradients": (conjugate_gradients, "CG", {"gtol": 1e-8}),
}


@dataclass
class SumOfSquares:
    """f(x) = |r(x)|², and at the places where it says so a least value that is not 0."""

    start: np.ndarray
    r: object
    J: object
    least: tuple = (0.0,)

    def __call__(self, x):
        with np.errstate(all="ignore"):
            return self.r(x) @ self.r(x)

    def grad(self, x):
        with np.errstate(all="ignore"):
            return 2 * self.r(x) @ self.J(x)


def helical(x):
    turn = np.arctan2(x[1], x[0]) / (2 * np.pi) % 1  # from -1/4 to 3/4
    return np.array([10 * (x[2] - 10 * (turn - (turn > 0.75))), 10 * (np.hypot(x[0], x[1]) - 1), x[2]])


def helical_slopes(x):
    radius = np.hypot(x[0], x[1])
    across, along = 50 / np.pi * np.array([x[1], -x[0]]) / radius**2, 10 * x[:2] / radius
    return np.array([[*across, 10], [*along, 0], [0, 0, 1]])


def powell(x):
    a, b, c, d = x
    return np.array([a + 10 * b, 5**0.5 * (c - d), (b - 2 * c) ** 2, 10**0.5 * (a - d) ** 2])


def powell_slopes(x):
    a, b, c, d = x
    u, v = 2 * (b - 2 * c), 2 * 10**0.5 * (a - d)
    return np.array([[1, 10, 0, 0], [0, 0, 5**0.5, -(5**0.5)], [0, u, -2 * u, 0], [v, 0, 0, -v]])


def wood(x):
    a, b, c, d = x
    first, second = [10 * (b - a * a), 1 - a], [90**0.5 * (d - c * c), 1 - c]
    return np.array([*first, *second, 10**0.5 * (b + d - 2), (b - d) / 10**0.5])


def wood_slopes(x):
    J = np.zeros((6, 4))
    J[[0, 0, 1], [0, 1, 0]] = -20 * x[0], 10, -1
    J[[2, 2, 3], [2, 3, 2]] = -2 * 90**0.5 * x[2], 90**0.5, -1
    J[4:, [1, 3]] = 10**0.5 * np.array([[1, 1], [0.1, -0.1]])
    return J


TENTHS, WHOLE = np.arange(1, 11) / 10, np.arange(1.0, 11)
BOX = np.exp(-TENTHS) - np.exp(-10 * TENTHS)


def box(x):
    return np.exp(-TENTHS * x[0]) - np.exp(-TENTHS * x[1]) - x[2] * BOX


def box_slopes(x):
    return np.stack([-TENTHS * np.exp(-TENTHS * x[0]), TENTHS * np.exp(-TENTHS * x[1]), -BOX], axis=1)


def brown(x):
    return np.array([x[0] - 1e6, x[1] - 2e-6, x[0] * x[1] - 2])


def brown_slopes(x):
    return np.array([[1, 0], [0, 1], [x[1], x[0]]])


def jennrich(x):
    return 2 + 2 * WHOLE - np.exp(WHOLE * x[0]) - np.exp(WHOLE * x[1])


def jennrich_slopes(x):
    return -WHOLE[:, None] * np.exp(WHOLE[:, None] * x)


def trigonometric(x):
    i = np.arange(1, len(x) + 1)
    return len(x) - np.sum(np.cos(x)) + i * (1 - np.cos(x)) - np.sin(x)


def trigonometric_slopes(x):
    i = np.arange(1, len(x) + 1)
    return np.sin(x) + np.diag(i * np.sin(x) - np.cos(x))


def rosenbrock(x):
    return np.stack([10 * (x[1::2] - x[::2] ** 2), 1 - x[::2]], axis=1).ravel()


def rosenbrock_slopes(x):
    J, odd = np.zeros((len(x), len(x))), np.arange(0, len(x), 2)
    J[odd, odd], J[odd, odd + 1], J[odd + 1, odd] = -20 * x[::2], 10, -1
    return J


POWERS = np.arange(1, 4)


def beale(x):
    return np.array([1.5, 2.25, 2.625]) - x[0] * (1 - x[1] ** POWERS)


def beale_slopes(x):
    return np.stack([x[1] ** POWERS - 1, x[0] * POWERS * x[1] ** (POWERS - 1)], axis=1)


PROBLEMS = {
    "helical valley (7)": SumOfSquares(np.array([-1.0, 0, 0]), helical, helical_slopes),
    "Powell's singular (13)": SumOfSquares(np.array([3.0, -1, 0, 1]), powell, powell_slopes),
    "Wood (14)": SumOfSquares(np.array([-3.0, -1, -3, -1]), wood, wood_slopes),
    "Box 3-d (12)": SumOfSquares(np.array([0.0, 10, 20]), box, box_slopes),
    "Brown badly scaled (4)": SumOfSquares(np.array([1.0, 1]), brown, brown_slopes),
    "Jennrich-Sampson (6)": SumOfSquares(np.array([0.3, 0.4]), jennrich, jennrich_slopes, (124.362,)),
    "trigonometric in 10 (26)": SumOfSquares(np.full(10, 0.1), trigonometric, trigonometric_slopes, (0, 2.79506e-5)),
    "Rosenbrock in 20 (21)": SumOfSquares(np.tile([-1.2, 1], 10), rosenbrock, rosenbrock_slopes),
    "Beale (5)": SumOfSquares(np.array([1.0, 1]), beale, beale_slopes),
}


class Recorded:
    """Stands for f: of each gradient asked for, the value there, and how many values had been asked for."""

    def __init__(self, f):
        self.f, self.calls, self.seen = f, 0, []

    def __call__(self, x):
        self.calls += 1
        return self.f(x)

    def grad(self, x):
        self.seen.append((self.f(x), self.calls))
        return self.f.grad(x)

    def needed(self, target):
        """Gradients and values up to the first gradient at a value <= target; infinities if there was none."""
        found = ((k, calls) for k, (value, calls) in enumerate(self.seen, 1) if value <= target)
        return next(found, (np.inf, np.inf))


def course(method, f, start, target):
    """Gradients and values that a method of the course needs to a value <= target."""
    f = Recorded(f)
    for _ in iterate(METHODS[method][0](f), f, start):
        if len(f.seen) > LIMIT or (f.seen and min(f.seen)[0] <= target):
            return f.needed(target)


def scipy(method, f, start):
    """The value with which SciPy ends, and the gradients and values that it needs to 1e-6 above."""
    from scipy.optimize import minimize

    _, name, options = METHODS[method]
    f = Recorded(f)
    found = minimize(f, start, jac=f.grad, method=name, options={"maxiter": LIMIT} | options)
    return float(found.fun), *f.needed(found.fun + 1e-6)


def around(start):
    """The start, and ten at random within a tenth of its size along each axis."""
    rng = np.random.default_rng(0)
    size = 0.1 * np.maximum(0.1, np.abs(start))
    return [start, *(start + size * rng.uniform(-1, 1, len(start)) for _ in range(10))]


def main():
    try:
        import scipy as library
    except ModuleNotFoundError:
        from benchmark import environment

        python = environment("scipy", f"numpy=={np.__version__} scipy")
        sys.exit(subprocess.run([python, __file__]).returncode)
    print(f"NumPy {np.__version__}, SciPy {library.__version__}. Gradients (values) to what SciPy ends with, plus 1e-6")
    stored = {"scipy": library.__version__, "numpy": np.__version__}
    for method in METHODS:
        print(f"\n{method:<26}{'course':>12}{'SciPy':>12}{'ratio':>14}    around it: median, worst     SciPy ends")
        ratios, stored[method] = [], {}
        for name, f in PROBLEMS.items():
            rows = []
            for start in around(f.start):
                end, *theirs = scipy(method, f, start)
                rows.append((course(method, f, start, end + 1e-6), theirs, end))
            near = [ours[0] / theirs[0] for ours, theirs, _ in rows[1:]]
            (ours, theirs, end), (ratio, values) = rows[0], np.divide(*rows[0][:2])
            ratios.append(ratio)
            stored[method][name] = [end, theirs[0]]
            low = "in a minimum" if np.isclose(end, f.least, rtol=1e-5, atol=1e-7).any() else f"at {end:.1f}, in none"
            counts = f"{ours[0]:>6} {f'({ours[1]})':<6}{theirs[0]:>5} {f'({theirs[1]})':<6}{ratio:>6.2f} ({values:.2f})"
            print(f"  {name:<26}{counts}{np.median(near):>14.2f}{max(near):>8.2f}          {low}", flush=True)
        print(f"  ratio of gradients: median {np.median(ratios):.2f}, worst {max(ratios):.2f}")
    STORED.write_text(json.dumps(stored, indent=1) + "\n")


if __name__ == "__main__":
    main()
