"""How long workers occupy a machine: what they may take, and the kernel's clocks of a process.

Processor time decides, which a worker cannot make less and a loaded machine cannot make more. A
process that sleeps uses none, so the time that it sleeps while an answer is waited for is bounded,
too. Time in which it could run and waits for a processor is nobody's fault and not counted.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import NamedTuple


@dataclass
class Allowance:
    """What workers may take for one purpose: `seconds` of processor time, and as many asleep.

    cpu, asleep: what they have taken so far.
    """

    seconds: float
    cpu: float = 0.0
    asleep: float = 0.0

    @property
    def exceeded(self) -> str:
        """Return a sentence that says which of the two is used up; an empty one if neither is."""
        if self.cpu > self.seconds:
            return f"no answer within the limit of {self.seconds:g} s of processor time"
        if self.asleep > self.seconds:
            return f"no answer: it was asleep for more than the limit of {self.seconds:g} s"
        return ""

    @property
    def left(self) -> float:
        """Return after how many seconds the first of the two can be used up."""
        return self.seconds - max(self.cpu, self.asleep)


class Now(NamedTuple):
    """Clocks of a process, all in s: time, its processor time, its time in queues for a
    processor.
    """

    wall: float
    cpu: float
    queued: float


@dataclass
class Meter:
    """Charges the time of one process, from its beginning on, to whoever it works for."""

    pid: int
    _last: Now = field(default=Now(0.0, 0.0, 0.0))
    _waiting: bool = False

    def charge(self, allowance: Allowance, *, waiting: bool) -> None:
        """Charge what was taken since the last time. waiting: from now on somebody waits for the
        process, so that it is charged for sleeping until the next time.
        """
        watched = waiting or self._waiting
        cpu = processor_time(self.pid) or 0.0  # untold, it counts as asleep while somebody waits
        now = Now(time.monotonic(), cpu, queue_time(self.pid) if watched else 0.0)
        ran = now.cpu - self._last.cpu
        allowance.cpu += ran
        if self._waiting:
            # May be less than nothing: the kernel counts a stay in a queue when it is over.
            allowance.asleep += now.wall - self._last.wall - ran - (now.queued - self._last.queued)
        self._last, self._waiting = now, waiting

    def is_idle(self) -> bool:
        """Tell whether the process is doing nothing, as far as can be told: one that waits for a
        processor is not.
        """
        try:
            with open(f"/proc/{self.pid}/stat", encoding="utf-8", errors="replace") as file:
                return not file.read().rpartition(")")[2].startswith(" R")
        except OSError:
            return True


def processor_time(pid: int) -> float | None:
    """Return a process's time on a processor, in s; None where that is not told."""
    try:
        # Linux's clock id of another process's CPU time; see clock_getcpuclockid(3).
        return time.clock_gettime((~pid << 3) | 2)
    except (AttributeError, OSError, OverflowError):
        return None


def queue_time(pid: int) -> float:
    """Return for how long a process has waited for a processor, in s; 0 where that is not told."""
    try:
        with open(f"/proc/{pid}/schedstat", encoding="ascii") as file:
            return int(file.read().split()[1]) / 1e9
    except (OSError, ValueError, IndexError):
        return 0.0
