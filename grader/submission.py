"""Take in a submission: a folder, a file or an archive becomes named sources and a digest.

Nothing here executes, imports or unpacks to disk anything of it. What cannot be taken in safely is
refused with an `UnreadableSubmission` that says what to change.
"""

from __future__ import annotations

import hashlib
import io
import os
import stat
import sys
import tarfile
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import IO

from grader.course import catalogue
from grader.deadline import processor_time
from grader.errors import UnreadableSubmission
from grader.notebook import reading

MAX_FILE = 1 << 20
MAX_TOTAL = 16 << 20
MAX_ENTRIES = 5000
MAX_NAME = 1024
ENCRYPTED = 1  # among the flags of an entry of a zip
MAX_ARCHIVE = 64 << 20
ARCHIVES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")
NOTEBOOK = ".ipynb"
MAX_NOTEBOOK = 256 << 20
"""Outputs included, which are not even parsed; the code in it is held to the size of a file."""

MAX_READ = 512 << 20
"""Bytes of all sources and notebooks of one student, unpacked and with all outputs."""

MAX_SECONDS = 30.0
"""Processor time that reading a submission may take."""

MAX_DIRECTORY = 4 << 20
"""Bytes of the directory of a zip."""

MAX_HEADERS = 1 << 32
"""Steps that reading the extended headers of a tar takes."""

IGNORED_FOLDERS = frozenset({"__pycache__", "__MACOSX", "node_modules", "venv", "site-packages"})
NEVER_LOADED = frozenset({"conftest", "setup", "sitecustomize", "usercustomize", "torch", "numpy"})


@dataclass(frozen=True)
class Submission:
    """Sources by file name, the digest of them all, and what was left out and why."""

    name: str
    files: Mapping[str, bytes]
    digest: str
    notes: tuple[str, ...] = ()


@dataclass
class Room:
    """How many bytes may still be read of one student: of files as they are, and of code."""

    files: int = MAX_READ
    code: int = MAX_TOTAL

    def take(self, whole: Path, files: int, code: int) -> None:
        """Take note of a source of `whole`. Raises UnreadableSubmission if it is one too many."""
        self.files -= files
        self.code -= code
        if self.code < 0:
            raise UnreadableSubmission(f"{whole}: more than {MAX_TOTAL >> 20} MiB of code")
        if self.files < 0:
            raise UnreadableSubmission(
                f"{whole}: its notebooks have more than {MAX_READ >> 20} MiB together; clear their "
                "outputs and save them again"
            )


def read_for_course(path: Path) -> Submission:
    """Read a submission to this course. Raises UnreadableSubmission, as `read` does."""
    with _in_time(str(path)):
        return read(path, _known())


def _known() -> frozenset[str]:
    return frozenset(exercise.file for exercise in catalogue.course().exercises)


def _in_time(name: str) -> AbstractContextManager[None]:
    told = f"{name}: reading it takes more than {MAX_SECONDS:g} s of processor time"
    return processor_time(MAX_SECONDS, UnreadableSubmission(told))


def read_together(files: Mapping[str, Path], name: str) -> Submission:
    """Read the files of one student, side by side as platforms hand them out, as one submission.

    files: each by the name that it is to have. Raises UnreadableSubmission, as `read` does, and if
    two of them bring a file of the same name.
    """
    found: dict[str, bytes] = {}
    notes: list[str] = []
    room = Room()
    with _in_time(name):
        for given, path in files.items():
            part = read(path, _known(), room)
            notes += part.notes
            for file, text in part.files.items():
                alone = path.is_file() and not path.name.lower().endswith(ARCHIVES)
                entry = given if alone else file
                if found.setdefault(entry, text) != text:
                    raise UnreadableSubmission(f"{name}: brings two different files '{entry}'")
        whole = _assembled(Path(name), found, _known())
    return replace(whole, notes=(*notes, *whole.notes))


