"""What a check says: plain text, and a box for the notebook."""

import html
import os
import sys
from dataclasses import dataclass, field

from course_lib.checks.comparison import Wrong
from course_lib.style import RIGHT, WRONG

BOX = "border-left:4px solid {};padding:0.2em 0.8em;margin:0.3em 0;overflow-wrap:anywhere;line-height:1.5"


@dataclass
class Report:
    """The verdict on an answer, in its pieces.

    held: what is right already. wrong: the first thing that is not. call: how to see it again. hint: the usual mistake
    that this is. noise: what the answer printed and warned.
    """

    name: str
    summary: str = ""
    blank: str | None = None
    held: list = field(default_factory=list)
    wrong: Wrong | None = None
    call: str = ""
    hint: str = ""
    noise: list = field(default_factory=list)

    @property
    def passed(self):
        return self.blank is None and self.wrong is None

    @property
    def text(self):
        if self.passed:
            return "\n".join([f"PASSED: {self.name}{self.summary}", *self.noise])
        if self.blank is not None:
            return f"NOT YET: {self.name}: still blank{self.blank}."
        held = f"Already right: {'; '.join(self.held)}." if self.held else ""
        said = " ".join(filter(None, [str(self.wrong), self.call, self.hint and f"Hint: {self.hint}."]))
        return "\n".join(filter(None, [f"NOT YET: {self.name}", held, said, *self.noise]))

    @property
    def html(self):
        """The same as a box: a mark and a word say how it stands, and the colour only repeats it."""
        colour, mark = (RIGHT, "✓ Passed") if self.passed else (WRONG, "○ Not yet")
        head = f"<b>{mark}</b> · {html.escape(self.name + self.summary * self.passed)}"
        rows = [f"Still blank{self.blank}."] if self.blank is not None else []
        if self.wrong:
            rows += [f"Already right: {'; '.join(self.held)}."] if self.held else []
            rows += [self.wrong.says + ":" * bool(self.wrong.expected)]
        rows = [html.escape(row) for row in rows]
        if self.wrong and self.wrong.expected:
            pairs = [("expected", self.wrong.expected), ("what came", self.wrong.came)]
            rows += [f"{word} <code>{html.escape(value)}</code>" for word, value in pairs]
        if self.wrong:
            rows += map(html.escape, filter(None, [self.wrong.off, self.call]))
            rows += [f"<b>Hint:</b> {html.escape(self.hint)}."] if self.hint else []
        rows += [] if self.blank is not None else map(html.escape, self.noise)
        return f'<div style="{BOX.format(colour)}">' + "<br>".join([head, *rows]) + "</div>"

    def show(self):
        """In a notebook the box, elsewhere the text."""
        if "IPython" in sys.modules and (shell := sys.modules["IPython"].get_ipython()) and hasattr(shell, "kernel"):
            shell.display_pub.publish({"text/plain": self.text, "text/html": self.html})
        else:
            print(self.text)


def tell(report):
    """Shows a report; where nbgrader executes the cell a failed one is an AssertionError with the same words."""
    if not report.passed and os.environ.get("NBGRADER_EXECUTION"):
        raise AssertionError(report.text)
    report.show()
