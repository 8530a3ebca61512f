"""The optimizers: against torch and optax, in batches, in float32, and against what is known of them on paper."""

import inspect
import math
import re
from itertools import islice

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib import optimizers, surfaces
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
    orthogonalize,
    radam,
    rmsprop,
    schedule_free,
    shampoo,
)
from course_lib.surfaces import rosenbrock
from tests.reference import conventions

METHODS = {
    name: function
    for name, function in vars(optimizers).items()
    if inspect.isfunction(function) and not name.startswith("_") and function is not orthogonalize
}
EACH = pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)

# ---------------------------------------------------------------------------------------------------------------------
# Other people's code: its paths, and what brings ours to the same convention, lie in reference/.

START, STEPS = conventions.START, conventions.STEPS


@pytest.fixture(scope="module")
def stored():
    return conventions.stored()


@pytest.mark.parametrize("row", conventions.AGREE, ids=lambda row: row.path)
def test_the_path_is_that_of_the_library(stored, row):
    ours, theirs = conventions.ours(row), conventions.theirs(stored, row)
    assert np.ptp(theirs, axis=1).max() > 0.05, "nothing moved"
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=row.within, err_msg=row.why)


@pytest.mark.parametrize("row", conventions.DIFFER, ids=lambda row: row.path)
def test_another_convention_is_another_path(stored, row):
    assert np.abs(conventions.ours(row) - conventions.theirs(stored, row)).max() > row.least, row.why


def test_muon_says_that_it_wants_a_matrix():
    with pytest.raises(
        ValueError, match=r"^muon needs a matrix, x of shape \(n, m, ...\), as per_layer .*; got shape \(2,\)"
    ):
        end(muon, rosenbrock, rosenbrock.start, 3, lr=0.1)


@pytest.mark.parametrize(("dtype", "huge"), [(np.float32, 1e20), (np.float32, 3e37), (np.float64, 2e200)])
def test_no_norm_overflows(dtype, huge):
    M = np.diag([2, 1]).astype(dtype) * dtype(huge)
    np.testing.assert_allclose(orthogonalize(M), orthogonalize(np.diag([2.0, 1])), rtol=1e-5)
    assert np.linalg.norm(muon(np.zeros_like(M), M, lr=1.0)[0]) > 0.9
    x, *_ = lamb(np.array([3, 4], dtype) * dtype(huge), np.ones(2, dtype), lr=0.1)
    assert x.dtype == dtype
    np.testing.assert_allclose(x / huge, [3 - 0.5 / 2**0.5, 4 - 0.5 / 2**0.5], rtol=1e-5)


def test_the_mean_of_schedule_free_is_optaxs(stored):
    states = islice(iterate(schedule_free, rosenbrock, START, lr=2e-3), 1, STEPS + 1)
    means = [x - (1 - 0.9) * w for x, w, _ in states]
    np.testing.assert_allclose(np.transpose(means), stored["optax schedule_free mean"][:, 1:], rtol=0, atol=1e-12)


def test_torch_and_optax_divide_amsgrad_and_nadam_differently(stored):
    assert np.abs(stored["torch amsgrad"] - stored["optax amsgrad"]).max() > 0.3
    assert np.abs(stored["torch nadam"] - stored["optax nadam_constant"]).max() > 0.01


def test_every_stored_path_is_used(stored):
    used = {row.path for row in [*conventions.AGREE, *conventions.DIFFER]} | {"optax schedule_free mean"}
    assert used == set(stored) - {"versions", "torch.optim"}


@EACH
@pytest.mark.parametrize("library", ["torch", "optax"])
def test_what_a_docstring_says_of_a_library_is_compared_with_it(method, library):
    rows = [row for row in [*conventions.AGREE, *conventions.DIFFER] if row.of is method and row.library == library]
    named = re.search(rf"\b{library}\.\w", inspect.getdoc(method))
    assert rows or not named, named


def test_the_paths_are_of_the_versions_that_the_script_names(stored):
    named = re.findall(r'"(\w+)==([\d.]+)"', conventions.SCRIPT.read_text(encoding="utf-8"))
    versions = dict(line.split("+")[0].split() for line in stored["versions"])
    assert len(named) == 3
    assert {name: versions[name] for name, _ in named} == dict(named)


