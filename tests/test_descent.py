"""The loop: shapes, schedules, what it refuses and in which words, what it leaves alone."""

import functools
import math
import re
import time
import warnings
from fractions import Fraction
from itertools import islice

import numpy as np
import pytest

from course_lib.descent import arrived, best_rate, descend, end, first_step, iterate
from course_lib.optimizers import adam, gd, momentum, nadam
from course_lib.surfaces import himmelblau, nesterov_worst, plateau, quadratic, rosenbrock, saddle

START = (-1.2, 1.0)
NAN, INF = math.nan, math.inf


def run(start=START, steps=3, method=gd, f=rosenbrock, **hyper):
    return descend(method, f, start, steps, **({"lr": 1e-3} | hyper))


# ---------------------------------------------------------------------------------------------------------------------
# Shapes

SHAPES = [(), (1,), (3,), (4, 3), (4, 1), (2, 1, 3)]


@pytest.mark.parametrize("c", [(), (3,), (2, 1, 1)])
@pytest.mark.parametrize("b", SHAPES)
@pytest.mark.parametrize("a", SHAPES)
def test_starts_and_hyperparameters_broadcast(a, b, c):
    rng = np.random.default_rng(0)
    start, lr, beta = rng.normal(size=(2, *a)), rng.uniform(0, 0.01, size=b), rng.uniform(size=c)
    runs = np.broadcast_shapes(a, b, c)
    path = descend(momentum, rosenbrock, start, 4, lr=lr, beta=beta)
    assert path.shape == (2, 5, *runs)
    assert end(momentum, rosenbrock, start, 4, lr=lr, beta=beta).shape == (2, *runs)
    start, lr, beta = (np.broadcast_to(p, (*k, *runs)) for p, k in ((spread(start, runs), [2]), (lr, []), (beta, [])))
    for i in list(np.ndindex(*runs))[::3]:
        alone = descend(momentum, rosenbrock, start[:, *i], 4, lr=lr[i], beta=beta[i])
        assert np.array_equal(path[:, :, *i], alone)


def spread(start, runs):
    return start.reshape(2, *[1] * (len(runs) + 1 - start.ndim), *start.shape[1:])


@pytest.mark.parametrize(("a", "b"), [((3,), (4,)), ((2, 3), (2,)), ((5, 1), (4, 3))])
def test_shapes_that_do_not_broadcast_are_named(a, b):
    with pytest.raises(ValueError, match=rf"must broadcast.*{re.escape(str(a))}.*'lr': {re.escape(str(b))}"):
        run(np.ones((2, *a)), lr=np.full(b, 0.1))


def test_the_path_begins_with_the_start_and_has_all_the_steps():
    path = run(steps=7)
    assert path.shape == (2, 8)
    assert path.dtype == np.float64
    assert tuple(path[:, 0]) == START
    x = np.array(START)
    for t in range(7):
        x = x - 1e-3 * rosenbrock.grad(x)
        assert np.array_equal(path[:, t + 1], x)
    assert rosenbrock(path).shape == (8,)


@pytest.mark.parametrize("steps", [0, 1, 2, 11])
@pytest.mark.parametrize("start", [START, np.zeros((2, 4)), np.ones((2, 3, 1))])
def test_end_is_the_end_of_the_path(start, steps):
    last = end(adam, rosenbrock, start, steps, lr=[0.1, 0.2, 0.3, 0.4])
    assert np.array_equal(last, descend(adam, rosenbrock, start, steps, lr=[0.1, 0.2, 0.3, 0.4])[:, -1])
    last[0] = 7  # one's own
    assert np.all(last[0] == 7)


def test_no_steps_are_the_start_alone():
    assert run(steps=0).shape == (2, 1)
    assert np.array_equal(run(np.ones((2, 3)), steps=0), np.ones((2, 1, 3)))


def test_a_line_is_a_surface_with_one_coordinate():
    assert run([5.0], f=plateau).shape == (1, 4)
    assert run(np.ones((1, 6)), f=plateau).shape == (1, 4, 6)


def test_iterate_gives_all_states_for_ever():
    states = iterate(adam, rosenbrock, START, lr=[0.1, 0.2])
    (first,) = next(states)
    assert np.array_equal(first, np.array([START, START]).T)
    for t, (x, m, v, done) in enumerate(islice(states, 50), 1):
        assert x.shape == m.shape == v.shape == (2, 2)
        assert done == t
    assert next(states)[3] == 51


