"""From the records of checks to points: the one score model.

A task earns its points if every scored check of it passed; half of them (`shape_fraction`) if
nothing is wrong but a shape that differs by size-1 dimensions. A task with parts earns each part by
itself. No answer is no credit, and a fault of the grader is never a zero of a student.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from grader.course.catalogue import Catalogue, Task
from grader.report import Check, Diagnosis, Figures, Picture, Status

SEVERITY: tuple[Status, ...] = (
    "passed",
    "shape",
    "failed",
    "error",
    "memory",
    "crashed",
    "timeout",
    "not_attempted",
    "policy",
    "infrastructure",
)


@dataclass(frozen=True)
class Outcome:
    """What the checks of one task come to."""

    status: Status
    points: float
    parts: Mapping[str, float]


def worst_status(statuses: Sequence[Status]) -> Status:
    """Return the gravest of several statuses."""
    return max(statuses, key=SEVERITY.index)


def check_of(record: Mapping[str, Any]) -> Check:
    """Build a check of the report from the record that its test left."""
    return Check(
        name=record["law"],
        title=record["title"],
        visibility=record["visibility"],
        part=record["part"],
        status=record["status"],
        message=record["message"] or record["note"],
        diagnosis=Diagnosis(**record["diagnosis"]) if record["diagnosis"] else None,
        line=record["line"],
        traceback=record["traceback"],
        figures=[Figures(**figures) for figures in record["verdicts"]],
        facts=record["facts"],
        picture=Picture(**record["picture"]) if record["picture"] else None,
    )


def _worth(status: Status, points: float, course: Catalogue) -> float:
    return {"passed": points, "shape": points * course.shape_fraction}.get(status, 0.0)


def outcome(task: Task, checks: Sequence[Check], course: Catalogue) -> Outcome:
    """Return status and points of a task."""
    if not checks:
        return Outcome("infrastructure", 0.0, {})
    status = worst_status([check.status for check in checks])
    if status == "infrastructure":
        return Outcome("infrastructure", 0.0, {})
    if not task.parts:
        return Outcome(status, _worth(status, task.points, course), {})
    parts = {}
    for part, points in task.parts.items():
        judged = [check.status for check in checks if check.part == part]
        parts[part] = _worth(worst_status(judged), points, course) if judged else 0.0
    return Outcome(status, sum(parts.values()), parts)
