"""The one form in which notebooks are stored: run from a fresh kernel, with what a run happens to add left out."""

import os

import nbformat
from nbclient import NotebookClient

KEPT = {"tags", "nbgrader", "slideshow"}
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
        if "hide-input" in cell.metadata.get("tags", []):
            cell.metadata["jupyter"] = {"source_hidden": True}  # folds the code in JupyterLab; pages go by the tag
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