def test_two_runs_of_one_generator_function_do_not_meet():
    one, two = iterate(momentum, rosenbrock, START, lr=1e-3), iterate(momentum, rosenbrock, START, lr=1e-3)
    first = [next(one)[0] for _ in range(5)]
    assert np.array_equal(first, [next(two)[0] for _ in range(5)])
    two.close()
    assert len(next(one)) == 2


def test_a_million_runs():
    last = end(gd, quadratic(10.0), [1.0, 1.0], 3, lr=np.linspace(0, 1, 1_000_000))
    assert last.shape == (2, 1_000_000)
    assert tuple(last[:, 0]) == (1.0, 1.0)


# ---------------------------------------------------------------------------------------------------------------------
# Forms of numbers


@pytest.mark.parametrize("start", [START, list(START), np.array(START), np.array([[-1.2, 0], [1.0, 0]])[:, 0]])
def test_a_start_of_any_form(start):
    assert np.array_equal(run(start), run())


@pytest.mark.parametrize("start", [(3, -2), np.array([3, -2]), np.array([3, -2], np.int8), (3, -2.0)])
def test_an_integer_start_is_a_float_start(start):
    path = run(start)
    assert path.dtype == np.float64
    assert np.array_equal(path, run((3.0, -2.0)))


@pytest.mark.parametrize(
    "lr", [0.25, np.float64(0.25), np.float32(0.25), np.array(0.25), np.longdouble(0.25), Fraction(1, 4)]
)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_one_number_of_any_form_leaves_the_dtype_alone(lr, dtype):
    bowl = quadratic(2.0)
    for value in (lr, lambda t: lr):
        path = descend(adam, bowl, np.ones(2, dtype), 4, lr=value, b1=lr)
        assert path.shape == (2, 5)
        assert path.dtype == dtype
        assert np.array_equal(path, descend(adam, bowl, np.ones(2, dtype), 4, lr=0.25, b1=0.25))


@pytest.mark.parametrize("lr", [[0.25, 1], (0.25, 1), np.array([0.25, 1]), np.array([0.25, 1], np.float32)])
def test_many_numbers_of_any_form_leave_the_dtype_alone(lr):
    for dtype in (np.float32, np.float64):
        path = descend(gd, quadratic(2.0), np.ones(2, dtype), 4, lr=lr)
        assert path.shape == (2, 5, 2)
        assert path.dtype == dtype
        for state in islice(iterate(momentum, quadratic(2.0), np.ones(2, dtype), lr=lr), 1, 4):
            assert all(a.dtype == dtype for a in state)


def test_integers_are_rates_too():
    for lr in (1, np.int32(1), np.array([1, 0]), [1, 0]):
        path = descend(momentum, quadratic(2.0), np.ones(2, np.float32), 3, lr=lr, beta=0)
        assert path.dtype == np.float32
        expected = run(np.ones(2, np.float32), f=quadratic(2.0), lr=1.0)
        assert np.array_equal(path if np.ndim(lr) == 0 else path[..., 0], expected)


def test_an_array_of_one_is_a_batch_of_one():
    assert run(lr=[1e-3]).shape == (2, 4, 1)
    assert np.array_equal(run(lr=[1e-3])[..., 0], run())


# ---------------------------------------------------------------------------------------------------------------------
# Schedules


def test_a_schedule_sees_each_step_once_and_in_order():
    seen = []
    run(steps=5, lr=lambda t: seen.append(t) or 1e-3)
    assert seen == [0, 1, 2, 3, 4]
    assert all(type(t) is int for t in seen)


def test_a_schedule_sees_no_step_that_is_not_made():
    seen = []
    states = iterate(gd, rosenbrock, START, lr=lambda t: seen.append(t) or 1e-3)
    for _ in range(3):
        next(states)
    assert seen == [0, 1]


def test_a_constant_schedule_is_the_constant():
    for lr in (1e-3, np.array([1e-3, 2e-3])):
        assert np.array_equal(run(steps=30, lr=lambda t: lr), run(steps=30, lr=lr))  # noqa: B023


def test_the_value_at_t_makes_step_t():
    rates = [1e-3, 5e-4, 0.0, 2e-3]
    path = run(steps=4, lr=rates.__getitem__)
    for t, lr in enumerate(rates):
        assert np.array_equal(path[:, t + 1], path[:, t] - lr * rosenbrock.grad(path[:, t]))


