"""An entry of the index, made of a student and of what came of the submission."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from grader import excerpts
from grader.cohort.index import REPORTS, Entry, Outcome
from grader.cohort.roster import Student
from grader.report import Report
from grader.submission import Submission

MOST_TOLD = 4000
"""Bytes of a message."""

NO_SCORE: Mapping[str, Any] = {
    **dict.fromkeys(("report", "score", "max_score", "bonus", "max_bonus")),
    "statuses": {},
    "findings": {},
}


def scored(key: str, report: Report) -> dict[str, Any]:
    """Return what a report in the ledger says about scores."""
    counted = Counter(task.status for task in report.tasks)
    states = {finding.id: finding.state for finding in report.findings}
    return {
        "report": f"{REPORTS}/{key}.json",
        "score": report.score,
        "max_score": report.max_score,
        "bonus": report.bonus,
        "max_bonus": report.max_bonus,
        "statuses": dict(sorted(counted.items())),
        "findings": dict(sorted(Counter(states.values()).items())),
    }


def made(
    student: Student,
    submission: Submission | None,
    outcome: Outcome,
    message: str,
    score: Mapping[str, Any] = NO_SCORE,
) -> Entry:
    """Return the entry of a student. `submission`: without its files, if it could be read."""
    return Entry(
        id=student.id,
        name=student.name,
        path=student.path,
        digest=submission.digest if submission else None,
        outcome=outcome,
        message=_text(excerpts.excerpt(_without_path(student, message), MOST_TOLD)),
        submitted_at=student.submitted_at,
        facts=dict(student.facts),
        notes=[_text(note) for note in excerpts.notes((submission or student).notes)],
        **score,
    )


def _without_path(student: Student, message: str) -> str:
    """Return a message without the place on this machine that it begins with."""
    for path in student.files.values():
        message = message.removeprefix(f"{path}: ")
    return message


def _text(text: str) -> str:
    """Return a text that UTF-8 can hold: stray bytes of a file name are no characters."""
    return text.encode("utf-8", "backslashreplace").decode()
