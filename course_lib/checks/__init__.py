r"""The checks of the exercises: what a learner's answer does, compared with an independent answer.

A sheet has a module here, declarative and short. Each of its checks is one of three kinds::

    from course_lib.checks import answer, case, function, order

    step = function(
        "4.1 Heavy ball",                                     # the heading's number and words
        lambda x, g, v=0.0, *, lr, beta: (x - lr * (beta * v + g), beta * v + g),      # the independent oracle
        [case("the first step", X, G, lr=0.1, beta=0.9), case("beta = 0", X, G, V, lr=0.1, beta=0.0)],
        fresh=lambda rng: case("", *rng.normal(size=(3, 2)), lr=rng.uniform(), beta=rng.uniform()),
        parts=("new point x", "new velocity v"),
        mistakes=[(running_mean, "this is the running mean (1 - beta) g; the sum is meant")],
    )
    edge = answer("4.2 The edge", 0.38, mistakes=[(0.2, "this is the edge of gradient descent")], tolerance=1e-3)
    lines = order("4.3 In order", "BDAC", mistakes=[("DBAC", "the point moves before the velocity is new")])

and in the sheet, after ``from course_lib.checks import momentum as check``, the learner runs ``check.step(my_step)``.

A check prints one line if all is right; else three: what is not yet right, what already holds, and what came instead
of what was expected, with the usual mistake named if it is one. It never raises in a learner's hands, whatever the
answer does: Run All goes on. Where nbgrader executes it (NBGRADER_EXECUTION is set) it raises AssertionError with the
same words, so that the cell is a valid test.

A blank is None, ..., an empty text, a function that returns one of these or raises NotImplementedError.
"""

import functools
import importlib
import importlib.util
import inspect
import io
import os
import sysconfig
import traceback
import warnings
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import numpy as np

DRAWS = 20
OURS = [Path(__file__).parents[1], *(Path(sysconfig.get_path(name)) for name in ("stdlib", "purelib", "platlib"))]


class Blank(Exception):
    """Nothing has been answered so far; the text says how that shows."""


@dataclass(frozen=True)
class Check:
    """A check: called with the learner's answer, it prints its report.

    name: what is checked, as in the heading of the exercise.
    examine: answer -> pairs (what holds, what is wrong with it or ""), most basic first; it may raise Blank.
    summary: what a pass says behind the name.
    """

    name: str
    examine: object
    summary: str = ""

    def report(self, answer):
        """(passed, text) of an answer; raises nothing but KeyboardInterrupt."""
        with captured() as noise:
            try:
                findings = list(self.examine(answer))
            except Blank as blank:
                return False, f"NOT YET: {self.name}: still blank{blank}."
            except Exception as error:
                findings = [("", stopped(error))]
        wrong = [complaint for _, complaint in findings if complaint]
        if not wrong:
            return True, "\n".join([f"PASSED: {self.name}{self.summary}", *noise])
        held = "; ".join(label for label, complaint in findings if label and not complaint)
        lines = [f"NOT YET: {self.name}", f"Already right: {held}." if held else "", wrong[0], *noise]
        return False, "\n".join(filter(None, lines))

    def __call__(self, answer):
        passed, text = self.report(answer)
        if not passed and os.environ.get("NBGRADER_EXECUTION"):
            raise AssertionError(text)
        print(text)


class Kept:
    """In the place of a sheet's checks where the right answers are private: `kept.edge(edge)` says if there is one."""

    def __getattr__(self, name):
        if name.startswith("_"):
            raise AttributeError(name)
        return self.say

    def say(self, answer):
        if os.environ.get("NBGRADER_EXECUTION"):
            raise AssertionError("This answer can be graded only with the key of its sheet.")
        print("Still blank." if is_blank(answer) else "Kept: it is marked out of sight.")


kept = Kept()


@dataclass(frozen=True)
class Case:
    label: str
    args: tuple
    hyper: dict


def case(label, /, *args, **hyper):
    """A call to compare: a label ("the first step"), then the arguments as the learner's function gets them."""
    return Case(label, args, hyper)


