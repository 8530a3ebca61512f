"""The live figures in real Chromium, in JupyterLab: hand, keys, eyes, ears, and what must not happen.

No test asserts a frame rate: machines differ. benchmark_live.py measures.
"""

import re

import pytest

from course_lib.live import race
from course_lib.live.still import sentence
from course_lib.style import STYLE

FIVE = "gd", "momentum", "nesterov", "rmsprop", "adam"
RACE = "from course_lib.live import race\nfigure = race()\nfigure"
OWN = """
from course_lib.live import race
from course_lib.optimizers import adam

def mine(x, g, *, lr):
    if abs(x[0]) > 1.5:
        raise RuntimeError("too far out")
    return (x - lr * g,)

race([mine, adam])"""

# Counts what a page must free again, and which canvases were drawn on.
COUNTING = """
window.observers = new Set();
const Observer = window.ResizeObserver;
window.ResizeObserver = class extends Observer {
  observe(node) {
    if (node.matches(".live-figure")) window.observers.add(this);
    super.observe(node);
  }
  disconnect() {
    window.observers.delete(this);
    super.disconnect();
  }
};
window.draws = new Map();
const clear = CanvasRenderingContext2D.prototype.clearRect;
CanvasRenderingContext2D.prototype.clearRect = function (...box) {
  window.draws.set(this.canvas, (window.draws.get(this.canvas) ?? 0) + 1);
  return clear.apply(this, box);
};
window.broken = [];
for (const name of ["lineTo", "moveTo", "arc", "fillText", "fillRect"]) {
  const original = CanvasRenderingContext2D.prototype[name];
  CanvasRenderingContext2D.prototype[name] = function (...given) {
    if (given.some((v) => typeof v === "number" && !Number.isFinite(v))) window.broken.push([name, ...given]);
    return original.apply(this, given);
  };
}
"""


class Notebook:
    """A page with a notebook in JupyterLab, as a reader sees and handles it."""

    def __init__(self, lab, browser, name, *cells, **context):
        self.lab = lab
        self.context = browser.new_context(viewport={"width": 1300, "height": 1000}, **context)
        self.page = self.context.new_page()
        self.page.set_default_timeout(15_000)
        self.page.add_init_script(COUNTING)
        self.sent, self.answered, self.complaints, self.requests, self.foreign = [], [], [], [], []
        self.under_way = self.most_under_way = 0
        self.page.on("console", lambda message: message.type == "error" and self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(error.stack))
        self.page.on("request", lambda request: self.went(request.url))
        self.page.on("websocket", self.listen)
        lab.write(name, *cells)
        lab.open(self.page, name)

    def went(self, url):
        self.requests.append(url)
        if not url.startswith((self.lab.address, "data:", "blob:")):
            self.foreign.append(url)

    def listen(self, socket):
        socket.on("framesent", lambda payload: self.heard(payload, self.sent, 1))
        socket.on("framereceived", lambda payload: self.heard(payload, self.answered, -1))

    def heard(self, payload, kinds, more):
        content = payload if isinstance(payload, str) else payload.decode("latin-1")
        found = re.findall(r'"kind": ?"(frame|table)"', content)
        kinds += found
        self.under_way += more * found.count("frame")
        self.most_under_way = max(self.most_under_way, self.under_way)

    def run(self, figures=1):
        self.lab.command(self.page, "notebook:run-all-cells")
        self.page.wait_for_function(f"() => document.querySelectorAll('.live-figure').length === {figures}")
        self.idle()

    def idle(self):
        """Waits until the kernel has answered and the page has drawn."""
        self.page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        self.page.wait_for_function("() => !document.querySelector('.live-figure[aria-busy=true]')")
        self.page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")

    def words(self, figure=0):
        """The label of the first picture: what a screen reader says of the figure."""
        return self.page.locator(".live-figure").nth(figure).get_by_role("img").first.get_attribute("aria-label")

    def says(self, pattern, figure=0):
        """Waits until the label matches."""
        name = re.compile(pattern)
        self.page.locator(".live-figure").nth(figure).get_by_role("img", name=name).first.wait_for()
        return self.words(figure)

    def pixels(self, colour, canvas=0):
        """How many pixels of a canvas have this colour, about."""
        r, g, b = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
        return self.page.evaluate(
            f"""() => {{
              const canvas = document.querySelectorAll(".live-panel canvas")[{canvas}];
              const {{ data }} = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
              let count = 0;
              for (let i = 0; i < data.length; i += 4)
                count += Math.abs(data[i] - {r}) + Math.abs(data[i + 1] - {g}) + Math.abs(data[i + 2] - {b}) < 24;
              return count;
            }}"""
        )

    def picture(self, canvas=0):
        return self.page.evaluate(f"() => document.querySelectorAll('.live-panel canvas')[{canvas}].toDataURL()")

    def ask(self, code):
        """What the kernel prints."""
        return self.page.evaluate(
            """async (code) => {
              const kernel = jupyterapp.shell.currentWidget.sessionContext.session.kernel;
              let printed = "";
              const future = kernel.requestExecute({ code, store_history: false });
              future.onIOPub = ({ content }) => (printed += content.text ?? content.evalue ?? "");
              await future.done;
              return printed.trim();
            }""",
            code,
        )

    def drag_start(self, dx, dy, figure=0):
        handle = self.page.locator(".live-figure").nth(figure).locator(".live-handle")
        box = handle.bounding_box()
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        self.page.mouse.move(x, y)
        self.page.mouse.down()
        self.page.mouse.move(x + dx, y + dy, steps=8)
        self.page.mouse.up()
        self.idle()

    def close(self):
        broken = self.page.evaluate("() => window.broken")
        self.context.close()
        assert not broken, "NaN or infinity reached the drawing"
        assert not self.complaints
        assert not self.foreign, "a request left the machine"


