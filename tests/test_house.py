"""The house rules: who may import whom, which lists agree, what no file may hold."""

import ast
import json
import os
import re
import subprocess
import symtable
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

from course_lib.sheets import race_first

ROOT = Path(__file__).parents[1]
LIBRARY = ROOT / "course_lib"

UNDER_ALL = {"arguments", "linalg"}  # what everything may import
GROUND = {"optimizers", "schedules", "surfaces"}
TOOLS = {"wrappers", "convexity", "gradients", "curvature", "problems", "networks"}
LAYERS = {  # module or package -> what it may import of course_lib, besides its own modules and those under all
    **dict.fromkeys(UNDER_ALL | GROUND | {"descent", "amounts", "record", "style", "nodelay", "reading"}, frozenset()),
    **dict.fromkeys(TOOLS, GROUND),
    "landscapes": {"surfaces", "curvature"},
    "scale": {"surfaces", "problems", "networks"},
    "choosing": GROUND | {"problems", "networks", "descent"},
    "data": {"choosing"},
    "plots": {"descent", "surfaces", "style"},
    "live": {"descent", "surfaces", "schedules", "optimizers", "curvature", "style", "plots", "widget"}
    | {"problems", "networks", "landscapes", "scale", "choosing", "wrappers"},
    "widget": set(),
    "card": {"widget"},
    "quiz": {"amounts", "record", "widget", "card"},
    "start": {"record"},
    "copies": {"record", "start"},
    "lab": {"copies", "start"},
    "checks": GROUND | TOOLS | {"landscapes", "scale", "choosing", "descent", "record", "style"},
    "sheets": GROUND | TOOLS | {"landscapes", "scale", "choosing", "descent", "checks"},
    "grading": GROUND | TOOLS | {"landscapes", "scale", "choosing", "descent", "checks", "sheets"},
}
HEAVY = {"plots", "live", "nodelay", "widget", "card", "quiz", "grading"}  # these may stand on more than NumPy

NOTEBOOKS = [path for folder in ("notebooks", "exercises", "solutions") for path in sorted((ROOT / folder).glob("*"))]
SKIPPED = {".git", ".venv", ".venv.lock", ".ruff_cache", ".pytest_cache", ".hypothesis", "__pycache__", "uv.lock"}
SKIPPED |= {".mypy_cache", ".ipynb_checkpoints", "workspaces", "build", "dist", "mine"}


def name_of(path):
    return path.relative_to(ROOT).as_posix()


