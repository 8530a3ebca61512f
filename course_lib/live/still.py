"""The still picture of a live figure: its first state, drawn once with Matplotlib, for whoever has no kernel."""

import io
import re

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import LogLocator
from PIL import Image

import course_lib.plots  # noqa: F401  for its look
from course_lib.style import LEVEL, NOWHERE

WIDTH, LEFT, RIGHT, BELOW, ABOVE = 4.6, 0.65, 0.15, 0.55, 0.35  # inches of a panel, and of what is around its plot
DENSITY = 2  # pixels of the picture for one of the page: sharp on a dense screen
DPI = 90 * DENSITY


def picture(spec, arrays):
    """The figure with its controls at the first state, as the bytes of a PNG; the same every time."""
    panels = spec["panels"]
    # as on the page: two columns, and of three panels the first fills one; placed by hand, for Matplotlib's own layout
    # would draw everything three times
    columns = [panels[:1], panels[1:]] if len(panels) == 3 else [panels[::2], panels[1::2]]
    columns = [column for column in columns if column]
    inner = WIDTH - LEFT - RIGHT
    width, height = WIDTH * len(columns), 0.3 + max(sum(map(panel_height, column)) for column in columns)
    figure = Figure(figsize=(width, height), dpi=DPI, layout="none")
    drawn = []
    for i, column in enumerate(columns):
        top = height - 0.3
        for panel in column:
            h = inner / panel["aspect"]
            place = (WIDTH * i + LEFT) / width, (top - ABOVE - h) / height, inner / width, h / height
            drawn.append((panel, figure.add_axes(place)))
            top -= panel_height(panel)
    for panel, ax in drawn:
        axes(ax, panel, arrays, step(spec))
    for control in spec["controls"]:
        if control["kind"] == "point":
            ax = next(ax for panel, ax in drawn if panel is panels[control["panel"]])
            place = arrays.get(control["name"], spec["state"][control["name"]])
            ax.plot(*place, "o", color="black", mec="white", zorder=5)
            if len(control["label"]) == 1:
                ax.annotate(control["label"], place, (0, 7), textcoords="offset points", ha="center", weight="bold")
        if control["kind"] == "toggles":
            handles = [Line2D([], [], color=c, linestyle=dash, marker=m) for c, dash, m in control["looks"]]
            figure.legend(handles, control["names"], loc="upper left", ncols=len(handles))
    canvas, file = FigureCanvasAgg(figure), io.BytesIO()
    canvas.draw()
    # 255 colours are enough, and make a fifth of the bytes
    image = Image.fromarray(np.asarray(canvas.buffer_rgba())[..., :3])
    image.quantize(255, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE).save(file, "png")
    return file.getvalue()


def panel_height(panel):
    return ABOVE + (WIDTH - LEFT - RIGHT) / panel["aspect"] + BELOW


def axes(ax, panel, arrays, time):
    x, y = (arrays.get(v, (0, 1)) if isinstance(v, str) else v for v in (panel["x"], panel["y"]))
    ax.set(xlabel=panel["xlabel"], ylabel=panel["ylabel"], xlim=x, ylim=y)
    ax.set_title(panel["title"], y=1.02)  # a fixed place spares Matplotlib a look at every label
    ax.locator_params(nbins=4)  # a mark costs Matplotlib 2 ms
    if panel["log"]:
        ax.set_yscale("log")
        ax.yaxis.set_major_locator(LogLocator(numticks=4))
        ax.minorticks_off()
        ax.yaxis.set_major_formatter(lambda v, _: power(v))
    for layer in panel["layers"]:
        if layer["array"] in arrays:
            DRAW[layer["kind"]](ax, layer, arrays[layer["array"]], arrays.get(f"{layer['array']}.end"), time)


