"""What the commands share: what they check beforehand, a grading run with a progress bar."""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from grader.commands.basics import (
    EXIT_BELOW,
    EXIT_INFRASTRUCTURE,
    import_torch,
    leave,
    stop,
)
from grader.errors import CorpusError

if TYPE_CHECKING:
    from rich.console import Console

    from grader.judgement import States
    from grader.options import Options
    from grader.report import Report


def console(*, err: bool = False) -> Console:
    """Return a console; where output is not a terminal it is 80 columns wide, without colours."""
    from rich.console import Console

    stream = sys.stderr if err else sys.stdout
    return Console(stderr=err, highlight=False, width=None if stream.isatty() else 80)


def default_exercises() -> Path:
    """Return the exercises of the current folder, or else of the project."""
    here = Path("exercises")
    return here if here.is_dir() else Path(__file__).resolve().parent.parent / "exercises"


def graded(path: Path, options: Options) -> Report:
    """Grade a submission with a progress bar on standard error."""
    from grader import submission as intake
    from grader.sandbox.host.zygote import Zygote

    submission = intake.read_for_course(path)
    if options.isolation == "in-process":
        import_torch()
        from grader import grade

        return grade.grade_inline(submission, options)
    # The zygote imports torch while this process does so too.
    with Zygote(options.isolation) as zygote:
        import_torch()
        from grader import grade

        with progress(submission.name, len(options.tasks) or None) as advance:
            return grade.grade_one(submission, zygote, options, advance)


@contextmanager
def progress(name: str, total: int | None) -> Iterator[Any]:
    """Show a bar on a terminal; yield what moves it on by one task, or None without a terminal."""
    from grader.course.catalogue import course

    screen = console(err=True)
    if not screen.is_terminal:
        yield None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=screen, transient=True) as bar:
        running = bar.add_task(name, total=total or len(course().tasks))

        def advance(task: Any) -> None:
            bar.update(running, advance=1, description=f"{name}: {task.full_name}")

        yield advance


def check_corpus(name: str) -> None:
    """Refuse a corpus that cannot be used, or for which no loss threshold was calibrated."""
    from grader import corpus
    from grader.course.catalogue import course

    corpus.load(name)
    if name not in course().training["loss"]:
        raise CorpusError(
            f"the corpus '{name}' has no loss threshold yet: run `grader calibrate --corpus {name}`"
        )


def check_writable(path: str | None) -> None:
    """Refuse a file that cannot be written before the work is done, not after."""
    if path in (None, "-"):
        return
    target = Path(str(path))
    if target.is_dir():
        stop(2, f"{path}: is a folder; name a file")
    if not target.parent.is_dir():
        stop(2, f"{path}: cannot be written: there is no folder {target.parent}")
    if not os.access(target if target.exists() else target.parent, os.W_OK):
        stop(2, f"{path}: cannot be written: no permission")


def write(path: str, text: str) -> None:
    """Write a text to a file, or to standard output for `-`."""
    if path == "-":
        click.echo(text, nl=False)
        return
    try:
        Path(path).write_text(text, encoding="utf-8")
    except OSError as error:
        stop(2, f"{path}: cannot be written: {error.strerror}")


corpus_option = click.option(
    "--corpus", default="names", show_default=True, help="names, or lecture once it is imported."
)


def judgement_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add `--allow` and `--uphold` to a command, which gets them as one mapping, `said`."""

    @functools.wraps(command)
    def with_said(
        *args: Any, allow: tuple[str, ...], uphold: tuple[str, ...], **kwargs: Any
    ) -> Any:
        from grader.judgement import states

        try:
            said = states(allow, uphold)
        except ValueError as error:
            stop(2, str(error))
        return command(*args, said=said, **kwargs)

    cleared = "A finding that a person has looked at and cleared; repeatable."
    upheld = "A finding that a person has looked at and upheld: its tasks earn nothing; repeatable."
    for name, told in (("--uphold", upheld), ("--allow", cleared)):
        option = click.option(name, multiple=True, metavar="FINDING_ID", help=told)
        with_said = option(with_said)
    return with_said


def passed_on(report: Report, said: States) -> Report:
    """Return a report with what was said about its findings; an unknown one ends the program."""
    from grader.judgement import in_words, judged, unknown

    problem = unknown(said, {one.id: in_words(one) for one in report.findings})
    if problem:
        stop(2, problem)
    return judged(report, said)


def finish(report: Report, fail_under: float | None = None) -> None:
    """End the program with the exit code that a report deserves."""
    if report.has_infrastructure_faults():
        tasks = [task.full_name for task in report.tasks if task.status == "infrastructure"]
        stop(EXIT_INFRASTRUCTURE, f"the grader failed on {', '.join(tasks)}: do not use this score")
    if fail_under is not None and report.score < fail_under:
        stop(EXIT_BELOW, f"the score {report.score:g} is below {fail_under:g}")
    leave()
