"""Unlucky and hostile submissions: each kind a real notebook, graded in the real sandbox, with the marks it deserves.

A kind starts from sheet 04 with all answers right and spoils it. None of them may leave a process behind, change a file
outside, or reach the network. All sit in the class of test_grading_class.py, but for those that need more time.

python tests/test_grading_kinds.py "fork bomb" "sys.exit"        grades some kinds here and now, and shows what came
"""

import contextlib
import copy
import gzip
import json
import os
import re
import shutil
import socket
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest

from course_lib.grading import feedback, sandbox
from course_lib.grading.marks import Limits, grade_one

ROOT = Path(__file__).parents[1]
UNIT = "04_momentum"
LIMITS = Limits(cell=2, call=2, total=60, memory=2**29, line=2**22, file=2**22)
REFUSAL = sandbox.refusal("bwrap")

pytestmark = [
    pytest.mark.sandbox,
    pytest.mark.skipif(bool(REFUSAL) and "CI" not in os.environ, reason=REFUSAL),
]


def cells_of(folder):
    return json.loads((ROOT / folder / f"{UNIT}.ipynb").read_text(encoding="utf-8"))["cells"]


SHEET = cells_of("exercises")
SOLUTIONS = {cell["id"]: "".join(cell["source"]) for cell in cells_of("solutions")}
SOLUTIONS["cycle-search"] = "f = surfaces.lessard\ncycle = (0.0288, 0.98, 5.0)"  # the search takes its time
POINTS = {cell["id"]: cell["metadata"]["nbgrader"]["points"] for cell in SHEET
          if cell["metadata"].get("nbgrader", {}).get("grade")}  # fmt: skip
BY_HAND = "critical-proof"
CHECKS = [name for name in POINTS if name != BY_HAND]


