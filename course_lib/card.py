"""The widget of a prediction or a question: a card that shows what it is told, and hands on what is done to it."""

from pathlib import Path

import traitlets

from course_lib.widget import GO_ON, Widget, script

HERE = Path(__file__).parent


class Card(Widget):
    """A card on the page.

    talk: an object with `words` (a text), `page()` (HTML), `form()` (what card.js makes controls of) and
        `heard(message)`, which returns what the page is told.
    """

    _esm = script(HERE / "card.js")
    _css = (HERE / "card.css").read_text(encoding="utf-8")
    page = traitlets.Unicode().tag(sync=True)
    form = traitlets.Dict().tag(sync=True)
    fresh = traitlets.Bool(True).tag(sync=True)  # until the page has seen it for the first time

    def __init__(self, talk):
        self.talk, self.shown = talk, None
        super().__init__(page=talk.page(), form=talk.form())
        self.on_msg(self._heard)

    def still(self):
        return {"text/plain": self.talk.words, "text/html": self.page}, {}

    def left(self):
        done = self.form.get("locked") or self.form.get("right")
        return self.page + ("" if done else GO_ON)

    def show(self):
        from IPython.display import display

        self.shown = display(self, display_id=True)

    def redraw(self):
        """Shows what has changed, also in what is left in the notebook."""
        with self.hold_sync():
            self.page, self.form = self.talk.page(), self.talk.form()
            if self.shown and self.at:
                self.shown.update(self)

    def _heard(self, _, message, __):
        self.send(self.talk.heard(message))
