"""Newton's methods, BFGS and conjugate gradients, their line searches, and the tools that measure curvature."""

import json
import math
import runpy
from itertools import islice, pairwise
from pathlib import Path

import numpy as np
import pytest

from course_lib import networks, problems
from course_lib.curvature import (
    bfgs,
    condition_number,
    conjugate_gradients,
    critical_kind,
    damped_newton,
    exact,
    hessian_vector_product,
    lbfgs,
    newton,
    parabola,
    power_iteration,
    saddle_free_newton,
    secant_update,
    two_loops,
    with_hessian,
    wolfe,
)
from course_lib.descent import descend, end, iterate
from course_lib.optimizers import gd
from course_lib.surfaces import (
    Surface,
    absolute,
    beale,
    bumpy,
    counted,
    himmelblau,
    lessard,
    monkey_saddle,
    nesterov_worst,
    plateau,
    quadratic,
    quadratic_form,
    quartic,
    rastrigin,
    rosenbrock,
    saddle,
    sharp_and_flat,
)

NEWTONS = {"newton": (newton, {}), "damped": (damped_newton, {"damping": 0.5}), "saddle-free": (saddle_free_newton, {})}
ON_A_LINE = [plateau, bumpy, sharp_and_flat, absolute, quartic, lessard]
SURFACES = [quadratic(10, 30), rosenbrock, beale, himmelblau, rastrigin(3), saddle, monkey_saddle, nesterov_worst(5)]
WAVY = [rosenbrock, beale, himmelblau, rastrigin(3), quadratic(100, 30), bumpy, quartic]
SEARCHERS = {"bfgs": bfgs, "lbfgs": lbfgs, "conjugate_gradients": conjugate_gradients}


def symmetric(rng, d, low, high):
    """A random symmetric matrix with eigenvalues spaced evenly, in ratio, from low to high."""
    Q = np.linalg.qr(rng.standard_normal((d, d)))[0]
    A = Q * np.geomspace(low, high, d) @ Q.T
    return (A + A.T) / 2


def frozen(a):
    a = np.array(a)
    a.flags.writeable = False
    return a


def lines(f):
    """Points, directions downhill from there, and the gradients."""
    rng = np.random.default_rng(4)
    for x in rng.uniform(-2, 2, (40, f.d)):
        g = f.grad(x)
        yield x, -g * rng.uniform(0.01, 10, f.d), g


# Newton


@pytest.mark.parametrize("f", [quadratic(100, 30), quadratic_form(symmetric(np.random.default_rng(0), 9, 0.1, 10))])
def test_newton_ends_on_a_quadratic_in_one_step_from_everywhere(f):
    starts = np.random.default_rng(1).standard_normal((f.d, 5, 4))
    assert np.abs(end(newton(f), f, starts, 1)).max() < 1e-13
    assert end(newton(f), f, starts, 1, lr=0.5) == pytest.approx(starts / 2, rel=1e-12)


def test_newton_on_rosenbrock_takes_5_steps_and_climbs_a_hill_on_the_way():
    values = rosenbrock(descend(newton(rosenbrock), rosenbrock, [-1.2, 1], 6))
    assert values[2] == pytest.approx(1412, abs=1)
    assert values[5] < 1e-10 < values[4]


def test_newton_is_drawn_to_whatever_is_flat():
    assert end(newton(saddle), saddle, [1.0, 0.5], 1).tolist() == [0, 0]
    halving = descend(newton(monkey_saddle), monkey_saddle, [0.5, 0.3], 5)
    assert halving == pytest.approx(np.outer([0.5, 0.3], 0.5 ** np.arange(6)), rel=1e-12)
    double_well = Surface(
        "double well",
        lambda x: (x**4 - x**2)[0],
        lambda x: 4 * x**3 - 2 * x,
        start=(0.1,),
        window=((-1, 1),),
        hessian=lambda x: (12 * x**2 - 2)[None],
    )
    assert abs(end(newton(double_well), double_well, [0.1], 6)[0]) < 1e-15  # the maximum between the wells


def test_newton_leaves_a_convex_function_for_ever():
    ramp = Surface(
        "√(1 + x²)",
        lambda x: np.sqrt(1 + x * x)[0],
        lambda x: x / np.sqrt(1 + x * x),
        start=(1.1,),
        window=((-3, 3),),
        hessian=lambda x: ((1 + x * x) ** -1.5)[None],
    )
    path = descend(newton(ramp), ramp, ramp.start, 4)[0]
    assert path == pytest.approx([1.1, -1.331, 2.358, -13.11, 2253], rel=1e-3)


