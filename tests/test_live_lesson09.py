"""The live figure of lesson 09: planes through trained networks, and who notices a stretch."""

import numpy as np
import pytest

from course_lib.landscapes import line
from course_lib.live import planes
from course_lib.live.landscape import CONTOURS
from course_lib.live.lesson09 import PLANES, TOP, trained

pytestmark = pytest.mark.usefixtures("widgets_closed")

KINDS = list(PLANES)


@pytest.fixture
def shown():
    figure = planes()
    last = figure._inputs["c"].count - 1

    def at(kind, c):
        arrays, message = figure.frame({"kind": KINDS.index(kind), "c": c})
        assert not message
        return arrays

    return lambda kind, c=0.5: at(kind, round(c * last))


def test_the_line_is_that_between_the_networks(shown):
    _, f, three, _ = trained()
    arrays = shown("three networks")
    along, heights = arrays["profile"][0]
    on_the_way = f(line(three[:, 0], three[:, 1], 5))
    np.testing.assert_allclose(np.interp(np.linspace(0, 1, 5), along, heights), on_the_way, rtol=0.2)
    assert arrays["half"] == pytest.approx(on_the_way[2], rel=0.02)


def test_a_stretch_shows_in_the_plain_picture_alone_and_in_the_sharpness(shown):
    for kind in KINDS:
        here, there = shown(kind), shown(kind, 1)
        same = np.allclose(here["grid"], there["grid"], rtol=1e-3, atol=1e-3)
        assert same == (kind != "random"), kind
        assert there["sharpness"] > 10 * here["sharpness"]


def test_sorted_the_hill_is_gone(shown):
    assert shown("three networks, sorted")["half"] < 0.2 * shown("three networks")["half"]


def test_the_stars_are_at_the_lowest_places(shown):
    for kind in KINDS:
        arrays = shown(kind)
        assert len(arrays["networks"]) == (3 if "three" in kind else 1)
        x, rows = np.linspace(*arrays["x"], 41), np.linspace(*arrays["y"], 33)
        for s, t in arrays["networks"]:
            at = arrays["grid"][np.abs(rows - t).argmin(), np.abs(x - s).argmin()]
            assert at < 0.5 * np.median(arrays["grid"])


def test_no_height_is_above_the_top(shown):
    for kind in KINDS:
        assert shown(kind, 1)["grid"].min() > 0
        assert shown(kind, 1)["grid"].max() <= CONTOURS * (1 + 1e-6)
        assert TOP > 0


def test_all_networks_have_learnt_their_pictures():
    _, f, three, ordered = trained()
    np.testing.assert_array_equal(f.accuracy(three), 1)
    np.testing.assert_allclose(f(ordered), f(three), rtol=1e-10)
