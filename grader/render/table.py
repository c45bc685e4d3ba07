"""Plain CSV: a row for each submission, a column for each task.

A cell that a spreadsheet would take for a formula begins with a quote, so that it is shown and not
computed.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from grader.render.telling import number
from grader.render.untrusted import spreadsheet
from grader.report import Report

COLUMNS = (
    "id,name,submission,outcome,message,submitted_at,score,max_score,bonus,max_bonus,"
    "hidden_passed,hidden_total,findings,isolation,seed,digest"
).split(",")


@dataclass(frozen=True)
class Row:
    """A submission: who handed it in, what became of it, and its report if it has one."""

    report: Report | None
    id: str = ""
    name: str = ""
    submission: str = ""
    outcome: str = ""
    message: str = ""
    submitted_at: str = ""


def of_report(report: Report) -> Row:
    """Return the row of a report by itself."""
    outcome = "infrastructure" if report.has_infrastructure_faults() else "graded"
    return Row(report, submission=report.submission.name, outcome=outcome)


def render(rows: Iterable[Row]) -> str:
    """Return the table. Where the grader failed or nothing could be read, scores are empty."""
    listed = list(rows)
    tasks = _tasks([row.report for row in listed if row.report is not None])
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    writer.writerow([*COLUMNS, *tasks])
    for row in listed:
        facts = _facts(row)
        points = _points(row)
        cells = [*(facts.get(name, "") for name in COLUMNS), *(points.get(t, "") for t in tasks)]
        writer.writerow(cells)
    return written.getvalue()


def _tasks(reports: Sequence[Report]) -> list[str]:
    """Return the names of all tasks in the order in which the reports bring them."""
    return list(dict.fromkeys(task.full_name for report in reports for task in report.tasks))


def _facts(row: Row) -> dict[str, Any]:
    texts = {name: getattr(row, name) for name in COLUMNS[:6]}
    report = row.report
    if report is None:
        return {name: spreadsheet(text) for name, text in texts.items()}
    texts |= {
        "isolation": report.isolation,
        "seed": report.seed or "",
        "digest": report.submission.digest,
        "findings": " ".join(dict.fromkeys(f"{one.id}:{one.state}" for one in report.findings)),
        "hidden_total": str(report.hidden.total),
    }
    facts = {name: spreadsheet(text) for name, text in texts.items()}
    if not _faulty(row):
        facts |= {
            "score": number(report.score),
            "max_score": number(report.max_score),
            "bonus": number(report.bonus),
            "max_bonus": number(report.max_bonus),
            "hidden_passed": "" if report.hidden.passed is None else str(report.hidden.passed),
        }
    return facts


def _points(row: Row) -> dict[str, str]:
    """Return points by task; none of a report with a fault, but for the tasks without one."""
    tasks = row.report.tasks if row.report is not None else []
    return {t.full_name: number(t.points) for t in tasks if t.status != "infrastructure"}


def _faulty(row: Row) -> bool:
    return row.report is None or row.report.has_infrastructure_faults()
