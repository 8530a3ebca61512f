"""Collecting: whatever a platform makes of a class's files, each learner has a folder, and nothing is lost unsaid."""

import os
import stat
import struct
import zipfile

import pytest

from course_lib.grading import batch, names
from course_lib.grading import collect as module
from course_lib.grading.__main__ import main
from course_lib.grading.collect import collect

UNIT = "04_momentum"


def put(folder, files):
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
    return folder


def zipped(path, members):
    """A zip of pairs (name or ZipInfo, text)."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for member, text in members:
            archive.writestr(member, text)
    return path


def lies(out):
    """{path below out: its text} of all that was written."""
    return {path.relative_to(out).as_posix(): path.read_text() for path in out.rglob("*") if path.is_file()}


def oddities(kept):
    return {one.source.rpartition(": ")[2]: one.oddity for one in kept if one.oddity}


LAYOUTS = {
    "names": {"anna.ipynb": "a", "bob.ipynb": "b"},
    "folders": {f"anna/{UNIT}.ipynb": "a", f"bob/{UNIT}.ipynb": "b"},
    "nbgrader": {f"submitted/{who}/{UNIT}/{name}": who[0] for who in ("anna", "bob")
                 for name in (f"{UNIT}.ipynb", "timestamp.txt")},
    "Moodle": {f"anna_17_assignsubmission_file_/{UNIT}.ipynb": "a", f"bob_18_assignsubmission_file_/{UNIT}.ipynb": "b"},
    "Moodle without folders": {f"anna_17_assignsubmission_file_{UNIT}.ipynb": "a",
                               f"bob_18_assignsubmission_file_{UNIT}.ipynb": "b"},
    "Canvas": {f"anna_17_900_{UNIT}.ipynb": "a", f"bob_LATE_18_901_{UNIT}.ipynb": "b"},
}  # fmt: skip
IDS = {"Moodle": ("_17", "_18"), "Moodle without folders": ("_17", "_18"), "Canvas": ("_17", "_18")}


@pytest.mark.parametrize("as_zip", [False, True])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_gives_a_folder_for_each_learner(layout, as_zip, tmp_path):
    source = put(tmp_path / "in", LAYOUTS[layout])
    if as_zip:
        source = zipped(tmp_path / "in.zip", LAYOUTS[layout].items())
    kept = collect([source], UNIT, tmp_path / "out")
    a, b = IDS.get(layout, ("", ""))
    assert lies(tmp_path / "out") == {f"anna{a}/{UNIT}.ipynb": "a", f"bob{b}/{UNIT}.ipynb": "b"}
    assert not oddities(kept)
    found, others = batch.find_submissions([tmp_path / "out"], UNIT)
    assert [one.learner for one in found] == ["anna" + a, "bob" + b]
    assert all(one.paths and not one.reason for one in found)
    assert others == []


def test_two_learners_of_one_name_stay_two(tmp_path):
    members = [(f"Kim Lee_{i}_assignsubmission_file_/{UNIT}.ipynb", str(i)) for i in (1, 2)]
    collect([zipped(tmp_path / "m.zip", members)], UNIT, tmp_path / "out")
    assert lies(tmp_path / "out") == {f"Kim Lee_{i}/{UNIT}.ipynb": str(i) for i in (1, 2)}


def test_what_a_learner_names_like_a_platforms_folder_is_his(tmp_path):
    """Within a folder of his own it makes no other learner; within the one folder of all, it does."""
    inner = f"ben_18_assignsubmission_file_/{UNIT}.ipynb"
    for i, as_zip in enumerate((False, True)):
        files, out = {f"anna/{UNIT}.ipynb": "a", f"carl/{inner}": "c"}, tmp_path / f"out{i}"
        source = zipped(tmp_path / "in.zip", files.items()) if as_zip else put(tmp_path / "in", files)
        collect([source], UNIT, out)
        assert {path.name for path in out.iterdir()} == {"anna", "carl"}
        wrapped = {f"all of them/{inner}": "b", f"all of them/dan_19_assignsubmission_file_/{UNIT}.ipynb": "d"}
        source = zipped(tmp_path / "w.zip", wrapped.items()) if as_zip else put(tmp_path / "w", wrapped)
        collect([source], UNIT, tmp_path / f"wrapped{i}")
        assert {path.name for path in (tmp_path / f"wrapped{i}").iterdir()} == {"ben_18", "dan_19"}


def test_a_folder_that_cannot_be_opened_is_named(tmp_path, monkeypatch):
    source, scan = put(tmp_path / "in", {f"anna/{UNIT}.ipynb": "a", f"bob/{UNIT}.ipynb": "b"}), os.scandir

    def closed(path):
        if str(path).endswith("bob"):
            raise PermissionError(13, "Permission denied", str(path))
        return scan(path)

    monkeypatch.setattr(os, "scandir", closed)
    assert oddities(collect([source], UNIT, tmp_path / "out")) == {"bob": "it cannot be opened (Permission denied)"}


def test_names_that_differ_by_capitals_do_not_share_a_folder(tmp_path):
    collect([put(tmp_path / "in", {f"Kim/{UNIT}.ipynb": "1", f"kim/{UNIT}.ipynb": "2"})], UNIT, tmp_path / "out")
    assert len({path.name.casefold() for path in (tmp_path / "out").iterdir()}) == 2
    assert sorted(lies(tmp_path / "out").values()) == ["1", "2"]


def test_the_newest_counts_and_the_others_lie_beside(tmp_path):
    source = put(tmp_path / "in", {f"anna/{UNIT}.ipynb": "old", f"anna/{UNIT} (1).ipynb": "new", "anna/notes.txt": "n"})
    os.utime(source / "anna" / f"{UNIT}.ipynb", (1, 1))
    kept = collect([source], UNIT, tmp_path / "out")
    assert lies(tmp_path / "out") == {
        f"anna/{UNIT}.ipynb": "new", f"anna/{UNIT}-2.ipynb": "old", "anna/notes.txt": "n"}  # fmt: skip
    assert oddities(kept) == {
        f"anna/{UNIT} (1).ipynb": "the newest of 2 notebooks",
        f"anna/{UNIT}.ipynb": "another notebook, not the one to grade",
        "anna/notes.txt": "not a notebook",
    }


def test_handed_in_again_to_canvas_the_higher_number_counts(tmp_path):
    members = [(f"anna_7_{8 + i}_{UNIT}{again}.ipynb", again) for i, again in enumerate(("-2", "", "-10"))]
    collect([zipped(tmp_path / "c.zip", members)], UNIT, tmp_path / "out")
    assert lies(tmp_path / "out")[f"anna_7/{UNIT}.ipynb"] == "-10"
    assert len(lies(tmp_path / "out")) == 3


def test_members_with_one_name_are_both_kept(tmp_path):
    with pytest.warns(UserWarning, match="Duplicate"):
        source = zipped(tmp_path / "m.zip", [(f"anna/{UNIT}.ipynb", "1"), (f"anna/{UNIT}.ipynb", "2")])
    kept = collect([source], UNIT, tmp_path / "out")
    assert sorted(lies(tmp_path / "out").values()) == ["1", "2"]
    assert len(kept) == 2


def test_collected_twice_nothing_changes_and_a_later_one_keeps_the_earlier(tmp_path):
    source = put(tmp_path / "in", {f"anna/{UNIT}.ipynb": "1"})
    for _ in range(2):
        assert not oddities(collect([source], UNIT, tmp_path / "out"))
    assert lies(tmp_path / "out") == {f"anna/{UNIT}.ipynb": "1"}
    put(source, {f"anna/{UNIT}.ipynb": "2"})
    kept = collect([source], UNIT, tmp_path / "out")
    assert lies(tmp_path / "out") == {f"anna/{UNIT}.ipynb": "2", f"anna/before-{UNIT}.ipynb": "1"}
    assert "replaces an earlier one" in kept[0].oddity


@pytest.mark.parametrize("name", ["../../anna/x.ipynb", "/anna/x.ipynb", "..\\..\\anna\\x.ipynb", "D:\\anna\\x.ipynb"])
def test_a_path_that_leads_out_stays_in(name, tmp_path):
    out = tmp_path / "deep" / "er" / "out"
    kept = collect([zipped(tmp_path / "m.zip", [(name, "a")])], UNIT, out)
    written = list(tmp_path.rglob("*.ipynb"))
    assert [path.is_relative_to(out) for path in written] == [True]
    assert "leads out" in kept[0].oddity


def test_a_zip_bomb_is_named_and_costs_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "LARGEST", 2**16)
    bomb = zipped(tmp_path / "m.zip", [(f"eve/{UNIT}.ipynb", b"0" * 2**24), (f"anna/{UNIT}.ipynb", "a")])
    kept = collect([bomb], UNIT, tmp_path / "out")
    assert lies(tmp_path / "out") == {f"anna/{UNIT}.ipynb": "a"}
    assert "MB: it was left out" in oddities(kept)[f"eve/{UNIT}.ipynb"]


def test_a_zip_that_lies_about_its_sizes_is_no_way_around(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "LARGEST", 2**16)
    data = bytearray(zipped(tmp_path / "m.zip", [(f"eve/{UNIT}.ipynb", b"0" * 2**24)]).read_bytes())
    for place in (data.find(b"PK\x03\x04") + 22, data.find(b"PK\x01\x02") + 24):
        data[place : place + 4] = struct.pack("<I", 10)
    (tmp_path / "lie.zip").write_bytes(data)
    kept = collect([tmp_path / "lie.zip"], UNIT, tmp_path / "out")
    assert kept[0].oddity
    assert sum(path.stat().st_size for path in (tmp_path / "out").rglob("*") if path.is_file()) <= 2**16


def test_all_together_may_not_be_too_much_either(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "ALL", 25)
    source = zipped(tmp_path / "m.zip", [(f"l{i}/{UNIT}.ipynb", b"0" * 10) for i in range(9)])
    kept = collect([source], UNIT, tmp_path / "out")
    assert len(lies(tmp_path / "out")) == 2
    assert len(oddities(kept)) == 7


def test_links_and_pipes_are_left_out_and_named(tmp_path):
    source = put(tmp_path / "in", {f"anna/{UNIT}.ipynb": "a"})
    (tmp_path / "secret").write_text("s")
    (source / "bob").mkdir()
    (source / "bob" / f"{UNIT}.ipynb").symlink_to(tmp_path / "secret")
    (source / "carl").symlink_to(tmp_path)
    os.mkfifo(source / "dora.ipynb")
    (source / "empty").mkdir()
    kept = collect([source], UNIT, tmp_path / "out")
    assert lies(tmp_path / "out") == {f"anna/{UNIT}.ipynb": "a"}
    assert set(oddities(kept)) == {f"bob/{UNIT}.ipynb", "carl", "dora.ipynb", "empty"}


def test_a_link_in_a_zip_is_left_out_and_named(tmp_path):
    link = zipfile.ZipInfo(f"eve/{UNIT}.ipynb")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    kept = collect([zipped(tmp_path / "m.zip", [(link, "/etc/passwd")])], UNIT, tmp_path / "out")
    assert not (tmp_path / "out").exists()
    assert "a link" in kept[0].oddity


def test_a_member_that_is_spoilt_or_locked_is_named(tmp_path):
    members = [(f"{who}/{UNIT}.ipynb", os.urandom(500)) for who in ("anna", "eve", "fred")]
    data = bytearray(zipped(tmp_path / "m.zip", members).read_bytes())
    at = data.find(members[1][1][:9])
    data[at if at > 0 else data.find(b"eve") + 60] ^= 255
    central = data.rfind(b"PK\x01\x02")
    data[central + 8] |= 1  # the last one says that it is encrypted
    (tmp_path / "m.zip").write_bytes(data)
    kept = collect([tmp_path / "m.zip"], UNIT, tmp_path / "out")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["anna"]
    assert len(oddities(kept)) == 2
    assert all("cannot be unpacked" in oddity for oddity in oddities(kept).values())


def test_names_in_other_encodings_stay_apart_and_readable(tmp_path):
    for name in (b"M\xfcller", "Müller".encode(), b"\xff\xfe"):
        folder = os.path.join(os.fsencode(tmp_path), b"in", name)
        os.makedirs(folder)
        with open(os.path.join(folder, UNIT.encode() + b".ipynb"), "wb") as file:
            file.write(name)
    kept = collect([tmp_path / "in"], UNIT, tmp_path / "out")
    folders = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert len(folders) == len(kept) == 3
    assert sum(name.startswith("Müller") for name in folders) == 2
    for name in folders:
        name.encode("utf-8")


def test_names_in_a_zip_from_an_old_system(tmp_path):
    data = zipped(tmp_path / "m.zip", [("M_ller/x.ipynb", "a"), ("N__e/x.ipynb", "b")]).read_bytes()
    data = data.replace(b"M_ller", "Mü".encode("cp437") + b"ller").replace(b"N__e", "Nüe".encode())
    (tmp_path / "m.zip").write_bytes(data)
    collect([tmp_path / "m.zip"], UNIT, tmp_path / "out")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["Müller", "Nüe"]


@pytest.mark.parametrize("name", ["anna", "a" * 300, "ü" * 300, "<script>alert(1)</script>", "..", "con", "a/b", "a\nb",
                                  "", "=1+1", "Anna "])  # fmt: skip
def test_a_name_fits_every_file_system_and_two_stay_two(name):
    made = names.filename(name)
    assert made
    assert len(made.encode()) < 220
    assert not set(made) & set('<>:"/\\|?*\n')
    assert made.strip(". ") == made
    assert names.filename(made) == made, "once changed it stays"
    assert names.filename(name + "x"[: len(name)]) != made or not name


def test_the_command_says_where_each_file_went(tmp_path, capsys):
    source = put(tmp_path / "in", {f"anna/{UNIT}.ipynb": "a"})
    assert main(["collect", UNIT, str(source), "--out", str(tmp_path / "out")]) == 0
    assert f"anna/{UNIT}.ipynb -> " in capsys.readouterr().out
    put(source, {"bob/essay.docx": "b"})
    assert main(["collect", UNIT, str(source), "--out", str(tmp_path / "out")]) == 3
    assert "not a notebook" in capsys.readouterr().out
    (tmp_path / "no.zip").write_text("no zip")
    assert main(["collect", UNIT, str(tmp_path / "no.zip")]) == 1
    assert main(["collect", UNIT, str(tmp_path / "nowhere")]) == 1
