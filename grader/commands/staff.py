"""What teaching staff use: grade, compare, doctor."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from grader.commands import exporting
from grader.commands.basics import EXIT_INFRASTRUCTURE, explained, stop
from grader.commands.common import (
    check_corpus,
    check_writable,
    console,
    corpus_option,
    finish,
    graded,
    judgement_options,
    passed_on,
    write,
)
from grader.options import ROOT, Options, fresh_seed

if TYPE_CHECKING:
    from grader.judgement import States


@click.command()
@click.argument("submission", type=click.Path(path_type=Path))
@click.option("--json", "json_file", metavar="FILE", help="Write the score report (- for stdout).")
@click.option("--html", "html_file", metavar="FILE", help="Write the report as one web page.")
@click.option(
    "--seed",
    help="Seed of the hidden checks, to grade as before. Without it one is drawn, and recorded.",
)
@corpus_option
@click.option("--public-only", is_flag=True, help="Run the public checks only.")
@click.option(
    "--view",
    type=click.Choice(["staff", "student"]),
    default="staff",
    show_default=True,
    help="Whose report: a student's tells nothing of hidden checks but their results.",
)
@click.option(
    "--isolation",
    type=click.Choice(["jail", "process", "best"]),
    default="jail",
    show_default=True,
    help="What untrusted code must run in; without a jail, grading refuses to start. For code that "
    "you trust: process, or the best that there is.",
)
@judgement_options
@click.option(
    "--export",
    "exports",
    multiple=True,
    metavar="FORMAT=FILE",
    callback=exporting.targets,
    help=f"Write the report for another tool: {', '.join(exporting.FORMATS)}; repeatable.",
)
@exporting.bonus_option
@click.option("--brief", is_flag=True, help="Print the score without the table.")
@click.option("--fail-under", type=float, metavar="POINTS", help="Exit with 1 below this score.")
def grade(
    submission: Path,
    json_file: str | None,
    html_file: str | None,
    seed: str | None,
    corpus: str,
    public_only: bool,
    view: str,
    isolation: str,
    said: States,
    exports: list[tuple[str, str]],
    with_bonus: bool,
    brief: bool,
    fail_under: float | None,
) -> None:
    """Grade SUBMISSION: a folder, a .py file, a .zip or a .tar.gz."""
    with explained():
        check_corpus(corpus)
        check_writable(json_file)
        check_writable(html_file)
        if html_file and html_file == json_file:
            stop(2, f"--json and --html both write to {html_file}")
        options = Options(seed, corpus, public_only, isolation=isolation)
        with exporting.refusals(exports, with_bonus):
            report = passed_on(graded(submission, options), said)
        from grader.render import terminal
        from grader.report import for_student

        shown = for_student(report) if view == "student" else report
        if json_file:
            write(json_file, shown.as_json())
        if html_file:
            from grader.render import html

            write(html_file, html.render(shown))
        if exports:
            exporting.write_exports(exports, report, exporting.context(with_bonus, view))
        if "-" not in (json_file, html_file, *(file for _, file in exports)):
            (terminal.show_brief if brief else terminal.show)(shown, console())
        finish(report, fail_under)


@click.command()
@click.argument("submission", type=click.Path(path_type=Path))
@click.option("--seed", help="Seed of the hidden checks, the same for both.")
@corpus_option
def compare(submission: Path, seed: str | None, corpus: str) -> None:
    """Grade SUBMISSION beside the reference solutions: error, time and points of each task."""
    with explained():
        check_corpus(corpus)
        options = Options(seed or fresh_seed(), corpus)
        report = graded(submission, options)
        reference = graded(ROOT / "solutions", options)
        from grader.render import terminal

        screen = console()
        screen.print(terminal.comparison(report, reference))
        for said in terminal.failures(report):
            screen.print()
            screen.print(said)
        screen.print(
            f"\nscore {report.score:g} of {report.max_score:g} (solutions {reference.score:g}), "
            f"bonus {report.bonus:g} of {report.max_bonus:g}"
        )
        finish(report)


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print everything for machines to read.")
def doctor(as_json: bool) -> None:
    """Show what isolation this machine gives, and what became of attempts to break out.

    Exit code 0: a jail, fit for untrusted submissions. 4: none, or one that leaks.
    """
    with explained():
        from grader import doctor as doctor_

        diagnosis = doctor_.examine()
        if as_json:
            click.echo(doctor_.as_json(diagnosis), nl=False)
        else:
            doctor_.show(diagnosis, console())
        sys.exit(0 if diagnosis.healthy else EXIT_INFRASTRUCTURE)