@pytest.mark.parametrize(("make", "hyper"), NEWTONS.values(), ids=NEWTONS)
@pytest.mark.parametrize("f", [*ON_A_LINE, *SURFACES], ids=str)
def test_a_newton_run_alone_equals_the_run_in_a_batch(make, hyper, f):
    starts, rates = np.random.default_rng(2).uniform(-2, 2, (f.d, 3, 4)), np.array([0.1, 0.5, 0.7, 1.0])
    together = descend(make(f), f, starts, 15, lr=rates, **hyper)
    for i, j in np.ndindex(3, 4):
        alone = descend(make(f), f, starts[:, i, j], 15, lr=rates[j], **hyper)
        assert np.array_equal(alone, together[:, :, i, j], equal_nan=True)


@pytest.mark.parametrize(("make", "hyper"), NEWTONS.values(), ids=NEWTONS)
def test_newton_keeps_float32_and_changes_nothing_in_place(make, hyper):
    x, g = frozen(np.array([-1.2, 1], np.float32)), frozen(np.array([3, -4], np.float32))
    (new,) = make(rosenbrock)(x, g, **hyper)
    assert new.dtype == np.float32
    assert descend(make(rosenbrock), rosenbrock, x, 3, **hyper).dtype == np.float32


def test_a_singular_hessian_is_data_and_stays_in_its_run():
    starts = np.array([[1.0, 0.0, 0.5, np.inf], [0.0, 0.0, 0.5, 0.0]])
    (points,) = newton(monkey_saddle)(starts[:, [0, 2]], monkey_saddle.grad(starts[:, [0, 2]]))
    with np.errstate(all="ignore"):
        (ours,) = newton(monkey_saddle)(starts, monkey_saddle.grad(starts))
    assert np.array_equal(ours[:, [0, 2]], points)
    assert not np.isfinite(ours[:, [1, 3]]).any()
    assert end(newton(plateau), plateau, [1.0], 1)[0] == -np.inf  # the curvature is 0 at x = 1


def test_a_hessian_that_is_not_finite_is_data_and_stays_in_its_run():
    """The library below gives up on a 3 x 3 matrix full of NaN."""
    f = Surface(
        "(x + y + z)³",
        lambda p: p.sum(axis=0) ** 3,
        lambda p: 3 * p.sum(axis=0) ** 2 + 0 * p,
        hessian=lambda p: 6 * p.sum(axis=0) * np.ones((3, 3, *[1] * (p.ndim - 1))) + np.eye(3)[..., None],
        start=np.ones(3),
        window=((-1, 1),) * 3,
    )
    x, g = np.array([[1.0, np.inf], [1.0, 1.0], [1.0, 1.0]]), np.ones((3, 2))
    with np.errstate(all="ignore"):
        states = [newton(f)(x, g), damped_newton(f)(x, g, damping=0.0), saddle_free_newton(f)(x, g, damping=2.0)]
    for (points,), curvature in zip(states, (55, 55, 57)):
        assert points[:, 0] == pytest.approx(1 - 1 / curvature, rel=1e-12)
        assert np.isnan(points[:, 1]).all()


def test_damping_goes_from_newton_to_gradient_descent():
    start = np.random.default_rng(3).uniform(-2, 2, (2, 10))
    undamped = end(damped_newton(rosenbrock), rosenbrock, start, 3, damping=0.0)
    assert np.array_equal(undamped, end(newton(rosenbrock), rosenbrock, start, 3))
    step = end(damped_newton(rosenbrock), rosenbrock, start, 1, damping=1e9) - start
    assert step == pytest.approx(end(gd, rosenbrock, start, 1, lr=1e-9) - start, rel=1e-4)
    H, g = rosenbrock.hess(start[:, 0]), rosenbrock.grad(start[:, 0])
    step = end(damped_newton(rosenbrock), rosenbrock, start[:, 0], 1, damping=7.0, lr=0.5) - start[:, 0]
    assert step == pytest.approx(-0.5 * np.linalg.solve(H + 7 * np.eye(2), g), rel=1e-12)


