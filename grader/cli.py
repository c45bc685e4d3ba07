"""The command line: parse, call, print. What a command does is elsewhere."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from grader import __version__
from grader.errors import (
    CorpusError,
    Interrupted,
    SandboxError,
    UnknownTask,
    UnreadableSubmission,
)
from grader.options import ROOT, Options

if TYPE_CHECKING:
    from rich.console import Console

    from grader.report import Report

EXIT_BELOW, EXIT_UNREADABLE, EXIT_INFRASTRUCTURE, EXIT_INTERRUPTED = 1, 3, 4, 130
EXIT_CODES = """\b
Exit codes:
  0    graded
  1    graded, but below --fail-under, or something is out of order (sync, dev check)
  2    the command was not understood
  3    the submission or the corpus cannot be read
  4    the grader itself failed: such a score must not be used
  130  interrupted
"""


def stop(code: int, message: str) -> NoReturn:
    """End the program with a message on standard error."""
    click.echo(f"grader: {message}", err=True)
    sys.exit(code)


@contextmanager
def _explained() -> Iterator[None]:
    """Turn the errors that a person can do something about into messages and exit codes."""
    try:
        yield
    except (UnreadableSubmission, CorpusError) as error:
        stop(EXIT_UNREADABLE, str(error))
    except UnknownTask as error:
        stop(2, str(error))
    except SandboxError as error:
        stop(EXIT_INFRASTRUCTURE, f"the sandbox does not work: {error}")
    except (Interrupted, KeyboardInterrupt):
        stop(EXIT_INTERRUPTED, "interrupted; nothing was written")


@click.group(epilog=EXIT_CODES, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="grader")
def main() -> None:
    """Backprop Ninja: write the backward pass by hand, and know why it is wrong.

    Students: `grader check`, `grader hint TASK`, `grader list`. Staff: `grader grade SUBMISSION`.
    """


def console(*, err: bool = False) -> Console:
    """Return a console; where output is not a terminal it is 80 columns wide, without colours."""
    from rich.console import Console

    stream = sys.stderr if err else sys.stdout
    return Console(stderr=err, highlight=False, width=None if stream.isatty() else 80)


def default_exercises() -> Path:
    """Return the exercises of the current folder, or else of the project."""
    here = Path("exercises")
    return here if here.is_dir() else Path(__file__).resolve().parent.parent / "exercises"


def _graded(path: Path, options: Options) -> Report:
    """Grade a submission with a progress bar on standard error."""
    from grader import submission as intake
    from grader.sandbox.client import Zygote

    submission = intake.read_for_course(path)
    # The zygote imports torch while this process does so too.
    with Zygote(options.isolation) as zygote:
        from grader import grade

        with _progress(submission.name, len(options.tasks) or None) as advance:
            return grade.grade_one(submission, zygote, options, advance)


@contextmanager
def _progress(name: str, total: int | None) -> Iterator[Any]:
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


def _check_corpus(name: str) -> None:
    """Refuse a corpus that cannot be used, or for which no loss threshold was calibrated."""
    from grader import corpus
    from grader.course.catalogue import course

    corpus.load(name)
    if name not in course().training["loss"]:
        raise CorpusError(
            f"the corpus '{name}' has no loss threshold yet: run `grader calibrate --corpus {name}`"
        )


def _check_writable(path: str | None) -> None:
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


def _write(path: str, text: str) -> None:
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


@main.command()
@click.argument("submission", type=click.Path(path_type=Path))
@click.option("--json", "json_file", metavar="FILE", help="Write the score report (- for stdout).")
@click.option("--seed", help="Seed of the hidden checks; a fresh one is drawn and recorded.")
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
    type=click.Choice(["jail", "process"]),
    default="jail",
    show_default=True,
    help="What untrusted code must run in; without a jail, grading refuses to start.",
)
@click.option(
    "--allow",
    multiple=True,
    metavar="FINDING_ID",
    help="A finding of the policy that a person has looked at and allowed; repeatable.",
)
@click.option("--brief", is_flag=True, help="Print the score without the table.")
@click.option("--fail-under", type=float, metavar="POINTS", help="Exit with 1 below this score.")
def grade(
    submission: Path,
    json_file: str | None,
    seed: str | None,
    corpus: str,
    public_only: bool,
    view: str,
    isolation: str,
    allow: tuple[str, ...],
    brief: bool,
    fail_under: float | None,
) -> None:
    """Grade SUBMISSION: a folder, a .py file, a .zip or a .tar.gz."""
    with _explained():
        _check_corpus(corpus)
        _check_writable(json_file)
        options = Options(seed, corpus, public_only, isolation=isolation, allow=frozenset(allow))
        report = _graded(submission, options)
        from grader.render import terminal
        from grader.report import for_student

        shown = for_student(report) if view == "student" else report
        if json_file:
            _write(json_file, shown.as_json())
        if json_file != "-":
            (terminal.show_brief if brief else terminal.show)(shown, console())
        _finish(report, fail_under)


def _finish(report: Report, fail_under: float | None = None) -> None:
    if report.has_infrastructure_faults():
        tasks = [task.full_name for task in report.tasks if task.status == "infrastructure"]
        stop(EXIT_INFRASTRUCTURE, f"the grader failed on {', '.join(tasks)}: do not use this score")
    if fail_under is not None and report.score < fail_under:
        stop(EXIT_BELOW, f"the score {report.score:g} is below {fail_under:g}")
    _leave()


def _leave() -> None:
    """End the process at once: torch takes longer to tear itself down than to grade a task."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


