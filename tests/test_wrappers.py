"""Wrappers: what each does to a step, in one run and in many, alone and stacked."""

import math
from itertools import islice

import numpy as np
import pytest

from course_lib.descent import descend, end, iterate
from course_lib.optimizers import (
    adadelta,
    adagrad,
    adam,
    adamax,
    adamw,
    amsgrad,
    gd,
    lamb,
    lion,
    momentum,
    momentum_ema,
    muon,
    nadam,
    nadam_constant,
    nesterov,
    radam,
    rmsprop,
    schedule_free,
)
from course_lib.problems import least_squares
from course_lib.scale import largest, scaled_sign
from course_lib.surfaces import changed, counted, himmelblau, quadratic, quartic, rosenbrock, saddle
from course_lib.wrappers import (
    averaged,
    blocked,
    by_coordinate,
    clip_by_norm,
    clip_by_value,
    decoupled_decay,
    fed,
    l2,
    packed,
    per_layer,
    perturbed,
    preconditioned,
    sam,
    stale,
    with_feedback,
)

BY_COORDINATE = [
    *(gd, momentum, momentum_ema, nesterov, adagrad, rmsprop, adadelta, adam, adamax),
    *(nadam, nadam_constant, adamw, amsgrad, radam, lion, schedule_free),
]
WRAPPED = {
    "clip_by_norm": lambda method: clip_by_norm(method, 0.5),
    "clip_by_value": lambda method: clip_by_value(method, 0.5),
    "l2": lambda method: l2(method, 0.1),
    "decoupled_decay": lambda method: decoupled_decay(method, 0.1),
    "perturbed": lambda method: perturbed(method, 0.1, np.random.default_rng(3)),
    "sam": lambda method: sam(method, himmelblau, 0.1),
    "averaged": lambda method: averaged(method, after=3),
    "per_layer": lambda method: per_layer(method, [1, 1]),
    "by_coordinate": lambda method: by_coordinate(method, [2.0, 0.5]),
    "stale": lambda method: stale(method, 2),
    "with_feedback": lambda method: with_feedback(method, scaled_sign),
    "packed": lambda method: packed(method, lambda x: x / 2),
    "blocked": lambda method: blocked(method, size=1),
    "preconditioned": lambda method: preconditioned(method, [[2.0, 0.5], [0.5, 1.0]]),
    "preconditioned, diagonal": lambda method: preconditioned(method, [2.0, 0.5]),
}


def stacked(method):
    return clip_by_norm(l2(averaged(per_layer(decoupled_decay(method, 0.1), [(1, 1), 1])), 0.1), 2.0)


def pushed(method):
    """Perturbed by the same in all runs."""

    class Same(np.random.Generator):
        def standard_normal(self, shape):
            return np.ones(shape)

    return perturbed(method, 0.1, Same(np.random.PCG64()))


def memory_of(method, f, start, steps, **hyper):
    """The memory after some steps."""
    _, *memory = next(islice(iterate(method, f, start, **hyper), steps, None))
    return memory


def frozen(a):
    a = np.array(a)
    a.flags.writeable = False
    return a


@pytest.mark.parametrize("method", [gd, momentum, adam, lion, schedule_free], ids=lambda m: m.__name__)
@pytest.mark.parametrize("name", [*WRAPPED, "stacked"])
def test_a_run_alone_equals_the_run_in_a_batch(method, name):
    wrap = (WRAPPED | {"stacked": stacked, "perturbed": pushed})[name]
    starts, rates = np.random.default_rng(5).uniform(-2, 2, (2, 4, 3)), np.array([1e-3, 2e-3, 5e-3])
    together = descend(wrap(method), himmelblau, starts, 30, lr=rates)
    for i, j in np.ndindex(4, 3):
        alone = descend(wrap(method), himmelblau, starts[:, i, j], 30, lr=rates[j])
        assert np.array_equal(alone, together[:, :, i, j])


@pytest.mark.parametrize("wrap", WRAPPED.values(), ids=WRAPPED)
def test_float32_stays_float32(wrap):
    for method in (gd, adam):
        path = descend(wrap(method), rosenbrock, np.ones((2, 3), np.float32), 5, lr=np.array([0.1, 0.2, 0.3]))
        assert path.dtype == np.float32
        x, *memory = wrap(method)(np.ones(2, np.float32), np.ones(2, np.float32), lr=0.1)
        arrays = [m for m in (x, *memory) if isinstance(m, np.ndarray)]
        assert {a.dtype for a in arrays} == {np.dtype(np.float32)}


