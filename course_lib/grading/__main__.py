"""Grades a class's sheets; makes, collects and exports what belongs to it."""

import argparse
import os
import sys
import textwrap
import zipfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from course_lib.grading import batch, feedback, table
from course_lib.grading.collect import collect
from course_lib.grading.marks import Limits
from course_lib.grading.names import filename, readable
from course_lib.grading.read import cells_of, is_key
from course_lib.grading.relay import JUDGES
from course_lib.grading.results import Results, write
from course_lib.grading.sandbox import refusal, stopped
from course_lib.grading.unit import unit_of

DONE, FAILED, MISUSED, PERSON = 0, 1, 2, 3
SELDOM = 10.0  # seconds after which is said what is in work; then after twice, four times as many
WIDTH = 100  # of the line that says it
ROOT = Path(__file__).parents[2]


class Misused(Exception):
    """What was asked for makes no sense; the text says why."""


def main(arguments=None):
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a screen that lacks the letters of a name must not end the grading
            stream.reconfigure(errors="replace")
    options = parser().parse_args(arguments)
    try:
        return options.run(options)
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return FAILED
    except ModuleNotFoundError as error:
        print(f"{error}. The packages for teaching are the group grading in pyproject.toml.", file=sys.stderr)
        return FAILED
    except Misused as error:
        print(error, file=sys.stderr)
        return MISUSED
    except KeyboardInterrupt:
        print("Stopped. What is graded is kept; the same command goes on from there.", file=sys.stderr)
        return FAILED


# grade


def grade(options):
    name = options.key or options.unit
    submissions = handed_in(options)
    unit, store = unit_of(name), Results(Path(options.out) / options.unit)
    if why := "" if options.dask else refusal(options.sandbox):
        raise ValueError(why)
    seed, rows, fresh, screen = store.seed(options.seed), {}, [], Screen(sys.stderr)
    for submission in submissions:
        earlier = store.find(submission.learner)
        if batch.is_current(earlier, submission, unit.hash, seed, limits(options).times):
            rows[submission.learner] = table.summary(earlier)
        else:
            fresh.append(submission)
    if rows:
        say(f"{len(rows)} of {len(submissions)} are graded already")
    tasks = feedback.tasks(unit)
    settings = {"sandbox": options.sandbox, "seed": seed, "limits": limits(options), "working": screen.working}
    with workers(options) as (executor, ahead):
        for submission, result in batch.grade_class(fresh, name, unit, executor, ahead, **settings):
            result |= {"unit": options.unit, "seed": seed}
            write(page_of(store, result), feedback.page(result, tasks))  # first, so that no result is without its page
            rows[submission.learner] = row = table.summary(store.put(result))
            screen.say(f"[{len(rows)}/{len(submissions)}] {row['learner']}: {result['seconds']:.1f} s")
    write(store.folder / "marks.csv", table.comma_separated(store))
    if options.gradebook:
        to_gradebook(options, store)
    for line in table.lines([rows[submission.learner] for submission in submissions]):
        print(line)
    print(f"Marks: {store.folder / 'marks.csv'}. Feedback: {store.folder / 'feedback'}.")
    return ending(rows.values())


def handed_in(options):
    """The submissions; what is asked for is looked at before anything is graded."""
    if zips := [path for path in options.submissions if path.casefold().endswith(".zip")]:
        raise Misused(f"a zip is collected first: python -m course_lib.grading collect {options.unit} {' '.join(zips)}")
    if options.key and Path(options.key).stem != options.unit:
        raise Misused(f"the key must be that of {options.unit}; got {options.key}")
    if options.key and not is_key(options.key):
        raise Misused(f"{options.key} is no key: make --seed wrote it into the folder keys, beside sheets")
    submissions, others = batch.find_submissions(options.submissions, options.unit)
    for path in others:
        say(f"left out, not a notebook: {readable(str(path))}")
    if not submissions:
        raise ValueError("no notebook in " + ", ".join(map(readable, options.submissions)))
    count = 0 if options.key else batch.count_variants(submissions)
    if 2 * count > len(submissions):
        raise Misused(f"{count} of {len(submissions)} are of a private variant: give its key with --key")
    return submissions


