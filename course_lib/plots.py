"""The still pictures: one look for every lesson. The only module that draws with Matplotlib.

A plotting function takes `ax=None`, draws what it is given and returns the axes; the numbers stay in the lesson.
A label that begins with a method's name (`"momentum, beta = 0.5"`) is drawn in that method's colour, dash and marker.
"""

import html
import io
import logging
import os
import re
import sys

if "IPython" in sys.modules and hasattr(sys.modules["IPython"].get_ipython(), "kernel"):
    # in a notebook what a profile says of MPLBACKEND would leave a learner without pictures
    os.environ["MPLBACKEND"] = "module://matplotlib_inline.backend_inline"
    # at the first start on a machine, and at each in a browser: a red box, and nothing for anybody to do
    logging.getLogger("matplotlib.font_manager").addFilter(lambda record: "font cache" not in record.getMessage())

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
from matplotlib import colors
from PIL import Image

from course_lib.style import BLUE, GREY, GRID, LEVEL, NOWHERE, PLACES, SIDES, VERMILLION, ramp, styles

mpl.rcdefaults()  # a learner's own matplotlibrc, say with text.usetex, would draw other pictures or none
plt.rcParams.update(
    {
        "figure.figsize": (6.4, 3.8),
        "figure.dpi": 100,
        "figure.constrained_layout.use": True,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.titlelocation": "left",
        "axes.titlesize": "medium",
        "axes.titleweight": "bold",
        "axes.grid": True,
        "grid.color": GRID,
        "grid.linewidth": 0.8,
        "axes.axisbelow": True,
        "font.size": 10,
        "legend.frameon": False,
        "legend.fontsize": 9,
        "lines.linewidth": 1.8,
        "svg.hashsalt": "course",
    }
)
SIGNS = {"minus": "−", "fast-backward": "|◀", "step-backward": "◂", "play fa-flip-horizontal": "◀", "pause": "||"}
SIGNS |= {"play": "▶", "step-forward": "▸", "fast-forward": "▶|", "plus": "+"}


class _Picture:
    """A figure as a PNG, whichever of Matplotlib's backends is in use: sharp on a dense screen, in 256 colours."""

    def __init__(self, figure):
        self.figure = figure

    def _repr_png_(self):
        file, stored = io.BytesIO(), io.BytesIO()
        self.figure.savefig(file, format="png", bbox_inches="tight", dpi=2 * self.figure.dpi)
        picture = Image.open(file).convert("RGB")
        width, height = picture.width // 2, picture.height // 2  # as it is seen
        picture = picture.crop((0, 0, 2 * width, 2 * height))
        picture.quantize(256, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE).save(stored, "png")
        return stored.getvalue(), {"width": width, "height": height}

    def __repr__(self):
        return repr(self.figure)


def show(caption):
    """Show the open figures with one sentence below that says what is seen (also their alternative text)."""
    from IPython.display import Markdown, display

    for number in plt.get_fignums():
        display(_Picture(plt.figure(number)), metadata={"image/png": {"alt": caption}})
        plt.close(number)
    display(Markdown(f"*Figure: {caption}*"))


def table(quantity, heads, rows, form=".3g"):
    """Show numbers as a small table, and as text: a line for each row.

    quantity: text, what the heads are values of. heads: a text or a number for each column.
    rows: {name: values}, a value for each column: a number, or a text that is shown as it is.
    form: how a number is written, as in `format(number, form)`; what is rounded to zero has no sign.
    Errors: ValueError for a row that has not a value for each head.
    """
    from IPython.display import display

    heads, form = [str(head) for head in heads], form if form.endswith("d") else f"z{form}"
    lines, page = [], row([quantity, *heads], "th")
    for name, values in rows.items():
        written = [value if isinstance(value, str) else format(value, form) for value in values]
        if len(written) != len(heads):
            raise ValueError(f"rows must have {len(heads)} values, one for each head; got {len(written)} in {name!r}")
        lines.append(f"{name}, {quantity} {', '.join(heads)}: {', '.join(written)}")
        page += row([name, *written], "td")
    display({"text/plain": "\n".join(lines), "text/html": f"<table>{page}</table>"}, raw=True)


def row(texts, kind):
    first, *others = map(html.escape, texts)
    return f"<tr><th>{first}</th>{''.join(f'<{kind}>{text}</{kind}>' for text in others)}</tr>"


def panels(columns=2, rows=1, width=4.6, height=3.6):
    """Empty axes in one figure, an array of them as that of `plt.subplots`. width, height: inches of each."""
    return plt.subplots(rows, columns, figsize=(width * columns, height * rows))[1]


def _axes(ax):
    return plt.subplots()[1] if ax is None else ax


def _titled(ax, title, xlabel=None, ylabel=None):
    ax.set(title=title or "", xlabel=xlabel or ax.get_xlabel(), ylabel=ylabel or ax.get_ylabel())
    return ax


def _line_styles(labels, ordered=False):
    """Each label's style in Matplotlib's words."""
    return [
        {"label": label, "color": color, "linestyle": dash, "marker": marker}
        for label, (color, dash, marker) in zip(labels, ramp(len(labels)) if ordered else styles(labels), strict=True)
    ]


