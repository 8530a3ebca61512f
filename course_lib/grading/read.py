"""What has been handed in, read as data: where the learner's answers are, whatever has become of the notebook.

Cells are known by nbgrader's grade_id, else by their id, else by what they say, else by the names they make, else by
their place. Points, tags, outputs and checks in a submission mean nothing: these are our own sheet's.
"""

import ast
import functools
import json
import os
import re
import stat
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path

EXERCISES = Path(__file__).parents[2] / "exercises"
KEPT = re.compile(r"\s*kept\.\w+\(")  # what stands in a variant in the place of a check
BLANK_TEXT = "*Your answer here.*"
CELLS = 5000  # of code
CODE = 2**19  # characters of it; the parser takes up to 440 bytes for each
TEXT = 2**20  # characters of answers in words
PIECES = 20  # that an answer may be in
NO_PYTHON = (SyntaxError, ValueError, RecursionError, MemoryError)  # what the parser says to what is none
PARSING = threading.Lock()  # Python 3.11 counts the depth of a syntax tree for all threads together


class Unreadable(Exception):
    """A submission that somebody has to look at; the text says why."""


def parsed(source):
    """The syntax tree of a source."""
    with PARSING:
        return ast.parse(source)


# Our sheet


@dataclass(frozen=True)
class Cell:
    """A cell of our sheet.

    kind: "given", "answer", "check" (a graded one), "text" (to be marked by hand), or "prose".
    check, expression: of a check cell, `check.ema(ema)`, "ema" twice. section: heading it stands under.
    """

    id: str
    kind: str
    source: str
    section: str = ""
    points: float = 0
    check: str = ""
    expression: str = ""


def sheet(unit):
    """The cells of our sheet, in their order. unit: name of a sheet ("04_momentum"), or the path of one."""
    cells, section = [], ""
    for cell in cells_of(unit):
        source = "".join(cell["source"])
        section = heading(source) if cell["cell_type"] == "markdown" and heading(source) else section
        cells.append(own(cell, source, section))
    return cells


def cells_of(unit):
    """The cells of our sheet as they stand in its file; the key of a variant holds those of the variant's sheet."""
    content = json.loads(path_of(unit).read_text(encoding="utf-8"))
    return content["metadata"].get("variant", content)["cells"]


def is_key(path):
    """Whether a notebook is the key of a variant. Errors: ValueError if it is no notebook."""
    return "variant" in json.loads(Path(path).read_text(encoding="utf-8")).get("metadata", {})


def path_of(unit):
    return Path(unit) if str(unit).endswith(".ipynb") else EXERCISES / f"{unit}.ipynb"


def own(cell, source, section):
    grading = cell["metadata"].get("nbgrader", {})
    name, points = grading.get("grade_id", cell["id"]), grading.get("points", 0)
    if cell["cell_type"] == "markdown":
        return Cell(name, "text" if grading.get("grade") else "prose", source, section, points)
    if not grading.get("grade"):
        return Cell(name, "answer" if grading.get("solution") else "given", source, section)
    call = parsed(source).body[0].value
    return Cell(name, "check", source, section, points, call.func.attr, ast.unparse(call.args[0]))


def heading(source):
    found = re.match(r"## (.*?)(?: ★| ·|$)", source, re.M)
    return found[1].strip() if found else ""


# A submission


@dataclass
class Submission:
    """What is to be run and read, by the ids of our cells.

    answers: id of an answer cell -> its sources; more: id of any cell ("" for the beginning) -> sources that stand
    behind it; texts: id of a text -> what is written there; edited: ids of check cells that were changed; newer: the
    version of Python that it was written with, if that is newer than this one.
    """

    answers: dict = field(default_factory=dict)
    more: dict = field(default_factory=dict)
    texts: dict = field(default_factory=dict)
    edited: set = field(default_factory=set)
    notes: dict = field(default_factory=dict)
    newer: str = ""


def contents(path, limit):
    """The bytes of a file that is one. Errors: Unreadable."""
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
        with open(descriptor, "rb") as file:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                raise Unreadable("It is not a file but something else: a folder, a device, or a pipe.")
            if status.st_size > limit:
                raise Unreadable(f"The file has {status.st_size / 1e6:.0f} MB; at most {limit / 1e6:.0f} are read.")
            return file.read(limit)
    except OSError as error:
        link = " It is a link, and links are not followed." if Path(path).is_symlink() else ""
        raise Unreadable(f"The file cannot be opened ({error.strerror}).{link}") from None
    except ValueError as error:
        raise Unreadable(f"The file cannot be opened ({error}).") from None


