"""Predictions and questions: what is kept, what is shown, and what is the same for everybody."""

import subprocess
import sys
from contextlib import redirect_stdout
from decimal import Decimal
from fractions import Fraction

import nbformat
import numpy as np
import pytest
from nbclient import NotebookClient

from course_lib import quiz, record, widget
from course_lib.card import Card

VIEW = "application/vnd.jupyter.widget-view+json"


@pytest.fixture(autouse=True)
def answers(tmp_path, monkeypatch):
    """A learner's file, and a kernel that has just started."""
    monkeypatch.setenv("COURSE_ANSWERS", str(tmp_path / "answers.jsonl"))
    monkeypatch.setattr(quiz, "asked", {})
    monkeypatch.setattr(quiz, "measured", {})
    monkeypatch.setattr(record, "unsaved", [])
    return tmp_path / "answers.jsonl"


def typed(key="04-gain", unit="times"):
    quiz.asked[key] = quiz.Bet(key, "How many?", unit, None)
    return quiz.asked[key]


def picked(key="04-saddle", options=("GD", "EMA", "heavy ball")):
    quiz.asked[key] = quiz.Bet(key, "Which?", "", list(options))
    return quiz.asked[key]


def measured(key="04-gain", value=9.1, within=0.25):
    """What a learner reads below a measurement."""
    with redirect_stdout(None):
        quiz.reveal(key, value, within=within)
    return quiz.measured[key].page()


def lock(guess, sure=70, key="04-gain"):
    """The bet and what its page was told."""
    bet = quiz.asked.get(key) or typed(key)
    return bet, bet.heard({"kind": "lock", "guess": guess, "sure": sure})


# Locking


def test_a_number_is_locked_and_then_shown_beside_the_measurement():
    bet, told = lock("9", 90)
    assert told == {"done": True}
    assert "Locked: 9 times, 90 % sure." in bet.page()
    assert "You predicted 9 times, 90 % sure: a hit (within 25 % counts as a hit)." in measured()
    assert "Locked: 9 times, 90 % sure: a hit." in bet.page()
    assert ": a miss" in measured(value=90)
    assert "Locked: 9 times, 90 % sure: a miss." in bet.page()


def test_what_was_read_is_said_before_it_is_locked():
    bet = typed()
    read = [
        bet.heard({"kind": "read", "guess": text, "sure": 70})["said"] for text in ("", "9", "10⁵", "1,375", "many")
    ]
    assert [text.replace("\u202f", " ") for text in read] == [
        "",
        "Read as 9 times.",
        "Read as 100 000 times.",
        "1,375 can be read in two ways: write 1 375 or 1.375.",
        "A number is needed, in times: 12, 0.5, 3k, 10^5 or 4e-11.",
    ]
    assert record.read() == record.Record()


def test_an_option_is_locked_by_its_text():
    picked()
    bet, _ = lock("EMA", key="04-saddle")
    assert "Locked: EMA, 70 % sure." in bet.page()
    assert "You predicted EMA, 70 % sure: a hit." in measured("04-saddle", "EMA")
    assert ": a miss" in measured("04-saddle", "GD")


def test_what_is_locked_can_be_changed_until_it_is_measured():
    bet, _ = lock("9")
    assert (bet.form()["locked"], bet.form()["final"], bet.form()["guess"]) == (True, False, "9")
    lock("10", 90)
    again = typed()  # a new kernel, another notebook
    assert "Locked: 10 times, 90 % sure." in again.page()
    measured()
    assert again.form()["final"]
    lock("11")
    assert "Locked: 10 times, 90 % sure: a hit." in again.page()


def test_starting_over_opens_what_it_names():
    lock("9")
    lock("8", key="04-other")
    quiz.start_over("04-g")
    assert set(record.read().answers) == {"04-other"}
    assert not typed().form()["locked"]


def test_a_prediction_after_the_measurement_does_not_count():
    assert "predicted" not in measured()
    bet, _ = lock("9.1")
    assert "It came after the measurement, so it does not count." in bet.page()
    assert quiz.Calibration().page() == f"<p>{quiz.Calibration.words}</p>"


def test_a_measurement_on_the_page_hears_of_a_prediction():
    typed()
    measured()
    drawn = []
    quiz.measured["04-gain"].shown = lambda: drawn.append(quiz.measured["04-gain"].page())
    lock("9")
    assert "You predicted 9 times" in drawn[0]


@pytest.mark.parametrize(
    ("value", "guess", "hit"),
    [(100, 125, True), (100, 126, False), (100, 75, True), (-100, -80, True), (0, 0, True), (0, 0.1, False),
     (float("inf"), 3, False)],
)  # fmt: skip
def test_a_number_hits_within_a_share_of_the_value(value, guess, hit):
    lock(str(guess))
    assert (": a hit" in measured(value=value)) == hit


