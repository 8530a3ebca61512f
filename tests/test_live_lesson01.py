"""The live figure of lesson 01: what is drawn is what the three tests of convexity say."""

import numpy as np
import pytest

from course_lib.live import sandwich
from course_lib.live.lesson01 import EIGHT, bowl, softplus, trough
from course_lib.live.parts import Slider
from course_lib.surfaces import bumpy, plateau

pytestmark = pytest.mark.usefixtures("widgets_closed")

CONVEX = [f for f in EIGHT if f not in (plateau, bumpy)]


@pytest.fixture
def figure():
    return sandwich()


def shown(figure, f, a=-1.0, b=2.0, **positions):
    state = figure.spec["state"] | {"f": EIGHT.index(f), "a": [a, 99.0], "b": [b, -99.0]} | positions
    arrays, message = figure.frame(state)
    assert not message
    return arrays


@pytest.mark.parametrize("f", [bowl, softplus, trough], ids=repr)
def test_its_own_functions_have_the_derivatives_that_they_say(f):
    x, h = np.linspace(-3, 3, 40)[None] + 0.03, 1e-5
    np.testing.assert_allclose(f.grad(x)[0], (f(x + h) - f(x - h)) / (2 * h), rtol=0, atol=1e-8)
    np.testing.assert_allclose(f.hess(x)[0, 0], (f.grad(x + h) - f.grad(x - h))[0] / (2 * h), rtol=0, atol=1e-8)


@pytest.mark.parametrize("f", EIGHT, ids=repr)
def test_points_are_shown_on_the_graph_wherever_the_hand_is(figure, f):
    arrays = shown(figure, f)
    for name, x in (("a", -1.0), ("b", 2.0)):
        np.testing.assert_allclose(arrays[name], [x, f(np.array([x]))], rtol=1e-6)
    graph, chord, tangent = arrays["graph"]
    np.testing.assert_allclose(chord[:, [0, -1]].T, [arrays["a"], arrays["b"]], rtol=1e-6)
    at = np.array(
        [np.interp(-1.0, *tangent), np.interp(-1.0, *arrays["lower"][0]), np.interp(-1.0, *arrays["upper"][0])]
    )
    np.testing.assert_allclose(at, np.interp(-1.0, *graph), rtol=0, atol=0.02)


@pytest.mark.parametrize("f", EIGHT, ids=repr)
def test_what_is_said_of_chord_and_tangent(figure, f):
    said = [shown(figure, f, a, b) for a, b in [(-2.0, 1.5), (0.3, 2.0), (-0.5, 0.0), (1.0, 1.0)]]
    worst = max(max(arrays["above"], arrays["below"]) for arrays in said)
    assert (worst == 0) == (f in CONVEX)


def test_the_right_parabolas_hold_the_graph(figure):
    arrays = shown(figure, bowl)
    graph = arrays["graph"][0][1]
    assert np.all(arrays["lower"][0][1] <= graph + 1e-5)
    assert np.all(graph <= arrays["upper"][0][1] + 1e-5)
    assert (arrays["low"], arrays["high"]) == pytest.approx((1, 3), abs=0.01)


@pytest.mark.parametrize("slider", ["mu", "L"])
def test_a_table_holds_at_each_position_what_a_frame_holds(figure, slider):
    table = figure.table(figure.spec["state"], slider)
    frame, _ = figure.frame(figure.spec["state"] | {slider: 17})
    for name, array in frame.items():
        values, count = table[name]
        np.testing.assert_allclose(values[17] if count else values, array, rtol=1e-4, atol=1e-5, err_msg=name)


def test_the_words_say_whether_the_parabolas_hold(figure):
    sliders = {control.name: control.values for control in figure.controls if isinstance(control, Slider)}

    def gaps(**curvatures):
        arrays = shown(figure, bowl, **{name: np.abs(sliders[name] - c).argmin() for name, c in curvatures.items()})
        return arrays["under"], arrays["over"]

    assert gaps(mu=1, L=3) == (0, 0)
    x = np.linspace(-4, 4, 401)
    tangent = bowl(np.array([-1.0])) + bowl.grad(np.array([[-1.0]]))[0, 0] * (x + 1)
    above = bowl(x[None]) - tangent - (x + 1) ** 2  # above the parabola of curvature 2
    assert gaps(mu=2, L=3) == (pytest.approx(max(-above), rel=1e-4), 0)
    assert gaps(mu=1, L=2) == (0, pytest.approx(max(above), rel=1e-4))
    for name in ("under", "over"):
        assert f"{{{name}}}" in figure.spec["note"]
