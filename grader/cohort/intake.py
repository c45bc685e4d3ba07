"""From a student's files to one submission in memory. Nothing is unpacked to disk or executed."""

from __future__ import annotations

import stat
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from grader import submission
from grader.cohort.roster import Student
from grader.course import catalogue
from grader.errors import UnreadableSubmission
from grader.submission import ARCHIVES, NOTEBOOK, Submission

LONE = (".py", NOTEBOOK)
NAME = "submission"


def read(student: Student) -> Submission:
    """Read what a student handed in. Raises UnreadableSubmission, whatever is wrong with it."""
    if not student.files:
        told = "; ".join(student.notes) or "the roster names no path"
        raise UnreadableSubmission(f"{student.path or student.id}: holds nothing to grade: {told}")
    files = student.files
    if len(files) == 1:
        [(name, path)] = files.items()
        files = _packed(path) or {_neutral(name) if path.is_file() else name: path}
    if len(files) == 1 and [*files] == [path.name for path in files.values()]:
        return submission.read_for_course(*files.values())
    return submission.read_together(files, student.path)


def _neutral(name: str) -> str:
    """Return the name under which a lone file is graded: one that says nothing of an exercise says
    who handed it in, and equal submissions are to be equal.
    """
    stem, _, suffix = name.rpartition(".")
    keys = [exercise.key for exercise in catalogue.course().exercises]
    if f".{suffix.lower()}" not in LONE or any(key in stem.lower() for key in keys):
        return name
    return f"{NAME}.{suffix.lower()}"


def _packed(path: Path) -> Mapping[str, Path]:
    """Return the archives in a folder that holds nothing else to grade: platforms put what was
    uploaded into a folder of the student's.
    """
    try:
        if path.is_symlink() or not path.is_dir():
            return {}
        inside = sorted(path.iterdir())
        folders = [path, *(one for one in inside if stat.S_ISDIR(one.lstat().st_mode))]
        if any(one.suffix.lower() in LONE for folder in folders for one in folder.iterdir()):
            return {}
        regular = [one for one in inside if stat.S_ISREG(one.lstat().st_mode)]
        return {one.name: one for one in regular if one.name.lower().endswith(ARCHIVES)}
    except OSError:
        return {}  # reading it will say why


def noted(student: Student, found: Submission) -> Submission:
    """Return a submission with the notes of how it was handed in."""
    return replace(found, notes=(*student.notes, *found.notes))
