"""What the course is kept with: calibrate, sync, the laws."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from grader.commands.basics import EXIT_BELOW, explained, leave, stop
from grader.commands.common import console, corpus_option
from grader.options import ROOT

if TYPE_CHECKING:
    pass


@click.command()
@corpus_option
@click.option("--seeds", default=24, show_default=True, help="How many runs; at least 20.")
def calibrate(corpus: str, seeds: int) -> None:
    """Measure the loss that the reference solution reaches and set the threshold from it."""
    if seeds < 20:
        stop(2, "a threshold from fewer than 20 seeds would be a guess")
    with explained():
        from grader import calibration

        screen = console(err=True)
        result = calibration.run(corpus, seeds, screen.print)
        calibration.write(corpus, result)
        click.echo(
            f"{corpus}: mean {result.mean:.4f}, sd {result.sd:.4f}, threshold "
            f"{result.threshold:.4f}, from {len(result.losses)} seeds; written to tasks.toml"
        )
        leave()


@click.command()
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


@click.group()
def dev() -> None:
    """For those who work on the course itself."""


@dev.command(name="check")
def dev_check() -> None:
    """Hold the laws of the course: names, hints, stubs, solutions, zeros, misconceptions, sync."""
    with explained():
        from grader import laws

        broken = False
        for law, problems in laws.hold():
            click.echo(f"{'FAIL' if problems else 'ok  '}  {law}")
            for problem in problems:
                click.echo(f"        {problem}")
                broken = True
        if broken:
            sys.exit(EXIT_BELOW)
        leave()


@dev.command()
@click.argument("folder", type=click.Path(path_type=Path))
def zeros(folder: Path) -> None:
    """Write a submission whose every answer is a zero of the right shape into FOLDER."""
    from grader import laws

    folder.mkdir(parents=True, exist_ok=True)
    for name, text in laws.zeros_submission().files.items():
        (folder / name).write_bytes(text)
    click.echo(f"{folder}: a submission of zeros; it must score 0")
