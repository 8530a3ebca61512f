"""The network: forward against loops, backward against complex steps, and that it learns."""

import math

import numpy as np
import pytest

from course_lib.descent import descend, end
from course_lib.networks import Network, normalized, normalized_backward, signal_and_gradient
from course_lib.optimizers import adam, gd
from course_lib.problems import classify, digits, regress, two_moons

NETWORKS = [
    Network((3, 2)),
    Network((3, 1), "relu"),
    Network((3, 4, 1)),
    Network((3, 4, 2), "relu"),
    Network((3, 5, 4, 3)),
    Network([3, 5, 4, 3, 2], "relu"),
    Network((3, 4, 4, 2), "sigmoid"),
]
NETWORKS += [
    Network((3, 5, 5, 4, 4, 2), activation, norm, skip)
    for activation in ("tanh", "relu", "sigmoid")
    for norm in (None, "batch", "layer")
    for skip in (False, True)
]
RUNS = [(), (1,), (3,), (2, 3)]
TINY = 1e-20


def told(network):
    return f"{network.activation} {network.norm} {'skip' if network.skip else ''} {network.sizes}"


every = pytest.mark.parametrize("network", NETWORKS, ids=told)


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


BENDS = {"tanh": math.tanh, "relu": lambda z: max(z, 0), "sigmoid": lambda z: 1 / (1 + math.exp(-z))}


def by_hand(network, theta, X):
    """The outputs for all examples, number by number."""
    numbers, depth = iter(theta), len(network.sizes) - 1
    for layer, (n, m) in enumerate(zip(network.sizes[:-1], network.sizes[1:]), 1):
        W = [[next(numbers) for _ in range(m)] for _ in range(n)]
        b = [next(numbers) for _ in range(m)]
        z = [[sum(W[i][j] * x[i] for i in range(n)) for j in range(m)] for x in X]
        if layer == depth:
            return [[one + shift for one, shift in zip(row, b)] for row in z]
        gain = [next(numbers) if network.norm else 1 for _ in range(m)]
        if network.norm == "batch":
            z = transposed([standard(column) for column in transposed(z)])
        if network.norm == "layer":
            z = [standard(row) for row in z]
        bent = [[BENDS[network.activation](g * one + s) for g, one, s in zip(gain, row, b)] for row in z]
        keep = network.skip and n == m
        X = [[keep * old + new for old, new in zip(x, row)] for x, row in zip(X, bent)] if keep else bent


def transposed(rows):
    return [list(column) for column in zip(*rows)]


def standard(row):
    mean = sum(row) / len(row)
    s = math.sqrt(sum((one - mean) ** 2 for one in row) / len(row) + 1e-5)
    return [(one - mean) / s for one in row]


@every
def test_layers_are_the_vector_itself(network):
    theta = np.arange(float(network.size))
    layers = network.layers(theta)
    pieces = [piece for layer in layers for piece in layer]
    assert [len(layer) for layer in layers] == [3 if network.norm else 2] * (len(layers) - 1) + [2]
    assert [piece.shape if piece.shape[0] > 1 else piece.shape[1:] for piece in pieces] == network.shapes
    np.testing.assert_array_equal(np.concatenate([piece.ravel() for piece in pieces]), theta)
    for piece in pieces:
        assert np.shares_memory(piece, theta)
        piece[...] = -1
    np.testing.assert_array_equal(theta, -1)


@every
def test_forward_is_that_of_the_loops(network):
    theta, (X, *_) = parameters(network), examples(network)
    np.testing.assert_allclose(
        network.forward(theta, X), by_hand(network, theta.tolist(), X.tolist()), rtol=1e-11, atol=1e-13
    )


@every
def test_losses_are_their_formulas(network):
    theta, (X, labels, targets) = parameters(network), examples(network)
    outputs = by_hand(network, theta.tolist(), X.tolist())
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
            np.testing.assert_allclose(f.grad(theta), expected, rtol=1e-11, atol=1e-14 * np.abs(expected).max())


@every
@pytest.mark.parametrize("runs", RUNS)
def test_runs_side_by_side(network, runs):
    theta = parameters(network, *runs)
    for f in problems(network):
        assert (f(theta).shape, f.grad(theta).shape) == (runs, theta.shape)
        for run in np.ndindex(runs):
            at = (..., *run)
            np.testing.assert_allclose(f(theta)[at], f(theta[at]), rtol=1e-13)
            alone = f.grad(theta[at])
            np.testing.assert_allclose(f.grad(theta)[at], alone, rtol=1e-12, atol=1e-14 * np.abs(alone).max())
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


