"""Checks of sheet 00: the set-up, a bet, words, one step, a mountain of one's own, a curve, an objective, an order."""

import re
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np

from course_lib.checks import Blank, Check, answer, case, function, is_blank, letters, numbers, order, shown, stopped
from course_lib.descent import end
from course_lib.optimizers import gd
from course_lib.surfaces import Surface, quadratic_form

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


def look_around(_):
    yield "Python", too_old("Python", sys.version_info[:2], (3, 11))
    for name, low in PACKAGES.items():
        yield name, package(name, low)
    yield "course_lib", library()


def setup():
    """Says whether the course is installed as it should be, and if not, how to mend it."""
    Check("set-up", look_around, ": Python, the packages and the library are here, and it computes.")(True)


default = answer(
    "0.1 Is everything here?",
    0.999,
    mistakes=[
        (0.9, "this is b1; look for b2"),
        (1e-8, "this is eps; look for b2"),
        (lambda value: 0 < value < 1, "the first line of the help has it: b2=..."),
    ],
    tolerance=1e-9,
)


# 0.2


def is_number(value):
    return numbers(value) is not None and np.ndim(value) == 0 and not isinstance(value, bool)


bet = answer(
    "0.2 Your first bet",
    rules=[
        (
            "",
            lambda b: isinstance(b, tuple | list) and len(b) == 2,
            "Two things are meant: (guess, because).",
        ),
        (
            "a number of steps",
            lambda b: is_number(b[0]) and b[0] >= 1,
            "The guess is a number of steps: 1 or more, or np.inf for never.",
        ),
        (
            "a reason",
            lambda b: isinstance(b[1], str) and len(b[1].split()) >= 3,
            "Say why, in three words or more: a bet without a reason teaches only half.",
        ),
    ],
)


# 0.3


def named_part(place, right, part, **mistakes):
    """Rules for one letter of an answer: wrong letters that have a message of their own, then the right one."""

    def at(text):
        return letters(text)[place]

    wrong = [("", lambda text, letter=letter: at(text) != letter, words) for letter, words in mistakes.items()]
    return [*wrong, (part, lambda text: at(text) == right, f"Letter {place + 1} does not name the {part}.")]


parts = answer(
    "0.3 Name the parts: the words",
    rules=[
        (
            "",
            lambda text: len(letters(text)) == 4 and set(letters(text)) <= set("ABCDEFGH"),
            "Four letters from A to H are meant, in the order of the four words.",
        ),
        *named_part(
            0,
            "A",
            "decision variables",
            B="B: the weights are chosen, too, but by the training; here somebody chooses a network to train.",
            D="D: the time follows from what is chosen; nobody can choose it directly.",
            F="F is one choice; the decision variables are what is chosen.",
            G="G is one choice; the decision variables are what is chosen.",
            C="C follows from what is chosen; nobody can choose it directly.",
        ),
        *named_part(
            1,
            "C",
            "objective",
            A="A is what she chooses; which number is to be as small as possible?",
            D="D: a faster answer than needed is worth nothing here; which number is to be as small as possible?",
            H="H is a value of the objective, reached by one network; the objective is what is measured.",
            E="E is a condition: kept or not. An objective is a number to be made small.",
        ),
        *named_part(
            2,
            "E",
            "constraint",
            D="D is a quantity; a constraint says what it may be.",
            C="C is what is to be made small; a constraint is kept or broken.",
            G="G keeps the condition; the constraint is the condition itself.",
        ),
        *named_part(
            3,
            "G",
            "feasible point",
            F="F has the smaller error, and yet it is no choice: 90 ms is above 50 ms.",
            A="A says what is chosen; a point is one choice, with its numbers.",
            E="E is the condition; a feasible point is one choice that keeps it.",
            H="H is a value of the objective; a point is a choice, with its numbers.",
        ),
    ],
)

best_feasible = answer(
    "0.3 Name the parts: the best feasible point",
    rules=[
        ("", lambda n: is_number(n) and n in (1, 2, 3, 4, 5), "A number is meant: that of a network, from 1 to 5."),
        ("", lambda n: n != 5, "It has the smallest error of all, but takes 90 ms: not feasible."),
        ("", lambda n: n != 4, "It misses the constraint by 1 ms, and a constraint is kept or broken."),
        ("", lambda n: n != 2, "It is feasible, but another feasible one has a smaller error."),
        ("", lambda n: n != 1, "It is the fastest, but the time is a constraint here, not the objective."),
    ],
)


# 0.4