def course_imports(path):
    """The modules of course_lib that a file imports, wherever in the file it does, as paths below course_lib."""
    here = path.relative_to(LIBRARY).with_suffix("").parts[:-1]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found = [alias.name.split(".") for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = ["course_lib", *here[: len(here) + 1 - node.level]] if node.level else []
            base += node.module.split(".") if node.module else []
            found = [[*base, alias.name] for alias in node.names]
        else:
            continue
        yield from (parts[1] if len(parts) > 1 else "" for parts in found if parts[0] == "course_lib")


def python_files():
    return [path for path in sorted(LIBRARY.rglob("*.py")) if path != LIBRARY / "__init__.py"]


def layer_of(path):
    return path.relative_to(LIBRARY).with_suffix("").parts[0]


@pytest.mark.parametrize("path", python_files(), ids=name_of)
def test_nothing_imports_upward(path):
    layer = layer_of(path)
    assert layer in LAYERS, f"{layer} has no place in the house"
    assert set(course_imports(path)) <= LAYERS[layer] | UNDER_ALL | {layer}


def test_the_layers_test_sees_every_form_of_import(monkeypatch, tmp_path):
    monkeypatch.setattr(sys.modules[__name__], "LIBRARY", tmp_path)
    inner = tmp_path / "live" / "inner.py"
    inner.parent.mkdir()
    inner.write_text(
        "import numpy\nimport course_lib.plots\nfrom course_lib import a\nfrom course_lib.b.x import y\n"
        "from .. import c\nfrom ..d import z\nfrom . import mine\nfrom .mine import q\n"
        "def f():\n    from course_lib.e import g\n"
    )
    assert list(course_imports(inner)) == ["plots", "a", "b", "c", "d", "live", "live", "e"]


@pytest.mark.parametrize("module", ["", *sorted({layer_of(path) for path in python_files()} - HEAVY)])
def test_imports_only_numpy_and_the_standard_library(module):
    code = f"""
import sys
before = set(sys.modules)
import course_lib{module and "."}{module}
new = {{name.split(".")[0] for name in set(sys.modules) - before if name[0] != "_"}}
print(*sorted(new - sys.stdlib_module_names - {{"course_lib", "numpy"}}))"""
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert run.stdout.split() == []


def files():
    """Every file of the course; what others make meanwhile is not looked into."""
    for folder, inside, names in os.walk(ROOT):
        inside[:] = sorted(set(inside) - SKIPPED)
        yield from (Path(folder, name) for name in sorted(set(names) - SKIPPED))


def texts():
    """Every text file of the course, as (path, text), without the bytes of pictures."""
    for path in files():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        if path.suffix == ".ipynb":
            cells = json.loads(text)["cells"]
            data = [output.pop("data", {}) for cell in cells for output in cell.get("outputs", [])]
            shown = ["".join(part) for bundle in data for kind, part in bundle.items() if kind.startswith("text/")]
            text = json.dumps(cells) + "".join(shown)
        yield path, re.sub(r"base64,[A-Za-z0-9+/=\\\s]+", "", text)


def test_no_file_names_a_registry_or_a_machine():
    hosts = [
        ".".join(parts) for parts in (("pypi", "org"), ("pythonhosted", "org"), ("anaconda", "org"), ("npmjs", ""))
    ]
    homes = ["/" + name + "/" for name in ("home", "root", "Users", "work", "tmp")] + ["C:" + "\\"]
    found = [(name_of(path), word) for path, text in texts() for word in hosts + homes if word in text]
    assert not found


def test_every_format_and_rule_of_ruff_holds():
    for command in (["check"], ["format", "--check"]):
        run = subprocess.run([sys.executable, "-m", "ruff", *command], cwd=ROOT, capture_output=True, text=True)
        assert run.returncode == 0, run.stdout + run.stderr


@pytest.mark.slow
def test_the_types_hold():
    """In the library, and in a program on top of it, whose wrong lines must be refused."""
    run = subprocess.run([sys.executable, "-m", "mypy"], cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr


def shadowed(path):
    """(function, name) where a function names something of its own as its file has named a function or an import.

    Its parameters may: `shape` is what `shape` gives. What a comprehension names is gone behind it.
    """
    file = symtable.symtable(path.read_text(encoding="utf-8"), path.name, "exec")
    taken = {one.get_name() for one in file.get_symbols() if one.is_namespace() or one.is_imported()}
    tables = list(file.get_children())
    for table in tables:
        tables += table.get_children()
        if table.get_type() == "function" and not re.fullmatch("<?((list|set|dict)comp|genexpr)>?", table.get_name()):
            own = [one for one in table.get_symbols() if one.is_assigned() and one.is_local()]
            yield from (
                (table.get_name(), one.get_name()) for one in own if one.get_name() in taken and not one.is_parameter()
            )


def test_no_name_means_two_things_in_a_file(tmp_path):
    paths = [path for path in [*python_files(), *sorted((ROOT / "tools").rglob("*.py"))] if "sheets" not in path.parts]
    assert [(name_of(path), *pair) for path in paths for pair in shadowed(path)] == []
    bad = tmp_path / "bad.py"
    bad.write_text(
        "from math import floor\nclass A:\n    def f(self, g):\n        floor, h = 1, [f for f in g]\n"
        "def f(a):\n    a = 2\n    def g():\n        f = 3\ndef g(): ..."
    )
    assert sorted(shadowed(bad)) == [("f", "floor"), ("f", "g"), ("g", "f")]


def test_no_module_is_a_drawer_for_everything():
    modules = [path for path in files() if path.suffix == ".py"]
    assert not [name_of(path) for path in modules if re.search("util|helper|common|misc", path.stem)]


# The lists of packages


def canonical(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def bounds(requirements):
    """{name: (at least, this)} of lines such as numpy>=2.0, without what is held at one, such as jsonschema==4.24.*."""
    low = [line for line in requirements if not re.fullmatch(r"[\w-]+==[\d.]+\*", line)]
    parts = [re.fullmatch(r"([\w-]+)>=([\d.]+)", line).groups() for line in low]
    return {canonical(name): tuple(map(int, version.split("."))) for name, version in parts}


def locked(name):
    """{package: [versions]} of a lock; each of its requirements has a version and hashes, and nothing else is in it."""
    entry = r"([a-z0-9.-]+)(?:\[[\w-]+\])?==([\w.]+)(?: ; [^\n\\]+)?((?: \\\n    --hash=sha256:[0-9a-f]{64})+)\n"
    text = (ROOT / name).read_text(encoding="utf-8")
    assert re.sub(entry, "", text) == ""
    versions = {}
    for package, version, _ in re.findall(entry, text):
        versions.setdefault(canonical(package), []).append(version)
    return versions


@pytest.fixture(scope="module")
def project():
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def test_the_locks_hold_what_the_project_asks_for(project):
    library, groups = project["project"]["dependencies"], project["dependency-groups"]
    lab, dev = locked("requirements.lock"), locked("requirements-dev.lock")
    assert not set(lab) & set(dev), "the second lock only adds to the first"
    assert groups["dev"][:2] == [{"include-group": "lab"}, {"include-group": "grading"}]
    for lock, wanted in ((lab, library + groups["lab"]), (dev, groups["grading"] + groups["dev"][2:])):
        for name, low in bounds(wanted).items():
            for version in lock[name]:
                assert tuple(map(int, version.split("."))) >= low, f"{name} {version} is below its bound"


def test_the_locks_of_the_site_hold_what_it_is_built_from(project):
    tools = {canonical(re.match(r"[\w-]+", line)[0]) for line in project["dependency-groups"]["site"]}
    assert tools <= set(locked("requirements-site.lock"))
    wheels, lab = locked("tools/web/wheels.lock"), locked("requirements.lock")
    for name in ("ipywidgets", "anywidget", "psygnal"):
        assert wheels[name] == lab[name], "the widgets in the browser are those of JupyterLab"


def test_the_locks_are_whole():
    """The installers are told not to look for what a package needs besides: the locks name all of it."""
    run = subprocess.run([sys.executable, "-m", "uv", "pip", "check", "--python", sys.executable], capture_output=True)
    assert run.returncode == 0, run.stderr.decode()


def test_conda_and_the_first_sheet_ask_for_the_same(project):
    lines = (ROOT / "environment.yml").read_text(encoding="utf-8").splitlines()
    python, *wanted = [line.strip("- ") for line in lines if re.match(r"  - [a-z-]+[>=]", line)]
    renamed = [line.replace("matplotlib-base", "matplotlib") for line in wanted]
    assert bounds(renamed) == bounds(project["project"]["dependencies"] + project["dependency-groups"]["lab"])
    assert lines[-1].strip() == "- -e ."
    assert bounds(project["project"]["dependencies"]) == race_first.PACKAGES
    low = bounds([f"python{project['project']['requires-python']}"])["python"]
    assert tuple(map(int, python.removeprefix("python=").split("."))) >= low


def test_every_list_of_versions_says_the_same(project):
    course = (ROOT / "course.py").read_text(encoding="utf-8")
    low = project["project"]["requires-python"].removeprefix(">=")
    assert f"sys.version_info < ({low.replace('.', ', ')})" in course
    assert f"Python {low} or newer" in course
    assert project["tool"]["ruff"]["target-version"] == "py" + low.replace(".", "")
    assert f"--python-version {low} " in (ROOT / "Makefile").read_text(encoding="utf-8")
    workflow = (ROOT / ".github" / "workflows" / "tests.yml").read_text(encoding="utf-8")
    assert workflow.count(f'python: ["{low}", ') == 2
    version = re.search('^__version__ = "(.*)"$', (LIBRARY / "__init__.py").read_text(encoding="utf-8"), re.M)[1]
    date = re.search(rf"^## {re.escape(version)} \((\d{{4}}-\d\d-\d\d)\)$", newest_change(), re.M)[1]
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert (cited["version"], cited["date-released"]) == (version, date)


def newest_change():
    return (ROOT / "CHANGELOG.md").read_text(encoding="utf-8").split("\n\n")[2]


# What only the owner of a repository knows, its name, address and people, is "to be filled" where it is needed.
TO_BE_FILLED = {"CODE_OF_CONDUCT.md", "paper.md"}


def test_the_one_placeholder_stands_only_where_the_owner_has_to_fill_it():
    marks = re.compile(r"\b(?:TODO|FIXME|XXX|TBD|lorem ipsum|to be filled)\b", re.I)
    for path in sorted(
        [*ROOT.glob("*.md"), *ROOT.glob("*.cff"), *ROOT.glob("teaching/*.md"), *ROOT.glob(".github/**/*.yml")]
    ):
        allowed = {"to be filled"} if path.name in TO_BE_FILLED else set()
        assert set(marks.findall(path.read_text(encoding="utf-8"))) <= allowed, path.name


@pytest.mark.parametrize("path", sorted((ROOT / ".github" / "ISSUE_TEMPLATE").glob("[!c]*.yml")), ids=name_of)
def test_an_issue_form_asks_for_what_is_needed(path):
    form = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert form["name"]
    assert form["description"]
    assert len({part["id"] for part in form["body"]}) == len(form["body"])
    assert any(part.get("validations", {}).get("required") for part in form["body"])
    for part in form["body"]:
        assert part["type"] in {"input", "textarea", "dropdown"}
        assert part["attributes"]["label"]


# The notebooks


def test_the_three_folders_hold_the_same_lessons():
    """A lesson may come before its sheet."""
    folders = [{path.name for path in NOTEBOOKS if path.parent.name == f and not path.name.startswith(".")}
               for f in ("notebooks", "exercises", "solutions")]  # fmt: skip
    assert folders[1] == folders[2] <= folders[0]
    assert "00_race_first.ipynb" in folders[0]
    assert all(re.fullmatch(r"\d\d_[a-z_]+\.ipynb", name) for name in folders[0])


def test_the_readme_lists_each_lesson_by_its_title():
    rows = re.findall(
        r"^\| \d\d \| \[(.+?)\]\(notebooks/(.+?)\)", (ROOT / "README.md").read_text(encoding="utf-8"), re.M
    )
    lessons = sorted((ROOT / "notebooks").glob("*.ipynb"))
    titles = ["".join(json.loads(path.read_text(encoding="utf-8"))["cells"][0]["source"][:1]) for path in lessons]
    assert rows == [(title.strip().split(" · ")[1], path.name) for title, path in zip(titles, lessons)]


@pytest.mark.parametrize("path", [path for path in NOTEBOOKS if path.suffix == ".ipynb"], ids=name_of)
def test_notebooks_need_no_tricks(path):
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    code = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    for source in code:
        assert not re.search(r"\bsys\.path\b|^\s*[%!]|\bwarnings\.(filter|simplefilter)", source, re.M), source
        assert not source.rstrip().endswith(";"), "nbval compares the output that a ; hides: " + source
    if path.parent.name != "exercises":
        counts = [cell["execution_count"] for cell in cells if cell["cell_type"] == "code"]
        assert counts == list(range(1, len(code) + 1)), "nbval does not compare a cell that was never run"