@pytest.fixture(scope="module")
def open_race(lab, browser):
    notebook = Notebook(lab, browser, "race", RACE, reduced_motion="reduce")
    yield notebook
    notebook.close()


@pytest.fixture
def notebook(open_race):
    """The race, its cell run anew."""
    open_race.run()
    open_race.says("After 200 of 200 steps")
    return open_race


def test_the_figure_says_what_the_kernel_computed(notebook):
    figure = race()
    assert notebook.words() == "Paths. " + sentence(figure.spec, figure._arrays)
    assert notebook.page.locator(".live-words").inner_text() == sentence(figure.spec, figure._arrays)
    notebook.page.wait_for_timeout(600)
    assert notebook.page.get_by_role("status").filter(has_text="momentum is lowest").count() == 1


def test_every_method_is_seen_in_both_panels(notebook):
    for name in FIVE:
        assert notebook.pixels(STYLE[name][0], 0) > 15, name
        assert notebook.pixels(STYLE[name][0], 1) > 15, name


def test_everything_to_handle_has_a_name(notebook):
    figure = notebook.page.locator(".live-figure")
    names = {
        "img": ["Paths. After", "Height above the minimum"],
        "checkbox": [f"show {name}" for name in FIVE],
        "button": ["start (−1.2, 1)", "one step back", "play", "one step on"],
        "slider": ["step", "rates, × the best"],
        "combobox": ["landscape"],
    }
    for role, expected in names.items():
        assert figure.get_by_role(role).count() == len(expected)
        for i, name in enumerate(expected):
            assert figure.get_by_role(role).nth(i).and_(figure.get_by_role(role, name=name)).count() == 1, (role, name)
    assert figure.get_by_role("slider", name="step").get_attribute("aria-valuetext") == "step 200 of 200"


def test_tab_goes_through_everything_in_order(notebook):
    page = notebook.page
    page.get_by_role("checkbox", name="show gd").focus()
    order = ["show gd"]
    for _ in range(11):
        page.keyboard.press("Tab")
        order.append(page.evaluate("() => document.activeElement.getAttribute('aria-label')"))
    assert order[:5] == [f"show {name}" for name in FIVE]
    assert order[5].startswith("start")
    assert order[6:] == ["one step back", "play", "one step on", "step", "landscape", "rates, × the best"]


