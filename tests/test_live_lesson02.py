"""The live figures of lesson 02: the path and the bars of a rate, and maps of where runs end."""

import numpy as np
import pytest

from course_lib.descent import arrived, end
from course_lib.live import basins, learning_rate
from course_lib.live.lesson02 import START
from course_lib.optimizers import adam, gd, momentum
from course_lib.surfaces import himmelblau, quadratic
from tests.test_live import shown

pytestmark = pytest.mark.usefixtures("widgets_closed")


def position(figure, name, value):
    slider = next(control for control in figure.controls if getattr(control, "name", "") == name)
    return int(np.argmin(np.abs(slider.values - value)))


@pytest.mark.parametrize(("rate", "shrinks"), [(0.5, True), (1.9, True), (2.1, False)])
def test_below_the_bar_it_comes_down_and_beyond_it_leaves(rate, shrinks):
    figure = learning_rate()
    arrays = shown(figure, lr=position(figure, "lr", rate))
    assert arrays["bars"][0, 0].tolist() == [2, 2]
    lr = figure._inputs["lr"].at(position(figure, "lr", rate))
    np.testing.assert_allclose(arrays["steep"], 1 - lr, rtol=1e-6)
    np.testing.assert_allclose(arrays["here"][0], [lr, arrays["height"][0, -1]], rtol=1e-5)
    assert (arrays["height"][0, -1] < arrays["height"][0, 0]) == shrinks
    last = quadratic(10)(end(gd, quadratic(10), START, 60, lr=lr))
    np.testing.assert_allclose(arrays["height"][0, -1], last, rtol=1e-4)


def test_the_lowest_of_all_rates_stands_at_the_second_bar():
    rates, heights = shown(learning_rate())["ends"][0]
    assert rates[np.argmin(heights)] == pytest.approx(2 / (1 + 1 / 10), abs=0.05)


def test_a_longer_valley_moves_the_second_bar_and_not_the_first():
    arrays = shown(figure := learning_rate(), kappa=position(figure, "kappa", 100))
    np.testing.assert_allclose(arrays["bars"][:, 0, 0], [2, 2 / 1.01], rtol=1e-6)


def test_a_table_of_rates_holds_at_each_position_what_a_frame_holds():
    figure = learning_rate()
    table, frame = figure.table(figure.spec["state"], "lr"), shown(figure, lr=17)
    for name, array in frame.items():
        values, count = table[name]
        np.testing.assert_allclose(values[17] if count else values, array, rtol=1e-4, err_msg=name)


def test_the_maps_are_where_the_runs_end():
    figure = basins(size=41)
    arrays = shown(figure, lr=(i := position(figure, "lr", 0.01)))
    axis = np.linspace(-5, 5, 41)
    for method in (gd, momentum):
        last = end(method, himmelblau, np.stack(np.meshgrid(axis, axis)), 100, lr=figure._inputs["lr"].at(i))
        place = arrived(last, himmelblau.minima)
        np.testing.assert_array_equal(arrays[f"{method.__name__} map"], np.where(place < 0, 4, place))
    assert arrays["share_0"] == 100


def test_a_minimum_loses_its_basin_where_the_rate_passes_two_over_its_curvature():
    figure = basins(size=41)
    assert set(np.unique(shown(figure, lr=position(figure, "lr", 0.016))["gd map"])) == {0, 1, 3, 4}


def test_forty_thousand_starts_and_a_method_of_ones_own():
    figure = basins({"mine": adam})
    assert shown(figure)["mine map"].size == 40_000
    assert figure.spec["note"] == "mine brings {share_0} % of the starts to a minimum"
