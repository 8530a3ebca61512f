"""Surfaces: values against formulas written once more, derivatives against steps, and what each is famous for."""

import copy
import math
import pickle
from itertools import pairwise

import numpy as np
import pytest

from course_lib import surfaces
from course_lib.descent import descend, end
from course_lib.linalg import times
from course_lib.optimizers import adam, gd, momentum, momentum_ema, nesterov
from course_lib.surfaces import Surface, changed, counted, nesterov_worst, quadratic, quadratic_form, rastrigin

ROOT = np.random.default_rng(5).normal(size=(6, 6))
SURFACES = [f for f in vars(surfaces).values() if isinstance(f, Surface)]
SURFACES += [quadratic(), quadratic(100, 30, 3.0), quadratic_form(ROOT + ROOT.T), quadratic_form(np.diag(ROOT[:, 0]))]
SURFACES += [make(d) for make in (rastrigin, nesterov_worst) for d in (1, 2, 9, 20)]
CHANGED = [changed(surfaces.himmelblau, [[2.0, 1.0], [0.0, -0.5]], 3.0, -7.0), changed(rastrigin(3), ROOT[:3, :3])]
KINKED = [surfaces.absolute, surfaces.lessard]
SMOOTH = [f for f in SURFACES if f not in KINKED]
SHAPES = [(), (1,), (5,), (2, 3)]
TINY = 1e-20


def every(surfaces):
    return pytest.mark.parametrize("f", surfaces, ids=repr)


def inside(f, *runs, seed=0):
    """Random points of the window, read-only."""
    low, high = np.array(f.window, float).T.reshape(2, f.d, *[1] * len(runs))
    p = np.random.default_rng(seed).uniform(low, high, (f.d, *runs))
    p.setflags(write=False)
    return p


def fifty_times(w, b):
    x = 0.5
    for _ in range(50):
        x = w / (1 + math.exp(-x)) + b
    return (1 / (1 + math.exp(-x)) - 0.7) ** 2


FORMULAS = {
    "Rosenbrock": lambda x, y: (1 - x) ** 2 + 100 * (y - x**2) ** 2,
    "Beale": lambda x, y: (1.5 - x + x * y) ** 2 + (2.25 - x + x * y**2) ** 2 + (2.625 - x + x * y**3) ** 2,
    "Himmelblau": lambda x, y: (x**2 + y - 11) ** 2 + (x + y**2 - 7) ** 2,
    "saddle": lambda x, y: x**2 - y**2,
    "monkey saddle": lambda x, y: x**3 - 3 * x * y**2,
    "plateau": lambda x: 1 - math.exp(-(x**2) / 2),
    "bumpy": lambda x: x**2 / 10 + math.sin(3 * x),
    "sharp and flat": lambda x: -math.log(math.exp(-2 * 89 * (x - 1) ** 2) + math.exp(-2 - 2 * (x + 2) ** 2)) / 4,
    "cliff": fifty_times,
    "|x|": abs,
    "x⁴": lambda x: x**4,
    "Lessard's piecewise quadratic": lambda x: (
        12.5 * x**2
        if x < 1
        else 12.5 + 25 * (x - 1) + (x - 1) ** 2 / 2
        if x < 2
        else 38 + 26 * (x - 2) + 12.5 * (x - 2) ** 2
    ),
    "quadratic, κ = 10": lambda x, y: (0.1 * x**2 + y**2) / 2,
    "quadratic, κ = 100": lambda x, y: (
        (
            0.03 * (math.cos(math.pi / 6) * x + math.sin(math.pi / 6) * y) ** 2
            + 3 * (math.cos(math.pi / 6) * y - math.sin(math.pi / 6) * x) ** 2
        )
        / 2
    ),
    "quadratic form": None,
    "Rastrigin": lambda *x: 10 * len(x) + sum(z**2 - 10 * math.cos(2 * math.pi * z) for z in x),
    "Nesterov's worst": lambda *x: (
        ((x[0] ** 2 + sum((a - b) ** 2 for a, b in pairwise(x)) + x[-1] ** 2) / 2 - x[0]) / 4
    ),
}


def formula_of(f):
    """The key of its formula: its name, or what stands in front of the values of its parameters."""
    return f.name if f.name in FORMULAS else f.name.split(",")[0]


def test_every_surface_has_a_formula():
    assert {formula_of(f) for f in SURFACES} == set(FORMULAS)


