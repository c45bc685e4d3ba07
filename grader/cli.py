"""The command line: every command under one name, `grader`."""

from __future__ import annotations

import click

from grader import __version__
from grader.commands import seeing, staff, student, upkeep, watching
from grader.commands.common import EXIT_CODES


@click.group(epilog=EXIT_CODES, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="grader")
def main() -> None:
    """Backprop Ninja: write the backward pass by hand, and know why it is wrong.

    Students: `grader check`, `grader hint TASK`, `grader list`. Staff: `grader grade SUBMISSION`.
    """


for command in (
    student.check,
    watching.watch,
    seeing.draw,
    seeing.train,
    student.hint,
    student.list_tasks,
    staff.grade,
    staff.compare,
    staff.doctor,
    upkeep.calibrate,
    upkeep.sync,
    upkeep.data,
    upkeep.dev,
):
    main.add_command(command)


if __name__ == "__main__":
    main()
