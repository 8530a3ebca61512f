"""Predictions and questions inside a lesson.

A prediction is typed or picked, with a confidence, and locked before the run; `reveal` shows it beside what came::

    predict("04-gain", "How many times farther does heavy ball go than gradient descent?", unit="times")
    reveal("04-gain", 9.1)

A question answers each wrong answer with the misconception it shows. Its words are in questions/04.toml, not in the
cell, where they would give the answer away::

    ask("04-mean")

Each is a widget, and in the same output a text that never depends on what was answered: readers without a kernel see
the question, and tests see the same output every time. Nothing entered stops nothing. Maths is written $...$ in
questions and explanations; options are plain text.

Answers stay on this computer, in the file of `course_lib.record`. `start_over` opens predictions again; deleting the
file forgets everything.
"""

import html
import math
import tomllib
from functools import cache
from importlib import resources

from course_lib import record
from course_lib.amounts import amount, known, typed
from course_lib.record import CONFIDENCES, start_over

__all__ = ["ask", "calibration", "predict", "reveal", "start_over"]

WITHIN = 0.25

asked = {}  # key -> (unit, options) of the predictions made in this kernel
revealed = {}  # key -> what redraws the measurement shown last


def predict(key, question, *, unit="", options=None):
    """Asks for a prediction: a number, or one of the options.

    key: its name, "04-gain": the lesson and a word; the same as in `reveal`.
    question: text, maths as $...$.
    unit: what the number counts, shown behind it.
    options: texts to pick from, two or more, none twice; without them a number is typed.
    Errors: ValueError for options that cannot be told apart.
    """
    texts = isinstance(options, list | tuple) and all(isinstance(option, str) for option in options)
    if options is not None and not (texts and len(set(options)) == len(options) >= 2):
        raise ValueError(f"options must be a list of two or more different texts; got {options!r}")
    asked[key] = unit, options
    words = f"Predict: {question}" + (f" {' / '.join(options)}" if options else f" (in {unit})" if unit else "")
    picks = "".join(
        f"<li>{escape(option)}</li>" for option in options or [f"a number, in {unit}" if unit else "a number"]
    )
    page = f"<p><b>Predict.</b> {escape(question)}</p><ul>{picks}</ul>"
    show(words, page, lambda widgets: prediction(widgets, key, question, unit, options))


def reveal(key, value, *, within=WITHIN):
    """Shows what was measured and, to whoever predicted it, the locked prediction beside it.

    key: as in `predict`.
    value: the number measured, infinity and NaN included, or the text of the right option; True and False are "yes" and
        "no".
    within: a number hits if it is off by at most this share of the value; > 0.
    Errors: ValueError if the value is none of these or not one of the options, or for within out of range.
    """
    value = known(value)
    if not within > 0:
        raise ValueError(f"within must be a number > 0; got {within!r}")
    unit, options = asked.get(key, ("", None))
    if options and value not in options:
        raise ValueError(f"value must be one of the options of {key}, {', '.join(options)}; got {value!r}")
    measured = f"Measured: {amount(value, unit)}."
    show(measured, f"<p><b>{escape(measured)}</b></p>", lambda widgets: comparison(widgets, key, value, unit, within))


def ask(key):
    """Asks a question with one right answer.

    key: its name, "04-mean": its words stand under this name in questions/04.toml, out of the learner's sight.
    Errors: KeyError if the file of that lesson has no such question.
    """
    question, right, answers = questions(key.split("-")[0])[key].values()
    verdicts = {answer: why if answer == right else f"Not so. {why}" for answer, why in answers.items()}
    folded = "".join(
        f"<details><summary>{escape(answer)}</summary><p>{escape(verdict)}</p></details>"
        for answer, verdict in verdicts.items()
    )
    words = f"Question: {question} {' / '.join(answers)}"
    page = f"<p><b>Question.</b> {escape(question)}</p>{folded}"
    show(words, page, lambda widgets: choice(widgets, key, question, verdicts))


@cache
def questions(lesson):
    """{key: {question, right, answers}} of a lesson, from its file."""
    file = resources.files("course_lib") / "questions" / f"{lesson}.toml"
    return tomllib.loads(file.read_text(encoding="utf-8"))


def calibration():
    """Shows how often the locked predictions came true at each confidence."""
    words = "How well calibrated are your predictions? Run this cell in Jupyter to see."
    show(words, f"<p>{words}</p>", scores)


# The widgets


def show(words, page, build):
    """Displays the static form and, where there are widgets, the live one in the same output."""
    try:
        from IPython import get_ipython
        from IPython.display import display
    except ImportError:
        return print(words)
    if get_ipython() is None:
        return print(words)
    try:
        import ipywidgets
    except ImportError:
        live = {}
    else:
        live = build(ipywidgets)._repr_mimebundle_()
    display({**live, "text/plain": words, "text/html": page}, raw=True)


