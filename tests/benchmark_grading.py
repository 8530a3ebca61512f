"""How fast a class is graded, beside nbgrader on the same copies in the same run, and how that grows with the class.

python tests/benchmark_grading.py           a few copies: one or two minutes
python tests/benchmark_grading.py --full    30, 300 and 3,000 copies: about an hour
python tests/benchmark_grading.py --next    the time of an honest notebook behind one of each kind: some minutes

Copies are sheet 04 with all its answers, each with a number of its own in it, so that no two are the same file. The
last lines compare: nbgrader against one at a time, time and memory of the largest class against the smallest, marks
through a local Dask cluster.
"""

import argparse
import importlib.util
import json
import os
import shutil
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from course_lib.grading.marks import grade_one

ROOT = Path(__file__).parents[1]
SPEC = importlib.util.spec_from_file_location("kinds", Path(__file__).with_name("test_grading_kinds.py"))
kinds = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(kinds)

ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
ENVIRONMENT["PATH"] = sysconfig.get_path("scripts") + os.pathsep + os.environ["PATH"]


def copies(folder, count):
    """A folder in nbgrader's layout: submitted/<learner>/<unit>/<unit>.ipynb."""
    school = kinds.School(folder / "school")
    for i in range(count):
        nb = kinds.Notebook(school)
        nb.append("ema", f"number = {i}")
        place = folder / "submitted" / f"learner{i:04}" / kinds.UNIT
        place.mkdir(parents=True)
        nb.write(place)
    school.server.close()
    return folder / "submitted"


def timed(*command, cwd):
    """(seconds, peak memory of the process itself in MB) of a command that must end with 0 or 3."""
    began, peak = time.perf_counter(), 0
    with open(cwd / "said.txt", "w") as said:
        process = subprocess.Popen(command, cwd=cwd, env=ENVIRONMENT, stdout=said, stderr=said)
        while process.poll() is None:
            peak = max(peak, memory(process.pid))
            time.sleep(0.02)
    if process.returncode not in (0, 3):
        sys.exit((cwd / "said.txt").read_text()[-3000:])
    return time.perf_counter() - began, peak


def memory(pid):
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0
    return max([int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")], default=0)


def ours(submitted, out, *arguments):
    """(seconds, MB, {learner: marks}) of our grading."""
    command = [sys.executable, "-m", "course_lib.grading", "grade", kinds.UNIT, str(submitted), "--out", str(out),
               "--seed", "1", *arguments]  # fmt: skip
    seconds, peak = timed(*command, cwd=out.parent)
    results = [json.loads(path.read_text()) for path in (out / kinds.UNIT / "results").glob("*.json")]
    marks = {result["learner"]: [mark["marks"] for mark in result["marks"]] for result in results}
    points = [kinds.POINTS[name] if name != kinds.BY_HAND else None for name in kinds.POINTS]
    if wrong := [learner for learner, came in marks.items() if came != points]:
        sys.exit(f"not all marks: {wrong[:5]} ({len(wrong)} in all)")
    return seconds, peak, marks


def nbgrader(submitted, folder):
    """Seconds of nbgrader autograde on the same copies; making its assignment is not counted."""
    source = folder / "source" / kinds.UNIT
    source.mkdir(parents=True)
    shutil.copy(ROOT / "solutions" / f"{kinds.UNIT}.ipynb", source)
    shutil.copytree(submitted, folder / "submitted")
    command = [sys.executable, "-m", "nbgrader"]
    timed(*command, "generate_assignment", kinds.UNIT, cwd=folder)
    seconds, _ = timed(*command, "autograde", kinds.UNIT, cwd=folder)
    graded = len(list((folder / "autograded").glob("*/*/*.ipynb")))
    if graded != len(list(submitted.iterdir())):
        sys.exit((folder / "said.txt").read_text()[-3000:])
    return seconds


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--full", action="store_true", help="30, 300 and 3,000 copies")
    parser.add_argument("--next", action="store_true", help="what a notebook does to the time of the next")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        if options.next:
            behind(Path(place))
        else:
            compare(Path(place), [30, 300, 3000] if options.full else [5, 10, 20])


def behind(place):
    school = kinds.School(place / "school")
    honest = kinds.Notebook(school).write(school.here)

    def seconds():
        result = grade_one(honest, kinds.UNIT, limits=kinds.LIMITS)
        if kinds.earned(result) != {**kinds.POINTS, kinds.BY_HAND: "by hand"}:
            sys.exit(f"not all marks: {result}")
        return result["seconds"]

    seconds()  # which starts the process that judges
    usual, times = statistics.median(seconds() for _ in range(20)), {}
    for words in kinds.KINDS:
        goes = []
        while not goes or (goes[-1] > 1.1 * usual + 0.5 and len(goes) < 3):
            limits = replace(kinds.LIMITS, cell=kinds.KINDS[words][4])
            grade_one(kinds.spoilt(words, school).write(place), kinds.UNIT, limits=limits)
            goes.append(seconds())
        times[words] = min(goes)
    school.server.close()
    print(f"alone {usual:.2f} s; behind one of {len(times)} kinds {statistics.median(times.values()):.2f} s, at most:")
    for words in sorted(times, key=times.get)[:-6:-1]:
        print(f"{times[words]:7.2f} s  {words}")
    print(f"in three goes a tenth and 0.5 s longer: {sum(time > 1.1 * usual + 0.5 for time in times.values())}")


def compare(place, sizes):
    small = copies(place, sizes[0])
    (place / "nbgrader").mkdir()
    theirs = nbgrader(small, place / "nbgrader") / sizes[0]
    one, _, _ = ours(small, place / "one", "-j", "1")
    two, _, alone = ours(small, place / "two", "-j", "2")
    one, two = one / sizes[0], two / sizes[0]
    print(f"{sizes[0]} copies, seconds each: nbgrader {theirs:.2f}, one at a time {one:.2f}, two at once {two:.2f}")
    print(f"faster than nbgrader: {theirs / one:.1f} times, two at once {theirs / two:.1f} times")
    found = []
    for size in sizes:
        folder = place / str(size)
        folder.mkdir()
        seconds, peak, _ = ours(copies(folder, size), folder / "out", "-j", "2")
        found.append((seconds / size, peak))
        print(f"{size:5} copies: {seconds:7.1f} s, {seconds / size:.3f} s each, {peak:.0f} MB")
    print(f"from {sizes[0]} to {sizes[-1]} copies: time of each {found[-1][0] / found[0][0]:.2f} times, memory "
          f"{found[-1][1] / found[0][1]:.2f} times")  # fmt: skip
    print(f"the same marks through a Dask cluster: {through_cluster(small, place) == alone}")


def through_cluster(submitted, place):
    from distributed import LocalCluster

    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
        return ours(submitted, place / "cluster", "--dask", cluster.scheduler_address)[2]


if __name__ == "__main__":
    main()
