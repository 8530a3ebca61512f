"""Problems: losses against sums written out, derivatives against steps, batches and noise by their averages."""

import math

import numpy as np
import pytest

from course_lib.descent import descend, end
from course_lib.networks import Network
from course_lib.optimizers import adagrad, gd
from course_lib.problems import (
    classify,
    clusters,
    digits,
    hinge,
    least_squares,
    logistic,
    longley,
    noisy,
    regress,
    sparse_words,
    svrg,
    two_moons,
)
from course_lib.surfaces import counted, rosenbrock

MAKERS = [least_squares, logistic, hinge]
LOSSES = {
    least_squares: lambda z, y: (z - y) ** 2 / 2,
    logistic: lambda z, y: math.log1p(math.exp(-y * z)),
    hinge: lambda z, y: max(0, 1 - y * z),
}
RUNS = [(), (1,), (3,), (2, 3)]

every = pytest.mark.parametrize("make", MAKERS, ids=lambda make: make.__name__)


def data(n=23, d=4, seed=0):
    rng = np.random.default_rng(seed)
    X, y = rng.normal(size=(n, d)), rng.choice((-1, 1), n)
    X.setflags(write=False)
    y.setflags(write=False)
    return X, y


def weights(d, *runs, seed=1):
    w = np.random.default_rng(seed).normal(size=(d, *runs))
    w.setflags(write=False)
    return w


def differences(f, w, step=1e-6):
    """The derivative of f in each coordinate of one point, on a new axis 0."""
    return np.stack([(f(w + e) - f(w - e)) / (2 * step) for e in step * np.eye(len(w))])


@every
@pytest.mark.parametrize("decay", [0, 0.3])
def test_value_is_the_mean_over_the_examples(make, decay):
    X, y = data()
    w = weights(4)
    mean = sum(LOSSES[make](sum(a * b for a, b in zip(w, x)), t) for x, t in zip(X, y)) / len(X)
    assert make(X, y, decay)(w) == pytest.approx(mean + decay / 2 * sum(a * a for a in w), rel=1e-13)


@every
@pytest.mark.parametrize("decay", [0, 0.3])
def test_derivatives_by_differences(make, decay):
    f, w = make(*data(), decay), weights(4)
    np.testing.assert_allclose(f.grad(w), differences(f, w), rtol=1e-7, atol=1e-8)
    np.testing.assert_allclose(f.hess(w), differences(f.grad, w), rtol=1e-7, atol=1e-8)
    rows = [3, 3, 20]
    np.testing.assert_allclose(f.grad(w, rows), differences(lambda v: f(v, rows), w), rtol=1e-7, atol=1e-8)
    np.testing.assert_allclose(f.hess(w, rows), differences(lambda v: f.grad(v, rows), w), rtol=1e-7, atol=1e-8)


@every
@pytest.mark.parametrize("runs", RUNS)
def test_runs_side_by_side(make, runs):
    f, w = make(*data(), 0.1), weights(4, *runs)
    assert f(w).shape == f.accuracy(w).shape == runs if make is not least_squares else f(w).shape == runs
    assert (f.grad(w).shape, f.hess(w).shape) == ((4, *runs), (4, 4, *runs))
    for run in np.ndindex(runs):
        at = (..., *run)
        for ask in (f, f.grad, f.hess):
            np.testing.assert_allclose(ask(w)[at], ask(w[at]), rtol=1e-13, atol=1e-15)


@every
@pytest.mark.parametrize("of_data", [np.float32, np.float64])
@pytest.mark.parametrize("of_weights", [np.float32, np.float64])
def test_dtype_of_the_weights_stays(make, of_data, of_weights):
    X, y = data()
    f = make(X.astype(of_data), y, 0.1)
    for w in (weights(4), weights(4, 2)):
        w = w.astype(of_weights)
        assert {a.dtype for a in (f(w), f.grad(w), f.hess(w))} == {np.dtype(of_weights)}
        np.testing.assert_allclose(f.grad(w), make(X, y, 0.1).grad(w.astype(float)), atol=1e-6)


