"""From what a learning platform gives to one folder for each learner. Nothing is run, followed, or lost.

    a folder       notebooks with the learners' names, or a folder for each learner
    nbgrader's     submitted/<learner>/<unit>/<notebook>
    Moodle's zip   <name>_<number>_assignsubmission_file_/<notebook>, or the same without the folder
    Canvas's zip   <name>_<number>_<number>_<notebook>, with _LATE_ after the name of who was late

Each learner's newest notebook becomes <out>/<learner>/<unit>.ipynb; whatever else came lies beside it.
"""

import itertools
import os
import re
import stat
import time
import zipfile
from dataclasses import dataclass
from pathlib import Path

from course_lib.grading.names import filename

LARGEST = 2**25  # bytes of a file
ALL = 2**31  # bytes of everything in a zip
MANY = 100_000  # members of a zip
MOODLE = re.compile(r"(?P<learner>.+_\d+)_assignsubmission_(?P<kind>file|onlinetext)_?(?P<name>.*)", re.DOTALL)
CANVAS = re.compile(r"(?P<learner>.+?)(?P<late>_LATE)?_(?P<id>\d+)_\d+_(?P<name>.+)", re.DOTALL)
ALREADY = re.compile(r"-(\d+)(?=\.ipynb$)")  # Canvas's number of a notebook handed in again
RUBBISH = {"__MACOSX", ".ipynb_checkpoints", ".DS_Store", "Thumbs.db", "desktop.ini", "timestamp.txt"}


class Trouble(Exception):
    """Why a file is not taken, in a sentence."""


@dataclass(frozen=True)
class File:
    """One file that came: whose it is, its name, how new it is, how to get its bytes (or Trouble), what is odd."""

    learner: str
    name: str
    newness: tuple
    source: str
    bytes: object
    odd: str = ""


@dataclass(frozen=True)
class Kept:
    """What has become of a file: where it lies ("" if nowhere), and what a person should know of it ("" if nothing)."""

    source: str
    learner: str
    file: str
    oddity: str


def collect(sources, unit, out):
    """Sorts what has come into a folder for each learner.

    sources: folders, zip files, notebooks. unit: name of the sheet. out: folder, made if it is not there.
    Returns a list of Kept, one for each file that came, in order.
    Errors: OSError or zipfile.BadZipFile if a source cannot be read at all.
    """
    kept, learners = [], {}
    for source in map(Path, sources):
        for file in files_in(source, unit):
            if isinstance(file, Kept):
                kept.append(file)
            else:
                learners.setdefault(file.learner, []).append(file)
    for learner, folder in folders(learners).items():
        kept += put(learners[learner], unit, Path(out) / folder)
    return sorted(kept, key=lambda one: (one.learner.casefold(), one.source))


def folders(learners):
    """{learner: name of the folder}, told apart also where capitals do not count."""
    taken, named = set(), {}
    for learner in learners:
        name = filename(learner)
        if name.casefold() in taken:
            name = filename(learner + "\0")
        taken.add(name.casefold())
        named[learner] = name
    return named


# What came


def files_in(source, unit):
    """The files of one source, each a File, or a Kept if it is left out."""
    if source.suffix.lower() == ".zip" and source.is_file():
        yield from files_in_zip(source, unit)
    elif source.is_symlink() or not source.is_dir():
        yield file_on_disk(
            source, (source.absolute().parent.name, source.name) if source.stem == unit else (source.name,), unit
        )
    else:
        is_wrapped, shut = len({*os.listdir(source)} - RUBBISH) == 1, []
        for folder, within, names in os.walk(source, onerror=shut.append):
            within[:] = sorted(name for name in within if name not in RUBBISH)
            links = [name for name in within if (Path(folder) / name).is_symlink()]
            inner = Path(folder).relative_to(source).parts
            for name in sorted({*names, *links} - RUBBISH):
                yield file_on_disk(Path(folder) / name, (*inner, name), unit, is_wrapped)
            if inner and not within and not names:
                yield Kept("/".join(inner), inner[0], "", "an empty folder")
        for error in shut:
            inner = Path(error.filename).relative_to(source).parts
            yield Kept("/".join(inner), inner[0], "", f"it cannot be opened ({error.strerror})")


def file_on_disk(path, inner, unit, is_wrapped=False):
    state = path.lstat()
    learner, name = owner(inner, unit, is_wrapped)
    if stat.S_ISREG(state.st_mode):
        return File(learner, name, time.localtime(state.st_mtime)[:6], "/".join(inner), lambda: plain(path))
    link = stat.S_ISLNK(state.st_mode)
    return Kept("/".join(inner), learner, "", f"{'a link' if link else 'neither file nor folder'}: it was left out")


def plain(path):
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    with open(os.open(path, flags), "rb") as file:
        return bounded(file, LARGEST)


def files_in_zip(path, unit):
    with zipfile.ZipFile(path) as archive:
        members = archive.infolist()
    if len(members) > MANY:
        raise zipfile.BadZipFile(f"{path.name} has {len(members)} members; {MANY} are allowed")
    left, split = [ALL], []
    for member in members:
        parts = [part for part in re.split(r"[/\\]", decoded(member)) if part not in ("", ".")]
        inner = tuple(part for part in parts if part != "..")
        if not (member.is_dir() or RUBBISH & set(inner)):
            split.append((member, parts, inner))
    is_wrapped = len({inner[:1] for _, _, inner in split}) == 1
    for member, parts, inner in split:
        written, source = decoded(member), f"{path.name}: {'/'.join(parts)}"
        learner, name = owner(inner, unit, is_wrapped)
        if stat.S_ISLNK(member.external_attr >> 16):
            yield Kept(source, learner, "", "a link: it was left out")
            continue
        outside = ".." in parts or re.match(r"[/\\]|[A-Za-z]:", written)
        odd = "its path leads out of the zip; only the name was taken" if outside else ""
        yield File(learner, name, member.date_time, source, unzipping(path, member, left), odd)