def surface(f, ax=None, window=None, title=None, levels=24):
    """The landscape: grey contours with stars at the minima (d = 2), or the curve of f (d = 1).

    f: a Surface with d = 1 or 2. window: ((low, high), ...) a pair for each axis; f.window if None.
    levels: number of contours, spaced so that equal steps near the minimum and far from it are both seen.
    Errors: ValueError for more than two coordinates.
    """
    if f.d > 2:
        raise ValueError(f"f must have 1 or 2 coordinates to be drawn; {f.name} has {f.d}")
    ax = _axes(ax)
    window = f.window if window is None else window
    if f.d == 1:
        x = np.linspace(*window[0], 1001)
        ax.plot(x, f(x[None]), color=GREY)
        for minimum in f.minima:
            ax.plot(*minimum, f(minimum), marker="*", markersize=13, color="black", linestyle="none", zorder=5)
        return _titled(ax, title, "$x$", "$f(x)$")
    x, y = (np.linspace(low, high, 241) for low, high in window)
    z = f(np.stack(np.meshgrid(x, y)))
    heights = z.min() + (z.max() - z.min()) * np.linspace(0, 1, levels + 1)[1:] ** 3
    ax.contour(x, y, z, np.unique(heights), colors=LEVEL, linewidths=0.7)
    for minimum in f.minima:
        ax.plot(*minimum, marker="*", markersize=13, color="black", linestyle="none", zorder=5)
    ax.set(xlim=window[0], ylim=window[1], aspect="equal")
    ax.grid(False)
    return _titled(ax, title, "$x$", "$y$")


def reliefs(surfaces, width=4.2):
    """Landscapes side by side as one would see them from a hill nearby: for shapes that contours hide.

    surfaces: Surfaces with d = 2; each has its name as title. width: inches of each. Returns their axes.
    """
    places = {"projection": "3d", "xticks": [], "yticks": [], "zticks": [], "xlabel": "$x$", "ylabel": "$y$"}
    size = width * len(surfaces), width
    axes = np.atleast_1d(plt.subplots(1, len(surfaces), figsize=size, subplot_kw=places)[1])
    for ax, f in zip(axes, surfaces):
        x, y = np.meshgrid(*(np.linspace(low, high, 61) for low, high in f.window))
        ax.plot_surface(x, y, f(np.stack([x, y])), cmap="cividis", rcount=60, ccount=60, linewidth=0, antialiased=False)
        ax.plot_wireframe(x, y, f(np.stack([x, y])), rcount=15, ccount=15, color="white", linewidth=0.5)
        ax.set_title(f.name, loc="left")
    return axes


def paths(f, runs, ax=None, window=None, title=None, marks=True):
    """The landscape with one path for each run.

    f: a Surface with d = 1 or 2. runs: {label: path (d, steps + 1)}. marks: a marker at every step.
    """
    ax = surface(f, ax, window, title)
    for style, path in zip(_line_styles(runs), runs.values(), strict=True):
        points = path if f.d == 2 else (path[0], f(path))
        ax.plot(*points, **style if marks else style | {"marker": ""}, markersize=3.5)
        ax.plot(*(p[0] for p in points), marker="o", color="black", markersize=5, zorder=4)
    if len(runs) > 1:
        ax.legend(frameon=f.d == 2)  # no contour line runs through its words
    return ax


def curves(runs, ax=None, title=None, xlabel="step", ylabel="$f(x)$", x=None, log=True, marks=0, ordered=False):
    """One curve for each run over steps (or over x), on a logarithmic scale where rates are meant.

    runs: {label: array (n,)}. x: array (n,) of positions, 0, 1, ... if None. log: True, False or "both" axes.
    marks: number of markers along each curve. ordered: whether the labels are the values of one quantity, at most 6:
    they get one row of colours, light to dark.
    Errors: ValueError for more than 6 ordered ones.
    """
    ax = _axes(ax)
    for style, values in zip(_line_styles(runs, ordered), runs.values(), strict=True):
        places = np.arange(len(values)) if x is None else x
        every = max(1, len(values) // marks) if marks else None
        ax.plot(places, values, **style if marks else style | {"marker": ""}, markevery=every, markersize=5)
    if log:
        ax.set_yscale("log")
    if log == "both":
        ax.set_xscale("log")
    ax.legend()
    return _titled(ax, title, xlabel, ylabel)


def heat(x, y, z, ax=None, title=None, xlabel=None, ylabel=None, label=None, limits=None):
    """A map: the value z at each pair of x (across) and y (up), light where it is small.

    x: array (n,). y: array (m,). z: array (m, n). limits: (low, high) of the colours. label: what the colours mean.
    """
    ax = _axes(ax)
    low, high = limits or (np.nanmin(z), np.nanmax(z))
    mesh = ax.pcolormesh(
        x, y, z, cmap="cividis_r", norm=colors.Normalize(low, high), rasterized=True, shading="nearest"
    )
    ax.figure.colorbar(mesh, ax=ax, label=label, extend="max" if np.nanmax(z) > high else "neither")
    ax.grid(False)
    return _titled(ax, title, xlabel, ylabel)


def basins(f, place, ax=None, title=None, labels=()):
    """The landscape over a map of where runs end: at each start the colour of the minimum that it comes to.

    f: a Surface with d = 2 and at most 4 minima. place: int array (m, n), over f.window, m upwards: the number of a
    minimum, or -1 (grey) for none. labels: what the colours mean, where the numbers are not those of minima.
    """
    ax = surface(f, ax, title=title, levels=12)
    (left, right), (low, high) = f.window
    palette = colors.ListedColormap([NOWHERE, *PLACES])
    ax.imshow(place, palette, vmin=-1, vmax=3, origin="lower", extent=(left, right, low, high), interpolation="nearest")
    for color, label in zip(PLACES, labels):
        ax.plot([], [], "s", color=color, label=label)
    if labels:
        ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.12), ncols=len(labels))
    return ax


