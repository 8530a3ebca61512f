"""Sheet 00: the set-up, a bet, words, one step, a mountain of one's own, a curve, an objective, an order."""

import re
import sys
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from inspect import signature
from pathlib import Path

import numpy as np

from course_lib.checks import draws
from course_lib.checks.calls import Blank, Nothing, stopped
from course_lib.checks.comparison import Wrong, is_blank, numbers, same, shown
from course_lib.checks.comparison import letters as letters
from course_lib.checks.exercise import Exercise, Like, Property, Rule, case, function, order, value
from course_lib.checks.report import Report, tell
from course_lib.checks.varied import Varied, choice
from course_lib.descent import descend, end
from course_lib.optimizers import adam, gd
from course_lib.surfaces import Surface, quadratic, quadratic_form

FOG, RACE, ASKED, TRIES = (
    "1. On a mountain, in the fog", "2. The race", "3. You get what you ask for", "4. Why not just try things?",
)  # fmt: skip


# 0.1

PACKAGES = {"numpy": (2, 0), "matplotlib": (3, 10, 8), "ipywidgets": (8, 1, 4), "anywidget": (0, 9, 21)}
MEND = f"This notebook runs on {sys.executable}: open it with course.py lab, or choose the course's kernel"


def too_old(name, found, low):
    """A complaint about a version, as numbers, below the lowest one that will do; or ""."""
    words = [".".join(map(str, numbers)) for numbers in (found, low)]
    return "" if found >= low else f"{name} is {words[0]}; the course needs {words[1]} or newer. {MEND}."


def package(name, low):
    try:
        return too_old(name, tuple(map(int, re.findall(r"\d+", version(name))[:3])), low)
    except PackageNotFoundError:
        return f"{name} is not installed for this kernel. {MEND}."


def library():
    """Whether course_lib is that of the course in which the notebook lies, if it lies in one, and computes."""
    found, around = Path(__file__).parents[1], [folder / "course_lib" for folder in Path.cwd().parents]
    here = next((folder for folder in around if folder.is_dir()), found)
    if not here.samefile(found):
        return f"course_lib comes from {found}, and not from {here}, beside this notebook. {MEND}."
    landed = end(gd, quadratic_form([[1.0]]), [8.0], 3, lr=0.5)[0]
    return "" if landed == 1.0 else f"Three halvings of 8 gave {landed}, not 1. Get a fresh copy of the course."


def setup():
    """Says whether the course is installed as it should be, and if not, how to mend it."""
    complaints = {"Python": too_old("Python", sys.version_info[:2], (3, 11))}
    complaints |= {name: package(name, low) for name, low in PACKAGES.items()}
    complaints["course_lib"] = library()
    report = Report("set-up", ": Python, the packages and the library are here, and it computes.")
    report.held = [name for name, complaint in complaints.items() if not complaint]
    if wrong := " ".join(filter(None, complaints.values())):
        report.wrong = Wrong(wrong)
    tell(report)


default = value(
    "0.1 Is everything here?", 0.999, points=1, read=FOG, tolerance=1e-10,
    mistakes=[
        (0.9, "this is b1; look for b2"),
        (1e-8, "this is eps; look for b2"),
        (Like(0.99, lambda value: 0 < value < 1), "the first line of the help has it: b2=..."),
    ],
    varied=Varied(
        {"argument": choice("b1", "eps"), "default": lambda rng, p: signature(adam).parameters[p["argument"]].default},
        {
            "setup-help": ["its argument `{argument:b2}`"],
            "default": [("default_b2 = None", "default = None"), ("default_b2 = 0.999", "default = {default}")],
            "check-default": [("default_b2", "default")],
        },
    ),
)  # fmt: skip


# 0.2

PLACEHOLDER = "your reason, in three words or more"


def is_number(value):
    return numbers(value) is not None and np.ndim(value) == 0 and not isinstance(value, bool)


bet = value(
    "0.2 Your first bet", points=1, read=RACE, passes=(22, "it jumps to the other side"),
    rules=[
        Rule("two things", lambda b, rng: isinstance(b, tuple | list) and len(b) == 2,
             "Two things are meant: (guess, because)."),
        Rule("a number of steps", lambda b, rng: is_number(b[0]) and b[0] >= 1,
             "For the guess a number of steps is meant: 1 or more, or np.inf for never."),
        Rule("a reason", lambda b, rng: isinstance(b[1], str) and len(b[1].split()) >= 3 and b[1] != PLACEHOLDER,
             "Say why, in three words or more of your own: a bet without a reason teaches only half."),
    ],
)  # fmt: skip


