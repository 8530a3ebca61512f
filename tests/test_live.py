"""The kernel's half of the live figures: arrays, tables, errors, the still picture, and what nbval compares."""

import base64
import json
import subprocess
import sys
from functools import partial
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from matplotlib.image import imread

from course_lib.descent import best_rate, descend
from course_lib.live import (
    Figure,
    Heat,
    Lines,
    Panel,
    Player,
    Point,
    Slider,
    Toggles,
    look_ahead,
    momentum_map,
    noise_board,
    race,
)
from course_lib.live.figure import describe_error
from course_lib.live.landscape import above_minimum, fair_rate, landscape
from course_lib.live.lesson04 import balls, measured_map, rates, root
from course_lib.live.still import words
from course_lib.optimizers import adam, gd, momentum, nesterov
from course_lib.surfaces import himmelblau, quadratic, rosenbrock

pytestmark = pytest.mark.usefixtures("widgets_closed")

ROOT = Path(__file__).parents[1]
FIGURES = [race, noise_board, momentum_map, look_ahead]


def state_of(figure, **changes):
    return figure.spec["state"] | changes


def shown(figure, **positions):
    """What a figure shows with its controls at these positions: {name: array}."""
    arrays, message = figure.frame(state_of(figure, **positions))
    assert not message
    return arrays


def answers(figure, kind, state, have=None, **more):
    """What the figure sends when the page asks: [(reply, buffers)]."""
    sent = []
    figure.send = lambda content, buffers=None: sent.append((content, buffers))
    figure._answer(None, {"kind": kind, "view": "v", "id": 1, "have": have or {}, "state": state, **more}, [])
    ((reply, buffers),) = sent
    arrays = {}
    for name, shape, count, _version, at in reply["arrays"]:
        if at is not None:
            arrays[name] = np.frombuffer(buffers[at], np.float32).reshape([count] * bool(count) + list(shape))
    return reply, arrays


def simple(compute, **slider):
    panel = Panel("p", [Lines("y", ["gd"])], x=(0, 5), y=(-2, 2))
    return Figure("a figure", [panel], [Slider("lr", "rate", 0, 4, 1, **slider)], compute)


# What is computed


def test_the_race_is_run_by_the_course_s_own_methods():
    figure = race([gd, adam], [himmelblau], steps=50)
    arrays, message = figure.frame(state_of(figure, start=[1.0, -2.0], factor=53))
    factor = figure._inputs["factor"].values[53]
    for k, method in enumerate((gd, adam)):
        path = descend(method, himmelblau, [1.0, -2.0], 50, lr=fair_rate(method, himmelblau, 50) * factor)
        np.testing.assert_array_equal(arrays["paths"][k], path.astype(np.float32))
        np.testing.assert_array_equal(arrays["loss"][k], above_minimum(himmelblau, path).astype(np.float32))
    assert message == ""


def test_the_rate_of_a_method_that_is_called_run_by_run_is_the_same():
    def single(x, g, m=0.0, *, lr):
        if lr > 5:
            raise OverflowError
        m = 0.9 * m + g
        return x - float(lr) * m, m

    for f in (rosenbrock, quadratic(30)):
        assert fair_rate(single, f, 40) == fair_rate(momentum, f, 40) == best_rate(momentum, f, f.start, 40)
    assert fair_rate(broken, rosenbrock, 10) == 1e-4


def test_methods_that_cannot_do_many_runs_at_once_race_all_the_same():
    def careful(x, g, *, lr):
        if lr > 0.01:
            lr = 0.01
        return (x - lr * g,)

    def normed(x, g, *, lr):  # runs side by side disturb each other
        return (x - lr * g / np.linalg.norm(g),)

    figure = race([careful, normed, gd], [rosenbrock], steps=30)
    arrays, message = figure.frame(figure.spec["state"])
    assert message == ""
    alone = descend(careful, rosenbrock, rosenbrock.start, 30, lr=fair_rate(careful, rosenbrock, 30))
    np.testing.assert_array_equal(arrays["paths"][0], alone.astype(np.float32))
    reply, tables = answers(figure, "table", figure.spec["state"], slider="factor")
    assert reply["refused"]
    assert tables == {}