def test_a_schedule_of_arrays_is_a_schedule_for_each_run():
    peaks = np.array([1e-3, 2e-3, 5e-4])
    batch = run(steps=20, lr=lambda t: peaks / (t + 1))
    for i, peak in enumerate(peaks):
        assert np.array_equal(batch[..., i], run(steps=20, lr=lambda t: peak / (t + 1)))  # noqa: B023


def test_every_hyperparameter_may_be_a_schedule_and_any_callable_is_one():
    class Warm:
        def __call__(self, t):
            return min(0.9, t / 10)

    path = descend(adam, rosenbrock, START, 20, lr=functools.partial(max, 0.01), b1=Warm(), b2=lambda t: 0.99)
    assert path.shape == (2, 21)
    assert np.all(np.isfinite(path[:, :2]))


@pytest.mark.parametrize("bad", [-0.1, NAN, INF, None, "0.1", True, 1j, [0.1, -0.1], []])
@pytest.mark.parametrize("at", [0, 3])
def test_a_schedule_that_gives_a_bad_value_is_refused_at_that_step(bad, at):
    states = descend if at else iterate  # iterate refuses the first value at once
    arguments = (5,) if at else ()
    with pytest.raises(ValueError, match="lr must be a finite number >= 0"):
        states(gd, rosenbrock, START, *arguments, lr=lambda t: bad if t == at else 0.1)


@pytest.mark.parametrize("later", [np.full(2, 0.1), np.full(3, 0.1), [0.1]])
def test_a_schedule_that_changes_its_shape_is_refused(later):
    with pytest.raises(ValueError, match=r"lr must keep its shape, \(\); got array\(.*\) at step 2"):
        run(lr=lambda t: 0.1 if t < 2 else later)


# ---------------------------------------------------------------------------------------------------------------------
# What is refused, and in which words

NOT_NUMBERS = [None, "0.1", "many", True, False, np.True_, 1j, [0.1, None], [[0.1], [0.1, 0.2]], {}, ..., [], [True]]
NOT_NUMBERS += [10**400, np.array(["0.1"]), np.datetime64(1, "s"), iter([0.1])]
NOT_RATES = [-1e-12, -1, NAN, INF, -INF, [0.1, -0.1], [0.1, NAN], np.array(-1.0), np.float32(-1)]
NOT_SHARES = [1.0, 1, 1.5, -1e-12, NAN, INF, [0.5, 1.0], np.array([0.5, NAN]), np.float64(1)]


@pytest.mark.parametrize("value", NOT_NUMBERS + NOT_RATES)
@pytest.mark.parametrize("name", ["lr", "eps", "psi", "damping"])
def test_a_rate_out_of_range_is_refused(name, value):
    with pytest.raises(ValueError, match=rf"^{name} must be a finite number >= 0 ") as error:
        iterate(nadam, rosenbrock, START, **({"lr": 0.1} | {name: value}))
    assert str(error.value).endswith(f"got {value!r}")


@pytest.mark.parametrize("value", NOT_NUMBERS + NOT_SHARES)
@pytest.mark.parametrize("name", ["beta", "b1", "b2"])
def test_a_share_out_of_range_is_refused(name, value):
    with pytest.raises(ValueError, match=rf"^{name} must be a number in \[0, 1\) ") as error:
        iterate(momentum, rosenbrock, START, lr=0.1, **{name: value})
    assert str(error.value).endswith(f"got {value!r}")


def test_decay_out_of_range_is_refused():
    with pytest.raises(ValueError, match=r"^decay must be a finite number >= 0 .*got -0.1$"):
        iterate(adam, rosenbrock, START, lr=0.1, decay=-0.1)


@pytest.mark.parametrize("value", [0.0, 0, 1e-300, 1e300, np.nextafter(1, 0)])
def test_the_ends_of_the_ranges_are_allowed(value):
    run(lr=value)
    if value < 1:
        run(method=momentum, beta=value)


@pytest.mark.parametrize("steps", [-1, 1.0, 1.5, "3", None, True, np.True_, NAN, [3], np.array([3]), np.float64(3), 1j])
@pytest.mark.parametrize("loop", [descend, end])
def test_steps_are_a_whole_number(loop, steps):
    with pytest.raises(ValueError, match=r"^steps must be an integer >= 0; got ") as error:
        loop(gd, rosenbrock, START, steps, lr=0.1)
    assert str(error.value).endswith(repr(steps))