by_hand = answer(
    "0.4 One step downhill: by hand",
    np.array([1.6, 0.4]),
    mistakes=[
        ([2.4, 1.6], "this is a step uphill; the gradient is subtracted"),
        ([-2, -5], "the learning rate is missing: 0.1 times the gradient"),
        ([4, 6], "this is the gradient; the step is still to come"),
        ([0.4, 0.6], "this is 0.1 times the gradient; subtract it from the place"),
        ([-0.4, -0.6], "this is the step alone; add it to the place"),
        ([1.8, 0.7], "the derivative of x^2 is 2x, and that of 3y^2 is 6y"),
        ([1.6, 0.7], "the derivative of 3y^2 is 6y"),
        ([1.6, 0.8], "the derivative of 3y^2 is 6y: the 3 stays"),
        ([1.8, 0.9], "this subtracts 0.1 times the place; the gradient is meant"),
        ([1.3, 0.3], "this subtracts 0.1 times the height; the gradient is meant, one slope for each coordinate"),
        ([1.6, 1], "both coordinates move, y by its own slope"),
        ([2, 0.4], "both coordinates move, x by its own slope"),
    ],
    tolerance=1e-9,
)

X, G = np.array([1.0, 2.0]), np.array([0.5, -1.0])
MANY = np.linspace(-2, 2, 6).reshape(2, 3)  # three runs side by side


def moved(step):
    """A step of exercise 0.4 from what it makes of x, g and lr."""
    return lambda x, g, *, lr: (step(x, g, lr),)


step = function(
    "0.4 One step downhill: the function",
    moved(lambda x, g, r: x + -r * g),
    [
        case("one walker", X, G, lr=0.1),
        case("rate 0 stays", X, G, lr=0.0),
        case("three walkers side by side", MANY, MANY + 1, lr=0.3),
        case("three walkers, each with a rate of its own", MANY, MANY + 1, lr=np.array([0.1, 0.2, 0.5])),
    ],
    fresh=lambda rng: case("", *rng.normal(size=(2, 2)), lr=rng.uniform(0.01, 1)),
    parts=("new place x",),
    mistakes=[
        (moved(lambda x, g, r: x + r * g), "this is a step uphill; the gradient is subtracted"),
        (moved(lambda x, g, r: x - g), "the learning rate is missing"),
        (moved(lambda x, g, r: x - 0.1 * g + 0 * r), "the rate is lr, whatever it is, and not always 0.1"),
        (moved(lambda x, g, r: -r * g), "this is the step alone; add it to x"),
        (moved(lambda x, g, r: r * g), "this is the length of the step; subtract it from x"),
        (moved(lambda x, g, r: g - r * x), "x and g have changed places"),
        (moved(lambda x, g, r: x - r * x), "the gradient is missing: x was used in its place"),
        (moved(lambda x, g, r: r * (x - g)), "the rate multiplies the gradient only"),
        (moved(lambda x, g, r: x - r * np.sign(g)), "the size of the gradient counts, not its sign alone"),
        (moved(lambda x, g, r: x - r * g / np.linalg.norm(g, axis=0)), "do not divide by the length of the gradient"),
    ],
)


# 0.5: whatever the mountain, its gradient is compared with differences of its own height

SIDE_BY_SIDE = "x and y hold one number for each place: np.sin, not math.sin; 3 + 0 * x, not 3; no if"


def asked(f, places, shape, what):
    """(what a function of places gives, as an array; "") or (None, what is wrong with it)."""
    many = places.ndim == 2
    try:
        got = f(places)
    except (TypeError, ValueError) as error:
        if "bitwise_xor" in str(error):
            return None, f"{stopped(error)} Hint: a power is written x**2, not x^2."
        if not many:
            raise
        return None, f"{stopped(error)} It was given {places.shape[1]} places side by side. Hint: {SIDE_BY_SIDE}."
    if is_blank(got):
        raise Blank(f": the {what} is {got!r}")
    array, places_said = numbers(got), f"{places.shape[1]} places side by side" if many else "one place"
    if array is not None and array.shape == shape:
        return array, ""
    came = f"the shape {array.shape}" if array is not None else shown(got)
    hint = f" Hint: {SIDE_BY_SIDE}." if many else ""
    return None, f"The {what} of {places_said} must have the shape {shape}; got {came}.{hint}"


def differences(f, places, width):
    """The gradient as the height tells it: differences over a hundred-thousandth of the window."""
    slopes = []
    for axis in range(len(places)):
        h = np.zeros_like(places)
        h[axis] = 1e-5 * width[axis]
        slopes.append((f(places + h) - f(places - h)) / (2 * h[axis]))
    return np.array(slopes)