def unzipping(path, member, left):
    """A function that unpacks one member, never more of it than is allowed, whatever the zip says about its size."""

    def unpack():
        try:
            with zipfile.ZipFile(path) as archive, archive.open(member) as file:
                data = bounded(file, min(LARGEST, left[0]))
        except Trouble:
            raise
        except Exception as error:  # each way of packing has errors of its own
            raise Trouble(f"it cannot be unpacked: {error}") from None
        left[0] -= len(data)
        return data

    return unpack


def bounded(file, most):
    data = file.read(most + 1)
    if len(data) > most:
        raise Trouble(f"more than {most / 2**20:.0f} MB: it was left out")
    return data


def decoded(member):
    """The name of a member; one that is not marked as UTF-8 is tried as such before it is read as that of old DOS."""
    name = member.orig_filename.split("\0")[0]
    try:
        return name if member.flag_bits & 0x800 else name.encode("cp437").decode("utf-8")
    except UnicodeError:
        return name


# Whose it is


def owner(parts, unit, is_wrapped=False):
    """(learner, name of the file) from the path that a platform made. is_wrapped: whether all lies in one folder.

    What a learner has named like a platform's folder, within a folder of his own, is no platform's.
    """
    parts = list(parts) or ["nameless"]
    if len(parts) > 1 and parts[0] == "submitted":
        parts = parts[1:]
    for i, part in enumerate(parts[: 1 + is_wrapped]):
        if found := MOODLE.fullmatch(part):
            name = "/".join([*filter(None, [found["name"]]), *parts[i + 1 :]])
            return found["learner"], name or found["kind"]
    if len(parts) == 1 and (found := CANVAS.fullmatch(parts[0])):
        return f"{found['learner']}_{found['id']}", found["name"]
    if len(parts) == 1:
        return re.sub(r"\.ipynb.*|\.[^.]*$", "", parts[0], count=1) or parts[0], parts[0]
    inner = parts[1:]
    return parts[0], "/".join(inner[1:] if len(inner) > 1 and inner[0] == unit else inner)


# Where it goes


def put(files, unit, folder):
    """Writes one learner's files. The newest of the notebooks that have the sheet's name is the one to grade."""
    files = sorted(files, key=lambda file: (rank(file, unit), again(file), file.newness), reverse=True)
    alike = sum(rank(file, unit) == rank(files[0], unit) for file in files)
    kept, chosen, taken = [], None, set()
    for file in files:
        try:
            data = file.bytes()
        except (Trouble, OSError) as trouble:
            kept.append(Kept(file.source, file.learner, "", str(trouble)))
            continue
        is_chosen = chosen is None and rank(file, unit) > 0
        chosen = file if is_chosen else chosen
        place = folder / (
            f"{unit}.ipynb"
            if is_chosen
            else free(filename(file.name.replace("/", "_")), taken | {f"{unit}.ipynb".casefold()})
        )
        taken.add(place.name.casefold())
        odd = [file.odd, oddity(file, is_chosen, alike, unit)]
        odd.append(placed(place, data))
        kept.append(Kept(file.source, file.learner, str(place), "; ".join(filter(None, odd))))
    return kept


def rank(file, unit):
    """2 for a notebook with the sheet's name, 1 for another one, 0 for what is none."""
    name = file.name.rpartition("/")[2].casefold()
    return 0 if ".ipynb" not in name else 2 if name.startswith(unit.casefold()) else 1


def again(file):
    """How often Canvas had had the file before."""
    return int(found[1]) if (found := ALREADY.search(file.name)) else 0


def oddity(file, is_chosen, alike, unit):
    """What a person should know of a file that has been taken, or "". alike: how many are as good as the best."""
    if is_chosen:
        words = [f"the newest of {alike} notebooks" if alike > 1 else ""]
        words += ["" if file.name.casefold().endswith(".ipynb") else f"its name ends otherwise: {file.name}"]
        return "; ".join(filter(None, words))
    if file.name.casefold().endswith(".zip"):
        return "a zip in the submission: unpack it by hand"
    if rank(file, unit):
        return "another notebook, not the one to grade"
    return "not a notebook"


def free(name, taken):
    """The name, or one like it that is not taken."""
    stem, dot, ending = name.rpartition(".")
    numbered = (f"{stem or ending}-{i}{dot if stem else ''}{ending if stem else ''}" for i in itertools.count(2))
    return next(one for one in itertools.chain([name], numbered) if one.casefold() not in taken)


def placed(place, data):
    """Writes a file; what was there before and is not the same stays, under another name, and is spoken of."""
    place.parent.mkdir(parents=True, exist_ok=True)
    said = ""
    if place.is_symlink() or (place.exists() and place.read_bytes() != data):
        before = free(f"before-{place.name}", {entry.name.casefold() for entry in place.parent.iterdir()})
        os.replace(place, place.with_name(before))
        said = f"it replaces an earlier one, now {before}"
    place.write_bytes(data)
    return said
