"""A sheet with all that judges it."""

import functools
import hashlib
import importlib
from dataclasses import dataclass
from pathlib import Path

from course_lib.checks.exercise import exercises
from course_lib.grading import library, read, variants
from course_lib.grading.results import Mark

HERE = Path(__file__).parent
CHECKS = HERE.parent / "checks"
ENGINE = ("unit", "marks", "judge", "read", "program", "remote", "relay", "library", "sandbox", "worker")


@dataclass(frozen=True)
class Unit:
    """A sheet with all that judges it: its cells, visible checks and hidden properties, and a hash of everything.

    withheld: {module: [functions]} of the library that are the answer to an exercise.
    sections: {name of a check: heading of the lesson's section to read again}.
    """

    cells: list
    visible: object
    hidden: dict
    withheld: dict
    sections: dict
    hash: str

    @functools.cached_property
    def lent(self):
        """The source of what is withheld."""
        return library.lent(self.withheld)


def unit_of(name):
    """A `Unit`. name: of a sheet, such as "04_momentum", or the path of one, "…/04_momentum.ipynb"."""
    sheet = importlib.import_module(f"course_lib.sheets.{Path(name).stem.partition('_')[2]}")
    known, withheld = exercises(sheet), {}
    for module, _, function in sorted({one.partition(".") for each in known.values() for one in each.withheld}):
        withheld.setdefault(module, []).append(function)
    hidden = {check: one.hidden() for check, one in known.items()} | variants.hidden(read.path_of(name))
    sections = {check: one.read for check, one in known.items()}
    return Unit(read.sheet(name), sheet, hidden, withheld, sections, hash_of(name, Path(sheet.__file__)))


def hash_of(name, *files):
    """A hash of all that judges a sheet. files: those that are about this one."""
    engine = [HERE / f"{one}.py" for one in ENGINE]
    common = [*engine, *sorted(CHECKS.glob("*.py")), HERE / "variants.py"]
    return digest(*(file.read_bytes() for file in [*common, *files, read.path_of(name)]))


def digest(*parts):
    return hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in parts)).hexdigest()


def graded(unit):
    """The cells of a sheet that are worth points."""
    return [cell for cell in unit.cells if cell.kind in ("check", "text")]


def blank_mark(cell: read.Cell, unit: Unit) -> Mark:
    """The mark of a graded cell before anything is known. cell: as in `graded`."""
    return Mark(
        id=cell.id,
        check=cell.check,
        title=getattr(unit.visible, cell.check).name if cell.check else cell.section,
        section=unit.sections.get(cell.check, ""),
        points=cell.points,
        state="needs a person",
        marks=None,
        note="",
        properties=[],
        tried=[],
    )
