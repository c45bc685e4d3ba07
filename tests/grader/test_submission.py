"""How a submission is taken in: whatever way it is packed, and whatever it is made of."""

# The expected value comes first in a comparison.
# ruff: noqa: SIM300

from __future__ import annotations

import io
import os
import random
import stat
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from grader import submission
from grader.errors import UnreadableSubmission
from grader.submission import Submission

LAW = settings(deadline=None, derandomize=True, database=None)
KNOWN = frozenset({"ex1_backward.py", "ex2_cross_entropy.py"})
EX1 = b"def dlogits(probs):\n    return probs\n"
EX2 = b"def dprobs(probs):\n    return -probs\n"
BOTH = {"ex1_backward.py": EX1, "ex2_cross_entropy.py": EX2}

Entries = Iterable[tuple[str, bytes]]
Pack = Callable[[Path, Entries], Path]


def as_folder(place: Path, entries: Entries) -> Path:
    """Write entries as files below a folder."""
    root = place / "work"
    root.mkdir()
    for name, text in entries:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text)
    return root


def as_zip(place: Path, entries: Entries) -> Path:
    """Write entries as a zip archive."""
    path = place / "work.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in entries:
            archive.writestr(zipfile.ZipInfo(name), text, zipfile.ZIP_DEFLATED)
    return path


def as_tar(place: Path, entries: Entries, name: str = "work.tar.gz", mode: str = "w:gz") -> Path:
    """Write entries as a tar archive."""
    path = place / name
    with tarfile.open(path, mode) as archive:
        for entry, text in entries:
            member = tarfile.TarInfo(entry)
            member.size = len(text)
            archive.addfile(member, io.BytesIO(text))
    return path


def with_members(place: Path, *members: tarfile.TarInfo) -> Path:
    """Write a tar archive of one exercise and some members without content."""
    path = place / "work.tar"
    with tarfile.open(path, "w") as archive:
        member = tarfile.TarInfo("ex1_backward.py")
        member.size = len(EX1)
        archive.addfile(member, io.BytesIO(EX1))
        for other in members:
            archive.addfile(other)
    return path


def special(name: str, kind: bytes, target: str = "") -> tarfile.TarInfo:
    """Return a tar member that is no regular file."""
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, target
    return member


def read(path: Path) -> Submission:
    """Read a submission as the grader does, and make sure that reading leaves no trace."""
    before = tree(path.parent)
    try:
        return submission.read(path, KNOWN)
    finally:
        assert before == tree(path.parent)


def refusal(path: Path) -> str:
    """Return the sentence with which a submission is refused."""
    with pytest.raises(UnreadableSubmission) as caught:
        read(path)
    return str(caught.value)


def tree(root: Path) -> dict[str, tuple[int, int, int]]:
    """Return mode, size and time of change of everything below a folder."""
    facts = {path: path.lstat() for path in sorted(root.rglob("*"))}
    return {str(p): (s.st_mode, s.st_size, s.st_mtime_ns) for p, s in facts.items()}


packings = pytest.mark.parametrize("pack", [as_folder, as_zip, as_tar])
archives = pytest.mark.parametrize("pack", [as_zip, as_tar])


@packings
def test_a_packed_submission_is_its_files(tmp_path: Path, pack: Pack) -> None:
    """A folder, a zip and a tar.gz with two exercises are those two files."""
    found = read(pack(tmp_path, BOTH.items()))

    assert BOTH == found.files
    assert () == found.notes


def test_a_single_file_is_a_submission(tmp_path: Path) -> None:
    """A .py file is a submission of one file under its own name."""
    path = tmp_path / "ex1_backward.py"
    path.write_bytes(EX1)

    assert ("ex1_backward.py", {"ex1_backward.py": EX1}) == (read(path).name, read(path).files)


