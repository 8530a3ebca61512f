"""The live figures of lesson 05 in JupyterLab: Adam one step at a time, and the dial that turns the valley."""

import pytest

CELLS = ["from course_lib import live", "live.inspector()", "live.rotation()"]


@pytest.fixture
def page(run_all):
    page = run_all("lesson05", *CELLS, reduced_motion="reduce")
    page.wait_for_function("() => document.querySelectorAll('.live-figure').length === 2")
    return page


def test_one_step_on_another_method_and_a_turn_of_the_dial(page, says):
    says(r"After 12 of 60 steps")
    first = page.locator(".live-figure").nth(0)
    for _ in range(11):
        first.get_by_role("button", name="one step back").click()
    says(r"After 1 of 60 steps.* m̂ = 1\.1, v̂ = 1\.21, step = 0\.1\b")
    first.get_by_label("method").select_option("RMSProp")
    says(r"step = 3\.16")

    says(r"adagrad is lowest, < 1\.0e−30", 1)
    page.get_by_role("slider", name="angle of the valley in degrees").focus()
    for _ in range(3):
        page.keyboard.press("PageUp")
    says(r"nesterov is lowest", 1)