# 0.3

NAMED = {  # what each word names in the story, and the letters that are often taken for it
    "decision variables": ("A", {
        "B": "B: the weights are chosen, too, but by the training; here somebody chooses a network to train",
        "D": "D: the time follows from what is chosen; nobody can choose it directly",
        "F": "F is one choice; the decision variables are what is chosen",
        "G": "G is one choice; the decision variables are what is chosen",
        "C": "C follows from what is chosen; nobody can choose it directly",
    }),
    "objective": ("C", {
        "A": "A is what she chooses; the objective is the number that is to be as small as possible",
        "D": "D: a faster answer than needed is worth nothing here; another number is to be as small as possible",
        "H": "H is a value of the objective, reached by one network; the objective is what is measured",
        "E": "E is a condition: kept or not. An objective is a number to be made small",
    }),
    "constraint": ("E", {
        "D": "D is a quantity; a constraint says what it may be",
        "C": "C is what is to be made small; a constraint is kept or broken",
        "G": "G keeps the condition; the constraint is the condition itself",
    }),
    "feasible point": ("G", {
        "F": "F has the smaller error, and yet it is no choice: 90 ms is above 50 ms",
        "A": "A says what is chosen; a point is one choice, with its numbers",
        "E": "E is the condition; a feasible point is one choice that keeps it",
        "H": "H is a value of the objective; a point is a choice, with its numbers",
    }),
}  # fmt: skip
WORD = "".join(letter for letter, _ in NAMED.values())


def begins(start):
    """Answers that begin so: what a hint says is about the first letter that is wrong."""
    return Like((start + WORD[len(start) :]), lambda text: "".join(letters(text)).startswith(start))


parts = value(
    "0.3 Name the parts: the words", points=1, read=FOG, passes=WORD,
    mistakes=[
        (begins(WORD[:place] + letter), sentence)
        for place, (_, often) in enumerate(NAMED.values())
        for letter, sentence in often.items()
    ],
    rules=[
        Rule("four letters", lambda text, rng: len(letters(text)) == 4 and set(letters(text)) <= set("ABCDEFGH"),
             "Four letters from A to H are meant, in the order of the four words."),
        *(Rule(name, lambda text, rng, place=place, right=right: letters(text)[place] == right,
               f"Letter {place + 1} does not name the {name}.")
          for place, (name, (right, _)) in enumerate(NAMED.items())),
    ],
)  # fmt: skip

best_feasible = value(
    "0.3 Name the parts: the best feasible point", 3, points=1, read=FOG,
    mistakes=[
        (5, "it has the smallest error of all, but takes 90 ms: not feasible"),
        (4, "it misses the constraint by 1 ms, and a constraint is kept or broken"),
        (2, "it is feasible, but another feasible one has a smaller error"),
        (1, "it is the fastest, but the time is a constraint here, not the objective"),
        (Like(6, lambda n: n not in (1, 2, 3, 4, 5)), "the number of a network is meant, from 1 to 5"),
    ],
)  # fmt: skip


# 0.4

by_hand = value(
    "0.4 One step downhill: by hand", np.array([1.6, 0.4]), points=1, read=FOG, tolerance=1e-6,
    mistakes=[
        (np.array(wrong), sentence)
        for wrong, sentence in [
            ([2.4, 1.6], "this is a step uphill; the gradient is subtracted"),
            ([-2, -5], "the learning rate is missing: 0.1 times the gradient"),
            ([4, 6], "this is the gradient; the step is still to come"),
            ([0.4, 0.6], "this is 0.1 times the gradient; subtract it from the place"),
            ([-0.4, -0.6], "this is the step alone; add it to the place"),
            ([1.8, 0.7], "the derivative of x^2 is 2x, and that of 3y^2 is 6y"),
            ([1.8, 0.4], "the derivative of x^2 is 2x"),
            ([1.6, 0.7], "the derivative of 3y^2 is 6y"),
            ([1.6, 0.8], "the derivative of 3y^2 is 6y: the 3 stays"),
            ([1.8, 0.9], "this subtracts 0.1 times the place; the gradient is meant"),
            ([1.3, 0.3], "this subtracts 0.1 times the height; the gradient is meant, one slope for each coordinate"),
            ([1.6, 1], "both coordinates move, y by its own slope"),
            ([2, 0.4], "both coordinates move, x by its own slope"),
            ([0.4, 1.6], "the coordinates have changed places: first x, then y"),
        ]
    ],
    varied=Varied(
        {"in_x": choice(2, 4), "in_y": choice(3, 5, 6), "from_x": choice(1, 2, 3), "from_y": choice(1, 2, -1),
         "hand_rate": choice(0.01, 0.02, 0.2)},
        {
            "step-task": [("$f(x, y) = x^2 + 3y^2$", "$f(x, y) = {in_x}x^2 + {in_y}y^2$"),
                          "$({from_x:2}, {from_y:1})$", "Its learning rate is {hand_rate:0.1},"],
            "by-hand": [
                ("(1.6, 0.4)", "({from_x} * (1 - 2 * {in_x} * {hand_rate}), "
                 "{from_y} * (1 - 2 * {in_y} * {hand_rate}))"),
            ],
        },
    ),
)  # fmt: skip