def test_a_grabbed_slider_asks_once_for_its_whole_range(notebook):
    slider = notebook.page.get_by_role("slider", name="rates")
    slider.focus()
    notebook.idle()
    before, picture = notebook.words(), notebook.picture(1)
    notebook.sent.clear()
    seen = set()
    for _ in range(12):
        notebook.page.keyboard.press("ArrowLeft")
        notebook.idle()
        seen.add(notebook.words())
    assert notebook.sent == []
    assert len(seen) == 12
    assert before not in seen
    assert notebook.picture(1) != picture
    table = notebook.words()
    position = slider.input_value()
    expected = notebook.ask(
        "from course_lib.live.still import sentence\n"
        f"arrays, _ = figure.frame(figure.spec['state'] | {{'factor': {position}}})\n"
        "print(sentence(figure.spec, arrays))"
    )
    assert table == f"Paths. {expected}"


def test_the_slider_follows_the_mouse(notebook):
    slider = notebook.page.get_by_role("slider", name="rates")
    box, before = slider.bounding_box(), notebook.words()
    notebook.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    notebook.page.mouse.down()
    notebook.page.mouse.move(box["x"] + box["width"] * 0.3, box["y"] + box["height"] / 2, steps=10)
    notebook.page.mouse.up()
    notebook.idle()
    assert float(slider.get_attribute("aria-valuetext")) < 0.3
    assert notebook.words() != before


def test_divergence_is_cut_and_said(notebook):
    slider = notebook.page.get_by_role("slider", name="rates")
    slider.focus()
    notebook.page.keyboard.press("End")
    words = notebook.says("gd has diverged")
    assert "momentum has diverged" in words
    assert "NaN" not in words
    assert "nfinity" not in words
    assert notebook.page.locator(".live-chip", has_text="gd").inner_text().endswith("diverged")
    assert notebook.pixels(STYLE["gd"][0], 1) > 50  # "gd diverged" stands in the panel


def test_the_start_follows_the_hand(notebook):
    before, picture = notebook.words(), notebook.picture(0)
    notebook.requests.clear()
    notebook.drag_start(60, -40)
    assert not [url for url in notebook.requests if "favicon" in url], "JupyterLab fetched an icon at every move"
    assert notebook.words() != before
    assert notebook.picture(0) != picture
    assert "(−1.2, 1)" not in notebook.page.locator(".live-handle").get_attribute("aria-label")


def test_the_start_follows_the_arrow_keys(notebook):
    handle = notebook.page.locator(".live-handle")
    handle.focus()
    before = notebook.words()
    notebook.page.keyboard.press("ArrowRight")
    notebook.page.keyboard.press("Shift+ArrowUp")
    notebook.idle()
    assert handle.get_attribute("aria-label").startswith("start (−1.1, 1.4)")
    assert notebook.words() != before


def test_two_questions_are_under_way_at_most_and_the_newest_wins(notebook):
    notebook.under_way = notebook.most_under_way = 0
    notebook.sent.clear()
    notebook.page.evaluate(
        """() => {
          const handle = document.querySelector(".live-handle");
          handle.focus();
          const key = () => new KeyboardEvent("keydown", { key: "ArrowRight", bubbles: true });
          for (let i = 0; i < 30; i++) handle.dispatchEvent(key());
        }"""
    )
    notebook.says("After 200 of 200 steps")
    notebook.idle()
    assert notebook.page.locator(".live-handle").get_attribute("aria-label").startswith("start (1.8, 1)")
    assert 2 <= len(notebook.sent) <= 4
    assert len(notebook.answered) >= len(notebook.sent)
    assert notebook.most_under_way == 2
    assert notebook.words() == "Paths. " + notebook.ask(
        "from course_lib.live.still import sentence\n"
        "print(sentence(figure.spec, figure.frame(figure.spec['state'] | {'start': [sum([0.1] * 30, -1.2), 1]})[0]))"
    )


def test_the_start_stays_in_the_window(notebook):
    notebook.drag_start(-900, 900)
    assert notebook.page.locator(".live-handle").get_attribute("aria-label").startswith("start (−2.5, −1)")


