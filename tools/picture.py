"""Writes race.png, the picture in the README: the figure that lesson 00 stores."""

import base64
from pathlib import Path

import nbformat

ROOT = Path(__file__).parents[1]
PICTURE = ROOT / "race.png"


def drawn():
    """The bytes of the figure in the cell `still-race` of lesson 00."""
    lesson = nbformat.read(ROOT / "notebooks" / "00_race_first.ipynb", as_version=4)
    (cell,) = (cell for cell in lesson.cells if cell.id == "still-race")
    (png,) = (output.data["image/png"] for output in cell.outputs if "image/png" in output.get("data", {}))
    return base64.b64decode(png)


def main():
    PICTURE.write_bytes(drawn())


if __name__ == "__main__":
    main()