@pytest.mark.parametrize(("make", "slider"), [(race, "factor"), (look_ahead, "lr"), (look_ahead, "beta")])
def test_a_table_holds_at_each_position_what_a_frame_holds(make, slider):
    figure = make()
    _, table = answers(figure, "table", figure.spec["state"], slider=slider)
    for position in (0, 13, 50, len(figure._inputs[slider].values) - 1):
        frame, _ = figure.frame(state_of(figure, **{slider: position}))
        assert set(frame) == set(table)
        for name, array in frame.items():
            at = table[name][position] if table[name].ndim > array.ndim else table[name]
            np.testing.assert_allclose(at, array, rtol=1e-4, atol=1e-6, err_msg=name)


@pytest.mark.parametrize(
    "compute", [lambda lr: {"y": [[float(lr)] * 6]}, lambda lr: {"y": np.full((1, 6), np.max(lr))}]
)
def test_a_compute_that_takes_one_number_is_asked_one_at_a_time(compute):
    figure = simple(compute)
    reply, _ = answers(figure, "table", figure.spec["state"], slider="lr")
    assert reply["refused"]
    _, arrays = answers(figure, "frame", state_of(figure, lr=50))
    np.testing.assert_array_equal(arrays["y"], np.full((1, 6), 2.0))


def test_a_slider_can_keep_to_one_position_at_a_time():
    figure = simple(lambda lr: {"y": np.multiply.outer(np.ones((1, 6)), lr)}, ahead=False)
    reply, _ = answers(figure, "table", figure.spec["state"], slider="lr")
    assert "one position" in reply["refused"]
    assert figure.spec["controls"][0]["ahead"] is False


def test_what_the_page_has_is_not_sent_again():
    figure = race([gd], steps=10)
    reply, arrays = answers(figure, "frame", figure.spec["state"])
    have = {name: [version] for name, _, _, version, _ in reply["arrays"]}
    _, again = answers(figure, "frame", state_of(figure, start=[0.0, 0.0]), have)
    assert set(arrays) - set(again) == {"grid", "x", "y", "minima", "limits", "paths.end", "loss.end"}


def test_a_move_of_the_race_is_small():
    figure = race()
    reply, _ = answers(figure, "frame", figure.spec["state"])
    have = {name: [version] for name, _, _, version, _ in reply["arrays"]}
    _, arrays = answers(figure, "frame", state_of(figure, start=[0.5, 0.5]), have)
    assert sum(array.nbytes for array in arrays.values()) < 15_000


# Divergence


def test_no_nan_reaches_the_page_and_lines_end_where_they_diverge():
    figure = race()
    _, table = answers(figure, "table", figure.spec["state"], slider="factor")
    assert all(np.isfinite(array).all() for array in table.values())
    ends = table["loss.end"]
    assert (ends[50] == 201).all()
    assert (ends[-1] < 201).any()
    np.testing.assert_array_equal(ends, table["paths.end"])


def test_a_run_that_comes_back_is_not_cut():
    f = quadratic(10)
    path = np.array([[1.0, 1e6, 0.5, 1e6, 1e7, np.inf], np.zeros(6)])
    np.testing.assert_array_equal(np.isnan(above_minimum(f, path)), [False, False, False, True, True, True])


def test_nothing_warns(recwarn):
    figure = race(steps=50)
    figure.frame(state_of(figure, factor=100))
    answers(figure, "table", figure.spec["state"], slider="factor")
    map_ = momentum_map()
    map_.frame(state_of(map_, pair=[4.0, 0.0], kappa=60))
    assert not recwarn.list


# A learner's method


def broken(x, g, *, lr):
    return (x / {}["nothing"],)


def test_a_method_that_fails_is_named_and_the_others_run():
    figure = race([broken, gd], steps=20)
    assert figure.spec["message"].startswith("broken failed. broken, line ")
    assert "return (x / {}" in figure.spec["message"]
    assert "KeyError: 'nothing'" in figure.spec["message"]
    reply, arrays = answers(figure, "frame", state_of(figure, start=[0.0, 0.0]))
    assert reply["message"] == figure.spec["message"]
    assert list(arrays["loss.end"]) == [0, 21]
    assert figure._repr_mimebundle_()


