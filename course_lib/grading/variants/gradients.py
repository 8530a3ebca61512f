"""Sheet 02 with other numbers: the three guesses (2.2), and the function whose U has its bottom elsewhere (2.3)."""

from . import Value, choice

PARAMETERS = {
    "curvature": choice(2, 3, 5),
    "rate": choice(0.3, 0.45, 0.55),
    "steep": choice(8, 16, 25, 36),
    "parameters": choice(300_000, 500_000, 2_000_000, 3_000_000),
    "parameters_said": lambda rng, p: f"{p['parameters']:,}",
    "stretch": choice(0.05, 4, 5, 10),
}

CELLS = {
    "guess-task": [
        (r"curvature 4, with $\eta = 0.4$", r"curvature {curvature}, with $\eta = {rate}$"),
        ("(9x^2 + y^2)", "({steep}x^2 + y^2)"),
        ("1,000,000 parameters", "{parameters_said} parameters"),
    ],
    "guesses": [
        ("1 - 0.4 * 4", "1 - {rate} * {curvature}"),
        ("2 / 9", "2 / {steep}"),
        ("1_000_001 /", "({parameters} + 1) /"),
    ],
    "central-measure-text": [
        (r"$f(x) = e^{x/2}$", r"$f(x) = e^{{stretch}x}$"),
        (r"$\frac12e^{x/2}$", r"${stretch}e^{{stretch}x}$"),
    ],
    "central-mean": [
        ("differences of exp(x / 2)", "differences of exp({stretch} * x)"),
        ("np.exp(x[0] / 2)", "np.exp({stretch} * x[0])"),
        ("np.exp(places / 2) / 2", "{stretch} * np.exp({stretch} * places)"),
    ],
}

DROPPED = {"guess-run-text", "guess-run"}

KEYED = {"factor": Value(1e-3), "edge": Value(1e-3), "days": Value(0.01), "best_exponent": Value(1e-9)}
