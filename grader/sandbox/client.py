"""The trusted side of the sandbox: start workers, ask them, and never believe more than bytes.

The client owns time. Every exchange has a deadline; a worker that misses it is killed. Whatever
comes back is a `Reply` with a distinct outcome, and no reply is ever taken for an answer unless its
frame is whole, within its cap and well formed.
"""

from __future__ import annotations

import json
import os
import selectors
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from types import TracebackType
from typing import Any, Literal

from grader.errors import SandboxError
from grader.sandbox import wire

ZYGOTE = Path(__file__).with_name("zygote.py")
START_DEADLINE = 120.0
LOAD_DEADLINE = 20.0
KEPT_OUTPUT = 64 * 1024
CUT = b"\n[output cut here: 64 KiB are kept]\n"


class Outcome(StrEnum):
    """What came of asking a worker."""

    OK = "ok"
    NOT_IMPLEMENTED = "not_implemented"
    ERROR = "error"
    TIMEOUT = "timeout"
    MEMORY = "memory"
    CRASHED = "crashed"
    MALFORMED = "malformed"


@dataclass(frozen=True)
class Reply:
    """What a worker said, or what became of it: `message` is a sentence for a person."""

    outcome: Outcome
    message: str = ""
    frame: wire.Frame | None = None
    seconds: float = 0.0
    cpu_seconds: float = 0.0

    @property
    def header(self) -> Mapping[str, Any]:
        """Return the header of the frame, empty if there is none."""
        return self.frame.header if self.frame else {}


@dataclass
class _Ends:
    """The grader's ends of a worker's pipes."""

    requests: int
    answers: int
    output: int

    def close(self) -> None:
        for descriptor in (self.requests, self.answers, self.output):
            os.close(descriptor)


Level = Literal["jail", "process"]


@dataclass(frozen=True)
class Isolation:
    """How workers are isolated: the level, its layers, what is missing, what was tried in vain.

    probes: each attempt to break out, and whether it was refused.
    """

    level: Level
    active: tuple[str, ...]
    missing: tuple[str, ...]
    probes: Mapping[str, bool]


class Zygote:
    """The process that workers are forked from. Starting it takes as long as importing torch, so
    start it early and do something else; the first fork waits for it.
    """

    def __init__(self, isolation: str = "jail") -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        self._control = ours
        self._wanted = isolation
        self._given: Isolation | None = None
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-B", "-c", _BOOT, str(theirs.fileno()), str(ZYGOTE), isolation],
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            env={},
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
        line = b""
        while not line.endswith(b"\n"):
            self._control.settimeout(max(0.001, deadline - time.monotonic()))
            try:
                piece = self._control.recv(64)
            except (TimeoutError, ConnectionError) as error:
                raise SandboxError(
                    f"the process that forks workers does not answer: {error}"
                ) from None
            if not piece:
                code = self._process.wait()
                raise SandboxError(f"the process that forks workers ended with code {code}")
            line += piece
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
                self._given = Isolation(level, *layers, probes)
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
        deadline = time.monotonic() + START_DEADLINE
        _ = self.isolation
        pipes = [os.pipe() for _ in range(3)]
        (their_requests, requests), (answers, their_answers), (output, their_output) = pipes
        theirs = [their_requests, their_answers, their_output]
        try:
            socket.send_fds(self._control, [b"fork"], theirs)
            pid = int(self._line(deadline))
        except OSError as error:
            raise SandboxError(f"the process that forks workers is gone: {error}") from None
        finally:
            for descriptor in theirs:
                os.close(descriptor)
        return Worker(self, pid, _Ends(requests, answers, output))

    def reap(self, pid: int) -> int:
        """Kill a worker and return its wait status."""
        try:
            self._control.sendall(b"reap %d" % pid)
        except OSError as error:
            raise SandboxError(f"the process that forks workers is gone: {error}") from None
        return int(self._line(time.monotonic() + START_DEADLINE))


# The socket keeps its number across exec; the zygote wants it as descriptor 3.
_BOOT = (
    "import os, sys, runpy; fd = int(sys.argv[1]); "
    "fd == 3 or (os.dup2(fd, 3), os.close(fd)); sys.argv = sys.argv[2:]; "
    "runpy.run_path(sys.argv[0], run_name='__main__')"
)


