"""The learner's copies: nothing that was worked in is ever lost, nothing that was not stays old."""

import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from course_lib import copies, lab, start

ROOT = Path(__file__).parents[1]
LESSON, SHEET, SOLUTION = (f"{folder}/04_momentum.ipynb" for folder in copies.FOLDERS)
PYTHON = {"name": "python", "version": "3.13.0"}  # as Jupyter writes it when it saves
README = "| 04 | [Momentum carries](notebooks/04_momentum.ipynb): words | 90 | [sheet](exercises/04_momentum.ipynb) |\n"


def code(source, *outputs):
    return {"cell_type": "code", "id": source[:8], "metadata": {}, "source": [source], "outputs": list(outputs),
            "execution_count": 1 if outputs else None}  # fmt: skip


def notebook(*cells):
    markdown = {"cell_type": "markdown", "id": "top", "metadata": {}, "source": ["# 04\n", "[claims](../CLAIMS.md)"]}
    metadata = {"language_info": {"name": "python"}}
    return {"cells": [markdown, *cells], "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}


def output(words):
    return {"output_type": "stream", "name": "stdout", "text": [words]}


class Course:
    """A course of one lesson, in git or not."""

    def __init__(self, root):
        self.root = root
        (root / "course.py").parent.mkdir(parents=True)
        (root / "course.py").touch()
        (root / "README.md").write_text(README)
        (root / "CLAIMS.md").write_text("claims")
        self.publish(LESSON, code("predict('04-a')", output("the answer")), code("1 + 1", output("2")))
        self.publish(SHEET, code("answer = ..."))
        self.publish(SOLUTION, code("answer = 42", output("42")))

    def publish(self, name, *cells):
        self.write(self.root / name, notebook(*cells))

    def write(self, path, content):
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(content))

    def git(self, *command):
        settings = ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
        run = subprocess.run(["git", *settings, *command], cwd=self.root, capture_output=True, text=True, check=True)
        return run.stdout

    def mine(self, name):
        return self.root / "mine" / name

    def read(self, name):
        return json.loads(self.mine(name).read_text())

    def work(self, name, do):
        """Does something to the copy, and saves it as Jupyter does."""
        content = self.read(name)
        do(content["cells"])
        content["metadata"]["language_info"] = PYTHON
        self.write(self.mine(name), content)

    def run(self, name):
        self.work(name, lambda cells: cells[1].update(outputs=[output("ran")], execution_count=7))

    def aside(self):
        return sorted(
            p.relative_to(self.root / "mine" / "aside").as_posix() for p in self.root.glob("mine/aside/*/*/*")
        )


def sources(content):
    return ["".join(cell["source"]) for cell in content["cells"]]


@pytest.fixture
def course(tmp_path):
    made = Course(tmp_path / "a c\u00f6urse")
    assert copies.make(made.root) == []
    copies.write_start_page(made.root)
    return made


def test_the_copies_lie_as_the_notebooks_do_and_lessons_have_no_outputs(course):
    lesson = course.read(LESSON)
    assert [cell.get("outputs") for cell in lesson["cells"]] == [None, [], []]
    assert [cell.get("execution_count") for cell in lesson["cells"]] == [None, None, None]
    assert course.read(SOLUTION)["cells"][1]["outputs"] == [output("42")]
    assert sources(course.read(SHEET)) == sources(notebook(code("answer = ...")))
    assert course.mine("CLAIMS.md").read_text() == "claims"
    assert course.mine("README.md").read_text().startswith("# ")
    assert course.aside() == []


def test_an_untouched_copy_is_renewed_when_its_source_has_changed(course):
    course.publish(LESSON, code("predict('04-b')", output("x")))
    copies.make(course.root)
    assert sources(course.read(LESSON))[1] == "predict('04-b')"
    assert course.aside() == []
    before = course.mine(LESSON).stat().st_mtime_ns
    copies.make(course.root)
    assert course.mine(LESSON).stat().st_mtime_ns == before


