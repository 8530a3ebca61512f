"""The live figure of lesson 06 in JupyterLab: another angle, another surface, and a start on the ridge."""

import pytest

CELLS = ["from course_lib import live", "live.saddle_slice()"]


@pytest.fixture
def page(run_all):
    page = run_all("lesson06", *CELLS, reduced_motion="reduce")
    page.wait_for_selector(".live-figure")
    return page


def test_the_slice_turns_and_on_the_ridge_only_noise_helps(page, says):
    says(r"the curvature is −1; by this step 40 of 40 runs have left")
    page.get_by_role("slider", name="angle of the slice in degrees").focus()
    page.keyboard.press("Home")
    says(r"the curvature is 2; by this step 0 of 40 runs have left")
    page.get_by_label("noise on the gradient").select_option("0.0001")
    says(r"the curvature is 2; by this step 40 of 40 runs have left")
    page.get_by_label("surface").select_option("xy")
    says(r"the curvature is 0; by this step 40 of 40 runs have left")