def function(name, oracle, cases, *, fresh=None, parts=(), use=None, mistakes=(), rules=(), tolerance=1e-8):
    """A check of a function.

    name: number and words of the exercise's heading.
    oracle: the right function, written independently of course_lib's and with the learner's signature.
    cases: calls written out, each made by `case`; the simplest first, for it is the one that is shown.
    fresh: rng -> case with new numbers at each run (its label is not shown), against answers fitted to the cases.
    parts: names of the results if there are several ("new point x", "new velocity v").
    use: (function, *arguments) -> result, if the function is not simply called: for instance a descent with it. The
        arguments of the cases are then those of `use`.
    mistakes: pairs (wrong function, message), of the oracle's shape: who gives its results is told the message.
    rules: triples (what holds, predicate of the function, message if it does not hold), for what no oracle can say.
    tolerance: allowed difference, times the largest number expected if that is above 1.
    """
    names = list(inspect.signature(use or oracle).parameters)[use is not None :]
    use = use or (lambda f, *args, **hyper: f(*args, **hyper))
    drawn = f", {DRAWS} drawn afresh" if fresh else ""
    summary = f" ({len(cases)} case{'s'[: len(cases) != 1]} written out{drawn})"

    def examine(answer):
        if is_blank(answer):
            raise Blank
        if not callable(answer):
            yield "", f"A function is meant: got {shown(answer)}. Give the check its name, without brackets."
            return
        rng = np.random.default_rng()
        calls = [*cases, *(fresh(rng) for _ in range(DRAWS if fresh else 0))]
        runs = [attempt(use, answer, call) for call in calls]
        if error := next((run.error + called(run.call) for run in runs if run.error), ""):
            yield "", error
            return
        yield "it runs", ""
        yield "nothing is changed in place", next(filter(None, (in_place(run, names) for run in runs)), "")
        if not same(attempt(use, answer, calls[0]).result, runs[0].result, tolerance):
            yield (
                "",
                "Called twice with the same numbers it gives two answers: what it remembers belongs in its arguments.",
            )
        rights = [attempt(use, oracle, call).result for call in calls]
        compared = [compare(run.result, right, parts, tolerance) for run, right in zip(runs, rights)]
        if any(complaint for _, complaint in compared):
            hint = named(mistakes, lambda wrong: explains(use, wrong, runs, rights, tolerance))
            yield "; ".join(part for part in parts if all(part in held for held, _ in compared)), ""
        for call, (_, complaint) in zip(calls, compared):
            yield call.label, complaint and complaint + called(call) + hint
        yield from obeyed(rules, answer)

    return Check(name, examine, summary)


def answer(name, right=None, *, mistakes=(), rules=(), tolerance=1e-8):
    """A check of a value: a number, an array of numbers, or a text. The right one is not given away.

    right: the value; None if the rules alone decide. Texts are compared without regard to capitals and outer spaces.
    mistakes: pairs (wrong value, or predicate of the value; message).
    rules, tolerance: as in `function`.
    """

    def examine(value):
        if is_blank(value):
            raise Blank
        hint = named(mistakes, lambda wrong: bool(wrong(value)) if callable(wrong) else same(value, wrong, tolerance))
        if right is not None:
            yield "", "" if same(value, right, tolerance) else astray(value, right, tolerance) + hint
        yield from obeyed(rules, value, hint)

    return Check(name, examine)


def order(name, *rights, mistakes=()):
    """A check of lines put in order: a text of letters ("BDAC", commas and spaces allowed) or a list of them.

    rights: the right order, and others that are as good.
    mistakes: pairs (wrong order, message).
    """

    def examine(value):
        if is_blank(value):
            raise Blank
        given = letters(value)
        wanted = {letter for right in rights for letter in letters(right)}
        if given in [letters(right) for right in rights]:
            yield "all in order", ""
            return
        if strange := [letter for letter in given if letter not in wanted]:
            yield "", f"{strange[0]} is not one of the lines here: {', '.join(sorted(wanted))}."
            return
        prefix = max(common(given, letters(right)) for right in rights)
        yield f"the first {prefix} line{'s'[: prefix != 1]}" if prefix else "", ""
        hint = named(mistakes, lambda wrong: letters(wrong) == given)
        lengths = {len(letters(right)) for right in rights}
        if prefix == len(given):
            yield "", f"Lines are missing after {given[-1]}: {' or '.join(map(str, sorted(lengths)))} are needed.{hint}"
        elif any(given[:prefix] == letters(right) for right in rights):
            yield "", f"Everything after line {prefix} is too much.{hint}"
        else:
            yield "", f"Line {prefix + 1} cannot be {given[prefix]}.{hint}"

    return Check(name, examine)


# One call of the learner's function


@dataclass(frozen=True)
class Run:
    call: Case
    after: tuple = ()
    result: object = None
    error: str = ""


