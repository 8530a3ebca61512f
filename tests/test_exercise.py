"""The engine of the sheets: what it says to right, wrong, blank, hostile and unlucky answers, and how it says it."""

import os
import subprocess
import sys
import threading
import time
import warnings

import numpy as np
import pytest

from course_lib.checks import calls
from course_lib.checks.exercise import Like, Rule, Value, case, function, order, value
from course_lib.checks.mistakes import edits

X, G, V = np.array([1.0, 2.0]), np.array([0.5, -1.0]), np.array([0.1, 0.2])
HEAD = {"points": 1, "read": ""}


def drawn(rng):
    return case("", *rng.normal(size=(3, 2)).round(2), lr=0.5, beta=0.25)


@function(
    "4.1 Heavy ball", **HEAD,
    cases=[case("the first step", X, G, lr=0.1), case("beta = 0", X, G, V, lr=0.1, beta=0.0),
           case("in single precision", np.float32(X), np.float32(G), lr=0.5)],
    draw=drawn,
    parts={"new point x": "The point is right.", "new velocity v": "The velocity is right."},
    mistakes=["""
        + g -> + (1 - beta) * g : this is the running mean
        x - lr * w, w -> x - lr * w : the velocity is missing
        x - lr * w -> x + lr * w : the sign of the step, told in a sentence
            that goes on in the next line
        lr * w -> lr @ w : no product
    """, (lambda x, g, v=0.0, *, lr, beta=0.9: (x, v), "nothing moves")],
)  # fmt: skip
def ball(x, g, v=0.0, *, lr, beta=0.9):
    w = beta * v + g
    return x - lr * w, w


def said(exercise, answer):
    passed, text = exercise.report(answer)
    assert text.startswith("PASSED" if passed else "NOT YET")
    return text


def test_a_wrong_function_is_told_what_holds_what_does_not_how_to_repeat_it_and_why():
    first, second, third = said(ball, ball.mistakes[0][0]).splitlines()
    assert first == "NOT YET: 4.1 Heavy ball"
    assert second == "Already right: it runs; nothing is changed in place; beta = 0."
    assert third == (
        "Wrong new point x: expected [0.95 2.1], got [0.995 2.01]. Largest difference 0.09; the tolerance here is "
        "2.1e-08. It was called as ball(np.array([1.0, 2.0]), np.array([0.5, -1.0]), lr=0.1). "
        "Hint: this is the running mean."
    )


def test_a_sentence_may_go_on_in_the_next_line():
    assert "Hint: the sign of the step, told in a sentence that goes on in the next line." in said(
        ball, ball.mistakes[2][0]
    )


def test_a_table_of_mistakes_tells_nothing_twice():
    def product(x, y):
        return x * y

    rows = edits(
        product,
        """
        x * y -> x + y || x - y : a product is meant
            -> x ;; return -> return -
            -> y : both count
        return -> z = y;
            return z * : so does
            x
    """,
    )
    assert [wrong(2, 5) for wrong, _ in rows] == [7, -3, -2, 5, 50]
    assert [sentence for _, sentence in rows] == ["a product is meant"] * 2 + ["both count"] * 2 + ["so does x"]


def test_results_that_have_changed_places_are_known_without_a_row():
    assert said(ball, lambda *args, **hyper: ball.right(*args, **hyper)[::-1]).endswith(
        "Hint: the results have changed places: new point x, new velocity v."
    )


def test_parts_that_only_the_use_of_an_answer_makes_cannot_change_places():
    def halves(f, a):
        return a - f(a)[: len(a)], a + f(a)

    @function("x", **HEAD, cases=[case("a", X)], draw=lambda rng: case("", X), use=halves, parts={"a": "A.", "b": "B."})
    def half(a):
        return a / 2

    assert "changed places" not in said(half, lambda a: np.ones(3))


def test_an_edit_that_does_not_find_its_text_exactly_once_is_refused():
    for old in ("no such thing", "lr"):
        with pytest.raises(ValueError, match="exactly once"):
            edits(ball.right, f"{old} -> 1 : never")


