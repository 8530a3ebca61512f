"""The lessons as slides: each cell has its place, and the deck shows figures and questions without their code."""

import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from tools.slides import staged

ROOT = Path(__file__).parents[1]
LESSONS = sorted((ROOT / "notebooks").glob("*.ipynb"))
TYPES = {"slide", "subslide", "fragment", "notes", "skip"}


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda path: path.stem)
def test_each_cell_has_its_place_on_the_slides(lesson):
    cells = nbformat.read(lesson, as_version=4).cells
    types = [cell.metadata.get("slideshow", {}).get("slide_type") for cell in cells]
    assert set(types) <= TYPES
    assert types[0] == "slide"
    for cell, type_ in zip(cells, types):
        if cell.source.startswith("import "):
            assert type_ == "skip"
        if cell.cell_type == "markdown" and "\n## " in f"\n{cell.source}":
            assert type_ == "slide", cell.source
        if cell.source.startswith(("predict(", "ask(")):
            assert type_ in ("subslide", "fragment"), cell.source
            assert "hide-input" in cell.metadata.tags


def test_a_slide_type_that_an_author_chose_stays():
    cell = nbformat.v4.new_markdown_cell("An aside.", metadata={"slideshow": {"slide_type": "subslide"}})
    other = nbformat.v4.new_markdown_cell("An aside.")
    notebook = staged(nbformat.v4.new_notebook(cells=[cell, other]))
    assert [cell.metadata.slideshow.slide_type for cell in notebook.cells] == ["subslide", "notes"]


@pytest.mark.slow
def test_the_deck_of_a_lesson_can_be_made(tmp_path):
    command = [sys.executable, "-m", "nbconvert", "--config", "tools/deck/slides.json", "--to", "slides"]
    subprocess.run([*command, "--output-dir", tmp_path, LESSONS[0]], cwd=ROOT, check=True, capture_output=True)
    deck = (tmp_path / f"{LESSONS[0].stem}.slides.html").read_text(encoding="utf-8")
    cells = nbformat.read(LESSONS[0], as_version=4).cells
    heads = [cell for cell in cells if cell.metadata.slideshow.slide_type in ("slide", "subslide")]
    slides = [cell for cell in cells if cell.metadata.slideshow.slide_type == "slide"]
    assert deck.count("<section") == len(heads) + len(slides)
    assert "Predict." in deck
    assert "predict(" not in deck
    assert '<aside class="notes">' in deck
    folds = sum(cell.source.count("<details>") for cell in cells)
    assert deck.count('<details open=""><summary>What it shows') == folds > 0