def test_each_layer_can_have_its_own_scale():
    network, rng = Network((6, 6, 6, 2), "relu", "batch"), np.random.default_rng
    one, own = network.init(rng(0)), network.init(rng(0), [1, 3, 0])
    for factor, before, after in zip((1, 3, 0), network.layers(one), network.layers(own)):
        np.testing.assert_allclose(after[0], factor * before[0], rtol=1e-15)
        assert all(np.all(gain == 1) for _, _, *gains in [after] for gain in gains)


@pytest.mark.parametrize("sizes", [(7, 7), (3, 8), (8, 3)])
def test_orthogonal_matrices_have_the_mean_square_of_normal_ones(sizes):
    network = Network((*sizes, 2), "relu")
    W = network.layers(network.init(np.random.default_rng(0), orthogonal=True))[0][0]
    n, m = sizes
    product = W @ W.T if n < m else W.T @ W
    np.testing.assert_allclose(product, np.eye(len(product)) * max(sizes) * 2 / n, atol=1e-14)
    assert np.mean(W**2) == pytest.approx(2 / n, rel=1e-12)


@pytest.mark.parametrize("axis", [0, 1])
def test_the_way_back_through_a_norm_by_complex_steps(axis):
    rng = np.random.default_rng(3)
    z, delta = rng.normal(size=(2, 6, 5))
    hat, s = normalized(z, axis)
    np.testing.assert_allclose(hat.mean(axis=axis), 0, atol=1e-15)
    np.testing.assert_allclose(hat.std(axis=axis), 1, atol=1e-4)
    back = normalized_backward(delta, hat, s, axis)
    for place in np.ndindex(z.shape):
        step = z.astype(complex)
        step[place] += TINY * 1j
        assert back[place] == pytest.approx(np.sum(delta * normalized(step, axis)[0]).imag / TINY, abs=1e-14)


def test_signal_and_gradient_of_each_layer():
    network = Network((3, 4, 4, 2), "tanh", "layer", skip=True)
    theta, (X, *_) = parameters(network), examples(network)
    outputs, delta = network.activations(theta, X), np.random.default_rng(4).normal(size=(9, 2))
    signal, gradient = signal_and_gradient(network, theta, X, delta)
    assert signal == pytest.approx([np.sqrt(np.mean(a**2)) for a in outputs])
    layers = network.layers(theta)
    for k in range(4):  # the rest of the network, from what layer k puts out
        rest = Network(network.sizes[k:], "tanh", "layer", skip=True) if k < 3 else None
        point = np.concatenate([piece.ravel() for layer in layers[k:] for piece in layer]) if rest else None
        expected = np.empty_like(outputs[k])
        for place in np.ndindex(expected.shape):
            a = outputs[k].astype(complex)
            a[place] += TINY * 1j
            expected[place] = np.sum(delta * (rest.forward(point, a) if rest else a)).imag / TINY
        assert gradient[k] == pytest.approx(np.sqrt(np.mean(expected**2)), rel=1e-12)
    several = signal_and_gradient(network, np.stack([theta, 2 * theta]), X, delta)
    assert [a.shape for a in several] == [(4, 2)] * 2
    np.testing.assert_allclose(several[1][:, 0], gradient, rtol=1e-13)


# Laws of the factor a layer

DEPTH, WIDTH, SEEDS = 20, 100, 10


def factors(activation, scale=1.0, norm=None, skip=False, depth=DEPTH, examples=100, **init):
    """By how much signal and gradient grow a layer, back for the gradient, in the median of ten networks."""
    network = Network((WIDTH,) * (depth + 2), activation, norm, skip)
    found = []
    for seed in range(SEEDS):
        rng = np.random.default_rng(seed)
        theta = network.init(rng, scale, **init)
        X, delta = rng.normal(size=(examples, WIDTH)), rng.normal(size=(examples, WIDTH))
        signal, gradient = signal_and_gradient(network, theta, X, delta)
        found.append([(signal[-2] / signal[1]) ** (1 / (depth - 1)), (gradient[1] / gradient[-2]) ** (1 / (depth - 1))])
    return np.median(found, axis=0)