def framed(widgets, question, *children):
    border = "1px solid var(--jp-border-color1, #bdbdbd)"
    layout = {"border_left": "4px solid var(--jp-brand-color1, #1976d2)", "padding": "4px 12px", "margin": "4px 0"}
    return widgets.VBox([widgets.HTMLMath(question), *children], layout={"border": border, **layout})


def prediction(widgets, key, question, unit, options):
    if options:
        field = widgets.RadioButtons(options=options, value=None, description="Prediction", layout={"width": "auto"})
    else:
        field = widgets.Text(placeholder="a number", description=f"Prediction ({unit})" if unit else "Prediction")
        field.style.description_width = "initial"
    sure = widgets.RadioButtons(
        options=[(f"{share} %", share) for share in CONFIDENCES], value=70, description="How sure?",
        orientation="horizontal", layout={"width": "auto"},
    )  # fmt: skip
    lock = widgets.Button(description="Lock the prediction", button_style="primary", layout={"width": "fit-content"})
    controls, said = widgets.VBox([field, sure, lock]), widgets.HTML()

    def draw():
        entry = record.read().answers.get(key, {})
        if "guess" in entry:
            controls.layout.display = "none"
            late = " It came after the measurement, so it does not count." if entry.get("late") else ""
            said.value = status(f"Locked: {amount(entry['guess'], unit)}, {entry['sure']} % sure.{late}{unkept()}")

    def on_lock(_):
        try:
            guess = field.value if options else typed(field.value, unit)
        except ValueError as error:
            said.value = status(str(error))
            return
        if guess is None:
            said.value = status("Pick one first.")
            return
        if "guess" not in record.read().answers.get(key, {}):
            record.add({"key": key, "guess": guess, "sure": sure.value, "late": key in revealed})
        draw()
        revealed.get(key, draw)()

    lock.on_click(on_lock)
    draw()
    return framed(widgets, f"<b>Predict.</b> {escape(question)}", controls, said)


def comparison(widgets, key, value, unit, within):
    said = widgets.HTML()

    def draw():
        entry = record.read().answers.get(key, {})
        if "guess" not in entry:
            said.value = status("No prediction was locked.")
            return
        guess = entry["guess"]
        hit = hits(guess, value, within)
        if entry.get("hit") != hit:
            record.add({"key": key, "hit": hit})
        verdict = "a hit" if hit else "a miss"
        margin = "" if isinstance(value, str) else f" (within {100 * within:.3g} % counts as a hit)"
        said.value = status(f"You predicted {amount(guess, unit)}, {entry['sure']} % sure: {verdict}{margin}.")

    revealed[key] = draw
    draw()
    return framed(widgets, f"<b>Measured: {escape(amount(value, unit))}.</b>", said)


def hits(guess, value, within):
    """Whether a guess is near enough; an infinite value is hit by itself alone, NaN by nothing."""
    if isinstance(guess, str) or isinstance(value, str) or not (math.isfinite(guess) and math.isfinite(value)):
        return guess == value
    return abs(guess - value) <= within * abs(value)


def choice(widgets, key, question, verdicts):
    field = widgets.RadioButtons(options=list(verdicts), value=None, description="Answer", layout={"width": "auto"})
    button = widgets.Button(description="Check the answer", layout={"width": "fit-content"})
    said = widgets.HTMLMath()

    def draw():
        answer = record.read().answers.get(key, {}).get("answer")
        if answer in verdicts:
            field.value = answer
            said.value = status(verdicts[answer])

    def on_check(_):
        if field.value is None:
            said.value = status("Pick one first.")
            return
        record.add({"key": key, "answer": field.value})
        draw()

    button.on_click(on_check)
    draw()
    return framed(widgets, f"<b>Question.</b> {escape(question)}", field, button, said)


def scores(widgets):
    done = record.read()
    counted = [entry for entry in done.answers.values() if "hit" in entry and not entry.get("late")]
    rows = []
    for share in CONFIDENCES:
        hits = [entry["hit"] for entry in counted if entry.get("sure") == share]
        came = f"{100 * sum(hits) / len(hits):.0f} %" if hits else "none yet"
        rows.append(f"<tr><td>{share} %</td><td>{len(hits)}</td><td>{sum(hits)}</td><td>{came}</td></tr>")
    head = "<tr><th>How sure</th><th>Predictions</th><th>Hits</th><th>Came true</th></tr>"
    words = "Well calibrated means: the last column is near the first. A few predictions say little; a dozen say more."
    if done.damaged:
        words += f" {done.damaged} damaged lines in {record.path().name} were left as they are and not counted."
    return framed(widgets, f"<table>{head}{''.join(rows)}</table>", widgets.HTML(status(words + unkept())))


# Words


def escape(text):
    return html.escape(text, quote=False)


def status(text):
    return f'<span role="status">{escape(text)}</span>'


def unkept():
    return f" {record.path()} cannot be written: this lasts until the kernel stops." if record.unsaved else ""