def test_an_error_can_have_a_name_too():
    def wrong(x, g, v=0.0, *, lr, beta=0.9):
        return x - lr @ (beta * v + g), v

    assert "It stops with" in said(ball, wrong)
    assert said(ball, wrong).endswith("Hint: no product.")


remembered = 0.0


def with_a_global(x, g, v=0.0, *, lr, beta=0.9):
    global remembered
    remembered += 1e-3
    return x - lr * (beta * v + g), beta * v + g + remembered


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (with_a_global, "Wrong new velocity v"),
        (lambda x, g, v=0.0, *, lr, beta=0.9: x - velocity, "NameError: name 'velocity' is not defined, in line "),  # noqa: F821
        (lambda x, g, v=0.0, *, lr, beta=0.9: (x[:1], v), "Wrong shape of the new point x: expected (2,), got (1,)."),
        (lambda x, g, v=0.0, *, lr, beta=0.9: ("one", v), "Wrong new point x: expected numbers, got 'one'."),
        (lambda x, g, v=0.0, *, lr, beta=0.9: ([[1], [2, 3]], v), "expected numbers, got [[1], [2, 3]]."),
        (lambda x, g, v=0.0, *, lr, beta=0.9: 3, "Expected 2 results (new point x, new velocity v), got 3."),
        (lambda x, g, v=0.0, *, lr, beta=0.9: (x, v, g), "got 3 results."),
        (lambda x, g, v=0.0, *, lr, beta=0.9: (lambda: x, v), "it is a function"),
        (lambda *args, **hyper: print("looking") or args[:2], "It printed: looking"),
        (lambda *args, **hyper: sys.exit("bye"), "It stops with SystemExit: bye"),
        (lambda x: x, "TypeError"),
        (lambda x, g, v=0.0, *, lr, beta=0.9: (x * np.nan, v + g), "got [nan nan]"),
        (lambda x, g, v=0.0, *, lr, beta=0.9: (np.array(["a", None]), v), "expected numbers"),
        (lambda x, g, v=0.0, *, lr, beta=0.9: (x / np.zeros(2), v + g), "It warned: RuntimeWarning: divide by zero"),
        (lambda *args, **hyper: 1 / 0, "It stops with ZeroDivisionError"),
        (3, "A function is meant: got 3. Give the check its name, without brackets."),
        ((X, V), "A function is meant"),
    ],
)  # fmt: skip
def test_a_wrong_function_is_told_so(wrong, words):
    assert words in said(ball, wrong)


def test_what_a_returned_function_must_not_give_back_is_told_as_well():
    made = function("x", **HEAD, inner=1, cases=[case("a", 1.0, 2.0)], draw=lambda rng: case("", 3.0, 4.0))
    multiplied = made(lambda a: lambda b: a * b)
    assert "it gives a generator" in said(multiplied, lambda a: lambda b: (part for part in [a * b]))
    assert "is there a return on every way through it?" in said(multiplied, lambda a: lambda b: print(a * b))


def test_with_parts_the_first_regime_is_judged_part_by_part_and_each_other_as_a_whole():
    regimes = {"": lambda rng: case("", rng.uniform(1, 2)), "Below 0.": lambda rng: case("", -rng.uniform(1, 2))}
    parts = {"size": "The size is right.", "double": "The double is right."}
    two = function("x", **HEAD, cases=[case("a", 1.0)], draw=regimes, parts=parts, needs={"Below 0.": "double"})(
        lambda a: (abs(a), 2 * a)
    )
    assert [(one.says, one.needs) for one in two.hidden()] == [
        ("The size is right.", None), ("The double is right.", None), ("Below 0.", 1)
    ]  # fmt: skip
    held = [one.holds(lambda a: (a, 2 * a), np.random.default_rng(0)) for one in two.hidden()]
    assert held == [True, True, False]


