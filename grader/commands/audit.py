"""What staff look at after a cohort was graded: audit."""

from __future__ import annotations

from pathlib import Path

import click

from grader.commands.basics import EXIT_UNREADABLE, explained, leave, stop
from grader.commands.common import check_writable, console, write


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--json", "json_file", metavar="FILE", help="Write everything (- for stdout).")
@click.option("--ids", is_flag=True, help="Print the students' ids, not their names.")
@click.option(
    "--isolation",
    type=click.Choice(["jail", "process"]),
    default="jail",
    show_default=True,
    help="Where sources are read; process is for code that you trust.",
)
def audit(folder: Path, json_file: str | None, ids: bool, isolation: str) -> None:
    """Show what is alike and what is unusual in DIR, the output of `grader cohort`.

    This is evidence for a person to look at, never a verdict: whatever it finds, no score changes
    and the exit code is 0.
    """
    with explained():
        check_writable(json_file)
        from grader.audit import evidence
        from grader.cohort import index as cohort
        from grader.sandbox.host.zygote import Zygote

        try:
            index = cohort.load(folder)
        except ValueError as error:
            stop(EXIT_UNREADABLE, str(error))
        with Zygote(isolation) as zygote:
            found = evidence.gather(index, zygote)
        if json_file:
            write(json_file, found.as_json())
        if json_file != "-":
            from grader.audit import table

            names = {entry.id: entry.id if ids else entry.name for entry in index.entries}
            table.show(found, names, console())
        leave()
