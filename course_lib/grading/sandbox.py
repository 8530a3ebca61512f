"""How the process in which answers run is closed in: bubblewrap, Docker, or in so many words not at all.

Inside there are Python, NumPy, Matplotlib, and of the library what is no answer: no checks, no grading, no solution, no
gradebook, no other submission. There is no network, no other process, nothing to write to but a small folder in memory.
"""

import contextlib
import os
import platform
import re
import secrets
import select
import shutil
import signal
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

import numpy as np

from course_lib.grading import seccomp

LIBRARY = Path(__file__).parents[1]
WORKER = Path(__file__).with_name("worker.py")
ABSENT = {"quiz.py", "nodelay.py"}
ROOM = 2**24  # bytes of the folder in memory
PROCESSES = 4  # each may have all the memory of the limits
PATIENCE = 10  # seconds for what has been killed to be gone
IMAGE = "course-grading"
FOLDER = "/answers"  # the only one that can be written to
GET = {
    "bwrap": "Install bubblewrap (Debian, Ubuntu: apt install bubblewrap; Fedora: dnf install bubblewrap), "
    "or grade with --sandbox docker.",
    "docker": "Install Docker, then: printf 'FROM python:3.13-slim\\nRUN pip install numpy matplotlib\\n' | "
    f"docker build -t {IMAGE} -",
    "none": "On Windows, grade in WSL or with --sandbox docker.",
}


class NoSandbox(Exception):
    """The sandbox asked for cannot be had here; the text says why, and how to get one."""


def refusal(name):
    """Why answers cannot be run in this sandbox here and how that can be changed, or "". name: as in `start`."""
    try:
        with start(name):
            return ""
    except NoSandbox as error:
        return str(error)


class Process:
    """A worker in its sandbox. As a context manager it is gone at the end, with all that it has started.

    stop: command that ends it, if it does not end by a signal. folder: its own, for it to work in.
    told: a pipe on which bubblewrap says which process is the first inside. given: a descriptor that it reads.
    """

    def __init__(self, command, *, stop=None, folder=None, told=None, given=None):
        self.stop, self.folder = stop, folder
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=folder,
            start_new_session=True,
            env=environment(folder) if folder else None,
            pass_fds=(told[1], given) if told else (),
        )
        self.first = self.handle = None
        if told:
            os.close(told[1])
            os.close(given)
            with os.fdopen(told[0], "rb") as pipe, contextlib.suppress(TypeError, ProcessLookupError):
                self.first = int(re.search(rb'"child-pid": *(\d+)', pipe.read())[1])
                self.handle = os.pidfd_open(self.first)

    def kill(self):
        """Ends it at once; may be called from another thread."""
        if self.stop:
            subprocess.run(self.stop, capture_output=True)
        with contextlib.suppress(ProcessLookupError):
            if self.handle:  # with the first process of their space all others are gone before bubblewrap returns
                signal.pidfd_send_signal(self.handle, signal.SIGKILL)
            elif os.name == "posix":
                os.killpg(self.process.pid, signal.SIGKILL)
            else:
                self.process.kill()

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.kill()
        self.process.wait()
        if self.handle:
            select.select([self.handle], [], [], PATIENCE)
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            with contextlib.suppress(BrokenPipeError):
                pipe.close()
        if self.handle:
            os.close(self.handle)
        if self.folder:
            shutil.rmtree(self.folder, ignore_errors=True)


def start(name, memory=2**30):
    """A `Process` in a sandbox, ready for requests. name: "bwrap", "docker" or "none". memory: bytes.

    Errors: NoSandbox if it cannot be had.
    """
    if name not in DRIVERS:
        raise NoSandbox(f"The sandbox must be bwrap, docker or none; got {name!r}.")
    process = DRIVERS[name](memory)
    line = process.process.stdout.readline()
    if line.strip() != b'{"ready": true}':
        said = process.process.stderr.read(2000).decode(errors="replace").strip()
        process.__exit__()
        raise NoSandbox(f"The sandbox {name} does not start here: {said or line[:200]!r}. {GET[name]}")
    return process


def worker(paths, memory, user=0, **more):
    """The arguments with which Python starts the worker. paths: folders of it, of the library and of NumPy."""
    limits = {"AS": memory, "FSIZE": ROOM, "NPROC": PROCESSES, "NOFILE": 64}
    settings = {"user": user, "limits": limits, "alone": True} | more
    return ["-c", f"import sys; sys.path += {paths!r}; import worker; worker.main(**{settings!r})"]


def environment(folder):
    threads = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
    folders = ("HOME", "TMPDIR", "MPLCONFIGDIR")
    return {"PATH": os.defpath, "MPLBACKEND": "Agg"} | dict.fromkeys(threads, "1") | dict.fromkeys(folders, folder)


def library():
    """The files of the library that are in the sandbox: (here, below the library there)."""
    files = [path for path in sorted(LIBRARY.glob("*.py")) if path.name not in ABSENT]
    return [(path, path.name) for path in [*files, LIBRARY / "data"]]


