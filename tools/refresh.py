"""Runs notebooks from a fresh kernel and stores them in the one form that the tests compare.

    python -m tools.refresh                     every lesson and every solution, then what is made from them
    python -m tools.refresh notebooks/x.ipynb   only these

Run twice it changes no byte. A picture's bytes differ between machines: one that still looks as stored stays as stored.
A cell that raises or writes to stderr ends it, and that notebook stays as it was.
"""

import base64
import io
import sys
from pathlib import Path

import nbformat
import numpy as np
from PIL import Image

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
        from tools import claims, exercises, from_here, picture, references

        for made in (exercises, claims, from_here, references, picture):
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
    notebook = canonical(notebook)
    keep_pictures(nbformat.read(path, as_version=4), notebook)
    path.write_text(text(notebook), encoding="utf-8", newline="\n")


def keep_pictures(stored, notebook):
    """Puts the stored pictures in place of the new ones that look alike."""
    before = {cell.id: pictures(cell) for cell in stored.cells}
    for cell in notebook.cells:
        for old, new in zip(before.get(cell.id, ()), pictures(cell)):
            if look_alike(*(base64.b64decode(data["image/png"]) for data in (old, new))):
                new["image/png"] = old["image/png"]


def pictures(cell):
    return [output.data for output in cell.get("outputs", []) if "image/png" in output.get("data", {})]


def look_alike(png, other):
    """Whether two pictures have one size, and at most a thousandth of their pixels differ by more than 8 of 255."""
    one, two = (np.asarray(Image.open(io.BytesIO(data)).convert("RGBA"), dtype=int) for data in (png, other))
    return one.shape == two.shape and np.mean(np.any(np.abs(one - two) > 8, axis=-1)) <= 0.001


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
