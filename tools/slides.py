"""Which part of a lesson is on the screen of a workshop, for `jupyter nbconvert --to slides` and RISE.

A section's first cell begins a slide, each experiment and each question has one below it, and the prose behind a run
is the speaker's notes. A cell keeps what it has: to show it otherwise, change its slide type in JupyterLab.
"""

FIGURES = "predict(", "ask(", "live.", "plots.animation("
CHECK = "# Check what the text says.\n"


def staged(notebook):
    """Gives each cell without a slide type the usual one, and what is seen without its code the tag hide-input."""
    for cell in notebook.cells:
        if "slideshow" in cell.metadata:
            continue
        cell.metadata["slideshow"] = {"slide_type": usual(cell)}
        if cell.cell_type == "code" and (cell.source.startswith((*FIGURES, CHECK)) or "plots.show(" in cell.source):
            cell.metadata["tags"] = sorted({*cell.metadata.get("tags", []), "hide-input"})
    return notebook


def usual(cell):
    if cell.cell_type == "code":
        return "skip" if cell.source.startswith(("import ", "from ", "calibration(", CHECK)) else "subslide"
    if cell.source.startswith(("# ", "## ")):
        return "slide"
    return "subslide" if "$$" in cell.source or "\n|" in cell.source else "notes"
