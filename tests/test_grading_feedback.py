"""What a learner gets back: everything that helps, nothing that gives away, and nothing that runs."""

import re
from html.parser import HTMLParser

import pytest

from course_lib.grading import feedback
from course_lib.grading.formulas import typeset
from course_lib.grading.read import EXERCISES
from course_lib.grading.unit import blank_mark, graded, unit_of

OURS = unit_of("04_momentum")
EVIL = "<script>alert('x')</script><img src=x onerror=alert(1)>\"'>&amp;{title}%s"


def mark(cell, state="graded", share=1.0, **changed):
    given = {"state": state, "marks": None if state in ("by hand", "needs a person") else cell.points * share}
    return blank_mark(cell, OURS) | given | changed


def result(cells, **changed):
    return {
        "learner": "anna",
        "unit": "04_momentum",
        "state": "graded",
        "reasons": [],
        "marks": cells,
        "texts": {},
    } | changed


class Page(HTMLParser):
    """The tags of a page with their attributes, and its text."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.text, self.attributes = [], "", []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.attributes += attributes

    def handle_data(self, data):
        self.text += data


def test_what_was_right_what_failed_and_where_to_read_again():
    cell = graded(OURS)[0]
    tried = [{"says": "it forgets what is old", "held": True}, {"says": "it is corrected", "held": False}]
    page = Page(feedback.page(result([mark(cell, share=0.5, properties=tried, section="2. A memory")]), {}))
    assert "1 of 2 points." in page.text
    assert "4.1 A running mean and its slow start" in page.text
    assert re.search("✓\\s+it forgets what is old", page.text)
    assert re.search("✗\\s+it is corrected", page.text)
    assert "Read again: 2. A memory" in page.text


def test_who_has_all_is_sent_nowhere():
    cell = graded(OURS)[0]
    assert "Read again" not in feedback.page(result([mark(cell, section="2. A memory")]), {})


@pytest.mark.parametrize(("state", "words"), [
    ("blank", "Still blank."), ("by hand", "A person reads this one"), ("needs a person", "a person looks at it"),
])  # fmt: skip
def test_every_state_is_said(state, words):
    cell = graded(OURS)[0]
    page = Page(feedback.page(result([mark(cell, state, 0.0)]), {}))
    assert words in page.text
    assert ("open of 2" in page.text) == (state != "blank")


def test_nothing_of_a_learner_runs_wherever_it_stands():
    cell = graded(OURS)[0]
    one = mark(cell, note=EVIL, section=EVIL, share=0.5, properties=[{"says": EVIL, "held": False}], title=EVIL)
    text = feedback.page(result([one], learner=EVIL, reasons=[EVIL], texts={cell.id: EVIL}), {})
    page = Page(text)
    assert not {"script", "img", "iframe", "a", "link"} & set(page.tags)
    assert not any(name.startswith("on") or name in ("src", "href") for name, _ in page.attributes)
    assert page.text.count(EVIL) == 7 + 1, "the title stands twice"
    assert ("http-equiv", "Content-Security-Policy") in page.attributes
    assert ("content", "default-src 'none'; style-src 'unsafe-inline'") in page.attributes


@pytest.mark.parametrize("text", ["\udcff", "\x00", "\u202e", "ü"])
def test_any_character_can_be_written(text):
    feedback.page(result([], learner=text, reasons=[text]), {}).encode("utf-8")


def test_a_file_that_cannot_be_read_is_no_zero():
    page = Page(feedback.page(result([], state="needs a person", reasons=["The file is empty."]), {}))
    assert "The file is empty." in page.text
    assert "0 of" not in page.text


def test_what_is_true_of_all_is_said_once():
    reason = "The file is empty."
    cells = [mark(cell, "needs a person", note=reason) for cell in graded(OURS)]
    page = Page(feedback.page(result(cells, state="needs a person", reasons=[reason]), {}))
    assert page.text.count(reason) == 1
    assert page.text.count("a person looks at it") == 1
    assert page.text.count("open of") == len(cells)


# Formulas


@pytest.mark.parametrize("path", sorted(EXERCISES.glob("*.ipynb")), ids=lambda path: path.stem)
def test_what_a_proof_is_about_stands_above_it_with_every_formula_set(path):
    unit = unit_of(path.stem)
    tasks, texts = feedback.tasks(unit), [cell for cell in unit.cells if cell.kind == "text"]
    assert set(tasks) == {cell.id for cell in texts}
    for cell in texts:
        before = unit.cells[unit.cells.index(cell) - 1].source
        page = Page(tasks[cell.id])
        formulas = [f"${formula}$" for formula in re.findall(r"\$(.+?)\$", before)]
        assert [value for name, value in page.attributes if name == "aria-label"] == formulas
        assert page.tags.count("svg") == page.tags.count("path") == len(formulas)
        assert "$" not in page.text
        assert page.text.split()[-3:] == before.split()[-3:]


def test_the_task_stands_on_the_page_and_a_learners_formulas_are_not_set():
    cell = next(cell for cell in OURS.cells if cell.kind == "text")
    tasks, text = feedback.tasks(OURS), r"Since $\beta < 1$ it ends."
    page = feedback.page(result([mark(cell, "by hand")], texts={cell.id: text}), tasks)
    assert tasks[cell.id] in page
    assert page.index(tasks[cell.id]) < page.index(r"<pre>Since $\beta &lt; 1$ it ends.</pre>")
    assert Page(page).tags.count("svg") == Page(tasks[cell.id]).tags.count("svg") == 1
    assert not {"script", "img", "iframe", "a", "link"} & set(Page(page).tags)


@pytest.mark.parametrize("formula", [r"\frac{\eta}{\overline{x}}", r"\sqrt{\eta\lambda}", "x^2", r"\delta I"])
def test_a_drawing_is_as_large_as_the_formula(formula):
    page = Page(typeset(f"${formula}$"))
    given = dict(page.attributes)
    left, top, width, height = map(float, given["viewbox"].split())
    numbers = [float(word) for word in re.findall(r"-?\d+", given["d"])]
    assert len(numbers) > 20
    xs, ys = numbers[::2], numbers[1::2]
    assert left - 5 <= min(xs) < max(xs) <= left + width + 5
    assert top - 5 <= min(ys) < max(ys) <= top + height + 5


@pytest.mark.parametrize("words", [r"$\begin{pmatrix}1\end{pmatrix}$", r"$\nothing$", "$x", "3$ and $$", r"\$5", "<b>"])
def test_what_is_no_formula_or_cannot_be_set_stays_text(words):
    page = Page(typeset(words))
    assert (page.tags, page.text) == ([], words)


def test_words_between_stars_are_strong():
    assert typeset("**Prove** & show") == "<strong>Prove</strong> &amp; show"
