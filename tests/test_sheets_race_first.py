"""Sheet 00: its other right and wrong answers, the set-up, and what ties its numbers to runs."""

import math
import sys
from importlib import metadata

import nbformat
import numpy as np
import pytest

from course_lib import optimizers, surfaces
from course_lib.checks.exercise import HIDDEN
from course_lib.descent import descend, first_step
from course_lib.sheets import race_first
from tools.refresh import ROOT


def mountain(height, gradient, start=(1, 1), window=((-3, 3), (-2, 2))):
    return surfaces.Surface("mine", lambda p: height(*p), lambda p: gradient(*p), start, window)


def bowl(gradient):
    """A mountain of the height x² + 3y² + xy + 2x and a gradient that is to be judged."""
    return mountain(lambda x, y: x**2 + 3 * y**2 + x * y + 2 * x, lambda x, y: np.array(gradient(x, y)))


def by_branches(x, y):
    return x * x + y if x > 0 else y


def in_place(x, y):
    x += 1
    return x * x + y * y


def answers(*alarms):
    p = np.zeros(1000, int)
    p[list(alarms)] = 1
    return p


ALSO = {
    "default": [optimizers.adam.__kwdefaults__["b2"]],
    "bet": [(np.inf, "it will overshoot"), [1, "a step is enough"]],
    "best_feasible": [3.0],
    "step": [optimizers.gd, lambda x, g, *, lr: (x + lr * -g,)],
    "mountain": [
        bowl(lambda x, y: (2 * x + y + 2, 6 * y + x)),
        mountain(lambda x, y: np.sin(3 * x) - np.exp(y), lambda x, y: [3 * np.cos(3 * x), -np.exp(y)]),
        mountain(lambda x, y: 1e6 * (x + y), lambda x, y: (1e6 + 0 * x, 1e6 + 0 * y)),
        surfaces.himmelblau,
        surfaces.beale,
        surfaces.rastrigin(),
        surfaces.monkey_saddle,
    ],
    "share": [0.0975, 0.098],
    "balanced_error": [
        lambda y, p: 1 - sum(np.mean(p[y == k] == k) for k in (0, 1)) / 2,
        lambda y, p: (np.sum(y & ~p & 1) / np.sum(y) + np.sum(p & ~y & 1) / np.sum(1 - y)) / 2,
    ],
    "useless": [answers(937), answers(537).tolist(), answers(137) > 0],
    "search": ["CGEBFHDA"],
}

