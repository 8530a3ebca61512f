"""How each method looks in every picture of the course, still or live: one colour, one dash, one marker."""

# Okabe and Ito (2008), darkened where a line on white would fall below a contrast of 3 to 1.
INK, BLUE, SKY, GREEN = "#222222", "#0060A8", "#3E9BDB", "#00896A"
AMBER, VERMILLION, PURPLE = "#C28A00", "#BC3900", "#C6609C"

# Lengths drawn and left out, in line widths, as Matplotlib's linestyle (0, dash) and a canvas's line dash want them.
SOLID, DASHED, DOTTED, DASHDOT, LONG = (), (5, 2), (1.5, 1.5), (6, 1.5, 1.5, 1.5), (10, 2)

STYLE = {  # method -> (colour, dash, marker as Matplotlib names it); the star is kept for minima
    "gd": (INK, SOLID, "o"),
    "momentum": (BLUE, SOLID, "s"),
    "momentum_ema": (BLUE, DASHED, "d"),
    "nesterov": (SKY, SOLID, "^"),
    "adagrad": (GREEN, SOLID, "v"),
    "adadelta": (GREEN, DASHED, "<"),
    "rmsprop": (AMBER, SOLID, "D"),
    "adam": (VERMILLION, SOLID, "P"),
    "adamw": (VERMILLION, DASHED, "X"),
    "amsgrad": (VERMILLION, DOTTED, ">"),
    "adamax": (VERMILLION, DASHDOT, "^"),
    "radam": (VERMILLION, LONG, "p"),
    "nadam": (AMBER, DASHED, "<"),
    "nadam_constant": (AMBER, DOTTED, ">"),
    "lion": (PURPLE, DASHED, "v"),
    "lamb": (PURPLE, DOTTED, "s"),
    "muon": (PURPLE, DASHDOT, "D"),
    "schedule_free": (PURPLE, LONG, "o"),
    "newton": (INK, DASHED, "s"),
    "damped_newton": (INK, DOTTED, "D"),
    "saddle_free_newton": (INK, DASHDOT, "X"),
    "bfgs": (SKY, DASHED, "o"),
    "lbfgs": (SKY, DOTTED, "d"),
    "conjugate_gradients": (SKY, DASHDOT, "p"),
}
OWN = [(PURPLE, SOLID, "h"), (GREEN, LONG, "h"), (BLUE, DASHDOT, "h"), (INK, LONG, "h")]  # methods not in the table


def name_of(method):
    """The name of a step function, also of one that `functools.partial` has filled in."""
    while hasattr(method, "func"):
        method = method.func
    return getattr(method, "__name__", type(method).__name__)


def named(methods):
    """{label: method} of some methods, in their order; a second one of the same name gets a number behind it.

    methods: a method, an iterable of them, or a dict {label: method}, which comes back as it is.
    """
    if isinstance(methods, dict):
        return dict(methods)
    table = {}
    for method in [methods] if callable(methods) else methods:
        name, count = name_of(method), 2
        label = name
        while label in table:
            label, count = f"{name} {count}", count + 1
        table[label] = method
    return table


def styles(labels):
    """The style of each label, in order: the table's for a name in it, else the next one kept for a learner's own."""
    own = 0
    found = []
    for label in labels:
        found.append(STYLE.get(label) or OWN[own % len(OWN)])
        own += label not in STYLE
    return found
