"""Sheet 08: its other right and wrong answers, and what ties its right answers to the library and to runs."""

import numpy as np
import pytest

from course_lib import networks
from course_lib.sheets import deep_networks


def by_steps(delta, z_hat, s):
    """The way back by a complex step in each number of sums that have this z_hat and this s."""
    z_hat, s = np.asarray(z_hat, float), np.asarray(s, float)
    root = np.sqrt(np.mean(z_hat**2, axis=0))  # epsilon makes it a little less than 1
    z = z_hat * s
    back = np.empty(z.shape)
    for place in np.ndindex(z.shape):
        step = z.astype(complex)
        step[place] += 1e-20j
        centred = step - step.mean(axis=0)
        spread = (np.mean(centred**2, axis=0) + s**2 * (1 - root**2)) ** 0.5
        back[place] = np.sum(delta * centred / spread).imag / 1e-20
    return back


def unbiased(z):
    s = ((np.var(z, axis=0, ddof=1) if len(z) > 1 else 0 * z[0]) + 1e-5) ** 0.5
    return (z - np.mean(z, axis=0)) / s, s


def told_by_rows(a):
    a = np.asarray(a)
    return np.mean(np.abs(a).max(axis=-2) == 0, axis=-1)


ALSO = {
    "shrunk": [0.129],
    "grown": [46.0, 1.2112**20],
    "start_std": [lambda activation, n, m: (networks.ACTIVATIONS[activation][2](n, m)) ** 0.5],
    "batch_norm": [lambda z: ((np.asarray(z) - np.mean(z, axis=0)) / (np.var(z, axis=0) + 1e-5) ** 0.5,
                              (np.var(z, axis=0) + 1e-5) ** 0.5)],
    "batch_norm_back": [lambda delta, z_hat, s: ((n := len(delta)) * delta - np.sum(delta, axis=0)
                                                 - z_hat * np.sum(delta * z_hat, axis=0)) / (n * s)],
    "after_a_step": [lambda lr, length, slope: (np.hypot(length, lr * slope), lr / np.hypot(length, lr * slope) ** 2)],
    "skip_back": [lambda delta, a, W: (delta + np.where(a @ W > 0, delta, 0) @ W.T,
                                       np.einsum("ni,nj->ij", a, np.where(a @ W > 0, delta, 0)))],
    "explodes": [["relu", 1, None, True], ("relu", 1.0, None, 1)],
    "alive": [("relu", 0.05, None, True), ["relu", 0.02, None, True]],
    "dead_share": [told_by_rows],
    "cosine_behind": [lambda c, layers: c if layers == 0 else deep_networks.cosine_behind.right(
        (np.sin(np.arccos(c)) + c * (np.pi - np.arccos(c))) / np.pi, layers - 1)],
}  # fmt: skip

WRONG = {
    "batch_norm": [(unbiased, "the unbiased variance")],
    "explodes": [
        (("relu", 2.0, None, True), "This is not the recommended start"),
        (("relu", 1.0, "batch", False), "This has no skip"),
        (("tanh", 1.0, None, True), "does not grow a millionfold"),
        (("relu", 1.0, "batch", True), "does not grow a millionfold"),
        (("relu", 1.0, "group", True), "Four things in one tuple are meant"),
        (("gelu", 1.0, None, True), "Four things in one tuple are meant"),
        (("relu", None, True), "Four things in one tuple are meant"),
    ],
    "alive": [
        (("tanh", 0.1, None, True), "another activation than the relu"),
        (("relu", 0.1, "layer", True), "This has a norm"),
        (("relu", 1.0, None, False), "near the recommended start"),
        (("relu", 0.1, None, False), "Its signal does not stay"),
        (("relu", 5.0, None, True), "Its signal does not stay"),
    ],
}  # fmt: skip


def test_the_way_back_is_that_of_complex_steps():
    rng = np.random.default_rng(0)
    for n, units in ((3, 1), (7, 4), (20, 2)):
        delta, z = rng.normal(size=(2, n, units))
        z_hat, s = deep_networks.batch_norm.right(z)
        expected = by_steps(delta, z_hat, s)
        np.testing.assert_allclose(deep_networks.batch_norm_back.right(delta, z_hat, s), expected, atol=1e-12)


def test_batch_norm_is_the_library_s():
    z, delta = np.random.default_rng(1).normal(size=(2, 9, 4))
    z_hat, s = deep_networks.batch_norm.right(z)
    expected, scale = networks.normalized(z, 0)
    np.testing.assert_allclose(z_hat, expected, rtol=1e-12)
    np.testing.assert_allclose(s, scale[0], rtol=1e-12)
    np.testing.assert_allclose(
        deep_networks.batch_norm_back.right(delta, z_hat, s),
        networks.normalized_backward(delta, expected, scale, 0), atol=1e-13,
    )  # fmt: skip


def test_the_way_back_through_a_skip_is_the_network_s():
    rng = np.random.default_rng(2)
    net = networks.Network((4, 4, 3), "relu", skip=True)
    theta, a, behind = net.init(rng), rng.normal(size=(5, 4)), rng.normal(size=(5, 3))
    (W, _), (out, _) = net.layers(theta)
    in_a, in_W = deep_networks.skip_back.right(behind @ out.T, a, W)
    outputs = net.activations(theta, a)
    np.testing.assert_allclose(in_W, net.layers(net.backward(theta, outputs, behind))[0][0], atol=1e-13)
    gradient = networks.signal_and_gradient(net, theta, a, behind)[1]
    assert np.sqrt(np.mean(in_a**2)) == pytest.approx(gradient[0])


def test_a_step_in_front_of_a_norm_lengthens_the_weights():
    rng = np.random.default_rng(3)
    z, delta = rng.normal(size=(2, 30, 5))
    W = rng.normal(size=(5, 5))
    z_hat, s = deep_networks.batch_norm.right(z @ W)
    g = z.T @ deep_networks.batch_norm_back.right(delta, z_hat, s)
    length, _ = deep_networks.after_a_step.right(0.7, np.linalg.norm(W), np.linalg.norm(g))
    assert np.linalg.norm(W - 0.7 * g) == pytest.approx(length, rel=1e-5)


def test_all_other_settings_at_the_recommended_start_are_no_answer_to_the_first():
    found = []
    for activation in deep_networks.ACTIVATIONS:
        for norm in deep_networks.NORMS:
            setting = (activation, 1.0, norm, True)
            found += [setting] * deep_networks.explodes.report(setting)[0]
    assert found == [("relu", 1.0, None, True)]


def test_the_solutions_say_what_comes_out():
    at_last = []
    for lr in (0.1, 1000.0):
        length = 1.0
        for _ in range(100):
            length, effective = deep_networks.after_a_step.right(lr, length, 1 / length)
        at_last.append(effective)
    assert 50 < at_last[0] / at_last[1] < 100
    assert deep_networks.sizes(("relu", 0.1, None, True))[0] < 10 < deep_networks.sizes(("relu", 0.12, None, True))[0]
    assert 1e4 < deep_networks.sizes(("relu", 1.0, "batch", False))[1] < 1e6
