"""Arguments: what counts as a number, an integer, an array, and in which words everything else is refused."""

import math
import re
from fractions import Fraction

import numpy as np
import pytest

from course_lib.arguments import array, box, fits, floats, generator, integer, number, numbers, points, symmetric

NOT_NUMBERS = [None, "0.1", True, np.True_, 1j, [0.1], [], {}, ..., iter([1]), np.datetime64(1, "s"), np.array([1.0])]
NOT_FINITE = [math.nan, math.inf, -math.inf, 10**400, -(10**400), np.float16(np.inf), np.longdouble("1e4000")]


@pytest.mark.parametrize(
    "value", [3, 3.0, np.int8(3), np.uint64(3), np.float16(3), np.float32(3), np.array(3), Fraction(3)]
)
def test_a_number_in_any_form_is_a_float(value):
    for checked in (number("a", value), numbers("a", value)):
        assert type(checked) is float
        assert checked == 3
    assert number("a", 2**70) == 2.0**70


@pytest.mark.parametrize("value", NOT_NUMBERS + NOT_FINITE, ids=lambda value: repr(value).split(" at 0x")[0])
def test_what_is_no_finite_number_is_refused(value):
    with pytest.raises(ValueError, match=r"^a must be a finite number; got ") as error:
        number("a", value)
    assert str(error.value).endswith(repr(value))


@pytest.mark.parametrize(
    ("bounds", "words", "good", "bad"),
    [
        ({}, "a finite number", [-1e308, 0, 1e308], []),
        ({"least": 0}, "a finite number >= 0", [0, 5e-324], [-5e-324]),
        ({"above": 0}, "a finite number > 0", [5e-324], [0, -1]),
        ({"least": 0, "most": 1}, "a number in [0, 1]", [0, 1], [-5e-324, np.nextafter(1, 2)]),
        ({"least": 0, "below": 1}, "a number in [0, 1)", [0, np.nextafter(1, 0)], [1]),
        ({"above": 0, "below": 1}, "a number in (0, 1)", [5e-324], [0, 1]),
        ({"above": -1, "most": 2}, "a number in (-1, 2]", [2], [-1, 2.5]),
    ],
)
def test_bounds_hold_what_their_words_say(bounds, words, good, bad):
    for value in good:
        assert number("a", value, **bounds) == value
        assert numbers("a", [value, value], **bounds).tolist() == [value, value]
    for value in [*bad, math.nan, math.inf, -math.inf]:
        with pytest.raises(ValueError, match=re.escape(f"a must be {words}; got {value!r}")):
            number("a", value, **bounds)
        for many in (value, [good[0], value]):
            with pytest.raises(ValueError, match=re.escape(f"a must be {words} or an array of them; got {many!r}")):
                numbers("a", many, **bounds)


def test_numbers_are_copied():
    given = np.array([0.1, 0.2])
    taken = numbers("a", given)
    given[:] = 9
    assert taken.tolist() == [0.1, 0.2]


@pytest.mark.parametrize("value", [3, np.int64(3), np.uint8(3), np.array(3)])
def test_an_integer_in_any_form_is_an_int(value):
    assert type(integer("n", value)) is int
    assert integer("n", value, 3, 3) == 3
    with pytest.raises(ValueError, match=r"^n must be an integer from 1 to 9223372036854775807; got 1000"):
        integer("n", 10**400)


@pytest.mark.parametrize(
    "value", [0, -1, 2.0, 1.5, "3", None, True, np.True_, math.nan, [3], np.array([3]), 1j], ids=repr
)
def test_what_is_no_integer_in_range_is_refused(value):
    with pytest.raises(ValueError, match=re.escape(f"n must be an integer >= 1; got {value!r}")):
        integer("n", value)
    with pytest.raises(ValueError, match=re.escape(f"n must be an integer from 1 to 9; got {value!r}")):
        integer("n", value, 1, 9)


@pytest.mark.parametrize(
    ("shape", "pattern", "right"),
    [
        ((3,), "(d,)", True),
        ((), "(d,)", False),
        ((0,), "(d,)", False),
        ((3, 4), "(d,)", False),
        ((3, 4), "(n, d)", True),
        ((3, 4), "(d, d)", False),
        ((4, 4), "(d, d)", True),
        ((4, 4, 7), "(d, d)", False),
        ((4, 4, 7, 2), "(d, d, ...)", True),
        ((4, 4), "(d, d, ...)", True),
        ((4, 5, 4), "(d, d, ...)", False),
        ((2,), "(2, ...)", True),
        ((3, 2), "(2, ...)", False),
        ((2, 0), "(2, ...)", False),
        ((3, 2), "(d, 2)", True),
        ((3, 3), "(d, 2)", False),
        ((5,), "(n,) or (n, d)", True),
        ((5, 2), "(n,) or (n, d)", True),
        ((5, 2, 1), "(n,) or (n, d)", False),
    ],
)
def test_shapes(shape, pattern, right):
    assert fits(shape, pattern) is right


