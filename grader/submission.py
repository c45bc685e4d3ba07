"""Take in a submission: a folder, a file or an archive becomes named sources and a digest.

Nothing here executes, imports or unpacks to disk anything of it. What cannot be taken in safely is
refused with an `UnreadableSubmission` that says what to change.
"""

from __future__ import annotations

import hashlib
import os
import stat
import sys
import tarfile
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import IO

from grader.course import catalogue
from grader.errors import UnreadableSubmission
from grader.notebook import reading

MAX_FILE = 1 << 20
MAX_TOTAL = 16 << 20
MAX_ENTRIES = 5000
ENCRYPTED = 1  # among the flags of an entry of a zip
MAX_ARCHIVE = 64 << 20
ARCHIVES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")
NOTEBOOK = ".ipynb"
MAX_NOTEBOOK = 256 << 20
"""Outputs included, which are not even parsed; the code in it is held to the size of a file."""

IGNORED_FOLDERS = frozenset({"__pycache__", "__MACOSX", "node_modules", "venv", "site-packages"})
NEVER_LOADED = frozenset({"conftest", "setup", "sitecustomize", "usercustomize", "torch", "numpy"})


@dataclass(frozen=True)
class Submission:
    """Sources by file name, the digest of them all, and what was left out and why."""

    name: str
    files: Mapping[str, bytes]
    digest: str
    notes: tuple[str, ...] = ()


def read_for_course(path: Path) -> Submission:
    """Read a submission to this course. Raises UnreadableSubmission, as `read` does."""
    return read(path, frozenset(exercise.file for exercise in catalogue.course().exercises))


def read_together(files: Mapping[str, Path], name: str) -> Submission:
    """Read the files of one student, side by side as platforms hand them out, as one submission.

    files: each by the name that it is to have. Raises UnreadableSubmission, as `read` does, and if
    two of them bring a file of the same name.
    """
    known = frozenset(exercise.file for exercise in catalogue.course().exercises)
    found: dict[str, bytes] = {}
    notes: list[str] = []
    for given, path in files.items():
        part = read(path, known)
        notes += part.notes
        for file, text in part.files.items():
            alone = path.is_file() and not path.name.lower().endswith(ARCHIVES)
            entry = given if alone else file
            if found.setdefault(entry, text) != text:
                raise UnreadableSubmission(f"{name}: brings two different files '{entry}'")
    whole = _assembled(Path(name), found, known)
    return replace(whole, notes=(*notes, *whole.notes))


def read(path: Path, known: frozenset[str] = frozenset()) -> Submission:
    """Read a submission. `known` are the exercises' file names: they mark the folder to grade.

    Raises UnreadableSubmission for anything that is missing, unsafe, too large or without sources.
    """
    lowered = path.name.lower()
    try:
        if path.is_symlink():
            raise UnreadableSubmission(f"{path}: is a symbolic link; name what it points to")
        if path.is_dir():
            found = dict(_from_folder(path))
        elif not path.exists():
            raise UnreadableSubmission(f"{path}: there is no such file or folder")
        elif not path.is_file():
            raise UnreadableSubmission(f"{path}: is neither a file nor a folder")
        elif lowered.endswith((".py", NOTEBOOK)):
            found = {path.name: _read_file(path)}
        elif lowered.endswith(ARCHIVES):
            found = _from_archive(path)
        else:
            expected = ", ".join((".py", NOTEBOOK, *ARCHIVES))
            raise UnreadableSubmission(f"{path}: expected a folder or one of {expected}")
    except OSError as error:
        raise UnreadableSubmission(f"{path}: cannot be read: {error.strerror or error}") from None
    return _assembled(path, found, known)


def _read_file(path: Path) -> bytes:
    # A link that has taken the file's place since it was looked at is not followed.
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
    with os.fdopen(descriptor, "rb") as file:
        most = _most(path.name)
        text = file.read(most + 1)
    if len(text) > most:
        raise UnreadableSubmission(f"{path}: is larger than {most >> 20} MiB")
    return _source(str(path), text)


def _most(name: str) -> int:
    """Return how many bytes a file may have: of a notebook, most are outputs."""
    return MAX_NOTEBOOK if name.lower().endswith(NOTEBOOK) else MAX_FILE


def _source(name: str, text: bytes) -> bytes:
    """Return the source in a file: of a notebook, its code cells, and nothing else of it."""
    if not name.lower().endswith(NOTEBOOK):
        return text
    cells = reading.read(text, name)
    return reading.to_source(cells, prose=False).encode("utf-8", "replace")


def _wanted(entry: PurePosixPath) -> bool:
    folders = entry.parts[:-1]
    hidden = any(part.startswith(".") or part in IGNORED_FOLDERS for part in folders)
    is_source = entry.suffix.lower() in (".py", NOTEBOOK)
    return is_source and not hidden and not entry.name.startswith(".")


