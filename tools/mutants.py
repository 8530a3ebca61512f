"""Changes one place in each official solution and asks its visible check: does it see that?

    python -m tools.mutants                        all sheets
    python -m tools.mutants 04_momentum            one
    python -m tools.mutants --share 0.05 --seed 1  a part of the mutants, drawn

A mutant is the solution of one cell with an operator, a comparison, a number, a sign, a function, an order of results
or a line changed. In an order of lines two neighbours change places; letters from A to Z are a set, in which a change
of places says the same, so each is left out once. It is refused if its cell stops or a check of it does not pass. A
number or a text that comes out the same is no mutant, whatever led there. Who survives must stand in tools/mutants.toml
with the reason why it is as right as the solution; others are printed, and the exit code is 1.
"""

import argparse
import ast
import contextlib
import copy
import io
import json
import os
import random
import re
import signal
import sys
import time
import tomllib
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tools.refresh import ROOT

SECONDS = 20  # for the cell of a mutant and its checks
LISTED = Path(__file__).with_name("mutants.toml")
BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"

OPERATORS = {ast.Add: [ast.Sub], ast.Sub: [ast.Add], ast.Mult: [ast.Div, ast.Add], ast.Div: [ast.Mult],
             ast.Pow: [ast.Mult], ast.FloorDiv: [ast.Div], ast.Mod: [ast.FloorDiv],
             ast.MatMult: [ast.Mult]}  # fmt: skip
COMPARISONS = {ast.Lt: [ast.LtE, ast.Gt], ast.LtE: [ast.Lt, ast.GtE], ast.Gt: [ast.GtE, ast.Lt],
               ast.GtE: [ast.Gt, ast.LtE], ast.Eq: [ast.NotEq], ast.NotEq: [ast.Eq]}  # fmt: skip
NAMES = {"max": "min", "mean": "sum", "argmax": "argmin", "maximum": "minimum", "ceil": "floor", "all": "any",
         "sin": "cos", "eigvalsh": "eigvals", "linspace": "geomspace", "zeros": "ones"}  # fmt: skip
NAMES |= {new: old for old, new in NAMES.items()}


class Late(BaseException):
    """A mutant takes too long."""


@dataclass(frozen=True)
class Mutant:
    """A solution cell with one place changed: its source, and the line before and after."""

    source: str
    before: str
    after: str


def places(tree, lines):
    """Yields (node, function that changes it in a copy's place) for each single change inside the given lines."""
    for node in ast.walk(tree):
        if not (hasattr(node, "lineno") and lines[0] < node.lineno < lines[1]):
            continue
        if isinstance(node, ast.BinOp | ast.AugAssign):
            yield from ((node, put("op", new())) for new in OPERATORS.get(type(node.op), []))
        if isinstance(node, ast.BinOp):
            yield from ((node, become(side)) for side in (node.left, node.right))
        if isinstance(node, ast.Compare):
            for new in COMPARISONS.get(type(node.ops[0]), []):
                yield node, put("ops", [new(), *node.ops[1:]])
        if isinstance(node, ast.Constant):
            yield from ((node, put("value", new)) for new in constants(node.value))
        if isinstance(node, ast.UnaryOp):
            yield node, become(node.operand)
        if isinstance(node, ast.BoolOp):
            yield node, put("op", ast.And() if isinstance(node.op, ast.Or) else ast.Or())
        if isinstance(node, ast.IfExp):
            yield from [(node, become(node.body)), (node, become(node.orelse))]
        if isinstance(node, ast.If | ast.While):
            yield node, put("test", ast.UnaryOp(ast.Not(), node.test))
        if isinstance(node, ast.Attribute) and node.attr in NAMES:
            yield node, put("attr", NAMES[node.attr])
        if isinstance(node, ast.Name) and node.id in NAMES and isinstance(node.ctx, ast.Load):
            yield node, put("id", NAMES[node.id])
        if isinstance(node, ast.Call) and len(node.args) == 1 and not isinstance(node.args[0], ast.Starred):
            yield node, become(node.args[0])
        if isinstance(node, ast.Call) and node.keywords:
            yield from ((node, put("keywords", [k for k in node.keywords if k is not gone])) for gone in node.keywords)
        if isinstance(node, ast.Tuple) and len(node.elts) > 1 and isinstance(node.ctx, ast.Load):
            yield node, put("elts", [node.elts[1], node.elts[0], *node.elts[2:]])
        if isinstance(node, ast.Assign | ast.AugAssign | ast.Expr | ast.If | ast.For | ast.Return):
            yield node, become(ast.Pass())


def constants(value):
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, int | float):
        return [value + 1, *([0] if value else [])] if isinstance(value, int) else [2 * value, 0.0] if value else [1.0]
    if isinstance(value, str) and re.fullmatch(r"[A-Z]{2,}", value):
        left_out = [value[:i] + value[i + 1 :] for i in range(len(value))]
        if sorted(value) == list(value):
            return left_out
        return [value[:i] + value[i + 1] + value[i] + value[i + 2 :] for i in range(len(value) - 1)] + left_out[:1]
    return []


def put(field, value):
    return lambda node: setattr(node, field, value) or node


def become(other):
    return lambda node: other


