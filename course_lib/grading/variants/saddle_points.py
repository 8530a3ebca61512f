"""Sheet 06 with other numbers: the three guesses (6.2), the letters of the proof (6.7), the network's layer (6.9)."""

from ...checks import saddle_points
from . import Value, choice, lines_of, permutation, renamed, reordered

TERMS = {"+ 3z^2 + 4xy": 1, "- 5z^2 + xy": 1, "+ z^2 + xy": 0, "+ 2z^2 - 6xy": 1, "+ 4z^2 - xy": 0}  # and ways out

PARAMETERS = {
    "terms": choice(*TERMS),
    "ways": lambda rng, p: TERMS[p["terms"]],
    "end": choice(2, 3, 4),
    "slope": lambda rng, p: 3 * p["end"] ** 2,
    "power": choice(5, 6),
    "near": choice(0.01, 0.025),
    "lines": permutation("ABCDEFG"),
    "proof": lambda rng, p: renamed("DFCAGEB", p),
    "hidden": choice(3, 5, 6),
}

CELLS = {
    "guess-task": [
        ("x^2 + y^2 - 3z^2 + 4xy", "x^2 + y^2 {terms}"),
        (
            "x^3 - 3x$ has a maximum at $-1$ and a minimum at $1$",
            "x^3 - {slope}x$ has a maximum at $-{end}$ and a minimum at ${end}$",
        ),
        ("**Ten times as near.**", "**Nearer.**"),
        ("x^2 - y^4", "x^2 - y^{power}"),
        ("from $y = 0.005$", "from $y = {near}$"),
    ],
    "guesses": [
        ("ways = 2", "ways = {ways}"),
        ("newton_end = -1", "newton_end = -{end}"),
        ("times = 100", "times = (0.05 / {near}) ** ({power} - 2)"),
    ],
    "parsons-task": reordered,
    "parsons": [("DFCAGEB", "{proof}")],
    "network-guess-text": [("of **4** units", "of **{hidden}** units")],
    "network-data": [
        ("Network((2, 4, 3))", "Network((2, {hidden}, 3))"),
        ("Network((2, 4, 1))", "Network((2, {hidden}, 1))"),
    ],
}

DROPPED = {"guess-run-text", "guess-run", "parsons-run-text", "parsons-run"}

KEYED = {
    "ways": Value(1e-9),
    "newton_end": Value(1e-2),
    "times": Value(0.05),
    "proof": lines_of(saddle_points.proof),
    "ways_clouds": Value(1e-9),
}
