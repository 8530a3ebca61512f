"""Makes FROM_HERE.md: for each method of the course the calls of torch and optax that walk the same path.

python -m tools.from_here

The calls are those of tests/reference/make.py, which stored the paths; tests/reference/conventions.py says what agrees.
"""

import ast
import inspect
import sys
from itertools import groupby

import numpy as np

from course_lib import optimizers
from course_lib.wrappers import l2
from tests.reference import conventions
from tools.refresh import ROOT

METHODS = [f for f in vars(optimizers).values() if inspect.isfunction(f)]
HEAD = """# From here to PyTorch and optax

You know a method from the course and want it in your own work: here is the call. Each was run for {steps} steps in
float64 beside ours, on Rosenbrock's function or, for Muon, on a quadratic of a matrix, and the tests compare the two
paths ({versions}).

One step is written so:

```python
x, *memory = adam(x, g, *memory, lr=0.05)  # here
```

```python
optimizer = torch.optim.Adam(params, lr=0.05)  # torch: params = model.parameters(), or a list of tensors
optimizer.zero_grad()
loss(params).backward()
optimizer.step()  # changes params in place
```

```python
method = optax.adam(0.05)  # optax: params is any tree of arrays
state = method.init(params)
updates, state = method.update(grads, state, params)
params = optax.apply_updates(params, updates)
```

A rate that changes is a function of the step in the course and in optax; in torch it is an object of
`torch.optim.lr_scheduler` beside the optimizer.

## The same path

To 1e-12, unless it says otherwise.

| here | PyTorch | optax | to know |
|---|---|---|---|
"""
DIFFER = """
## It looks alike, and walks elsewhere

How far: the largest distance between the two paths, in one coordinate.

| here | there | why | how far |
|---|---|---|---|
"""
FOOT = """
## What else there is

{counted} optimizers stand in `torch.optim` of this version. {others} are not in the course under these names. {missing}

This page is made from [the script that stored the paths](tests/reference/make.py) and
[what is compared with them](tests/reference/conventions.py) by `python -m tools.from_here`.
"""


def main():
    (ROOT / "FROM_HERE.md").write_text(page(), encoding="utf-8", newline="\n")


def calls():
    """{name of a stored path: the call that made it, as it is written in the script}"""
    source = conventions.SCRIPT.read_text(encoding="utf-8")
    found = {}
    for function in ast.walk(ast.parse(source)):
        if isinstance(function, ast.FunctionDef) and function.name in ("torch_paths", "optax_paths"):
            library = function.name.removesuffix("_paths")
            for name, path in (node.value.elts for node in ast.walk(function) if isinstance(node, ast.Yield)):
                call = path.args[0].body if library == "torch" else path.args[0]
                found[f"{library} {name.value}"] = ast.get_source_segment(source, call)
    return found


def ours(row):
    """Our method and its settings, as one would call it."""
    name = row.of.__name__
    if isinstance(row.method, l2):
        name = f"l2({name}, {row.method.decay})"
    settings = "".join(f", {key}={value:g}" for key, value in row.hyper.items())
    return f"`{name}(x, g, …{settings})`"


def page():
    """FROM_HERE.md."""
    paths, made = conventions.stored(), calls()
    versions = [line.split("+")[0] for line in paths["versions"] if line.split()[0] in ("torch", "optax")]
    text = HEAD.format(steps=conventions.STEPS, versions=" and ".join(versions))
    for here, rows in groupby(in_order(conventions.AGREE), key=lambda row: (ours(row), row.why)):
        there = {row.library: f"`{made[row.path]}`" for row in rows}
        text += f"| {here[0]} | {there.get('torch', '')} | {there.get('optax', '')} | {here[1]} |\n"
    text += DIFFER
    for row in in_order(conventions.DIFFER):
        far = np.abs(conventions.ours(row) - conventions.theirs(paths, row)).max()
        text += f"| {ours(row)} | `{made[row.path]}` | {row.why} | {far:.1g} |\n"
    called = " ".join(made.values())
    names = list(paths["torch.optim"])
    others = [f"`{name}`" for name in names if f"torch.optim.{name}(" not in called]
    agree = {library: {row.of for row in conventions.AGREE if row.library == library} for library in ("torch", "optax")}
    compared = [f for f in METHODS if any(f in found for found in agree.values())]
    missing = " ".join(
        f"With no call of {library} is compared: {listed([f'`{f.__name__}`' for f in compared if f not in found])}."
        for library, found in agree.items()
    )
    return text + FOOT.format(counted=len(names), others=listed(others), missing=missing)


def in_order(rows):
    """The rows in the order of the methods in the library, the rows of one call of ours together."""
    places = list(dict.fromkeys(map(ours, rows)))
    return sorted(rows, key=lambda row: (METHODS.index(row.of), places.index(ours(row))))


def listed(words):
    *most, last = words
    return f"{', '.join(most)} and {last}" if most else last


if __name__ == "__main__":
    sys.exit(main())
