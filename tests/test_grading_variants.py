"""Private variants: drawn from a seed, right by their own oracles, silent about their answers."""

import json
import re

import numpy as np
import pytest

from course_lib.grading import read, variants
from course_lib.grading.__main__ import main, solution
from course_lib.grading.release import variant
from course_lib.sheets import momentum

pytestmark = pytest.mark.slow
UNIT = "04_momentum"
SEEDS = [f"seed {i}" for i in range(40)]
KEYED = variants.table(UNIT)["KEYED"]
CELLS = json.loads(solution(UNIT).read_text(encoding="utf-8"))["cells"]


def answers(seed):
    """{name of a check: the varied solution's answer}, from its answer cells run one after the other, and p."""
    p, space = variants.drawn(UNIT, seed), {}
    cells = variants.varied(CELLS, UNIT, p)
    for cell in cells:
        name = cell["metadata"].get("nbgrader", {}).get("grade_id", cell["id"])
        if cell["cell_type"] == "code" and name in {
            "imports",
            "ema",
            "heavy-ball",
            "guesses",
            "parsons",
            "cycle-search",
        }:
            exec("".join(cell["source"]), space)
    return {name: eval(what, space) for name, what in map(variants.checked, cells) if name and what in space}, p


@pytest.mark.parametrize("seed", SEEDS[:4])
def test_the_varied_solution_is_right_and_the_open_one_is_not(seed):
    """Told by oracles of their own: weights, matrices, closed forms, the open sheet's checks."""
    given, p = answers(seed)
    judged = {name: KEYED[name].judged(given[name], p) for name in given if name in KEYED}
    assert {"ema", "heavy_ball", "full_speed", "proof", "cycle"} <= set(judged)
    for name, properties in judged.items():
        assert all(one.holds(given[name], np.random.default_rng(i)) for i, one in enumerate(properties)), name
    plain = {name: getattr(momentum, name).right for name in ("heavy_ball", "ema", "full_speed", "cycle")}
    for name, answer in plain.items():
        assert not all(held(one, answer) for one in judged[name]), name


def held(one, answer):
    try:
        return one.holds(answer, np.random.default_rng(1))
    except Exception:
        return False


def test_seeds_differ():
    assert len({json.dumps(variants.drawn(UNIT, seed)) for seed in SEEDS}) == len(SEEDS)


@pytest.fixture(scope="module")
def made():
    sheet, key, told = variant(solution(UNIT), "a seed that nobody knows")
    return json.loads(sheet), json.loads(key), told


def test_the_sheet_holds_no_answer_and_the_key_holds_all(made):
    sheet, key, _ = made
    text = json.dumps(sheet, ensure_ascii=False)
    known = key["metadata"]["variant"]
    assert "BEGIN SOLUTION" not in text
    assert "variant" not in sheet["metadata"]
    assert known["seed"] not in text
    assert known["parameters"]["proof"] not in text
    assert "Hint 1" not in text
    assert "solution-only" not in text
    assert known["cells"] == sheet["cells"]
    assert set(known["answers"]) == {"full_speed", "edge", "times", "measured_beta", "per_step"}
    p = known["parameters"]
    assert known["answers"]["edge"] == pytest.approx(2 * (1 + p["edge_beta"]) / p["edge_curvature"])
    assert known["answers"]["full_speed"] == pytest.approx(p["speed_rate"] / (1 - p["speed_beta"]))
    assert known["answers"]["times"] == pytest.approx((p["long"] / p["short"]) ** 0.5)
    assert known["answers"]["per_step"] == pytest.approx(p["ripple_beta"] ** 0.5, abs=0.01)
    assert not [
        output for cell in key["cells"] for output in cell.get("outputs", []) if output["output_type"] == "error"
    ]


def test_no_check_in_the_sheet_judges_by_the_open_numbers(made):
    sheet, _, told = made
    for name, _ in map(variants.checked, sheet["cells"]):
        source = next("".join(c["source"]) for c in sheet["cells"] if variants.checked(c)[0] == name)
        assert source.startswith("kept." if name in KEYED else "check.") or not name
    others = [cell for cell in sheet["cells"] if not variants.checked(cell)[0]]
    judging = {found for cell in others for found in re.findall(r"check\.(\w+)\.report", "".join(cell["source"]))}
    assert not judging & set(KEYED), "nor does a figure wait for one"
    assert "check-ema: the exercise itself" in told
    assert "check-rate: hidden inputs only" in told
    assert len(told) == sum(cell["metadata"].get("nbgrader", {}).get("grade", False) for cell in CELLS)


def test_the_grader_reads_the_sheet_from_the_key(made, tmp_path):
    path = tmp_path / f"{UNIT}.ipynb"
    path.write_text(json.dumps(made[1]))
    assert [cell.check for cell in read.sheet(path) if cell.check] == [
        name for name, _ in map(variants.checked, CELLS) if name
    ]
    assert set(variants.hidden(path)) == set(KEYED)
    assert variants.hidden(read.path_of(UNIT)) == {}


def test_a_template_says_what_stands_there_and_what_comes_in_its_place():
    rule = [r"\eta = {rate:0.1}$ and {rate:0.1}", ("at", "of {rate}")]
    assert variants.rewritten(r"$\eta = 0.1$ and 0.1, at", "x", rule, {"rate": 3}) == r"$\eta = 3$ and 3, of 3"


def test_a_table_must_follow_its_sheet():
    with pytest.raises(ValueError, match="exactly once"):
        variants.rewritten("no such words", "ema", [("words that went", "{x}")], {"x": 1})
    with pytest.raises(ValueError, match="not there"):
        variants.varied([cell for cell in CELLS if cell["id"] != "guesses"], UNIT, variants.drawn(UNIT, "s"))


def test_a_sheet_without_a_table_varies_in_its_hidden_inputs():
    cells = json.loads(solution("03_sgd_variants").read_text(encoding="utf-8"))["cells"]
    kept = variants.keeping(variants.varied(cells, "99_other", {}), "99_other")
    told = list(variants.what_varies(kept, "99_other"))
    assert told
    assert not any("itself" in line for line in told)
    assert not any("kept" in variants.checked(cell)[0] for cell in kept)


def test_make_keeps_sheet_and_key_apart(tmp_path, monkeypatch, made, capsys):
    monkeypatch.setattr(
        "course_lib.grading.release.variant", lambda path, seed: (json.dumps(made[0]), json.dumps(made[1]), made[2])
    )
    assert main(["make", UNIT, "--seed", "s", "--out", str(tmp_path)]) == 0
    assert sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.ipynb")) == [
        f"keys/{UNIT}.ipynb", f"sheets/{UNIT}.ipynb"]  # fmt: skip
    assert "check-edge: the exercise itself" in capsys.readouterr().out