def slip(got, right, places, axis, close):
    """The usual mistake in one coordinate of a gradient, as a hint, or ""."""
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
    for term, shape in {"": np.ones_like(r), " " + name: places[axis], " " + "yx"[axis]: places[1 - axis]}.items():
        missing = r - g
        share = missing @ shape / (shape @ shape)
        if close(missing, share * shape):
            return f"a term is missing or wrong: with {share:.3g}{term} more the slope in {name} is right"
    return "take the derivative of each term by itself, the inner one of sin(2x) included"


def climb(f):
    """Looks at a learner's mountain, the most basic things first, and stops at the first that is wrong."""
    if is_blank(f):
        raise Blank
    if not isinstance(f, Surface) or f.d != 2:
        yield "", f"A Surface of two coordinates is meant: got {shown(f)}."
        return
    low, high = np.array(f.window, float).T[:, :, None]
    places = low + (high - low) * np.random.default_rng().uniform(size=(2, 40))
    before = places.copy()
    one, many = places[:, 0].copy(), places
    for what, ask, at, shape in [
        ("height", f.value, one, ()),
        ("height", f.value, many, (40,)),
        ("gradient", f.gradient, one, (2,)),
        ("gradient", f.gradient, many, (2, 40)),
    ]:
        got, complaint = asked(ask, at, shape, what)
        if not complaint and not np.all(np.isfinite(got)):
            complaint = f"The {what} is not a finite number everywhere in the window. Choose another window."
        yield f"the {what} of {'many places' if at is many else 'one place'}", complaint
        if complaint:
            return
    heights = f.value(many)
    alone = np.array([f.value(places[:, i]) for i in range(40)])
    yield "", "" if np.array_equal(places, before) else "p was changed in place: make new arrays."
    together = np.allclose(heights, alone, rtol=1e-9, atol=1e-12)
    yield "each place has its own height", "" if together else f"Heights side by side differ. Hint: {SIDE_BY_SIDE}."
    yield "it is not flat", "" if np.ptp(heights) > 0 else "The same height everywhere: nobody could race here."
    yield "the gradient fits the height", misfit(f.value, got, places, (high - low)[:, 0], np.max(np.abs(heights)))


def misfit(height, got, places, width, highest):
    """What is wrong with a gradient, in a sentence, with the usual mistake if it is one; or ""."""
    right = differences(height, places, width)
    allowed = 1e-5 * max(1.0, np.max(np.abs(right)), highest)

    def close(a, b):
        return bool(np.all(np.abs(a - b) <= allowed))

    if close(got, right):
        return ""
    axis, i = np.unravel_index(np.argmax(np.abs(got - right)), got.shape)
    hints = {slip(got, right, places, k, close) for k in range(2) if not close(got[k], right[k])}
    return (
        f"Wrong slope in {'xy'[axis]} at {shown(places[:, i])}: by your height it is {right[axis, i]:.4g}, "
        f"your gradient says {got[axis, i]:.4g}. Hint: {'; '.join(sorted(hints))}."
    )


mountain = Check("0.5 A mountain of your own", climb)


# 0.6

first_below = answer(
    "0.6 Read a curve: the step",
    39,
    mistakes=[
        (38, "after step 38 the walker is still above 0.001"),
        (40, "the start is step 0: heights[0] is the height before any step"),
        (60, "this is the last step"),
        (lambda value: 0 < value < 1, "this is a height; the number of the step is meant"),
    ],
)

share = answer(
    "0.6 Read a curve: the share",
    1 - 0.95**2,
    mistakes=[
        (0.95**2, "this is what a step leaves; the share that it removes is meant"),
        (0.05, "this is the share of the distance; the height is its square"),
        (1 - 0.95**40, "this is what 20 steps remove together, and not one"),
        (
            lambda value: 0.0443 <= abs(value) <= 0.0452 or abs(abs(value) - 0.1026) < 5e-4,
            "this is the slope of the logarithm; the share is 1 minus what a step leaves",
        ),
        ((1 - 0.95**40) / 20, "shares do not add up, they multiply: take the 20th root of what is left"),
        (9.75, "this is in percent; a share is a number from 0 to 1"),
        (0.1, "a good guess from the picture; heights gives three digits"),
        (lambda value: 0.13 < value < 1, "take two steps in the straight part of the curve, as 20 and 40"),
    ],
    tolerance=1e-3,
)


# 0.7

ILL = (np.arange(1000) % 100 == 37).astype(int)
NOBODY, EVERYBODY = np.zeros_like(ILL), np.ones_like(ILL)
USEFUL = ((np.arange(1000) % 20 == 17) & (np.arange(1000) != 37)).astype(int)  # 9 of the 10 ill, 40 of 990 healthy


