"""Usual mistakes as edits of the right answer: what stands there, what a learner writes instead, and its sentence.

    beta * v + g -> beta * v + (1 - beta) * g : this is the running mean; the sum is meant
    return x, v -> return v, x                : the results have changed places

One row for each. What stands left of the arrow must be in the right answer exactly once. What is told once is not told
again:

    np.linalg.norm(x) -> x @ x || np.sum(np.abs(x)) : the length is the root of the sum of squares
        -> 1.0 : the length is missing
    x * y -> x + y
    x * y -> x / y : a product is meant

`` || `` stands between several mistakes with one sentence; a line that begins with an arrow changes the same text as
the row above; a row without a sentence has that of the row below. `` ;; `` joins several edits of one mistake; a line
that begins with such a sign, or has no arrow, goes on with the row above.
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
    for line in map(str.strip, table.strip().splitlines()):
        if "->" in line and not line.startswith((";;", "||", ":")):
            rows.append(line)
        else:
            rows[-1] += f" {line}"
    pairs, old, sentence = [], "", ""
    for row in rows:
        changes, _, said = row.partition(" : ")
        for change in changes.split(" || "):
            parts = [[side.strip() for side in edit.split("->")] for edit in change.split(" ;; ")]
            if len(parts[0]) == 1:
                parts[0].insert(0, "")
            parts[0][0] = old = parts[0][0] or old
            pairs.append([Edited(right, parts), said.strip()])
    for pair in reversed(pairs):
        pair[1] = sentence = pair[1] or sentence
    return [tuple(pair) for pair in pairs]


def collected(right, mistakes):
    """Pairs (wrong function, sentence) from tables of edits and from pairs, mixed as they like."""
    pairs = []
    for row in [mistakes] if isinstance(mistakes, str) else mistakes:
        pairs += edits(right, row) if isinstance(row, str) else [row]
    return pairs