def test_curvature_lies_between_its_bounds():
    X, y = data()
    for decay in (0, 0.3):
        f = least_squares(X, y, decay)
        np.testing.assert_allclose(np.linalg.eigvalsh(f.hess(f.start))[[0, -1]], (f.mu, f.L), rtol=1e-12)
        f = logistic(X, y, decay)
        eigenvalues = np.linalg.eigvalsh(np.moveaxis(f.hess(weights(4, 200)), -1, 0))
        assert decay == f.mu <= eigenvalues.min()
        assert eigenvalues.max() <= f.L
        np.testing.assert_allclose(np.linalg.eigvalsh(f.hess(f.start))[-1], f.L, rtol=1e-12)
        assert (hinge(X, y, decay).L, hinge(X, y, decay).mu) == (None, decay)


def test_least_squares_knows_its_solution():
    X, y = data()
    np.testing.assert_allclose(least_squares(X, y).minima, [np.linalg.solve(X.T @ X, X.T @ y)], rtol=1e-12)
    for f in (
        least_squares(X, y),
        least_squares(X, y, 0.5),
        least_squares(X[:3], y[:3]),
        least_squares(X[:3], y[:3], 1),
    ):
        assert np.abs(f.grad(f.minima[0])).max() < 1e-14
    few = least_squares(X[:3], y[:3])
    assert 0 <= few.mu < 1e-15
    assert few(few.minima[0]) < 1e-28
    flat = np.linalg.svd(X[:3])[2][-1]
    assert few.minima[0] @ flat == pytest.approx(0, abs=1e-14), "the shortest solution has no part that changes nothing"
    assert logistic(X, y).minima.shape == hinge(X, y).minima.shape == (0, 4)


def test_logistic_is_exact_for_the_largest_margins():
    f = logistic([[1.0], [-1.0]], [1, -1])
    margins = np.array([[-1e300, -1e4, -40.0, 0.0, 40.0, 700.0, 1e4, 1e300]])
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        value, slope, curvature = f(margins), f.grad(margins)[0], f.hess(margins)[0, 0]
    small = [math.exp(-40), math.exp(-700), 0, 0]
    np.testing.assert_allclose(value, [1e300, 1e4, 40, math.log(2), *small], rtol=1e-14)
    np.testing.assert_allclose(slope, [-1, -1, -1, -0.5, *(-a for a in small)], rtol=1e-13)
    np.testing.assert_allclose(curvature, [0, 0, math.exp(-40), 0.25, *small], rtol=1e-13)


@every
def test_the_gradient_supports_the_function_from_below(make):
    X, y = data()
    f = make(X, y, 0.0)
    kinks = np.linalg.solve(X[:4], y[:4])[:, None] * np.linspace(-2, 2, 41)
    for w in (*weights(4, 20).T, *kinks.T):
        v = weights(4, 200, seed=2)
        assert np.all(f(v) >= f(w) + f.grad(w) @ (v - w[:, None]) - 1e-12)


def test_accuracy_counts_what_is_right():
    X, y = np.array([[1.0], [2.0], [-1.0], [-3.0]]), np.array([1, 1, 1, -1])
    for make in (logistic, hinge):
        np.testing.assert_array_equal(make(X, y).accuracy(np.array([[1.0, -1.0, 0.0]])), [0.75, 0.25, 0])
    with pytest.raises(ValueError, match="least squares: accuracy"):
        least_squares(X, y).accuracy([1.0])


# Batches and noise


def marked(n):
    """A problem whose gradient at 1 says how often each example is in a batch, divided by its size."""
    return least_squares(np.eye(n), np.zeros(n)), np.ones(n)


@pytest.mark.parametrize(("n", "size"), [(12, 4), (10, 4), (7, 1), (5, 5)])
def test_each_example_comes_once_an_epoch(n, size):
    f, ones = marked(n)
    batches = f.batches(size, np.random.default_rng(0))
    orders = []
    for _ in range(6):
        epoch = [batches.grad(ones) for _ in range(math.ceil(n / size))]
        in_batch = [g > 0 for g in epoch]
        assert [b.sum() for b in in_batch] == [min(size, n - i) for i in range(0, n, size)]
        np.testing.assert_array_equal(np.sum(in_batch, axis=0), 1)
        for g, b in zip(epoch, in_batch):
            np.testing.assert_allclose(g[b], 1 / b.sum())
        orders.append(tuple(np.argmax(in_batch, axis=0)))
    assert len(set(orders)) == (6 if size < n else 1), "reshuffled each time"