def attempt(use, f, call):
    """Calls f with copies of a case's arguments; whatever it does ends in the Run, but for a blank."""
    args = [own(value) for value in call.args]
    hyper = {name: own(value) for name, value in call.hyper.items()}
    try:
        result = use(watched(f), *args, **hyper)
    except NotImplementedError:
        raise Blank(": it raises NotImplementedError") from None
    except (Exception, SystemExit) as error:
        if isinstance(error, Blank):
            raise
        return Run(call, error=stopped(error))
    return Run(call, (*args, *hyper.values()), result)


def own(value):
    return value.copy() if isinstance(value, np.ndarray | list | dict) else value


def watched(f):
    """f, but a blank result is found where it is returned, not where something stumbles over it."""

    @functools.wraps(f, updated=())
    def g(*args, **hyper):
        result = f(*args, **hyper)
        if is_blank(result):
            raise Blank(f": it returns {result!r}")
        return result

    return g


def stopped(error):
    """The error, and the last line of the learner's own code on the way to it."""
    said = f"It stops with {traceback.format_exception_only(error)[-1].strip()}"
    frames = traceback.extract_tb(error.__traceback__)
    theirs = [frame for frame in frames if not any(Path(frame.filename).is_relative_to(folder) for folder in OURS)]
    return said + (f", in line {theirs[-1].lineno} of its cell: {theirs[-1].line}" if theirs else "") + "."


def in_place(run, names):
    names = [*names[: len(run.call.args)], *run.call.hyper]
    for name, old, new in zip(names, [*run.call.args, *run.call.hyper.values()], run.after):
        if isinstance(old, np.ndarray | list) and not same(new, old, 0.0):
            return f"{name} was changed in place: make a new array, as in {name} = {name} + ..., never {name} += ..."
    return ""


# Comparing


def compare(got, right, parts, tolerance):
    """(names of the parts that are right, what is wrong or "") of a result against the expected one."""
    if not isinstance(right, tuple):
        return [], difference(got, right, "result", tolerance)
    parts = parts or [f"result {i + 1}" for i in range(len(right))]
    if not isinstance(got, tuple | list) or len(got) != len(right):
        what = f"{len(right)} results" if len(right) > 1 else "one result with a comma behind it, a tuple,"
        came = f"{len(got)} results" if isinstance(got, tuple | list) else shown(got)
        return [], f"Expected {what} ({', '.join(parts)}), got {came}."
    complaints = [difference(a, b, part, tolerance) for a, b, part in zip(got, right, parts)]
    held = [part for part, complaint in zip(parts, complaints) if not complaint]
    return held, next(filter(None, complaints), "")


def difference(got, right, part, tolerance):
    """What is wrong with one array, number or text, in a sentence, or ""."""
    if numbers(right) is None:
        return "" if same(got, right, tolerance) else f"Wrong {part}: expected {shown(right)}, got {shown(got)}."
    came, right = numbers(got), np.asarray(right)
    if came is None:
        return f"Wrong {part}: expected numbers, got {shown(got)}."
    if came.shape != right.shape:
        return f"Wrong shape of the {part}: expected {right.shape}, got {came.shape}."
    if same(came, right, tolerance):
        return ""
    far = np.max(np.abs(came - 1.0 * right))  # 1.0: truth values cannot be subtracted
    return (
        f"Wrong {part}: expected {{}}, got {{}}. ".format(*apart(right, came))
        + f"Largest difference {far:.3g}; the tolerance here is {tolerance * scale(right):.3g}."
    )


def numbers(value):
    """The value as an array of numbers, or None."""
    try:
        array = np.asarray(value)
    except (TypeError, ValueError):
        return None
    return array if array.dtype.kind in "biufc" else None


def scale(right):
    finite = np.abs(right[np.isfinite(right)])
    return max(1.0, float(np.max(finite, initial=0.0)))


def same(got, right, tolerance):
    """Whether a result, whatever it is, equals the right one within the tolerance; a tuple part by part."""
    if isinstance(right, tuple) or (isinstance(right, list) and numbers(right) is None):
        alike = isinstance(got, tuple | list) and len(got) == len(right)
        return alike and all(same(one, other, tolerance) for one, other in zip(got, right))
    if isinstance(right, str):
        return isinstance(got, str) and got.strip().casefold() == right.strip().casefold()
    x, y = numbers(got), numbers(right)
    if x is None or y is None:
        return type(got) is type(right) and bool(np.all(got == right))
    return x.shape == y.shape and np.allclose(x, y, rtol=0.0, atol=tolerance * scale(y), equal_nan=True)


