"""What an answer sees of the world, what it may use of it, and how its values look from outside."""

import json
import os
import sys
import time
from array import array
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from course_lib import surfaces
from course_lib.grading import judge, read, sandbox
from course_lib.grading.library import lent
from course_lib.grading.marks import Limits
from course_lib.grading.program import program
from course_lib.grading.relay import Relay, receive, send
from course_lib.grading.remote import END, Ended, Host, LearnerError, Remote, Session, real
from course_lib.grading.unit import unit_of
from course_lib.grading.worker import pack, unpack
from course_lib.sheets import momentum

REFUSAL = sandbox.refusal("bwrap")
LIMITS = Limits(cell=5, call=30, total=120)

pytestmark = [
    pytest.mark.sandbox,
    pytest.mark.skipif(bool(REFUSAL) and "CI" not in os.environ, reason=REFUSAL),
]

CELL = """
import os, resource, sys
import numpy as np
from course_lib.optimizers import momentum

def everything(but):
    found = [os.path.join(folder, file) for folder, _, files in os.walk("/") for file in files]
    return [path for path in found if not path.startswith(but)]

def writable():
    return [folder for folder, _, _ in os.walk("/") if os.access(folder, os.W_OK)]

def limits():
    names = "AS FSIZE NPROC CORE NOFILE".split()
    return {name: resource.getrlimit(getattr(resource, f"RLIMIT_{name}")) for name in names}

def forks():
    started = 0
    try:
        while started < 30:
            if not os.fork():
                import time
                time.sleep(9)
                os._exit(0)
            started += 1
    except OSError:
        return started

def environment(): return dict(os.environ)
def user(): return os.getuid()
def absent(name):
    import importlib
    return importlib.import_module(f"course_lib.{name}").__doc__
def own(step, *args, **hyper): return momentum(*args, **hyper)
def again():
    import importlib
    import course_lib.optimizers as o
    return importlib.reload(o).momentum(1.0, 1.0, lr=0.1)
def by_its_code():
    import types
    return types.FunctionType(momentum.__code__, momentum.__globals__)(1.0, 1.0, lr=0.1)
def source():
    import glob
    return "".join(open(path).read() for path in glob.glob("/course/course_lib/opt*.py"))
def by_its_file():
    names = {"__name__": "course_lib.optimizers"}
    exec(source(), names)
    return names["nesterov"](1.0, 1.0, lr=0.1)

def gradient(f, x): return f.grad(x), f.name, f.d, f(x)
def inner(f): return f._hidden
def climb(f): return f.__globals__
def attribute(f): return f.module
def with_function(f): return f(lambda: 1)
def half(f, x): return f(x) / 2
def draws(rng): return rng.normal(size=3)
def changes(x, *, more):
    x += 1
    more.append(2)
    return None
def same(value): return value
class Point:
    x, _y = 3, 4
    def twice(self): return 2 * self.x
point = Point()
"""


class Here:
    """In the place of the process that judges: this one, which a relay serves in a thread."""

    def __init__(self):
        (there, outbox), (inbox, back) = os.pipe(), os.pipe()
        self.inbox, self.outbox = os.fdopen(inbox, "rb"), os.fdopen(outbox, "wb")
        self.process = SimpleNamespace(stdin=os.fdopen(back, "wb"), stdout=os.fdopen(there, "rb"))
        self.stood = lambda: 0.0

    def close(self):
        for file in (self.inbox, self.outbox, self.process.stdin, self.process.stdout):
            file.close()


@contextmanager
def hosted(withheld):
    """A Host with the relay behind it."""
    here = Here()
    with Relay(here, "bwrap", withheld, LIMITS, time.monotonic()) as relay, ThreadPoolExecutor() as executor:
        marks = executor.submit(relay.grade, {}, b"")
        receive(here.inbox), receive(here.inbox)
        yield Host(here.inbox, here.outbox, {"cell": LIMITS.cell, "call": LIMITS.call})
        send(here.outbox, "done", data=b"{}")
        send(here.outbox, "ended")
        assert marks.result() == b"{}"
    here.close()


