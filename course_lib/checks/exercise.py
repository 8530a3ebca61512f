r"""An exercise, said once: its right answer, what it is tried with, its usual mistakes, and what a variant changes.

A sheet has a module in course_lib/sheets, and each of its exercises is one of three kinds there::

    @function(
        "4.2 One step of heavy ball", points=2, read="2. A memory that fades", withheld=["optimizers.momentum"],
        cases=[case("the first step", X, G, lr=0.1), case("a later step", X, G, V, lr=0.1)],
        draw=[first_step, later_step],
        parts={"new point x": "The point moves by the rate times the new velocity, against it.",
               "new velocity v": "The new velocity is beta times the old one plus the gradient."},
        mistakes="x - lr * w -> x + lr * w : the sign of the step: x goes against v",
    )
    def heavy_ball(x, g, v=0.0, *, lr, beta=0.9):
        w = beta * v + g
        return x - lr * w, w

    edge = value("4.3 The edge", 0.75, points=1, read="…", tolerance=1e-3, mistakes=[(0.5, "this is the edge of gd")])
    proof = order("4.5 The proof", "CFAG", points=2, read="…", needs="C, F < A : …")

In the sheet, after ``from course_lib.sheets import momentum as check``, the learner runs ``check.edge(edge)``.
From the same description come the hidden properties of the grader (`hidden`), the variant, and the tests: the right
answer passes, each mistake hears its own sentence and loses points, a blank is told so.

A check never raises in a learner's hands, whatever the answer does: Run All goes on.
"""

import inspect
import itertools
import sys
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from course_lib import record
from course_lib.checks.calls import (
    Blank,
    Nothing,
    OwnFault,
    Watch,
    attempt,
    captured,
    in_place,
    is_stub,
    ours,
    own,
    right_result,
    stopped,
)
from course_lib.checks.calls import case as case
from course_lib.checks.comparison import (  # fmt: skip
    SINGLE,
    Wrong,
    code,
    compared,
    is_blank,
    letters,
    numbers,
    overflow,
    same,
    scale,
    shown,
)
from course_lib.checks.mistakes import collected
from course_lib.checks.report import Report, tell
from course_lib.checks.varied import Varied

HIDDEN = 12  # calls drawn for each hidden property


@dataclass(frozen=True)
class Property:
    """One thing that holds of every right answer, tried out of the learner's sight.

    says: a sentence for the learner, shown if it does not hold; it gives no input and no expected value away.
    holds: (answer, rng) -> bool. rng: numpy Generator, from which all inputs are drawn. An exception means no.
    weight: its share of the points, relative to the other properties of the exercise.
    needs: index of the property without which this one does not count: a trivial answer might have it by chance.
    """

    says: str
    holds: Callable[..., Any]
    weight: float = 1.0
    needs: int | None = None


@dataclass(frozen=True)
class Rule:
    """What must hold of an answer and no right answer can say: there are many, or it is not about results.

    label: what holds, in a few words. holds: (answer, rng) -> bool. message: if it does not. says: the same for the
    hidden check; a rule without it is not tried there. weight, needs: as in `Property`.
    """

    label: str
    holds: Callable[..., Any]
    message: str
    says: str = ""
    weight: float = 1.0
    needs: int | None = None


@dataclass(frozen=True)
class Like:
    """Wrong values of one kind: an example, and a predicate that knows them."""

    example: object
    knows: Callable[[Any], Any]