def read(path: Path, known: frozenset[str] = frozenset(), room: Room | None = None) -> Submission:
    """Read a submission. `known` are the exercises' file names: they mark the folder to grade.
    `room` is for several that are read together.

    Raises UnreadableSubmission for anything that is missing, unsafe, too large or without sources.
    """
    lowered, room = path.name.lower(), room or Room()
    try:
        if path.is_symlink():
            raise UnreadableSubmission(f"{path}: is a symbolic link; name what it points to")
        if path.is_dir():
            found = dict(_from_folder(path, room))
        elif not path.exists():
            raise UnreadableSubmission(f"{path}: there is no such file or folder")
        elif not path.is_file():
            raise UnreadableSubmission(f"{path}: is neither a file nor a folder")
        elif lowered.endswith((".py", NOTEBOOK)):
            found = {path.name: _read_file(path, path, room)}
        elif lowered.endswith(ARCHIVES):
            found = _from_archive(path, room)
        else:
            expected = ", ".join((".py", NOTEBOOK, *ARCHIVES))
            raise UnreadableSubmission(f"{path}: expected a folder or one of {expected}")
    except OSError as error:
        raise UnreadableSubmission(f"{path}: cannot be read: {error.strerror or error}") from None
    return _assembled(path, found, known)


def _read_file(path: Path, whole: Path, room: Room) -> bytes:
    # A link that has taken the file's place since it was looked at is not followed.
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
    with os.fdopen(descriptor, "rb") as file:
        return _limited(whole, path.name, file, f"{path}:", room)


def _limited(whole: Path, name: str, stream: IO[bytes], told: str, room: Room) -> bytes:
    """Return the source in a file that may be far larger than anyone has room for.

    told: how a message about it begins.
    """
    most = _most(name)
    text = stream.read(min(most, room.files) + 1)
    if len(text) > most:
        raise UnreadableSubmission(f"{told} is larger than {most >> 20} MiB")
    room.take(whole, len(text), 0)
    source = _source(name, text, told.removesuffix(":"))
    room.take(whole, 0, len(source))
    return source


def _most(name: str) -> int:
    """Return how many bytes a file may have: of a notebook, most are outputs."""
    return MAX_NOTEBOOK if name.lower().endswith(NOTEBOOK) else MAX_FILE


def _source(name: str, text: bytes, told: str) -> bytes:
    """Return the source in a file: of a notebook, its code cells, and nothing else of it."""
    if not name.lower().endswith(NOTEBOOK):
        return text
    cells = reading.read(text, told)
    return reading.to_source(cells, prose=False).encode("utf-8", "replace")


def _wanted(entry: PurePosixPath) -> bool:
    folders = entry.parts[:-1]
    hidden = any(part.startswith(".") or part in IGNORED_FOLDERS for part in folders)
    is_source = entry.suffix.lower() in (".py", NOTEBOOK)
    return is_source and not hidden and not entry.name.startswith(".")


def _from_folder(root: Path, room: Room) -> Iterator[tuple[str, bytes]]:
    """Yield the sources below a folder. Links and special files are not followed, nor opened."""
    entries = 0
    folders = [root]
    while folders:
        folder = folders.pop()
        inside = list(islice(folder.iterdir(), MAX_ENTRIES + 1))
        entries += len(inside)
        if entries > MAX_ENTRIES:
            raise UnreadableSubmission(f"{root}: has more than {MAX_ENTRIES} entries")
        for path in sorted(inside):
            mode = path.lstat().st_mode
            name = PurePosixPath(path.relative_to(root).as_posix())
            if stat.S_ISDIR(mode):
                if not path.name.startswith(".") and path.name not in IGNORED_FOLDERS:
                    folders.append(path)
            elif _wanted(name):
                if not stat.S_ISREG(mode):
                    raise UnreadableSubmission(f"{path}: is not a regular file")
                yield str(name), _read_file(path, root, room)


