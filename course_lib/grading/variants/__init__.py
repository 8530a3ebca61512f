"""A private variant of a sheet: the same exercises with other functions, dimensions and numbers, drawn from a seed.

A sheet may have a module here, named as in checks; without one only the hidden inputs vary. It is a table::

    PARAMETERS = {"speed": lambda rng, p: rng.choice([0.9, 0.98])}     name -> draw; p holds those drawn before
    CELLS = {"guess-task": [("beta=0.95", "beta={speed}")]}            id of a cell -> pairs (what stands there, new)
    DROPPED = {"guess-run"}                                            ids of cells that would tell the answer
    KEYED = {"full_speed": Value(1e-3)}                                name of a check -> how its answer is judged now

What CELLS says must stand in the cell exactly once: if the sheet changes, the table must follow. Instead of pairs it
may give a function, (source, p) -> source.

Hints are left out of a variant, since their numbers are those of the open sheet; so are the words on the solution. A
check in KEYED would judge by the open sheet's numbers: in its place the variant has a line that keeps the answer.
"""

import hashlib
import importlib
import importlib.util
import json
import re
from dataclasses import dataclass

import numpy as np

from ...checks import letters, same
from ...checks.exercise import exercises
from ...checks.varied import choice, number, permutation, renamed, reordered
from ..properties import Property

__all__ = ["Function", "Through", "Value", "choice", "lines_of", "number", "permutation", "renamed", "reordered"]

TITLE = (  # what all titles say, and what is said in its place
    "A check says what is right already, what is not, and by how far; it does not mind how often you ask. "
    "Stuck? Below each check are hints, folded: a question first, the nearly-answer last.",
    "Some numbers and functions of this sheet are its own: there the cell below your answer only keeps it, and it is "
    "marked later. The other checks judge as ever.",
)
CHECKED = re.compile(r"(?:check|kept)\.(\w+)\((.*)\)", re.DOTALL)
IMPORTED = re.compile(r"(?m)^(?=from course_lib\.(?:checks|sheets) import \w+ as check$)")


# How the answers of a variant are judged


@dataclass(frozen=True)
class Value:
    """A number, or numbers: what the varied solution comes to when it is run, within a tolerance."""

    tolerance: float
    by_value = True

    def judged(self, right, p):
        return [Property("the value is right", lambda answer, rng: same(answer, right, self.tolerance))]


@dataclass(frozen=True)
class Function:
    """A function: as an oracle says, at inputs drawn from the seed.

    oracle: p -> the right function, written independently of the solution.
    draw: rng -> (arguments, keyword arguments), of dimensions of their own.
    parts: what its results are, if there are several.
    """

    oracle: object
    draw: object
    parts: tuple = ("result",)
    tolerance: float = 1e-8

    def judged(self, right, p):
        return [
            Property(f"the {part} is right", lambda answer, rng, i=i: self.agrees(answer, rng, self.oracle(p), i))
            for i, part in enumerate(self.parts)
        ]

    def agrees(self, answer, rng, oracle, i):
        for _ in range(5):
            args, hyper = self.draw(rng)
            before = [np.copy(value) for value in args]
            wanted, got = oracle(*args, **hyper), answer(*args, **hyper)
            if not all(np.array_equal(a, b) for a, b in zip(before, args)):
                return False
            if len(self.parts) > 1:
                if not isinstance(got, tuple | list) or len(got) != len(self.parts):
                    return False
                wanted, got = wanted[i], got[i]
            if not same(got, wanted, self.tolerance):
                return False
        return True


@dataclass(frozen=True)
class Through:
    """An answer that the open sheet's check can judge, once it is told in the open sheet's terms.

    check: the Check. back: (answer, p) -> answer in the terms of the open sheet.
    """

    check: object
    back: object

    def judged(self, right, p):
        def holds(answer, rng):
            return not any(complaint for _, complaint in self.check.examine(self.back(answer, p)))

        return [Property("the answer does what is asked", holds)]


# Drawing and writing


def lines_of(check):
    """How an order of lines is judged: by the open sheet's check, told in the open sheet's letters."""

    def back(answer, p):
        return "".join(letters(answer)).translate(str.maketrans(p["lines"], "".join(sorted(p["lines"]))))

    return Through(check, back)


def table(unit):
    """The table of a sheet; an empty one if it has none."""
    sheet = f"course_lib.sheets.{unit.partition('_')[2]}"
    if importlib.util.find_spec(sheet):
        return joined(exercises(importlib.import_module(sheet)))
    name = f"{__name__}.{unit.partition('_')[2]}"
    module = importlib.import_module(name) if importlib.util.find_spec(name) else None
    return {part: getattr(module, part, {}) for part in ("PARAMETERS", "CELLS", "DROPPED", "KEYED")}