def test_functions_in_a_value_are_told_what_they_must_not_give_back():
    pair = value("x", **HEAD, passes=(np.sin, np.cos), rules=[Rule("0 at 0", lambda p, rng: abs(p[0](0.0)) < 1, "No.")])
    assert said(pair, (np.sin, np.cos)).startswith("PASSED")
    assert "still blank" in said(pair, (lambda x: None, lambda x: None))
    assert "is there a return on every way through it?" in said(pair, (lambda x: print(x), np.cos))


def test_single_precision_is_judged_as_such():
    assert "PASSED" in said(ball, lambda *args, **hyper: tuple(part + 1e-9 for part in ball.right(*args, **hyper)))
    single = function("x", **HEAD, cases=[case("a", np.float32([0.1]))], draw=lambda rng: case("", np.float32([0.1])))
    assert said(single(lambda a: a / 3), lambda a: np.float32(1) * a / 3).startswith("PASSED")
    assert "tolerance here is 0.0001" in said(single(lambda a: a / 3), lambda a: a / 2)


def test_a_function_that_ends_as_it_was_handed_out_is_blank():
    def given(x, g, v=0.0, *, lr, beta=0.9):
        print(x)
        # Your lines here.

    assert "still blank: it returns None" in said(ball, given)


class Odd:
    """Answers no question about itself."""

    __array__ = __eq__ = __len__ = __repr__ = __bool__ = __iter__ = lambda self, *_: 1 / 0
    __hash__ = None


def endlessly(*args, **hyper):
    return endlessly(*args, **hyper)


@pytest.mark.parametrize("thing", [endlessly, Odd(), lambda *args, **hyper: (Odd(), Odd()), Odd, object(), type])
def test_nothing_that_an_answer_does_makes_a_check_raise(thing):
    for check in (
        ball,
        value("x", 1.0, **HEAD),
        value("x", "one", **HEAD),
        order("x", "BA", needs="B < A : w", **HEAD),
    ):
        assert said(check, thing).startswith("NOT YET")


def test_stopping_by_hand_stops():
    def stop(*args, **hyper):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ball.report(stop)


# An endless loop


def forever(*args, **hyper):
    while True:
        pass


def stubborn(*args, **hyper):
    until = time.monotonic() + 2.0
    while time.monotonic() < until:
        try:
            while True:
                pass
        except:  # noqa: E722
            continue
    while True:
        pass


@pytest.mark.parametrize("loop", [forever, stubborn])
def test_an_endless_loop_is_ended_and_told_so(loop, monkeypatch):
    monkeypatch.setattr(calls.Watch.__init__, "__defaults__", (0.3,))
    began = time.monotonic()
    text = said(ball, loop)
    assert "It was ended after 10 seconds: does its loop ever come to an end? It was then in line " in text
    assert time.monotonic() - began < 8
    assert said(ball, ball.right).startswith("PASSED"), "and nothing of it is left"


@pytest.mark.slow
def test_the_interrupt_never_comes_after_the_call():
    """Calls that end as the time is up: whatever happens in them, nothing happens behind them."""
    for i in range(100):
        with calls.Watch(0.1 + i * 1e-4) as watch:
            try:
                watch.call(time.sleep, (0.11,), {})
            except calls.TooLong:
                continue
        assert sum(range(2000)) == 1999000


def test_where_no_thread_can_be_started_it_judges_without(monkeypatch):
    def none(self):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", none)
    assert said(ball, ball.right).startswith("PASSED")
    assert "Hint: this is the running mean." in said(ball, ball.mistakes[0][0])


# Other kinds of functions


def test_a_reference_that_fails_is_not_the_learners_mistake(capsys):
    broken = function("x", **HEAD, cases=[case("one", 1.0)], draw=lambda rng: case("", 2.0))(lambda a: 1 / 0)
    broken(lambda a: a)
    text = capsys.readouterr().out
    assert text.startswith("NOT YET")
    assert "the check itself is at fault, not your answer" in text
    assert "It stops with ZeroDivisionError" in text
    with pytest.raises(calls.OwnFault, match="ZeroDivisionError"):
        broken.report(lambda a: a)


ONE = case("one", 1.0)


