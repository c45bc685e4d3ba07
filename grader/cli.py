"""The command line: every command under one name, `grader`."""

from __future__ import annotations

import importlib
import importlib.util

import click

from grader import __version__
from grader.commands.common import EXIT_CODES
from grader.parts import STAFF, STUDENT

HOMES = {
    name.rstrip("_"): (module, name)
    for module, names in {**STUDENT, **STAFF}.items()
    for name in names
}
"""The module and the attribute of each command."""


class Commands(click.Group):
    """Imports a command when it is asked for. A module that is not there has no commands."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands that are there."""
        modules = {module for module, _ in HOMES.values()}
        there = {m for m in modules if importlib.util.find_spec(f"grader.commands.{m}")}
        return sorted(name for name, (module, _) in HOMES.items() if module in there)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command, or None if there is no such command."""
        if cmd_name not in HOMES:
            return None
        module, name = HOMES[cmd_name]
        if importlib.util.find_spec(f"grader.commands.{module}") is None:
            return None
        found: click.Command = getattr(importlib.import_module(f"grader.commands.{module}"), name)
        return found


@click.group(
    cls=Commands, epilog=EXIT_CODES, context_settings={"help_option_names": ["-h", "--help"]}
)
@click.version_option(__version__, prog_name="grader")
def main() -> None:
    """Backprop Ninja: write the backward pass by hand, and know why it is wrong.

    Begin with `grader check`, `grader hint TASK` and `grader list`.
    """


if __name__ == "__main__":
    main()