def limits(options):
    """Those that hold, with the seconds that were asked for."""
    usual, asked = Limits(), options.seconds
    return usual if asked is None else Limits(cell=asked, call=asked, total=max(usual.total, 5 * asked))


class Screen:
    """Says what is done, and what is in work: on a terminal in one line, else seldom. stream: where to."""

    def __init__(self, stream):
        self.stream, self.width, self.told = stream, 0, {}

    def say(self, text):
        print(f"{self.blank()}{text}", file=self.stream, flush=True)

    def blank(self):
        width, self.width = self.width, 0
        return f"\r{' ' * width}\r" if width else ""

    def working(self, seconds):
        """seconds: {learner: how long so far}."""
        self.told = {learner: self.told.get(learner, SELDOM) for learner in seconds}
        if self.stream.isatty():
            text = "in work: " + ", ".join(f"{learner} {time:.0f} s" for learner, time in seconds.items())
            blank, self.width = self.blank(), min(len(text), WIDTH)
            print(f"{blank}{text[:WIDTH]}", end="", file=self.stream, flush=True)
        else:
            for learner, time in seconds.items():
                if time >= self.told[learner]:
                    self.told[learner] *= 2
                    self.say(f"in work: {learner}, {time:.0f} s so far")


def ending(rows):
    return PERSON if any(row["open"] or row["state"] != "graded" for row in rows) else DONE


@contextmanager
def workers(options):
    """(executor, how many submissions to hand it at once): threads here, or a cluster."""
    if options.dask:
        from distributed import Client

        with Client(options.dask) as client:
            yield client.get_executor(), 2 * sum(client.nthreads().values())
    else:
        executor = ThreadPoolExecutor(options.jobs)
        try:
            yield executor, 2 * options.jobs
        except BaseException:  # whoever wants to stop does not wait for those that are in work
            with stopped():
                executor.shutdown(cancel_futures=True)
            JUDGES.close()
            raise
        executor.shutdown()


def page_of(store, result):
    return store.folder / "feedback" / f"{filename(result['learner'])}.html"


def to_gradebook(options, store):
    from course_lib.grading import gradebook

    name = options.key or options.unit
    count = gradebook.fill(options.gradebook, options.unit, cells_of(name), store)
    gradebook.write_autograded(options.gradebook, options.unit, cells_of(name), store)
    say(f"{count} learners are in the gradebook {options.gradebook}")


def say(text, stream=None):
    print(text, file=stream or sys.stderr, flush=True)


# make, collect, export


def make(options):
    from course_lib.grading.release import exercise, variant

    out = Path(options.out or ROOT / "exercises")
    if options.seed and not options.out:
        raise Misused("a variant needs --out, a folder that learners cannot see")
    for unit in options.units or sorted(path.stem for path in (ROOT / "solutions").glob("*.ipynb")):
        if options.seed:
            sheet, key, told = variant(solution(unit), options.seed)
            write(out / "keys" / f"{unit}.ipynb", key)
            write(out / "sheets" / f"{unit}.ipynb", sheet)
            print("\n".join([unit, *(f"    {line}" for line in told)]))
            print(f"for the learners: {out / 'sheets' / f'{unit}.ipynb'}")
            print(f"for you alone: {out / 'keys' / f'{unit}.ipynb'}")
        else:
            write(out / f"{unit}.ipynb", exercise(solution(unit)))
            print(out / f"{unit}.ipynb")
    return DONE


def solution(unit):
    path = ROOT / "solutions" / f"{unit}.ipynb"
    if not path.exists():
        names = ", ".join(sorted(path.stem for path in path.parent.glob("*.ipynb")))
        raise ValueError(f"there is no sheet {unit!r}; the sheets are {names}")
    return path


def gather(options):
    kept = collect(options.sources, options.unit, options.out)
    for one in kept:
        print(readable(f"{one.source} -> {one.file or 'nowhere'}{one.oddity and ': '}{one.oddity}"))
    odd = sum(bool(one.oddity) for one in kept)
    print(f"{len({one.learner for one in kept})} learners, {len(kept)} files, {odd} with something to look at")
    return PERSON if odd or not kept else DONE


def show(options):
    """Prints what a learner asks about: what did not hold, with which inputs, and what came."""
    result = Results(Path(options.out) / options.unit).find(options.learner)
    if result is None:
        raise ValueError(f"no result of {readable(options.learner)} in {Path(options.out) / options.unit}")
    for line in table.appeal(result):
        print(line)
    return DONE


