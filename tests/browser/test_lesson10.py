"""The live figure of lesson 10 in JupyterLab: the gradients made late, the pair of settings moved by key."""

import pytest

CELLS = ["from course_lib import live", "live.late()"]


@pytest.fixture
def page(run_all):
    page = run_all("lesson10", *CELLS, reduced_motion="reduce")
    page.wait_for_selector(".live-handle")
    return page


def test_a_rate_that_was_good_in_time_is_slow_when_gradients_are_late(page, says):
    says(r"At rate 1 a step multiplies the distance by 0\.\d+, measured")
    page.get_by_label("gradients come", exact=True).select_option(label="1 step")
    says(r"At rate 0\.5 a step multiplies the distance by [01]\.?\d*, measured")