@main.command()
@click.argument("tasks", nargs=-1)
@click.option("--path", type=click.Path(path_type=Path), help="What to check (default: exercises).")
@corpus_option
def check(tasks: tuple[str, ...], path: Path | None, corpus: str) -> None:
    """Run the public checks on your exercises: all of them, some TASKS, or whole exercises."""
    with _explained():
        chosen = _chosen(tasks)
        _check_corpus(corpus)
        options = Options("public", corpus, True, chosen, isolation="best")
        report = _graded(path or default_exercises(), options)
        from grader.render import terminal

        screen = console()
        terminal.show(report, screen)
        screen.print(terminal.progress_line(report))
        following = terminal.first_unfinished(report)
        if following is not None:
            from grader import hints

            name = following.full_name
            told = hints.next_hint(name)
            screen.print(f"\nnext: [bold]{name}[/bold]   {told}", soft_wrap=False)
            screen.print(f"      more help: grader hint {following.full_name}")
        _finish(report)


def _chosen(names: tuple[str, ...]) -> tuple[str, ...]:
    """Return the full names of tasks; the key of an exercise stands for all of its tasks."""
    from grader.course.catalogue import course

    catalogue = course()
    keys = [exercise.key for exercise in catalogue.exercises]
    found: list[str] = []
    for name in names:
        tasks = catalogue.of_exercise(name) if name in keys else (catalogue.resolve(name),)
        found += [task.full_name for task in tasks]
    return tuple(dict.fromkeys(found))


@main.command()
@click.argument("task")
@click.option("--more", is_flag=True, help="One hint more than the last time.")
def hint(task: str, more: bool) -> None:
    """Show the hints for TASK, one at a time."""
    from grader import hints
    from grader.course.catalogue import course

    with _explained():
        found = course().resolve(task)
    shown = hints.show(found.full_name, more=more)
    for number, text in enumerate(shown, 1):
        click.echo(f"{number}. {text}")
    left = len(found.hints) - len(shown)
    if left:
        click.echo(f"({left} more: grader hint {found.label} --more)")


@main.command(name="list")
def list_tasks() -> None:
    """List all tasks: full name, points, exercise."""
    from grader.course.catalogue import course

    catalogue = course()
    for exercise in catalogue.exercises:
        tasks = catalogue.of_exercise(exercise.key)
        points = sum(task.points for task in tasks)
        bonus = ", bonus" if exercise.bonus else ""
        click.echo(f"{exercise.title} (exercises/{exercise.file}, {points:g} points{bonus})")
        for task in tasks:
            click.echo(f"  {task.full_name:28} {task.points:g}")


