"""Momentum: the map of (lr, beta), and the look-ahead of Nesterov's method, step by step."""

from functools import lru_cache
from itertools import islice

import numpy as np

from course_lib.descent import descend, iterate
from course_lib.live.figure import Figure
from course_lib.live.landscape import landscape, on_landscape
from course_lib.live.parts import Arrows, Contours, Heat, Lines, Marks, Panel, Player, Point, Slider, Toggles
from course_lib.optimizers import momentum, nesterov
from course_lib.style import DASHED, GREEN, INK, SOLID, VERMILLION, styles
from course_lib.surfaces import quadratic

TOP = 0.98  # of the map: nearer to 1 a run shrinks so little that its swings hide it

TAKEN = {"momentum": "Heavy ball: gradient at the ball", "nesterov": "Nesterov: gradient at the look-ahead"}


def momentum_map(kappa=30.0, steps=100):
    r"""Heavy ball on a quadratic with L = 1: the map of (lr, beta), the path, and how each eigenvector's share decays.

    The map is measured: runs all over it, coloured by how many steps they need for a tenth of the distance, beside the
    best of them. Theory is drawn over it: the edge $\eta = 2(1+\beta)/L$, and the curves of critical damping
    $\beta = (1-\sqrt{\eta\lambda})^2$ of floor and wall, which cross at the best pair, the star.

    kappa: condition number at first, from 1 to 1000. steps: int >= 1, the length of the path shown.
    Returns a Figure.
    """
    modes, curves = ["floor", "wall"], ["edge", "floor, critical", "wall, critical"]
    looks = [(GREEN, SOLID, "s"), (VERMILLION, SOLID, "D")]
    theory = [(INK, SOLID, ""), (GREEN, DASHED, ""), (VERMILLION, DASHED, "")]

    def compute(pair, kappa, start):
        f, (lr, beta) = quadratic(kappa), pair
        path = descend(momentum, f, start, steps, lr=lr, beta=beta)
        path = np.where(np.abs(path) < 1e6, path, np.nan)  # lines end there
        shrinks = np.array([root(lr * f.mu, beta), root(lr * f.L, beta)])
        return landscape(f, aspect=1.6) | {
            "map": measured_map(kappa),
            "curves": theory_curves(f),
            "best": best_pair(f),
            "path": path[None],
            "modes": np.abs(path),
            "theory": np.abs(start)[:, None] * shrinks[:, None] ** np.arange(steps + 1),
            "measured": rates(f, np.array(lr), np.array(beta)),
            "predicted": shrinks.max(),
        }

    panels = [
        Panel(
            "Light: fast. Dark: slow. Grey: never",
            [Heat("map", 0, 2), Lines("curves", curves, theory, follow=False), Marks("best")],
            x=(0, 4),
            y=(0, TOP),
            xlabel="learning rate × L",
            ylabel="beta",
            aspect=0.7,
        ),
        on_landscape("Path", "path", ["momentum"], aspect=1.6),
        along_eigenvectors(
            steps, Lines("modes", modes, looks), Lines("theory", modes, [(INK, DASHED, "")] * 2, follow=False)
        ),
    ]
    controls = [
        Toggles([*modes, *curves], looks=[*looks, *theory]),
        Point("pair", "lr and beta", (0.6, 0.5), panel=0),
        Point("start", "start", (1.6, 1.2), panel=1),
        Player(steps),
        Slider("kappa", "condition number κ", 1, 1000, kappa, log=True, count=61, ahead=False),
    ]
    note = "A step multiplies the distance by {measured}, measured; by {predicted}, in theory"
    task = "Drag the pair of settings over the map or the start in the valley, and press play."
    return Figure("Momentum on a quadratic", panels, controls, compute, note, task=task)


def along_eigenvectors(steps, *lines):
    """The panel of how far each eigenvector's share of the distance falls."""
    title = "Distance along each eigenvector"
    return Panel(title, lines, x=(0, steps), y=(1e-6, 1e2), xlabel="step", log=True, aspect=1.6)


def root(a, beta):
    r"""The size of the larger root of $z^2 - (1+\beta-a)z + \beta$: how an eigenvector's share shrinks; a = lr·λ."""
    half = (1 + beta - a) / 2
    return np.abs(np.abs(half) + np.sqrt(np.asarray(half * half - beta, complex)))


