"""How fast the live figures follow the hand, beside the same figure by `interact` and `plt.show()`.

    python tests/benchmark_live.py

In real Chromium in JupyterLab, after a press of the mouse, the page itself moves what is held: at random moments for
the latency, from the event to changed pixels; once in every frame of a drag of 3 s for the frames that differ in a
second, and for the bytes over the kernel's websocket, both ways, for a move. Run it on a quiet machine.
"""

import statistics
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "browser"))

from conftest import chromium, jupyterlab

LIVE = ["from course_lib.live import race\nimport course_lib.plots", "race()"]
SHARES = [0.5 + 0.5 * (-1) ** i * i / 40 for i in range(40)]
INTERACT = [
    """
import matplotlib.pyplot as plt
import numpy as np
from ipywidgets import FloatLogSlider, interact
from course_lib import plots
from course_lib.descent import best_rate, descend
from course_lib.live.lesson00 import FIVE
from course_lib.surfaces import rosenbrock

best = {method.__name__: best_rate(method, rosenbrock, rosenbrock.start, 200) for method in FIVE}

def draw(factor):
    runs = {m.__name__: descend(m, rosenbrock, rosenbrock.start, 200, lr=best[m.__name__] * factor) for m in FIVE}
    with np.errstate(all="ignore"):
        plots.race(rosenbrock, runs)
    plt.show()
""",
    "interact(draw, factor=FloatLogSlider(value=0.1, min=-2, max=0, step=0.02));",
]

# Looks at every frame whether the picture is another one. move(share) moves what is held.
WATCH = """
(selector) => {
  const small = document.createElement("canvas");
  Object.assign(small, { width: 128, height: 104 });
  const c = small.getContext("2d", { willReadFrequently: true });
  const look = () => {
    const node = document.querySelector(selector);
    if (!node || (node.tagName === "IMG" && !node.complete)) return window.seen; // between two pictures
    if (node.tagName === "IMG") return node.src;
    c.clearRect(0, 0, small.width, small.height);
    c.drawImage(node, 0, 0, small.width, small.height);
    const { data } = c.getImageData(0, 0, small.width, small.height);
    return new Int32Array(data.buffer).reduce((sum, v) => (sum * 31 + v) | 0, 7);
  };
  const frame = () => new Promise(requestAnimationFrame);
  const painted = () => new Promise((done) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = done;
    port2.postMessage(0);
  });
  const rest = (ms) => new Promise((done) => setTimeout(done, ms));
  window.seen = look();

  window.latency = async (shares, pause) => {
    const found = [];
    for (const share of shares) {
      await rest(pause * (1 + Math.random()));
      while (document.querySelector("[aria-busy=true]")) await frame();
      window.seen = look();
      const began = performance.now();
      window.move(share);
      while (look() === window.seen && performance.now() - began < 3000) await frame().then(painted);
      if (look() !== window.seen) found.push(performance.now() - began);
    }
    return found;
  };

  window.drag = async (seconds) => {
    const began = performance.now();
    let frames = 0, moves = 0, share = 0;
    while ((share = (performance.now() - began) / 1000 / seconds) < 1) {
      window.move(Math.abs(1 - ((4 * share) % 2))); // there and back, twice
      moves++;
      await frame().then(painted);
      const now = look();
      frames += now !== window.seen;
      window.seen = now;
    }
    return [frames / seconds, moves];
  };
}
"""

MOVE_INPUT = """
(input) => (window.move = (share) => {
  input.value = Math.round(share * input.max);
  input.dispatchEvent(new Event("input", { bubbles: true }));
})"""

MOVE_POINTER = """
(node, [x, y, width]) => (window.move = (share) => {
  const place = { clientX: x + (share - 0.5) * width, clientY: y, buttons: 1, bubbles: true, cancelable: true };
  node.dispatchEvent(new PointerEvent("pointermove", { ...place, pointerId: 1, pointerType: "mouse" }));
  node.dispatchEvent(new MouseEvent("mousemove", place)); // ipywidgets' slider listens to this one
})"""