def test_the_rate_in_or_outside_the_velocity_matters_once_it_changes():
    def inside(x, g, v=0.0, *, lr, beta=0.9):
        v = beta * v + lr * g
        return x - v, v

    def falling(t):
        return 1e-3 / (1 + t / 10)

    same, other = (descend(method, rosenbrock, START, STEPS, lr=1e-3) for method in (momentum, inside))
    np.testing.assert_allclose(same, other, rtol=0, atol=1e-12)
    same, other = (descend(method, rosenbrock, START, STEPS, lr=falling) for method in (momentum, inside))
    assert np.abs(same - other).max() > 0.01


# ---------------------------------------------------------------------------------------------------------------------
# The shape of a step


def arguments(method):
    """Names of the memory with their starts, and of the hyperparameters with their defaults."""
    parameters = inspect.signature(method).parameters.values()
    memory = {p.name: p.default for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD}
    hyper = {p.name: p.default for p in parameters if p.kind is p.KEYWORD_ONLY}
    assert len(memory) + len(hyper) == len(parameters)
    return memory, hyper


def lr_if_needed(method, lr=0.01):
    return {} if method is adadelta else {"lr": lr}


@EACH
def test_the_signature_tells_the_memory_and_the_hyperparameters(method):
    memory, hyper = arguments(method)
    (x, x_default), (g, g_default), *memory = memory.items()
    assert (x, g) == ("x", "g")
    assert x_default is g_default is inspect.Parameter.empty
    assert all(type(value) in (int, float) for _, value in memory)
    assert next(iter(hyper)) == "lr"
    assert (hyper["lr"] == 1.0) if method is adadelta else (hyper["lr"] is inspect.Parameter.empty)
    assert all(type(value) is float for name, value in hyper.items() if name != "lr")

    x = np.ones((3, 2))
    state = method(x, x + 1, **lr_if_needed(method))
    assert type(state) is tuple
    assert len(state) == 1 + len(memory)
    assert state[0].shape == x.shape
    again = method(x, x + 1, *(value for _, value in memory), **lr_if_needed(method))
    assert all(np.array_equal(a, b) for a, b in zip(state, again))


@pytest.mark.parametrize("function", [*METHODS.values(), orthogonalize], ids=lambda f: f.__name__)
def test_the_docstring_names_every_argument_and_the_source(function):
    text = inspect.getdoc(function)
    for name in inspect.signature(function).parameters:
        assert re.search(rf"(^|[ ,]){name}(, \w+)*: ", text, re.MULTILINE), name
    assert re.search(r"^Returns .", text, re.MULTILINE)
    assert re.search(r"^Source: .", text, re.MULTILINE)
    assert re.match(r"[^\n]+[.]\n\n\$", text), "one sentence, then the formula"


def locked(value):
    value = np.array(value)
    value.setflags(write=False)
    return value


@EACH
def test_nothing_is_changed_in_place_and_nothing_is_shared(method):
    rng = np.random.default_rng(1)
    _, defaults = arguments(method)
    hyper = {name: locked([0.01, 0.5, 0.1]) for name in defaults}
    x, g, memory = locked(rng.normal(size=(4, 2, 3))), locked(rng.normal(size=(4, 2, 3))), ()
    for _ in range(4):
        before = [np.copy(a) for a in (x, g, *memory, *hyper.values())]
        new = method(x, g, *memory, **hyper)
        assert all(np.array_equal(a, b) for a, b in zip(before, (x, g, *memory, *hyper.values())))
        arrays = [a for a in new if isinstance(a, np.ndarray)]
        assert not any(np.shares_memory(a, b) for a in arrays for b in (x, g, *memory, *hyper.values()))
        x, *memory = (locked(a) if isinstance(a, np.ndarray) else a for a in new)


# ---------------------------------------------------------------------------------------------------------------------
# Batches: a run has the same bits alone and in company

SURFACES = [
    *(surfaces.quadratic(), surfaces.quadratic(100.0, 30.0), surfaces.rosenbrock, surfaces.beale, surfaces.himmelblau),
    *(surfaces.rastrigin(10), surfaces.saddle, surfaces.monkey_saddle, surfaces.nesterov_worst(20)),
    *(surfaces.plateau, surfaces.bumpy, surfaces.sharp_and_flat, surfaces.absolute, surfaces.quartic),
    *(surfaces.lessard, surfaces.quadratic_form([[3.0, 1, 0], [1, 2, 1], [0, 1, 1]])),
]
RATES = np.array([1e-4, 2e-3, 0.03, 0.7])


