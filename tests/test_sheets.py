"""Every sheet by its own description: the right answers pass in many clothes, each mistake hears its own sentence.

What a sheet's own file adds, tests/test_sheets_<sheet>.py: ALSO, other right answers, {name of an exercise: [answer]},
and WRONG, answers that are no row of its mistakes, {name: [(answer, words that it must hear)]}.
"""

import copy
import functools
import importlib
import itertools
import json
import pkgutil
import re
import sys
from pathlib import Path

import numpy as np
import pytest

from course_lib import sheets
from course_lib.checks.comparison import numbers
from course_lib.checks.exercise import Function, Like, Order, Value, exercises
from course_lib.grading import variants
from course_lib.grading.judge import credited
from course_lib.grading.library import cut

ROOT = Path(__file__).parents[1]
SHEETS = [module.name for module in pkgutil.iter_modules(sheets.__path__)]
DESCRIBED = {sheet: exercises(importlib.import_module(f"course_lib.sheets.{sheet}")) for sheet in SHEETS}
OWN = {sheet: importlib.import_module(f"tests.test_sheets_{sheet}") for sheet in SHEETS}
EVERY = [pytest.param(sheet, name, id=f"{sheet}-{name}") for sheet, known in DESCRIBED.items() for name in known]


def described(parameters):
    sheet, name = parameters.values
    return DESCRIBED[sheet][name]


FUNCTIONS = [one for one in EVERY if isinstance(described(one), Function)]
JUDGED = [one for one in EVERY if described(one).hidden()]


def rights(sheet, name):
    """The right answers that are known: that of the description, and others."""
    one = DESCRIBED[sheet][name]
    first = one.passes if isinstance(one, Value) and one.right is None else one.right
    return [first, *OWN[sheet].ALSO.get(name, [])]


def wrongs(sheet, name):
    """Pairs (answer, words that it must hear)."""
    rows = getattr(DESCRIBED[sheet][name], "mistakes", ())
    known = [(wrong.example if isinstance(wrong, Like) else wrong, sentence) for wrong, sentence in rows]
    return known + OWN[sheet].WRONG.get(name, [])


LETTERS = [one for one in EVERY if str(rights(*one.values)[0]).isalpha() and str(rights(*one.values)[0]).isupper()]
NUMBERS = [one for one in EVERY if isinstance(described(one), Value) and numbers(described(one).right) is not None]


def share(exercise, answer, seed=0):
    """The share of the points that an answer earns by the hidden properties."""
    hidden = exercise.hidden()
    held = credited(hidden, lambda: answer, [seed, 4], lambda one, error: None)
    return sum(one.weight for one, holds in zip(hidden, held) if holds) / sum(one.weight for one in hidden)


@pytest.mark.parametrize(("sheet", "name"), EVERY)
def test_right_answers_pass(sheet, name):
    one = DESCRIBED[sheet][name]
    for answer in rights(sheet, name):
        assert one.report(answer) == (True, f"PASSED: {one.title}{one.summary}")


@pytest.mark.parametrize(("sheet", "name"), FUNCTIONS)
def test_a_check_tries_every_draw(sheet, name):
    one = DESCRIBED[sheet][name]
    for _ in range(20):
        assert {seed % len(one.every) for seed in one.seeds()} == set(range(len(one.every)))


@pytest.mark.parametrize(("sheet", "name"), JUDGED)
def test_right_answers_have_every_hidden_property(sheet, name):
    for answer in rights(sheet, name):
        for seed in range(5):
            assert share(DESCRIBED[sheet][name], answer, seed) == 1


@pytest.mark.parametrize(("sheet", "name"), EVERY)
def test_each_mistake_hears_its_own_sentence(sheet, name):
    rows, own = wrongs(sheet, name), {sentence for _, sentence in OWN[sheet].WRONG.get(name, [])}
    assert len({sentence for _, sentence in rows}) >= 3 or isinstance(DESCRIBED[sheet][name], Order)
    for answer, sentence in rows:
        passed, text = DESCRIBED[sheet][name].report(answer)
        assert not passed, sentence
        assert sentence in text, (answer, text)
        assert sentence in own or not re.search(r"\b(Name|Type)Error", text), "a mistake that never runs"
        assert "?." not in text


@pytest.mark.parametrize(("sheet", "name"), [one for one in EVERY if isinstance(described(one), Order)])
def test_an_order_passes_if_it_keeps_all_precedences_and_hears_the_one_that_it_breaks(sheet, name):
    one, heard = DESCRIBED[sheet][name], set()
    for letters in map("".join, itertools.permutations(sorted(one.right))):
        broken = [why for late, early, why in one.needs if letters.index(late) < letters.index(early)]
        if broken and heard.issuperset(broken):
            continue
        passed, text = one.report(letters)
        assert passed == (not broken)
        assert passed or any(f"Hint: {why}." in text for why in broken)
        heard |= {why for why in broken if f"Hint: {why}." in text}
    assert heard == {why for *_, why in one.needs}


