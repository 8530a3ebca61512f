"""paper.bib holds each work that the course cites, and no other; REFERENCES.md is made from it."""

import pytest

from tools import references
from tools.references import Citation, citations

WORKS = references.works()
HELD = WORKS["held1974validation"]


def test_each_citation_means_one_work_and_each_work_is_cited():
    found, unknown = references.uses()
    assert unknown == []
    assert [key for key, where in found.items() if not where] == []


def test_the_page_is_made_from_the_works():
    assert (references.ROOT / "REFERENCES.md").read_text(encoding="utf-8") == references.page(), (
        "python -m tools.references"
    )


@pytest.mark.parametrize("key", WORKS)
def test_a_work_has_its_fields_and_stands_in_its_place(key):
    work = WORKS[key]
    assert {"author", "title", "year"} <= set(work)
    assert {"doi", "eprint", *references.VENUES} & set(work), "where is it to be found?"
    assert ("eprint" in work) == ("eprinttype" in work)
    assert references.folded(references.surnames(work)[0]).encode("ascii", "ignore").decode()[:1] == key[0]
    assert work["year"] in key
    assert references.reference(work).count(work["year"]) >= 1


@pytest.mark.parametrize(
    ("text", "cited"),
    [
        ("Source: Cauchy (1847).", [(("Cauchy",), False, "1847", "")]),
        ("Held, Wolfe and\n    Crowder (1974), as", [(("Held", "Wolfe", "Crowder"), False, "1974", "")]),
        ("(Cohen and others, 2021: **the edge**)", [(("Cohen",), True, "2021", "")]),
        ("as Duchi et al. (2008), figure 1", [(("Duchi",), True, "2008", "")]),
        ("Yang, Hu and others (2022)", [(("Yang", "Hu"), True, "2022", "")]),
        ("by John Duchi, Elad Hazan and Yoram Singer (2011)", [(("Duchi", "Hazan", "Singer"), False, "2011", "")]),
        ("a theorem of van der Sluis (1969)", [(("van der Sluis",), False, "1969", "")]),
        ("(Fletcher, 1970; Shanno, 1970)", [(("Fletcher",), False, "1970", ""), (("Shanno",), False, "1970", "")]),
        ("Levenberg (1944); as in Martens (2010)",
         [(("Levenberg",), False, "1944", ""), (("Martens",), False, "2010", "")]),
        ("- L. Dinh, K.-R. Müller, *Sharp minima*, 2017: the stretch.",
         [(("Dinh", "Müller"), False, "2017", "Sharp minima")]),
        ("- I. Valera, M. Gomez Rodriguez, *Fairness*, 2017; A. van der Sluis, *Equilibration*, 1969.",
         [(("Valera", "Gomez Rodriguez"), False, "2017", "Fairness"),
          (("van der Sluis",), False, "1969", "Equilibration")]),
        ("- T. Tieleman, G. Hinton, *RMSProp*, Coursera, 2012; M. D. Zeiler, *ADADELTA*, 2012.",
         [(("Tieleman", "Hinton"), False, "2012", "RMSProp"), (("Zeiler",), False, "2012", "ADADELTA")]),
        ("In 1951 Longley's table of 1967, and 2,000 steps, shape (1797, 64), Run 2000", []),
    ],
)  # fmt: skip
def test_citations_are_found_as_they_are_written(text, cited):
    assert citations(text) == [Citation(*one) for one in cited]


@pytest.mark.parametrize(
    ("citation", "means"),
    [
        (Citation(("Held", "Wolfe", "Crowder"), False, "1974", ""), True),
        (Citation(("Held",), True, "1974", "Validation of"), True),
        (Citation(("Held",), False, "1974", ""), False),
        (Citation(("Held", "Crowder"), True, "1974", ""), False),
        (Citation(("Held", "Wolfe", "Crowder"), True, "1974", ""), False),
        (Citation(("Held", "Wolfe", "Crowder"), False, "1973", ""), False),
        (Citation(("Held", "Wolfe", "Crowder"), False, "1974", "Subgradient"), False),
    ],
)
def test_a_citation_means_a_work_by_all_or_the_first_of_its_authors(citation, means):
    assert citation.means(HELD) is means


@pytest.mark.parametrize(
    "text",
    [
        "@book{a1,\n  title = {A},\n  title = {B},\n}\n",
        "@book{a1,\n  title = {A},\n\n}\n",
        "@book{a1,\n  title = {A},\n}\n\n@book{a1,\n  title = {B},\n}\n",
        "@book{a1,\n  title = {A}\n}\n",
    ],
)
def test_another_form_of_the_file_is_refused(text):
    with pytest.raises((ValueError, AttributeError)):
        references.works(text)


def test_a_work_is_written_out():
    assert references.reference(HELD) == (
        "Michael Held, Philip Wolfe, Harlan P. Crowder (1974). *Validation of subgradient optimization.* "
        "Mathematical Programming, 6, 62–88. [doi:10.1007/BF01580223](https://doi.org/10.1007/BF01580223)."
    )
