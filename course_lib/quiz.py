"""Predictions and questions inside a lesson.

A prediction is typed or picked, with a confidence, and locked before the run; `reveal` shows it beside what came::

    predict("04-gain", "How many times farther does heavy ball go than gradient descent?", unit="times")
    reveal("04-gain", 9.1)

A question answers each wrong answer with the misconception it shows. Its words are in questions/04.toml, not in the
cell, where they would give the answer away::

    ask("04-mean")

Each is a card on the page, and in the same output a text that never depends on what was answered: tests see the same
every time. What is left in the notebook says what was locked and how it came out, also without a kernel. Nothing
entered stops nothing. Maths is written $...$ in questions and explanations; options are plain text.

Answers stay on this computer, in the file of `course_lib.record`. `start_over` opens predictions again; deleting the
file forgets everything.
"""

import html
import math
import tomllib
from functools import cache
from importlib import resources

from course_lib import record
from course_lib.amounts import amount, known, plain, typed
from course_lib.record import CONFIDENCES, start_over

__all__ = ["ask", "calibration", "predict", "reveal", "start_over"]

WITHIN = 0.25

asked: dict = {}  # key -> the Bet made last in this kernel
measured: dict = {}  # key -> the Measurement shown last


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
    asked[key] = Bet(key, question, unit, options)
    asked[key].show()


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
    bet = asked.get(key)
    if bet and bet.options and value not in bet.options:
        raise ValueError(f"value must be one of the options of {key}, {', '.join(bet.options)}; got {value!r}")
    measured[key] = Measurement(key, value, bet.unit if bet else "", within)
    measured[key].show()
    if bet:
        bet.redraw()


def ask(key):
    """Asks a question with one right answer.

    key: its name, "04-mean": its words stand under this name in questions/04.toml, out of the learner's sight.
    Errors: KeyError if the file of that lesson has no such question.
    """
    Question(key, **questions(key.split("-")[0])[key]).show()


@cache
def questions(lesson):
    """{key: {question, right, answers}} of a lesson, from its file."""
    file = resources.files("course_lib") / "questions" / f"{lesson}.toml"
    return tomllib.loads(file.read_text(encoding="utf-8"))


def calibration():
    """Shows how often the locked predictions came true at each confidence."""
    Calibration().show()


class Talk:
    """Something that is said in a lesson. words: its text, the same at every run."""

    shown = None

    def page(self):
        """Its HTML, with what is known of the learner's answer."""
        raise NotImplementedError

    def show(self):
        try:
            from IPython import get_ipython
            from IPython.display import display
        except ImportError:
            return print(self.words)
        if get_ipython() is None:
            return print(self.words)
        self.shown = self.displayed(display)

    def displayed(self, display):
        """Displays it, and returns what displays it anew in the same place."""
        handle = display(self, display_id=True)
        return lambda: handle.update(self)

    def _repr_mimebundle_(self, **kwargs):
        return {"text/plain": self.words, "text/html": self.page()}

    def redraw(self):
        if self.shown:
            self.shown()


class Control(Talk):
    """A talk that is answered. form(): what the page makes controls of. heard(message): what the page is told."""

    def displayed(self, display):
        try:
            from course_lib.card import Card
        except ImportError:  # no ipywidgets
            return super().displayed(display)
        card = Card(self)
        card.show()
        return card.redraw


class Bet(Control):
    def __init__(self, key, question, unit, options):
        self.key, self.question, self.unit, self.options = key, question, unit, options
        self.words = f"Predict: {question}"
        self.words += f" {' / '.join(options)}" if options else f" (in {unit})" if unit else ""

    def entry(self):
        return record.read().answers.get(self.key, {})

    def page(self):
        picks = self.options or [f"a number, in {self.unit}" if self.unit else "a number"]
        listed = "".join(f"<li>{escape(pick)}</li>" for pick in picks)
        return f"<p><b>Predict.</b> {escape(self.question)}</p>{self.locked() or f'<ul>{listed}</ul>'}"

    def locked(self):
        entry = self.entry()
        if "guess" not in entry:
            return ""
        came = f": {verdict(entry['hit'])}." if "hit" in entry else "."
        late = " It came after the measurement, so it does not count." if entry.get("late") else ""
        return status(f"Locked: {amount(entry['guess'], self.unit)}, {entry['sure']} % sure{came}{late}{unkept()}")

    def form(self):
        entry = self.entry()
        guess = entry.get("guess", "")
        return {
            "label": f"Prediction ({self.unit})" if self.unit and not self.options else "Prediction",
            "options": self.options,
            "guess": guess if isinstance(guess, str) else plain(guess),
            "confidences": CONFIDENCES,
            "sure": entry.get("sure", 70),
            "locked": "guess" in entry,
            "final": "hit" in entry,
            "button": "Lock the prediction",
        }

    def heard(self, message):
        try:
            guess = message["guess"] if self.options else typed(message["guess"], self.unit)
        except ValueError as error:
            return {"said": "" if message["kind"] == "read" and not message["guess"] else str(error)}
        if message["kind"] == "read":
            return {"said": f"Read as {plain(guess)} {self.unit}".strip() + "."}
        if "hit" not in self.entry():
            event = {"key": self.key, "guess": guess, "sure": message["sure"], "late": self.key in measured}
            record.add(event)
        if self.key in measured:
            measured[self.key].redraw()
        self.redraw()
        return {"done": True}


