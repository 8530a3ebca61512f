"""The live figure of lesson 07 in JupyterLab: the valley turned and lengthened by key."""

import pytest

CELLS = ["from course_lib import live", "live.ellipse()"]


@pytest.fixture
def page(run_all):
    page = run_all("lesson07", *CELLS, reduced_motion="reduce")
    page.wait_for_selector(".live-handle")
    return page


def test_turning_costs_adagrad_and_lengthening_costs_gd(page, says):
    says(r"gd 70, momentum 23, .* adagrad 5, .* newton 1\b")
    says(r"cg is nearest, < 1\.0e−12; bfgs < 1\.0e−12")
    page.get_by_role("slider", name="angle in degrees").focus()
    for _ in range(3):
        page.keyboard.press("PageUp")
    says(r"gd 70, .* adagrad [1-9]\d+, .* newton 1\b")
    page.get_by_role("slider", name="condition number κ").focus()
    page.keyboard.press("End")
    says(r"gd 34\d, .* newton 1\b")
