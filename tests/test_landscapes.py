"""Landscapes: the laws that lines, planes, symmetries, bent ways and sharpness obey, on networks drawn at random."""

from itertools import permutations

import numpy as np
import pytest

from course_lib.curvature import with_hessian
from course_lib.descent import end
from course_lib.landscapes import (
    Bend,
    aligned,
    assignment,
    barrier,
    filter_normalized,
    line,
    permuted,
    plane,
    principal_components,
    sharpness,
    stretched,
)
from course_lib.networks import Network
from course_lib.optimizers import adam, gd
from course_lib.problems import classify, regress
from course_lib.surfaces import Surface, himmelblau, quadratic, quadratic_form

RELU, DEEP, TANH = Network((5, 7, 3), "relu"), Network((5, 6, 4, 3)), Network((5, 3, 2))


def rng(seed=0):
    return np.random.default_rng(seed)


def some(network, *runs, seed=0):
    return rng(seed).normal(size=(network.size, *runs))


def task(network, n=12):
    X = rng(1).normal(size=(n, network.sizes[0]))
    return classify(network, X, rng(2).integers(network.sizes[-1], size=n))


def outputs(network, theta):
    return network.forward(np.moveaxis(theta, 0, -1), rng(3).normal(size=(9, network.sizes[0])))


def shuffle(network, seed=4):
    return [rng(seed + k).permutation(width) for k, width in enumerate(network.sizes[1:-1])]


# Lines and planes


def test_a_line_has_its_ends_and_equal_steps():
    a, b = rng().normal(size=(2, 6))
    way = line(a, b, 5)
    assert way.shape == (6, 5)
    np.testing.assert_array_equal(way[:, [0, -1]], np.stack((a, b), axis=1))
    np.testing.assert_allclose(np.diff(way), np.repeat((b - a)[:, None] / 4, 4, axis=1), atol=1e-14)


def test_a_plane_has_s_to_the_right_and_t_upwards():
    o, u, v = rng().normal(size=(3, 6))
    s, t = np.array([-1.0, 0, 2]), np.array([0.5, 3])
    points = plane(o, u, v, s, t)
    assert points.shape == (6, 2, 3)
    for i, j in np.ndindex(2, 3):
        np.testing.assert_allclose(points[:, i, j], o + s[j] * u + t[i] * v, atol=1e-14)
    np.testing.assert_array_equal(plane(o, u, v, s), plane(o, u, v, s, s))


def test_the_barrier_of_a_bowl_is_none_and_of_a_dome_its_height():
    a, b = rng().normal(size=(2, 2))
    assert barrier(quadratic(7), a, b) == 0
    dome = quadratic_form(-np.eye(2))
    assert barrier(dome, a, b) == pytest.approx(np.sum((a - b) ** 2) / 8)  # above the chord, whatever the ends
    assert barrier(himmelblau, *himmelblau.minima[:2]) == pytest.approx(himmelblau(line(*himmelblau.minima[:2])).max())


# What symmetries do


@pytest.mark.parametrize("network", [RELU, DEEP])
def test_another_order_of_the_units_is_the_same_function(network):
    theta, orders = some(network, 3), shuffle(network)
    other = permuted(network, theta, orders)
    np.testing.assert_allclose(outputs(network, other), outputs(network, theta), atol=1e-12)
    assert not np.allclose(other, theta)
    np.testing.assert_array_equal(permuted(network, other, [np.argsort(order) for order in orders]), theta)
    np.testing.assert_array_equal(np.sort(other, axis=0), np.sort(theta, axis=0))
    first = network.layers(other.T)[0][0]
    np.testing.assert_array_equal(first, network.layers(theta.T)[0][0][..., orders[0]])


@pytest.mark.parametrize("network", [RELU, DEEP])
def test_a_shuffled_copy_is_brought_back(network):
    theta = some(network)
    np.testing.assert_array_equal(aligned(network, permuted(network, theta, shuffle(network)), to=theta), theta)


