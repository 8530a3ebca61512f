"""Numbers as people write them: what is typed into a prediction is read, what was measured is written."""

import math
import re

SIZES = {"hundred": 1e2, "k": 1e3, "K": 1e3, "thousand": 1e3, "M": 1e6, "mio": 1e6, "million": 1e6, "millions": 1e6}
SIZES |= {"G": 1e9, "B": 1e9, "bn": 1e9, "billion": 1e9, "billions": 1e9, "T": 1e12, "trillion": 1e12}
SAME_AS = {"%": ("percent", "per", "cent"), "times": ("x", "*", "fold"), "degrees": ("°",)}  # a unit in other words
NEVER = {"inf", "infinity", "infinite", "infinitely", "infinitely many", "∞", "never"}

SUPERSCRIPTS = dict(zip("⁻⁺⁰¹²³⁴⁵⁶⁷⁸⁹", "-+0123456789"))
SIGNS = {"-": "−–‐‑", "*": "×·⋅∙", " ": "\u00a0\u2009\u202f", "'": "’", "/": "⁄"}
ALIKE = str.maketrans({other: plain for plain, others in SIGNS.items() for other in others})

DIGITS = r"[.,]?\d(?:[\d.,'_ ]*\d)?[.,]?"
FACTOR = rf"(?P<{{0}}>{DIGITS})(?:e(?P<{{0}}e>[-+]?\d+))?(?:\s*\^\s*\(?(?P<{{0}}p>[-+]?\d+(?:[.,]\d+)?)\)?)?"
TYPED = re.compile(
    r"(?:~|≈|=|about|around|roughly|ca\.?)?\s*(?P<sign>[-+]?)\s*"
    rf"{FACTOR.format('a')}(?:\s*(?P<sort>[*x/])\s*{FACTOR.format('b')})?\s*(?P<rest>\D*)",
    re.IGNORECASE | re.ASCII,
)


def typed(text, unit=""):
    """The number that somebody means who writes 12, 0,5, 1 375, 3k, 4e-11, 2·10^5, 1/3, 9 times or never.

    text: at most 60 characters. unit: what the number counts, in words: the only ones that may stand behind it.
    Returns a float; infinity for "never".
    Errors: ValueError, worded for who typed it, for a text that is no number or can be read in two ways (1,375).
    """
    text = re.sub("[⁻⁺]?[⁰¹²³⁴⁵⁶⁷⁸⁹]+", lambda found: "^" + "".join(map(SUPERSCRIPTS.get, found[0])), text.strip())
    text = text.translate(ALIKE).replace("**", "^")
    if text.lower().lstrip("+-") in NEVER:
        return -math.inf if text[0] == "-" else math.inf
    found = TYPED.fullmatch(text) if len(text) <= 60 else None
    ways = readings(found, unit) if found else []
    if not ways:
        raise ValueError(f"A number is needed{unit and f', in {unit}'}: 12, 0.5, 3k, 10^5 or 4e-11.")
    if len(ways) > 1:
        raise ValueError(f"{text} can be read in two ways: write {' or '.join(map(plain, ways))}.")
    return ways[0]


def readings(found, unit):
    """All that the parts of a typed text can mean, without repetition."""
    size = sizes(found["rest"].strip(), unit)
    first, second = factor(found, "a"), factor(found, "b") if found["sort"] else [1.0]
    sign = -1.0 if found["sign"] == "-" else 1.0
    together = (lambda a, b: a / b) if found["sort"] == "/" else (lambda a, b: a * b)
    try:
        values = [sign * together(a, b) * s for a in first for b in second for s in size]
    except ZeroDivisionError:
        return []
    return list(dict.fromkeys(value for value in values if not math.isnan(value)))


def factor(found, name):
    """What one number with its power can mean."""
    power = float((found[name + "p"] or "1").replace(",", "."))
    scale = found[name + "e"] or "0"
    try:
        return [float(f"{digits}e{scale}") ** power for digits in decimals(found[name])]
    except OverflowError:
        return [math.inf]
    except ZeroDivisionError:
        return []


def decimals(digits):
    """What digits can mean with a decimal point or comma, and with thousands set apart by the other, a space or '."""
    ways = []
    for point, apart in ((".", "[,_' ]"), (",", "[._' ]")):
        whole, *part = digits.split(point)
        grouped = re.fullmatch(rf"[1-9]\d{{0,2}}(?:({apart})\d{{3}})(?:\1\d{{3}})*", whole)
        if len(part) > 1 or re.search(r"\D", "".join(part)) or not (grouped or re.fullmatch(r"\d*", whole)):
            continue
        if grouped and grouped[1] == "." and whole.count(".") == 1 and not part:
            continue  # a point alone is a decimal point, as everywhere in the course
        ways.append(f"{re.sub('[^0-9]', '', whole) or 0}.{''.join(part) or 0}")
    return ways


def sizes(rest, unit):
    """By what the words behind a number multiply it: two where they are not clear, none where they do not belong."""
    word, _, more = rest.partition(" ")
    if word == "m" and not unit.startswith("m"):
        return [1e6, 1e-3]
    if word in SIZES or (word.lower() in SIZES and len(word) > 1):
        size = SIZES.get(word) or SIZES[word.lower()]
        return [size, 1.0] if unit.startswith(word) else [size] if belongs(more, unit) else []
    return [1.0] if belongs(rest, unit) else []


def belongs(words, unit):
    """Whether words are the unit's own: "step" for steps, "per cent" for %."""
    own = [*unit.lower().split(), *SAME_AS.get(unit, ())]
    return all(any(name.startswith(word) for name in own) or not unit for word in words.lower().strip(".").split())


def plain(value):
    """A number in digits that can be read in one way: thousands set apart by a thin space."""
    if math.isinf(value):
        return "−∞" if value < 0 else "∞"
    whole = abs(value) < 1e15 and value == int(value)
    return (f"{value:,.0f}" if whole else f"{value:,.10g}").replace(",", "\u202f")


def known(value):
    """What was measured as a number or a text of Python's own: NumPy's numbers too, True and False as "yes" and "no".

    Errors: ValueError for anything else.
    """
    value = value.item() if hasattr(value, "item") and getattr(value, "size", 1) == 1 else value
    if isinstance(value, bool):
        return "yes" if value else "no"
    try:
        return str(value) if isinstance(value, str) else value if exact(value) else float(value)
    except OverflowError:
        return math.copysign(math.inf, value > 0 or -1)
    except (TypeError, ValueError):
        raise ValueError(f"value must be a number, True or False, or a text; got {value!r}") from None


def exact(number):
    return isinstance(number, int) and abs(number) < 2**53


def amount(value, unit=""):
    """A measurement, as `known` gives it, with its unit."""
    if isinstance(value, str):
        return value
    if isinstance(value, int):
        digits = f"{value:,}"
    elif math.isfinite(value):
        digits = f"{value:,.0f}" if 1000 <= abs(value) < 1e7 else f"{value:.4g}"
    else:
        digits = {math.inf: "∞", -math.inf: "−∞"}.get(value, "NaN")
    return f"{digits} {unit}".strip()
