"""The hidden checks of every sheet: right answers have all of them, wrong ones what they deserve, trivial ones none.

The answers are the tables RIGHT, WRONG and BLANK of the tests/test_checks_<sheet>.py. What a wrong answer deserves is
stated where it matters, in SHARES here: sheet -> check -> a part of its message -> share of the points.
"""

import importlib
import json
import pkgutil
from pathlib import Path

import numpy as np
import pytest

from course_lib.grading import properties
from course_lib.grading.judge import credited
from course_lib.grading.library import cut
from tests.test_old_sheets import loaded

ROOT = Path(__file__).parents[1]
SHEETS = [module.name for module in pkgutil.iter_modules(properties.__path__)]
MODULES = {sheet: importlib.import_module(f"course_lib.grading.properties.{sheet}") for sheet in SHEETS}
ANSWERS = {sheet: loaded(Path(__file__).with_name(f"test_checks_{sheet}.py")) for sheet in SHEETS}
CHECKED = [(sheet, check) for sheet in SHEETS for check in MODULES[sheet].HIDDEN]

SHARES = {}


def share(sheet, check, answer, seed=0):
    """The share of the points that an answer earns."""
    hidden = MODULES[sheet].HIDDEN[check]
    held = credited(hidden, lambda: answer, [seed, 4], lambda one, error: None)
    return sum(one.weight for one, holds in zip(hidden, held) if holds) / sum(one.weight for one in hidden)


def rows(table):
    return [
        pytest.param(sheet, check, *(row if table == "WRONG" else (row,)), id=f"{sheet}-{check}-{i}")
        for sheet, check in CHECKED
        for i, row in enumerate(getattr(ANSWERS[sheet], table)[check])
    ]


@pytest.mark.parametrize(("sheet", "check", "answer"), rows("RIGHT"))
def test_right_answer_has_every_property(sheet, check, answer):
    for seed in range(10):
        assert share(sheet, check, answer, seed) == 1


def as_lists(value):
    if isinstance(value, tuple):
        return tuple(map(as_lists, value))
    return value.tolist() if isinstance(value, np.ndarray | np.generic) else value


@pytest.mark.parametrize(("sheet", "check"), CHECKED)
def test_lists_do_where_the_visible_check_takes_them(sheet, check):
    answer = ANSWERS[sheet].RIGHT[check][0]
    visible = getattr(getattr(ANSWERS[sheet], sheet), check)

    def listed(*args, **hyper):
        return as_lists(answer(*args, **hyper))

    if callable(answer) and visible.report(listed)[0]:
        assert share(sheet, check, listed) == 1


@pytest.mark.parametrize(("sheet", "check", "answer", "message"), rows("WRONG"))
def test_wrong_answer_loses_what_it_should(sheet, check, answer, message):
    for seed in range(3):
        earned = share(sheet, check, answer, seed)
        assert earned < 1
        deserved = SHARES.get(sheet, {}).get(check, {})
        assert earned == pytest.approx(next((deserved[part] for part in deserved if part in message), earned))


@pytest.mark.parametrize(("sheet", "check", "answer"), rows("BLANK"))
def test_blank_has_no_property(sheet, check, answer):
    assert share(sheet, check, answer) == 0


def emptied(value, *args, **hyper):
    """Sets to 0 what it is given, and gives that back: it would deceive who computes what is right afterwards."""
    for arg in (value, *args, *hyper.values()):
        if isinstance(arg, np.ndarray):
            arg[...] = 0
    return value


def first(change, form, args, hyper):
    """A form of the first array that it is given, with which something is done before."""
    arrays = [value for value in (*args, *hyper.values()) if isinstance(value, np.ndarray)]
    change(arrays[0])
    return form(arrays[0].copy())


def nothing(array):
    pass


def empty(array):
    array[...] = 0


