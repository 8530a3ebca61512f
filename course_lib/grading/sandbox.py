"""How a process is closed in: bubblewrap, Docker, or in so many words not at all.

Where answers run there are Python, its packages, and of the library what is no answer: no checks, no grading, no
solution, no gradebook, no other submission. Where they are read and judged there is the course, and no submission but
the one. There is no network, no other process, nothing to write to but a small folder in memory.
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
import threading
import weakref
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from course_lib.grading import library, seccomp

LIBRARY = Path(__file__).parents[1]
WORKER = Path(__file__).with_name("worker.py")
ROOM = 2**24  # bytes of the folder in memory
PROCESSES = 6  # each may have all the memory of the limits, and all together twice as much
FILES = 2000  # in that folder
PATIENCE = 10  # seconds for what has been killed to be gone
IMAGE = "course-grading"
READY = b'{"ready": true}'
FOLDER = "/answers"  # the only one that can be written to
GET = {
    "bwrap": "Install bubblewrap (Debian, Ubuntu: apt install bubblewrap; Fedora: dnf install bubblewrap), "
    "or grade with --sandbox docker.",
    "docker": "Install Docker, then: printf 'FROM python:3.13-slim\\nRUN pip install numpy matplotlib ipython\\n' | "
    f"docker build -t {IMAGE} -",
    "none": "On Windows, grade in WSL or with --sandbox docker.",
}


class NoSandbox(Exception):
    """The sandbox asked for cannot be had here; the text says why, and how to get one."""


@dataclass(frozen=True)
class Inside:
    """What a sandbox holds besides Python and its packages.

    files: pairs (path out here, path below the folder of the course in there). code: lines of Python that it starts
    with; `settings` in them are the arguments for the limits. memory: bytes for a process.
    """

    files: tuple
    code: str
    memory: int = 2**30

    def arguments(self, paths, **settings):
        """Those with which Python starts. paths: of the folders from which is imported."""
        return ["-c", f"import sys; sys.path += {paths!r}; settings = {settings!r}\n{self.code}"]


def worker(withheld, memory=2**30):
    """Where answers run, with the library but for some functions: {module: [functions]}."""
    place = library.without(withheld)
    files = ((WORKER, "worker.py"), (place / "course_lib", "course_lib"))
    return Inside(files, "import worker; worker.main(**settings)", memory)


def judge(sheet):
    """Where submissions are read and judged. sheet: path of the notebook of our sheet, or of a variant's key."""
    code = f"from course_lib.grading import judge; judge.main({sheet.stem!r}, **settings)"
    return Inside(((LIBRARY, "course_lib"), (sheet, f"exercises/{sheet.name}")), code)


RUNNING: weakref.WeakSet[subprocess.Popen] = weakref.WeakSet()
STOPPED = threading.Event()


@contextlib.contextmanager
def stopped():
    """At its beginning all that runs in sandboxes ends, and within it nothing is started."""
    STOPPED.set()
    for process in list(RUNNING):
        process.kill()
    try:
        yield
    finally:
        STOPPED.clear()


def refusal(name):
    """Why answers cannot be run in this sandbox here and how that can be changed, or "". name: as in `start`."""
    try:
        with start(name, worker({})) as process:
            process.ready()
            return ""
    except NoSandbox as error:
        return str(error)


class Starter:
    """The one thread from which processes are started: bubblewrap's end with the thread that has started them.

    A thread of a pool ends with its pool, and what judges is kept for the next one.
    """

    def __init__(self):
        self.renew()
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self.renew)  # which has no threads but its own

    def renew(self):
        self.thread = ThreadPoolExecutor(1)

    def popen(self, command, **options):
        return self.thread.submit(subprocess.Popen, command, **options).result()


STARTER = Starter()


