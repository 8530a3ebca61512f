"""The noise board of lesson 03 in JupyterLab: batch, rate and schedule by hand and by key."""

import pytest

CELLS = ["from course_lib import live", "live.noise_board()"]


@pytest.fixture
def page(run_all):
    page = run_all("lesson03", *CELLS, reduced_motion="reduce")
    page.wait_for_selector(".live-handle")
    return page


def test_batch_rate_and_schedule_move_the_floor(page, says):
    says(r"floor 0\.107.* 200 examples")
    page.get_by_role("slider", name="batch size B").focus()
    page.keyboard.press("End")
    says(r"floor 1\.0e−4.* 2\.0e5 examples")
    page.get_by_label("schedule", exact=True).select_option("cosine")
    says(r"floor is lowest, 1\.0e−12")
    page.get_by_role("slider", name="learning rate × L").focus()
    page.keyboard.press("Home")
    says(r"mean of many 0\.77")
