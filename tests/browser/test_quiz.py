"""Predictions and questions in JupyterLab: a lesson by the keyboard alone, and the same lesson the next day."""

import json

import pytest
from playwright.sync_api import expect

CELLS = [
    'import os\nos.environ["COURSE_ANSWERS"] = "answers.jsonl"\nfrom course_lib.quiz import ask, predict, reveal',
    'predict("04-gain", r"How many times farther at $\\beta = 0.9$?", unit="times")',
    'predict("04-saddle", "Which leaves first?", options=["GD", "EMA", "heavy ball"])',
    'ask("04-recall-edge")',
    'predict("04-open", "How many are open?")',
    'reveal("04-gain", 9.1)\nreveal("04-saddle", "heavy ball")',
    "from course_lib.live import look_ahead\nlook_ahead()",
]


class Reader:
    """Whoever reads the notebook with the keyboard."""

    def __init__(self, lab, page):
        self.lab, self.page, self.complaints = lab, page, []
        page.on("console", lambda message: message.type == "error" and self.complaints.append(message.text))
        page.on("pageerror", lambda error: self.complaints.append(error.stack))

    def press(self, *keys):
        for key in keys:
            self.page.keyboard.press(key)

    def at(self, name):
        """Waits until the focus is there: the number of a cell, or what a control is called."""
        self.page.wait_for_function(
            """(name) => {
              const { activeElement: focused } = document, { content } = jupyterapp.shell.currentWidget;
              if (typeof name !== "number") return (focused.labels?.[0] ?? focused).textContent.includes(name);
              return focused === content.widgets[name].node && content.activeCellIndex === name;
            }""",
            arg=name,
        )

    def hears(self, words):
        self.page.get_by_role("status").filter(has_text=words).wait_for()

    def cell(self, index):
        return self.page.locator(".jp-Notebook .jp-Cell").nth(index)

    def start(self):
        self.page.evaluate(
            "() => { const { content } = jupyterapp.shell.currentWidget;"
            " content.activeCellIndex = 0; content.mode = 'command'; content.activate(); }"
        )
        self.at(0)

    def save(self):
        self.page.evaluate("() => jupyterapp.commands.execute('docmanager:save')")
        self.page.wait_for_function("() => !jupyterapp.shell.currentWidget.context.model.dirty")

    def events(self):
        lines = (self.lab.notebooks / "answers.jsonl").read_text(encoding="utf-8").splitlines()
        return [{name: v for name, v in json.loads(line).items() if name != "when"} for line in lines]


@pytest.fixture
def reader(lab, browser):
    lab.write("quiz", *CELLS)
    (lab.notebooks / "answers.jsonl").unlink(missing_ok=True)
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.set_default_timeout(20_000)
    lab.open(page, "quiz")
    yield Reader(lab, page)
    page.close()


def bets_by_keyboard(reader):
    reader.start()
    reader.press("Shift+Enter")
    reader.at(1)
    reader.press("Shift+Enter")
    reader.at("Prediction (times)")
    reader.cell(1).locator("mjx-container").wait_for()
    reader.page.keyboard.type("1,375")
    reader.hears("1,375 can be read in two ways")
    reader.press("Enter")
    reader.at("Prediction (times)")
    reader.press("Control+a")
    reader.page.keyboard.type("10^1")
    reader.hears("Read as 10 times.")
    reader.press("ArrowUp", "ArrowDown", "Tab")
    reader.at("70 %")
    reader.press("ArrowRight")
    reader.at("90 %")
    reader.press("Enter")
    reader.hears("Locked: 10 times, 90 % sure.")
    reader.at(2)

    reader.press("ArrowUp", "Tab")  # and once more, before it is measured
    reader.page.get_by_role("button", name="Change it").press("Enter")
    reader.at("Prediction (times)")
    reader.press("Control+a", "9", "Enter")
    reader.hears("Locked: 9 times, 90 % sure.")
    reader.at(2)

    reader.press("Shift+Enter")
    reader.at("GD")
    reader.press("ArrowDown")
    reader.at("EMA")
    reader.press("Enter")
    reader.hears("Locked: EMA, 70 % sure.")
    reader.at(3)
    reader.press("ArrowUp", "Tab")
    reader.page.get_by_role("button", name="Change it").last.press("Enter")
    reader.at("EMA")
    reader.press("Enter")
    reader.at(3)

    reader.press("Shift+Enter")
    reader.at("when η > 1/λ")
    reader.press("ArrowDown", "ArrowDown", "Enter")
    reader.hears("Not so.")
    reader.at("when η > λ/2")  # from the answer that is picked the arrows go on
    reader.press("ArrowUp", "Enter")
    reader.hears("Yes: then")
    reader.at(4)

    reader.press("Shift+Enter")
    reader.at("Prediction")
    reader.press("Shift+Enter")  # not every bet is taken
    reader.at(5)