def test_with_one_hidden_layer_no_order_is_nearer():
    a, b = some(TANH), some(TANH, seed=5)
    best = min(np.linalg.norm(permuted(TANH, a, [order]) - b) for order in permutations(range(3)))
    assert np.linalg.norm(aligned(TANH, a, to=b) - b) == pytest.approx(best)


def test_aligned_is_the_same_function_and_no_farther():
    for seed in range(5):
        a, b = some(DEEP, seed=seed), some(DEEP, seed=seed + 10)
        near = aligned(DEEP, a, to=b)
        np.testing.assert_allclose(outputs(DEEP, near), outputs(DEEP, a), atol=1e-12)
        assert np.linalg.norm(near - b) < np.linalg.norm(a - b)
        np.testing.assert_array_equal(aligned(DEEP, near, to=b), near)


def test_units_that_are_all_alike_do_not_go_round_for_ever():
    same = np.ones(DEEP.size)
    np.testing.assert_array_equal(aligned(DEEP, same, to=same), same)


def test_the_assignment_is_the_cheapest_of_all():
    for seed in range(60):
        n = 1 + seed % 6
        cost = (3 * rng(seed).normal(size=(n, n))).round(seed % 3)  # rounded, so that some are equal
        found = assignment(cost)
        assert sorted(found) == list(range(n))
        cheapest = min(cost[range(n), list(order)].sum() for order in permutations(range(n)))
        assert cost[range(n), found].sum() == pytest.approx(cheapest)


def test_a_stretched_network_is_the_same_function_and_as_sharp_as_you_like():
    theta, c = some(RELU), np.array([0.1, 1.0, 30.0])
    far = stretched(RELU, theta, c)
    for k in range(3):
        np.testing.assert_allclose(outputs(RELU, far[:, k]), outputs(RELU, theta), atol=1e-12)
        np.testing.assert_array_equal(far[:, k], stretched(RELU, theta, c[k]))
    np.testing.assert_array_equal(far[:, 1], theta)
    (W, b), (V, d) = RELU.layers(theta)
    np.testing.assert_allclose(far[:, 2], np.concatenate([p.ravel() for p in (30 * W, 30 * b, V / 30, d)]), rtol=1e-14)


@pytest.mark.parametrize("network", [RELU, DEEP])
def test_a_filter_normalised_direction_has_the_lengths_of_the_units(network):
    theta, direction = some(network), some(network, 4, seed=6)
    found = filter_normalized(network, direction, theta)
    for (D, d), (E, _), (W, _) in zip(*(network.layers(a.T) for a in (found, direction, theta))):
        np.testing.assert_allclose(
            np.linalg.norm(D, axis=-2), np.broadcast_to(np.linalg.norm(W, axis=-2), D[:, 0].shape)
        )
        cosines = np.sum(D * E, axis=-2) / np.linalg.norm(D, axis=-2) / np.linalg.norm(E, axis=-2)
        np.testing.assert_allclose(cosines, 1)
        assert not d.any()


def test_filter_normalised_slices_do_not_see_the_stretch():
    f, theta, direction = task(RELU), some(RELU), some(RELU, seed=6)
    for c in (0.01, 30.0):
        far = stretched(RELU, theta, c)
        seen = f(far + 0.5 * filter_normalized(RELU, direction, far))
        assert seen == pytest.approx(f(theta + 0.5 * filter_normalized(RELU, direction, theta)), rel=1e-10)


def test_a_unit_without_a_direction_stays():
    assert not filter_normalized(RELU, np.zeros(RELU.size), some(RELU)).any()


# Bent ways


def test_a_bend_without_a_bend_is_the_line():
    a, b = rng().normal(size=(2, 2))
    np.testing.assert_allclose(Bend(himmelblau, a, b).at((a + b) / 2, np.linspace(0, 1, 21)), line(a, b), atol=1e-14)