def export(options):
    store = Results(Path(options.out) / options.unit)
    results = list(store)
    if not results:
        raise ValueError(f"no results in {store.folder}")
    if options.gradebook:
        from course_lib.grading import gradebook

        to_gradebook(options, store)
        by_hand = gradebook.by_hand(options.gradebook, options.unit, cells_of(options.key or options.unit))
        results = [gradebook.with_hand(result, by_hand) for result in results]
    text = table.comma_separated(results)
    if options.csv == "-":
        print(text, end="")
    else:
        write(options.csv, text)
        say(f"Marks: {options.csv}.")
    if options.feedback:
        tasks = feedback.tasks(unit_of(options.key or options.unit))
        for result in results:
            write(Path(options.feedback) / page_of(store, result).name, feedback.page(result, tasks))
        say(f"Feedback: {options.feedback}.")
    rows = [table.summary(result) for result in results]
    say(f"Still open: {table.number(sum(row['open'] for row in rows))} points.")
    return ending(rows)


# The command line


def parser():
    program = described(argparse.ArgumentParser(prog="python -m course_lib.grading"), *COMMANDS.split("\n\n", 1))
    commands = program.add_subparsers(required=True, metavar="make | collect | grade | show | export")

    one = command(commands, "grade", grade, GRADE)
    one.add_argument("unit", type=known, help="name of the sheet, such as 04_momentum")
    one.add_argument(
        "submissions", nargs="+", help="notebooks, or folders with a folder or a notebook for each learner"
    )
    one.add_argument("-j", "--jobs", type=positive, default=os.cpu_count(), help="how many at once (%(default)s)")
    one.add_argument(
        "--sandbox",
        choices=["bwrap", "docker", "none"],
        default="bwrap",
        help="what answers run in; none: they may do whatever you may (%(default)s)",
    )
    one.add_argument("--dask", metavar="ADDRESS", help="send the work to a Dask cluster instead")
    one.add_argument("--resume", action="store_true", help="what a second run does anyway: only what is new or changed")
    usual = f"{Limits().cell:g} and {Limits().call:g}"
    one.add_argument("--seconds", type=seconds, help=f"for a cell, and for a call of an answer ({usual})")
    one.add_argument("--seed", type=int, help="of the hidden inputs; without it one is drawn, and kept in seed.txt")
    placed(one)

    one = command(commands, "make", make, MAKE)
    one.add_argument("units", nargs="*", type=known, metavar="unit", help="names of sheets; all of them by default")
    one.add_argument("--seed", help="a text from which a variant is drawn; keep it to yourself, and make it long")
    one.add_argument("--out", metavar="DIR", help="where to (exercises/; for a variant it must be given)")

    one = command(commands, "collect", gather, COLLECT)
    one.add_argument("unit", type=known, help="name of the sheet, such as 04_momentum")
    one.add_argument("sources", nargs="+", help="folders, or zip files as the platform made them")
    one.add_argument("--out", metavar="DIR", default="submitted", help="where to (%(default)s)")

    one = command(commands, "show", show, SHOW)
    one.add_argument("unit", type=known, help="name of the sheet, such as 04_momentum")
    one.add_argument("learner", help="name, as it stands in the table")
    one.add_argument("--out", metavar="DIR", default="graded", help="where results are kept (%(default)s)")

    one = command(commands, "export", export, EXPORT)
    one.add_argument("unit", type=known, help="name of the sheet, such as 04_momentum")
    one.add_argument("--csv", metavar="FILE", default="-", help="where to write the table (to the screen)")
    one.add_argument("--feedback", metavar="DIR", help="write the pages again, with the marks given by hand")
    placed(one)
    return program


def command(commands, name, run, words):
    one = described(commands.add_parser(name, help=words.strip().split("\n")[0]), *words.split("\n\n", 1))
    one.set_defaults(run=run)
    return one


def described(one, first, rest):
    one.description, one.epilog = first.strip(), textwrap.dedent(rest)
    one.formatter_class = argparse.RawDescriptionHelpFormatter
    return one