def test_new_outputs_or_tags_in_the_source_renew_too(course):
    hidden = code("predict('04-a')", output("another answer")) | {"metadata": {"jupyter": {"source_hidden": True}}}
    course.publish(LESSON, hidden, code("1 + 1", output("2")))
    copies.make(course.root)
    assert course.read(LESSON)["cells"][1]["metadata"] == {"jupyter": {"source_hidden": True}}


def test_outputs_alone_are_no_work_and_are_put_aside(course):
    course.run(LESSON)
    copies.make(course.root)
    assert course.read(LESSON)["cells"][1]["outputs"] == [output("ran")], "as long as the source is the same"
    course.publish(LESSON, code("predict('04-b')"))
    copies.make(course.root)
    assert sources(course.read(LESSON))[1] == "predict('04-b')"
    day = time.strftime("%Y-%m-%d")
    assert course.aside() == [f"{day}/{LESSON}"]
    course.run(LESSON)
    course.publish(LESSON, code("predict('04-c')"))
    copies.make(course.root)
    assert course.aside() == [f"{day}/notebooks/04_momentum (2).ipynb", f"{day}/{LESSON}"]


@pytest.mark.parametrize(
    "do",
    [
        lambda cells: cells[1].update(source=["answer = 3"]),
        lambda cells: cells.append(code("mine")),
        lambda cells: cells.reverse(),
        lambda cells: cells.pop(),
        lambda cells: cells[1].update(cell_type="raw"),
    ],
)
def test_what_was_worked_in_is_never_overwritten(course, do):
    course.work(SHEET, do)
    before = course.mine(SHEET).read_bytes()
    assert "fresh" not in course.mine("README.md").read_text()
    course.publish(SHEET, code("answer = ..."), code("new"))
    copies.make(course.root)
    copies.write_start_page(course.root)
    assert course.mine(SHEET).read_bytes() == before
    page = course.mine("README.md").read_text()
    assert f"({SHEET})" in page.split("since you began to work in yours:")[1]
    assert "`python3 course.py fresh 04`" in page

    lines = list(copies.fresh(course.root, "04"))
    day = time.strftime("%Y-%m-%d")
    assert lines[:3] == [
        f"mine/{LESSON} is new.",
        f"mine/{SHEET} now lies in mine/aside/{day}/{SHEET}.",
        f"mine/{SHEET} is new.",
    ]
    assert (course.root / "mine" / "aside" / day / SHEET).read_bytes() == before
    assert sources(course.read(SHEET))[1:] == ["answer = ...", "new"]
    copies.write_start_page(course.root)
    assert "fresh" not in course.mine("README.md").read_text()


def test_a_notebook_of_another_is_left_alone(course):
    handed = notebook(code("variant"))
    course.write(course.mine(SHEET), handed)
    course.mine(SOLUTION).write_text("not a notebook")
    course.publish(SHEET, code("changed"))
    copies.make(course.root)
    lines = list(copies.fresh(course.root, "04"))
    assert course.read(SHEET) == handed
    assert course.mine(SOLUTION).read_text() == "not a notebook"
    assert f"mine/{SHEET} was handed out, not made by the course: it stays." in lines


def test_fresh_takes_a_name_or_its_beginning(course):
    assert list(copies.fresh(course.root, SHEET)) == [f"mine/{SHEET} is new."]
    with pytest.raises(ValueError, match="no notebook's name begins with '9'"):
        list(copies.fresh(course.root, "9"))


def test_a_notebook_that_cannot_be_read_keeps_no_other_from_its_copy(course):
    (course.root / LESSON).write_text("<<<<<<< HEAD")
    course.publish(SHEET, code("changed"))
    (said,) = copies.make(course.root)
    assert said.startswith(f"{LESSON} cannot be read; until it can, its copy is neither made nor renewed: ")
    assert sources(course.read(SHEET))[1] == "changed"
    assert course.mine(LESSON).exists()
    course.work(LESSON, lambda cells: cells.pop())
    copies.write_start_page(course.root)
    assert copies.Copy(course.root, Path(LESSON)).state() == "worked"


