"""The course as pages: what Sphinx is given to build, made from the notebooks, the texts and the library's docstrings.

The folders are those of the course, so links between notebooks and texts hold as they stand. README.md is index.md.
"""

import ast
import inspect
import json
import re
import shutil
import textwrap

from course_lib import start

FOLDERS = {"notebooks": "Lessons", "exercises": "Sheets", "solutions": "Solutions"}
LITE = "lite/lab/index.html?path="
CELL = re.compile(r"\((?:\.\./)*notebooks/\w+\.ipynb#cell-id=([\w-]+)\)")
CONTENTS = "[contents](../README.md)"


def stage(course, target, in_browser):
    """Writes the sources of all pages into a folder.

    course, target: absolute paths. in_browser: whether JupyterLite will lie beside the pages, so that they link to it.
    """
    shutil.rmtree(target, ignore_errors=True)
    claims = set(CELL.findall((course / "CLAIMS.md").read_text(encoding="utf-8")))
    for folder in FOLDERS:
        (target / folder).mkdir(parents=True)
        for path in sorted((course / folder).glob("*.ipynb")):
            notebook = json.loads(path.read_text(encoding="utf-8"))
            made = json.dumps(page(notebook, f"{folder}/{path.name}", claims, in_browser), ensure_ascii=False)
            (target / folder / path.name).write_text(made, encoding="utf-8")
    for path in texts(course):
        text = path.read_text(encoding="utf-8")
        write(target / path.relative_to(course), linked(claims_apart(text) if path.name == "CLAIMS.md" else text))
    write(target / "index.md", index((course / "README.md").read_text(encoding="utf-8"), in_browser))
    modules = imported(course)
    for name in modules:
        write(target / "library" / f"{name}.md", reference(course / "course_lib", name))
    write(target / "library" / "index.md", LIBRARY + toctree("", modules, hidden=False))
    for path in sorted(target.rglob("*.md")):
        for name in re.findall(r"\]\(([\w./-]+)\)", path.read_text(encoding="utf-8")):
            file, source = path.parent / name, course / path.parent.relative_to(target) / name
            if source.is_file() and not file.exists():  # no page: it is there to be had
                file.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(source, file)


def texts(course):
    """The texts that the README, the notebooks and these texts lead to, without the README itself."""
    found, waiting = set(), [course / "README.md", *(path for f in FOLDERS for path in (course / f).glob("*.ipynb"))]
    while waiting:
        path = waiting.pop()
        for name in re.findall(r"\]\(([\w./]+\.md)\b", path.read_text(encoding="utf-8")):
            text = (path.parent / name).resolve()
            if text not in found and text != (course / "README.md").resolve():
                found.add(text)
                waiting.append(text)
    return sorted(found)


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def linked(text):
    """A text whose links lead to pages: to the index for the README, to a cell by its name."""
    text = CELL.sub(r"(#\1)", text)
    return re.sub(r"\]\(((?:\.\./)*)README\.md\)", r"](\1index.md)", text)


def claims_apart(text):
    """The tables of claims as blocks: five columns of sentences and numbers do not fit a page."""
    blocks = []
    for line in text.splitlines():
        number, *told = (
            (cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]) if line.startswith("| [") else ("",)
        )
        if told:
            said, holds, measured, why = told
            measured = measured.replace("\\|", "|").split("<br>")
            line = "\n".join(
                [
                    f"**{number} · {said}**\n",
                    f"- *It holds:* {holds}",
                    "- *Measured:*",
                    *(f"  - {escaped(one)}" for one in measured),
                    f"- *Why:* {why}\n",
                ]
            )
        elif line.startswith("|"):
            continue
        blocks.append(line)
    return "\n".join(blocks) + "\n"