class Notebook:
    """A submission to be spoiled: its cells by their ids; `data` if other bytes are handed in."""

    def __init__(self, school, answered=True):
        self.school = school
        self.json = {"cells": copy.deepcopy(SHEET), "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
        self.name, self.data = f"{UNIT}.ipynb", None
        for cell in self.cells:
            cell["source"] = "".join(cell["source"])
            if answered and cell["metadata"].get("nbgrader", {}).get("solution"):
                cell["source"] = SOLUTIONS[cell["id"]]

    @property
    def cells(self):
        return self.json["cells"]

    def __getitem__(self, name):
        return next(cell for cell in self.cells if cell.get("id") == name)

    def place(self, name):
        return self.cells.index(self[name])

    def add(self, after, source, kind="code"):
        cell = {"cell_type": kind, "id": f"new-{len(self.cells)}", "metadata": {}, "source": source}
        cell |= {"outputs": [], "execution_count": None} if kind == "code" else {}
        self.cells.insert(self.place(after) + 1, cell)

    def say(self, name, source):
        self[name]["source"] = source

    def append(self, name, source):
        self[name]["source"] += f"\n{source}"

    def remove(self, *ids):
        for name in ids:
            self.cells.remove(self[name])

    def write(self, folder):
        path = folder / self.name
        path.write_bytes(self.data if self.data is not None else json.dumps(self.json).encode())
        return path


class School:
    """A folder with what a submission might want to read, change or reach."""

    def __init__(self, folder):
        self.folder = folder
        self.here = folder / "submitted" / "ada"
        self.other = folder / "submitted" / "ben" / f"{UNIT}.ipynb"
        self.solution = folder / "solutions" / f"{UNIT}.ipynb"
        self.gradebook = folder / "gradebook.db"
        for path in (self.here / "x", self.other, self.solution):
            path.parent.mkdir(parents=True)
        shutil.copy(ROOT / "solutions" / f"{UNIT}.ipynb", self.solution)
        self.other.write_text("{}")
        self.gradebook.write_bytes(b"marks")
        self.server = socket.create_server(("127.0.0.1", 0))
        self.server.settimeout(0)
        self.port = self.server.getsockname()[1]

    def files(self):
        return {path: path.read_bytes() for path in sorted(self.folder.rglob("*")) if path.is_file()}

    def was_called(self):
        try:
            self.server.accept()
        except BlockingIOError:
            return False
        return True


KINDS = {}


def kind(words, answered=True, state="graded", why="", seconds=LIMITS.cell, **but):
    """Registers a kind. but: check, without "check-" and with _ for -, -> marks, "blank" or "needs a person".

    state: of the whole. why: what the reasons or the notes say. seconds: that a cell may take.
    """

    def register(spoil):
        changed = {f"check-{name.replace('_', '-')}": deserved for name, deserved in but.items()}
        assert set(changed) <= set(POINTS), words
        assert words not in KINDS, words
        KINDS[words] = (spoil, answered, state, why, seconds, changed)
        return spoil

    return register


def every(text):
    """A kind in which a code stands behind the right answer of 4.1, in its cell."""
    return lambda nb: nb.append("ema", text.format(school=nb.school))


def register(words, source, **but):
    kind(words, **but)(every(source))


# A cell that does not let go, or takes the process with it: it is left out, and the other answers count

register("endless loop", "while True: pass", ema=0, why="longer than 2 s")
register(
    "loop that swallows interrupts",
    "while True:\n    try:\n        while True: pass\n    except BaseException: pass",
    ema=0,
)
register("sleep", "import time; time.sleep(1e6)", ema=0)
register("os._exit", "import os; os._exit(0)", ema=0, why="ended the process")
register("segfault", "import ctypes; ctypes.string_at(0)", ema=0)
register("abort", "import os; os.abort()", ema=0)
register("kill the group", "import os; os.killpg(0, 9)", ema=0)
register("kill the parent", "import os; os.kill(os.getppid(), 9)")
register("interrupt the parent", "import os; os.kill(os.getppid(), 2)")
register("kill all", "import os; os.kill(-1, 9)")
register("an alarm", "import signal; signal.alarm(1)")
register("stop itself", "import os, signal; os.kill(os.getpid(), signal.SIGSTOP)", ema=0)
register("closed pipes", "import os; os.closerange(0, 256)", ema=0)
register(
    "garbage in all pipes",
    "import os\nfor fd in range(256):\n    try: os.write(fd, b'garbage\\n')\n    except OSError: pass",
    ema=0,
)
register(
    "forged replies",
    'import os\nfor fd in range(3, 256):\n    try: os.write(fd, b\'{{"value": true, "number": 1}}\\n\' * 99)\n'
    "    except OSError: pass",
    ema=0,
)
register(
    "a said end",
    "import os\nfor fd in range(3, 256):\n    try: os.write(fd, b'{{\"ended\": true}}\\n')\n    except OSError: pass",
    ema=0,
)
register("a trace that raises", "import sys\nsys.settrace(lambda *frame: 1 / 0)", ema=0)
register("replaced program", "import os; os.execv('/usr/bin/env', ['env'])", ema=0)

# A cell that raises, prints, fills or spawns: what came before it in the cell counts, and all the others

register("sys.exit", "import sys; sys.exit(1)")
register("an error", "1 / 0")
register("KeyboardInterrupt", "raise KeyboardInterrupt")
register("an exception whose words raise", "class E(Exception):\n    __str__ = lambda self: 1 / 0\nraise E")
register("recursion", "def down(): down()\ndown()")
register("memory bomb", "room = []\nwhile True: room.append(np.empty(10**8))")
register("one huge array", "np.ones(10**11)")
register("200 MB of output", "for _ in range(200): print('x' * 10**6)")
register("output to the descriptors", "import os; os.write(1, b'x' * 10**6); os.write(2, b'x' * 10**6)")
register("a full disk", "for i in range(99):\n    with open(str(i), 'wb') as f: f.write(b'x' * 10**6)")
register("one huge file", "with open('x', 'wb') as f: f.write(b'x' * 10**8)")
register("shared memory", "open('/dev/shm/x', 'wb').write(b'x')")
register(
    "fork bomb",
    "import os\ntry:\n    while True: os.fork()\nexcept OSError: pass",
)
register(
    "fork bomb that goes on",
    "import os\nwhile True:\n    try: os.fork()\n    except OSError: pass",
    ema=0,
)
register(
    "a daemon",
    "import os, time\nif not os.fork():\n    os.setsid()\n    os.fork() or time.sleep(1e6)\n    os._exit(0)",
)
register(
    "threads", "import threading, time\nfor _ in range(99): threading.Thread(target=time.sleep, args=[1e6]).start()"
)
register(
    "a child that answers in its place",
    "import os, time\nif not os.fork():\n    for _ in range(20):\n        time.sleep(0.01)\n"
    "        for fd in range(3, 64):\n"
    '            try: os.write(fd, b\'{{"value": 0.75, "number": 999999}}\\n\')\n            except OSError: pass\n'
    "    os._exit(0)\ntime.sleep(0.5)",
    ema=0,
)
register("deep folders", "import os\nfor i in range(1500): os.mkdir('d'); os.chdir('d')")
register("an exit handler that hangs", "import atexit\n@atexit.register\ndef hang():\n    while True: pass")
register("a small recursion limit", "import sys\nsys.setrecursionlimit(60)")
register("stdin is read", "input()")
register("the folder left", "import os; os.chdir('/')")
register("numpy.py written", "open('numpy.py', 'w').write('1/0')\nopen('json.py', 'w').write('1/0')")
register("floating-point errors raise", "np.seterr(all='raise')")
register("warnings are errors", "import warnings\nwarnings.simplefilter('error')")
register(
    "print in an answer", "plain = ema\ndef ema(values, beta):\n    print('x' * 1000)\n    return plain(values, beta)"
)
register(
    "a figure of one's own",
    "import matplotlib.pyplot as plt\nfig, ax = plt.subplots()\nax.plot([1, 2])\nplt.show()",
    seconds=20,
)
register(
    "the course's plots",
    "left, right = plots.panels(2)\nplots.curves({{'m': ema(np.ones(9), 0.9)[0]}}, left)",
    seconds=20,
)


@kind("a figure's name is used", seconds=20)
def _(nb):
    nb.append("distill-measured", "assert len(needed) == 2 and best(1, 4)")


# Out of the sandbox

register("the solution read", "open('{school.solution}').read()")
register("another's submission edited", "open('{school.other}', 'w').write('')")
register("the gradebook deleted", "import os; os.remove('{school.gradebook}')")
register("the gradebook written", "open('{school.gradebook}', 'wb').write(b'100')")
register("all deleted", "import shutil; shutil.rmtree('{school.folder}')")
register("a socket", "import socket; socket.create_connection(('127.0.0.1', {school.port}), 1)")
register("a download", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:{school.port}', timeout=1)")
register("a program", "import subprocess; subprocess.run(['touch', '{school.folder}/x'], check=True)")
register("root again", "import os; os.setuid(0)")
register("a world of one's own", "import ctypes; assert ctypes.CDLL(None).unshare(0x10000000 | 0x20000) == 0")
register("another way into it", "import ctypes; assert ctypes.CDLL(None).syscall(56, 0x10000000 | 17, 0, 0, 0, 0) < 0")
register(
    "memory that belongs to nobody",
    "import ctypes\nc = ctypes.CDLL(None)\n"
    "assert c.shmget(0, 4096, 0o1600) == c.msgget(0, 0o1600) == c.memfd_create(b'x', 0) == -1",
)


@kind("memory that many share and no limit counts")
def _(nb):
    nb.say("ema", "import ctypes, mmap\nask = ctypes.CDLL(None)\n"
           "for make in (lambda: mmap.mmap(-1, 10**6), lambda: mmap.mmap(open('/dev/zero', 'r+b').fileno(), 10**6)):\n"
           "    try: make()\n    except (OSError, ValueError): pass\n    else: raise SystemExit\n"
           "assert ask.inotify_init() == ask.inotify_init1(0) == ask.fanotify_init(0, 0) == -1\n"
           "number = {'x86_64': 206, 'aarch64': 0}[__import__('os').uname().machine]\n"
           "assert ask.syscall(number, 10, ctypes.byref(ctypes.c_ulong(0))) == -1\n"
           "np.save('x.npy', np.arange(5.0))\nassert np.load('x.npy', mmap_mode='r+')[3] == 3  # a file's is in it\n"
           f"{SOLUTIONS['ema']}")  # fmt: skip


@kind("what all sandboxes share")
def _(nb):
    nb.say("ema", "import ctypes, os, socket\nif os.uname().machine == 'x86_64':\n    ask = ctypes.CDLL(None).syscall\n"
           "    assert ask(248, b'user', b'course', b'x', 1, -3) == ask(250, 10, -3, b'user', b'course', 0) == -1\n"
           "for family in socket.AddressFamily:\n    for kind in (1, 2, 3, 5):\n"
           "        try: socket.socket(family, kind)\n"
           "        except OSError: pass\n        else: assert family == 1, family\n"
           f"{SOLUTIONS['ema']}")  # fmt: skip


register("a mount", "import ctypes; assert ctypes.CDLL(None).mount(b'tmpfs', b'/answers', b'tmpfs', 0, 0) == 0")


@kind("an answer out of the solution", ema="needs a person", state="needs a person", why="there is no file /")
def _(nb):
    nb.say("ema", f"import json\ncells = json.load(open({str(nb.school.solution)!r}))['cells']\n"
           "exec(next(''.join(c['source']) for c in cells if c['id'] == 'ema'))")  # fmt: skip


@kind("an answer out of the checks", ema=0)
def _(nb):
    nb.say("ema", "from course_lib.sheets import momentum as m\nema = m.ema.right")


@kind("an answer out of the frames", ema=0)
def _(nb):
    nb.say("ema", "import sys, gc\ndef ema(values, beta):\n    frame = sys._getframe()\n    while frame:\n"
           "        for value in frame.f_locals.values():\n            if type(value) is tuple: return value\n"
           "        frame = frame.f_back")  # fmt: skip


@kind("the library's own step", heavy_ball=0, told_from_ahead=0, look_ahead=0, why="library's function")
def _(nb):
    nb.say("heavy-ball", "heavy_ball = momentum")
    head = "def told_from_ahead(x, g, v=0.0, *, lr, beta=0.9):\n"
    nb.say("look-ahead", f"{head}    return nesterov(x, g, v, lr=lr, beta=beta)\nlook_ahead = told_from_ahead")


# What shall deceive the grader

LIAR = """
class Liar({base}):
    __eq__ = __le__ = __ge__ = __bool__ = __contains__ = lambda *args: True
    __sub__ = __rsub__ = __mul__ = __abs__ = __array_ufunc__ = lambda *args, **hyper: 0.0
    __hash__ = None
"""


@kind("a float with its own arithmetic", full_speed=0)
def _(nb):
    nb.say("guesses", LIAR.format(base="float") + "full_speed = Liar(7)\nedge, times = 0.75, 2")


@kind("a text with its own comparison", proof=0)
def _(nb):
    nb.say("parsons", LIAR.format(base="str") + "order_of_proof = Liar('ABCDEFG')")


@kind("an object that equals everything", edge=0)
def _(nb):
    nb.say("guesses", LIAR.format(base="object") + "edge = Liar()\nfull_speed, times = 0.2, 2")


@kind("an array with its own arithmetic", ema=0)
def _(nb):
    nb.say(
        "ema",
        LIAR.format(base="np.ndarray") + "def ema(values, beta):\n    return (np.zeros(len(values)).view(Liar),) * 2",
    )


@kind("an object that unpickles to code", edge=0)
def _(nb):
    nb.say(
        "guesses", "class P:\n    def __reduce__(self): return (eval, ('1/0',))\nedge = P()\nfull_speed, times = 0.2, 2"
    )


FAKES = {
    "numpy patched": "np.allclose = np.array_equal = lambda *args, **hyper: True",
    "numpy.testing patched": "import numpy.testing as t\nt.assert_allclose = lambda *args, **hyper: None",
    "an AST transformer": "import ast, builtins\nbuiltins.compile = lambda *args, **hyper: None\n"
    "ast.parse = lambda *args, **hyper: None",
    "a patched check": "check.ema = lambda answer: print('PASSED')\ncheck.ema.report = lambda answer: (True, 'PASSED')",
    "patched built-ins": "import builtins\nbuiltins.isinstance = lambda *args: True\nbuiltins.len = lambda *args: 2",
    "a patched worker": "import worker\nworker.Worker.do_value = lambda *args: {'value': True}",
    "a patched reply": "import worker\nworker.pack = lambda *args: True",
    "a patched json": "import json\njson.dumps = lambda *args, **hyper: '{\"value\": true}'",
    "All tests passed!": "print('All tests passed!')\nprint('PASSED: 4.1')",
    "a new NotImplementedError": "import builtins\nbuiltins.NotImplementedError = SystemExit",
}
LIED = dict.fromkeys(("full_speed", "edge", "times", "proof", "critical_measured", "cycle", "per_step"), 0)
for words, source in FAKES.items():

    @kind(words, ema=0, **(LIED if "worker" in source else {}))  # who lies of all values has said what they are
    def _(nb, source=source):
        nb.say("ema", f"{source}\ndef ema(values, beta):\n    return values, values")


for words, answer in {
    "None in an answer": "None",
    "what it was given": "(values, values)",
    "all true": "True",
    "an endless text": "'x' * 10**8",
    "a huge array": "np.zeros(10**7), np.zeros(10**7)",
    "an endless array of nothing": "np.empty((0, 10**15)), np.empty((0, 10**15))",
    "a nest": "__import__('functools').reduce(lambda a, _: [a], range(10**5), [])",
    "an array of objects": "np.array([object(), object()]), 1",
    "a generator": "(x for x in values), (x for x in values)",
    "an answer that hangs": "[None for _ in iter(int, 1)]",
    "an answer that exits": "__import__('os')._exit(0)",
    "an answer that raises SystemExit": "__import__('sys').exit()",
    "an answer that needs more room": "np.ones(10**11)",
}.items():

    @kind(words, ema="blank" if answer == "None" else 0)
    def _(nb, answer=answer):
        nb.say("ema", f"def ema(values, beta):\n    return {answer}")


@kind("an answer that empties what it is given", ema=0, heavy_ball=0, next_z=0)
def _(nb):
    empty = "    for a in args: a[...] = 0\n"
    nb.say("ema", f"def ema(*args):\n    args = args[:1]\n{empty}    return args * 2")
    nb.say("heavy-ball", f"def heavy_ball(*args, **hyper):\n{empty}    return args[:2]")
    nb.append("d2l-mended", f"def next_z(*args):\n    args = args[:2]\n{empty}    return args[0]")


@kind("changed in place", heavy_ball=1.45)
def _(nb):
    nb.say(
        "heavy-ball",
        "def heavy_ball(x, g, v=0.0, *, lr, beta=0.9):\n    v = beta * v + g\n    x -= lr * v\n    return x, v",
    )


@kind("half of it right", ema=0.8)
def _(nb):
    nb.append("ema", "whole = ema\ndef ema(values, beta):\n    return (whole(values, beta)[0],) * 2")


for words, value in {
    "a number without end": "10 ** 10**5",
    "nan": "float('nan')",
    "a list that holds itself": "[]; edge.append(edge)",
    "a text of 100 MB": "'x' * 10**8",
    "a module": "np",
    "a function for a number": "lambda *args: 0.75",
    "True for a number": "True",
    "a matrix for a number": "np.full((9, 9), 0.75)",
}.items():

    @kind(words, edge=0)
    def _(nb, value=value):
        nb.say("guesses", f"full_speed, times = 0.2, 2\nedge = {value}")


# Cells copied, deleted, changed and moved


@kind("a test cell copied")
def _(nb):
    nb.cells.insert(3, copy.deepcopy(nb["check-ema"]))


@kind("a test cell deleted")
def _(nb):
    nb.remove("check-ema")


@kind("all test cells deleted")
def _(nb):
    nb.remove(*CHECKS)


@kind("a test cell edited")
def _(nb):
    nb.say("check-ema", "check.ema(lambda values, beta: None)\nassert True")


@kind("a test cell in the way")
def _(nb):
    nb.say("check-ema", "raise SystemExit")
    nb.say("check-edge", "while True: pass")


@kind("points edited")
def _(nb):
    nb["check-ema"]["metadata"]["nbgrader"]["points"] = 1000
    nb["check-edge"]["metadata"]["nbgrader"] |= {"points": -5, "grade": False}


@kind("points of the wrong kind")
def _(nb):
    nb["check-ema"]["metadata"]["nbgrader"] |= {"points": "many", "grade_id": ["ema"], "schema_version": None}


@kind("metadata lost, as in Colab")
def _(nb):
    for cell in nb.cells:
        cell["metadata"] = {"id": cell.pop("id")} if cell["cell_type"] == "code" else {"id": "x"}


@kind("metadata and ids lost")
def _(nb):
    for cell in nb.cells:
        cell["metadata"] = {}
        del cell["id"]


@kind("metadata of the wrong kind")
def _(nb):
    for cell in nb.cells:
        cell |= {"metadata": ["x"], "id": {"a": 1}}


@kind("schema version changed")
def _(nb):
    for cell in nb.cells:
        if "nbgrader" in cell["metadata"]:
            cell["metadata"]["nbgrader"]["schema_version"] = 99


@kind("cell ids removed")
def _(nb):
    for cell in nb.cells:
        del cell["id"]


@kind("cell ids all the same")
def _(nb):
    for cell in nb.cells:
        cell["id"] = "cell"


@kind("skip-execution", ema="blank")
def _(nb):
    nb.say("ema", "".join(next(cell for cell in SHEET if cell["id"] == "ema")["source"]))
    for cell in nb.cells:
        cell["metadata"]["tags"] = ["skip-execution", "raises-exception"]


@kind("grade_ids swapped")
def _(nb):
    one, two = (nb[name]["metadata"]["nbgrader"] for name in ("ema", "heavy-ball"))
    one["grade_id"], two["grade_id"] = two["grade_id"], one["grade_id"]


@kind("an answer copied")
def _(nb):
    nb.cells.insert(nb.place("ema"), copy.deepcopy(nb["ema"]))


@kind("an older answer above", why="more than once")
def _(nb):
    nb.cells.insert(nb.place("ema"), copy.deepcopy(nb["ema"]))
    nb.say("ema", "def ema(values, beta):\n    return values, values")


@kind("the blank copied below")
def _(nb):
    blank = copy.deepcopy(next(cell for cell in SHEET if cell["id"] == "ema"))
    nb.cells.insert(nb.place("ema") + 1, blank)


@kind("an answer moved to the end")
def _(nb):
    cell = nb["ema"]
    nb.remove("ema")
    nb.cells.append(cell)


@kind("all cells in reverse")
def _(nb):
    nb.cells.reverse()


@kind("an answer split between functions")
def _(nb):
    first, second = SOLUTIONS["converters"].split("def ema_to_sum")
    nb.say("converters", first)
    nb.add("converters", f"def ema_to_sum{second}")


@kind("an answer split within a function")
def _(nb):
    first, second = SOLUTIONS["ema"].split("    for t")
    nb.say("ema", first)
    nb.cells.insert(nb.place("ema") + 1, copy.deepcopy(nb["ema"]) | {"source": f"    for t{second}"})


@kind("two answers in one cell")
def _(nb):
    nb.say("heavy-ball", f"{SOLUTIONS['ema']}\n\n\n{SOLUTIONS['heavy-ball']}")
    nb.remove("ema")


@kind("an answer in a new cell")
def _(nb):
    nb.say("ema", "".join(next(cell for cell in SHEET if cell["id"] == "ema")["source"]))
    nb.add("ema", SOLUTIONS["ema"])


@kind("a helper in a new cell")
def _(nb):
    nb.add("title", "def halved(x):\n    return x / 2\n\nimport math")
    nb.append("heavy-ball", "def rate_of(x):\n    return math.sqrt(halved(x))\nassert rate_of(8) == 2")
    nb.say("guesses", "full_speed, edge, times = 0.2, 0.75, halved(math.sqrt(16))")


@kind("imports added to ours")
def _(nb):
    nb.append("imports", "import math")
    nb.say("guesses", "full_speed, edge, times = 0.2, 0.75, math.sqrt(4)")


@kind("our cells deleted")
def _(nb):
    nb.remove("imports", "valley", "distill-printed", "d2l-printed")


@kind("our cells spoiled")
def _(nb):
    nb.say("imports", "np = None")
    nb.say("valley", "valley = 1 / 0")


@kind("a name of ours used for something else")
def _(nb):
    nb.add("check-ema", "momentum = surfaces = end = None\nedge = 7")


@kind("a later cell spoils an answer")
def _(nb):
    nb.add("close", "ema = heavy_ball = edge = order_of_proof = None\nnp.sum = np.empty = np.arange = None")


@kind("the first cell spoils everything")
def _(nb):
    nb.add("title", "import numpy\nnumpy.empty = numpy.arange = numpy.linalg.solve = None")


@kind("the first cell ends the process")
def _(nb):
    nb.add("title", "import os; os._exit(1)")


@kind("lines for IPython that stand further in", seconds=20)
def _(nb):
    nb.say("ema", f"files = !ls\n{SOLUTIONS['ema']}\nif True:\n    %timeit -n 1 -r 1 1\n    !ls\nema??")
    nb.say("heavy-ball", f"get_ipython().run_line_magic('who', '')\n{SOLUTIONS['heavy-ball']}")
    nb.say("guesses", f"name = input('Your name? ')\n{SOLUTIONS['guesses']}")


@kind("a module that the grader has not", ema="needs a person", state="needs a person", why="no module seaborn_of_mine")
def _(nb):
    nb.say("ema", f"import seaborn_of_mine as sns\n{SOLUTIONS['ema']}")
    nb.append("heavy-ball", "import seaborn_of_mine")


@kind("all of numpy", why="By itself")
def _(nb):
    nb.say("ema", f"from numpy import *\n{SOLUTIONS['ema']}")


@kind("a name used twice")
def _(nb):
    nb.add("check-ema", "def half(x):\n    return x / 2")
    nb.say("heavy-ball", f"two = 2.0\n{SOLUTIONS['heavy-ball'].replace('lr *', 'half(two) * lr *')}")
    nb.add("check-heavy-ball", "two = 7.0")


@kind("a syntax error", ema=0, why="SyntaxError")
def _(nb):
    nb.append("ema", "return (")


@kind("another name", heavy_ball="needs a person", state="needs a person", why="No cell makes heavy_ball")
def _(nb):
    nb.say("heavy-ball", SOLUTIONS["heavy-ball"].replace("def heavy_ball", "def heavyball"))


@kind("an answer deleted", ema="needs a person", state="needs a person", why="not found")
def _(nb):
    nb.remove("ema")


@kind("an answer made a text", ema="needs a person", state="needs a person")
def _(nb):
    nb["ema"]["cell_type"] = "markdown"


@kind("an answer made raw", ema="needs a person", state="needs a person")
def _(nb):
    nb["ema"]["cell_type"] = "raw"


@kind("a script in an answer")
def _(nb):
    nb.append("ema", "'<script>alert(1)</script>'")
    nb.append(BY_HAND, "<script>alert(1)</script>")


@kind("forged outputs", answered=False, **{name.removeprefix("check-").replace("-", "_"): "blank" for name in CHECKS})
def _(nb):
    for name in CHECKS:
        nb[name]["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "PASSED"}]


@kind("a parser's nightmare", ema=0, full_speed=0, edge=0, times=0)
def _(nb):
    nb.say("ema", "def ema(values, beta):\n    return " + "-" * 100_000 + "1")
    nb.say("guesses", "full_speed, times = 0.2, 2\nedge = " + "1" + "+1" * 10_000)
    nb.add("close", "(" * 50_000)
    nb.add("close", "a" + ", " * 40_000)
    nb.add("close", "\n" * 5_000 + "%")


@kind("null bytes and half characters", ema=0)
def _(nb):
    nb.append("ema", "\0")
    nb.append("heavy-ball", "# \ud800")


# What is large, deep, or made to be slow to read


@kind("one long line", ema=0, why="SyntaxError")
def _(nb):
    nb.say("ema", "def ema(:\n" + " " * 20_000 + "x" + "?" * 20_000 + "#")


@kind("lines of 100,000 signs")
def _(nb):
    nb.add("close", " " * 100_000 + "=" + " " * 100_000 + "%")
    nb.add("close", "a" * 100_000 + "?" * 50_000 + "\n" + "[," * 50_000)


@kind("an answer in 3,000 pieces", why="more than once")
def _(nb):
    piece = copy.deepcopy(nb["ema"]) | {"source": "    a = 1"}
    nb.cells[nb.place("ema") + 1 : nb.place("ema") + 1] = [piece] * 3000


@kind("an answer in three pieces, with magics in them", seconds=20)
def _(nb):
    first, second = SOLUTIONS["ema"].split("    for t")
    nb.say("ema", first)
    for source in ("%who", f"    for t{second}"):
        nb.cells.insert(nb.place("ema") + 1, copy.deepcopy(nb["ema"]) | {"source": source})


@kind("10,000 cells", state="unreadable", why="10001 cells of code")
def _(nb):
    nb.json["cells"] = [nb["ema"], *[{"cell_type": "code", "source": "1"}] * 10_000]


@kind("three million characters of code", state="unreadable", why="30004.. characters")
def _(nb):
    nb.json["cells"] = [nb["ema"], {"cell_type": "code", "source": "a" + ",a" * 1_500_000}]


@kind("a million empty cells", state="unreadable", why="another notebook|memory")
def _(nb):
    nb.data = b'{"cells": [' + b"{}," * 1_000_000 + b"{}]}"


@kind("two million characters in words", state="unreadable", why="words are longer")
def _(nb):
    for _ in range(4):
        nb.add(BY_HAND, "x" * 500_000, "markdown")


@kind("30,000 words in cells of their own")
def _(nb):
    word = {"cell_type": "markdown", "source": "word"}
    nb.cells[nb.place(BY_HAND) + 1 : nb.place(BY_HAND) + 1] = [word] * 30_000


register("empty files", "for i in range(10**6): open(str(i), 'w').close()", ema=0, why="too many files", seconds=20)
register("a few files", "for i in range(500): open(str(i), 'w').close()")
register("a million folders", "import os\nfor i in range(10**6): os.mkdir(str(i))", ema=0, why="files", seconds=20)

RAW = {
    "a set of numbers that collide": "{'set': [k * (2**61 - 1) for k in range(20_000)]}",
    "a dict of numbers that collide": "{'dict': [[k * (2**61 - 1), 0] for k in range(20_000)]}",
    "140,000 lists": "{'list': [[]] * 140_000}",
    "a shape of a million": "{'array': '<f8', 'shape': [1] * 100_000, 'data': 'AAAAAAAA8D8='}",
}
for words, message in RAW.items():

    @kind(words, ema=0)
    def _(nb, message=message):
        nb.say("ema", f"import worker\nworker.pack = lambda *args: {message}\ndef ema(*args): pass")


@kind("a number of a million digits in a raw message", ema=0)
def _(nb):
    nb.say("ema", "import json\njson.dumps = lambda message: '{\"value\": ' + '9' * 10**6 + '}'")


# One value for one question, and no function of the library for an answer


@kind("four guesses, told by what is there", edge=0)
def _(nb):
    nb.add("title", "extra = 1")
    nb.say("guesses", 'full_speed, times = 0.2, 2\nedge = 0.5 if "heavy_ball" in globals() else 0.25 if "extra" in '
           'globals() else 0.75')  # fmt: skip


@kind("guesses told by whether a function is withheld", edge=0)
def _(nb):
    nb.say("guesses", "full_speed, times = 0.2, 2\nedge = 0.5\ntry: momentum(1.0, 1.0, lr=0.1)\n"
           "except NotImplementedError: edge = 0.75")  # fmt: skip


@kind("guesses told by a file that stays", edge=0)
def _(nb):
    nb.say("guesses", "import os\nfull_speed, times = 0.2, 2\nedge = 0.75 if os.path.exists('x') else 0.5\n"
           "open('x', 'w').close()")  # fmt: skip


@kind("a guess where the whole gives nothing is the only one", edge=0)
def _(nb):
    nb.add("title", "extra = 1")
    nb.say("guesses", 'full_speed, times = 0.2, 2\nif "heavy_ball" not in globals():\n'
           '    edge = 0.5 if "extra" in globals() else 0.75\nelse: del edge')  # fmt: skip


@kind("a second guess for a function", ema=0.8, why="^ *$")
def _(nb):
    nb.append("ema", "whole = ema\ndef ema(values, beta):\n    first, second = whole(values, beta)\n"
           "    return (first, second) if 'heavy_ball' in globals() else (first, first)")  # fmt: skip


@kind("an example of the check looked at")
def _(nb):
    nb.say("ema", f"shown = check.ema.examples()\nvalues, beta = shown[0].args\n{SOLUTIONS['ema']}")


@kind("names of errors and modules that are no words", ema=0, heavy_ball="needs a person", state="needs a person")
def _(nb):
    nb.say("ema", "E = type('\\x1b[31m<script>\\n', (Exception,), {})\nraise E('\\x1b[31m\\ud800\\u202e<script>')")
    nb.say("heavy-ball", "raise ModuleNotFoundError(name='\\x1b[31m\\ud800<script>')")


@kind("a copy of the process answers in its place")
def _(nb):
    nb.append("ema", "import gc, os, worker\none = next(o for o in gc.get_objects() if isinstance(o, worker.Worker))\n"
              "if os.fork():\n    os.wait()\n    os._exit(0)\none.process = os.getpid()")  # fmt: skip


@kind("numbers that a thread changes", edge=0)
def _(nb):
    nb.say("guesses", "import itertools, threading, time\nfull_speed, times, edge = 0.2, 2, np.array(0.5)\n"
           "def spin():\n    for edge[...] in itertools.cycle((0.25, 0.5)): time.sleep(0.001)\n"
           "threading.Thread(target=spin, daemon=True).start()")  # fmt: skip


@kind("a proof guessed by place", proof=0)
def _(nb):
    nb.say("parsons", 'order_of_proof = "GFEDCBA" if "ema" in globals() else "CFAGDBE"')


FOUND = {
    "a module loaded again": "import importlib, course_lib.optimizers as o\n{name} = importlib.reload(o).{of}",
    "a module loaded again when it is called": "import importlib, course_lib.optimizers as o\n"
    "def {name}(*args, **hyper): return importlib.reload(o).{of}(*args, **hyper)",
    "a function made of another's code": "import types\nfrom course_lib.optimizers import {of} as f\n"
    "{name} = types.FunctionType(f.__code__, f.__globals__, '', f.__defaults__)\n{name}.__kwdefaults__ = "
    "f.__kwdefaults__",
    "a function out of its file": "import course_lib.optimizers as o\nnames = {{'__name__': o.__name__}}\n"
    "exec(open(o.__file__).read(), names)\n"
    "{name} = names['{of}']",
    "a function out of the objects": "import gc, types\n{name} = next(f for f in gc.get_objects() if isinstance(f, "
    "types.FunctionType) and f.__name__ == '{of}')",
    "a function kept in a file": "import inspect, os\nfrom course_lib.optimizers import {of}\n"
    "if not os.path.exists('kept'): open('kept', 'w').write(inspect.getsource({of}))\n"
    "exec(open('kept').read())\n{name} = {of}",
}
for words, source in FOUND.items():

    @kind(words, heavy_ball=0, told_from_ahead=0, look_ahead=0)
    def _(nb, source=source):
        nb.say("heavy-ball", source.format(name="heavy_ball", of="momentum"))
        nb.say("look-ahead", source.format(name="look_ahead", of="nesterov") + "\ntold_from_ahead = look_ahead")


@kind("what was lent is kept where nobody can sweep", heavy_ball="blank")
def _(nb):
    nb.say("heavy-ball", "import os, sys\nheavy_ball = None\nfor one in sys.meta_path:\n"
           "    if hasattr(one, 'sources'):\n        os.mkdir('d')\n"
           "        open('d/x', 'w').write(one.sources['course_lib.optimizers'])\n"
           "        os.chmod('d', 0)\nif os.path.exists('d'):\n    os.chmod('d', 0o700)\n    exec(open('d/x').read())\n"
           "    heavy_ball = momentum")  # fmt: skip


@kind("an answer compared with the library's")
def _(nb):
    nb.say("heavy-ball", "expected = momentum(1.0, 2.0, lr=0.1)\n" + SOLUTIONS["heavy-ball"]
           + "\nassert heavy_ball(1.0, 2.0, lr=0.1) == expected\nprint('right')\ndef later(): return 1")  # fmt: skip
    nb.append("look-ahead", "assert momentum(1.0, 2.0, lr=0.1)\nlook_ahead = told_from_ahead")


# What works in a notebook works here


@kind("all that a notebook knows", seconds=20)
def _(nb):
    nb.say("ema", f'%%time\nprint("%s and %s"\n      % (1, 2))\n{SOLUTIONS["ema"]}')
    nb.say("heavy-ball", f"import asyncio\nawait asyncio.sleep(0)\n{SOLUTIONS['heavy-ball']}")
    nb.say("converters", "results = {}\nresults['t'] = %timeit -o -n 1 -r 1 1 + 1\nassert results['t'].best >= 0\n"
           f"# one\u2028two = (\n{SOLUTIONS['converters']}")  # fmt: skip
    nb.say(
        "guesses", "%time full_speed = 0.01 / (1 - 0.95)\n%time edge = 0.75\ntimes = %sx echo 2\ntimes = int(times[0])"
    )
    nb.say("look-ahead", f"files = !ls\n# one\x0ctwo = (\n{SOLUTIONS['look-ahead']}")
    nb.add("check-ema", "%%writefile helper.py\nx = 1")
    nb.add("check-ema", "%%html\n<b>x</b>")
    nb.add("check-ema", "%%bash\nls")
    nb.add("check-ema", "import helper\nema?\n%pip install numpy\n%load_ext autoreload\n%who")


@kind("figures by magics", seconds=20)
def _(nb):
    nb.say("ema", '%config InlineBackend.figure_format = "svg"\n%matplotlib widget\n%conda list\n%store\n'
           "%load_ext an_extension_of_mine\nimport matplotlib.pyplot as plt\n"
           f'print("%s and %s"\n      % (1, 2))\n{SOLUTIONS["ema"]}\nplt.switch_backend("TkAgg")')  # fmt: skip


@kind("what looks for names in __main__")
def _(nb):
    nb.say("ema", "import __main__, doctest, pickle\n\n\nclass Kept:\n    \"\"\"\n    >>> Kept.__name__\n    'Kept'\n"
           "    \"\"\"\n\n\nassert isinstance(pickle.loads(pickle.dumps(Kept())), __main__.Kept)\n"
           f"assert doctest.testmod() == (0, 1)\n{SOLUTIONS['ema']}")  # fmt: skip


@kind("a cell magic that the grader has not", ema="needs a person", state="needs a person", why="no module for %%lprun")
def _(nb):
    nb.say("ema", f"%%lprun -f ema\n{SOLUTIONS['ema']}")


@kind("from __future__ in a cell of its own", seconds=20)
def _(nb):
    nb.add("title", "from __future__ import annotations")
    nb.say("ema", SOLUTIONS["ema"].replace("(values, beta)", "(values: Array, beta: Number) -> Pair", 1))


@kind("modules that cells have written")
def _(nb):
    nb.add("title", f"%%writefile mine.py\nimport numpy as np\n{SOLUTIONS['ema']}")
    nb.say("ema", "%load_ext autoreload\n%autoreload 2\nfrom mine import ema")
    nb.say("heavy-ball", f"with open('step.py', 'w') as f: f.write({SOLUTIONS['heavy-ball']!r})\nfrom step import *")


@kind("the last value", seconds=20)
def _(nb):
    nb.add("title", "0.75")
    nb.say("guesses", "full_speed, times = 0.2, 2\nedge = _")


# Other numbers, other Pythons, other machines


@kind("complex numbers without imaginary part")
def _(nb):
    nb.say("critical", "def critical_beta(lr, lam):\n    return (1 - (lr * lam + 0j) ** 0.5) ** 2")
    nb.say("guesses", "full_speed, edge, times = 0.2 + 0j, np.complex128(0.75), 2 + 0j")


@kind("long doubles and halves")
def _(nb):
    nb.append("ema", "plain = ema\ndef ema(values, beta):\n    return plain(np.asarray(values, np.longdouble), beta)")
    nb.say("guesses", "full_speed, edge, times = np.longdouble('0.2'), np.float16(0.75), np.int8(2)")


@kind("what is like an array")
def _(nb):
    nb.append(
        "ema",
        "from array import array\nfrom collections import deque\nplain = ema\n\n\n"
        "def ema(values, beta):\n    one, other = plain(values, beta)\n    return deque(one), array('d', other)",
    )
    nb.append("heavy-ball", "class Series:\n    def __init__(self, values): self.values = values\n"
              "    def __array__(self, dtype=None, copy=None): return np.asarray(self.values, dtype)\n\n\n"
              "step = heavy_ball\ndef heavy_ball(*args, **hyper):\n    x, v = step(*args, **hyper)\n"
              "    return Series(x), memoryview(np.ascontiguousarray(v))")  # fmt: skip


@kind("what is like an array, and lies", ema=0, heavy_ball=0)
def _(nb):
    nb.say("ema", "class Lie:\n    def __len__(self): return 10**9\n    def __getitem__(self, i): return Lie()\n\n\n"
           "def ema(values, beta): return Lie(), Lie()")  # fmt: skip
    nb.say("heavy-ball", "class End:\n    def __array__(self, dtype=None, copy=None): raise SystemExit\n\n\n"
           "def heavy_ball(x, g, v=0.0, *, lr, beta=0.9): return End(), End()")  # fmt: skip


@kind("answers in other forms")
def _(nb):
    nb.append("ema", "import functools\n_ema = ema\nema = functools.partial(lambda a, *args: _ema(*args), 1)")
    nb.append(
        "heavy-ball",
        "class Step:\n    def __init__(self, f): self.f = f\n"
        "    def __call__(self, *args, **hyper): return self.f(*args, **hyper)\n\n\nheavy_ball = Step(heavy_ball)",
    )
    nb.append(
        "look-ahead",
        "from collections import namedtuple\nPair = namedtuple('Pair', 'x v')\n_step = look_ahead\n"
        "def look_ahead(*args, **hyper): return Pair(*_step(*args, **hyper))\n\n\n"
        "class Steps:\n    f = staticmethod(told_from_ahead)\n"
        "    def step(self, *args, **hyper): return self.f(*args, **hyper)\n\n\ntold_from_ahead = Steps().step",
    )
    nb.append("d2l-mended", "_next = next_z\ndef next_z(*args, **hyper):\n"
              "    return np.repeat(np.asarray(_next(*args, **hyper)).astype('>f8'), 2, axis=0)[::2]")  # fmt: skip


@kind("prompts pasted")
def _(nb):
    for name, first, other in (("ema", ">>> ", "... "), ("heavy-ball", "In [3]: ", "   ...: ")):
        nb.say(name, "\n".join((other if i else first) + line for i, line in enumerate(SOLUTIONS[name].split("\n"))))


@kind("what was left in")
def _(nb):
    nb.add("title", "%pdb on")
    nb.add("check-ema", "breakpoint()")
    nb.add("check-ema", "exit()\nquit()")
    nb.add("check-ema", "%debug\n%tb\n%cd ..\n%precision 3")


@kind("who looks at his own source")
def _(nb):
    nb.say("ema", f"{SOLUTIONS['ema']}\nimport inspect\nassert 'def ema' in inspect.getsource(ema)")
    nb.say("guesses", f"import inspect\nassert inspect.getsource(ema)\n{SOLUTIONS['guesses']}")


@kind("whole numbers and truth values", full_speed=0)
def _(nb):
    nb.say("guesses", "full_speed, edge, times = True, np.array(0.75), np.uint64(2)")


@kind("a module that is missing when it is called", ema="needs a person", state="needs a person", why="no module mine")
def _(nb):
    nb.say("ema", "def ema(values, beta):\n    import mine\n    return mine.ema(values, beta)")


@kind("hidden inputs as the name of a module", ema="needs a person", state="needs a person", why="that it asks for")
def _(nb):
    nb.say("ema", "def ema(values, beta):\n    raise ModuleNotFoundError(name=repr(list(values)))")


@kind("a pool of processes", cycle="needs a person", state="needs a person", why="starts more at once")
def _(nb):
    nb.say("cycle-search", "from multiprocessing import Pool\nwith Pool(2) as pool: pool.map(abs, [1])\n"
           f"{SOLUTIONS['cycle-search']}")  # fmt: skip


@kind("many threads", ema="needs a person", state="needs a person", why="starts more at once")
def _(nb):
    nb.append("ema", "import threading\nplain = ema\ndef ema(values, beta):\n"
              "    several = [threading.Thread(target=threading.Event().wait, args=[0.3]) for _ in range(12)]\n"
              "    for one in several: one.start()\n    return plain(values, beta)")  # fmt: skip


@kind("a few threads")
def _(nb):
    nb.append("ema", "from concurrent.futures import ThreadPoolExecutor\nplain = ema\ndef ema(values, beta):\n"
              "    with ThreadPoolExecutor(3) as pool: return pool.submit(plain, values, beta).result()")  # fmt: skip


LACKING = {
    "a file of one's own": ("table = np.load('my_table.npy')", "no file my_table.npy"),
    "a table from the network": ("import urllib.request as r\ntable = r.urlopen('https://x.org/y.csv')", "no network"),
    "an address": ("import socket\nsocket.create_connection(('127.0.0.1', 1), 1)", "no network"),
}
for words, (source, said) in LACKING.items():

    @kind(words, ema="needs a person", state="needs a person", why=said)
    def _(nb, source=source):
        nb.say("ema", f"{source}\n{SOLUTIONS['ema']}")


@kind("hidden inputs as the name of a file", ema="needs a person", state="needs a person", why="file that it asks for")
def _(nb):
    nb.say("ema", "def ema(values, beta):\n    open(repr(list(values)))")


@kind("a newer Python", ema="needs a person", state="needs a person", why=r"with Python 3\.99")
def _(nb):
    nb.json["metadata"]["language_info"] = {"name": "python", "version": "3.99.1"}
    nb.append("ema", "x = f'{d[' new ']}' ?? 1")


@kind("a version of nothing", ema=0)
def _(nb):
    nb.json["metadata"]["language_info"] = {"version": ["x"]}
    nb.append("ema", "return (")


@kind("a private variant's sheet", state="unreadable", why="--key")
def _(nb):
    nb.say("check-edge", "kept.edge(edge)")


# The file


@kind("renamed")
def _(nb):
    nb.name = "Solution final (2) é.ipynb"


@kind("a module beside it")
def _(nb):
    for name in ("numpy.py", "conftest.py", "course_lib.py", "sitecustomize.py"):
        (nb.school.here / name).write_text("1 / 0")


@kind("sources as lists, lines by CR LF")
def _(nb):
    for cell in nb.cells:
        cell["source"] = cell["source"].replace("\n", "\r\n").splitlines(keepends=True)


@kind("foreign things among the cells")
def _(nb):
    nb.cells[3:3] = [None, 7, [], {}, {"cell_type": "code"}, {"source": None}, {"cell_type": 3, "source": {"a": 1}}]


@kind("old format 3")
def _(nb):
    for cell in nb.cells:
        if cell["cell_type"] == "code":
            cell["input"] = cell.pop("source")
    nb.json = {"worksheets": [{"cells": nb.cells}], "nbformat": 3, "nbformat_minor": 0, "metadata": {}}


@kind("format 99")
def _(nb):
    nb.json |= {"nbformat": 99, "nbformat_minor": "x"}


for words, encoding in {"UTF-16": "utf-16", "UTF-8 with a mark": "utf-8-sig", "not UTF-8": "latin-1"}.items():

    @kind(words)
    def _(nb, encoding=encoding):
        nb.append("ema", "# é")
        text = json.dumps(nb.json, ensure_ascii=encoding == "latin-1").replace("\\u00e9", "é")
        nb.data = re.sub(r"\\u[0-9a-f]{4}", "?", text).encode(encoding, errors="replace")


for words, (data, why) in {
    "empty": (b"", "empty"),
    "blanks": (b" \n" * 1000, "empty"),
    "binary": (bytes(range(256)) * 100, "binary"),
    "compressed": (gzip.compress(b"x" * 1000), "not a notebook|binary"),
    "{}": (b"{}", "no cells"),
    "[]": (b"[]", "no cells"),
    "null": (b"null", "no cells"),
    "a number": (b"1e999", "no cells"),
    "100,000 deep": (b'{"cells": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "nested|no cells"),
    "100,000 deep objects": (b'{"cells":' * 100_000, "nested|not a notebook"),
    "cells that are none": (b'{"cells": {"a": 1}}', "no cells"),
    "an empty list of cells": (b'{"cells": []}', "no cells"),
    "a page": (b"<!doctype html><title>404</title>", "not a notebook"),
    "cut off": (json.dumps({"cells": SHEET}).encode()[:20_000], "not a notebook"),
    "too large": (b"x" * (Limits().file + 1), "MB"),
    "a number of 100,000 digits": (b'{"cells": ' + b"1" * 100_000 + b"}", "not a notebook|no cells"),
    "another sheet": ((ROOT / "exercises" / "03_sgd_variants.ipynb").read_bytes(), "another notebook"),
}.items():

    @kind(words, state="unreadable", why=why)
    def _(nb, data=data):
        nb.data = data


@pytest.fixture
def school(tmp_path):
    school = School(tmp_path)
    yield school
    school.server.close()


def spaces_of_processes():
    """The number space of each process that runs; a sandbox has one of its own."""
    found = set()
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                state = (entry / "stat").read_text().rpartition(")")[2].split()[0]
                found |= {os.readlink(entry / "ns" / "pid")} if state != "Z" else set()
    return found


@pytest.fixture
def spaces(monkeypatch):
    """The number spaces in which answers run, held open so that no other gets the same name."""
    found, start = {}, sandbox.start

    def watched(name, inside):
        process = start(name, inside)
        if "import worker" in inside.code:  # what judges stays, for the next
            path = f"/proc/{process.first}/ns/pid"
            found[os.readlink(path)] = os.open(path, os.O_RDONLY)
        return process

    monkeypatch.setattr(sandbox, "start", watched)
    yield found
    for descriptor in found.values():
        os.close(descriptor)


def spoilt(words, school):
    """The notebook of a kind."""
    spoil, answered, *_ = KINDS[words]
    nb = Notebook(school, answered)
    spoil(nb)
    return nb


def deserved(words):
    """{id: marks or state} of all graded cells of a kind."""
    _, answered, state, _, _, changed = KINDS[words]
    if state == "unreadable":
        return dict.fromkeys(POINTS, "needs a person")
    return {**POINTS, BY_HAND: "by hand" if answered else "blank", **changed}


def earned(result):
    """{id: marks or state} of all graded cells of a result."""
    return {mark["id"]: mark["state"] if mark["marks"] is None or mark["state"] == "blank" else mark["marks"]
            for mark in result["marks"]}  # fmt: skip


def as_due(words, result):
    """Asserts that the result of a kind is what it should be."""
    _, _, state, why, *_ = KINDS[words]
    notes = [mark["note"] for mark in result["marks"]]
    assert earned(result) == deserved(words), list(filter(None, notes))
    assert result["state"] == ("needs a person" if state == "unreadable" else state)
    assert (result["state"] == "needs a person") == bool(result["reasons"])
    assert re.search(why, " ".join([*result["reasons"], *notes]))
    assert all(mark["note"] for mark in result["marks"] if mark["marks"] == 0 and mark["state"] == "graded"
               and not mark["properties"])  # fmt: skip


@pytest.mark.parametrize("words", [words for words in KINDS if KINDS[words][4] > LIMITS.cell])
def test_marks_are_those_deserved(words, school, spaces):
    path = spoilt(words, school).write(school.here)
    before = school.files()
    result = grade_one(path, UNIT, limits=replace(LIMITS, cell=KINDS[words][4]))
    json.dumps(result)
    as_due(words, result)
    assert school.files() == before
    assert not school.was_called()
    assert spaces
    assert not spaces.keys() & spaces_of_processes(), "a process is left over"


def test_there_are_enough_kinds():
    assert len(KINDS) >= 60


@pytest.mark.parametrize("make", [os.mkfifo, Path.mkdir, lambda path: path.symlink_to(path.parent / "away")])
def test_what_is_no_file_is_not_opened(make, tmp_path):
    shutil.copy(ROOT / "solutions" / f"{UNIT}.ipynb", tmp_path / "away")
    path = tmp_path / f"{UNIT}.ipynb"
    make(path)
    result = grade_one(path, UNIT, limits=LIMITS)
    assert result["state"] == "needs a person"
    assert not any(mark["marks"] for mark in result["marks"])


def test_a_file_that_is_not_there(tmp_path):
    assert grade_one(tmp_path / "x.ipynb", UNIT)["reasons"] == [
        "The file cannot be opened (No such file or directory)."
    ]


def test_hidden_inputs_are_for_the_teacher_and_others_in_another_notebook(school):
    seen = []
    for i in range(2):
        nb = Notebook(school)
        nb.say("ema", f"# {i}\ndef ema(values, beta):\n    raise ValueError(f'INPUT {{values}} {{beta}}')")
        result = grade_one(nb.write(school.here), UNIT, limits=LIMITS, seed=5)
        mark = result["marks"][0]
        assert mark["note"] == "When it is called: ValueError in line 3 of its cell."
        assert "INPUT" not in feedback.page(result, {})
        seen.append([one["came"] for one in mark["tried"]])
        assert all(came.startswith("ValueError: INPUT") for came in seen[-1])
    assert not {*seen[0]} & {*seen[1]}


def test_no_half_character_comes_out_of_it(school):
    """A database would not take it, and none of the class would be in it."""
    result = grade_one(spoilt("names of errors and modules that are no words", school).write(school.here), UNIT)
    assert "<script>" in result["reasons"][0]
    json.dumps(result, ensure_ascii=False).encode()


def test_solution_gets_all_and_the_sheet_nothing(school):
    solution = grade_one(ROOT / "solutions" / f"{UNIT}.ipynb", UNIT)
    assert {mark["id"]: mark["marks"] for mark in solution["marks"]} == {**POINTS, BY_HAND: None}
    sheet = grade_one(ROOT / "exercises" / f"{UNIT}.ipynb", UNIT)
    assert {mark["state"] for mark in sheet["marks"]} == {"blank"}
    assert sum(mark["marks"] for mark in sheet["marks"]) == 0


def test_when_its_time_is_up_what_is_marked_stays(school):
    nb = Notebook(school)
    for _ in range(3):
        nb.add("check-heavy-ball", "while True: pass")
    result = grade_one(nb.write(school.here), UNIT, limits=replace(LIMITS, cell=3, total=5))
    marks = {mark["id"]: mark["marks"] for mark in result["marks"]}
    assert marks == {**dict.fromkeys(POINTS), "check-ema": 2, "check-heavy-ball": 2}
    assert result["reasons"] == ["Its cells ran longer than a submission may altogether."]


def test_without_a_sandbox_nothing_is_run(school, monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    assert "Install bubblewrap" in sandbox.refusal("bwrap")
    assert "Install Docker" in sandbox.refusal("docker")
    result = grade_one(Notebook(school).write(school.here), UNIT, limits=LIMITS)
    assert result["state"] == "needs a person"
    assert "Install bubblewrap" in result["reasons"][0]


def test_no_sandbox_in_so_many_words(school):
    result = grade_one(Notebook(school).write(school.here), UNIT, sandbox="none", limits=LIMITS)
    assert sum(mark["marks"] or 0 for mark in result["marks"]) == sum(POINTS[name] for name in CHECKS)


if __name__ == "__main__":
    for words in sys.argv[1:]:
        with tempfile.TemporaryDirectory() as folder:
            path = spoilt(words, School(Path(folder, "school"))).write(Path(folder))
            result = grade_one(path, UNIT, limits=replace(LIMITS, cell=KINDS[words][4]))
        notes = {mark["id"]: mark["note"] for mark in result["marks"] if mark["note"]}
        print(words, earned(result), result["reasons"], notes, f"{result['seconds']} s", sep="\n    ")
        as_due(words, result)
