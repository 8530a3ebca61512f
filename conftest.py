"""Notebooks under test neither read nor write the predictions of whoever tests them; a busy machine fails no test."""

import os

import pytest
from hypothesis import settings

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


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    for item in items:
        if " at 0x" in item.nodeid:
            raise pytest.UsageError(f"workers cannot agree on a name with an address in it: {item.nodeid}")
        if item.path.suffix == ".ipynb":
            item.add_marker("notebook")
        if item.path.parent.name == "browser":
            item.add_marker("browser")
        if any(marker.name in SLOW for marker in item.iter_markers()):
            item.add_marker("slow")


@pytest.fixture
def widgets_closed():
    """What a test makes of widgets does not stay for the next one."""
    yield
    from ipywidgets import Widget  # which takes a fifth of a second: few tests need it

    Widget.close_all()
