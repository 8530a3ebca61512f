"""Each sheet graded in the real sandbox: its solution, what is handed out, and notebooks that are partly right."""

import json
import os
from functools import cache
from pathlib import Path

import pytest

from course_lib.grading import sandbox, variants
from course_lib.grading.judge import makers
from course_lib.grading.marks import grade_one, unit_of
from course_lib.grading.release import variant

ROOT = Path(__file__).parents[1]
UNITS = sorted(path.stem for path in (ROOT / "solutions").glob("*.ipynb"))
REFUSAL = sandbox.refusal("bwrap")

pytestmark = [
    pytest.mark.sandbox,
    pytest.mark.skipif(bool(REFUSAL) and "CI" not in os.environ, reason=REFUSAL),
]


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
            {"step": 1.33, "mountain": 1.33},
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
            {"sort": 1, "ball": 0.4, "simplex": 0, "hessian": 0},
        ),
        "the library's projections, other designs": (
            {
                "projections": "from course_lib.convexity import project_ball, project_simplex",
                "design": "def endless(x):\n    return np.sqrt(1 + x * x) - x + 2\n\n\ninfimum = 0\n\n\n"
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
            {"layer": 1.71, "walk": 0, "armijo": 0},
        ),
        "the library's differences, an endless search": (
            {
                "central": "def central(f, x, h):\n    return gradients.central_differences(f, x, h)",
                "armijo": "def armijo(f, x, g, lr=1.0, c=0.1):\n    while not f(x - lr * g) < f(x) - 2 * lr * g @ g:\n"
                "        lr = lr / 2\n    return lr",
                "starts": "def starts_needed(p, q):\n    return int(np.log(1 - q) / np.log(1 - p)) + 2",
            },
            {"central": 0, "armijo": 0, "starts": 0},
        ),
    },
    "03_sgd_variants": {
        "nothing shuffled, a cosine that climbs again, a gradient that is always shortened": (
            {
                "epoch": "def epoch(n, size, rng):\n    return [np.arange(n)[i : i + size] for i in range(0, n, size)]",
                "schedules": "def stairs(lr, every, factor):\n"
                "    return lambda t: lr * factor if t >= every else lr\n\n\n"
                "def warm_cosine(lr, steps, warm):\n    def rate(t):\n"
                "        share = (t - warm) / (steps - warm)\n"
                "        return lr * (t + 1) / (warm + 1) if t < warm else lr / 2 * (1 + np.cos(np.pi * share))\n\n"
                "    return rate",
                "clip": "def clip_norm(g, limit):\n    return g * limit / np.linalg.norm(g)\n\n\n"
                "clip_value = np.minimum",
            },
            {"epoch": 1.11, "stairs": 0.5, "warm-cosine": 0.75, "clip-norm": 0.29, "clip-value": 0.4},
        ),
        "the library's scissors, a lucky rate for each shuffle, the wrong half": (
            {
                "clip": "def clip_norm(g, limit):\n"
                "    return wrappers.clip_by_norm(lambda x, g: (g,), limit)(g, g)[0]\n\n\n"
                "def clip_value(g, limit):\n    return np.maximum(np.minimum(g, limit), -limit)",
                "best-after": "def best_after(task, size, rates):\n    lucky = []\n    for seed in range(3):\n"
                "        batches = task.batches(size, np.random.default_rng(seed))\n"
                "        last = end(gd, batches, task.start, 5 * len(task.X) // size, lr=rates)\n"
                "        lucky.append(np.nanmin(task(last)) - task(task.minima[0]))\n    return np.mean(lucky)",
                "critical": "critical, losses = 64, None",
                "exponential-mended": "def exponential(lr, t, k):\n    return lr * np.exp(-k * t)",
            },
            {"clip-norm": 0, "best-after": 1.14, "exponential": 0},
        ),
    },
    "05_adaptive_methods": {
        "a sum in place, no correction, a layer of zeros that never moves": (
            {
                "adagrad": "def adagrad_step(x, g, s=0.0, *, lr, eps=1e-10):\n    s += g * g\n"
                "    return x - lr * g / (np.sqrt(s) + eps), s",
                "adam": "def adam_step(x, g, m=0.0, v=0.0, t=0, *, lr, b1=0.9, b2=0.999, eps=1e-8):\n"
                "    m, v = b1 * m + (1 - b1) * g, b2 * v + (1 - b2) * g * g\n"
                "    return x - lr * m / (np.sqrt(v) + eps), m, v, t + 1",
                "trusted": "def trusted(x, u, *, lr):\n"
                "    return x - lr * np.linalg.norm(x) / max(np.linalg.norm(u), 1e-12) * u",
            },
            {"adagrad": 0.82, "adam": 1.04, "trusted": 1.14},
        ),
        "the library's Adam, one slip left, half-lives of small rates, nan taken for the lowest": (
            {
                "adam": "adam_step = adam",
                "bugs-mended": "def adamw_step(x, g, m=0.0, v=0.0, t=0, *, "
                "lr, b1=0.9, b2=0.999, eps=1e-8, decay=0.01):\n"
                "    t, m, v = t + 1, b1 * m + (1 - b1) * g, b2 * v + (1 - b2) * g * g\n"
                "    below = np.sqrt(v / (1 - b2**t) + eps)\n"
                "    return (1 - lr * decay) * x - lr * m / (1 - b1**t) / below, m, v, t",
                "decay-alone": "def half_life(lr, decay):\n    return np.log(2) / (lr * decay)\n\n\n"
                "def decay_for(lr, steps, share):\n    return 1 - share ** (1 / steps)",
                "tuned": "def tuned(method, f, start, steps, rates):\n"
                "    ends = f(end(method, f, start, steps, lr=rates))\n    best = np.argmin(ends)\n"
                "    return rates[best], ends[best], 0 < best < len(rates) - 1",
                "verdict": "ratio = 4969.0",
            },
            {"adam": 0, "adamw": 1.19, "half-life": 0, "decay-for": 0, "tuned": 1.33},
        ),
    },
    "06_saddle_points": {
        "else a saddle, a wait that never ends, no floor": (
            {
                "kind": "def kind(H, tolerance=1e-8):\n    values = np.linalg.eigvalsh(H)\n"
                "    if np.all(values > tolerance):\n        return 'minimum'\n"
                "    return 'maximum' if np.all(values < -tolerance) else 'saddle'",
                "noise": "def noisy_step(x, g, wait=0, *, lr, quiet, sigma, pause, rng):\n    x = x - lr * g\n"
                "    if wait == 0 and np.linalg.norm(g) < quiet:\n"
                "        return x + sigma * rng.standard_normal(x.shape), pause\n    return x, wait",
                "newton": "def saddle_free_step(x, g, H, *, lr=1.0, floor=0.1):\n    values, Q = np.linalg.eigh(H)\n"
                "    return x - lr * Q @ ((Q.T @ g) / np.abs(values))",
            },
            {"kind": 1.09, "noise": 1.94, "newton": 1.71},
        ),
        "the library's word, a step short, a saddle that is no trap, the step as found": (
            {
                "kind": "kind = curvature.critical_kind",
                "escape": "def strict_steps(H, x, lr):\n    values, Q = np.linalg.eigh(H)\n"
                "    return int(-np.log(abs(Q[:, 0] @ x)) / np.log(1 - lr * values[0]))\n\n\n"
                "def flat_steps(r, p, lr):\n    return (1 / r - 1) / lr",
                "climb": "downhill = direction_as_found",
                "made-trap": "def trap(p):\n    return surfaces.monkey_saddle(p), surfaces.monkey_saddle.grad(p)",
            },
            {"kind": 0, "strict": 0, "flat": 1, "climb": 0, "trap": 0.59},
        ),
    },
    "07_conditioning": {
        "a mean over n - 1, no refusal, a place of throwing too far out": (
            {
                "whiten": "def whiten(train, new):\n    values, Q = np.linalg.eigh(np.cov(train.T))\n"
                "    return (new - train.mean(axis=0)) @ (Q / np.sqrt(values))",
                "bfgs": "def update(B, s, y):\n    left = np.eye(len(s)) - np.outer(s, y) / (s @ y)\n"
                "    return left @ B @ left.T + np.outer(s, s) / (s @ y)",
                "counter": "a = np.linspace(-1, 1, 50)\ncolumns = np.stack([a, a + 1e-3 * np.cos(99 * a)], axis=1)\n"
                "slope = np.arctan\n\n\ndef bend(x):\n    return 1 / (1 + x * x)",
            },
            {"whiten": 0, "update": 2.18, "thrower": 0.75},
        ),
        "a forward difference, the library's iteration, no stop, the diagonal alone": (
            {
                "hessian-product": "def product(grad, x, v, h=1e-5):\n    return (grad(x + h * v) - grad(x)) / h",
                "power-iteration": "def power_iteration(product, start, steps):\n"
                "    return curvature.power_iteration(product, start, steps)[0]",
                "cg": "def conjugate_gradients(H, b, x, steps):\n    g = H @ x - b\n    p = -g\n"
                "    for _ in range(steps):\n        x = x - g @ p / (p @ H @ p) * p\n        new = H @ x - b\n"
                "        p, g = new @ new / (g @ g) * p - new, new\n    return x",
                "change": "def slope_in_z(grad, A, z):\n    return A @ grad(A @ z)\n\n\n"
                "def rounding(H):\n    return np.diag(np.diag(H) ** -0.5)",
            },
            {"product": 0, "power": 0, "conjugate": 1.45, "slope-in-z": 0.4, "rounding": 0.4},
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


@cache
def key_text(unit):
    return variant(ROOT / "solutions" / f"{unit}.ipynb", "1")[1]


def key_of(unit, folder):
    """The path of a variant's key."""
    key = folder / f"{unit}.ipynb"
    key.write_text(key_text(unit), encoding="utf-8")
    return key


@pytest.mark.parametrize("unit", VARIED)
def test_the_key_of_a_variant_has_full_marks_and_differs_in_three_exercises(unit, tmp_path):
    key = key_of(unit, tmp_path)
    marks = [mark for mark in grade_one(key, key)["marks"] if mark["check"]]
    assert {mark["check"]: mark["note"] for mark in marks if mark["marks"] != mark["points"]} == {}
    assert len(differing(unit, unit_of(key))) >= 3


def differing(unit, sheet):
    """The checks of the exercises that a variant changes."""
    table = variants.table(unit)
    answers = {cell.check: makers(cell, sheet) for cell in sheet.cells if cell.check in table["KEYED"]}
    return {name for name, parts in answers.items() if any(part.id in table["CELLS"] for part in parts)}


@pytest.mark.parametrize("unit", VARIED[::4])  # each takes the way of all
def test_the_answers_of_the_open_sheet_are_not_those_of_a_variant(unit, tmp_path):
    key = key_of(unit, tmp_path)
    marks = [mark for mark in grade_one(ROOT / "solutions" / f"{unit}.ipynb", key)["marks"] if mark["check"]]
    lost = {mark["check"] for mark in marks if mark["marks"] != mark["points"]}
    assert lost == differing(unit, unit_of(key))


RELATED = {  # unit -> what calls a function of the library that does the same under another name: cell, source, check
    "00_race_first": ("step", "def step(x, g, *, lr):\n    return momentum(x, g, lr=lr, beta=0.0)[:1]", "step"),
    "02_gradients": (
        "walk",
        "def walk(grad, start, steps, lr):\n"
        "    hill = surfaces.Surface('f', lambda p: p[0], grad, start, [(-9, 9)] * len(start))\n"
        "    return descend(gd, hill, start, steps, lr=lr)",
        "walk",
    ),
    "03_sgd_variants": (
        "epoch",
        "def epoch(n, size, rng):\n    batches = problems.least_squares(np.eye(n), np.ones(n)).batches(size, rng)\n"
        "    return [batches.rows() for _ in range(0, n, size)]",
        "epoch",
    ),
    "05_adaptive_methods": (
        "adam",
        "def adam_step(x, g, m=0.0, v=0.0, t=0, *, lr, b1=0.9, b2=0.999, eps=1e-8):\n"
        "    x, m, v, _, t = amsgrad(x, g, m, v, 0.0, t, lr=lr, b1=b1, b2=b2, eps=eps)\n    return x, m, v, t",
        "adam",
    ),
    "06_saddle_points": (
        "newton",
        "from types import SimpleNamespace\ndef saddle_free_step(x, g, H, *, lr=1.0, floor=0.1):\n"
        "    return curvature.saddle_free_newton(SimpleNamespace(hess=lambda x: H))(x, g, lr=lr)[0]",
        "saddle_free_step",
    ),
    "07_conditioning": (
        "cg",
        "def conjugate_gradients(H, b, x, lines):\n    f, low = surfaces.quadratic_form(H), np.linalg.solve(H, b)\n"
        "    return descend(curvature.conjugate_gradients(f), f, x - low, lines)[:, -1] + low",
        "conjugate",
    ),
}


@pytest.mark.parametrize("unit", RELATED)
def test_what_only_calls_a_relative_in_the_library_earns_nothing(unit, tmp_path):
    name, source, check = RELATED[unit]
    nb = json.loads((ROOT / "solutions" / f"{unit}.ipynb").read_text(encoding="utf-8"))
    next(cell for cell in nb["cells"] if cell["id"] == name)["source"] = source
    (tmp_path / f"{unit}.ipynb").write_text(json.dumps(nb), encoding="utf-8")
    marks = {mark["check"]: mark for mark in grade_one(tmp_path / f"{unit}.ipynb", unit)["marks"]}
    assert marks[check]["marks"] == 0
    assert "library's function" in marks[check]["note"]
    others = [mark for mark in marks.values() if mark["check"] not in (check, "")]
    assert not [mark for mark in others if mark["note"] or mark["marks"] != mark["points"]]
