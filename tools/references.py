"""Makes REFERENCES.md from paper.bib: each work that the course cites, and where it does.

python -m tools.references

A citation is `Held, Wolfe and Crowder (1974)` or `(Cohen and others, 2021)`, with "and others" or "et al." for authors
who are left out, or, in a list of what to read, `L. Armijo, *Minimization of functions*, 1966`, with all of the title
or its beginning; in paper.md it is `@key`.
"""

import ast
import io
import re
import sys
import tokenize
import tomllib
from functools import cache
from typing import NamedTuple
from urllib.parse import quote

import nbformat

from tools import claims
from tools.refresh import ROOT

HEAD = """# References

What the course cites, and where: a lesson, its solutions, a claim, a function of the library, or `paper.md`. The
numbers lead to lessons and to the cells that settle a claim. The same in BibTeX: [paper.bib](paper.bib), from which
this page is made.
"""
VENUES = ("journal", "booktitle", "publisher", "institution", "school", "howpublished")


def main():
    (ROOT / "REFERENCES.md").write_text(page(), encoding="utf-8", newline="\n")


# The works


def works(text=None):
    """{key: {field: value}} of paper.bib. It keeps to one form: a field a line, in one pair of braces."""
    text = (ROOT / "paper.bib").read_text(encoding="utf-8") if text is None else text
    found = {}
    for block in text.rstrip().split("\n\n"):
        head, *lines, end = block.splitlines()
        kind, key = re.fullmatch(r"@(\w+)\{(\w+),", head).groups()
        fields = [re.fullmatch(r"  (\w+) = \{(.+)\},", line).groups() for line in lines]
        if end != "}" or key in found or len(dict(fields)) < len(fields):
            raise ValueError(f"not in the form of paper.bib, or twice: {block}")
        found[key] = {"kind": kind, **dict(fields)}
    return found


def surnames(work):
    return [name.strip("{}").split(",")[0] for name in work["author"].split(" and ") if name != "others"]


def title(work):
    return re.sub("[{}]", "", work["title"])


def reference(work):
    """A work as a line: who, when, what, where."""
    people = [" ".join(reversed(name.strip("{}").split(", "))) for name in work["author"].split(" and ")]
    who = ", ".join(people).replace(", others", " and others")
    name = next((work[field] for field in ("booktitle", *VENUES) if field in work), "")
    where = ", ".join(filter(None, [name, work.get("volume", ""), work.get("pages", "").replace("--", "–")]))
    links = [f"[doi:{work['doi']}](https://doi.org/{quote(work['doi'])})"] if "doi" in work else []
    links += [f"[arXiv:{work['eprint']}](https://arxiv.org/abs/{work['eprint']})"] if "eprint" in work else []
    end = "" if title(work).endswith("?") else "."
    said = [f"{who} ({work['year']}). *{title(work)}{end}*", where.replace("*", r"\*"), *links]
    return ". ".join(filter(None, said)).replace(".*.", ".*").replace("?*.", "?*") + "."


# What is cited


class Citation(NamedTuple):
    names: tuple
    others: bool
    year: str
    title: str

    def means(self, work):
        """Whether it is this work: the same year, all of its authors or the first of them, the title's beginning."""
        people = [folded(name) for name in surnames(work)]
        left = len(people) - len(self.names) + work["author"].endswith(" and others")
        return (
            (self.year, [folded(name) for name in self.names]) == (work["year"], people[: len(self.names)])
            and (left > 0) == self.others
            and folded(title(work)).startswith(folded(self.title))
        )


CAPITAL = "A-ZÀ-ÖØ-ÞŠŽ"
WORD = rf"[{CAPITAL}][\w’-]+"
BEFORE = r"(?:(?:van der|van|von|de) )?"
INITIALS = rf"(?:[{CAPITAL}]\.[- ]?)+ ?"
FULL = rf"(?:{INITIALS}{BEFORE}{WORD}(?: {WORD})?|(?:{WORD} (?:[{CAPITAL}]\. )*)?{BEFORE}{WORD})"
LIST = rf"({FULL}(?:, {FULL})*(?:,? and {FULL})?)((?:,? and others| et al\.)?)"
YEAR = r"(1[6-9]\d\d|20[0-4]\d)(?![\d,.]*\d)"
TITLED = re.compile(rf"{LIST},? \*([^*]+)\*,(?: [^*;:]*,)? {YEAR}")
PLAIN = re.compile(rf"{LIST}(?:'s)?,? \(?{YEAR}")
SURNAME = re.compile(rf"(?<=[{CAPITAL}]\. ){BEFORE}{WORD} {WORD}$|{BEFORE}{WORD}$")