@pytest.mark.parametrize(
    "broken",
    [
        function("x", **HEAD, cases=[ONE], draw=lambda rng: 1 / 0)(lambda a: a),
        function("x", **HEAD, cases=[ONE], draw=lambda rng: ONE, rules=[Rule("r", lambda f, rng: 1 / 0, "m")])(
            lambda a: a
        ),
        function("x", **HEAD, cases=[ONE], draw=lambda rng: ONE, rules=[Rule("r", lambda f, rng: False, "m")])(
            lambda a: a
        ),
        value("x", 1.0, **HEAD, rules=[Rule("r", lambda x, rng: 1 / 0, "m")]),
        value("x", passes=1.0, **HEAD, rules=[Rule("r", lambda x, rng: x > 1, "m")]),
    ],
)
def test_a_draw_or_a_rule_that_fails_is_not_the_learners_mistake(broken):
    answer = 1.0 if isinstance(broken, Value) else lambda a: a
    with pytest.raises(calls.OwnFault):
        broken.report(answer)


def test_where_the_right_answer_stops_too_the_learners_is_not_blamed():
    def counts(labels):
        return np.bincount(labels)

    broken = function("x", **HEAD, cases=[case("one", np.array([0.5]))], draw=lambda rng: ONE)(counts)
    with pytest.raises(calls.OwnFault, match="TypeError"):
        broken.report(lambda labels: np.bincount(labels) + 0)


def test_whole_numbers_that_have_overflowed_are_named():
    squares = function("x", **HEAD, cases=[case("all", 100_000)], draw=lambda rng: case("", 90_000))(
        lambda n: float(np.sum(np.arange(n, dtype=float) ** 2))
    )
    text = said(squares, lambda n: (np.arange(n, dtype=np.int32) ** 2).sum(dtype=np.int32))
    assert "off by a multiple of 2**32: whole numbers of 32 bits have overflowed" in text
    total = value("x", 4999950000, **HEAD)
    assert "2**32" in said(total, np.sum(np.arange(100_000, dtype=np.int32), dtype=np.int32))
    assert "2**8" in said(value("x", 300, **HEAD), np.uint8(44))
    assert "overflow" not in said(total, 4999950001)


def test_the_arguments_of_a_large_call_can_be_had_again():
    from course_lib.sheets import momentum

    def wrong(values, beta):
        mean, corrected = momentum.ema.right(values, beta)
        return (mean, corrected) if len(values) < 10 else (mean, 2 * corrected)

    text = momentum.ema.report(wrong)[1]
    number = int(text.partition("Its arguments: check.ema.example(")[2].partition(")")[0])
    (values, _), hyper = momentum.ema.example(number)
    assert len(values) >= 10
    assert hyper == {}
    assert momentum.heavy_ball.example("beta = 0")[1] == {"lr": 0.2, "beta": 0.0}


def exercise(right, *cases, **fields):
    """An exercise of these cases; what is drawn is the first of them again."""
    return function("x", **HEAD, cases=list(cases), draw=lambda rng: cases[0], **fields)(right)


def test_what_changes_from_call_to_call_is_found():
    def counting(a, calls=[]):  # noqa: B006
        calls.append(a)
        return 2 * a + (len(calls) > 21)

    double = exercise(lambda a: 2 * a, case("numbers", X))
    assert "Called twice with the same numbers it gives two answers" in said(double, counting)


def test_what_is_drawn_finds_what_was_fitted_to_the_cases():
    def fitted(x, g, v=0.0, *, lr, beta=0.9):
        return ball.right(x, g, v, lr=lr, beta=beta) if beta in (0.0, 0.9) else (x, v + 0 * g)

    _, second, third = said(ball, fitted).splitlines()
    assert "the first step; beta = 0; in single precision" in second
    assert third.startswith("Wrong new point x")


def test_a_function_in_use_is_judged_by_what_comes_of_it():
    from course_lib.descent import descend
    from course_lib.surfaces import quadratic

    mean = ball.mistakes[0][0]
    fall = exercise(ball.right, case("a run", quadratic(), [1, 1], 20, lr=0.1), use=descend, mistakes=[(mean, "mean")])
    assert said(fall, ball.right) == "PASSED: x (1 case written out, 20 drawn afresh)"
    assert said(fall, lambda x, g, v=0.0, *, lr: mean(x, g, v, lr=lr)).endswith("Hint: mean.")
    assert "still blank: it returns None" in said(fall, lambda *args, **hyper: None)


