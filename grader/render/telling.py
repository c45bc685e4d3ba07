"""What every export says of a report: its score, and of each task why it is not right."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from grader.render.html import LABELS
from grader.render.untrusted import clipped, one_line
from grader.report import Report, TaskReport, for_student, place_of


class NoScore(ValueError):
    """A report that must not become a score: the grader itself failed."""


@dataclass(frozen=True)
class Refusal:
    """A submission that could not be read: there is a reason and no report."""

    message: str
    max_score: float


def for_platform(report: Report) -> Report:
    """Return the student's view of a report: what a platform gets, its students may see.

    A task keeps the line of its function there, for messages to stand beside. It does not have the
    line of what happened in a hidden check.
    """
    if report.view != "staff":
        return report
    shown = for_student(report)
    pairs = zip(report.tasks, shown.tasks, strict=True)
    return shown.model_copy(update={"tasks": [_located(*pair) for pair in pairs]})


def _located(task: TaskReport, shown: TaskReport) -> TaskReport:
    hidden = {(c.cell, c.line) for c in task.checks if c.visibility == "hidden"}
    public = {(c.cell, c.line) for c in task.checks if c.visibility == "public"}
    at = (shown.cell, shown.line) if shown.line else (task.cell, task.line)
    cell, line = (None, None) if at in hidden - public else at
    return shown.model_copy(update={"cell": cell, "line": line})


def score(report: Report, with_bonus: bool = False) -> float:
    """Return the points that count. Raises NoScore if the grader failed on a task."""
    if report.has_infrastructure_faults():
        names = [task.full_name for task in report.tasks if task.status == "infrastructure"]
        raise NoScore(
            f"{one_line(report.submission.name, 80)}: the grader failed on {', '.join(names)}; "
            "grade again, this is no score"
        )
    return round(report.score + (report.bonus if with_bonus else 0), 6)


def counts(task: TaskReport, with_bonus: bool) -> bool:
    """Tell whether a task's points are part of the score."""
    return with_bonus or not task.is_bonus


def number(value: float) -> str:
    """Return points without needless digits."""
    return f"{value:.6g}"


def label(status: str) -> str:
    """Return a status in words."""
    return LABELS.get(status, status)


def title(task: TaskReport) -> str:
    """Return the name of a task, and that it is a bonus if it is."""
    return task.full_name + (" (bonus)" if task.is_bonus else "")


def ordinal(task: TaskReport, report: Report) -> tuple[int, int]:
    """Return the number of a task's exercise and its place among that exercise's tasks."""
    digits = re.search(r"\d+", task.exercise)
    siblings = [other.full_name for other in report.tasks if other.exercise == task.exercise]
    return int(digits[0]) if digits else 1, siblings.index(task.full_name) + 1


def where(task: TaskReport) -> str:
    """Return where a task's function is; empty if there is none."""
    return place_of(one_line(task.file or "", 200), task.cell, task.line)


def why(task: TaskReport, limit: int) -> str:
    """Return why a task is not right; empty if it is. limit: characters of each untrusted text."""
    if task.status == "passed":
        return ""
    return "\n".join(line for line in _lines(task, limit) if line)


def _lines(task: TaskReport, limit: int) -> Iterator[str]:
    place = where(task)
    yield label(task.status) + (f", {place}" if place else "")
    yield clipped(task.message, limit).rstrip()
    if task.diagnosis is not None:
        yield clipped(task.diagnosis.says, limit)
        yield clipped(task.diagnosis.nudge, limit)
    yield clipped(task.traceback, limit).rstrip()


def standing(report: Report) -> Iterator[str]:
    """Yield in lines how a submission stands: score, checks, findings, notes."""
    yield f"score {number(report.score)} of {number(report.max_score)}"
    if report.max_bonus:
        yield f"bonus {number(report.bonus)} of {number(report.max_bonus)}"
    public = [c for task in report.tasks for c in task.checks if c.visibility == "public"]
    passed = sum(check.status == "passed" for check in public)
    yield f"public checks {passed} of {len(public)}"
    yield f"hidden checks {hidden(report)}"
    for finding in report.findings:
        place = place_of(one_line(finding.file, 200), finding.cell, finding.line)
        told = one_line(f"'{finding.what}' {finding.reason}")
        yield f"evidence: {place} {told} ({', '.join(finding.tasks)}): {finding.standing}"
    for note in report.submission.notes:
        yield f"note: {one_line(note)}"


def hidden(report: Report) -> str:
    """Return how many hidden checks passed, or that they were withheld."""
    facts = report.hidden
    return f"{facts.passed} of {facts.total}" if facts.run else "withheld"
