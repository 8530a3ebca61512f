"""The live figure of lesson 07: an ellipse, eight methods, and the steps that each needs."""

import numpy as np
import pytest

from course_lib.curvature import bfgs
from course_lib.descent import descend, first_step
from course_lib.live import ellipse
from course_lib.live.lesson07 import CAP, NAMES, RATES, SHOWN, START, settings
from course_lib.live.still import sentence
from course_lib.optimizers import adagrad, gd
from course_lib.surfaces import quadratic

pytestmark = pytest.mark.usefixtures("widgets_closed")


@pytest.fixture
def figure():
    return ellipse()


def shown(figure, kappa=20.0, angle=0, start=START):
    state = {"kappa": int(np.argmin(np.abs(figure._inputs["kappa"].values - kappa))), "angle": angle}
    arrays, message = figure.frame(state | {"start": list(start)})
    assert not message
    return arrays


def needed(arrays):
    return dict(zip(NAMES, arrays["steps"][:, 0].tolist()))


def test_the_runs_are_the_course_s_own(figure):
    arrays, f = shown(figure, 20.0, 30, (-1.0, 1.5)), quadratic(20.0, 30)
    for name, path in {
        "gd": descend(gd, f, [-1.0, 1.5], SHOWN, lr=2 / (1 + 1 / 20)),
        "bfgs": descend(bfgs(f), f, [-1.0, 1.5], SHOWN),
    }.items():
        k = NAMES.index(name)
        np.testing.assert_array_equal(arrays["paths"][k], path.astype(np.float32))
        near = np.hypot(*path) / np.hypot(-1.0, 1.5)
        np.testing.assert_allclose(arrays["near"][k], np.maximum(near, 1e-12), rtol=1e-5)
        assert arrays[name] == arrays["steps"][k, 0]


def test_newton_takes_one_step_and_conjugate_gradients_and_bfgs_two_on_every_ellipse(figure):
    for kappa, angle in [(2, 10), (20, 45), (100, 77)]:
        counts = needed(shown(figure, kappa, angle))
        assert (counts["newton"], counts["cg"], counts["bfgs"]) == (1, 2, 2)


def test_gd_pays_for_the_condition_number_and_not_for_the_angle(figure):
    for kappa in (10, 40, 100):
        kappa = figure._inputs["kappa"].at(np.argmin(np.abs(figure._inputs["kappa"].values - kappa)))
        theory = np.ceil(np.log(1000) / np.log((kappa + 1) / (kappa - 1)))
        for angle in (0, 45, 90):
            assert abs(needed(shown(figure, kappa, angle))["gd"] - theory) <= 1


def test_adagrad_pays_for_the_angle(figure):
    upright, tilted = (needed(shown(figure, 100, angle))["adagrad"] for angle in (0, 45))
    assert upright < 10 < 100 < tilted


def test_the_rate_of_adagrad_is_the_quickest_of_all_and_not_at_the_end():
    f, best = quadratic(20.0, 45.0), settings(20.0, 45.0)["adagrad"]["lr"]
    every = descend(adagrad, f, START, CAP, lr=RATES)
    steps = first_step(np.hypot(*every) <= 1e-3 * np.hypot(*START))
    assert steps[RATES.tolist().index(best)] == steps.min()
    assert RATES[0] < best < RATES[-1]


def test_what_has_not_arrived_has_a_full_bar(figure):
    f = quadratic(100.0, 45)
    last = descend(adagrad, f, START, CAP, lr=settings(100.0, 45.0)["adagrad"]["lr"])[:, -1]
    assert np.hypot(*last) > 1e-3 * np.hypot(*START)
    assert needed(shown(figure, 100, 45))["adagrad"] == CAP


def test_a_start_in_the_minimum_is_no_error(figure):
    arrays = shown(figure, start=(0.0, 0.0))
    assert np.isfinite(arrays["steps"]).all()
    assert np.all(arrays["paths"] == 0)


def test_the_note_names_each_method_with_its_steps(figure):
    assert all(f"{name} {{{name}}}" in figure.spec["note"] for name in NAMES)


def test_what_was_cut_off_is_not_said_as_if_it_were_measured(figure):
    arrays = shown(figure)
    said = sentence(figure.spec, arrays)
    for name, near in zip(NAMES, arrays["near"][:, SHOWN]):
        assert (f"{name} < 1.0e−12" in said.replace("is nearest, ", "")) == (near < 2e-12), name
    assert "newton < 1.0e−12" in said