def same_bits(a, b):
    """Equal to the last bit; any NaN is as good as another."""
    a, b = (np.where(np.isnan(p), np.nan, p) for p in (a, b))
    return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()


def starts(f, method, n, dtype=float):
    """n starts, (d, n), or for muon and shampoo n matrices, (d, 3, n): their columns are points of f."""
    shape = (f.d, 3, n) if method in (muon, shampoo) else (f.d, n)
    scatter = np.random.default_rng(f.d).normal(size=shape)
    return (f.start.reshape(f.d, *[1] * (len(shape) - 1)) + 0.3 * scatter).astype(dtype)


def one_each(names, n=3):
    """n values of each of the hyperparameters, spread over what is usual."""
    usual = {"lr": (1e-3, 0.1), "eps": (1e-10, 0.1), "decay": (0.0, 0.5), "psi": (0.001, 0.01)}
    return {name: np.linspace(*usual.get(name, (0.3, 0.995)), n) for name in names}


@EACH
@pytest.mark.parametrize("f", SURFACES, ids=lambda f: f.name)
def test_a_run_in_a_batch_has_the_bits_of_the_run_alone(method, f):
    steps = 20
    p = starts(f, method, 3)
    rates = descend(method, f, p[..., :1], steps, lr=RATES)
    places = descend(method, f, p, steps, lr=0.01)
    both = descend(method, f, p[..., None, :], steps, lr=RATES[:, None])
    for j, lr in enumerate(RATES):
        for i in range(3):
            alone = descend(method, f, p[..., i], steps, lr=lr)
            assert same_bits(both[..., j, i], alone)
            assert i > 0 or same_bits(rates[..., j], alone)
    for i in range(3):
        assert same_bits(places[..., i], descend(method, f, p[..., i], steps, lr=0.01))


@EACH
@pytest.mark.parametrize("f", [rosenbrock, surfaces.rastrigin(10)], ids=lambda f: f.name)
def test_so_has_a_run_in_a_batch_of_any_hyperparameter(method, f):
    steps = 60
    p = starts(f, method, 1)[..., 0]
    names = arguments(method)[1]
    for hyper in (one_each(names), *(lr_if_needed(method) | one_each([name]) for name in names)):
        batch = descend(method, f, p[..., None], steps, **hyper)
        for i in range(3):
            alone = {name: value[i] if np.ndim(value) else value for name, value in hyper.items()}
            of_one = {name: [value] for name, value in alone.items()}
            assert same_bits(batch[..., i : i + 1], descend(method, f, p[..., None], steps, **of_one))
            # the power b**t of a number and of an array of numbers may differ in the last bit
            path = descend(method, f, p, 10, **alone)
            np.testing.assert_allclose(
                batch[:, ..., :11, :, i] if method in (muon, shampoo) else batch[:, :11, i], path, rtol=1e-9
            )


@EACH
def test_many_runs_are_like_few(method):
    """From some size on NumPy works in vectors and BLAS in blocks; the tail of an array has to fit in."""
    p = starts(rosenbrock, method, 1003)
    many = end(method, rosenbrock, p, 12, lr=1e-3)
    for i in (0, 500, 1001, 1002):
        assert same_bits(many[..., i], end(method, rosenbrock, p[..., i], 12, lr=1e-3))


@EACH
@pytest.mark.parametrize("form", ["number", "NumPy number", "0-d array", "array", "schedule", "NumPy schedule", "all"])
def test_float32_stays_float32(method, form):
    hyper = {
        "number": {"lr": 1e-3},
        "NumPy number": {"lr": np.float64(1e-3)},
        "0-d array": {"lr": np.array(1e-3)},
        "array": {"lr": np.array([1e-3, 2e-3])},
        "schedule": {"lr": lambda t: 1e-3 / (t + 1)},
        "NumPy schedule": {"lr": lambda t: np.float64(1e-3) / np.sqrt(t + 1)},
        "all": one_each(arguments(method)[1]),
    }[form]
    p = starts(rosenbrock, method, 1, np.float32)
    state = None
    for state in islice(iterate(method, rosenbrock, p, **hyper), 8):
        x, *memory = state
        assert x.dtype == np.float32
        assert all(a.dtype == np.float32 for a in memory if np.shape(a) == x.shape)
    assert len(state) == len(arguments(method)[0]) - 1
    assert descend(method, rosenbrock, p, 5, **hyper).dtype == np.float32
    assert np.all(np.isfinite(state[0])) or form == "all"


