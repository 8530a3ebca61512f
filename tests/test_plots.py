"""The still pictures: what is drawn where, in whose style, and that a film is the same every time."""

import io
import os
import re
import subprocess
import sys
from pathlib import Path

import matplotlib.pyplot as plt
import nbformat
import numpy as np
import pytest
from matplotlib.colors import to_hex
from nbclient import NotebookClient
from PIL import Image

from course_lib import plots
from course_lib.descent import descend
from course_lib.optimizers import adam, gd
from course_lib.style import NOWHERE, PLACES, RAMP, STYLE
from course_lib.surfaces import himmelblau, nesterov_worst, plateau, rastrigin, rosenbrock

ROOT = Path(__file__).parents[1]
RUNS = {
    method.__name__: descend(method, rosenbrock, rosenbrock.start, 20, lr=lr)
    for method, lr in ((gd, 1e-3), (adam, 0.1))
}


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def stars(ax):
    return [tuple(float(c) for c in line.get_xydata()[0]) for line in ax.lines if line.get_marker() == "*"]


def named(ax):
    """The lines that a legend names, by their labels."""
    return {line.get_label(): line for line in ax.lines if not line.get_label().startswith("_")}


def test_a_landscape_has_grey_contours_and_a_star_at_each_minimum():
    ax = plots.surface(himmelblau, title="Four", levels=10)
    (contours,) = ax.collections
    assert len(contours.levels) == 10
    assert {to_hex(color) for color in contours.get_edgecolor()} == {"#b4b4b4"}
    assert stars(ax) == [tuple(m) for m in himmelblau.minima]
    assert (ax.get_aspect(), ax.get_xlim(), ax.get_ylim(), ax.get_title("left")) == (1, (-5, 5), (-5, 5), "Four")
    ax.figure.canvas.draw()


def test_a_line_is_drawn_as_its_curve():
    ax = plots.surface(plateau, window=np.array([[-2, 3]]))
    x, y = ax.lines[0].get_data()
    assert (x[0], x[-1]) == (-2, 3)
    assert np.array_equal(y, plateau(x[None]))
    assert stars(ax) == [(0, 0)]


def test_reliefs_stand_side_by_side_under_their_names():
    axes = plots.reliefs([rosenbrock, himmelblau])
    assert [ax.get_title("left") for ax in axes] == ["Rosenbrock", "Himmelblau"]
    for ax, f in zip(axes, (rosenbrock, himmelblau)):
        (low, high), (x, y) = ax.get_zlim(), np.meshgrid(*(np.linspace(*side, 61) for side in f.window))
        assert low <= f(np.stack([x, y])).min() < f(np.stack([x, y])).max() <= high
        assert len(ax.collections) == 2
    axes[0].figure.canvas.draw()


def test_a_picture_is_drawn_where_it_is_told_and_returns_the_place():
    ax = plots.panels(1)
    heat = {"x": np.arange(3.0), "y": np.arange(2.0), "z": np.ones((2, 3))}
    assert plots.surface(rosenbrock, ax) is plots.paths(rosenbrock, RUNS, ax) is plots.curves({"gd": [1, 2]}, ax) is ax
    assert plots.heat(**heat, ax=ax) is ax
    assert plots.panels(2).shape == (2,)
    assert plots.panels(2, 3).shape == (3, 2)
    assert plots.heat(**heat) is not ax


def test_each_run_has_the_style_of_its_method_and_its_start_a_dot():
    ax = plots.paths(rosenbrock, RUNS)
    lines = named(ax)
    assert list(lines) == ["gd", "adam"]
    for name, line in lines.items():
        color, _dash, marker = STYLE[name]
        assert (line.get_color(), line.get_marker()) == (color, marker)
        assert np.array_equal(line.get_data(), RUNS[name])
    dots = [line.get_xydata().tolist() for line in ax.lines if line.get_marker() == "o" and len(line.get_xdata()) == 1]
    assert dots == [[rosenbrock.start.tolist()]] * 2
    assert ax.get_legend()
    assert not plots.paths(rosenbrock, {"gd": RUNS["gd"]}).get_legend(), "one run needs no name"


def test_a_path_on_a_line_runs_along_its_curve():
    path = descend(gd, plateau, [1.0], 5, lr=0.5)
    (line,) = named(plots.paths(plateau, {"gd": path})).values()
    assert np.array_equal(line.get_data(), (path[0], plateau(path)))


@pytest.mark.parametrize(
    ("log", "scales"), [(True, ("linear", "log")), (False, ("linear",) * 2), ("both", ("log",) * 2)]
)
def test_curves_are_on_the_scale_that_is_asked_for(log, scales):
    ax = plots.curves({"gd": np.arange(1.0, 5), "adam": np.ones(4)}, x=np.arange(1, 5), log=log)
    assert (ax.get_xscale(), ax.get_yscale()) == scales
    assert named(ax)["gd"].get_xdata().tolist() == [1, 2, 3, 4]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("step", "$f(x)$")


