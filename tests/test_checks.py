"""The engine of the checks: what it says to right, wrong, blank, hostile and unlucky answers."""

import subprocess
import sys
import warnings

import numpy as np
import pytest

from course_lib.checks import answer, case, function, order

X, G, V = np.array([1.0, 2.0]), np.array([0.5, -1.0]), np.array([0.1, 0.2])


def ball(x, g, v=0.0, *, lr, beta=0.9):
    v = beta * v + g
    return x - lr * v, v


def mean(x, g, v=0.0, *, lr, beta=0.9):
    v = beta * v + (1 - beta) * g
    return x - lr * v, v


step = function(
    "4.1 Heavy ball",
    ball,
    [
        case("the first step", X, G, lr=0.1, beta=0.9),
        case("beta = 0", X, G, V, lr=0.1, beta=0.0),
        case("a later step", X, G, V, lr=0.1, beta=0.9),
    ],
    fresh=lambda rng: case("", *rng.normal(size=(3, 2)), lr=rng.uniform(), beta=rng.uniform()),
    parts=("new point x", "new velocity v"),
    mistakes=[
        (mean, "this is the running mean"),
        (lambda *args, **hyper: ball(*args, **hyper)[0], "the velocity is missing"),
        (lambda x, g, v=0.0, *, lr, beta: (x + lr * (beta * v + g), beta * v + g), "the sign of the step"),
    ],
    rules=[("keeps float32", lambda f: f(np.float32(X), np.float32(G), lr=0.5)[0].dtype == "f4", "float32 is lost.")],
)


def said(check, thing):
    passed, text = check.report(thing)
    assert text.startswith("PASSED" if passed else "NOT YET")
    return text


# Functions


def test_a_right_function_passes_in_one_line():
    assert step.report(ball) == (True, "PASSED: 4.1 Heavy ball (3 cases written out, 20 drawn afresh)")


def test_a_wrong_function_is_told_what_holds_what_does_not_and_why():
    first, second, third = said(step, mean).splitlines()
    assert first == "NOT YET: 4.1 Heavy ball"
    assert second == "Already right: it runs; nothing is changed in place; beta = 0; keeps float32."
    assert third == (
        "Wrong new point x: expected [0.95 2.1], got [0.995 2.01]. Largest difference 0.09; the tolerance here is "
        "2.1e-08. It was called with ([1. 2.], [0.5 -1.], lr=0.1, beta=0.9). Hint: this is the running mean."
    )


def point_only(x, g, v=0.0, *, lr, beta=0.9):
    return x - lr * (beta * v + g)


def uphill(x, g, v=0.0, *, lr, beta=0.9):
    return x + lr * (beta * v + g), beta * v + g


def in_place(x, g, v=0.0, *, lr, beta=0.9):
    v = beta * v + g
    x -= lr * v
    return x, v


remembered = 0.0


def with_a_global(x, g, v=0.0, *, lr, beta=0.9):
    global remembered
    remembered = beta * remembered + g
    return x - lr * remembered, remembered


def with_a_bug(x, g, v=0.0, *, lr, beta=0.9):
    v = beta * v + g
    return x - lr * velocity, v  # noqa: F821


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (in_place, "x was changed in place"),
        (with_a_global, "Called twice with the same numbers it gives two answers"),
        (with_a_bug, "NameError: name 'velocity' is not defined, in line "),
        (with_a_bug, "of its cell: return x - lr * velocity, v"),
        (point_only, "Expected 2 results (new point x, new velocity v), got [0.95 2.1]."),
        (point_only, "Hint: the velocity is missing."),
        (uphill, "Already right: it runs; nothing is changed in place; new velocity v; keeps"),
        (uphill, "Hint: the sign of the step."),
        (lambda x, g, v=0.0, *, lr, beta=0.9: (x - lr * (beta * v + g), 0.9 * v + g), "Wrong new velocity v"),
        (lambda x, g, v=0.0, *, lr, beta=0.9: (x[:1], v), "Wrong shape of the new point x: expected (2,), got (1,)."),
        (lambda x, g, v=0.0, *, lr, beta=0.9: ("one", v), "Wrong new point x: expected numbers, got 'one'."),
        (lambda x, g, v=0.0, *, lr, beta=0.9: (x * np.nan, v + g), "got [nan nan]"),
        (lambda x, g, v=0.0, *, lr, beta=0.9: (np.array(["a", None]), v), "expected numbers"),
        (lambda x, g, v=0.0, *, lr, beta=0.9: ([[1], [2, 3]], v), "expected numbers, got [[1], [2, 3]]."),
        (lambda x, g, v=0.0, *, lr, beta=0.9: 3, "Expected 2 results (new point x, new velocity v), got 3."),
        (lambda x, g, v=0.0, *, lr, beta=0.9: (x, v, g), "got 3 results."),
        (lambda x, g, v=0.0, *, lr, beta=0.9: (print("looking at x"), ball(x, g, v, lr=lr, beta=0.9))[1],
         "It printed: looking at x"),
        (lambda x, g, v=0.0, *, lr, beta=0.9: (x / np.zeros(2), v + g), "It warned: RuntimeWarning: divide by zero"),
        (lambda x, g, v=0.0, *, lr, beta=0.9: tuple(np.float64(p) for p in ball(x, g, v, lr=lr, beta=beta)),
         "float32 is lost."),
        (lambda x: x, "TypeError"),
        (lambda *args, **hyper: sys.exit("bye"), "It stops with SystemExit: bye"),
        (lambda *args, **hyper: 1 / 0, "It stops with ZeroDivisionError"),
        (3, "A function is meant: got 3. Give the check its name, without brackets."),
        ((X, V), "A function is meant"),
    ],
)  # fmt: skip
def test_a_wrong_function_is_told_so(wrong, words):
    assert words in said(step, wrong)


