"""The live figure of lesson 01 in JupyterLab: two points on one panel, each on the graph."""

import re

import pytest

CELLS = ["from course_lib import live", "live.sandwich()"]


@pytest.fixture
def page(run_all):
    page = run_all("lesson01", *CELLS)
    page.wait_for_selector(".live-handle")
    return page


def place(handle):
    """(x, y) as a screen reader says them, once the kernel has put the point on the graph."""
    words = handle.get_attribute("aria-label").replace("−", "-")
    return tuple(map(float, re.search(r"\((\S+), (\S+)\)", words).groups()))


def settled(page):
    page.wait_for_function("() => !document.querySelector('.live-figure[aria-busy=true]')")
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def test_each_point_follows_the_hand_along_the_graph_and_leaves_the_other_alone(page):
    a, b = page.locator(".live-handle").all()
    before = place(a), place(b)
    for handle in (a, b):
        box = handle.bounding_box()
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        page.mouse.move(x, y)
        page.mouse.down()
        page.mouse.move(x + 30, y + 10, steps=5)
        page.mouse.up()
        settled(page)
    after = place(a), place(b)
    assert after[0][0] - before[0][0] == pytest.approx(after[1][0] - before[1][0], abs=0.02)
    assert after[0][0] > before[0][0]

    page.get_by_label("function").select_option("x⁴")
    settled(page)
    for handle in (a, b):
        x, y = place(handle)
        assert y == pytest.approx(x**4, rel=0.02)
    page.get_by_role("slider", name="μ").focus()
    page.keyboard.press("ArrowRight")
    settled(page)
    assert page.get_by_role("img", name=re.compile("curvature in the window is from 0 to 48")).count()