def test_batches_are_unbiased():
    f, w = logistic(*data(24)), weights(4)
    batches = f.batches(8, np.random.default_rng(0))
    np.testing.assert_allclose(np.mean([batches.grad(w) for _ in range(3)], axis=0), f.grad(w), rtol=1e-13)
    np.testing.assert_allclose(f.batches(24, np.random.default_rng(0)).grad(w), f.grad(w), rtol=1e-13)


@pytest.mark.parametrize("size", [1, 4, 16])
def test_batches_with_replacement_are_independent_draws(size):
    f, w = logistic(*data(24)), weights(4)
    batches = f.batches(size, np.random.default_rng(0), replace=True)
    single = np.array([f.grad(w, [i]) for i in range(24)])
    draws = np.array([batches.grad(w) for _ in range(4000)])
    sigma = single.std(axis=0) / math.sqrt(size)
    assert np.all(np.abs(draws.mean(axis=0) - f.grad(w)) < 5 * sigma / math.sqrt(4000))
    np.testing.assert_allclose(draws.std(axis=0), sigma, rtol=0.06)


def test_with_replacement_one_example_can_come_twice():
    f, ones = marked(8)
    batches = f.batches(8, np.random.default_rng(0), replace=True)
    assert max((8 * batches.grad(ones)).max() for _ in range(20)) >= 2


def test_batches_stand_for_the_problem():
    f = logistic(*data())
    batches = f.batches(5, np.random.default_rng(3))
    w = weights(4, 6)
    np.testing.assert_array_equal(batches(w), f(w))
    assert (batches.d, batches.L, batches.name) == (f.d, f.L, f.name)
    same = batches.grad(np.repeat(w[:, :1], 6, axis=1))
    np.testing.assert_array_equal(same, np.repeat(same[:, :1], 6, axis=1), "all runs see the same batch")
    paths = [descend(gd, f.batches(5, np.random.default_rng(3)), f.start, 30, lr=0.1) for _ in range(2)]
    np.testing.assert_array_equal(*paths)
    assert not np.array_equal(paths[0], descend(gd, f.batches(5, np.random.default_rng(4)), f.start, 30, lr=0.1))
    assert batches.grad(w.astype(np.float32)).dtype == np.float32
    f = counted(f.batches(5, np.random.default_rng(3)))
    np.testing.assert_array_equal(descend(gd, f, f.start, 30, lr=0.1), paths[0])
    assert f.grads == 30


def test_svrg_is_unbiased_and_has_no_noise_at_its_anchor():
    f, w, elsewhere = logistic(*data(24)), weights(4), weights(4, seed=7)
    reduced = svrg(f, 8, np.random.default_rng(0), every=4)
    np.testing.assert_allclose(reduced.grad(w), f.grad(w), rtol=1e-13)
    rows = f.batches(8, np.random.default_rng(0)).rows
    rows()
    for _ in range(2):
        batch = rows()
        expected = f.grad(elsewhere, batch) - f.grad(w, batch) + f.grad(w)
        np.testing.assert_allclose(reduced.grad(elsewhere), expected, rtol=1e-12)
    epochs = svrg(f, 8, np.random.default_rng(0), every=100)
    drawn = [epochs.grad(w)] + [epochs.grad(elsewhere) for _ in range(5)]
    np.testing.assert_allclose(np.mean(drawn[3:], axis=0), f.grad(elsewhere), rtol=1e-12)


def test_svrg_arrives_where_batches_hover():
    f = least_squares(*data(40))
    hovering = end(gd, f.batches(1, np.random.default_rng(0)), f.start, 4000, lr=0.02)
    arrived = end(gd, svrg(f, 1, np.random.default_rng(0), 80), f.start, 4000, lr=0.02)
    assert f(arrived) - f(f.minima[0]) < 1e-12 < f(hovering) - f(f.minima[0])
    one_by_one = end(gd, svrg(f, 3, np.random.default_rng(0), 1), f.start, 20, lr=0.1)
    np.testing.assert_allclose(one_by_one, end(gd, f, f.start, 20, lr=0.1), rtol=1e-12)