WRONG = {
    "bet": [
        ((None, "it will overshoot"), "1 or more, or np.inf for never"),
        ((22, None), "Say why"),
        ((22, "because"), "Say why"),
        ((22, "your reason, in three words or more"), "of your own"),
        ((0, "it is there already"), "1 or more"),
        ((math.nan, "I do not know"), "1 or more"),
        ((True, "it will overshoot"), "1 or more"),
        ((22, "it will overshoot", 3), "Two things are meant"),
        (22, "Two things are meant"),
        ((22, ""), "Already right: two things; a number of steps.\nSay why"),
        (("22", "it will overshoot"), "1 or more"),
    ],
    "parts": [
        ("HCEG", "Letter 1 does not name the decision variables"),
        ("ABEG", "Letter 2 does not name the objective"),
        ("ACE", "Four letters from A to H"),
        ("ACEX", "Four letters from A to H"),
        (4, "Four letters from A to H"),
    ],
    "by_hand": [((1.6, 0.5), "1 of 2 numbers are right; the first that is not has index 1"), (1.6, "Wrong shape")],
    "step": [
        (lambda x, g, *, lr: x - lr * g, "one result with a comma behind it"),
        (lambda x, g, *, lr: [x - lr * g], "a step must return a tuple"),
        (lambda x, g, *, lr: (x - lr * gradient,), "NameError"),  # noqa: F821
    ],
    "mountain": [
        (bowl(lambda x, y: (-2 * x - y - 2, 6 * y + x)), "the sign: the gradient points uphill"),
        (bowl(lambda x, y: (-2 * x - y - 2, -6 * y - x)), "Hint: the sign: the gradient points uphill, where"),
        (bowl(lambda x, y: (6 * y + x, 2 * x + y + 2)), "the slopes in x and in y have changed places"),
        (bowl(lambda x, y: (2 * x + y + 2, 0 * y)), "the slope in y is missing"),
        (bowl(lambda x, y: (2 * x + y + 2, 12 * y + 2 * x)), "twice as large as it should be"),
        (bowl(lambda x, y: (x + y / 2 + 1, 6 * y + x)), "a factor 2 is missing"),
        (bowl(lambda x, y: (2 * x + y, 6 * y + x)), "with 2 more the slope in x is right"),
        (bowl(lambda x, y: (2 * x + 2, 6 * y + x)), "with 1 y more the slope in x is right"),
        (bowl(lambda x, y: (2 * x + y + 2, 6 * y)), "with 1 x more the slope in y is right"),
        (bowl(lambda x, y: (x + y + 2, 6 * y + x)), "with 1 x more the slope in x is right"),
        (bowl(lambda x, y: (2 * x + y + 2, 3 * y**2 + x)), "the derivative of each term by itself"),
        (bowl(lambda x, y: (2 * x + 2, 6 * y)), "with 1 x more the slope in y is right; a term is"),
        (mountain(lambda x, y: np.sin(2 * x) + y**2, lambda x, y: (np.cos(2 * x), 2 * y)), "a factor 2 is missing"),
        (mountain(lambda x, y: np.sin(3 * x) + y**2, lambda x, y: (np.cos(3 * x), 2 * y)), "the inner one of sin(2x)"),
        (mountain(lambda x, y: x**2 + 3 * y, lambda x, y: np.array([2 * x, 3])), "3 + 0 * x, not 3"),
        (mountain(lambda x, y: x**2 + 3 * y, lambda x, y: [2 * x, 3]), "3 + 0 * x, not 3"),
        (mountain(lambda x, y: 3, lambda x, y: np.array([0 * x, 0 * y])), "The height of 40 places side by side must"),
        (mountain(lambda x, y: math.sin(x) + y, lambda x, y: (np.cos(x), 1 + 0 * y)), "np.sin, not math.sin"),
        (mountain(lambda x, y: x ^ 2, lambda x, y: (2 * x, 0 * y)), "a power is written x**2, not x^2"),
        (mountain(by_branches, lambda x, y: (x, y)), "no if"),
        (mountain(lambda x, y: 3 + 0 * x, lambda x, y: np.array([0 * x, 0 * y])), "The same height everywhere"),
        (mountain(lambda x, y: x * x + np.max(y), lambda x, y: (2 * x, 0 * y)), "Heights side by side differ"),
        (mountain(in_place, lambda x, y: (2 * x, 2 * y)), "changed in place"),
        (mountain(lambda x, y: np.log(x) + y, lambda x, y: (1 / x, 1 + 0 * y)), "not a finite number everywhere"),
        (mountain(lambda x, y: (x, y), lambda x, y: (x, y)), "must have the shape (); got the shape (2,)"),
        (mountain(lambda x, y: "high", lambda x, y: (x, y)), "must have the shape (); got 'high'"),
        (
            mountain(lambda x, y: x * x + y, lambda x, y: 2 * x + 1),
            "The gradient of one place must have the shape (2,)",
        ),
        (mountain(lambda x, y: x + z, lambda x, y: (x, y)), "NameError"),  # noqa: F821
        (surfaces.plateau, "A Surface of two coordinates is meant"),
        (lambda p: p, "A Surface of two coordinates is meant"),
        (3, "A Surface of two coordinates is meant"),
    ],
    "share": [(-0.04455, "the slope of the logarithm"), (0.11, "too large")],
    "balanced_error": [
        (lambda y, p: np.max(y != p), "Wrong result"),
        (lambda y, p: np.inf, "Wrong result"),
        (lambda y, p: 1e-300, "Wrong result"),
    ],
    "useless": [
        (answers(), "the share of the false ones is 0/0"),
        (answers(37, 38), "Already right: an answer for each person; it gives an alarm.\nSome alarms are false"),
        (np.ones(1000, int), "Some alarms are false"),
        (race_first.ILL, "It finds more than one of the ten"),
        (answers(37, 137), "It finds more than one"),
        (answers(37)[:999], "1,000 answers are meant"),
        (2 * answers(37), "1,000 answers are meant"),
        (37, "NOT YET: 0.7 The wrong objective: a counterexample\n1,000 answers are meant"),
        ("37", "1,000 answers are meant"),
    ],
}

BLANK_MOUNTAINS = [mountain(lambda x, y: None, lambda x, y: None), mountain(lambda x, y: x + y, lambda x, y: None)]