class Process:
    """A process in its sandbox. As a context manager it is gone at the end, with all that it has started.

    stop: command that ends it, if it does not end by a signal. folder: its own, for it to work in.
    told: a pipe on which bubblewrap says which process is the first inside. given: a descriptor that it reads.
    """

    def __init__(self, name, command, *, stop=None, folder=None, told=None, given=None):
        self.name, self.stop, self.folder, self.waiting = name, stop, folder, True
        self.gone, self.lock = False, threading.Lock()
        self.process = STARTER.popen(
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

    def ready(self):
        """Waits until it has started. Errors: NoSandbox if it does not."""
        if self.waiting:
            line = self.process.stdout.readline(10_000)
            if line.strip() != READY:
                self.kill()
                said = self.process.stderr.read(2000).decode(errors="replace").strip()
                said = said or repr(line[:200])
                raise NoSandbox(f"The sandbox {self.name} does not start here: {said}. {GET[self.name]}")
            self.waiting = False

    def overflows(self, inside):
        """What there is too much of in it, "files" or "memory", or "": it counts what no limit inside can."""
        with contextlib.suppress(OSError, ValueError, IndexError):
            if self.first:
                state = os.statvfs(f"/proc/{self.first}/root{FOLDER}")
                if state.f_files - state.f_ffree > FILES:
                    return "files"
                if sum(map(resident, below(self.first))) > 2 * inside.memory:
                    return "memory"
        return ""

    def stood(self):
        """The seconds that what answers in it had to wait for a processor, since others were at work."""
        return max(map(delay, children(self.first)), default=0.0) if self.first else 0.0

    def kill(self):
        """Ends it at once; may be called from another thread."""
        with self.lock, contextlib.suppress(ProcessLookupError):
            if self.gone:  # its numbers may be those of another by now
                return
            if self.stop:
                subprocess.run(self.stop, capture_output=True)
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
        with self.lock:
            self.gone = True
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            with contextlib.suppress(BrokenPipeError):
                pipe.close()
        if self.handle:
            select.select([self.handle], [], [], PATIENCE)
            os.close(self.handle)
            self.handle = None
        if self.folder:
            shutil.rmtree(self.folder, ignore_errors=True)


def start(name, inside):
    """A `Process` in a sandbox, about to be ready for requests. name: "bwrap", "docker" or "none". inside: `Inside`.

    Errors: NoSandbox if it cannot be had.
    """
    if name not in DRIVERS:
        raise NoSandbox(f"The sandbox must be bwrap, docker or none; got {name!r}.")
    process = DRIVERS[name](inside)
    RUNNING.add(process)
    if STOPPED.is_set():
        process.__exit__()
        raise NoSandbox("Stopped.")
    return process


def limits_of(inside):
    return {"AS": inside.memory, "FSIZE": ROOM, "NPROC": PROCESSES, "NOFILE": 64}


def below(process):
    """The numbers of the processes that a process has started, and of theirs."""
    for child in children(process):
        yield child
        yield from below(child)


def children(process):
    """The numbers of the processes that a process has started."""
    with contextlib.suppress(OSError):
        for task in os.listdir(f"/proc/{process}/task"):
            yield from Path(f"/proc/{process}/task/{task}/children").read_text().split()


def resident(process):
    """The bytes of memory that a process has, also of that which the system has put aside."""
    with contextlib.suppress(OSError):
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
        return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith(("VmRSS:", "VmSwap:")))
    return 0


def delay(process):
    """The seconds that a process was ready to run, and was not let."""
    with contextlib.suppress(OSError, IndexError):  # not every kernel counts them
        return int(Path(f"/proc/{process}/schedstat").read_text().split()[1]) / 1e9
    return 0.0


def environment(folder):
    threads = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
    folders = ("HOME", "TMPDIR", "MPLCONFIGDIR")
    return (
        {"PATH": os.defpath, "MPLBACKEND": "Agg", "PIP_NO_INDEX": "1"}
        | dict.fromkeys(threads, "1")
        | dict.fromkeys(folders, folder)
    )


