"""Corpora that do not come with the project: data import, data fetch."""

from __future__ import annotations

from pathlib import Path

import click

from grader.commands.basics import explained


@click.group()
def data() -> None:
    """Bring the lecture's own corpus."""


@data.command(name="import")
@click.argument("file", type=click.Path(path_type=Path))
def import_(file: Path) -> None:
    """Keep a copy of the lecture's names.txt, checked by its sha256, as --corpus lecture."""
    with explained():
        from grader import corpus

        click.echo(f"{corpus.import_lecture(file).name}: kept; use it with --corpus lecture")


@data.command()
def fetch() -> None:
    """Download the lecture's names.txt from the makemore repository, checked by its sha256."""
    with explained():
        from grader import corpus

        click.echo(f"{corpus.fetch().name}: kept; use it with --corpus lecture")
