"""A private variant of a sheet: the same exercises with other functions, dimensions and numbers, drawn from a seed.

What varies stands with each exercise, in its `Varied` (course_lib/checks/varied.py). What it says of a cell must stand
in that cell exactly once: if the sheet changes, it must follow.

Hints are left out of a variant, since their numbers are those of the open sheet; so are the words on the solution. A
check whose answer varies would judge by the open sheet's numbers: in its place stands a line that keeps the answer.
"""

import hashlib
import importlib
import importlib.util
import json
import re

import numpy as np

from course_lib.checks.exercise import exercises

TITLE = (  # what all titles say, and what is said in its place
    "A check says what is right already, what is not, and by how far; it does not mind how often you ask. "
    "Stuck? Below each check are hints, folded: a question first, the nearly-answer last.",
    "Some numbers and functions of this sheet are its own: there the cell below your answer only keeps it, and it is "
    "marked later. The other checks judge as ever.",
)
CHECKED = re.compile(r"(?:check|kept)\.(\w+)\((.*)\)", re.DOTALL)
PLACE = re.compile(r"\{(\w+):([^{}]*)\}")  # of a parameter in a template, and what the open sheet has there
IMPORTED = re.compile(r"(?m)^(?=from course_lib\.(?:checks|sheets) import \w+ as check$)")


def table(unit):
    """What varies in a sheet, from what its exercises say.

    PARAMETERS: name -> draw. CELLS: id of a cell -> templates and pairs, or a function. DROPPED: ids of cells. KEYED:
    name of an exercise whose answer varies -> the exercise. A sheet that says nothing varies in its hidden inputs only.
    """
    sheet = f"course_lib.sheets.{unit.partition('_')[2]}"
    described = exercises(importlib.import_module(sheet)) if importlib.util.find_spec(sheet) else {}
    varying = {name: one for name, one in described.items() if one.varied}
    found = {"PARAMETERS": {}, "CELLS": {}, "DROPPED": set()}
    for one in varying.values():
        found["PARAMETERS"] |= one.varied.parameters
        found["DROPPED"] |= set(one.varied.dropped)
        for cell, rule in one.varied.cells.items():
            found["CELLS"][cell] = rule if callable(rule) else [*found["CELLS"].get(cell, []), *rule]
    return {**found, "KEYED": {name: one for name, one in varying.items() if not one.varied.same}}


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
    for row in rule:
        old, new = (PLACE.sub(r"\2", row), PLACE.sub(r"{\1}", row)) if isinstance(row, str) else row
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


def what_varies(cells, unit):
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


def code_for_answers(cells, unit):
    """The line of code that prints the right values of a variant, as JSON, once its solution has run."""
    keyed = table(unit)["KEYED"]
    values = [(name, what) for name, what in map(checked, cells) if getattr(keyed.get(name), "by_value", False)]
    pairs = ", ".join(f"{json.dumps(name)}: np.asarray({what}).tolist()" for name, what in values)
    return f"import json\n\nprint(json.dumps({{{pairs}}}))"