def bwrap(inside):
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
    for path in hidden(packages):
        if any(path.is_relative_to(other) for other in mounted):
            command += ["--tmpfs", str(path)]
            if packages.is_relative_to(path):
                command += [*open_folders(packages), "--ro-bind", str(packages), str(packages)]
            command += ["--remount-ro", str(path)]
    command += ["--dev", "/dev", "--perms", "1777", "--size", str(ROOM), "--tmpfs", FOLDER, "--chdir", FOLDER]
    for path, there in inside.files:
        command += [*open_folders(Path("/course") / there), "--ro-bind", str(path), f"/course/{there}"]
    command += ["--ro-bind", "/dev/null", "/dev/zero"]  # whose memory can be shared, and belongs to no file
    command += ["--remount-ro", "/dev", "--remount-ro", "/"]
    for name, value in environment(FOLDER).items():
        command += ["--setenv", name, value]
    user = 20_000 + secrets.randbelow(40_000) if is_root else 0
    told, given = os.pipe(), filled(rules)
    command += ["--info-fd", str(told[1]), "--seccomp", str(given)]
    settings = {"user": user, "limits": limits_of(inside), "alone": True}
    command += [python, "-IS", *inside.arguments(["/course", str(packages)], **settings)]
    return Process("bwrap", command, told=told, given=given)


def hidden(packages):
    """What is not seen inside, wherever it lies: the course with its solutions, and where the teacher is at work.

    A course that is installed among the packages is another copy of it.
    """
    course = LIBRARY.parent if (LIBRARY.parent / "solutions").exists() else LIBRARY
    installed = [path for path in [packages / LIBRARY.name] if path.is_dir()]
    python = (packages, Path(sysconfig.get_path("stdlib")), Path(sys.executable).resolve())
    work = [path for path in [Path.cwd()] if not any(one.is_relative_to(path) for one in python)]
    return list(dict.fromkeys([course, *installed, *work]))


def filled(data):
    """The end to read of a pipe with few bytes in it."""
    end, entry = os.pipe()
    os.write(entry, data)
    os.close(entry)
    return end


def open_folders(path):
    """The folders above a path, for all to enter; else they are as closed as they are out here."""
    return [word for folder in reversed(path.parents[:-1]) for word in ("--perms", "0755", "--dir", str(folder))]


def docker(inside):
    """Untested where no engine can be had: the options say the same as those of `bwrap`."""
    program, name = shutil.which("docker"), f"{IMAGE}-{secrets.token_hex(8)}"
    if not program:
        raise NoSandbox(f"There is no docker here. {GET['docker']}")
    command = [program, "run", "--rm", "--interactive", "--name", name, "--network", "none", "--read-only"]
    command += ["--cap-drop", "ALL", "--security-opt", "no-new-privileges", "--user", "65534:65534"]
    command += ["--memory", str(inside.memory), "--memory-swap", str(inside.memory)]
    command += ["--pids-limit", str(2 * PROCESSES)]
    command += ["--tmpfs", f"{FOLDER}:rw,size={ROOM},mode=1777", "--workdir", FOLDER, "--log-driver", "none"]
    for path, there in inside.files:
        command += ["--volume", f"{path}:/course/{there}:ro"]
    for key, value in environment(FOLDER).items():
        command += ["--env", f"{key}={value}"]
    settings = {"user": 0, "limits": limits_of(inside), "alone": True}
    command += [IMAGE, "python", "-I", *inside.arguments(["/course"], **settings)]
    return Process("docker", command, stop=[program, "kill", name])


def none(inside):
    """No sandbox: what runs may do all that you may. For answers that you have read, or your own."""
    if not hasattr(os, "fork"):
        raise NoSandbox(f"Without a sandbox answers run in a process that forks, which Windows cannot. {GET['none']}")
    folder = tempfile.mkdtemp()
    for path, there in inside.files:
        place = Path(folder, "course", there)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.symlink_to(path)
    settings = {"user": 0, "limits": {"FSIZE": ROOM}, "alone": False}
    paths = [f"{folder}/course", str(Path(np.__file__).parents[1])]
    return Process("none", [sys.executable, "-IS", *inside.arguments(paths, **settings)], folder=folder)


DRIVERS = {"bwrap": bwrap, "docker": docker, "none": none}
