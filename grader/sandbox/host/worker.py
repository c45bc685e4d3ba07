"""A conversation with one worker: send, wait, drain, and never believe more than bytes.

The trusted side owns time. Every exchange has an allowance; a worker that exceeds it is killed.
Whatever comes back is a `Reply` with a distinct outcome, and nothing is taken for an answer unless
its frame is whole, within its cap and well formed.
"""

from __future__ import annotations

import contextlib
import fcntl
import math
import os
import secrets
import select
import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import Any, Protocol

from grader.errors import SandboxError
from grader.sandbox.guest import wire
from grader.sandbox.host.occupancy import Allowance, Meter, processor_time
from grader.sandbox.host.reply import Outcome, Reply, of_death, of_frame

PIPE = 1 << 20
"""Bytes that a pipe of requests or answers holds, where the system lets us choose. By default it is
64 KiB: training data would go through in 34 pieces, with a switch of processes for each."""

KEPT_OUTPUT = 64 * 1024
AT_ONCE = 16
"""How often output is read before the clock is looked at again: a worker may print without end."""

CUT = b"\n[output cut here: 64 KiB are kept]\n"

SOON, LONGEST = 0.01, 600.0
"""Seconds after which a worker is looked at again: at once, if it may exceed its allowance at any
moment; and at the latest."""


class Child(Protocol):
    """The process behind a worker, as the zygote knows it."""

    @property
    def pid(self) -> int:
        """Its process id; waits until it is forked."""

    def reap(self) -> int:
        """Kill it and return its wait status."""

    def dismiss(self) -> None:
        """Kill it, without waiting."""


@dataclass
class Ends:
    """The grader's ends of a worker's pipes."""

    requests: int
    answers: int
    output: int

    def widen(self) -> None:
        """Let a whole question wait in the pipe, if the system allows it."""
        for descriptor in (self.requests, self.answers):
            with contextlib.suppress(AttributeError, OSError):  # not Linux; too many pipes
                fcntl.fcntl(descriptor, fcntl.F_SETPIPE_SZ, PIPE)

    def close(self) -> None:
        """Let go of all three."""
        for descriptor in (self.requests, self.answers, self.output):
            os.close(descriptor)