@every(SURFACES)
def test_value_is_that_of_the_formula(f):
    formula = FORMULAS[formula_of(f)]
    if formula is None:
        A = f.hess(f.start)
        formula = lambda *x: np.array(x) @ A @ np.array(x) / 2  # noqa: E731
    p = inside(f, 50)
    expected = np.array([formula(*map(float, x)) for x in p.T])
    np.testing.assert_allclose(f(p), expected, rtol=1e-11, atol=1e-12)


@every(SMOOTH)
@pytest.mark.parametrize("runs", SHAPES)
def test_gradient_and_hessian_by_complex_step(f, runs):
    p = inside(f, *runs)
    g, h = f.grad(p), f.hess(p)
    assert g.shape == p.shape
    assert h.shape == (f.d, *p.shape)
    assert f(p).shape == p.shape[1:]
    for i in range(f.d):
        step = p + TINY * 1j * np.eye(f.d)[i].reshape(f.d, *[1] * len(runs))
        np.testing.assert_allclose(g[i], f(step).imag / TINY, rtol=1e-10, atol=1e-11)
        np.testing.assert_allclose(h[i], f.grad(step).imag / TINY, rtol=1e-10, atol=1e-10)


@every(KINKED)
def test_gradient_and_hessian_by_differences_between_the_kinks(f):
    p = np.array([[-3.0, -0.9, 0.5, 0.99, 1.01, 1.5, 1.99, 2.01, 4.0]])
    step = 2.0**-20
    np.testing.assert_allclose(f.grad(p)[0], (f(p + step) - f(p - step)) / (2 * step), rtol=1e-9)
    np.testing.assert_allclose(f.hess(p)[0], (f.grad(p + step) - f.grad(p - step)) / (2 * step), rtol=1e-9)


def test_lessard_is_continuous_with_its_slope():
    f, ends = surfaces.lessard, np.array([[1.0, 2.0]])
    np.testing.assert_allclose(f(ends), f(np.nextafter(ends, 0)), rtol=1e-15)
    np.testing.assert_allclose(f.grad(ends), [[25, 26]])
    np.testing.assert_allclose(f.grad(np.nextafter(ends, 0)), [[25, 26]])


@every([f for f in SURFACES if len(f.minima)])
def test_minima_are_minima(f):
    lowest, *_ = values = f(f.minima.T)
    assert np.all(np.abs(f.grad(f.minima.T)) < 1e-12)
    assert np.all(np.linalg.eigvalsh(np.moveaxis(f.hess(f.minima.T), -1, 0)) >= 0)
    assert np.all(values >= lowest)
    assert np.all(f(inside(f, 5000)) >= lowest)
    near = f.minima.T[..., None] + 1e-3 * np.random.default_rng(1).normal(size=(*f.minima.T.shape, 100))
    assert np.all(f(near) > values[:, None])


def test_the_minima_of_the_cliff_are_a_curve():
    for w in np.linspace(4.5, 7, 6):
        low, high = -4.0, -1.5  # x_50 grows with b
        for _ in range(60):
            b = (low + high) / 2
            low, high = (b, high) if surfaces.rolled(np.array([w, b]))[0] < math.log(0.7 / 0.3) else (low, b)
        assert -4 < b < -1.5
        assert surfaces.cliff(np.array([w, b])) < 1e-12


def test_the_wall_of_the_cliff():
    f = surfaces.cliff
    grid = np.stack(np.meshgrid(np.linspace(4.5, 7, 501), np.linspace(-4, -1.5, 501)))
    slope = np.hypot(*f.grad(grid))
    assert np.median(slope) == pytest.approx(0.04, abs=0.005)
    assert slope.max() > 3000
    assert np.mean(slope > 10) < 1e-3


@every([f for f in SURFACES if not len(f.minima) and f is not surfaces.cliff])
def test_no_minima_means_no_minima(f):
    p = inside(f, 5000)
    assert np.all(f(10 * p).min() < f(p).min() < f(p / 10).min())


@every([f for f in SURFACES if f.L])
def test_curvature_lies_between_its_bounds(f):
    eigenvalues = np.linalg.eigvalsh(np.moveaxis(f.hess(inside(f, 500)), -1, 0))
    assert np.abs(eigenvalues).max() <= f.L * (1 + 1e-14)
    if f.mu is not None:
        assert eigenvalues.min() >= f.mu - 1e-14 * f.L