@pytest.mark.parametrize("steps", [3, np.int64(3), np.uint8(3), np.array(3)])
def test_steps_are_any_whole_number(steps):
    assert run(steps=steps).shape == (2, 4)


@pytest.mark.parametrize(
    "start", [1.0, (), (1.0,), (1.0, 2.0, 3.0), np.ones((3, 2)), np.ones((2, 0)), np.ones((0, 2)), 5, np.float64(1)]
)
def test_a_start_of_the_wrong_shape_is_refused(start):
    with pytest.raises(
        ValueError, match=re.escape("start must be a finite array of shape (2, ...), coordinates on axis 0; got ")
    ) as error:
        run(start)
    assert str(error.value).endswith(f"got shape {np.shape(start)}")


def test_without_d_any_length_will_do_but_no_number():
    assert run(np.ones(7), f=Bowl()).shape == (7, 4)
    with pytest.raises(ValueError, match=re.escape("start must be a finite array of shape (d, ...)")):
        run(1.0, f=Bowl())


@pytest.mark.parametrize("start", [(NAN, 1.0), (1.0, INF), np.array([[1.0, 2.0], [3.0, -INF]])])
def test_a_start_that_is_not_finite_is_refused(start):
    with pytest.raises(ValueError, match=r"start must be a finite array .*; got [\s\S]*(nan|inf)"):
        run(start)


@pytest.mark.parametrize(
    "start", [None, "ab", ("1", "2"), (True, False), (1j, 0), [[1.0], [1.0, 2.0]], {1.0, 2.0}, (None, 1.0), iter(START)]
)
def test_a_start_that_is_no_array_of_real_numbers_is_refused(start):
    with pytest.raises(
        ValueError, match=r"start must be a finite array of shape \(2, ...\), coordinates on axis 0; got "
    ):
        run(start)


@pytest.mark.parametrize("f", [gd, None, 3.0, lambda p: p[0] * p[0], "rosenbrock"])
def test_what_has_no_gradient_is_refused(f):
    with pytest.raises(TypeError, match=r"^f must have a method grad\(x\).*; got "):
        run(f=f)


@pytest.mark.parametrize("method", ["adam", None, 0.1, gd(np.ones(2), np.ones(2), lr=0.1)])
def test_what_is_no_step_is_refused(method):
    with pytest.raises(TypeError, match=r"^method must be a step"):
        run(method=method)


def test_swapped_arguments_say_so():
    with pytest.raises(TypeError, match="f must have a method grad"):
        descend(rosenbrock, gd, START, 3, lr=0.1)


def test_a_missing_or_misspelt_hyperparameter_is_named():
    with pytest.raises(TypeError, match="lr"):
        descend(gd, rosenbrock, START, 3)
    with pytest.raises(TypeError, match="learning_rate"):
        descend(gd, rosenbrock, START, 3, learning_rate=0.1)


def test_iterate_refuses_at_once_not_at_the_first_step():
    for bad in ({"lr": -1}, {"lr": 0.1, "start": (1.0,)}, {"lr": [[0.1, 0.2]], "start": np.ones((2, 3))}):
        with pytest.raises(ValueError, match="must"):
            iterate(gd, rosenbrock, **({"start": START} | bad))


# ---------------------------------------------------------------------------------------------------------------------
# Divergence is data


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_divergence_is_data(dtype):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for method in (gd, momentum, adam):
            path = descend(method, rosenbrock, np.array(START, dtype), 60, lr=[1e-4, 1.0, 1e30])
            assert path.dtype == dtype
            assert np.all(np.isfinite(path[..., 0]))
            assert not np.all(np.abs(path[:, -1, 2]) < 1e10)
        assert not np.any(np.isfinite(end(gd, rosenbrock, np.array(START, dtype), 60, lr=1.0)))


def test_a_run_that_diverges_leaves_its_neighbours_alone():
    batch = descend(adam, rosenbrock, START, 50, lr=[0.01, 1e200, 0.02])
    assert np.array_equal(batch[..., 0], descend(adam, rosenbrock, START, 50, lr=0.01))
    assert np.array_equal(batch[..., 2], descend(adam, rosenbrock, START, 50, lr=0.02))