def endlessly(*args, **hyper):
    return endlessly(*args, **hyper)


class Unspeakable(Exception):
    __str__ = __repr__ = lambda self: 1 / 0


def unspeakable(*args, **hyper):
    raise Unspeakable


class Odd:
    """Answers no question about itself."""

    __array__ = __eq__ = __len__ = __repr__ = __bool__ = __iter__ = lambda self, *_: 1 / 0
    __hash__ = None


@pytest.mark.parametrize(
    "thing", [endlessly, unspeakable, Odd(), lambda *args, **hyper: (Odd(), Odd()), Odd, object(), type]
)
def test_nothing_that_an_answer_does_makes_a_check_raise(thing):
    for check in (step, answer("x", 1.0), answer("x", "one"), order("x", "BA")):
        passed, text = check.report(thing)
        assert not passed
        assert text.startswith("NOT YET")


def unfinished(*args, **hyper):
    raise NotImplementedError


@pytest.mark.parametrize(
    "blank", [None, ..., "", unfinished, lambda *args, **hyper: None, lambda *args, **hyper: (..., None)]
)
def test_a_blank_is_told_so(blank):
    assert said(step, blank).startswith("NOT YET: 4.1 Heavy ball: still blank")


def test_stopping_by_hand_stops():
    def stop(*args, **hyper):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        step.report(stop)


def test_fresh_numbers_find_what_was_fitted_to_the_cases():
    def fitted(x, g, v=0.0, *, lr, beta=0.9):
        return ball(x, g, v, lr=lr, beta=beta) if beta in (0.0, 0.9) else (x, v + 0 * g)

    _, second, third = said(step, fitted).splitlines()
    assert "the first step; beta = 0; a later step" in second
    assert third.startswith("Wrong new point x")


def test_a_function_in_use_is_judged_by_what_comes_of_it():
    from course_lib.descent import descend
    from course_lib.surfaces import quadratic

    fall = function("x", ball, [case("a run", quadratic(), [1, 1], 20, lr=0.1)], use=descend, mistakes=[(mean, "mean")])
    assert said(fall, ball) == "PASSED: x (1 case written out)"
    assert said(fall, lambda x, g, v=0.0, *, lr: mean(x, g, v, lr=lr)).endswith("Hint: mean.")
    assert "still blank: it returns None" in said(fall, lambda *args, **hyper: None)


def test_one_array_as_result():
    double = function("x", lambda a: 2 * a, [case("numbers", X)])
    assert said(double, lambda a: a + a).startswith("PASSED")
    assert "Wrong result: expected [2. 4.], got [1. 4.]. Largest difference 1;" in said(double, lambda a: a**2)
    assert "Wrong result: expected [2. 4.], got [2.000001 4.]" in said(double, lambda a: 2 * a + [1e-6, 0])
    assert said(double, lambda a: 2 * a + 1e-9).startswith("PASSED")


def test_results_of_several_kinds():
    mixed = function("x", lambda x: (x + 1, True, 3), [case("a point", X)], parts=["new point x", "whether", "count"])
    assert said(mixed, lambda x: [x + 1, np.bool(True), 3]).startswith("PASSED")
    assert "Wrong whether: expected True, got False." in said(mixed, lambda x: (x + 1, np.bool(False), 3))


def test_a_tuple_of_one_needs_its_comma():
    alone = function("x", lambda x: (x + 1,), [case("a point", X)], parts=["new point x"])
    assert said(alone, lambda x: (x + 1,)).startswith("PASSED")
    assert "Expected one result with a comma behind it, a tuple, (new point x), got [2. 3.]." in said(
        alone, lambda x: x + 1
    )


# Values


edge = answer(
    "4.2 The edge",
    0.38,
    mistakes=[(0.2, "the edge of gradient descent"), (lambda rate: rate < 0, "a rate is positive")],
    tolerance=1e-3,
)


@pytest.mark.parametrize("right", [0.38, 0.3805, np.float64(0.38), np.array(0.38)])
def test_a_right_value_passes(right):
    assert said(edge, right) == "PASSED: 4.2 The edge"


