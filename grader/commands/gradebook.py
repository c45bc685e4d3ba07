"""`grader export canvas` and `moodle`: scores of a cohort into the gradebook's own CSV."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from grader.commands.basics import (
    EXIT_BELOW,
    EXIT_INFRASTRUCTURE,
    EXIT_UNREADABLE,
    explained,
    stop,
)
from grader.commands.common import check_writable
from grader.commands.exporting import bonus_option

if TYPE_CHECKING:
    from grader.gradebooks.scores import Merge, Scored

HEADINGS = {
    "replaced": "had another grade before",
    "kept": "left as they were",
    "without_score": "graded without a score, nothing written",
    "not_in_gradebook": "submitted, but in no row of the file",
    "ambiguous": "not written, because it is not clear who is who",
    "not_submitted": "in the file, but without a submission",
}

cohort_argument = click.argument("cohort", type=click.Path(path_type=Path))
gradebook_option = click.option(
    "--gradebook",
    required=True,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="The CSV that was downloaded; it is not changed.",
)
out_option = click.option("-o", "--out", required=True, metavar="FILE", help="Where to write.")
scale_option = click.option(
    "--scale-to",
    type=click.FloatRange(min=0, min_open=True),
    metavar="POINTS",
    help="What the full score is worth in the gradebook; without it, points are left as they are.",
)


@click.command()
@cohort_argument
@gradebook_option
@click.option("--column", required=True, metavar="TITLE", help="Its title there: 'Title (id)'.")
@out_option
@scale_option
@bonus_option
def canvas(
    cohort: Path, gradebook: Path, column: str, out: str, scale_to: float | None, with_bonus: bool
) -> None:
    """Scores of COHORT into one column of a gradebook that Canvas exported.

    Students are found by ID, SIS User ID, SIS Login ID and name, in this order. Exit code 1: some
    submissions found no row. 4: the grader failed on some, and nothing is written for those.
    """
    from grader.gradebooks import canvas as canvas_

    def merge(content: bytes, scores: list[Scored]) -> Merge:
        return canvas_.merge(content, scores, column, scale_to, str(gradebook))

    _merge(cohort, gradebook, out, with_bonus, merge)


@click.command()
@cohort_argument
@gradebook_option
@out_option
@scale_option
@bonus_option
def moodle(
    cohort: Path, gradebook: Path, out: str, scale_to: float | None, with_bonus: bool
) -> None:
    """Scores of COHORT into the offline grading worksheet of a Moodle assignment.

    Students are found by participant number, ID number, address and name, in this order. Exit
    code 1: some submissions found no row. 4: the grader failed on some, and nothing is written for
    those.
    """
    from grader.gradebooks import moodle as moodle_

    def merge(content: bytes, scores: list[Scored]) -> Merge:
        return moodle_.merge(content, scores, scale_to, str(gradebook))

    _merge(cohort, gradebook, out, with_bonus, merge)


def _merge(
    cohort: Path,
    gradebook: Path,
    out: str,
    with_bonus: bool,
    merge: Callable[[bytes, list[Scored]], Merge],
) -> None:
    with explained():
        from grader.gradebooks.cells import UnreadableTable
        from grader.gradebooks.scores import Refused

        check_writable(out)
        if Path(out).resolve() == gradebook.resolve():
            stop(2, f"{out}: is the gradebook itself; write to another file")
        scores = _scores(cohort, with_bonus)
        try:
            merged = merge(gradebook.read_bytes(), scores)
            Path(out).write_bytes(merged.content)
        except UnreadableTable as error:
            stop(EXIT_UNREADABLE, str(error))
        except Refused as error:
            stop(2, str(error))
        except OSError as error:
            stop(2, f"{error.filename}: {error.strerror}")
        _show(merged, out)
        _finish(merged, scores)


def _scores(folder: Path, with_bonus: bool) -> list[Scored]:
    """Return the scores of a cohort; none of a submission on which the grader failed."""
    from grader.cohort import index
    from grader.gradebooks.scores import Scored

    try:
        entries = index.load(folder).entries
    except ValueError as error:
        stop(EXIT_UNREADABLE, str(error))
    scores = []
    for entry in entries:
        points: Any = None if entry.outcome == "infrastructure" else entry.score
        if points is not None and with_bonus:
            points += entry.bonus or 0.0
        told = f"{entry.outcome}: {entry.message}" if entry.message else entry.outcome
        scores.append(Scored(entry.id, entry.name, points, entry.max_score or 0.0, told))
    return scores


def _show(merged: Merge, out: str) -> None:
    from grader.render.untrusted import one_line

    written = len(merged.written) + len(merged.replaced)
    click.echo(f"{out}: {written} grades written")
    for name, heading in HEADINGS.items():
        listed = getattr(merged, name)
        if listed:
            click.echo(f"{heading}: {len(listed)}")
            for line in listed:
                click.echo(f"  {one_line(line)}")


def _finish(merged: Merge, scores: list[Scored]) -> None:
    faulty = [s.who for s in scores if s.outcome.startswith("infrastructure")]
    if faulty:
        stop(EXIT_INFRASTRUCTURE, f"the grader failed on {len(faulty)} submissions: no score")
    if merged.not_in_gradebook or merged.ambiguous:
        stop(EXIT_BELOW, "some submissions found no row; nothing was written for them")
