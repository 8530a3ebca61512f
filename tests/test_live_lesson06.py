"""The live figure of lesson 06: the slice, the run that starts on it, and when it leaves."""

import numpy as np
import pytest

from course_lib.descent import descend, first_step
from course_lib.live import saddle_slice
from course_lib.live.lesson06 import NEAR, PATIENCE, THREE, escapes
from course_lib.optimizers import gd
from course_lib.surfaces import monkey_saddle, saddle
from tests.test_live import shown

pytestmark = pytest.mark.usefixtures("widgets_closed")

SADDLE, XY, MONKEY = range(3)


@pytest.fixture
def figure():
    return saddle_slice()


def position(figure, name, value):
    return int(np.argmin(np.abs(figure._inputs[name].values - value)))


@pytest.mark.parametrize(
    ("f", "angle", "bend"),
    [(SADDLE, 0, 2), (SADDLE, 90, -2), (SADDLE, 45, 0), (XY, 0, 0), (XY, 90, 0), (XY, 45, 1), (XY, 135, -1)]
    + [(MONKEY, angle, 0) for angle in (0, 30, 60)],
)
def test_the_slice_bends_as_the_hessian_says(figure, f, angle, bend):
    arrays = shown(figure, f=f, angle=position(figure, "angle", angle))
    assert arrays["bend"] == bend
    along, height = arrays["profile"][0]
    u = np.array([np.cos(np.radians(angle)), np.sin(np.radians(angle))])
    np.testing.assert_allclose(height, THREE[f](along * u[:, None]), atol=1e-6)
    if f != MONKEY:
        np.testing.assert_allclose(height, bend * along**2 / 2, atol=1e-6)


def test_the_run_starts_on_the_slice_and_is_gradient_descent(figure):
    arrays = shown(figure, f=XY, angle=position(figure, "angle", 120), r=position(figure, "r", 0.01))
    r = figure._inputs["r"].at(position(figure, "r", 0.01))
    path = descend(gd, THREE[XY], r * np.array([-0.5, 0.75**0.5]), 50, lr=0.05)
    np.testing.assert_allclose(arrays["path"][0, :, :51], path, rtol=1e-5)
    np.testing.assert_allclose(arrays["distance"][0, :51], np.hypot(*path), rtol=1e-5)


def test_a_strict_saddle_is_left_after_a_logarithm_of_steps_a_monkey_after_a_power():
    strict, monkey = escapes(saddle, 90.0), escapes(monkey_saddle, 60.0)
    np.testing.assert_array_equal(strict, np.ceil(np.log(1 / NEAR) / np.log(1.1)))
    seen = monkey < PATIENCE
    assert np.all(np.isinf(monkey[~seen]))
    np.testing.assert_allclose(monkey[seen], (1 / NEAR[seen] - 1) / 0.15, rtol=0.07, atol=3)


def test_the_line_of_a_monkey_saddle_is_drawn_as_far_as_runs_were_followed(figure):
    arrays, seen = shown(figure, f=MONKEY), escapes(monkey_saddle, 60.0) < PATIENCE
    assert 10 < arrays["escapes.end"][0] == seen.sum() < len(NEAR)
    np.testing.assert_allclose(arrays["escapes"][0, 0, : seen.sum()], np.log10(NEAR[seen][::-1]), rtol=1e-6)


def test_all_runs_leave_at_the_step_at_which_one_does_and_the_mark_is_near_it(figure):
    arrays = shown(figure, f=SADDLE, angle=position(figure, "angle", 30))
    first = first_step(arrays["gone"] > 0)
    assert set(arrays["gone"]) == {0, 40}
    assert arrays["here"][0, 1] == pytest.approx(first, abs=1)


def test_on_the_ridge_nobody_leaves_without_noise_and_all_do_with_it(figure):
    assert shown(figure, angle=0, sigma=0)["gone"].max() == 0
    assert len(shown(figure, angle=0, sigma=0)["here"]) == 0
    quiet, loud = (shown(figure, angle=0, sigma=sigma)["gone"] for sigma in (1, 3))
    assert quiet[-1] == loud[-1] == 40
    assert first_step(loud == 40) < first_step(quiet == 40)


def test_every_state_of_the_choices_gives_numbers(figure):
    for f in range(3):
        for sigma in range(4):
            shown(figure, f=f, sigma=sigma, angle=position(figure, "angle", 179))
