"""Words of our own with their formulas set, for a page that runs nothing: each formula is a drawing in the line."""

import re
from html import escape

from matplotlib.font_manager import FontProperties
from matplotlib.mathtext import MathTextParser
from matplotlib.path import Path
from matplotlib.textpath import TextPath

SIZE = 100  # units to an em
FONT = FontProperties(size=SIZE, math_fontfamily="stix")
PIECES = re.compile(r"(?<![\\$])\$(?=\S)([^$\n]+)(?<=\S)\$(?![$\d])|\*\*(.+?)\*\*")
LETTERS = {Path.MOVETO: "M", Path.LINETO: "L", Path.CURVE3: "Q", Path.CURVE4: "C", Path.CLOSEPOLY: "Z"}


def typeset(words):
    r"""HTML of a text: formulas between single $ as drawings, **words** strong, all else escaped.

    words: of our own sheet, never a learner's, for a formula may be made to take any time. One that Matplotlib cannot
    set, such as one with \begin, stays as it is written.
    """
    parts, end = [], 0
    for found in PIECES.finditer(words):
        formula, strong = found.groups()
        set_here = drawn(formula) if formula else f"<strong>{typeset(strong)}</strong>"
        parts += [escape(words[end : found.start()]), set_here]
        end = found.end()
    return "".join([*parts, escape(words[end:])])


def drawn(formula):
    """A formula, "x^2", as an SVG that stands on the line, or as it is written."""
    written = f"${formula}$"
    try:
        width, height, depth, *_ = MathTextParser("path").parse(written, 72, FONT)
        outline = TextPath((0, 0), written, prop=FONT)
    except ValueError:
        return escape(written)
    path = " ".join(LETTERS[code] + " ".join(f"{x:.0f}" for x in points) for points, code in flipped(outline))
    return (
        f'<svg role="img" aria-label="{escape(written)}" viewBox="0 {-height:.0f} {width:.0f} {height + depth:.0f}" '
        f'style="height: {(height + depth) / SIZE:.3f}em; vertical-align: {-depth / SIZE:.3f}em">'
        f'<path d="{path}"/></svg>'
    )


def flipped(outline):
    """The pieces of a path, (points, code), with y downwards, as SVG counts it."""
    for points, code in outline.iter_segments(simplify=False):
        yield ([] if code == Path.CLOSEPOLY else (points.reshape(-1, 2) * [1, -1]).ravel()), code