def _from_folder(root: Path) -> Iterator[tuple[str, bytes]]:
    """Yield the sources below a folder. Links and special files are not followed, nor opened."""
    entries = total = 0
    folders = [root]
    while folders:
        folder = folders.pop()
        for path in sorted(folder.iterdir()):
            entries += 1
            if entries > MAX_ENTRIES:
                raise UnreadableSubmission(f"{root}: has more than {MAX_ENTRIES} entries")
            mode = path.lstat().st_mode
            name = PurePosixPath(path.relative_to(root).as_posix())
            if stat.S_ISDIR(mode):
                if not path.name.startswith(".") and path.name not in IGNORED_FOLDERS:
                    folders.append(path)
            elif _wanted(name):
                if not stat.S_ISREG(mode):
                    raise UnreadableSubmission(f"{path}: is not a regular file")
                text = _read_file(path)
                total += len(text)
                if total > MAX_TOTAL:
                    raise UnreadableSubmission(f"{root}: more than {MAX_TOTAL >> 20} MiB of code")
                yield str(name), text


def _from_archive(path: Path) -> dict[str, bytes]:
    if path.stat().st_size > MAX_ARCHIVE:
        raise UnreadableSubmission(f"{path}: is larger than {MAX_ARCHIVE >> 20} MiB")
    members = _zip_members if path.name.lower().endswith(".zip") else _tar_members
    found: dict[str, bytes] = {}
    seen: set[str] = set()
    total = 0
    try:
        for name, text in members(path):
            entry = _checked_name(path, name)
            if str(entry).casefold() in seen:
                raise UnreadableSubmission(f"{path}: contains '{entry}' twice")
            seen.add(str(entry).casefold())
            if text is None or not _wanted(entry):
                continue
            total += len(text)
            if total > MAX_TOTAL:
                raise UnreadableSubmission(f"{path}: more than {MAX_TOTAL >> 20} MiB of code")
            found[str(entry)] = text
    except (zipfile.BadZipFile, tarfile.TarError, EOFError, ValueError, RuntimeError) as error:
        if isinstance(error, UnreadableSubmission):
            raise
        raise UnreadableSubmission(f"{path}: is not a readable archive: {error}") from None
    except Exception as error:  # decompressors raise errors of their own for damaged data
        raise UnreadableSubmission(f"{path}: is a damaged archive: {error}") from None
    return found


def _checked_name(path: Path, name: str) -> PurePosixPath:
    entry = PurePosixPath(name.replace("\\", "/"))
    windows_drive = len(name) > 1 and name[1] == ":"
    if entry.is_absolute() or ".." in entry.parts or windows_drive or "\0" in name:
        raise UnreadableSubmission(f"{path}: the entry {name[:80]!r} points outside the archive")
    return entry


def _limited(path: Path, name: str, stream: IO[bytes]) -> bytes:
    most = _most(name)
    text = stream.read(most + 1)
    if len(text) > most:
        raise UnreadableSubmission(f"{path}: '{name[:80]}' is larger than {most >> 20} MiB")
    return _source(f"{path}: {name[:80]}", text)


def _zip_members(path: Path) -> Iterator[tuple[str, bytes | None]]:
    with zipfile.ZipFile(path) as archive:
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
                with archive.open(member) as stream:
                    text = _limited(path, member.filename, stream)
            yield member.filename, text


class _TarHeader(tarfile.TarInfo):
    """A header of a tar. A long name has a header of its own, whose content is read as a whole
    before there is a member to look at; so its size is checked here.
    """

    def _proc_member(self, archive: tarfile.TarFile) -> tarfile.TarInfo:
        """Go on to the content. Raises UnreadableSubmission if it cannot be as large as it says."""
        if self.size > MAX_FILE and not self.isreg():
            raise UnreadableSubmission(
                f"{archive.name!s}: a header is larger than {MAX_FILE >> 20} MiB"
            )
        if self.size < 0:  # the next member would be this one again
            raise UnreadableSubmission(
                f"{archive.name!s}: '{self.name[:80]}' has an impossible size"
            )
        found: tarfile.TarInfo = super()._proc_member(archive)  # type: ignore[misc]
        return found


def _tar_members(path: Path) -> Iterator[tuple[str, bytes | None]]:
    read = 0
    with tarfile.open(path, "r:*", tarinfo=_TarHeader) as archive:
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
                text = _limited(path, member.name, stream) if stream else None
            yield member.name, text


def _graded_folder(names: list[PurePosixPath], known: frozenset[str]) -> PurePosixPath:
    """Return the folder whose files count: the one with the exercises in it, the nearest first."""
    folders = {name.parent for name in names}

    def rank(folder: PurePosixPath) -> tuple[bool, bool, int, str]:
        has_exercise = any(name.name in known for name in names if name.parent == folder)
        return (not has_exercise, folder.name != "exercises", len(folder.parts), str(folder))

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
