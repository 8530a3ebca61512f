"""Schedules: each formula at the first step, the middle, the last and beyond, and what libraries and papers give."""

import math

import numpy as np
import pytest

from course_lib.descent import descend
from course_lib.optimizers import gd
from course_lib.schedules import (
    constant,
    cosine,
    exponential,
    inverse_sqrt,
    inverse_time,
    one_cycle,
    step_decay,
    warmup,
)

ALL = {
    "constant": constant,
    "step_decay": lambda lr: step_decay(lr, 3),
    "exponential": lambda lr: exponential(lr, 0.9),
    "inverse_time": inverse_time,
    "inverse_sqrt": inverse_sqrt,
    "cosine": lambda lr: cosine(lr, 10),
    "warmup": lambda lr: warmup(lr, 5),
    "one_cycle": lambda lr: one_cycle(lr, 10),
}


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        (constant(0.3), {0: 0.3, 10**9: 0.3}),
        (step_decay(8, 3, 0.5), {0: 8, 2: 8, 3: 4, 5: 4, 6: 2, 30: 8 / 1024}),
        (step_decay(8, 3, 0), {2: 8, 3: 0}),
        (exponential(2, 0.5), {0: 2, 1: 1, 4: 0.125}),
        (exponential(1e-4, 10), {0: 1e-4, 3: 0.1}),
        (exponential(2, 0), {0: 2, 1: 0}),
        (inverse_time(1), {0: 1, 1: 1 / 2, 9: 0.1, 10**6 - 1: 1e-6}),
        (inverse_time(0.6, 0.5), {0: 0.6, 2: 0.3, 4: 0.2}),
        (inverse_sqrt(1), {0: 1, 3: 0.5, 99: 0.1}),
        (inverse_sqrt(1, 8), {0: 1, 1: 1 / 3, 3: 0.2}),
        (cosine(0.4, 12), {0: 0.4, 4: 0.3, 6: 0.2, 8: 0.1, 12: 0, 13: 0, 24: 0}),
        (cosine(0.5, 12, floor=0.1), {0: 0.5, 4: 0.4, 6: 0.3, 12: 0.1, 1000: 0.1}),
        (cosine(0.4, 1), {0: 0.4, 1: 0}),
        (warmup(0.5, 4), {0: 0.1, 1: 0.2, 3: 0.4, 4: 0.5, 100: 0.5}),
        (warmup(cosine(0.5, 2), 4), {3: 0.4, 4: 0.5, 5: 0.25, 6: 0}),
        (warmup(0.5, 0), {0: 0.5}),
        (one_cycle(1, 40, 0.25, 5, 10), {0: 0.2, 5: 0.6, 10: 1, 25: 0.51, 40: 0.02, 41: 0.02}),
        (one_cycle(1, 40), {0: 1 / 25, 12: 1, 40: 1 / 25 / 1e4}),
        (one_cycle(1, 4, pct_start=0), {0: 1, 4: 4e-6}),
        (one_cycle(1, 4, pct_start=1), {0: 1 / 25, 2: 13 / 25, 4: 4e-6}),
    ],
)
def test_formula(schedule, expected):
    assert {t: schedule(t) for t in expected} == pytest.approx(expected, rel=1e-14, abs=1e-16)
    assert schedule(np.array(list(expected))) == pytest.approx(list(expected.values()), rel=1e-14, abs=1e-16)


@pytest.mark.parametrize("make", ALL.values(), ids=ALL)
def test_many_steps_at_once(make):
    steps = np.arange(12).reshape(3, 4)
    for lr in (0.3, [0.1, 0.2]):
        schedule = make(lr)
        values = schedule(steps)
        assert values.shape == (3, 4, *np.shape(lr))
        for i, t in np.ndenumerate(steps):
            np.testing.assert_array_equal(values[i], schedule(int(t)))
    for t in (np.int64(7), np.array(7), np.uint8(7)):
        assert type(make(0.3)(t)) is float
        assert make(0.3)(t) == make(0.3)(7)


def test_a_schedule_says_what_it_is():
    assert repr(cosine(0.1, 100)) == "cosine(lr=0.1, floor=0.0, steps=100)"


@pytest.mark.parametrize("rate", [1.1, 2.0, 1e200])
def test_a_rate_that_grows_beyond_all_numbers_is_named_with_its_step(rate):
    schedule = exponential(1e-7, rate)
    last = int(math.log(1.7e308) / math.log(rate))
    assert schedule(last) < math.inf
    assert schedule(10 * last + 10) == math.inf
    with pytest.raises(ValueError, match=r"^lr must be a finite number >= 0 or an array of them at step \d+; got inf$"):
        descend(gd, Bowl, [0.0], last + 10, lr=schedule)
    assert descend(gd, Bowl, [1.0], last + 10, lr=exponential(0, rate))[0, -1] == 1


class Bowl:
    @staticmethod
    def grad(x):
        return x


def test_warmup_to_a_schedule_of_ones_own():
    rates = warmup(lambda t: [0.1, 0.2], 1)
    np.testing.assert_allclose([rates(0), rates(1)], [[0.05, 0.1], [0.1, 0.2]])
    assert descend(gd, Bowl, [1.0], 3, lr=rates).shape == (1, 4, 2)
    with pytest.raises(ValueError, match=r"schedule\(0\) must be a finite number >= 0 or an array of them; got -1"):
        warmup(lambda t: -1, 2)(0)


