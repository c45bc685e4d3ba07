"""What goes to students: release."""

from __future__ import annotations

from pathlib import Path

import click

from grader.commands.basics import EXIT_BELOW, explained, leave, stop


@click.command()
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    required=True,
    metavar="DIR",
    help="The folder to write.",
)
@click.option("--zip", "zipped", is_flag=True, help="Write DIR.zip, too.")
@click.option("--force", is_flag=True, help="Replace a release that is there.")
def release(out: Path, zipped: bool, force: bool) -> None:
    """Write the student's distribution: exercises, public checks, data, the grader.

    A scan looks for anything of the solutions, the hidden checks and all other withheld files in
    it. If it finds something, nothing is written and the exit code is 1.
    """
    with explained():
        from grader.release import build
        from grader.release.contents import Contradiction

        try:
            made = build.build(out, zipped=zipped, force=force)
        except build.Refused as error:
            stop(2, str(error))
        except Contradiction as error:
            stop(EXIT_BELOW, f"no release can be made: {error}")
        except build.Leaked as error:
            for leak in error.leaks:
                click.echo(f"{leak}", err=True)
            stop(EXIT_BELOW, f"nothing was written: {error}; take out what is listed above")
        except OSError as error:
            stop(2, f"{error.filename or out}: cannot be written: {error.strerror}")
        for path in made:
            click.echo(f"{path}: written")
        leave()