def test_damping_above_the_negative_curvature_leaves_the_saddle():
    path = descend(damped_newton(saddle), saddle, [1, 0.01], 10, damping=[0.5, 4.0])
    assert np.abs(path[1, -1, 0]) < 0.01
    assert path[:, -1, 1] == pytest.approx([(4 / 6) ** 10, 0.01 * 2**10], rel=1e-12)


def test_saddle_free_newton_leaves_the_saddle_and_is_newton_where_all_curves_up():
    path = descend(saddle_free_newton(saddle), saddle, [1, 0.01], 10)
    assert path[:, -1] == pytest.approx([0, 0.01 * 2**10], abs=1e-12)
    bowl, start = quadratic(50, 20), [3.0, -1.0]
    assert np.array_equal(end(saddle_free_newton(bowl), bowl, start, 1), end(newton(bowl), bowl, start, 1))
    values = himmelblau(descend(saddle_free_newton(himmelblau), himmelblau, himmelblau.start, 12))
    assert values[-1] < 1e-20
    damped = end(saddle_free_newton(saddle), saddle, [1.0, 1.0], 1, damping=2.0)
    assert damped == pytest.approx([0.5, 1.5])


# Line searches


@pytest.mark.parametrize("f", WAVY, ids=str)
def test_both_conditions_of_wolfe_hold(f):
    for x, p, g in lines(f):
        t = wolfe(f, x, p, g)
        assert f(x + t * p) <= f(x) + 1e-4 * t * (g @ p)
        assert f.grad(x + t * p) @ p >= 0.9 * (g @ p)


@pytest.mark.parametrize("f", WAVY, ids=str)
def test_a_parabola_goes_down_and_ends_where_no_parabola_leads_on(f):
    for x, p, g in lines(f):
        t = parabola(f, x, p, g)
        fall, promised = f(x + t * p) - f(x), t * (g @ p)
        assert fall < 0
        ahead = -promised / (2 * (fall - promised)) if fall > promised else np.inf
        tried = [f(x + t * np.clip(ahead, 0.1, 10) * p), f(x + p), f(x)]
        assert abs(ahead - 1) < 0.1 or f(x + t * p) <= min(tried)


def test_a_parabola_is_right_after_two_trials_on_a_quadratic_and_near_on_others():
    f = counted(quadratic(100, 30))
    for k, (x, p, g) in enumerate(lines(f), 1):
        assert parabola(f, x, p, g) == pytest.approx(exact(f, x, p, g), rel=1e-6)
        assert f.calls <= 4 * k
    for x, p, g in lines(quartic):
        t = parabola(quartic, x, p, g)
        assert quartic(x + t * p) < 0.2 * quartic(x)


@pytest.mark.parametrize("search", [wolfe, parabola])
def test_a_search_uphill_stays_and_one_without_a_floor_ends(search):
    x, g = np.array([1.0]), np.array([2.0])
    bowl = quadratic_form(2 * np.eye(1))
    assert search(bowl, x, g, g) == 0
    assert search(bowl, x, 0 * g, g) == 0
    cliff = Surface("cliff", lambda x: -x[0], lambda x: -np.ones_like(x), start=(0,), window=((0, 1),))
    t = search(cliff, np.zeros(1), np.ones(1), -np.ones(1))
    assert 2**50 < t < math.inf
    nowhere = Surface("nowhere", lambda x: x[0] * np.nan, lambda x: x * np.nan, start=(0,), window=((0, 1),))
    assert search(nowhere, np.zeros(1), np.ones(1), -np.ones(1)) == 0


@pytest.mark.parametrize("search", [wolfe, parabola])
def test_no_direction_is_too_long(search):
    barrier = Surface("x - log x", lambda x: (x - np.log(x))[0], lambda x: 1 - 1 / x, start=(2,), window=((0, 3),))
    steep = quadratic(10.0, L=1e40)
    for f, x, p in ((steep, np.ones(2), -steep.grad(np.ones(2))), (barrier, np.array([2.0]), np.array([-1e30]))):
        t = search(f, x, p, f.grad(x))
        assert f(x + t * p) < f(x)


def test_exact_is_the_lowest_point_along_a_line_of_a_quadratic():
    rng = np.random.default_rng(5)
    A = symmetric(rng, 8, 1, 100)
    f = quadratic_form(A)
    for x, p in rng.standard_normal((20, 2, 8)):
        g = f.grad(x)
        assert exact(f, x, p, g) == pytest.approx(-(g @ p) / (p @ A @ p), rel=1e-10)
    assert exact(f, np.zeros(8), np.ones(8), np.zeros(8)) == 0


