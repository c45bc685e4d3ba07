"""GitHub Actions: a summary of the step in Markdown, annotations, and output that commands nothing.

Annotations stand at the student's functions. What a submission printed reaches the log between
stop-commands with a random token, or its prints could be commands to the runner.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath

from grader.render.telling import label, number, standing, title, where, why
from grader.render.untrusted import clipped, fitted, markdown, preformatted
from grader.report import Report, TaskReport

CAP = 1 << 20
"""Bytes of a step's summary."""
MOST_ANNOTATIONS = 10
"""Errors of a step; and as many warnings."""
_MOST_OUTPUT = 8_192
_SILENT = ("passed", "not_attempted")


def summary(report: Report, cap: int = CAP) -> str:
    """Return a report as Markdown of at most `cap` bytes. Raises TooLarge if it cannot be cut."""
    return fitted(lambda limit: "\n".join(_summary(report, limit)) + "\n", cap)


def _summary(report: Report, limit: int) -> Iterator[str]:
    yield f"## Backprop Ninja: {number(report.score)} of {number(report.max_score)}"
    yield ""
    if report.has_infrastructure_faults():
        yield "**The grader itself failed on some tasks: this is no score.**"
        yield ""
    yield from (f"- {markdown(line, 1000)}" for line in standing(report))
    yield from ("", "| task | result | points |", "| --- | --- | --- |")
    for task in report.tasks:
        points = f"{number(task.points)}/{number(task.max_points)}"
        yield f"| {markdown(title(task))} | {markdown(label(task.status))} | {points} |"
    for task in report.tasks:
        if task.status not in _SILENT:
            yield from _details(task, limit)


def _details(task: TaskReport, limit: int) -> Iterator[str]:
    yield ""
    yield f"<details><summary>{markdown(title(task))}: {markdown(_short(task))}</summary>"
    yield ""
    yield preformatted(why(task, limit), 4 * limit)
    if task.output:
        yield from ("", "It printed:", "", preformatted(task.output, limit))
    yield from ("", "</details>")


def annotated(report: Report, folder: str = "") -> Iterator[str]:
    """Yield at most ten errors and ten warnings. folder: where in the repository the files are."""
    errors: list[str] = []
    warnings: list[str] = []
    for task in report.tasks:
        if task.status not in _SILENT:
            line = _annotation(task, folder)
            (warnings if task.status == "shape" else errors).append(line)
    for found in report.findings:
        if found.state != "cleared":
            place = _place(folder, found.file, found.cell, found.line)
            told = clipped(f"'{found.what}' {found.reason}", 1000)
            heading = f"evidence, {found.standing}{_in_cell(found.cell, found.line)}"
            warnings.append(command("warning", told, **place, title=heading))
    yield from _first(errors, "error")
    yield from _first(warnings, "warning")


def _annotation(task: TaskReport, folder: str) -> str:
    level = "warning" if task.status == "shape" else "error"
    place = _place(folder, task.file, task.cell, task.line)
    heading = f"{title(task)}: {label(task.status)}{_in_cell(task.cell, task.line)}"
    return command(level, _told(task), **place, title=heading)


def _told(task: TaskReport) -> str:
    told = clipped(task.message, 2000)
    if task.diagnosis is not None:
        told += f"\n{task.diagnosis.says}\n{task.diagnosis.nudge}"
    return told


def _short(task: TaskReport) -> str:
    return task.diagnosis.says if task.diagnosis is not None else label(task.status)


def _place(folder: str, file: str | None, cell: int | None, line: int | None) -> dict[str, str]:
    if not file:
        return {}
    place = {"file": str(PurePosixPath(folder) / clipped(file, 500))}
    # GitHub counts the lines of a notebook's JSON, which nobody sees.
    return place | ({"line": str(line)} if line and cell is None else {})


def _in_cell(cell: int | None, line: int | None) -> str:
    """Return where in a notebook something is; an empty text for a file that has lines."""
    return f", cell {cell}, line {line}" if cell is not None and line else ""


def _first(lines: list[str], level: str) -> list[str]:
    """Return as many annotations as are shown, the last of them saying how many are not."""
    if len(lines) <= MOST_ANNOTATIONS:
        return lines
    left = len(lines) - MOST_ANNOTATIONS + 1
    return [
        *lines[: MOST_ANNOTATIONS - 1],
        command(level, f"{left} more are in the summary of this step.", title="Backprop Ninja"),
    ]


def command(level: str, message: str, **properties: str) -> str:
    """Return a workflow command on one line: `::error file=...,line=...::message`."""
    listed = ",".join(f"{name}={_escaped(value, ':,')}" for name, value in properties.items())
    return f"::{level}{' ' if listed else ''}{listed}::{_escaped(message)}"


def _escaped(text: str, more: str = "") -> str:
    for character in "%\r\n" + more:
        text = text.replace(character, f"%{ord(character):02X}")
    return text


def fenced(lines: Iterable[str], token: str) -> str:
    """Return lines between stop-commands. token: random, so that no submission can end them."""
    return "\n".join([f"::stop-commands::{token}", *lines, f"::{token}::"])


def log(report: Report) -> Iterator[str]:
    """Yield what to show of each task in the log: tracebacks and prints, as plain characters."""
    for task in report.tasks:
        if task.traceback or task.output:
            yield f"{title(task)} {where(task)}"
            yield from clipped(task.traceback, _MOST_OUTPUT).splitlines()
            yield from clipped(task.output, _MOST_OUTPUT).splitlines()