@dataclass
class Worker:
    """One forked process. Ask it until it is closed or dead; a dead one stays dead."""

    zygote: Zygote
    pid: int
    ends: _Ends
    output: bytearray = field(default_factory=bytearray)
    _cut: bool = False
    _greeted: bool = False
    _ended: Reply | None = None

    def __post_init__(self) -> None:
        for descriptor in (self.ends.requests, self.ends.answers, self.ends.output):
            os.set_blocking(descriptor, False)

    def __enter__(self) -> Worker:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: object, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Kill the worker, if it still runs, and let go of its pipes."""
        if self._ended is None:
            self._end(Reply(Outcome.CRASHED, "the worker was closed"))

    def send_sources(self, op: str, files: Mapping[str, bytes]) -> bytes:
        """Return the first frame: what kind of worker this is to be, and the sources."""
        listed = [[name, len(text)] for name, text in files.items()]
        return wire.pack({"op": op, "files": listed}, list(files.values()))

    def ask(self, request: bytes, *, seconds: float, max_body: int) -> Reply:
        """Send a request, wait for its answer for at most `seconds`, and return what came of it.

        max_body: the most bytes of tensors that an answer may have.
        """
        if self._ended is not None:
            return replace(self._ended, seconds=0.0)
        started, cpu_started = time.monotonic(), self._cpu_clock()
        try:
            frame = self._exchange(request, wire.Decoder(max_body), started + seconds)
        except TimeoutError:
            message = f"no answer within the limit of {seconds:g} s"
            return self._end(Reply(Outcome.TIMEOUT, message, seconds=seconds))
        except wire.WireError as error:
            return self._end(Reply(Outcome.MALFORMED, f"the answer is malformed: {error}"))
        if frame is None:
            return self._end(None)
        seconds, cpu_seconds = time.monotonic() - started, self._cpu_clock() - cpu_started
        return _reply(frame, seconds, cpu_seconds)

    def _cpu_clock(self) -> float:
        """Return the worker's processor time, from the kernel: a worker cannot make it less."""
        try:
            # Linux's clock id of another process's CPU time; see clock_getcpuclockid(3).
            return time.clock_gettime((~self.pid << 3) | 2)
        except (OSError, OverflowError):
            return time.monotonic()

    def _exchange(
        self, request: bytes, decoder: wire.Decoder, deadline: float
    ) -> wire.Frame | None:
        """Write, read and drain until the frame is whole; None if the worker is gone."""
        unsent = memoryview(request)
        ends = self.ends
        with selectors.DefaultSelector() as selector:
            selector.register(ends.requests, selectors.EVENT_WRITE)
            selector.register(ends.answers, selectors.EVENT_READ)
            selector.register(ends.output, selectors.EVENT_READ)
            while True:
                left = deadline - time.monotonic()
                if left <= 0:
                    raise TimeoutError
                for key, _ in selector.select(left):
                    if key.fd == ends.requests:
                        unsent = self._write(unsent)
                        if not unsent:
                            selector.unregister(ends.requests)
                    elif key.fd == ends.output:
                        if not self._drain():
                            selector.unregister(ends.output)
                    else:
                        piece = _read(ends.answers, decoder.wanted if self._greeted else 1)
                        if piece == b"":
                            return None
                        if not self._greeted:
                            self._greeted = piece is not None
                            continue
                        frame = decoder.feed(piece or b"")
                        if frame is not None:
                            self._drain()
                            return frame

    def _write(self, unsent: memoryview) -> memoryview:
        try:
            return unsent[os.write(self.ends.requests, unsent[: 1 << 16]) :]
        except BlockingIOError:
            return unsent
        except BrokenPipeError:
            return unsent[:0]  # the worker is gone: the other pipe will say so

    def _drain(self) -> bool:
        """Keep the first of what the worker prints; tell whether there may be more."""
        while piece := _read(self.ends.output, 1 << 16):
            room = KEPT_OUTPUT - len(self.output)
            if room > 0:
                self.output += piece[:room]
            if len(piece) > room and not self._cut:
                self._cut = True
                self.output += CUT
        return piece is None

    def _end(self, reply: Reply | None) -> Reply:
        """Reap the worker; without a reply, say how it died."""
        self._drain()
        self.ends.close()
        status = self.zygote.reap(self.pid)
        if reply is None and not self._greeted:
            raise SandboxError("a worker could not be locked down as the first one was")
        self._ended = reply or _death(status)
        return self._ended


def _read(descriptor: int, count: int) -> bytes | None:
    """Read at most `count` bytes: None if there is nothing yet, b"" at the end."""
    try:
        return os.read(descriptor, min(count, 1 << 20))
    except BlockingIOError:
        return None


def _reply(frame: wire.Frame, seconds: float, cpu_seconds: float) -> Reply:
    status = frame.header.get("status")
    if status == "ok":
        return Reply(Outcome.OK, "", frame, seconds, cpu_seconds)
    if status in ("not_implemented", "error", "memory"):
        told = frame.header.get("message")
        return Reply(Outcome(status), told if isinstance(told, str) else "", frame, seconds)
    return Reply(Outcome.MALFORMED, "the answer is malformed: it has no status")


def _death(status: int) -> Reply:
    if os.WIFSIGNALED(status):
        name = signal.Signals(os.WTERMSIG(status)).name
        return Reply(Outcome.CRASHED, f"the process was ended by {name}")
    code = os.waitstatus_to_exitcode(status)
    return Reply(Outcome.CRASHED, f"the process ended by itself, with exit code {code}")


def survey(zygote: Zygote, files: Mapping[str, bytes]) -> Reply:
    """Read the syntax trees of a submission in a worker that runs nothing of it."""
    with zygote.fork() as worker:
        request = worker.send_sources("survey", files)
        return worker.ask(request, seconds=LOAD_DEADLINE, max_body=0)


def load(
    zygote: Zygote, files: Mapping[str, bytes], file: str, seconds: float = LOAD_DEADLINE
) -> tuple[Worker, Reply]:
    """Fork a worker and let it run one file of a submission; the caller has to close it."""
    worker = zygote.fork()
    sources = worker.send_sources("examine", files)
    request = wire.pack({"op": "load", "file": file})
    return worker, worker.ask(sources + request, seconds=seconds, max_body=0)


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