def test_one_array_as_result():
    double = exercise(lambda a: 2 * a, case("numbers", X))
    assert said(double, lambda a: a + a).startswith("PASSED")
    assert "Wrong result: expected [2 4], got [1 4]. Largest difference 1;" in said(double, lambda a: a**2)
    endless = exercise(lambda a: a / [0, 1], case("one of them infinite", X))
    text = said(endless, lambda a: a * [np.inf, 2])
    assert "expected [inf 2], got [inf 4]. Largest difference 2;" in text
    assert "warned" not in text, "the check's own division by 0 is not the learner's"
    assert "warned" not in said(double, lambda a: a * np.inf)
    assert "Wrong result: expected [2 4], got [2.000001 4]" in said(double, lambda a: 2 * a + [1e-6, 0])
    unequal = exercise(lambda a: 2 * a, case("a small and a large one", np.array([0.1, 2.0])))
    assert "Wrong result: expected [0.2 4], got [0.20002 4.0004]" in said(unequal, lambda a: 2.0002 * a)
    assert said(double, lambda a: 2 * a + 1e-9).startswith("PASSED")


def test_results_of_several_kinds():
    parts = dict.fromkeys(["new point x", "whether", "count"], "It is right.")
    mixed = exercise(lambda x: (x + 1, True, 3), case("a point", X), parts=parts)
    assert said(mixed, lambda x: [x + 1, np.bool(True), 3]).startswith("PASSED")
    assert "Wrong whether: expected True, got False." in said(mixed, lambda x: (x + 1, np.bool(False), 3))


def test_what_the_code_says_on_stderr_is_caught(capsys):
    def loud(a):
        print("a" * 500, file=sys.stderr)
        warnings.warn("careful", UserWarning, stacklevel=1)
        return 2 * a

    text = said(exercise(lambda a: 2 * a, case("numbers", X)), loud)
    assert text.splitlines()[1:] == ["It printed: " + "a" * 200, "It warned: UserWarning: careful"]
    assert capsys.readouterr().err == ""


# Values and orders


def test_words():
    name = value("x", "Heavy ball", **HEAD, mistakes=[("GD", "it has no memory")])
    assert said(name, " heavy BALL ").startswith("PASSED")
    assert said(name, "gd").endswith("Not 'gd'. Hint: it has no memory.")
    assert "A text is meant: got 3." in said(name, 3)


edge = value(
    "4.2 The edge",
    0.38,
    **HEAD,
    tolerance=1e-3,
    mistakes=[(0.2, "the edge of gd"), (Like(-1, lambda r: r < 0), "positive")],
)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [(0.2, "0.2 is too small; the tolerance here is 0.001. Hint: the edge of gd."), (-1, "positive"),
     (0.5, "0.5 is too large"), (np.nan, "nan is not a number"), ("0.38", "A number is meant: got '0.38'."),
     ([0.38, 1], "Wrong shape: expected (), got (2,)."), (None, "still blank"), ("", "still blank")],
)  # fmt: skip
def test_a_wrong_value_is_told_so_and_not_what_is_right(wrong, words):
    assert words in said(edge, wrong)
    assert "0.38" not in said(edge, wrong).replace(repr(wrong), "")


def test_rules_are_tried_up_to_the_first_that_does_not_hold():
    share = Rule("in [0, 1)", lambda b, rng: 0 <= b < 1, "It is a share.")
    beta = value("x", **HEAD, passes=0.9, rules=[share, Rule("fast", lambda b, rng: b > 0.5, "Slow.")])
    assert said(beta, 0.9).startswith("PASSED")
    assert said(beta, 0.1).splitlines()[1:] == ["Already right: in [0, 1).", "Slow."]
    assert said(beta, 2).splitlines()[1:] == ["It is a share."]
    assert "It stops with TypeError" in said(beta, "much")


