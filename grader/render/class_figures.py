"""The figures of a class: what the reports of a cohort come to, student by student, task by task.

Each report is read once and let go of, so that a thousand of them need no more room than one.
"""

from __future__ import annotations

import math
import statistics
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from grader.cohort.index import Entry, Index
from grader.render.gathered import Gathered, gathered
from grader.report import Report

GROUPS = {
    "passed": "passed",
    "shape": "shape",
    "failed": "failed",
    "error": "stopped",
    "timeout": "stopped",
    "memory": "stopped",
    "crashed": "stopped",
    "policy": "held",
    "infrastructure": "held",
    "not_attempted": "open",
}
"""Statuses that are drawn alike. A student without a report has a task in none of them."""

LETTERS = {"passed": "p", "shape": "s", "failed": "f", "stopped": "x", "held": "h", "open": "o"}
NONE = "-"
BINS = 20
SLOWEST = 10
MOST_FINDINGS = 5
MOST_TOLD = 160


@dataclass(frozen=True)
class Student:
    """One row of the class. cells: a letter for each task, see `LETTERS`."""

    entry: Entry
    link: str
    cells: str
    passed: int
    tasks: int
    findings: list[Gathered]
    seconds: float | None

    @property
    def told(self) -> str:
        """Return in one line why the outcome is what it is, and what is to be known beside it."""
        parts = [self.entry.message, *(f"{k}: {v}" for k, v in self.entry.facts.items())]
        text = "; ".join(" ".join(part.split()) for part in [*parts, *self.entry.notes] if part)
        return text if len(text) <= MOST_TOLD else text[:MOST_TOLD].rstrip() + "…"


@dataclass
class TaskRow:
    """One task over the class: how many students are in which group, and why."""

    name: str
    exercise: str
    counts: Counter[str] = field(default_factory=Counter)
    wrong: Counter[str] = field(default_factory=Counter)

    @property
    def total(self) -> int:
        """Return how many students have a result."""
        return self.counts.total()

    @property
    def most_frequent(self) -> tuple[str, int] | None:
        """Return the id of what most students misunderstood here, and how many; None without."""
        return min(self.wrong.items(), key=lambda found: (-found[1], found[0]), default=None)


@dataclass(frozen=True)
class Misconception:
    """A wrong answer that has a name, and how many students gave it."""

    id: str
    task: str
    says: str
    count: int


@dataclass(frozen=True)
class Bin:
    """One column of the histogram: scores from `low` up to `high`, which only the last includes."""

    low: float
    high: float
    count: int


@dataclass
class Figures:
    """The figures of a class."""

    students: list[Student] = field(default_factory=list)
    tasks: dict[str, TaskRow] = field(default_factory=dict)
    named: Counter[tuple[str, str]] = field(default_factory=Counter)
    says: dict[tuple[str, str], str] = field(default_factory=dict)

    @property
    def scores(self) -> list[float]:
        """Return all scores; a submission without one is in none of the figures."""
        return [s.entry.score for s in self.students if s.entry.score is not None]

    @property
    def median(self) -> float | None:
        """Return the median of the scores."""
        return statistics.median(self.scores) if self.scores else None

    @property
    def mean(self) -> float | None:
        """Return the mean of the scores."""
        return statistics.fmean(self.scores) if self.scores else None

    @property
    def max_score(self) -> float:
        """Return the most that a score could be."""
        known = [s.entry.max_score for s in self.students if s.entry.max_score is not None]
        return max(known, default=0.0)

    @property
    def misconceptions(self) -> list[Misconception]:
        """Return what was misunderstood, the most frequent first."""
        ranked = sorted(self.named.items(), key=lambda item: (-item[1], item[0]))
        return [
            Misconception(id=key[1], task=key[0], says=self.says[key], count=count)
            for key, count in ranked
        ]

    @property
    def slowest(self) -> list[Student]:
        """Return the students whose submissions took the longest, the slowest first."""
        timed = [student for student in self.students if student.seconds is not None]
        return sorted(timed, key=lambda student: -(student.seconds or 0.0))[:SLOWEST]

    @property
    def flagged(self) -> list[Student]:
        """Return the students of whom there is evidence to look at."""
        return [student for student in self.students if student.findings]

    def histogram(self) -> list[Bin]:
        """Count the scores in columns of equal width from 0 to the most there could be."""
        top = max([self.max_score, *self.scores])
        if not top:
            return []
        places = Counter(min(int(BINS * score / top), BINS - 1) for score in self.scores)
        return [Bin(top * k / BINS, top * (k + 1) / BINS, places[k]) for k in range(BINS)]


def figures(
    index: Index,
    reports: Mapping[str, Report],
    times: Mapping[str, float],
    links: Mapping[str, str],
) -> Figures:
    """Return the figures of a class; the arguments are those of `dashboard.render`."""
    found = Figures()
    statuses: dict[str, dict[str, str]] = {}
    findings: dict[str, list[Gathered]] = {}
    for entry in index.entries:
        if entry.id in reports:
            report = reports[entry.id]
            statuses[entry.id] = _noted(found, report)
            findings[entry.id] = gathered(report.findings)
    for entry in index.entries:
        own = statuses.get(entry.id, {})
        letters = [LETTERS[GROUPS[own[name]]] if name in own else NONE for name in found.tasks]
        found.students.append(
            Student(
                entry=entry,
                link=_own_page(links.get(entry.id, "")),
                cells="".join(letters),
                passed=sum(status == "passed" for status in own.values()),
                tasks=len(own),
                findings=findings.get(entry.id, []),
                seconds=times.get(entry.id),
            )
        )
    found.students.sort(key=_rank)
    return found


def _rank(student: Student) -> float:
    """Order students from the highest score down, so that the heat map has a shape."""
    return math.inf if student.entry.score is None else -student.entry.score


def _noted(found: Figures, report: Report) -> dict[str, str]:
    """Count the tasks and misconceptions of one report; return the statuses by task."""
    for task in report.tasks:
        row = found.tasks.setdefault(task.full_name, TaskRow(task.full_name, task.exercise))
        row.counts[GROUPS[task.status]] += 1
        told = {d.id: d.says for d in (task.diagnosis, *(c.diagnosis for c in task.checks)) if d}
        for id_, says in told.items():
            found.named[task.full_name, id_] += 1
            found.says.setdefault((task.full_name, id_), says)
            row.wrong[id_] += 1
    return {task.full_name: task.status for task in report.tasks}


def _own_page(link: str) -> str:
    """Return a link that stays below the page; nothing for any other."""
    parts = urlsplit(link)
    return "" if parts.scheme or parts.netloc or link.startswith("/") else link
