"""Gradients by differences, their check, the directions of steepest descent, and backtracking."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from course_lib import networks, problems
from course_lib.descent import descend, end
from course_lib.gradients import (
    backtracking,
    central_differences,
    complex_step,
    forward_differences,
    gradient_check,
    relative_cost,
    steepest_l1,
    steepest_l2,
    steepest_linf,
)
from course_lib.optimizers import gd
from course_lib.surfaces import (
    Surface,
    absolute,
    beale,
    bumpy,
    counted,
    himmelblau,
    plateau,
    quadratic,
    quartic,
    rastrigin,
    rosenbrock,
    sharp_and_flat,
)

SURFACES = [quadratic(10, 30), rosenbrock, beale, himmelblau, rastrigin(3), plateau, sharp_and_flat]
RULES = {forward_differences: 1e-3, central_differences: 1e-6, complex_step: 1e-15}


def near_start(f, runs=4):
    return f.start[:, None] + 0.1 * np.random.default_rng(0).normal(size=(f.d, runs))


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("f", SURFACES, ids=str)
def test_the_measured_gradient_is_the_gradient(f, rule):
    errors = gradient_check(f, near_start(f), rule)
    assert errors.shape == (4,)
    assert errors.max() < RULES[rule]


@pytest.mark.parametrize(("rule", "values"), [(forward_differences, 6), (central_differences, 10), (complex_step, 5)])
def test_what_a_gradient_costs(rule, values):
    f = counted(rastrigin(5))
    rule(f, f.start)
    assert (f.calls, f.grads) == (values, 0)


def test_the_error_falls_with_h_to_the_power_of_the_rule_and_rises_again():
    for rule, power, h in ((forward_differences, 1, 1e-3), (central_differences, 2, 1e-2)):
        near, nearer, rounded = (gradient_check(himmelblau, [0.3, 0.7], rule, h) for h in (h, h / 10, 1e-13))
        assert near / nearer == pytest.approx(10**power, rel=0.01)
        assert rounded > nearer


@pytest.mark.parametrize("rule", RULES)
def test_runs_side_by_side_have_the_bits_of_the_run_alone(rule):
    x = near_start(rosenbrock)
    alone = [rule(rosenbrock, x[:, i]) for i in range(4)]
    np.testing.assert_array_equal(rule(rosenbrock, x), np.stack(alone, axis=-1))


@pytest.mark.parametrize("rule", RULES)
def test_float32_stays_float32(rule):
    x = near_start(rosenbrock).astype(np.float32)
    assert rule(rosenbrock, x).dtype == np.float32
    assert gradient_check(rosenbrock, x, rule).max() < 0.02


def test_a_network_passes_the_check():
    X, y = problems.two_moons(30, 0.2, np.random.default_rng(0))
    task = problems.classify(networks.Network([2, 4, 1]), X, y)
    assert gradient_check(task, task.start) < 1e-8


WRONG = {
    "sign": (lambda p: -himmelblau.grad(p), 2.0),
    "zero": (lambda p: 0 * p, 1.0),
    "half": (lambda p: himmelblau.grad(p) / 2, 0.5),
    "double": (lambda p: 2 * himmelblau.grad(p), 0.5),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_gradient_does_not_pass(name):
    gradient, expected = WRONG[name]
    wrong = Surface("wrong", himmelblau.value, gradient, start=himmelblau.start, window=himmelblau.window)
    assert gradient_check(wrong, [0.3, 0.7]) == pytest.approx(expected, abs=1e-6)


def test_the_check_of_a_flat_function_is_zero():
    flat = Surface("flat", lambda p: 0 * p[0], lambda p: 0 * p, start=(1, 1), window=((0, 1),) * 2)
    assert gradient_check(flat, [0.3, 0.7]) == 0


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("h", [0, -1e-3, np.inf, np.nan, "small"])
def test_a_bad_h_is_refused(rule, h):
    with pytest.raises(ValueError, match="h must be"):
        rule(himmelblau, [0.3, 0.7], h)


@pytest.mark.parametrize("x", [1.0, [], [np.nan, 1.0], [np.inf, 0.0]])
def test_a_bad_place_is_refused(x):
    with pytest.raises(ValueError, match="x must be a finite array"):
        central_differences(himmelblau, x)


def test_the_clock_tells_a_dear_gradient_from_a_cheap_one():
    def slow(p):
        return himmelblau.grad(np.broadcast_to(p[:, None], (2, 200_000)))[:, 0]

    dear = Surface("dear", himmelblau.value, slow, start=himmelblau.start, window=himmelblau.window)
    assert relative_cost(dear, dear.start, 3) > 3 * relative_cost(himmelblau, himmelblau.start, 3) > 0
    with pytest.raises(ValueError, match="repeats must be an integer >= 1; got 0"):
        relative_cost(dear, dear.start, 0)


# Steepest descent

NORMS = {steepest_l1: 1, steepest_l2: 2, steepest_linf: np.inf}
GRADIENTS = arrays(float, 3, elements=st.floats(-10, 10).filter(lambda v: v == 0 or abs(v) > 1e-6))


@pytest.mark.parametrize("steepest", NORMS)
@given(g=GRADIENTS, seed=st.integers(0, 9))
def test_no_unit_step_goes_down_more(steepest, g, seed):
    u = steepest(g)
    assert np.linalg.norm(u, NORMS[steepest]) == pytest.approx(float(np.any(g)), abs=1e-12)
    others = np.random.default_rng(seed).normal(size=(200, 3))
    others /= np.linalg.norm(others, NORMS[steepest], axis=1)[:, None]
    assert g @ u <= (others @ g).min() + 1e-9


@pytest.mark.parametrize("steepest", NORMS)
def test_directions_of_many_runs_are_those_of_each(steepest):
    g = np.array([[1.0, 0.0, -3.0, 2.0], [-2.0, 0.0, 1.0, 2.0]])
    np.testing.assert_array_equal(steepest(g), np.stack([steepest(g[:, i]) for i in range(4)], axis=-1))
    assert steepest(g.astype(np.float32)).dtype == np.float32


def test_of_equal_slopes_the_first_is_taken():
    np.testing.assert_array_equal(steepest_l1(np.array([2.0, -2.0])), [-1, 0])


# Backtracking


@pytest.mark.parametrize("c", [0.5, 1e-4])
@pytest.mark.parametrize("f", [quadratic(100), rosenbrock, beale, himmelblau, quartic], ids=str)
def test_every_step_goes_down_enough(f, c):
    path = descend(backtracking(f, c), f, f.start, 60, lr=0.7)
    values, slopes = f(path), np.sum(f.grad(path) ** 2, axis=0)
    moving = slopes[:-1] > 1e-20
    rates = np.linalg.norm(np.diff(path, axis=1), axis=0) / np.sqrt(np.where(moving, slopes[:-1], 1))
    enough = values[:-1] - c * rates * slopes[:-1]
    assert np.all((values[1:] <= enough * (1 + 1e-6))[moving])


def test_with_the_rate_of_armijo_half_no_step_passes_the_lowest_point_of_its_line():
    f = quadratic(30, 20)
    path = descend(backtracking(f, c=0.5), f, [1, 2], 30, lr=1.0)
    g = f.grad(path)
    ahead = np.sum(g[:, 1:] * g[:, :-1], axis=0)
    assert np.all(ahead >= -1e-12 * np.sum(g[:, :-1] ** 2, axis=0))


def test_the_first_rate_that_will_do_is_taken_as_it_is():
    np.testing.assert_array_equal(
        end(backtracking(himmelblau), himmelblau, [0, 0], 1, lr=0.01), end(gd, himmelblau, [0, 0], 1, lr=0.01)
    )


def test_the_rate_shrinks_and_grows_by_the_factor():
    step = backtracking(quartic, shrink=0.25)
    _, eta = step(np.array([3.0]), quartic.grad([3.0]), lr=1.0)
    assert np.log(eta) / np.log(0.25) == pytest.approx(round(float(np.log(eta) / np.log(0.25))))
    assert eta < 1
    _, later = step(np.array([0.01]), quartic.grad([0.01]), eta)
    assert later == 4 * eta


def test_from_where_a_fixed_rate_explodes_it_arrives():
    with np.errstate(all="ignore"):
        assert not np.abs(end(gd, quartic, [3.0], 20, lr=0.1)) < 1e6
    assert np.abs(end(backtracking(quartic), quartic, [3.0], 60, lr=0.1)) < 1e-6


def test_each_run_searches_for_itself_with_the_bits_of_the_run_alone():
    starts = near_start(rosenbrock, 5)
    method = backtracking(rosenbrock)
    alone = [descend(method, rosenbrock, starts[:, i], 30, lr=0.3) for i in range(5)]
    np.testing.assert_array_equal(descend(method, rosenbrock, starts, 30, lr=0.3), np.stack(alone, axis=-1))
    rates = np.array([0.01, 0.1, 1.0])
    many = descend(method, rosenbrock, rosenbrock.start, 30, lr=rates)
    np.testing.assert_array_equal(many[..., 1], descend(method, rosenbrock, rosenbrock.start, 30, lr=0.1))


def test_it_keeps_float32():
    start = rosenbrock.start.astype(np.float32)
    x, eta = backtracking(rosenbrock)(start, rosenbrock.grad(start), lr=1.0)
    assert x.dtype == eta.dtype == np.float32


def test_in_the_minimum_it_stays_at_the_cost_of_one_trial():
    f = counted(himmelblau)
    x, eta = backtracking(f)(np.array([3.0, 2.0]), np.zeros(2), lr=0.5)
    np.testing.assert_array_equal(x, [3, 2])
    assert np.isfinite(eta)
    assert f.calls == 2


@pytest.mark.parametrize("shrink", [0.05, 0.5, 0.8, 0.9, 0.95])
@pytest.mark.parametrize(
    ("f", "start", "lr"),
    [
        (rosenbrock, [-1.2, 1.0], 1.0),
        (rosenbrock, [-1.2, 1.0], 1e30),
        (quadratic(10.0, L=1e20), [1.0, 1.0], 1.0),
        (quadratic(10.0, L=1e20), [1.0, 1.0], 1e20),
        (quadratic(10.0, L=1e-20), [1.0, 1.0], 1e300),
    ],
    ids=["rosenbrock", "rosenbrock from far", "steep", "steep from far", "flat"],
)
def test_no_first_rate_is_too_long_and_no_patience_too_great(f, start, lr, shrink):
    values = f(descend(backtracking(f, shrink=shrink), f, start, 300, lr=lr))
    assert values[1] < values[0]
    assert values[-1] < 0.2 * values[0]


@pytest.mark.parametrize("shrink", [0.5, 0.95])
def test_where_nothing_is_lower_it_stays_alone_and_in_company(shrink):
    starts = np.array([[3.1, 3.5, 3.1], [2.0, 1.0, 2.0]])
    g = himmelblau.grad(starts) * [-1, 1, -1e-9]
    f = counted(himmelblau)
    together = backtracking(f, shrink=shrink)(starts, g, lr=1.0)
    assert f.calls < 80 * np.log(0.5) / np.log(shrink)
    np.testing.assert_array_equal(together[0] == starts, [[True, False, True]] * 2)
    for i in range(3):
        alone = backtracking(himmelblau, shrink=shrink)(starts[:, i], g[:, i], lr=1.0)
        np.testing.assert_array_equal(alone[0], together[0][:, i])
        assert alone[1] == together[1][i]


@pytest.mark.parametrize("f", [plateau, absolute, bumpy], ids=str)
def test_who_has_arrived_searches_no_longer_than_rounding_sees(f):
    f = counted(f)
    descend(backtracking(f), f, f.start, 400, lr=1.0)
    assert f.calls < 400 * 60


def test_a_run_without_a_value_ends_its_search_at_once():
    f = counted(himmelblau)
    x, _ = backtracking(f)(np.array([np.nan, 2.0]), np.array([np.nan, 1.0]), lr=1.0)
    assert np.isnan(x[0])
    assert f.calls == 2


@pytest.mark.parametrize(
    ("name", "value"), [("c", 0), ("c", 1), ("c", -1), ("shrink", 1.0), ("shrink", 0), ("c", "half")]
)
def test_a_bad_share_is_refused(name, value):
    with pytest.raises(ValueError, match=f"{name} must be a number in"):
        backtracking(himmelblau, **{name: value})