@EACH
def test_float32_stays_float32_in_the_bare_step_and_no_warning_comes(method):
    """`descend` puts both right; a step called by itself has to do it alone."""
    p = starts(rosenbrock, method, 1, np.float32)
    for b2 in {1 / 3, 0.6, 0.999} if "b2" in arguments(method)[1] else {None}:
        hyper = lr_if_needed(method, 1e-3) | ({"b2": b2} if b2 else {})
        for state in [(p,), (p[..., 0],)]:
            for _ in range(8):
                state = method(state[0], rosenbrock.grad(state[0]), *state[1:], **hyper)
                assert state[0].dtype == np.float32
                assert all(a.dtype == np.float32 for a in state[1:] if np.shape(a) == state[0].shape)


@EACH
def test_float32_in_a_batch_of_starts_has_the_bits_of_the_run_alone(method):
    p = starts(rosenbrock, method, 9, np.float32)
    batch = descend(method, rosenbrock, p, 25, lr=1e-3)
    assert all(same_bits(batch[..., i], descend(method, rosenbrock, p[..., i], 25, lr=1e-3)) for i in range(9))


# ---------------------------------------------------------------------------------------------------------------------
# Identities

PLACES = START[:, None] + 0.3 * np.random.default_rng(3).normal(size=(2, 5))


def path(method, **hyper):
    return descend(method, rosenbrock, PLACES, 100, **hyper)


def close(a, b, rtol=1e-11):
    assert np.all(np.isfinite(a))
    np.testing.assert_allclose(a, b, rtol=rtol, atol=rtol)


@pytest.mark.parametrize("beta", [0.0, 0.5, 0.9, 0.99])
def test_the_mean_is_the_sum_with_another_rate(beta):
    close(path(momentum_ema, lr=1e-4, beta=beta), path(momentum, lr=1e-4 * (1 - beta), beta=beta))


@pytest.mark.parametrize("method", [momentum, momentum_ema, nesterov])
def test_without_momentum_it_is_gradient_descent(method):
    assert same_bits(path(method, lr=3e-4, beta=0.0), path(gd, lr=3e-4))


def test_momentum_amplifies_a_constant_gradient():
    g = np.array([2.0])
    v = w = 0.0
    for _ in range(400):
        _, v = momentum(g, g, v, lr=1.0)
        _, w = momentum_ema(g, g, w, lr=1.0)
    np.testing.assert_allclose((v, w), (10 * g, g), rtol=1e-14)


def test_nesterov_is_the_ball_with_a_look_ahead():
    lr, beta = 3e-4, 0.9
    ball, v, seen = PLACES, 0.0, []
    for _ in range(100):
        ahead = ball + beta * v
        seen.append(ahead)
        v = beta * v - lr * rosenbrock.grad(ahead)
        ball = ball + v
    close(path(nesterov, lr=lr, beta=beta)[:, :-1], np.stack(seen, axis=1))


def test_nesterov_in_the_two_sequences_of_1983():
    lr, beta = 3e-4, 0.9
    y = x = PLACES
    for _ in range(100):
        below = y - lr * rosenbrock.grad(y)
        y, x = below + beta * (below - x), below
    close(path(nesterov, lr=lr, beta=beta)[:, -1], y)


def test_no_decay_leaves_adam():
    assert same_bits(path(adamw, lr=0.01, decay=0.0), path(adam, lr=0.01))


def test_adamw_forgets_by_rate_times_decay_and_all_at_one_over_the_rate():
    x, still = np.array([3.0, -2.0]), np.zeros(2)
    np.testing.assert_allclose(adamw(x, still, lr=0.1, decay=0.5)[0], 0.95 * x, rtol=1e-15)
    np.testing.assert_allclose(adamw(x, still, lr=0.125, decay=8.0)[0], 0.0 * x)


def test_adam_without_momentum_is_rmsprop_with_its_mean_corrected():
    corrected = path(rmsprop, lr=lambda t: 0.01 * math.sqrt(1 - 0.999 ** (t + 1)), b2=0.999, eps=0.0)
    close(path(adam, lr=0.01, b1=0.0, eps=0.0), corrected)


