"""The library as it is where answers run: without sheets and right answers, and without what an exercise asks for."""

import ast
import atexit
import compileall
import functools
import json
import shutil
import tempfile
from pathlib import Path

HERE = Path(__file__).parents[1]
ABSENT = {"quiz.py", "record.py", "nodelay.py"}
REFUSES = "__import__('worker').refuse({name!r})"
STUBS = {
    ast.FunctionDef: "def {name}(*args, **hyper):\n    " + REFUSES,
    ast.ClassDef: "class {name}:\n    def __new__(cls, *args, **hyper):\n        " + REFUSES,
}


def without(withheld):
    """The path of a folder that holds a course_lib of its own, for as long as this process lives.

    withheld: {module: [functions, classes]} that are cut out of the source; who calls one is told that it is withheld.
    """
    return made(json.dumps(withheld, sort_keys=True))


@functools.cache
def made(withheld):
    withheld, place = json.loads(withheld), Path(tempfile.mkdtemp(prefix="course-"))
    atexit.register(shutil.rmtree, place, ignore_errors=True)
    library = place / "course_lib"
    library.mkdir()
    for path in sorted(HERE.glob("*.py")):
        if path.name not in ABSENT:
            source = path.read_text(encoding="utf-8")
            (library / path.name).write_text(cut(source, withheld.get(path.stem, ())), encoding="utf-8")
    shutil.copytree(HERE / "data", library / "data")
    compileall.compile_dir(library, quiet=1)
    for path in (place, *place.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    return place


def cut(source, names):
    """A module's source in which functions and classes refuse. Errors: ValueError if one of them is not there."""
    if not names:
        return source
    tree, lacking = ast.parse(source), set(names)
    for i, node in enumerate(tree.body):
        if type(node) in STUBS and node.name in names:
            tree.body[i] = ast.parse(STUBS[type(node)].format(name=node.name)).body[0]
            lacking.remove(node.name)
    if lacking:
        raise ValueError(f"there is no {' and no '.join(sorted(lacking))} to withhold")
    return ast.unparse(tree) + "\n"


def lent(withheld):
    """{module: its whole source} of the modules in which something is withheld, for a process that may have it."""
    return {module: (HERE / f"{module}.py").read_text(encoding="utf-8") for module in withheld}
