"""Scale: formats against NumPy's and the bits, codes and rings against their sums, the noise scale against its law."""

import math
import time

import numpy as np
import pytest

from course_lib import scale
from course_lib.descent import descend, end, iterate
from course_lib.networks import Network
from course_lib.optimizers import adam, gd, momentum
from course_lib.problems import classify, least_squares
from course_lib.scale import (
    bigram,
    eight_bits,
    largest,
    least_time,
    mup,
    noise_scale,
    ring,
    rounded,
    rounded_randomly,
    scaled_sign,
    seen,
    spacing,
    standard,
)


def many(dtype, low, high):
    """Numbers of both signs over all sizes from 2**low to 2**high, halves of spacings among them."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal(20_000) * 2.0 ** rng.integers(low, high, 20_000)
    halves = (1 + rng.integers(0, 2**12, 5000) / 2.0**12) * 2.0 ** rng.integers(low, high, 5000)
    return np.concatenate([x, halves, [0.0, -0.0, math.inf, -math.inf]]).astype(dtype)


# Time


def test_the_least_time_leaves_out_the_first_call_and_what_disturbs():
    calls, slow = [], {1, 3, 4}

    def call():
        calls.append(len(calls) + 1)
        time.sleep(0.05 if calls[-1] in slow else 0.001)

    assert 0.001 <= least_time(call, 4) < 0.05
    assert len(calls) == 5
    with pytest.raises(ValueError, match=r"^repeats must be an integer >= 1; got 0$"):
        least_time(call, 0)


# Formats


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_float16_is_numpys(dtype):
    x = np.concatenate([many(dtype, -30, 17), np.array([65504, 65519.9, 65520, 2**-24, 2**-25, 1.5 * 2**-25], dtype)])
    with np.errstate(over="ignore"):
        expected = x.astype(np.float16).astype(dtype)
    got = rounded(x, "float16")
    assert got.dtype == dtype
    np.testing.assert_array_equal(got, expected)


def test_bfloat16_is_the_upper_half_of_a_float32():
    x = np.append(many(np.float32, -140, 127), np.float32([3.39e38, 3.4e38]))
    bits = x.view(np.uint32).astype(np.uint64)
    bits = (bits + 0x7FFF + (bits >> 16 & 1)) & 0xFFFF0000
    np.testing.assert_array_equal(rounded(x, "bfloat16"), bits.astype(np.uint32).view(np.float32))


@pytest.mark.parametrize("format", scale.FORMATS)
def test_what_a_format_holds_it_keeps_and_nan_stays(format):
    x = rounded(many(np.float64, -20, 15), format)
    np.testing.assert_array_equal(rounded(x, format), x)
    np.testing.assert_array_equal(rounded_randomly(x, format, np.random.default_rng(0)), x)
    assert np.isnan(rounded(math.nan, format))
    assert np.isnan(rounded_randomly(math.nan, format, np.random.default_rng(0)))


@pytest.mark.parametrize("format", scale.FORMATS)
def test_the_spacing_is_the_way_to_the_next_number(format):
    x = np.array([1.0, 1.5, 2.0, 100.0, 0.1])
    here, s = rounded(x, format), spacing(x, format)
    np.testing.assert_array_equal(rounded(here + 0.49 * s, format), here)
    np.testing.assert_array_equal(rounded(here + 0.51 * s, format), here + s)
    np.testing.assert_array_equal(rounded(here + s, format), here + s)


@pytest.mark.parametrize("format", scale.FORMATS)
def test_random_rounding_goes_to_a_neighbour_and_is_right_in_the_mean(format):
    x = np.repeat([1.001, -0.3, 1000.4, 3.14159], 40_000).reshape(4, -1)
    got, s = rounded_randomly(x, format, np.random.default_rng(1)), spacing(x, format)
    np.testing.assert_array_equal(got, rounded(got, format))
    assert np.all(np.abs(got - x) < s)
    assert np.all(np.abs(got.mean(axis=1) - x[:, 0]) < 5 * s[:, 0] / 2 / 200)


def test_a_small_update_vanishes_and_a_random_one_does_not():
    w, lucky = np.float32(1), np.ones(10_000, np.float32)
    rng = np.random.default_rng(0)
    for _ in range(1000):
        w = rounded(w - np.float32(0.001), "bfloat16")
        lucky = rounded_randomly(lucky - np.float32(0.001), "bfloat16", rng)
    assert w == 1
    assert lucky.mean() == pytest.approx(0, abs=0.005)


def test_another_format_is_refused():
    for call in (lambda f: rounded(1.0, f), lambda f: rounded_randomly(1.0, f, np.random.default_rng(0))):
        with pytest.raises(ValueError, match=r"^format must be one of float16, bfloat16; got 'float8'$"):
            call("float8")


# Eight bits


@pytest.mark.parametrize("power", [1, 2, 4])
@pytest.mark.parametrize("block", [1, 5, 64, 1000])
def test_eight_bits_are_255_values_a_block(power, block):
    a = np.random.default_rng(0).standard_normal((130, 3)) ** 3
    got = eight_bits(a, power, block)
    np.testing.assert_array_equal(eight_bits(a[:, 1], power, block), got[:, 1])
    for start in range(0, 130, block):
        part, back = a[start : start + block], got[start : start + block]
        m = np.abs(part).max(axis=0)
        steps = 127 * (np.abs(back) / m) ** (1 / power)
        assert steps == pytest.approx(np.rint(steps), abs=1e-9)
        assert np.all(np.abs(steps - 127 * (np.abs(part) / m) ** (1 / power)) <= 0.5 + 1e-9)
        assert np.all(back * part >= 0)
    assert np.array_equal(eight_bits(np.zeros(3), power, block), np.zeros(3))


def test_an_even_map_makes_small_numbers_0_and_a_power_does_not():
    v = np.array([1.0, 1e-3])
    assert eight_bits(v)[1] == 0
    assert eight_bits(v, power=4)[1] == pytest.approx(1e-3, rel=0.1)


# Messages


@pytest.mark.parametrize("shape", [(7,), (7, 4), (1,)])
def test_the_largest_are_kept_and_no_other(shape):
    u = np.random.default_rng(2).standard_normal(shape)
    for k in range(1, shape[0] + 1):
        sent = largest(u, k)
        assert np.all(np.count_nonzero(sent, axis=0) == k)
        assert np.all((sent == u) | (sent == 0))
        assert np.all(np.where(sent == 0, np.abs(u), 0).max(axis=0) <= np.where(sent != 0, np.abs(u), 9).min(axis=0))
    assert np.count_nonzero(largest(np.ones(5), 2)) == 2


def test_a_k_out_of_range_is_refused():
    for k in (0, 4):
        with pytest.raises(ValueError, match=rf"^k must be an integer .*; got {k}$"):
            largest(np.ones(3), k)


def test_scaled_signs_keep_the_sum_of_the_sizes():
    u = np.random.default_rng(3).standard_normal((9, 5))
    sent = scaled_sign(u)
    assert np.array_equal(np.sign(sent), np.sign(u))
    assert np.abs(sent).sum(axis=0) == pytest.approx(np.abs(u).sum(axis=0), rel=1e-14)
    assert np.ptp(np.abs(sent), axis=0).max() == 0


# Workers


@pytest.mark.parametrize(("d", "K"), [(1000, 8), (7, 3), (2, 5), (4, 1), (5, 2), (64, 64)])
def test_all_workers_end_with_the_sum_and_send_little(d, K):
    parts = np.random.default_rng(4).standard_normal((d, K))
    before = parts.copy()
    sums, sent = ring(parts)
    np.testing.assert_array_equal(parts, before)
    np.testing.assert_allclose(sums, np.tile(before.sum(axis=1, keepdims=True), K), rtol=0, atol=1e-13)
    assert np.ptp(sums, axis=1).max() == 0
    assert 2 * (K - 1) * d / K <= sent <= 2 * (K - 1) * math.ceil(d / K)


def test_eight_workers_send_less_than_twice_the_vector():
    assert ring(np.ones((1000, 8)))[1] == 1750


# Noise


def test_the_noise_scale_of_two_examples_by_hand():
    f = least_squares([[1.0, 0], [0, 1.0]], [1.0, 3.0])  # gradients at 0: (-2, 0) and (0, -6), or halves of these
    g = np.stack([f.grad(np.zeros(2), [i]) for i in range(2)])
    assert abs(g[0, 0] / g[1, 1]) == pytest.approx(1 / 3)
    assert noise_scale(f, [0, 0]) == pytest.approx(((1 + 9) / 2) / ((1 + 9) / 4), rel=1e-12)


def test_a_batch_of_the_noise_scale_errs_as_much_as_it_tells():
    rng = np.random.default_rng(5)
    X = rng.standard_normal((4000, 3))
    f = least_squares(X, X @ [1.0, 2, 3] + rng.standard_normal(4000))
    w = np.array([0.8, 1.9, 3.1])
    B = round(noise_scale(f, w))
    batches, exact = f.batches(B, np.random.default_rng(6), replace=True), f.grad(w)
    errors = [np.sum((batches.grad(w) - exact) ** 2) for _ in range(2000)]
    assert np.mean(errors) == pytest.approx(np.sum(exact**2), rel=0.1)


def test_the_noise_scale_of_examples_that_agree_is_0_and_at_the_minimum_it_has_no_end():
    f = least_squares([[1.0], [1.0]], [1.0, 3.0])
    assert noise_scale(least_squares([[1.0], [1.0]], [2.0, 2.0]), [0.0]) == 0
    assert noise_scale(f, [2.0]) == math.inf
    with pytest.raises(TypeError, match=r"^problem must be a Problem of 2 or more examples"):
        noise_scale(least_squares([[1.0]], [1.0]), [2.0])
    with pytest.raises(ValueError, match=r"^w must be a finite array of shape"):
        noise_scale(f, [2.0, 1.0])


# Width


def test_at_the_base_width_mup_is_the_usual_way():
    network = Network((5, 4, 4, 3))
    for one, other in zip(standard(network), mup(network, 4), strict=True):
        np.testing.assert_array_equal(one, other)


def test_the_table_of_mup_at_four_times_the_base():
    network = Network((5, 8, 8, 3))
    shapes = [(5, 8), (8,), (8, 8), (8,), (8, 3), (3,)]
    assert network.shapes == shapes
    rules = mup(network, 2)
    expected = {"std": [5**-0.5, 0, 8**-0.5, 0, 8**-0.5 / 2, 0], "gd": [4, 4, 1, 4, 0.25, 1]}
    expected["adam"] = [1, 1, 0.25, 1, 0.25, 1]
    for name, values in expected.items():
        each = np.concatenate([np.full(math.prod(shape), value) for shape, value in zip(shapes, values)])
        np.testing.assert_allclose(getattr(rules, name), each, rtol=1e-15)


@pytest.mark.parametrize(("method", "name"), [(gd, "gd"), (adam, "adam")])
def test_with_mup_the_outputs_move_alike_at_every_width_and_without_it_they_do_not(method, name):
    X, y = np.random.default_rng(0).standard_normal((20, 6)), np.arange(20) % 3

    def moved(n, rules):
        network, change = Network((6, n, n, 3)), []
        for seed in range(8):
            task = classify(network, X, y)
            w = rules(network).std * np.random.default_rng(seed).standard_normal(network.size)
            step, *_ = method(w, task.grad(w), lr=1e-3 * getattr(rules(network), name))
            change.append(np.abs(network.forward(step, X) - network.forward(w, X)).mean())
        return np.mean(change)

    growth = {rules: moved(512, lambda f, rules=rules: rules(f)) / moved(32, lambda f, rules=rules: rules(f))
              for rules in (standard, lambda network: mup(network, 32))}  # fmt: skip
    usual, kept = growth.values()
    assert usual > 3
    assert 0.5 < kept < 2


# Words


def test_the_bigram_model_by_hand():
    f = bigram(4, 1.0, np.random.default_rng(0))
    assert f.p == pytest.approx(np.array([12, 6, 4, 3]) / 25, rel=1e-14)
    assert f.q.sum(axis=1) == pytest.approx(1, rel=1e-14)
    W = np.random.default_rng(1).standard_normal((4, 4))
    softmax = np.exp(W) / np.exp(W).sum(axis=1, keepdims=True)
    value = sum(f.p[i] * f.q[i, j] * math.log(f.q[i, j] / softmax[i, j]) for i in range(4) for j in range(4))
    assert f(W) == pytest.approx(value, rel=1e-12)
    assert f(np.log(f.q)) == pytest.approx(0, abs=1e-15)
    eps, E = 1e-6, np.zeros((4, 4))
    E[1, 2] = eps
    assert f.grad(W)[1, 2] == pytest.approx((f(W + E) - f(W - E)) / (2 * eps), rel=1e-7)
    runs = np.stack([W, 2 * W, 0 * W], axis=-1)
    np.testing.assert_allclose(f(runs), [f(W), f(2 * W), f(0 * W)], rtol=1e-14)
    np.testing.assert_allclose(f.grad(runs)[..., 1], f.grad(2 * W), rtol=1e-14)
    assert bigram(4, 0.0, np.random.default_rng(0)).p == pytest.approx(0.25, rel=1e-15)


def test_what_is_seen_is_what_the_code_leaves():
    f = least_squares([[1.0, 0], [0, 1.0]], [1.0, 3.0])
    rough = seen(f, np.rint)
    assert rough.d == 2
    assert rough([0.4, 1.6]) == f([0.0, 2.0])
    np.testing.assert_array_equal(rough.grad(np.array([0.4, 1.6])), f.grad([0.0, 2.0]))
    path = descend(gd, rough, [0.4, 0.4], 3, lr=0.1)
    assert path[:, 1] == pytest.approx(np.array([0.4, 0.4]) - 0.1 * f.grad([0.0, 0.0]))
    assert np.abs(end(gd, rough, [0.4, 0.4], 500, lr=0.1) - [1, 3]).max() < 1


@pytest.mark.parametrize("seed", range(3))
def test_with_dense_inputs_zipfs_law_of_the_classes_is_no_reason_for_adam(seed):
    """Steps to a tenth of the loss at the start, each at the best of five rates: lesson 10, section 8."""
    rng, law = np.random.default_rng(seed), 1 / np.arange(1, 33)
    labels = rng.choice(32, 300, p=law / law.sum())
    f = classify(Network((64, 32)), rng.standard_normal((300, 64)), labels)

    def steps(method, grid):
        run = enumerate(iterate(method, f, np.zeros((len(f.start), 5)), lr=grid))
        return next(t for t, (x, *_) in run if t == 100 or np.nanmin(f(x)) <= 0.1 * np.log(32))

    assert steps(momentum, np.geomspace(1, 100, 5)) < steps(adam, np.geomspace(0.03, 1, 5)) < 100