@pytest.mark.parametrize("text", ["", "many", "1,375"])
def test_what_is_no_number_or_can_be_read_in_two_ways_is_asked_for_again(text):
    _, told = lock(text)
    two_ways = "1,375 can be read in two ways: write 1\u202f375 or 1.375."
    assert told["said"].startswith(two_ways if text == "1,375" else "A number is needed, in times: 12,")
    assert record.read() == record.Record()


@pytest.mark.parametrize(
    ("value", "words", "guess"),
    [(np.float64("inf"), "∞ times", "never"), (-np.inf, "−∞ times", "-inf"), (np.float32(0.5), "0.5 times", "0.5"),
     (np.int64(1375), "1,375 times", "1375"), (np.array(3.0), "3 times", "3"), (np.array([[3]]), "3 times", "3"),
     (Fraction(1, 2), "0.5 times", "1/2"), (Decimal("0.5"), "0.5 times", "0.5"), (10**400, "∞ times", None),
     (np.longdouble(2), "2 times", "2"), (np.nan, "NaN times", None), (np.bool_(True), "yes", None),
     (False, "no", None), (np.str_("EMA"), "EMA", None)],
)  # fmt: skip
def test_every_measurement_is_shown_and_kept(value, words, guess):
    """Beside a locked number: only then is anything written."""
    lock(guess or "3")
    page = measured(value=value)
    assert f"<p><b>Measured: {words}.</b></p>" in page
    assert (": a hit" in page) == (guess is not None)
    assert record.read().answers["04-gain"]["hit"] is (guess is not None)


def test_yes_or_no_is_an_option_like_any_other():
    quiz.predict("04-yes", "Does it arrive?", options=["yes", "no"])
    quiz.reveal("04-yes", np.float64(1.0) < 2)


@pytest.mark.parametrize("value", [None, [1.0], np.ones(2), 1j, object()])
def test_what_is_no_measurement_is_refused(value):
    with pytest.raises(ValueError, match="value must be a number, True or False, or a text; got"):
        quiz.reveal("04-gain", value)


# Questions


def question():
    return quiz.Question("04-mean", "What is its gain?", "1", {"1": "The weights add up to 1.", "10": "The sum's."})


def test_a_wrong_answer_is_told_which_misconception_it_shows_and_may_be_changed():
    asked = question()
    assert " open>" not in asked.page()
    asked.heard({"kind": "lock", "guess": "10"})
    for seen in (asked, question()):
        assert "<details open><summary>10</summary><p>Not so. The sum's.</p>" in seen.page()
        assert (seen.form()["guess"], seen.form()["right"]) == ("10", False)
    asked.heard({"kind": "lock", "guess": "1"})
    assert "<details open><summary>1</summary><p>The weights" in question().page()
    assert question().form()["right"]


def test_an_answer_that_no_longer_exists_is_forgotten():
    record.add({"key": "04-mean", "answer": "100"})
    assert question().form()["guess"] == ""


# Calibration


def test_calibration_counts_hits_at_each_confidence():
    for key, guess, sure in [("a", "9", 90), ("b", "9", 90), ("c", "90", 90), ("d", "9", 50)]:
        lock(guess, sure, key)
        measured(key)
    lock("9", 70, "e")  # never measured
    table = quiz.Calibration().page()
    assert "<td>50 %</td><td>1</td><td>1</td><td>100 %</td>" in table
    assert "<td>70 %</td><td>0</td><td>0</td><td>none yet</td>" in table
    assert "<td>90 %</td><td>3</td><td>2</td><td>67 %</td>" in table


def test_without_a_measured_prediction_calibration_says_so(monkeypatch):
    lock("9", 70, "e")  # never measured
    assert quiz.Calibration().page() == f"<p>{quiz.Calibration.words}</p>"
    monkeypatch.setattr(widget, "in_jupyterlab", lambda: True)
    assert quiz.Calibration().page() == "<p>No prediction that you locked has been measured yet.</p>"


def test_a_run_repeated_counts_once(answers):
    lock("9")
    for _ in range(3):
        measured()
    assert len(answers.read_text().splitlines()) == 2


def test_a_file_that_was_damaged_is_told_of(answers):
    lock("9")
    answers.write_bytes(answers.read_bytes() + b'{"key": "x", "guess"\n{"ke')
    assert "Locked: 9 times" in typed().page()
    assert "2 damaged lines in answers.jsonl were left as they are" in quiz.Calibration().page()