class Page:
    def __init__(self, lab, browser, name, cells, picture):
        self.page = browser.new_context(viewport={"width": 1300, "height": 1100}, reduced_motion="reduce").new_page()
        self.bytes = 0
        self.page.on(
            "websocket", lambda socket: (socket.on("framesent", self.count), socket.on("framereceived", self.count))
        )
        lab.write(name, *cells)
        lab.open(self.page, name)
        lab.command(self.page, "notebook:run-all-cells")
        self.page.wait_for_selector(picture)
        self.page.wait_for_timeout(1500)
        self.page.evaluate(WATCH, picture)

    def find(self, selector):
        return self.page.locator(selector).first

    def count(self, payload):
        self.bytes += len(payload)

    def measure(self, held, move, width, pause):
        """(latencies in ms, frames a second, bytes a move, bytes at the press) with what is held moved about."""
        box = held.bounding_box()
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        self.bytes = 0
        self.page.mouse.move(x, y)
        self.page.mouse.down()
        self.page.wait_for_timeout(1000)
        at_once = self.bytes
        held.evaluate(move, [x, y, width])
        latencies = self.page.evaluate("([shares, pause]) => window.latency(shares, pause)", [SHARES, pause])
        self.bytes = 0
        frames, moves = self.page.evaluate("() => window.drag(3)")
        self.page.wait_for_timeout(1500)
        self.page.mouse.up()
        return latencies, frames, self.bytes / moves, at_once


def row(name, latencies, frames, bytes_, at_once):
    latencies = sorted(latencies)
    median, late = statistics.median(latencies), latencies[int(0.95 * (len(latencies) - 1))]
    print(f"{name:36} {median:8.1f} {late:8.1f} {frames:9.1f} {bytes_ / 1000:10.1f} {at_once / 1000:10.0f}")
    return median


def main():
    with tempfile.TemporaryDirectory() as folder, jupyterlab(Path(folder)) as lab, chromium() as browser:
        print(f"{'':36} {'median':>8} {'95 %':>8} {'frames':>9} {'kB':>10} {'kB at the':>10}")
        print(f"{'':36} {'ms':>8} {'ms':>8} {'a second':>9} {'a move':>10} {'press':>10}")
        live = Page(lab, browser, "live", LIVE, ".live-panel canvas")
        fast = row(
            "live, slider (computed ahead)", *live.measure(live.find("input[aria-label^=rates]"), MOVE_INPUT, 0, 30)
        )
        row("live, start (asked of the kernel)", *live.measure(live.find(".live-handle"), MOVE_POINTER, 120, 30))
        ready = live.page.evaluate(READY)
        live.page.context.close()
        old = Page(lab, browser, "interact", INTERACT, ".widget-interact img")
        slow = row("interact and plt.show()", *old.measure(old.find(".noUi-handle"), MOVE_POINTER, 120, 300))
        print(f"\nThe slider answers {slow / fast:.0f} times as fast as with interact.")
        print(f"A figure is drawn {ready:.0f} ms after its cell is run.")


# Runs the second cell anew, and gives the milliseconds until its new figure is drawn: the median of 5.
READY = """
async () => {
  const notebook = jupyterapp.shell.currentWidget.content;
  const times = [];
  for (let i = 0; i < 6; i++) {
    notebook.activeCellIndex = 1;
    const old = document.querySelector(".live-figure");
    const began = performance.now();
    jupyterapp.commands.execute("notebook:run-cell");
    await new Promise((done) => {
      const look = () => {
        const canvas = document.querySelector(".live-figure:last-of-type .live-panel canvas");
        if (canvas && !old.contains(canvas) && canvas.width > 300) done();
        else requestAnimationFrame(look);
      };
      look();
    });
    times.push(performance.now() - began);
    await new Promise((done) => setTimeout(done, 700));
  }
  return times.sort((a, b) => a - b)[2];
}
"""

if __name__ == "__main__":
    main()