def rates(f, lr, beta, steps=160, method=momentum):
    r"""The factor by which a run of a method, heavy ball mostly, shrinks at each step, measured: $(b/a)^{2/T}$.

    a and b are the largest sizes in the second and in the last quarter of T steps: a swing through 0 does not count.
    lr, beta: arrays of one shape, which comes back.
    """
    sizes = np.abs(descend(method, f, np.ones(2), steps, lr=lr, beta=beta)).max(axis=0)
    with np.errstate(all="ignore"):
        early, late = sizes[steps // 4 : steps // 2].max(axis=0), sizes[steps * 3 // 4 : steps].max(axis=0)
        return np.where(late > 0, (late / early) ** (2 / steps), 0.0)


@lru_cache(128)
def measured_map(kappa):
    """log10 of how many times the fastest run's steps each pair needs, (beta, lr); 9 where it never arrives."""
    lr, beta = np.meshgrid(np.linspace(0, 4, 73), np.linspace(0, TOP, 55))
    digits = -np.log10(np.clip(rates(quadratic(kappa), lr, beta), 1e-3, 1e3))  # a step
    return np.where(digits > 0, np.log10(digits.max() / np.maximum(digits, 1e-9)).clip(0, 2), 9)


def theory_curves(f):
    beta, lr = np.linspace(0, 1, 101), np.linspace(0, 4, 101)
    critical = [np.stack([lr, (1 - np.sqrt(lr * curvature)) ** 2]) for curvature in (f.mu, f.L)]
    return np.stack([np.stack([2 * (1 + beta) / f.L, beta]), *critical])


def best_pair(f):
    low, high = np.sqrt(f.mu), np.sqrt(f.L)
    return np.array([[4 / (low + high) ** 2, ((high - low) / (high + low)) ** 2]])


def look_ahead(f=None, steps=30):
    """Heavy ball beside Nesterov's method, step by step, with what makes up a step.

    The arrow in the method's colour is the velocity: where it alone would carry the ball. The red arrow is the
    gradient's part, and begins where the gradient is taken: at the ball, or ahead, at the tip of the velocity.

    f: a Surface with d = 2, a minimum and L; a quadratic if None. steps: int >= 1.
    Returns a Figure.
    """
    f = f or quadratic(8.0, 25.0)
    methods = {"momentum": momentum, "nesterov": nesterov}
    where, lowest = landscape(f), f.minima[0]

    def compute(start, lr, beta):
        arrays = dict(where)
        for name, method in methods.items():
            path, arrows = balls(method, f, start, steps, lr / f.L, beta)
            arrays |= {f"{name} path": path[None], f"{name} arrows": arrows}
        paths = np.stack([arrays[f"{name} path"][0] for name in methods])
        apart = paths - lowest.reshape(1, 2, *[1] * (paths.ndim - 2))
        return arrays | {"distance": np.hypot(apart[:, 0], apart[:, 1])}

    panels = []
    for (name, title), (colour, *_) in zip(TAKEN.items(), styles(TAKEN)):
        looks = [(colour, SOLID, ""), (VERMILLION, SOLID, "")]
        layers = [Contours("grid"), Marks("minima"), Lines(f"{name} path", [name])]
        layers.append(Arrows(f"{name} arrows", [name, name], looks))
        panels.append(Panel(title, layers, x="x", y="y", xlabel="x", ylabel="y"))
    controls = [
        Toggles(list(methods), values="distance", first="is nearest"),
        Point("start", "start", (-2.1, 0.5)),
        Player(steps, seconds=0.5 * steps, start=3),
        Slider("lr", "learning rate × L", 0, 2, 0.4),
        Slider("beta", "beta", 0, 0.99, 0.9, count=100),
    ]
    note = "The first arrow is the velocity; the red one is the gradient's part, and begins where the gradient is taken"
    task = "Go step by step, and compare where the two methods take their gradient."
    return Figure("Nesterov's look-ahead", panels, controls, compute, note, task=task)


def balls(method, f, start, steps, lr, beta):
    """(path of the ball (2, steps + 1, *runs), arrows (2, 4, steps + 1, *runs): velocity and gradient at each step)."""
    states = list(islice(iterate(method, f, start, lr=lr, beta=beta), steps + 1))
    x = np.stack([x for x, *_ in states], axis=1)
    v = np.stack([np.zeros_like(x) if not memory else memory[0] for x, *memory in states], axis=1)
    carried, pulled = -lr * beta * v, -lr * f.grad(x)
    ball = x - carried if method is nesterov else x  # nesterov's x is the point ahead
    return ball, np.stack([np.concatenate([ball, carried]), np.concatenate([x, pulled])])
