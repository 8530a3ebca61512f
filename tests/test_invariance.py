"""Who notices a change of coordinates or units: the table of lesson 07, on random changes, functions and starts."""

import numpy as np
import pytest

from course_lib.curvature import bfgs, conjugate_gradients, damped_newton, lbfgs, newton, saddle_free_newton
from course_lib.descent import descend
from course_lib.optimizers import adagrad, adam, gd, lion, momentum, momentum_ema, nesterov, rmsprop
from course_lib.surfaces import changed, quadratic_form, rosenbrock
from course_lib.wrappers import preconditioned

STEPS = 8


def jacobi(f):
    return lambda x, g, *, lr=0.5: (x - lr * g / np.diag(f.hess(x)),)


def whitened(f):
    return preconditioned(momentum, np.linalg.inv(f.hess(f.start)))


def first_order(method):
    return lambda f: method


TINY = {"eps": 1e-30}  # or the factor on f is noticed by it
METHODS = {  # name: (from the function to the step, hyperparameters, which changes it notices)
    "gd": (first_order(gd), {"lr": 1e-4}, {"stretched", "multiplied"}),
    "momentum": (first_order(momentum), {"lr": 1e-5}, {"stretched", "multiplied"}),
    "momentum_ema": (first_order(momentum_ema), {"lr": 1e-4}, {"stretched", "multiplied"}),
    "nesterov": (first_order(nesterov), {"lr": 1e-5}, {"stretched", "multiplied"}),
    "adagrad": (first_order(adagrad), {"lr": 0.1} | TINY, {"rotated", "stretched"}),
    "rmsprop": (first_order(rmsprop), {"lr": 0.01} | TINY, {"rotated", "stretched"}),
    "adam": (first_order(adam), {"lr": 0.1} | TINY, {"rotated", "stretched"}),
    "lion": (first_order(lion), {"lr": 0.01}, {"rotated", "stretched"}),
    "jacobi": (jacobi, {}, {"rotated"}),
    "newton": (newton, {}, set()),
    "damped_newton": (damped_newton, {"damping": 20.0}, {"stretched", "multiplied"}),
    "saddle_free_newton": (saddle_free_newton, {}, {"stretched"}),
    "bfgs": (bfgs, {}, {"stretched"}),
    "lbfgs": (lbfgs, {}, {"stretched"}),
    "conjugate_gradients": (conjugate_gradients, {}, {"stretched"}),
}


def bowl(rng):
    Q = np.linalg.qr(rng.normal(size=(4, 4)))[0]
    A = Q * np.geomspace(0.5, 20, 4) @ Q.T
    return quadratic_form((A + A.T) / 2)


def changes(rng, d):
    """A random change of each kind: what `changed` takes."""
    stretch = np.exp(rng.uniform(0.3, 1, d) * rng.permutation([1, -1, 1, -1][:d]))
    return {
        "rotated": {"A": np.linalg.qr(rng.normal(size=(d, d)))[0]},
        "stretched": {"A": np.diag(stretch)},
        "multiplied": {"scale": rng.uniform(3, 30) ** rng.choice([-1, 1])},
        "shifted": {"shift": rng.uniform(-9, 9)},
    }


def apart(make, hyper, f, start, change):
    """How far its way on the changed function, seen from the old coordinates, is from its way, as a share of it."""
    there, A = changed(f, **change), change.get("A", np.eye(f.d))
    here = descend(make(f), f, start, STEPS, **hyper)
    seen = A @ descend(make(there), there, np.linalg.solve(A, start), STEPS, **hyper)
    return np.abs(seen - here).max() / np.ptp(here, axis=1).max()


@pytest.mark.parametrize("kind", ["rotated", "stretched", "multiplied", "shifted"])
@pytest.mark.parametrize("name", METHODS)
def test_who_notices_what(name, kind):
    make, hyper, notices = METHODS[name]
    rng, far = np.random.default_rng(6), []
    for f, start in [(rosenbrock, [-1.2, 1.0]), (rosenbrock, [0.5, 2.0]), *((bowl(rng), rng.normal(size=4)),) * 4]:
        far.append(apart(make, hyper, f, start, changes(rng, f.d)[kind]))
    if kind in notices:
        assert max(far) > 1e-2
    else:
        assert max(far) < 1e-6


def test_a_full_preconditioner_cures_a_stretch_only_if_it_is_made_anew():
    f, start = bowl(np.random.default_rng(7)), np.ones(4)
    change = {"A": np.diag([3.0, 0.5, 2.0, 1.0])}
    assert apart(whitened, {"lr": 0.1}, f, start, change) < 1e-9
    fixed = whitened(f)
    assert apart(lambda g: fixed, {"lr": 0.1}, f, start, change) > 1e-2
