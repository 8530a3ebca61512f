HELP = """Sets the course up once, then opens it or tests it.

    python3 course.py lab         opens JupyterLab at your start page; the notebooks there are copies of your own
    python3 course.py fresh 04    puts your copies of 04 aside, under the date, and makes new ones
    python3 course.py test        runs every test and every notebook

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
from pathlib import Path

ROOT = Path(__file__).resolve().parent
ENV = ROOT / ".venv"
OLD = ROOT / ".venv.old"  # what was there before, until the new one is whole
WORKSPACE = ROOT / ".jupyter" / "workspaces" / "default-37a8.jupyterlab-workspace"  # as JupyterLab calls it
LOCKS = {"lab": ROOT / "requirements.lock", "test": ROOT / "requirements-dev.lock"}  # the second adds to the first
PROGRAMS = {"lab": "jupyterlab", "test": "pytest"}
SCRIPTS, PACKAGES = [Path(sysconfig.get_path(name, "venv", {"base": str(ENV)})) for name in ("scripts", "purelib")]
PYTHON = str(SCRIPTS / ("python.exe" if os.name == "nt" else "python"))
MEGABYTES = {"lab": 90, "test": 110}  # to fetch
ROOM = 600  # megabytes that must be free before a set-up begins
REASONS = {  # words in what the system or the installer said -> what to tell the learner; {} is the line that says it
    ("no space left", "not enough space", "quota"):
        "There is no room ({}): %d MB must be free. Make room, then give the same command again." % ROOM,
    ("connection", "connectivity", "failed to fetch", "timed out", "from versions: none"):
        "The packages cannot be fetched: is there a network? Once there is, give the same command again.",
    ("permission denied", "access is denied", "read-only", "not permitted"):
        "This cannot be written, and it is not the course's folder:\n{}",
    ("not in .venv",):
        "The packages were installed, but not in .venv: a setting of pip or uv (target, prefix, root, python, dry-run) "
        "sends them elsewhere. Take it out, then give the same command again.",
    ("ensurepip",): "This Python cannot make environments. On Debian or Ubuntu: sudo apt install python3-venv",
}  # fmt: skip


def main(command="help", *arguments):
    if command not in ("lab", "fresh", "test"):
        print(HELP.strip())
        return 0 if command in ("help", "-h", "--help") else 2
    needed = "test" if command == "test" else "lab"
    try:
        if OLD.exists() or not ready(needed):
            set_up(needed)
    except KeyboardInterrupt:
        return "Stopped before all was set up. The same command starts anew."
    except OSError as error:
        if command == "test" or not found("jupyterlab"):
            return reason(str(error))
        sys.stderr.write(
            reason(str(error)) + "\nUntil then JupyterLab opens with the packages that were there before.\n"
        )
    if command == "fresh":
        return run("-m", "course_lib.copies", "fresh", *arguments)
    if command == "lab":
        subprocess.call([PYTHON, "-m", "course_lib.copies"], cwd=str(ROOT), env=environment())
        if not WORKSPACE.exists():
            WORKSPACE.parent.mkdir(exist_ok=True)
            shutil.copy(str(ROOT / ".jupyter" / "workspace.json"), str(WORKSPACE))
        arguments = lab_options(arguments) + arguments
    return run("-m", PROGRAMS[command], *arguments)


def lab_options(given):
    """Options, for these alone go before the learner's own configuration of Jupyter. What is given goes first."""
    options = (
        "--ServerApp.root_dir=%s" % ROOT,
        "--ServerApp.allow_root=True",
        "--LabApp.default_url=/lab/tree/mine/README.md",
        "--LabApp.workspaces_dir=%s" % WORKSPACE.parent,
    )
    names = [option.split("=")[0] for option in given]
    return tuple(option for option in options if option.split("=")[0] not in names)


def stamp(command):
    """The file that says: what this command needs was installed whole, from these locks, in this place."""
    made_of = [[lock.read_bytes() for lock in LOCKS.values()], os.fsencode(str(ENV))]
    return ENV / ("%s-%s.stamp" % (command, hashlib.sha256(repr(made_of).encode()).hexdigest()[:16]))


def ready(command):
    return stamp(command).exists() and found(PROGRAMS[command])