def joined(described):
    """The table of a sheet from what its exercises say, {name: exercise}."""
    varied = {name: one for name, one in described.items() if one.varied}
    found = {"PARAMETERS": {}, "CELLS": {}, "DROPPED": set()}
    for one in varied.values():
        found["PARAMETERS"] |= one.varied.parameters
        found["DROPPED"] |= set(one.varied.dropped)
        for cell, rule in one.varied.cells.items():
            found["CELLS"][cell] = rule if callable(rule) else [*found["CELLS"].get(cell, []), *rule]
    return {**found, "KEYED": {name: one for name, one in varied.items() if not one.varied.same}}


def drawn(unit, seed):
    """The parameters of a variant. seed: a text; who knows it knows the variant."""
    rng, p = generator(unit, seed), {}
    for name, draw in table(unit)["PARAMETERS"].items():
        p[name] = plain(draw(rng, p))
    return p


def generator(unit, seed):
    digest = hashlib.sha256(f"{unit}/{seed}".encode()).digest()
    return np.random.default_rng(int.from_bytes(digest))


def plain(value):
    return value.item() if isinstance(value, np.generic) else value


def varied(cells, unit, p):
    """The cells of a solution, as dicts, with the parameters in them; neither hints nor words on the solution."""
    rules, kept = table(unit), []
    for cell in cells:
        source = "".join(cell["source"])
        about = cell["id"] in rules["DROPPED"] or "solution-only" in cell["metadata"].get("tags", [])
        if not about and not source.startswith("<details><summary>Hint"):
            rule = [TITLE] if cell["id"] == "title" and rules["KEYED"] else rules["CELLS"].get(cell["id"], [])
            kept.append({**cell, "source": rewritten(source, cell["id"], rule, p)})
    if missing := set(rules["CELLS"]) - {cell["id"] for cell in kept}:
        raise ValueError(f"the table of {unit} speaks of cells that are not there: {', '.join(sorted(missing))}")
    return kept


def rewritten(source, name, rule, p):
    if callable(rule):
        return rule(source, p)
    for old, new in rule:
        if source.count(old) != 1:
            raise ValueError(
                f"the cell {name} must have this exactly once: {old!r}; it is there {source.count(old)} times"
            )
        source = source.replace(old, re.sub(r"\{(\w+)\}", lambda found: str(p.get(found[1], found[0])), new))
    return source


def keeping(cells, unit):
    """The cells as they are handed out: what would judge by the open sheet's numbers only keeps the answer."""
    keyed = table(unit)["KEYED"]

    def handed_out(source, name):
        if name in keyed:
            return source.replace("check.", "kept.", 1)
        return IMPORTED.sub("from course_lib.checks import kept\n", source) if keyed else source

    return [{**cell, "source": handed_out(cell["source"], checked(cell)[0])} for cell in cells]


def checked(cell):
    """(name of the check, its argument) of a graded cell with a check, else ("", "")."""
    graded = cell["cell_type"] == "code" and cell["metadata"].get("nbgrader", {}).get("grade")
    found = CHECKED.fullmatch("".join(cell["source"]).strip()) if graded else None
    return found.groups() if found else ("", "")


def told(cells, unit):
    """Lines that say of each exercise what varies."""
    keyed = table(unit)["KEYED"]
    for cell in cells:
        mark = cell["metadata"].get("nbgrader", {})
        if mark.get("grade"):
            name, _ = checked(cell)
            what = "hidden inputs only" if name else "nothing, it is read by a person"
            what = "the exercise itself" if name in keyed else what
            yield f"{mark['grade_id']}: {what}"


# The key


def hidden(path):
    """{name of a check: [Property, ...]} of a variant, from its key, the path of a notebook; {} if it is not one."""
    variant = json.loads(path.read_text(encoding="utf-8"))["metadata"].get("variant")
    if variant is None:
        return {}
    keyed, p = table(variant["unit"])["KEYED"], variant["parameters"]
    return {name: judge.judged(variant["answers"].get(name), p) for name, judge in keyed.items()}


def asked(cells, unit):
    """The line of code that prints the right values of a variant, as JSON, once its solution has run."""
    keyed = table(unit)["KEYED"]
    values = [(name, what) for name, what in map(checked, cells) if getattr(keyed.get(name), "by_value", False)]
    pairs = ", ".join(f"{json.dumps(name)}: np.asarray({what}).tolist()" for name, what in values)
    return f"import json\n\nprint(json.dumps({{{pairs}}}))"