X, G = np.array([1.0, 2.0]), np.array([0.5, -1.0])
MANY = np.linspace(-2, 2, 6).reshape(2, 3)  # three runs side by side


def walkers(rng):
    x, g = (draws.array(rng, shape) for shape in [draws.shape(rng)] * 2)
    return case("", x, g, lr=draws.number(rng, 0, 2))


def each_at_its_rate(rng):
    x, g = rng.normal(size=(2, draws.dimension(rng), 4)).round(2)
    return case("", x, g, lr=rng.uniform(0, 2, 4).round(3))


def runs(step, rng):
    return descend(step, quadratic(kappa=10), [1.0, 1.0], 2, lr=0.1) is not None


@function(
    "0.4 One step downhill: the function", points=2, read=FOG,
    withheld=["optimizers.gd", "optimizers.momentum", "optimizers.momentum_ema", "optimizers.nesterov"],
    cases=[
        case("one walker", X, G, lr=0.1),
        case("rate 0 stays", X, G, lr=0.0),
        case("a mountain of one coordinate", X[:1], G[:1], lr=0.5),
        case("three walkers side by side", MANY, MANY + 1, lr=0.3),
        case("three walkers, each with a rate of its own", MANY, MANY + 1, lr=np.array([0.1, 0.2, 0.5])),
    ],
    draw=[walkers, each_at_its_rate],
    parts={"new place x": "The walker arrives at its place minus the learning rate times the gradient."},
    rules=[Rule("it runs in descend", runs, "descend cannot run it: it needs the new place alone in a tuple.",
                says="It runs in descend.", weight=0.25, needs=0)],
    mistakes="""
        x - lr * g -> x + lr * g : this is a step uphill; the gradient is subtracted
            -> -lr * g : this is the step alone; add it to x
            -> lr * g : this is the length of the step; subtract it from x
            -> g - lr * x : x and g have changed places
            -> lr * (x - g) : the rate multiplies the gradient only
        lr * g -> g : the learning rate is missing
            -> 0.1 * g : the rate is lr, whatever it is, and not always 0.1
            -> lr * x : the gradient is missing: x was used in its place
            -> lr * np.sign(g) : the size of the gradient counts, not its sign alone
            -> lr * g / np.linalg.norm(g, axis=0) : do not divide by the length of the gradient
        (x - lr * g,) -> (np.array([x[0] - lr * g[0], x[1] - lr * g[1]]),)
            : it works for two coordinates only: x - lr * g does all at once
    """,
)  # fmt: skip
def step(x, g, *, lr):
    return (x - lr * g,)


# 0.5: whatever the mountain, its gradient is compared with differences of its own height

SIDE_BY_SIDE = "x and y hold one number for each place: np.sin, not math.sin; 3 + 0 * x, not 3; no if"


def places(f, rng, n):
    """Places in the window, shape (2, n), and the size of the window."""
    if f.d != 2:
        raise ValueError("a mountain has two coordinates")
    low, high = np.array(f.window, float).T[:, :, None]
    return low + (high - low) * rng.uniform(size=(2, n)), (high - low)[:, 0]