def test_a_click_beside_the_start_brings_it_there(notebook):
    notebook.page.locator(".live-panel canvas").first.click(position={"x": 200, "y": 150})
    notebook.idle()
    assert "(−1.2, 1)" not in notebook.page.locator(".live-handle").get_attribute("aria-label")


def test_toggles_by_key(notebook):
    box = notebook.page.get_by_role("checkbox", name="show momentum")
    box.focus()
    notebook.page.keyboard.press("Space")
    words = notebook.says("nesterov is lowest")
    assert "momentum" not in words
    assert notebook.pixels(STYLE["momentum"][0], 1) == 0
    notebook.page.keyboard.press("Space")
    notebook.says("momentum is lowest")
    assert notebook.pixels(STYLE["momentum"][0], 1) > 15


def test_scrub_and_steps(notebook):
    scrub = notebook.page.get_by_role("slider", name="step")
    scrub.focus()
    notebook.page.keyboard.press("Home")
    notebook.says("After 0 of 200 steps")
    assert notebook.pixels(STYLE["rmsprop"][0], 1) < 60  # a head without a line
    notebook.page.get_by_role("button", name="one step on").click()
    notebook.says("After 1 of 200 steps")
    notebook.page.get_by_role("button", name="one step back").click()
    notebook.says("After 0 of 200 steps")


def test_play_and_pause_with_button_and_space(notebook):
    page = notebook.page
    page.get_by_role("button", name="play", exact=True).click()
    page.get_by_role("button", name="pause").wait_for()
    notebook.says(r"After [1-9]\d? of 200 steps")
    page.locator(".live-handle").focus()
    page.keyboard.press("Space")
    page.get_by_role("button", name="play", exact=True).wait_for()
    notebook.idle()
    there = notebook.words()
    page.wait_for_timeout(150)
    assert notebook.words() == there
    page.keyboard.press("Space")
    page.get_by_role("button", name="pause").wait_for()
    notebook.says(r"After 200 of 200 steps")
    page.get_by_role("button", name="play", exact=True).wait_for()


PICTURES = """
async (frames) => {
  const seen = {};
  document.querySelector(".live-player button:nth-child(2)").click();
  for (let i = 0; i < frames; i++) {
    await new Promise(requestAnimationFrame);
    await new Promise(setTimeout);
    const step = document.querySelector(".live-player output").textContent;
    (seen[step] ??= new Set()).add(document.querySelector(".live-panel canvas").toDataURL());
  }
  document.querySelector(".live-player button:nth-child(2)").click();
  return Object.values(seen).map((pictures) => pictures.size);
}"""


def test_with_reduced_motion_nothing_glides(notebook):
    """Each step has one picture; with motion (the test of two figures) the heads glide between steps."""
    assert set(notebook.page.evaluate(PICTURES, 30)) == {1}


def test_the_landscape_brings_its_own_start(notebook):
    notebook.page.get_by_label("landscape").select_option("Himmelblau")
    notebook.idle()
    assert notebook.page.locator(".live-handle").get_attribute("aria-label").startswith("start (0, 0)")
    himmelblau = notebook.picture(0)
    notebook.page.get_by_label("landscape").select_option("Rosenbrock")
    notebook.idle()
    assert notebook.picture(0) != himmelblau
    notebook.says("momentum is lowest")


def test_keys_are_not_taken_for_commands_of_jupyterlab(notebook):
    notebook.page.locator(".live-handle").focus()
    for key in "ddabxz":
        notebook.page.keyboard.press(key)
    notebook.page.get_by_role("slider", name="rates").focus()
    notebook.page.keyboard.press("ArrowDown")
    notebook.page.keyboard.press("ArrowUp")
    assert notebook.page.locator(".jp-Notebook .jp-CodeCell").count() == 1
    assert notebook.page.evaluate("() => document.activeElement.type") == "range"


def test_running_a_cell_again_frees_the_old_figure(notebook):
    count = "from ipywidgets.widgets import widget; print(len(widget._instances))"
    widgets = notebook.ask(count)
    for _ in range(3):
        notebook.run()
    assert notebook.page.evaluate("() => window.observers.size") == 1
    assert notebook.ask(count) == widgets


