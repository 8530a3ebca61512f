"""Builds the course's site, one folder for any static host: pages to read, and JupyterLite to run them in a browser.

    python -m tools.site                    makes build/site; with JupyterLite, where npm and a Python 3.13 are
    python -m tools.site --wheels           says of which wheels tools/web/wheels.lock is made
    python -m tools.site --fetch ADDRESS    fetches what only Pyodide builds, NumPy among it, by its lock's hashes

The tools lie in an environment of their own, build/site-env, made from requirements-site.lock; what was downloaded lies
in build/site-files, and is downloaded once.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from tools.web import lite, pages

ROOT = Path(__file__).parents[1]
WEB, LOCK, BUILD = ROOT / "tools" / "web", ROOT / "requirements-site.lock", ROOT / "build"
SITE, ENV, FILES, WORK = BUILD / "site", BUILD / "site-env", BUILD / "site-files", BUILD / "site-work"
MADE = WORK / "site"
PYTHON = ENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
NEEDED = (3, 13)  # by JupyterLite's tools


def main(*arguments):
    if (arguments[:1], len(arguments)) not in (((), 0), (("--wheels",), 1), (("--fetch",), 2)):
        return __doc__.strip()
    if arguments == ("--wheels",):
        print(*lite.wanted(FILES, ROOT / "requirements.lock"), sep="\n")
        return 0
    os.environ["COURSE_ANSWERS"] = str(WORK / "answers.jsonl")  # nobody's: the start page is a beginner's
    version = environment()
    why_not = reason(version)
    shutil.rmtree(WORK, ignore_errors=True)
    build_pages(in_browser=not why_not)
    lacking = [] if why_not else build_lite(*arguments[1:])
    shutil.rmtree(SITE, ignore_errors=True)
    MADE.rename(SITE)
    shutil.rmtree(WORK)
    print(f"The pages are in {SITE.relative_to(ROOT)}, {'without' if why_not else 'with'} JupyterLite beside them.")
    if why_not:
        print(f"For JupyterLite, {why_not}")
    if lacking:
        print(f"It lacks {', '.join(lacking)}, so no lesson runs in it. --fetch ADDRESS gets them from where they are.")
    return 0


def reason(version):
    """Why there can be no JupyterLite, or ""."""
    if version < NEEDED:
        return f"the tools need Python {'.'.join(map(str, NEEDED))} or newer, and none was found."
    return "" if shutil.which("npm") else "npm is needed, which brings Pyodide, and was not found."


def environment():
    """Makes the environment of the tools, unless it is there; gives the version of its Python."""
    stamp = ENV / f"{hashlib.sha256(LOCK.read_bytes()).hexdigest()[:16]}.stamp"
    if not stamp.exists():
        shutil.rmtree(ENV, ignore_errors=True)
        uv = [sys.executable, "-m", "uv"]
        subprocess.run([*uv, "venv", "--quiet", "--python", newest(), ENV], check=True)
        command = [*uv, "pip", "install", "--quiet", "--python", PYTHON, "--no-deps", "--require-hashes", "-r", LOCK]
        subprocess.run(command, check=True)
        stamp.touch()
    return version_of(PYTHON)


def newest():
    """The newest Python that JupyterLite's tools are known to run with, else this one."""
    names = [f"python3.{minor}" for minor in (14, 13)]
    found = [
        path for name in names for path in (shutil.which(name), *Path.home().glob(f".pyenv/versions/*/bin/{name}"))
    ]
    return str(next((path for path in found if path and version_of(path) >= NEEDED), sys.executable))


def version_of(python):
    """(3, 13) of a Python; (0,) of what does not answer."""
    ask = [python, "-c", "import sys; print(*sys.version_info[:2])"]
    run = subprocess.run(ask, capture_output=True, text=True)
    return tuple(map(int, run.stdout.split())) if run.returncode == 0 else (0,)


def build_pages(in_browser):
    source = WORK / "pages"
    pages.stage(ROOT, source, in_browser)
    shutil.copytree(WEB / "static", source / "_static")
    shutil.copy(WEB / "conf.py", source)
    find = "import importlib.util as u; print(*u.find_spec('sphinx-mathjax-offline').submodule_search_locations)"
    mathjax = subprocess.run([PYTHON, "-c", find], check=True, capture_output=True, text=True).stdout.strip()
    shutil.copytree(Path(mathjax) / "static" / "mathjax", source / "_static" / "mathjax")
    command = [PYTHON, "-m", "sphinx", "--quiet", "--fail-on-warning", "--keep-going", "--jobs=auto", "--builder=html"]
    lite.run(*command, "-d", WORK / "doctrees", source, MADE)


def build_lite(address=None):
    """Builds JupyterLite; gives the names of what it lacks."""
    work = WORK / "lite"
    lite.download(PYTHON, shutil.which("npm"), FILES, WEB / "wheels.lock")
    if address:
        lite.fetch(address, FILES)
    wheels = WORK / "wheels"
    shutil.rmtree(wheels, ignore_errors=True)
    lite.run(PYTHON, "-m", "hatchling", "build", "-t", "wheel", "-d", wheels, cwd=ROOT)
    lite.stage(ROOT, work / "content")
    lacking = lite.distribution(FILES, next(wheels.glob("*.whl")), work / "static" / "pyodide")
    shutil.copy(WEB / "jupyter-lite.json", work)
    shutil.copy(ROOT / ".jupyter" / "labconfig" / "default_setting_overrides.json", work / "overrides.json")
    lite.build(PYTHON, work, MADE / "lite")
    return lacking


if __name__ == "__main__":
    try:
        sys.exit(main(*sys.argv[1:]))
    except (OSError, subprocess.CalledProcessError) as error:
        sys.exit(str(error))