# From the days before there were copies


@pytest.fixture
def worked(tmp_path):
    """A course whose own sheet was worked in, and whose own lesson was only run; Jupyter saved both."""
    if shutil.which("git") is None:
        pytest.skip("needs git")
    made = Course(tmp_path / "course")
    made.git("init", "-q")
    made.git("add", ".")
    made.git("commit", "-qm", "published")
    for name, do in (
        (LESSON, {"outputs": [output("ran")]}),
        (SHEET, {"source": ["answer = 3"], "outputs": [output("!")]}),
    ):
        content = json.loads((made.root / name).read_text())
        content["cells"][1].update(do)
        content["metadata"]["language_info"] = PYTHON
        made.write(made.root / name, content)
    return made


def test_the_first_copy_carries_along_what_was_worked_on(worked):
    said = [f"What you wrote in {SHEET} is carried along into your copy, in mine."]
    assert [copies.make(worked.root), copies.make(worked.root)] == [said, []]
    assert sources(worked.read(SHEET))[1] == "answer = 3"
    assert worked.read(SHEET)["cells"][1]["outputs"] == [output("!")]
    assert worked.read(LESSON)["cells"][1]["outputs"] == []
    assert copies.Copy(worked.root, Path(SHEET)).state() == "worked"
    assert copies.Copy(worked.root, Path(LESSON)).state() == "untouched"
    worked.git("checkout", "-q", ".")
    worked.publish(SHEET, code("a newer sheet"))
    copies.make(worked.root)
    assert sources(worked.read(SHEET))[1] == "answer = 3"
    list(copies.fresh(worked.root, SHEET))
    assert sources(worked.read(SHEET))[1] == "a newer sheet"


def test_fresh_takes_the_published_notebook_not_the_one_worked_in(worked):
    copies.make(worked.root)
    list(copies.fresh(worked.root, "04"))
    assert sources(worked.read(SHEET))[1] == "answer = ..."


def test_without_git_what_was_saved_counts_as_worked_on(worked):
    shutil.rmtree(worked.root / ".git")
    copies.make(worked.root)
    states = {name: copies.Copy(worked.root, Path(name)).state() for name in (LESSON, SHEET, SOLUTION)}
    assert states == {LESSON: "worked", SHEET: "worked", SOLUTION: "untouched"}
    assert sources(worked.read(SHEET))[1] == "answer = 3"


# The command


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ([], 0, ""),
        (["fresh", "04"], 0, f"mine/{LESSON} is new."),
        (["fresh", "9"], 1, "no notebook's name begins with '9'; 04 stands for lesson 04, its sheet and its solution"),
        (["fresh"], 1, "usage: python -m course_lib.copies [fresh 04]"),
        (["fresh", "04", "05"], 1, "usage: python -m course_lib.copies [fresh 04]"),
    ],
)
def test_the_command_works_wherever_in_the_course_it_is_given(course, tmp_path, arguments, code, said):
    """With a library that is installed elsewhere, as on a hub."""
    shutil.copytree(ROOT / "course_lib", tmp_path / "site" / "course_lib", ignore=shutil.ignore_patterns("__pycache__"))
    env = os.environ | {"PYTHONPATH": str(tmp_path / "site"), "COURSE_ANSWERS": os.devnull}
    command = [sys.executable, "-m", "course_lib.copies", *arguments]
    done = subprocess.run(command, cwd=course.root / "notebooks", env=env, capture_output=True, text=True)
    assert done.returncode == code
    assert (done.stdout + done.stderr).startswith(said)


def test_outside_the_course_it_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(copies.record, "course", lambda: tmp_path)
    assert copies.main() == f"There are no notebooks in {tmp_path}: give this command in the course's folder."


