"""Where indices have 32 bits, as in a browser: there NumPy refuses to count and to index by whole numbers of 64.

On this machine all whole numbers of NumPy have 64 bits. So those that would have them there, too (what a Generator
draws unless it is told a dtype, and what is made of it), are marked here, and what would refuse them there refuses
the marked.
"""

import functools
import importlib
import json
import pkgutil
import re
from pathlib import Path

import numpy as np
import pytest

from course_lib import problems, sheets
from course_lib.checks.exercise import Function, exercises

ROOT = Path(__file__).parents[1]
SHEETS = [importlib.import_module(f"course_lib.sheets.{one.name}") for one in pkgutil.iter_modules(sheets.__path__)]
FUNCTIONS = [
    pytest.param(one, id=f"{module.__name__.rpartition('.')[2]}-{name}")
    for module in SHEETS
    for name, one in exercises(module).items()
    if isinstance(one, Function)
]


class Wide(np.ndarray):
    """An array that is of int64 where indices are of int32."""

    def __array_wrap__(self, array, context=None, return_scalar=False):
        array = super().__array_wrap__(array, context, return_scalar)
        return array if wide(array) else np.asarray(array)[()] if return_scalar else np.asarray(array)


def wide(value):
    return isinstance(value, Wide) and value.dtype == np.int64


class Generator(np.random.Generator):
    """NumPy's own, whose whole numbers are marked unless they are asked for with a dtype."""

    def integers(self, *args, dtype=None, **hyper):
        drawn = super().integers(*args, dtype=dtype or np.int64, **hyper)
        return drawn.view(Wide) if dtype is None and isinstance(drawn, np.ndarray) else drawn

    def choice(self, a, *args, **hyper):
        chosen = super().choice(a, *args, **hyper)
        return chosen.view(Wide) if isinstance(a, int | np.integer) and isinstance(chosen, np.ndarray) else chosen

    def permutation(self, x, *args, **hyper):
        return super().permutation(x, *args, **hyper).view(Wide if wide(x) else np.ndarray)


def generator(seed=None):
    return seed if isinstance(seed, np.random.Generator) else Generator(np.random.PCG64(seed))


@pytest.fixture
def narrow(monkeypatch):
    """Counting and indexing as where indices have 32 bits."""
    monkeypatch.setattr(np.random, "default_rng", generator)
    for name in ("bincount", "repeat", "take", "split", "array_split", "unravel_index", "ravel_multi_index"):
        monkeypatch.setattr(np, name, refusing(getattr(np, name)))


def refusing(f):
    @functools.wraps(f)
    def called(*args, **hyper):
        for value in (*args, *hyper.values()):
            if wide(value):
                raise TypeError("Cannot cast array data from dtype('int64') to dtype('int32') according to 'safe'")
        return f(*args, **hyper)

    return called


def test_what_is_drawn_without_a_dtype_is_refused_where_it_counts(narrow):
    rng = np.random.default_rng(3)
    for drawn in (
        rng.integers(4, size=5),
        2 * rng.integers(4, size=5) + 1,
        rng.choice(4, 5),
        rng.integers(4, size=5)[1:],
    ):
        for f in (
            np.bincount,
            lambda counts: np.repeat(np.arange(len(counts)), counts),
            lambda at: np.take([7] * 9, at),
        ):
            with pytest.raises(TypeError, match="int32"):
                f(drawn)
    np.bincount(rng.integers(4, size=5, dtype=int))
    np.bincount(rng.integers(4, size=5) > 1)
    np.bincount(rng.permutation(5))


@pytest.mark.parametrize("exercise", FUNCTIONS)
def test_no_check_hands_a_learner_what_cannot_count(exercise, narrow):
    """Each draw, and the right answer to it: an array of whole numbers may be what an answer counts or indexes by."""
    for number in range(4 * len(exercise.every)):
        call = exercise.fresh(number)
        assert not any(map(wide, (*call.args, *call.hyper.values())))
    exercise.run(exercise.right, *call.args, **call.hyper)


def test_the_library_counts_by_what_can_count(narrow):
    """Data, labels, batches with and without replacement, and steps on them."""
    rng = np.random.default_rng(5)
    X, y = problems.two_moons(40, 0.1, rng)
    assert np.bincount(y).tolist() == [20, 20]
    assert not wide(problems.clusters(40, [[0, 0], [3, 3]], 0.5, rng)[1])
    problems.sparse_words(30, 20, 5, rng)
    task = problems.logistic(X, 2 * y - 1)
    for replace in (False, True):
        batches = task.batches(7, rng, replace)
        for _ in range(8 if replace else 6):
            assert np.isfinite(batches.grad(np.zeros(task.d))).all()
            assert not wide(batches.rows())


def test_no_notebook_draws_whole_numbers_without_their_dtype():
    for folder in ("notebooks", "solutions"):
        for path in sorted((ROOT / folder).glob("*.ipynb")):
            for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
                code = "".join(cell["source"]) if cell["cell_type"] == "code" else ""
                assert all("dtype=" in call for call in re.findall(r"\.integers\(.*", code)), f"{path.name}: {code}"