@pytest.mark.parametrize(("sheet", "name"), JUDGED)
def test_each_mistake_loses_points(sheet, name):
    for answer, sentence in wrongs(sheet, name):
        assert max(share(DESCRIBED[sheet][name], answer, seed) for seed in range(3)) < 1, sentence


def unfinished(*args, **hyper):
    raise NotImplementedError


@pytest.mark.parametrize(("sheet", "name"), EVERY)
def test_a_blank_is_told_so_and_earns_nothing(sheet, name):
    one = DESCRIBED[sheet][name]
    stubs = [unfinished, lambda *args, **hyper: None] if isinstance(one, Function) else [(None, None), "  "]
    for blank in [None, ..., "", *stubs]:
        passed, text = one.report(blank)
        assert not passed
        assert "still blank" in text
        assert not one.hidden() or share(one, blank) == 0


# In other clothes


def relisted(value):
    """Every array as a list, every tuple as a list."""
    if isinstance(value, tuple | list):
        return [relisted(part) for part in value]
    return value.tolist() if isinstance(value, np.ndarray | np.generic) else value


def boxed(value):
    """Every number in an array of shape (1,)."""
    if isinstance(value, tuple):
        return tuple(map(boxed, value))
    return np.array([value]) if np.isscalar(value) and not isinstance(value, str | bool) else value


def scalars(value):
    """Python's numbers as NumPy's, and NumPy's as Python's."""
    if isinstance(value, tuple):
        return tuple(map(scalars, value))
    if isinstance(value, np.generic):
        return value.item()
    return np.asarray(value)[()] if type(value) in (int, float) else value


def single(value):
    if isinstance(value, tuple):
        return tuple(map(single, value))
    return np.asarray(value, np.float32) if getattr(value, "dtype", None) == np.float64 else value


class Callable:
    def __init__(self, f):
        self.f = f

    def __call__(self, *args, **hyper):
        return self.f(*args, **hyper)


def through(change, f):
    return lambda *args, **hyper: change(f(*args, **hyper))


def yielding(value):
    yield from value if isinstance(value, tuple | list | np.ndarray) and np.ndim(value) else [value]


WANTED = ("is meant", "are meant", "must return", "Expected ", "Wrong shape", "a list or an array of it", "float32")
RESULTS = {"lists": relisted, "in arrays of one": boxed, "other numbers": scalars, "float32": single, "yield": yielding}


@pytest.mark.parametrize("clothes", RESULTS)
@pytest.mark.parametrize(("sheet", "name"), EVERY)
def test_a_right_answer_in_other_clothes_passes_or_hears_which_form_is_wanted(sheet, name, clothes):
    one, right = DESCRIBED[sheet][name], rights(sheet, name)[0]
    if isinstance(one, Function):
        answer = through(RESULTS[clothes], right)
    elif clothes == "yield":
        return
    else:
        answer = RESULTS[clothes](right)
    passed, text = one.report(answer)
    assert passed or any(words in text for words in WANTED), text
    if passed and one.hidden():
        assert share(one, answer) == 1, "the hidden check must take it, too"


@pytest.mark.parametrize(("sheet", "name"), LETTERS)
def test_letters_may_be_small_apart_or_in_a_list(sheet, name):
    right = rights(sheet, name)[0]
    for answer in (right.lower(), ", ".join(right), list(right)):
        assert DESCRIBED[sheet][name].report(answer)[0]


@pytest.mark.parametrize(("sheet", "name"), NUMBERS)
def test_a_number_may_be_off_by_the_tolerance_and_no_more(sheet, name):
    one = DESCRIBED[sheet][name]
    allowed = one.tolerance * np.maximum(1, np.max(np.abs(one.right)))
    assert one.report(one.right + 0.9 * allowed)[0]
    assert not one.report(one.right - 1.1 * allowed)[0]


@pytest.mark.parametrize(("sheet", "name"), FUNCTIONS)
def test_any_callable_will_do(sheet, name):
    one = DESCRIBED[sheet][name]
    for answer in (functools.partial(one.right), Callable(one.right), through(lambda result: result, one.right)):
        assert one.report(answer)[0]


@pytest.mark.parametrize(("sheet", "name"), FUNCTIONS)
def test_accidents_are_told_apart_from_a_blank(sheet, name):
    one = DESCRIBED[sheet][name]
    once = []

    def forgotten(*args, **hyper):
        once.append(one.right(*args, **hyper))

    def printed(*args, **hyper):
        print(one.right(*args, **hyper))

    def one_way_out(*args, **hyper):
        once.append(0)
        return one.right(*args, **hyper) if len(once) % 7 else None

    for answer in (forgotten, printed, one_way_out):
        passed, text = one.report(answer)
        assert not passed
        assert "is there a return on every way through it?" in text or "still blank" not in text, text
        assert share(one, answer) < 1
    passed, text = one.report(lambda *args, **hyper: lambda *more: one.right(*args, **hyper))
    assert not passed
    changed = []

    def in_place(*args, **hyper):
        result = copy.deepcopy(one.right(*args, **hyper))
        for array in (arg for arg in args if isinstance(arg, np.ndarray) and arg.size):
            array += 1
            changed.append(array)
        return result

    assert "was changed in place: make a new array" in one.report(in_place)[1] or not changed