def test_a_compute_that_fails_is_told_and_the_figure_lives():
    def compute(lr):
        if lr > 2:
            raise ValueError("too much")
        return {"y": np.full((1, 6), lr)}

    figure = simple(compute)
    reply, arrays = answers(figure, "frame", state_of(figure, lr=100))
    assert "ValueError: too much" in reply["message"]
    assert arrays == {}
    reply, arrays = answers(figure, "frame", state_of(figure, lr=25))
    assert reply["message"] == ""
    assert arrays["y"][0, 0] == 1


def test_a_figure_that_fails_at_once_is_shown_with_its_message():
    figure = simple(lambda lr: {"y": 1 / 0})
    assert "ZeroDivisionError" in figure.spec["message"]
    data, _ = figure._repr_mimebundle_()
    assert "image/png" in data


def test_an_error_inside_a_library_points_at_the_reader_s_line():
    def wrong(x, g, *, lr):
        return (x + np.zeros(7),)

    figure = race([wrong], steps=5)
    assert "wrong, line" in figure.spec["message"]
    assert "zeros(7)" in figure.spec["message"]
    assert describe_error(ValueError("no traceback")) == "ValueError: no traceback"


def test_labels_of_methods():
    def gd_of_mine(x, g, *, lr):
        return (x - lr * g,)

    named = race({"slow": partial(gd), "mine": gd_of_mine}, steps=5)
    assert named.spec["controls"][0]["names"] == ["slow", "mine"]
    assert race([gd, gd_of_mine, partial(momentum, beta=0.5)], steps=5).spec["controls"][0]["names"] == [
        "gd", "gd_of_mine", "momentum"
    ]  # fmt: skip


# Lesson 04


@pytest.mark.parametrize("kappa", [1, 10, 100, 1000])
def test_the_measured_map_agrees_with_theory(kappa):
    f = quadratic(kappa)
    lr, beta = np.meshgrid(np.linspace(0, 4, 73), np.linspace(0, 0.98, 55))
    theory = np.maximum(root(lr * f.L, beta), root(lr * f.mu, beta))
    measured = rates(f, lr, beta)
    seen = theory < 1.2
    assert np.abs(measured - theory)[seen].max() < 0.02
    np.testing.assert_array_equal(measured_map(kappa) == 9, theory > 1 - 1e-9)


def test_the_root_is_the_spectral_radius():
    for a, beta in [(0.3, 0.2), (0.01, 0.95), (3.9, 0.9), (2.5, 0.1), (0, 0.5)]:
        step = np.array([[1 + beta - a, -beta], [1, 0]])
        assert root(a, beta) == pytest.approx(np.abs(np.linalg.eigvals(step)).max(), rel=1e-6)


def test_a_run_on_the_noise_board_is_sgd_step_by_step():
    figure = noise_board(kappa=4, steps=30, runs=3)
    batch, lr = (figure._inputs[name].values[place] for name, place in (("batch", 2), ("lr", 60)))
    arrays, _ = figure.frame(state_of(figure, batch=2, lr=60, schedule=2, start=[1.0, -1.0]))
    noise, x = np.random.default_rng(3).standard_normal((30, 2, 3))[:, :, 0], np.array([1.0, -1.0])
    for t in range(30):
        np.testing.assert_allclose(arrays["path"][0, :, t], x, rtol=1e-5)
        x = x - lr / (1 + 0.1 * t) * ([0.25, 1] * x + noise[t] / np.sqrt(batch))
    assert (batch, arrays["examples"]) == (4, 120)