def test_svrg_has_an_anchor_for_each_run():
    f, rates = logistic(*data()), np.array([0.1, 0.5])
    both = end(gd, svrg(f, 4, np.random.default_rng(0), 6), f.start, 30, lr=rates)
    for k, lr in enumerate(rates):
        alone = end(gd, svrg(f, 4, np.random.default_rng(0), 6), f.start, 30, lr=lr)
        np.testing.assert_allclose(both[:, k], alone, rtol=1e-12)
    assert svrg(f, 4, RNG, 6).grad(weights(4).astype(np.float32)).dtype == np.float32


def test_noise_is_independent_in_every_coordinate_of_every_run():
    f = noisy(rosenbrock, 0.5, np.random.default_rng(0))
    p = weights(2, 3)
    noise = np.array([f.grad(p) - rosenbrock.grad(p) for _ in range(4000)]).reshape(4000, 6)
    np.testing.assert_allclose(noise.mean(axis=0), 0, atol=5 * 0.5 / math.sqrt(4000))
    np.testing.assert_allclose(np.cov(noise.T), 0.25 * np.eye(6), atol=0.03)
    np.testing.assert_allclose(np.mean(noise**4) / np.mean(noise**2) ** 2, 3, atol=0.15)
    np.testing.assert_array_equal(f(p), rosenbrock(p))
    assert (f.d, f.name) == (2, "Rosenbrock")


def test_noise_may_miss_a_coordinate_or_be_none():
    p = weights(2)
    g = noisy(rosenbrock, [0.5, 0], np.random.default_rng(0)).grad(p)
    assert g[0] != rosenbrock.grad(p)[0]
    assert g[1] == rosenbrock.grad(p)[1]
    np.testing.assert_array_equal(noisy(rosenbrock, 0, np.random.default_rng(0)).grad(p), rosenbrock.grad(p))
    assert noisy(rosenbrock, 0.5, np.random.default_rng(0)).grad(p.astype(np.float32)).dtype == np.float32
    f = least_squares(*data())
    both = noisy(f.batches(2, np.random.default_rng(0)), 0, np.random.default_rng(1))
    np.testing.assert_array_equal(both.grad(weights(4)), f.batches(2, np.random.default_rng(0)).grad(weights(4)))


# Data

SETS = [
    lambda rng: two_moons(101, 0.1, rng),
    lambda rng: clusters(100, [[0, 0, 0], [1, 1, 1], [4, 0, 0]], 0.1, rng),
    lambda rng: sparse_words(200, 50, 12, rng),
]


@pytest.mark.parametrize(("make", "shape", "classes"), [*zip(SETS, [(101, 2), (100, 3), (200, 50)], [2, 3, 2])])
def test_data_come_from_their_seed(make, shape, classes):
    X, y = make(np.random.default_rng(0))
    assert (X.shape, X.dtype, y.shape, y.dtype) == (shape, float, shape[:1], int)
    assert set(y) == set(range(classes))
    for a, b in zip((X, y), make(np.random.default_rng(0))):
        np.testing.assert_array_equal(a, b)
    assert not np.array_equal(X, make(np.random.default_rng(1))[0])


def test_two_moons_are_two_half_circles():
    X, y = two_moons(100, 0, np.random.default_rng(0))
    upper, lower = X[y == 0], X[y == 1] - (1, 0.5)
    assert len(upper) == len(lower) == 50
    np.testing.assert_allclose(np.hypot(*np.concatenate((upper, lower)).T), 1, rtol=1e-14)
    assert upper[:, 1].min() >= 0 >= lower[:, 1].max()
    noise = two_moons(20000, 0.3, np.random.default_rng(0))[0] - two_moons(20000, 0, np.random.default_rng(0))[0]
    np.testing.assert_allclose(noise.std(axis=0), 0.3, rtol=0.03)


def test_clusters_lie_around_their_centers():
    centers = np.array([[0.0, 5.0], [-2.0, 1.0]])
    X, y = clusters(9, centers, 0, np.random.default_rng(0))
    np.testing.assert_array_equal(X, centers[y])
    X, y = clusters(20000, centers, 0.5, np.random.default_rng(0))
    np.testing.assert_allclose([X[y == k].mean(axis=0) for k in (0, 1)], centers, atol=0.03)
    np.testing.assert_allclose((X - centers[y]).std(axis=0), 0.5, rtol=0.03)


