"""The one file that runs inside the sandbox: it runs cells, and calls what they have made, as it is told.

It reads a line of JSON from stdin, does that, and writes a line of JSON to stdout. What it hands
out is data: numbers, texts, lists, arrays; a function stays here and goes out as a number, its handle. Nothing
depends on it telling the truth, for whatever it says is judged outside like any other answer.

NumPy and the library are loaded once. Then the first process only waits for its child, in which the learner's cells
run; if that ends, for whatever reason, the next child begins with everything fresh.
"""

import ast
import base64
import contextlib
import importlib
import importlib.machinery
import importlib.util
import json
import linecache
import math
import os
import shutil
import signal
import sys
import types

import numpy as np

DEPTH = 20
LARGEST = 2**23  # numbers of an array, or letters of a text
ITEMS = 2**17  # of all lists of a value together
ENTRIES = 1000  # of a dict: numbers can be made to collide in it
DTYPES = {np.dtype(kind).newbyteorder("<").str for kind in "?bBhHiIlLqQefdFD"}
LONG = {"g": "d", "G": "D"}  # they differ from machine to machine
SAID = 500
GONE = 64  # an exit code
RUNNING = {"time", "timeit", "prun", "run"}  # magics that run what the learner wrote
STARTERS = {"multiprocessing", "concurrent", "joblib", "threading"}  # of more at once than there may be in here
NETWORK = {"socket", "ssl", "urllib", "http", "urllib3", "requests"}


# Values as JSON


def pack(value, keep, depth=0):
    """A value as JSON can hold it. keep: called with what is not plain, it gives a dict to be sent in its place."""
    if value is None or isinstance(value, bool | str):
        if isinstance(value, str) and len(value) > LARGEST:
            raise ValueError("too long a text")
        return value
    if isinstance(value, int) and not isinstance(value, np.generic):
        return value if value.bit_length() < 2**12 else keep(value)
    if isinstance(value, float) and not isinstance(value, np.generic):
        return value
    if depth > DEPTH:
        raise ValueError("nested too deeply")
    if value is ...:
        return {"ellipsis": True}
    if isinstance(value, list):
        return [pack(item, keep, depth + 1) for item in value]
    if isinstance(value, complex) and not isinstance(value, np.generic):
        return {"complex": [value.real, value.imag]}
    for kind, name in ((tuple, "tuple"), (range | set | frozenset, "list")):
        if isinstance(value, kind):
            return {name: [pack(item, keep, depth + 1) for item in value]}
    if isinstance(value, dict):
        return {"dict": [[pack(part, keep, depth + 1) for part in item] for item in value.items()]}
    if isinstance(value, np.ndarray | np.generic):
        return packed_array(value, keep, depth)
    array = as_array(value)
    return keep(value) if array is None else packed_array(array, keep, depth)


def as_array(value):
    """What NumPy makes of something that is like an array, or None: a series, a tensor, a deque."""
    kind = type(value)
    is_like = hasattr(kind, "__array__") or (hasattr(kind, "__len__") and hasattr(kind, "__getitem__"))
    if not is_like or callable(value) or isinstance(value, bytes | bytearray):
        return None
    try:
        array = np.asarray(value)
    except Exception:
        return None
    return array if array.dtype.kind in "biufc" else None


def packed_array(value, keep, depth):
    if value.size > LARGEST:
        raise ValueError("too large an array")
    array = np.array(value, order="C", subok=False)
    if array.dtype.kind in "UO":
        return {"list": pack(array.tolist(), keep, depth + 1)} if array.ndim else pack(array.item(), keep, depth + 1)
    array = array.astype(np.dtype(LONG.get(array.dtype.char, array.dtype)).newbyteorder("<"), copy=False)
    if array.dtype.str not in DTYPES:
        return keep(value)
    name = "array" if isinstance(value, np.ndarray) else "scalar"
    frozen = name == "array" and not value.flags.writeable
    data = base64.b64encode(array.tobytes()).decode()
    return {name: array.dtype.str, "shape": array.shape, "data": data} | ({"frozen": True} if frozen else {})