@pytest.mark.parametrize(("batch", "lr"), [(0, 50), (3, 80), (6, 90)])
def test_the_noise_board_hovers_where_its_formula_says(batch, lr):
    arrays, _ = noise_board(kappa=2, steps=600, runs=300).frame(
        state_of(noise_board(), batch=batch, lr=lr, start=[0.0, 0.0])
    )
    floor, mean, _ = arrays["height"]
    assert mean[300:].mean() == pytest.approx(floor[-1], rel=0.05)
    assert floor.min() == floor.max()


def test_the_map_s_decay_follows_its_theory():
    figure = momentum_map(kappa=20)
    arrays, _ = figure.frame(state_of(figure, pair=[0.3, 0.6]))
    late = slice(40, 60)
    ratio = arrays["modes"][:, late].max(axis=1) / arrays["theory"][:, late].max(axis=1)
    assert (ratio < 3).all()
    assert (ratio > 0.2).all()
    assert arrays["measured"] == pytest.approx(float(arrays["predicted"]), abs=0.02)


def test_a_pair_beyond_the_edge_is_cut_and_the_floor_goes_on():
    figure = momentum_map(kappa=20)
    arrays, _ = figure.frame(state_of(figure, pair=[3.5, 0.2]))
    floor, wall = arrays["modes.end"]
    assert wall < floor == 101
    assert arrays["path.end"] == wall
    assert arrays["measured"] > 1


@pytest.mark.parametrize("method", [momentum, nesterov])
def test_the_arrows_add_up_to_the_steps(method):
    f = quadratic(12, 20)
    ball, (velocity, gradient) = balls(method, f, [-1.9, 0.6], 20, lr=0.4, beta=0.8)
    steps = velocity[2:] + gradient[2:]
    np.testing.assert_allclose(ball[:, 1:], (ball + steps)[:, :-1], atol=1e-12)
    np.testing.assert_array_equal(velocity[:2], ball)
    taken = ball if method is momentum else ball + velocity[2:]
    np.testing.assert_allclose(gradient[:2], taken, atol=1e-12)
    np.testing.assert_allclose(gradient[2:], -0.4 * f.grad(taken), atol=1e-12)


def test_both_balls_make_the_same_first_step():
    figure = look_ahead()
    arrays, _ = figure.frame(figure.spec["state"])
    np.testing.assert_array_equal(arrays["momentum path"][..., :2], arrays["nesterov path"][..., :2])


# Parts


def test_axes_of_a_landscape_have_one_scale():
    arrays = landscape(quadratic(10), aspect=1.6)
    assert np.ptp(arrays["x"]) / np.ptp(arrays["y"]) == pytest.approx(1.6)
    assert arrays["y"].tolist() == [-2, 2]
    assert arrays["grid"].min() >= 0


def test_a_slider_holds_its_first_value_exactly():
    slider = Slider("lr", "rate", 1e-4, 10, 0.1, log=True)
    assert slider.at(slider.state) == 0.1
    assert (np.diff(slider.values) > 0).all()
    assert len(slider.described()["texts"]) == 101


@pytest.mark.parametrize("given", [{"low": 0, "log": True}, {"value": 11}, {"low": 10}])
def test_a_slider_refuses_what_it_cannot_show(given):
    with pytest.raises(ValueError, match="lr needs low < high"):
        Slider(**{"name": "lr", "label": "rate", "low": 1, "high": 10, "value": 10} | given)


def test_a_point_must_be_finite():
    figure = race([gd], steps=5)
    reply, _ = answers(figure, "frame", state_of(figure, start=[float("nan"), 0]))
    assert "start must be two finite numbers" in reply["message"]


