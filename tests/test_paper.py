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
    """The course may grow beyond what the paper tells of it."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    minutes = {number: int(told) for number, told in re.findall(r"^\| (\d\d) \| \[.*?\| (\d+) \|", readme, re.M)}
    numbers = re.findall(r"\((\d\d)\)", TEXT)
    assert len(numbers) == 12, "twelve lessons"
    times = [minutes[number] for number in numbers]
    assert 45 <= min(times) <= max(times) <= 150, "from three quarters of an hour to two and a half"
    assert all((ROOT / "course_lib" / "live" / f"lesson{number}.py").is_file() for number in numbers)
    said = {claim["says"].rstrip(".") for claim in claims.ledger()}
    assert len(said) > 90, "more than ninety"
    assert set(re.findall(r'"([A-Z][^"]+)"', TEXT)) <= said