# BFGS and its kin


@pytest.mark.parametrize("make", SEARCHERS.values(), ids=SEARCHERS)
@pytest.mark.parametrize(
    ("f", "steps"), [(rosenbrock, 40), (beale, 20), (himmelblau, 16), (plateau, 10), (bumpy, 8), (quartic, 15)], ids=str
)
def test_a_minimum_is_found_and_kept(make, f, steps):
    path = descend(make(f), f, f.start, steps + 50)
    kept = path[:, steps:]
    assert np.abs(f.grad(kept)).max() < 1e-6
    assert all(critical_kind(f.hess(x), 0) == "minimum" for x in kept.T if f is not quartic)
    assert np.all(np.diff(f(path)) <= 0)


@pytest.mark.parametrize("make", SEARCHERS.values(), ids=SEARCHERS)
@pytest.mark.parametrize("search", [parabola, wolfe, exact])
def test_who_starts_at_the_minimum_stays(make, search):
    for f in (rosenbrock, quadratic(10)):
        path = descend(make(f, search=search), f, f.minima[0], 5)
        assert np.array_equal(path, np.repeat(f.minima[0][:, None], 6, axis=1))


@pytest.mark.parametrize("make", SEARCHERS.values(), ids=SEARCHERS)
def test_a_searcher_keeps_float32_and_changes_nothing_in_place(make):
    state = (frozen(np.array([-1.2, 1], np.float32)),)
    for _ in range(4):
        state = make(rosenbrock)(state[0], frozen(rosenbrock.grad(state[0])), *state[1:])
        state = [frozen(part) if isinstance(part, np.ndarray) else part for part in state]
        arrays = [part for part in state if isinstance(part, np.ndarray)]
        assert {part.dtype for part in arrays} == {np.dtype(np.float32)}


@pytest.mark.parametrize("make", SEARCHERS.values(), ids=SEARCHERS)
def test_a_searcher_refuses_several_runs(make):
    with pytest.raises(ValueError, match=r"one run at a time: x must have shape \(d,\); got \(2, 3\)"):
        descend(make(rosenbrock), rosenbrock, np.ones((2, 3)), 1)


@pytest.mark.parametrize("make", SEARCHERS.values(), ids=SEARCHERS)
def test_without_a_floor_a_searcher_runs_away_without_an_error(make):
    path = descend(make(saddle), saddle, [1, 0.01], 100)
    assert saddle(path)[5] < -1e10


def test_bfgs_learns_the_secant_condition_and_stays_positive():
    states = islice(iterate(bfgs(rosenbrock), rosenbrock, [-1.2, 1]), 1, 30)
    for (x, _, s, g), (_, B, *_) in pairwise(states):
        assert B @ (rosenbrock.grad(x) - g) == pytest.approx(s, rel=1e-6, abs=1e-12)
        assert np.array_equal(B, B.T)
        assert np.linalg.eigvalsh(B)[0] > 0


def test_the_update_of_bfgs_is_the_one_in_the_book():
    rng = np.random.default_rng(6)
    for d in (1, 2, 7):
        B, s = symmetric(rng, d, 0.1, 10), rng.standard_normal(d)
        y = symmetric(rng, d, 0.5, 5) @ s
        V = np.eye(d) - np.outer(s, y) / (s @ y)
        assert secant_update(B, s, y) == pytest.approx(V @ B @ V.T + np.outer(s, s) / (s @ y), rel=1e-9, abs=1e-9)
        assert np.array_equal(secant_update(B, s, -y), B)
        assert np.array_equal(secant_update(B, 0 * s, 0 * y), B)


def test_two_loops_multiply_by_the_matrix_made_of_the_moves():
    rng = np.random.default_rng(7)
    A, q = symmetric(rng, 6, 1, 10), rng.standard_normal(6)
    moves = tuple((s, A @ s) for s in rng.standard_normal((4, 6)))
    s, y = moves[-1]
    B = s @ y / (y @ y) * np.eye(6)
    for s, y in moves:
        B = secant_update(B, s, y)
    assert two_loops(moves, q) == pytest.approx(B @ q, rel=1e-10)
    assert np.array_equal(two_loops((), q), q)