def bwrap(memory):
    program = shutil.which("bwrap")
    if not program:
        raise NoSandbox(f"There is no bwrap here. {GET['bwrap']}")
    rules = seccomp.rules()
    if not rules:
        raise NoSandbox(f"For a machine of the kind {platform.machine()} there is no filter; grade with docker.")
    python, packages = os.path.realpath(sys.executable), Path(np.__file__).parents[1]
    is_root = os.getuid() == 0
    command = [program, "--die-with-parent", "--as-pid-1", "--new-session", "--clearenv"]
    command += ["--cap-drop", "ALL"]
    if is_root:  # stays in the same space of users, so that the user it becomes is a real one, whom limits bind
        command += ["--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--unshare-cgroup-try"]
        command += ["--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
    else:
        command += ["--unshare-all", "--uid", "65534", "--gid", "65534"]
    command += ["--ro-bind", "/usr", "/usr", "--ro-bind-try", "/etc/ld.so.cache", "/etc/ld.so.cache"]
    for path in map(Path, ("/lib", "/lib64", "/bin")):
        if path.is_symlink():
            command += ["--symlink", os.readlink(path), str(path)]
        else:
            command += ["--ro-bind-try", str(path), str(path)]
    mounted = {Path("/usr")}
    for path in map(Path, (sys.base_prefix, sysconfig.get_path("stdlib"), packages)):
        if not any(path.is_relative_to(other) for other in mounted):
            command += [*open_folders(path), "--ro-bind", str(path), str(path)]
            mounted.add(path)
    if any(LIBRARY.is_relative_to(path) for path in mounted):  # installed: all of it is hidden
        command += ["--tmpfs", str(LIBRARY)]
    command += ["--dev", "/dev", "--perms", "1777", "--size", str(ROOM), "--tmpfs", FOLDER, "--chdir", FOLDER]
    command += [*open_folders(Path("/course/course_lib/data")), "--ro-bind", str(WORKER), "/course/worker.py"]
    for path, name in [*library(), (LIBRARY / "__pycache__", "__pycache__")]:
        command += ["--ro-bind-try", str(path), f"/course/course_lib/{name}"]
    command += ["--remount-ro", "/dev", "--remount-ro", "/"]
    for name, value in environment(FOLDER).items():
        command += ["--setenv", name, value]
    user = 20_000 + secrets.randbelow(40_000) if is_root else 0
    told, given = os.pipe(), filled(rules)
    command += ["--info-fd", str(told[1]), "--seccomp", str(given)]
    command += [python, "-IS", *worker(["/course", str(packages)], memory, user)]
    return Process(command, told=told, given=given)


def filled(data):
    """The end to read of a pipe with few bytes in it."""
    end, start = os.pipe()
    os.write(start, data)
    os.close(start)
    return end


def open_folders(path):
    """The folders above a path, for all to enter; else they are as closed as they are out here."""
    return [word for folder in reversed(path.parents[:-1]) for word in ("--perms", "0755", "--dir", str(folder))]


def docker(memory):
    """Untested where no engine can be had: the options say the same as those of `bwrap`."""
    program, name = shutil.which("docker"), f"{IMAGE}-{secrets.token_hex(8)}"
    if not program:
        raise NoSandbox(f"There is no docker here. {GET['docker']}")
    command = [program, "run", "--rm", "--interactive", "--name", name, "--network", "none", "--read-only"]
    command += ["--cap-drop", "ALL", "--security-opt", "no-new-privileges", "--user", "65534:65534"]
    command += ["--memory", str(memory), "--memory-swap", str(memory), "--pids-limit", str(2 * PROCESSES)]
    command += ["--tmpfs", f"{FOLDER}:rw,size={ROOM},mode=1777", "--workdir", FOLDER, "--log-driver", "none"]
    for path, there in [(WORKER, "worker.py"), *((path, f"course_lib/{there}") for path, there in library())]:
        command += ["--volume", f"{path}:/course/{there}:ro"]
    for key, value in environment(FOLDER).items():
        command += ["--env", f"{key}={value}"]
    command += [IMAGE, "python", "-I", *worker(["/course"], memory)]
    return Process(command, stop=[program, "kill", name])


def none(memory):
    """No sandbox: what runs may do all that you may. For answers that you have read, or your own."""
    if not hasattr(os, "fork"):
        raise NoSandbox(f"Without a sandbox answers run in a process that forks, which Windows cannot. {GET['none']}")
    more = {"limits": {"FSIZE": ROOM}, "alone": False}
    paths = [str(WORKER.parent), str(LIBRARY.parent), str(Path(np.__file__).parents[1])]
    return Process([sys.executable, "-IS", *worker(paths, memory, **more)], folder=tempfile.mkdtemp())


DRIVERS = {"bwrap": bwrap, "docker": docker, "none": none}
