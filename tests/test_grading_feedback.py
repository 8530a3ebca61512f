"""What a learner gets back: everything that helps, nothing that gives away, and nothing that runs."""

import json
import re
import time
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib.grading import feedback
from course_lib.grading.formulas import FORMULAS, typeset
from course_lib.grading.read import EXERCISES, TEXT
from course_lib.grading.results import blank_result
from course_lib.grading.unit import blank_mark, graded, unit_of

OURS = unit_of("04_momentum")
EVIL = "<script>alert('x')</script><img src=x onerror=alert(1)>\"'>&amp;{title}%s"


def mark(cell, state="graded", share=1.0, **changed):
    given = {"state": state, "marks": None if state in ("by hand", "needs a person") else cell.points * share}
    return blank_mark(cell, OURS) | given | changed


def result(cells, **changed):
    return blank_result("anna", "", "04_momentum") | {"marks": cells} | changed


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


MATHS = {"math", "mrow", "mi", "mn", "mo", "mtext", "mspace", "msub", "msup", "msubsup", "munder", "mover",
         "munderover", "mfrac", "msqrt", "mroot", "mtable", "mtr", "mtd"}  # fmt: skip
ATTRIBUTES = {"display", "mathvariant", "accent", "form", "lspace", "rspace", "stretchy", "movablelimits", "width",
              "style"}  # fmt: skip


def structure(formula):
    """What is between the outer tags of a formula's MathML, without attributes."""
    html = re.sub(r"<(\w+)[^>]*>", r"<\1>", typeset(f"${formula}$"))
    return re.fullmatch("<math><mrow>(.*)</mrow></math>", html)[1]


@pytest.mark.parametrize("folder", ["exercises", "solutions", "notebooks"])
def test_every_formula_of_the_course_can_be_set(folder):
    count = 0
    for path in (EXERCISES.parent / folder).glob("*.ipynb"):
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            if cell["cell_type"] == "markdown":
                for found in FORMULAS.finditer("".join(cell["source"])):
                    html = typeset(found[0])
                    assert html.startswith("<math"), found[0]
                    ElementTree.fromstring(html)
                    count += 1
    assert count > 700


@pytest.mark.parametrize(("formula", "html"), [
    ("x^2", "<msup><mi>x</mi><mrow><mn>2</mn></mrow></msup>"),
    (r"x_{t+1}", "<msub><mi>x</mi><mrow><mi>t</mi><mo>+</mo><mn>1</mn></mrow></msub>"),
    (r"x_t^12", "<msubsup><mi>x</mi><mi>t</mi><mrow><mn>1</mn></mrow></msubsup><mn>2</mn>"),
    (r"f'^2", "<msup><mi>f</mi><mrow><mo>′</mo><mn>2</mn></mrow></msup>"),
    (r"\frac12", "<mfrac><mn>1</mn><mn>2</mn></mfrac>"),
    (r"\frac{1}{12.5}", "<mfrac><mrow><mn>1</mn></mrow><mrow><mn>12.5</mn></mrow></mfrac>"),
    (r"\sqrt\beta", "<msqrt><mi>β</mi></msqrt>"),
    (r"\sqrt[3]{x}", "<mroot><mrow><mi>x</mi></mrow><mrow><mn>3</mn></mrow></mroot>"),
    (r"a\le b\ge0", "<mi>a</mi><mo>≤</mo><mi>b</mi><mo>≥</mo><mn>0</mn>"),
    (r"\lvert x\rvert<1", "<mo>|</mo><mi>x</mi><mo>|</mo><mo>&lt;</mo><mn>1</mn>"),
    (r"\big(x\big)", "<mo>(</mo><mi>x</mi><mo>)</mo>"),
    (r"\left.x\right\|", "<mrow><mrow><mi>x</mi></mrow><mo>‖</mo></mrow>"),
    (r"\max_i a", "<munder><mo>max</mo><mi>i</mi></munder><mi>a</mi>"),
    (r"\sum_1^n", "<munderover><mo>∑</mo><mn>1</mn><mrow><mi>n</mi></mrow></munderover>"),
    (r"\mathbb R^d", "<msup><mi>ℝ</mi><mrow><mi>d</mi></mrow></msup>"),
    (r"\text{if } \mathrm{a\_b}", "<mtext>if&#160;</mtext><mtext>a_b</mtext>"),
    (r"\hat{x}", "<mover><mrow><mi>x</mi></mrow><mo>^</mo></mover>"),
    (r"\begin{pmatrix}1&0\\0&1\end{pmatrix}",
     "<mrow><mo>(</mo><mtable><mtr><mtd><mrow><mn>1</mn></mrow></mtd><mtd><mrow><mn>0</mn></mrow></mtd></mtr><mtr><mtd>"
     "<mrow><mn>0</mn></mrow></mtd><mtd><mrow><mn>1</mn></mrow></mtd></mtr></mtable><mo>)</mo></mrow>"),
    (r"\binom nk", "<mrow><mo>(</mo><mfrac><mi>n</mi><mi>k</mi></mfrac><mo>)</mo></mrow>"),
    (r"k \bmod K", "<mi>k</mi><mo>mod</mo><mi>K</mi>"),
    (r"\begin{gathered}a\\[4pt]b\end{gathered}",
     "<mrow><mtable><mtr><mtd><mrow><mi>a</mi></mrow></mtd></mtr><mtr><mtd><mrow><mi>b</mi></mrow></mtd></mtr></mtable></mrow>"),
])  # fmt: skip
def test_a_formula_is_set_as_latex_means_it(formula, html):
    assert structure(formula) == html


