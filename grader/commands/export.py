"""`grader export`: reports in the formats of other tools."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from grader.commands import gradebook
from grader.commands.basics import EXIT_UNREADABLE, explained, stop
from grader.commands.common import check_writable, write
from grader.commands.exporting import (
    bonus_option,
    context,
    finish_exports,
    read_report,
    rendered,
)
from grader.options import fresh_seed

if TYPE_CHECKING:
    from grader.render.table import Row
    from grader.report import Report

report_argument = click.argument("report", type=click.Path(path_type=Path))
out_option = click.option(
    "-o", "--out", default="-", metavar="FILE", help="Where to write; standard output without it."
)


def view_option(default: str) -> Callable[[Any], Any]:
    """Return the option that says whose view of a report is exported."""
    return click.option(
        "--view",
        type=click.Choice(["staff", "student"]),
        default=default,
        show_default=True,
        help="A student's tells nothing of hidden checks but their results.",
    )


@click.group()
def export() -> None:
    """Write score reports in the formats of other tools.

    A REPORT is what `grader grade SUBMISSION --json REPORT` wrote. What platforms show to students
    is always made of the student's view. A score of a run in which the grader itself failed is
    never written: exit code 4.
    """


def _one(name: str, report: Path, out: str, with_bonus: bool = False, view: str = "staff") -> None:
    """Write one report in one format."""
    with explained():
        check_writable(out)
        found = read_report(report)
        text = rendered(name, found, context(with_bonus, view))
        if text is not None:
            write(out, text)
        finish_exports([str(report)] if found.has_infrastructure_faults() else [])


@export.command()
@report_argument
@out_option
@bonus_option
def gradescope(report: Path, out: str, with_bonus: bool) -> None:
    """Gradescope's results.json."""
    _one("gradescope", report, out, with_bonus)


@export.command()
@report_argument
@out_option
@bonus_option
def classroom50(report: Path, out: str, with_bonus: bool) -> None:
    """Classroom 50's result.json, with the names that its runner sets in the environment."""
    _one("classroom50", report, out, with_bonus)


@export.command()
@report_argument
@out_option
@bonus_option
def prairielearn(report: Path, out: str, with_bonus: bool) -> None:
    """PrairieLearn's results.json of an external grader."""
    _one("prairielearn", report, out, with_bonus)


@export.command()
@report_argument
@out_option
def exercism(report: Path, out: str) -> None:
    """Exercism's results.json of a test runner, version 3."""
    _one("exercism", report, out)


@export.command()
@report_argument
@out_option
@view_option("staff")
def junit(report: Path, out: str, view: str) -> None:
    """JUnit XML, as pytest writes it."""
    _one("junit", report, out, view=view)


@export.command()
@report_argument
@click.option(
    "-o",
    "--out",
    metavar="FILE",
    help="Where to append the summary; without it $GITHUB_STEP_SUMMARY, or standard output.",
)
@click.option("--folder", default="", help="Where in the repository the graded files are.")
@view_option("student")
def github(report: Path, out: str | None, folder: str, view: str) -> None:
    """GitHub Actions: annotations and the log on standard output, a summary of the step."""
    with explained():
        from grader.render import github as actions
        from grader.render.telling import for_platform
        from grader.render.untrusted import TooLarge

        found = read_report(report)
        shown = for_platform(found) if view == "student" else found
        target = out or os.environ.get("GITHUB_STEP_SUMMARY") or "-"
        for line in actions.annotated(shown, folder):
            click.echo(line)
        told = list(actions.log(shown))
        if told:
            click.echo(actions.fenced(told, fresh_seed() + fresh_seed()))
        try:
            _append(target, actions.summary(shown, actions.CAP - _size(target)))
        except TooLarge as error:
            stop(2, f"{target}: {error}")
        outputs = os.environ.get("GITHUB_OUTPUT")
        if outputs and not found.has_infrastructure_faults():
            _append(outputs, f"score={found.score:g}\nmax-score={found.max_score:g}\n")
        finish_exports([str(report)] if found.has_infrastructure_faults() else [])


def _size(path: str) -> int:
    """Return how many bytes a file has already; they count, too."""
    return Path(path).stat().st_size if path != "-" and Path(path).is_file() else 0


def _append(path: str, text: str) -> None:
    if path == "-":
        click.echo(text, nl=False)
        return
    try:
        with Path(path).open("a", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except OSError as error:
        stop(2, f"{path}: cannot be written: {error.strerror}")


@export.command()
@click.argument("reports", nargs=-1, required=True, type=click.Path(path_type=Path))
@out_option
@view_option("staff")
def csv(reports: tuple[Path, ...], out: str, view: str) -> None:
    """A table of REPORTS, or of the folder that `grader cohort` wrote: a row for each."""
    with explained():
        from grader.render import table

        check_writable(out)
        rows = [row for path in reports for row in _rows(path, view)]
        write(out, table.render(rows))
        faulty = [row.id or row.submission for row in rows if row.outcome == "infrastructure"]
        finish_exports(faulty)


def _rows(path: Path, view: str) -> list[Row]:
    from grader.render import table

    if path.is_dir():
        return _cohort_rows(path, view)
    return [table.of_report(_viewed(read_report(path), view))]


def _viewed(report: Report, view: str) -> Report:
    from grader.render.telling import for_platform

    return for_platform(report) if view == "student" else report


def _cohort_rows(folder: Path, view: str) -> list[Row]:
    from grader.cohort import index
    from grader.render.table import Row

    try:
        found = index.load(folder)
        return [
            Row(
                _viewed(found.report_of(entry), view) if entry.report is not None else None,
                id=entry.id,
                name=entry.name,
                submission=entry.path,
                outcome=entry.outcome,
                message=entry.message if view == "staff" else "",
                submitted_at=entry.submitted_at or "",
            )
            for entry in found.entries
        ]
    except ValueError as error:
        stop(EXIT_UNREADABLE, str(error))


@export.command()
@click.option("-o", "--out", required=True, metavar="FILE", help="Where to write the zip.")
@click.option(
    "--seed",
    help="Seed of the hidden checks, the same for everybody and for each resubmission. Without it "
    "each grading draws one, and prints it where staff alone see it.",
)
@bonus_option
def autograder(out: str, seed: str | None, with_bonus: bool) -> None:
    """A zip to upload as Gradescope's autograder. It holds the hidden checks: for staff only."""
    with explained():
        from grader import autograder as builder
        from grader.options import ROOT

        check_writable(out)
        try:
            content = builder.build(ROOT, seed, with_bonus)
            Path(out).write_bytes(content)
        except builder.CannotBuild as error:
            stop(2, str(error))
        except OSError as error:
            stop(2, f"{out}: cannot be written: {error.strerror}")
        click.echo(f"{out}: {len(content) >> 10} KiB; upload it as the assignment's autograder")


export.add_command(gradebook.canvas)
export.add_command(gradebook.moodle)