def regions(X, y, score, ax=None, title=None):
    """Points of two classes over what a classifier says of the plane: its border is where the score is 0.

    X: array (n, 2). y: array (n,) of two values. score: function of points (m, 2) that gives (m,), above 0 for the
    larger value of y.
    """
    ax = _axes(ax)
    low, high = X.min(axis=0) - 0.4, X.max(axis=0) + 0.4
    across, up = np.meshgrid(np.linspace(low[0], high[0], 161), np.linspace(low[1], high[1], 161))
    z = score(np.column_stack([across.ravel(), up.ravel()])).reshape(across.shape)
    ax.contourf(across, up, z > 0, levels=[-0.5, 0.5, 1.5], colors=SIDES)
    ax.contour(across, up, z, levels=[0], colors="black", linewidths=1)
    for value, color, marker in zip(np.unique(y), (BLUE, VERMILLION), ("o", "^"), strict=True):
        ax.plot(*X[y == value].T, marker, color=color, markersize=4, markeredgecolor="white", markeredgewidth=0.4)
    ax.set(aspect="equal")
    ax.grid(False)
    return _titled(ax, title)


def arrows(points, vectors, label, ax, color=GREY):
    """Arrows to their true length: from points (2, n) along vectors (2, n)."""
    ax.quiver(
        *points, *vectors, angles="xy", scale_units="xy", scale=1, color=color, label=label, width=0.008, zorder=4
    )
    ax.legend()
    return ax


def race(f, runs, title=None, window=None):
    """Two panels: the paths on the landscape, and the value of f over the steps.

    f: a Surface with d = 2. runs: {label: path (2, steps + 1)}. Returns both axes.
    """
    left, right = panels(2, height=4.0)
    paths(f, runs, left, window, title, marks=False)
    if left.get_legend():
        left.get_legend().remove()
    lowest = min((f(m) for m in f.minima), default=0.0)
    curves({label: f(path) - lowest for label, path in runs.items()}, right, ylabel="$f(x) - f^*$", marks=8)
    return left, right


def animation(f, runs, frames=60, caption=""):
    """The race as a small film with a play button: a frame after every few steps.

    f: a Surface with d = 2. runs: {label: path (2, steps + 1)}. frames: number of frames, 2 to 100.
    caption: one sentence that says what is seen, shown below. Returns an object that a notebook displays.
    Errors: ValueError for a number of frames out of range.
    """
    from IPython.display import HTML
    from matplotlib.animation import FuncAnimation

    if frames not in range(2, 101):
        raise ValueError(f"frames must be an integer from 2 to 100; got {frames!r}")
    figure, ax = plt.subplots(figsize=(4.9, 3.3), dpi=96, layout="none")  # a layout anew for each frame takes seconds
    surface(f, ax, levels=10).set(xticks=[], yticks=[])
    lines = [ax.plot([], [], **style, markersize=5, markevery=[-1])[0] for style in _line_styles(runs)]
    ax.legend(loc="center left", bbox_to_anchor=(1, 0.5))
    figure.subplots_adjust(left=0.05, right=0.76, bottom=0.07)
    steps = len(next(iter(runs.values()))[0]) - 1
    shown = np.linspace(0, steps, frames).astype(int)

    def draw(step):
        for line, path in zip(lines, runs.values(), strict=True):
            line.set_data(path[:, : step + 1])
        ax.set_title(f"step {step}")
        return lines

    with plt.rc_context({"animation.frame_format": "jpeg"}):
        film = FuncAnimation(figure, draw, shown, interval=80).to_jshtml(default_mode="once")
    plt.close(figure)
    film = re.sub(r"[0-9a-f]{32}", "film", film)  # a random name would make two runs of one notebook differ
    film = re.sub(r"<link[^>]*>", "", film)  # the font of the buttons' signs, from the network: put them in as text
    for button, sign in SIGNS.items():
        film = film.replace(f'<i class="fa fa-{button}"></i>', sign)
    return HTML(f"{film}<p><em>Film: {caption}</em></p>")
