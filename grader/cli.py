"""The command line: every command under one name, `grader`."""

from __future__ import annotations

import importlib
import importlib.util

import click

from grader import __version__
from grader.commands.common import EXIT_CODES
from grader.parts import STAFF, STUDENT


@click.group(epilog=EXIT_CODES, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="grader")
def main() -> None:
    """Backprop Ninja: write the backward pass by hand, and know why it is wrong.

    Begin with `grader check`, `grader hint TASK` and `grader list`.
    """


for module, commands in {**STUDENT, **STAFF}.items():
    if importlib.util.find_spec(f"grader.commands.{module}") is not None:
        found = importlib.import_module(f"grader.commands.{module}")
        for command in commands:
            main.add_command(getattr(found, command))


if __name__ == "__main__":
    main()
