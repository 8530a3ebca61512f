"""Convexity: what must be refuted is, what is convex never; projections are the nearest points; slopes of penalties."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib import problems, surfaces
from course_lib.convexity import (
    ROUNDING,
    chord_gap,
    find_violation,
    penalized,
    project_ball,
    project_box,
    project_simplex,
    projected,
    tangent_gap,
)
from course_lib.descent import descend, end
from course_lib.optimizers import gd, momentum

SEEDS = st.integers(0, 2**32 - 1)
LINE = ((-3.0, 3.0),)
CONVEX = {
    "line": lambda p: 3 * p[0] - 1e6,
    "square": lambda p: p[0] * p[0],
    "steep": lambda p: np.exp(20 * p[0]),
    "softplus": lambda p: np.logaddexp(0, p[0]),
    "inf outside": lambda p: np.where(p[0] > 0, -np.log(np.maximum(p[0], 1e-300)), np.inf),
    "|x|": surfaces.absolute,
    "x⁴": surfaces.quartic,
    "Lessard": surfaces.lessard,
}
NOT_CONVEX = {
    "cube": lambda p: p[0] ** 3,
    "root": lambda p: np.sqrt(np.abs(p[0])),
    "step": lambda p: np.sign(p[0]),
    "plateau": surfaces.plateau,
    "bumpy": surfaces.bumpy,
    "sharp and flat": surfaces.sharp_and_flat,
    "a small dent": lambda p: p[0] ** 2 + 3e-4 * np.exp(-((p[0] - 0.7) ** 2) / 2e-4),
}
PROJECTIONS = {
    "ball": (lambda x: project_ball(x, 1.5), lambda x: np.linalg.norm(x, axis=0) <= 1.5 + 1e-12),
    "box": (lambda x: project_box(x, -0.5, 1.0), lambda x: np.all((x >= -0.5) & (x <= 1.0), axis=0)),
    "half space": (lambda x: project_box(x, -np.inf, 0.0), lambda x: np.all(x <= 0, axis=0)),
    "simplex": (
        lambda x: project_simplex(x, 2.0),
        lambda x: np.all(x >= 0, axis=0) & np.isclose(x.sum(axis=0), 2.0, rtol=0, atol=1e-12),
    ),
}


@pytest.mark.parametrize("name", CONVEX)
@given(seed=SEEDS)
def test_what_is_convex_is_never_refuted(name, seed):
    assert find_violation(CONVEX[name], LINE, np.random.default_rng(seed), 2000) is None


@pytest.mark.parametrize("name", NOT_CONVEX)
def test_what_is_not_convex_is_refuted_by_a_chord_that_anybody_can_check(name):
    f = NOT_CONVEX[name]
    found = find_violation(f, LINE, np.random.default_rng(0))
    assert found.above > 0
    assert np.all((LINE[0][0] <= found.x) & (found.x <= LINE[0][1]))
    gap = chord_gap(f, found.x[:, None], found.y[:, None], found.t)
    assert gap[0] == pytest.approx(-found.above, rel=1e-6)


@pytest.mark.parametrize("f", [surfaces.rosenbrock, surfaces.beale, surfaces.himmelblau, surfaces.saddle], ids=repr)
def test_surfaces_of_two_coordinates(f):
    assert find_violation(f, f.window, np.random.default_rng(0)).x.shape == (2,)


def test_rounding_is_no_violation_and_what_is_larger_is_one():
    def dented(p):
        return 1 + depth * (p[0] < 0)  # a step is above chords by up to its height

    depth = 0.1 * ROUNDING
    assert find_violation(dented, LINE, np.random.default_rng(0)) is None
    depth = 10 * ROUNDING
    assert find_violation(dented, LINE, np.random.default_rng(0)).above > 0


@given(seed=SEEDS, kappa=st.floats(1, 1e4))
def test_the_sandwich_holds(seed, kappa):
    f = surfaces.quadratic(kappa=kappa, angle=30)
    x, y = np.random.default_rng(seed).normal(size=(2, 2, 50))
    half = 0.5 * np.sum((y - x) ** 2, axis=0)
    gap = tangent_gap(f, x, y)
    assert np.all(f.mu * half - 1e-12 <= gap)
    assert np.all(gap <= f.L * half + 1e-12)


def test_models_of_machine_learning():
    rng = np.random.default_rng(0)
    X, y = problems.clusters(40, [[-1, 0, 0], [1, 0, 0]], 1.0, rng)
    for make in (problems.least_squares, problems.logistic, problems.hinge):
        assert find_violation(make(X, 2.0 * y - 1), ((-3, 3),) * 3, rng, 1000) is None


# Projections


@pytest.mark.parametrize("name", PROJECTIONS)
@given(seed=SEEDS)
def test_a_projection_is_the_nearest_point(name, seed):
    project, allowed = PROJECTIONS[name]
    rng = np.random.default_rng(seed)
    x, other = 3 * rng.normal(size=(2, 4, 30))
    p, q = project(x), project(other)
    assert np.all(allowed(p))
    np.testing.assert_allclose(project(p), p, rtol=0, atol=1e-12)
    # the corner towards any other allowed point is at least a right angle; this is what "nearest" means
    assert np.all(np.sum((x - p) * (q - p), axis=0) <= 1e-9)
    assert np.all(np.linalg.norm(p - q, axis=0) <= np.linalg.norm(x - other, axis=0) + 1e-12)
    for i in range(3):
        np.testing.assert_array_equal(project(x[:, i]), p[:, i])


@pytest.mark.parametrize("name", PROJECTIONS)
def test_projections_keep_float32_and_change_nothing_in_place(name):
    x = np.array([3, -1, 0.25, 7], np.float32)
    before = x.copy()
    assert PROJECTIONS[name][0](x).dtype == np.float32
    np.testing.assert_array_equal(x, before)


def test_projections_by_hand():
    np.testing.assert_allclose(project_ball(np.array([3.0, 4.0])), [0.6, 0.8], rtol=1e-15)
    np.testing.assert_array_equal(project_ball(np.array([0.3, 0.4])), [0.3, 0.4])
    np.testing.assert_array_equal(project_ball(np.zeros(2)), np.zeros(2))
    np.testing.assert_array_equal(project_ball(np.array([3.0, 4.0]), 0.0), np.zeros(2))
    np.testing.assert_allclose(project_simplex(np.array([0.5, 0.5, -1.0])), [0.5, 0.5, 0.0], atol=1e-15)
    np.testing.assert_allclose(project_simplex(np.array([2.0, 0.0, 0.0])), [1.0, 0.0, 0.0], atol=1e-15)
    np.testing.assert_allclose(project_simplex(np.array([1.0, 0.6, 0.1])), [0.7, 0.3, 0.0], atol=1e-15)


# Steps with a constraint


def test_a_projected_method_keeps_the_constraint_and_its_memory():
    f = surfaces.quadratic_form(np.eye(2))
    path = descend(projected(momentum, lambda x: project_box(x, 0.5, 9)), f, [3, 2], 50, lr=0.1)
    assert path.min() >= 0.5
    np.testing.assert_array_equal(path[:, -1], [0.5, 0.5])
    free = projected(momentum, lambda x: x)
    np.testing.assert_array_equal(descend(free, f, [3, 2], 20, lr=0.1), descend(momentum, f, [3, 2], 20, lr=0.1))


def test_a_penalty_and_its_slope():
    f = penalized(surfaces.himmelblau, project_ball, 7.0)
    assert f.d == 2
    p = 2 * np.random.default_rng(0).normal(size=(2, 9))
    h = 1e-6
    for i in range(2):
        step = h * np.eye(2)[:, i : i + 1]
        np.testing.assert_allclose((f(p + step) - f(p - step)) / (2 * h), f.grad(p)[i], rtol=1e-6, atol=1e-5)
    inside = 0.3 * project_ball(p)
    np.testing.assert_array_equal(f(inside), surfaces.himmelblau(inside))


@pytest.mark.parametrize("weight", [0, 1, 100])
def test_where_a_penalty_ends(weight):
    """The minimum of (x - 3)²/2 with a price on x > 1 is at (3 + weight) / (1 + weight)."""
    f = surfaces.Surface("", lambda p: 0.5 * (p[0] - 3) ** 2, lambda p: p - 3, start=[0], window=((-1, 4),))
    last = end(gd, penalized(f, lambda x: project_box(x, -np.inf, 1), weight), [0], 2000, lr=1 / (1 + weight))
    assert last[0] == pytest.approx((3 + weight) / (1 + weight), abs=1e-9)


# Errors


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda: find_violation(surfaces.absolute, (-1, 1), np.random.default_rng(0)), "window must"),
        (lambda: find_violation(surfaces.absolute, ((1, -1),), np.random.default_rng(0)), "window must"),
        (lambda: find_violation(surfaces.absolute, ((-1, np.inf),), np.random.default_rng(0)), "window must"),
        (lambda: find_violation(surfaces.absolute, LINE, 0), "rng must"),
        (lambda: find_violation(surfaces.absolute, LINE, np.random.default_rng(0), 0), "pairs must"),
        (lambda: find_violation(np.abs, LINE, np.random.default_rng(0)), "one value for each point"),
        (lambda: project_ball(np.ones(2), -1), "radius must"),
        (lambda: project_ball(np.ones(2), np.nan), "radius must"),
        (lambda: project_box(np.ones(2), 1, 0), "low must"),
        (lambda: project_box(np.ones(2), 1, np.nan), "low must"),
        (lambda: project_simplex(np.ones(2), 0), "amount must"),
        (lambda: penalized(surfaces.absolute, project_ball, -1), "weight must"),
    ],
)
def test_bad_arguments_are_named(wrong, message):
    with pytest.raises(ValueError, match=message):
        wrong()
