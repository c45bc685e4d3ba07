"""The terminal: tables for a report that fit 80 columns, with and without colours."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from grader.report import Check, Figures, Finding, Report, TaskReport

STYLES = {
    "passed": "green",
    "shape": "yellow",
    "not_attempted": "dim",
    "infrastructure": "bold magenta",
}
LABELS = {"not_attempted": "to do", "infrastructure": "grader's fault"}


def _style(status: str) -> str:
    return STYLES.get(status, "red")


def _mark(status: str, unicode: bool) -> str:
    marks = (
        {"passed": "✓", "shape": "~", "not_attempted": "·"}
        if unicode
        else {
            "passed": "+",
            "shape": "~",
            "not_attempted": ".",
        }
    )
    return marks.get(status, "✗" if unicode else "x")


def _number(value: float) -> str:
    return f"{value:g}"


def _figures(task: TaskReport) -> Figures | None:
    """Return the comparison to show for a task: the first one that is not right, or the first."""
    listed = [figure for check in task.checks for figure in check.figures]
    wrong = [figure for figure in listed if figure.kind in ("wrong", "shape")]
    return (wrong or listed or [None])[0]  # type: ignore[list-item]


def _yes(value: bool) -> str:
    return "yes" if value else "no"


def task_table(report: Report, *, unicode: bool = True) -> Table:
    """Return one row a task: status, the lecture's cmp figures, error, points."""
    table = Table(box=None, padding=(0, 1), header_style="bold", show_edge=False)
    table.add_column("")
    table.add_column("task", no_wrap=True, min_width=19)
    table.add_column("", no_wrap=True)
    table.add_column("exact", justify="right")
    table.add_column("approx", justify="right")
    table.add_column("maxdiff", justify="right", no_wrap=True)
    table.add_column("points", justify="right", no_wrap=True)
    for exercise in report.exercises:
        bonus = " (bonus)" if exercise.is_bonus else ""
        title = Text(f"{exercise.title}{bonus}", style="bold cyan")
        points = f"{_number(exercise.score)}/{_number(exercise.max_score)}"
        table.add_row("", title, "", "", "", "", Text(points, style="bold cyan"))
        for task in report.tasks:
            if task.exercise == exercise.key:
                table.add_row(*_row(task, unicode))
    return table


def _row(task: TaskReport, unicode: bool) -> Sequence[RenderableType]:
    shown = _figures(task)
    style = _style(task.status)
    maxdiff = f"{shown.max_abs:.1e}" if shown and shown.max_abs is not None else ""
    return (
        Text(_mark(task.status, unicode), style=style),
        Text(task.name, style="dim" if task.status == "not_attempted" else ""),
        Text(LABELS.get(task.status, task.status), style=style),
        _yes(shown.exact) if shown else "",
        _yes(shown.approx) if shown else "",
        maxdiff,
        f"{_number(task.points)}/{_number(task.max_points)}",
    )


def failures(report: Report) -> Iterator[RenderableType]:
    """Yield what there is to say about every task that was attempted and is not right."""
    for task in report.tasks:
        if task.status not in ("passed", "not_attempted"):
            yield explanation(task)


def explanation(task: TaskReport) -> RenderableType:
    """Return what is wrong with a task, where, and why if that is known."""
    where = f"  {task.place}" if task.place else ""
    parts: list[RenderableType] = [
        Text.assemble(
            (f"{task.full_name}", "bold"), (f"  {task.status}", _style(task.status)), (where, "dim")
        )
    ]
    missed = next((check for check in task.checks if check.message == task.message), None)
    if missed is not None:
        parts.append(_indented(_lead(missed), "dim"))
    parts.append(_indented(task.message))
    # Most tracebacks end with the message, which is there already.
    traceback = task.traceback.rstrip().removesuffix(task.message).rstrip()
    if traceback:
        parts.append(_indented(traceback, "dim"))
    if task.diagnosis is not None:
        parts.append(_indented(task.diagnosis.says, "bold"))
        parts.append(_indented(task.diagnosis.nudge, "italic"))
    return Group(*parts)


def _lead(check: Check) -> str:
    hidden = "hidden check" if check.visibility == "hidden" else "check"
    return f"{hidden}: {check.title}"


def _indented(text: str, style: str = "") -> RenderableType:
    return Padding(Text(text, style=style), (0, 0, 0, 2))