# The course itself


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The course as a ZIP holds it, with copies of which one was worked in badly."""
    root = tmp_path_factory.mktemp("whole") / "course"
    others = [".git", ".venv*", ".*_cache", ".hypothesis", ".ipynb_checkpoints", "__pycache__", "build", "mine"]
    others.append("workspaces")
    shutil.copytree(ROOT, root, ignore=shutil.ignore_patterns(*others))
    run(root, "-m", "course_lib.copies")
    path = root / "mine" / "exercises" / "00_race_first.ipynb"
    content = json.loads(path.read_text(encoding="utf-8"))
    bad = {"output_type": "error", "ename": "NameError", "evalue": "x", "traceback": ["Traceback"]}
    content["cells"].append(code("import os,sys\nx=1;  print( y )", bad))
    path.write_text(json.dumps(content), encoding="utf-8")
    return root


def run(root, *arguments):
    env = os.environ | {"PYTHONPATH": str(root), "COURSE_ANSWERS": os.devnull}
    return subprocess.run([sys.executable, *arguments], cwd=root, env=env, capture_output=True, text=True)


@pytest.mark.slow
def test_the_copies_are_no_part_of_the_course(whole):
    """From a ZIP, without git: ruff, the tests' collection and the house rules do not look into them."""
    for command in (["-m", "ruff", "check"], ["-m", "ruff", "format", "--check"]):
        done = run(whole, *command)
        assert done.returncode == 0, done.stdout
    others = [f"--ignore={folder}" for folder in ("tests", *copies.FOLDERS)]
    done = run(whole, "-m", "pytest", "-n0", "--collect-only", "-q", ".", *others)
    assert "no tests collected" in done.stdout
    done = run(whole, "-m", "pytest", "-n0", "-q", "tests/test_house.py", "-k", "registry or drawer or folders")
    assert done.returncode == 0, done.stdout


def test_git_does_not_see_them():
    assert "/mine/" in (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()


def test_every_link_in_a_copy_leads_to_a_copy(whole):
    mine = whole / "mine"
    for path in [*mine.glob("*/*.ipynb"), mine / "README.md"]:
        text = path.read_text(encoding="utf-8")
        for link in re.findall(r"\]\((?!https?:|#|attachment:)([^)\s#]+\.(?:md|ipynb|png|py))[)#]", text):
            assert (path.parent / link).exists(), f"{path.name}: {link}"


# The server's part


def test_the_start_page_is_made_anew_when_it_is_opened(course):
    opened = []
    contents = SimpleNamespace(root_dir=str(course.root), get=lambda path, content=True, **more: opened.append(path))
    web = SimpleNamespace(settings={"static_custom_path": []})
    server = SimpleNamespace(contents_manager=contents, web_app=web, log=None)
    lab._load_jupyter_server_extension(server)
    page = course.mine(start.NAME)
    page.write_text("old")
    contents.get("mine/README.md", content=False)
    contents.get("README.md", content=True, type="file")
    assert page.read_text() == "old"
    contents.get("/mine/README.md", content=True, type="file", format="text")
    assert page.read_text().startswith("# ")
    assert opened == ["mine/README.md", "README.md", "/mine/README.md"]
    assert (Path(web.settings["static_custom_path"][0]) / "custom.css").exists()


def test_a_page_that_cannot_be_made_is_shown_as_it_was(course):
    said = []
    contents = SimpleNamespace(root_dir=str(course.root), get=lambda path, content=True, **more: "shown")
    server = SimpleNamespace(contents_manager=contents, web_app=SimpleNamespace(settings={"static_custom_path": []}))
    server.log = SimpleNamespace(warning=lambda *words: said.append(words))
    lab._load_jupyter_server_extension(server)
    (course.root / "README.md").unlink()
    assert contents.get("mine/README.md") == "shown"
    assert said


def test_binder_makes_them_while_it_builds():
    """repo2docker runs the file postBuild; a folder binder or .binder would hide it, and environment.yml, too."""
    assert "\npython -m course_lib.copies\n" in (ROOT / "postBuild").read_text(encoding="utf-8")
    assert not (ROOT / "binder").exists()
    assert not (ROOT / ".binder").exists()
