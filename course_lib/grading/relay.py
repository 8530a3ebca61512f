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
import os
import threading
import time
from contextlib import contextmanager

from course_lib.grading import sandbox

TICK = 0.02  # seconds between two looks at the clock
LOOK = 5  # ticks between two looks at what has piled up
READING = 10  # seconds for reading a submission
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


class Relay:
    """Passes the messages of one submission. As a context manager, all that has run answers is gone at its end.

    judge: a `Process` of `sandbox.judge`. name: of the sandbox that answers run in. withheld: {module: [functions]} of
    the library. limits: as in `marks.Limits`. began: time.monotonic() at which the clock began.
    """

    def __init__(self, judge, name, withheld, limits, began):
        self.judge, self.name, self.limits, self.until = judge, name, limits, began + limits.total
        self.inside = sandbox.worker(withheld, limits.memory)
        self.worker, self.awaited = None, (None, 0.0)
        self.late, self.full = False, ""
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
            (process, deadline), ticks = self.awaited, ticks + 1
            if process is None:
                continue
            self.late = time.monotonic() > deadline
            if ticks % LOOK == 0 and process is not self.judge:
                self.full = process.overflows(self.inside)
            if self.late or self.full:
                self.awaited = (None, 0.0)
                process.kill()

    @contextmanager
    def waiting(self, process, deadline):
        self.late, self.full = False, ""
        self.awaited = (process, deadline)
        try:
            yield
        finally:
            self.awaited = (None, 0.0)

    def grade(self, task, data):
        """The bytes of the marks. task: what the judge has to know, for JSON. data: bytes of the notebook.

        Errors: Broken; NoSandbox.
        """
        pipes, deadline, stage = self.judge.process, time.monotonic() + READING, "Reading it"
        self.start()
        try:
            while True:
                with self.waiting(self.judge, deadline):
                    if task is not None:
                        send(pipes.stdin, "task", data=json.dumps(task).encode())
                        send(pipes.stdin, "notebook", data=data)
                        task = None
                    words, message = receive(pipes.stdout)
                deadline, stage = max(self.until, time.monotonic()) + READING, "Judging it"
                if words == ["done"] and len(message) <= MARKS:
                    with self.waiting(self.judge, deadline):
                        receive(pipes.stdout)  # its process has ended, and the next stands ready
                    return message
                if words[0] == "ask":
                    word, reply = self.ask(float(words[1]), message)
                    with self.waiting(self.judge, deadline):
                        send(pipes.stdin, word, data=reply)
                elif words == ["drop"]:
                    self.drop()
                elif words != ["read"]:
                    raise ValueError("another message")
        except (ValueError, OSError, IndexError):  # garbage, or nothing any more
            late = f"took longer than {READING} s" if self.late else "needed more memory than there is for it"
            raise Broken(f"{stage} {late}.") from None

    def start(self):
        self.worker = self.worker or sandbox.start(self.name, self.inside)

    def ask(self, seconds, question):
        """("reply", bytes), or what has come in place of it."""
        now = time.monotonic()
        if now > self.until:
            return "over", b""
        self.start()
        pipes = self.worker.process
        try:
            with self.waiting(self.worker, now + sandbox.PATIENCE):
                self.worker.ready()
            with self.waiting(self.worker, min(time.monotonic() + seconds, self.until)):
                pipes.stdin.write(question + b"\n")
                pipes.stdin.flush()
                line = pipes.stdout.readline(self.limits.line)
        except OSError:
            line = b""
        if line.endswith(b"\n"):
            return "reply", line
        self.drop()
        return self.full or ("late" if self.late else "ended"), b""

    def drop(self):
        if self.worker:
            process, self.worker = self.worker, None
            process.__exit__()


class Judges:
    """Processes that read and judge, kept from one submission to the next: each forks a fresh one for each."""

    def __init__(self):
        self.idle, self.lock = [], threading.Lock()  # pairs (what it judges, process), the one used last at the end
        atexit.register(self.close)

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
                return known[1]

    def close(self, kept=0):
        """Ends those that are idle, but for the last few."""
        with self.lock:
            count = max(len(self.idle) - kept, 0)
            over, self.idle = self.idle[:count], self.idle[count:]
        for _, process in over:
            process.__exit__()


JUDGES = Judges()