def rates(y, predicted):
    """The share of the ill that are missed, and of the healthy that are alarmed, by counting."""
    counts = np.bincount(2 * y + predicted, minlength=4).reshape(2, 2)
    return counts[1, 0] / counts[1].sum(), counts[0, 1] / counts[0].sum()


def drawn(rng):
    y, predicted = rng.integers(2, size=(2, 30))
    y[:2] = 0, 1
    return case("", y, predicted)


balanced_error = function(
    "0.7 The wrong objective: a better one",
    lambda y, predicted: sum(rates(y, predicted)) / 2,
    [
        case("a useful test", ILL, USEFUL),
        case("nobody is ill", ILL, NOBODY),
        case("everybody is ill", ILL, EVERYBODY),
        case("no mistake", ILL, ILL),
    ],
    fresh=drawn,
    mistakes=[
        (lambda y, p: np.mean(y != p), "this is the share of wrong answers, the objective that likes the useless test"),
        (lambda y, p: np.mean(y == p), "this is the share of right answers, which cannot tell the tests apart"),
        (lambda y, p: 1 - sum(rates(y, p)) / 2, "an objective is made small; this is large for a good test"),
        (lambda y, p: sum(rates(y, p)), "the mean of the two shares is meant, not their sum"),
        (lambda y, p: rates(y, p)[0], "this counts the ill that are missed; the healthy that are alarmed count, too"),
        (lambda y, p: rates(y, p)[1], "this counts the healthy that are alarmed; the ill that are missed count, too"),
        (
            lambda y, p: sum(np.mean((y == k) & (p != k)) for k in (0, 1)) / 2,
            "each share is of its own group: divide by the number of the ill, and of the healthy, not of all",
        ),
        (lambda y, p: rates(y, p)[0] + rates(y, p)[1] / 2, "add both shares first, in brackets, then halve"),
        (lambda y, p: 50 * sum(rates(y, p)), "this is in percent; a number from 0 to 1 is meant"),
        (
            lambda y, p: (np.sum((y == 1) & (p != 1)) + np.sum((y == 0) & (p != 0))) / 2,
            "these are counts; divide each by the size of its group",
        ),
        (
            lambda y, p: np.sum((y == 1) & (p != 1)) / 20 + np.sum((y == 0) & (p != 0)) / 1980,
            "there are not always 10 ill and 990 healthy: count them in y",
        ),
        (
            lambda y, p: (np.mean(y[p == 1] == 0) + np.mean(y[p == 0] == 1)) / 2,
            "the shares are of the ill and of the healthy, predicted[y == 1], not of the alarms, y[predicted == 1]",
        ),
        (lambda y, p: (np.mean(p[y == 1]) + np.mean(p[y == 0])) / 2, "to call an ill person ill is no mistake"),
    ],
)

useless = answer(
    "0.7 The wrong objective: a counterexample",
    rules=[
        (
            "an answer for each person",
            lambda p: np.shape(p) == ILL.shape and set(np.unique(p)) <= {0, 1},
            "1,000 answers are meant, each of them 0 or 1.",
        ),
        (
            "it gives an alarm",
            lambda p: np.sum(p) > 0,
            "Without any alarm the share of the false ones is 0/0. One true alarm is enough.",
        ),
        (
            "no alarm is false",
            lambda p: not np.any((np.asarray(p) == 1) & (ILL == 0)),
            "Some alarms are false: a 1 stands where y is 0.",
        ),
        (
            "it misses the ill",
            lambda p: np.sum(ILL * np.asarray(p)) <= 1,
            "It finds more than one of the ten. Too good: make it worse, and the objective will not notice.",
        ),
    ],
)


# 0.8

search = order(
    "0.8 Random search, in order",
    "CGEBFDHA",
    "CGEBFHDA",
    mistakes=[
        ("CEGBFDHA", "in the loop, G would forget at each try what length has proved good"),
        ("CEGBFHDA", "in the loop, G would forget at each try what length has proved good"),
        ("CGEFBDHA", "F looks at a trial that has not been made yet"),
        ("CGEFBHDA", "F looks at a trial that has not been made yet"),
        ("CGEBDFHA", "D asks whether it was better before F has looked"),
        ("CGEBDHFA", "D asks whether it was better before F has looked"),
        ("CGEBHFDA", "H asks whether it was better before F has looked"),
        ("CGEBFADH", "after A nothing is done any more"),
        ("CGEBFAHD", "after A nothing is done any more"),
    ],
)
