"""A learner's answer as it looks to the process that judges: a function that is called, and gives back plain values."""

import contextlib
import functools
import json
import math
import re
import time
import types

import numpy as np

from course_lib.checks.comparison import is_blank
from course_lib.grading import relay
from course_lib.grading.program import is_plain
from course_lib.grading.worker import generator_from, pack, unpack
from course_lib.surfaces import Delegate

LOADING = 20.0  # seconds in which what is ours is loaded where answers run, however few a cell may take
PAUSE = 0.05  # seconds in which a process that has been killed is gone
LARGEST = 2**22  # numbers that a function of ours is asked to work on
LARGEST_WHOLE = 2**20
END = "end"  # the place behind all cells
SHOWN = 600  # characters of what is shown of a call


class LearnerError(Exception):
    """An answer has raised an error: its type's name, its words, the line of the cell or None.

    lacks: what is missing where it ran, such as "file x.csv"; or the module that would have had to start more at once
        than there may be, such as "multiprocessing"; else "".
    """

    def __init__(self, kind, words="", line=None, lacks=""):
        super().__init__(f"{kind}: {words}" if words else kind)
        self.kind, self.line, self.lacks = kind, line, lacks


class Ended(Exception):
    """The process in which answers run is no more; the text says why. by_chance: whether it may be another's fault."""

    def __init__(self, why, by_chance=False):
        super().__init__(why)
        self.by_chance = by_chance


class Over(Exception):
    """The submission's time is up."""


class Host:
    """The process where answers run, asked one thing at a time through the relay. Whatever ends it, the next question
    goes to a fresh one.

    inbox, outbox: files from and to it. seconds: {"cell": …, "call": …}.
    """

    def __init__(self, inbox, outbox, seconds):
        self.inbox, self.outbox, self.seconds = inbox, outbox, seconds
        self.age = 0  # another number for each fresh process
        self.number = 0  # of the question
        self.late = self.is_used = False

    def ask(self, request, seconds, outside=None):
        """The reply to a request. outside: message -> reply, for what the worker asks for before it replies.

        Errors: LearnerError, if that is the reply; Ended; Over.
        """
        self.number += 1
        self.is_used = True
        until = time.monotonic() + seconds
        reply = self.exchange({**request, "number": self.number}, seconds, until)
        while outside and ("callback" in reply or "attribute" in reply):
            reply = self.exchange(outside(reply), seconds, until)
        return reply

    def exchange(self, message, seconds, until):
        self.late = False
        left = max(until - time.monotonic(), 0.0)
        relay.send(self.outbox, "ask", f"{left:.3f}", data=json.dumps(message).encode())
        (word,), data = relay.receive(self.inbox)
        if word == "over":
            raise Over
        try:
            reply = json.loads(data) if word == "reply" else {}
            if ("ended" in reply) != ("fresh" in message) or reply.get("number", self.number) != self.number:
                raise ValueError("an answer to something else")
            if "ended" not in reply and "number" not in reply:
                raise ValueError("no answer")
        except Exception:  # garbage
            if word == "reply":
                relay.send(self.outbox, "drop")
            self.age += 1
            self.is_used = False
            self.late = word in ("late", "files", "memory")
            why = {"late": f"it ran longer than {seconds:.3g} s"}
            why |= {"files": "it made too many files", "memory": "its processes needed too much memory"}
            raise Ended(why.get(word, "it ended the process it ran in"), by_chance=word not in why) from None
        return reply

    def fresh(self):
        """From here on a process that has run nothing yet."""
        with contextlib.suppress(Ended):
            self.ask({"fresh": True}, self.seconds["call"])
            self.age += 1
            self.is_used = False


def learner_error(error):
    kind, words, line, lacks = error if isinstance(error, list) and len(error) == 4 else ("Error", "", None, "")
    return LearnerError(str(kind)[:100], str(words)[:500], line if isinstance(line, int) else None, str(lacks)[:100])