def unpack(message, find, items=None):
    """The value that was packed. find: called with the dict that stands for what is not plain. ValueError if none."""
    items = iter(range(ITEMS)) if items is None else items
    if not isinstance(message, dict):
        return [unpack(one, find, items) for one in counted(message, items)] if isinstance(message, list) else message
    kind = next(iter(message), "")
    content = message.get(kind)
    if kind in ("tuple", "list"):
        return {"tuple": tuple, "list": list}[kind](unpack(one, find, items) for one in counted(content, items))
    if kind == "dict":
        if len(content) > ENTRIES:
            raise ValueError("too large a dict")
        return {unpack(key, find, items): unpack(one, find, items) for key, one in counted(content, items)}
    if kind == "complex":
        return complex(*map(float, content))
    if kind == "ellipsis":
        return ...
    if kind in ("array", "scalar"):
        if content not in DTYPES:
            raise ValueError("not a type of numbers")
        if math.prod(n or 1 for n in message["shape"]) > LARGEST:  # no numbers, but endless to walk through
            raise ValueError("too large a shape")
        array = np.frombuffer(base64.b64decode(message["data"]), content).reshape(message["shape"]).copy()
        array.flags.writeable = not message.get("frozen")
        return array[()] if kind == "scalar" else array
    return find(message)


def counted(several, items):
    """Several things, one after the other. items: an iterator that has a next for each that there may be."""
    for one in several:
        if next(items, None) is None:
            raise ValueError("too many things")
        yield one


# What runs inside


class Given:
    """A function or an object of the grader's: calls and public attributes are asked for outside."""

    def __init__(self, worker, handle):
        self.__dict__.update(_worker=worker, _handle=handle)

    def __call__(self, *args, **hyper):
        worker = self._worker
        return worker.outside({"callback": self._handle, "args": worker.packed(args), "hyper": worker.packed(hyper)})

    def __getattr__(self, name):
        if name.startswith("_"):
            raise AttributeError(name)
        value = self._worker.outside({"attribute": self._handle, "name": name})
        self.__dict__[name] = value
        return value


class Silent(types.ModuleType):
    """What sheets import but is not in here, such as the checks: it takes everything and says nothing.

    asked: how often something was called that would say something elsewhere.
    """

    asked = 0

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return Silent(name)

    def __call__(self, *args, **hyper):
        Silent.asked += 1
        return Silent("result")

    def __iter__(self):
        return iter(())

    def __getitem__(self, key):
        return True


class Later(types.ModuleType):
    """A module of the library that is loaded when something in it is used."""

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(importlib.import_module(self.__name__), name)


class Withheld(NotImplementedError):
    """A function of the library was called that is what an exercise asks for."""


refusals: list = []


def refuse(name):
    """What the library here does in the place of a function that is withheld."""
    refusals.append(name)
    raise Withheld(f"withheld: {name} is what the exercise asks for")