class Measurement(Talk):
    def __init__(self, key, value, unit, within):
        self.key, self.value, self.unit, self.within = key, value, unit, within
        self.words = f"Measured: {amount(value, unit)}."

    def page(self):
        return f"<p><b>{escape(self.words)}</b></p>{self.compared()}"

    def compared(self):
        entry = record.read().answers.get(self.key, {})
        if "guess" not in entry:
            return ""
        guess, hit = entry["guess"], hits(entry["guess"], self.value, self.within)
        if entry.get("hit") != hit:
            record.add({"key": self.key, "hit": hit})
        margin = "" if isinstance(self.value, str) else f" (within {100 * self.within:.3g} % counts as a hit)"
        return status(f"You predicted {amount(guess, self.unit)}, {entry['sure']} % sure: {verdict(hit)}{margin}.")


class Question(Control):
    def __init__(self, key, question, right, answers):
        self.key, self.question, self.right, self.answers = key, question, right, answers
        self.words = f"Question: {question} {' / '.join(answers)}"

    def page(self):
        given = self.given()
        folded = "".join(
            f"<details{' open' if answer == given else ''}><summary>{escape(answer)}</summary>"
            f"<p>{'' if answer == self.right else 'Not so. '}{escape(why)}</p></details>"
            for answer, why in self.answers.items()
        )
        return f"<p><b>Question.</b> {escape(self.question)}</p>{folded}"

    def given(self):
        answer = record.read().answers.get(self.key, {}).get("answer")
        return answer if answer in self.answers else None

    def form(self):
        return {
            "label": "Answer",
            "options": list(self.answers),
            "guess": self.given() or "",
            "right": self.given() == self.right,
            "button": "Check the answer",
        }

    def heard(self, message):
        record.add({"key": self.key, "answer": message["guess"]})
        self.redraw()
        return {"done": True}


class Calibration(Talk):
    words = "How well calibrated are your predictions? Run this cell in Jupyter to see."

    def page(self):
        done = record.read()
        counted = [entry for entry in done.answers.values() if "hit" in entry and not entry.get("late")]
        notes = []
        if done.damaged:
            notes.append(f"{done.damaged} damaged lines in {record.path().name} were left as they are and not counted.")
        if record.unsaved:
            notes.append(unkept().strip())
        if not counted and not notes:
            return f"<p>{self.nothing()}</p>"
        rows = []
        for share in CONFIDENCES:
            outcomes = [entry["hit"] for entry in counted if entry.get("sure") == share]
            came = f"{100 * sum(outcomes) / len(outcomes):.0f} %" if outcomes else "none yet"
            rows.append(f"<tr><td>{share} %</td><td>{len(outcomes)}</td><td>{sum(outcomes)}</td><td>{came}</td></tr>")
        head = "<tr><th>How sure</th><th>Predictions</th><th>Hits</th><th>Came true</th></tr>"
        words = "Well calibrated means: the last column is near the first. A few predictions say little; a dozen more."
        return f"<table>{head}{''.join(rows)}</table>{status(' '.join([words, *notes]))}"

    def nothing(self):
        """What is said without a prediction that counts: a reader who runs nothing is told how to get there."""
        try:
            from course_lib.widget import in_jupyterlab
        except ImportError:  # no ipywidgets
            return self.words
        return "No prediction that you locked has been measured yet." if in_jupyterlab() else self.words


def hits(guess, value, within):
    """Whether a guess is near enough; an infinite value is hit by itself alone, NaN by nothing."""
    if isinstance(guess, str) or isinstance(value, str) or not (math.isfinite(guess) and math.isfinite(value)):
        return guess == value
    return abs(guess - value) <= within * abs(value)


def verdict(hit):
    return "a hit" if hit else "a miss"


def escape(text):
    return html.escape(text, quote=False)


def status(text):
    return f'<p role="status">{escape(text)}</p>'


def unkept():
    return f" {record.path()} cannot be written: this lasts until the kernel stops." if record.unsaved else ""
