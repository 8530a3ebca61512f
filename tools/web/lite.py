"""The course in JupyterLite: a JupyterLab whose Python, Pyodide, runs in the reader's browser.

All that it loads lies on the site: Pyodide's core, of its npm package; the wheels of `wheels.lock`; the library's own;
and, once somebody has fetched them, the wheels that only Pyodide builds, NumPy and Matplotlib among them. Pyodide's
lock, which says what is to be had, names what is there and nothing else.
"""

import hashlib
import itertools
import json
import re
import shutil
import subprocess
import tarfile
import urllib.request

from course_lib import copies, start

CORE = "pyodide", "314.0.6"  # of npm
DIGEST = "d78ac549b28a2a58600cd06f44e017024151775f8c6b2d73fab1475400d38ea2"  # the sha256 of its package
FILES = ["pyodide.mjs", "pyodide.js", "pyodide.asm.mjs", "pyodide.asm.wasm", "python_stdlib.zip"]
BUILT = ["numpy", "matplotlib", "pillow"]  # wanted of Pyodide's own wheels; what these need comes along
STARTED = [
    "micropip",
    "ipython",
    "jedi",
    "traitlets",
    "typing-extensions",
    "packaging",
    *BUILT,
]  # with the kernel, or by us
LIBRARY = {"ipywidgets": ["comm", "traitlets", "ipython"], "anywidget": ["ipywidgets", "psygnal", "typing-extensions"]}
KERNEL = {"name": "python", "display_name": "Python (Pyodide)", "language": "python"}
WAIT = "Python takes some ten seconds to start: wait until the circle at the top right of the notebook is hollow."
KEEP = "This browser keeps what you write, your bets and answers, and no other one does: download what counts."


def stage(course, target):
    """Writes what a learner finds in JupyterLite into a folder: notebooks in their form, the texts, the start page."""
    shutil.rmtree(target, ignore_errors=True)
    for copy in copies.copies(course):
        notebook = copy.made()
        notebook["metadata"]["kernelspec"] = KERNEL
        notebook["cells"][0]["source"] += [f"\n\n*{WAIT}*"]  # what is run before may be lost without a word
        for cell in notebook["cells"]:
            cell["source"] = "".join(cell["source"])  # JupyterLite reads a file as it is, and lines would be a list
            for output in cell.get("outputs", ()):
                output.update({"text": "".join(output["text"])} if "text" in output else {})
                output.get("data", {}).update({kind: joined(data) for kind, data in output.get("data", {}).items()})
        write(target / copy.name, json.dumps(notebook, ensure_ascii=False))
        for name in re.findall(r"\]\(\.\./([\w.-]+\.md)\b", (course / copy.name).read_text(encoding="utf-8")):
            if name != start.NAME:
                write(target / name, (course / name).read_text(encoding="utf-8"))
    write(target / start.NAME, first_page(start.page(course)))
    write(target / "course.py", "# Here is the course: where this file lies, answers.jsonl is kept.\n")


def first_page(page):
    """The start page where no server makes it anew: it counts what there is to do, and not what was done."""
    page = re.sub(
        r"\| 0 of (\d+)", r"| \1", page.replace("| bets locked | exercises | passed |", "| bets | | exercises |")
    )
    head = "## How the course works\n"
    return page.replace(head, f"{head}\n{WAIT} {KEEP}\n").replace(start.LINKS, start.LINKS.partition(" · ")[0])


def joined(data):
    return "".join(data) if isinstance(data, list) and all(isinstance(line, str) for line in data) else data


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def download(python, npm, folder, lock):
    """Downloads Pyodide's core and the wheels of a lock, unless they are there; what is not as promised is an error."""
    folder.mkdir(parents=True, exist_ok=True)
    name, version = CORE
    archive = folder / f"{name}-{version}.tgz"
    if not archive.exists():
        run(npm, "pack", f"{name}@{version}", "--pack-destination", folder)
    if sha256(archive) != DIGEST:
        raise OSError(f"{archive.name} is another file than expected")
    with tarfile.open(archive) as packed:
        for file in [*FILES, "pyodide-lock.json"]:
            (folder / file).write_bytes(packed.extractfile(f"package/{file}").read())
    told = folder / "wheels.lock"
    if not told.exists() or told.read_bytes() != lock.read_bytes():
        for wheel in folder.glob("*-none-any.whl"):
            wheel.unlink()
        options = ["--no-deps", "--require-hashes", "--only-binary=:all:", "--python-version=3.14"]
        options += ["--platform=any", "--abi=none", "--implementation=py"]
        run(python, "-m", "pip", "download", *options, "-r", lock, "-d", folder)
        shutil.copy(lock, told)