class Session:
    """The names that cells have made, in a process that is started again if one of them ends it.

    steps: as in `program.program`, in their order. lent: {module: source}, in place of those of the library there.
    ended: {name of a cell: why} of those that are left out, since they have ended a process before.
    After a cell has run, `errors` or `ended` may hold a reason under its name; `slow` has those that took too long.
    """

    def __init__(self, host, steps, lent=None, ended=()):
        self.host, self.steps, self.lent = host, steps, lent
        self.careful = False  # whether to wait behind each cell: what it did may end the process a moment later
        self.places = {name: i for i, (name, source) in enumerate(steps) if source is None} | {END: len(steps)}
        self.is_plain = all(is_plain(source) for _, source in steps if source is not None)
        self.errors, self.ended, self.slow = {}, dict(ended), set()
        self.age, self.at = None, 0  # of the process in which the steps before this one have run
        self.calls = self.blanks = self.results = 0
        self.touched = self.refused = False  # whether a withheld function was called: ever; since this was last cleared
        self.last = ((), None)  # what an answer was called with, and what came

    def reach(self, place):
        """Has run the cells before a place, the id of a check or END; one that ends the process is left out then."""
        if self.age is None and self.host.is_used:
            self.host.fresh()
        while True:
            if self.age != self.host.age:
                self.age, self.at = self.host.age, 0
            try:
                self.go_on(self.places[place])
                return
            except Ended:
                self.careful = True

    def go_on(self, place):
        if self.at == 0 and self.lent:
            self.ask({"lend": self.lent})
        if self.at == 0 and not self.is_plain:
            self.ask({"notebook": True})
        for name, source in self.steps[self.at : place]:
            if source is not None and name not in self.ended:
                self.run(name, source)
            self.at += 1

    def run(self, name, source):
        self.errors.pop(name, None)
        try:
            try:
                self.ask({"run": source, "name": f"<cell {name}>"}, "cell")
            except LearnerError as error:
                self.errors[name] = error
            if self.careful:
                time.sleep(PAUSE)
                self.ask({"value": "None"}, "call")
        except Ended as error:
            if self.careful or self.host.late:
                self.ended[name] = str(error)
                if self.host.late:
                    self.slow.add(name)
            raise

    def ask(self, request, kind="", outside=None):
        reply = self.host.ask(request, self.host.seconds[kind] if kind else LOADING, outside)
        if reply.get("refused") is True:
            self.touched = True
            self.refused |= "run" not in request  # or cells run anew would speak for an answer
        if "error" in reply:
            raise learner_error(reply["error"])
        return reply

    def value(self, place, expression):
        """The value of an expression of our own in the names of the cells before a place."""
        self.reach(place)
        return self.received(self.ask({"value": expression}, "call").get("value"))

    def call(self, remote, args, hyper):
        self.calls += 1
        given = []
        keep = functools.partial(self.keep, given)
        self.last = ([*args, *hyper.items()], None)
        request = {"call": self.current(remote), "args": [pack(arg, keep) for arg in args], "hyper": pack(hyper, keep)}
        try:
            reply = self.ask(request, "call", functools.partial(self.outside, given))
            value = self.received(reply.get("value"))
        except LearnerError as error:
            if error.kind == "NotImplementedError":
                self.blanks += 1
                raise NotImplementedError(str(error)) from None
            raise
        self.last = (self.last[0], value)
        self.blanks += is_blank(value)
        self.results += not is_blank(value)
        if isinstance(reply.get("after"), list):
            self.copy_back([*args, *hyper.values()], reply["after"])
        return value

    def copy_back(self, args, after):
        """Arrays and lists that were changed in place are changed out here, too."""
        for arg, now in zip(args, after):
            if now is not None and isinstance(arg, np.ndarray | list):
                now = self.received(now)
                try:
                    arg[... if isinstance(arg, np.ndarray) else slice(None)] = now
                except (TypeError, ValueError):
                    raise LearnerError("ValueError", "an argument was changed in place") from None

    def attribute(self, remote, name):
        return self.received(self.ask({"get": self.current(remote), "name": name}, "call").get("value"))

    def current(self, remote):
        if remote._age != self.host.age:
            raise Ended("an earlier call ended the process it ran in")
        return remote._handle

    def received(self, message):
        try:
            return real(unpack(message, self.found))
        except Exception:
            raise LearnerError("ValueError", "its result cannot be read") from None

    def found(self, message):
        return Remote(self, int(message["handle"]), str(message["type"])[:100])

    def keep(self, given, value):
        """What stands for a value of ours that is not plain. given: list of those that may be asked for."""
        if isinstance(value, Remote):
            return {"handle": self.current(value)}
        if isinstance(value, np.random.Generator):
            return {"generator": value.bit_generator.state}
        given.append(value)
        return {"yours": len(given) - 1}

    def outside(self, given, message):
        """The reply to a worker that calls a function of ours, or asks for a public attribute of what was given."""
        try:
            if "callback" in message:
                args, hyper = (unpack(message[part], generator_or_refused) for part in ("args", "hyper"))
                bounded([*args, *hyper.values()])
                args, hyper = map(small, args), {name: small(one) for name, one in hyper.items()}
                value = given[message["callback"]](*args, **hyper)
                return {"value": self.handed(given, value, isinstance(value, Delegate))}
            name = message["name"]
            if not name.isidentifier() or name.startswith("_"):
                raise AttributeError(name)
            value = getattr(given[message["attribute"]], name)
            return {"value": self.handed(given, value, isinstance(value, types.FunctionType | types.MethodType))}
        except Exception as error:
            return {"error": f"{type(error).__name__}: {error}"[:500]}

    def handed(self, given, value, may_be_called):
        """A value of ours for the worker: data, or something to be asked, such as the mini-batches of a problem."""
        return pack(value, functools.partial(self.keep, given) if may_be_called else refused)


