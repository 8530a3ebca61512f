"""The live figure of lesson 11 in JupyterLab: the headline follows what is asked and where it is searched."""

import pytest

CELLS = ["from course_lib import live", "live.headlines()"]


@pytest.fixture
def page(run_all):
    page = run_all("lesson11", *CELLS, reduced_motion="reduce")
    page.get_by_label("what is asked", exact=True).wait_for()
    return page


def test_the_headline_is_another_one_for_another_question(page, says):
    says(r"lion is the best optimizer, 0\.0149")
    page.get_by_label("what is asked", exact=True).select_option(index=2)
    says(r"nesterov is the best optimizer, 10\.4")


def test_a_narrow_range_makes_gradient_descent_the_winner(page, says):
    slider = page.get_by_label("lowest rate", exact=True)
    slider.focus()
    for _ in range(16):
        slider.press("ArrowRight")
    high = page.get_by_label("highest rate", exact=True)
    high.focus()
    for _ in range(4):
        high.press("ArrowLeft")
    says(r"gd is the best optimizer, 0\.0656")
