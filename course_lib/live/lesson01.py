"""Convexity: chord, tangent and the two parabolas, on any function of one number."""

import numpy as np

from course_lib.live.figure import Figure
from course_lib.live.parts import Choice, Lines, Panel, Point, Slider, Toggles
from course_lib.style import AMBER, BLUE, DASHED, DOTTED, GREEN, INK, SOLID, VERMILLION
from course_lib.surfaces import Surface, absolute, bumpy, lessard, plateau, quartic

bowl = Surface(
    "x²/2 + 2 log cosh x",
    lambda p: 0.5 * p[0] * p[0] + 2 * (np.abs(p[0]) + np.log1p(np.exp(-2 * np.abs(p[0]))) - np.log(2)),
    lambda p: p + 2 * np.tanh(p),
    hessian=lambda p: 1 + 2 / np.cosh(p)[None] ** 2,
    start=[1],
    window=((-4, 4),),
    minima=[0],
    L=3.0,
    mu=1.0,
)
softplus = Surface(
    "log(1 + exp(x))",
    lambda p: np.logaddexp(0, p[0]),
    lambda p: 0.5 + 0.5 * np.tanh(p / 2),
    hessian=lambda p: 0.25 / np.cosh(p / 2)[None] ** 2,
    start=[1],
    window=((-6, 6),),
)
trough = Surface(
    "max(x, 0)²",
    lambda p: np.maximum(p[0], 0) ** 2,
    lambda p: 2 * np.maximum(p, 0),
    hessian=lambda p: 2.0 * (p > 0)[None],
    start=[1],
    window=((-3, 3),),
)
EIGHT = bowl, lessard, absolute, quartic, trough, softplus, plateau, bumpy
GRAPH, CURVATURE = ["graph", "chord", "tangent at a"], ["second derivative"]
LOOKS = [(INK, SOLID, ""), (GREEN, DASHED, ""), (BLUE, SOLID, "")]
MU, TOP = (AMBER, DOTTED, ""), (VERMILLION, DOTTED, "")


def sandwich(functions=EIGHT, mu=1.0, L=3.0):
    r"""The three tests of convexity by hand: drag two points along the graph, and hold it between two parabolas.

    The chord goes from a to b; the tangent and the parabolas $f(a) + f'(a)(x-a) + \frac c2(x-a)^2$, c = μ and L, touch
    the graph at a. The second panel has the curvature, which must stay between μ and L if they are to hold.

    functions: Surfaces with d = 1 that have a Hessian; the first is shown first.
    mu, L: where the sliders stand at first, within -10 to 10 and 0 to 50.
    Returns a Figure. Its numbers are measured on 401 points of the window.
    """

    def compute(f, a, b, mu, L):
        x = np.linspace(*f.window[0], 401)
        ends = np.array([a[0], b[0]])
        (at, to), (fa, fb) = ends, f(ends[None])
        tangent = fa + f.grad(ends[None, :1])[0, 0] * (x - at)
        graph, curvature = f(x[None]), f.hess(x[None])[0, 0]
        way, chord = np.linspace(at, to, len(x)), np.linspace(fa, fb, len(x))
        arrays = {"curvature": line(x, curvature)}
        arrays["graph"] = np.concatenate([line(x, graph), line(way, chord), line(x, tangent)])
        for name, gap, c, side in ("lower", "under", mu, -1), ("upper", "over", L, 1):
            bend = np.multiply.outer((x - at) ** 2 / 2, c)
            height, slope = (values.reshape(-1, *[1] * np.ndim(c)) for values in (graph, tangent))
            parabola = slope + bend
            arrays[name] = line(x, parabola)
            arrays[f"{name} level"] = line(x, np.zeros_like(bend) + c)
            arrays[gap] = highest(side * (height - parabola))
        return arrays | {
            "a": np.array([at, fa]),
            "b": np.array([to, fb]),
            "x": np.array(f.window[0]),
            "y": margin(graph),
            "curvatures": margin(curvature),
            "above": highest(f(way[None]) - chord),
            "below": highest(tangent - graph),
            "low": curvature.min(),
            "high": curvature.max(),
        }

    panels = [
        Panel(
            "Chord, tangent and two parabolas",
            [
                Lines("lower", ["μ"], [MU], follow=False),
                Lines("upper", ["L"], [TOP], follow=False),
                Lines("graph", GRAPH, LOOKS, follow=False),
            ],
            x="x",
            y="y",
            xlabel="x",
        ),
        Panel(
            "Curvature",
            [
                Lines("lower level", ["μ"], [MU], follow=False),
                Lines("upper level", ["L"], [TOP], follow=False),
                Lines("curvature", CURVATURE, LOOKS[:1], follow=False),
            ],
            x="x",
            y="curvatures",
            xlabel="x",
        ),
    ]
    places = {"a": 0.3, "b": 0.85}
    moves = {point: {f.name: at_share(f, share) for f in functions} for point, share in places.items()}
    controls = [
        Toggles([*GRAPH, "μ", "L"], looks=[*LOOKS, MU, TOP]),
        *(Point(point, point, at_share(functions[0], share)) for point, share in places.items()),
        Choice("f", "function", {f.name: f for f in functions}, moves=moves),
        Slider("mu", "μ", -10, 10, mu),
        Slider("L", "L", 0, 50, L),
    ]
    note = (
        "The graph rises above this chord by at most {above} and falls below this tangent by at most {below}. "
        "It falls below the parabola of μ by at most {under} and rises above that of L by at most {over}: "
        "0 and 0 mean that both hold here. Its curvature in the window is from {low} to {high}"
    )
    task = "Drag the two points along the graph; set μ and L so that the graph stays between the two parabolas."
    return Figure("Three tests of convexity", panels, controls, compute, note, task=task)


def highest(gap):
    """The largest gap along axis 0, 0 if it is not above rounding."""
    return np.max(gap, axis=0, where=gap > 1e-9, initial=0.0)


def line(x, y):
    """One line (1, 2, n, *runs) from x (n,) and y (n, *runs)."""
    return np.stack(np.broadcast_arrays(x.reshape(-1, *[1] * (y.ndim - 1)), y))[None]


def at_share(f, share):
    """The point of the graph at a share of the window's width."""
    x = f.window[0][0] + share * (f.window[0][1] - f.window[0][0])
    return np.array([x, f(np.array([x]))])


def margin(values):
    """Limits with some room around values, at least 1 apart."""
    low, high = values.min(), values.max()
    room = 0.15 * max(high - low, 1.0)
    return np.array([low - room, high + room])