lines = order("4.3 In order", "BDAC", **HEAD, needs="""
    B, D < A : a point needs
        both of them
    A < C : too early""")  # fmt: skip


@pytest.mark.parametrize(
    ("wrong", "words"),
    [("BDCA", "Already right: the first 2 lines.\nLine 3 cannot be C. Hint: too early."),
     ("BADC", "Line 2 cannot be A. Hint: a point needs both of them."),
     ("BD", "Lines are missing after D: 4 are needed."),
     ("BDACB", "B stands there twice."), ("BX", "X is not one of the lines here: A, B, C, D."), ("  ", "still blank")],
)  # fmt: skip
def test_a_wrong_order_is_told_so(wrong, words):
    assert words in said(lines, wrong)


# How a check speaks


def test_in_a_learners_hands_a_check_prints(capsys, monkeypatch):
    monkeypatch.delenv("NBGRADER_EXECUTION", raising=False)
    edge(0.2)
    edge(0.38)
    assert capsys.readouterr().out.splitlines()[::2] == ["NOT YET: 4.2 The edge", "PASSED: 4.2 The edge"]


def test_where_nbgrader_executes_it_a_check_raises(monkeypatch):
    monkeypatch.setenv("NBGRADER_EXECUTION", "validate")
    edge(0.38)
    with pytest.raises(AssertionError, match=r"NOT YET: 4\.2 The edge\n0\.2 is too small"):
        edge(0.2)


def test_the_box_says_the_same_and_does_not_rely_on_colour():
    box = ball.examined(ball.mistakes[0][0]).html
    values = ("expected <code>[0.95 2.1]</code>", "what came <code>[0.995 2.01]</code>", "np.array([0.5, -1.0])")
    for words in ("○ Not yet", "Already right: it runs", *values, "<b>Hint:</b> this is the running mean."):
        assert words in box
    assert "✓ Passed" in ball.examined(ball.right).html
    assert "(print only shows a result.)<br>It was called as" in ball.examined(lambda *args, **hyper: print(args)).html
    assert "<script>" not in value("x", "a", **HEAD).examined("<script>").html


def test_numbers_are_told_without_noise():
    exact = function("x", **HEAD, cases=[case("a", X)], draw=lambda rng: case("", X))(
        lambda a: np.array([1.0, 0.0, -0.0])
    )
    text = said(exact, lambda a: np.array([1.0, 4.4e-16, 1.0]))
    assert "expected [1 0 0], got [1 0 1]" in text


def test_a_passed_check_is_written_into_the_learners_record(tmp_path, monkeypatch):
    from course_lib import record
    from course_lib.sheets import momentum

    monkeypatch.setenv("COURSE_ANSWERS", str(tmp_path / "answers.jsonl"))
    monkeypatch.delenv("NBGRADER_EXECUTION", raising=False)
    momentum.heavy_ball(momentum.heavy_ball.right)
    momentum.heavy_ball(momentum.look_ahead.right)
    momentum.edge(0.75)
    momentum.edge.report(0.75)
    assert record.read().passed == {("04_momentum", "4.2"): 2.0, ("04_momentum", "4.3 edge"): 1.0}


def test_the_engine_is_light():
    code = "import sys, course_lib.sheets.momentum; print(*{'matplotlib', 'ipywidgets', 'IPython'} & set(sys.modules))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=os.environ)
    assert run.stdout.split() == []


@pytest.mark.notebook
def test_in_a_notebook_there_is_a_box_and_the_line_of_the_cell_is_named():
    import nbformat
    from nbclient import NotebookClient

    wrong = "def next_z(z, lam, lr):\n    step = lr * lam * z\n    return z - stp"
    sources = ["from course_lib.sheets import momentum as check", wrong, "check.next_z(next_z)"]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])
    *_, last = NotebookClient(notebook, kernel_name="python3").execute().cells
    assert "in line 3 of its cell: return z - stp." in last.outputs[0].data["text/plain"]
    assert last.outputs[0].data["text/html"].startswith("<div")