def page(notebook, name, claims, in_browser):
    """A notebook as a page: its links lead to pages, the cells that settle a claim can be linked to."""
    cells = []
    for cell in notebook["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            if in_browser and CONTENTS in source:
                link = f'<a class="in-browser" href="../{LITE}{name}">open in the browser</a>'
                source = source.replace(CONTENTS, f"{CONTENTS} · {link}", 1)
            cell = cell | {"source": linked(source)}
        elif cell.get("id") in claims and name.startswith("notebooks/"):
            cells.append({"cell_type": "markdown", "metadata": {}, "source": f"({cell['id']})="})
        if source.startswith(("predict(", "ask(")):  # what it shows stands for itself
            cell["metadata"]["tags"] = ["remove-input"]
        cells.append({key: value for key, value in cell.items() if key != "id"})
    return notebook | {"cells": cells, "nbformat_minor": 4}


def index(text, in_browser):
    """The README as the first page: below it hangs everything else."""
    if in_browser:
        row = re.compile(r"^(\| \d\d \| [^|]*\]\((notebooks/\w+\.ipynb)\)[^|]*) \|", re.M)
        text = row.sub(rf'\1<br><a class="in-browser" href="{LITE}\2">open in the browser</a> |', text)
        whole = f'<a class="in-browser" href="{LITE}{start.NAME}">open the course in the browser</a>'
        text = text.replace(
            "\n## Start\n", f"\n**Nothing to install:** {whole}, or one of the lessons below.\n\n## Start\n"
        )
    trees = [toctree(caption, [f"{folder}/*"]) for folder, caption in FOLDERS.items()]
    trees.append(toctree("Reference", ["library/index", "[A-Z]*"]))
    trees.append(toctree("Teaching", ["teaching/README", "teaching/[!R]*"]))
    return "\n".join([text, *trees])


def toctree(caption, entries, hidden=True):
    options = [":glob:", *([":hidden:"] if hidden else []), *([f":caption: {caption}"] if caption else [])]
    return "\n".join(["```{toctree}", *options, "", *entries, "```", ""])


# The library

LIBRARY = """# The library

What the lessons and the sheets import. Each function is a few lines: read it, too.

"""


def imported(course):
    """The modules of course_lib that lessons and solutions import, by name."""
    found = set()
    for folder in ("notebooks", "solutions"):
        for path in sorted((course / folder).glob("*.ipynb")):
            for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
                source = "".join(cell["source"])
                if cell["cell_type"] == "code" and "course_lib" in source:
                    for node in ast.walk(ast.parse(source)):
                        if isinstance(node, ast.ImportFrom) and node.module == "course_lib":
                            found |= {alias.name for alias in node.names}
                        elif isinstance(node, ast.ImportFrom) and node.module.startswith("course_lib."):
                            found.add(node.module.split(".")[1])
    return sorted(found - {"sheets"})


def reference(library, name):
    """The page of a module: what it says of itself, then its functions, classes and constants in their order."""
    path = library / name / "__init__.py" if (library / name).is_dir() else library / f"{name}.py"
    module = ast.parse(path.read_text(encoding="utf-8"))
    parts = [f"# {name}", markdown(ast.get_docstring(module) or "", ()), f"```{{py:module}} course_lib.{name}\n```"]
    for node, below in zip(module.body, [*module.body[1:], None]):
        if isinstance(node, ast.ImportFrom) and path.name == "__init__.py" and node.level:  # what a package offers
            part = ast.parse((path.parent / f"{node.module}.py").read_text(encoding="utf-8"))
            names = [alias.name for alias in node.names]
            parts += [described(one) for one in part.body if getattr(one, "name", "") in names]
        elif isinstance(node, ast.Assign) and isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant):
            parts.append(directive("data", ast.unparse(node.targets[0]), inspect.cleandoc(below.value.value)))
        else:
            parts.append(described(node))
    return "\n\n".join(filter(None, parts)) + "\n"


