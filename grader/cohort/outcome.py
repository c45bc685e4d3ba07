"""What came of a submission, in one word.

`unreadable` and `infrastructure` have no score; all others have one. Of several the first counts:

infrastructure  the grader failed, on some task or altogether: never scored, tried again
unreadable      the files or their syntax trees cannot be read: there is nothing to ask
policy          autograd was called in a task, or a person has upheld a finding
crashed         the process of a task ended
memory          a task ran out of memory
timeout         a task gave no answer within its limit
graded          none of these: every task was answered, rightly or wrongly, or not attempted
"""

from __future__ import annotations

from grader.cohort.index import Outcome
from grader.report import Report, TaskReport

_BY_STATUS: tuple[Outcome, ...] = ("infrastructure", "policy", "crashed", "memory", "timeout")


def of_report(report: Report) -> Outcome:
    """Return the outcome of a report: the gravest status of a task that is an outcome, too."""
    return _telling(report)[0]


def why(report: Report) -> str:
    """Return which task the outcome is due to, and what it says; empty if all were graded."""
    task = _telling(report)[1]
    return "" if task is None else f"{task.full_name}: {task.message}"


def _telling(report: Report) -> tuple[Outcome, TaskReport | None]:
    for status in _BY_STATUS:
        for task in report.tasks:
            if task.status == status:
                return status, task
    return "graded", None
