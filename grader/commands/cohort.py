"""What staff use for a whole class: cohort."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from grader.commands.basics import EXIT_INFRASTRUCTURE, EXIT_INTERRUPTED, explained, stop
from grader.commands.common import check_corpus, console, corpus_option, judgement_options
from grader.options import Options, fresh_seed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from grader.cohort.conditions import Conditions
    from grader.cohort.crew import Crew
    from grader.cohort.index import Entry, Index
    from grader.cohort.ledger import Ledger
    from grader.cohort.roster import Roster
    from grader.judgement import States


@click.command()
@click.argument("submissions", type=click.Path(path_type=Path))
@click.option(
    "--out",
    required=True,
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="The ledger: reports, index and pages. The same again goes on where a run stopped.",
)
@click.option(
    "--workers", type=click.IntRange(1, 512), help="Processes that grade (default: the cores)."
)
@click.option("--scheduler", metavar="ADDRESS", help="A Dask scheduler, tcp://HOST:PORT.")
@click.option(
    "--regrade",
    is_flag=True,
    help="Grade again where course, grader, seed or options changed, and print what moved.",
)
@click.option("--seed", help="Seed of the hidden checks; drawn once for a ledger, and recorded.")
@corpus_option
@click.option(
    "--task", "tasks", multiple=True, metavar="NAME", help="Only this task or exercise; repeatable."
)
@click.option("--public-only", is_flag=True, help="Run the public checks only.")
@click.option(
    "--isolation",
    type=click.Choice(["jail", "process"]),
    default="jail",
    show_default=True,
    help="What untrusted code must run in; process is for code that you trust.",
)
@judgement_options
@click.option(
    "--student-pages",
    is_flag=True,
    help="Write DIR/students/ too: a page to hand to each student, without the hidden checks.",
)
def cohort(
    submissions: Path,
    out: Path,
    workers: int | None,
    scheduler: str | None,
    regrade: bool,
    seed: str | None,
    corpus: str,
    tasks: tuple[str, ...],
    public_only: bool,
    isolation: str,
    said: States,
    student_pages: bool,
) -> None:
    """Grade SUBMISSIONS: a folder with a subfolder, file or archive for each student, what Canvas,
    Moodle or Gradescope exported, or a roster (.csv with id, name, path).

    Exit code 4: some submissions could not be graded through no fault of theirs; run it again.
    """
    if workers and scheduler:
        stop(2, "--workers is for this machine; with --scheduler the cluster has its own")
    with explained(), _ledgers():
        from grader.cohort import crew as crews
        from grader.cohort import ledger as ledgers
        from grader.cohort import roster
        from grader.cohort.conditions import Conditions

        check_corpus(corpus)
        found = roster.read(submissions)
        with ledgers.opened(out) as ledger:
            before = ledger.conditions()
            kept = before.seed if before else fresh_seed()
            options = Options(seed or kept, corpus, public_only, _full_names(tasks), isolation)
            if before is not None:
                _refuse_changes(out, before, Conditions.of(options, before.machine), regrade)
            crew = crews.recruited(workers or crews.cores(), scheduler)
            try:
                conditions = Conditions.of(options, crews.muster(crew, options))
                _refuse_changes(out, before, conditions, regrade)
                ledger.record_conditions(conditions)
                index = _run(found, ledger, conditions, said, crew, regrade, student_pages)
            finally:
                crew.dismiss()
    _finish(index, out)


def _full_names(names: tuple[str, ...]) -> tuple[str, ...]:
    """Return the full names of tasks; the key of an exercise stands for all of its tasks."""
    from grader.course.catalogue import course

    keys = {exercise.key for exercise in course().exercises}
    found: dict[str, None] = {}
    for name in names:
        several = course().of_exercise(name) if name in keys else (course().resolve(name),)
        found |= dict.fromkeys(task.full_name for task in several)
    return tuple(task.full_name for task in course().tasks if task.full_name in found)


@contextmanager
def _ledgers() -> Iterator[None]:
    """Turn the errors of a run into messages and exit codes."""
    from grader.cohort.crew import CrewLost
    from grader.cohort.ledger import LedgerBusy, LedgerError

    try:
        yield
    except LedgerBusy as error:
        stop(2, str(error))
    except (LedgerError, CrewLost) as error:
        stop(EXIT_INFRASTRUCTURE, str(error))
    except KeyboardInterrupt:
        stop(EXIT_INTERRUPTED, "interrupted; the same command goes on from here")


def _refuse_changes(out: Path, before: Conditions | None, now: Conditions, regrade: bool) -> None:
    """Refuse to move scores that were given unless that is what was asked for."""
    changed = now.changed(before) if before else []
    if changed and not regrade:
        stop(
            2,
            f"{out}: was graded with another {', another '.join(changed)}. Add --regrade to grade "
            "everything again and see what moves, or name another folder for --out",
        )


def _run(
    roster: Roster,
    ledger: Ledger,
    conditions: Conditions,
    said: States,
    crew: Crew,
    regrade: bool,
    student_pages: bool,
) -> Index:
    from grader.cohort import index as indices
    from grader.cohort import publish
    from grader.cohort.judgements import Judgements
    from grader.cohort.progress import Display
    from grader.cohort.schedule import Run

    before = indices.load(ledger.folder) if (ledger.folder / indices.SUMMARY).exists() else None
    judgements = Judgements(ledger.judgements(), said)
    with Display(console(err=True), len(roster.students)) as display:
        run = Run(
            roster.students,
            ledger,
            conditions,
            judgements,
            crew,
            on_settled=display.settled,
            on_tick=display.tick,
        )
        entries = run.grade()
    problem = judgements.unknown()
    if problem:
        stop(2, f"{problem}\nwhat was graded is kept; say it again with one of these")
    ledger.keep_judgements(judgements.kept)
    index = publish.index_of(entries, roster.notes, conditions, judgements)
    if before is not None:
        _show_moves(before, index.located(ledger.folder), regrade)
    publish.publish(ledger, index, for_students=student_pages)
    return index


def _show_moves(before: Index, after: Index, regrade: bool) -> None:
    """Print what moved since the run before. Without anything, only a regrade says so."""
    from grader.cohort import changes

    moves = list(changes.moved(before, after))
    for move in moves:
        click.echo(_printable(str(move)))
    people = changes.comings_and_goings(before, after)
    if moves or people or regrade:
        click.echo(
            "; ".join(filter(None, (f"{len(moves)} moved" if moves else "nothing moved", people)))
        )


def _finish(index: Index, out: Path) -> None:
    """Say what came of it, and end with the exit code that it deserves."""
    from collections import Counter

    from grader.cohort.index import OUTCOMES

    counted = Counter(entry.outcome for entry in index.entries)
    told = ", ".join(f"{counted[one]} {one}" for one in OUTCOMES if counted[one])
    click.echo(f"{len(index.entries)} submissions: {told}; {out / 'index.html'}")
    for entry in index.entries:
        if entry.outcome in ("unreadable", "infrastructure"):
            click.echo(f"  {_line(entry)}")
    if counted["infrastructure"]:
        stop(
            EXIT_INFRASTRUCTURE,
            f"{counted['infrastructure']} could not be graded, and have no score; run the same "
            "command again",
        )


def _line(entry: Entry) -> str:
    return _printable(" ".join(f"{entry.id}: {entry.outcome}: {entry.message}".split()))[:300]


def _printable(text: str) -> str:
    """Return a text without what a terminal would obey: names of files are untrusted."""
    return "".join(one if one.isprintable() or one == "\n" else "?" for one in text)