class Names:
    """The names that a cell makes in a session."""

    def __init__(self, session):
        self.session, self.host = session, session.host

    def value(self, expression):
        return self.session.value(END, expression)


WITHHELD = {"optimizers": ["momentum", "nesterov"]}


@pytest.fixture(scope="module")
def names():
    with hosted(WITHHELD) as host:
        session = Session(host, [("cell", CELL)])
        session.reach(END)
        assert not session.errors
        yield Names(session)


def test_only_python_and_a_part_of_the_library_are_seen(names):
    python = (sys.base_prefix, str(Path(np.__file__).parents[1]), "/usr/", "/lib", "/bin/", "/dev/")
    seen = names.value("everything")(python)
    assert {path for path in seen if not path.startswith("/course/")} <= {"/etc/ld.so.cache"}
    forbidden = {"checks", "sheets", "grading", "questions", "live", "properties", "solutions", "exercises"}
    assert not [path for path in seen if forbidden & set(path.split("/"))]
    assert "/course/course_lib/optimizers.py" in seen


def test_only_its_own_folder_can_be_written_to(names):
    assert names.value("writable")() == [sandbox.FOLDER]


def test_a_course_among_the_packages_is_hidden_too(tmp_path):
    assert tmp_path / "course_lib" not in sandbox.hidden(tmp_path)
    (tmp_path / "course_lib").mkdir()
    assert tmp_path / "course_lib" in sandbox.hidden(tmp_path)


def test_the_environment_tells_nothing(names):
    assert set(names.value("environment")()) <= {*sandbox.environment(""), "PWD", "LC_CTYPE"}


def test_there_is_no_network_and_no_root(names):
    with sandbox.start("bwrap", sandbox.worker({})) as process:
        process.ready()
        lines = Path(f"/proc/{process.first}/net/dev").read_text().splitlines()[2:]
    assert {line.partition(":")[0].strip() for line in lines} <= {"lo"}
    assert names.value("user")() != 0


def test_limits_hold(names):
    limits = names.value("limits")()
    assert {name: soft for name, (soft, hard) in limits.items()} == {
        "AS": LIMITS.memory, "FSIZE": sandbox.ROOM, "NPROC": sandbox.PROCESSES, "CORE": 0, "NOFILE": 64,
    }  # fmt: skip
    assert all(soft == hard for soft, hard in limits.values())
    assert names.value("forks")() < sandbox.PROCESSES


def test_the_checks_in_there_are_silent(names):
    assert names.value("absent")("checks") is None


def test_a_withheld_function_is_not_there_whatever_is_tried(names):
    for code in (
        "own(None, 1.0, 1.0, lr=0.1)",
        "momentum(1.0, 1.0, lr=0.1)",
        "again()",
        "by_its_code()",
        "by_its_file()",
    ):
        names.session.refused = False
        with pytest.raises(LearnerError, match="withheld"):
            names.value(code)
        assert names.session.refused
    assert "def momentum(*args" in names.value("source()")


def test_what_is_lent_works_for_whoever_holds_it_and_is_gone_in_the_next_process():
    use = "import course_lib.optimizers as o\nfrom course_lib.optimizers import momentum\nhere = {'m': o.nesterov}"
    with hosted(WITHHELD) as host:
        with_it, without = Session(host, [("cell", use)], lent(WITHHELD)), Session(host, [("cell", use)])
        assert with_it.value(END, "momentum(1.0, 2.0, lr=0.1)") == (0.8, 2.0)
        assert len(with_it.value(END, "here['m'](1.0, 2.0, lr=0.1)")) == 2
        with pytest.raises(LearnerError, match="withheld"):
            without.value(END, "momentum(1.0, 2.0, lr=0.1)")