@pytest.mark.parametrize("wrap", WRAPPED.values(), ids=WRAPPED)
def test_the_start_and_the_gradient_are_never_changed(wrap):
    x, g = frozen([1.0, 2.0]), frozen([3.0, -4.0])
    state = (x,)
    for _ in range(3):
        state = wrap(adam)(state[0], g, *state[1:], lr=0.1)
    assert x.tolist() == [1, 2]
    assert g.tolist() == [3, -4]


@pytest.mark.parametrize("wrap", [wrap for name, wrap in WRAPPED.items() if name != "blocked"])
def test_nothing_is_changed_in_place(wrap):
    x, *memory = wrap(adam)(frozen([1.0, 2.0]), frozen([3.0, -4.0]), lr=0.1)
    memory = [frozen(m) if isinstance(m, np.ndarray) else m for m in memory]
    wrap(adam)(frozen(x), frozen([3.0, -4.0]), *memory, lr=0.1)


# Clipping


def test_clip_by_norm_shortens_each_run_by_itself():
    g = np.array([[3.0, 0.3, 0.0], [4.0, 0.4, 0.0]])
    (step,) = clip_by_norm(gd, 2.0)(np.zeros((2, 3)), g, lr=-1.0)
    assert step == pytest.approx(np.array([[1.2, 0.3, 0], [1.6, 0.4, 0]]), rel=1e-15)
    assert np.array_equal(step[:, 1:], g[:, 1:])


@pytest.mark.parametrize(("dtype", "huge"), [(np.float32, 1e38), (np.float64, 1e308)])
def test_clip_by_norm_of_a_gradient_whose_square_overflows(dtype, huge):
    (step,) = clip_by_norm(gd, 1.0)(np.zeros(2, dtype), np.array([huge, huge], dtype), lr=-1.0)
    assert step == pytest.approx([0.5**0.5] * 2, rel=1e-6)


def test_clip_by_norm_of_a_long_float32_vector():
    g = np.ones(10**6, np.float32)
    (step,) = clip_by_norm(gd, 10.0)(0 * g, g, lr=-1.0)
    assert np.linalg.norm(step.astype(float)) == pytest.approx(10, rel=1e-6)


def test_clip_by_value_cuts_each_coordinate():
    g = np.array([-5.0, -0.5, 0.0, 0.5, 5.0, np.nan])
    (step,) = clip_by_value(gd, 1.0)(np.zeros(6), g, lr=-1.0)
    assert np.array_equal(step, [-1, -0.5, 0, 0.5, 1, np.nan], equal_nan=True)


def test_clipping_saves_a_run_that_starts_too_high():
    assert np.abs(descend(gd, quartic, [3], 20, lr=0.1)[0, 4]) > 1e18
    for clip in (clip_by_norm, clip_by_value):
        path = descend(clip(gd, 1.0), quartic, [3], 2000, lr=0.1)[0]
        assert path[:20] == pytest.approx(3 - 0.1 * np.arange(20), rel=1e-14)
        assert path[-1] == pytest.approx(0.025, abs=5e-4)  # about 1/√(8·0.1·2000)


# Decay


def test_l2_is_the_gradient_of_the_penalty():
    bowl = quadratic(10)
    penalised = descend(l2(momentum, 0.3), bowl, [1, 2], 50, lr=0.1)
    assert penalised == pytest.approx(descend(momentum, Penalised(bowl, 0.3), [1, 2], 50, lr=0.1), rel=1e-12, abs=1e-15)


class Penalised:
    def __init__(self, f, decay):
        self.f, self.decay = f, decay

    def grad(self, x):
        return self.f.grad(x) + self.decay * x


def test_decoupled_decay_of_adam_is_adamw_to_the_last_bit():
    ours = descend(decoupled_decay(adam, 0.3), rosenbrock, [-1.2, 1], 200, lr=1e-2)
    assert np.array_equal(ours, descend(adamw, rosenbrock, [-1.2, 1], 200, lr=1e-2, decay=0.3))