class Worker:
    def __init__(self, inbox, outbox):
        self.inbox, self.outbox = inbox, outbox
        self.handles, self.process, self.number = [], os.getpid(), 0
        sys.path.append(os.getcwd())  # for modules that a cell has written
        module = sys.modules["__main__"] = types.ModuleType("__main__")  # where pickle and doctest look, too
        module.display, module.input = (lambda *args, **hyper: None), (lambda *args: "")
        module.get_ipython, module.__builtins__ = Silent("get_ipython"), __builtins__
        self.names = vars(module)
        self.run = self.run_plain

    def serve(self):
        while line := self.inbox.readline():
            request = json.loads(line)
            if "fresh" in request:
                return 0
            self.number, known = request.pop("number"), len(refusals)
            reply = self.done(request)
            self.say(reply | ({"refused": True} if len(refusals) > known else {}))
        return GONE

    def say(self, message):
        if os.getpid() != self.process:  # a copy of this process that a cell has made
            os._exit(0)
        self.outbox.write(json.dumps({**message, "number": self.number}).encode() + b"\n")
        self.outbox.flush()

    def done(self, request):
        try:
            (name, content), *_ = request.items()
            return getattr(self, f"do_{name}")(content, request)
        except BaseException as error:  # whatever a learner's code raises, SystemExit too
            return {"error": [type(error).__name__, words(error), where(error), cause(error)]}

    def do_notebook(self, content, request):
        """From here on cells run as in a notebook, by IPython itself."""
        self.run = notebook(sys.modules["__main__"])
        return {"value": None}

    def do_lend(self, modules, request):
        """Loads the library anew, with modules in which nothing is withheld. modules: {name: source}."""
        sys.meta_path.insert(0, Lender({f"course_lib.{name}": source for name, source in modules.items()}))
        for name in [name for name in sys.modules if name.partition(".")[0] == "course_lib"]:
            del sys.modules[name]
        load()
        return {"value": None}

    def do_run(self, source, request):
        """Runs a cell; where a withheld function stops it, it goes on behind that statement.

        So it does where a cell has asked a check for something, such as an example, which it does not get in here.
        """
        trouble, asked = None, Silent.asked
        while source:
            known, rest = len(refusals), ""
            try:
                self.run(source, request["name"])
            except BaseException as error:
                trouble = trouble or error
                goes_on = len(refusals) > known or Silent.asked > asked
                rest = behind(source, where(error)) if goes_on else ""
            source = rest
        if trouble:
            raise trouble
        return {"value": None}

    def run_plain(self, source, name):
        linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)  # who looks at a source
        exec(compile(source, name, "exec", dont_inherit=True), self.names)

    def do_value(self, expression, request):
        return {"value": self.packed(eval(compile(expression, "<answer>", "eval"), self.names))}

    def do_call(self, handle, request):
        args, hyper = self.unpacked(request["args"]), self.unpacked(request["hyper"])
        reply = {"value": self.packed(self.handles[handle](*args, **hyper))}
        before = [*request["args"], *(pair[1] for pair in request["hyper"]["dict"])]
        after = [self.changed(old, new) for old, new in zip(before, [*args, *hyper.values()])]
        return reply | ({"after": after} if any(item is not None for item in after) else {})

    def changed(self, old, new):
        """What an array or a list among the arguments holds after the call, if it is not what it held before."""
        if not isinstance(new, np.ndarray | list):
            return None
        now = json.loads(json.dumps(self.packed(new)))
        return now if now != old else None

    def do_get(self, handle, request):
        return {"value": self.packed(getattr(self.handles[handle], request["name"]))}

    def outside(self, message):
        """Asks the grader for something of his, in the middle of a call."""
        self.say(message)
        reply = json.loads(self.inbox.readline())
        if "error" in reply:
            raise RuntimeError(reply["error"])
        return self.unpacked(reply["value"])

    def packed(self, value):
        return pack(value, self.keep)

    def keep(self, value):
        if isinstance(value, Given):
            return {"yours": value._handle}
        if isinstance(value, np.random.Generator):
            return {"generator": value.bit_generator.state}
        self.handles.append(value)
        return {"handle": len(self.handles) - 1, "type": type(value).__name__, "callable": callable(value)}

    def unpacked(self, message):
        return unpack(message, self.find)

    def find(self, message):
        if "handle" in message:
            return self.handles[message["handle"]]
        if "generator" in message:
            return generator_from(message)
        return Given(self, message["yours"])


def generator_from(message):
    """A generator that goes on where the one that was packed stood."""
    generator = np.random.default_rng()
    generator.bit_generator.state = message["generator"]
    return generator


class Lender:
    """Finds modules of the library whose sources it has. sources: {full name: source}."""

    def __init__(self, sources):
        self.sources = sources

    def find_spec(self, name, path, target=None):
        if name in self.sources:
            file = f"{path[0]}/{name.rpartition('.')[2]}.py"
            loader = Lent(name, file)
            loader.source = self.sources[name]
            return importlib.util.spec_from_file_location(name, file, loader=loader)


class Lent(importlib.machinery.SourceFileLoader):
    """Loads a module from a source that is in no file."""

    def get_code(self, name):
        return compile(self.source, self.path, "exec", dont_inherit=True)


def notebook(main):
    """A function (source, name) that runs a cell as a notebook does: magics, await, and all. main: a module for names.

    What only a screen, a conda or an extension could do for a line with a magic is left undone: it is no answer.
    """
    sys.modules["jedi"] = None  # completes words, and takes its time to load
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    settings = Config()
    settings.HistoryManager.enabled = False
    shell = InteractiveShell.instance(config=settings, user_module=main)
    main.input = lambda *args: ""
    shown = []
    shell.enable_gui = shell.showsyntaxerror = lambda *args, **hyper: None
    shell.enable_matplotlib = lambda *args: (None, "agg")
    shell.showtraceback = lambda *args, **hyper: shown.append(sys.exc_info()[1])  # %%time tells of an error so alone
    magic = shell.run_line_magic

    def line_magic(name, line, *args, **hyper):
        try:
            return magic(name, line, _stack_depth=2)
        except Exception:
            if name in RUNNING:
                raise

    shell.run_line_magic = line_magic

    def run(source, name):
        shell.compile.get_code_name = lambda *args: name
        result, told = shell.run_cell(source), [*shown]
        shown.clear()
        for error in (result.error_before_exec, result.error_in_exec, *told):
            if error is not None:
                raise error

    return run


