"""The start page: the lessons, what the learner has done of them, and where to go on; a text in Markdown.

It lies as README.md beside the learner's copies, so a link to ../README.md leads from a lesson to the table of contents
in both forms of the course.
"""

import json
import re

from course_lib import record

NAME = "README.md"
LESSON = re.compile(r"^\| (\d\d) \| \[(.+?)\]\((notebooks/(\w+)\.ipynb)\).*?\| ([^|]+?) \| ", re.M)
BET = re.compile(r'\bpredict\(\s*"([^"]+)"')
EXERCISE = re.compile(r"^## (\d+\.\d+) .*?(\d+) points?\b", re.M)

HOW = """
1. Run a lesson cell by cell with Shift+Enter, from the top; next day first *Run All Above Selected Cell* (menu *Run*).
2. Before each experiment you bet: enter what you expect, say how sure you are, lock it, and run on.
3. After the lesson do its sheet: write where it says so, run the check below, and unfold a hint when you are stuck.
4. The solution says why each answer is as it is. Look when your own answer has passed, or when you give up.
5. These notebooks are yours: write what you like. An update of the course never changes one that you have worked in.
6. Nothing leaves your computer. Bets and answers are kept in `{answers}`; delete it, and they are forgotten.
"""


def page(course, changed=()):
    """The start page as Markdown.

    course: the course's folder; its README names the lessons and their minutes.
    changed: paths of notebooks that the learner worked in and that have changed in the course since.
    """
    done = record.read(course)
    lessons = [Lesson(course, done, *found) for found in LESSON.findall((course / NAME).read_text(encoding="utf-8"))]
    parts = ["# Optimizers, measured", on(lessons), table(lessons), calibration(done)]
    if changed:
        newer = ", ".join(f"[{path.as_posix()}]({path.as_posix()})" for path in changed)
        parts.append(
            f"**Changed in the course since you began to work in yours:** {newer}. Yours stays as it is. If you want "
            f"the new one, `python3 course.py fresh {changed[0].name[:2]}` puts yours aside and makes it."
        )
    if done.damaged:
        lines = "one line" if done.damaged == 1 else f"{done.damaged} lines"
        parts.append(f"In `{record.path(course).name}` {lines} cannot be read, and what stood there is not counted.")
    parts += ["## How the course works", HOW.format(answers=record.path(course).name).strip(), LINKS]
    return "\n\n".join(part for part in parts if part) + "\n"


LINKS = (
    "[What is often said, and what was measured](CLAIMS.md) · [About the course](../README.md) · "
    "[How to teach with it](../teaching/README.md)"
)


class Lesson:
    """A lesson of the course and what was done of it."""

    def __init__(self, course, done, number, title, path, name, minutes):
        self.number, self.title, self.path, self.name, self.minutes = number, title, path, name, minutes
        self.bets = list(dict.fromkeys(BET.findall(sources(course / path, "code"))))
        locked = [done.answers[key] for key in self.bets if "guess" in done.answers.get(key, {})]
        self.locked, self.hits = len(locked), sum(bet.get("hit", False) for bet in locked)
        self.points = dict(EXERCISE.findall(sources(course / "exercises" / f"{name}.ipynb", "markdown")))
        self.passed = {exercise: points for (sheet, exercise), points in done.passed.items() if sheet == name}
        began = (entry.get("when", "") for key, entry in done.answers.items() if key.startswith(number))
        self.last = max(began, default="")

    def link(self):
        return f"[{self.number} · {self.title}]({self.path})"

    def row(self):
        bets = f"{self.locked} of {len(self.bets)}" + (f", {self.hits} came true" if self.hits else "")
        columns = [self.number, f"[{self.title}]({self.path})", self.minutes, bets]
        if self.points:
            earned, all_points = sum(self.passed.values()), sum(map(int, self.points.values()))
            columns += [f"[sheet](exercises/{self.name}.ipynb)", f"{len(self.passed)} of {len(self.points)}"]
            columns += [f"{earned:g} of {all_points}", f"[solution](solutions/{self.name}.ipynb)"]
        return f"| {' | '.join(columns)} |"


def sources(path, kind):
    """The sources of the cells of a kind, one after the other; none where there is no such notebook."""
    try:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        return "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == kind)
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def on(lessons):
    """Where to go on: in the lesson that was bet in last; once all its bets are locked, with its sheet or the next."""
    at = max(range(len(lessons)), key=lambda i: (lessons[i].last, -i), default=None)
    if at is None:
        return ""
    here, ways = lessons[at], []
    if not here.last:
        return f"**Begin with** {here.link()}."
    if here.locked < len(here.bets):
        ways = [here.link()]
    else:
        if len(here.passed) < len(here.points):
            ways = [f"[the sheet of lesson {here.number}](exercises/{here.name}.ipynb)"]
        ways += [lesson.link() for lesson in lessons[at + 1 : at + 2]]
    return f"**Go on with** {', or with '.join(ways)}." if ways else "**You are through.** Run what you like once more."


def table(lessons):
    head = "| | lesson | minutes | bets locked | exercises | passed | points | why |\n|---|---|---|---|---|---|---|---|"
    return "\n".join([head, *(lesson.row() for lesson in lessons)])


def calibration(done):
    """How often bets came true at each confidence, of those that were locked before the measurement."""
    counted = [entry for entry in done.answers.values() if "hit" in entry and not entry.get("late")]
    rows = []
    for sure in record.CONFIDENCES:
        hits = [entry["hit"] for entry in counted if entry.get("sure") == sure]
        if hits:
            rows.append(f"| {sure} % | {sum(hits)} of {len(hits)} |")
    return "\n".join(["| how sure you were | came true |", "|---|---|", *rows]) if rows else ""