def test_figures_of_every_kind_of_layer_draw():
    from course_lib.live import Arrows, Bars, Choice, Contours, Marks

    def compute(shift, kind, at):
        line = np.stack([np.linspace(0, 1, 9), np.linspace(0, 1, 9) + at[1]])
        return {"grid": np.arange(12.0).reshape(3, 4), "line": line[None], "bars": np.ones((2, 9)) * kind,
                "arrows": np.ones((1, 4, 9)), "marks": np.ones((1, 2)), "now": np.arange(9)}  # fmt: skip

    plane = [Contours("grid"), Heat("grid", 0, 5), Lines("line", ["gd"]), Arrows("arrows", ["gd"]), Marks("marks")]
    panels = [Panel("a", plane, (0, 1), (0, 1)), Panel("b", [Bars("bars", ["one", "two"])], (-0.5, 1.5), (0, 2))]
    controls = [Slider("shift", "s", 0, 1, 0), Choice("kind", "k", {"a": 1, "b": 2}), Point("at", "p", (0, 0))]
    figure = Figure("all", panels, [*controls, Toggles(["gd"]), Player(8)], compute, note="at step {now}")
    assert figure.spec["message"] == ""
    assert figure._repr_mimebundle_()[0]["text/plain"] == "After 8 of 8 steps. at step 8."
    assert imread(BytesIO(base64.b64decode(figure._repr_mimebundle_()[0]["image/png"]))).shape[2] >= 3


# The still picture, and nbval


@pytest.mark.parametrize("make", FIGURES)
def test_the_still_picture_is_the_same_every_time(make):
    one, other = make(), make()
    (data, metadata), (again, _) = one._repr_mimebundle_(), other._repr_mimebundle_()
    assert data["text/plain"] == again["text/plain"]
    assert data["image/png"] == again["image/png"]
    assert metadata["image/png"]["alt"] == data["text/plain"]
    assert len(data["image/png"]) < 110_000
    assert data["application/vnd.jupyter.widget-view+json"]["model_id"] == one.model_id


def test_the_still_picture_shows_every_method():
    pixels = imread(BytesIO(base64.b64decode(race()._repr_mimebundle_()[0]["image/png"])))[..., :3]
    for colour, *_ in race().spec["controls"][0]["looks"]:
        rgb = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
        assert (np.abs(pixels - rgb).sum(axis=-1) < 0.1).sum() > 30, colour


def test_numbers_in_words():
    assert [words(v) for v in (0, 2.97, -1.2, 1234.5, 12345, 0.0352, 2e-4, -3e-12, 1e10)] == [
        "0", "2.97", "−1.2", "1230", "1.2e4", "0.0352", "2.0e−4", "−3.0e−12", "1.0e10"
    ]  # fmt: skip


def test_closing_a_figure_frees_it_and_its_layout():
    from ipywidgets.widgets import widget

    before = len(widget._instances)
    figure = race([gd], steps=5)
    assert len(widget._instances) == before + 2
    figure.close()
    assert len(widget._instances) == before


CELLS = [f"from course_lib.live import {make.__name__}\n{make.__name__}()" for make in FIGURES]


@pytest.fixture(scope="module")
def committed(tmp_path_factory):
    """A notebook as a lesson is committed: run, without widget views and state."""
    import nbformat
    from nbclient import NotebookClient

    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in CELLS])
    notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    NotebookClient(notebook, timeout=60).execute()
    for cell in notebook.cells:
        (output,) = cell.outputs
        del output["data"]["application/vnd.jupyter.widget-view+json"]
    notebook.metadata.pop("widgets", None)
    path = tmp_path_factory.mktemp("committed") / "figures.ipynb"
    nbformat.write(notebook, path)
    return path


@pytest.mark.notebook
def test_strict_nbval_passes_twice(committed):
    for _ in range(2):
        command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--nbval", "--nbval-current-env", "-q"]
        run = subprocess.run([*command, str(committed)], cwd=ROOT, capture_output=True, text=True)
        assert run.returncode == 0, run.stdout
        assert f"{len(CELLS)} passed" in run.stdout


@pytest.mark.slow
def test_a_plain_export_shows_the_pictures_and_says_them(committed):
    from nbconvert import HTMLExporter

    classic, default = (
        HTMLExporter(template_name=name).from_filename(str(committed))[0] for name in ("classic", "lab")
    )
    for cell in json.loads(committed.read_text(encoding="utf-8"))["cells"]:
        (output,) = cell["outputs"]
        picture = output["data"]["image/png"].replace("\n", "")
        assert picture in classic.replace("\n", "")
        assert picture in default.replace("\n", "")
        assert output["metadata"]["image/png"]["alt"][:60] in classic
    assert "widget-view" not in classic + default
