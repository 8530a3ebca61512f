"""What a private variant of a sheet changes: parameters drawn from a seed, and the words of cells that hold them."""

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Varied:
    """What a private variant of the sheet changes here.

    parameters: name -> draw, (rng, p) -> value; p holds those drawn before.
    cells: id of a cell -> templates, "lr={rate:0.1}" for what stands there exactly once, "lr=0.1", with a parameter in
        place of a number; pairs (old words, new words with {rate}) where more changes; or (source, p) -> source.
    dropped: ids of cells that would tell the answer.
    right: p -> the right function now. back: (answer, p) -> the answer in the open sheet's terms.
    same: whether the answer stays that of the open sheet, and only words around it change.
    """

    parameters: dict = field(default_factory=dict)
    cells: dict = field(default_factory=dict)
    dropped: Collection = ()
    right: Callable | None = None
    back: Callable | None = None
    same: bool = False


def choice(*values: Any) -> Callable:
    """A parameter that is one of some values, each as likely."""
    return lambda rng, p: values[rng.integers(len(values))]


def number(formula):
    """A parameter that follows from others, p -> number, as short as it can be written."""
    return lambda rng, p: float(f"{formula(p):.10g}")


def relettered(word, task="parsons-task", answer="parsons", told=None, dropped=()):
    """That the lines of a proof have other letters. word: its lines in order.

    task, answer: ids of the cells with the lines and with their order. told: (source, p) -> the task, if it is more
    than its lines `reordered`.
    """
    return Varied(
        {"lines": lambda rng, p: "".join(rng.permutation(sorted(word))), "proof": lambda rng, p: renamed(word, p)},
        {task: told or reordered, answer: [(word, "{proof}")]},
        dropped,
    )


def renamed(word, p):
    """Letters of the open sheet as they are in the variant."""
    return word.translate(str.maketrans("".join(sorted(p["lines"])), p["lines"]))


def reordered(source, p):
    """A task with its lines in the order of their new letters."""
    line = re.compile(r"^- \*\*([A-Z])\*\* · (.*)$", re.MULTILINE)
    words = {renamed(letter, p): text for letter, text in line.findall(source)}
    places = iter(sorted(words))
    return line.sub(lambda found: (letter := next(places)) and f"- **{letter}** · {words[letter]}", source)
