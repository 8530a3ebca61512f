"""What the site is made from, before its tools build it: tests/browser/test_site.py looks at the built one."""

import hashlib
import json
import re
import zipfile
from pathlib import Path

import pytest

from tools import site
from tools.web import lite, pages, visit

ROOT = Path(__file__).parents[1]
NOTEBOOKS = [f"{folder}/{path.name}" for folder in pages.FOLDERS for path in sorted((ROOT / folder).glob("*.ipynb"))]


@pytest.fixture(scope="module")
def contents(tmp_path_factory):
    folder = tmp_path_factory.mktemp("lite") / "content"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COURSE_ANSWERS", str(folder.parent / "answers.jsonl"))
        lite.stage(ROOT, folder)
    return folder


@pytest.fixture(scope="module")
def sources(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pages") / "source"
    pages.stage(ROOT, folder, in_browser=True)
    return folder


# JupyterLite


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_each_notebook_is_in_jupyterlite_in_the_form_that_it_reads(contents, name):
    """Its own kernel, texts in one piece, and no outputs in lessons, which hold the answers."""
    notebook = json.loads((contents / name).read_text(encoding="utf-8"))
    published = json.loads((ROOT / name).read_text(encoding="utf-8"))
    assert notebook["metadata"]["kernelspec"]["name"] == "python"
    sources = ["".join(cell["source"]) for cell in published["cells"]]
    assert [cell["source"] for cell in notebook["cells"]] == [f"{sources[0]}\n\n*{lite.WAIT}*", *sources[1:]]
    for cell in notebook["cells"]:
        for output in cell.get("outputs", ()):
            assert not name.startswith("notebooks/")
            texts = [
                output.get("text", ""),
                *(data for kind, data in output.get("data", {}).items() if "json" not in kind),
            ]
            assert all(isinstance(text, str) for text in texts)


def test_a_second_line_in_the_record_is_no_json_to_jupyterlite():
    """As a JSON file it would be read whole at each write, and Python would wait for ever."""
    told = json.loads((ROOT / "tools" / "web" / "jupyter-lite.json").read_text(encoding="utf-8"))
    kind = told["jupyter-config-data"]["fileTypes"]["jsonl"]
    assert (kind["extensions"], kind["fileFormat"]) == ([".jsonl"], "text")


def test_the_first_page_counts_what_there_is_to_do(contents):
    page = (contents / "README.md").read_text(encoding="utf-8")
    assert "0 of" not in page
    assert "| bets | | exercises | points |" in page
    assert lite.WAIT in page
    assert "`answers.jsonl`" in page
    links = re.findall(r"\]\(([^)]+)\)", page)
    assert len(links) > 3 * len(list((ROOT / "solutions").glob("*.ipynb")))
    assert all((contents / link).exists() for link in links)


def test_links_between_notebooks_lead_to_what_is_there(contents):
    for name in NOTEBOOKS:
        text = (contents / name).read_text(encoding="utf-8")
        for link in re.findall(r"\]\((\.\./[\w./-]+|[\w-]+\.ipynb)", text):
            assert (contents / name).parent.joinpath(link).exists(), f"{name}: {link}"


def wheel(folder, name, tag="py3-none-any"):
    path = folder / f"{name}-{tag}.whl"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr(f"{name}.txt", tag)
    return path


@pytest.fixture
def files(tmp_path):
    """Downloads as `lite.download` leaves them, small; and beside them, where NumPy and the like may be fetched."""
    folder, elsewhere = tmp_path / "files", tmp_path / "elsewhere"
    folder.mkdir()
    elsewhere.mkdir()
    for name in lite.FILES:
        (folder / name).write_text(name)
    built = [wheel(elsewhere, f"{name}-1.0", "cp314-cp314-wasm32") for name in lite.BUILT]
    wheel(folder, "ipython-9.0"), wheel(folder, "ipywidgets-8.0"), wheel(folder, "anywidget-1.0")
    told = {"depends": [], "imports": [], "install_dir": "site"}
    packages = {
        name: told | {"file_name": path.name, "sha256": lite.sha256(path)} for name, path in zip(lite.BUILT, built)
    }
    packages["ipython"] = told | {
        "file_name": "ipython-9.0-py3-none-any.whl",
        "sha256": "Pyodide's own",
        "depends": ["pip"],
    }
    packages["pip"] = packages["never"] = told | {"file_name": "pip-1.0-py3-none-any.whl", "sha256": ""}
    (folder / "pyodide-lock.json").write_text(json.dumps({"info": {}, "packages": packages}))
    return folder, elsewhere, wheel(tmp_path, "course_lib-0.1")


def lock_of(folder):
    """Pyodide's lock as it is laid out; each of its packages lies there, whole."""
    packages = json.loads((folder / "pyodide-lock.json").read_text(encoding="utf-8"))["packages"]
    for one in packages.values():
        assert hashlib.sha256((folder / one["file_name"]).read_bytes()).hexdigest() == one["sha256"]
        assert set(one["depends"]) <= set(packages)
    return packages


def test_what_is_not_there_is_not_in_the_lock(files, tmp_path):
    folder, _, own = files
    assert lite.distribution(folder, own, tmp_path / "out") == sorted(lite.BUILT)
    packages = lock_of(tmp_path / "out")
    assert set(packages) == {"ipython", "ipywidgets", "anywidget", "course-lib"}
    assert packages["course-lib"]["imports"] == ["course_lib"]
    assert packages["course-lib"]["depends"] == ["ipywidgets", "anywidget"]


def test_what_only_pyodide_builds_is_fetched_by_its_digest(files, tmp_path):
    folder, elsewhere, own = files
    assert len(lite.fetch(elsewhere.as_uri(), folder)) == len(lite.BUILT)
    assert lite.fetch(elsewhere.as_uri(), folder) == []
    assert lite.distribution(folder, own, tmp_path / "out") == []
    assert lock_of(tmp_path / "out")["course-lib"]["depends"] == ["ipywidgets", "anywidget", *lite.BUILT]
    for path in folder.glob("numpy-*"):
        path.unlink()
    path = elsewhere / "numpy-1.0-cp314-cp314-wasm32.whl"
    path.write_bytes(path.read_bytes() + b"x")
    with pytest.raises(OSError, match=r"numpy-1\.0.* is another file than Pyodide's lock says"):
        lite.fetch(elsewhere.as_uri(), folder)
    assert not list(folder.glob("numpy-*"))


def test_where_it_cannot_be_built_one_sentence_says_why(monkeypatch):
    monkeypatch.setattr(site.shutil, "which", lambda name: f"/{name}")
    assert site.reason((3, 13)) == site.reason((3, 14)) == ""
    assert site.reason((3, 12)) == "the tools need Python 3.13 or newer, and none was found."
    monkeypatch.setattr(site.shutil, "which", lambda name: None)
    assert "npm is needed" in site.reason((3, 13))


# A visit


def test_what_is_printed_is_one_text_however_it_came():
    """A Python in a browser sends lines one by one."""
    stored = {"output_type": "stream", "name": "stdout", "text": ["a\n", "b\n"]}
    pieces = [{"output_type": "stream", "name": "stdout", "text": text} for text in ("a\n", "b\n")]
    shown = {"output_type": "display_data", "data": {"text/plain": ["Measured: 9.1"], "image/png": "x"}}
    failed = {"output_type": "error", "ename": "ValueError", "evalue": "no", "traceback": []}
    assert visit.printed([stored, shown]) == visit.printed([*pieces, shown])
    assert visit.printed([*pieces, failed, stored]) == [
        ("stdout", "a\nb\n"),
        ("ValueError", "no"),
        ("stdout", "a\nb\n"),
    ]


# The pages


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_each_notebook_is_a_page_that_opens_in_the_browser(sources, name):
    cells = json.loads((sources / name).read_text(encoding="utf-8"))["cells"]
    assert f'href="../lite/lab/index.html?path={name}">open in the browser</a>' in "".join(cells[0]["source"])
    quiz = [cell for cell in cells if "".join(cell["source"]).startswith(("predict(", "ask("))]
    assert all(cell["metadata"]["tags"] == ["remove-input"] for cell in quiz)


def test_the_first_page_opens_each_lesson_in_the_browser(sources, tmp_path):
    page = (sources / "index.md").read_text(encoding="utf-8")
    assert 'href="lite/lab/index.html?path=README.md"' in page
    for path in (ROOT / "notebooks").glob("*.ipynb"):
        assert f'href="lite/lab/index.html?path=notebooks/{path.name}"' in page
    pages.stage(ROOT, tmp_path / "without", in_browser=False)
    assert not [
        path for path in (tmp_path / "without").rglob("*") if path.is_file() and b"lite/lab" in path.read_bytes()
    ]


def test_the_library_has_a_page_for_each_module_that_lessons_import(sources):
    modules = pages.imported(ROOT)
    assert {"optimizers", "surfaces", "descent", "live", "quiz"} <= set(modules)
    assert all((sources / "library" / f"{name}.md").exists() for name in modules)
    page = (sources / "library" / "optimizers.md").read_text(encoding="utf-8")
    assert "{py:function} momentum(x, g, v=0.0, *, lr, beta=0.9)" in page
    assert r"$v_{t+1} = \beta v_t + g_t" in page


def test_a_docstring_is_a_text_with_formulas_lists_and_code():
    said = pages.markdown(
        "One sentence, for *memory::\n\n    x, *memory = method(x)\n\n$a_1 * b_1$ and `c*d`\n\n"
        "x, g: point and\ngradient (d, *runs).\nlr: rate.\nReturns (x,).\nSource: Polyak (1964), <here>."
    )
    assert said == (
        "One sentence, for \\*memory:\n\n```python\nx, *memory = method(x)\n```\n\n$a_1 * b_1$ and `c*d`\n\n"
        "- **x, g**: point and\n  gradient (d, \\*runs).\n\n- **lr**: rate.\n\nReturns (x,).\n\n"
        "*Source:* Polyak (1964), \\<here>."
    )
