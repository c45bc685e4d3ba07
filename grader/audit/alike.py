"""What several submissions have in common that most do not.

A function counts by its size and by how few students wrote it: what everybody has to write alike
weighs nothing, and neither does what the reference solution says, too.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from grader.audit import remarks
from grader.audit.sources import Function, Sources

SMALLEST = 30
"""Syntax nodes of a function that two people do not write alike by chance. The one-line gradients
of exercise 1 have about 10 to 25."""

COMMON = 0.1
"""What more than this share of the cohort has in common (and more than two students) is common."""

LONG_REMARK = 4
"""Words of a comment that two people do not write alike by chance."""


@dataclass(frozen=True)
class SameFunctions:
    """Students with functions that are the same after normalising, and how telling that is.

    identical: their files are the same, byte for byte.
    """

    students: tuple[str, ...]
    functions: tuple[str, ...]
    weight: float
    identical: bool


@dataclass(frozen=True)
class SameRemark:
    """Students with the same comment."""

    students: tuple[str, ...]
    text: str


def limit(cohort: int) -> int:
    """Return how many students may share something that is still rare."""
    return max(2, int(COMMON * cohort))


def functions(
    cohort: Mapping[str, Sources], digests: Mapping[str, str], reference: Collection[str]
) -> list[SameFunctions]:
    """Return who shares which large and rare functions, the most telling first.

    cohort: by student. digests: of the files, by student. reference: digests of the functions of
    the reference solution, which do not count.
    """
    having: dict[str, dict[str, Function]] = {}
    for student, sources in cohort.items():
        for function in sources.functions:
            if function.size >= SMALLEST and function.digest not in reference:
                having.setdefault(function.digest, {})[student] = function
    shared: dict[tuple[str, ...], list[Function]] = {}
    for found in having.values():
        if 2 <= len(found) <= limit(len(cohort)):
            shared.setdefault(tuple(sorted(found)), []).append(next(iter(found.values())))
    groups = [
        SameFunctions(
            students,
            tuple(sorted(function.name for function in found)),
            round(sum(f.size for f in found) * math.log2(1 + len(cohort) / len(students)), 1),
            len({digests[student] for student in students}) == 1,
        )
        for students, found in shared.items()
    ]
    return sorted(groups, key=lambda group: (-group.weight, group.students))


def remarks_of(cohort: Mapping[str, Sources]) -> list[SameRemark]:
    """Return who shares which long and rare comments, in the order of the comments."""
    having: dict[tuple[str, ...], dict[str, str]] = {}
    for student, sources in cohort.items():
        for remark in sources.remarks:
            words = remarks.normalised(remark.text)
            if len(words) >= LONG_REMARK:
                having.setdefault(words, {}).setdefault(student, remark.text)
    return sorted(
        (
            SameRemark(tuple(sorted(found)), next(iter(found.values())))
            for found in having.values()
            if 2 <= len(found) <= limit(len(cohort))
        ),
        key=lambda remark: (remark.students, remark.text),
    )
