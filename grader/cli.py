"""The command line: every command under one name, `grader`."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from typing import Any

import click

from grader import __version__
from grader.commands.basics import (
    EXIT_CODES,
    EXIT_INTERRUPTED,
    Left,
    columns,
    end_process,
    leave,
)
from grader.parts import STAFF, STUDENT

HOMES = {
    name.rstrip("_"): (f"grader.commands.{module}", name)
    for module, names in {**STUDENT, **STAFF}.items()
    for name in names
}
"""The module and the attribute of each command."""

PURPOSES = {
    name.rstrip("_"): purpose
    for names in (*STUDENT.values(), *STAFF.values())
    for name, purpose in names.items()
}

AT_ONCE = "grader.commands.lookup"
"""The module of commands that have nothing left to tidy up when they end."""


class Commands(click.Group):
    """Imports a command when it is asked for. A module that is not there has no commands."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run as a program. Help and hints end at once: Python takes a tenth of their time to take
        itself apart.
        """
        try:
            return super().__call__(*args, **kwargs)
        except SystemExit as end:
            used = {module for module, _ in HOMES.values()} & sys.modules.keys()
            if isinstance(end.code, int) and (isinstance(end, Left) or used <= {AT_ONCE}):
                end_process(end.code)
            raise

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command. One that has nothing else to say of Ctrl-C says that it was pressed."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            click.echo("grader: interrupted", err=True)
            leave(EXIT_INTERRUPTED)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands that are there."""
        modules = {module for module, _ in HOMES.values()}
        there = {module for module in modules if importlib.util.find_spec(module)}
        return sorted(name for name, (module, _) in HOMES.items() if module in there)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command, or None if there is no such command."""
        if cmd_name not in HOMES:
            return None
        module, name = HOMES[cmd_name]
        if importlib.util.find_spec(module) is None:
            return None
        found: click.Command = getattr(importlib.import_module(module), name)
        return found

    def get_help(self, ctx: click.Context) -> str:
        """Return the help, as wide as click makes it, which would ask `shutil` for the width."""
        ctx.terminal_width = max(min(columns(), 80) - 2, 50)
        return super().get_help(ctx)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands as click does, without importing any."""
        names = self.list_commands(ctx)
        limit = formatter.width - 6 - max(map(len, names))
        rows = [(n, click.Command(n, help=PURPOSES[n]).get_short_help_str(limit)) for n in names]
        with formatter.section("Commands"):
            formatter.write_dl(rows)


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
