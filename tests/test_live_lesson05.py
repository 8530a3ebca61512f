"""The live figures of lesson 05: what is shown of a method is what it does, and the dial turns the valley alone."""

import numpy as np
import pytest

from course_lib.descent import descend
from course_lib.live import inspector, rotation
from course_lib.live.lesson05 import INSPECTED
from course_lib.surfaces import quadratic
from tests.test_live import shown

pytestmark = pytest.mark.usefixtures("widgets_closed")


@pytest.mark.parametrize("title", INSPECTED)
@pytest.mark.parametrize("axis", [0, 1])
def test_the_numbers_make_up_the_step_and_the_steps_make_up_the_path(title, axis):
    figure, chosen = inspector(), list(INSPECTED).index(title)
    arrays = shown(figure, method=chosen, axis=1 - axis)  # y is the first choice
    m_hat, v_hat, step = (arrays[name].astype(float) for name in ("m_hat", "v_hat", "step"))
    np.testing.assert_allclose(step[1:], 0.1 * m_hat[1:] / (np.sqrt(v_hat[1:]) + 1e-8), rtol=1e-3, atol=1e-6)
    path = arrays["path"][0, axis]
    np.testing.assert_allclose(path[0] - np.cumsum(step), path, rtol=0, atol=1e-5)
    np.testing.assert_allclose(arrays["g"][1:], quadratic(10).grad(arrays["path"][0])[axis, :-1], rtol=1e-5, atol=1e-7)
    method, _ = INSPECTED[title]
    np.testing.assert_allclose(arrays["path"][0], descend(method, quadratic(10), [-1.7, 1.1], 60, lr=0.1), rtol=1e-5)


def test_the_first_step_of_adam_is_one_rate_long_and_bias_is_seen_in_v():
    arrays = shown(inspector())
    np.testing.assert_allclose(np.abs(arrays["state"][5, 1]), 1, rtol=1e-5)
    np.testing.assert_allclose(arrays["v"][1], 0.001 * arrays["v_hat"][1], rtol=1e-4)
    np.testing.assert_allclose(arrays["m"][1], 0.1 * arrays["m_hat"][1], rtol=1e-4)


def test_amsgrad_forgets_nothing_and_adam_does():
    fading = 1 - 0.999 ** np.arange(1, 61)
    adam, amsgrad = (shown(inspector(), method=i)["v_hat"][1:] * fading for i in (0, 1))
    assert np.all(np.diff(amsgrad) >= -1e-9)
    assert np.any(np.diff(adam) < 0)


def test_a_table_of_rates_holds_at_each_position_what_a_frame_holds():
    figure = inspector()
    table, frame = figure.table(figure.spec["state"], "lr"), shown(figure, lr=17)
    for name, array in frame.items():
        values, count = table[name]
        np.testing.assert_allclose(values[17] if count else values, array, rtol=1e-4, atol=1e-6, err_msg=name)


def heights(figure, **positions):
    return dict(zip(figure.controls[0].names, shown(figure, **positions)["height"]))


def test_the_valley_turns_and_only_division_by_coordinate_notices():
    figure = rotation()
    level, turned = heights(figure), heights(figure, degrees=45)
    for name in ("gd", "momentum", "nesterov"):
        np.testing.assert_allclose(turned[name], level[name], rtol=1e-3, atol=1e-12)
    for name in ("adagrad", "adam, b1 = 0"):
        assert turned[name][-1] > 1e10 * level[name][-1]


def test_at_ninety_degrees_the_axes_have_changed_places():
    figure = rotation()
    level, quarter = heights(figure), heights(figure, degrees=90)
    for name in level:
        np.testing.assert_allclose(quarter[name], level[name], rtol=1e-2, atol=1e-9)


def test_a_rate_of_its_own_at_each_angle_does_not_end_higher():
    figure = rotation()
    fixed, tuned = heights(figure, degrees=20), heights(figure, degrees=20, tuned=1)
    for name in fixed:
        assert tuned[name][-1] <= fixed[name][-1] * 1.001