@pytest.mark.parametrize("scale", [1.0, 1.1, 0.3])
def test_relu_multiplies_signal_and_gradient_by_the_scale(scale):
    assert factors("relu", scale) == pytest.approx([scale, scale], rel=0.02)


def test_a_tanh_net_of_variance_1_over_n_shrinks_like_a_root():
    """rms² falls by 2 rms⁴ a layer: rms = 1/sqrt(2k)."""
    network = Network((WIDTH,) * 52, "tanh")
    X = np.random.default_rng(0).normal(size=(50, WIDTH))
    thetas = np.stack([network.init(np.random.default_rng(seed)) for seed in range(SEEDS)])
    signal = np.median(signal_and_gradient(network, thetas, X, X)[0], axis=1)
    assert signal[[10, 50]] == pytest.approx(1 / np.sqrt([20, 100]), rel=0.15)


def test_batch_norm_multiplies_the_gradient_of_a_relu_net():
    expected = math.sqrt(math.pi / (math.pi - 1))
    for scale in (0.3, 1.0, 3.0):
        assert factors("relu", scale, "batch") == pytest.approx([1, expected], rel=0.01)


def test_layer_norm_does_not():
    assert factors("relu", 1.0, "layer") == pytest.approx([1, 1], rel=0.01)


def test_skips_let_a_relu_net_grow_faster_than_by_the_root_of_2():
    """The mean adds up: with c = mean/rms the square grows by 2 + 2c/sqrt(pi), and c settles at 0.801."""
    c = 0.0
    for _ in range(100):
        c = (c + 1 / math.sqrt(math.pi)) / math.sqrt(2 + 2 * c / math.sqrt(math.pi))
    growth = math.sqrt(2 + 2 * c / math.sqrt(math.pi))
    assert (c, growth) == pytest.approx((0.801, 1.704), abs=1e-3)
    signal, gradient = factors("relu", skip=True, depth=40)
    assert signal == pytest.approx(growth, rel=0.01)
    assert gradient == pytest.approx(growth, rel=0.05)


def test_in_a_relu_net_signal_times_gradient_is_one_number():
    """Without biases an output is W · dW of each layer: all layers vanish or explode together (Euler)."""
    network = Network((8,) * 30 + (3,), "relu")
    theta = network.init(np.random.default_rng(1), scale=0.3)
    X = np.random.default_rng(2).normal(size=(20, 8))
    outputs = network.activations(theta, X)
    gradient = network.backward(theta, outputs, np.ones((20, 3)))
    products = [np.sum(W * dW) for (W, _), (dW, _) in zip(network.layers(theta), network.layers(gradient))]
    np.testing.assert_allclose(products, products[0], rtol=1e-12)


def test_batch_norm_does_not_notice_the_length_of_the_weights():
    network = Network((5, 6, 6, 3), "relu", "batch")
    theta, (X, labels, _) = network.init(np.random.default_rng(0)), examples(network)
    f = classify(network, X, labels)
    longer = theta.copy()
    W, *_ = network.layers(longer)[1]
    W *= 10
    assert f(longer) == pytest.approx(f(theta), rel=1e-4)
    g, weights = network.layers(f.grad(theta))[1][0], network.layers(theta)[1][0]
    assert abs(np.sum(g * weights)) < 1e-4 * np.linalg.norm(g) * np.linalg.norm(weights)
    assert np.linalg.norm(network.layers(f.grad(longer))[1][0]) == pytest.approx(np.linalg.norm(g) / 10, rel=1e-4)


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
        (lambda: Network((3, 2), "gelu"), "activation must be one of tanh, relu, sigmoid; got 'gelu'"),
        (lambda: Network((3, 2), norm="group"), "norm must be one of None, batch, layer; got 'group'"),
        (lambda: Network((3, 2)).init(0), "rng must be a numpy Generator.* got 0"),
        (lambda: Network((3, 2)).init(np.random.default_rng(0), -1), "scale must be a finite number >= 0 .* got -1"),
        (
            lambda: Network((3, 2, 1)).init(np.random.default_rng(0), [1, 2, 3]),
            r"scale must be one number or 2, one for each layer; got array\(\[1., 2., 3.\]\)",
        ),
        (lambda: problems(NETWORKS[0])[0].grad(np.zeros(7)), r"a point must have shape \(8, \.\.\.\)"),
    ],
)
def test_bad_arguments(make, message):
    with pytest.raises(ValueError, match=message):
        make()
