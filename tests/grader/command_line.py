"""The command line, run in the process of the tests: torch is imported once, and all commands
share a zygote. What a process of its own does differently has tests with real processes.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import uuid
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from unittest import mock

from click.testing import CliRunner, Result

from grader import cli, doctor
from grader.cohort import crew, reading, worker
from grader.options import ROOT
from grader.sandbox.host import zygote as host
from grader.sandbox.host.zygote import Zygote

# Hands its arguments to the process of the tests, and does as if it had done what that did.
PROGRAM = """#!{python} -SE
import json, os, socket, sys

with socket.socket(socket.AF_UNIX) as asking:
    asking.connect("\\x00{address}")
    with asking.makefile("rw", encoding="utf-8") as stream:
        print(json.dumps([sys.argv[1:], os.getcwd(), dict(os.environ)]), file=stream, flush=True)
        out, error, code = json.load(stream)
sys.stdout.write(out)
sys.stderr.write(error)
sys.exit(code)
"""


class Lent:
    """A zygote that is not closed by whoever has borrowed it."""

    def __init__(self, zygote: Zygote) -> None:
        self._zygote = zygote

    def __getattr__(self, name: str):
        return getattr(self._zygote, name)

    def __enter__(self) -> Lent:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Leave it to others."""


class Here:
    """A crew of one: this process does at once what it is asked."""

    size = 1

    def read(self, student) -> Future:
        """Read a student's submission."""
        return self.submit(reading.read, student)

    def submit(self, call, *arguments) -> Future:
        """Call a function. Its watchdog wants a stream with a descriptor, as a process has one."""
        future: Future = Future()
        with contextlib.redirect_stderr(sys.__stderr__):
            try:
                future.set_result(call(*arguments))
            except Exception as error:
                future.set_exception(error)
        return future

    def has_died(self, error: BaseException) -> bool:
        """This process lives."""
        return False

    def renew(self) -> None:
        """Nothing to renew."""

    def dismiss(self) -> None:
        """Nobody to dismiss."""


class CommandLine:
    """Runs commands, whose workers come from zygotes that are there already: `shared` returns them
    by the names of their fixtures.
    """

    def __init__(self, shared: Callable[[str], Zygote]) -> None:
        self._shared = shared

    def run(self, *arguments: object, cwd=ROOT, **environment: str) -> Result:
        """Run `grader` in a folder; return its exit code and what it printed."""
        state = {"BACKPROP_NINJA_STATE": os.fspath(cwd / ".state.json")} if cwd != ROOT else {}
        runner = CliRunner(env={"COLUMNS": "80", **state, **environment})
        with (
            contextlib.chdir(cwd),
            mock.patch.object(host, "Zygote", self._lent),
            mock.patch.object(worker, "Zygote", self._lent),
            mock.patch.object(doctor, "Zygote", self._lent),
            mock.patch.object(crew, "recruited", return_value=Here()),
        ):
            return runner.invoke(cli.main, list(map(str, arguments)), catch_exceptions=False)

    def __call__(self, *arguments: object, code: int = 0, **more) -> str:
        """Run `grader`; return all that it printed. Fails if it ends with another exit code."""
        result = self.run(*arguments, **more)
        assert result.exit_code == code, result.output
        return result.output

    def program(self, path: Path) -> socket.socket:
        """Write a program whose commands run in this process; return what `serve` serves."""
        address = f"grader-{uuid.uuid4()}"
        listening = socket.socket(socket.AF_UNIX)
        listening.bind(f"\0{address}")  # in no folder: paths may be too long for an address
        listening.listen()
        path.write_text(PROGRAM.format(python=sys.executable, address=address), encoding="utf-8")
        path.chmod(0o755)
        return listening

    def serve(self, listening: socket.socket, process: subprocess.Popen) -> None:
        """Run what programs ask for, until a process has ended."""
        listening.settimeout(0.02)
        while process.poll() is None:
            with contextlib.suppress(TimeoutError):
                asking, _ = listening.accept()
                with asking, asking.makefile("rw", encoding="utf-8") as stream:
                    arguments, folder, environment = json.loads(stream.readline())
                    done = self.run(*arguments, cwd=Path(folder), **environment)
                    stream.write(json.dumps([done.stdout, done.stderr, done.exit_code]))

    def _lent(self, isolation: str = "jail", *, thorough: bool = False) -> Zygote | Lent:
        """Return a zygote that is there, unless it is to give less than a jail."""
        if isolation == "process":
            return Zygote(isolation)
        return Lent(self._shared("thorough" if thorough else "zygote"))