def test_curves_of_one_quantity_go_from_light_to_dark():
    runs = {f"beta = {b}": np.ones(9) for b in (0, 0.5, 0.9)}
    lines = named(plots.curves(runs, ordered=True, marks=3)).values()
    assert [line.get_color() for line in lines] == [RAMP[0], RAMP[2], RAMP[5]]
    assert {line.get_markevery() for line in lines} == {3}
    with pytest.raises(ValueError, match="at most 6 can be told apart by colour; got 7"):
        plots.curves({str(i): np.ones(3) for i in range(7)}, ordered=True)


def test_a_heat_map_holds_the_numbers_and_says_if_some_are_beyond_its_colours():
    z = np.array([[1.0, 2, 3], [4, 5, 6]])
    ax = plots.heat(np.arange(3), np.arange(2), z, limits=(0, 5), label="what", xlabel="a", ylabel="b")
    mesh, bar = ax.collections[0], ax.figure.axes[1]
    assert np.array_equal(mesh.get_array(), z)
    assert (mesh.get_clim(), mesh.colorbar.extend, bar.get_ylabel()) == ((0, 5), "max", "what")
    assert plots.heat(np.arange(3), np.arange(2), z).collections[0].colorbar.extend == "neither"


def test_basins_have_a_colour_for_each_minimum_and_grey_for_none():
    place = np.array([[0, 1], [3, -1]])
    ax = plots.basins(himmelblau, place, title="t")
    (image,) = ax.images
    np.testing.assert_array_equal(image.get_array(), place)
    assert image.get_extent() == [-5, 5, -5, 5]
    assert image.origin == "lower"
    seen = [to_hex(image.cmap(image.norm(k))) for k in (0, 1, 3, -1)]
    assert seen == [PLACES[0], PLACES[1], PLACES[3], NOWHERE]


def test_the_border_of_a_classifier_is_where_its_score_is_0():
    X = np.array([[0.0, 0.0], [1.0, 1.0], [0.2, 0.8]])
    ax = plots.regions(X, np.array([0, 1, 1]), lambda p: p[:, 0] + p[:, 1] - 0.5)
    border = np.concatenate([path.vertices for path in ax.collections[-1].get_paths()])
    assert border.sum(axis=1) == pytest.approx(0.5, abs=1e-9)
    assert [line.get_xydata().tolist() for line in ax.lines] == [[[0, 0]], [[1, 1], [0.2, 0.8]]]


def test_arrows_have_their_true_length():
    ax = plots.arrows(np.zeros((2, 2)), np.array([[1.0, 0], [0, 2]]), "g", plots.panels(1))
    (quiver,) = ax.collections
    assert (quiver.scale, quiver.angles, quiver.U.tolist(), quiver.V.tolist()) == (1, "xy", [1, 0], [0, 2])


def test_a_race_shows_the_height_above_the_lowest_minimum():
    left, right = plots.race(nesterov_worst(2), {"gd": np.zeros((2, 4))}, title="One")
    assert left.get_title("left") == "One"
    assert named(right)["gd"].get_ydata() == pytest.approx([1 / 12] * 4)
    left, right = plots.race(rosenbrock, RUNS)
    assert not left.get_legend(), "the names stand once"
    assert np.array_equal(named(right)["adam"].get_ydata(), rosenbrock(RUNS["adam"]))


def test_a_film_is_the_same_every_time_and_asks_the_network_for_nothing():
    films = [plots.animation(rosenbrock, RUNS, frames=3, caption="Two walkers.").data for _ in range(2)]
    assert films[0] == films[1]
    assert len(re.findall(r"frames\[\d+\] = ", films[0])) == 3
    assert not re.search(r"<link|https?://|fa-", films[0])
    assert films[0].endswith("<p><em>Film: Two walkers.</em></p>")
    assert not plt.get_fignums()


@pytest.mark.parametrize("frames", [1, 101, 2.5, "many", None])
def test_a_film_has_2_to_100_frames(frames):
    with pytest.raises(ValueError, match=f"frames must be an integer from 2 to 100; got {frames!r}"):
        plots.animation(rosenbrock, RUNS, frames=frames)


def test_three_coordinates_cannot_be_drawn():
    with pytest.raises(ValueError, match="f must have 1 or 2 coordinates to be drawn; Rastrigin, d = 3 has 3"):
        plots.surface(rastrigin(3))
    assert not plt.get_fignums()


def test_what_is_shown_is_described_and_closed(monkeypatch):
    seen = []
    monkeypatch.setattr("IPython.display.display", lambda thing, **options: seen.append((thing, options)))
    ax = plots.surface(plateau)
    plots.show("A well in a plain.")
    (picture, options), (words, _) = seen
    png, size = picture._repr_png_()
    stored = Image.open(io.BytesIO(png))
    assert (stored.format, stored.mode, stored.size) == ("PNG", "P", (2 * size["width"], 2 * size["height"]))
    assert repr(picture) == repr(ax.figure)
    assert options == {"metadata": {"image/png": {"alt": "A well in a plain."}}}
    assert words.data == "*Figure: A well in a plain.*"
    assert not plt.get_fignums()