def citations(text):
    """What a text cites, in its order."""
    text, found = " ".join(text.split()), []
    for form in (TITLED, PLAIN):
        for match in form.finditer(text):
            names, others, *told, year = match.groups()
            inside = any(start <= match.start() < end for (start, end), _ in found)  # a list's venue, with the year
            if inside or (form is PLAIN and not re.search(r"[(,] ?\d{4}$", match[0])):
                continue
            people = tuple(SURNAME.search(name)[0] for name in re.split(r",? and |, ", names))
            found.append((match.span(), Citation(people, bool(others), year, told[0] if told else "")))
    return [citation for _, citation in sorted(found)]


def folded(text):
    """Letters and digits alone, in small letters."""
    return re.sub(r"[\W_]+", "", text).casefold()


# Where


def places():
    """(where, text) of all that may cite, where being what the page says of it."""
    for folder, said in (("notebooks", "{}"), ("solutions", "solutions {}")):
        for path in sorted((ROOT / folder).glob("*.ipynb")):
            link = f"[{said.format(path.name[:2])}]({folder}/{path.name})"
            for cell in nbformat.read(path, as_version=4).cells:
                texts = [cell.source] if cell.cell_type == "markdown" else comments(cell.source)
                yield from ((link, text) for text in texts)
    for claim in claims.ledger():
        link = f"notebooks/{claim['lesson']}.ipynb#cell-id={claims.cells(claim)[0].id}"
        for field in ("says", "truth", "source"):
            yield f"[claim {claim['number']}]({link})", claim[field]
    for path in sorted((ROOT / "course_lib" / "questions").glob("*.toml")):
        yield f"[{path.stem}]({lesson(path.stem)})", " ".join(strings(tomllib.loads(path.read_text(encoding="utf-8"))))
    for path in sorted((ROOT / "course_lib").rglob("*.py")):
        name = ".".join(path.relative_to(ROOT / "course_lib").with_suffix("").parts).removesuffix(".__init__")
        source = path.read_text(encoding="utf-8")
        yield from ((f"`{name}`", text) for text in comments(source))
        yield from docstrings(ast.parse(source), name)
    for path in (ROOT / "README.md", *sorted((ROOT / "teaching").glob("*.md"))):
        yield f"[{path.name}]({path.relative_to(ROOT).as_posix()})", path.read_text(encoding="utf-8")


def lesson(number):
    (path,) = (ROOT / "notebooks").glob(f"{number}_*.ipynb")
    return f"notebooks/{path.name}"


def strings(value):
    """Every string in a table of tables and lists."""
    if isinstance(value, str):
        return [value]
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [text for one in inner for text in strings(one)]


def comments(source):
    """The comments of a file, those below each other as one text."""
    found, last = [], -1
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            text = token.string.lstrip("#: ")
            if token.start[0] == last + 1:
                found[-1] += f" {text}"
            else:
                found.append(text)
            last = token.start[0]
    return found


def docstrings(node, name):
    """(where, docstring) of a module and all in it; a string below an assignment is the docstring of its name."""
    for one, below in zip(node.body, [*node.body[1:], None]):
        if isinstance(one, ast.FunctionDef | ast.ClassDef):
            yield from docstrings(one, f"{name}.{one.name}")
        elif isinstance(one, ast.Assign) and isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant):
            yield f"`{name}.{ast.unparse(one.targets[0])}`", str(below.value.value)
    if text := ast.get_docstring(node):
        yield f"`{name}`", text


@cache
def uses():
    """{key: [where]} of what is cited, and the citations that are no work, or more than one, of paper.bib."""
    listed = works()
    found, unknown = {key: [] for key in listed}, []
    for where, text in places():
        for citation in citations(text):
            meant = [key for key, work in listed.items() if citation.means(work)]
            if len(meant) != 1:
                unknown.append((where, citation))
            elif where not in found[meant[0]]:
                found[meant[0]].append(where)
    for key in dict.fromkeys(re.findall(r"@(\w+)", (ROOT / "paper.md").read_text(encoding="utf-8"))):
        if key in found:
            found[key].append("`paper.md`")
        else:
            unknown.append(("`paper.md`", key))
    return found, unknown


def page():
    """REFERENCES.md."""
    listed, (found, _) = works(), uses()
    return HEAD + "".join(f"\n- {reference(listed[key])}<br>\n  {', '.join(where)}\n" for key, where in found.items())


if __name__ == "__main__":
    sys.exit(main())
