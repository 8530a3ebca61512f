"""Sheet 11: its other right and wrong answers, and what ties its right answers to the library and to runs."""

import json
from math import comb
from pathlib import Path

import numpy as np
import pytest

from course_lib import choosing
from course_lib.descent import descend
from course_lib.grading import variants
from course_lib.optimizers import adam, gd, momentum
from course_lib.sheets import choosing as sheet

SOLUTION = Path(__file__).parents[1] / "solutions" / "11_choosing.ipynb"
CELLS = json.loads(SOLUTION.read_text(encoding="utf-8"))["cells"]
TASKS = {cell["id"]: "".join(cell["source"]) for cell in CELLS}


def by_counting(scores, k):
    s, n = np.sort(scores), len(scores)
    return sum(comb(n - 1 - i, k - 1) * s[i] for i in range(n)) / comb(n, k)


def by_hand(a, b, t):
    n, mean = len(a), sum(a - b) / len(a)
    half = t * np.sqrt(sum((a - b - mean) ** 2) / (n - 1) / n)
    return [mean - half, mean + half]


def by_sorting(values):
    left = list(range(len(values[0])))
    for look in values[:-1]:
        left = sorted(left, key=lambda k: look[k])[: -(-len(left) // 2)]
    return min(left, key=lambda k: values[-1][k])


ALSO = {
    "proof": ["gcebfadh", list("GCEBFADH"), "G, C, E, B, F, A, D, H"],
    "best_of": [choosing.expected_best, by_counting],
    "of_difference": [by_hand],
    "twin_rate": [lambda lr, beta, eps: lambda t: lr * eps * sum(beta**k for k in range(t + 1))],
    "halve": [lambda values: choosing.halving(values)[0], by_sorting],
    "erring": [np.array([[0.3, 2.0], [0.01, 0.05]]), ((0.5, 60.0), (0.01, 0.01))],
    "steered": [
        lambda x, g, last, rate, *, speed: [x - (rate + speed * (g @ last)) * g, g, rate + speed * (g @ last)],
        lambda x, g, last, rate, *, speed: choosing.hypergradient(x, g, last, rate, lr=0.0, speed=speed),
    ],
    "missed": ["DB", "bd", ["B", "D"], {"B", "D"}],
    "diagnoses": ["cfadbe", list("CFADBE"), "C, F, A, D, B, E"],
}  # fmt: skip

WRONG = {
    "honest": [(88.31, "too large")],
    "runs": [(22.5, "too large")],
    "erring": [
        ((1.0, 2.0), "Two pairs are meant"),
        (((0.1, 1.0), (0.0, 0.05)), "are to be above 0"),
        (((0.1, 0.05), (0.001, 1.0)), "it is not kept"),
        (((0.1, 1.0), (0.011, 0.05)), "less than ten times as high"),
    ],
    "missed": [("B", "For each point try weights"), ("AX", "Letters from A to F are meant")],
    "diagnoses": [
        ("ABC", "Six letters from A to G"),
        ("XXXXXX", "Six letters from A to G"),
        ("AFADBE", "Not so patient 1: every single gradient was clipped"),
        ("CEADBE", "Not so patient 2: after the first epoch its unseen loss"),
        ("CFCDBE", "Not so patient 3: its steps are a fiftieth"),
        ("CFAGBE", "Not so patient 4: both losses stop"),
        ("CFADGE", "Not so patient 5: its weights have grown"),
        ("CFADBF", "Not so patient 6: its training loss is all but 0"),
    ],
    "entry": [
        (adam, "Three things are meant"),
        ((adam, {"lr": 0.05}), "Three things are meant"),
        ((adam, 0.05, 2.0), "Three things are meant"),
        ((gd, {"lr": 0.1}, 0.8), "less than 2.1 points"),
        ((lambda x, g, *, lr: (x / 2,), {"lr": 1.0}, 0.0), "less than 2.1 points"),
        ((adam, sheet.entry.passes[1], 4.0), "The forecast is off"),
    ],
}


def test_the_trials_are_the_fewest():
    assert 0.9**29 <= 0.05 < 0.9**28
    assert 0.32 < 0.9**10 < 0.36  # "in a third of the searches"


def test_no_weight_chooses_b_or_d_and_nothing_beats_them():
    points = np.array([[0, 1], [0.3, 0.8], [0.45, 0.45], [0.8, 0.3], [1, 0], [0.6, 0.6]])
    w = np.linspace(0, 1, 10_001)
    chosen = set(np.argmin(points @ np.stack((w, 1 - w)), axis=0))
    assert chosen == {0, 2, 4}
    front = [k for k, p in enumerate(points) if not (points < p).all(axis=1).any()]
    assert front == [0, 1, 2, 3, 4]
    assert "".join("ABCDEF"[k] for k in front if k not in chosen) == sheet.HIDDEN


def test_so_many_runs_have_the_better_method_ahead_in_95_of_100():
    rng = np.random.default_rng(11)
    a, b = (mean + 0.8 * rng.standard_normal((20_000, 22)).mean(axis=1) for mean in (0.4, 0.0))
    assert np.mean(a > b) == pytest.approx(0.952, abs=0.006)


def test_the_interval_holds_the_true_difference_in_95_of_100():
    rng, held = np.random.default_rng(11), 0
    for _ in range(2000):
        seeds = 3 * rng.normal(size=8)
        low, high = sheet.of_difference.right(1 + seeds + rng.normal(size=8), seeds + rng.normal(size=8), 2.365)
        held += low < 1 < high
    assert held / 2000 == pytest.approx(0.95, abs=0.015)


def test_the_rate_is_the_one_at_which_the_twin_walks_the_same_path():
    bowl, start = choosing.bowl(4, 50, np.random.default_rng(11)), np.ones(4)
    ball = descend(momentum, bowl, start, 60, lr=0.7, beta=0.6)
    twin = descend(adam, bowl, start, 60, lr=sheet.twin_rate.right(0.7, 0.6, 1e10), b1=0.6, eps=1e10)
    np.testing.assert_allclose(twin, ball, rtol=0, atol=1e-8)


def rows(source):
    """{first column: the others} of the table in a task."""
    lines = [line for line in source.splitlines() if line.startswith("| ")]
    return {
        name.strip(): [part.strip() for part in parts] for name, *parts in (row.strip("|").split("|") for row in lines)
    }


def test_the_patients_of_the_table_are_those_of_the_clinic():
    """As printed; of those whose paths swing it is asked whether they show what they are told by."""
    table = rows(TASKS["clinic-task"])
    healthy = choosing.clinic(3)
    for k, letter in enumerate(sheet.FOUND, 1):
        name = sheet.AILMENTS[letter][0]
        run = choosing.clinic(3, **choosing.DISEASES[name])
        losses, others = table[str(k)][:2], map(float, table[str(k)][2:])
        printed = [float(part) for loss in losses for part in loss.split(" → ")]
        measured = [run[which][at] for which in ("training loss", "unseen loss") for at in (0, -1)]
        signs = [run["step"][0], *(run[sign][-1] for sign in ("dead", "rank", "weights", "clipped"))]
        if name not in ("rate too high", "wrong labels"):
            np.testing.assert_allclose(printed, measured, rtol=0.1, atol=0.001, err_msg=name)
            np.testing.assert_allclose(list(others), signs, rtol=0.12, atol=0.03, err_msg=name)
        if name == "wrong labels":
            assert measured[2] < measured[0]
            assert measured[3] > measured[1]
        if name == "rate too high":
            assert run["weights"][-1] > 2 * healthy["weights"][-1]
            assert run["dead"][-1] > 0.5
    assert float(table["3"][2]) < float(table["healthy"][2]) / 50
    printed = [float(part) for loss in table["healthy"][:2] for part in loss.split(" → ")]
    assert [healthy["training loss"][0], healthy["unseen loss"][0]] == pytest.approx(printed[::2], rel=0.1)
    assert healthy["training loss"][-1] < 0.1


def test_units_that_began_alike_have_rank_1():
    assert choosing.clinic(3, **choosing.DISEASES["units alike"])["rank"] == pytest.approx(1, abs=0.01)


@pytest.mark.parametrize("seed", [f"seed {i}" for i in range(20)])
def test_the_numbers_of_a_variant_make_good_exercises(seed):
    p = variants.drawn("11_choosing", seed)
    tasks = {cell["id"]: "".join(cell["source"]) for cell in variants.varied(CELLS, "11_choosing", p)}
    assert sorted(p["lines"]) == list("ABCDEFGH")
    assert p["percent"] != 10
    assert p["gap"] != 0.4
    accuracies = rows(tasks["honest-task"])
    best = max((numbers for name, numbers in accuracies.items() if name[0] == "0"), key=lambda row: float(row[1]))
    assert float(best[2]) == p["reported"]
    assert max(float(row[2]) for name, row in accuracies.items() if name[0] == "0") == p["best"]
    front = rows(tasks["front-task"])
    points = np.array([front["error"], front["time"]], float).T
    w = np.linspace(0, 1, 1001)
    chosen = set(np.argmin(points @ np.stack((w, 1 - w)), axis=0))
    beaten = {k for k, one in enumerate(points) if (points < one).all(axis=1).any()}
    hidden = "".join("ABCDEF"[k] for k in range(6) if k not in chosen | beaten)
    assert hidden == p["hidden_networks"]
    assert sorted(sheet.of_the_open_sheet(hidden, p)) == list(sheet.HIDDEN)
    (judge,) = sheet.diagnoses.judged(None, p)
    assert judge.holds(p["found"], np.random.default_rng(0))
    patients, before = rows(tasks["clinic-task"]), rows(TASKS["clinic-task"])
    for bed, letter in enumerate(p["found"], 1):
        assert patients[str(bed)] == before[str(1 + sheet.FOUND.index(letter))]