def behind(source, line):
    """What stands behind the statement in a line, with its numbers of lines."""
    try:
        last = next(one.end_lineno for one in ast.parse(source).body if one.lineno <= line <= one.end_lineno)
    except (SyntaxError, StopIteration, TypeError):
        return ""
    rest = source.split("\n")[last:]
    return "\n" * last + "\n".join(rest) if any(one.strip() for one in rest) else ""


def words(error):
    try:
        return str(error)[:SAID]
    except BaseException:
        return ""


def cause(error):
    """What is missing here, if the error came of that, or the module that starts too many at once; else ""."""
    if isinstance(error, ModuleNotFoundError):
        return f"module {error.name}"[:100]
    if isinstance(error, FileNotFoundError):
        return f"file {error.filename}"[:100]
    if type(error).__name__ == "UsageError" and "`" in words(error):  # a magic that is not there
        return f"module for {words(error).split('`')[1]}"[:100]
    trace = error.__traceback__
    while trace:
        module = str(trace.tb_frame.f_globals.get("__name__")).partition(".")[0]
        if module in STARTERS:
            return module
        if module in NETWORK and isinstance(error, OSError):
            return "network"
        trace = trace.tb_next
    return ""


def where(error):
    """The line of the cell in which it went wrong, or None."""
    if isinstance(error, SyntaxError):
        return error.lineno
    line, trace = None, error.__traceback__
    while trace:
        if trace.tb_frame.f_code.co_filename.startswith("<cell"):
            line = trace.tb_lineno
        trace = trace.tb_next
    return line


# The process


def drop(user):
    """Gives up root's rights, for limits do not bind root. user: number of the user to become."""
    if hasattr(os, "getuid") and os.getuid() == 0 and user:
        os.setgroups([])
        os.setresgid(user, user, user)
        os.setresuid(user, user, user)


def limit(limits):
    """Limits for this process and all that it starts. limits: {name of a resource: number, or (number, the most)}."""
    import resource  # not on Windows, where the grader reads this file, too

    for name, value in {**limits, "CORE": 0}.items():
        kind = getattr(resource, f"RLIMIT_{name}")
        hard = resource.getrlimit(kind)[1]
        soft, most = value if isinstance(value, tuple) else (value, value)
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(kind, (min(soft, most), most))


def load():
    """Loads what most answers use, and puts something silent in the place of what is not in here."""
    package = importlib.import_module("course_lib")
    for name in ("descent", "surfaces"):
        importlib.import_module(f"course_lib.{name}")
    for name in ("checks", "sheets", "quiz", "record", "live", "nodelay", "grading"):
        silent = Silent(f"course_lib.{name}")
        silent.__path__ = []
        sys.modules[silent.__name__] = silent
        setattr(package, name, silent)
    package.plots = Later("course_lib.plots")
    for name in ("linalg", "random"):
        importlib.import_module(f"numpy.{name}")


def keep(inbox, outbox, limits, user, alone):
    """Starts a child that serves, and the next when that one has ended, and says each time that it has.

    What runs in a child is of another user where that can be had, and can do nothing to this process.
    alone: whether all processes that can be seen from here were started from here: then none is left over.
    """
    while apart(serve, inbox, outbox, limits, user) != GONE:
        if alone and apart(sweep, user):
            return
        os.write(outbox, b'{"ended": true}\n')


def apart(task, *args):
    """The exit code of a task that is done in a child. Others that nobody else waits for are let go meanwhile."""
    child = os.fork()
    if not child:
        code = GONE
        try:
            code = task(*args)
        finally:
            os._exit(code)
    while True:
        process, status = os.wait()
        if process == child:
            return os.waitstatus_to_exitcode(status)


def serve(inbox, outbox, limits, user):
    """The exit code says whether there is somebody to serve any longer."""
    drop(user)
    limit(limits)
    return Worker(os.fdopen(inbox, "rb"), os.fdopen(outbox, "wb")).serve()


def sweep(user):
    """Ends all other processes and empties the folder."""
    drop(user)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(-1, signal.SIGKILL)
    for entry in os.scandir():
        shutil.rmtree(entry.path, ignore_errors=True) if entry.is_dir(follow_symlinks=False) else os.unlink(entry.path)
    return len(os.listdir())  # what cannot be swept ends the sandbox


def main(user, limits, alone):
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # the first process inside ignores what it does not handle
    inbox, outbox = os.dup(0), os.dup(1)
    load()
    nothing = os.open(os.devnull, os.O_RDWR)
    for fd in (0, 1, 2):
        os.dup2(nothing, fd)
    os.write(outbox, b'{"ready": true}\n')
    keep(inbox, outbox, limits, user, alone)