def test_behind_a_statement_that_is_withheld_a_cell_goes_on():
    cell = (
        "from course_lib.optimizers import momentum\na = 1\nb = momentum(\n    1.0, 1.0, lr=0.1)\nc = 3\n1 / 0\nd = 4"
    )
    with hosted(WITHHELD) as host:
        session = Session(host, [("cell", cell)])
        assert session.value(END, "a, c") == (1, 3)
        assert (session.errors["cell"].kind, session.errors["cell"].line) == ("Withheld", 3)
        with pytest.raises(LearnerError, match="NameError"):
            session.value(END, "d")


def test_only_what_has_the_size_is_passed_on():
    with hosted({}) as host:
        for cell, why in [
            ("x = 'a' * 2**23", "ended the process"),
            ("for i in range(10**6): open(str(i), 'w').close()", "too many files"),
        ]:
            session = Session(host, [("cell", cell), ("after", "y = 1")])
            assert session.value(END, "y") == 1
            if "files" in why:
                assert why in session.ended["cell"]
            else:
                with pytest.raises(Ended, match=why):
                    session.value(END, "x")


# What crosses


@pytest.mark.parametrize("value", [
    None, True, 7, 2**70, -0.1, float("inf"), 1 + 2j, "é\n", ..., [1, [2.5]], (1, (2,)), {"a": [1], 2: "b"},
    np.arange(6).reshape(2, 3), np.float32(0.1), np.array([], np.float32), np.array([True]), np.array(3j), np.int8(3),
    np.linspace(0, 1, 5)[::2], np.asfortranarray(np.eye(3)[:2]),
], ids=repr)  # fmt: skip
def test_plain_values_cross_and_come_back(names, value):
    back = names.value("same")(value)
    assert type(back) is type(value)
    np.testing.assert_equal(back, value)
    if isinstance(value, np.ndarray):
        assert back.dtype == value.dtype
        assert back.shape == value.shape


FORMS = [
    "10**1200", "-(10**300)", "float('inf')", "complex(0.75)", "complex(0.75, 1e-9)", "np.longdouble('0.75')", "float",
    "np.float16(0.75)", "np.array([0.75])", "[0.75]", "(0.75,)", "[[0.75]]", "np.ma.array(0.75)", "np.ma.masked", "...",
    "np.array(0.75, dtype=object)", "Fraction(3, 4)", "Decimal('0.75')", "'0.75'", "b'0.75'", "{'edge': 1}", "{0.75}",
    "np.datetime64('2020-01-01')", "np.zeros(2, dtype=[('a', float)])", "[1, [2, 3]]", "iter([0.75])", "np.bool_(1)",
    "array('d', [0.75])", "deque([0.75])", "range(1)",
]  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
def test_what_passes_the_check_in_the_sheet_passes_here(form):
    value = eval(form, {"np": np, "Fraction": Fraction, "Decimal": Decimal, "array": array, "deque": deque})
    sent = json.loads(json.dumps(pack(value, lambda value: {"handle": 0, "type": type(value).__name__})))
    crossed = real(unpack(sent, lambda message: object()))
    assert momentum.edge.report(crossed)[0] or not momentum.edge.report(value)[0]


def test_nan_crosses(names):
    assert np.isnan(names.value("same")(float("nan")))


def test_a_function_of_ours_is_called_from_inside(names):
    f = surfaces.quadratic(kappa=5)
    x = np.array([1.0, 2.0])
    grad, name, d, height = names.value("gradient")(f, x)
    np.testing.assert_array_equal(grad, f.grad(x))
    assert (name, d, height) == (f.name, 2, f(x))
    assert names.value("half")(lambda x: 4 * x, 3.0) == 6


class Ours:
    _hidden = 7
    module = os


def refused():
    return [("inner", Ours()), ("climb", lambda: 1), ("attribute", Ours()), ("with_function", lambda f: f())]