def test_a_lesson_by_keyboard_and_the_same_lesson_the_next_day(reader):
    page = reader.page
    bets_by_keyboard(reader)
    reader.press("Shift+Enter")
    reader.hears("You predicted 9 times, 90 % sure: a hit (within 25 % counts as a hit).")
    reader.hears("You predicted EMA, 70 % sure: a miss.")
    reader.hears("Locked: 9 times, 90 % sure: a hit.")
    expect(page.get_by_role("button", name="Change it"), "measured is measured").to_have_count(0)
    reader.at(6)
    reader.press("Shift+Enter")
    page.locator(".live-figure canvas").first.wait_for()
    bets = [event for event in reader.events() if "guess" in event]
    assert [(bet["key"], bet["guess"], bet["sure"], bet["late"]) for bet in bets] == [
        ("04-gain", 10, 90, False),
        ("04-gain", 9, 90, False),
        ("04-saddle", "EMA", 70, False),
        ("04-saddle", "EMA", 70, False),
    ]
    assert [event["hit"] for event in reader.events() if "hit" in event] == [True, False]

    assert not reader.complaints  # JupyterLab itself has some when a kernel ends

    # the kernel is started anew: nothing is lost from sight, and what waits for an answer says what to do
    page.evaluate("() => jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()")
    reader.cell(4).get_by_role("status").filter(has_text="To go on, run all cells above and then this one").wait_for()
    assert reader.cell(1).get_by_text("Locked: 9 times, 90 % sure: a hit.").count() == 1

    # the next day
    reader.save()
    page.evaluate("() => jupyterapp.shell.currentWidget.sessionContext.shutdown()")
    reader.lab.open(page, "quiz")
    shown = page.locator(".jp-Notebook").inner_text()
    assert "Error" not in shown
    for words in (
        "Locked: 9 times, 90 % sure: a hit.",
        "Locked: EMA, 70 % sure: a miss.",
        "Yes: then",
        "Measured: 9.1",
    ):
        assert words in shown
    assert page.locator(".jp-OutputArea button, .jp-OutputArea input").count() == 0, "nothing that would do nothing"
    assert [
        i for i in range(1, 7) if "To go on, run all cells above and then this one." in reader.cell(i).inner_text()
    ] == [4, 6]
    assert reader.cell(6).locator("img").evaluate("(image) => image.naturalWidth") > 500

    page.evaluate("() => { jupyterapp.commands.execute('notebook:run-all-cells') }")
    page.locator(".live-figure canvas").first.wait_for()
    reader.hears("You predicted EMA, 70 % sure: a miss.")
    assert "To go on" not in page.locator(".jp-Notebook").inner_text()
    reader.cell(4).get_by_label("Prediction").wait_for()
    assert page.evaluate("() => document.activeElement.type") != "text", "whoever runs all is drawn nowhere"
    reader.save()
    page.reload()  # with its kernel, it comes alive again
    reader.cell(4).get_by_label("Prediction").fill("7")
    reader.cell(4).get_by_role("button", name="Lock the prediction").click()
    reader.hears("Locked: 7, 70 % sure.")


ELSEWHERE = [
    'import os\nos.environ["COURSE_ANSWERS"] = "elsewhere.jsonl"\nfrom course_lib import live, quiz, widget\n'
    "widget.in_jupyterlab = lambda: False",
    'quiz.predict("04-gain", r"How many at $\\beta = 0.9$?", unit="times")',
    'quiz.ask("04-recall-edge")',
    "live.look_ahead()",
]


def test_a_front_end_with_no_place_for_the_still_form_shows_a_view(lab, browser):
    """As VS Code, Colab and Voilà do, tried here with the views of JupyterLab."""
    lab.write("elsewhere", *ELSEWHERE)
    page = browser.new_page(viewport={"width": 1280, "height": 1400})
    page.set_default_timeout(20_000)
    lab.open(page, "elsewhere")
    lab.command(page, "notebook:run-all-cells")
    page.locator(".live-figure canvas").first.wait_for()
    assert page.locator("course-widget").count() == 0
    page.locator(".course-card mjx-container").first.wait_for()
    page.get_by_label("Prediction (times)").fill("10⁵")
    page.get_by_role("status").filter(has_text="Read as 100").wait_for()
    page.keyboard.press("Enter")
    page.get_by_role("status").filter(has_text="Locked: 100,000 times, 70 % sure.").wait_for()
    page.get_by_role("radio", name="when η > 2/λ").check()
    page.get_by_role("button", name="Check the answer").click()
    page.get_by_role("status").filter(has_text="Yes: then").wait_for()
    page.close()
