"""The live figure of lesson 06 in JupyterLab: another angle, another surface, and a start on the ridge."""

import re

import pytest

CELLS = ["from course_lib import live", "live.saddle_slice()"]


@pytest.fixture
def page(run_all):
    page = run_all("lesson06", *CELLS, reduced_motion="reduce")
    page.wait_for_selector(".live-figure")
    return page


def says(page, pattern):
    page.get_by_role("img", name=re.compile(pattern)).first.wait_for()


def test_the_slice_turns_and_on_the_ridge_only_noise_helps(page):
    says(page, r"the curvature is −1; by this step 40 of 40 runs have left")
    page.get_by_role("slider", name="angle of the slice in degrees").focus()
    page.keyboard.press("Home")
    says(page, r"the curvature is 2; by this step 0 of 40 runs have left")
    page.get_by_label("noise on the gradient").select_option("0.0001")
    says(page, r"the curvature is 2; by this step 40 of 40 runs have left")
    page.get_by_label("surface").select_option("xy")
    says(page, r"the curvature is 0; by this step 40 of 40 runs have left")