def placed(one):
    one.add_argument("--out", metavar="DIR", default="graded", help="where results are kept (%(default)s)")
    one.add_argument("--key", metavar="FILE", help="the key of a variant, which make --seed wrote")
    one.add_argument("--gradebook", metavar="FILE", help="nbgrader's database, for marks by hand (needs nbgrader)")


def known(unit):
    try:
        return solution(unit).stem
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def positive(text):
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"a whole number from 1 up is meant; got {text}")
    return int(text)


def seconds(text):
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < 1e5:
        raise argparse.ArgumentTypeError(f"a number of seconds above 0 and below 100,000 is meant; got {text}")
    return value


COMMANDS = """Grades a class's sheets; makes, collects and exports what belongs to it.

    python -m course_lib.grading make                                   the sheets, from their solutions
    python -m course_lib.grading collect 04_momentum moodle.zip         what a platform gives, sorted by learner
    python -m course_lib.grading grade 04_momentum submitted/           marks, a table, feedback pages
    python -m course_lib.grading show 04_momentum ada                   why, for an appeal
    python -m course_lib.grading export 04_momentum --csv marks.csv     the marks, once more

Each command explains itself: python -m course_lib.grading grade --help.
It ends with 0 if all is done, 3 if something needs a person, 1 if it failed, 2 if it was called wrongly.
"""

GRADE = """Marks a class's notebooks, each in a sandbox of its own; what they hold is never trusted.

Into DIR/<unit> go a result for each learner (results/), a page for each learner (feedback/), and marks.csv. Stopped,
even killed, it goes on where it was when the same command is given again: what is graded already is not graded twice.
To have one graded again, delete its file in results/.

    python -m course_lib.grading grade 04_momentum submitted/
    python -m course_lib.grading grade 04_momentum submitted/ -j 4 --gradebook gradebook.db
    python -m course_lib.grading grade 04_momentum submitted/ --key secret/keys/04_momentum.ipynb
    python -m course_lib.grading grade 04_momentum submitted/ --dask tcp://10.0.0.1:8786

--seconds is what slow answers need: it holds for a cell and for a call. Given later, those that ran out of time are
graded again. Without bubblewrap it says how to get it; with --sandbox docker the same is asked of Docker, which has
been tried with no engine so far: try it with a few first.
Of several notebooks of one learner the one with the sheet's name counts, or if that is blank one that is not.

A cluster needs the course and the submissions at the same paths on each machine.
It ends with 0 if all are graded, 3 if something waits for a person, such as a text to read, 1 if it failed.
"""

MAKE = """Makes the sheets from their solutions; with a seed, a private variant to be graded.

    python -m course_lib.grading make
    python -m course_lib.grading make 04_momentum --seed "winter, second group, 8134" --out secret/

A variant has other functions, dimensions and numbers. DIR/sheets is for the learners. DIR/keys is for you alone: grade
takes it with --key. It prints for each graded cell what varies: the exercise itself, or the hidden inputs only;
then the answer in solutions/ still holds.
"""

COLLECT = """Sorts what learners handed in into one folder for each; nothing is run, nothing is lost.

    python -m course_lib.grading collect 04_momentum moodle.zip --out submitted
    python -m course_lib.grading collect 04_momentum canvas.zip late/ --out submitted

It takes a folder of names, nbgrader's submitted/, a zip of Moodle's or Canvas's, and says of each file where it has
gone and what is odd about it. The newest notebook with the sheet's name will be graded; all else lies beside it.
It ends with 0, with 3 if there is something odd for a person to look at, 1 if it failed.
"""

SHOW = """Shows for one learner what did not hold: the inputs, what came back, the error in full.

    python -m course_lib.grading show 04_momentum ada

The page that a learner gets has none of this, so that nothing is given away. The inputs are drawn from the class's
secret and from the notebook: with another notebook they are others.
"""

EXPORT = """Writes the marks of a class once more: as a table, into nbgrader's gradebook, onto the pages.

    python -m course_lib.grading export 04_momentum --csv marks.csv
    python -m course_lib.grading export 04_momentum --gradebook gradebook.db --csv marks.csv --feedback feedback/

With a gradebook the marks that people have given there are in the table and on the pages, and their comments on these.
It ends with 0, with 3 if something is still open, 1 if it failed.
"""

if __name__ == "__main__":
    sys.exit(main())