def sentence(spec, arrays):
    """What is seen, in words: those that the page says of the same state."""
    time, controls = step(spec), {control["kind"]: control for control in spec["controls"]}
    parts = [f"After {time} of {controls['player']['steps']} steps"] if "player" in controls else []
    toggles = controls.get("toggles", {})
    if values := toggles.get("values"):
        curves, ends = arrays.get(values, ()), arrays.get(f"{values}.end", ())
        heights = [curve[time] if time < end else np.inf for curve, end in zip(curves, ends)]
        told = []
        for v, name in sorted(zip(heights, toggles["names"]), key=lambda one: one[0]):
            value = ("< " if v <= toggles["least"] else "") + words(v)
            read = value if told else f"{toggles['first']}, {value}"
            told.append(f"{name} {read}" if v < np.inf else f"{name} has diverged")
        parts.append("; ".join(told) or "nothing is shown")
    note = re.sub("{([\\w.]+)}", lambda name: words(at(arrays.get(name[1], np.nan), time)), spec["note"])
    return ". ".join(filter(None, [": ".join(parts), note])).rstrip(".") + "."


def at(array, time):
    array = np.asarray(array)
    return array[min(time, len(array) - 1)] if array.ndim else array


def words(v):
    """A number in three digits, as the page writes it."""
    if v == 0 or 1e-3 <= abs(v) < 1e4:
        text = np.format_float_positional(np.float64(v), 3, fractional=False, trim="-")
    else:
        text = re.sub(r"e\+?(-?)0*", r"e\1", f"{v:.1e}")
    return text.replace("-", "−")


def power(v):
    return "10" + str(round(np.log10(v))).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))


def step(spec):
    return next((control["start"] for control in spec["controls"] if control["kind"] == "player"), 0)


def contours(ax, layer, grid, ends, time):
    where = {"extent": (*ax.get_xlim(), *ax.get_ylim())}
    ax.contour(grid, levels=np.arange(1, np.ceil(grid.max())), colors=LEVEL, linewidths=0.7, **where)
    ax.grid(False)


def heat(ax, layer, grid, ends, time):
    colours = LinearSegmentedColormap.from_list("", layer["palette"]).with_extremes(over=NOWHERE)
    limits = {"vmin": layer["low"], "vmax": layer["high"], "extent": (*ax.get_xlim(), *ax.get_ylim())}
    ax.imshow(grid, cmap=colours, origin="lower", aspect="auto", interpolation="nearest", **limits)
    ax.grid(False)


def marks(ax, layer, points, ends, time):
    ax.plot(*points.T, "*", color="black", markersize=12, markeredgecolor="white", zorder=4)


def lines(ax, layer, lines, ends, time):
    for k, (name, (colour, dash, marker)) in enumerate(zip(layer["names"], layer["looks"])):
        last = int(min(ends[k], time + 1 if layer["follow"] else np.inf))
        y = lines[k][..., :last]
        points = y if lines.ndim == 3 else (np.arange(last), y)
        width = 1.6 + 0.4 * (len(layer["names"]) - 1 - k) if layer["follow"] else 1.2
        ax.plot(*points, color=colour, linestyle=dash, linewidth=width)
        if layer["follow"] and last:
            ax.plot(*(p[-1] for p in points), marker, color=colour, markersize=8, mec="white", mew=0.7, zorder=3)
        if layer["follow"] and last < min(time + 1, lines.shape[-1]) and lines.ndim == 2:
            ax.text(
                0.98, 0.96 - 0.06 * k, f"{name} diverged", color=colour, ha="right", va="top", transform=ax.transAxes
            )


def arrows(ax, layer, arrows, ends, time):
    for (colour, *_), arrow in zip(layer["looks"], arrows):
        x, y, dx, dy = arrow[:, min(time, arrow.shape[-1] - 1)]
        ax.quiver(x, y, dx, dy, angles="xy", scale_units="xy", scale=1, color=colour, width=0.008, zorder=4)


def bars(ax, layer, bars, ends, time):
    colours = [colour for colour, *_ in layer["looks"]]
    ax.bar(layer["names"], bars[:, min(time, bars.shape[-1] - 1)], color=colours, width=0.7)
    ax.tick_params("x", labelsize=min(10, 60 / len(bars)))


DRAW = {"contours": contours, "heat": heat, "marks": marks, "lines": lines, "arrows": arrows, "bars": bars}