def notebook(data):
    """(cells as pairs (dict, source), metadata) of a notebook, from its bytes. Errors: Unreadable."""
    if not data.strip():
        raise Unreadable("The file is empty.")
    try:
        content = json.loads(decoded(data))
    except RecursionError:
        raise Unreadable("The file is nested too deeply to be a notebook.") from None
    except ValueError as error:
        raise Unreadable(f"The file is not a notebook: {str(error)[:100]}.") from None
    if not isinstance(content, dict):
        raise Unreadable("The file is not a notebook: there are no cells in it.")
    found = content.get("cells")
    if found is None and isinstance(content.get("worksheets"), list):  # nbformat 3
        sheets = [sheet for sheet in content["worksheets"] if isinstance(sheet, dict)]
        found = [cell for sheet in sheets for cell in sheet.get("cells") or ()]
    if not isinstance(found, list) or not found:
        raise Unreadable("The file is not a notebook: there are no cells in it.")
    cells = [(cell, source_of(cell)) for cell in found if isinstance(cell, dict)]
    code = [len(source) for cell, source in cells if cell.get("cell_type") == "code"]
    if len(code) > CELLS or sum(code) > CODE:
        raise Unreadable(
            f"It has {len(code)} cells of code with {sum(code)} characters; "
            f"at most {CELLS} cells and {CODE} characters are read."
        )
    return cells, content.get("metadata")


def decoded(data):
    encodings = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
    try:
        return data.decode(encodings.get(data[:2], "utf-8-sig"))
    except UnicodeDecodeError:
        if b"\0" in data:
            raise Unreadable("The file is binary, not a notebook.") from None
        return data.decode("cp1252", errors="replace")


def source_of(cell):
    source = cell.get("source", cell.get("input", ""))
    parts = source if isinstance(source, list) else [source]
    text = "".join(part for part in parts if isinstance(part, str)).replace("\r\n", "\n")
    return text.encode(errors="replace").decode()  # a half of a pair of surrogates is no text


def submission(data, ours):
    """A `Submission` to our sheet. data: bytes of a file. ours: the sheet's cells. Errors: Unreadable."""
    theirs, metadata = notebook(data)
    wanted = set().union(*(asked_for(cell, ours) for cell in ours))
    made = {name for cell, source in theirs if cell.get("cell_type") == "code" for name in made_by(source)}
    if 4 * len(wanted & made) < len(wanted):
        raise Unreadable("Few of its cells are of this sheet: it seems to be another notebook.")
    if not any(map(is_kept, ours)) and any(KEPT.match(source) for _, source in theirs):
        raise Unreadable("It is a private variant of this sheet, which can be graded only with its key (--key).")
    result = collected(theirs, match(theirs, ours), ours)
    if sum(map(len, result.texts.values())) > TEXT:
        raise Unreadable(f"Its answers in words are longer than {TEXT} characters.")
    result.newer = newer(metadata)
    return result


def is_kept(cell):
    return cell.kind == "check" and bool(KEPT.match(cell.source))


def newer(metadata):
    """The version of Python that a notebook was written with, if it is newer than this one, else ""."""
    info = metadata.get("language_info") if isinstance(metadata, dict) else None
    version = info.get("version") if isinstance(info, dict) else None
    found = re.match(r"(\d{1,3})\.(\d{1,3})", version) if isinstance(version, str) else None
    return found[0] if found and (int(found[1]), int(found[2])) > sys.version_info[:2] else ""


def plain(source):
    return "\n".join(line.rstrip() for line in source.strip().split("\n"))


def match(theirs, ours):
    """For each of their cells the one of ours that it is, or None."""
    names = {cell.id: cell for cell in ours}
    said = {plain(cell.source): cell for cell in reversed(ours) if cell.source.strip()}
    found = [said.get(plain(source)) or named(cell, names) for cell, source in theirs]
    there = {cell.id for cell in found if cell}
    makers = {name: cell for cell in ours if cell.id not in there for name in asked_for(cell, ours)}
    for i, (cell, source) in enumerate(theirs):
        if not found[i] and cell.get("cell_type") == "code":
            found[i] = next((makers[name] for name in made_by(source) if name in makers), None)
    return found