def test_cosine_and_one_cycle_agree_with_torch_and_optax():
    # torch 2.13 CosineAnnealingLR(T_max=50, eta_min=0.01); optax 0.2.8 cosine_onecycle_schedule(50, 0.3)
    ours = [cosine(0.3, 50, 0.01)(t) for t in (48, 49, 50)]
    assert ours == pytest.approx([0.011143368309400725, 0.010286124377900625, 0.01], rel=1e-12)
    ours = [one_cycle(0.3, 50)(t) for t in (13, 14, 15, 48, 49, 50)]
    optax = [0.2875505459005345, 0.296853254505668, 0.3, 0.002411752067958709, 0.000605053485290537, 1.2e-06]
    assert ours == pytest.approx(optax, rel=1e-12)


def test_transformer_rate():
    d, w = 512, 4000
    peak = (d * w) ** -0.5
    schedule = warmup(inverse_sqrt(peak, 1 / w), w - 1)
    for step in (1, 2, 3999, 4000, 4001, 100_000):  # the paper counts from 1
        assert schedule(step - 1) == pytest.approx(d**-0.5 * min(step**-0.5, step * w**-1.5), rel=1e-14)


@pytest.mark.parametrize("make", ALL.values(), ids=ALL)
def test_one_rate_a_run(make):
    rates = np.array([0.1, 0.25, 0.7])
    for t in (0, 1, 4, 5, 9, 10, 50):
        together, alone = make(rates)(t), [make(rate)(t) for rate in rates]
        assert together.shape == (3,)
        assert together.tolist() == alone
        assert all(type(rate) is float for rate in alone)


@pytest.mark.parametrize("make", ALL.values(), ids=ALL)
@pytest.mark.parametrize("lr", [0.1, np.float64(0.1), np.array(0.1), np.array([0.1, 0.2])], ids=repr)
def test_float32_stays_float32(make, lr):
    class Bowl:
        d = 2

        @staticmethod
        def grad(x):
            return x

    assert descend(gd, Bowl, np.ones(2, np.float32), 12, lr=make(lr)).dtype == np.float32


def test_the_rate_given_is_not_changed():
    rates = np.array([0.1, 0.2])
    rates.flags.writeable = False
    for make in ALL.values():
        schedule = make(rates)
        for t in range(15):
            schedule(t)
    assert rates.tolist() == [0.1, 0.2]


def test_a_schedule_does_not_see_what_becomes_of_its_rates_later():
    rates = np.array([0.1, 0.2])
    schedule = constant(rates)
    rates[:] = 9
    assert schedule(0).tolist() == [0.1, 0.2]


@pytest.mark.parametrize("make", ALL.values(), ids=ALL)
@pytest.mark.parametrize(
    "lr",
    [-0.1, math.nan, math.inf, "fast", "0.1", None, True, 1j, 10**400, [], [0.1, -1], [[0.1], [0.1, 0.2]]],
    ids=repr,
)
def test_a_bad_rate_is_named(make, lr):
    with pytest.raises(
        ValueError,
        match=r"^(lr|schedule) must be a finite number >= 0 or an array of them(, or a function of the step)?; got ",
    ):
        make(lr)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: step_decay(1, 0), "every must be an integer >= 1; got 0"),
        (lambda: step_decay(1, 2.0), "every must be an integer >= 1; got 2.0"),
        (lambda: step_decay(1, 2, 1.5), r"factor must be a number in \[0, 1\]; got 1.5"),
        (lambda: step_decay(1, 2, -0.5), r"factor must be a number in \[0, 1\]; got -0.5"),
        (lambda: exponential(1, -1), "rate must be a finite number >= 0; got -1"),
        (lambda: exponential(1, math.inf), "rate must be a finite number >= 0; got inf"),
        (lambda: exponential(1, 10**400), "rate must be a finite number >= 0; got 1000"),
        (lambda: exponential(1, True), "rate must be a finite number >= 0; got True"),
        (lambda: inverse_time(1, math.nan), "rate must be a finite number >= 0; got nan"),
        (lambda: inverse_sqrt(1, "1"), "rate must be a finite number >= 0; got '1'"),
        (lambda: inverse_sqrt(1, np.ones(2)), "rate must be a finite number >= 0; got array"),
        (lambda: cosine(1, 0), "steps must be an integer >= 1; got 0"),
        (lambda: cosine(1, True), "steps must be an integer >= 1; got True"),
        (lambda: cosine(1, 5, floor=-1), "floor must be a finite number >= 0 or an array of them; got -1"),
        (lambda: warmup(1, -1), "steps must be an integer >= 0; got -1"),
        (lambda: one_cycle(1, 0), "steps must be an integer >= 1; got 0"),
        (lambda: one_cycle(1, 5, 1.1), r"pct_start must be a number in \[0, 1\]; got 1.1"),
        (lambda: one_cycle(1, 5, 0.3, 0.5), "div_factor must be a finite number >= 1; got 0.5"),
        (lambda: one_cycle(1, 5, 0.3, 25, 0), "final_div_factor must be a finite number >= 1; got 0"),
    ],
)
def test_a_bad_argument_is_named(make, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        make()