@dataclass(frozen=True, kw_only=True)
class Exercise:
    """What all kinds have.

    title: number and words of the heading. points: what it is worth. read: heading of the lesson's section to read
    again. withheld: functions of course_lib that are its answer ("optimizers.momentum"); they work while the cells run
    and refuse while the answer is tried. varied: a `Varied`, if a variant of the sheet has another answer here.
    """

    title: str
    points: float
    read: str
    withheld: Sequence = ()
    varied: Varied | None = None

    @property
    def name(self):
        return self.title

    @property
    def summary(self):
        return ""

    def examined(self, answer):
        """The `Report` on an answer. Errors: OwnFault; nothing else but KeyboardInterrupt."""
        report = Report(self.title, self.summary)
        with captured() as noise, Watch() as watch:
            try:
                self.examine(answer, report, watch)
            except Blank as blank:
                report = Report(self.title, blank=str(blank))
            except OwnFault:
                raise
            except Exception as error:
                report.wrong = Wrong(stopped(error))
        report.noise = noise
        return report

    def report(self, answer):
        """(passed, text) of an answer. Errors: OwnFault."""
        report = self.examined(answer)
        return report.passed, report.text

    def __call__(self, answer):
        try:
            report = self.examined(answer)
        except OwnFault as fault:
            wrong = Wrong(f"Here the check itself is at fault, not your answer. {fault} Please tell us.")
            report = Report(self.title, wrong=wrong)
        if report.passed and place(self)[0]:
            record.passed(*entry(self), float(self.points))
        tell(report)

    def hidden(self):
        """The hidden properties; without any the visible check decides."""
        return []

    @property
    def by_value(self):
        """Whether a variant's answer is compared with the value that the varied solution comes to."""
        return False

    def judged(self, right, p):
        """The properties by which the answer to a variant is judged. right: value of the varied solution, or None."""

        def holds(answer, rng):
            return self.examined(self.varied.back(answer, p)).passed

        return [Property("The answer does what is asked.", holds)]


def place(exercise):
    """(module of the sheet, name in it) of an exercise; (None, "…") if it is in none."""
    sheets = [module for name, module in list(sys.modules.items()) if name.startswith("course_lib.sheets.")]
    pairs = [(module, name) for module in sheets for name, found in list(vars(module).items()) if found is exercise]
    return next(iter(pairs), (None, "…"))


def entry(exercise):
    """How a learner's record calls an exercise: "04_momentum", "4.2"; "4.3 edge" where several share a number."""
    module, name = place(exercise)
    number = exercise.title.partition(" ")[0]
    alike = [one for one in exercises(module).values() if one.title.startswith(f"{number} ")]
    sheet = f"{int(number.partition('.')[0]):02d}_{module.__name__.rpartition('.')[2]}"
    return sheet, number if len(alike) == 1 else f"{number} {name}"


def exercises(module):
    """{name: exercise} of a sheet's module, in its order."""
    return {name: found for name, found in vars(module).items() if isinstance(found, Exercise)}


def obeyed(rules, answer, right, report, hint=""):
    """Tries rules up to the first that does not hold. right: an answer that keeps them all, or None. Errors: OwnFault,
    if a rule does not hold of that one either, on the same draws."""
    for rule in rules:
        seed = np.random.SeedSequence().entropy
        try:
            held = bool(rule.holds(answer, np.random.default_rng(seed)))
        except NotImplementedError:
            raise Blank(": it raises NotImplementedError") from None
        except Nothing as nothing:
            report.wrong = nothing_came(nothing, answer)
            return
        except (Exception, SystemExit) as error:
            held, report.wrong = False, Wrong(stopped(error))
        if not held:
            with ours():
                if right is not None and not rule.holds(right, np.random.default_rng(seed)):
                    raise OwnFault(f"Of the right answer, too, it does not hold: {rule.label}.")
            report.wrong, report.hint = report.wrong or Wrong(rule.message), hint
            return
        report.held.append(rule.label)


def tried(rules, before=0):
    """The hidden properties of rules that say what they are."""
    return [Property(rule.says, rule.holds, rule.weight, rule.needs) for rule in rules if rule.says]


def nothing_came(nothing, answer):
    """What to say of a function that gives a blank back: a stub is blank, anything else has lost its result."""
    if is_stub(answer):
        raise Blank(f": it returns {nothing}")
    if str(nothing) != "None":
        return Wrong(f"It returns {nothing}, which is empty.")
    return Wrong("It returns None: is there a return on every way through it? (print only shows a result.)")


# Functions


