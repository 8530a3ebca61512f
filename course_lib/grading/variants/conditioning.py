"""Sheet 07 with other numbers: the guesses (7.1), where Newton's method throws (7.7), the proof's letters (7.8)."""

from ...checks import conditioning
from . import Through, Value, choice, lines_of, number, permutation, renamed, reordered

LISTS = {"2 and 50": 2, "1, 5, 20 and 80": 4, "1, 3, 9, 27 and 81": 5, "1, 2, 4, 8, 16 and 32": 6}  # of curvatures

PARAMETERS = {
    "kappa": choice(50, 80, 120, 400, 500),
    "correlation": choice(0.5, 0.6, 0.7, 0.8, 0.95),
    "curvatures": choice(*LISTS),
    "different": lambda rng, p: LISTS[p["curvatures"]],
    "zoom": choice(2, 4, 5),
    "far": number(lambda p: 1.1 * p["zoom"]),
    "inside": lambda rng, p: 10 * p["zoom"],
    "outside": lambda rng, p: 100 * p["zoom"],
    "lines": permutation("ABCDEF"),
    "proof": lambda rng, p: renamed("DBFACE", p),
}


def told_anew(source, p):
    """The task of the proof: its lines reordered, and the sentence that speaks of them by their letters."""
    said = 'In line A, "it" is line F with line B put in.'
    if source.count(said) != 1:
        raise ValueError(f"the task of the proof must say this once: {said}")
    a, f, b = (renamed(letter, p) for letter in "AFB")
    return reordered(source, p).replace(said, f'In line {a}, "it" is line {f} with line {b} put in.')


CELLS = {
    "guess-task": [
        (r"$\kappa = 200$", r"$\kappa = {kappa}$"),
        ("correlation 0.9", "correlation {correlation}"),
        ("the curvatures 1, 10 and 100 and no others", "the curvatures {curvatures} and no others"),
    ],
    "guesses": [
        ("1 - 1 / 200", "1 - 1 / {kappa}"),
        ("(1 + 0.9) / (1 - 0.9)", "(1 + {correlation}) / (1 - {correlation})"),
        ("lines = 3", "lines = {different}"),
    ],
    "counter-task": [
        ("above 0 on all of $[-10, 10]$", "above 0 on all of $[-{inside}, {inside}]$"),
        ("- arrives at 0 from $x = 1$ (25 steps)", "- arrives at 0 from $x = {zoom}$ (25 steps)"),
        ("- from $x = 1.1$ leaves $[-100, 100]$", "- from $x = {far}$ leaves $[-{outside}, {outside}]$"),
    ],
    "counter": [
        ("return np.tanh(x)  # f(x) = log cosh x", "return np.tanh(x / {zoom})"),
        ("return 1 / np.cosh(x) ** 2", "return 1 / np.cosh(x / {zoom}) ** 2 / {zoom}"),
    ],
    "change-task": told_anew,
    "order": [("DBFACE", "{proof}")],
}

DROPPED = {"guess-run-text", "guess-run", "counter-figure"}


def in_open_terms(pair, p):
    """The slope and the curvature as they would be in coordinates in which the nearer start is 1."""
    slope, bend = pair
    return lambda x: slope(p["zoom"] * x), lambda x: p["zoom"] * bend(p["zoom"] * x)


KEYED = {
    "steps": Value(0.05),
    "correlated": Value(0.01),
    "lines": Value(1e-9),
    "thrower": Through(conditioning.thrower, in_open_terms),
    "proof": lines_of(conditioning.proof),
}