@pytest.mark.parametrize("dtype", [np.int8, np.uint64, np.float16, np.float64, np.longdouble, object])
def test_all_real_numbers_but_float32_count_as_float64(dtype):
    for taken in (array("a", np.array([1, 2], dtype), "(d,)"), points(np.array([1, 2], dtype)), floats(Fraction(1, 2))):
        assert taken.dtype == np.float64
    assert array("a", np.ones(2, np.float32), "(d,)").dtype == points(np.ones(2, np.float32)).dtype == np.float32


@pytest.mark.parametrize(
    ("value", "got"),
    [
        (3.0, "shape ()"),
        ([[1, 2]], "shape (1, 2)"),
        ([], "shape (0,)"),
        ([1, math.nan], "[1, nan]"),
        ([1, 10**400], f"[1, {10**400}]"),
        ("ab", "'ab'"),
        ([True], "[True]"),
        ([1j], "[1j]"),
        ([[1], [1, 2]], "[[1], [1, 2]]"),
        (["1"], "['1']"),
    ],
)
def test_what_is_no_array_of_the_shape_is_refused(value, got):
    with pytest.raises(ValueError, match=re.escape(f"a must be a finite array of shape (d,), a row; got {got}")):
        array("a", value, "(d,)", ", a row")


def test_true_counts_as_1_where_data_are_meant():
    assert array("X", [[True, False]], "(n, d)", kinds="biuf").tolist() == [[1, 0]]


def test_symmetric_means_to_half_of_the_digits():
    A = np.array([[1.0, 2], [2, 5]])
    np.testing.assert_array_equal(symmetric("A", A), A)
    for dtype, off in ((np.float64, 1e-9), (np.float32, 1e-4)):
        B = symmetric("A", np.array([[1, 2], [2 + off, 5]], dtype))
        np.testing.assert_array_equal(B, B.T)
        assert B.dtype == dtype
        assert B[0, 1] == pytest.approx(2 + off / 2, abs=1e-7)
        with pytest.raises(ValueError, match=r"^A must be symmetric; got "):
            symmetric("A", np.array([[1, 2], [2 + 1000 * off, 5]], dtype))
    many = np.stack([A, 1e-200 * A, 1e300 * A], axis=-1)
    np.testing.assert_array_equal(symmetric("A", many, "(d, d, ...)"), many)
    many[0, 1, 1] *= 2  # in a small one, beside large ones
    for wrong in (many[..., 1], [[0, 1e308], [-1e308, 0]]):
        with pytest.raises(ValueError, match=r"^A must be symmetric; got "):
            symmetric("A", wrong)
    with pytest.raises(ValueError, match=r"^A must be symmetric; got "):
        symmetric("A", many, "(d, d, ...)")


def test_a_window_is_a_pair_for_each_coordinate():
    assert box(((0, 1), (2, 3))).tolist() == [[0, 1], [2, 3]]
    for wrong in (((1, 0),), ((0, 0),), (0, 1), ((0, math.inf),), ((math.nan, 1),), "ab", ((0, 1, 2),)):
        with pytest.raises(ValueError, match=r"^window must "):
            box(wrong)
    with pytest.raises(
        ValueError, match=r"^window must be a finite array of shape \(3, 2\), a pair .*; got shape \(1, 2\)"
    ):
        box(((0, 1),), 3)


def test_points_may_be_infinite_nan_or_complex():
    assert np.isnan(points([math.nan, math.inf])[0])
    assert points([1j, 2]).dtype == complex
    assert points(np.ones((2, 0)), 2).shape == (2, 0)
    assert points([True, False]).tolist() == [1, 0]
    for wrong in (3, "ab", None, ["1", "2"], [[1], [1, 2]], [1, 2, 3]):
        with pytest.raises(ValueError, match=r"^a point must (have shape|be an array of numbers).*; got "):
            points(wrong, 2)


def test_only_a_generator_draws():
    assert generator(rng := np.random.default_rng(0)) is rng
    for wrong in (0, None, np.random, np.random.RandomState(0)):
        with pytest.raises(ValueError, match=r"^rng must be a numpy Generator, .*; got "):
            generator(wrong)
