"""Scale: what a late gradient does to each pair of rate and momentum."""

from functools import lru_cache

import numpy as np

from course_lib.descent import descend
from course_lib.live.figure import Figure
from course_lib.live.landscape import landscape, on_landscape
from course_lib.live.lesson04 import along_eigenvectors, rates
from course_lib.live.parts import Choice, Heat, Lines, Panel, Player, Point, Toggles
from course_lib.optimizers import momentum
from course_lib.style import DASHED, GREEN, INK, SOLID, VERMILLION
from course_lib.surfaces import quadratic
from course_lib.wrappers import stale

VALLEY, TOP = quadratic(20.0), 0.98
DELAYS = {"on time": 0, "1 step": 1, "2 steps": 2, "4 steps": 4, "8 steps": 8}


def late(steps=200):
    r"""Heavy ball with late gradients on a quadratic: the map of (lr, beta), the path, and how floor and wall decay.

    The rate is counted in edges of gradient descent at this delay, $2\sin\frac{\pi}{2(2\tau+1)}/L$, so that one map
    serves all delays. The map is measured, coloured as that of `momentum_map`; the line over it is where the largest
    root of theory is 1.

    steps: int >= 1, the length of the path shown.
    Returns a Figure.
    """
    modes, looks = ["floor", "wall"], [(GREEN, SOLID, "s"), (VERMILLION, SOLID, "D")]
    edge = INK, DASHED, ""

    def compute(pair, delay, start):
        lr, beta = pair[0] * edge_of(delay), pair[1]
        path = descend(stale(momentum, delay), VALLEY, start, steps, lr=lr, beta=beta)
        path = np.where(np.abs(path) < 1e6, path, np.nan)  # lines end there
        return landscape(VALLEY, aspect=1.6) | {
            "map": measured_map(delay),
            "edge": edges(delay)[None],
            "path": path[None],
            "modes": np.abs(path),
            "measured": rates(VALLEY, np.array(lr), np.array(beta), patience(delay), stale(momentum, delay)),
            "lr": lr,
        }

    panels = [
        Panel(
            "Light: fast. Dark: slow. Grey: never",
            [Heat("map", 0, 2), Lines("edge", ["edge"], [edge], follow=False)],
            x=(0, 2),
            y=(0, TOP),
            xlabel="learning rate / edge of gd",
            ylabel="beta",
            aspect=0.7,
        ),
        on_landscape("Path", "path", ["momentum"], aspect=1.6),
        along_eigenvectors(steps, Lines("modes", modes, looks)),
    ]
    controls = [
        Toggles([*modes, "edge"], looks=[*looks, edge]),
        Point("pair", "lr and beta", (0.5, 0.5), panel=0),
        Point("start", "start", (1.6, 1.2), panel=1),
        Player(steps),
        Choice("delay", "gradients come", DELAYS),
    ]
    note = "At rate {lr} a step multiplies the distance by {measured}, measured"
    task = "Drag the pair of settings, make the gradients late, and look where the light region goes."
    return Figure("Late gradients", panels, controls, compute, note, task=task)


def edge_of(delay):
    """The largest rate of gradient descent with gradients so late, for the largest curvature 1."""
    return 2 * np.sin(np.pi / (2 * (2 * delay + 1)))


def radius(delay, lr, beta):
    r"""The size of the largest root of $z^{\tau+2} - (1+\beta)z^{\tau+1} + \beta z^\tau + \eta z$."""
    coefficients = np.zeros(delay + 3)
    coefficients[:3] = 1, -1 - beta, beta
    coefficients[delay + 1] += lr
    return np.abs(np.roots(coefficients)).max()


@lru_cache
def edges(delay):
    """Where the largest root is 1, (2, n): the rate, in edges of gradient descent, and beta."""
    betas = np.linspace(0, TOP, 50)
    found = []
    for beta in betas:
        low, high = 0.0, 2.5 * edge_of(delay)
        for _ in range(30):
            middle = (low + high) / 2
            low, high = (middle, high) if radius(delay, middle, beta) < 1 else (low, middle)
        found.append(low / edge_of(delay))
    return np.stack([found, betas])


def patience(delay):
    """Steps after which a factor is measured: late gradients want more."""
    return 160 * (1 + delay // 2)


@lru_cache
def measured_map(delay):
    """log10 of how many times the fastest run's steps each pair needs, (beta, rate in edges); 9 where it never ends."""
    lr, beta = np.meshgrid(np.linspace(0, 2, 65) * edge_of(delay), np.linspace(0, TOP, 50))
    digits = -np.log10(np.clip(rates(VALLEY, lr, beta, patience(delay), stale(momentum, delay)), 1e-3, 1e3))
    return np.where(digits > 0, np.log10(digits.max() / np.maximum(digits, 1e-9)).clip(0, 2), 9)
