"""Who is in a cohort: a roster file, or a folder as people and learning platforms leave it."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from grader.cohort import platforms
from grader.errors import UnreadableSubmission
from grader.submission import ARCHIVES

SUFFIXES = (".py", ".ipynb", *ARCHIVES)
REQUIRED = ("id", "name", "path")
MAX_ROSTER = 64 << 20


@dataclass(frozen=True)
class Student:
    """One student and the files handed in, each under the name that it is to have."""

    id: str
    name: str
    path: str
    files: Mapping[str, Path]
    submitted_at: str | None = None
    facts: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Roster:
    """All students, in the order in which they are reported, and what is no submission."""

    students: Sequence[Student]
    notes: Sequence[str] = ()


def read(path: Path) -> Roster:
    """Read a roster (.csv) or a folder of submissions.

    Raises UnreadableSubmission if there is neither, or nobody in it. What is wrong with a single
    submission shows when that is read.
    """
    try:
        if path.is_dir():
            found = _from_folder(path)
        elif path.suffix.lower() == ".csv":
            found = _from_csv(path)
        elif not path.exists():
            raise UnreadableSubmission(f"{path}: there is no such folder or roster")
        else:
            raise UnreadableSubmission(
                f"{path}: is neither a folder of submissions nor a roster (.csv); unpack what a "
                "learning platform exported and name the folder"
            )
    except OSError as error:
        raise UnreadableSubmission(f"{path}: cannot be read: {error.strerror or error}") from None
    if not found.students:
        raise UnreadableSubmission(
            f"{path}: nobody is in it; expected one subfolder or one of {', '.join(SUFFIXES)} for "
            "each student, or a roster with a row for each"
        )
    return found


# A roster


def _from_csv(path: Path) -> Roster:
    if path.stat().st_size > MAX_ROSTER:
        raise UnreadableSubmission(f"{path}: is larger than {MAX_ROSTER >> 20} MiB")
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnreadableSubmission(f"{path}: is not UTF-8: {error.reason}; save it so") from None
    head = text.partition("\n")[0]
    # Spreadsheets separate by what their locale says.
    delimiter = max(",;\t", key=head.count)
    rows = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter, restkey="")
    columns = {(name or "").strip().lower(): name for name in rows.fieldnames or ()}
    lacking = [name for name in REQUIRED if name not in columns]
    if lacking:
        raise UnreadableSubmission(
            f"{path}: has no column {' and no column '.join(lacking)}; the first line has to name "
            f"id, name and path, and it names: {', '.join(columns) or 'nothing'}"
        )
    students: dict[str, Student] = {}
    try:
        for row in rows:
            values = {key: (row.get(name) or "").strip() for key, name in columns.items() if key}
            if not any(values.values()):
                continue
            student = _row(path, rows.line_num, values)
            if student.id in students:
                raise UnreadableSubmission(
                    f"{path}, line {rows.line_num}: the id '{student.id}' is there already; leave "
                    "the one submission that counts"
                )
            students[student.id] = student
    except csv.Error as error:
        raise UnreadableSubmission(f"{path}, line {rows.line_num}: {error}") from None
    return Roster(list(students.values()))


def _row(path: Path, line: int, values: Mapping[str, str]) -> Student:
    if not values["id"]:
        raise UnreadableSubmission(f"{path}, line {line}: has no id")
    known = (*REQUIRED, "submitted_at")
    given = values["path"]
    place = path.parent / given
    return Student(
        id=values["id"],
        name=values["name"] or values["id"],
        path=given,
        files={place.name: place} if given else {},
        submitted_at=values.get("submitted_at") or None,
        facts={key: value for key, value in values.items() if key not in known and value},
    )


# A folder


def _from_folder(folder: Path) -> Roster:
    found: list[platforms.Found] = []
    notes = []
    exported = platforms.gradescope(folder)
    for place in sorted(folder.iterdir(), key=lambda place: place.name):
        if place.name.startswith(".") or place.name in platforms.NOT_SUBMISSIONS:
            continue
        is_link = place.is_symlink()
        if not (place.is_dir() or is_link or place.name.lower().endswith(SUFFIXES)):
            if platforms.of_name(place) is None:
                notes.append(f"{_text(place.name)}: is no submission")
                continue
        elif place.name in exported:
            continue
        found.append(platforms.of_name(place) or platforms.plain(place, SUFFIXES))
    found += [one for several in exported.values() for one in several]
    return Roster(_distinct([_student(folder, several) for several in _by_student(found)]), notes)


def _by_student(found: Iterable[platforms.Found]) -> list[list[platforms.Found]]:
    """Bring together what belongs to one student: platforms hand out files one by one."""
    groups: dict[tuple[str, str], list[platforms.Found]] = {}
    for one in found:
        key = (one.platform, one.id if one.platform else one.path.name)
        groups.setdefault(key, []).append(one)
    return list(groups.values())


def _student(folder: Path, several: Sequence[platforms.Found]) -> Student:
    first = several[0]
    files: dict[str, platforms.Found] = {}
    notes: list[str] = []
    for one in several:
        # Only a file is left out for its name: what is wrong with anything else, reading says.
        other = one.path.is_file() and not one.file.lower().endswith(SUFFIXES)
        if one.ignored or other:
            why = one.ignored or f"only {', '.join(SUFFIXES)} are read"
            notes.append(f"{one.file}: ignored, {why}")
            continue
        before = files.get(one.file)
        if before is not None and before.attempt >= one.attempt:
            one, before = before, one
        if before is not None:
            notes.append(f"{before.path.name}: ignored, {one.path.name} is newer")
        files[one.file] = one
    facts: dict[str, str] = {}
    for one in several:
        facts |= one.facts
    paths = [one.path for one in files.values()] or [first.path]
    return Student(
        id=_text(first.id),
        name=_text(first.name),
        path=_text(", ".join(path.relative_to(folder).as_posix() for path in paths)),
        files={name: one.path for name, one in files.items()},
        submitted_at=first.submitted_at,
        facts=facts,
        notes=tuple(notes),
    )


def _text(name: str) -> str:
    """Return a name that UTF-8 can hold: stray bytes in it are no characters."""
    return name.encode("utf-8", "backslashreplace").decode()


def _distinct(students: Sequence[Student]) -> list[Student]:
    """Give students who would share an id, such as `ada.py` and `ada.zip`, their whole path."""
    count: dict[str, int] = {}
    for student in students:
        count[student.id] = count.get(student.id, 0) + 1
    return [
        replace(student, id=f"{student.id} ({student.path})") if count[student.id] > 1 else student
        for student in students
    ]