def test_what_numpy_does_about_errors_is_the_callers_business():
    with np.errstate(all="raise"):
        before = np.geterr()
        states = iterate(gd, rosenbrock, START, lr=10.0)
        for _ in islice(states, 20):
            assert np.geterr() == before
        run(steps=20, lr=10.0)
        assert np.geterr() == before
        with pytest.raises(ZeroDivisionError):
            run(lr=lambda t: 1 / t)
        assert np.geterr() == before


# ---------------------------------------------------------------------------------------------------------------------
# What is handed in stays as it is


def test_the_start_and_the_hyperparameters_are_never_changed():
    for writable in (True, False):
        start, lr = np.array([START, START]).T, np.array([1e-3, 2e-3])
        before = start.copy(), lr.copy()
        for array in (start, lr):
            array.setflags(write=writable)
        path = run(start, lr=lr)
        assert not np.shares_memory(path, start)
        assert np.array_equal(start, before[0])
        assert np.array_equal(lr, before[1])
        assert start.flags.writeable == writable


def test_a_run_does_not_see_what_becomes_of_its_start_and_rates_later():
    start, lr = np.array([START, START]).T, np.array([1e-3, 2e-3])
    states = iterate(gd, rosenbrock, start, lr=lr)
    expected = run(start.copy(), lr=lr.copy())
    start[:], lr[:] = 99, 99
    assert np.array_equal(np.stack([x for (x,) in islice(states, 4)], axis=1), expected)


def in_place(x, g, *, lr):
    x -= lr * g
    return (x,)


def one_coordinate_in_place(x, g, *, lr):
    x[0] = x[0] - lr * g[0]
    return (x,)


def out(x, g, *, lr):
    np.subtract(x, lr * g, out=x)
    return (x,)


@pytest.mark.parametrize("method", [in_place, one_coordinate_in_place, out])
def test_a_step_that_changes_x_in_place_is_told(method):
    start = np.array(START)
    with pytest.raises(ValueError, match="read-only") as error:
        run(start, method=method)
    assert error.value.__notes__ == ["A step changes nothing in place: write x = x - ..., not x -= ..."]
    assert tuple(start) == START


def test_another_error_of_a_step_is_its_own():
    def broken(x, g, *, lr):
        raise ValueError("mine")

    with pytest.raises(ValueError, match=r"^mine$") as error:
        run(method=broken)
    assert not hasattr(error.value, "__notes__")


def test_a_velocity_changed_in_place_does_not_spoil_the_path():
    def mine(x, g, v=None, *, lr, beta=0.9):
        if v is None:
            v = np.zeros_like(x)
        v *= beta
        v += g
        g *= 0
        return x - lr * v, v

    assert np.array_equal(run(method=mine, steps=40), run(method=momentum, steps=40))
    assert np.array_equal(run(np.ones((2, 3)), method=mine, f=Bowl()), run(np.ones((2, 3)), method=momentum, f=Bowl()))


# ---------------------------------------------------------------------------------------------------------------------
# Anything with .grad, anything of a step's shape


class Bowl:
    def grad(self, p):
        return 2 * p


def test_an_object_with_grad_and_nothing_else_will_do():
    np.testing.assert_allclose(run((1.0, -2.0), f=Bowl(), lr=0.1), np.outer((1.0, -2.0), 0.8 ** np.arange(4)))


@pytest.mark.parametrize("form", [list, tuple, np.array, np.float32, lambda g: np.array(g, object)])
def test_a_gradient_of_any_form(form):
    class Mine:
        def grad(self, p):
            x, y = p
            return form([2 * x, 8 * y])

    for start in ((1.0, -2.0), np.ones((2, 3), np.float32)):
        path = run(start, f=Mine(), lr=0.125)
        assert path.dtype == np.asarray(start).dtype
        assert np.array_equal(path[0, -1], np.asarray(start)[0] * 0.75**3)
        assert not np.any(path[1, 1:])


def test_an_integer_gradient_is_a_float_gradient():
    class Slope:
        def grad(self, p):
            return np.ones(p.shape, int)

    path = descend(momentum, Slope(), np.zeros(2, np.float32), 3, lr=0.5, beta=0.5)
    assert path.dtype == np.float32
    assert path[0].tolist() == [0, -0.5, -1.25, -2.125]


