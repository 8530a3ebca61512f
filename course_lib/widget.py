"""Widgets that leave their still form in the notebook, for whoever opens it without a kernel."""

from pathlib import Path
from uuid import uuid4

import anywidget
import traitlets

PAGE = (Path(__file__).parent / "widget.js").read_text(encoding="utf-8")


class Widget(anywidget.AnyWidget):
    """A widget with a page of its own in JavaScript, which ends in `export default widget(render)`.

    JupyterLab and Notebook keep its still form in the notebook, and the widget comes alive within: widget.js says how.
    Other front ends get Jupyter's view of a widget, and the same output for readers beside it.
    """

    at = traitlets.Unicode().tag(sync=True)

    def __init__(self, **traits):
        super().__init__(at=uuid4().hex if in_jupyterlab() else "", **traits)
        close_what_this_cell_made_before(self)

    def close(self):
        self.layout.close()
        super().close()

    def still(self):
        """What is seen without a kernel: ({mime type: content}, {mime type: metadata}), with a fixed text/plain."""
        raise NotImplementedError

    def left(self):
        """The HTML that JupyterLab leaves in the notebook; who opens it next day is told how to go on."""
        raise NotImplementedError

    def _repr_mimebundle_(self, **kwargs):
        data, about = self.still()
        if self.at:
            page = f'<course-widget at="{self.at}">{self.left()}</course-widget>'
            return {"text/plain": data["text/plain"], "text/html": page}, {}
        view, metadata = super()._repr_mimebundle_(**kwargs)
        return view | data, metadata | about


def script(path):
    """The module of a widget: what all share, and its own file."""
    return PAGE + path.read_text(encoding="utf-8")


def in_jupyterlab():
    """Whether JupyterLab or Notebook, whose pages can be reached, sent the cell that runs; no other sends this."""
    try:
        from IPython import get_ipython

        return "deletedCells" in get_ipython().get_parent()["metadata"]
    except (AttributeError, ImportError, KeyError):
        return False


made: dict = {}  # cell -> (the run of it, the widgets it made)


def close_what_this_cell_made_before(widget):
    """A cell that is run again has lost its old output: its widgets there are freed here, too.

    Only some front ends tell which cell is running; elsewhere widgets live as long as the kernel.
    """
    try:
        from IPython import get_ipython

        parent = get_ipython().get_parent()
        cell, run = parent["metadata"]["cellId"], parent["header"]["msg_id"]
    except (AttributeError, ImportError, KeyError):
        return
    last, widgets = made.get(cell, (run, []))
    if last != run:
        for old in widgets:
            old.close()
        widgets = []
    made[cell] = run, [*widgets, widget]


GO_ON = "<p><em>To go on, run all cells above and then this one.</em></p>"
