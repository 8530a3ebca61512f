"""One call of a learner's function: with copies, watched, and ended if it takes too long."""

import inspect
import io
import sysconfig
import threading
import time
import traceback
import types
import warnings
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from course_lib.checks.comparison import is_blank, same

SECONDS = 10.0  # for one call
STUB = "# Your lines here."  # stands in a sheet where its solution has been taken out
OURS = [Path(__file__).parents[1], *(Path(sysconfig.get_path(name)) for name in ("stdlib", "purelib", "platlib"))]


class Blank(Exception):
    """Nothing has been answered so far; the text says how that shows."""


class Nothing(Exception):
    """A call gave a blank back."""


class OwnFault(Exception):
    """A right answer of ours has failed: nothing that the learner did."""


class TooLong(BaseException):
    """A call has taken too long. It is no Exception, so that the learner's own `except Exception` lets it through."""


@dataclass(frozen=True)
class Case:
    label: str
    args: tuple
    hyper: dict


def case(label: str, /, *args: Any, **hyper: Any) -> Case:
    """A call to compare: a label ("the first step"), then the arguments as the learner's function gets them."""
    return Case(label, args, hyper)


@dataclass(frozen=True)
class Run:
    """What became of a call: the arguments as they are afterwards, and the result; or the error and its type."""

    call: Case
    after: tuple = ()
    result: object = None
    error: str = ""
    kind: type | None = None


class Watch:
    """Ends calls that last longer than `seconds`, by an interrupt; where no thread can be started it only looks on.

    Within `with Watch() as watch`, `watch.over(f)` is f under watch. A call within a call is not timed by itself. The
    interrupt comes between two Python statements, and never after the call.
    """

    def __init__(self, seconds=SECONDS):
        self.seconds, self.deadline, self.fired = seconds, None, False
        self.lock, self.closed = threading.Lock(), threading.Event()

    def __enter__(self):
        self.target = threading.get_ident()
        try:
            threading.Thread(target=self.look, daemon=True).start()
        except RuntimeError:  # a browser has no threads
            self.closed.set()
        return self

    def __exit__(self, *error):
        self.closed.set()
        while True:
            try:
                return self.end()
            except TooLong:  # fired while this was being said
                continue

    def look(self):
        while not self.closed.wait(0.1):
            with self.lock:
                if self.deadline is not None and time.monotonic() > self.deadline:
                    self.fired, self.deadline = True, time.monotonic() + 1  # and again, if it is caught in there
                    interrupt(self.target, TooLong)

    def end(self):
        with self.lock:
            self.deadline = None
            if self.fired:
                self.fired = False
                interrupt(self.target, None)

    def over(self, f):
        return Watched(f, self)

    def call(self, f, args, hyper):
        if self.deadline is not None:
            return f(*args, **hyper)
        try:
            self.deadline = time.monotonic() + self.seconds
            return f(*args, **hyper)
        finally:
            self.end()


def interrupt(thread, error):
    """Raises an error class in a thread as soon as it comes to its next Python statement; None takes it back."""
    import ctypes

    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), error and ctypes.py_object(error))


class Watched:
    """A function under watch. What it must not give back is found here, not where something stumbles over it."""

    def __init__(self, f, watch):
        self.__wrapped__, self.watch = f, watch

    def __call__(self, *args, **hyper):
        return result_of(self.watch.call(self.__wrapped__, args, hyper))

    def __getattr__(self, name):
        return getattr(self.__wrapped__, name)


def result_of(result):
    """A result, unless it is a blank or a generator."""
    if is_blank(result):
        raise Nothing(repr(result))
    if isinstance(result, types.GeneratorType):
        raise TypeError("it gives a generator (it has a yield): make a list or an array of it and return that")
    return result


def attempt(use, f, call, watch):
    """The `Run` of a call with copies of its arguments; it raises only Blank, Nothing and KeyboardInterrupt."""
    args = [own(value) for value in call.args]
    hyper = {name: own(value) for name, value in call.hyper.items()}
    try:
        result = result_of(use(watch.over(f), *args, **hyper))
    except NotImplementedError:
        raise Blank(": it raises NotImplementedError") from None
    except (Blank, Nothing):
        raise
    except (Exception, SystemExit, TooLong) as error:
        return Run(call, error=stopped(error), kind=type(error))
    return Run(call, (*args, *hyper.values()), result)


def right_result(use, right, call):
    """What a right answer of ours gives. Errors: OwnFault."""
    with ours():
        return use(right, *(own(value) for value in call.args), **{k: own(value) for k, value in call.hyper.items()})


@contextmanager
def ours():
    """Where only code of ours runs: an error in here is OwnFault, and a warning is none of the learner's."""
    try:
        with warnings.catch_warnings(action="ignore"):
            yield
    except OwnFault:
        raise
    except Exception as error:
        raise OwnFault(stopped(error)) from error


def own(value):
    return value.copy() if isinstance(value, np.ndarray | list | dict) else value


def is_stub(f):
    """Whether a function has no code of its own: it gives a constant back, or ends as handed out. Of several, all."""
    if isinstance(f, tuple | list):
        return all(is_blank(one) or is_stub(one) for one in f)
    f = inspect.unwrap(f)
    code = getattr(f, "__code__", None)
    if code is None:
        return False
    with suppress(OSError):  # no source
        if inspect.getsource(f).rstrip().endswith(STUB):
            return True
    return not code.co_names and len(code.co_code) <= 12  # bytes: two or three instructions


def stopped(error):
    """The error, and the last line of the learner's own code on the way to it."""
    said = f"It stops with {traceback.format_exception_only(error)[-1].strip()}"
    if isinstance(error, TooLong):
        said = f"It was ended after {SECONDS:.0f} seconds: does its loop ever come to an end? It was then"
    frames = traceback.extract_tb(error.__traceback__)
    theirs = [frame for frame in frames if not any(Path(frame.filename).is_relative_to(folder) for folder in OURS)]
    where = f"in line {theirs[-1].lineno} of its cell: {theirs[-1].line}" if theirs else ""
    if isinstance(error, TooLong):
        return f"{said} {where}." if where else said.removesuffix(" It was then")
    return f"{said}, {where}." if where else f"{said}."


def in_place(run, names):
    names = [*names[: len(run.call.args)], *run.call.hyper]
    for name, old, new in zip(names, [*run.call.args, *run.call.hyper.values()], run.after):
        if isinstance(old, np.ndarray | list) and not same(new, old, 0.0):
            return f"{name} was changed in place: make a new array, as in {name} = {name} + ..., never {name} += ..."
    return ""


@contextmanager
def captured():
    """Catches what the learner's code prints and warns; afterwards the list holds a line about each."""
    noise, text = [], io.StringIO()
    with warnings.catch_warnings(record=True) as caught, redirect_stdout(text), redirect_stderr(text):
        warnings.simplefilter("always")
        try:
            yield noise
        finally:
            if printed := list(dict.fromkeys(text.getvalue().strip().splitlines())):
                noise.append("It printed: " + "; ".join(printed)[:200])
            if caught:
                noise.append(f"It warned: {caught[0].category.__name__}: {caught[0].message}")
