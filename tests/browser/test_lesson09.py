"""The live figure of lesson 09 in JupyterLab: another plane, and the weights stretched by key."""

import pytest

CELLS = ["from course_lib import live", "live.planes()"]


@pytest.fixture
def page(run_all):
    page = run_all("lesson09", *CELLS, reduced_motion="reduce")
    page.get_by_role("slider", name="stretch c of the weights").wait_for()
    return page


def test_a_stretch_is_seen_in_a_random_plane_and_not_in_that_of_three_networks(page, says):
    says(r"half way to 1 on the line: 0\.039\. Sharpness .* 0\.037")
    page.get_by_role("slider", name="stretch c of the weights").focus()
    page.keyboard.press("End")
    says(r"half way to 1 on the line: 15\. Sharpness .* 2\.5")
    page.get_by_label("plane", exact=True).select_option("three networks")
    says(r"half way to 1 on the line: 0\.41\. Sharpness .* 2\.5")
    page.get_by_label("plane", exact=True).select_option("three networks, sorted")
    says(r"half way to 1 on the line: 0\.055\. Sharpness .* 2\.5")