def test_lbfgs_keeps_its_history_and_no_more():
    for history in (1, 3):
        _, moves, *_ = next(islice(iterate(lbfgs(rosenbrock, history), rosenbrock, [-1.2, 1]), 20, None))
        assert len(moves) == history


@pytest.mark.parametrize("f", WAVY, ids=str)
def test_with_wolfe_every_move_of_bfgs_teaches(f):
    for start, _, _ in islice(lines(f), 10):
        states = islice(iterate(bfgs(f, search=wolfe), f, start), 1, 15)
        for (_, _, s, g), (_, _, _, new) in pairwise(states):
            assert s @ (new - g) > 0 or not s.any() or np.abs(g).max() < 1e-6


@pytest.mark.parametrize("make", SEARCHERS.values(), ids=SEARCHERS)
def test_a_step_costs_one_gradient_and_with_wolfe_another_for_each_trial(make):
    f = counted(himmelblau)
    descend(make(f), f, [1, 1], 6)
    assert f.grads == 6
    assert f.calls <= 4.5 * 6
    f = counted(himmelblau)
    descend(make(f, search=wolfe), f, [1, 1], 6)
    assert 12 <= f.grads <= 6 + f.calls


@pytest.mark.parametrize("search", [parabola, wolfe])
@pytest.mark.parametrize("make", SEARCHERS.values(), ids=SEARCHERS)
def test_no_scale_of_the_function_or_of_its_place_stops_a_searcher(make, search):
    for L, far in [(1e-20, 1e-20), (1e-20, 1e20), (1e20, 1e-20), (1e20, 1e20), (1e200, 1.0), (1e-170, 1.0)]:
        f = quadratic(10.0, L=L)
        values = f(descend(make(f, search=search), f, [far, 0.7 * far], 200))
        assert values[-1] < 1e-6 * values[0]


@pytest.mark.parametrize("make", SEARCHERS.values(), ids=SEARCHERS)
def test_the_first_trial_goes_a_distance_of_1_down_the_slope(make):
    for f in (rosenbrock, quadratic(10.0, L=1e-3)):
        tried = []

        def search(f, x, p, g, tried=tried):
            tried.append(p)
            return 0.0

        descend(make(f, search=search), f, f.start, 1)
        g = f.grad(f.start)
        assert tried[0] == pytest.approx(-g / np.linalg.norm(g))


# Other people's code on classical test problems


CLASSICAL = runpy.run_path(str(Path(__file__).with_name("benchmark_scipy.py")))


@pytest.mark.parametrize("name", CLASSICAL["PROBLEMS"])
def test_the_gradients_of_the_classical_problems(name):
    f = CLASSICAL["PROBLEMS"][name]
    for x in CLASSICAL["around"](f.start):
        r, J = f.r(x), f.J(x)
        measured = np.stack([(f.r(x + step) - f.r(x - step)) / 2e-4 for step in 1e-4 * np.eye(len(x))], axis=-1)
        assert np.abs(measured - J).max() < 1e-5 * np.abs(J).max()
        assert f(x) == pytest.approx(np.sum(r * r), rel=1e-12)


@pytest.mark.parametrize("method", SEARCHERS)
def test_scipy_needs_no_fewer_gradients_on_classical_problems(method):
    """Its counts lie in reference/scipy.json, as benchmark_scipy.py stored them."""
    ratios = []
    for name, (end_of_scipy, gradients) in json.loads(CLASSICAL["STORED"].read_text())[method].items():
        f = CLASSICAL["PROBLEMS"][name]
        ours, _ = CLASSICAL["course"](method, f, f.start, end_of_scipy + 1e-6)
        ratios.append(ours / gradients)
        reached = f(end(SEARCHERS[method](f), f, f.start, 400))
        assert np.isclose(reached, f.least, rtol=1e-5, atol=1e-6).any(), name
    assert len(ratios) == 9
    assert np.median(ratios) < 1
    assert max(ratios) < 1.5


def test_conjugate_gradients_end_a_quadratic_along_conjugate_lines():
    A = symmetric(np.random.default_rng(8), 10, 1, 20)
    f = quadratic_form(A)
    states = list(islice(iterate(conjugate_gradients(f, search=exact), f, f.start), 1, 11))
    P = np.array([s / np.sqrt(s @ A @ s) for _, s, _ in states])
    assert np.abs(P @ A @ P.T - np.eye(10)).max() < 1e-6
    assert np.linalg.norm(states[-1][0]) < 1e-9
    assert np.linalg.norm(states[-2][0]) > 1e-6
    assert np.linalg.norm(end(conjugate_gradients(f), f, f.start, 10)) < 1e-6