class Change(ast.NodeTransformer):
    """Changes one node of a copied tree, found by its number in the walk."""

    def __init__(self, target, change):
        self.target, self.change = target, change

    def visit(self, node):
        return self.change(node) if node is self.target else self.generic_visit(node)


def mutants(source):
    """Every `Mutant` of a solution cell."""
    texts = source.splitlines()
    spans = list(zip(*([i for i, line in enumerate(texts, 1) if line.strip() == mark] for mark in (BEGIN, END))))
    found, seen = [], {ast.unparse(ast.parse(source))}
    for span in spans:
        for i in range(sum(1 for _ in places(ast.parse(source), span))):
            tree = ast.parse(source)
            node, change = list(places(tree, span))[i]
            line = texts[node.lineno - 1].strip()
            tree = ast.fix_missing_locations(Change(node, lambda n, change=change: change(copy.copy(n))).visit(tree))
            changed = ast.unparse(tree)
            if changed not in seen:
                seen.add(changed)
                before, after = ast.unparse(ast.parse(source)).splitlines(), changed.splitlines()
                new = next((b for a, b in zip(before, after) if a != b), "")
                found.append(Mutant(changed, line, new.strip()))
    return found


def judged(path, chosen):
    """(number of mutants tried, survivors as dicts) of a solution notebook. chosen: list of mutants -> those tried."""
    cells = [cell for cell in json.loads(path.read_text(encoding="utf-8"))["cells"] if cell["cell_type"] == "code"]
    checks = [checked("".join(cell["source"])) for cell in cells if cell["metadata"].get("nbgrader", {}).get("grade")]
    space, tried, survivors = {"__name__": "solution"}, 0, []
    for cell in cells:
        source, mark = "".join(cell["source"]), cell["metadata"].get("nbgrader", {})
        if mark.get("solution") and not mark.get("grade"):
            made = set(made_by(source))
            ours = [(check, what) for check, what in filter(None, checks) if made & names_in(what)]
            official = answers(source, space, ours)
            for mutant in chosen(mutants(source)):
                given = answers(mutant.source, space, ours)
                if alike(given, official):
                    continue
                tried += 1
                if passed(given, space, ours):
                    names = ", ".join(check for check, _ in ours)
                    survivors.append({"sheet": path.stem, "check": names, "line": mutant.before, "as": mutant.after})
        if not mark.get("grade") and "plots." not in source and "solution-only" not in cell["metadata"].get("tags", []):
            with silence(), contextlib.suppress(Exception):
                exec(source, space)
    return tried, survivors


def answers(source, space, checks):
    """What the checks would be given after a cell has run, or None if it stops."""
    mine = dict(space)
    try:
        with silence(), deadline():
            exec(compile(source, "<cell>", "exec"), mine)
            return [eval(what, mine) for _, what in checks]
    except (Exception, Late):
        return None


def alike(given, official):
    """Whether all answers are values, and the same."""
    if given is None or any(map(callable, [*given, *official])):
        return False
    try:
        return all(np.array_equal(a, b) or np.allclose(a, b, rtol=1e-9, atol=0) for a, b in zip(given, official))
    except (TypeError, ValueError):
        return False


def passed(given, space, checks):
    if given is None:
        return False
    try:
        with silence(), deadline():
            return all(getattr(space["check"], name).report(one)[0] for (name, _), one in zip(checks, given))
    except (Exception, Late):
        return False


@contextlib.contextmanager
def silence():
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        yield


@contextlib.contextmanager
def deadline():
    def late(*_):
        raise Late

    signal.signal(signal.SIGALRM, late)
    signal.alarm(SECONDS)
    try:
        yield
    finally:
        signal.alarm(0)


def checked(source):
    found = re.fullmatch(r"check\.(\w+)\((.*)\)", source.strip(), re.DOTALL)
    return found and found.groups()


def made_by(source):
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id


def names_in(expression):
    return {node.id for node in ast.walk(ast.parse(expression)) if isinstance(node, ast.Name)}


def listed():
    """The survivors that are known to be right: {(sheet, the changed line): reason}."""
    groups = tomllib.loads(LISTED.read_text(encoding="utf-8"))["survivors"]
    return {(group["sheet"], line): group["reason"] for group in groups for line in group["lines"]}


def main(*words):
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("sheets", nargs="*", help="names, such as 04_momentum; all if none")
    parser.add_argument("--share", type=float, default=1.0, help="of the mutants, drawn")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(words or None)
    os.environ["COURSE_ANSWERS"] = os.devnull
    draw, known, total, left = random.Random(options.seed), listed(), 0, []

    def chosen(several):
        return [one for one in several if options.share >= 1 or draw.random() < options.share]

    for path in sorted((ROOT / "solutions").glob("*.ipynb")):
        if options.sheets and path.stem not in options.sheets:
            continue
        began = time.monotonic()
        tried, survivors = judged(path, chosen)
        new = [one for one in survivors if (one["sheet"], one["as"]) not in known]
        seconds = time.monotonic() - began
        print(f"{path.stem}: {tried - len(survivors)} of {tried} refused, {seconds:.0f} s", flush=True)
        for one in new:
            print(f"    {one['check']}: {one['line']}\n        passes as {one['as']}")
        total, left = total + tried, left + new
    print(f"{len(left)} survivors without a reason, of {total}")
    return bool(left)


if __name__ == "__main__":
    sys.exit(main())
