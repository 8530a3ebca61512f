"""A submission's way through the processes that are closed in: bytes are passed on, clocks are kept, nothing is read.

One process reads and judges, another runs the answers; neither hears of the other but through here. Messages are a
line, `word … length`, and so many bytes. The judge gets `task` and `notebook`, and then says

    read           the notebook has been read
    ask SECONDS    a question to the process where answers run; the bytes of the `reply` come back, or in place of it
                   `late`, `files`, `memory` or `ended`, and it is no more; or `over`, if the submission's time is up
    drop           what runs there is to end
    done           the marks
"""

import atexit
import json
import math
import os
import threading
import time
from contextlib import contextmanager

from course_lib.grading import sandbox

TICK = 0.02  # seconds between two looks at the clock
LOOK = 5  # ticks between two looks at what has piled up
READING = 10  # seconds for reading a submission
STRETCH = 4  # times as long may something take on a machine that is busy with other things
MOST = 2**26  # bytes of a message
MARKS = 2**24  # bytes of the marks
KEPT = max(4, os.cpu_count() or 1)  # processes that judge and wait for the next submission


class Broken(Exception):
    """The process that reads and judges has ended without marks; the text says why."""


def send(file, *words, data=b""):
    file.write(" ".join(map(str, [*words, len(data)])).encode() + b"\n" + data)
    file.flush()


def receive(file):
    """([word, …], bytes) of a message. Errors: ValueError if there is none."""
    *words, length = file.readline(200).decode("ascii").split() or [""]
    if not words or not length.isdigit() or int(length) > MOST:
        raise ValueError("no message")
    data = file.read(int(length))
    if len(data) < int(length):
        raise ValueError("half a message")
    return words, data


class Awaited:
    """A process that has so many seconds to answer; those in which others have kept it from a processor do not count.

    That is true up to some times as many, and never beyond `until`: who has many processes keeps himself from them.
    """

    def __init__(self, process, seconds, until=math.inf):
        self.process, self.seconds, self.began, self.until = process, seconds, time.monotonic(), until
        self.stood = None

    def is_late(self):
        """To be asked now and then."""
        stood, now = self.process.stood(), time.monotonic()
        self.stood = stood if self.stood is None else self.stood
        more = min(max(stood - self.stood, 0.0), (STRETCH - 1) * self.seconds)
        return now > min(self.began + self.seconds + more, self.until)


class Relay:
    """Passes the messages of one submission. As a context manager, all that has run answers is gone at its end.

    judge: a `Process` of `sandbox.judge`. name: of the sandbox that answers run in. withheld: {module: [functions]} of
    the library. limits: as in `marks.Limits`. began: time.monotonic() at which the clock began.
    """

    def __init__(self, judge, name, withheld, limits, began):
        self.judge, self.name, self.limits, self.until = judge, name, limits, began + limits.total
        self.inside = sandbox.worker(withheld, limits.memory)
        self.worker, self.awaited = None, None
        self.late, self.full = False, ""
        self.was_late = False  # whether anything has ever run out of time
        self.busy = 0.0  # seconds of a processor that the clock has taken, once it has stopped
        self.closed = threading.Event()

    def __enter__(self):
        self.clock = threading.Thread(target=self.watch, daemon=True)
        self.clock.start()
        return self

    def __exit__(self, *error):
        self.closed.set()
        self.clock.join()
        self.drop()

    def watch(self):
        """Ends the process that is waited for if it takes too long, or too much piles up in it."""
        ticks = 0
        while not self.closed.wait(TICK):
            awaited, worker, ticks = self.awaited, self.worker, ticks + 1
            if awaited and awaited.is_late():
                self.late = self.was_late = True
                self.awaited = None
                awaited.process.kill()
            if ticks % LOOK == 0 and worker and (full := worker.overflows(self.inside)):
                self.full = full
                worker.kill()
        self.busy = time.thread_time()

    @contextmanager
    def waiting(self, process, seconds, until=math.inf):
        self.late, self.awaited = False, Awaited(process, seconds, until)
        try:
            yield
        finally:
            self.awaited = None

    def grade(self, task, data):
        """The bytes of the marks. task: what the judge has to know, for JSON. data: bytes of the notebook.

        Errors: Broken; NoSandbox.
        """
        pipes, seconds, stage = self.judge.process, READING, "Reading it"
        self.start()
        try:
            while True:
                with self.waiting(self.judge, seconds):
                    if task is not None:
                        send(pipes.stdin, "task", data=json.dumps(task).encode())
                        send(pipes.stdin, "notebook", data=data)
                        task = None
                    words, message = receive(pipes.stdout)
                seconds, stage = max(self.until - time.monotonic(), 0.0) + READING, "Judging it"
                if words == ["done"] and len(message) <= MARKS:
                    with self.waiting(self.judge, seconds):
                        receive(pipes.stdout)  # its process has ended, and the next stands ready
                    return message
                if words[0] == "ask":
                    word, reply = self.ask(float(words[1]), message)
                    with self.waiting(self.judge, seconds):
                        send(pipes.stdin, word, data=reply)
                elif words == ["drop"]:
                    self.drop()
                elif words != ["read"]:
                    raise ValueError("another message")
        except (ValueError, OSError, IndexError):  # garbage, or nothing any more
            early = "ended early: too little memory, or something outside has ended it"
            raise Broken(f"{stage} {f'took longer than {READING} s' if self.late else early}.") from None

    def start(self):
        self.worker = self.worker or sandbox.start(self.name, self.inside)

    def ask(self, seconds, question):
        """("reply", bytes), or what has come in place of it."""
        now = time.monotonic()
        if now > self.until:
            self.was_late = True
            return "over", b""
        self.start()
        pipes = self.worker.process
        try:
            with self.waiting(self.worker, sandbox.PATIENCE):
                self.worker.ready()
            with self.waiting(self.worker, seconds, self.until):
                pipes.stdin.write(question + b"\n")
                pipes.stdin.flush()
                line = pipes.stdout.readline(self.limits.line)
        except OSError:
            line = b""
        if line.endswith(b"\n"):
            return "reply", line
        self.drop()
        full, self.full = self.full, ""
        return full or ("late" if self.late else "ended"), b""

    def drop(self):
        if self.worker:
            process, self.worker = self.worker, None
            process.__exit__()


class Judges:
    """Processes that read and judge, kept from one submission to the next: each forks a fresh one for each."""

    def __init__(self):
        self.forget()
        atexit.register(self.close)
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self.forget)  # they are its parent's

    def forget(self):
        self.idle, self.lock = [], threading.Lock()  # pairs (what it judges, process), the one used last at the end

    @contextmanager
    def one(self, name, sheet, checks):
        """A `Process` for a sheet. checks: hash of all that judges. One that fails is ended."""
        process = self.take(wanted := (name, str(sheet), checks)) or sandbox.start(name, sandbox.judge(sheet))
        try:
            process.ready()
            yield process
        except BaseException:
            process.__exit__()
            raise
        with self.lock:
            self.idle.append((wanted, process))
        self.close(KEPT)

    def take(self, wanted):
        with self.lock:
            known = next((pair for pair in reversed(self.idle) if pair[0] == wanted), None)
            if known:
                self.idle.remove(known)
        if known and known[1].process.poll() is None:
            return known[1]
        if known:  # something outside has ended it
            known[1].__exit__()
            return self.take(wanted)

    def close(self, kept=0):
        """Ends those that are idle, but for the last few."""
        with self.lock:
            count = max(len(self.idle) - kept, 0)
            over, self.idle = self.idle[:count], self.idle[count:]
        for _, process in over:
            process.__exit__()


JUDGES = Judges()
