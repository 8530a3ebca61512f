r"""Words with their formulas set: LaTeX becomes MathML, which a browser draws by itself, without a script or a picture.

The words may be a learner's: every tag is made here, what comes of the words between tags is escaped, and the time is
linear in their length. A formula that holds anything unknown here, such as \href, stays as it was written, and is
no formula to nbgrader's pages either.
"""

import re
import unicodedata
from html import escape

LONGEST = 1000  # characters of a formula
MOST = 20_000  # characters of all formulas of a text
DEEPEST = 25
FORMULAS = re.compile(
    rf"(?<![\\$])(?:\$\$(?P<block>[^$]{{1,{LONGEST}}})\$\$|\$(?=\S)(?P<line>[^$\n]{{1,{LONGEST}}})(?<=\S)\$(?![$\d]))"
)
TOKEN = re.compile(r"\s*(\\[a-zA-Z]+|\\.|\d+(?:\.\d+)?|\S|$)", re.DOTALL)
PLAIN = re.compile(r"\s*\{((?:[^{}\\]|\\_)*)\}")
STYLED = re.compile(r"\s*(?:\{\s*(\\?[a-zA-Z]+|\d+)\s*\}|([a-zA-Z\d]))")


def table(words):
    """{name: sign} of "name sign name sign"."""
    parts = words.split()
    return dict(zip(parts[::2], parts[1::2], strict=True))


LETTERS = table(
    "alpha α beta β gamma γ delta δ epsilon ϵ varepsilon ε zeta ζ eta η theta θ iota ι kappa κ lambda λ mu μ "
    "nu ν xi ξ pi π rho ρ sigma σ tau τ upsilon υ phi ϕ varphi φ chi χ psi ψ omega ω Gamma Γ Delta Δ Theta Θ Lambda Λ "
    "Xi Ξ Pi Π Sigma Σ Phi Φ Psi Ψ Omega Ω ell ℓ infty ∞ partial ∂ nabla ∇ emptyset ∅ top ⊤ bot ⊥ dots … ldots … "
    "cdots ⋯ vdots ⋮ ddots ⋱ forall ∀ exists ∃ square □ blacksquare ■ % % $ $ # # & & _ _"
)
OPERATORS = table(
    "le ≤ leq ≤ leqslant ≤ ge ≥ geq ≥ geqslant ≥ ne ≠ neq ≠ lt < gt > ll ≪ gg ≫ approx ≈ equiv ≡ sim ∼ simeq ≃ "
    "propto ∝ in ∈ notin ∉ subset ⊂ subseteq ⊆ cup ∪ cap ∩ setminus ∖ times × cdot ⋅ div ÷ pm ± mp ∓ circ ∘ odot ⊙ "
    "otimes ⊗ oplus ⊕ ast ∗ star ⋆ to → rightarrow → leftarrow ← gets ← leftrightarrow ↔ mapsto ↦ Rightarrow ⇒ "
    "Leftarrow ⇐ Leftrightarrow ⇔ implies ⟹ iff ⟺ mid ∣ colon : perp ⊥ parallel ∥ land ∧ lor ∨ neg ¬ succ ≻ succeq ⪰ "
    "prec ≺ preceq ⪯ therefore ∴ because ∵ prime ′ sum ∑ prod ∏ int ∫ - − * ∗"
)
FENCES = table(
    "( ( ) ) [ [ ] ] | | / / lvert | rvert | vert | \\| ‖ lVert ‖ rVert ‖ Vert ‖ \\{ { \\} } lbrace { rbrace } "
    "langle ⟨ rangle ⟩ lfloor ⌊ rfloor ⌋ lceil ⌈ rceil ⌉"
)
NAMES = {
    *("sin", "cos", "tan", "sinh", "cosh", "tanh", "arcsin", "arccos", "arctan", "exp", "ln", "log", "max", "min"),
    *("sup", "inf", "lim", "limsup", "liminf", "det", "dim", "ker", "arg"),
}
LIMITS = {"sum", "prod", "max", "min", "sup", "inf", "lim", "limsup", "liminf", "det"}
FRACTIONS = {"frac", "dfrac", "tfrac"}
ACCENTS = table("hat ^ widehat ^ tilde ~ widetilde ~ bar ¯ vec → dot ˙ ddot ¨")
STACKED = table("overset mover stackrel mover underset munder")
SPACES = {",": 0.17, ":": 0.22, ";": 0.28, "!": -0.17, " ": 0.25, "quad": 1, "qquad": 2}
STYLES = {"mathbb": "DOUBLE-STRUCK", "mathcal": "SCRIPT", "mathbf": "BOLD", "boldsymbol": "BOLD", "bm": "BOLD"}
WORDS = {"text", "mbox", "textrm", "textit", "mathrm", "mathit", "texttt", "mathtt"}
SIZES = {f"{size}{side}" for size in ("big", "Big", "bigg", "Bigg") for side in ("", "l", "r", "m")} | {"middle"}
SILENT = {"displaystyle", "textstyle", "limits", "nolimits"}
GRIDS = {  # name: its fences, and how its columns are aligned, one after the other
    **{"matrix": ("", "", ["center"]), "pmatrix": ("(", ")", ["center"]), "bmatrix": ("[", "]", ["center"])},
    **{"vmatrix": ("|", "|", ["center"]), "cases": ("\\{", "", ["left"]), "gathered": ("", "", ["center"])},
    **dict.fromkeys(("aligned", "align", "align*", "split"), ("", "", ["right", "left"])),
}


