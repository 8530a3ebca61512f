"""Methods as text."""

import numpy as np
import pytest

from course_lib.optimizers import adagrad, adam, amsgrad, gd
from course_lib.reading import changes, code


def test_a_function_without_its_docstring():
    assert code(gd) == "def gd(x, g, *, lr):\n    return (x - lr * g,)"


def test_its_code_is_the_function():
    space = {"np": np}
    exec(code(adagrad), space)
    x, g = np.array([1.0, 2.0]), np.array([0.5, -3.0])
    for one, other in zip(space["adagrad"](x, g, lr=0.1), adagrad(x, g, lr=0.1), strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_function_without_a_docstring_loses_nothing():
    def bare(x):
        "not".upper()
        return x

    assert code(bare).splitlines() == ["def bare(x):", '    "not".upper()', "    return x"]


@pytest.mark.parametrize(("before", "after"), [(gd, adagrad), (adam, amsgrad), (adam, adam)])
def test_what_goes_and_stays_is_the_one_and_what_comes_and_stays_the_other(before, after):
    lines = changes(before, after).splitlines()
    assert "\n".join(line[2:] for line in lines if line[0] != "+") == code(before)
    assert "\n".join(line[2:] for line in lines if line[0] != "-") == code(after)


def test_what_has_no_source_is_refused():
    with pytest.raises(TypeError, match=r"module, class, method, function"):
        code(np.pi)
