"""The network: forward against loops, backward against complex steps, and that it learns."""

import math

import numpy as np
import pytest

from course_lib.descent import descend, end
from course_lib.networks import Network
from course_lib.optimizers import adam, gd
from course_lib.problems import classify, digits, regress, two_moons

NETWORKS = [
    Network((3, 2)),
    Network((3, 1), "relu"),
    Network((3, 4, 1)),
    Network((3, 4, 2), "relu"),
    Network((3, 5, 4, 3)),
    Network([3, 5, 4, 3, 2], "relu"),
]
RUNS = [(), (1,), (3,), (2, 3)]
TINY = 1e-20

every = pytest.mark.parametrize("network", NETWORKS, ids=lambda net: f"{net.activation} {net.sizes}")


def parameters(network, *runs, seed=1):
    theta = np.random.default_rng(seed).normal(size=(network.size, *runs))
    theta.setflags(write=False)
    return theta


def examples(network, n=9):
    rng = np.random.default_rng(2)
    outputs = network.sizes[-1]
    X = rng.normal(size=(n, network.sizes[0]))
    X.setflags(write=False)
    return X, rng.integers(max(2, outputs), size=n), rng.normal(size=(n, outputs))


def problems(network):
    X, labels, targets = examples(network)
    return classify(network, X, labels), regress(network, X, targets)


def by_hand(network, theta, x):
    """The outputs for one example, unit by unit."""
    numbers, depth = iter(theta), len(network.sizes) - 1
    for layer, (n, m) in enumerate(zip(network.sizes[:-1], network.sizes[1:]), 1):
        W = [[next(numbers) for _ in range(m)] for _ in range(n)]
        z = [sum(W[i][j] * x[i] for i in range(n)) + b for j, b in zip(range(m), numbers)]
        if layer == depth:
            return z
        x = [math.tanh(a) if network.activation == "tanh" else max(a, 0) for a in z]


@every
def test_layers_are_the_vector_itself(network):
    theta = np.arange(float(network.size))
    pieces = [piece for pair in network.layers(theta) for piece in pair]
    assert [piece.size for piece in pieces] == [math.prod(shape) for shape in network.shapes]
    assert [pieces[i].shape for i in range(0, len(pieces), 2)] == network.shapes[::2]
    np.testing.assert_array_equal(np.concatenate([piece.ravel() for piece in pieces]), theta)
    for piece in pieces:
        assert np.shares_memory(piece, theta)
        piece[...] = -1
    np.testing.assert_array_equal(theta, -1)


@every
def test_forward_is_that_of_the_loops(network):
    theta, (X, *_) = parameters(network), examples(network)
    np.testing.assert_allclose(
        network.forward(theta, X), [by_hand(network, theta.tolist(), x) for x in X.tolist()], rtol=1e-12, atol=1e-14
    )


@every
def test_losses_are_their_formulas(network):
    theta, (X, labels, targets) = parameters(network), examples(network)
    outputs = [by_hand(network, theta.tolist(), x) for x in X.tolist()]
    if network.sizes[-1] == 1:
        right = [1 / (1 + math.exp(-z if label else z)) for (z,), label in zip(outputs, labels)]
        hits = [(z > 0) == label for (z,), label in zip(outputs, labels)]
    else:
        right = [math.exp(z[label]) / sum(map(math.exp, z)) for z, label in zip(outputs, labels)]
        hits = [max(z) == z[label] for z, label in zip(outputs, labels)]
    squares = [sum((a - b) ** 2 for a, b in zip(z, t)) / 2 for z, t in zip(outputs, targets)]
    classes, numbers = classify(network, X, labels), regress(network, X, targets)
    assert classes(theta) == pytest.approx(np.mean([-math.log(p) for p in right]), rel=1e-12)
    assert classes.accuracy(theta) == pytest.approx(np.mean(hits))
    assert numbers(theta) == pytest.approx(np.mean(squares), rel=1e-12)
    if network.sizes[-1] == 1:
        assert regress(network, X, targets[:, 0])(theta) == numbers(theta)


@every
def test_backward_is_the_gradient(network):
    for f in problems(network):
        theta = parameters(network)
        if f.name == "binary classification":  # its logaddexp is real
            step = 1e-6 * np.eye(network.size)
            expected = (f(theta[:, None] + step) - f(theta[:, None] - step)) / 2e-6
            np.testing.assert_allclose(f.grad(theta), expected, rtol=1e-6, atol=1e-9)
        else:
            expected = f(theta[:, None] + TINY * 1j * np.eye(network.size)).imag / TINY
            np.testing.assert_allclose(f.grad(theta), expected, rtol=1e-11, atol=1e-14)