# What earns nothing


def emptied(value, *args, **hyper):
    """Sets to 0 what it is given, and gives that back: it would deceive who computes what is right afterwards."""
    for arg in (value, *args, *hyper.values()):
        if isinstance(arg, np.ndarray):
            arg[...] = 0
    return value


def first(change, form, args, hyper):
    """A form of the first array that it is given, with which something is done before."""
    array = next(value for value in (*args, *hyper.values()) if isinstance(value, np.ndarray))
    change(array)
    return form(array.copy())


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
    "infinity": lambda *args, **hyper: np.inf,
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


@pytest.mark.parametrize(("sheet", "name"), FUNCTIONS)
def test_what_is_trivial_earns_nothing(sheet, name):
    for what, answer in TRIVIAL.items():
        assert share(DESCRIBED[sheet][name], answer) == 0, what


# Agreement with the notebooks


def cells(folder, sheet):
    (path,) = (ROOT / folder).glob(f"*_{sheet}.ipynb")
    return json.loads(path.read_text(encoding="utf-8"))["cells"]


@pytest.mark.parametrize("sheet", SHEETS)
def test_the_description_agrees_with_the_sheet_and_the_lesson(sheet):
    known, points, heading, headings = DESCRIBED[sheet], {}, "", {}
    for cell in cells("solutions", sheet):
        source = "".join(cell["source"])
        if found := re.match(r"## (\d+\.\d+ .+?) [★☆]{3}", source):
            heading = found[1]
        if found := re.match(r"check\.(\w+)\(", source) if "points" in cell["metadata"].get("nbgrader", {}) else None:
            points[found[1]] = cell["metadata"]["nbgrader"]["points"]
            headings[found[1]] = heading
    assert {name: one.points for name, one in known.items()} == points
    for name, one in known.items():
        assert one.title.partition(" ")[0] == headings[name].partition(" ")[0]
        says = [each.says for each in one.hidden()]
        assert len(set(says)) == len(says)
        assert all(each.endswith(".") for each in says)
    lines = {line for cell in cells("notebooks", sheet) for line in "".join(cell["source"]).splitlines()}
    assert {f"## {one.read}" for one in known.values()} <= lines
    for withheld in {each for one in known.values() for each in one.withheld}:
        module, _, function = withheld.partition(".")
        source = (ROOT / "course_lib" / f"{module}.py").read_text(encoding="utf-8")
        assert "refuse(" in cut(source, [function]), f"{function} cannot be made to refuse"


@pytest.mark.parametrize("sheet", SHEETS)
def test_no_guess_of_a_variant_is_that_of_the_open_sheet(sheet):
    unit = next((ROOT / "solutions").glob(f"*_{sheet}.ipynb")).stem
    for i in range(40):
        varied = variants.varied(cells("solutions", sheet), unit, variants.drawn(unit, f"seed {i}"))
        space = {"np": np}
        exec("".join(source for cell in varied if cell["id"] == "guesses" for source in cell["source"]), space)
        for name, what in map(variants.checked, varied):
            if name in variants.table(unit)["KEYED"] and what in space:
                assert not DESCRIBED[sheet][name].report(space[what])[0], (name, space[what])


@pytest.mark.parametrize("sheet", SHEETS)
def test_a_half_done_sheet_of_an_earlier_edition_finds_its_checks(sheet):
    assert getattr(importlib.import_module("course_lib.checks"), sheet) is sys.modules[f"course_lib.sheets.{sheet}"]


@pytest.mark.parametrize("sheet", SHEETS)
def test_an_answer_that_a_check_accepts_never_breaks_a_later_cell(sheet, monkeypatch):
    """The solution is run with every answer in other clothes, where its check takes them.

    What NumPy's numbers would break as Python's, the lists break: all numbers in them are Python's.
    """
    pytest.importorskip("matplotlib").use("Agg")
    monkeypatch.setenv("COURSE_ANSWERS", "/dev/null")
    for change in (relisted, boxed):
        space = {"__name__": "__main__"}
        for cell in cells("solutions", sheet):
            source = "".join(cell["source"])
            found = re.fullmatch(r"check\.(\w+)\((\w+)\)", source.strip())
            if found and found[1] in DESCRIBED[sheet]:
                answer = space[found[2]]
                dressed = through(change, answer) if callable(answer) else change(answer)
                if DESCRIBED[sheet][found[1]].report(dressed)[0]:
                    space[found[2]] = dressed
            elif cell["cell_type"] == "code" and "solution-only" not in cell["metadata"].get("tags", []):
                exec(source, space)
