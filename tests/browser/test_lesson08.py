"""The live figure of lesson 08 in JupyterLab: norm and skips chosen, the scale moved by key."""

import pytest

CELLS = ["from course_lib import live", "live.depth()"]


@pytest.fixture
def page(run_all):
    page = run_all("lesson08", *CELLS, reduced_motion="reduce")
    page.wait_for_selector(".live-figure")
    return page


def test_a_norm_makes_the_gradient_grow_and_the_scale_then_changes_nothing(page, says):
    says(r"signal 0\.98\d?, gradient on its way back 0\.99\d?")
    page.get_by_label("norm", exact=True).select_option(label="batch")
    says(r"signal 1(\.0\d*)?, gradient on its way back 1\.2[23]")
    page.get_by_role("slider", name="scale of the weights").focus()
    page.keyboard.press("PageUp")
    says(r"signal 1(\.0\d*)?, gradient on its way back 1\.2[23]")
    page.get_by_label("norm", exact=True).select_option(label="none")
    says(r"signal 1\.[2-9]\d*, gradient on its way back 1\.[2-9]\d*")