def test_adam_without_any_memory_is_the_sign():
    close(path(adam, lr=0.01, b1=0.0, b2=0.0, eps=0.0), path(lion, lr=0.01, b1=0.0, b2=0.0))
    close(path(rmsprop, lr=0.01, b2=0.0, eps=0.0), path(lion, lr=0.01, b1=0.0, b2=0.0))


def sign_gd(x, g, *, lr):
    return (x - lr * np.sign(g),)


def test_lion_without_memory_is_the_sign_and_always_moves_by_the_rate():
    assert same_bits(path(lion, lr=0.01, b1=0.0, b2=0.0), path(sign_gd, lr=0.01))
    np.testing.assert_allclose(np.abs(np.diff(path(lion, lr=0.01), axis=1)), 0.01, rtol=1e-12)


@pytest.mark.parametrize("method", [adagrad, rmsprop])
def test_a_large_eps_is_gradient_descent(method):
    close(path(method, lr=3e8, eps=1e12), path(gd, lr=3e-4), rtol=1e-6)


def corrected_mean(x, g, m=0.0, t=0, *, lr, b1=0.9):
    m, t = b1 * m + (1 - b1) * g, t + 1
    return x - lr * m / (1 - b1**t), m, t


def test_adam_with_a_large_eps_is_the_corrected_mean():
    close(path(adam, lr=3e8, eps=1e12), path(corrected_mean, lr=3e-4), rtol=1e-6)


def test_adagrad_and_adam_know_no_scale():
    """Without eps, a function a thousand times as steep has the same path."""

    class Steep:
        def grad(self, p):
            return 1024 * rosenbrock.grad(p)

    for method in (adagrad, rmsprop, adam, adamax, nadam, nadam_constant, amsgrad):
        steep = descend(method, Steep(), PLACES, 100, lr=0.01, eps=0.0)
        assert same_bits(steep, path(method, lr=0.01, eps=0.0)), method


def test_amsgrad_is_adam_as_long_as_gradients_grow():
    g = np.linspace(1.0, 5.0, 50)[:, None] * np.array([1.0, -3.0])
    x = y = np.zeros(2)
    m, n = (), ()
    for now in g:
        x, *m = adam(x, now, *m, lr=0.1, b2=0.9)
        y, *n = amsgrad(y, now, *n, lr=0.1, b2=0.9)
        assert same_bits(x, y)
    for _ in range(50):
        x, *m = adam(x, g[0], *m, lr=0.1, b2=0.9)
        y, *n = amsgrad(y, g[0], *n, lr=0.1, b2=0.9)
    assert np.abs(x - y).min() > 0.1


def test_amsgrads_largest_mean_never_shrinks():
    tops = np.array([top for _, _, _, top, _ in islice(iterate(amsgrad, rosenbrock, PLACES, lr=0.05), 1, 200)])
    assert np.all(np.diff(tops, axis=0) >= 0)
    assert np.any(np.diff(tops, axis=0) == 0)


def test_nadam_without_warm_up_is_nadam_constant():
    close(path(nadam, lr=0.003, psi=1e6), path(nadam_constant, lr=0.003))


def test_nadam_that_never_warms_up_has_half_the_momentum():
    """psi = 0 keeps the momentum of the look-ahead at b1/2; the mean itself goes by b1."""
    _, g = rosenbrock(PLACES), rosenbrock.grad(PLACES)
    now = nadam(PLACES, g, lr=1.0, psi=0.0)[0] - PLACES
    m_hat = (1 - 0.45) * g / (1 - 0.45) + 0.45 * (0.1 * g) / (1 - 0.45**2)
    np.testing.assert_allclose(now, -m_hat / (np.abs(g) + 1e-8), rtol=1e-9)


def test_radam_begins_as_corrected_momentum():
    """With b2 = 0.999 the sixth step is the first that divides."""
    slow, plain = path(radam, lr=1e-5), path(corrected_mean, lr=1e-5)
    close(slow[:, :6], plain[:, :6])
    assert np.all(np.abs(slow[:, 6] - plain[:, 6]) > 1e-7)


@pytest.mark.parametrize("b2", [0.0, 1 / 3, 0.5, 0.6, 0.66])
def test_radam_with_a_short_memory_never_divides(b2):
    """1/3 and 0.6 are the roots of the ratio's denominator."""
    close(path(radam, lr=1e-4, b2=b2), path(corrected_mean, lr=1e-4))