@pytest.mark.parametrize(
    ("value", "words"),
    [(0.2, "0.2 is too small; the tolerance here is 0.001. Hint: the edge of gradient descent."),
     (-1, "a rate is positive"), (0.5, "0.5 is too large"),
     (np.nan, "nan is not a number"), ("0.38", "A number is meant: got '0.38'."),
     ([0.38, 1], "Wrong shape: expected (), got (2,)."), (None, "still blank"), ("", "still blank")],
)  # fmt: skip
def test_a_wrong_value_is_told_so_and_not_what_is_right(value, words):
    text = said(edge, value)
    assert words in text
    assert "0.38" not in text.replace(repr(value), "")


def test_several_numbers():
    three = answer("x", np.array([1.0, 2.0, 3.0]))
    assert said(three, (1, 2, 3)).startswith("PASSED")
    assert "2 of 3 numbers are right; the first that is not has index 1" in said(three, [1, 5, 3])


def test_words():
    name = answer("x", "Heavy ball", mistakes=[("GD", "it has no memory")])
    assert said(name, " heavy BALL ").startswith("PASSED")
    assert said(name, "gd").endswith("Not 'gd'. Hint: it has no memory.")
    assert "A text is meant: got 3." in said(name, 3)


def test_a_value_judged_by_rules():
    beta = answer("x", rules=[("in [0, 1)", lambda b: 0 <= b < 1, "It is a share of the old velocity."),
                              ("fast", lambda b: b > 0.5, "Too slow.")])  # fmt: skip
    assert said(beta, 0.9).startswith("PASSED")
    assert said(beta, 0.1).splitlines()[1:] == ["Already right: in [0, 1).", "Too slow."]
    assert "share of the old velocity" in said(beta, 2)
    assert "It stops with TypeError" in said(beta, "much")
    assert "still blank" in said(beta, None)


# Orders


lines = order("4.3 In order", "BDAC", "DBAC", mistakes=[("BDCA", "the point moves too late")])


@pytest.mark.parametrize("right", ["BDAC", "b, d, a, c", ["B", "D", "A", "C"], "DBAC"])
def test_a_right_order_passes(right):
    assert said(lines, right) == "PASSED: 4.3 In order"


@pytest.mark.parametrize(
    ("value", "words"),
    [("BDCA", "Already right: the first 2 lines.\nLine 3 cannot be C. Hint: the point moves too late."),
     ("DA", "Already right: the first 1 line.\nLine 2 cannot be A."),
     ("BD", "Lines are missing after D: 4 are needed."),
     ("BDACB", "Everything after line 4 is too much."), ("BX", "X is not one of the lines here: A, B, C, D."),
     (3, "3 is not one"), (None, "still blank"), ("  ", "still blank")],
)  # fmt: skip
def test_a_wrong_order_is_told_so(value, words):
    assert words in said(lines, value)


# How a check speaks


def test_in_a_learners_hands_a_check_prints(capsys, monkeypatch):
    monkeypatch.delenv("NBGRADER_EXECUTION", raising=False)
    assert edge(0.2) is None
    assert edge(0.38) is None
    captured = capsys.readouterr()
    assert captured.out.startswith("NOT YET: 4.2 The edge\n")
    assert captured.out.endswith("\nPASSED: 4.2 The edge\n")
    assert captured.err == ""


@pytest.mark.parametrize("mode", ["autograde", "validate"])
def test_where_nbgrader_executes_it_a_check_raises(mode, monkeypatch):
    monkeypatch.setenv("NBGRADER_EXECUTION", mode)
    edge(0.38)
    with pytest.raises(AssertionError, match=r"NOT YET: 4\.2 The edge\n0\.2 is too small"):
        edge(0.2)


def test_what_the_code_says_on_stderr_is_caught(capsys):
    def loud(a):
        print("a" * 500, file=sys.stderr)
        warnings.warn("careful", UserWarning, stacklevel=1)
        return 2 * a

    text = said(function("x", lambda a: 2 * a, [case("numbers", X)]), loud)
    assert text.splitlines()[1:] == ["It printed: " + "a" * 200, "It warned: UserWarning: careful"]
    assert capsys.readouterr().err == ""


def test_the_engine_is_light():
    code = "import sys, course_lib.checks; print(*{'matplotlib', 'ipywidgets', 'IPython'} & set(sys.modules))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.split() == []


@pytest.mark.notebook
def test_in_a_notebook_the_line_of_the_cell_is_named():
    import nbformat
    from nbclient import NotebookClient

    cells = ["from course_lib.checks import case, function\ncheck = function('x', lambda a: a, [case('one', 1.0)])",
             "def f(a):\n    b = a\n    return c", "check(f)"]  # fmt: skip
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    *_, last = NotebookClient(notebook, kernel_name="python3").execute().cells
    assert last.outputs[0].text.splitlines()[1] == (
        "It stops with NameError: name 'c' is not defined, in line 3 of its cell: return c. It was called with (1)."
    )
