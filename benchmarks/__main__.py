"""`python -m benchmarks [ROW ...]`: measure, print the table, and keep the figures."""

from __future__ import annotations

import os
from pathlib import Path

import click
from rich.console import Console

from benchmarks import figures
from benchmarks.pairs import ONE_THREAD
from benchmarks.rows import ROWS
from benchmarks.table import table

RESULTS = Path(__file__).with_name("results")
WIDTH = 140
"""Columns of the table in a file."""

LATEST, BASELINE = RESULTS / "latest.json", RESULTS / "baseline.json"


@click.command(help="Measure ROWs, or all: " + ", ".join(f"{r.name} ({r.about})" for r in ROWS))
@click.argument(
    "names", nargs=-1, type=click.Choice([row.name for row in ROWS]), metavar="[ROW]..."
)
@click.option("--pairs", default=7, show_default=True, type=click.IntRange(1), help="How often.")
@click.option("--long", "long_run", is_flag=True, help="Memory after 1,000 submissions.")
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), default=LATEST, help="Where to keep."
)
@click.option(
    "--against",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Compare with.",
)
def main(
    names: tuple[str, ...], pairs: int, long_run: bool, out: Path, against: Path | None
) -> None:
    """Measure the rows that were named, or all."""
    os.environ.update(ONE_THREAD)  # before torch or NumPy are imported: they ask once
    screen = Console()
    if not screen.is_terminal:
        screen.width = WIDTH
    other = against or (out if out.exists() else BASELINE)
    before = {figure.name: figure for figure in known(other)}
    on = figures.machine()
    found: list[figures.Figure] = []
    for row in ROWS:
        if not names or row.name in names:
            screen.print(f"{row.about} ...", style="dim")
            more = {"many": 1000} if long_run and row.name == "memory" else {}
            found += row.measure(pairs, **more)
    screen.print(table(found, before))
    told = ", ".join(f"{name} {value}" for name, value in on.items())
    screen.print(f"{pairs} pairs; {told}; compared with {other.name if before else 'nothing'}")
    figures.write(out, found, on)


def known(path: Path) -> list[figures.Figure]:
    """Return the figures of another run. Ends the program if the file holds something else."""
    try:
        return figures.read(path)
    except (ValueError, TypeError, KeyError, AttributeError):
        told = "holds no figures of a run; leave it out, or measure with --out"
        raise click.ClickException(f"{path}: {told}") from None


if __name__ == "__main__":
    main()