@main.command()
@click.argument("submission", type=click.Path(path_type=Path))
@click.option("--seed", help="Seed of the hidden checks, the same for both.")
@corpus_option
def compare(submission: Path, seed: str | None, corpus: str) -> None:
    """Grade SUBMISSION beside the reference solutions: error, time and points of each task."""
    with _explained():
        import secrets

        _check_corpus(corpus)
        options = Options(seed or secrets.token_hex(8), corpus)
        report = _graded(submission, options)
        reference = _graded(ROOT / "solutions", options)
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
        _finish(report)


@main.command()
@corpus_option
@click.option("--seeds", default=24, show_default=True, help="How many runs; at least 20.")
def calibrate(corpus: str, seeds: int) -> None:
    """Measure the loss that the reference solution reaches and set the threshold from it."""
    if seeds < 20:
        stop(2, "a threshold from fewer than 20 seeds would be a guess")
    with _explained():
        from grader import calibration

        screen = console(err=True)
        result = calibration.run(corpus, seeds, screen.print)
        calibration.write(corpus, result)
        click.echo(
            f"{corpus}: mean {result.mean:.4f}, sd {result.sd:.4f}, threshold "
            f"{result.threshold:.4f}, from {len(result.losses)} seeds; written to tasks.toml"
        )
        _leave()


@main.command()
@click.option("--check", "only_check", is_flag=True, help="Change nothing; exit with 1 on drift.")
def sync(only_check: bool) -> None:
    """Generate the exercises and the schema from solutions and course."""
    from grader import sync as synchronise

    stale = synchronise.drift() if only_check else synchronise.write()
    for path in stale:
        shown = path.relative_to(ROOT)
        click.echo(f"{shown}: {'out of date, run `grader sync`' if only_check else 'written'}")
    if only_check and stale:
        sys.exit(EXIT_BELOW)
    if not stale:
        click.echo("everything is up to date")


@main.command()
@click.option("--json", "as_json", is_flag=True, help="Print everything for machines to read.")
def doctor(as_json: bool) -> None:
    """Show what isolation this machine gives, and what became of attempts to break out.

    Exit code 0: a jail, fit for untrusted submissions. 4: none, or one that leaks.
    """
    with _explained():
        from grader import doctor as doctor_

        diagnosis = doctor_.examine()
        if as_json:
            click.echo(doctor_.as_json(diagnosis), nl=False)
        else:
            doctor_.show(diagnosis, console())
        sys.exit(0 if diagnosis.healthy else EXIT_INFRASTRUCTURE)


@main.group()
def data() -> None:
    """Bring the lecture's own corpus."""


@data.command(name="import")
@click.argument("file", type=click.Path(path_type=Path))
def import_(file: Path) -> None:
    """Keep a copy of the lecture's names.txt, checked by its sha256, as --corpus lecture."""
    with _explained():
        from grader import corpus

        click.echo(f"{corpus.import_lecture(file).name}: kept; use it with --corpus lecture")


@data.command()
def fetch() -> None:
    """Download the lecture's names.txt from the makemore repository, checked by its sha256."""
    with _explained():
        from grader import corpus

        click.echo(f"{corpus.fetch().name}: kept; use it with --corpus lecture")


@main.group()
def dev() -> None:
    """For those who work on the course itself."""


@dev.command(name="check")
def dev_check() -> None:
    """Hold the laws of the course: names, hints, stubs, solutions, zeros, misconceptions, sync."""
    with _explained():
        from grader import laws

        broken = False
        for law, problems in laws.hold():
            click.echo(f"{'FAIL' if problems else 'ok  '}  {law}")
            for problem in problems:
                click.echo(f"        {problem}")
                broken = True
        if broken:
            sys.exit(EXIT_BELOW)
        _leave()


@dev.command()
@click.argument("folder", type=click.Path(path_type=Path))
def zeros(folder: Path) -> None:
    """Write a submission whose every answer is a zero of the right shape into FOLDER."""
    from grader import laws

    folder.mkdir(parents=True, exist_ok=True)
    for name, text in laws.zeros_submission().files.items():
        (folder / name).write_bytes(text)
    click.echo(f"{folder}: a submission of zeros; it must score 0")


if __name__ == "__main__":
    main()