def test_radam_ends_as_adam():
    x, g, v = np.zeros(2), np.array([1.0, -0.1]), np.array([2.0, 0.5])
    (early, *_), (late, *_) = (radam(x, g, 0.0, v, t, lr=1.0) for t in (100, 10**6))
    (also_early, *_), (also_late, *_) = (adam(x, g, 0.0, v, t, lr=1.0) for t in (100, 10**6))
    np.testing.assert_allclose(late, also_late, rtol=1e-12)
    assert np.all(np.abs(early) < 0.5 * np.abs(also_early))


def test_lamb_moves_by_the_rate_times_the_size_of_the_point():
    way = path(lamb, lr=0.01)
    size = np.linalg.norm(way[:, :-1], axis=0)
    np.testing.assert_allclose(np.linalg.norm(np.diff(way, axis=1), axis=0), 0.01 * size, rtol=1e-12)


def test_lamb_from_the_origin_is_adam_and_without_a_gradient_stays():
    g = np.array([3.0, -4.0])
    still = np.zeros(2)
    np.testing.assert_allclose(lamb(still, g, lr=0.1)[0], adam(still, g, lr=0.1, eps=1e-6)[0], rtol=1e-15)
    assert same_bits(lamb(g, still, lr=0.1)[0], g)


def test_adadelta_does_not_move_without_eps_and_is_free_of_units():
    g = np.array([3.0, -4.0])
    assert same_bits(adadelta(np.ones(2), g, eps=0.0)[0], np.ones(2))
    first = adadelta(np.zeros(2), 1e6 * g)[0]
    np.testing.assert_allclose(np.abs(first), math.sqrt(1e-6 / 0.05), rtol=1e-9)


# ---------------------------------------------------------------------------------------------------------------------
# First steps and longest steps


@pytest.mark.parametrize("method", [adagrad, adam, adamax, nadam_constant, amsgrad])
def test_the_first_step_is_the_sign_of_the_gradient(method):
    g = np.array([1e-8, -1e-3, 0.7, -1.0, 5e6])
    x, *_ = method(np.zeros(5), g, lr=0.01, eps=0.0)
    length = 0.9 / (1 - 0.9**2) * 0.1 + 1 if method is nadam_constant else 1
    np.testing.assert_allclose(x, -0.01 * length * np.sign(g), rtol=1e-14)


@pytest.mark.parametrize("b2", [0.0, 0.5, 0.9, 0.999])
def test_rmsprops_first_step_is_too_long(b2):
    x, _ = rmsprop(np.zeros(2), np.array([7.0, -0.02]), lr=0.01, b2=b2, eps=0.0)
    np.testing.assert_allclose(x, 0.01 / math.sqrt(1 - b2) * np.array([-1, 1]), rtol=1e-13)


SINGLE = (1 - 0.9) / math.sqrt(1 - 0.999)
LONGEST = SINGLE / math.sqrt(1 - 0.9**2 / 0.999)


def adam_steps(gradients, t=0):
    """The steps of Adam in rates, without eps."""
    m = v = 0.0
    for g in gradients:
        x, m, v, t = adam(np.zeros_like(g), g, m, v, t, lr=1.0, eps=0.0)
        yield x


def test_one_gradient_after_a_long_silence_moves_adam_3_1623_rates():
    """The silence makes both corrections 1 and leaves both means empty."""
    assert pytest.approx(3.1623, abs=5e-5) == SINGLE
    silence = [np.zeros(2)] * 20_000
    with np.errstate(invalid="ignore"):
        *_, x, y = adam_steps([*silence, np.array([1e-3, -50.0]), np.zeros(2)])
    np.testing.assert_allclose(x, [-SINGLE, SINGLE], rtol=1e-8)
    assert np.all(np.abs(y) < np.abs(x))


def test_more_gradients_after_the_silence_move_it_further_but_never_7_2703_rates():
    """Equal ones 6.57 rates, at the twelfth; those that grow by b2/b1, as much as there is."""
    assert pytest.approx(7.2703, abs=5e-5) == LONGEST
    equal = np.abs(list(adam_steps([np.ones(1)] * 60, t=10**6)))
    assert equal.argmax() + 1 == 12
    assert equal.max() == pytest.approx(6.5685, abs=5e-5)
    *_, longest = adam_steps([np.array([(0.999 / 0.9) ** k]) for k in range(300)], t=10**6)
    assert -longest == pytest.approx(LONGEST, rel=1e-10)


