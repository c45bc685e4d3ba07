"""Moodle: scores into the offline grading worksheet of an assignment."""

from __future__ import annotations

import math
from collections.abc import Sequence

from grader.gradebooks import cells
from grader.gradebooks.cells import Cell
from grader.gradebooks.scores import Merge, Refused, Scored, Student, column, put

COLUMNS = ("Identifier", "Grade", "Last modified (grade)")
KEYS = ("ID number", "Email address")
LIMIT = 100.0
"""Where the worksheet names no maximum: Moodle refuses more, unless a site allows it."""
_PARTICIPANT = "Participant "


def merge(
    content: bytes,
    scores: Sequence[Scored],
    scale_to: float | None = None,
    name: str = "worksheet",
) -> Merge:
    """Return the worksheet with scores in its column `Grade`, and the lists of who is where.

    A student is found by the identifier, `Participant 12` or 12 alone, as in the names of the files
    that Moodle exports; then by ID number, address and full name, where the worksheet has them.
    Raises UnreadableTable for a file that is no worksheet, Refused for scores over the maximum.
    """
    table = cells.read(content, name, COLUMNS)
    for title in COLUMNS:
        column(table.header, title, name)
    students = [_student(row, table.header, name) for row in table.rows[1:] if _filled(row)]
    merged = Merge()
    merged.content = table.changed(put(scores, students, scale_to, merged))
    return merged


def _filled(row: Sequence[Cell]) -> bool:
    return any(cell.value.strip() for cell in row)


def _student(row: Sequence[Cell], header: Sequence[str], name: str) -> Student:
    place = header.index("Grade")
    if len(row) != len(header):
        raise Refused(
            f"{name}: line {row[0].line} has {len(row)} cells, and the first line has "
            f"{len(header)}; download the worksheet again"
        )
    own = dict(zip(header, (cell.value for cell in row), strict=True))
    identifier = own["Identifier"].strip()
    return Student(
        name=own.get("Full name", "").strip() or identifier,
        keys=[
            identifier,
            identifier.removeprefix(_PARTICIPANT),
            *(own.get(key, "") for key in KEYS),
        ],
        cell=row[place],
        maximum=_maximum(own.get("Maximum grade", "")),
        locked="" if own.get("Grade can be changed", "Yes").strip() != "No" else "locked in Moodle",
    )


def _maximum(text: str) -> float:
    try:
        value = float(text.replace(",", "."))
    except ValueError:
        return LIMIT
    return value if math.isfinite(value) else LIMIT
