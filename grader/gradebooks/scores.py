"""Scores on their way into a gradebook: who gets how many points, and who stands in which row."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from grader.gradebooks.cells import Cell


class Refused(ValueError):
    """A merge that would write something wrong: nothing is written. Says what to change."""


@dataclass(frozen=True)
class Scored:
    """A student's score. points: None if there is none to write, and then `outcome` says why."""

    id: str
    name: str
    points: float | None
    max_points: float
    outcome: str = "graded"

    @property
    def who(self) -> str:
        """Return how to speak of the student."""
        return self.id if self.name in ("", self.id) else f"{self.name} ({self.id})"


@dataclass(frozen=True)
class Student:
    """A row of the gradebook: its name, its keys from the surest on, and the cell of the grade."""

    name: str
    keys: Sequence[str]
    cell: Cell
    maximum: float | None = None
    locked: str = ""


@dataclass
class Merge:
    """What a merge comes to, in lists for people to read."""

    written: list[str] = field(default_factory=list)
    replaced: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    without_score: list[str] = field(default_factory=list)
    not_in_gradebook: list[str] = field(default_factory=list)
    not_submitted: list[str] = field(default_factory=list)
    ambiguous: list[str] = field(default_factory=list)
    content: bytes = b""


def matched(
    scores: Sequence[Scored], students: Sequence[Student], merge: Merge
) -> dict[int, Scored]:
    """Return scores by the number of their student; what finds no student goes into the lists.

    The keys are tried in order, each for all students; the name comes last.
    """
    indices = _indices(students)
    found: dict[int, list[Scored]] = defaultdict(list)
    for score in scores:
        rows = _rows_of(score, indices)
        if len(rows) == 1:
            found[rows[0]].append(score)
        elif rows:
            merge.ambiguous.append(f"{score.who}: fits {len(rows)} students")
        else:
            merge.not_in_gradebook.append(score.who)
    for row, claims in found.items():
        if len(claims) > 1:
            names = ", ".join(claim.who for claim in claims)
            merge.ambiguous.append(f"{students[row].name}: {names} all fit")
    merge.not_submitted += [s.name for n, s in enumerate(students) if n not in found]
    return {row: claims[0] for row, claims in found.items() if len(claims) == 1}


def _indices(students: Sequence[Student]) -> list[Mapping[str, list[int]]]:
    """Return for each key, and at last for the name, which rows have which value."""
    width = max((len(student.keys) for student in students), default=0)
    indices: list[dict[str, list[int]]] = [defaultdict(list) for _ in range(width + 1)]
    for row, student in enumerate(students):
        for place, key in enumerate(student.keys):
            if key.strip():
                indices[place][key.strip()].append(row)
        if spoken(student.name):
            indices[-1][spoken(student.name)].append(row)
    return list(indices)


def _rows_of(score: Scored, indices: Sequence[Mapping[str, list[int]]]) -> list[int]:
    *keys, names = indices
    for index in keys:
        if score.id.strip() in index:
            return index[score.id.strip()]
    return names.get(spoken(score.name or score.id), [])


def spoken(name: str) -> str:
    """Return a name as it is compared: `Lovelace, Ada` is `ada lovelace`."""
    name = unicodedata.normalize("NFKC", name).casefold()
    last, comma, first = name.partition(",")
    return " ".join((f"{first} {last}" if comma else name).split())


def put(
    scores: Sequence[Scored], students: Sequence[Student], scale_to: float | None, merge: Merge
) -> list[tuple[Cell, str]]:
    """Return the cells to change. scale_to: what the full score is worth; None: leave as it is.

    Raises Refused if a score is over its student's maximum.
    """
    changes = []
    for row, score in sorted(matched(scores, students, merge).items()):
        student = students[row]
        if score.points is None:
            merge.without_score.append(f"{score.who}: {score.outcome}")
        elif student.locked:
            merge.kept.append(f"{score.who}: {student.locked}")
        else:
            value = _value(score, score.points, student, scale_to)
            _record(score, student, value, merge)
            changes.append((student.cell, value))
    return changes


def _value(score: Scored, earned: float, student: Student, scale_to: float | None) -> str:
    if scale_to is not None and not score.max_points:
        raise Refused(f"{score.who}: was graded on a bonus alone, which has no full score to scale")
    points = earned if scale_to is None else scale_to * earned / score.max_points
    points = round(points, 2)
    if student.maximum is not None and points > student.maximum:
        raise Refused(
            f"{score.who}: {points:g} is over the maximum of {student.maximum:g} points; nothing "
            f"was written. Scale the scores with --scale-to {student.maximum:g}, or change the "
            "maximum in the gradebook and download it again"
        )
    return f"{points:.2f}".rstrip("0").rstrip(".")


def _record(score: Scored, student: Student, value: str, merge: Merge) -> None:
    before = student.cell.value.strip()
    if before in ("", "-"):
        merge.written.append(f"{score.who}: {value}")
    elif _same(before, value):
        merge.kept.append(f"{score.who}: {before} as before")
    else:
        merge.replaced.append(f"{score.who}: {before} becomes {value}")


def _same(before: str, value: str) -> bool:
    try:
        return float(before) == float(value)
    except ValueError:
        return False


def column(header: Sequence[str], title: str, name: str) -> int:
    """Return the place of a column. Raises Refused if there is none of this title, or several."""
    places = [place for place, found in enumerate(header) if found == title]
    if len(places) == 1:
        return places[0]
    if places:
        raise Refused(f"{name}: has {len(places)} columns '{title}'; rename all but one")
    raise Refused(f"{name}: has no column '{title}'; it has: {', '.join(header)}")
