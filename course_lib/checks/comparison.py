"""Whether a result is the right one, whatever form it comes in; and numbers in words."""

from dataclasses import dataclass

import numpy as np

SINGLE = 1e-4  # tolerance where inputs are float32: rounding alone reaches 1e-7, and a formula multiplies it


@dataclass(frozen=True)
class Wrong:
    """What is wrong: a sentence, and if numbers were compared, what was expected, what came, and how far off it is."""

    says: str
    expected: str = ""
    came: str = ""
    off: str = ""

    def __str__(self):
        both = f": expected {self.expected}, got {self.came}." if self.expected else ""
        return " ".join(filter(None, [self.says + both, self.off]))


def numbers(value):
    """The value as an array of numbers, or None."""
    try:
        array = np.asarray(value)
    except (TypeError, ValueError):
        return None
    return array if array.dtype.kind in "biufc" else None


def scale(right):
    """The largest size in an array, but at least 1: tolerances are multiplied by it."""
    finite = np.abs(right[np.isfinite(right)])
    return max(1.0, float(np.max(finite, initial=0.0)))


def fitted(got, right):
    """An array of one number as that number, where a number is meant."""
    return got.reshape(()) if right.ndim == 0 and got.size == 1 else got


def same(got, right, tolerance):
    """Whether a result equals the right one within the tolerance; a tuple part by part, a text but for capitals."""
    if isinstance(right, tuple) or (isinstance(right, list) and numbers(right) is None):
        alike = isinstance(got, tuple | list) and len(got) == len(right)
        return alike and all(same(one, other, tolerance) for one, other in zip(got, right))
    if isinstance(right, str):
        return isinstance(got, str) and got.strip().casefold() == right.strip().casefold()
    x, y = numbers(got), numbers(right)
    if x is None or y is None:
        return type(got) is type(right) and bool(np.all(got == right))
    x = fitted(x, y)
    return x.shape == y.shape and np.allclose(x, y, rtol=0.0, atol=tolerance * scale(y), equal_nan=True)


def compared(got, right, parts, tolerance):
    """(names of the parts that are right, what is `Wrong` or None) of a result against the right one."""
    if not isinstance(right, tuple):
        return [], difference(got, right, "result", tolerance)
    parts = list(parts) or [f"result {i + 1}" for i in range(len(right))]
    if not isinstance(got, tuple | list) or len(got) != len(right):
        what = f"{len(right)} results" if len(right) > 1 else "one result with a comma behind it, a tuple,"
        came = f"{len(got)} results" if isinstance(got, tuple | list) else shown(got)
        return [], Wrong(f"Expected {what} ({', '.join(parts)}), got {came}.")
    wrong = [difference(a, b, part, tolerance) for a, b, part in zip(got, right, parts)]
    return [part for part, one in zip(parts, wrong) if not one], next(filter(None, wrong), None)


@np.errstate(invalid="ignore")
def difference(got, right, part, tolerance):
    """What is `Wrong` with one array, number or text, or None."""
    if callable(got) and not callable(right):
        return Wrong(f"Wrong {part}: it is a function, {shown(got)}. Is it to be called, or is there one def too many?")
    if numbers(right) is None:
        return None if same(got, right, tolerance) else Wrong(f"Wrong {part}", shown(right), shown(got))
    came, right = numbers(got), np.asarray(right)
    if came is None:
        return Wrong(f"Wrong {part}: expected numbers, got {shown(got)}.")
    came = fitted(came, right)
    if came.shape != right.shape:
        return Wrong(f"Wrong shape of the {part}", str(right.shape), str(came.shape))
    if same(came, right, tolerance):
        return None
    far = np.max(apartness(came, right))
    off = f"Largest difference {far:.3g}; the tolerance here is {tolerance * scale(right):.3g}."
    if came.dtype in (np.float32, np.float16):
        off += f" It comes as {came.dtype}, which keeps too few digits: compute in float64, as the arguments are."
    off += overflow(came, right)
    return Wrong(f"Wrong {part}", *apart(right, came), off)


def overflow(came, right):
    """A sentence, if numbers are off by what whole numbers drop when they overflow; else ""."""
    bits = min(8 * came.dtype.itemsize, 32) if came.dtype.kind in "iu" else 32  # in a browser they have 32
    off = apartness(came, right)
    if not np.any(off) or np.any(off % 2.0**bits):
        return ""
    return (
        f" It is off by a multiple of 2**{bits}: whole numbers of {bits} bits have overflowed on the way. "
        "Compute with dtype=float."
    )


def apartness(a, b):
    """How far apart two arrays are, place by place; infinity is not far from itself."""
    return np.where(a == b, 0, np.abs(a - 1.0 * b))  # 1.0: truth values cannot be subtracted


def letters(value):
    """The letters of an order or of a choice, whether they come as a text, a list, a tuple or a set."""
    if isinstance(value, set | frozenset):
        value = sorted(value, key=str)
    parts = value if isinstance(value, list | tuple) else [c for c in str(value) if not c.isspace() and c not in ",;.-"]
    return [str(part).strip().upper() for part in parts]


def is_blank(value):
    """Whether nothing has been filled in: None, ..., an empty text, or a list of such."""
    if isinstance(value, tuple | list):
        return all(map(is_blank, value))
    return value is None or value is ... or (isinstance(value, str) and not value.strip())


# Words


def shown(value):
    """A value in a few words."""
    if isinstance(value, np.ndarray):
        return line(value, 4) if value.size <= 9 else f"an array of shape {value.shape}"
    if callable(value) and hasattr(value, "__name__"):
        return f"the function {value.__name__}"
    value = value.item() if isinstance(value, np.generic) else value
    text = f"{value:.6g}" if isinstance(value, float) else repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def apart(a, b):
    """Two arrays in words, with the digits that tell them apart where they differ most, and no noise of rounding."""
    a, b = np.asarray(a), np.asarray(b)
    noise = 1e-13 * max(scale(a), scale(b))
    a, b = (np.where(np.abs(array) < noise, 0, array) if array.dtype.kind == "f" else array for array in (a, b))
    worst = np.argmax(apartness(a, b))
    for digits in (4, 6, 8, 12, 17):
        if line(a.flat[worst], digits) != line(b.flat[worst], digits):
            break
    return line(a, digits), line(b, digits)


def line(array, digits):
    """An array in one line, each number with so many digits at most."""
    one = {"float_kind": lambda value: f"{value + 0.0:.{digits}g}"}
    text = np.array2string(np.asarray(array), formatter=one, threshold=9, edgeitems=3)
    return " ".join(text.split()).replace("[ ", "[").replace(" ]", "]")


def code(value):
    """A value as Python that makes it again, or "" if that is long."""
    if isinstance(value, np.ndarray):
        if value.size > 9:
            return ""
        text = f"np.array({value.tolist()}" + ("" if value.dtype in (np.float64, np.int64) else f", {value.dtype}")
        return text + ")"
    if isinstance(value, np.generic):
        value = value.item()
    plain = isinstance(value, int | float | complex | str | None | list | tuple)
    return repr(value) if plain and len(repr(value)) <= 100 else ""