def asked(f, at, shape, what):
    """(what a function of places gives, as an array; None) or (None, what is `Wrong` with it, and a hint)."""
    many = at.ndim == 2
    try:
        got = f(at)
    except Nothing as nothing:
        raise Blank(f": the {what} is {nothing} (if you have written it: is it returned?)") from None
    except (TypeError, ValueError) as error:
        if "bitwise_xor" in str(error):
            return None, Wrong(stopped(error)), "a power is written x**2, not x^2"
        if not many:
            raise
        return None, Wrong(f"{stopped(error)} It was given {at.shape[1]} places side by side."), SIDE_BY_SIDE
    array, said = numbers(got), f"{at.shape[1]} places side by side" if many else "one place"
    if array is None or array.shape != shape:
        came = f"the shape {array.shape}" if array is not None else shown(got)
        wrong = Wrong(f"The {what} of {said} must have the shape {shape}; got {came}.")
        return None, wrong, SIDE_BY_SIDE if many else ""
    if not np.all(np.isfinite(array)):
        where = f"The {what} is not a finite number everywhere in the window. Choose another window."
        return None, Wrong(where), ""
    return array, None, ""


def differences(f, at, width):
    """The gradient as the height tells it: differences over a hundred-thousandth of the window."""
    slopes = []
    for axis in range(len(at)):
        h = np.zeros_like(at)
        h[axis] = 1e-5 * width[axis]
        slopes.append((f(at + h) - f(at - h)) / (2 * h[axis]))
    return np.array(slopes)


def allowed(slopes, heights):
    """How far a slope may be from its difference."""
    return 1e-5 * max(1.0, np.max(np.abs(slopes)), np.max(np.abs(heights)))


def slip(got, right, at, axis, close):
    """The usual mistake in one coordinate of a gradient."""
    g, r, name = got[axis], right[axis], "xy"[axis]
    factors = {
        0: f"the slope in {name} is missing",
        -1: "the sign: the gradient points uphill, where the height grows",
        2: "it is twice as large as it should be",
        0.5: "a factor 2 is missing: the derivative of x² is 2x",
    }
    for factor, words in factors.items():
        if close(g, factor * r):
            return words
    if close(got, right[::-1]):
        return "the slopes in x and in y have changed places"
    for term, shape in {"": np.ones_like(r), " " + name: at[axis], " " + "yx"[axis]: at[1 - axis]}.items():
        missing = r - g
        share = missing @ shape / (shape @ shape)
        if close(missing, share * shape):
            return f"a term is missing or wrong: with {share:.3g}{term} more the slope in {name} is right"
    return "take the derivative of each term by itself, the inner one of sin(2x) included"


def misfit(height, got, at, width, heights):
    """What is `Wrong` with a gradient, and the usual mistake that it is; or (None, "")."""
    right = differences(height, at, width)
    limit = allowed(right, heights)

    def close(a, b):
        return bool(np.all(np.abs(a - b) <= limit))

    if close(got, right):
        return None, ""
    axis, i = np.unravel_index(np.argmax(np.abs(got - right)), got.shape)
    said = f"Wrong slope in {'xy'[axis]} at {shown(at[:, i])}: by your height it is {right[axis, i]:.4g}, "
    hints = {slip(got, right, at, k, close) for k in range(2) if not close(got[k], right[k])}
    return Wrong(f"{said}your gradient says {got[axis, i]:.4g}."), "; ".join(sorted(hints))


def one_by_one(ask, at):
    return np.array([ask(place.copy()) for place in at.T], float).T


def is_there(f, rng):
    at, _ = places(f, rng, 12)
    heights, slopes = one_by_one(f.value, at), one_by_one(f.gradient, at)
    shaped = heights.shape == at.shape[1:] and slopes.shape == at.shape
    return shaped and np.all(np.isfinite(heights)) and np.all(np.isfinite(slopes)) and np.ptp(heights) > 0


def slope(*axes):
    def holds(f, rng):
        at, width = places(f, rng, 12)
        slopes = one_by_one(f.gradient, at)
        right = np.array([differences(f.value, place, width) for place in at.T]).T
        off = np.abs(slopes - right)[list(axes)]
        return slopes.shape == at.shape and np.all(off <= allowed(right, one_by_one(f.value, at)))

    return holds


def side_by_side(f, rng):
    at, _ = places(f, rng, rng.integers(3, 15))
    alike = all(same(ask(at.copy()), one_by_one(ask, at), 1e-8) for ask in (f.value, f.gradient))
    return alike and slope(0, 1)(f, rng)


def intact(f, rng):
    at, _ = places(f, rng, 12)
    before = at.copy()
    f.value(at), f.gradient(at)
    return np.array_equal(at, before) and side_by_side(f, rng)


