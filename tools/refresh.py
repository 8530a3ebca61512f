"""Runs notebooks from a fresh kernel and stores them in the one form that the tests compare.

    python -m tools.refresh                     every lesson and every solution, then what is made from them
    python -m tools.refresh notebooks/x.ipynb   only these

Run twice it changes no byte. A cell that raises or writes to stderr ends it, and that notebook stays as it was.
"""

import os
import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient

ROOT = Path(__file__).parents[1]
SOURCES = ("notebooks", "solutions")
KEPT = {"tags", "nbgrader"}
METADATA = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {
        "file_extension": ".py",
        "mimetype": "text/x-python",
        "name": "python",
        "pygments_lexer": "ipython3",
    },
}
VIEW = "application/vnd.jupyter.widget-view+json"


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
    path.write_text(text(canonical(notebook)), encoding="utf-8", newline="\n")


def executed(notebook, folder):
    """The notebook with the outputs of a fresh kernel; the predictions of whoever runs it stay out of them."""
    os.environ["COURSE_ANSWERS"] = os.devnull
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.update(outputs=[], execution_count=None)
    client = NotebookClient(
        notebook,
        timeout=300,
        kernel_name="python3",
        extra_arguments=["--log-level=40"],
        resources={"metadata": {"path": str(folder)}},
    )
    return client.execute()


def canonical(notebook):
    """The notebook in the form that is stored: what a run happens to add is dropped."""
    cells, count = [], 0
    for cell in notebook.cells:
        cell = nbformat.from_dict(cell)
        cell.metadata = {key: value for key, value in cell.metadata.items() if key in KEPT and value}
        names = [tag for tag in cell.metadata.get("tags", []) if tag.startswith("claim-")]  # what links point at
        names += [cell.get("id"), f"cell-{len(cells)}"]
        cell.id = next(name for name in names if name and name not in {other.id for other in cells})
        if cell.cell_type == "code":
            cell.outputs = merged(cell.outputs)
            if cell.execution_count is not None:
                count += 1
                cell.execution_count = count
            for output in cell.outputs:
                tidy(output, cell.execution_count)
        cells.append(cell)
    return nbformat.from_dict({"cells": cells, "metadata": METADATA, "nbformat": 4, "nbformat_minor": 5})


def merged(outputs):
    """The outputs, with neighbouring pieces of one stream joined: where they part is chance."""
    joined = []
    for output in outputs:
        last = joined[-1] if joined else None
        if last and output.output_type == last.output_type == "stream" and output.name == last.name:
            last.text += output.text
        else:
            joined.append(nbformat.from_dict(output))
    return joined


def tidy(output, count):
    if "data" in output:
        output.data.pop(VIEW, None)
        output.metadata.pop(VIEW, None)
    if "execution_count" in output:
        output.execution_count = count
    if "traceback" in output:
        output.traceback = []


def text(notebook):
    """What the file of a notebook holds."""
    nbformat.validate(notebook)
    return nbformat.writes(notebook).rstrip("\n") + "\n"


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