@pytest.mark.parametrize("runs", [(), (3,), (2, 3)])
def test_the_slope_of_a_bend_is_that_of_its_value(runs):
    a, b = rng().normal(size=(2, 2))
    bend, c = Bend(himmelblau, a, b, k=5), rng(1).normal(size=(2, *runs))
    assert bend(c).shape == runs
    for i in range(2):
        step = 1e-6 * np.eye(2)[i].reshape(2, *[1] * len(runs))
        np.testing.assert_allclose(bend.grad(c)[i], (bend(c + step) - bend(c - step)) / 2e-6, rtol=1e-6, atol=1e-6)
    t = (np.arange(5) + 0.5) / 5
    np.testing.assert_allclose(bend(c), himmelblau(bend.at(c, t)).mean(axis=-1))


def test_the_ends_of_a_bend_stay():
    a, b, c = rng().normal(size=(3, 4, 1))
    ends = Bend(quadratic(3), a[:, 0], b[:, 0]).at(c[:, 0], np.array([0.0, 1.0]))
    np.testing.assert_allclose(ends, np.concatenate((a, b), axis=1), atol=1e-15)


def test_a_bent_way_leads_round_the_hill():
    def slope(p):
        return 4 * (np.sum(p * p, axis=0) - 1) * p

    ring = Surface("ring", lambda p: (p[0] ** 2 + p[1] ** 2 - 1) ** 2, slope, start=[2, 0], window=((-2, 2), (-2, 2)))
    a, b = np.eye(2)
    bend = Bend(ring, a, b)
    c = end(adam, bend, (a + b) / 2, 400, lr=0.03)
    assert barrier(ring, a, b) == 0.25
    assert ring(bend.at(c, np.linspace(0, 1, 61))).max() < 0.005


# Sharpness


def test_sharpness_is_the_largest_curvature():
    f, x = task(TANH), some(TANH, 3)
    expected = [np.linalg.eigvalsh(with_hessian(f).hess(x[:, k])) for k in range(3)]
    values, v = sharpness(f, x, some(TANH, 3, seed=7), steps=400)
    np.testing.assert_allclose(values, [e[np.argmax(np.abs(e))] for e in expected], rtol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(v, axis=0), 1)
    again, _ = sharpness(f, x, v, steps=1)
    np.testing.assert_allclose(again, values, rtol=1e-6)


def test_sharpness_side_by_side_is_that_of_each_alone():
    f, x, v = task(TANH), some(TANH, 3), some(TANH, 3, seed=7)
    together = sharpness(f, x, v, steps=5)
    for k in range(3):
        alone = sharpness(f, x[:, k], v[:, k], steps=5)
        np.testing.assert_allclose(together[0][k], alone[0], rtol=1e-9)
        np.testing.assert_allclose(together[1][:, k], alone[1], rtol=1e-7, atol=1e-9)


def test_with_a_small_step_kinks_do_not_count():
    f = task(RELU)
    x = end(gd, f, RELU.init(rng()), 200, lr=0.1)
    smooth = [np.max(np.linalg.eigvalsh(hessian_by(f, x, h))) for h in (1e-6, 1e-7)]
    assert smooth[0] == pytest.approx(smooth[1], rel=1e-4)
    assert sharpness(f, x, some(RELU, seed=8), steps=400, h=1e-6)[0] == pytest.approx(smooth[0], rel=1e-3)


def hessian_by(f, x, h):
    steps = h * np.eye(len(x))
    H = (f.grad(x[:, None] + steps) - f.grad(x[:, None] - steps)) / (2 * h)
    return (H + H.T) / 2


# Shadows