TRIVIAL = {
    "its first array": lambda *args, **hyper: first(nothing, lambda x: x, args, hyper),
    "its first array in a tuple": lambda *args, **hyper: first(nothing, lambda x: (x,), args, hyper),
    "its first array and 0": lambda *args, **hyper: first(nothing, lambda x: (x, 0), args, hyper),
    "its first array, emptied": lambda *args, **hyper: first(empty, lambda x: x, args, hyper),
    "its first array, emptied, in a tuple": lambda *args, **hyper: first(empty, lambda x: (x,), args, hyper),
    "its first array, emptied, and 0": lambda *args, **hyper: first(empty, lambda x: (x, 0), args, hyper),
    "its first array, emptied, three times": lambda *args, **hyper: first(empty, lambda x: (x,) * 3, args, hyper),
    "zeros like its first array": lambda *args, **hyper: first(nothing, lambda x: 0.0 * x, args, hyper),
    "zeros like its first array, and 0": lambda *args, **hyper: first(nothing, lambda x: (0.0 * x, 0), args, hyper),
    "None": lambda *args, **hyper: None,
    "0": lambda *args, **hyper: 0.0,
    "1": lambda *args, **hyper: 1.0,
    "a constant": lambda *args, **hyper: 0.37,
    "True": lambda *args, **hyper: True,
    "False": lambda *args, **hyper: False,
    "an empty list": lambda *args, **hyper: [],
    "its first argument": lambda *args, **hyper: args[0],
    "its first argument twice": lambda *args, **hyper: (args[0], args[0]),
    "its first two arguments": lambda *args, **hyper: args[:2],
    "its last argument": lambda *args, **hyper: args[-1],
    "all its arguments": lambda *args, **hyper: args,
    "zeros": lambda *args, **hyper: np.zeros_like(args[0], float),
    "two of zeros": lambda *args, **hyper: (np.zeros_like(args[0], float),) * 2,
    "ones": lambda *args, **hyper: np.ones_like(args[0], float),
    "nan": lambda *args, **hyper: np.full_like(args[0], np.nan, float),
    "two of nan": lambda *args, **hyper: (np.full_like(args[0], np.nan, float),) * 2,
    "a text": lambda *args, **hyper: "right",
    "emptied arguments": emptied,
    "emptied arguments twice": lambda *args, **hyper: (emptied(*args, **hyper),) * 2,
    "an error": lambda *args, **hyper: 1 / 0,
    "no function": 3.0,
    "a class": object,
}


@pytest.mark.parametrize("trivial", TRIVIAL)
@pytest.mark.parametrize(("sheet", "check"), CHECKED)
def test_trivial_answer_earns_nothing(sheet, check, trivial):
    assert share(sheet, check, TRIVIAL[trivial]) == 0


@pytest.mark.parametrize("sheet", SHEETS)
def test_the_module_agrees_with_its_sheet_and_its_lesson(sheet):
    module, checks = MODULES[sheet], vars(getattr(ANSWERS[sheet], sheet))
    functions = {name for name, answers in ANSWERS[sheet].RIGHT.items() if callable(answers[0])}
    assert functions <= set(module.HIDDEN) <= set(checks)
    for name, hidden in module.HIDDEN.items():
        assert len({one.says for one in hidden}) == len(hidden), name
        assert all(one.says.endswith(".") for one in hidden), name
    (lesson,) = (ROOT / "notebooks").glob(f"*_{sheet}.ipynb")
    cells = json.loads(lesson.read_text(encoding="utf-8"))["cells"]
    lines = {line for cell in cells if cell["cell_type"] == "markdown" for line in "".join(cell["source"]).splitlines()}
    assert {f"## {section}" for section in module.READ.values()} <= lines


@pytest.mark.parametrize("sheet", SHEETS)
def test_what_is_withheld_can_be(sheet):
    for module, names in MODULES[sheet].WITHHELD.items():
        source = (ROOT / "course_lib" / f"{module}.py").read_text(encoding="utf-8")
        assert cut(source, names).count("refuse(") == len(names)
