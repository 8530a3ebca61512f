"""Notebooks under test neither read nor write the predictions of whoever tests them; a busy machine fails no test.

After all cells of a lesson have run, each is run again, from the last to the first: in whatever order a learner goes
back, it finds what it needs as it was, and says the same. So no cell changes what another one takes, and a section can
be left out of which no name is taken. The few that take long are not run twice.
"""

import copy
import os
import re
import time

import pytest
from hypothesis import settings
from nbval.plugin import IPyNbCell

os.environ["COURSE_ANSWERS"] = os.devnull
os.environ.setdefault("OMP_NUM_THREADS", "1")  # there is a worker for each core: more threads would wait for each other
settings.register_profile("course", deadline=None)  # else an example that takes 0.2 s counts as a failure
settings.load_profile("course")

SLOW = {  # marker -> what takes the time
    "notebook": "runs a notebook",
    "browser": "opens JupyterLab in Chromium",
    "sandbox": "marks a sheet in a sandbox",
    "classroom": "marks a class of hundreds",
}


def pytest_configure(config):
    config.addinivalue_line("markers", f"slow: more than a few seconds; so is every {', '.join(SLOW)}")
    for name, what in SLOW.items():
        config.addinivalue_line("markers", f"{name}: {what}")


LONG = 2.0  # seconds of a cell


def again(item):
    """The same test once more, on a copy of the cell: nbval joins the texts of the cell that it compares."""
    more = {"cell_num": item.cell_num, "cell": copy.deepcopy(item.cell), "options": item.options}
    second = IPyNbCell.from_parent(item.parent, name=f"{item.name} again", **more)
    second.first = item
    return second


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    lessons = {}
    for item in items:
        if item.path.suffix == ".ipynb" and item.path.parent.name == "notebooks":
            lessons.setdefault(item.path, []).append(item)
    for cells in lessons.values():
        at = items.index(cells[-1]) + 1
        items[at:at] = map(again, reversed(cells))
    for item in items:
        if " at 0x" in item.nodeid:
            raise pytest.UsageError(f"workers cannot agree on a name with an address in it: {item.nodeid}")
        if item.path.suffix == ".ipynb":
            item.add_marker("notebook")
        if item.path.parent.name == "browser":
            item.add_marker("browser")
        if any(marker.name in SLOW for marker in item.iter_markers()):
            item.add_marker("slow")
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)  # in the end no worker waits for the other


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    """A blank sheet runs through without a warning, and its checks say that nothing is right yet."""
    if getattr(getattr(item, "first", None), "took", 0) > LONG:
        pytest.skip(f"took {item.first.took:.1f} s the first time")
    began = time.monotonic()
    yield
    item.took = time.monotonic() - began
    if item.path.suffix == ".ipynb" and item.path.parent.name == "exercises":
        assert not [output for output in item.test_outputs if output.get("name") == "stderr"], item.cell.source
        if item.cell.metadata.get("nbgrader", {}).get("grade"):
            said = [output.get("text") or output.data["text/plain"] for output in item.test_outputs]
            assert re.match("NOT YET: .*: still blank", "".join(said)), item.cell.source


@pytest.fixture
def widgets_closed():
    """What a test makes of widgets does not stay for the next one."""
    yield
    from ipywidgets import Widget  # which takes a fifth of a second: few tests need it

    Widget.close_all()
