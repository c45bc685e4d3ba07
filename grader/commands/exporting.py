"""What `grader export` and `grader grade --export` share."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from grader.commands.basics import EXIT_INFRASTRUCTURE, EXIT_UNREADABLE, stop
from grader.commands.common import check_writable, write
from grader.errors import UnreadableSubmission

if TYPE_CHECKING:
    from grader.render.exports import Context
    from grader.report import Report

FORMATS = ("gradescope", "classroom50", "prairielearn", "exercism", "junit", "csv")
"""Formats that are one text made of one report."""

bonus_option = click.option(
    "--with-bonus", is_flag=True, help="Add the points of bonus tasks to the exported score."
)


def targets(
    _context: click.Context, _parameter: click.Parameter, values: Sequence[str]
) -> list[tuple[str, str]]:
    """Return formats and files of `FORMAT=FILE`."""
    listed = []
    for value in values:
        name, equals, file = value.partition("=")
        if name not in FORMATS or not equals or not file:
            raise click.BadParameter(
                f"{value!r}: expected FORMAT=FILE, with one of the formats {', '.join(FORMATS)}"
            )
        check_writable(file)
        listed.append((name, file))
    return listed


def context(with_bonus: bool, view: str = "staff") -> Context:
    """Return what exports depend on beside reports: environment, time, options."""
    from grader.render.exports import Context

    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return Context(os.environ, now, with_bonus, view)


def write_exports(chosen: Sequence[tuple[str, str]], report: Report, around: Context) -> None:
    """Write a report in several formats; none of those that would make a score of a fault."""
    for name, file in chosen:
        text = rendered(name, report, around)
        if text is not None:
            write(file, text)


def rendered(name: str, report: Report, around: Context) -> str | None:
    """Return a report in a format; None, after a message, if it must not become a score."""
    from grader.render.classroom50 import NotInAClassroom
    from grader.render.exports import RENDERINGS
    from grader.render.telling import NoScore
    from grader.render.untrusted import TooLarge

    try:
        return RENDERINGS[name](report, around)
    except NoScore as error:
        click.echo(f"grader: {name}: nothing was written: {error}", err=True)
        return None
    except (NotInAClassroom, TooLarge) as error:
        stop(2, f"{name}: {error}")


@contextmanager
def refusals(chosen: Sequence[tuple[str, str]], with_bonus: bool) -> Iterator[None]:
    """Tell the platforms of a submission that cannot be read, in their own formats."""
    try:
        yield
    except UnreadableSubmission as error:
        if chosen:
            _write_refusals(chosen, str(error), context(with_bonus))
        raise


def _write_refusals(chosen: Sequence[tuple[str, str]], why: str, around: Context) -> None:
    from grader.course.catalogue import course
    from grader.render.classroom50 import NotInAClassroom
    from grader.render.exports import REFUSALS
    from grader.render.telling import Refusal

    most = sum(task.points for task in course().tasks if around.with_bonus or not task.bonus)
    for name, file in chosen:
        if name in REFUSALS:
            try:
                write(file, REFUSALS[name](Refusal(why, most), around))
            except NotInAClassroom as error:
                stop(2, f"{name}: {error}")


def read_report(path: Path) -> Report:
    """Return a report from a file; end the program if it holds none."""
    from grader import report

    try:
        return report.parsed(path.read_bytes())
    except OSError as error:
        stop(EXIT_UNREADABLE, f"{path}: cannot be read: {error.strerror}")
    except ValueError as error:
        stop(
            EXIT_UNREADABLE,
            f"{path}: is no score report of this version ({error}); make it with "
            "`grader grade SUBMISSION --json FILE`",
        )


def finish_exports(faulty: Sequence[str]) -> None:
    """End the program with exit code 4 if the grader failed on some of what was exported."""
    if faulty:
        stop(EXIT_INFRASTRUCTURE, f"the grader failed on {', '.join(faulty)}: no score of it")
