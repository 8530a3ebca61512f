"""The cells to run, in our sheet's order: the learner's answers, and of our own what they use."""

import ast
import functools
import re

from course_lib.grading.read import NO_PYTHON, parsed

WAITING = re.compile(r"\b(await|async|__future__)\b")  # what a notebook does otherwise
IN_TEXTS = {"eval", "exec", "globals", "locals", "vars", "get_ipython"}  # who uses these may say names in texts
NAMING = ast.FunctionDef | ast.ClassDef | ast.Import | ast.ImportFrom
NOTEBOOK = re.compile(r"get_ipython|In|Out|_{1,3}|_\d+|_i+")  # names that only a notebook knows


def program(ours, submitted, only=None, more=True):
    """Pairs (name, source), and among them (id of a check, None) where our sheet has that check.

    only: heading of the one section whose answers are run; None for all. more: whether cells run that the learner has
    added or changed.
    """
    added = submitted.more if more else {}
    run = []

    def add(sources, name):
        run.extend((f"{name} {i}" if i > 1 else name, source) for i, source in enumerate(sources, 1))

    add(added.get("", ()), "at the beginning")
    for cell in ours:
        wanted = only is None or cell.section in ("", only)
        if cell.kind == "answer" and wanted:
            add(submitted.answers.get(cell.id, ()), cell.id)
        if cell.kind == "check":
            run.append((cell.id, None))
        here = added.get(cell.id, ()) if wanted else ()
        if cell.kind == "given":  # behind what became of it, so that the names in it are those of the sheet
            add(here, f"{cell.id}, changed")
            run.append((cell.id, parsed(cell.source)))
        else:
            add(here, f"after {cell.id}")
    theirs = [source for _, source in run if isinstance(source, str)]
    return cut(run, {name for source in theirs for name in used(source)})


def is_plain(source):
    """Whether a cell runs in Python as it does in a notebook."""
    lacking = missing(source)
    return lacking is not None and not WAITING.search(source) and not any(map(NOTEBOOK.fullmatch, lacking))


def cut(run, names):
    """The cells as sources; of our own, given as trees, the statements that make one of the names, or one for these."""
    kept = []
    for name, source in reversed(run):
        if isinstance(source, ast.Module):
            body = []
            for statement in reversed(source.body):
                if names & set(bound(statement)):
                    body.insert(0, statement)
                    names |= {node.id for node in ast.walk(statement) if isinstance(node, ast.Name)}
            source = ast.unparse(ast.Module(body, []))
        if source is None or source.strip():
            kept.insert(0, (name, source))
    return kept


def used(source):
    """The names that a learner's cell may use and does not make itself."""
    lacking = missing(source)
    if lacking is not None:
        return set(re.findall(r"\w+", source)) if IN_TEXTS & lacking else lacking
    lines = source.split("\n")
    magic = [line for line in lines if is_magic(line)]
    rest = "\n".join(line[: len(line) - len(line.lstrip())] + "pass" if is_magic(line) else line for line in lines)
    return (missing(rest) or set()) | {word for line in magic for word in re.findall(r"\w+", line)}


def is_magic(line):
    """Whether only IPython understands a line."""
    return line.lstrip()[:1] in ("%", "!", "?") or line.partition("=")[2].lstrip()[:1] in ("%", "!")


@functools.cache
def missing(source):
    """The names that a cell uses and does not make itself; None if it is no Python."""
    try:
        nodes = list(ast.walk(parsed(source)))
    except NO_PYTHON:
        return None
    names = [node for node in nodes if isinstance(node, ast.Name)]
    loaded = {node.id for node in names if isinstance(node.ctx, ast.Load)}
    own = {node.arg for node in nodes if isinstance(node, ast.arg)}
    own |= {node.id for node in names if isinstance(node.ctx, ast.Store)}
    return loaded - own - {name for node in nodes if isinstance(node, NAMING) for name in bound(node)}


def bound(statement):
    """The names that a statement of ours makes or changes."""
    if isinstance(statement, ast.FunctionDef | ast.ClassDef):
        return [statement.name]
    if isinstance(statement, ast.Import | ast.ImportFrom):
        return [(alias.asname or alias.name).split(".")[0] for alias in statement.names]
    targets = [node for node in ast.walk(statement) if isinstance(getattr(node, "ctx", None), ast.Store)]
    return [part.id for node in targets for part in ast.walk(node) if isinstance(part, ast.Name)]