def test_a_direction_of_conjugate_gradients():
    f, tried = quadratic_form(np.eye(2)), []

    def search(f, x, p, g):
        tried.append(p)
        return 0.0

    def direction(g, s, last):
        conjugate_gradients(f, search=search)(np.zeros(2), *map(np.array, (g, s, last)))
        return tried[-1].tolist()

    # each promises as much as the last move did: p.g = s.last
    assert direction([0.0, 2.0], [-2.0, 0.0], [2.0, 0.0]) == [-2, -2]  # beta s = (4/4) s, conjugate to y = (-2, 2)
    assert direction([0.1, 1.0], [-4.0, -2.0], [1.0, 0.0]) == pytest.approx([-4, -3.6])  # y = (-0.9, 1)
    assert direction([-1.0, 2.0], [-5.0, 1.0], [2.0, 0.0]) == [2, -4]  # g.last is 0.4 of g.g: anew
    assert direction([0.0, 2.0], [1.0, 20.0], [0.1, -0.3]) == pytest.approx([0, -2.95])  # p would go up: anew
    assert direction([0.0, 2.0], [-2.0, -3.0], [2.0, 0.0]) == pytest.approx([0, -2])  # s.y = -2: anew


def test_conjugate_gradients_on_the_worst_function_are_as_good_as_anything_can_be():
    f, k = nesterov_worst(40), np.arange(41)
    gap = f(descend(conjugate_gradients(f, search=exact), f, f.start, 40)) - f(f.minima[0])
    assert gap == pytest.approx((40 / 41 - k / (k + 1)) / 8, abs=1e-14)  # the lowest point that k coordinates reach


# Measuring curvature


@pytest.mark.parametrize("f", SURFACES, ids=str)
@pytest.mark.parametrize(("dtype", "rel"), [(np.float64, 1e-9), (np.float32, 1e-3)])
def test_hessian_vector_product(f, dtype, rel):
    x, v = np.random.default_rng(9).uniform(-2, 2, (2, f.d, 30)).astype(dtype)
    v[:, 0] = 0
    ours, H = hessian_vector_product(f, x, v), f.hess(x)
    truth = np.array([H[:, :, k] @ v[:, k] for k in range(30)]).T
    assert ours.dtype == dtype
    assert np.linalg.norm(ours - truth, axis=0).max() < rel * np.linalg.norm(truth, axis=0).max()
    assert np.all(ours[:, 0] == 0)
    for k in range(30):
        assert np.array_equal(hessian_vector_product(f, x[:, k], v[:, k]), ours[:, k])


def test_hessian_vector_product_far_from_the_origin():
    f, v = quadratic(10, 30), np.array([1e-3, -1e-3])
    assert hessian_vector_product(f, np.array([1e8, 2e8]), v) == pytest.approx(f.hess(v) @ v, rel=1e-8)


def test_hessian_vector_product_takes_whole_numbers_and_lists():
    ours = hessian_vector_product(rosenbrock, [1, 2], [0, 1])
    assert ours.dtype == float
    assert ours == pytest.approx(rosenbrock.hess([1, 2])[1], rel=1e-9)
    assert hessian_vector_product(rosenbrock, np.ones(2, np.float32), [0, 1]).dtype == np.float32


def test_hessian_vector_product_needs_two_gradients_and_no_hessian():
    f = counted(nesterov_worst(100))
    hessian_vector_product(f, np.ones(100), np.ones(100))
    assert f.grads == 2


def test_a_step_across_a_kink_counts_as_curvature_and_a_smaller_one_does_not_cross_it():
    kinked = Surface(
        "max(x, 0) + 0.24 x²",
        lambda x: np.maximum(x, 0)[0] + 0.24 * x[0] ** 2,
        lambda x: (x > 0) + 0.48 * x,
        start=(1,),
        window=((-1, 1),),
    )
    x, v = np.array([1e-6]), np.array([1.0])
    assert hessian_vector_product(kinked, x, v, 1e-5) == pytest.approx([0.48 + 1 / 2e-5], rel=1e-9)
    assert hessian_vector_product(kinked, x, v)[0] > 1e4
    assert hessian_vector_product(kinked, x, 3 * v, 1e-7) == pytest.approx([3 * 0.48], rel=1e-6)