def test_decay_of_nothing_changes_nothing():
    for wrap in (l2, decoupled_decay):
        ours = descend(wrap(adam, 0.0), rosenbrock, [-1.2, 1], 50, lr=1e-2)
        assert np.array_equal(ours, descend(adam, rosenbrock, [-1.2, 1], 50, lr=1e-2))


def test_l2_and_decoupled_decay_are_one_for_gd_and_two_for_adam():
    for method, same in ((gd, True), (adam, False)):
        a, b = (descend(wrap(method, 0.3), quadratic(10), [1, 2], 50, lr=0.1) for wrap in (l2, decoupled_decay))
        assert np.allclose(a, b, rtol=1e-12, atol=0) == same


def test_decoupled_decay_needs_the_rate():
    with pytest.raises(TypeError, match="lr"):
        decoupled_decay(adadelta, 0.1)(np.ones(2), np.ones(2))


# Noise


def test_perturbed_adds_noise_of_the_given_size_each_run_its_own():
    x, t = perturbed(gd, 0.5, np.random.default_rng(0))(np.zeros((2, 20_000)), np.ones((2, 20_000)), lr=1.0)
    noise = x + 1
    assert t == 1
    assert abs(noise.mean()) < 5 * 0.5 / 200
    assert noise.std() == pytest.approx(0.5, rel=5 / math.sqrt(2 * 40_000))
    assert len(np.unique(noise)) == noise.size
    assert abs(np.corrcoef(noise)[0, 1]) < 5 / math.sqrt(20_000)


def test_perturbed_by_nothing_is_the_method():
    ours = descend(perturbed(adam, 0, np.random.default_rng(0)), rosenbrock, [-1.2, 1], 50, lr=1e-2)
    assert np.array_equal(ours, descend(adam, rosenbrock, [-1.2, 1], 50, lr=1e-2))


def test_perturbed_now_and_then():
    step = perturbed(gd, lambda t: 0.1 * (t % 5 == 3), np.random.default_rng(0))
    path = descend(step, quadratic(10), [0.0, 0.0], 12, lr=0.1)
    fresh = [t for t in range(12) if not np.allclose(path[:, t + 1], path[:, t] * [0.99, 0.9], atol=1e-15)]
    assert fresh == [3, 8]


def test_perturbed_leaves_a_saddle_that_gd_never_leaves():
    assert np.all(descend(gd, saddle, [1, 0], 200, lr=0.1)[1] == 0)
    runs = descend(perturbed(gd, 1e-3, np.random.default_rng(0)), saddle, np.tile([[1.0], [0.0]], 50), 100, lr=0.1)
    assert np.all(np.abs(runs[1, -1]) > 1)


# Means


@pytest.mark.parametrize("after", [0, 1, 7, 100])
def test_averaged_keeps_the_mean_and_leaves_the_path(after):
    path = descend(momentum, rosenbrock, [-1.2, 1], 40, lr=1e-3)
    assert np.array_equal(descend(averaged(momentum, after), rosenbrock, [-1.2, 1], 40, lr=1e-3), path)
    mean, t, _velocity = memory_of(averaged(momentum, after), rosenbrock, [-1.2, 1], 40, lr=1e-3)
    assert t == 40
    assert mean == pytest.approx(path[:, 1 + after :].mean(axis=1) if after < 40 else path[:, -1], rel=1e-13)


def test_the_mean_is_the_latest_point_until_averaging_begins():
    for x, mean, *_ in islice(iterate(averaged(gd, after=5), rosenbrock, [-1.2, 1], lr=1e-3), 1, 7):
        assert np.array_equal(x, mean)


def test_the_line_in_the_docstring():
    f, start, steps = quadratic(10), [1.0, 1.0], 9
    *_, (x, mean, *_) = islice(iterate(averaged(gd), f, start, lr=0.1), steps + 1)
    path = descend(gd, f, start, steps, lr=0.1)
    assert np.array_equal(x, path[:, -1])
    assert mean == pytest.approx(path[:, 1:].mean(axis=1), rel=1e-14)


def test_the_mean_forgets_noise_that_the_points_keep():
    rng = np.random.default_rng(1)

    class Noisy:
        @staticmethod
        def grad(x):
            return x + rng.standard_normal(x.shape)

    x, mean, *_ = next(islice(iterate(averaged(gd, after=100), Noisy, np.zeros((1, 2000)), lr=0.2), 1100, None))
    assert np.mean(x * x) == pytest.approx(0.2 / 1.8, rel=0.15)  # the noise floor
    assert np.mean(mean * mean) == pytest.approx(1 / 1000, rel=0.15)  # what 1000 gradients can know


