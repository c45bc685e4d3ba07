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
from typing import Any, Literal

from grader.errors import SandboxError
from grader.sandbox import wire
from grader.sandbox.conversation import Ends, Outcome, Reply, Worker
from grader.sandbox.occupancy import Allowance

ZYGOTE = Path(__file__).with_name("zygote.py")
START_DEADLINE = 120.0
READING = 10.0
"""Seconds for reading a submission's syntax trees."""
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
        self._asked: deque[Asked] = deque()
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
                    str(ZYGOTE),
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
            asked = self.say(b"fork", theirs)
        except SandboxError:
            Ends(requests, answers, output).close()
            raise
        finally:
            for descriptor in theirs:
                os.close(descriptor)
        return Worker(Forked(self, asked), Ends(requests, answers, output))

    def say(self, message: bytes, descriptors: Sequence[int] = ()) -> Asked:
        """Tell the zygote something; its answer is a number, which `settle` waits for."""
        try:
            socket.send_fds(self._control, [message + b"\n"], list(descriptors))
        except OSError as error:
            raise SandboxError(f"the process that forks workers is gone: {error}") from None
        self._asked.append(Asked())
        return self._asked[-1]

    def settle(self, asked: Asked) -> int:
        """Return the answer to something that was said, and note all answers before it."""
        while asked.answer is None:
            line = self._line(time.monotonic() + START_DEADLINE)
            self._asked.popleft().answer = int(line)
        return asked.answer


@dataclass
class Asked:
    """Something that the zygote was told, and its answer once it is known."""

    answer: int | None = None


@dataclass
class Forked:
    """A child of the zygote. The zygote forks and reaps while this process does other things."""

    zygote: Zygote
    asked: Asked

    @property
    def pid(self) -> int:
        """Its process id; waits until it is forked."""
        return self.zygote.settle(self.asked)

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
    "import os, sys, runpy; fd = int(sys.argv[1]); "
    "fd == 3 or (os.dup2(fd, 3), os.close(fd)); sys.argv = sys.argv[2:]; "
    "runpy.run_path(sys.argv[0], run_name='__main__')"
)


class Reader:
    """A worker that reads syntax trees and runs nothing of what it reads. As long as it is kept, it
    reads only what has changed since the last time.
    """

    def __init__(self, zygote: Zygote) -> None:
        self.zygote = zygote
        self._worker: Worker | None = None

    def __enter__(self) -> Reader:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def survey(self, files: Mapping[str, bytes], words: Mapping[str, Any]) -> Reply:
        """Read a submission's files; after a reply that is none, the next survey begins anew.

        words: the names by which answers in notebooks are known; see `flat.Vocabulary`.
        """
        self._worker = self._worker or self.zygote.fork()
        self._worker.post({"op": "survey", "words": words}, before=_sources("survey", files))
        reply = self._worker.receive(Allowance(READING), max_body=0)
        if reply.outcome is not Outcome.OK:
            self.close()
        return reply

    def close(self) -> None:
        """End the worker."""
        if self._worker is not None:
            self._worker.close()
        self._worker = None


def fingerprints(zygote: Zygote, files: Mapping[str, bytes]) -> Reply:
    """Return normalised functions and comments of a submission; see `fingerprints.survey`."""
    with zygote.fork() as worker:
        worker.post({"op": "fingerprints"}, before=_sources("fingerprints", files))
        return worker.receive(Allowance(READING), max_body=0)


def start(
    worker: Worker, files: Mapping[str, bytes], file: str, part: Mapping[str, Any] | None = None
) -> None:
    """Tell a new worker to run one file of a submission, without waiting for that.

    part: which function or answer of a notebook is all that is to be run; None: the whole file.
    The first answer is that of the loading.
    """
    asked = {"op": "load", "file": file, "form": "function", **(part or {})}
    worker.post(asked, before=_sources("examine", files))


def load_too(worker: Worker, file: str, allowance: Allowance) -> Reply:
    """Let a worker that has run a file of a submission run another one; return what came of it."""
    asked = {"op": "load", "file": file, "form": "function"}
    return worker.ask(asked, allowance=allowance, max_body=0)


def load(
    zygote: Zygote, files: Mapping[str, bytes], file: str, seconds: float = READING
) -> tuple[Worker, Reply]:
    """Fork a worker and let it run one file of a submission; the caller has to close it."""
    worker = zygote.fork()
    start(worker, files, file)
    return worker, loaded(worker, Allowance(seconds))


def loaded(worker: Worker, allowance: Allowance) -> Reply:
    """Return what came of the loading that a worker was started with."""
    return worker.receive(allowance, max_body=0)


def _sources(op: str, files: Mapping[str, bytes]) -> bytes:
    """Return the first frame: what kind of worker this is to be, and the sources."""
    listed = [[name, len(text)] for name, text in files.items()]
    return wire.pack({"op": op, "files": listed}, list(files.values()))


def texts_of(header: Mapping[str, Any]) -> Sequence[str]:
    """Return the texts of an answer, if they are texts at all."""
    texts = header.get("texts")
    return texts if isinstance(texts, list) and all(type(text) is str for text in texts) else []


def names_of(header: Mapping[str, Any], key: str) -> list[str]:
    """Return a short list of names that a worker told, if it is one."""
    names = header.get(key)
    return [str(name)[:80] for name in names[:50]] if isinstance(names, list) else []


def plain(value: object) -> str:
    """Return a worker's word as a short text, whatever it is."""
    return value[:8000] if isinstance(value, str) else json.dumps(value)[:200]