def test_a_gradient_keeps_its_colours_though_only_256_are_stored():
    x = np.linspace(0, 1, 200)
    plots.heat(x, x, np.add.outer(x, x**2))
    picture, drawn = plots._Picture(plt.gcf()), io.BytesIO()
    plt.gcf().set_layout_engine("none")  # it would move things a little each time
    plt.gcf().savefig(drawn, format="png", bbox_inches="tight", dpi=200)
    stored, exact = (Image.open(file).convert("RGB") for file in (io.BytesIO(picture._repr_png_()[0]), drawn))
    exact = exact.crop((0, 0, *stored.size))
    off = np.abs(np.asarray(stored).astype(int) - np.asarray(exact)).max(axis=2)
    assert off.max() <= 12
    assert (off > 6).mean() < 0.001
    plt.close("all")


def test_a_table_is_shown_with_heads_and_said_line_by_line(monkeypatch):
    seen = []
    monkeypatch.setattr("IPython.display.display", lambda thing, **options: seen.append((thing, options)))
    plots.table("height at a < b", [1, "x"], {"gd": [132, 1375.4], "never": ["inf", np.float64(-0.4)]}, ".0f")
    assert seen == [(
        {
            "text/plain": "gd, height at a < b 1, x: 132, 1375\nnever, height at a < b 1, x: inf, 0",
            "text/html": "<table><tr><th>height at a &lt; b</th><th>1</th><th>x</th></tr>"
            "<tr><th>gd</th><td>132</td><td>1375</td></tr><tr><th>never</th><td>inf</td><td>0</td></tr></table>",
        },
        {"raw": True},
    )]  # fmt: skip
    with pytest.raises(ValueError, match=r"rows must have 2 values, one for each head; got 1 in 'gd'"):
        plots.table("steps", [1, 2], {"gd": [1]})


# Whatever a learner's machine says


CELLS = [
    "from course_lib import live, plots\nfrom course_lib.surfaces import rosenbrock",
    "plots.surface(rosenbrock, title='One')\nplots.show('A valley.')",
    "import matplotlib.pyplot as plt\nplt.plot([1, 3])\nplt.show()",
    "live.race()",
    "plt.switch_backend('svg')\nplots.surface(rosenbrock, title='One')\nplots.show('A valley.')",
]


def pictures(**environment):
    """The pictures that each of CELLS shows in a kernel with this environment."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in CELLS])
    client = NotebookClient(notebook, timeout=120, kernel_name="python3")
    client.execute(env=os.environ | {"PYTHONPATH": str(ROOT)} | environment)
    shown = [[output.get("data", {}).get("image/png") for output in cell.outputs] for cell in notebook.cells]
    return [list(filter(None, cell)) for cell in shown]


@pytest.fixture(scope="module")
def usual():
    first, *shown = pictures(MPLBACKEND="")
    assert first == []
    assert [len(cell) for cell in shown] == [1] * 4
    return [first, *shown]


@pytest.mark.notebook
@pytest.mark.parametrize("backend", ["agg", "TkAgg", "nonsense"])
def test_pictures_are_the_same_whatever_a_profile_and_a_matplotlibrc_say(usual, tmp_path, backend):
    (tmp_path / "matplotlibrc").write_text(
        "backend: pdf\ntext.usetex: True\nfont.family: serif\nfigure.facecolor: red\nsavefig.bbox: standard\n"
        "savefig.dpi: 300\nsavefig.format: pdf\nlines.linestyle: --\nimage.cmap: jet\n"
    )
    assert pictures(MPLBACKEND=backend, MATPLOTLIBRC=str(tmp_path)) == usual


def test_a_learner_is_not_told_that_fonts_are_looked_for(tmp_path):
    """The first start on a machine, and each in a browser. Asked for without the course, the message comes."""
    kernel = "import sys, types, threading; Timer = threading.Timer; threading.Timer = lambda _, f: Timer(0, f); "
    kernel += "shell = types.SimpleNamespace(kernel=1); "
    kernel += "sys.modules['IPython'] = types.SimpleNamespace(get_ipython=lambda: shell, version_info=(9, 0)); "
    said = {}
    for number, words in enumerate(("import matplotlib.font_manager", "import course_lib.plots")):
        fresh = os.environ | {"MPLCONFIGDIR": str(tmp_path / str(number)), "PYTHONPATH": str(ROOT)}
        run = subprocess.run([sys.executable, "-c", kernel + words], env=fresh, capture_output=True, text=True)
        assert run.returncode == 0, run.stderr
        said[words] = run.stderr
    assert ["font cache" in text for text in said.values()] == [True, False]
    assert said["import course_lib.plots"] == ""