def summary(report: Report) -> RenderableType:
    """Return the score and what stands behind it: a row for each fact, wrapped beside its name."""
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True)
    table.add_column()
    table.add_row("score", _score(report))
    table.add_row("checks", Text(_checks(report)))
    if report.chain.complete or report.chain.right:
        table.add_row("chain", Text(_chain(report)))
    if report.training is not None and report.training.loss is not None:
        training = report.training
        told = f"loss {training.loss:.4f}, threshold {training.threshold:.4f}"
        table.add_row("training", Text(told))
    table.add_row("isolation", Text(report.isolation))
    if report.seed is not None and report.hidden.run:
        table.add_row("seed", Text(report.seed))
    for finding in report.findings:
        table.add_row("evidence", Text(_finding(finding)), style="yellow")
    for note in _notes(report):
        table.add_row("note", Text(note), style="yellow")
    return table


def _score(report: Report) -> Text:
    score = f"{_number(report.score)} of {_number(report.max_score)}"
    bonus = f"  + {_number(report.bonus)} of {_number(report.max_bonus)} bonus"
    return Text.assemble((score, "bold"), bonus if report.max_bonus else "")


def _checks(report: Report) -> str:
    hidden = report.hidden
    told = f"{hidden.passed}/{hidden.total}" if hidden.run else "withheld"
    public = [c for task in report.tasks for c in task.checks if c.visibility == "public"]
    passed = sum(check.status == "passed" for check in public)
    return f"public {passed}/{len(public)}, hidden {told}"


def _finding(finding: Finding) -> str:
    tasks = ", ".join(finding.tasks)
    told = f"{finding.place} '{finding.what}' {finding.reason} ({tasks})"
    return f"{finding.id} {told}: {finding.standing}"


def _notes(report: Report) -> Iterator[str]:
    """Yield what is to be noted of right answers, and of the submission."""
    for task in report.tasks:
        if task.status == "passed" and task.message:
            yield f"{task.full_name}: {task.message}"
    yield from report.submission.notes


def _chain(report: Report) -> str:
    chain = report.chain
    told = f"{chain.right}/{chain.total} gradients right from the loss down"
    if chain.max_relative_error is not None:
        told += f", largest error {chain.max_relative_error:.1e}"
    return told + (f", first wrong: {chain.first_wrong}" if chain.first_wrong else "")


def show(report: Report, console: Console) -> None:
    """Print a whole report."""
    unicode = "utf" in (console.encoding or "").lower()
    console.print(Text(f"Backprop Ninja: {report.submission.name}", style="bold"))
    console.print(task_table(report, unicode=unicode))
    for said in failures(report):
        console.print()
        console.print(said)
    console.print()
    console.print(summary(report))


def show_brief(report: Report, console: Console) -> None:
    """Print the score and what stands behind it."""
    console.print(Text(f"Backprop Ninja: {report.submission.name}", style="bold"))
    console.print(summary(report))
    console.print()


def progress_line(report: Report, width: int = 40) -> Text:
    """Return how many tasks are done, as a bar and as `n/total`; a bonus does not count."""
    tasks = [task for task in report.tasks if not task.is_bonus] or report.tasks
    done = sum(task.status == "passed" for task in tasks)
    filled = width * done // len(tasks) if tasks else 0
    return Text.assemble(
        "[", ("#" * filled, "green"), "-" * (width - filled), f"] {done}/{len(tasks)}"
    )


def first_unfinished(report: Report) -> TaskReport | None:
    """Return the first task, in the order of the backward pass, that has not passed."""
    return next((task for task in report.tasks if task.status != "passed"), None)


def next_step(task: TaskReport, hint: str) -> RenderableType:
    """Return where to go on, with a hint."""
    return Group(
        Text.assemble("next: ", (task.full_name, "bold")),
        _indented(hint),
        _indented(f"more help: grader hint {task.full_name}", "dim"),
    )


def comparison(report: Report, reference: Report) -> Table:
    """Return a submission beside the reference solutions: error, time and points of each task."""
    table = Table(box=None, padding=(0, 1), header_style="bold", show_edge=False)
    for title, justify in (
        ("task", "left"),
        ("", "left"),
        ("error", "right"),
        ("solution's", "right"),
        ("time", "right"),
        ("points", "right"),
    ):
        table.add_column(title, justify=justify, no_wrap=True)  # type: ignore[arg-type]
    for task, other in zip(report.tasks, reference.tasks, strict=True):
        answered = task.status not in ("not_attempted", "policy") and other.duration_s
        ratio = task.duration_s / other.duration_s if answered else None
        table.add_row(
            task.full_name,
            Text(LABELS.get(task.status, task.status), style=_style(task.status)),
            _error(task),
            _error(other),
            f"x{ratio:.2f}" if ratio is not None else "",
            f"{_number(task.points)}/{_number(task.max_points)}",
        )
    return table


def _error(task: TaskReport) -> str:
    return f"{task.max_relative_error:.1e}" if task.max_relative_error is not None else "-"
