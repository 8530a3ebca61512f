"""The kernel's half of a live figure: it computes what the page asks for. It draws nothing but the still picture."""

import base64
import html
import struct
import traceback
import zlib
from pathlib import Path

import numpy as np
import traitlets

from course_lib.live.parts import Lines, Toggles, described
from course_lib.style import PAGE
from course_lib.widget import GO_ON, Widget, script

HERE = Path(__file__).parent
OURS = (str(HERE.parent), "site-packages", "dist-packages")


class Figure(Widget):
    """A figure that follows the hand: panels, controls, and a function from the controls to arrays.

    title: what it shows, in a few words.
    panels: list of `Panel`. controls: list of `Slider`, `Choice`, `Point`, `Toggles`, `Player`.
    compute: a function of the sliders, choices and points by their names; returns {name: array}. What it returns under
        "message" is shown as text: a run that failed, say. An exception is shown, too, and leaves the figure as it was.
    note: a sentence below the figure; {name} in it is the number (), or the one of (n,) at the player's step.
    task: one line above the figure that says what to do with it.

    The page sends where its controls are and gets arrays back. When a slider is grabbed it asks for all positions:
    compute is called once with all the slider's values as an array (n,), and each array that depends on it has one
    more axis of n at the end. If compute cannot do that, the page asks for each position as it comes.
    """

    _esm = script(HERE / "figure.js")
    _css = (HERE / "figure.css").read_text(encoding="utf-8")
    spec = traitlets.Dict().tag(sync=True)
    first = traitlets.Dict().tag(sync=True)

    def __init__(self, title, panels, controls, compute, note="", task=""):
        self.panels, self.controls, self._compute = list(panels), list(controls), compute
        self._inputs = {control.name: control for control in self.controls if hasattr(control, "at")}
        self._lines = {layer.array for panel in self.panels for layer in panel.layers if isinstance(layer, Lines)}
        self._lines |= {control.values for control in self.controls if isinstance(control, Toggles)}
        state = {name: control.state for name, control in self._inputs.items()}
        arrays, message = self._safely(self.frame, state)
        self._arrays = arrays or {}
        super().__init__(
            spec={
                "title": title,
                "task": task,
                "note": note,
                "message": message,
                "look": PAGE,
                "state": state,
                "panels": [described(panel) for panel in self.panels],
                "controls": [described(control) for control in self.controls],
            },
            first={name: {"shape": a.shape, "data": a.tobytes()} for name, a in self._arrays.items()},
        )
        self.on_msg(self._answer)

    def frame(self, state):
        """({name: float32 array, all finite}, message) with the controls at `state`, as the page has it."""
        raw, message = self._called({name: control.at(state[name]) for name, control in self._inputs.items()})
        return {key: a for name, array in raw.items() for key, a in self._finite(name, array, array.ndim)}, message

    def table(self, state, slider):
        """{name: (array, count)} for all positions of a slider: count of them on axis 0, or count 0 if all are alike.

        Errors: ValueError if compute does not give for all positions at once what it gives for one.
        """
        slider = self._inputs[slider]
        if not slider.ahead:
            raise ValueError(f"{slider.name} is asked for one position at a time")
        values = {name: control.at(state[name]) for name, control in self._inputs.items()}
        here = int(state[slider.name])
        probes = here, 0 if here > slider.count // 2 else slider.count - 1
        columns, message = self._called(values | {slider.name: slider.values})
        alone = [self._called(values | {slider.name: slider.at(i)})[0] for i in probes]
        found = {}
        for name, array in columns.items():
            count = slider.count if array.ndim > alone[0][name].ndim else 0
            array = np.moveaxis(array, -1, 0) if count else array
            for i, one in zip(probes, alone):
                same = array[i] if count else array
                if message or not np.allclose(same, one[name], rtol=1e-4, equal_nan=True):
                    raise ValueError(f"compute gives another {name} for many values of {slider.name} than for one")
            found |= {key: (a, count) for key, a in self._finite(name, array, alone[0][name].ndim)}
        return found

    def _called(self, values):
        """What compute gives, as float32, and its message."""
        with np.errstate(all="ignore"):
            arrays = dict(self._compute(**values))
            message = arrays.pop("message", "")
            return {name: np.asarray(array).astype(np.float32) for name, array in arrays.items()}, message

    def _finite(self, name, array, ndim):
        """The array with 0 for NaN and infinity; of lines also {name}.end: how many points come before the first."""
        good = np.isfinite(array)
        yield name, np.where(good, array, np.float32(0)).copy(order="C")
        if name in self._lines:
            whole = good.all(axis=-2) if ndim == 3 else good
            ends = np.where(whole.all(axis=-1), whole.shape[-1], whole.argmin(axis=-1))
            yield f"{name}.end", ends.astype(np.float32)

    def _safely(self, function, *arguments):
        try:
            return function(*arguments)
        except Exception as error:
            return None, describe_error(error)

    def _answer(self, _, asked, __):
        """Answers the page. `have` names what it has already: only what differs is sent."""
        reply = {key: asked[key] for key in ("kind", "view", "id")}
        if asked["kind"] == "table":
            arrays, reply["refused"] = self._safely(lambda: (self.table(asked["state"], asked["slider"]), ""))
        else:
            arrays, reply["message"] = self._safely(self.frame, asked["state"])
            arrays = {name: (a, 0) for name, a in (arrays or {}).items()}
        reply["arrays"], buffers = [], []
        for name, (a, count) in (arrays or {}).items():
            version = zlib.crc32(a) if not count else 0
            there = version in asked["have"].get(name, ()) and not count
            reply["arrays"].append(
                [name, a.shape[1:] if count else a.shape, count, version, None if there else len(buffers)]
            )
            buffers += [] if there else [np.atleast_1d(a)]  # a message takes no buffer without a length
        self.send(reply, buffers)

    def close(self):
        self._compute = None
        super().close()

    def still(self):
        """The picture of the first state; the same bytes every time."""
        from course_lib.live.still import DENSITY, picture, sentence

        words, image = sentence(self.spec, self._arrays), picture(self.spec, self._arrays)
        width, height = (pixels // DENSITY for pixels in struct.unpack(">2I", image[16:24]))  # as a PNG begins
        data = {"text/plain": words, "image/png": base64.b64encode(image).decode()}
        return data, {"image/png": {"alt": words, "width": width, "height": height}}

    def left(self):
        data, about = self.still()
        words, size = html.escape(data["text/plain"]), about["image/png"]
        source = f"data:image/png;base64,{data['image/png']}"
        image = f'<img src="{source}" alt="{words}" width="{size["width"]}" height="{size["height"]}">'
        return f"{image}<p>{words}</p>{GO_ON}"


def describe_error(error):
    """An error in a line: where it came from in the reader's own code, and what it says."""
    frames = [
        frame for frame in traceback.extract_tb(error.__traceback__) if not any(ours in frame.filename for ours in OURS)
    ]
    said = f"{type(error).__name__}: {error}"
    return f"{frames[-1].name}, line {frames[-1].lineno}: {frames[-1].line} ({said})" if frames else said
