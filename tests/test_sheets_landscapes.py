"""Sheet 09: its other right and wrong answers, and what ties its right answers to the library."""

import numpy as np
import pytest

from course_lib import landscapes, wrappers
from course_lib.curvature import with_hessian
from course_lib.descent import end
from course_lib.networks import Network
from course_lib.optimizers import gd
from course_lib.problems import regress
from course_lib.sheets import landscapes as sheet
from course_lib.surfaces import himmelblau

ALSO = {
    "barrier": [lambda f, a, b, n=21: landscapes.barrier(lambda p: np.array([f(x) for x in p.T]), a * 1.0, b * 1.0, n)],
    "in_units": [lambda D, W: D / np.maximum(np.sum(D * D, axis=0) ** 0.5, 1e-300) * np.sum(W * W, axis=0) ** 0.5],
    "twins": [[[0.5, 2.0], [0.01, 100.0]], np.array([[1.0, 1.0], [15.0, 1 / 15]])],
    "proof": ["CDFBAGEH", "CBDFAGEH"],
    "bent": [lambda a, c, b, t: (1 - t) * ((1 - t) * a + t * c) + t * ((1 - t) * c + t * b)],
    "bend": [lambda grad, a, c, b, ts: np.mean([2 * t * (1 - t) * grad(sheet.bent.right(a, c, b, t)) for t in ts], 0)],
}

WRONG = {
    "slope": [(0.5, "too small"), ("0.6", "A number is meant")],
    "edge": [(41, "too large")],
    "twins": [
        ((1.0, 1.0), "Two pairs are meant"),
        (((1.0, 1.0), (2.0, 0.5)), "100 times as sharp as the first"),
        (((20.0, 0.05), (1.0, 1.0)), "100 times as sharp as the first"),
        (((1.0, 1.0), (20.0, 20.0)), "Not both are minima"),
        (((1.0, 1.0), (-20.0, -0.05)), "the relu gives 0"),
        (((1.0, 1.0), (float("inf"), 0.0)), "Two pairs are meant"),
    ],
    "reordered_units": [(lambda W1, b1, W2, order: (W1[:, order], b1[order], W2[:, :]), "what leads out of a unit")],
    "proof": [("CFDAGBHE", "first they must be the same"), ("CFDA", "Lines are missing after A: 8 are needed.")],
}


def test_the_right_answers_are_what_the_library_does():
    rng = np.random.default_rng(9)
    a, c, b = rng.normal(size=(3, 2))
    ours = landscapes.Bend(himmelblau, a, b, k=5)
    np.testing.assert_allclose(sheet.bend.right(himmelblau.grad, a, c, b, ours.t), ours.grad(c))
    np.testing.assert_allclose(sheet.bent.right(a, c, b, 0.3), ours.at(c, [0.3])[:, 0])
    assert sheet.barrier.right(himmelblau, a, b) == pytest.approx(landscapes.barrier(himmelblau, a, b))
    network = Network((3, 4, 2))
    theta, direction = rng.normal(size=(2, network.size))
    found = network.layers(landscapes.filter_normalized(network, direction, theta))
    for (D, _), (E, _), (W, _) in zip(found, network.layers(direction), network.layers(theta)):
        np.testing.assert_allclose(D, sheet.in_units.right(E, W))
    order = np.array([2, 0, 3, 1])
    (W1, b1), (W2, _) = network.layers(theta)
    (V1, c1), (V2, _) = network.layers(landscapes.permuted(network, theta, [order]))
    for ours, theirs in zip(sheet.reordered_units.right(W1, b1[0], W2, order), (V1, c1[0], V2)):
        np.testing.assert_array_equal(ours, theirs)


def test_sam_is_the_wrapper():
    x, g = np.array([1.0, -2.0]), himmelblau.grad(np.array([1.0, -2.0]))
    (theirs,) = wrappers.sam(gd, himmelblau, 0.05)(x, g, lr=0.01)
    np.testing.assert_allclose(sheet.sam.right(x, g, himmelblau.grad, lr=0.01), theirs, rtol=1e-14)


def test_the_sharpness_of_the_twins_is_that_of_the_hessian():
    network = Network((1, 1, 1), "relu")
    f = with_hessian(regress(network, [[1.0]], [1.0]))
    for w, v in sheet.twins.passes:
        H = f.hess(np.array([w, 0.0, v, 0.0]))[np.ix_([0, 2], [0, 2])]
        assert np.linalg.eigvalsh(H)[-1] == pytest.approx(v * v + w * w, rel=1e-5)


def test_the_numbers_of_the_guesses_are_those_of_runs():
    bends = np.repeat([-1.0, 1.0], [200, 800])
    u = np.random.default_rng(0).normal(size=(1000, 2000))
    assert np.mean(bends @ (u * u) / np.sum(u * u, axis=0)) == pytest.approx(0.6, abs=0.01)
    edge = end(gd, himmelblau, himmelblau.minima[0] + 1e-6, 60, lr=np.array([1.99, 2.01]) / 82.28)
    apart = np.abs(edge - himmelblau.minima[0][:, None]).max(axis=0)
    assert apart[0] < 1e-6 < apart[1]