def test_clearing_the_output_frees_what_the_page_held(notebook):
    notebook.lab.command(notebook.page, "notebook:clear-all-cell-outputs")
    notebook.page.wait_for_function("() => !document.querySelector('.live-figure')")
    notebook.page.wait_for_function("() => window.observers.size === 0")


def test_another_size_is_drawn_anew(notebook):
    notebook.page.set_viewport_size({"width": 900, "height": 1000})
    notebook.idle()
    card = notebook.page.locator(".live-figure").bounding_box()
    for i in range(2):
        canvas = notebook.page.locator(".live-panel canvas").nth(i).bounding_box()
        assert canvas["x"] >= card["x"]
        assert canvas["x"] + canvas["width"] <= card["x"] + card["width"]
    assert notebook.pixels(STYLE["adam"][0], 0) > 15
    notebook.page.set_viewport_size({"width": 1300, "height": 1000})


def test_the_figure_outlives_its_kernel(notebook):
    page = notebook.page
    page.evaluate("() => jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()")
    page.get_by_role("alert").filter(has_text="To go on, run all cells above and then this one").wait_for()
    page.get_by_role("slider", name="step").focus()
    page.keyboard.press("Home")
    notebook.says("After 0 of 200 steps")
    notebook.drag_start(40, 0)
    assert page.get_by_role("alert").filter(has_text="To go on, run all cells above and then this one").count() == 1
    notebook.run()
    notebook.says("After 200 of 200 steps")
    before = notebook.words()
    notebook.drag_start(40, 0)
    assert notebook.words() != before


def test_two_figures_one_of_them_with_a_method_of_ones_own(lab, browser):
    """On a dense screen, and with motion: it plays once by itself when it comes into view."""
    notebook = Notebook(lab, browser, "own", OWN, RACE, device_scale_factor=2)
    notebook.page.set_viewport_size({"width": 1300, "height": 1900})
    notebook.run(figures=2)
    first, second = (notebook.page.locator(".live-figure").nth(i) for i in (0, 1))
    notebook.says(r"After [1-9]\d? of 200 steps")  # on its way
    notebook.says(r"After 200 of 200 steps", 0)
    notebook.says(r"After 200 of 200 steps", 1)

    assert max(notebook.page.evaluate(PICTURES, 30)) > 1
    notebook.page.locator(".live-figure").first.get_by_role("slider", name="step").fill("200")
    notebook.says(r"After 200 of 200 steps", 0)

    size = "(canvas) => canvas.width / canvas.clientWidth"
    assert first.locator(".live-panel canvas").first.evaluate(size) == pytest.approx(2, rel=0.01)
    ours, theirs = (figure.locator(".live-panel canvas").first.element_handle() for figure in (first, second))
    draws = "([a, b]) => [window.draws.get(a), window.draws.get(b)]"
    before = notebook.page.evaluate(draws, [ours, theirs])
    notebook.sent.clear()
    words = notebook.words()
    assert "mine" in words
    notebook.drag_start(30, 0)
    assert notebook.words() != words
    after = notebook.page.evaluate(draws, [ours, theirs])
    assert after[0] > before[0]
    assert after[1] == before[1], "a figure that nobody touches is left alone"

    # mine cannot do many runs at once: the slider's positions are asked for one by one
    slider = first.get_by_role("slider", name="rates")
    slider.focus()
    notebook.idle()
    notebook.sent.clear()
    words = notebook.words()
    notebook.page.keyboard.press("ArrowLeft")
    notebook.idle()
    assert notebook.sent == ["frame"] or notebook.sent == ["frame", "table"]
    assert notebook.words() != words

    # and fails when it is far out: the figure says so and goes on
    notebook.drag_start(-700, 0)
    alert = first.get_by_role("alert")
    alert.filter(has_text="too far out").wait_for()
    assert "mine failed. mine, line 6: raise RuntimeError" in alert.inner_text()
    assert notebook.words().count("adam is lowest") == 1
    notebook.drag_start(200, 0)
    assert first.locator(".live-alert").text_content() == ""
    assert "mine" in notebook.words()
    assert "diverged" not in second.inner_text()
    notebook.close()