def test_words_are_a_few_frequent_and_many_rare_ones():
    X, y = sparse_words(5000, 300, 30, np.random.default_rng(0))
    assert set(np.unique(X)) == {0, 1}
    np.testing.assert_array_equal(y, X[:, 10::2].sum(axis=1) > X[:, 11::2].sum(axis=1))
    assert X.sum(axis=1).max() <= 30
    share = 1 / np.arange(1, 301) / sum(1 / k for k in range(1, 301))
    np.testing.assert_allclose(X.mean(axis=0), 1 - (1 - share) ** 30, atol=0.035)
    frequent, rare = (
        np.mean((part @ np.linalg.lstsq(part, 2.0 * y - 1)[0] > 0) == y) for part in (X[:, :10], X[:, 10:])
    )
    assert rare > 0.9, "the rare words make the class"
    assert frequent < max(y.mean(), 1 - y.mean()) + 0.01, "the frequent ones say nothing"


def test_adagrad_reads_rare_words_better_than_gradient_descent():
    X, y = sparse_words(500, 300, 30, np.random.default_rng(0))
    f = logistic(X, 2 * y - 1)
    rates = np.logspace(-2, 1, 7)
    plain, adaptive = (
        f(end(method, f.batches(10, np.random.default_rng(1)), f.start, 150, lr=rates)).min()
        for method in (gd, adagrad)
    )
    assert adaptive < plain / 2


def test_longley_has_the_certified_solution_of_nist():
    X, y = longley()
    assert (X.shape, y.shape) == ((16, 6), (16,))
    w = np.linalg.lstsq(np.column_stack([X - X.mean(axis=0), np.ones(16)]), y)[0][:-1]
    certified = [0.0150618722713733, -0.0358191792925910, -0.0202022980381683]
    certified += [-0.0103322686717359, -0.0511041056535807, 1.82915146461355]
    np.testing.assert_allclose(w, certified, rtol=1e-9)


def test_digits():
    X, y = digits()
    assert (X.shape, X.dtype, y.shape, y.dtype) == ((1797, 64), float, (1797,), int)
    assert (X.min(), X.max()) == (0, 1)
    np.testing.assert_array_equal(16 * X, (16 * X).astype(int))
    np.testing.assert_array_equal(np.bincount(y), [178, 182, 177, 183, 181, 182, 181, 179, 174, 180])
    assert (16 * X).sum() == 561718
    means = np.stack([X[y == k].mean(axis=0) for k in range(10)])
    nearest = np.sum((X[:, None] - means) ** 2, axis=-1).argmin(axis=1)
    assert np.mean(nearest == y) > 0.9, "pictures and labels belong together"


# Bad arguments

