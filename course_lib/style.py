"""How everything looks: one colour, one dash, one marker for each method in every picture, still or live; and the rest.

No other module holds a colour. The page of a live figure gets its own from here; its style sheet follows JupyterLab's
theme.
"""

# Okabe and Ito (2008), darkened where a line on white would fall below a contrast of 3 to 1.
INK, BLUE, SKY, GREEN = "#222222", "#0060A8", "#3E9BDB", "#00896A"
AMBER, VERMILLION, PURPLE = "#C28A00", "#BC3900", "#C6609C"

# Heat maps from low to high: cividis, light where it is small. Landscapes from the valley to the heights.
HEAT = ["#fee838", "#ddc858", "#bbad6d", "#9a9376", "#7c7b78", "#60646f", "#424e6c", "#18376f", "#00224e"]
LAND = ["#f8fafc", "#edf1f6", "#dfe6ee", "#d3dce6", "#c9d3df"]
# Where runs end: a light colour for each place, and grey for nowhere.
PLACES, NOWHERE = ["#9cc4e8", "#f3c3a5", "#a8d8c2", "#f4e3a1"], "#d9dbde"

# About and under all that: the grid, plain curves, lines of equal height, and the sides of two classes.
GRID, GREY, LEVEL, SIDES = "#e6e6e6", "#8a8a8a", "#b4b4b4", ["#e3edf6", "#fbeadf"]
# The page of a live figure has a darker grey for its small words, and lines of equal height that let the land through.
PAGE = {"ink": INK, "grey": "#5f6874", "grid": "#eceef1", "frame": "#c9ced6", "level": "#4654684d", "beyond": NOWHERE}
# What a check says: right, or not yet.
RIGHT, WRONG = "#009E73", "#D55E00"

# As Matplotlib's linestyle: where to begin, then the lengths drawn and left out, in line widths.
SOLID, DASHED, DOTTED, LONG = (0, ()), (0, (5, 2)), (0, (1.5, 1.5)), (0, (10, 2))
DASHDOT = (0, (6, 1.5, 1.5, 1.5))

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
    "adamax": (GREEN, DOTTED, "^"),
    "radam": (SKY, DOTTED, "p"),
    "nadam": (BLUE, DOTTED, "<"),
    "nadam_constant": (BLUE, LONG, ">"),
    "lion": (AMBER, DASHED, "v"),
    "lamb": (PURPLE, DASHED, "s"),
    "muon": (PURPLE, LONG, "D"),
    "shampoo": (SKY, LONG, "P"),
    "schedule_free": (INK, LONG, "^"),
    "backtracking": (GREEN, DASHDOT, "D"),
    "newton": (INK, DASHED, "s"),
    "damped_newton": (INK, DOTTED, "D"),
    "saddle_free_newton": (INK, DASHDOT, "X"),
    "bfgs": (AMBER, DASHDOT, "o"),
    "lbfgs": (SKY, DASHED, "d"),
    "conjugate_gradients": (PURPLE, DASHDOT, "p"),
}
SCHEDULES = {  # schedule -> its look, in pictures without methods
    "constant": (INK, SOLID, "o"),
    "step_decay": (AMBER, SOLID, "s"),
    "exponential": (AMBER, DASHED, "D"),
    "inverse_time": (BLUE, SOLID, "^"),
    "inverse_sqrt": (SKY, DASHED, "v"),
    "cosine": (GREEN, SOLID, "P"),
    "warmup": (PURPLE, DASHED, "X"),
    "one_cycle": (VERMILLION, SOLID, "p"),
}
OWN = [(PURPLE, SOLID, "h"), (GREEN, LONG, "h"), (BLUE, DASHDOT, "h"), (AMBER, LONG, "h")]  # methods not in the table

# The values of one quantity, in their order: from light to dark, and a marker each.
RAMP = ["#C28A00", "#CB5F12", "#BC3900", "#97264F", "#6A1B6C", "#2E1158"]
RAMP_MARKERS = ["o", "s", "^", "D", "v", "P"]


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


def style_of(label):
    """(colour, dash, marker) of a label that begins with a method's or a schedule's name: `"momentum, beta = 0.5"`."""
    name = label.split(",")[0].split()[0] if label.strip(", ") else ""
    return (STYLE | SCHEDULES).get(name, OWN[0])


def styles(labels):
    """A style for each label, no two alike: its method's, or one of those kept for a learner's own."""
    found = []
    for label in labels:
        choice = [style_of(label), *OWN]
        found.append(next((style for style in choice if style not in found), choice[0]))
    return found


def ramp(n):
    """A style for each of n values in their order, from light to dark; ValueError if they are more than 6."""
    if n > len(RAMP):
        raise ValueError(f"of values in order at most {len(RAMP)} can be told apart by colour; got {n}")
    places = [round(i * (len(RAMP) - 1) / max(n - 1, 1)) for i in range(n)]
    return [(RAMP[place], DASHED if i % 2 else SOLID, RAMP_MARKERS[i]) for i, place in enumerate(places)]
