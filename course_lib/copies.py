"""A learner's own copies of the notebooks, in the folder `mine` of the course, which git does not see.

    python -m course_lib.copies             makes the copies that are missing, renews those that nobody worked in
    python -m course_lib.copies fresh 04    puts the copies of 04 (lesson, sheet, solution) aside and makes new ones

A copy lies as its notebook does (mine/notebooks/04_momentum.ipynb), so links lead from copy to copy. Lessons lose their
outputs, which hold the answers. A copy knows from what it was made, by two digests in its metadata. It was worked in
once its sources or their order differ: then it is never overwritten. Outputs alone are no work; still they are put
aside, into mine/aside/<day>, before the copy is renewed. A notebook without these digests was handed out by a teacher
or made by the learner, and is left alone. Where a notebook of the course itself was worked in, from the days before
there were copies, the first copy carries that work along.

This runs before every start of JupyterLab: it needs the standard library alone.
"""

import hashlib
import json
import os
import re
import subprocess
import sys
import time

from course_lib import record, start

FOLDERS = ("notebooks", "exercises", "solutions")


class Copy:
    """A notebook of the course and the learner's copy of it.

    course: the course's folder. name: the notebook's path in it, notebooks/04_momentum.ipynb.
    """

    def __init__(self, course, name):
        self.course, self.name, self.path = course, name, course / "mine" / name

    def made(self):
        """The notebook as a copy of it begins."""
        notebook = read(self.course / self.name)
        return begun(self.name, (saved(notebook) and self.published()) or notebook)

    def published(self):
        """The notebook as git has it; None where git does not know it."""
        command = ["git", "-C", str(self.course), "show", f"HEAD:./{self.name.as_posix()}"]
        try:
            return json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
        except (OSError, subprocess.CalledProcessError, ValueError):
            return None

    def carried(self):
        """What was worked on in the course's own folder; None if nothing was. Without git, what was saved counts."""
        notebook = read(self.course / self.name)
        if not saved(notebook):
            return None
        published, told = self.published(), self.made()["metadata"]["course"]
        if published and work(notebook) == work(published):
            return None
        notebook["metadata"]["course"] = told if published else told | {"work": "unknown"}
        return notebook

    def state(self):
        """missing, foreign, worked (in), changed (worked in, and made of what is another now), run, or untouched."""
        if not self.path.exists():
            return "missing"
        try:
            now = read(self.path)
            told = now["metadata"]["course"]
            if work(now) == told["work"]:
                return "untouched" if everything(now) == told["everything"] else "run"
        except (ValueError, KeyError, TypeError, AttributeError):
            return "foreign"
        try:
            same = self.made()["metadata"]["course"]["everything"] == told["everything"]
        except ValueError:  # the source cannot be read
            same = True
        return "worked" if same else "changed"

    def renew(self):
        """Makes the copy, or makes it anew: see above. Gives whether it carries work along."""
        state = self.state()
        if state == "missing":
            carried = self.carried()
            write(self.path, text(carried or self.made()))
            return carried is not None
        if state in ("untouched", "run"):
            made = self.made()
            if made["metadata"]["course"] != read(self.path)["metadata"]["course"]:
                if state == "run":
                    self.put_aside()
                write(self.path, text(made))
        return False

    def put_aside(self):
        """Moves the copy into the day's folder; gives where it is now."""
        aside = self.course / "mine" / "aside" / time.strftime("%Y-%m-%d") / self.name
        number = 1
        while aside.exists():
            number += 1
            aside = aside.with_name(f"{self.name.stem} ({number}).ipynb")
        aside.parent.mkdir(parents=True, exist_ok=True)
        return self.path.rename(aside)


def copies(course):
    """A Copy for each notebook of the course."""
    return [Copy(course, path.relative_to(course)) for f in FOLDERS for path in sorted((course / f).glob("*.ipynb"))]


def make(course):
    """Makes and renews the copies, and the texts that they link to; gives lines on what is unusual."""
    lines = []
    for copy in copies(course):
        try:
            if copy.renew():
                lines.append(f"What you wrote in {copy.name.as_posix()} is carried along into your copy, in mine.")
        except (ValueError, KeyError, TypeError) as error:
            lines.append(
                f"{copy.name.as_posix()} cannot be read; until it can, its copy is neither made nor renewed: {error}"
            )
            continue
        for name in re.findall(r"\]\(\.\./([\w.-]+\.md)\b", (course / copy.name).read_text(encoding="utf-8")):
            if name != "README.md" and (course / name).exists():
                write(course / "mine" / name, (course / name).read_text(encoding="utf-8"))
    return lines


def fresh(course, which):
    """Puts copies aside and makes new ones; gives a line for each thing done.

    which: how the notebooks' names begin ("04"), or one of them ("exercises/04_momentum.ipynb").
    """
    chosen = [copy for copy in copies(course) if copy.name.name.startswith(which) or copy.name.as_posix() == which]
    if not chosen:
        raise ValueError(
            f"no notebook's name begins with {which!r}; 04 stands for lesson 04, its sheet and its solution"
        )
    for copy in chosen:
        state, shown = copy.state(), copy.path.relative_to(course).as_posix()
        if state == "foreign":
            yield f"{shown} was handed out, not made by the course: it stays."
            continue
        if state in ("run", "worked", "changed"):
            yield f"{shown} now lies in {copy.put_aside().relative_to(course).as_posix()}."
        write(copy.path, text(copy.made()))
        yield f"{shown} is new."


def write_start_page(course):
    changed = [copy.name for copy in copies(course) if copy.state() == "changed"]
    write(course / "mine" / start.NAME, start.page(course, changed))


# Notebooks as JSON


def begun(name, notebook):
    """A notebook as its copy begins, with the digests by which the copy knows from what it was made."""
    if name.parts[0] == "notebooks":
        for cell in notebook["cells"]:
            if cell["cell_type"] == "code":
                cell.update(outputs=[], execution_count=None)
    notebook["metadata"]["course"] = {"work": work(notebook), "everything": everything(notebook)}
    return notebook


def saved(notebook):
    """Whether a program saved it after it was published: programs name Python's version then."""
    return "version" in notebook["metadata"].get("language_info", {})


def work(notebook):
    """A digest of what a learner writes: the sources in their order."""
    return digest([[cell["cell_type"], "".join(cell["source"])] for cell in notebook["cells"]])


def everything(notebook):
    """A digest of all that is in the cells."""
    parts = "cell_type", "metadata", "outputs"
    return digest([work(notebook), [[cell.get(part) for part in parts] for cell in notebook["cells"]]])


def digest(told):
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:16]


def read(path):
    return json.loads(path.read_text(encoding="utf-8"))


def text(notebook):
    return json.dumps(notebook, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def write(path, content):
    """Writes a text whole or not at all, and only if it is another than the one that is there."""
    content = content.encode()
    if path.exists() and path.read_bytes() == content:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f"{path.name}.{os.getpid()}.part")
    unfinished.write_bytes(content)
    unfinished.replace(path)


def main(command="make", *arguments):
    course = record.course()
    if (command, len(arguments)) not in (("make", 0), ("fresh", 1)):
        return "usage: python -m course_lib.copies [fresh 04]"
    if not copies(course):
        return f"There are no notebooks in {course}: give this command in the course's folder."
    try:
        lines = make(course) if command == "make" else list(fresh(course, *arguments))
        write_start_page(course)
    except (OSError, ValueError) as error:
        return str(error)
    for line in lines:
        print(line)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
