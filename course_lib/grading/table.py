"""The marks of a class as a table: on the screen, and as a file for a spreadsheet."""

import csv
import io
import re

from course_lib.grading.names import readable
from course_lib.grading.results import OPEN

LONGEST = 150  # characters of reasons on the screen
FORMULA = r"=+\-@＝＋－＠"  # with one of these it begins


def summary(result):
    """A result in a line: learner, state, marks so far (None if all is open), points open, points in all, reasons."""
    marks = result["marks"]
    settled = [mark["marks"] for mark in marks if mark["state"] not in OPEN]
    return {
        "learner": result["learner"],
        "state": result["state"],
        "marks": sum(settled) if settled else None,
        "open": sum(mark["points"] for mark in marks if mark["state"] in OPEN),
        "of": sum(mark["points"] for mark in marks),
        "reasons": readable("; ".join(result["reasons"])),
        "beside": readable(result.get("beside", "")),
    }


def number(value):
    return "" if value is None else f"{value:.2f}".rstrip("0").rstrip(".")


def lines(rows):
    """The lines of the table on the screen, from summaries."""
    width = max([7, *(len(row["learner"]) for row in rows)])
    yield f"{'learner':{width}}  marks   open     of"
    yield from (line(row, width) for row in rows)


def line(row, width):
    told = row["reasons"] or row["beside"] or ("" if row["state"] == "graded" else row["state"])
    told = told if len(told) <= LONGEST else f"{told[:LONGEST]} …"
    numbers = "  ".join(f"{number(row[column]):>5}" for column in ("marks", "open", "of"))
    return f"{row['learner']:{width}}  {numbers}  {told}".rstrip()


def comma_separated(results):
    """The text of a CSV file: a row for each result, a column for each graded cell; what is still open is empty."""
    rows, cells = [], {}
    for result in results:
        marks = {mark["id"]: None if mark["state"] in OPEN else mark["marks"] for mark in result["marks"]}
        cells |= dict.fromkeys(marks)
        rows.append({**summary(result), **marks, "file": result["file"]})
    columns = ["learner", "state", "marks", "open", "of", *cells, "reasons", "beside", "file"]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow([written(row.get(column)) for column in columns])
    return text.getvalue()


def written(value):
    """A value as a spreadsheet can take it: a text that begins like a formula stays a text.

    In some countries a semicolon divides the columns, whatever stands in quotes.
    """
    if not isinstance(value, str):
        return number(value)
    text = re.sub(rf";(?= ?[{FORMULA}])", ",", readable(value))
    return "'" + text if re.match(f"[{FORMULA}]", text) else text


def appeal(result):
    """Lines that say of a result all that is known, the hidden inputs too. For the teacher."""
    yield f"{readable(result['learner'])}: {readable(result['file'])}"
    yield from (readable(reason) for reason in result["reasons"])
    for mark in result["marks"]:
        came = mark["state"] if mark["state"] in OPEN else number(mark["marks"])
        yield f"{mark['title']}: {came} of {number(mark['points'])}. {readable(mark['note'])}".rstrip()
        for one in mark.get("tried", ()):
            yield f"    ✗ {readable(one['says'])}"
            yield f"        called with  {readable(one['with'])}"
            yield f"        what came    {readable(one['came'])}"
