"""Each sheet graded in the real sandbox: its solution, what is handed out, and notebooks that are partly right."""

import json
import os
import pkgutil
from pathlib import Path

import pytest

from course_lib.grading import properties, sandbox, variants
from course_lib.grading.judge import makers
from course_lib.grading.marks import grade_one, unit_of
from course_lib.grading.release import variant

ROOT = Path(__file__).parents[1]
SHEETS = [module.name for module in pkgutil.iter_modules(properties.__path__)]
UNITS = sorted(path.stem for path in (ROOT / "solutions").glob("*.ipynb") if path.stem.partition("_")[2] in SHEETS)
REFUSAL = sandbox.refusal("bwrap")

pytestmark = pytest.mark.skipif(bool(REFUSAL) and "CI" not in os.environ, reason=REFUSAL)


@pytest.mark.parametrize("unit", UNITS)
def test_the_solution_has_full_marks(unit):
    result = grade_one(ROOT / "solutions" / f"{unit}.ipynb", unit)
    assert result["state"] == "graded", result["reasons"]
    lost = {mark["id"]: mark["note"] for mark in result["marks"] if mark["check"] and mark["marks"] != mark["points"]}
    assert not lost
    assert all(mark["state"] == "by hand" for mark in result["marks"] if not mark["check"])


@pytest.mark.parametrize("unit", UNITS)
def test_what_is_handed_out_is_blank(unit):
    result = grade_one(ROOT / "exercises" / f"{unit}.ipynb", unit)
    assert result["state"] == "graded", result["reasons"]
    assert {mark["id"] for mark in result["marks"] if mark["marks"] != 0 or mark["state"] != "blank"} == set()


PARTLY = {  # unit -> what is done: id of a cell -> its source, on the solution, and marks that are not full
    "00_race_first": {
        "a step in place, and a slope forgotten": (
            {
                "step": "def step(x, g, *, lr):\n    x -= lr * g\n    return (x,)",
                "mountain": "def height(p):\n    x, y = p\n    return x**2 + 3 * y**2 + x * y\n\n\n"
                "def gradient(p):\n    x, y = p\n    return np.array([2 * x, 6 * y + x])\n\n\n"
                "mountain = surfaces.Surface('mine', height, gradient, (1, 1), ((-2, 2), (-2, 2)))",
            },
            {"step": 1.6, "mountain": 1.33},
        ),
        "the library's step, and no slopes yet": (
            {
                "step": "step = gd",
                "mountain": "def height(p):\n    return p[0] ** 2\n\n\ndef gradient(p):\n    return None\n\n\n"
                "mountain = surfaces.Surface('mine', height, gradient, (1, 1), ((-2, 2), (-2, 2)))",
                "balanced": "def balanced_error(y, predicted):\n    return np.mean(predicted != y)",
            },
            {"step": 0, "mountain": 0, "balanced": 0},
        ),
    },
    "01_convexity": {
        "one letter missing, points inside scaled up, the test with the slip": (
            {
                "sort": "convex_ones = 'ABDEGI'",
                "projections": "def project_ball(x, r):\n    return x * r / max(np.linalg.norm(x), 1e-12)\n\n\n"
                "def project_simplex(x):\n    return np.maximum(x, 0) / np.maximum(x, 0).sum()",
                "minors": "fooled = np.diag([0.0, -2.0])\nconvex_by_hessian = convex_by_minors",
            },
            {"sort": 1, "ball": 0.4, "simplex": 0.57, "hessian": 0},
        ),
        "the library's projections, other designs": (
            {
                "projections": "from course_lib.convexity import project_ball, project_simplex",
                "design": "def endless(x):\n    return np.exp(x) + 2\n\n\ninfimum = 0\n\n\n"
                "def floor(x):\n    return np.maximum(np.abs(x - 1.5), 0.5)",
            },
            {"ball": 0, "simplex": 0, "endless": 1.33},
        ),
    },
    "02_gradients": {
        "no slope of tanh in one, a start that is lost, a search that ignores c": (
            {
                "layer": "def layer_backward(X, W, a, da):\n    ds = da * (1 - a * a)\n"
                "    return X.T @ ds, ds.sum(axis=0), da @ W.T",
                "walk": "def walk(grad, start, steps, lr):\n    x, path = start, []\n    for _ in range(steps):\n"
                "        x = x - lr * grad(x)\n        path.append(x)\n    return np.stack(path, axis=1)",
                "armijo": "def armijo(f, x, g, lr=1.0, c=0.1):\n    while not f(x - lr * g) < f(x) - lr * g @ g / 10:\n"
                "        lr = lr / 2\n    return lr",
            },
            {"layer": 1.71, "walk": 0.67, "armijo": 0.43},
        ),
        "the library's differences, an endless search": (
            {
                "central": "def central(f, x, h):\n    return gradients.central_differences(f, x, h)",
                "armijo": "def armijo(f, x, g, lr=1.0, c=0.1):\n    while not f(x - lr * g) < f(x) - 2 * lr * g @ g:\n"
                "        lr = lr / 2\n    return lr",
                "starts": "def starts_needed(p, q):\n    return int(np.log(1 - q) / np.log(1 - p)) + 2",
            },
            {"central": 0, "armijo": 0, "starts": 0.4},
        ),
    },
}


@pytest.mark.parametrize(
    ("unit", "words"), [pytest.param(unit, words, id=f"{unit}: {words}") for unit in PARTLY for words in PARTLY[unit]]
)
def test_what_is_partly_right_earns_a_part(unit, words, tmp_path):
    changes, due = PARTLY[unit][words]
    notebook = json.loads((ROOT / "solutions" / f"{unit}.ipynb").read_text(encoding="utf-8"))
    cells = {cell["id"]: cell for cell in notebook["cells"]}
    for name, source in changes.items():
        cells[name]["source"] = source
    path = tmp_path / f"{unit}.ipynb"
    path.write_text(json.dumps(notebook))
    result = grade_one(path, unit)
    assert result["state"] == "graded", result["reasons"]
    marks = {mark["id"].removeprefix("check-"): mark for mark in result["marks"] if mark["check"]}
    assert {name: marks[name]["marks"] for name in due} == due
    others = {name for name, mark in marks.items() if name not in due and mark["marks"] != mark["points"]}
    assert not others, [marks[name]["note"] for name in others]


VARIED = [unit for unit in UNITS if variants.table(unit)["KEYED"]]


@pytest.mark.parametrize("unit", VARIED)
def test_a_variant_is_graded_by_its_key_and_not_by_the_open_sheet(unit, tmp_path):
    key = tmp_path / f"{unit}.ipynb"
    key.write_text(variant(ROOT / "solutions" / f"{unit}.ipynb", "1")[1], encoding="utf-8")
    own = {mark["check"]: mark for mark in grade_one(key, key)["marks"] if mark["check"]}
    assert {name: mark["note"] for name, mark in own.items() if mark["marks"] != mark["points"]} == {}
    table, sheet = variants.table(unit), unit_of(key)
    answers = {cell.check: makers(cell, sheet) for cell in sheet.cells if cell.check in table["KEYED"]}
    other = {name for name, parts in answers.items() if any(part.id in table["CELLS"] for part in parts)}
    assert len(other) >= 3
    result = grade_one(ROOT / "solutions" / f"{unit}.ipynb", key)
    full = {mark["check"] for mark in result["marks"] if mark["check"] and mark["marks"] == mark["points"]}
    assert full == set(own) - other