@pytest.mark.parametrize(
    "made", [lambda p: None, lambda p: 2 * p[0], lambda p: p[:1], lambda p: p[:, None], lambda p: 0]
)
def test_a_gradient_of_another_shape_is_refused(made):
    class Mine:
        def grad(self, p):
            return made(p)

    with pytest.raises(ValueError, match=re.escape("f.grad(x) must have the shape of x, (2,); got (")):
        run(f=Mine())


def test_the_gradient_is_asked_for_once_a_step():
    asked = []

    class Mine:
        def grad(self, p):
            asked.append(p.copy())
            return 2 * p

    path = run((1.0, 2.0), f=Mine(), steps=6)
    assert np.array_equal(np.stack(asked, axis=1), path[:, :-1])


def test_steps_with_other_memories():
    def counting(x, g, t=None, *, lr):
        t = 1 if t is None else t + 1
        return x - lr / t * g, t

    def with_history(x, g, history=(), *, lr):
        return x - lr * g, (*history, x[0])

    def plain_arguments(x, g, v=0.0, lr=0.1, beta=0.9):
        return momentum(x, g, v, lr=lr, beta=beta)

    class Held:
        def __call__(self, x, g, *, lr):
            return (x - lr * g,)

    assert np.array_equal(run(method=counting), run(lr=lambda t: 1e-3 / (t + 1)))
    *_, (_, history) = islice(iterate(with_history, rosenbrock, START, lr=1e-3), 4)
    assert np.array_equal(history, run()[0, :-1])
    assert np.array_equal(run(method=plain_arguments), run(method=momentum))
    assert np.array_equal(run(method=Held()), run())
    assert np.array_equal(run(method=functools.partial(momentum, beta=0.5)), run(method=momentum, beta=0.5))
    assert np.array_equal(run(method=lambda x, g, *, lr: (x - lr * g,)), run())


def test_a_hyperparameter_of_ones_own_passes_through():
    seen = []

    def mine(x, g, *, lr, name, switch, table, rng):
        seen.append((name, switch, table, rng))
        return (x - lr * g,)

    rng = np.random.default_rng(0)
    run(method=mine, name="mine", switch=True, table=None, rng=rng)
    assert seen == [("mine", True, None, rng)] * 3


@pytest.mark.parametrize(
    ("method", "got"),
    [
        (lambda x, g, *, lr: x - lr * g, "<class 'numpy.ndarray'>"),
        (lambda x, g, *, lr: [x - lr * g], "<class 'list'>"),
        (lambda x, g, *, lr: None, "<class 'NoneType'>"),
        (lambda x, g, *, lr: (x[0],), "an x of shape ()"),
        (lambda x, g, *, lr: ((x - lr * g)[None],), "an x of shape (1, 2)"),
    ],
)
def test_a_step_that_gives_back_something_else_is_refused(method, got):
    with pytest.raises(ValueError, match=re.escape("must return a tuple (x, *memory), x of shape (2,); got " + got)):
        run(method=method)


@pytest.mark.parametrize("f", [plateau, rosenbrock, nesterov_worst(5)])
@pytest.mark.parametrize("runs", [(), (1,), (3,), (2, 2)])
def test_a_forgotten_comma_is_noticed_whatever_the_shape(f, runs):
    with pytest.raises(ValueError, match="must return a tuple"):
        run(np.ones((f.d, *runs)), f=f, method=lambda x, g, *, lr: x - lr * g)


def test_a_step_that_computes_in_float64_leaves_the_path_in_float32():
    def careless(x, g, *, lr):
        return (x - np.float64(lr) * g * np.sqrt(4.0),)

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for lr in (1e-3, 1e30):
            assert run(np.float32(START), method=careless, lr=lr, steps=9).dtype == np.float32
            x, *_ = next(islice(iterate(careless, rosenbrock, np.float32(START), lr=lr), 5, None))
            assert x.dtype == np.float32


# ---------------------------------------------------------------------------------------------------------------------
# The first step at which something holds


def test_first_step():
    assert first_step([False, True, False, True]) == 1
    assert first_step([True, True]) == 0
    assert first_step([False, False]) == INF
    holds = np.array([[False, False, True], [True, False, False]])
    assert first_step(holds).tolist() == [1, INF, 0]
    path = descend(gd, quadratic(2.0), (1.0, 1.0), 100, lr=[0.0, 0.5, 1.0])
    steps = first_step(np.abs(path).max(axis=0) < 1e-3)
    assert steps[0] == INF
    assert steps[2] < steps[1] < 100


