"""What a live figure is made of: layers on panels, and controls. Only descriptions; the page and `still` draw them.

A layer names the array that it draws; the figure's compute function returns the arrays. Panels and controls become
JSON for the page through `described`.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field

import numpy as np

from course_lib.style import HEAT, LAND, styles

CUT = 1 + 1e-6  # what was cut off at a number may be a single-precision one beside it

Look = tuple  # (colour, dash, marker), as in course_lib.style


@dataclass
class Layer:
    """Something drawn on a panel. array: the name of its array in what compute returns."""

    array: str


@dataclass
class Contours(Layer):
    """A landscape, array (rows, columns) over the panel's window, in units of contours: lines stand at integers."""

    palette: Sequence[str] = tuple(LAND)


@dataclass
class Heat(Layer):
    """A map, array (rows, columns) over the panel's window: light at `low`, dark at `high`, grey above."""

    low: float
    high: float
    palette: Sequence[str] = tuple(HEAT)


@dataclass
class Marks(Layer):
    """Stars, array (k, 2)."""


@dataclass
class Named(Layer):
    """A layer with one thing for each name, along axis 0 of its array. looks: styles, those of the names if empty."""

    names: Sequence[str]
    looks: Sequence[Look] = ()

    def __post_init__(self):
        self.names, self.looks = list(self.names), list(self.looks or styles(self.names))


@dataclass
class Lines(Named):
    """Paths (m, 2, n) in the plane, or curves (m, n) over 0, 1, ..., n - 1. NaN and infinity end a line.

    follow: drawn up to the step of the player, with a marker at its head; otherwise whole and thin.
    """

    follow: bool = True


@dataclass
class Arrows(Named):
    """Arrows (m, 4, n): x, y, dx, dy at each step of the player."""


@dataclass
class Bars(Named):
    """Bars (m, n), one for each name, at each step of the player; (m, 1) where there is none."""


@dataclass
class Panel:
    """Axes with layers. x, y: the limits, a pair, or the name of an array (2,) that holds them.

    log: logarithmic y. aspect: width over height of the plot.
    """

    title: str
    layers: Sequence[Layer]
    x: str | tuple
    y: str | tuple
    xlabel: str = ""
    ylabel: str = ""
    log: bool = False
    aspect: float = 1.25


@dataclass
class Slider:
    """A number from low to high in `count` positions; compute gets the number. The figure asks ahead for all of them.

    ahead: whether compute may get all numbers at once, an array (count,), for arrays with this axis behind their own.
    """

    name: str
    label: str
    low: float
    high: float
    value: float
    log: bool = False
    count: int = 101
    ahead: bool = True
    values: np.ndarray = field(init=False, repr=False)

    def __post_init__(self):
        if not (self.low < self.high and self.low <= self.value <= self.high and (self.low > 0 or not self.log)):
            raise ValueError(
                f"{self.name} needs low < high, value between them and, with log, low > 0; "
                f"got low={self.low!r}, high={self.high!r}, value={self.value!r}"
            )
        self.values = (np.geomspace if self.log else np.linspace)(self.low, self.high, self.count)
        index = self.state
        self.values[index] = self.value

    @property
    def state(self):
        scale = np.log if self.log else np.asarray
        return int(np.argmin(np.abs(scale(self.values) - scale(self.value))))

    def at(self, index):
        return float(self.values[int(index)])

    def described(self):
        texts = [np.format_float_positional(v, 3, fractional=False, trim="-") for v in self.values]
        return {"name": self.name, "label": self.label, "texts": texts, "ahead": self.ahead}


@dataclass
class Choice:
    """One of several things. options: {text: thing}; compute gets the thing.

    moves: {name of a point: {text: where the point goes when this is chosen}}.
    """

    name: str
    label: str
    options: dict
    moves: dict = field(default_factory=dict)
    state = 0

    def at(self, index):
        return list(self.options.values())[int(index)]

    def described(self):
        moves = {point: [list(map(float, where[text])) for text in self.options] for point, where in self.moves.items()}
        return {"name": self.name, "label": self.label, "texts": list(self.options), "moves": moves}


@dataclass
class Point:
    """A point to drag on a panel; compute gets it as an array (2,). panel: the number of the panel.

    If compute returns an array (2,) of the point's own name, the point is shown there: on a curve, say.
    """

    name: str
    label: str
    value: Sequence[float]
    panel: int = 0

    @property
    def state(self):
        return [float(v) for v in self.value]

    def at(self, value):
        x, y = map(float, value)
        if not (np.isfinite(x) and np.isfinite(y)):
            raise ValueError(f"{self.name} must be two finite numbers; got {value!r}")
        return np.array([x, y])

    def described(self):
        return {"name": self.name, "label": self.label, "panel": self.panel}


@dataclass
class Toggles:
    """Shows and hides things by their names, with their styles.

    values: a curve array (m, n) to read beside the names, and to rank them by. first: what is said of the smallest.
    least: where the curves are cut off, if they are; a value there is said to be smaller still.
    """

    names: Sequence[str]
    values: str = ""
    first: str = "is lowest"
    least: float = 0.0
    looks: Sequence[Look] = ()

    def described(self):
        looks = list(self.looks or styles(self.names))
        return asdict(self) | {"names": list(self.names), "looks": looks, "least": CUT * self.least}


@dataclass
class Player:
    """Play, pause, scrub, one step on or back. seconds: how long all steps take. autoplay: once, when first seen.

    start: the step that is seen first; without it the last.
    """

    steps: int
    seconds: float = 6.0
    autoplay: bool = False
    start: int | None = None

    def described(self):
        return asdict(self) | {"start": self.steps if self.start is None else self.start}


def described(part):
    """A part as JSON holds it, its kind beside what it says."""
    if isinstance(part, Panel):
        return asdict(part) | {"layers": [described(layer) for layer in part.layers]}
    return {"kind": type(part).__name__.lower()} | (asdict(part) if isinstance(part, Layer) else part.described())
