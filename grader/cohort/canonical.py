"""The part of a report that is the same in every run, and the part that is not.

A ledger holds reports that depend on submission, course, grader and seed alone. Times go into a
file of their own, and the name of the submission into the index: equal submissions share a report.
"""

from __future__ import annotations

from typing import Any

from grader.report import Check, Report, TaskReport

NAME = "submission"
TIMED = frozenset(
    f"share of the time of {slow}" for slow in ("a Python loop", "updates of the whole table")
)
"""Facts that are measured with a clock."""


def split(report: Report) -> tuple[Report, dict[str, Any]]:
    """Return a report without what varies, and that: `seconds`, `tasks` and `facts` by task."""
    times = {
        "seconds": report.duration_s,
        "tasks": {task.full_name: task.duration_s for task in report.tasks},
        "facts": {
            f"{task.full_name} {check.name}": {k: v for k, v in check.facts.items() if k in TIMED}
            for task in report.tasks
            for check in task.checks
            if TIMED & check.facts.keys()
        },
    }
    told = {
        "tasks": [_task(task) for task in report.tasks],
        "submission": report.submission.model_copy(update={"name": NAME, "notes": []}),
        "duration_s": 0.0,
    }
    return report.model_copy(update=told), times


def _task(task: TaskReport) -> TaskReport:
    checks = [_check(check) for check in task.checks]
    messages = {
        old.message: new.message for old, new in zip(task.checks, checks, strict=True) if old != new
    }
    return task.model_copy(
        update={
            "checks": checks,
            "message": messages.get(task.message, task.message),
            "duration_s": 0.0,
        }
    )


def _check(check: Check) -> Check:
    message = check.message
    for name in TIMED & check.facts.keys():
        if check.status == "passed":
            message = ""  # how fast it was
        elif message.startswith(f"{name} is "):
            limit = check.facts.get(f"{name} limit")
            message = f"{name} is more than the limit of {limit:.4g}"
    facts = {name: None if name in TIMED else value for name, value in check.facts.items()}
    return check.model_copy(update={"message": message, "facts": facts})
