"""Every claim of the ledger is measured in its lesson, and every number measured there is in the ledger."""

import copy
import math
from collections import Counter

import pytest

from tools import claims

LEDGER = claims.ledger()
FIELDS = {"number": int, "lesson": str, "says": str, "truth": str, "source": str, "measured": dict}


def disagreements(claim, printed):
    """What of a claim's entry and of what its cells printed does not agree, a line each."""
    found = []
    for label, expected in claim["measured"].items():
        if label not in printed:
            found.append(f"not measured: {label}")
            continue
        if isinstance(expected, dict) and set(expected) == {"below"}:
            below = expected["below"]
            found += [f"{label}: below {below} in the ledger, measured {got}" for got in printed[label]
                      if isinstance(got, str) or not abs(got) < below]  # fmt: skip
            continue
        within = expected["within"] if isinstance(expected, dict) else 0
        wanted = expected["is"] if isinstance(expected, dict) else expected
        wanted = wanted if isinstance(wanted, list) else [wanted]
        if len(wanted) != len(printed[label]):
            found.append(f"{label}: {len(wanted)} numbers in the ledger, {len(printed[label])} measured")
        withins = within if isinstance(within, list) else [within] * len(wanted)
        found += [
            f"{label}: {want} within {near} in the ledger, measured {got}"
            for want, got, near in zip(wanted, printed[label], withins)
            if not agrees(want, got, near)
        ]
    return found


def agrees(want, got, within):
    if isinstance(want, str) or isinstance(got, str | int):  # words and counts are exact
        return type(want) is type(got) and want == got
    return math.isclose(want, got, rel_tol=0.0, abs_tol=within)


def ids(claim):
    return f"claim-{claim['number']}"


@pytest.mark.parametrize("claim", LEDGER, ids=ids)
def test_the_ledger_agrees_with_what_was_measured(claim):
    assert {name: type(claim.get(name)) for name in FIELDS} == FIELDS
    assert set(claim) == set(FIELDS)
    assert claim["measured"], "a claim is settled by a number"
    assert claims.cells(claim), "no cell of the lesson has the claim's tag"
    assert disagreements(claim, claims.printed(claims.output(claim))) == []


@pytest.mark.parametrize("claim", LEDGER, ids=ids)
def test_nothing_is_measured_that_is_not_in_the_ledger_once(claim):
    shared = set().union(*map(claims.tags, claims.cells(claim)))
    listed = Counter(label for other in LEDGER if ids(other) in shared for label in other["measured"])
    assert Counter(claims.printed(claims.output(claim)).keys()) == listed


def test_each_claim_is_in_the_ledger_once_and_in_one_lesson():
    entries = Counter(ids(claim) for claim in LEDGER)
    assert set(entries.values()) == {1}
    homes = {ids(claim): {claim["lesson"]} for claim in LEDGER}
    tagged = {}
    for path in (claims.ROOT / "notebooks").glob("*.ipynb"):
        for tag in set().union(*map(claims.tags, claims.lesson(path.stem).cells)):
            tagged.setdefault(tag, set()).add(path.stem)
    assert tagged == homes


def test_the_page_of_claims_is_made_from_the_ledger():
    assert (claims.ROOT / "CLAIMS.md").read_text(encoding="utf-8") == claims.page(LEDGER), "python -m tools.claims"


def test_what_a_cell_prints_is_read_as_it_is_meant():
    text = "after 1, 10 and 20 steps: 0.900, 1,375 steps, 4e-11\nsaddle at 0: 5, never, -1.802 m, inf\nshare: 13.5 %\n"
    printed = claims.printed(text)
    assert printed["after 1, 10 and 20 steps"] == [0.9, 1375, 4e-11]
    assert [type(value) for value in printed["after 1, 10 and 20 steps"]] == [float, int, float]
    assert printed["saddle at 0"] == [5, "never", -1.802, "inf"]
    assert printed["share"] == [13.5]


@pytest.mark.parametrize("text", ["no number here", "gd: 1\ngd: 2"])
def test_what_a_cell_prints_must_be_readable(text):
    with pytest.raises(ValueError, match=r"gd: 2|no number here"):
        claims.printed(text)


MEASURED = {"count": [49, "never"], "share": [0.135], "word": ["GD"], "ends": [4e-17, -7e-13, 0.0]}
ENTRY = {
    "measured": {
        "count": [49, "never"], "share": {"is": 0.1349, "within": 0.001}, "word": "GD", "ends": {"below": 1e-12}
    }
}  # fmt: skip


def test_an_entry_that_agrees():
    assert disagreements(ENTRY, MEASURED) == []


@pytest.mark.parametrize(
    ("label", "values"),
    [("count", [50, "never"]), ("count", [49]), ("count", [49, 446]), ("share", [0.1371]),
     ("share", [0.135, 0.1]), ("share", ["inf"]), ("word", ["EMA"]), ("share", None),
     ("ends", [2e-12]), ("ends", [0.0, -2e-12]), ("ends", ["0"]), ("ends", [math.nan]), ("ends", None)],
)  # fmt: skip
def test_an_entry_that_disagrees(label, values):
    measured = copy.deepcopy(MEASURED) | {label: values}
    if values is None:
        del measured[label]
    (found,) = disagreements(ENTRY, measured)
    assert label in found


def test_a_tolerance_does_not_soften_a_count():
    assert disagreements({"measured": {"count": {"is": 49, "within": 2}}}, {"count": [50]})