@every([f for f in SURFACES if f.L and f.d <= 2 and not f.name.startswith("Nesterov")])
def test_the_bounds_of_curvature_are_met(f):
    eigenvalues = np.linalg.eigvalsh(np.moveaxis(f.hess(inside(f, 5000)), -1, 0))
    assert np.abs(eigenvalues).max() > 0.999 * f.L
    if f.mu is not None:
        assert eigenvalues.min() < f.mu + 1e-3 * f.L


@every(SURFACES)
@pytest.mark.parametrize("runs", [(1,), (7,), (3, 5), (33, 2, 4)])
def test_a_point_has_the_same_bits_alone_and_in_a_batch(f, runs):
    p = inside(f, *runs, seed=sum(runs))
    layouts = [p, np.asfortranarray(p), np.repeat(p, 2, axis=-1)[..., ::2]]
    points = p.reshape(f.d, -1).T
    for ask in (f, f.grad, f.hess):
        alone = np.stack([ask(np.ascontiguousarray(x)) for x in points], axis=-1)
        for q in layouts:
            np.testing.assert_array_equal(ask(q).reshape(alone.shape), alone, strict=True)


@every(SURFACES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.complex128])
@pytest.mark.parametrize("runs", SHAPES[::2])
def test_dtype_stays(f, dtype, runs):
    p = inside(f, *runs).astype(dtype)
    if not (f in KINKED and dtype is np.complex128):
        assert {a.dtype for a in (f(p), f.grad(p), f.hess(p))} == {np.dtype(dtype)}


@every(SURFACES)
def test_integers_and_lists_are_numbers_too(f):
    whole, real = np.arange(1, 1 + 3 * f.d).reshape(f.d, 3), np.arange(1.0, 1 + 3 * f.d).reshape(f.d, 3)
    for ask in (f, f.grad, f.hess):
        np.testing.assert_array_equal(ask(whole), ask(real), strict=True)
        np.testing.assert_array_equal(ask(whole.tolist()), ask(real), strict=True)


@every(SURFACES)
def test_places(f):
    assert f.start.shape == (f.d,)
    assert f.minima.shape == (len(f.minima), f.d)
    assert all(low <= x <= high for (low, high), x in zip(f.window, f.start))
    assert all(low < x < high for p in f.minima for (low, high), x in zip(f.window, p))
    for place in (f.start, f.minima):
        with pytest.raises(ValueError, match="read-only"):
            place[...] = 0
    with pytest.raises(AttributeError):
        f.start = np.zeros(f.d)