# Layers


def test_each_layer_goes_as_if_alone():
    rng = np.random.default_rng(2)
    x, grads = rng.standard_normal(11), rng.standard_normal((4, 11))
    state, matrix, bias = (x,), (x[:6].reshape(2, 3),), (x[6:],)
    for g in grads:
        state = per_layer(adam, [(2, 3), 5])(state[0], g, *state[1:], lr=0.1)
        matrix = adam(matrix[0], g[:6].reshape(2, 3), *matrix[1:], lr=0.1)
        bias = adam(bias[0], g[6:], *bias[1:], lr=0.1)
    assert np.array_equal(state[0], np.concatenate([matrix[0].ravel(), bias[0]]))
    assert np.array_equal(state[1][0][1], matrix[2])
    assert state[1][1][2] == 4


def test_muon_gets_matrices():
    rng = np.random.default_rng(3)
    x, g = rng.standard_normal((2, 18, 4))
    step, _ = per_layer(muon, [(3, 4), (3, 2)])(x, g, lr=0.1)
    for rows, shape in ((slice(12), (3, 4)), (slice(12, 18), (3, 2))):
        for run in range(4):
            alone, _ = muon(x[rows, run].reshape(shape), g[rows, run].reshape(shape), lr=0.1)
            assert step[rows, run] == pytest.approx(alone.ravel(), rel=1e-12)


def test_lamb_does_not_care_how_large_a_layers_gradient_is():
    rng = np.random.default_rng(4)
    x, g = rng.standard_normal((2, 8))
    louder = g * np.repeat([1000.0, 1.0], 4)
    step = per_layer(lamb, [4, 4])
    assert step(x, louder, lr=0.1)[0] == pytest.approx(step(x, g, lr=0.1)[0], rel=1e-4)
    assert lamb(x, louder, lr=0.1)[0] == pytest.approx(lamb(x, g, lr=0.1)[0], rel=1e-4)  # Adam's own step has no scale
    first, second = np.split(step(x, g, lr=0.1)[0] - x, 2)
    assert np.linalg.norm(first) == pytest.approx(0.1 * np.linalg.norm(x[:4]), rel=1e-12)
    assert np.linalg.norm(second) == pytest.approx(0.1 * np.linalg.norm(x[4:]), rel=1e-12)


# Blocks