@dataclass(frozen=True, kw_only=True)
class Mountain(Exercise):
    """An exercise whose answer is a Surface: any, if its gradient is that of its height."""

    right: Surface

    def examine(self, f, report, watch):
        if is_blank(f):
            raise Blank
        if not isinstance(f, Surface) or f.d != 2:
            report.wrong = Wrong(f"A Surface of two coordinates is meant: got {shown(f)}.")
            return
        height, gradient = watch.over(f.value), watch.over(f.gradient)
        at, width = places(f, np.random.default_rng(), 40)
        before, got = at.copy(), {}
        for what, ask, where, shape in [
            ("height", height, at[:, 0].copy(), ()), ("height", height, at, (40,)),
            ("gradient", gradient, at[:, 0].copy(), (2,)), ("gradient", gradient, at, (2, 40)),
        ]:  # fmt: skip
            got[what], report.wrong, report.hint = asked(ask, where, shape, what)
            if report.wrong:
                return
            report.held.append(f"the {what} of {'many places' if where is at else 'one place'}")
        if not np.array_equal(at, before):
            report.wrong = Wrong("p was changed in place: make new arrays.")
            return
        if not np.allclose(got["height"], one_by_one(height, at), rtol=1e-9, atol=1e-12):
            report.wrong, report.hint = Wrong("Heights side by side differ from those alone."), SIDE_BY_SIDE
            return
        report.held.append("each place has its own height")
        if np.ptp(got["height"]) == 0:
            report.wrong = Wrong("The same height everywhere: nobody could race here.")
            return
        report.wrong, report.hint = misfit(height, got["gradient"], at, width, got["height"])

    def hidden(self):
        return [
            Property("Each place in the window has a height and two slopes, finite, and not all the same height.",
                     is_there),
            Property("The slope in x is that of the height.", slope(0), needs=0),
            Property("The slope in y is that of the height.", slope(1), needs=0),
            Property("Many places side by side have the heights and slopes that each has alone.", side_by_side,
                     needs=0),
            Property("Height and slopes change nothing in place.", intact, 0.5, needs=0),
        ]  # fmt: skip


def bowl(p):
    x, y = p
    return x**2 / 4 + y**2 + x * y / 2


mountain = Mountain(
    title="0.5 A mountain of your own", points=3, read=FOG,
    right=Surface("a bowl", bowl, lambda p: np.array([p[0] / 2 + p[1] / 2, 2 * p[1] + p[0] / 2]), (2.5, 2),
                  ((-4, 4), (-3, 3))),
)  # fmt: skip


# 0.6

first_below = value(
    "0.6 Read a curve: the step", 39, points=1, read=RACE,
    mistakes=[
        (38, "after step 38 the walker is still above 0.001"),
        (40, "the start is step 0: heights[0] is the height before any step"),
        (60, "this is the last step"),
        (Like(0.00095, lambda value: 0 < value < 1), "this is a height; the number of the step is meant"),
    ],
    varied=Varied(
        {"kappa": choice(6, 7, 9, 11), "curve_rate": choice(0.4, 0.6, 0.7)},
        {"curve": ["kappa={kappa:10}", "lr={curve_rate:0.5}"]},
    ),
)  # fmt: skip

share = value(
    "0.6 Read a curve: the share", 1 - 0.95**2, points=1, read=RACE, tolerance=1e-3,
    mistakes=[
        (0.95**2, "this is what a step leaves; the share that it removes is meant"),
        (0.05, "this is the share of the distance; the height is its square"),
        (1 - 0.95**40, "this is what 20 steps remove together, and not one"),
        (Like(-0.1026, lambda value: 0.0443 <= abs(value) <= 0.0452 or abs(abs(value) - 0.1026) < 5e-4),
         "this is the slope of the logarithm; the share is 1 minus what a step leaves"),
        ((1 - 0.95**40) / 20, "shares do not add up, they multiply: take the 20th root of what is left"),
        (9.75, "this is in percent; a share is a number from 0 to 1"),
        (0.1, "a good guess from the picture; heights gives three digits"),
        (Like(0.3, lambda value: 0.13 < value < 1), "take two steps in the straight part of the curve, as 20 and 40"),
    ],
    varied=Varied(),  # with the curve
)  # fmt: skip


# 0.7

ILL = (np.arange(1000) % 100 == 37).astype(int)
NOBODY, EVERYBODY = np.zeros_like(ILL), np.ones_like(ILL)
USEFUL = ((np.arange(1000) % 20 == 17) & (np.arange(1000) != 37)).astype(int)  # 9 of the 10 ill, 40 of 990 healthy