@dataclass
class Worker:
    """One forked process. Ask it until it is closed or dead; a dead one stays dead."""

    child: Child
    ends: Ends
    output: bytearray = field(default_factory=bytearray)
    _unsent: memoryview = field(default_factory=lambda: memoryview(b""))
    _tickets: deque[str] = field(default_factory=deque)
    _cut: bool = False
    _greeted: bool = False
    _silent: bool = False
    _ended: Reply | None = None
    _meter: Meter | None = None

    def __post_init__(self) -> None:
        self.ends.widen()
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
            self._drain()
            self._ended = Reply(Outcome.CRASHED, "the worker was closed")
            self.ends.close()
            with contextlib.suppress(SandboxError):  # a zygote that is gone took it along
                self.child.dismiss()

    def take_output(self) -> bytes:
        """Return what was printed since this was asked last."""
        if self._ended is None:
            self._drain()
        taken, self.output, self._cut = bytes(self.output), bytearray(), False
        return taken

    def refuse(self, message: str) -> Reply:
        """End the worker because its answer cannot be one; every later question is told so."""
        if self._ended is None:
            self._end(Reply(Outcome.MALFORMED, message))
        return Reply(Outcome.MALFORMED, message)

    def post(
        self, header: Mapping[str, Any], parts: Sequence[bytes] = (), before: bytes = b""
    ) -> None:
        """Send as much of a request as goes through at once; `receive` sends the rest.

        Each request carries a ticket that its answer has to carry too: whatever else a submission
        may write, the answer to one question is never taken for that to another. Several may be
        sent before the first answer is received; answers come in the order of the questions.
        """
        if self._ended is not None:
            return
        self._tickets.append(secrets.token_hex(8))
        request = wire.pack({**header, "ticket": self._tickets[-1]}, parts)
        self._unsent = self._write(memoryview(bytes(self._unsent) + before + request))

    def ask(
        self,
        header: Mapping[str, Any],
        parts: Sequence[bytes] = (),
        *,
        allowance: Allowance,
        max_body: int,
    ) -> Reply:
        """Send a request and return what came of it; see `receive`."""
        if self._ended is not None:
            return replace(self._ended, seconds=0.0)
        # Before the request is out: a short one is answered before `receive` is even called.
        started = self.clocks()
        self.post(header, parts)
        return self.receive(allowance, max_body=max_body, started=started)

    def receive(
        self,
        allowance: Allowance,
        *,
        max_body: int,
        started: tuple[float, float] | None = None,
    ) -> Reply:
        """Wait for the next answer, as long as the allowance lasts, and return what came of it.

        All that the worker has run since it was last charged is charged to the allowance. max_body:
        the most bytes of tensors that an answer may have. started: what `clocks` said before the
        question; without it, time counts from now, and processor time is not told.
        """
        if self._ended is not None:
            return replace(self._ended, seconds=0.0)
        begun, cpu_begun = started or (time.monotonic(), 0.0)
        try:
            try:
                frame = self._exchange(wire.Decoder(max_body), allowance)
            finally:  # as long as there is a process whose clocks can be read
                self.meter.charge(allowance, waiting=False)
        except TimeoutError as error:
            elapsed = time.monotonic() - begun
            return self._end(Reply(Outcome.TIMEOUT, str(error), seconds=elapsed))
        except wire.WireError as error:
            return self._end(Reply(Outcome.MALFORMED, f"the answer is malformed: {error}"))
        if frame is None:
            return self._end(None)
        if frame.header.get("ticket") != self._tickets.popleft():
            message = "the answer is malformed: it belongs to no question that was asked"
            return self._end(Reply(Outcome.MALFORMED, message))
        if allowance.cpu > allowance.seconds:
            # It may have been answered before anyone looked.
            return self._end(Reply(Outcome.TIMEOUT, allowance.exceeded))
        elapsed = time.monotonic() - begun
        cpu_elapsed = self.clocks()[1] - cpu_begun if started else 0.0
        return of_frame(frame, elapsed, cpu_elapsed)

    def clocks(self) -> tuple[float, float]:
        """Return the time and the worker's processor time, both in s; where that is not told, the
        time stands for it.
        """
        now = time.monotonic()
        ran = processor_time(self.meter.pid)
        return now, now if ran is None else ran

    @property
    def meter(self) -> Meter:
        """Its clocks; waits until it is forked."""
        self._meter = self._meter or Meter(self.child.pid)
        return self._meter

    def _exchange(self, decoder: wire.Decoder, allowance: Allowance) -> wire.Frame | None:
        """Write, read and drain until the frame is whole; None if the worker is gone."""
        while True:
            piece = _read(self.ends.answers, decoder.wanted if self._greeted else 1)
            if piece == b"":
                return None
            if piece is None:
                self._wait(self._patience(allowance))
            elif not self._greeted:
                self._greeted = True
            else:
                frame = decoder.feed(piece)
                if frame is not None:
                    self._drain()
                    return frame
                self._patience(allowance)  # bytes that trickle do not keep it open

    def _patience(self, allowance: Allowance) -> float:
        """Return for how long the worker may be left alone. Raises TimeoutError if its allowance is
        exceeded.
        """
        self.meter.charge(allowance, waiting=True)
        # Who is not idle has not slept: a processor was taken away from it in some other way.
        if allowance.cpu > allowance.seconds or (allowance.exceeded and self.meter.is_idle()):
            raise TimeoutError(allowance.exceeded)
        return max(SOON, allowance.left)

    def _wait(self, seconds: float) -> None:
        """Wait for more of the answer; meanwhile send what is unsent, and keep what is printed."""
        ends, poll = self.ends, select.poll()
        poll.register(ends.answers, select.POLLIN)
        if not self._silent:
            poll.register(ends.output, select.POLLIN)
        if self._unsent:
            poll.register(ends.requests, select.POLLOUT)
        for descriptor, _ in poll.poll(math.ceil(1000 * min(seconds, LONGEST))):
            if descriptor == ends.requests:
                self._unsent = self._write(self._unsent)
            elif descriptor == ends.output:
                self._silent = not self._drain()

    def _write(self, unsent: memoryview) -> memoryview:
        try:
            return unsent[os.write(self.ends.requests, unsent[:PIPE]) :]
        except BlockingIOError:
            return unsent
        except BrokenPipeError:
            return unsent[:0]  # the worker is gone: the other pipe will say so

    def _drain(self) -> bool:
        """Keep the first of what the worker prints; tell whether there may be more."""
        for _ in range(AT_ONCE):
            piece = _read(self.ends.output, 1 << 16)
            if not piece:
                break
            room = KEPT_OUTPUT - len(self.output)
            if room > 0:
                self.output += piece[:room]
            if len(piece) > room and not self._cut:
                self._cut = True
                self.output += CUT
        return piece != b""

    def _end(self, reply: Reply | None) -> Reply:
        """Reap the worker; without a reply, say how it died."""
        self._drain()
        self._ended = reply or Reply(Outcome.CRASHED, "the process ended")
        self.ends.close()
        status = self.child.reap()
        if reply is None and not self._greeted:
            raise SandboxError("a worker could not be locked down as the first one was")
        self._ended = reply or of_death(status)
        return self._ended


def _read(descriptor: int, count: int) -> bytes | None:
    """Read at most `count` bytes: None if there is nothing yet, b"" at the end."""
    try:
        return os.read(descriptor, min(count, PIPE))
    except BlockingIOError:
        return None