@pytest.mark.parametrize(
    ("name", "mode"),
    [
        ("a.tar", "w"),
        ("a.tgz", "w:gz"),
        ("a.tar.bz2", "w:bz2"),
        ("a.tar.xz", "w:xz"),
        ("A.TAR", "w"),
    ],
)
def test_every_kind_of_tar_is_read(tmp_path: Path, name: str, mode: str) -> None:
    """Tar archives are read with every compression that is promised, in either case."""
    assert BOTH == read(as_tar(tmp_path, BOTH.items(), name, mode)).files


@packings
def test_a_nested_single_folder_is_looked_through(tmp_path: Path, pack: Pack) -> None:
    """Files in a folder of a folder are found, and their names are the files' own."""
    entries = {f"student_17/my work/{name}": text for name, text in BOTH.items()}

    assert BOTH == read(pack(tmp_path, entries.items())).files


@packings
def test_exercises_win_over_solutions(tmp_path: Path, pack: Pack) -> None:
    """In a whole repository the files in exercises/ are graded, and the others are named."""
    entries = {
        "repo/solutions/ex1_backward.py": b"x = 1\n",
        "repo/exercises/ex1_backward.py": EX1,
        "repo/tests/test_it.py": b"",
    }
    found = read(pack(tmp_path, entries.items()))

    assert {"ex1_backward.py": EX1} == found.files
    ignored = [note.split(": ")[0] for note in found.notes]
    assert ["repo/solutions/ex1_backward.py", "repo/tests/test_it.py"] == ignored


@packings
def test_the_folder_with_an_exercise_is_the_one(tmp_path: Path, pack: Pack) -> None:
    """Scripts nearer to the top do not hide the folder that has the exercises in it."""
    entries = {"setup_env.py": b"", "exercises/notes.py": b"", "mine/ex1_backward.py": EX1}

    assert {"ex1_backward.py": EX1} == read(pack(tmp_path, entries.items())).files


@packings
def test_junk_is_passed_over(tmp_path: Path, pack: Pack) -> None:
    """Caches, editors' folders, binaries and what macOS adds are no part of a submission."""
    junk = {
        "__MACOSX/._ex1_backward.py": b"\x00\x05\x16\x07",
        "__pycache__/ex1_backward.cpython-311.pyc": b"\xa7\r\r\n",
        "._ex1_backward.py": b"\x00",
        ".venv/lib/site-packages/torch/ex1_backward.py": b"\xff",
        "venv/lib/a.py": b"\xff",
        ".git/hooks/ex1_backward.py": b"\xff",
        "node_modules/a/b.py": b"\xff",
        "inner.zip": b"PK\x03\x04 not really",
        "notes.txt": b"\xff\xfe",
        "model.pt": b"\x80\x02",
    }
    found = read(pack(tmp_path, {**BOTH, **junk}.items()))

    assert BOTH == found.files
    assert () == found.notes


@packings
@pytest.mark.parametrize("name", ["conftest", "torch", "sitecustomize", "random", "setup"])
def test_a_module_of_a_telling_name_is_left_out(tmp_path: Path, pack: Pack, name: str) -> None:
    """A file that would take the place of a library is ignored, and a note says so."""
    found = read(pack(tmp_path, {**BOTH, f"{name}.py": b"raise SystemExit\n"}.items()))

    assert BOTH == found.files
    expected = f"{name}.py: ignored, a submission cannot bring a module of this name"
    assert (expected,) == found.notes


def test_nothing_but_such_modules_is_no_submission(tmp_path: Path) -> None:
    """A folder in which everything is ignored has nothing to grade."""
    assert "can be graded" in refusal(as_folder(tmp_path, [("torch.py", b"")]))


@packings
def test_text_is_brought_into_one_form(tmp_path: Path, pack: Pack) -> None:
    """A byte order mark and the line ends of Windows and old Macs make no difference."""
    entries = {
        "ex1_backward.py": b"\xef\xbb\xbf" + EX1.replace(b"\n", b"\r\n"),
        "ex2_cross_entropy.py": EX2.replace(b"\n", b"\r"),
    }
    plain = submission.read(as_folder(tmp_path, BOTH.items()), KNOWN)
    (tmp_path / "other").mkdir()
    found = read(pack(tmp_path / "other", entries.items()))

    assert (plain.files, plain.digest) == (found.files, found.digest)