@pytest.mark.parametrize("blank", BLANK_MOUNTAINS)
def test_a_mountain_without_height_or_gradient_is_still_blank(blank):
    assert "still blank: the" in race_first.mountain.report(blank)[1]


def test_both_groups_count_alike_in_what_is_drawn():
    """An answer that looks at one group alone, or counts instead of taking shares, is found out by the draws."""
    rng = np.random.default_rng(0)
    drawn = [race_first.people(rng).args for _ in range(200)]
    assert all(0 < np.mean(y) < 1 for y, _ in drawn)
    assert len({len(y) for y, _ in drawn}) > HIDDEN
    assert {len(np.unique(p)) for _, p in drawn} == {1, 2}


def test_the_numbers_of_the_sheet_are_those_of_runs():
    valley = surfaces.quadratic(kappa=10)
    heights = valley(descend(optimizers.gd, valley, [1, 1], 60, lr=0.5))
    assert race_first.first_below.report(first_step(heights < 0.001))[0]
    assert race_first.share.report(1 - (heights[40] / heights[20]) ** (1 / 20))[0]
    threes = surfaces.quadratic_form([[2.0, 0], [0, 6]])
    assert race_first.by_hand.report(optimizers.gd(np.array([2.0, 1]), threes.grad([2, 1]), lr=0.1)[0])[0]


def cell(name):
    notebook = nbformat.read(ROOT / "solutions" / "00_race_first.ipynb", as_version=4)
    return next(cell.source for cell in notebook.cells if cell.id == name)


def test_the_sheet_and_its_check_speak_of_the_same_people():
    sheet = {"np": np}
    exec(cell("tests"), sheet)
    np.testing.assert_array_equal(sheet["y"], race_first.ILL)
    np.testing.assert_array_equal(sheet["useful"], race_first.USEFUL)


@pytest.mark.parametrize("order", ["CGEBFDHA", "CGEBFHDA"])
def test_each_order_that_passes_runs_and_searches(order):
    sheet, program = {}, {}
    exec(cell("lines"), sheet)
    exec("\n".join(sheet["lines"][letter] for letter in order), program)
    f = surfaces.quadratic_form(np.eye(2))
    assert f(program["random_search"](f, f.start, 100, np.random.default_rng(0))) < 0.01 * f(f.start)


# The set-up


def test_the_set_up_is_found_whole(capsys):
    race_first.setup()
    said = capsys.readouterr().out
    assert said == "PASSED: set-up: Python, the packages and the library are here, and it computes.\n"


@pytest.mark.parametrize(("found", "words"), [("1.26.4", "numpy is 1.26.4; the course needs 2.0 or newer."),
                                              (None, "numpy is not installed for this kernel.")])  # fmt: skip
def test_a_package_that_is_not_as_it_should_be_is_named(found, words, monkeypatch, capsys):
    def version(package):
        if package != "numpy":
            return metadata.version(package)
        if found is None:
            raise metadata.PackageNotFoundError
        return found

    monkeypatch.setattr(race_first, "version", version)
    race_first.setup()
    said = capsys.readouterr().out
    assert said.startswith("NOT YET: set-up\nAlready right: Python; matplotlib; ipywidgets; anywidget; course_lib.\n")
    assert words in said
    assert "open it with course.py lab" in said


def test_an_old_python_is_named(monkeypatch, capsys):
    monkeypatch.setattr(sys, "version_info", (3, 10, 2))
    race_first.setup()
    assert "Python is 3.10; the course needs 3.11 or newer." in capsys.readouterr().out


def test_a_library_from_elsewhere_is_named(monkeypatch, tmp_path, capsys):
    (tmp_path / "course_lib").mkdir()
    (tmp_path / "exercises").mkdir()
    monkeypatch.chdir(tmp_path / "exercises")
    race_first.setup()
    assert f"and not from {tmp_path / 'course_lib'}, beside this notebook." in capsys.readouterr().out
    (tmp_path / "mine" / "exercises").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "mine" / "exercises")
    race_first.setup()
    assert f"and not from {tmp_path / 'course_lib'}, beside this notebook." in capsys.readouterr().out
    monkeypatch.chdir(ROOT / "exercises")
    race_first.setup()
    assert capsys.readouterr().out.startswith("PASSED")


def test_a_library_that_computes_wrongly_is_named(monkeypatch, capsys):
    monkeypatch.setattr(race_first, "end", lambda *args, **hyper: [np.float64(2.0)])
    race_first.setup()
    assert "Three halvings of 8 gave 2.0, not 1." in capsys.readouterr().out
