"""A learner's answer as it looks from outside the sandbox: a function that is called, and gives back plain values."""

import contextlib
import functools
import json
import threading
import time
import types

import numpy as np

from course_lib.checks import is_blank
from course_lib.grading import sandbox
from course_lib.grading.worker import generator_from, pack, unpack
from course_lib.surfaces import Delegate

TICK = 0.02  # seconds between two looks at the clock
PAUSE = 0.05  # seconds in which a process that has been killed is gone


class LearnerError(Exception):
    """An answer has raised an error: its type's name, its words, and the line of the cell or None."""

    def __init__(self, kind, words="", line=None):
        super().__init__(f"{kind}: {words}" if words else kind)
        self.kind, self.line = kind, line


class Ended(Exception):
    """The process in which answers run is no more; the text says why."""


class Host:
    """A worker in its sandbox, asked one thing at a time. Whatever ends it, the next question starts a fresh one.

    name: of the sandbox, as in `sandbox.start`. limits: as in `marks.Limits`.
    """

    def __init__(self, name, limits):
        self.name, self.limits = name, limits
        self.until = time.monotonic() + limits.total
        self.process, self.deadline = None, None
        self.late, self.closed = False, threading.Event()
        self.age = 0  # another number for each fresh worker
        self.number = 0  # of the question

    def __enter__(self):
        self.clock = threading.Thread(target=self.watch, daemon=True)
        self.clock.start()
        return self

    def __exit__(self, *error):
        self.closed.set()
        self.clock.join()
        self.drop()

    def watch(self):
        """Kills the process that runs too long."""
        while not self.closed.wait(TICK):
            process, deadline = self.process, self.deadline
            if process and deadline and time.monotonic() > deadline:
                self.late, self.deadline = True, None
                process.kill()

    def drop(self):
        if self.process:
            process, self.process = self.process, None
            process.__exit__()
        self.age += 1

    def ask(self, request, seconds, outside=None):
        """The reply to a request. outside: message -> reply, for what the worker asks for before it replies.

        Errors: LearnerError, if that is the reply; Ended; TimeoutError, if the submission's time is up.
        """
        now = time.monotonic()
        if now > self.until:
            raise TimeoutError(f"its cells ran longer than {self.limits.total:.3g} s altogether")
        if not self.process:
            self.process = sandbox.start(self.name, self.limits.memory)
        self.late, self.deadline = False, now + seconds
        self.number += 1
        try:
            reply = self.exchange({**request, "number": self.number})
            while outside and ("callback" in reply or "attribute" in reply):
                reply = self.exchange(outside(reply))
            if ("ended" in reply) != ("fresh" in request):
                raise ValueError("it has ended")
        except Exception:  # garbage, an answer to something else, or nothing any more
            self.drop()
            raise Ended(
                f"it ran longer than {seconds:.3g} s" if self.late else "it ended the process it ran in"
            ) from None
        finally:
            self.deadline = None
        if "error" in reply:
            raise learner_error(reply["error"])
        return reply

    def exchange(self, message):
        pipes = self.process.process
        pipes.stdin.write(json.dumps(message).encode() + b"\n")
        pipes.stdin.flush()
        reply = json.loads(pipes.stdout.readline(self.limits.line))
        if "ended" not in reply and reply["number"] != self.number:
            raise ValueError("an answer to another question")
        return reply

    def fresh(self):
        """From here on a worker that has run nothing yet."""
        if self.process:
            with contextlib.suppress(Ended):
                self.ask({"fresh": True}, self.limits.call)
                self.age += 1


def learner_error(error):
    kind, words, line = error if isinstance(error, list) and len(error) == 3 else ("Error", "", None)
    return LearnerError(str(kind)[:100], str(words)[:500], line if isinstance(line, int) else None)


class Session:
    """The names that cells have made, in a worker that is started again if one of them ends it.

    cells: pairs (name, source), in their order. withheld: {module: [functions]} that refuse once the cells have run.
    careful: whether to wait behind each cell, for what it did may end the worker a moment later.
    After a cell has run, `errors` or `ended` may hold a reason under its name.
    """

    def __init__(self, host, cells, withheld, careful=False):
        self.host, self.cells, self.withheld, self.careful = host, cells, withheld, careful
        self.errors, self.ended = {}, {}
        self.age = None  # of the worker in which the cells have run
        self.calls = self.blanks = 0
        self.refused = False

    def ready(self):
        """Runs the cells, if they have not run in this worker; one that ends the worker is left out the next time."""
        if self.age is None:
            self.host.fresh()
        while self.age != self.host.age:
            try:
                self.run()
                self.age = self.host.age
            except Ended:
                self.careful, self.age = True, -1

    def run(self):
        for name, source in self.cells:
            if name in self.ended:
                continue
            try:
                try:
                    self.host.ask({"run": source, "name": f"<cell {name}>"}, self.host.limits.cell)
                except LearnerError as error:
                    self.errors[name] = error
                if self.careful:
                    time.sleep(PAUSE)
                    self.host.ask({"value": "None"}, self.host.limits.call)
            except Ended as error:
                if self.careful or self.host.late:
                    self.ended[name] = str(error)
                raise
        self.host.ask({"withhold": self.withheld}, self.host.limits.call)

    def value(self, expression):
        """The value of an expression of our own in the names of the cells."""
        self.ready()
        return self.received(self.host.ask({"value": expression}, self.host.limits.call)["value"])

    def call(self, remote, args, hyper):
        self.calls += 1
        given = []
        keep = functools.partial(self.keep, given)
        request = {"call": self.current(remote), "args": [pack(arg, keep) for arg in args], "hyper": pack(hyper, keep)}
        try:
            reply = self.host.ask(request, self.host.limits.call, functools.partial(self.outside, given))
        except LearnerError as error:
            self.refused |= "withheld: " in str(error)
            if error.kind == "NotImplementedError" and not self.refused:
                self.blanks += 1
                raise NotImplementedError(str(error)) from None
            raise
        value = self.received(reply.get("value"))
        self.blanks += is_blank(value)
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
        return self.received(self.host.ask({"get": self.current(remote), "name": name}, self.host.limits.call)["value"])

    def current(self, remote):
        if remote._age != self.host.age:
            raise Ended("an earlier call ended the process it ran in")
        return remote._handle

    def received(self, message):
        try:
            return unpack(message, self.found)
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
                value = given[message["callback"]](*args, **hyper)
                return {"value": self.lent(given, value, isinstance(value, Delegate))}
            name = message["name"]
            if not name.isidentifier() or name.startswith("_"):
                raise AttributeError(name)
            value = getattr(given[message["attribute"]], name)
            return {"value": self.lent(given, value, isinstance(value, types.FunctionType | types.MethodType))}
        except Exception as error:
            return {"error": f"{type(error).__name__}: {error}"[:500]}

    def lent(self, given, value, may_be_called):
        """A value of ours for the worker: data, or something to be asked, such as the mini-batches of a problem."""
        return pack(value, functools.partial(self.keep, given) if may_be_called else refused)


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
