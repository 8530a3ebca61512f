"""Landscapes: planes through trained networks, and what a stretch of the weights does to each."""

from functools import cache

import numpy as np

from course_lib.descent import end
from course_lib.landscapes import aligned, filter_normalized, plane, sharpness, stretched
from course_lib.live.figure import Figure
from course_lib.live.landscape import CONTOURS
from course_lib.live.parts import Choice, Contours, Lines, Marks, Panel, Slider
from course_lib.networks import Network
from course_lib.optimizers import adam
from course_lib.problems import classify, digits
from course_lib.style import styles

EXAMPLES, TOP = 60, 6.0  # the loss is shown up to TOP
SHAPE = 33, 41


@cache
def trained():
    """(network, loss, three trained networks, the same with the units of the last two sorted), arrays (p, 3)."""
    X, y = digits()
    network = Network([64, 16, 10], "relu")
    f = classify(network, (X[:EXAMPLES] - X[:EXAMPLES].mean(axis=0)) / X.std(), y[:EXAMPLES])
    starts = np.stack([network.init(np.random.default_rng(seed)) for seed in range(3)], axis=1)
    three = end(adam, f, starts, 200, lr=0.01)
    return network, f, three, np.stack([aligned(network, theta, to=three[:, 0]) for theta in three.T], axis=1)


def random_directions(here):
    """Two directions, as long as the weights that were trained, whatever has been made of them since."""
    network, _, three, _ = trained()
    directions = np.random.default_rng(9).standard_normal((network.size, 2))
    return np.linalg.norm(three[:, 0]) * directions / np.linalg.norm(directions, axis=0)


def filter_normalized_directions(here):
    """The same two, each unit's part as long as its weights."""
    return filter_normalized(trained()[0], random_directions(here), np.repeat(here[:, :1], 2, axis=1))


def to_the_others(here):
    return here[:, 1:] - here[:, :1]


PLANES = {  # {text: (which networks, directions from the first of them, window, how many stars)}
    "random": (0, random_directions, (-1.1, 1.1), 1),
    "random, filter-normalised": (0, filter_normalized_directions, (-1.1, 1.1), 1),
    "three networks": (0, to_the_others, (-0.6, 1.6), 3),
    "three networks, sorted": (1, to_the_others, (-0.6, 1.6), 3),
}


def planes():
    r"""The loss over a plane through a trained network: random, filter-normalised, or through three networks.

    The network has 16 relu units and has learnt 60 digits. The slider multiplies the first layer of all networks by c
    and divides the second by it, which changes no answer. A random direction is as long as the network's weights at
    c = 1, a filter-normalised one has the length of each unit's own.

    Returns a Figure.
    """

    def compute(kind, c):
        network, f, *trios = trained()
        trio, directions, (low, high), count = kind
        here = np.stack([stretched(network, theta, c) for theta in trios[trio].T], axis=1)
        u, v = directions(here).T
        middle, half = (low + high) / 2, (high - low) / 2
        x, y = middle + 1.25 * half * np.array([-1, 1]), np.array([low, high])
        s, t = np.linspace(*x, SHAPE[1]), np.linspace(*y, SHAPE[0])
        along = np.linspace(*x, 101)
        profile = f(plane(here[:, 0], u, v, along, [0.0])[:, 0])
        steep, _ = sharpness(f, here[:, 0], np.random.default_rng(1).standard_normal(f.d), steps=60, h=1e-8)
        heights = np.minimum(f(plane(here[:, 0], u, v, s, t)), TOP)
        return {
            "grid": CONTOURS * np.cbrt(heights / TOP),
            "x": x,
            "y": y,
            "networks": np.array([[0.0, 0], [1, 0], [0, 1]])[:count],
            "profile": np.stack([along, profile])[None],
            "sharpness": float(f"{steep:.3g}"),
            "half": float(f"{f(here[:, 0] + u / 2):.2g}"),
        }

    panels = [
        Panel("The loss from above", [Contours("grid"), Marks("networks")], x="x", y="y"),
        Panel(
            "Along its horizontal line",
            [Lines("profile", ["loss"], [(*styles(["gd"])[0][:2], "")], follow=False)],
            x="x",
            y=(1e-3, 100),
            log=True,
        ),
    ]
    controls = [
        Choice("kind", "plane", PLANES),
        Slider("c", "stretch c of the weights", 0.1, 10, 1, log=True, count=41, ahead=False),
    ]
    note = "Loss half way to 1 on the line: {half}. Sharpness of the first network: {sharpness}"
    return Figure(
        "Planes through a network", panels, controls, compute, note, task="Choose a plane, stretch the weights."
    )