def test_a_coding_cookie_has_no_say(tmp_path: Path) -> None:
    """A source that claims to be Latin-1 is read as UTF-8 all the same."""
    text = "# -*- coding: latin-1 -*-\n# \u00e9t\u00e9\n".encode()

    assert text == read(as_folder(tmp_path, [("ex1_backward.py", text)])).files["ex1_backward.py"]


@packings
@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("# \u00e9\n".encode("latin-1"), "is not UTF-8"),
        ("# a\n".encode("utf-16"), "is not UTF-8"),
        (bytes(range(256)), "is not UTF-8"),
        (b"\x7fELF\x02\x01\x01\x00\x00", "contains NUL bytes"),
        (b"x = 1\n\0", "contains NUL bytes"),
        (b"\xed\xa0\x80", "is not UTF-8"),
    ],
)
def test_what_is_no_text_is_refused(tmp_path: Path, pack: Pack, text: bytes, told: str) -> None:
    """A binary file, another encoding or NUL bytes are refused, and the file is named."""
    said = refusal(pack(tmp_path, {**BOTH, "ex1_backward.py": text}.items()))

    assert told in said
    assert "'ex1_backward.py'" in said


@packings
def test_a_file_may_be_as_large_as_the_limit_and_no_larger(tmp_path: Path, pack: Pack) -> None:
    """A source of exactly 1 MiB is read; one more byte is refused with the limit."""
    fits = b"#" * submission.MAX_FILE
    for place, text in (("fits", fits), ("large", fits + b"#")):
        (tmp_path / place).mkdir()
        path = pack(tmp_path / place, [("ex1_backward.py", text)])
        if place == "fits":
            assert {"ex1_backward.py": fits} == read(path).files
        else:
            assert "is larger than 1 MiB" in refusal(path)


@packings
def test_all_sources_together_have_a_limit(tmp_path: Path, pack: Pack) -> None:
    """Many sources that are each small enough are refused when they are too much together."""
    text = b"#" * submission.MAX_FILE
    many = [(f"part{number}.py", text) for number in range(17)]

    assert "more than 16 MiB of code" in refusal(pack(tmp_path, many))