@every(SURFACES)
@pytest.mark.parametrize("p", [1.0, np.zeros(21), np.zeros((0, 3))])
def test_points_of_a_wrong_shape(f, p):
    for ask in (f, f.grad, f.hess):
        with pytest.raises(ValueError, match=rf"a point must have shape \({f.d}, \.\.\.\)"):
            ask(p)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: quadratic(0.5), "kappa must be a finite number >= 1; got 0.5"),
        (lambda: quadratic("steep"), "kappa must be a finite number >= 1; got 'steep'"),
        (lambda: quadratic(np.array([2.0, 3.0])), "kappa must be a finite number >= 1; got array"),
        (lambda: quadratic(angle=None), "angle must be a finite number; got None"),
        (lambda: quadratic(L="1"), "L must be a finite number > 0; got '1'"),
        (
            lambda: quadratic_form([[1, 2], [3]]),
            r"A must be a finite array of shape \(d, d\), symmetric; got \[\[1, 2\], \[3\]\]",
        ),
        (lambda: quadratic_form(1j * np.eye(2)), "A must be a finite array of shape"),
        (lambda: nesterov_worst(3, L=None), "L must be a finite number > 0; got None"),
        (
            lambda: Surface("mine", None, None, start="ab", window=((0, 1),)),
            r"start must be a finite array of shape \(d,\), one point; got 'ab'",
        ),
        (lambda: Surface("mine", None, None, start=(math.nan,), window=((0, 1),)), "start must be .* one point; got"),
        (lambda: Surface("mine", None, None, start=(0,), window=((1, 0),)), r"window must .*; got \(\(1, 0\),\)"),
        (lambda: quadratic(math.nan), "kappa"),
        (lambda: quadratic(math.inf), "kappa"),
        (lambda: quadratic(L=0), "L must be a finite number > 0; got 0"),
        (lambda: quadratic(angle=math.inf), "angle"),
        (lambda: quadratic_form([1.0, 2.0]), "symmetric"),
        (lambda: quadratic_form([[1, 2], [3, 4]]), "symmetric"),
        (lambda: quadratic_form([[1, 2, 3], [2, 1, 4]]), "symmetric"),
        (lambda: quadratic_form([[math.nan]]), "A must be a finite"),
        (lambda: quadratic_form(np.zeros((0, 0))), "shape"),
        (lambda: changed(surfaces.saddle, np.ones((2, 2))), "A must be invertible; got"),
        (
            lambda: changed(surfaces.saddle, np.eye(3)),
            r"A must be a finite array of shape \(2, 2\), invertible; got shape \(3, 3\)",
        ),
        (lambda: changed(surfaces.saddle, scale=0), "scale must be a finite number > 0; got 0"),
        (lambda: changed(surfaces.saddle, shift=math.inf), "shift must be a finite number; got inf"),
        (lambda: rastrigin(0), "d must be an integer >= 1; got 0"),
        (lambda: rastrigin(2.0), "d must be"),
        (lambda: nesterov_worst(True), "d must be"),
        (lambda: nesterov_worst(3, L=-1), "L must be"),
        (lambda: Surface("mine", None, None, start=3.0, window=((0, 1),)), "start must be .* one point; got"),
        (
            lambda: Surface("mine", None, None, start=(0, 0), window=((0, 1),)),
            r"window must be a finite array of shape \(2, 2\)",
        ),
        (
            lambda: Surface("mine", None, None, start=(0, 0), window=((0, 1),) * 2, minima=(1, 2, 3)),
            "minima must be finite points of 2 coordinates",
        ),
    ],
)
def test_bad_arguments(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize("angle", [0, 30, 45, 77])
@pytest.mark.parametrize("kappa", [1, 1e17, 1e300])
def test_the_origin_is_the_minimum_of_every_valley(kappa, angle):
    f = quadratic(kappa, angle)
    assert f.minima.tolist() == [[0, 0]]
    assert f.L / f.mu == pytest.approx(kappa)


def test_a_trough_has_no_point_that_is_its_minimum():
    for d in range(2, 9):
        f = quadratic_form(np.ones((d, d)))
        assert (f.minima.shape, f.mu) == ((0, d), 0)
        np.testing.assert_allclose(f.L, d)


def test_symmetric_to_rounding_will_do():
    Q = np.linalg.qr(np.random.default_rng(0).standard_normal((6, 6)))[0]
    A = Q * np.geomspace(1, 100, 6) @ Q.T
    assert not np.array_equal(A, A.T)
    f = quadratic_form(A)
    np.testing.assert_array_equal(f.hess(f.start), f.hess(f.start).T)
    np.testing.assert_allclose(f.hess(f.start), A, rtol=1e-13)


def test_a_surface_of_ones_own():
    mine = Surface("mine", lambda p: p[0] * p[0], lambda p: 2 * p, start=(3,), window=((-4, 4),))
    assert (mine.d, mine.minima.shape, mine.L, repr(mine)) == (1, (0, 1), None, "mine")
    np.testing.assert_allclose(end(gd, mine, mine.start, 1, lr=0.25), [1.5])
    with pytest.raises(ValueError, match="mine: no Hessian was given"):
        mine.hess(mine.start)


def test_a_run_that_diverged_has_a_value():
    path = descend(gd, surfaces.quartic, [3.0], 20, lr=0.1)
    assert np.isnan(path[0, -1])
    assert np.isnan(surfaces.quartic(path)[-1])


def test_counted():
    f = counted(surfaces.himmelblau)
    path = descend(nesterov, f, f.start, 30, lr=0.001)
    np.testing.assert_array_equal(path, descend(nesterov, surfaces.himmelblau, f.start, 30, lr=0.001))
    assert (f.calls, f.grads) == (0, 30)
    np.testing.assert_array_equal(f(path), surfaces.himmelblau(path))
    assert (f.calls, f.grads, f.name, f.d) == (1, 30, "Himmelblau", 2)
    twin = copy.copy(f)
    twin.grad(f.start)
    assert (twin.grads, f.grads) == (31, 30)
    assert pickle.loads(pickle.dumps(f)).grads == 30
    with pytest.raises(AttributeError):
        f.missing  # noqa: B018


@every(CHANGED)
def test_a_changed_surface_has_the_right_derivatives(f):
    p, h = inside(f, 4), 1e-5
    way = h * np.random.default_rng(1).normal(size=p.shape)
    np.testing.assert_allclose(f(p + way) - f(p - way), 2 * np.sum(f.grad(p) * way, axis=0), rtol=1e-4, atol=1e-8)
    bent = np.einsum("ijn,jn->in", f.hess(p), way)
    np.testing.assert_allclose(f.grad(p + way) - f.grad(p - way), 2 * bent, rtol=1e-4, atol=1e-6)
    np.testing.assert_array_equal(f.grad(p)[:, 2], f.grad(p[:, 2]))
    np.testing.assert_allclose(f.grad(f.minima.T), 0, rtol=0, atol=1e-10)


def test_a_changed_surface_is_the_same_landscape():
    A = np.array([[2.0, 1.0], [0.0, -0.5]])
    hills, f = surfaces.himmelblau, changed(surfaces.himmelblau, A, 3.0, -7.0)
    p = inside(hills, 5)
    np.testing.assert_allclose(f(np.linalg.solve(A, p)), 3 * hills(p) - 7)
    np.testing.assert_allclose(A @ f.start, hills.start)
    np.testing.assert_allclose(A @ f.minima.T, hills.minima.T)
    low, high = np.array(f.window).T[..., None]
    assert np.all((low <= np.linalg.solve(A, p)) & (np.linalg.solve(A, p) <= high))
    plain = changed(hills)
    np.testing.assert_array_equal(
        descend(gd, plain, hills.start, 20, lr=0.01), descend(gd, hills, hills.start, 20, lr=0.01)
    )


def test_products_with_a_matrix():
    A, p = ROOT[:2], np.random.default_rng(2).normal(size=(6, 3, 4))
    np.testing.assert_allclose(times(A, p), np.tensordot(A, p, 1), rtol=1e-12)
    np.testing.assert_array_equal(times(A, p)[:, 1, 2], times(A, p[:, 1, 2]))
    assert times(A, p.astype(np.float32)).dtype == np.float32


# What each is famous for


@pytest.mark.parametrize("angle", [0, 30, 90, -135])
@pytest.mark.parametrize("kappa", [1, 10, 1e6])
def test_quadratic_has_its_floor_at_the_angle(kappa, angle):
    f = quadratic(kappa, angle, 2.0)
    floor = np.array([math.cos(math.radians(angle)), math.sin(math.radians(angle))])
    wall = np.array([-floor[1], floor[0]])
    assert (f.L, f.mu) == (2.0, 2.0 / kappa)
    np.testing.assert_allclose(f.grad(floor), f.mu * floor, rtol=1e-15, atol=1e-15)
    np.testing.assert_allclose(f.grad(wall), f.L * wall, rtol=1e-15, atol=1e-15)


def test_quadratic_form_knows_its_eigenvalues():
    A = ROOT @ ROOT.T
    f = quadratic_form(A)
    eigenvalues = np.linalg.eigvalsh(A)
    np.testing.assert_allclose((f.mu, f.L), (eigenvalues[0], eigenvalues[-1]), rtol=1e-12)
    np.testing.assert_allclose(f.grad(ROOT), A @ ROOT, rtol=1e-12)
    np.testing.assert_array_equal(f.minima, np.zeros((1, 6)))
    assert quadratic_form([[-3, 0], [0, 1]]).minima.shape == (0, 2)
    assert (quadratic_form([[-3, 0], [0, 1]]).L, quadratic_form([[-3, 0], [0, 1]]).mu) == (3, -3)
    A[:] = 0
    assert f(np.ones(6)) > 0, "the surface keeps the matrix as it was"


def test_himmelblau_has_four_minima_and_bumpy_eight():
    assert len(surfaces.himmelblau.minima) == 4
    assert len({tuple(m.round(1)) for m in surfaces.himmelblau.minima}) == 4
    slope = surfaces.bumpy.grad(np.linspace(-8, 8, 10001)[None])[0]
    assert np.sum((slope[:-1] < 0) & (slope[1:] > 0)) == 8


@pytest.mark.parametrize(
    ("method", "hyper", "low", "high"),
    [
        (gd, {"lr": 0.01}, 0.13, 0.15),
        (momentum_ema, {"lr": 0.01}, 0.13, 0.15),
        (momentum, {"lr": 0.001}, 0.13, 0.15),
        (adam, {"lr": 0.01}, 0.13, 0.15),
        (momentum, {"lr": 0.01, "beta": 0.99}, 0.2, 0.3),
    ],
)
def test_one_start_in_seven_finds_the_bottom_of_bumpy(method, hyper, low, high):
    f = surfaces.bumpy
    starts = np.linspace(*f.window[0], 401)[None]
    last = end(method, f, starts, 3000, **hyper)
    assert low < np.mean(np.abs(last - f.minima[0]) < 0.05) < high


def test_sharp_and_flat_is_left_above_two_over_its_curvature():
    f = surfaces.sharp_and_flat
    (sharp,), (flat,) = f.minima
    assert f(f.minima[0]) < 0 < f(f.minima[1])
    np.testing.assert_allclose(f.hess(f.minima.T)[0, 0], [89, 1], atol=1e-6)
    starts = np.linspace(0.68, 1.5, 401)[None]
    assert np.all(np.abs(end(gd, f, starts, 500, lr=0.02) - sharp) < 1e-6)
    assert np.all(np.abs(end(gd, f, starts, 500, lr=0.03) - flat) < 1e-3)


def test_lessard_holds_the_heavy_ball_in_a_cycle():
    f = surfaces.lessard
    path = descend(momentum, f, f.start, 999, lr=1 / 9, beta=4 / 9)[0]
    np.testing.assert_allclose(path[-3:], [-1.802448979591837, 2.115918367346939, 0.646530612244898], rtol=1e-3)
    np.testing.assert_allclose(path[-3:], path[-6:-3], rtol=1e-12)
    assert abs(end(gd, f, f.start, 999, lr=2 / 26)[0]) < 1e-10
    assert abs(end(nesterov, f, f.start, 999, lr=1 / 25, beta=2 / 3)[0]) < 1e-10


@pytest.mark.parametrize(("d", "L"), [(1, 1.0), (5, 1.0), (41, 8.0)])
def test_nesterov_worst_is_as_bad_as_the_theorem_says(d, L):
    f = nesterov_worst(d, L)
    lowest = f(f.minima[0])
    assert lowest == pytest.approx(-L / 8 * d / (d + 1), rel=1e-13)
    eigenvalues = np.linalg.eigvalsh(f.hess(f.start))
    assert f.mu == pytest.approx(eigenvalues[0], rel=1e-10)
    assert eigenvalues[-1] < f.L
    for method, hyper in ((gd, {"lr": 1 / L}), (nesterov, {"lr": 1 / L, "beta": 0.9}), (adam, {"lr": 0.3})):
        path = descend(method, f, f.start, d, **hyper)
        excess, k = f(path) - lowest, np.arange(d + 1)
        assert np.all(excess >= L / 8 * (1 / (k + 1) - 1 / (d + 1)) - 1e-15)
        assert excess[d // 2] >= 3 * L * np.sum(f.minima**2) / (32 * (d // 2 + 1) ** 2)
        assert all(not path[k:, k].any() for k in range(d)), "a step moves one coordinate more"
    best = np.where(np.arange(1, d + 1) <= d // 2, 1 - np.arange(1, d + 1) / (d // 2 + 1), 0)
    assert f(best) - lowest == pytest.approx(L / 8 * (1 / (d // 2 + 1) - 1 / (d + 1))), "the bound is met"


def test_plateau_is_flat_where_it_starts_and_curved_at_its_bottom():
    f = surfaces.plateau
    assert f.grad(f.start)[0] == pytest.approx(5 * math.exp(-12.5))
    assert f.hess([0.0])[0, 0] == 1


def test_monkey_saddle_looks_the_same_from_three_sides():
    turn = np.array([[-0.5, -math.sqrt(0.75)], [math.sqrt(0.75), -0.5]])
    p = inside(surfaces.monkey_saddle, 20)
    np.testing.assert_allclose(surfaces.monkey_saddle(turn @ p), surfaces.monkey_saddle(p), rtol=1e-12, atol=1e-13)
    assert not surfaces.monkey_saddle.hess([0.0, 0.0]).any()
