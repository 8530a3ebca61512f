"""FROM_HERE.md, the calls of torch and optax: made from the script that stored their paths, and complete."""

import inspect

import pytest

from course_lib import optimizers
from course_lib.optimizers import orthogonalize
from tests.reference import conventions
from tools import from_here

PAGE = (from_here.ROOT / "FROM_HERE.md").read_text(encoding="utf-8")
METHODS = [f for f in vars(optimizers).values() if inspect.isfunction(f) and f is not orthogonalize]


def test_the_page_is_made_from_the_calls_that_stored_the_paths():
    assert from_here.page() == PAGE, "python -m tools.from_here"


def test_each_stored_path_has_its_call():
    calls = from_here.calls()
    assert set(calls) == set(conventions.stored()) - {"versions", "torch.optim"}
    assert all(call.startswith((f"{name.split()[0]}.", "optax.")) for name, call in calls.items())
    assert calls["torch adam l2"] == "torch.optim.Adam(params, lr=0.05, weight_decay=0.1)"
    assert calls["optax schedule_free mean"] == calls["optax schedule_free"]


@pytest.mark.parametrize("row", [*conventions.AGREE, *conventions.DIFFER], ids=lambda row: row.path)
def test_each_row_stands_on_the_page_beside_its_call(row):
    lines = [line for line in PAGE.splitlines() if line.startswith(f"| {from_here.ours(row)} |")]
    (line,) = (line for line in lines if f"`{from_here.calls()[row.path]}`" in line and f"| {row.why} |" in line)
    assert line.count("|") == 5


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.__name__)
def test_each_method_that_a_library_has_has_a_row(method):
    named = [library for library in ("torch", "optax") if f"{library}." in inspect.getdoc(method)]
    rows = {row.library for row in [*conventions.AGREE, *conventions.DIFFER] if row.of is method}
    assert rows >= set(named)


def test_the_count_of_torchs_optimizers_is_the_librarys():
    names = list(conventions.stored()["torch.optim"])
    assert len(set(names)) == len(names)
    assert f"{len(names)} optimizers stand in `torch.optim`" in PAGE
    assert {"SGD", "Adam", "Muon"} <= set(names)
    assert "Optimizer" not in names