def test_a_network_of_relus_has_kinks_within_reach_of_the_default_step():
    X, y = problems.digits()
    network = networks.Network([64, 16, 10], "relu")
    f, x = problems.classify(network, X[:300], y[:300]), network.init(np.random.default_rng(5))
    v = np.random.default_rng(105).normal(size=f.d)
    v /= np.linalg.norm(v)
    ours = [v @ hessian_vector_product(f, x, v, h) for h in (None, 1e-7, 1e-8)]
    assert ours == pytest.approx([0.74, 0.015, 0.015], rel=0.01)


@pytest.mark.parametrize("f", SURFACES, ids=str)
def test_a_measured_hessian_is_the_one_in_closed_form(f):
    x, measured = np.random.default_rng(9).uniform(-2, 2, (f.d, 3, 4)), with_hessian(f)
    H = measured.hess(x)
    assert H.shape == (f.d, f.d, 3, 4)
    assert np.array_equal(H, np.swapaxes(H, 0, 1))
    assert pytest.approx(f.hess(x), abs=1e-8 * np.abs(f.hess(x)).max()) == H
    assert np.array_equal(measured.hess(x[:, 1, 2]), H[:, :, 1, 2])
    assert (measured(f.start), measured.name) == (f(f.start), f.name)


def test_a_measured_hessian_costs_two_gradients_and_makes_newton_s_step_possible():
    f = counted(rosenbrock)
    (x,) = newton(with_hessian(f))(rosenbrock.start, rosenbrock.grad(rosenbrock.start))
    assert f.grads == 2
    assert x == pytest.approx(end(newton(rosenbrock), rosenbrock, rosenbrock.start, 1), rel=1e-7)


@pytest.mark.parametrize("f", [quadratic(10, 30, L=4.0), nesterov_worst(6), rosenbrock], ids=str)
def test_power_iteration_finds_the_largest_curvature(f):
    start = np.random.default_rng(10).standard_normal(f.d)
    value, v = power_iteration(lambda v: hessian_vector_product(f, f.start, v), start, 200)
    assert value == pytest.approx(np.linalg.eigvalsh(f.hess(f.start))[-1], rel=1e-9)
    assert f.hess(f.start) @ v == pytest.approx(value * v, abs=1e-6 * value)
    assert np.linalg.norm(v) == pytest.approx(1, rel=1e-14)


def test_power_iteration_keeps_the_sign_and_survives_zero():
    A = np.diag([3.0, -5.0, 1.0])
    value, v = power_iteration(A.__matmul__, np.ones(3))
    assert value == pytest.approx(-5, rel=1e-12)
    assert np.abs(v) == pytest.approx([0, 1, 0], abs=1e-12)
    value, v = power_iteration(np.zeros((2, 2)).__matmul__, [3.0, 4.0])
    assert value == 0
    assert v == pytest.approx([0.6, 0.8])
    for far in (1e300, 1e-300):
        assert power_iteration(A.__matmul__, [far, far, far])[0] == pytest.approx(-5, rel=1e-12)


def test_power_iteration_error_falls_as_promised():
    A, start = np.diag([1.0, 0.8]), np.ones(2)
    errors = [1 - power_iteration(A.__matmul__, start, steps)[0] for steps in (10, 20, 30)]
    assert errors[1] / errors[0] == pytest.approx(0.8**20, rel=0.1)
    assert errors[2] / errors[1] == pytest.approx(0.8**20, rel=0.01)


@pytest.mark.parametrize(
    ("H", "kind"),
    [
        (np.eye(3), "minimum"),
        (-np.eye(3), "maximum"),
        (saddle.hess(np.zeros(2)), "saddle"),
        (np.array([[0, 1], [1, 0]]), "saddle"),  # xy
        (np.array([[1, 2], [2, 1]]), "saddle"),  # no entry is negative, an eigenvalue is
        (monkey_saddle.hess(np.zeros(2)), "degenerate"),
        (np.diag([1.0, 0.0]), "degenerate"),
        (np.diag([-1.0, 0.0]), "degenerate"),
        (np.diag([1.0, 0.0, -1.0]), "saddle"),
        (np.diag([1.0, 1e-9]), "degenerate"),
        (np.array([[2.0]]), "minimum"),
        *((himmelblau.hess(x), "minimum") for x in himmelblau.minima),
        (himmelblau.hess(np.array([-0.270845, -0.923039])), "maximum"),
    ],
)
def test_critical_kind(H, kind):
    assert critical_kind(H) == kind
    assert type(critical_kind(H)) is str
    assert critical_kind(np.stack([H, H], axis=-1)).tolist() == [kind, kind]