def test_a_power_of_whole_numbers_ends(names):
    """A function of ours runs where it is judged: 3 to the power of a billion would keep that for hours."""
    request = {"callback": 0, "args": [3, 10**9], "hyper": {"dict": []}}
    assert "OverflowError" in names.session.outside([lambda a, b: a**b], request)["error"]
    assert names.session.outside([lambda a, b: a**b], request | {"args": [3, 5]}) == {"value": 243}


@pytest.mark.parametrize(("name", "given"), refused())
def test_nothing_else_of_ours_is_reached(names, name, given):
    with pytest.raises(LearnerError):
        names.value(name)(given)


def test_a_generator_crosses_with_its_state(names):
    np.testing.assert_array_equal(
        names.value("draws")(np.random.default_rng(3)), np.random.default_rng(3).normal(size=3)
    )


def test_what_is_changed_in_place_is_changed_here(names):
    x, more = np.zeros(2), [1]
    assert names.value("changes")(x, more=more) is None
    np.testing.assert_array_equal(x, [1, 1])
    assert more == [1, 2]


def test_what_is_read_only_stays_so(names):
    x = np.zeros(2)
    x.flags.writeable = False
    with pytest.raises(LearnerError, match="read-only"):
        names.value("changes")(x, more=[])


def test_an_object_has_its_public_attributes(names):
    point = names.value("point")
    assert isinstance(point, Remote)
    assert (point.x, point.twice()) == (3, 6)
    assert not hasattr(point, "_y")
    assert not hasattr(point, "z")
    assert not callable(getattr(point, "__array__", None))


def test_a_function_of_a_process_that_is_no_more_is_no_more(names):
    f = names.value("same")
    with pytest.raises(Ended):
        names.value("os._exit")(1)
    with pytest.raises(Ended):
        f(1)
    assert names.value("same")(1) == 1


def test_deep_values_are_refused():
    deep = []
    for _ in range(100):
        deep = [deep]
    with pytest.raises(ValueError, match="nested"):
        pack(deep, None)


@pytest.mark.parametrize("message", [
    {"array": "<f8", "shape": [10**9], "data": "AAAA"}, {"array": "|O", "shape": [1], "data": "AAAAAAAAAAA="},
    {"array": "<f8", "shape": [-1, 0], "data": ""}, {"array": ["<f8"], "shape": [], "data": ""}, {"tuple": 3}, {},
    {"dict": [[[1], 2]]}, {"set": [1]}, {"dict": [[i, 0] for i in range(2000)]}, {"complex": ["x", 1]}, {"handle": "x"},
], ids=repr)  # fmt: skip
def test_a_false_message_is_an_error_and_no_more(message):
    session = Session(None, [])
    with pytest.raises(LearnerError, match="cannot be read"):
        session.received(message)


def test_unpacked_arrays_are_our_own():
    array = unpack(pack(np.zeros(3), None), None)
    array += 1
    assert array.sum() == 3


# The sheets


@pytest.mark.parametrize("path", sorted(read.EXERCISES.glob("*.ipynb")), ids=lambda path: path.stem)
def test_every_sheet_can_be_graded(path):
    unit = unit_of(path.stem)
    checks = [cell for cell in unit.cells if cell.kind == "check"]
    assert checks
    for cell in checks:
        assert cell.section[:1].isdigit(), cell.id
        assert getattr(unit.visible, cell.check).name
        assert judge.makers(cell, unit), cell.id


def test_cells_that_make_no_name_that_is_used_are_not_run():
    unit = unit_of("04_momentum")
    blank = read.Submission(answers={"cycle-search": ["cycle = (0.02, 0.9, valley.d)"]})
    names = [name for name, source in program(unit.cells, blank) if source]
    assert names == ["imports", "valley", "cycle-search"]
    told = read.Submission(answers={"cycle-search": ["cycle = (0.02, 0.9, eval('len(runs)'))"]})
    assert "ball-race" in [name for name, source in program(unit.cells, told) if source]
