"""Sheet 05 with other numbers: the three guesses (5.2), the letters of Adam's lines (5.3), the measured slip (5.5)."""

from ...checks import adaptive_methods
from . import Value, choice, lines_of, permutation, renamed, reordered

PARAMETERS = {
    "slope": choice(2, 4, 5, 7),
    "slope_rate": choice(0.2, 0.3, 0.6),
    "step": choice(25, 64, 400),
    "curvature": choice(20, 60, 200),
    "half": lambda rng, p: p["curvature"] // 2,
    "ball_rate": choice(0.02, 0.06, 0.1),
    "b1": choice(0.7, 0.9, 0.6),
    "b2": choice(0.99, 0.9991, 0.9975),
    "gradient": choice(3, 9, 20),
    "first_rate": choice(0.02, 0.04, 0.05),
    "lines": permutation("ABCDEFG"),
    "adam": lambda rng, p: renamed("DGBFEAC", p),
    "printed_b2": choice(0.99, 0.98, 0.9975),
}

CELLS = {
    "guess-task": [
        ("**The hundredth step.**", "**A late step.**"),
        (
            "gradient is 3 everywhere, AdaGrad has `lr=0.5`",
            "gradient is {slope} everywhere, AdaGrad has `lr={slope_rate}`",
        ),
        ("step number 100?", "step number {step}?"),
        ("$50x^2$, whose curvature is 100", "${half}x^2$, whose curvature is {curvature}"),
        ("constant `lr=0.04`", "constant `lr={ball_rate}`"),
        ("`b1=0.8`, `b2=0.9999` and `lr=0.03`", "`b1={b1}`, `b2={b2}` and `lr={first_rate}`"),
        ("it is 7.", "it is {gradient}."),
    ],
    "guesses": [
        ("0.5 * 3 / np.sqrt(100 * 3**2)", "{slope_rate} * {slope} / np.sqrt({step} * {slope}**2)"),
        ("0.04 / 2", "{ball_rate} / 2"),
        ("0.03 * 0.2 / np.sqrt(0.0001)", "{first_rate} * (1 - {b1}) / np.sqrt(1 - {b2})"),
    ],
    "parsons-task": reordered,
    "parsons": [("DGBFEAC", "{adam}")],
    "bugs-measure-text": [
        ("with a gradient of 1. How many", "with a gradient of 1, with `b2={printed_b2}`. How many"),
    ],
    "bugs-measured": [("np.ones(1), lr=1.0", "np.ones(1), lr=1.0, b2={printed_b2}")],
}

DROPPED = {"guess-run-text", "guess-run"}

KEYED = {
    "slope_step": Value(1e-4),
    "ball": Value(1e-4),
    "uncorrected": Value(1e-4),
    "lines": lines_of(adaptive_methods.lines),
    "printed_first": Value(1e-4),
}
