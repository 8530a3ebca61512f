"""Usual mistakes as edits of the right answer: what stands there, what a learner writes instead, and its sentence.

    beta * v + g -> beta * v + (1 - beta) * g : this is the running mean; the sum is meant
    return x, v -> return v, x                : the results have changed places

One row for each. What stands left of the arrow must be in the right answer exactly once. `` ;; `` joins several edits
of one row; a line that begins with it, or has no arrow, goes on with the row above.
"""

import ast
import inspect
import textwrap


class Edited:
    """The right answer with something else in one place: a function, compiled when it is first called."""

    def __init__(self, right, edits):
        self.right, self.edits, self.made = right, edits, None
        self.source = source_of(right)
        for old, new in edits:
            if self.source.count(old) != 1:
                raise ValueError(f"{right.__name__} must have this exactly once: {old!r}")
            self.source = self.source.replace(old, new)

    def __call__(self, *args, **hyper):
        if self.made is None:
            space = {**self.right.__globals__, **inspect.getclosurevars(self.right).nonlocals}
            exec(compile(self.source, f"<{self.right.__name__}, edited>", "exec"), space)
            self.made = space[self.right.__name__]
        return self.made(*args, **hyper)

    def __repr__(self):
        return "; ".join(f"{old} -> {new}" for old, new in self.edits)


def source_of(function):
    """The text of a function without its decorators."""
    text = textwrap.dedent(inspect.getsource(function))
    start = ast.parse(text).body[0].lineno
    return "".join(text.splitlines(keepends=True)[start - 1 :])


def edits(right, table):
    """Pairs (wrong function, sentence) from the rows of a table."""
    rows = []
    for line in table.strip().splitlines():
        if "->" in line and not line.lstrip().startswith(";;"):
            rows.append(line.strip())
        else:
            rows[-1] += " " + line.strip()
    pairs = []
    for row in rows:
        change, _, sentence = row.partition(" : ")
        changes = [[side.strip() for side in edit.split("->")] for edit in change.split(" ;; ")]
        pairs.append((Edited(right, changes), sentence.strip()))
    return pairs


def collected(right, mistakes):
    """Pairs (wrong function, sentence) from tables of edits and from pairs, mixed as they like."""
    pairs = []
    for row in [mistakes] if isinstance(mistakes, str) else mistakes:
        pairs += edits(right, row) if isinstance(row, str) else [row]
    return pairs
