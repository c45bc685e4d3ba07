"""What every command needs: messages, exit codes, the width of a terminal. Light to import."""

from __future__ import annotations

import importlib
import os
import signal
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, NoReturn

import click

from grader.errors import (
    CorpusError,
    Interrupted,
    SandboxError,
    UnknownTask,
    UnreadableSubmission,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

EXIT_BELOW, EXIT_UNREADABLE, EXIT_INFRASTRUCTURE, EXIT_INTERRUPTED = 1, 3, 4, 130
EXIT_CODES = """\b
Exit codes:
  0    graded
  1    graded, but below --fail-under; or what was looked at is not in order
  2    the command was not understood
  3    the submission or the corpus cannot be read
  4    the grader itself failed: do not use this score; or it has no jail
  130  interrupted
"""


INTERRUPTED = "grader: interrupted; nothing was written"


def stop(code: int, message: str) -> NoReturn:
    """End the program with a message on standard error."""
    click.echo(f"grader: {message}", err=True)
    sys.exit(code)


@contextmanager
def explained() -> Iterator[None]:
    """Turn the errors that a person can do something about into messages and exit codes."""
    try:
        yield
    except (UnreadableSubmission, CorpusError) as error:
        stop(EXIT_UNREADABLE, str(error))
    except UnknownTask as error:
        stop(2, str(error))
    except SandboxError as error:
        stop(EXIT_INFRASTRUCTURE, f"the sandbox does not work: {error}")
    except (Interrupted, KeyboardInterrupt):
        click.echo(INTERRUPTED, err=True)
        # At once: Python turns an interrupt inside an import into death by the signal otherwise.
        leave(EXIT_INTERRUPTED)


def import_torch() -> None:
    """Import torch. Ctrl-C ends the program meanwhile: NumPy and torch catch what is raised inside
    of them, and would go on without a part of themselves.
    """

    def end(number: int, frame: object) -> None:
        os.write(2, f"{INTERRUPTED}\n".encode())
        os._exit(EXIT_INTERRUPTED)

    before = signal.signal(signal.SIGINT, end)
    try:
        importlib.import_module("torch")
    finally:
        signal.signal(signal.SIGINT, before)


class Left(SystemExit):
    """A command has ended, and nothing is left to tidy up: the process may end at once."""


def leave(code: int = 0) -> NoReturn:
    """End a command. As a program it ends at once, by `end_process`."""
    raise Left(code)


def end_process(code: int) -> NoReturn:
    """End the process at once: torch takes longer to tear itself down than to grade a task."""
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:  # it was closed before the program began
            stream.flush()
    os._exit(code)


def columns() -> int:
    """Return the width of the terminal, as `shutil` does: importing that takes longer than this."""
    try:
        asked = int(os.environ["COLUMNS"])
    except (KeyError, ValueError):
        asked = 0
    if asked > 0:
        return asked
    try:
        return os.get_terminal_size(sys.__stdout__.fileno()).columns or 80  # type: ignore[union-attr]
    except (AttributeError, ValueError, OSError):  # closed, detached, or no terminal
        return 80
