"""paper.md, for a journal of teaching: its head is whole, and what it says of the course is so."""

import re
from pathlib import Path

import yaml

from tools import claims

ROOT = Path(__file__).parents[1]
_, HEAD, TEXT = (ROOT / "paper.md").read_text(encoding="utf-8").split("---\n", 2)


def test_the_head_is_what_the_journal_reads():
    head = yaml.safe_load(HEAD)
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert head["title"] == cited["title"]
    assert {author["affiliation"] for author in head["authors"]} <= {place["index"] for place in head["affiliations"]}
    assert all(author["name"] and author["orcid"] for author in head["authors"])
    assert (ROOT / head["bibliography"]).is_file()
    assert head["date"]
    assert head["tags"]


def test_each_part_that_a_reviewer_looks_for_is_there():
    parts = re.findall(r"^# (.+)$", TEXT, re.M)
    assert parts == [
        "Summary", "Statement of need", "Learning objectives", "Content", "Instructional design",
        "How others can adopt it", "Experience of use", "References",
    ]  # fmt: skip
    assert 750 <= len(TEXT.split()) <= 1750


def test_what_it_says_of_the_course_is_so():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    minutes = [int(row) for row in re.findall(r"^\| \d\d \| \[.*?\) *:?[^|]*\| (\d+) \|", readme, re.M)]
    assert len(minutes) == 12
    assert "twelve lessons" in TEXT
    assert 45 <= min(minutes) <= max(minutes) <= 150, "from three quarters of an hour to two and a half"
    said = {claim["says"].rstrip(".") for claim in claims.ledger()}
    assert len(said) > 90
    assert "More than ninety sentences" in TEXT
    assert set(re.findall(r'"([A-Z][^"]+)"', TEXT)) <= said
    numbers = re.findall(r"\((\d\d)\)", TEXT)
    assert numbers == sorted(path.name[:2] for path in (ROOT / "notebooks").glob("*.ipynb"))
    live = (ROOT / "course_lib" / "live").glob("lesson*.py")
    assert sorted(path.stem.removeprefix("lesson") for path in live) == numbers