def test_a_sign_of_a_number_is_told_from_one_between_two():
    assert '<mo form="prefix">−</mo>' in typeset("$x = -1$")
    assert '<mo form="prefix">−</mo>' in typeset("$(-1)$")
    assert '<mo form="prefix">' not in typeset("$x - 1$")


@pytest.mark.parametrize("words", [
    r"$\href{javascript:alert(1)}{x}$", r"$\class{a}{x}$", r"$\style{a}{x}$", r"$\def\x{x}$", r"$\nothing$", "$x", "$",
    "3$ and $$", r"\$5", "<b>", "$5 and 6 $", "${x$", "$x}$", r"$\frac1$", r"$\sqrt$", "$x^$", "$x^1^2$", "$x_1_2$",
    r"$\left(x$", r"$\left x\right)$", r"$\begin{pmatrix}1$", r"$\begin{script}1\end{script}$", "$a&b$", r"$a\\b$",
    r"$\begin{matrix}1\end{pmatrix}$", "$" + "{" * 200 + "}" * 200 + "$", "$\u202e$", "$\0$", r"$\text{\href}$",
    "$\\$",
])  # fmt: skip
def test_what_is_no_formula_or_holds_anything_unknown_stays_text(words):
    page = Page(typeset(words))
    assert (page.tags, page.text) == ([], words)


TOKENS = ["$", "$$", "\\", "{", "}", "<b>", ">", '"', "&", "^", "_", "'", " ", "\n", "x", "12", "é", "[", "]",
          r"\frac", r"\left(", r"\right)", r"\text{", r"\sqrt", r"\begin{matrix}", r"\end{matrix}", r"\\", r"\mathbb",
          r"\sum", r"\big|", r"\operatorname{", "onload="]  # fmt: skip


@given(st.lists(st.sampled_from(TOKENS)).map("".join).map("${}$".format) | st.text())
def test_whatever_is_written_only_maths_comes_of_it(words):
    page = Page(typeset(words))
    assert set(page.tags) <= MATHS
    assert {name for name, _ in page.attributes} <= ATTRIBUTES
    for maths in re.findall("<math.*?</math>", typeset(words)):
        ElementTree.fromstring(maths)


@pytest.mark.parametrize(
    "piece", ["$", "$x", "$$x", "$x$ ", "$" + "{" * 990 + "$", "$x" + "'" * 990 + "$", r"$\sqrt x$"]
)
def test_as_much_as_is_read_is_set_in_less_than_a_second(piece):
    words = piece * (TEXT // len(piece))
    began = time.process_time()
    html = typeset(words)
    assert time.process_time() - began < 1
    assert len(html) < 10 * TEXT


@pytest.mark.parametrize("path", sorted(EXERCISES.glob("*.ipynb")), ids=lambda path: path.stem)
def test_what_a_proof_is_about_stands_above_it_with_every_formula_set(path):
    unit = unit_of(path.stem)
    tasks, texts = feedback.tasks(unit), [cell for cell in unit.cells if cell.kind == "text"]
    assert set(tasks) == {cell.id for cell in texts}
    for cell in texts:
        before = unit.cells[unit.cells.index(cell) - 1].source
        page = Page(tasks[cell.id])
        assert page.tags.count("math") == len(re.findall(r"\$(.+?)\$", before))
        assert "$" not in page.text
        assert page.text.split()[-3:] == before.split()[-3:]
        assert page.tags.count("strong") == before.count("**") / 2
        assert "**" not in page.text


def test_the_task_and_the_text_stand_on_the_page_with_their_formulas():
    cell = next(cell for cell in OURS.cells if cell.kind == "text")
    tasks = feedback.tasks(OURS)
    text = r"Since $\beta < 1$ and x**2 > 0 it ends, $\href{x}{y}$."
    page = feedback.page(result([mark(cell, "by hand")], texts={cell.id: text}), tasks)
    assert page.index(tasks[cell.id]) < page.index(typeset(r"$\beta < 1$"))
    assert r" and x**2 &gt; 0 it ends, $\href{x}{y}$.</pre>" in page
    assert Page(page).tags.count("math") == Page(tasks[cell.id]).tags.count("math") + 1
    assert not {"script", "img", "iframe", "a", "link"} & set(Page(page).tags)