def _from_archive(path: Path, room: Room) -> dict[str, bytes]:
    if path.stat().st_size > MAX_ARCHIVE:
        raise UnreadableSubmission(f"{path}: is larger than {MAX_ARCHIVE >> 20} MiB")
    members = _zip_members if path.name.lower().endswith(".zip") else _tar_members
    found: dict[str, bytes] = {}
    seen: set[str] = set()
    try:
        for name, text in members(path, room):
            entry = _checked_name(path, name)
            if str(entry).casefold() in seen:
                raise UnreadableSubmission(f"{path}: contains '{entry}' twice")
            seen.add(str(entry).casefold())
            if text is not None:
                found[str(entry)] = text
    except UnreadableSubmission:
        raise
    except (zipfile.BadZipFile, tarfile.TarError, EOFError, ValueError, RuntimeError) as error:
        raise UnreadableSubmission(f"{path}: is not a readable archive: {error}") from None
    except Exception as error:  # decompressors raise errors of their own for damaged data
        raise UnreadableSubmission(f"{path}: is a damaged archive: {error}") from None
    return found


def _checked_name(path: Path, name: str) -> PurePosixPath:
    if len(name) > MAX_NAME:
        raise UnreadableSubmission(
            f"{path}: the name of the entry {name[:80]!r} is longer than {MAX_NAME} characters"
        )
    entry = PurePosixPath(name.replace("\\", "/"))
    windows_drive = len(name) > 1 and name[1] == ":"
    if entry.is_absolute() or ".." in entry.parts or windows_drive or "\0" in name:
        raise UnreadableSubmission(f"{path}: the entry {name[:80]!r} points outside the archive")
    return entry


class _ZipBytes(io.FileIO):
    """The bytes of a zip. Its directory is read as a whole, and made into objects, before there is
    an entry to look at; so its size is checked here.
    """

    most: int | None = MAX_DIRECTORY

    def read(self, size: int | None = -1) -> bytes:
        """Read bytes. Raises UnreadableSubmission if these can be no directory."""
        if self.most is not None and (size or 0) > self.most:
            raise UnreadableSubmission(
                f"{self.name}: has more than {MAX_ENTRIES} entries, or names beyond reason"
            )
        return super().read(-1 if size is None else size)


def _zip_members(path: Path, room: Room) -> Iterator[tuple[str, bytes | None]]:
    with _ZipBytes(str(path)) as raw, zipfile.ZipFile(raw) as archive:
        raw.most = None
        if len(archive.infolist()) > MAX_ENTRIES:
            raise UnreadableSubmission(f"{path}: has more than {MAX_ENTRIES} entries")
        for member in archive.infolist():
            kind = stat.S_IFMT(member.external_attr >> 16)
            if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
                raise UnreadableSubmission(
                    f"{path}: '{member.filename[:80]}' is a link or a device"
                )
            if member.is_dir():
                continue
            if member.flag_bits & ENCRYPTED:
                raise UnreadableSubmission(f"{path}: '{member.filename[:80]}' is encrypted")
            text = None
            if _wanted(_checked_name(path, member.filename)):
                told = f"{path}: '{member.filename[:80]}'"
                # Others are not unpacked piece by piece: a few bytes of them may become a gigabyte.
                if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                    raise UnreadableSubmission(f"{told} is packed in a rare way; make a plain zip")
                with archive.open(member) as stream:
                    text = _limited(path, member.filename, stream, told, room)
            yield member.filename, text


class _TarFile(tarfile.TarFile):
    """A tar archive that adds up what reading its extended headers takes."""

    steps = 0


class _TarHeader(tarfile.TarInfo):
    """A header of a tar. A long name and the like have a header of their own, whose content is
    read as a whole, in as many steps as the square of its size, before there is a member to look
    at; so its size is checked here.
    """

    def _proc_member(self, archive: _TarFile) -> tarfile.TarInfo:
        """Go on to the content of a header. Raises UnreadableSubmission if that is too much, or
        cannot be as large as it says.
        """
        if not self.isreg():
            archive.steps += self.size**2
            if self.size > MAX_FILE:
                raise _refused(archive, f"a header is larger than {MAX_FILE >> 20} MiB")
            if archive.steps > MAX_HEADERS:
                raise _refused(archive, "its headers are too large together")
        if self.size < 0:  # the next member would be this one again
            raise _refused(archive, f"'{self.name[:80]}' has an impossible size")
        found: tarfile.TarInfo = super()._proc_member(archive)  # type: ignore[misc]
        return found

    def _no_holes(self, *_: object) -> None:
        raise ValueError("it holds a file with holes (sparse)")

    _proc_sparse = _proc_gnusparse_00 = _proc_gnusparse_01 = _proc_gnusparse_10 = _no_holes