def found(package):
    """Whether the environment's own Python finds a package, whole: its record is what an installer writes last."""
    look = "import importlib.metadata as m, sys; sys.exit(not m.distribution(sys.argv[1]).read_text('RECORD'))"
    try:
        return subprocess.call([PYTHON, "-I", "-c", look, package], stderr=subprocess.DEVNULL) == 0
    except OSError:
        return False


def set_up(command):
    sys.stdout.reconfigure(errors="replace")  # a screen may lack a letter of the installer's
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with open(str(ROOT / ".venv.lock"), "w") as lock:
        while not locked(lock):
            show("Waiting for another set-up of the course to end.")
            time.sleep(0.5)
        if OLD.exists():  # a set-up was killed
            keep_one()
        if not ready("lab"):
            if ENV.exists():
                ENV.rename(OLD)
            try:
                make_environment(lock)
                install("lab", lock)
            finally:
                keep_one()
        if not ready(command):
            install(command, lock)


def keep_one():
    """Of two environments keeps the new one if it is whole, else the old one."""
    if any(ENV.glob("lab-*.stamp")):
        shutil.rmtree(OLD, ignore_errors=True)
    else:
        shutil.rmtree(ENV, ignore_errors=True)
        if OLD.exists():
            OLD.rename(ENV)


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


def make_environment(lock):
    python = getattr(sys, "_base_executable", sys.executable)  # never that of .venv, which was just set aside
    work(lock, python, "-m", "venv", "--without-pip", str(ENV))
    (PACKAGES / "course_lib.pth").write_text(os.path.relpath(str(ROOT), str(PACKAGES)))


def install(command, lock):
    """Installs a lock, over what an interrupted installation may have left of it."""
    if shutil.disk_usage(ROOT).free < ROOM * 10**6:
        raise OSError("no space left in the course's folder")
    print("Setting up %s, this once. It fetches about %d MB." % (command, MEGABYTES[command]))
    begun = stamp(command).with_suffix(".begun")
    installer = ["uv", "pip", "install", "--python", PYTHON] + ["--reinstall"] * begun.exists()  # which fetches anew
    begun.touch()
    if not has_uv():
        installer = [PYTHON] + "-m pip install --disable-pip-version-check --no-compile --ignore-installed".split()
        if not found("pip"):
            work(lock, PYTHON, "-m", "ensurepip")
            work(lock, PYTHON, "-m", "pip", "uninstall", "--yes", "setuptools")  # which Python 3.11 adds
    work(lock, *(installer + ["--no-deps", "--require-hashes", "-r", str(LOCKS[command])]))
    if not found(PROGRAMS[command]):
        raise OSError("not in .venv")
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
            raise OSError("\n".join(said[-15:]))
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
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
        for line in said.splitlines():
            if any(word in line.lower() for word in words):
                if "cannot be written" in sentence and ENV.name in line:
                    return "The course's folder cannot be written: close JupyterLab if it is open, or move the course."
                return sentence.format(line)
    return said + "\nThe set-up failed, and this is why. The same command starts anew."


def run(*arguments):
    process = subprocess.Popen((PYTHON,) + arguments, cwd=str(ROOT), env=environment())
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # it hears Ctrl-C too, and decides
    signal.signal(signal.SIGTERM, lambda *_: process.terminate())
    return process.wait()


def environment():
    """The learner's own, in which a program called by name is the course's. What is told other Pythons is left out."""
    first = {"PATH": SCRIPTS, "JUPYTER_CONFIG_PATH": ROOT / ".jupyter", "JUPYTER_PATH": ENV / "share" / "jupyter"}
    first = {name: os.pathsep.join(filter(None, [str(ours), os.environ.get(name)])) for name, ours in first.items()}
    others = "PYTHON", "PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PIP_PYTHON"
    kept = {name: value for name, value in os.environ.items() if not name.startswith(others)}
    kept.update(first, VIRTUAL_ENV=str(ENV), IPYTHONDIR=str(ENV / "ipython"), JUPYTER_PREFER_ENV_PATH="1")
    if not os.access(os.path.expanduser("~"), os.W_OK):  # the installers and JupyterLab keep things there
        kept["HOME"] = str(ENV / "home")
    return dict(kept, PIP_USER="0", PIP_DRY_RUN="0")


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
