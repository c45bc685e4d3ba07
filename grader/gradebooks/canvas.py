"""Canvas: scores into one column of the gradebook that a teacher exported.

Canvas makes a new assignment of a column whose title it does not know, so only a column that the
file already has, with the id that Canvas gave it, is written.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from grader.gradebooks import cells
from grader.gradebooks.cells import Cell, Table
from grader.gradebooks.scores import Merge, Refused, Scored, Student, column, put

KEYS = ("ID", "SIS User ID", "SIS Login ID")
POINTS_POSSIBLE = "Points Possible"
_ASSIGNMENT = re.compile(r".+ \(\d+\)", re.DOTALL)
_READ_ONLY = "(read only)"


def merge(
    content: bytes,
    scores: Sequence[Scored],
    title: str,
    scale_to: float | None = None,
    name: str = "gradebook",
) -> Merge:
    """Return the gradebook with scores in the column `Title (id)`, and the lists of who is where.

    Raises UnreadableTable for a file that is no export of Canvas, Refused for a column that is no
    assignment of it and for scores over the points possible.
    """
    table = cells.read(content, name, ("Student", "ID"))
    assignments = [found for found in table.header if _ASSIGNMENT.fullmatch(found)]
    if title not in assignments:
        listed = ", ".join(f"'{found}'" for found in assignments) or "none"
        raise Refused(
            f"{name}: has no column '{title}' of an assignment; Canvas would make a new one. "
            f"The assignments are: {listed}"
        )
    place = column(table.header, title, name)
    first, maximum = _possible(table, place, name)
    students = [_student(row, table.header, place, maximum, name) for row in table.rows[first:]]
    merged = Merge()
    changes = put(scores, [s for s in students if s is not None], scale_to, merged)
    merged.content = table.changed(changes)
    return merged


def _possible(table: Table, place: int, name: str) -> tuple[int, float | None]:
    """Return the number of the first student's row, and the points possible in the column."""
    student = table.header.index("Student")
    for number, row in enumerate(table.rows[1:4], start=1):
        if len(row) > max(student, place) and row[student].value.strip() == POINTS_POSSIBLE:
            told = row[place].value.strip()
            if told == _READ_ONLY:
                raise Refused(f"{name}: the column '{table.header[place]}' is read-only in Canvas")
            return number + 1, _number(told)
    raise Refused(f"{name}: has no row '{POINTS_POSSIBLE}' below the titles; export it from Canvas")


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _student(
    row: Sequence[Cell], header: Sequence[str], place: int, maximum: float | None, name: str
) -> Student | None:
    if not any(cell.value.strip() for cell in row):
        return None
    if len(row) <= place:
        raise Refused(
            f"{name}: line {row[0].line} has {len(row)} cells, and the column is cell "
            f"{place + 1}; export the gradebook again"
        )
    own = dict(zip(header, (cell.value for cell in row), strict=False))
    excused = row[place].value.strip().upper() == "EX"
    return Student(
        name=own["Student"].strip(),
        keys=[own.get(key, "") for key in KEYS],
        cell=row[place],
        maximum=maximum,
        locked="excused (EX)" if excused else "",
    )