def real(value):
    """A value, but complex numbers without imaginary part are what they are worth: real."""
    if isinstance(value, tuple | list):
        return type(value)(map(real, value))
    is_real = isinstance(value, complex | np.ndarray | np.generic) and np.iscomplexobj(value) and not np.any(value.imag)
    return value.real if is_real else value


def bounded(values):
    """Refuses what a function of ours is not made for, or what would make it work too long. Errors: TypeError."""
    shapes = []
    for value in values:
        if isinstance(value, list | tuple):
            value = np.asarray(value)
        if value is not None and not isinstance(value, int | float | complex | np.random.Generator):
            if not isinstance(value, np.ndarray | np.generic) or value.dtype.kind not in "biufc":
                raise TypeError("only numbers and arrays of numbers can be given")
            shapes.append(value.shape)
    try:
        largest = math.prod(np.broadcast_shapes(*shapes))
    except ValueError:
        largest = max(map(math.prod, shapes))
    if largest > LARGEST:
        raise TypeError("that is too much")


def small(value):
    """The value, but whole numbers of many digits as others: their powers would have no end."""
    return float(value) if isinstance(value, int) and abs(value) > LARGEST_WHOLE else value


def shown(value):
    """What a person is shown of a value."""
    with np.printoptions(threshold=60, precision=8):
        return re.sub(r" at 0x\w+", "", repr(value))[:SHOWN]


def refused(value):
    raise TypeError("only numbers, texts, lists and arrays can be given")


def generator_or_refused(message):
    return generator_from(message) if "generator" in message else refused(message)


class Remote:
    """A learner's function or object, there in the sandbox. Called, it gives plain values, or raises LearnerError.

    Arrays and lists that it changes in place are changed here, too. A generator is given with its state; what is drawn
    from it there does not move it here. Functions and objects given to it can be called, and asked for public
    attributes.
    """

    def __init__(self, session, handle, kind):
        self._session, self._handle, self._kind, self._age = session, handle, kind, session.host.age

    def __call__(self, *args, **hyper):
        return self._session.call(self, args, hyper)

    def __getattr__(self, name):
        if name.startswith("_"):
            raise AttributeError(name)
        try:
            return self._session.attribute(self, name)
        except LearnerError as error:
            raise AttributeError(str(error)) from None

    def __repr__(self):
        return f"<{self._kind} of the learner>"