def test_where_nothing_can_be_written_it_lasts_as_long_as_the_kernel(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_ANSWERS", str(tmp_path))  # a folder
    bet, _ = lock("9")
    assert f"Locked: 9 times, 70 % sure. {tmp_path} cannot be written: this lasts until the kernel stops." in bet.page()
    assert ": a hit" in measured()


# What is the same for everybody


STATIC = {
    'predict("04-gain", r"How far at $\\beta < 1$?", unit="times")': (
        r"Predict: How far at $\beta < 1$? (in times)",
        r"<p><b>Predict.</b> How far at $\beta &lt; 1$?</p><ul><li>a number, in times</li></ul>",
    ),
    'predict("04-saddle", "Which?", options=["GD", "EMA"])': (
        "Predict: Which? GD / EMA",
        "<p><b>Predict.</b> Which?</p><ul><li>GD</li><li>EMA</li></ul>",
    ),
    'reveal("04-gain", 9.1)': ("Measured: 9.1 times.", "<p><b>Measured: 9.1 times.</b></p>"),
    'reveal("04-saddle", "EMA")': ("Measured: EMA.", "<p><b>Measured: EMA.</b></p>"),
    "calibration()": (
        "How well calibrated are your predictions? Run this cell in Jupyter to see.",
        "<p>How well calibrated are your predictions? Run this cell in Jupyter to see.</p>",
    ),
}


def run(*cells):
    """The outputs of cells in a fresh kernel."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    return [cell.outputs for cell in NotebookClient(notebook, kernel_name="python3", timeout=60).execute().cells]


@pytest.mark.notebook
@pytest.mark.parametrize("widgets", [True, False])
@pytest.mark.parametrize("answered", [True, False])
def test_the_text_is_the_same_whatever_was_answered_and_without_answers_the_page_too(widgets, answered, answers):
    if answered:
        record.add({"key": "04-gain", "guess": 90, "sure": 90})
        record.add({"key": "04-saddle", "guess": "GD", "sure": 50})
        answers.write_bytes(answers.read_bytes() + b"damaged")
    hide = "" if widgets else "import sys; sys.modules['ipywidgets'] = None"
    _, *outputs = run(f"{hide}\nfrom course_lib.quiz import *", *STATIC, 'ask("04-recall-edge")')
    for (output,), (words, page) in zip(outputs, STATIC.values(), strict=False):
        assert output.data["text/plain"] == words
        assert answered or output.data["text/html"] == page
    assert [VIEW in output.data for (output,) in outputs] == [widgets, widgets, False, False, False, widgets]
    (asked,) = outputs[-1]
    wanted = quiz.questions("04")["04-recall-edge"]
    for answer, why in wanted["answers"].items():
        folded = f"<details><summary>{quiz.escape(answer)}</summary><p>"
        assert folded + ("" if answer == wanted["right"] else "Not so. ") + quiz.escape(why) in asked.data["text/html"]


def test_without_jupyter_it_prints():
    code = 'from course_lib.quiz import *; predict("a", "How many?"); reveal("a", 1375); calibration()'
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[:2] == ["Predict: How many?", "Measured: 1,375."]
    assert done.stderr == ""


def test_jupyterlab_keeps_the_still_form_and_what_was_locked(monkeypatch):
    """No view of a widget: JupyterLab would show nothing else of it once its kernel has ended."""
    monkeypatch.setattr(widget, "in_jupyterlab", lambda: True)
    bet = Card(typed())
    data, _ = bet._repr_mimebundle_()
    assert data.keys() == {"text/plain", "text/html"}
    assert data["text/html"].startswith(f'<course-widget at="{bet.at}"><p><b>Predict.</b> How many?</p><ul>')
    assert "To go on, run all cells above and then this one." in data["text/html"]
    lock("9")
    bet.redraw()
    data, _ = bet._repr_mimebundle_()
    assert "Locked: 9 times, 70 % sure." in data["text/html"]
    assert "To go on" not in data["text/html"]
    assert data["text/plain"] == "Predict: How many? (in times)"


def test_importing_it_is_light():
    heavy = {"numpy", "ipywidgets", "anywidget", "IPython", "matplotlib"}
    code = f"import sys, course_lib.quiz; print(*{heavy} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split() == []


@pytest.mark.parametrize("options", [["GD"], ["GD", "GD"], [], "GD", [1, 2], {"GD": 1, "EMA": 2}])
def test_options_that_cannot_be_told_apart_are_refused(options):
    with pytest.raises(ValueError, match="options must be a list of two or more different texts; got"):
        quiz.predict("04-x", "Which?", options=options)


def test_a_measurement_that_is_not_an_option_is_refused(capsys):
    quiz.predict("04-x", "Which?", options=["GD", "EMA"])
    with pytest.raises(ValueError, match="value must be one of the options of 04-x, GD, EMA; got 'Adam'"):
        quiz.reveal("04-x", "Adam")


@pytest.mark.parametrize("within", [0, -1, float("nan")])
def test_a_hit_needs_some_room(within):
    with pytest.raises(ValueError, match=f"within must be a number > 0; got {within}"):
        quiz.reveal("04-y", 3.0, within=within)
