"""Sheet 00 with other numbers.

Its own: the argument that is looked up (0.1), the step by hand (0.4), the curve to read (0.6), who is ill (0.7).
"""

import numpy as np

from ...checks import race_first
from ...optimizers import adam
from . import Through, Value, choice

PARAMETERS = {
    "argument": choice("b1", "eps"),
    "default": lambda rng, p: adam.__kwdefaults__[p["argument"]],
    "in_x": choice(2, 4),
    "in_y": choice(3, 5, 6),
    "from_x": choice(1, 2, 3),
    "from_y": choice(1, 2, -1),
    "hand_rate": choice(0.01, 0.02, 0.2),
    "kappa": choice(6, 7, 9, 11),
    "curve_rate": choice(0.4, 0.6, 0.7),
    "ill": lambda rng, p: int(rng.integers(3, 97)),
    "useful": lambda rng, p: p["ill"] % 20,
}

CELLS = {
    "setup-help": [("its argument `b2`", "its argument `{argument}`")],
    "default": [("default_b2 = None", "default = None"), ("default_b2 = 0.999", "default = {default}")],
    "check-default": [("default_b2", "default")],
    "step-task": [
        ("$f(x, y) = x^2 + 3y^2$", "$f(x, y) = {in_x}x^2 + {in_y}y^2$"),
        ("$(2, 1)$", "$({from_x}, {from_y})$"),
        ("Its learning rate is 0.1,", "Its learning rate is {hand_rate},"),
    ],
    "by-hand": [
        (
            "(1.6, 0.4)",
            "({from_x} * (1 - 2 * {in_x} * {hand_rate}), {from_y} * (1 - 2 * {in_y} * {hand_rate}))",
        )
    ],
    "curve": [("kappa=10", "kappa={kappa}"), ("lr=0.5", "lr={curve_rate}")],
    "tests": [("% 100 == 37", "% 100 == {ill}"), ("% 20 == 17", "% 20 == {useful}"), ("!= 37", "!= {ill}")],
    "useless": [("useless[37]", "useless[{ill}]")],
}

KEYED = {
    "default": Value(1e-10),
    "by_hand": Value(1e-6),
    "first_below": Value(1e-9),
    "share": Value(1e-3),
    "useless": Through(race_first.useless, lambda answer, p: np.roll(answer, 37 - p["ill"])),
}