def wanted(folder, own):
    """The lines name==version of which wheels.lock is made: Pyodide's own versions, and those of our lock.

    folder: of the downloads. own: requirements.lock.
    """
    packages = json.loads((folder / "pyodide-lock.json").read_text(encoding="utf-8"))["packages"]
    pure = {name: one["version"] for name, one in closure(packages, STARTED).items() if is_pure(one["file_name"])}
    ours = dict(re.findall(r"^([\w-]+)==([\w.]+)", own.read_text(encoding="utf-8"), re.M))
    needed = {*LIBRARY, *itertools.chain(*LIBRARY.values())} - set(closure(packages, STARTED))
    return sorted(f"{name}=={version}" for name, version in (pure | {name: ours[name] for name in needed}).items())


def is_pure(name):
    return name.endswith("-none-any.whl")


def closure(packages, names):
    """{name: entry} of what these packages of Pyodide's lock need, themselves among it."""
    found, waiting = {}, list(names)
    while waiting:
        name = canonical(waiting.pop())
        if name in packages and name not in found:
            found[name] = packages[name]
            waiting += packages[name]["depends"]
    return found


def fetch(address, folder):
    """Fetches the wheels that only Pyodide builds; what has another sha256 than the lock says is an error.

    address: where they lie, each under its name. Gives the names of those that were fetched.
    """
    packages = json.loads((folder / "pyodide-lock.json").read_text(encoding="utf-8"))["packages"]
    fetched = []
    for one in closure(packages, BUILT).values():
        file = folder / one["file_name"]
        if is_pure(file.name) or (file.exists() and sha256(file) == one["sha256"]):
            continue
        with urllib.request.urlopen(f"{address.rstrip('/')}/{file.name}", timeout=60) as response:
            data = response.read()
        if hashlib.sha256(data).hexdigest() != one["sha256"]:
            raise OSError(f"{file.name} from {address} is another file than Pyodide's lock says")
        file.write_bytes(data)
        fetched.append(file.name)
    return fetched


def distribution(folder, wheel, target):
    """Lays Pyodide out as JupyterLite wants it, with a lock that names what is there; gives the names of what lacks.

    folder: of the downloads. wheel: the library's own.
    """
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    for file in FILES:
        shutil.copy(folder / file, target)
    lock = json.loads((folder / "pyodide-lock.json").read_text(encoding="utf-8"))
    known, there = lock["packages"], {}
    for path in sorted([*folder.glob("*.whl"), wheel]):
        name, version, *_ = path.name.split("-")
        entry = known.get(canonical(name), {"depends": LIBRARY.get(name, []), "imports": [name], "install_dir": "site"})
        if not is_pure(path.name) and sha256(path) != entry.get("sha256"):
            continue  # of another version of Pyodide
        own = {"name": canonical(name), "version": version, "file_name": path.name, "sha256": sha256(path)}
        there[canonical(name)] = {"package_type": "package", "unvendored_tests": False} | entry | own
        shutil.copy(path, target)
    lacking = sorted(set(closure(known, BUILT)) - set(there))
    there["course-lib"]["depends"] = ["ipywidgets", "anywidget", *([] if lacking else BUILT)]
    for entry in there.values():
        entry["depends"] = [name for name in entry["depends"] if canonical(name) in there]
    lock["packages"] = there
    (target / "pyodide-lock.json").write_text(json.dumps(lock, indent=1), encoding="utf-8")
    return lacking


def build(python, work, target):
    """Calls `jupyter lite build` on what `stage` and `distribution` have laid into work."""
    command = [python, "-m", "jupyterlite_core", "build", "--lite-dir", work, "--contents", work / "content"]
    command += ["--output-dir", target, "--apps", "lab", "--apps", "notebooks", "--no-sourcemaps"]
    run(*command, cwd=work)


def run(*command, cwd=None):
    """Runs a program; OSError with what it said, if it fails."""
    done = subprocess.run(list(map(str, command)), cwd=cwd, capture_output=True, text=True)
    if done.returncode:
        raise OSError(f"{command[0]} failed.\n{done.stdout[-3000:]}{done.stderr[-3000:]}")


def canonical(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()
