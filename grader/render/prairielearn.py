"""PrairieLearn's `results.json` of an external grader.

A fault of the grader and a submission that cannot be read are not gradable, which costs a student
no attempt.
"""

from __future__ import annotations

from typing import Any

from grader.render.telling import (
    NoScore,
    Refusal,
    counts,
    for_platform,
    number,
    score,
    standing,
    title,
    why,
)
from grader.render.untrusted import as_json, clipped, fitted
from grader.report import Report, TaskReport

CAP = 1_000_000
"""Bytes; a larger file is refused."""


def render(report: Report, with_bonus: bool = False) -> str:
    """Return the file, at most a megabyte of it."""
    try:
        points = score(report, with_bonus)
    except NoScore as error:
        return as_json({"gradable": False, "score": 0, "message": f"{error}", "tests": []})
    share = min(points / report.max_score, 1.0) if report.max_score else 0.0
    shown = for_platform(report)
    return fitted(lambda limit: as_json(_results(shown, share, with_bonus, limit)), CAP)


def refused(refusal: Refusal) -> str:
    """Return the file for a submission that could not be read."""
    reason = clipped(refusal.message, 4096)
    return as_json(
        {
            "gradable": False,
            "score": 0,
            "format_errors": [reason],
            "message": "The submission could not be graded.",
            "tests": [],
        }
    )


def _results(report: Report, share: float, with_bonus: bool, limit: int) -> dict[str, Any]:
    return {
        "gradable": True,
        "score": round(share, 6),
        "message": "\n".join(standing(report)),
        "output": "",
        "tests": [_test(task, with_bonus, limit) for task in report.tasks],
    }


def _test(task: TaskReport, with_bonus: bool, limit: int) -> dict[str, Any]:
    # Points that one test leaves off would switch them off for all, so each has some.
    points, most = task.points, task.max_points
    told = why(task, limit)
    if not counts(task, with_bonus):
        told = f"{number(points)} of {number(most)} bonus points, not in the score\n{told}".strip()
        points = most = 0.0
    return {
        "name": title(task),
        "description": "",
        "points": points,
        "max_points": most,
        "message": told,
        "output": clipped(task.output, limit),
    }
