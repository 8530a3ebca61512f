"""Makes CLAIMS.md from the ledger, tests/claims.toml, which says how the ledger is written.

python -m tools.claims
"""

import re
import sys
import tomllib
from functools import cache

import nbformat

from tools.refresh import ROOT

NUMBER = re.compile(r"([-+]?[\d,]*\.?\d+(?:e[-+]?\d+)?)(?: .*)?")
HEAD = """# Claims, measured

What is often said about optimizers, and what holds. Each number links to the cell in which the claim is settled: in
JupyterLab to the cell itself, on the web to its lesson. What was measured is what these cells print. Every run of the
tests compares it with the ledger, [tests/claims.toml](tests/claims.toml), from which this page is made.
"""


def main():
    (ROOT / "CLAIMS.md").write_text(page(ledger()), encoding="utf-8", newline="\n")


def ledger():
    """The claims, in the order of the lessons and then of their numbers."""
    claims = tomllib.loads((ROOT / "tests" / "claims.toml").read_text(encoding="utf-8"))["claim"]
    return sorted(claims, key=lambda claim: (claim["lesson"], claim["number"]))


@cache
def lesson(name):
    return nbformat.read(ROOT / "notebooks" / f"{name}.ipynb", as_version=4)


def cells(claim):
    """The cells of its lesson that carry its tag."""
    return [cell for cell in lesson(claim["lesson"]).cells if f"claim-{claim['number']}" in tags(cell)]


def tags(cell):
    """The claims that a cell settles, as tags."""
    return {tag for tag in cell.metadata.get("tags", []) if tag.startswith("claim")}


def printed(text):
    """{label: [values]} of lines `label: value, value`. ValueError if a line is not so, or its label is not new."""
    found = {}
    for line in text.splitlines():
        label, colon, values = line.rpartition(": ")
        if not colon or label in found:
            raise ValueError(f"not `label: value, value` with a new label: {line!r}")
        found[label] = [value(word) for word in values.split(", ")]
    return found


def value(word):
    """The number in front of a unit: an int if it is printed as one, else a float; a word without one as it is."""
    number = NUMBER.fullmatch(word)
    if not number:
        return word
    digits = number[1].replace(",", "")
    return float(digits) if set(".e") & set(digits) else int(digits)


def output(claim):
    """What the cells of a claim print and show as tables, as stored."""
    return "".join(map(said, (output for cell in cells(claim) for output in cell.outputs)))


def said(output):
    data = output.get("data", {})
    if data.get("text/html", "").startswith("<table>"):
        return data["text/plain"] + "\n"
    return output.text if output.get("name") == "stdout" else ""


def page(claims):
    """CLAIMS.md."""
    lines = [HEAD]
    for name in dict.fromkeys(claim["lesson"] for claim in claims):
        title = lesson(name).cells[0].source.splitlines()[0].removeprefix("# ")
        lines += [
            f"## [{title}](notebooks/{name}.ipynb)\n",
            "| | It is said | It holds | Measured | Why |",
            "|---|---|---|---|---|",
        ]
        lines += [row(claim) for claim in claims if claim["lesson"] == name]
        lines.append("")
    return "\n".join(lines)


def row(claim):
    link = f"[{claim['number']}](notebooks/{claim['lesson']}.ipynb#cell-id={cells(claim)[0].id})"
    measured = "<br>".join(line for line in output(claim).splitlines() if line.rpartition(": ")[0] in claim["measured"])
    parts = (link, claim["says"], claim["truth"], measured, claim["source"])
    return "| " + " | ".join(part.replace("|", "\\|") for part in parts) + " |"


if __name__ == "__main__":
    sys.exit(main())