@given(st.lists(st.floats(-30, 30), min_size=1, max_size=60), st.sampled_from([0, 3, 100, 10**6]))
def test_no_gradients_move_adam_further(powers, t):
    gradients = [np.array([math.copysign(math.exp(abs(p)), p)]) for p in powers]
    assert all(abs(x[0]) <= LONGEST * (1 + 1e-9) for x in adam_steps(gradients, t))


# ---------------------------------------------------------------------------------------------------------------------
# Muon


def matrices(n, m, spread, runs=50):
    """Matrices whose singular values lie between spread and 1."""
    rng = np.random.default_rng(n * m)
    k = min(n, m)
    left, right = (np.linalg.qr(rng.normal(size=(runs, size, k)))[0] for size in (n, m))
    values = np.exp(rng.uniform(np.log(spread), 0, size=(runs, 1, k)))
    values[:, 0, 0] = 1
    return np.moveaxis((left * values) @ np.swapaxes(right, 1, 2), 0, -1), left, right


@pytest.mark.parametrize(("n", "m"), [(1, 1), (1, 4), (4, 1), (3, 3), (5, 3), (3, 5), (16, 8)])
def test_orthogonalize_brings_singular_values_to_about_1_and_turns_none(n, m):
    matrix, left, right = matrices(n, m, 0.1)
    made = np.moveaxis(orthogonalize(matrix), -1, 0)
    inside = np.swapaxes(left, 1, 2) @ made @ right
    values = np.diagonal(inside, axis1=1, axis2=2)
    np.testing.assert_allclose(inside, values[:, None] * np.eye(min(n, m)), atol=1e-12)
    np.testing.assert_allclose((left @ inside) @ np.swapaxes(right, 1, 2), made, atol=1e-12)
    assert np.all((values > 0.65) & (values < 1.25))


def test_orthogonalize_is_the_polynomial_of_each_singular_value():
    matrix, left, right = matrices(4, 3, 1e-3)
    a, b, c = 3.4445, -4.7750, 2.0315
    s = np.diagonal(np.swapaxes(left, 1, 2) @ np.moveaxis(matrix, -1, 0) @ right, axis1=1, axis2=2)
    s = s / np.linalg.norm(s, axis=1, keepdims=True)
    for _ in range(5):
        s = a * s + b * s**3 + c * s**5
    np.testing.assert_allclose(
        np.moveaxis(orthogonalize(matrix, eps=0.0), -1, 0), (left * s[:, None]) @ np.swapaxes(right, 1, 2), atol=1e-12
    )


def test_orthogonalize_goes_with_the_transpose_and_leaves_nothing_of_nothing():
    matrix, *_ = matrices(5, 3, 0.1)
    assert same_bits(orthogonalize(np.swapaxes(matrix, 0, 1)), np.swapaxes(orthogonalize(matrix), 0, 1))
    assert not np.any(orthogonalize(np.zeros((3, 2))))
    np.testing.assert_allclose(
        orthogonalize(matrix, iterations=0, eps=0.0), matrix / np.linalg.norm(matrix, axis=(0, 1))
    )
    assert orthogonalize(matrix.astype(np.float32)).dtype == np.float32


def test_muon_without_momentum_steps_along_the_rotation():
    W, g = np.random.default_rng(5).normal(size=(2, 6, 3))
    x, v = muon(W, g, lr=0.1, beta=0.0, decay=0.5)
    np.testing.assert_allclose(x, 0.95 * W - 0.1 * math.sqrt(2) * orthogonalize(g), rtol=1e-13)
    assert same_bits(v, g)


