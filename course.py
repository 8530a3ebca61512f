"""Sets the course up once, then opens it or tests it.

    python3 course.py lab       opens JupyterLab at the first lesson
    python3 course.py test      runs every test and every notebook

What follows either word is handed on: course.py lab --no-browser, course.py test tests/test_course.py -k name.
On Windows say py instead of python3.
"""

import sys

# An old Python reads a whole file before it runs a line of it: this one keeps to syntax that Python 2.7 has.
if sys.version_info < (3, 11):
    sys.exit("The course needs Python 3.11 or newer; this is Python %d.%d." % sys.version_info[:2])

import hashlib
import os
import shutil
import signal
import subprocess
import sysconfig
import time
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent
ENV = ROOT / ".venv"
LOCKS = {"lab": ROOT / "requirements.lock", "test": ROOT / "requirements-dev.lock"}  # the second adds to the first
SCRIPTS, PACKAGES = [Path(sysconfig.get_path(name, "venv", {"base": str(ENV)})) for name in ("scripts", "purelib")]
PYTHON = str(SCRIPTS / ("python.exe" if os.name == "nt" else "python"))
MEGABYTES = {"lab": 90, "test": 110}  # to fetch
ROOM = 600  # megabytes that must be free before a set-up begins
REASONS = {  # words in what the system or the installer said -> what to tell the learner
    ("no space left", "not enough space", "quota"):
        "There is no room: %d MB must be free. Make room, then give the same command again." % ROOM,
    ("connection", "connectivity", "failed to fetch", "timed out", "from versions: none"):
        "The packages cannot be fetched: is there a network? Once there is, give the same command again.",
    ("permission denied", "access is denied", "read-only"):
        "The course's folder cannot be written: close JupyterLab if it is open, or move the course.",
    ("ensurepip",): "This Python cannot make environments. On Debian or Ubuntu: sudo apt install python3-venv",
}  # fmt: skip


def main(command="help", *arguments):
    if command not in LOCKS:
        print(__doc__.strip())
        return 0 if command in ("help", "-h", "--help") else 2
    try:
        if not stamp(command).exists():
            set_up(command)
    except KeyboardInterrupt:
        return "Stopped before all was set up. The same command starts anew."
    except OSError as error:
        return reason(str(error))
    if command == "test":
        return run("-m", "pytest", *arguments)
    return run("-m", "jupyterlab", *(lab_options() + arguments))


def lab_options():
    """Options, for these alone go before what the learner's own configuration of Jupyter says."""
    return (
        "--ServerApp.root_dir=%s" % ROOT,
        "--ServerApp.allow_root=True",
        "--LabApp.default_url=/lab/tree/notebooks/00_race_first.ipynb",
        "--LabApp.workspaces_dir=%s" % (ROOT / ".jupyter" / "workspaces"),
    )


def stamp(command):
    """The file that says: what this command needs is whole, from these locks, by this Python, in this place."""
    made_of = [[lock.read_bytes() for lock in LOCKS.values()], str(ENV), sys.base_prefix, sys.version]
    return ENV / ("%s-%s.stamp" % (command, hashlib.sha256(repr(made_of).encode()).hexdigest()[:16]))


def set_up(command):
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with open(str(ROOT / ".venv.lock"), "w") as lock:
        while not locked(lock):
            show("Waiting for another set-up of the course to end.")
            time.sleep(0.5)
        try:
            if not stamp("lab").exists():
                make_environment()
                install("lab", lock)
            if not stamp(command).exists():
                install(command, lock)
        finally:
            if not stamp("lab").exists():
                signal.signal(signal.SIGINT, signal.SIG_IGN)
                shutil.rmtree(ENV, ignore_errors=True)


def locked(file):
    try:
        if os.name == "nt":
            import msvcrt

            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:  # taken, or a file system that has no locks
        return not isinstance(error, (BlockingIOError, PermissionError))
    return True


def make_environment():
    for old in ENV.glob("*.stamp"):
        old.unlink()
    shutil.rmtree(ENV, ignore_errors=True)
    venv.create(str(ENV), clear=True, symlinks=os.name != "nt")
    (PACKAGES / "course_lib.pth").write_text(os.path.relpath(str(ROOT), str(PACKAGES)))


def install(command, lock):
    """Installs a lock, over what an interrupted installation may have left of it."""
    if shutil.disk_usage(ROOT).free < ROOM * 10**6:
        sys.exit(reason("no space left"))
    print("Setting up %s, this once. It fetches about %d MB." % (command, MEGABYTES[command]))
    begun = stamp(command).with_suffix(".begun")
    installer = ["uv", "pip", "install", "--python", PYTHON] + ["--reinstall"] * begun.exists()  # which fetches anew
    begun.touch()
    if not has_uv():
        installer = [PYTHON] + "-m pip install --disable-pip-version-check --no-compile --ignore-installed".split()
        if not any(PACKAGES.glob("pip-*/RECORD")):
            work(lock, PYTHON, "-m", "ensurepip")
            work(lock, PYTHON, "-m", "pip", "uninstall", "--yes", "setuptools")  # which Python 3.11 adds
    work(lock, *(installer + ["--no-deps", "--require-hashes", "-r", str(LOCKS[command])]))
    stamp(command).touch()


def has_uv():
    """Whether there is a uv that answers: a version manager's stand-in may not."""
    return (
        shutil.which("uv")
        and subprocess.call(["uv", "--version"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) == 0
    )


def work(lock, *command):
    """Runs a step of the set-up. The lock is its too: should this process be killed, nothing starts beside it."""
    process = subprocess.Popen(command, cwd=str(ROOT), env=environment(), stdin=lock, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, encoding="utf-8", errors="replace")  # fmt: skip
    said = []
    try:
        for line in process.stdout:
            said.append(line.strip())
            show(said[-1])
        if process.wait():
            sys.exit(reason("\n".join(said[-15:])))
    finally:
        process.kill()
        process.wait()
        show("")


def show(line):
    """Shows progress: on one line of a terminal; elsewhere only what is fetched."""
    if sys.stdout.isatty():
        width = shutil.get_terminal_size().columns - 1
        sys.stdout.write("\r" + line[:width].ljust(width) + "\r")
    elif line.startswith("Downloading"):
        print(line)
    sys.stdout.flush()


def reason(said):
    for words, sentence in REASONS.items():
        if any(word in said.lower() for word in words):
            return sentence
    return said + "\nThe set-up failed, and this is why. The same command starts anew."


def run(*arguments):
    process = subprocess.Popen((PYTHON,) + arguments, cwd=str(ROOT), env=environment())
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # it hears Ctrl-C too, and decides
    signal.signal(signal.SIGTERM, lambda *_: process.terminate())
    return process.wait()


def environment():
    """The learner's own, in which a program called by name is the course's."""
    paths = {"PATH": SCRIPTS, "JUPYTER_CONFIG_PATH": ROOT / ".jupyter"}
    paths = {name: os.pathsep.join(filter(None, [str(ours), os.environ.get(name)])) for name, ours in paths.items()}
    none = dict.fromkeys(["PYTHONPATH", "PYTHONHOME", "PYTHONDONTWRITEBYTECODE"], "")
    return dict(os.environ, VIRTUAL_ENV=str(ENV), PIP_USER="0", **dict(none, **paths))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
