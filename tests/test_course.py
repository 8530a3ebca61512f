"""course.py with small packages made here: the real pip and the real uv walk every path, nothing is fetched."""

import ast
import hashlib
import importlib.metadata
import importlib.util
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import sysconfig
import time
import zipfile
from collections import namedtuple
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow
COURSE = Path(__file__).parents[1] / "course.py"
UV = shutil.which("uv", path=sysconfig.get_path("scripts")) or shutil.which("uv")
POSIX = pytest.mark.skipif(os.name == "nt", reason="signals and scripts as POSIX has them")
TELL = """
import json, os, shutil, sys, time, course_lib
print(json.dumps(dict(env=dict(os.environ), argv=sys.argv[1:], cwd=os.getcwd(), prefix=sys.prefix,
                      version=sys.modules[__package__].version, optimized=sys.flags.optimize,
                      course_lib=course_lib.__file__, jupyter=shutil.which("jupyter"))), flush=True)
time.sleep(600 if "sleep" in sys.argv else 0)
sys.exit(7 if sys.argv[-1] == "7" else 0)
"""


class Folder:
    """A course of its own, in a folder with a space and an umlaut, whose packages lie on the disk beside it."""

    def __init__(self, base):
        self.root, self.wheels, self.path = base / "a co\u00fcrse", base / "wheels", base / "bin"
        for folder in (self.root / "course_lib", self.wheels, self.path):
            folder.mkdir(parents=True)
        shutil.copy(COURSE, self.root)
        (self.root / "course_lib" / "__init__.py").touch()
        (self.root / "course_lib" / "copies.py").write_text("import sys; print('copies', *sys.argv[1:])")
        (self.root / ".jupyter").mkdir()
        (self.root / ".jupyter" / "workspace.json").write_text("side bar closed")
        self.lock("requirements.lock", jupyterlab="1.0", tool="1.0")
        self.lock("requirements-dev.lock", pytest="1.0")
        self.env = dict(os.environ, PATH=str(self.path), UV_CACHE_DIR=str(base / "cache"), PIP_CONFIG_FILE=os.devnull)
        self.offer(
            PIP_NO_INDEX="1", UV_NO_INDEX="1", PIP_FIND_LINKS=self.wheels.as_uri(), UV_FIND_LINKS=str(self.wheels)
        )

    def offer(self, **settings):
        self.env = {k: v for k, v in self.env.items() if not k.endswith(("_INDEX", "_LINKS", "_URL"))} | settings

    def lock(self, name, **packages):
        lines = [f"{p}=={v} --hash=sha256:{self.wheel(p, v)}\n" for p, v in packages.items()]
        (self.root / name).write_text("".join(lines))

    def wheel(self, name, version):
        return self.pack(name, version, f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")

    def pack(self, name, version, metadata):
        file, info = self.wheels / f"{name}-{version}-py3-none-any.whl", f"{name}-{version}.dist-info"
        contents = {
            f"{name}/__init__.py": f"version = {version!r}\n",
            f"{name}/__main__.py": TELL,
            f"{info}/METADATA": metadata,
            f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
            f"{info}/entry_points.txt": "[console_scripts]\njupyter = jupyterlab:version\n",
        }
        contents[f"{info}/RECORD"] = "".join(f"{path},,\n" for path in [*contents, f"{info}/RECORD"])
        with zipfile.ZipFile(file, "w") as archive:
            for path, text in contents.items():
                archive.writestr(zipfile.ZipInfo(path), text)  # whose date is always the same
        return hashlib.sha256(file.read_bytes()).hexdigest()

    def start(self, *arguments, by=(), **options):
        command = [sys.executable, *by, self.root / "course.py", *arguments]
        options = {"cwd": self.wheels, "env": self.env, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | options
        return subprocess.Popen(command, text=True, **options)

    def run(self, *arguments, **options):
        process = self.start(*arguments, **options)
        out, err = process.communicate(timeout=300)
        return namedtuple("Run", "code out err")(process.returncode, out, err)

    def installed(self):
        found = (self.root / ".venv").glob("[Ll]ib/**/site-packages/*.dist-info")
        return {path.name.split("-")[0] for path in found} - {"pip"}

    def use_uv(self, script='exec "{uv}" "$@"'):
        if os.name == "nt":
            shutil.copy(UV, self.path)
        else:
            (self.path / "uv").write_text("#!/bin/sh\n[ $1 = --version ] && exit\n" + script.format(uv=UV) + "\n")
            (self.path / "uv").chmod(0o755)

    def cut_off(self):
        """From here on there is nothing to install from."""
        self.offer(PIP_NO_INDEX="1", UV_NO_INDEX="1")

    def slow_uv(self):
        """A uv that never ends an installation, and says so in a file."""
        self.use_uv(f'/bin/touch "{self.path}/began"; exec /bin/sleep 600')

    def has_begun(self):
        wait_for(lambda: (self.path / "began").exists())


def wait_for(true, seconds=60):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.05)


def last_line(text):
    return json.loads(text.splitlines()[-1])


@pytest.fixture(params=["uv", "pip"])
def either(request, tmp_path):
    folder = Folder(tmp_path)
    if request.param == "uv":
        folder.use_uv()
    return folder


@pytest.fixture
def folder(tmp_path):
    folder = Folder(tmp_path)
    folder.use_uv()
    return folder


def test_sets_up_once_then_starts_at_once(either):
    first = either.run("lab", "--port", "9999")
    assert first.code == 0, first.err
    told, env = last_line(first.out), str(either.root / ".venv")
    assert told["argv"][-2:] == ["--port", "9999"]
    assert f"--ServerApp.root_dir={either.root}" in told["argv"]
    assert (told["cwd"], told["prefix"], told["env"]["VIRTUAL_ENV"]) == (str(either.root), env, env)
    assert told["course_lib"] == str(either.root / "course_lib" / "__init__.py")
    assert told["jupyter"].startswith(env)
    assert told["env"]["JUPYTER_CONFIG_PATH"].split(os.pathsep)[0] == str(either.root / ".jupyter")
    assert either.installed() == {"jupyterlab", "tool"}

    either.cut_off()
    again = either.run("lab", "--port", "9999")
    assert (again.code, again.err) == (0, "")
    assert {**last_line(again.out), "env": None} == {**told, "env": None}


def test_adds_the_tests_packages_and_hands_their_exit_code_on(folder):
    assert folder.run("lab").code == 0
    (folder.root / ".venv" / "mark").touch()
    run = folder.run("test", "tests/test_course.py", "-k", "7")
    assert run.code == 7, run.err
    assert last_line(run.out)["argv"] == ["tests/test_course.py", "-k", "7"]
    assert folder.installed() == {"jupyterlab", "tool", "pytest"}
    folder.cut_off()
    assert folder.run("lab").code == 0
    assert folder.run("test").code == 0
    assert (folder.root / ".venv" / "mark").exists()


def test_the_lab_opens_at_the_learners_copies_with_the_side_bar_closed(folder):
    run = folder.run("lab")
    assert run.out.splitlines()[-2] == "copies"
    assert "--LabApp.default_url=/lab/tree/mine/README.md" in last_line(run.out)["argv"]
    (workspace,) = (folder.root / ".jupyter" / "workspaces").iterdir()
    assert workspace.read_text() == "side bar closed"
    workspace.write_text("as the learner likes it")
    told = last_line(folder.run("lab", "--LabApp.default_url=/lab/tree/notebooks").out)["argv"]
    assert [option for option in told if "default_url" in option] == ["--LabApp.default_url=/lab/tree/notebooks"]
    assert workspace.read_text() == "as the learner likes it"


def test_fresh_is_handed_on(folder):
    run = folder.run("fresh", "04")
    assert run.out.splitlines()[-1] == "copies fresh 04"
    assert "copies" not in folder.run("test").out


def test_test_alone_installs_all(folder):
    assert folder.run("test").code == 0
    assert folder.installed() == {"jupyterlab", "tool", "pytest"}


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock"])
def test_a_changed_lock_is_installed_from_nothing(folder, lock):
    assert folder.run("test").code == 0
    kept = {"jupyterlab": "1.0"} if lock == "requirements.lock" else {}
    folder.lock(lock, **kept, pytest="1.1", other="2.0")
    if lock == "requirements.lock":
        folder.lock("requirements-dev.lock")
    assert folder.run("test").code == 0
    assert ("tool" in folder.installed()) == (lock != "requirements.lock")
    assert "other" in folder.installed()
    (package,) = (folder.root / ".venv").glob("[Ll]ib/**/site-packages/pytest/__init__.py")
    assert "1.1" in package.read_text()


def test_a_moved_course_is_set_up_again(folder):
    assert folder.run("lab").code == 0
    folder.root = folder.root.rename(folder.root.with_name("another place"))
    run = folder.run("lab")
    assert run.code == 0, run.err
    assert last_line(run.out)["prefix"] == str(folder.root / ".venv")


def test_an_environment_made_by_something_else_is_replaced(folder):
    (folder.root / ".venv" / "bin").mkdir(parents=True)
    (folder.root / ".venv" / "bin" / "python").write_text("not a Python")
    assert folder.run("lab").code == 0


@POSIX
@pytest.mark.parametrize("installer", ["uv", "pip"])
def test_adds_over_what_a_killed_installation_left(folder, installer):
    """A package's description is there, its files and its record are not. And pip can add to what uv began."""
    assert folder.run("lab").code == 0
    folder.slow_uv()
    killed = folder.start("test", start_new_session=True)
    folder.has_begun()
    os.killpg(killed.pid, signal.SIGKILL)
    killed.communicate()
    (site,) = (folder.root / ".venv").glob("lib/**/site-packages")
    with zipfile.ZipFile(folder.wheels / "pytest-1.0-py3-none-any.whl") as archive:
        archive.extract("pytest-1.0.dist-info/METADATA", site)
    folder.use_uv() if installer == "uv" else (folder.path / "uv").write_text("#!/bin/sh\nexit 127")
    run = folder.run("test")
    assert run.code == 0, run.err
    assert folder.installed() == {"jupyterlab", "tool", "pytest"}


@POSIX
def test_killed_midway_it_starts_anew_once_the_installer_has_ended(folder):
    folder.slow_uv()
    killed = folder.start("lab", start_new_session=True)
    folder.has_begun()
    killed.kill()
    killed.communicate()
    assert not list((folder.root / ".venv").glob("*.stamp"))
    folder.use_uv()
    second = folder.start("lab")
    with pytest.raises(subprocess.TimeoutExpired):
        second.wait(1.5)
    os.killpg(killed.pid, signal.SIGKILL)
    assert second.communicate(timeout=60)[1] == ""
    assert second.returncode == 0
    assert folder.installed() == {"jupyterlab", "tool"}


@POSIX
def test_two_at_once_set_up_one_after_the_other(folder):
    both = [folder.start("lab"), folder.start("test")]
    outs = [process.communicate(timeout=60)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert sum("Setting up lab" in out for out in outs) == 1


@POSIX
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stopped_in_the_set_up_it_says_so_in_a_line(folder, number):
    folder.slow_uv()
    heard = signal.signal(number, signal.default_int_handler)  # what runs in a script's background ignores Ctrl-C,
    process = folder.start("lab", start_new_session=True)  # and so would what it starts
    signal.signal(number, heard)
    folder.has_begun()
    os.killpg(process.pid, number) if number == signal.SIGINT else process.send_signal(number)
    assert process.communicate(timeout=60)[1] == "Stopped before all was set up. The same command starts anew.\n"
    assert process.returncode != 0
    assert not (folder.root / ".venv").exists()


@POSIX
def test_stopped_later_it_stops_what_it_started(folder):
    assert folder.run("lab").code == 0
    process = folder.start("lab", "sleep")
    assert process.stdout.readline()
    began = time.monotonic()
    process.terminate()
    assert process.communicate(timeout=60)[1] == ""  # which ends when nobody holds the pipe any more
    assert time.monotonic() - began < 60
    assert process.returncode != 0


def test_no_network_is_said_in_a_sentence(either):
    closed = "http://127.0.0.1:9/simple"
    either.offer(PIP_INDEX_URL=closed, UV_INDEX_URL=closed, PIP_RETRIES="0", UV_HTTP_RETRIES="0")
    run = either.run("lab")
    assert run.code == 1
    assert (
        run.err == "The packages cannot be fetched: is there a network? Once there is, give the same command again.\n"
    )
    assert not (either.root / ".venv").exists()


def test_no_network_leaves_the_lab_that_is_there(folder):
    assert folder.run("lab").code == 0
    folder.offer(UV_INDEX_URL="http://127.0.0.1:9/simple", UV_HTTP_RETRIES="0")
    assert folder.run("test").code == 1
    assert folder.run("lab").code == 0


@POSIX
def test_no_room_is_said_in_a_sentence(folder):
    folder.use_uv("echo 'error: No space left on device (os error 28)'; exit 2")
    run = folder.run("lab")
    assert run.code == 1
    assert run.err == (
        "There is no room (error: No space left on device (os error 28)): 600 MB must be free. "
        "Make room, then give the same command again.\n"
    )
    assert not (folder.root / ".venv").exists()


def test_a_wrong_hash_is_refused_with_the_installers_words(folder):
    (folder.root / "requirements.lock").write_text(f"jupyterlab==1.0 --hash=sha256:{'0' * 64}\n")
    run = folder.run("lab")
    assert run.code == 1
    assert "0" * 64 in run.err
    assert run.err.endswith("The set-up failed, and this is why. The same command starts anew.\n")
    assert not (folder.root / ".venv").exists()


def load(monkeypatch, folder):
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    spec = importlib.util.spec_from_file_location("a_course", folder.root / "course.py")
    course = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(course)
    return course


def test_too_little_room_is_seen_before_anything_is_fetched(folder, monkeypatch):
    course = load(monkeypatch, folder)
    monkeypatch.setattr(course.shutil, "disk_usage", lambda path: namedtuple("Usage", "free")(5 * 10**8))
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    assert course.main("lab").startswith("There is no room (no space left in the course's folder): 600 MB")


def test_the_stamp_knows_the_place_and_both_locks(folder, monkeypatch):
    course = load(monkeypatch, folder)
    stamps = {course.stamp("lab")}
    folder.lock("requirements-dev.lock", pytest="1.2")
    stamps.add(course.stamp("lab"))
    folder.lock("requirements.lock", jupyterlab="1.2")
    stamps.add(course.stamp("lab"))
    monkeypatch.setattr(course, "ENV", folder.root / "moved")
    stamps.add(course.stamp("lab").name)
    assert len(stamps) == 4


# What people's machines say to pip, uv, Python and Jupyter


def test_pip_told_by_variables_to_install_elsewhere_installs_here(tmp_path):
    folder = Folder(tmp_path)
    for name in ("TARGET", "PREFIX", "ROOT", "PYTHON"):
        folder.env["PIP_" + name] = str(tmp_path / "elsewhere")
    folder.env |= {"PIP_DRY_RUN": "1", "PIP_USER": "1"}
    run = folder.run("lab")
    assert run.code == 0, run.err
    assert folder.installed() == {"jupyterlab", "tool"}


@pytest.mark.parametrize(("installer", "name"), [("pip", "root"), ("uv", "target"), ("uv", "prefix")])
def test_packages_that_a_file_sends_elsewhere_are_missed(tmp_path, installer, name):
    folder, elsewhere, settings = Folder(tmp_path), tmp_path / "elsewhere", tmp_path / "settings"
    if installer == "uv":
        folder.use_uv()
    settings.write_text({"pip": f"[install]\n{name} = {elsewhere}", "uv": f"[pip]\n{name} = '{elsewhere}'"}[installer])
    folder.env |= {"PIP_CONFIG_FILE": str(settings), "UV_CONFIG_FILE": str(settings)}
    run = folder.run("lab")
    assert elsewhere.exists()
    assert run.code == 1
    assert run.err.startswith("The packages were installed, but not in .venv: a setting of pip or uv (target, prefix,")
    assert not (folder.root / ".venv").exists()


def test_the_tests_packages_are_missed_too(folder, tmp_path):
    assert folder.run("lab").code == 0
    settings = tmp_path / "uv.toml"
    settings.write_text(f"[pip]\ntarget = '{tmp_path / 'elsewhere'}'\n")
    folder.env["UV_CONFIG_FILE"] = str(settings)
    assert "not in .venv" in folder.run("test").err
    settings.write_text("")
    assert folder.run("test").code == 0


def test_what_is_told_other_pythons_is_not_heard(folder, tmp_path):
    (tmp_path / "startup.py").write_text("raise SystemExit(9)")
    folder.env |= {"PYTHONPATH": "elsewhere", "PYTHONOPTIMIZE": "2", "PYTHONSTARTUP": str(tmp_path / "startup.py")}
    folder.env |= {"PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "LC_ALL": "C", "PYTHONDONTWRITEBYTECODE": "1"}
    folder.env |= {"IPYTHONDIR": "elsewhere", "JUPYTER_PREFER_ENV_PATH": "0", "JUPYTER_PATH": "elsewhere"}
    folder.env.pop("HOME", None)
    run = folder.run("lab", "--name", "\u00fc")
    assert run.code == 0, run.err
    told, env = last_line(run.out), folder.root / ".venv"
    assert told["optimized"] == 0
    assert [name for name in told["env"] if name.startswith("PYTHON")] == []
    assert told["env"]["IPYTHONDIR"] == str(env / "ipython")
    assert told["env"]["JUPYTER_PREFER_ENV_PATH"] == "1"
    assert told["env"]["JUPYTER_PATH"] == os.pathsep.join([str(env / "share" / "jupyter"), "elsewhere"])
    assert told["argv"][-1] == "\u00fc"


@POSIX
def test_a_home_that_cannot_be_written_is_left_alone(folder):
    folder.env = {name: value for name, value in folder.env.items() if name != "UV_CACHE_DIR"} | {"HOME": "/proc/none"}
    run = folder.run("lab")
    assert run.code == 0, run.err
    assert last_line(run.out)["env"]["HOME"] == str(folder.root / ".venv" / "home")


@POSIX
def test_a_screen_without_the_installers_letters_ends_nothing(folder):
    folder.use_uv('echo \'Downloading \u00d7\u2713\'; exec "{uv}" "$@"')
    folder.env |= {"PYTHONIOENCODING": "ascii"}
    run = folder.run("lab")
    assert run.code == 0, run.err
    assert "Downloading ?" in run.out


def test_the_courses_kernel_and_no_start_up_of_ipython(folder, tmp_path, monkeypatch):
    """With the real Jupyter and IPython: a python3 kernel of another Python, and a start-up file of the learner's."""
    kernel = tmp_path / "other" / "kernels" / "python3"
    startup = tmp_path / "home" / ".ipython" / "profile_default" / "startup"
    for path in (kernel, startup):
        path.mkdir(parents=True)
    (kernel / "kernel.json").write_text('{"argv": ["other"], "display_name": "other", "language": "python"}')
    (startup / "00.py").write_text("print('started up')")
    course = load(monkeypatch, folder)
    names = {"JUPYTER_PATH": "other", "HOME": "home", "USERPROFILE": "home"}
    for name, value in names.items():
        monkeypatch.setenv(name, str(tmp_path / value))
    monkeypatch.setenv("JUPYTER_PREFER_ENV_PATH", "0")
    monkeypatch.setattr(course, "ENV", Path(sys.prefix))
    env = course.environment() | {"IPYTHONDIR": str(tmp_path / "ipython")}
    look = "from jupyter_client.kernelspec import get_kernel_spec as g; print(g('python3').argv[0])"
    for code, said in ((look, "python"), ("print('ran')", "ran")):
        run = subprocess.run([sys.executable, "-m", "IPython", "-c", code], env=env, capture_output=True, text=True)
        assert run.stdout.splitlines() == [said], run.stderr


@pytest.mark.parametrize(
    ("said", "culprit"),
    [
        ('error: Could not create temporary file: Read-only file system (os error 30) at path "/h/.cache/uv/.t"', "uv"),
        ("error: failed to open file `/h/.cache/uv/sdists-v9/.git`: Permission denied (os error 13)", "uv"),
        ("ERROR: Could not install packages: [Errno 13] Permission denied: '/c/.venv/lib'", ".venv"),
        ("[WinError 5] Access is denied: 'D:\\c\\.venv\\Scripts\\python.exe'", ".venv"),
    ],
)
def test_the_sentence_names_what_cannot_be_written(folder, monkeypatch, said, culprit):
    course = load(monkeypatch, folder)
    sentence = course.reason("Resolved 3 packages\n" + said + "\nhint: none")
    if culprit == ".venv":
        assert sentence == "The course's folder cannot be written: close JupyterLab if it is open, or move the course."
    else:
        assert sentence == f"This cannot be written, and it is not the course's folder:\n{said}"


# A working environment is never lost


def other_python(*code):
    """What starts course.py as another Python would: a later one, that lies elsewhere."""
    change = "import runpy, sys; sys.version, sys.base_prefix = '3.99.0 (other)', 'elsewhere'; del sys.argv[0]"
    return ("-c", f"{change}; runpy.run_path(sys.argv[0], run_name='__main__')")


def test_another_python_opens_what_is_there(folder):
    assert folder.run("lab").code == 0
    folder.cut_off()
    run = folder.run("lab", by=other_python())
    assert (run.code, run.err) == (0, "")


@POSIX
def test_started_by_the_environments_own_python_it_can_be_made_anew(folder):
    assert folder.run("lab").code == 0
    folder.lock("requirements.lock", jupyterlab="1.1")
    command = [folder.root / ".venv" / "bin" / "python", folder.root / "course.py", "lab"]
    run = subprocess.run(command, env=folder.env, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    assert last_line(run.stdout)["version"] == "1.1"


@POSIX
def test_an_environment_whose_python_is_gone_is_made_anew(folder):
    assert folder.run("lab").code == 0
    python = folder.root / ".venv" / "bin" / "python"
    python.unlink()
    python.symlink_to("gone")
    run = folder.run("lab")
    assert run.code == 0, run.err
    assert not (folder.root / ".venv.old").exists()


def test_with_a_changed_lock_and_no_network_the_lab_opens_as_it_was(folder):
    assert folder.run("lab").code == 0
    folder.lock("requirements.lock", jupyterlab="1.1")
    folder.offer(UV_INDEX_URL="http://127.0.0.1:9/simple", UV_HTTP_RETRIES="0")
    for _ in range(2):
        run = folder.run("lab")
        assert run.code == 0
        assert last_line(run.out)["version"] == "1.0"
        assert run.err == (
            "The packages cannot be fetched: is there a network? Once there is, give the same command again.\n"
            "Until then JupyterLab opens with the packages that were there before.\n"
        )
        assert folder.run("test").code == 1
    folder.offer(UV_FIND_LINKS=str(folder.wheels), UV_NO_INDEX="1")
    assert last_line(folder.run("lab").out)["version"] == "1.1"
    assert not (folder.root / ".venv.old").exists()


KILLED = """
import os, runpy, signal, sys
seen, last = 0, int(sys.argv[1])
def count(event, arguments):
    global seen
    changes = "os.rename os.mkdir os.symlink os.remove os.rmdir shutil.rmtree subprocess.Popen shutil.copyfile".split()
    if event in changes or event == "open" and "w" in str(arguments[1]):
        seen += 1
        if seen == last:
            os.kill(os.getpid(), signal.SIGKILL)
del sys.argv[:2]
sys.addaudithook(count)
try:
    runpy.run_path(sys.argv[0], run_name="__main__")
finally:
    sys.stderr.write(str(seen))
"""


@POSIX
def test_killed_at_any_moment_there_is_a_lab(folder):
    """Killed just before the n-th thing that it does to the disk, for ten n from the first to the last."""
    folder.lock("requirements-dev.lock")
    assert folder.run("lab").code == 0
    online, version = folder.env, 1

    def renew(moment):
        """A new lock, and the start that finds it, killed."""
        nonlocal version
        version += 1
        folder.lock("requirements.lock", jupyterlab=f"1.{version}")
        folder.env = online
        command = [sys.executable, "-c", KILLED, str(moment), folder.root / "course.py", "lab"]
        return subprocess.run(command, env=folder.env, capture_output=True, text=True)

    renew(0)
    moments, opened = int(renew(0).stderr), "1.3"
    assert moments > 30
    for n in range(10):
        killed = renew(1 + n * (moments - 1) // 9)
        assert killed.returncode == -signal.SIGKILL
        folder.cut_off()
        run = folder.run("lab")
        assert run.code == 0, run.err
        assert last_line(run.out)["version"] in (opened, f"1.{version}")
        opened = last_line(run.out)["version"]
    folder.env = online
    run = folder.run("lab")
    assert (run.code, last_line(run.out)["version"]) == (0, f"1.{version}")
    assert sorted(path.name for path in folder.root.glob(".venv*")) == [".venv", ".venv.lock"]


# How else it is called


@pytest.mark.parametrize("optimize", ["1", "2"])
def test_an_optimizing_python_says_how_it_is_used(folder, optimize):
    folder.env["PYTHONOPTIMIZE"] = optimize
    assert "course.py lab" in folder.run("help").out
    grading = [sys.executable, "-m", "course_lib.grading", "--help"]
    run = subprocess.run(grading, env=os.environ | {"PYTHONOPTIMIZE": optimize}, capture_output=True, text=True)
    assert "course_lib.grading grade --help" in run.stdout, run.stderr


def test_the_guides_command_for_a_hub_resolves(tmp_path):
    """With pip as an environment brings it, and packages that have the true names and needs and nothing else."""
    folder, root = Folder(tmp_path), COURSE.parent
    text = "\n" + (root / "requirements.lock").read_text(encoding="utf-8")
    for name, version in re.findall(r"^([a-z0-9.-]+)(?:\[.*\])?==([\w.]+)", text, re.M):
        for found in importlib.metadata.distributions(name=name):  # none, where it is another system's
            metadata = re.sub(r"(?m)^Version:.*", f"Version: {version}", found.read_text("METADATA"), count=1)
            entry = rf"(\n{re.escape(name)}\S*=={version}[ \\].*?sha256:)\w+"
            digest = folder.pack(name.replace("-", "_"), version, metadata)
            text = re.sub(entry, rf"\g<1>{digest}", text, flags=re.S)
    (folder.root / "requirements.lock").write_text(text)
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "hub"], check=True)
    python = next((tmp_path / "hub").glob("[bS]*/python*"))
    guide = (root / "teaching" / "README.md").read_text(encoding="utf-8")
    (line,) = re.findall(r"^pip install .*requirements.lock$", guide, re.M)
    command = shlex.split(line.replace("/opt/course", str(folder.root).replace(" ", "\\ ")))
    run = subprocess.run([python, "-m", *command], env=folder.env, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr
    assert "jupyterlab" in subprocess.run([python, "-m", "pip", "list"], capture_output=True, text=True).stdout


def test_says_how_it_is_used(folder):
    assert folder.run("--help").code == 0
    assert folder.run().out.startswith("Sets the course up once")
    assert folder.run("lba").code == 2
    assert not (folder.root / ".venv").exists()


@pytest.mark.parametrize("version", [(2, 7, 18), (3, 6, 15), (3, 10, 9)])
def test_an_old_python_is_told_so(version):
    code = f"import sys; sys.version_info = {version}; exec(open({str(COURSE)!r}).read())"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert run.returncode == 1
    assert run.stderr == "The course needs Python 3.11 or newer; this is Python {}.{}.\n".format(*version)


def test_an_old_python_can_read_the_file():
    assert COURSE.read_text(encoding="utf-8").isascii()
    newer = (ast.JoinedStr, ast.NamedExpr, ast.AnnAssign, ast.YieldFrom, ast.Nonlocal, ast.Match, ast.AsyncFunctionDef)
    for node in ast.walk(ast.parse(COURSE.read_bytes())):
        assert not isinstance(node, newer), ast.unparse(node)
        if isinstance(node, ast.arg):
            assert node.annotation is None
        elif isinstance(node, ast.arguments):
            assert not node.kwonlyargs + node.posonlyargs
        elif isinstance(node, (ast.List, ast.Tuple, ast.Dict)):
            parts = node.keys if isinstance(node, ast.Dict) else node.elts
            assert not any(part is None or isinstance(part, ast.Starred) for part in parts), ast.unparse(node)
        elif isinstance(node, ast.Call):
            assert not any(isinstance(arg, ast.Starred) for arg in node.args[:-1]), ast.unparse(node)
            assert not any(keyword.arg is None for keyword in node.keywords[:-1]), ast.unparse(node)
            assert ast.unparse(node.func) != "print" or (len(node.args) == 1 and not node.keywords)
        elif isinstance(node, ast.Raise):
            assert node.cause is None
