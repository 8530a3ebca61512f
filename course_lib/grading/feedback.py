"""What a learner gets back: one page, which runs nothing and fetches nothing."""

import re
from html import escape

from course_lib.grading.formulas import typeset
from course_lib.grading.results import OPEN
from course_lib.grading.table import number, summary

PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width">
<title>{title}</title>
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 44em; margin: 2em auto; padding: 0 1em; color: #222; }}
h2 {{ font-size: 1.1em; margin: 1.6em 0 0.2em; display: flex; justify-content: space-between; gap: 1em; }}
ul {{ list-style: none; padding: 0; margin: 0.3em 0; }}
li {{ padding-left: 1.6em; text-indent: -1.6em; }}
pre {{ white-space: pre-wrap; overflow-wrap: anywhere; background: #f4f4f4; padding: 0.6em; }}
math {{ font-family: "STIX Two Math", "Cambria Math", "Noto Sans Math", "DejaVu Math TeX Gyre", math; }}
.missed {{ color: #a01020; }}
.note {{ color: #555; }}
</style>
</head>
<body>
<h1>{title}</h1>
<p>{total}</p>
{parts}
</body>
</html>
"""

STATES = {
    "blank": "Still blank.",
    "by hand": "A person reads this one; its marks are to come.",
    "needs a person": "This could not be marked by itself; a person looks at it.",
}


def tasks(unit):
    """{id of a text: what is asked there, as HTML with its formulas set}. unit: `unit.Unit`; nothing of a learner's."""
    asked = {}
    for cell in unit.cells:
        if cell.kind == "prose":
            words = cell.source
        elif cell.kind == "text":
            html = "".join(f"<p>{typeset(part)}</p>" for part in words.strip().split("\n\n"))
            asked[cell.id] = re.sub(r"\*\*(.+?)\*\*", r"<strong>\1</strong>", html)
    return asked


def page(result, tasks):
    """The page of a result, as text. Whatever a learner wrote is escaped; no input and no expected value is in it.

    tasks: as `tasks` makes them.
    """
    total = summary(result)
    if total["marks"] is not None:
        said = f"{number(total['marks'])} of {number(total['of'])} points"
        said += f", and {number(total['open'])} still open." if total["open"] else "."
    else:
        said = "This could not be marked by itself; a person looks at it."
    notes = "".join(f'<p class="note">{escape(reason)}</p>' for reason in result["reasons"])
    for_all = {(mark["state"], mark["note"]) for mark in result["marks"]} == {
        ("needs a person", reason) for reason in result["reasons"][:1]
    }  # the one reason stands above
    parts = "\n".join(
        title(mark) if for_all else part(mark, tasks.get(mark["id"], ""), result["texts"].get(mark["id"], ""))
        for mark in result["marks"]
    )
    return (
        PAGE.format(title=escape(f"{result['unit']} · {result['learner']}"), total=escape(said) + notes, parts=parts)
        .encode("utf-8", "replace")
        .decode("utf-8")
    )


def part(mark, task, text):
    """One exercise: its marks, what held and what did not, and where to read again if something did not."""
    said = [title(mark), task]
    if mark["state"] in STATES:
        said.append(f"<p>{STATES[mark['state']]}</p>")
    if mark["note"]:
        said.append(f'<p class="note">{escape(mark["note"])}</p>')
    if mark["properties"]:
        said.append("<ul>" + "".join(map(tick, mark["properties"])) + "</ul>")
    if mark["section"] and mark["state"] not in OPEN and mark["marks"] < mark["points"]:
        said.append(f'<p class="note">Read again: {escape(mark["section"])}</p>')
    if text:
        said.append(f"<pre>{typeset(text)}</pre>")
    return "\n".join(said)


def title(mark):
    came = "open" if mark["state"] in OPEN else number(mark["marks"])
    return f"<h2><span>{escape(mark['title'])}</span><span>{came} of {number(mark['points'])}</span></h2>"


def tick(one):
    sign, kind = ("✓", "held") if one["held"] else ("✗", "missed")
    return f'<li class="{kind}">{sign}&nbsp; {escape(one["says"])}</li>'
