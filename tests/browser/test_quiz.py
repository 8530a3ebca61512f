"""Predictions and questions in JupyterLab, by keyboard and by mouse, before and after a restart of the kernel."""

import json

import pytest

CELLS = [
    'import os\nos.environ["COURSE_ANSWERS"] = "answers.jsonl"\nfrom course_lib.quiz import ask, predict, reveal',
    'predict("04-gain", r"How many times farther at $\\beta = 0.9$?", unit="times")',
    'predict("04-saddle", "Which leaves first?", options=["GD", "EMA", "heavy ball"])',
    'ask("04-recall-edge")',
    'reveal("04-gain", 9.1)\nreveal("04-saddle", "heavy ball")',
]


@pytest.fixture
def page(lab, browser):
    lab.write("quiz", *CELLS)
    page = browser.new_page()
    page.set_default_timeout(20_000)
    lab.open(page, "quiz")
    yield page
    page.close()


def focused(page):
    return page.evaluate("() => document.activeElement.id || document.activeElement.textContent")


def active_cell(page):
    return page.evaluate("() => window.jupyterapp.shell.currentWidget.content.activeCellIndex")


def test_a_prediction_is_locked_measured_and_still_there_after_a_restart(lab, page):
    for _ in CELLS[:-1]:
        lab.command(page, "notebook:run-cell-and-select-next")
    page.get_by_role("button", name="Check the answer").wait_for()
    assert page.locator(
        ".jp-OutputArea .widget-htmlmath mjx-container, .jp-OutputArea .widget-html mjx-container"
    ).count()

    # the number: by keyboard alone
    page.get_by_role("textbox", name="Prediction (times)").focus()
    cell = active_cell(page)
    page.keyboard.type("many")
    for key in ("Tab", "Tab", "Tab", "Space", "Tab", "Enter"):
        page.keyboard.press(key)
    page.get_by_text("A number is needed").wait_for()
    assert focused(page) == "Lock the prediction"
    page.get_by_role("textbox", name="Prediction (times)").fill("9")
    page.get_by_role("button", name="Lock the prediction").first.press("Enter")
    page.get_by_text("Locked: 9 times, 90 % sure.").wait_for()
    assert active_cell(page) == cell, "the keys went to the widget, not to the notebook"
    assert not page.get_by_role("textbox", name="Prediction (times)").is_visible()

    # one of several: by mouse
    page.get_by_role("radio", name="EMA").check()
    page.get_by_role("button", name="Lock the prediction").last.click()
    page.get_by_text("Locked: EMA, 70 % sure.").wait_for()

    # a wrong answer, then the right one
    page.get_by_role("radio", name="when η > 1/λ").check()
    page.get_by_role("button", name="Check the answer").click()
    page.get_by_text("Not so. At").wait_for()
    page.get_by_role("radio", name="when η > 2/λ").check()
    page.get_by_role("button", name="Check the answer").click()
    page.get_by_text("Yes: then").wait_for()

    page.evaluate("() => { window.jupyterapp.shell.currentWidget.content.activeCellIndex = 4 }")
    lab.command(page, "notebook:run-cell")
    page.get_by_text("You predicted 9 times, 90 % sure: a hit (within 25 % counts as a hit).").wait_for()
    page.get_by_text("You predicted EMA, 70 % sure: a miss.").wait_for()

    page.evaluate("() => { window.jupyterapp.commands.execute('notebook:restart-run-all') }")
    page.get_by_role("button", name="Confirm Kernel Restart").click()
    page.wait_for_function(
        "() => { const cells = window.jupyterapp.shell.currentWidget.content.widgets;"
        " return cells.every((cell, i) => cell.model.executionCount === i + 1) }"
    )
    for words in ("Locked: 9 times, 90 % sure.", "Locked: EMA, 70 % sure.", "Yes: then", "You predicted 9 times"):
        page.get_by_text(words).wait_for()
    events = [json.loads(line) for line in (lab.notebooks / "answers.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [event.get("late") for event in events if "guess" in event] == [False, False]
    assert [event["hit"] for event in events if "hit" in event] == [True, False]