def explains(use, wrong, runs, rights, tolerance):
    """Whether a known mistake gives all the learner's results, and these are not the right ones."""
    if all(same(run.result, right, tolerance) for run, right in zip(runs, rights)):
        return False
    return all(same(run.result, attempt(use, wrong, run.call).result, tolerance) for run in runs)


def astray(value, right, tolerance):
    """What is wrong with a value, without giving the right one away."""
    if isinstance(right, str):
        return f"Not {shown(value)}." if isinstance(value, str) else f"A text is meant: got {shown(value)}."
    got, right = numbers(value), np.asarray(right)
    if got is None:
        return (
            f"A number is meant: got {shown(value)}." if right.ndim == 0 else f"Numbers are meant: got {shown(value)}."
        )
    if got.shape != right.shape:
        return f"Wrong shape: expected {right.shape}, got {got.shape}."
    allowed = f"the tolerance here is {tolerance * scale(right):.3g}"
    if right.ndim == 0:
        way = {True: "too large", False: "too small"}.get(bool(got > right)) if got == got else "not a number"
        return f"{shown(value)} is {way}; {allowed}."
    good = np.isclose(got, right, rtol=0.0, atol=tolerance * scale(right))
    first = ", ".join(map(str, np.argwhere(~good)[0]))
    return f"{good.sum()} of {good.size} numbers are right; the first that is not has index {first}; {allowed}."


def common(a, b):
    return next((i for i, (x, y) in enumerate(zip(a, b)) if x != y), min(len(a), len(b)))


def letters(value):
    parts = value if isinstance(value, list | tuple) else [c for c in str(value) if not c.isspace() and c not in ",;.-"]
    return [str(part).strip().upper() for part in parts]


def is_blank(value):
    if isinstance(value, tuple | list):
        return all(map(is_blank, value))
    return value is None or value is ... or (isinstance(value, str) and not value.strip())


# Words


def named(mistakes, is_it):
    """The usual mistake that this is, as a hint to append, or ""."""
    for wrong, message in mistakes:
        try:
            if is_it(wrong):
                return f" Hint: {message}."
        except Exception:
            continue
    return ""


def obeyed(rules, answer, hint=""):
    for label, predicate, message in rules:
        try:
            held = bool(predicate(answer))
        except NotImplementedError:
            raise Blank(": it raises NotImplementedError") from None
        except (Exception, SystemExit) as error:
            message, held = stopped(error), False
        yield label, "" if held else message + hint


def called(call):
    """The arguments of a call, if they are few."""
    words = ", ".join([*map(shown, call.args), *(f"{name}={shown(value)}" for name, value in call.hyper.items())])
    return f" It was called with ({words})." if len(words) <= 90 else f" This was {call.label}." * bool(call.label)


def shown(value):
    if isinstance(value, np.ndarray):
        return line(value, 4) if value.size <= 6 else f"an array of shape {value.shape}"
    text = f"{value:.6g}" if isinstance(value, float | np.floating) else repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def apart(a, b):
    """Two arrays in words, with as many digits as it takes to tell them apart."""
    for digits in (4, 6, 8, 12, 17):
        first, second = line(a, digits), line(b, digits)
        if first != second:
            break
    return first, second


def line(array, digits):
    text = np.array2string(np.asarray(array), precision=digits, threshold=8, edgeitems=3, floatmode="maxprec")
    return " ".join(text.split()).replace("[ ", "[").replace(" ]", "]")


@contextmanager
def captured():
    """Catches what the learner's code prints and warns; afterwards the list holds a line about each."""
    noise, text = [], io.StringIO()
    with warnings.catch_warnings(record=True) as caught, redirect_stdout(text), redirect_stderr(text):
        warnings.simplefilter("always")
        try:
            yield noise
        finally:
            if printed := list(dict.fromkeys(text.getvalue().strip().splitlines())):
                noise.append("It printed: " + "; ".join(printed)[:200])
            if caught:
                noise.append(f"It warned: {caught[0].category.__name__}: {caught[0].message}")


def __getattr__(name):
    """A sheet from course_lib.sheets, for half-done notebooks of an earlier edition, which ask for it here."""
    if name.startswith("_") or importlib.util.find_spec(f"course_lib.sheets.{name}") is None:
        raise AttributeError(name)
    return importlib.import_module(f"course_lib.sheets.{name}")