def described(node, kind="function"):
    """A function or a class that says what it is, as a directive with its methods in it; of others nothing."""
    if not isinstance(node, ast.FunctionDef | ast.ClassDef) or node.name.startswith("_") or not ast.get_docstring(node):
        return ""
    if isinstance(node, ast.FunctionDef):
        given = arguments(node)
        return directive(kind, f"{node.name}({ast.unparse(given)})", ast.get_docstring(node), names_of(given))
    made = next((one for one in node.body if getattr(one, "name", "") == "__init__"), None)
    given = arguments(made) if made else fields(node)
    methods = [described(one, "method") for one in node.body]
    return directive("class", node.name + signature(given), ast.get_docstring(node), below=methods)


def directive(kind, head, docstring, names=None, below=()):
    """What Sphinx is told of one thing. names: of its arguments, if these are all that has a line of its own."""
    fence = "````" if kind == "method" else "`````"
    parts = [f"{fence}{{py:{kind}}} {head}", *filter(None, [markdown(docstring, names), *below]), fence]
    return parts[0] + "\n" + "\n\n".join(parts[1:-1]) + "\n" + parts[-1]


def arguments(function):
    """The arguments without what the docstring says better, their types, and without self."""
    given = function.args
    for one in everyone(given):
        one.annotation = None
    given.args = [one for one in given.args if one.arg != "self"]
    return given


def fields(node):
    """The arguments of a dataclass; of one that inherits some, and of other classes, none."""
    own = [one for one in node.body if isinstance(one, ast.AnnAssign)] if node.decorator_list and not node.bases else []
    given = [ast.arg(one.target.id) for one in own]
    return ast.arguments([], given, None, [], [], None, [one.value for one in own if one.value])


def signature(given):
    return f"({ast.unparse(given)})" if names_of(given) else ""


def names_of(given):
    return {one.arg for one in everyone(given)}


def everyone(given):
    return filter(None, (*given.posonlyargs, *given.args, given.vararg, *given.kwonlyargs, given.kwarg))


NAME = r"\*{0,2}[A-Za-z]\w*(?:\.\w+)?(?:\([\w, ]*\))?"
ENTRY = re.compile(rf"({NAME}(?:, {NAME})*): (.*)", re.S)
WORDS = ("Returns", "Source", "Errors", "Convention", "Measured", "To make one")


def markdown(docstring, names=None):
    """A docstring as Markdown: formulas and code as they stand, arguments as a list, examples as code.

    names: of the arguments; None if any word may begin a line of the list, but for the first line.
    """
    parts = []
    for block in re.split(r"\n\s*\n(?=\S)|(?<=::)\n\s*\n", docstring):
        if block.startswith("    "):
            parts.append(f"```python\n{textwrap.dedent(block)}\n```")
            continue
        entries = []
        for line in block.splitlines():
            begins = listed(line, names) or line.startswith(WORDS) or re.match(r"[-*] |\d\. ", line)
            if entries and not begins:
                entries[-1] += "\n" + line
            else:
                entries.append(line)
        first = not parts
        parts += [entry(one, () if first and i == 0 else names) for i, one in enumerate(entries)]
    return re.sub(r"::(?=\n|$)", ":", "\n\n".join(parts))


def listed(text, names):
    """The match of a line such as "x, g: point and gradient", or None."""
    found = ENTRY.fullmatch(text)
    if found and names is not None and not set(re.findall(r"\w+", found[1])) <= set(names):
        return None
    return found


def entry(text, names):
    said = re.fullmatch(r"([A-Z][\w ]*): (.*)", text, re.S) if text.startswith(WORDS) else None
    if said:
        return f"*{said[1]}:* {escaped(said[2])}"
    if found := not text.startswith(WORDS) and listed(text, names):
        return f"- **{escaped(found[1])}**: {escaped(found[2])}".replace("\n", "\n  ")
    return escaped(text)


def escaped(text):
    """Markdown's own signs in plain words stand for themselves; not in code and formulas."""
    pieces = re.split(r"(``.+?``|`[^`]+`|\$\$.+?\$\$|\$[^$]+\$)", text, flags=re.S)
    return "".join(piece if i % 2 else re.sub(r"([*_<]|^%)", r"\\\1", piece) for i, piece in enumerate(pieces))
