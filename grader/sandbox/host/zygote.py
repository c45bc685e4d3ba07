"""The trusted side of the sandbox: the zygote that workers are forked from."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from grader.errors import SandboxError
from grader.sandbox.host.worker import Ends, Worker

SANDBOX = Path(__file__).parents[1]
"""The folder from which a zygote imports the package `guest`, and nothing else."""

START_DEADLINE = 120.0
ENVIRONMENT = {"PYTHONHASHSEED": "0", "OMP_THREAD_LIMIT": "1"}
"""Nothing of ours. The order of sets is the same in every worker, as reports have to agree; and who
asks torch for more threads goes on with one: a worker that tried to start another would end.
"""
Level = Literal["jail", "process", "in-process"]


@dataclass(frozen=True)
class Isolation:
    """How workers are isolated: the level, its layers, what is missing, what was tried in vain.

    probes: each attempt to break out, and whether it was refused. ways: each way to differentiate
    that was tried, and whether it was refused.
    """

    level: Level
    active: tuple[str, ...]
    missing: tuple[str, ...]
    probes: Mapping[str, bool]
    ways: Mapping[str, bool] = field(default_factory=dict)


def cache_folder() -> str:
    """Return the folder in which a zygote keeps what it found out about a build of torch; empty if
    this user has none.
    """
    folder = Path(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"))
    return str(folder / "backprop-ninja") if folder.is_absolute() else ""


class Zygote:
    """The process that workers are forked from. Starting it takes as long as importing torch, so
    start it early and do something else; the first fork waits for it.

    thorough: try all ways to differentiate before the first fork, in place of a few.
    """

    def __init__(self, isolation: str = "jail", *, thorough: bool = False) -> None:
        if not hasattr(os, "fork"):
            raise SandboxError(
                f"{sys.platform} cannot fork workers: check your own exercises with `grader check "
                "--isolation in-process`, and grade on Linux (on Windows: in WSL 2)"
            )
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        self._control = ours
        self._wanted = isolation
        self._given: Isolation | None = None
        self._pending: deque[Pending] = deque()
        self._buffer = b""
        with uninterrupted():
            self._process = subprocess.Popen(
                [
                    sys.executable,
                    "-s",
                    "-P",
                    "-B",
                    "-c",
                    _BOOT,
                    str(theirs.fileno()),
                    str(SANDBOX),
                    isolation,
                    cache_folder(),
                    "all" if thorough else "few",
                ],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                env=ENVIRONMENT,
                cwd="/",
            )
        theirs.close()

    def __enter__(self) -> Zygote:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """End the zygote and every worker that it still has."""
        self._control.close()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _line(self, deadline: float) -> bytes:
        while b"\n" not in self._buffer:
            self._control.settimeout(max(0.001, deadline - time.monotonic()))
            try:
                piece = self._control.recv(1 << 16)
            except (TimeoutError, ConnectionError) as error:
                raise SandboxError(
                    f"the process that forks workers does not answer: {error}"
                ) from None
            if not piece:
                code = self._process.wait()
                raise SandboxError(f"the process that forks workers ended with code {code}")
            self._buffer += piece
        line, _, self._buffer = self._buffer.partition(b"\n")
        return line

    @property
    def isolation(self) -> Isolation:
        """What this machine gives. Raises SandboxError if that is less than was asked for."""
        if self._given is None:
            try:
                told = json.loads(self._line(time.monotonic() + START_DEADLINE))
                probes = {str(name): bool(refused) for name, refused in told["probes"]}
                layers = tuple(map(str, told["active"])), tuple(map(str, told["missing"]))
                level: Level = "jail" if told["level"] == "jail" else "process"
                ways = {str(name): bool(refused) for name, refused in told["ways"]}
                self._given = Isolation(level, *layers, probes, ways)
            except (ValueError, KeyError, TypeError) as error:
                raise SandboxError(
                    f"the process that forks workers talks nonsense: {error}"
                ) from None
        if self._wanted == "jail" and self._given.level != "jail":
            missing = "; ".join(self._given.missing)
            raise SandboxError(
                f"this machine does not give a jail for untrusted code. Missing: {missing}. Run "
                "`grader doctor` for details; `--isolation process` grades without one"
            )
        return self._given

    def fork(self) -> Worker:
        """Fork a worker. Raises SandboxError if it cannot be isolated as was asked for."""
        _ = self.isolation
        pipes = [os.pipe() for _ in range(3)]
        (their_requests, requests), (answers, their_answers), (output, their_output) = pipes
        theirs = [their_requests, their_answers, their_output]
        try:
            pending = self.say(b"fork", theirs)
        except SandboxError:
            Ends(requests, answers, output).close()
            raise
        finally:
            for descriptor in theirs:
                os.close(descriptor)
        return Worker(Forked(self, pending), Ends(requests, answers, output))

    def say(self, message: bytes, descriptors: Sequence[int] = ()) -> Pending:
        """Tell the zygote something; its answer is a number, which `settle` waits for."""
        try:
            socket.send_fds(self._control, [message + b"\n"], list(descriptors))
        except OSError as error:
            raise SandboxError(f"the process that forks workers is gone: {error}") from None
        self._pending.append(Pending())
        return self._pending[-1]

    def settle(self, pending: Pending) -> int:
        """Return the answer to something that was said, and note all answers before it."""
        while pending.answer is None:
            line = self._line(time.monotonic() + START_DEADLINE)
            self._pending.popleft().answer = int(line)
        return pending.answer


@dataclass
class Pending:
    """Something that the zygote was told, and its answer once it is known."""

    answer: int | None = None


@dataclass
class Forked:
    """A child of the zygote. The zygote forks and reaps while this process does other things."""

    zygote: Zygote
    pending: Pending

    @property
    def pid(self) -> int:
        """Its process id; waits until it is forked."""
        return self.zygote.settle(self.pending)

    def reap(self) -> int:
        """Kill it and return its wait status."""
        return self.zygote.settle(self.zygote.say(b"reap %d" % self.pid))

    def dismiss(self) -> None:
        """Kill it, without waiting."""
        self.zygote.say(b"reap %d" % self.pid)


@contextlib.contextmanager
def uninterrupted() -> Iterator[None]:
    """Let Ctrl-C not reach a process that is started here, from its first instruction on: before it
    could say that it ignores it, it imports for a second.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


# The socket keeps its number across exec; the zygote wants it as descriptor 3.
_BOOT = (
    "import os, sys; fd = int(sys.argv[1]); "
    "fd == 3 or (os.dup2(fd, 3), os.close(fd)); sys.argv = sys.argv[2:]; "
    "sys.path.insert(0, sys.argv[0]); from guest.zygote import main; "
    "main(*sys.argv[1:]); os._exit(0)"
)
