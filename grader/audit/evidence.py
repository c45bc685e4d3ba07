"""Gather the evidence about a cohort: findings, likenesses, published comments, unusual times."""

from __future__ import annotations

import json
import statistics
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from grader.audit import alike, remarks, sources
from grader.audit.alike import SameFunctions, SameRemark
from grader.audit.sources import Sources
from grader.cohort.index import Index
from grader.options import ROOT
from grader.render.gathered import gathered, in_words
from grader.report import place_of
from grader.sandbox.host.zygote import Zygote
from grader.submission import read_for_course

LARGE, LIKE_SOLUTIONS = 60, 2
"""So many functions of so many syntax nodes as in the reference solution are told: smaller ones, or
a single one, happen to anybody who knows the lecture."""

UNUSUAL, AT_LEAST = 6.0, 3.0
"""A time is unusual at so many deviations from the median, and at so many times the median."""


@dataclass(frozen=True)
class Place:
    """Something at a place in a student's submission; `also` are other places of the same."""

    student: str
    file: str
    cell: int | None
    line: int
    what: str
    told: str
    also: tuple[str, ...] = ()

    @property
    def place(self) -> str:
        """Return where that is."""
        return in_words([place_of(self.file, self.cell, self.line), *self.also])


@dataclass(frozen=True)
class LikeSolutions:
    """A student whose large functions are those of the reference solution, after normalising."""

    student: str
    functions: tuple[str, ...]


@dataclass(frozen=True)
class Time:
    """A student whose grading took unusually long or short, in seconds."""

    student: str
    seconds: float
    median: float


@dataclass(frozen=True)
class Evidence:
    """What staff may want to look at, by kind; students by their ids in the cohort."""

    students: int
    findings: tuple[Place, ...]
    same_functions: tuple[SameFunctions, ...]
    like_solutions: tuple[LikeSolutions, ...]
    same_remarks: tuple[SameRemark, ...]
    published_remarks: tuple[Place, ...]
    unusual_times: tuple[Time, ...]
    unread: tuple[tuple[str, str], ...]

    def as_json(self) -> str:
        """Return the evidence as JSON text, ending in a newline."""
        return json.dumps({"version": "1.0", **asdict(self)}, indent=2, ensure_ascii=False) + "\n"


def gather(index: Index, zygote: Zygote) -> Evidence:
    """Read reports and sources of a cohort. Raises SandboxError if the sandbox does not work."""
    cohort, unread = _read(index, zygote)
    reference = sources.read(zygote, read_for_course(ROOT / "solutions").files)
    digests = {entry.id: str(entry.digest) for entry in index.entries}
    return Evidence(
        students=len(index.entries),
        findings=tuple(_findings(index)),
        same_functions=tuple(
            alike.functions(cohort, digests, {f.digest for f in reference.functions})
        ),
        like_solutions=tuple(like_solutions(cohort, reference)),
        same_remarks=tuple(alike.remarks_of(cohort)),
        published_remarks=tuple(published(cohort)),
        unusual_times=tuple(unusual(index.times())),
        unread=tuple(unread),
    )


def _read(index: Index, zygote: Zygote) -> tuple[dict[str, Sources], list[tuple[str, str]]]:
    """Return the sources of each student, and whose could not be read and why."""
    by_digest: dict[str, Sources] = {}
    cohort, unread = {}, []
    for entry in index.entries:
        try:
            files = index.sources_of(entry)
            if str(entry.digest) not in by_digest:
                by_digest[str(entry.digest)] = sources.read(zygote, files)
            cohort[entry.id] = by_digest[str(entry.digest)]
        except ValueError as error:
            unread.append((entry.id, str(error).removeprefix(f"{entry.id}: ")))
    return cohort, unread


def _findings(index: Index) -> list[Place]:
    found = []
    for student, report in index.reports().items():
        for one in gathered(report.findings):
            finding = one.first
            told = f"{finding.reason} ({finding.standing})"
            at = (finding.file, finding.cell, finding.line)
            found.append(Place(student, *at, finding.what, told, one.places[1:]))
    return found


def like_solutions(cohort: Mapping[str, Sources], reference: Sources) -> list[LikeSolutions]:
    """Return the students of whom several large functions are those of the reference solution."""
    large = {f.digest for f in reference.functions if f.size >= LARGE}
    found = []
    for student, own in cohort.items():
        names = tuple(f.name for f in own.functions if f.digest in large)
        if len(names) >= LIKE_SOLUTIONS:
            found.append(LikeSolutions(student, names))
    return sorted(found, key=lambda like: (-len(like.functions), like.student))


def published(cohort: Mapping[str, Sources]) -> list[Place]:
    """Return the comments that published solutions of the lecture have, too."""
    return [
        Place(student, r.file, r.cell, r.line, r.text, "as in a published solution")
        for student, own in cohort.items()
        for r in own.remarks
        if remarks.is_published(r.text)
    ]


def unusual(times: Mapping[str, float]) -> list[Time]:
    """Return the students whose grading took far longer, or shorter, than the others'."""
    if len(times) < 5:
        return []
    median = statistics.median(times.values())
    deviation = statistics.median(abs(seconds - median) for seconds in times.values())
    found = []
    for student, seconds in times.items():
        far = abs(seconds - median) > UNUSUAL * max(deviation, 0.01)
        if far and max(seconds, median) > AT_LEAST * min(seconds, median):
            found.append(Time(student, round(seconds, 3), round(median, 3)))
    return sorted(found, key=lambda time: -time.seconds)
