"""Every method can be told from every other, by everybody."""

import functools
import inspect
import itertools
import re
from pathlib import Path

import numpy as np
import pytest

from course_lib import optimizers, schedules, style
from course_lib.optimizers import adam, gd

COLOURS = [style.INK, style.BLUE, style.SKY, style.GREEN, style.AMBER, style.VERMILLION, style.PURPLE]
SEEN_BY = {  # linear RGB -> linear RGB as seen without one kind of cone: Machado, Oliveira and Fernandes (2009)
    "all cones": np.eye(3),
    "no L cones": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "no M cones": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "no S cones": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}


def linear(colour):
    c = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)


def lab(rgb):
    to_xyz = [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
    x, y, z = np.cbrt(to_xyz @ np.clip(rgb, 1e-3, 1) / [0.95047, 1, 1.08883])
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize("kind", SEEN_BY)
def test_colours_are_told_apart(kind):
    seen = [lab(np.array(SEEN_BY[kind]) @ linear(colour)) for colour in COLOURS]
    assert min(np.linalg.norm(a - b) for a, b in itertools.combinations(seen, 2)) > 15


@pytest.mark.parametrize("colour", COLOURS)
def test_colours_stand_out_from_white(colour):
    assert 1.05 / (linear(colour) @ [0.2126, 0.7152, 0.0722] + 0.05) >= 3


@pytest.mark.parametrize("colour", COLOURS)
def test_colours_stand_out_from_black_when_they_are_turned_with_the_dark_theme(colour):
    """As figure.css does: invert(1) hue-rotate(180deg), by the matrix of the W3C's Filter Effects (2018)."""
    grey = np.array([0.213, 0.715, 0.072])
    turned = (2 * np.tile(grey, (3, 1)) - np.eye(3)) @ [1 - int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    seen = linear("#" + "".join(f"{round(255 * v):02x}" for v in np.clip(turned, 0, 1)))
    assert (seen @ [0.2126, 0.7152, 0.0722] + 0.05) / (linear("#111111") @ [0.2126, 0.7152, 0.0722] + 0.05) >= 3


@pytest.mark.parametrize(
    "together",
    [
        ["adamw", "adamax", "nadam", "radam", "lion", "schedule_free", "lamb", "muon"],
        ["gd", "adam", "conjugate_gradients", "lbfgs", "bfgs"],
        ["gd", "momentum", "conjugate_gradients", "nesterov", "bfgs", "adagrad", "adam", "newton"],
    ],
)
def test_methods_in_one_picture_share_hardly_a_colour(together):
    """Seven colours, so that of eight methods two share one, with another dash and marker."""
    assert len({style.STYLE[name][0] for name in together}) >= min(7, len(together))


def test_colours_stand_in_one_place():
    """The pages of feedback and of widgets have style sheets."""
    library = Path(style.__file__).parent
    files = {path for kind in ("*.py", "*.js") for path in library.rglob(kind)} - {library / "grading" / "feedback.py"}
    holds = [
        path.name for path in files if re.search(r"(?<!&)#[0-9a-f]{3,8}\b|rgba?\(\d", path.read_text("utf-8"), re.I)
    ]
    assert holds == ["style.py"]


def test_every_optimizer_has_a_style():
    functions = [f for f in vars(optimizers).values() if inspect.isfunction(f)]
    methods = [f for f in functions if list(inspect.signature(f).parameters)[:2] == ["x", "g"]]
    assert len(methods) >= 17
    assert {f.__name__ for f in methods} <= set(style.STYLE)


def test_no_two_methods_share_colour_and_dash_or_colour_and_marker():
    table = [*style.STYLE.values(), *style.OWN]
    assert len({(colour, dash) for colour, dash, _ in table}) == len(table)
    assert len({(colour, marker) for colour, _, marker in table}) == len(table)
    assert "*" not in {marker for *_, marker in table}


def test_methods_get_a_label_each():
    def mine(x, g, *, lr):
        return (x - lr * g,)

    assert list(style.named([gd, adam, gd, functools.partial(adam, b1=0), mine, gd])) == [
        "gd", "adam", "gd 2", "adam 2", "mine", "gd 3"
    ]  # fmt: skip
    assert style.named(gd) == {"gd": gd}
    assert style.named({"slow": gd}) == {"slow": gd}


def test_a_label_has_the_style_of_the_method_it_begins_with():
    assert style.style_of("momentum, beta = 0.5") == style.style_of("momentum 0.5") == style.STYLE["momentum"]
    assert style.style_of("momentum_ema") == style.STYLE["momentum_ema"]
    assert style.style_of("mine") == style.style_of("") == style.OWN[0]


def test_no_two_labels_look_alike():
    assert style.styles(["gd", "mine", "gd 2", "other"]) == [style.STYLE["gd"], *style.OWN[:3]]


def test_every_schedule_has_a_style_of_its_own():
    assert {schedule.__name__ for schedule in schedules.Schedule.__subclasses__()} == set(style.SCHEDULES)
    assert len({look[:2] for look in style.SCHEDULES.values()}) == len(style.SCHEDULES)


@pytest.mark.parametrize("n", range(1, 7))
def test_values_in_order_go_from_light_to_dark(n):
    looks = style.ramp(n)
    light = [linear(colour) @ [0.2126, 0.7152, 0.0722] for colour, *_ in looks]
    assert light == sorted(light, reverse=True)
    assert len({colour for colour, *_ in looks}) == len({marker for *_, marker in looks}) == n
    assert 1.05 / (max(light) + 0.05) >= 3