@pytest.mark.parametrize("method", BY_COORDINATE, ids=lambda m: m.__name__)
@pytest.mark.parametrize("shape", [(1000,), (77, 3)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_blocks_give_the_same_bits(method, shape, dtype):
    rng = np.random.default_rng(6)
    x, *grads = rng.standard_normal((6, *shape)).astype(dtype)
    plain, walked = (x,), (x,)
    for g in grads:
        plain = method(plain[0], g, *plain[1:], lr=0.1)
        walked = blocked(method, size=64)(walked[0], g, *walked[1:], lr=0.1)
        assert len(plain) == len(walked)
        for a, b in zip(plain, walked):
            assert type(a) is type(b)
            assert np.array_equal(a, b)


def test_blocks_are_written_in_place_but_for_the_first_step():
    step, x, g = blocked(nadam, size=3), frozen(np.arange(8.0)), frozen(np.ones(8))
    first = step(x, g, lr=0.1)
    kept = [np.copy(a) for a in first]
    second = step(*first[:1], g, *first[1:], lr=0.1)
    assert not np.shares_memory(first[0], x)
    for i in (0, 1, 2):
        assert second[i] is first[i]
        assert not np.array_equal(second[i], kept[i])
    assert (first[4], second[4]) == (1, 2)


@pytest.mark.parametrize("size", [1, 2, 3, 2**17])
def test_blocks_in_a_run(size):
    start = np.random.default_rng(7).uniform(-2, 2, (2, 5))
    ours = descend(blocked(adam, size), himmelblau, start, 50, lr=[0.01, 0.02, 0.03, 0.04, 0.05])
    assert np.array_equal(ours, descend(adam, himmelblau, start, 50, lr=[0.01, 0.02, 0.03, 0.04, 0.05]))


def test_wrappers_that_go_by_coordinate_may_go_inside_the_blocks():
    start = np.random.default_rng(8).uniform(-2, 2, (2, 5))

    def inner():
        return averaged(clip_by_value(l2(perturbed(adam, 0.1, np.random.default_rng(9)), 0.1), 1.0), after=2)

    assert np.array_equal(
        descend(clip_by_norm(blocked(inner(), 1), 2.0), himmelblau, start, 20, lr=0.01),
        descend(clip_by_norm(inner(), 2.0), himmelblau, start, 20, lr=0.01),
    )


@pytest.mark.parametrize("method", [gd, momentum, nesterov])
def test_preconditioning_is_another_system_of_coordinates(method):
    A = np.array([[2.0, 0.3], [0.3, 0.5]])
    there = descend(method, changed(rosenbrock, A), np.linalg.solve(A, rosenbrock.start), 50, lr=1e-4)
    here = descend(preconditioned(method, A @ A.T), rosenbrock, rosenbrock.start, 50, lr=1e-4)
    assert A @ there == pytest.approx(here, rel=1e-9)


def test_the_inverse_hessian_ends_a_quadratic_in_one_step_and_its_diagonal_only_an_upright_one():
    for angle, one_step in ((0, True), (30, False)):
        f = quadratic(100, angle)
        H = f.hess(f.start)
        assert np.abs(end(preconditioned(gd, np.linalg.inv(H)), f, f.start, 1, lr=1.0)).max() < 1e-13
        jacobi = np.abs(end(preconditioned(gd, 1 / np.diag(H)), f, f.start, 1, lr=1.0)).max()
        assert (jacobi < 1e-13) == one_step


def test_a_diagonal_is_that_of_a_matrix():
    given = descend(preconditioned(momentum, [2.0, 0.5]), himmelblau, [0.0, 0.0], 30, lr=0.001)
    assert given == pytest.approx(
        descend(preconditioned(momentum, np.diag([2.0, 0.5])), himmelblau, [0, 0], 30, lr=0.001)
    )
    ones = descend(preconditioned(adam, np.ones(2)), himmelblau, [0.0, 0.0], 30, lr=0.1)
    assert np.array_equal(ones, descend(adam, himmelblau, [0.0, 0.0], 30, lr=0.1))


# Sharpness-aware minimization


def test_sam_takes_the_gradient_a_little_way_uphill():
    x, g = np.array([[1.0, 2.0], [3.0, 0.0]]), np.array([[3.0, 0.0], [-4.0, 0.0]])
    f = quadratic(3)
    uphill = x + 0.5 * np.array([[0.6, 0.0], [-0.8, 0.0]])  # where the gradient is 0 it stays
    np.testing.assert_allclose(sam(gd, f, 0.5)(x, g, lr=1.0)[0], x - f.grad(uphill), rtol=1e-15)


def test_sam_of_no_width_changes_nothing():
    path = descend(sam(adam, rosenbrock, 0.0), rosenbrock, [-1.2, 1], 50, lr=1e-2)
    np.testing.assert_array_equal(path, descend(adam, rosenbrock, [-1.2, 1], 50, lr=1e-2))


def test_sam_costs_two_gradients_a_step():
    f = counted(rosenbrock)
    descend(sam(momentum, f, 0.1), f, [-1.2, 1], 50, lr=1e-3)
    assert f.grads == 100


# Errors


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: clip_by_norm(gd, 0), "limit must be a finite number > 0; got 0"),
        (lambda: clip_by_norm(gd, math.inf), "limit must be a finite number > 0; got inf"),
        (lambda: clip_by_value(gd, -1.0), "limit must be a finite number > 0; got -1.0"),
        (lambda: clip_by_value(gd, math.nan), "limit must be a finite number > 0; got nan"),
        (lambda: clip_by_norm(gd, "1"), "limit must be a finite number > 0; got '1'"),
        (lambda: l2(gd, -0.1), "decay must be a finite number >= 0; got -0.1"),
        (lambda: l2(gd, np.array([0.1, 0.2])), "decay must be a finite number >= 0; got array"),
        (lambda: decoupled_decay(gd, None), "decay must be a finite number >= 0; got None"),
        (lambda: perturbed(gd, -1, np.random.default_rng(0)), "sigma must be a finite number >= 0; got -1"),
        (lambda: perturbed(gd, 0.1, None), "rng must be a numpy Generator, .*; got None"),
        (lambda: sam(gd, himmelblau, -0.1), "rho must be a finite number >= 0; got -0.1"),
        (lambda: averaged(gd, 0.5), "after must be an integer >= 0; got 0.5"),
        (lambda: blocked(gd, 0), "size must be an integer >= 1; got 0"),
        (lambda: per_layer(gd, []), r"shapes must be a list of tuples of integers >= 1; got \[\]"),
        (lambda: per_layer(gd, [()]), r"each of shapes must be 1 or more integers >= 1; got \(\)"),
        (lambda: per_layer(gd, [(2, 0)]), r"each of shapes must be 1 or more integers >= 1; got \(2, 0\)"),
        (lambda: per_layer(gd, [2.5]), r"each of shapes must be 1 or more integers >= 1; got 2.5"),
        (lambda: per_layer(gd, 3), "shapes must be a list of tuples of integers >= 1; got 3"),
        (
            lambda: preconditioned(gd, [1.0, 0.0]),
            "P must be positive definite, or a diagonal > 0; got",
        ),
        (lambda: preconditioned(gd, [[1.0, 2], [2, 1]]), "P must be positive definite"),
        (lambda: preconditioned(gd, [[1.0, 1], [0, 1]]), "P must be symmetric; got"),
        (lambda: preconditioned(gd, 2.0), r"P must be a finite array of shape \(d,\) or \(d, d\); got shape \(\)"),
        (lambda: preconditioned(gd, [1.0, 1])(np.ones(3), np.ones(3), lr=1), "P must fit a point of 3 numbers"),
        (lambda: per_layer(gd, [(2, 3)])(np.ones(7), np.ones(7), lr=1), r"shapes must add up to 7 numbers; \[\(2, 3\)"),
    ],
)
def test_a_bad_argument_is_named(make, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        make()


# fed


def test_fed_gives_one_gradient_after_the_other_and_begins_again():
    steps = -np.diff(descend(fed(gd, [3.0, -1.0]), quadratic(2), [5.0, 7.0], 4, lr=1.0))
    np.testing.assert_array_equal(steps, [[3, -1, 3, -1]] * 2)


def test_fed_gives_each_coordinate_its_own_in_all_runs():
    start = np.zeros((2, 3))
    path = descend(fed(adam, [[1.0, 0.0], [2.0, -5.0]]), quadratic(2), start, 2, lr=0.1)
    for i, gradients in enumerate(([1.0, 2.0], [0.0, -5.0])):
        alone = descend(fed(adam, gradients), quadratic(2), [0.0, 0.0], 2, lr=0.1)[0]
        for run in range(3):
            np.testing.assert_array_equal(path[i, :, run], alone)


@pytest.mark.parametrize("gradients", [[], 3.0, [[[1.0]]], [1.0, np.nan], [[1.0], [2.0, 3.0]], "many"])
def test_fed_needs_a_list_of_numbers(gradients):
    with pytest.raises(ValueError, match=r"gradients must be a finite array of shape \(n,\) or \(n, d\); got"):
        fed(gd, gradients)


# A rate for each coordinate


@pytest.mark.parametrize("method", [gd, momentum, adam, lion, schedule_free], ids=lambda m: m.__name__)
def test_each_coordinate_goes_as_with_its_own_rate(method):
    f = quadratic(10)  # along the axes, so the coordinates do not meet
    path = descend(by_coordinate(method, [3.0, 0.0]), f, [1.0, 2.0], 30, lr=0.05)
    np.testing.assert_array_equal(path[0], descend(method, f, [1.0, 2.0], 30, lr=3 * 0.05)[0])
    np.testing.assert_array_equal(path[1], np.full(31, 2.0))


def test_a_factor_on_the_gradient_is_no_factor_on_adams_rate():
    f, factors = quadratic(), [4.0, 1.0]
    assert end(by_coordinate(adam, factors), f, [1, 1], 1, lr=0.1) == pytest.approx([0.6, 0.9], rel=1e-6)
    assert end(preconditioned(adam, factors), f, [1, 1], 1, lr=0.1) == pytest.approx([0.9, 0.9], rel=1e-6)


def test_a_factor_below_0_is_refused():
    with pytest.raises(ValueError, match=r"^factors must be a finite array of shape \(d,\), of numbers >= 0; got "):
        by_coordinate(gd, [1.0, -1.0])
    with pytest.raises(ValueError, match=r"^factors must fit a point of 2 numbers; there are 3$"):
        end(by_coordinate(gd, [1.0, 1, 1]), quadratic(), [1, 1], 1, lr=0.1)


# Late gradients


@pytest.mark.parametrize("method", [gd, momentum, adam], ids=lambda m: m.__name__)
@pytest.mark.parametrize("delay", [0, 1, 2, 5])
def test_a_late_gradient_is_that_of_an_earlier_point(method, delay):
    path = descend(stale(method, delay), rosenbrock, [-0.5, 0.3], 30, lr=1e-3)
    (x, *memory), xs = (path[:, 0],), [path[:, 0]]
    for t in range(30):
        x, *memory = method(x, rosenbrock.grad(xs[max(0, t - delay)]), *memory, lr=1e-3)
        xs.append(x)
    np.testing.assert_array_equal(path, np.transpose(xs))


def test_only_as_many_gradients_are_kept_as_are_needed():
    kept, _velocity = memory_of(stale(momentum, 3), quadratic(), [1.0, 1.0], 20, lr=0.01)
    assert len(kept) == 4


# Error feedback


@pytest.mark.parametrize("method", [gd, momentum, adam], ids=lambda m: m.__name__)
@pytest.mark.parametrize("code", [np.sign, lambda u: largest(u, 1), scaled_sign, np.zeros_like])
def test_nothing_is_lost_between_what_was_wanted_and_what_was_sent(method, code):
    x, *memory = (np.array([-0.5, 0.3]),)
    wanted = np.zeros(2)
    for _ in range(30):
        there, *_ = method(x, rosenbrock.grad(x), *memory[1:], lr=1e-3)
        wanted += x - there
        x, *memory = with_feedback(method, code)(x, rosenbrock.grad(x), *memory, lr=1e-3)
    rest = memory[0]
    assert [-0.5, 0.3] - x + rest == pytest.approx(wanted, rel=1e-12, abs=1e-15)


@pytest.mark.parametrize("method", [gd, momentum, adam], ids=lambda m: m.__name__)
def test_who_sends_everything_walks_the_way_of_the_method(method):
    path = descend(with_feedback(method, lambda u: u), rosenbrock, [-0.5, 0.3], 100, lr=1e-3)
    np.testing.assert_allclose(path, descend(method, rosenbrock, [-0.5, 0.3], 100, lr=1e-3), rtol=0, atol=1e-12)


def test_signs_of_single_examples_never_arrive_and_with_feedback_they_do():
    """Both examples have gradients along (2, -1) and (-1, 2): their signs are opposite, and x + y never changes."""
    f = least_squares([[1, -0.5], [-0.5, 1]], [0, 0])

    def sign(x, g, *, lr):
        return (x - lr * np.sign(g),)

    for seed in range(3):
        one = f.batches(1, np.random.default_rng(seed))
        assert end(sign, one, [1.5, 0.7], 4000, lr=0.01).sum() == pytest.approx(2.2, rel=1e-9)
        x = end(with_feedback(gd, scaled_sign), f.batches(1, np.random.default_rng(seed)), [1.5, 0.7], 4000, lr=0.01)
        assert np.linalg.norm(x) < 0.03
    assert np.linalg.norm(end(sign, f, [1.5, 0.7], 4000, lr=0.001)) < 0.01  # of the whole gradient signs do arrive


# Few bits


def test_what_is_packed_is_what_is_kept_and_the_rest_is_left_alone():
    x, g = np.array([1.0, 2.0]), np.array([3.0, -4.0])
    plain = adam(x, g, lr=0.1)
    state = packed(adam, None, lambda m: 2 * m, lambda v: 3 * v)(x, g, lr=0.1)
    for got, expected in zip(state, (plain[0], 2 * plain[1], 3 * plain[2], 1), strict=True):
        np.testing.assert_array_equal(got, expected)
    assert packed(momentum, np.rint)(x, g, lr=0.1)[0].tolist() == [1, 2]
    assert packed(adam)(x, g, lr=0.1)[3] == 1
    with pytest.raises(TypeError, match=r"^codes must be functions or None; got 8$"):
        packed(adam, 8)