@dataclass(frozen=True, kw_only=True)
class Function(Exercise):
    """An exercise whose answer is a function. `function` describes the fields."""

    right: Callable
    cases: Sequence
    draw: object
    parts: dict = field(default_factory=dict)
    says: str = "The result is right."
    needs: dict | int = field(default_factory=dict)
    use: Callable | None = None
    inner: int = 0
    whole: bool = False
    drawn: int = 20
    mistakes: Sequence = ()
    rules: Sequence = ()
    tolerance: float = 1e-8

    @property
    def summary(self):
        return f" ({len(self.cases)} case{'s'[: len(self.cases) != 1]} written out, {self.drawn} drawn afresh)"

    @property
    def draws(self):
        """[(sentence or "", [draw, ...])]: the regimes."""
        several = self.draw if isinstance(self.draw, dict) else {"": self.draw}
        return [(says, [one] if callable(one) else list(one)) for says, one in several.items()]

    def example(self, which):
        """(arguments, keyword arguments) of a call that a report has spoken of: a label, or the number of a draw."""
        found = next((one for one in self.cases if one.label == which), None) or self.fresh(which)
        return found.args, found.hyper

    @property
    def every(self):
        """The draws of all regimes."""
        return [draw for _, draws in self.draws for draw in draws]

    def fresh(self, number):
        with ours():
            return self.every[number % len(self.every)](np.random.default_rng(number))

    def seeds(self):
        """Numbers of calls drawn afresh; each draw has its turn."""
        turns = len(self.every)
        starts = np.random.default_rng().integers(10**6, size=max(self.drawn, turns))
        return [int(number) // turns * turns + i % turns for i, number in enumerate(starts)]

    def run(self, answer, *args, **hyper):
        """Calls an answer as the exercise uses it."""
        if self.use:
            return self.use(answer, *args, **hyper)
        if not self.inner:
            return answer(*args, **hyper)
        made = answer(*args[: -self.inner], **hyper)
        if not callable(made):
            raise TypeError(f"a function is meant as the result, got {shown(made)}: the inner def is to be returned")
        return made(*args[-self.inner :])

    def examine(self, answer, report, watch):
        if is_blank(answer):
            raise Blank
        if not callable(answer):
            report.wrong = Wrong(
                f"A function is meant: got {shown(answer)}. Give the check its name, without brackets."
            )
            return
        calls = [(one.label, one) for one in self.cases] + [(seed, self.fresh(seed)) for seed in self.seeds()]
        runs = []
        for which, call in calls:
            try:
                runs.append(attempt(self.run, answer, call, watch))
            except Nothing as nothing:
                report.wrong, report.call = nothing_came(nothing, answer), self.called(which, call)
                return
            if runs[-1].error:
                right_result(self.run, self.right, call)
                report.wrong = self.changed(runs)
                if report.wrong:
                    return
                report.wrong, report.call = Wrong(runs[-1].error), self.called(which, call)
                report.hint = self.explained(runs)
                return
        report.held.append("it runs")
        report.wrong = self.changed(runs)
        if report.wrong:
            return
        report.held.append("nothing is changed in place")
        rights = [right_result(self.run, self.right, call) for _, call in calls]
        verdicts = [compared(r.result, right, self.parts, self.allowed(r.call)) for r, right in zip(runs, rights)]
        if any(wrong for _, wrong in verdicts):
            report.held += [part for part in self.parts if all(part in held for held, _ in verdicts)]
        report.held += [one.label for one, (_, wrong) in zip(self.cases, verdicts) if not wrong]
        for (which, call), (_, wrong) in zip(calls, verdicts):
            if wrong:
                report.wrong, report.call = wrong, self.called(which, call)
                report.hint = self.explained(runs)
                return
        if not same(attempt(self.run, answer, calls[0][1], watch).result, runs[0].result, self.tolerance):
            report.wrong = Wrong(
                "Called twice with the same numbers it gives two answers: what it remembers belongs in its arguments."
            )
            return
        obeyed(self.rules, watch.over(answer), self.right, report)

    def changed(self, runs):
        """What is `Wrong` if an argument was changed in place, or None."""
        names = list(inspect.signature(self.use or self.right).parameters)[self.use is not None :]
        return next((Wrong(said) for run in runs if not run.error and (said := in_place(run, names))), None)

    def allowed(self, call):
        """The tolerance, as wide as the precision of the arguments asks for."""
        given = [getattr(value, "dtype", None) for value in (*call.args, *call.hyper.values())]
        return max(self.tolerance, SINGLE) if np.dtype(np.float32) in given else self.tolerance

    def explained(self, runs):
        """The sentence of the mistake that gives all these results, and stops where they stop, or ""."""
        for wrong, sentence in (*self.mistakes, *self.exchanged()):
            with warnings.catch_warnings(action="ignore"):
                if all(self.repeats(wrong, run) for run in runs):
                    return sentence
        return ""

    def exchanged(self):
        """The mistakes that need not be told: the right results in another order."""
        sentence = f"the results have changed places: {', '.join(self.parts)}"
        for places in itertools.islice(itertools.permutations(range(len(self.parts))), 1, None):

            def wrong(*args, places=places, **hyper):
                results = self.right(*args, **hyper)
                if not isinstance(results, tuple):
                    raise OwnFault("the parts are made of one result, by the use of it")
                return [results[i] for i in places]

            yield wrong, sentence

    def repeats(self, wrong, run):
        args, hyper = map(own, run.call.args), {name: own(value) for name, value in run.call.hyper.items()}
        try:
            return same(run.result, self.run(wrong, *args, **hyper), self.allowed(run.call)) and not run.kind
        except Exception as error:
            return type(error) is run.kind

    def called(self, which, call):
        """How to see a call again: as code if it is short, else how it is made."""
        words = [code(value) for value in call.args]
        words += [text and f"{name}={text}" for name, value in call.hyper.items() for text in [code(value)]]
        if not (self.use or self.inner) and all(words) and sum(map(len, words)) <= 160:
            return f"It was called as {self.right.__name__}({', '.join(words)})."
        label = f"This was {which}. " if isinstance(which, str) else ""
        return f"{label}Its arguments: check.{place(self)[1]}.example({which!r})."

    # The hidden check

    def hidden(self):
        return self.properties(self.right)

    def judged(self, right, p):
        return self.properties(self.varied.right(p)) if self.varied.right else super().judged(right, p)

    def properties(self, right):
        """One for each part and each regime, one for all of it, and those rules that speak for themselves."""
        (_, usual), *others = self.draws
        rows = [(part, says, usual, i) for i, (part, says) in enumerate(self.parts.items())]
        rows += [(says, says or self.says, draws, None) for says, draws in (others if rows else self.draws)]
        names = [name for name, *_ in rows]
        found = [
            Property(says, self.holding(right, draws, part), needs=self.needed(name, names))
            for name, says, draws, part in rows
        ]
        if any(isinstance(value, np.ndarray) for draw in self.every for value in draw(np.random.default_rng(0)).args):
            whole, alone = "It is right as a whole, and changes nothing in place.", len(found) == 1
            holds = self.holding(right, self.every, intact=True)
            found.append(Property(whole, holds, *((0.25, 0) if alone else (0.5,))))
        return found + tried(self.rules)

    def needed(self, name, names):
        """The index of the part or regime without which another does not count, or None."""
        if isinstance(self.needs, int):
            return self.needs if name != names[self.needs] else None
        return names.index(self.needs[name]) if name in self.needs else None

    def plain(self, call):
        """A call with all that a default could stand for, and with no arrays of whole numbers: no trap is in it."""
        hyper = (self.right.__kwdefaults__ or {}) | call.hyper if not self.use else call.hyper
        floats = not self.whole
        args = (
            v.astype(float) if floats and isinstance(v, np.ndarray) and v.dtype.kind == "i" else v for v in call.args
        )
        return case(call.label, *args, **hyper)

    def several(self, draws, rng, intact):
        """Calls for a hidden property. If traps count each that a draw has now and then is met, not left to luck."""
        each = -(-max(min(HIDDEN, self.drawn), len(draws)) // len(draws))
        for draw in draws:
            calls = [draw(rng) for _ in range(each)]
            if not intact:
                yield from map(self.plain, calls)
                continue
            for more in [draw(rng) for _ in range(40)]:
                if self.traps(more) - set().union(*map(self.traps, calls)):
                    calls.append(more)
            yield from calls

    def traps(self, call):
        """What of a call only some answers stumble over: arrays of whole numbers, defaults."""
        given = (*call.args, *call.hyper.values())
        whole = any(isinstance(value, np.ndarray) and value.dtype.kind == "i" for value in given)
        defaults = {} if self.use else self.right.__kwdefaults__ or {}
        return (defaults.keys() - call.hyper.keys()) | ({"whole numbers"} if whole else set())

    def holding(self, right, draws, part=None, intact=False):
        """(answer, rng) -> whether an answer is right on draws, in one part or in all."""

        def holds(answer, rng):
            for call in self.several(draws, rng, intact):
                expected = right_result(self.run, right, call)
                args, hyper = [own(v) for v in call.args], {name: own(v) for name, v in call.hyper.items()}
                got = self.run(answer, *args, **hyper)
                if part is not None:
                    if not isinstance(got, tuple | list) or len(got) != len(expected):
                        return False
                    got, expected = got[part], expected[part]
                if not same(got, expected, self.allowed(call)):
                    return False
                before = (*call.args, *call.hyper.values())
                if intact and not all(
                    same(new, old, 0.0) for new, old in zip((*args, *hyper.values()), before) if hasattr(old, "dtype")
                ):
                    return False
            return True

        return holds


def function(title: str, *, mistakes: Sequence = (), **fields: Any) -> Callable[[Callable], Function]:
    """Makes the right answer, a function in the learner's letters, into an exercise. Keyword arguments, besides those
    of `Exercise`:

    cases: calls written out, each made by `case`; the simplest first, for it is the one that is shown.
    draw: rng -> case with new numbers and shapes (its label is not shown); a list of such, tried in turn; or a dict
        of them under sentences ("It is right for a ball that ripples."), each a hidden property of its own. With
        parts, these are tried on the first regime, whose sentence is "".
    parts: name of each result, if there are several -> the sentence of its hidden property.
    says: that sentence, if there is one result. needs: part or regime -> another one, without which it does not count;
        or the index of the one that all the others need.
    use: (function, *arguments) -> result, if the function is not simply called: for instance a descent with it.
    inner: how many of the last arguments go to the function that the answer returns.
    drawn: how many calls are drawn, of 20; fewer where a call takes long.
    whole: whether arrays of whole numbers are labels or indices, and so come as whole numbers everywhere.
    mistakes: a table of edits of the right answer, as in mistakes.py; or a list of tables and of pairs
        (function, sentence).
    rules: `Rule`s. tolerance: allowed difference, times the largest number expected if that is above 1.
    """

    def made(right):
        return Function(title=title, right=right, mistakes=collected(right, mistakes), **fields)

    return made


# Values


@dataclass(frozen=True, kw_only=True)
class Value(Exercise):
    """An exercise whose answer is a number, an array of numbers, or a text. The right one is not given away.

    right: the value; None if the rules alone decide, and then passes: one of those that keep them.
    mistakes: pairs (wrong value, or `Like`; sentence).
    """

    right: object = None
    passes: object = None
    mistakes: Sequence = ()
    rules: Sequence = ()
    tolerance: float = 1e-8

    def examine(self, value, report, watch):
        if is_blank(value):
            raise Blank
        if self.right is not None and not same(value, self.right, self.tolerance):
            report.wrong, report.hint = Wrong(astray(value, self.right, self.tolerance)), self.explained(value)
            return
        right = self.passes if self.right is None else self.right
        obeyed(self.rules, watched(value, watch), right, report, self.explained(value))

    def explained(self, value):
        for wrong, sentence in self.mistakes:
            try:
                known = wrong.knows(value) if isinstance(wrong, Like) else same(value, wrong, self.tolerance)
                if bool(known):
                    return sentence
            except Exception:
                continue
        return ""

    def hidden(self):
        return tried(self.rules)

    @property
    def by_value(self):
        return self.varied is not None and self.varied.back is None

    def judged(self, right, p):
        if self.varied.back:
            return super().judged(right, p)
        return [Property("The value is right.", lambda answer, rng: same(answer, right, self.tolerance))]


def watched(value, watch):
    """A value; if it is a function, or some of them, under watch."""
    if isinstance(value, tuple | list) and any(map(callable, value)):
        return tuple(watched(one, watch) for one in value)
    return watch.over(value) if callable(value) else value


def value(title: str, right: Any = None, **fields: Any) -> Value:
    """An exercise whose answer is a `Value`."""
    return Value(title=title, right=right, **fields)


def astray(value, right, tolerance):
    """What is wrong with a value, without giving the right one away."""
    if isinstance(right, str):
        return f"Not {shown(value)}." if isinstance(value, str) else f"A text is meant: got {shown(value)}."
    got, right = numbers(value), np.asarray(right)
    if got is None:
        meant = "A number is meant" if right.ndim == 0 else "Numbers are meant"
        return f"{meant}: got {shown(value)}."
    if got.size == 1 and right.ndim == 0:
        got = got.reshape(())
    if got.shape != right.shape:
        return f"Wrong shape: expected {right.shape}, got {got.shape}."
    allowed = f"the tolerance here is {tolerance * scale(right):.3g}"
    if right.ndim == 0:
        way = {True: "too large", False: "too small"}.get(bool(got > right)) if got == got else "not a number"
        return f"{shown(got[()])} is {way}; {allowed}.{overflow(got, right)}"
    good = np.isclose(got, right, rtol=0.0, atol=tolerance * scale(right))
    first = ", ".join(map(str, np.argwhere(~good)[0]))
    return f"{good.sum()} of {good.size} numbers are right; the first that is not has index {first}; {allowed}."


# Orders


@dataclass(frozen=True, kw_only=True)
class Order(Exercise):
    """An exercise whose answer is an order of lines: a text of letters ("BDAC", commas allowed) or a list of them.

    right: one right order. needs: triples (a line, one that must come before it, why). Any order that keeps them is
    right, and every other one hears the first reason that it breaks.
    """

    right: str
    needs: Sequence = ()

    def examine(self, value, report, watch):
        if is_blank(value):
            raise Blank
        given, wanted = letters(value), sorted(self.right)
        if strange := [letter for letter in given if letter not in wanted]:
            report.wrong = Wrong(f"{strange[0]} is not one of the lines here: {', '.join(wanted)}.")
            return
        for i, letter in enumerate(given):
            if letter in given[:i]:
                report.wrong = Wrong(f"{letter} stands there twice.")
                return
            missing = [why for late, early, why in self.needs if late == letter and early not in given[:i]]
            if missing:
                report.held += [f"the first {i} line{'s'[: i != 1]}"] if i else []
                report.wrong, report.hint = Wrong(f"Line {i + 1} cannot be {letter}."), missing[0]
                return
        report.held.append("all in order" if len(given) == len(wanted) else f"the first {len(given)} lines")
        if len(given) < len(wanted):
            report.wrong = Wrong(f"Lines are missing after {given[-1]}: {len(wanted)} are needed.")

    def judged(self, right, p):
        """By the open sheet's reasons, told in the open sheet's letters."""

        def holds(answer, rng):
            return self.examined(
                "".join(letters(answer)).translate(str.maketrans(p["lines"], "".join(sorted(p["lines"]))))
            ).passed

        return [Property("The lines are in order.", holds)]


def order(title: str, right: str, *, needs: str, **fields: Any) -> Order:
    """An exercise in which lines are put in `Order`.

    right: one right order, "CFAG". needs: rows "C, F < A : why A can stand only behind them"; a line without a < goes
    on with the sentence above it.
    """
    rows: list[list[str]] = []
    for text in needs.strip().splitlines():
        if " < " not in text:
            rows[-1][1] += " " + text.strip()
            continue
        lines, _, why = text.partition(" : ")
        rows.append([lines, why.strip()])
    triples = []
    for lines, why in rows:
        early, late = (letters(side) for side in lines.split(" < "))
        triples += [(after, before, why) for before in early for after in late]
    return Order(title=title, right=right, needs=triples, **fields)