def people(rng):
    """Some who are ill and some who are not, in any order, and what a test says of them: now and then all the same."""
    y = rng.permutation(np.repeat([1, 0], rng.integers(1, [8, 30], dtype=int)))
    predicted = rng.integers(2, size=len(y), dtype=int) if rng.integers(6) else np.full(len(y), rng.integers(2))
    return case("", y, predicted)


@function(
    "0.7 The wrong objective: a better one", points=2, read=ASKED, whole=True,
    says="It is the mean of the two shares of wrong answers.",
    cases=[
        case("a useful test", ILL, USEFUL),
        case("nobody is ill", ILL, NOBODY),
        case("everybody is ill", ILL, EVERYBODY),
        case("no mistake", ILL, ILL),
        case("one ill, one healthy", np.array([1, 0]), np.array([1, 1])),
    ],
    draw=people,
    mistakes="""
        (missed + alarmed) / 2 -> np.mean(y != predicted)
            : this is the share of wrong answers, the objective that likes the useless test
            -> np.mean(y == predicted) : this is the share of right answers, which cannot tell the tests apart
            -> 1 - (missed + alarmed) / 2 : an objective is made small; this is large for a good test
            -> missed + alarmed : the mean of the two shares is meant, not their sum
            -> missed : this counts the ill that are missed; the healthy that are alarmed count, too
            -> alarmed : this counts the healthy that are alarmed; the ill that are missed count, too
            -> np.mean(y != predicted) / 2
                : each share is of its own group: divide by the number of the ill, and of the healthy, not of all
            -> missed + alarmed / 2 : add both shares first, in brackets, then halve
            -> 50 * (missed + alarmed) : this is in percent; a number from 0 to 1 is meant
            -> np.sum(y != predicted) / 2 : these are counts; divide each by the size of its group
            -> np.sum((y == 1) & (predicted != 1)) / 20 + np.sum((y == 0) & (predicted != 0)) / 1980
                : there are not always 10 ill and 990 healthy: count them in y
        predicted[y == 1] == 0 -> y[predicted == 0] == 1 ;; predicted[y == 0] == 1 -> y[predicted == 1] == 0
            : the shares are of the ill and of the healthy, predicted[y == 1], not of the alarms, y[predicted == 1]
            -> predicted[y == 1] == 1 : to call an ill person ill is no mistake
        predicted[y == 0] == 1 -> predicted[y == 0] == 0 : to call a healthy person healthy is no mistake
    """,
)  # fmt: skip
def balanced_error(y, predicted):
    missed = np.mean(predicted[y == 1] == 0)
    alarmed = np.mean(predicted[y == 0] == 1)
    return (missed + alarmed) / 2


useless = value(
    "0.7 The wrong objective: a counterexample", points=1, read=ASKED, passes=np.eye(1000, dtype=int)[37],
    rules=[
        Rule("an answer for each person", lambda p, rng: np.shape(p) == ILL.shape and set(np.unique(p)) <= {0, 1},
             "1,000 answers are meant, each of them 0 or 1."),
        Rule("it gives an alarm", lambda p, rng: np.sum(p) > 0,
             "Without any alarm the share of the false ones is 0/0. One true alarm is enough."),
        Rule("no alarm is false", lambda p, rng: not np.any((np.asarray(p) == 1) & (ILL == 0)),
             "Some alarms are false: a 1 stands where y is 0."),
        Rule("it misses the ill", lambda p, rng: np.sum(ILL * np.asarray(p)) <= 1,
             "It finds more than one of the ten. Too good: make it worse, and the objective will not notice."),
    ],
    varied=Varied(
        {"ill": lambda rng, p: int(rng.integers(3, 97)), "useful": lambda rng, p: p["ill"] % 20},
        {"tests": ["% 100 == {ill:37}", "% 20 == {useful:17}", "!= {ill:37}"], "useless": ["useless[{ill:37}]"]},
        back=lambda answer, p: np.roll(answer, 37 - p["ill"]),
    ),
)  # fmt: skip


# 0.8

search = order(
    "0.8 Random search, in order", "CGEBFDHA", points=1, read=TRIES, needs="""
    C < G, E, B, F, D, H, A : a function begins with its line def, and what is indented belongs to it
    G < E : in the loop, G would forget at each try what length has proved good
    E < B, F, D, H : this line is indented twice: it is done at each try, below the line for
    B < F : F looks at a trial that has not been made yet
    F < D : D asks whether it was better before F has looked
    F < H : H asks whether it was better before F has looked
    D, H < A : after A nothing is done any more
    """,
)  # fmt: skip