ROOM = re.compile(r"(\s*\[[\d.]+(?:pt|em|ex)\]|)")  # between two rows, as LaTeX may have it
NEW_ROW, END = "\\\\", "\\end"


class Unknown(ValueError):
    """Something in a formula that is not known here."""


def typeset(words):
    """HTML of a text: its formulas, between $ or $$, as MathML where they can be set, all else escaped."""
    return "".join(maths or escape(piece) for piece, maths in pieces(words))


def pieces(words):
    """Pairs (piece of a text, its MathML if it is a formula that can be set, else "")."""
    end, left = 0, MOST
    for match in FORMULAS.finditer(words):
        left -= len(match[0])
        if left < 0:
            break
        yield words[end : match.start()], ""
        yield match[0], formula(match)
        end = match.end()
    yield words[end:], ""


def formula(found):
    try:
        display, source = next((name, source) for name, source in found.groupdict().items() if source)
        return f'<math display="{"inline" if display == "line" else display}">{Formula(source).row("")}</math>'
    except Unknown:
        return ""


class Formula:
    """LaTeX that is read from left to right, a token at a time."""

    def __init__(self, source):
        self.source, self.at, self.depth, self.last = source, 0, 0, ""

    @property
    def next(self):
        """The token that comes next, "" at the end."""
        return TOKEN.match(self.source, self.at)[1]

    def take(self):
        self.last, self.at = self.next, TOKEN.match(self.source, self.at).end()
        return self.last

    def matched(self, pattern):
        """What a pattern finds here, in its group."""
        if not (match := pattern.match(self.source, self.at)):
            raise Unknown(self.next)
        self.at = match.end()
        return match[match.lastindex]

    def row(self, *ends):
        """All before one of some tokens, which is taken, too."""
        parts = []
        while self.next not in ends:
            part = self.scripted()
            if part in SIGNS and (not parts or parts[-1].startswith("<mo>") or parts[-1] in OPENING):
                part = part.replace("<mo>", '<mo form="prefix">')
            parts.append(part)
        self.take()
        return f"<mrow>{''.join(parts)}</mrow>"

    def scripted(self):
        """An atom with what is below and above it."""
        sub, sup = ("under", "over") if self.next[1:] in LIMITS else ("sub", "sup")
        base, below, above = "<mrow></mrow>" if self.next in ("_", "^") else self.atom(), "", ""
        while self.next in ("_", "^", "'"):
            if self.take() == "_" and not below:
                below = self.argument()
            elif self.last == "^" and "<m" not in above.replace("<mo>′</mo>", ""):
                above += self.argument()
            elif self.last == "'":
                above += operator("′")
            else:
                raise Unknown(self.last)
        above = above and f"<mrow>{above}</mrow>"
        name = (below and sub) + (above and sup)
        return f"<m{name}>{base}{below}{above}</m{name}>" if name else base

    def argument(self):
        r"""What a command or a script is about: {…}, or one sign, as both in \frac12."""
        if self.next[:1].isdigit():
            self.at = TOKEN.match(self.source, self.at).start(1) + 1
            return f"<mn>{self.source[self.at - 1]}</mn>"
        return self.atom()

    def atom(self):
        self.depth += 1
        if self.depth > DEEPEST:
            raise Unknown("too deep")
        token = self.take()
        made = self.command(token[1:]) if token[:1] == "\\" else self.sign(token)
        self.depth -= 1
        return made

    def sign(self, token):
        if token == "{":
            return self.row("}")
        if token.isalpha():
            return f"<mi>{token}</mi>"
        if token[:1].isdigit():
            return f"<mn>{token}</mn>"
        if token in FENCES:
            return fence(token)
        if token and (token in "+-=<>,;:.!*?" or unicodedata.category(token) == "Sm"):
            return operator(OPERATORS.get(token, token))
        raise Unknown(token)

    def command(self, name):
        if name in LETTERS:
            upright = ' mathvariant="normal"' if LETTERS[name].isupper() else ""
            return f"<mi{upright}>{escape(LETTERS[name])}</mi>"
        if name in OPERATORS:
            return operator(OPERATORS[name])
        if name in FENCES or f"\\{name}" in FENCES:
            return fence(f"\\{name}")
        if name in NAMES:
            return self.named(name)
        if name == "operatorname":
            return self.named(self.matched(PLAIN))
        if name in FRACTIONS:
            return f"<mfrac>{self.argument()}{self.argument()}</mfrac>"
        if name == "binom":
            above_below = f'<mfrac linethickness="0">{self.argument()}{self.argument()}</mfrac>'
            return f"<mrow>{fence('(', True)}{above_below}{fence(')', True)}</mrow>"
        if name == "bmod":
            return f'<mo lspace="{SPACES[":"]}em" rspace="{SPACES[":"]}em">mod</mo>'
        if name == "sqrt":
            return self.root()
        if name in ACCENTS:
            return f'<mover accent="true">{self.argument()}{operator(ACCENTS[name])}</mover>'
        if name == "overline":
            return f'<mrow style="border-top: thin solid">{self.argument()}</mrow>'
        if name in STACKED:
            above, base = self.argument(), self.argument()
            return f"<{STACKED[name]}>{base}{above}</{STACKED[name]}>"
        if name == "left":
            opening, middle = fence(self.take(), True), self.row("\\right")
            return f"<mrow>{opening}{middle}{fence(self.take(), True)}</mrow>"
        if name in SIZES:
            return fence(self.take())
        if name in WORDS:
            words = escape(self.matched(PLAIN).replace("\\_", "_"))
            return f"<mtext>{words.replace(' ', '&#160;')}</mtext>"
        if name in STYLES:
            return f"<mi>{styled(self.matched(STYLED), STYLES[name])}</mi>"
        if name == "begin":
            return self.grid(self.matched(PLAIN))
        if name in SPACES:
            return f'<mspace width="{SPACES[name]}em"></mspace>'
        if name in SILENT:
            return "<mrow></mrow>"
        raise Unknown(name)

    def named(self, name):
        movable = ' movablelimits="true"' if name in LIMITS else ""
        behind = 0 if self.next in ("(", "[", "\\left") else SPACES[","]
        return f'<mo lspace="{SPACES[","]}em" rspace="{behind}em"{movable}>{escape(name)}</mo>'

    def root(self):
        if self.next != "[":
            return f"<msqrt>{self.argument()}</msqrt>"
        self.take()
        index, base = self.row("]"), self.argument()
        return f"<mroot>{base}{index}</mroot>"

    def grid(self, name):
        if name not in GRIDS:
            raise Unknown(name)
        (left, right, sides), rows = GRIDS[name], [[]]
        while self.last != END:
            side = sides[len(rows[-1]) % len(sides)]
            rows[-1].append(f'<mtd style="text-align: {side}">{self.row("&", NEW_ROW, END)}</mtd>')
            if self.last == NEW_ROW:
                self.matched(ROOM)
                rows.append([])
        if self.matched(PLAIN) != name:
            raise Unknown(name)
        cells = "".join(f"<mtr>{''.join(row)}</mtr>" for row in rows)
        return f"<mrow>{fence(left, True)}<mtable>{cells}</mtable>{fence(right, True)}</mrow>"


def operator(sign):
    return f"<mo>{escape(sign)}</mo>"


def fence(token, grows=False):
    """A bracket, or nothing for ".". grows: whether it is as high as what it holds."""
    if token in ("", "."):
        return ""
    sign = FENCES.get(token) or FENCES.get(token[1:])
    if not sign:
        raise Unknown(token)
    return f'<mo stretchy="{str(grows).lower()}" lspace="0" rspace="0">{sign}</mo>'


def styled(letters, style):
    """Letters in another style, as characters of their own."""
    signs, made = LETTERS.get(letters[1:], "") if letters[0] == "\\" else letters, ""
    for sign in signs:
        name = re.sub("(LATIN|GREEK|LETTER) ", "", unicodedata.name(sign))
        made += found(f"MATHEMATICAL {style} {name}") or found(f"{style} {name}")
    if len(made) < max(1, len(signs)):
        raise Unknown(letters)
    return made


def found(name):
    """The character of a name, or "" if there is none."""
    try:
        return unicodedata.lookup(name)
    except KeyError:
        return ""


SIGNS = {operator(sign) for sign in "+−±∓"}  # of a number, if they stand at its beginning
OPENING = {fence(sign) for sign in ("(", "[", "\\{")}
