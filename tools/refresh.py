"""Runs notebooks from a fresh kernel and stores them in the one form that the tests compare.

    python -m tools.refresh                     every lesson and every solution, then what is made from them
    python -m tools.refresh notebooks/x.ipynb   only these

Run twice it changes no byte. A cell that raises or writes to stderr ends it, and that notebook stays as it was.
"""

import sys
from pathlib import Path

import nbformat

from course_lib.grading.form import canonical, executed, text
from tools.slides import staged

ROOT = Path(__file__).parents[1]
SOURCES = ("notebooks", "solutions")


def main(*paths):
    every = [path for folder in SOURCES for path in sorted((ROOT / folder).glob("*.ipynb"))]
    for path in map(Path, paths or every):
        print(path, flush=True)
        refresh(path)
    if not paths:
        from tools import claims, exercises, picture

        for made in (exercises, claims, picture):
            made.main()


def refresh(path):
    """Runs the notebook in its folder and writes it back."""
    notebook = executed(nbformat.read(path, as_version=4), path.parent)
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if output.output_type == "error" or output.get("name") == "stderr":
                raise RuntimeError(f"{path.name}: a cell went wrong:\n{cell.source}\n\n{output}")
    if path.resolve().parent.name == "notebooks":
        notebook = staged(notebook)
    path.write_text(text(canonical(notebook)), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
