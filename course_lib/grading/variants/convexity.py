"""Sheet 01 with other numbers: the three guesses (1.5) and the two parabolas (1.9)."""

from ...checks import convexity
from . import Through, Value, choice

PARAMETERS = {
    "half_curvature": choice(2, 4, 5),
    "target": choice(4, 5, 6),
    "fence": choice(1, 2),
    "price": choice(3, 4, 9),
    "least_curvature": choice(0.05, 0.2, 0.5),
    "length": choice(0.1, 0.3, 0.4),
    "left": choice(1, 2, 3),
    "right": lambda rng, p: p["left"] + choice(2, 4, 6)(rng, p),
}

CELLS = {
    "guess-task": [
        ("$f(x) = 3x^2$", "$f(x) = {half_curvature}x^2$"),
        (
            r"$f(x) = \frac12(x - 3)^2$, and only $x \le 1$",
            r"$f(x) = \frac12(x - {target})^2$, and only $x \le {fence}$",
        ),
        (
            r"$\rho = 9$, that is $\frac92 (x-1)^2$ for $x > 1$",
            r"$\rho = {price}$, that is $\frac{price}2 (x-{fence})^2$ for $x > {fence}$",
        ),
        (r"$\mu = 0.1$", r"$\mu = {least_curvature}$"),
        ("the length 0.2.", "the length {length}."),
    ],
    "guesses": [
        ("edge = 2 / 6", "edge = 2 / (2 * {half_curvature})"),
        ("(3 + 9 * 1) / (1 + 9)", "({target} + {price} * {fence}) / (1 + {price})"),
        ("0.2**2 / (2 * 0.1)", "{length}**2 / (2 * {least_curvature})"),
    ],
    "maximum-task": [("((x+1)^2, (x-1)^2", "((x-{left})^2, (x-{right})^2")],
    "broken": [("(-1.0, 1.0, 0.5)", "({left}.0, {right}.0, 0.5)")],
}

DROPPED = {"guess-run-text", "guess-run"}


def in_open_terms(answer, p):
    """The two points, as they would be for parabolas around -1 and 1."""
    x, y, t = answer
    middle, half = (p["left"] + p["right"]) / 2, (p["right"] - p["left"]) / 2
    return (x - middle) / half, (y - middle) / half, t


KEYED = {
    "edge": Value(1e-3),
    "priced": Value(1e-3),
    "gap": Value(1e-3),
    "broken": Through(convexity.broken, in_open_terms),
}
