"""Gradescope's `results.json`: one visible test a task.

Gradescope hides the total from students as soon as one test is hidden, so none is: what is written
is the student's view, in which a hidden check is a title and a result. Every text is marked as
plain text, which Gradescope shows as it is.
"""

from __future__ import annotations

from typing import Any

from grader.render.telling import (
    Refusal,
    counts,
    for_platform,
    number,
    ordinal,
    score,
    standing,
    title,
    why,
)
from grader.render.untrusted import as_json, clipped, fitted
from grader.report import Report, TaskReport

CAP = 4 << 20
"""Bytes; Gradescope names no limit, but a page has to show them."""

_FORMATS = {
    "output_format": "text",
    "test_output_format": "text",
    "test_name_format": "text",
    "visibility": "visible",
    "stdout_visibility": "hidden",
}


def render(report: Report, with_bonus: bool = False) -> str:
    """Return the file. Raises NoScore if the grader failed: Gradescope then says so itself."""
    points = score(report, with_bonus)
    shown = for_platform(report)
    return fitted(lambda limit: as_json(_results(shown, points, with_bonus, limit)), CAP)


def refused(refusal: Refusal) -> str:
    """Return the file for a submission that could not be read: no points, and the reason."""
    told = f"The submission could not be graded.\n{clipped(refusal.message, 4096)}"
    return as_json({"score": 0, "output": told, **_FORMATS, "tests": []})


def _results(report: Report, points: float, with_bonus: bool, limit: int) -> dict[str, Any]:
    return {
        "score": points,
        **({"execution_time": report.duration_s} if report.duration_s else {}),
        "output": "\n".join(standing(report)),
        **_FORMATS,
        "extra_data": {
            "submission": report.submission.digest,
            "course": report.environment.course,
            "grader": report.environment.grader,
        },
        "tests": [_test(task, report, with_bonus, limit) for task in report.tasks],
    }


def _test(task: TaskReport, report: Report, with_bonus: bool, limit: int) -> dict[str, Any]:
    told = [why(task, limit), clipped(task.output, limit)]
    points: dict[str, Any] = {"score": task.points, "max_score": task.max_points}
    if not counts(task, with_bonus):
        # Scores of tests are shown as adding up to the total, which this one is not part of.
        points = {}
        earned = f"{number(task.points)} of {number(task.max_points)}"
        told.insert(0, f"{earned} bonus points, which are not in the score")
    return {
        **points,
        "status": "passed" if task.status == "passed" else "failed",
        "name": title(task),
        "name_format": "text",
        "number": ".".join(map(str, ordinal(task, report))),
        "output": "\n\n".join(part for part in told if part),
        "output_format": "text",
        "visibility": "visible",
    }
