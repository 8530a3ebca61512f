"""Sheet 03 with other numbers: the three guesses (3.2), the letters of the proof (3.6), the measured eighth (3.9)."""

from ...checks import sgd_variants
from . import Value, choice, lines_of, number, permutation, renamed, reordered

PARAMETERS = {
    "floor_rate": choice(0.25, 0.5, 0.8),
    "variance": choice(6, 9, 16),
    "size": choice(8, 32, 64),
    "quiet": choice(0.2, 0.3, 0.4),
    "times": choice(2, 3, 5),
    "noise": number(lambda p: p["quiet"] * p["times"]),
    "old": choice(16, 24, 64),
    "old_rate": choice(0.01, 0.02, 0.03),
    "new": lambda rng, p: p["old"] * choice(2, 8)(rng, p),
    "lines": permutation("ABCDEFG"),
    "proof": lambda rng, p: renamed("BFDCGEA", p),
    "decay": choice(0.2, 0.05, 0.02, 0.025),
}

CELLS = {
    "guess-task": [
        (
            r"mean square $\sigma^2 = 4$, constant rate $\eta = 0.4$",
            r"mean square $\sigma^2 = {variance}$, constant rate $\eta = {floor_rate}$",
        ),
        (
            "Batches of 16 have a noise of 0.8. How large must a batch be for a noise of 0.1?",
            "Batches of {size} have a noise of {noise}. How large must a batch be for a noise of {quiet}?",
        ),
        ("batch 32, rate 0.05. You want batch 128", "batch {old}, rate {old_rate}. You want batch {new}"),
    ],
    "guesses": [
        ("0.4 / (2 - 0.4) * 4", "{floor_rate} / (2 - {floor_rate}) * {variance}"),
        ("16 * (0.8 / 0.1) ** 2", "{size} * {times} ** 2"),
        ("0.05 * 128 / 32", "{old_rate} * {new} / {old}"),
    ],
    "parsons-task": reordered,
    "parsons": [("BFDCGEA", "{proof}")],
    "exponential-reproduce-text": [("Take `k = 0.1`.", "Take `k = {decay}`.")],
    "exponential-measured": [("rate_as_printed(1.0, t, 0.1)", "rate_as_printed(1.0, t, {decay})")],
}

DROPPED = {"guess-run-text", "guess-run"}

KEYED = {
    "floor": Value(1e-3),
    "batch": Value(1e-3),
    "rate": Value(1e-3),
    "proof": lines_of(sgd_variants.proof),
    "eighth": Value(1e-9),
}