def test_critical_kind_tolerance():
    assert critical_kind(np.diag([1.0, 1e-9]), tolerance=0) == "minimum"
    assert critical_kind(np.diag([1.0, 1e-3]), tolerance=1e-2) == "degenerate"


def test_few_random_matrices_are_minima():
    H = np.random.default_rng(11).standard_normal((3, 3, 20_000))
    kinds = critical_kind(H + np.swapaxes(H, 0, 1))
    share = np.mean(kinds == "minimum")
    assert share == pytest.approx(np.mean(kinds == "maximum"), abs=0.01)
    assert share == pytest.approx(0.0249, abs=0.005)  # 1/4 - 1/(√2 π), far below 2⁻³


def test_condition_number():
    assert condition_number(quadratic(50, 30).hess(np.zeros(2))) == pytest.approx(50, rel=1e-12)
    assert condition_number(saddle.hess(np.zeros(2))) == 1
    assert condition_number(np.diag([1.0, 0.0])) == math.inf
    assert condition_number(np.zeros((2, 2))) == math.inf
    for singular in (np.ones((3, 3)), np.eye(3) - 1 / 3, 1e-200 * np.ones((4, 4)), np.ones((3, 3), np.float32)):
        assert condition_number(singular) == math.inf
    assert condition_number((np.eye(3) - 1 / 3).astype(np.float32)) == math.inf
    assert condition_number(np.diag([1.0, 1e-30])) == pytest.approx(1e30)  # as it stands, and so not singular
    many = np.stack([np.eye(3) * [1, 2, 1e-20], np.ones((3, 3)), np.eye(3) + 1], axis=-1)
    assert condition_number(many) == pytest.approx([2e20, math.inf, 4])
    along = condition_number(rosenbrock.hess(np.array([[1.0, 0.0], [1.0, 0.0]])))
    assert along == pytest.approx([2508, 100], rel=1e-3)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: critical_kind(np.ones((2, 3))),
            r"H must be a finite array of shape \(d, d, \.\.\.\), symmetric; got shape \(2, 3\)",
        ),
        (
            lambda: critical_kind(np.ones(3)),
            r"H must be a finite array of shape \(d, d, \.\.\.\), symmetric; got shape \(3,\)",
        ),
        (lambda: critical_kind(np.array([[1, 2], [0, 1]])), "H must be symmetric; got "),
        (lambda: critical_kind(1e-12 * np.array([[1, 2], [0, 1]])), "H must be symmetric; got "),
        (lambda: wolfe(rosenbrock, np.ones(2), np.ones(2), np.ones(2), t=0), "t must be > 0, and .*; got t = 0"),
        (lambda: wolfe(rosenbrock, np.ones(2), np.ones(2), np.ones(2), c1=0.9, c2=0.1), "t must be > 0, and 0 < c1"),
        (
            lambda: hessian_vector_product(rosenbrock, np.ones((2, 3)), np.ones(2)),
            r"v must have the shape of x, \(2, 3\); got \(2,\)",
        ),
        (lambda: hessian_vector_product(rosenbrock, np.ones(2), np.ones(2), 0.0), "h must be a finite number > 0"),
        (lambda: condition_number(np.full((2, 2), np.inf)), "H must be a finite array of shape"),
        (lambda: condition_number(np.array([[np.nan]])), "H must be a finite array of shape"),
        (lambda: critical_kind(np.eye(2), -1), "tolerance must be a finite number >= 0; got -1"),
        (lambda: power_iteration(abs, [0, 0]), r"start must be other than 0; got \[0, 0\]"),
        (lambda: power_iteration(abs, [1.0], 0), "steps must be an integer >= 1; got 0"),
        (lambda: lbfgs(rosenbrock, history=0), "history must be an integer >= 1; got 0"),
    ],
)
def test_a_bad_argument_is_named(make, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        make()