@every
@pytest.mark.parametrize("runs", RUNS)
def test_runs_side_by_side(network, runs):
    theta = parameters(network, *runs)
    for f in problems(network):
        assert (f(theta).shape, f.grad(theta).shape) == (runs, theta.shape)
        for run in np.ndindex(runs):
            at = (..., *run)
            np.testing.assert_allclose(f(theta)[at], f(theta[at]), rtol=1e-13)
            np.testing.assert_allclose(f.grad(theta)[at], f.grad(theta[at]), rtol=1e-12, atol=1e-14)
            if f.hits:
                assert f.accuracy(theta)[at] == f.accuracy(theta[at])


@every
def test_float32_stays(network):
    for f in problems(network):
        for theta in (parameters(network), parameters(network, 3)):
            short = theta.astype(np.float32)
            assert f(short).dtype == f.grad(short).dtype == np.float32
            np.testing.assert_allclose(f.grad(short), f.grad(theta), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("outputs", [1, 3])
def test_large_outputs_do_not_overflow(outputs):
    f = classify(Network((1, outputs)), [[1.0], [1.0]], [0, 1])
    theta = np.zeros(2 * outputs)
    theta[0] = 1e4
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        assert f(theta) == pytest.approx(5e3)
        expected = [0.5] if outputs == 1 else [0.5, -0.5, 0]
        np.testing.assert_allclose(f.grad(theta), expected * 2, atol=1e-15)


@pytest.mark.parametrize(("activation", "variance"), [("tanh", 2 / (300 + 500)), ("relu", 2 / 300)])
def test_init_is_as_wide_as_the_papers_say(activation, variance):
    network = Network((300, 500, 2), activation)
    theta = network.init(np.random.default_rng(0))
    (W, b), (_, c) = network.layers(theta)
    assert np.var(W) == pytest.approx(variance, rel=0.02)
    assert abs(W.mean()) < 5 * math.sqrt(variance / W.size)
    assert not b.any()
    assert not c.any()
    np.testing.assert_array_equal(theta, network.init(np.random.default_rng(0)))
    np.testing.assert_allclose(network.init(np.random.default_rng(0), scale=3), 3 * theta, rtol=1e-15)
    assert not network.init(np.random.default_rng(0), scale=0).any()
    np.testing.assert_array_equal(classify(network, np.zeros((1, 300)), [0]).start, theta)


def test_init_keeps_a_signal_alive():
    X = np.random.default_rng(0).normal(size=(50, 200))
    for activation, low in (("relu", 0.2), ("tanh", 0.05)):
        network = Network((200,) * 21, activation)
        last = network.activations(network.init(np.random.default_rng(1)), X)[-2]
        assert low < np.sqrt(np.mean(last**2)) < 3
        weak = network.activations(network.init(np.random.default_rng(1), scale=0.5), X)[-2]
        assert np.sqrt(np.mean(weak**2)) < 1e-4


def test_a_network_without_hidden_layers_is_linear_regression():
    X, _, targets = examples(NETWORKS[0])
    f = regress(NETWORKS[0], X, targets)
    W, b = NETWORKS[0].layers(end(gd, f, f.start, 3000, lr=0.3))[0]
    solution = np.linalg.lstsq(np.column_stack((X, np.ones(len(X)))), targets)[0]
    np.testing.assert_allclose(np.concatenate((W, b)), solution, rtol=1e-8, atol=1e-10)


def test_it_parts_the_moons():
    X, y = two_moons(200, 0.1, np.random.default_rng(0))
    f = classify(Network((2, 8, 1)), X, y)
    starts = np.stack([Network((2, 8, 1)).init(np.random.default_rng(seed)) for seed in range(10)], axis=1)
    path = descend(adam, f, starts, 400, lr=0.05)
    assert np.all(f.accuracy(path[:, 0]) < 0.95)
    assert np.median(f.accuracy(path[:, -1])) > 0.99


def test_it_reads_digits_it_has_not_seen():
    X, y = digits()
    network = Network((64, 32, 10))
    f, unseen = classify(network, X[:1400], y[:1400]), classify(network, X[1400:], y[1400:])
    last = end(adam, f.batches(64, np.random.default_rng(0)), f.start, 10 * 22, lr=0.01)
    assert unseen.accuracy(f.start) < 0.25
    assert f.accuracy(last) > 0.97
    assert unseen.accuracy(last) > 0.9


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Network((3,)), r"sizes must be 2 or more integers >= 1; got \(3,\)"),
        (lambda: Network(3), "sizes must be .* got 3"),
        (lambda: Network((3, 0, 1)), "sizes must be"),
        (lambda: Network((3, 2.0)), "sizes must be"),
        (lambda: Network((3, 2), "gelu"), "activation must be one of tanh, relu; got 'gelu'"),
        (lambda: Network((3, 2)).init(0), "rng must be a numpy Generator.* got 0"),
        (lambda: Network((3, 2)).init(np.random.default_rng(0), -1), "scale must be a finite number >= 0; got -1"),
        (lambda: problems(NETWORKS[0])[0].grad(np.zeros(7)), r"a point must have shape \(8, \.\.\.\)"),
    ],
)
def test_bad_arguments(make, message):
    with pytest.raises(ValueError, match=message):
        make()