# ---------------------------------------------------------------------------------------------------------------------
# The rate of a fair race


@pytest.mark.parametrize("f", [quadratic(10.0), rosenbrock, himmelblau])
@pytest.mark.parametrize("method", [gd, momentum, adam])
def test_the_best_rate_ends_lowest_of_those_that_never_climb(f, method):
    rates, ends = np.geomspace(1e-4, 10, 61), {}
    for lr in rates:
        values = f(descend(method, f, f.start, 40, lr=lr))
        if np.all(values <= values[0]):
            ends[lr] = values[-1]
    assert 0 < len(ends) < 61
    assert best_rate(method, f, f.start, 40) == min(ends, key=ends.get)
    assert best_rate(method, f, f.start, 40, rates=list(ends)) == min(ends, key=ends.get)


def test_the_best_rate_of_gradient_descent_balances_both_ends_of_the_spectrum():
    bowl = quadratic(10.0)
    rate = best_rate(gd, bowl, (1.0, 1.0), 200, rates=np.linspace(1.7, 1.95, 251))
    assert rate == pytest.approx(2 / (bowl.L + bowl.mu), abs=0.01)


def test_where_every_run_climbs_the_best_rate_is_the_first():
    assert best_rate(gd, rosenbrock, START, 20, rates=[1.0, 0.5, 2.0]) == 1.0


# ---------------------------------------------------------------------------------------------------------------------
# Where runs arrive


def test_runs_arrive_at_the_nearest_place_or_nowhere():
    places = [[0, 0], [1, 0], [5, 5]]
    x = np.array([[0.05, 0.98, 3.0, NAN, INF, 1e300], [0.0, 0.05, 3.0, 0.0, 1.0, 0.0]])
    assert arrived(x, places).tolist() == [0, 1, -1, -1, -1, -1]
    assert arrived(x, places, within=3).tolist() == [0, 1, 2, -1, -1, -1]
    assert arrived(x[:, 1], places) == 1
    assert arrived(x.reshape(2, 3, 2), places).shape == (3, 2)


def test_where_there_are_no_places_nobody_arrives():
    assert arrived([1.0, 2.0], saddle.minima) == -1
    assert arrived(np.ones((2, 3)), saddle.minima).tolist() == [-1, -1, -1]
    for places in ([], [1.0, 2.0], [[1.0]], None):
        with pytest.raises(ValueError, match=r"^places must be a finite array of shape \(k, 2\); got "):
            arrived([1.0, 2.0], places)


def test_gradient_descent_arrives_where_it_started():
    starts = himmelblau.minima.T + 0.2
    assert arrived(end(gd, himmelblau, starts, 200, lr=0.01), himmelblau.minima).tolist() == [0, 1, 2, 3]


def test_the_best_rate_is_that_of_one_run():
    for rates in (0.1, [[0.1, 0.2]]):
        with pytest.raises(ValueError, match=r"^rates must be a finite array of shape \(n,\); got shape \("):
            best_rate(gd, rosenbrock, START, 5, rates=rates)
    with pytest.raises(
        ValueError, match=r"^start must be a finite array of shape \(d,\), one point; got shape \(2, 61\)$"
    ):
        best_rate(gd, rosenbrock, np.ones((2, 61)), 5)  # as many starts as rates: no pairs of them


# ---------------------------------------------------------------------------------------------------------------------
# What it costs


def test_it_is_the_loop_that_one_would_write_by_hand_and_costs_little_more():
    """The benchmark asks for 1.2; here a machine with other work has room to breathe."""

    def by_hand():
        path = np.empty((2, 501))
        path[:, 0] = x = np.array(START)
        m, v, t = 0.0, 0.0, 0
        with np.errstate(all="ignore"):
            for k in range(500):
                x, m, v, t = adam(x, rosenbrock.grad(x), m, v, t, lr=0.01)
                path[:, k + 1] = x
        return path

    def seconds(loop):
        begin = time.process_time()
        loop()
        return time.process_time() - begin

    ours = functools.partial(run, START, 500, adam, lr=0.01)
    assert np.array_equal(ours(), by_hand())
    turns = [(seconds(ours), seconds(by_hand)) for _ in range(20)]
    assert min(ours for ours, _ in turns) < 1.5 * min(by_hand for _, by_hand in turns)