@pytest.mark.parametrize("shape", [(4, 3), (3, 4), (1, 3), (3, 3)])
def test_the_first_step_of_shampoo_makes_all_singular_values_alike(shape):
    """L is U S^2 U', so a singular value s becomes s / sqrt(s^2 + eps)."""
    W, G = np.random.default_rng(3).normal(size=(2, *shape))
    x, left, right = shampoo(W, G, lr=0.1, eps=0.5)
    U, S, Vt = np.linalg.svd(G, full_matrices=False)
    np.testing.assert_allclose(x, W - 0.1 * U @ np.diag(S / np.sqrt(S * S + 0.5)) @ Vt, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(left, G @ G.T, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(right, G.T @ G, rtol=1e-12, atol=1e-14)


def test_shampoo_of_a_row_is_adagrad_with_one_number_for_all_and_eps_inside():
    """R of one row is the sum of its outer products; one direction: (|g|^2)^(1/4) from both sides."""
    x = np.zeros((1, 1))
    state, s = (x,), 0.0
    for g in (3.0, -1.0, 0.5):
        before = state[0]
        state = shampoo(before, np.full((1, 1), g), *state[1:], lr=0.1, eps=1e-3)
        s += g * g
        assert state[0] - before == pytest.approx(-0.1 * g / np.sqrt(s + 1e-3), rel=1e-12)


def test_shampoo_notices_no_rotation_and_adam_does():
    rng = np.random.default_rng(4)
    Q, P = (np.linalg.qr(rng.normal(size=(n, n)))[0] for n in (3, 2))
    turned = Turned(Q, P)
    for method, same in ((shampoo, True), (adam, False)):
        path = descend(method, conventions.Matrix(), conventions.Matrix.start, 30, lr=0.1)
        there = descend(method, turned, Q.T @ conventions.Matrix.start @ P, 30, lr=0.1)
        back = np.einsum("ij,jtk,lk->itl", Q, there, P)
        assert np.allclose(path, back, rtol=0, atol=1e-9) == same


class Turned(conventions.Matrix):
    """The quadratic of a matrix, of W = Q V P'."""

    def __init__(self, Q, P):
        self.Q, self.P = Q, P

    def grad(self, V):
        return self.Q.T @ super().grad(self.Q @ V @ self.P.T) @ self.P


def test_shampoo_of_a_huge_eps_is_gradient_descent():
    path = descend(shampoo, conventions.Matrix(), conventions.Matrix.start, 20, lr=1e-3 * 1e6, eps=1e12)
    slow = descend(gd, conventions.Matrix(), conventions.Matrix.start, 20, lr=1e-3)
    np.testing.assert_allclose(path, slow, rtol=0, atol=1e-7)


def test_shampoo_says_that_it_wants_a_matrix():
    with pytest.raises(ValueError, match=r"^shampoo needs a matrix, .* got shape \(2,\)"):
        end(shampoo, rosenbrock, rosenbrock.start, 3, lr=0.1)


def test_a_run_that_is_lost_stops_no_other():
    g = np.ones((2, 3, 2))
    g[..., 1] = np.nan
    x, *memory = shampoo(np.zeros((2, 3, 2)), g, lr=0.1)
    assert same_bits(x[..., 0], shampoo(np.zeros((2, 3)), np.ones((2, 3)), lr=0.1)[0])
    assert np.isnan(shampoo(x, np.ones((2, 3, 2)), *memory, lr=0.1)[0][..., 1]).all()


def test_muon_on_a_single_row_goes_along_the_gradient_whatever_its_length():
    g = np.array([[3.0, -4.0]])
    (x, _), (y, _) = (muon(np.zeros((1, 2)), scale * g, lr=1.0) for scale in (1.0, 1e6))
    np.testing.assert_allclose(x, y, rtol=1e-6)
    np.testing.assert_allclose(x / np.linalg.norm(x), -g / 5, rtol=1e-12)
    assert 0.65 < np.linalg.norm(x) < 1.25


# ---------------------------------------------------------------------------------------------------------------------
# Schedule-free


def test_schedule_free_at_beta_0_is_gradient_descent_and_its_mean_polyaks():
    states = list(islice(iterate(schedule_free, rosenbrock, PLACES, lr=3e-4, beta=0.0), 1, 101))
    way = path(gd, lr=3e-4)[:, 1:]
    close(np.stack([x for x, *_ in states], axis=1), way)
    means = np.cumsum(way, axis=1) / np.arange(1, 101)[None, :, None]
    close(np.stack([x - w for x, w, _ in states], axis=1), means)


@pytest.mark.parametrize("beta", [0.5, 0.9, 0.999])
def test_schedule_free_is_its_three_sequences(beta):
    z = mean = PLACES
    for t, (x, w, done) in enumerate(islice(iterate(schedule_free, rosenbrock, PLACES, lr=3e-4, beta=beta), 1, 101)):
        z = z - 3e-4 * rosenbrock.grad((1 - beta) * z + beta * mean)
        mean = (1 - 1 / (t + 1)) * mean + z / (t + 1)
        close(x, (1 - beta) * z + beta * mean)
        close(x - (1 - beta) * w, mean)
        assert done == t + 1
