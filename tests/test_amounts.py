"""Numbers as people write them: each is read as it was meant, asked for again, or refused; and how ours are written."""

import math
from contextlib import suppress

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from course_lib.amounts import amount, known, plain, typed

READ = {
    **{"12": 12, "+12": 12, "-3": -3, "−3": -3, "– 3": -3, "2.": 2, ".5": 0.5, "0.5": 0.5, "1.375": 1.375},
    **{"0,5": 0.5, ",5": 0.5, "1,5": 1.5, "12,75": 12.75, "0,375": 0.375, "1234,567": 1234.567},  # decimal comma
    **{"1 375": 1375, "1\u00a0375": 1375, "1\u202f375": 1375, "1'375": 1375, "1’375": 1375, "1_375": 1375},  # thousands
    **{"1,234,567": 1234567, "1.234.567": 1234567, "1,234.5": 1234.5, "1.234,5": 1234.5, "1 234,5": 1234.5},
    **{"4e-11": 4e-11, "4E−11": 4e-11, "1e5": 1e5, "6,02e23": 6.02e23},
    **{"10^5": 1e5, "10**5": 1e5, "10⁵": 1e5, "10⁻³": 1e-3, "10^-3": 1e-3, "10^(-3)": 1e-3, "-10^2": -100},
    **{"2·10^3": 2000, "2*10^3": 2000, "2 x 10^3": 2000, "2 × 10⁻³": 2e-3, "1/3": 1 / 3, "2^-1": 0.5, "2^0.5": 2**0.5},
    **{"12k": 12e3, "12 K": 12e3, "2,5k": 2500, "3M": 3e6, "3 million": 3e6, "3 Mio": 3e6, "two": None, "5bn": 5e9},
    **{"2 thousand": 2000, "3 hundred": 300, "7G": 7e9, "1T": 1e12, "1 Billion": 1e9},
    **{"~5": 5, "≈ 5": 5, "about 1 000": 1000, "ca. 5": 5},
    **{"never": math.inf, "∞": math.inf, "-inf": -math.inf, "Infinity": math.inf, "infinitely many": math.inf},
    **{"": None, " ": None, "many": None, "-": None, ".": None, "nan": None, "5-6": None, "5 or 6": None, "<5": None},
    **{"12 34": None, "1,2,3": None, "12,345,67": None, "1..2": None, "1/0": None, "0^-1": None, "1/2/3": None},
    **{"(-8)^0.5": None, "½": None, "١٢": None, "1" * 61: None, "\ud800": None},
}  # fmt: skip


@pytest.mark.parametrize(("text", "number"), READ.items(), ids=map(ascii, READ))
def test_a_number_is_read_as_it_was_meant(text, number):
    if number is None:
        with pytest.raises(ValueError, match=r"A number is needed: 12, 0\.5, 3k, 10\^5 or 4e-11\."):
            typed(text)
    else:
        assert typed(f" {text} ") == pytest.approx(number, rel=1e-15)


@pytest.mark.parametrize(
    ("text", "unit", "ways"),
    [("1,375", "", "1 375 or 1.375"), ("-1,375", "", "-1 375 or -1.375"), ("100,000", "", "100 000 or 100"),
     ("1,375k", "", "1 375 000 or 1 375"), ("1,375e-3", "", "1.375 or 0.001375"), ("5m", "", "5 000 000 or 0.005"),
     ("5 m", "steps", "5 000 000 or 0.005"), ("5M", "MB", "5 000 000 or 5"), ("5 G", "GB", "5 000 000 000 or 5")],
)  # fmt: skip
def test_what_can_be_read_in_two_ways_is_asked_for_again(text, unit, ways):
    with pytest.raises(ValueError, match="can be read in two ways: write ") as asked:
        typed(text, unit)
    said = str(asked.value).replace("\u202f", " ")
    assert said == f"{text} can be read in two ways: write {ways}."
    assert [typed(way) for way in ways.split(" or ")], "what it offers can be typed"


@pytest.mark.parametrize(
    ("text", "unit", "number"),
    [("9 times", "times", 9), ("9 x", "times", 9), ("9×", "times", 9), ("9-fold", "times", None),
     ("9 fold", "times", 9),
     ("30°", "degrees", 30), ("30 deg", "degrees", 30), ("1 step", "steps", 1), ("12k steps", "steps", 12e3),
     ("13.5 %", "%", 13.5), ("13,5 per cent", "%", 13.5), ("5 MB", "MB", 5), ("3 powers of ten", "powers of ten", 3),
     ("5 methods", "methods", 5), ("5 examples", "examples", 5), ("4 whatever", "", 4),
     ("13.5 %", "times", None), ("5 GB", "MB", None), ("9 miles", "steps", None), ("3k miles", "steps", None)],
)  # fmt: skip
def test_only_the_units_own_words_stand_behind_a_number(text, unit, number):
    if number is None:
        with pytest.raises(ValueError, match=f"A number is needed, in {unit}: 12,"):
            typed(text, unit)
    else:
        assert typed(text, unit) == number


@given(st.floats(-1e300, 1e300) | st.just(math.inf) | st.just(-math.inf))
@example(1375.0)
@example(-0.0)
@example(123456.789)
def test_what_was_read_is_written_so_that_it_can_be_read_again_in_one_way(value):
    assert typed(plain(value)) == pytest.approx(value, rel=1e-9)


@given(st.text(max_size=70))
def test_no_text_raises_anything_but_a_question(text):
    with suppress(ValueError):
        assert not math.isnan(typed(text))


@pytest.mark.parametrize(
    ("value", "words"),
    [(9.1, "9.1"), (1375, "1,375"), (117826.0, "117,826"), (4e-11, "4e-11"), (0.1349, "0.1349"), (1e9, "1e+09"),
     (math.inf, "∞"), (-math.inf, "−∞"), (math.nan, "NaN"), (-(10**400), "−∞"), (10**20, "1e+20"),
     (True, "yes"), ("GD", "GD")],
)  # fmt: skip
def test_amounts_are_short(value, words):
    assert amount(known(value)) == words
    assert amount(known(value), "steps") == (words if isinstance(known(value), str) else f"{words} steps")