@packings
def test_too_many_entries_are_refused(
    tmp_path: Path, pack: Pack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A submission of more entries than the limit is refused, whatever the entries are."""
    monkeypatch.setattr(submission, "MAX_ENTRIES", 20)
    entries = [("ex1_backward.py", EX1), *((f"{number}.txt", b"") for number in range(20))]

    said = refusal(pack(tmp_path, entries))

    assert "more than 20 entries" in said or "holds too much" in said


def test_a_missing_path_is_named(tmp_path: Path) -> None:
    """A path that does not exist is named in the refusal."""
    path = tmp_path / "nowhere"

    assert f"{path}: there is no such file or folder" == refusal(path)


@pytest.mark.parametrize("name", ["work.rar", "work", "work.pyc"])
def test_another_kind_of_file_is_told_what_is_expected(tmp_path: Path, name: str) -> None:
    """A file of an unknown kind is refused with the list of kinds that are read."""
    path = tmp_path / name
    path.write_bytes(EX1)

    assert "expected a folder or one of .py, .ipynb, .zip" in refusal(path)


@packings
def test_without_sources_there_is_no_submission(tmp_path: Path, pack: Pack) -> None:
    """An empty folder or archive, and one of other files only, hold no .py file."""
    for place, entries in (("empty", []), ("other", [("notes.txt", b"hello")])):
        (tmp_path / place).mkdir()
        assert "holds no .py file" in refusal(pack(tmp_path / place, entries))


@archives
@pytest.mark.parametrize(
    "name",
    [
        "../ex1_backward.py",
        "a/../../ex1_backward.py",
        "/ex1_backward.py",
        "/etc/passwd",
        "..\\ex1_backward.py",
        "\\\\server\\share\\ex1_backward.py",
        "C:\\ex1_backward.py",
        "c:ex1_backward.py",
        "../notes.txt",
    ],
)
def test_an_entry_that_points_outside_is_refused(tmp_path: Path, pack: Pack, name: str) -> None:
    """Path traversal, absolute paths and drives are refused, for sources and for other files."""
    said = refusal(pack(tmp_path, [*BOTH.items(), (name, EX1)]))

    assert "points outside the archive" in said


@pytest.mark.parametrize(
    "kind",
    [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE],
)
@pytest.mark.parametrize("name", ["ex2_cross_entropy.py", "notes.txt"])
def test_a_tar_member_that_is_no_file_is_refused(tmp_path: Path, kind: bytes, name: str) -> None:
    """Links, devices and pipes in a tar are refused and named."""
    path = with_members(tmp_path, special(name, kind, "/etc/passwd"))

    assert f"{path}: '{name}' is a link or a device" == refusal(path)


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFCHR, stat.S_IFIFO, stat.S_IFSOCK])
def test_a_zip_member_that_is_no_file_is_refused(tmp_path: Path, kind: int) -> None:
    """Links, devices and pipes in a zip are refused and named."""
    path = tmp_path / "work.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("ex1_backward.py", EX1)
        link = zipfile.ZipInfo("ex2_cross_entropy.py")
        link.external_attr = (kind | 0o777) << 16
        archive.writestr(link, "/etc/passwd")

    assert f"{path}: 'ex2_cross_entropy.py' is a link or a device" == refusal(path)


@archives
@pytest.mark.parametrize("twin", ["ex1_backward.py", "EX1_backward.py", "./ex1_backward.py"])
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_twice_is_refused(tmp_path: Path, pack: Pack, twin: str) -> None:
    """Two entries that would be one file, here or on another system, are ambiguous."""
    said = refusal(pack(tmp_path, [("ex1_backward.py", EX1), (twin, EX2)]))

    assert "twice" in said


def test_a_link_in_a_folder_is_refused(tmp_path: Path) -> None:
    """A symbolic link among the sources is refused; one to a folder is not followed."""
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "ex2_cross_entropy.py").write_bytes(EX2)
    root = as_folder(tmp_path, [("ex1_backward.py", EX1)])
    (root / "elsewhere").symlink_to(secret)
    (root / "loop").symlink_to(root)

    assert {"ex1_backward.py": EX1} == read(root).files
    (root / "ex2_cross_entropy.py").symlink_to(secret / "ex2_cross_entropy.py")
    assert f"{root / 'ex2_cross_entropy.py'}: is not a regular file" == refusal(root)


def test_a_link_as_the_submission_is_refused(tmp_path: Path) -> None:
    """A submission that is itself a link is refused with what to do."""
    link = tmp_path / "link"
    link.symlink_to(as_folder(tmp_path, BOTH.items()))

    assert f"{link}: is a symbolic link; name what it points to" == refusal(link)


def test_a_pipe_is_never_opened(tmp_path: Path) -> None:
    """A named pipe, as a submission or in one, is refused at once, for it would block."""
    root = as_folder(tmp_path, [("ex1_backward.py", EX1)])
    os.mkfifo(root / "notes.txt")
    assert {"ex1_backward.py": EX1} == read(root).files

    os.mkfifo(root / "pipe.py")
    assert f"{root / 'pipe.py'}: is not a regular file" == refusal(root)
    os.mkfifo(tmp_path / "alone.py")
    assert "is neither a file nor a folder" in refusal(tmp_path / "alone.py")


def test_a_compressible_giant_is_refused(tmp_path: Path) -> None:
    """A source of 100 MB that fits in a small zip is refused, unread beyond the limit."""
    path = as_zip(tmp_path, [("ex1_backward.py", b"#" * 100_000_000)])

    assert path.stat().st_size < 1 << 20
    assert f"{path}: 'ex1_backward.py' is larger than 1 MiB" == refusal(path)


def test_a_compressible_giant_in_a_tar_is_refused(tmp_path: Path) -> None:
    """The same in a tar.gz, as a source and as what has to be skipped on the way to one."""
    giant = b"#" * 100_000_000
    assert "is larger than 1 MiB" in refusal(as_tar(tmp_path, [("ex1_backward.py", giant)]))

    skipped = [(f"{number}.bin", giant) for number in range(3)]
    assert "holds too much" in refusal(as_tar(tmp_path, [*skipped, *BOTH.items()]))


@pytest.mark.parametrize("kind", [tarfile.XHDTYPE, tarfile.GNUTYPE_LONGNAME, tarfile.XGLTYPE])
def test_a_giant_header_in_a_tar_is_refused(tmp_path: Path, kind: bytes) -> None:
    """A header that claims megabytes for a name is refused before its bytes are read."""
    member = special("ex1_backward.py", kind)
    member.size = 1 << 30
    path = tmp_path / "work.tar"
    path.write_bytes(member.tobuf(tarfile.GNU_FORMAT) + bytes(4096))

    assert "is larger than 1 MiB" in refusal(path)


def test_a_tar_that_turns_back_is_refused(tmp_path: Path) -> None:
    """A member of negative size, which would lead back to itself, is refused."""
    member = special("ex1_backward.py", tarfile.REGTYPE)
    member.size = -1536
    path = tmp_path / "work.tar"
    path.write_bytes(member.tobuf(tarfile.GNU_FORMAT) + bytes(4096))

    assert f"{path}: 'ex1_backward.py' has an impossible size" == refusal(path)


def test_an_archive_has_a_limit_of_its_own(tmp_path: Path) -> None:
    """An archive that is too large on disk is not opened at all."""
    path = tmp_path / "work.zip"
    with path.open("wb") as file:
        file.truncate(submission.MAX_ARCHIVE + 1)

    assert f"{path}: is larger than 64 MiB" == refusal(path)


def test_a_zip_with_a_password_is_refused(tmp_path: Path) -> None:
    """An encrypted member cannot be read, and that is what the refusal says."""
    path = as_zip(tmp_path, [("ex1_backward.py", EX1)])
    raw = bytearray(path.read_bytes())
    raw[6] |= 1
    raw[raw.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(raw)

    assert "encrypted" in refusal(path)


@pytest.mark.parametrize("name", ["work.zip", "work.tar", "work.tar.gz", "work.tar.xz"])
@pytest.mark.parametrize("raw", [b"", b"PK", b"\x1f\x8b", b"hello\n" * 1000, bytes(2048)])
def test_what_is_no_archive_is_refused(tmp_path: Path, name: str, raw: bytes) -> None:
    """Anything under the name of an archive is refused as one that cannot be read."""
    path = tmp_path / name
    path.write_bytes(raw)

    assert str(path) in refusal(path)


def test_a_name_that_is_not_utf8_is_refused_in_a_folder(tmp_path: Path) -> None:
    """A file name of stray bytes is refused; no report could spell it."""
    root = as_folder(tmp_path, BOTH.items())
    stray = os.fsencode(root) + b"/ex1_\xff.py"
    with open(stray, "wb") as file:
        file.write(EX1)

    assert "is not UTF-8" in refusal(root)


def test_a_name_that_is_not_utf8_is_refused_in_a_tar(tmp_path: Path) -> None:
    """The same in an archive, even for a file that is not graded."""
    path = tmp_path / "work.tar"
    with tarfile.open(path, "w", format=tarfile.GNU_FORMAT, encoding="latin-1") as archive:
        for name in ("ex1_backward.py", "other/\u00e9.py"):
            member = tarfile.TarInfo(name)
            member.size = len(EX1)
            archive.addfile(member, io.BytesIO(EX1))

    assert "is not UTF-8" in refusal(path)


def test_a_source_that_may_not_be_read_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An error of the file system becomes a refusal with its reason."""

    def denied(path: Path, flags: int) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    root = as_folder(tmp_path, BOTH.items())
    monkeypatch.setattr(os, "open", denied)

    assert f"{root}: cannot be read: Permission denied" == refusal(root)


names = st.lists(st.sampled_from("abcxyz"), min_size=1, max_size=4).map("".join)
texts = st.text(st.characters(codec="utf-8", exclude_characters="\0\r\ufeff"), max_size=40)
contents = st.dictionaries(names.map(lambda name: f"my_{name}.py"), texts, min_size=1, max_size=5)


def packed(pack: Pack, files: Mapping[str, str], folder: str = "") -> Submission:
    """Pack files in a folder of their own and read them."""
    entries = [(folder + name, text.encode()) for name, text in files.items()]
    with tempfile.TemporaryDirectory() as place:
        return read(pack(Path(place), entries))


@LAW
@given(contents, st.sampled_from(["", "a/", "a/b c/"]), st.randoms(use_true_random=False))
def test_the_digest_does_not_depend_on_packing(
    files: dict[str, str], folder: str, order: random.Random
) -> None:
    """The same content has the same digest as a folder, a zip and a tar, in any order."""
    shuffled = list(files.items())
    order.shuffle(shuffled)
    expected = packed(as_folder, files)

    for pack in (as_folder, as_zip, as_tar):
        found = packed(pack, dict(shuffled), folder)
        assert (expected.files, expected.digest) == (found.files, found.digest)


@LAW
@given(contents, contents)
@example({"my_a.py": "", "my_b.py": "x"}, {"my_a.py": "x", "my_b.py": ""})
@example({"my_a.py": "b"}, {"my_ab.py": ""})
def test_different_content_has_a_different_digest(
    one: dict[str, str], other: dict[str, str]
) -> None:
    """Two submissions have the same digest only if they are the same."""
    digests = {packed(as_zip, one).digest, packed(as_zip, other).digest}

    assert (1 if one == other else 2) == len(digests)


def _valid(pack: Pack) -> bytes:
    with tempfile.TemporaryDirectory() as place:
        return pack(Path(place), [(f"a/{name}", text) for name, text in BOTH.items()]).read_bytes()


VALID = {"work.zip": _valid(as_zip), "work.tar.gz": _valid(as_tar)}
VALID["work.tar"] = _valid(lambda place, entries: as_tar(place, entries, "work.tar", "w"))


def never_breaks(name: str, raw: bytes) -> None:
    """Read bytes as an archive: they are a submission or refused, and nothing else happens."""
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / name
        path.write_bytes(raw)
        try:
            found = read(path)
        except UnreadableSubmission:
            return
        assert found.files


@settings(LAW, max_examples=300)
@pytest.mark.parametrize("name", VALID)
@given(
    data=st.lists(st.tuples(st.integers(0, 1 << 20), st.integers(1, 255)), max_size=6),
    cut=st.integers(0, 1 << 20),
)
def test_a_damaged_archive_is_refused(name: str, data: list[tuple[int, int]], cut: int) -> None:
    """Flipped bytes and a missing end make an archive unreadable at worst."""
    raw = bytearray(VALID[name])
    for place, flip in data:
        raw[place % len(raw)] ^= flip
    never_breaks(name, bytes(raw))
    never_breaks(name, bytes(raw[: cut % len(raw)]))


@pytest.mark.parametrize("name", VALID)
def test_a_truncated_archive_is_refused(name: str) -> None:
    """An archive that ends early, at any place, is a submission or refused."""
    for end in range(0, len(VALID[name]), 7):
        never_breaks(name, VALID[name][:end])


@LAW
@given(name=st.sampled_from(sorted(VALID)), raw=st.binary(max_size=600), keep=st.integers(0, 40))
def test_random_bytes_are_refused(name: str, raw: bytes, keep: int) -> None:
    """Random bytes, with the beginning of an archive or without, are refused."""
    never_breaks(name, VALID[name][:keep] + raw)