def named(cell, names):
    """The cell of ours whose name this one has. Code is no prose, but an answer in words may have become code."""
    for part, key in hints(cell):
        name = part.get(key)
        if isinstance(name, str) and name in names:
            mine = names[name]
            is_code = cell.get("cell_type") == "code"
            return mine if mine.kind == "text" or is_code == (mine.kind != "prose") else None
    return None


def hints(cell):
    """Where a cell may have its name: nbgrader's, that of the format, and the one Colab keeps."""
    metadata = cell.get("metadata") if isinstance(cell.get("metadata"), dict) else {}
    grading = metadata.get("nbgrader") if isinstance(metadata.get("nbgrader"), dict) else {}
    return [(grading, "grade_id"), (cell, "id"), (metadata, "id")]


def asked_for(answer, ours):
    """The names that an answer cell of ours makes for the checks."""
    if answer.kind != "answer":
        return set()
    wanted = set().union(*(names_in(cell.expression) for cell in ours if cell.kind == "check"))
    return wanted & set(made_by(answer.source))


@functools.cache
def names_in(expression):
    """The names in an expression of our own."""
    return frozenset(node.id for node in ast.walk(parsed(expression)) if isinstance(node, ast.Name))


def made_by(source):
    """The names that a cell makes, even if it cannot be compiled."""
    names = []
    for line in source.split("\n"):
        head = line[:200]
        if found := re.match(r"(?:def|class) +(\w+)", head):
            names.append(found[1])
        elif not head[:1].isspace() and "=" in head:
            names += re.findall(r"\w+", head.partition("=")[0].partition(":")[0])
    return names


def defined_by(answer):
    """The names of the functions that an answer cell of ours is to define."""
    return set(re.findall(r"^def +(\w+)", answer.source, re.MULTILINE))


def collected(theirs, matched, ours):
    """Sorts their cells by ours."""
    result, last, texts = Submission(), "", {}
    order = {cell.id: i for i, cell in enumerate(ours)}
    for (cell, source), mine in zip(theirs, matched):
        is_code = cell.get("cell_type") == "code"
        if mine and mine.kind == "text":
            texts[mine.id] = [source]
        elif mine and mine.kind == "answer":
            result.answers.setdefault(mine.id, []).append(source)
        elif mine and plain(source) == plain(mine.source):
            pass
        elif is_code:
            if mine and mine.kind == "check":
                result.edited.add(mine.id)
            result.more.setdefault(mine.id if mine else last, []).append(source)
        elif source.strip() and not mine and (place := text_at(ours, order.get(last, len(ours)))):
            texts.setdefault(place, []).append(source)
        last = mine.id if mine else last
    for cell in ours:
        if cell.kind == "answer" and cell.id in result.answers:
            tidy_copies(cell, result)
    for name, parts in texts.items():
        written = [part for part in parts if not is_blank_text(part)]
        result.texts[name] = "\n\n".join(written or parts[:1])
    return result


def text_at(ours, place):
    """The id of the answer in words that is to be written at this place or the next, or None."""
    return next((cell.id for cell in ours[place : place + 2] if cell.kind == "text"), None)


def tidy_copies(cell, result):
    """Of several cells for one answer the blank ones are left out, and pieces of one function are joined."""
    sources = result.answers[cell.id]
    written = [source for source in sources if not is_stub(source, cell)]
    joined = []
    for source in written:
        if joined and len(written) <= PIECES and not compiles(source) and compiles(f"{joined[-1]}\n{source}"):
            joined[-1] += f"\n{source}"
        else:
            joined.append(source)
    if len(joined) > 1:
        result.notes[cell.id] = "Its cell is there more than once; what was written last counts."
    result.answers[cell.id] = joined or sources[:1]


def is_stub(source, cell):
    return not source.strip() or plain(source) == plain(cell.source)


def is_blank_text(text):
    return not text.strip() or text.strip() == BLANK_TEXT


def compiles(source):
    try:
        parsed(source)
        return True
    except NO_PYTHON:
        return False
