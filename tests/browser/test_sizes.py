"""Every live figure on screens of three sizes, and in the dark theme: seen at once, and nothing on top of another."""

import inspect

import pytest

from course_lib import live

FIGURES = [name for name, made in vars(live).items() if inspect.isfunction(made)]
CELLS = ["from course_lib import live", *(f"live.{name}()" for name in FIGURES)]

# Keeps where each text stands on its canvas: along its own direction and across.
WRITING = """
window.texts = new Map();
const { fillText, clearRect } = CanvasRenderingContext2D.prototype;
CanvasRenderingContext2D.prototype.clearRect = function (...box) {
  window.texts.set(this.canvas, []);
  return clearRect.apply(this, box);
};
CanvasRenderingContext2D.prototype.fillText = function (text, x, y, most = Infinity) {
  const { a, b, e, f } = this.getTransform(), turn = Math.atan2(b, a), scale = Math.hypot(a, b);
  const { x: px, y: py } = new DOMPoint(x, y).matrixTransform(this.getTransform());
  const along = px * Math.cos(turn) + py * Math.sin(turn), across = py * Math.cos(turn) - px * Math.sin(turn);
  const width = Math.min(most, this.measureText(text).width) * scale;
  const from = along - width * { left: 0, center: 0.5, right: 1 }[this.textAlign];
  const top = across - 10 * scale * { alphabetic: 0.8, middle: 0.5, top: 0 }[this.textBaseline];
  window.texts.get(this.canvas)?.push({ text, turn, from, to: from + width, top, bottom: top + 10 * scale });
  return fillText.call(this, text, x, y, most);
};
"""

COLLISIONS = """(figure) => {
  const beside = (a, b) => a.to <= b.from || b.to <= a.from || a.bottom <= b.top || b.bottom <= a.top;
  const apart = (a, b) => a.turn !== b.turn || beside(a, b);
  const found = [];
  for (const canvas of figure.querySelectorAll(".live-panel canvas")) {
    const texts = window.texts.get(canvas);
    texts.forEach((a, i) => texts.slice(i + 1).forEach((b) => apart(a, b) || found.push(a.text + " on " + b.text)));
  }
  return found;
}"""

OUTSIDE = """(figure) => {
  const { left, right } = figure.getBoundingClientRect();
  const parts = [...figure.querySelectorAll("input, select, button:not(.live-handle), output, label, canvas")];
  const out = parts.filter((part) => part.getClientRects().length).filter((part) => {
    const box = part.getBoundingClientRect();
    return box.left < left || box.right > right;
  });
  return out.map((part) => part.outerHTML.slice(0, 80));
}"""


REST = """async (figure) => {
  for (let same = 0, last; same < 6; last = figure.offsetHeight) {
    await new Promise(requestAnimationFrame);
    same = figure.offsetHeight === last ? same + 1 : 0;
  }
}"""


@pytest.fixture(scope="module")
def page(lab, browser):
    lab.write("sizes", *CELLS)
    page = browser.new_page(viewport={"width": 1280, "height": 800}, reduced_motion="reduce")
    page.set_default_timeout(30_000)
    page.add_init_script(WRITING)
    lab.open(page, "sizes")
    lab.command(page, "notebook:run-all-cells")
    page.wait_for_function(f"() => document.querySelectorAll('.live-figure').length === {len(FIGURES)}")
    yield page
    page.close()


def figures(page):
    """Each figure in turn, in view, drawn and at rest."""
    for i, name in enumerate(FIGURES):
        figure = page.locator(".live-figure").nth(i)
        figure.scroll_into_view_if_needed()
        figure.evaluate(REST)
        yield name, figure


# with JupyterLab's side bar open; the figure is 824, 444 and 208 wide then
@pytest.mark.parametrize(("width", "most"), [(1280, 680), (900, 740), (600, None)])
def test_a_figure_is_seen_at_once_and_whole(page, width, most):
    page.set_viewport_size({"width": width, "height": 800})
    for name, figure in figures(page):
        assert figure.evaluate(OUTSIDE) == [], (name, width)
        assert figure.evaluate("(figure) => figure.scrollWidth - figure.clientWidth") == 0, (name, width)
        assert figure.evaluate(COLLISIONS) == [], (name, width)
        assert most is None or figure.evaluate("(figure) => figure.offsetHeight") <= most, (name, width)
        assert figure.locator(".live-task").inner_text().endswith("."), name


def test_in_the_dark_theme_a_figure_stands_on_the_themes_own_ground(page):
    page.set_viewport_size({"width": 1280, "height": 800})
    page.evaluate("() => jupyterapp.commands.execute('apputils:change-theme', { theme: 'JupyterLab Dark' })")
    page.wait_for_function("() => document.body.dataset.jpThemeName === 'JupyterLab Dark'")
    page.locator("#jupyterlab-splash").wait_for(state="detached")
    look = "(node) => [getComputedStyle(node).backgroundColor, getComputedStyle(node).color]"
    for name, figure in figures(page):
        assert figure.evaluate(look) == ["rgb(17, 17, 17)", "rgb(255, 255, 255)"], name
        canvas = figure.locator(".live-panel canvas").first
        assert canvas.evaluate("(node) => getComputedStyle(node).filter") == "invert(1) hue-rotate(180deg)"
    assert page.locator(".live-map:visible").count() > 0, "maps keep their colours: their titles name light and dark"