X, Y = data()
RNG = np.random.default_rng(0)
NET = Network((4, 3))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: least_squares(Y, Y), r"X must be a finite array of shape \(n, d\).*got shape \(23,\)"),
        (lambda: least_squares(np.full((2, 2), np.nan), [1, 2]), "X must be a finite"),
        (
            lambda: least_squares(X, Y[:5]),
            r"y must be a finite array of shape \(23, \.\.\.\), one entry for each row of X; got",
        ),
        (lambda: least_squares(X, 3.0), "y must be a finite array"),
        (lambda: least_squares(X, np.full(23, np.inf)), "y must be a finite array"),
        (lambda: least_squares([[1.0, 2.0], [3.0]], [1, 2]), r"X must be a finite array of shape \(n, d\)"),
        (lambda: least_squares(X * 1j, Y), "X must be a finite array"),
        (lambda: least_squares(X, ["1"] * 23), "y must be a finite array"),
        (lambda: least_squares(X, Y[:, None]), r"y must be a finite array of shape \(23,\), .*; got shape \(23, 1\)"),
        (lambda: least_squares(1e200 * X, Y), "X must have entries of a size below 1e150, so that .*; got [0-9.]+e"),
        (lambda: logistic(X, Y[:, None]), r"y must be a finite array of shape \(23,\), .*; got shape \(23, 1\)"),
        (lambda: hinge(X, Y[:, None]), r"y must be a finite array of shape \(23,\), .*; got shape \(23, 1\)"),
        (lambda: hinge(X, Y, "small"), "decay must be a finite number >= 0; got 'small'"),
        (lambda: least_squares(X, Y, -1), "decay must be a finite number >= 0; got -1"),
        (lambda: logistic(X, (Y + 1) // 2), r"y must hold labels -1 and 1; got \[0. 1.\]"),
        (lambda: hinge(X, 2 * Y), "y must hold labels"),
        (lambda: logistic(X, Y).grad(np.zeros(5)), r"a point must have shape \(4, \.\.\.\)"),
        (lambda: logistic(X, Y).batches(0, RNG), "size must be an integer from 1 to 23; got 0"),
        (lambda: logistic(X, Y).batches(24, RNG), "size must be .* got 24"),
        (lambda: logistic(X, Y).batches(2.0, RNG), "size must be .* got 2.0"),
        (lambda: logistic(X, Y).batches(2, 7), "rng must be a numpy Generator.* got 7"),
        (lambda: svrg(logistic(X, Y), 24, RNG, 10), "size must be .* got 24"),
        (lambda: svrg(logistic(X, Y), 2, 7, 10), "rng must be a numpy Generator.* got 7"),
        (lambda: svrg(logistic(X, Y), 2, RNG, 0), "every must be an integer >= 1; got 0"),
        (lambda: noisy(rosenbrock, -0.1, RNG), "sigma must be a finite number >= 0 or an array of them; got -0.1"),
        (lambda: noisy(rosenbrock, math.nan, RNG), "sigma must be"),
        (lambda: noisy(rosenbrock, "much", RNG), "sigma must be a finite number >= 0 or an array of them; got 'much'"),
        (lambda: noisy(rosenbrock, 1, None), "rng must be"),
        (lambda: two_moons(1, 0.1, RNG), "n must be an integer >= 2; got 1"),
        (lambda: two_moons(10, -0.1, RNG), "noise must be a finite number >= 0; got -0.1"),
        (lambda: two_moons(10, None, RNG), "noise must be a finite number >= 0; got None"),
        (lambda: two_moons(10, 0.1, 0), "rng must be"),
        (lambda: clusters(10, [1, 2], 0.1, RNG), r"centers must be a finite array of shape \(k, d\)"),
        (lambda: clusters(10, [[1], [1, 2]], 0.1, RNG), r"centers must be .*; got \[\[1\], \[1, 2\]\]"),
        (lambda: clusters(0, [[1, 2]], 0.1, RNG), "n must be an integer >= 1; got 0"),
        (lambda: clusters(5, [[1, 2]], math.inf, RNG), "spread must be"),
        (lambda: sparse_words(5, 10, 3, RNG), "words must be an integer >= 11; got 10"),
        (lambda: sparse_words(5, 20, 0, RNG), "length must be an integer >= 1; got 0"),
        (lambda: sparse_words(5, 20, 3, "seed"), "rng must be"),
        (lambda: classify(NET, X, Y), r"y must be an array \(n,\) of class numbers from 0 to 2; got"),
        (lambda: classify(NET, X, np.zeros((23, 1), int)), r"y must be an array \(n,\) of class numbers"),
        (lambda: classify(NET, X, np.full(23, 3)), "from 0 to 2"),
        (lambda: classify(NET, X, np.full(23, 1.0)), "from 0 to 2"),
        (lambda: classify(Network((4, 1)), X, np.full(23, 2)), "from 0 to 1"),
        (lambda: classify(NET, X[:, :3], np.zeros(23, int)), r"X and y must fit a network of sizes \(4, 3\)"),
        (lambda: classify(NET, X, np.zeros(5, int)), "one entry for each row of X"),
        (lambda: regress(NET, X, Y), "must fit a network of sizes"),
        (lambda: regress(NET, X, np.zeros((23, 3))).hess(np.zeros(15)), "regression: there is no Hessian"),
        (lambda: regress(NET, X, np.zeros((23, 3))).accuracy(np.zeros(15)), "regression: accuracy"),
    ],
)
def test_bad_arguments(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("scale", [1e-18, 1e18])
def test_squares_of_data_neither_overflow_nor_vanish(scale, dtype):
    for make in (least_squares, logistic):
        f, plain = make((scale * X).astype(dtype), Y), make(X, Y)
        assert f.L / scale**2 == pytest.approx(plain.L, rel=1e-6)
        np.testing.assert_allclose(f.minima * scale, plain.minima, rtol=1e-5, atol=1e-6)
