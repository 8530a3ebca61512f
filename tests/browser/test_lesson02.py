"""The live figures of lesson 02 in JupyterLab: the rate against its bar, and the basins, by key."""

import pytest

CELLS = ["from course_lib import live", "live.learning_rate()", "live.basins()"]


@pytest.fixture
def page(run_all):
    page = run_all("lesson02", *CELLS, reduced_motion="reduce")
    page.wait_for_function("() => document.querySelectorAll('.live-figure').length === 2")
    return page


def test_the_rate_passes_the_bar_and_a_minimum_loses_its_basin(page, says):
    says(r"by 0\.5 across the valley and by 0\.95 along it")
    page.get_by_role("slider", name="learning rate × L").focus()
    page.keyboard.press("End")
    says(r"by −1\.4 across the valley")
    says(r"gd brings 100 % .* momentum brings 99\.8 %", 1)
    page.get_by_role("slider", name="learning rate", exact=True).focus()
    page.keyboard.press("End")
    says(r"gd brings 0\.\d+ % ", 1)