def _refused(archive: tarfile.TarFile, told: str) -> UnreadableSubmission:
    return UnreadableSubmission(f"{archive.name!s}: {told}")


def _tar_members(path: Path, room: Room) -> Iterator[tuple[str, bytes | None]]:
    read = 0
    with _TarFile.open(path, "r:*", tarinfo=_TarHeader) as archive:
        for count, member in enumerate(archive):
            read += member.size
            if member.size < 0:  # an extended header says so
                raise UnreadableSubmission(f"{path}: '{member.name[:80]}' has an impossible size")
            if count >= MAX_ENTRIES or read > 16 * MAX_TOTAL:
                raise UnreadableSubmission(f"{path}: holds too much to be a submission")
            if member.isdir():
                continue
            if not member.isreg():
                raise UnreadableSubmission(f"{path}: '{member.name[:80]}' is a link or a device")
            text = None
            if _wanted(_checked_name(path, member.name)):
                stream = archive.extractfile(member)
                told = f"{path}: '{member.name[:80]}'"
                text = _limited(path, member.name, stream, told, room) if stream else None
            yield member.name, text


def _graded_folder(names: list[PurePosixPath], known: frozenset[str]) -> PurePosixPath:
    """Return the folder whose files count: the one with the exercises in it, the nearest first."""
    folders = {name.parent for name in names}
    with_exercises = {name.parent for name in names if name.name in known}

    def rank(folder: PurePosixPath) -> tuple[bool, bool, int, str]:
        return (
            folder not in with_exercises,
            folder.name != "exercises",
            len(folder.parts),
            str(folder),
        )

    return min(folders, key=rank)


def _assembled(path: Path, found: Mapping[str, bytes], known: frozenset[str]) -> Submission:
    if not found:
        raise UnreadableSubmission(f"{path}: holds no .py file and no notebook")
    names = [PurePosixPath(name) for name in found]
    for name in names:
        if not _is_text(str(name)):
            raise UnreadableSubmission(f"{path}: the file name {str(name)[:80]!r} is not UTF-8")
    folder = _graded_folder(names, known)
    files: dict[str, bytes] = {}
    notes = []
    for name in sorted(names):
        if name.parent != folder:
            notes.append(f"{name}: ignored, only the files in '{folder}' are graded")
        elif name.stem in NEVER_LOADED or name.stem in sys.stdlib_module_names:
            notes.append(f"{name}: ignored, a submission cannot bring a module of this name")
        else:
            files[name.name] = _decoded(path, name, found[str(name)])
    if not files:
        raise UnreadableSubmission(f"{path}: holds no .py file or notebook that can be graded")
    digest = hashlib.sha256()
    for file, text in files.items():
        digest.update(f"{file}\0{len(text)}\0".encode() + text)
    return Submission(path.resolve().name, files, digest.hexdigest(), tuple(notes))


def _is_text(name: str) -> bool:
    """Tell whether a name is text: stray bytes of a file name are no characters."""
    return name == name.encode("utf-8", "replace").decode()


def _decoded(path: Path, name: PurePosixPath, text: bytes) -> bytes:
    """Return a source as UTF-8 with plain line ends. A coding cookie has no say in it."""
    try:
        decoded = text.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnreadableSubmission(f"{path}: '{name}' is not UTF-8: {error.reason}") from None
    if "\0" in decoded:
        raise UnreadableSubmission(f"{path}: '{name}' contains NUL bytes")
    return decoded.replace("\r\n", "\n").replace("\r", "\n").encode()