def test_principal_components_are_those_of_the_covariance():
    path = rng().normal(size=(4, 50)) * np.array([[3.0], [1], [0.5], [0.1]]) + 7
    shares, shadow = principal_components(path, k=3)
    spread = np.linalg.eigvalsh(np.cov(path))[::-1]
    np.testing.assert_allclose(shares, (spread / spread.sum())[:3])
    np.testing.assert_allclose(np.cov(shadow), np.diag(spread[:3]), atol=1e-12)
    assert np.all(shadow[:, -1] >= 0)
    np.testing.assert_allclose(principal_components(-path, k=3)[1], shadow, atol=1e-10)


def test_a_straight_path_has_one_component():
    shares, shadow = principal_components(line(np.zeros(6), np.arange(6.0), 9))
    np.testing.assert_allclose(shares, [1, 0], atol=1e-20)
    np.testing.assert_allclose(np.diff(shadow[0]), np.sqrt(55) / 8)


def test_of_a_random_walk_the_first_component_is_most():
    walk = np.cumsum(rng().normal(size=(1000, 300)), axis=1)
    shares, _ = principal_components(walk, k=3)
    np.testing.assert_allclose(shares, 6 / (np.pi * np.arange(1, 4)) ** 2, rtol=0.1)


# Bad arguments


THETA = np.zeros(RELU.size)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: line([1.0, 2], [1.0]), r"b must be a finite array of shape \(2,\), a point like a; got shape \(1,\)"),
        (lambda: line([1.0], [2.0], 1), "n must be an integer >= 2; got 1"),
        (lambda: barrier(himmelblau, [1.0, 2], [[1.0], [2]]), "b must be a finite array of shape"),
        (lambda: plane([1.0, 2], [1.0], [1.0, 2], [0.0]), r"u must be a finite array of shape \(2,\)"),
        (lambda: plane([1.0], [1.0], [1.0], 0.0), r"s must be a finite array of shape \(m,\)"),
        (lambda: filter_normalized(RELU, THETA[1:], THETA), r"direction must have shape \(66, ...\)"),
        (lambda: stretched(RELU, THETA, 0), "c must be a finite number > 0 or an array of them; got 0"),
        (lambda: stretched(TANH, np.zeros(TANH.size), 2), r"a hidden layer of relus; got \(5, 3, 2\) with tanh"),
        (
            lambda: permuted(Network((2, 3, 1), norm="batch"), np.zeros(16), [[0, 1, 2]]),
            "network must have neither norm",
        ),
        (lambda: stretched(Network((2, 3), "relu"), np.zeros(9), 2), "a hidden layer of relus"),
        (
            lambda: permuted(RELU, THETA, [[0, 1, 2, 3, 4, 5, 5]]),
            r"a permutation for each hidden layer, of widths \(7,\)",
        ),
        (lambda: permuted(RELU, THETA, []), r"a permutation for each hidden layer, of widths \(7,\)"),
        (lambda: aligned(RELU, THETA, THETA[1:]), r"to must be a finite array of shape \(66,\)"),
        (lambda: assignment([[1.0, 2]]), r"cost must be a finite array of shape \(n, n\)"),
        (lambda: Bend(himmelblau, [1.0, 2], [3.0, 4], 0), "k must be an integer >= 1; got 0"),
        (lambda: Bend(himmelblau, [1.0, 2], [3.0, 4]).at([0.0, 0], [2.0]), r"t must be a number in \[0.*, 1.*\]"),
        (lambda: sharpness(himmelblau, [1.0, 2], [0.0, 0]), "v must not be 0"),
        (lambda: sharpness(himmelblau, [1.0, 2], [1.0]), "v must have the shape of x"),
        (lambda: sharpness(himmelblau, [1.0, 2], [1.0, 0], steps=0), "steps must be an integer >= 1; got 0"),
        (lambda: principal_components(np.ones((2, 3)), 3), "k must be an integer from 1 to 2; got 3"),
    ],
)
def test_bad_arguments(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_regression_has_a_landscape_too():
    f = regress(TANH, rng(1).normal(size=(8, 5)), rng(2).normal(size=(8, 2)))
    assert barrier(f, *some(TANH, 2).T) >= 0
