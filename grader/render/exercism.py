"""Exercism's test-runner interface, version 3: one test a task, in the order of the course.

Exercism knows right and wrong, not points. A bonus that nobody began is left out, so that a
submission without it can pass.
"""

from __future__ import annotations

from typing import Any

from grader.render.telling import Refusal, for_platform, ordinal, why
from grader.render.untrusted import as_json, clipped
from grader.report import Report, Status, TaskReport

MOST_MESSAGE, MOST_OUTPUT = 65_535, 500
"""Characters."""

_ERRORS: frozenset[Status] = frozenset({"error", "memory", "crashed", "timeout", "infrastructure"})


def render(report: Report) -> str:
    """Return the file. `error` is the verdict only where nothing ran."""
    shown = for_platform(report)
    if not any(task.status != "infrastructure" for task in shown.tasks):
        return as_json(_nothing_ran("The grader failed: nothing ran."))
    begun = [task for task in shown.tasks if not (task.is_bonus and _untouched(task))]
    tests = [_test(task, shown) for task in begun or shown.tasks]
    passed = all(test["status"] == "pass" for test in tests)
    return as_json({"version": 3, "status": "pass" if passed else "fail", "tests": tests})


def refused(refusal: Refusal) -> str:
    """Return the file for a submission that could not be read."""
    return as_json(_nothing_ran(refusal.message))


def _untouched(task: TaskReport) -> bool:
    return task.status == "not_attempted"


def _nothing_ran(message: str) -> dict[str, Any]:
    return {"version": 3, "status": "error", "message": clipped(message, MOST_MESSAGE), "tests": []}


def _test(task: TaskReport, report: Report) -> dict[str, Any]:
    passed = task.status == "passed"
    return {
        "name": task.full_name,
        "status": "pass" if passed else "error" if task.status in _ERRORS else "fail",
        "message": None if passed else clipped(why(task, MOST_MESSAGE), MOST_MESSAGE),
        "output": clipped(task.output, MOST_OUTPUT) or None,
        "test_code": f"grader check {task.full_name}",
        "task_id": ordinal(task, report)[0],
    }
