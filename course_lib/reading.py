"""Methods as text: what a function says when it runs, and what the next one says more."""

import ast
import difflib
import inspect
import textwrap


def code(function):
    """The lines of a function without its docstring, one text.

    function: a Python function whose source can be found.
    Errors: TypeError for what is no function, OSError where there is no source.
    """
    source = textwrap.dedent(inspect.getsource(function))
    lines, (body, *_) = source.splitlines(), ast.parse(source).body[0].body
    if isinstance(body, ast.Expr) and isinstance(body.value, ast.Constant):
        del lines[body.lineno - 1 : body.end_lineno]
    return "\n".join(lines).rstrip()


def changes(before, after):
    """What makes one function of another, line by line: "-" goes, "+" comes, nothing in front of what stays.

    before, after: functions, as for `code`.
    Returns one text.
    """
    lines = difflib.ndiff(code(before).splitlines(), code(after).splitlines())
    return "\n".join(line for line in lines if not line.startswith("?"))
