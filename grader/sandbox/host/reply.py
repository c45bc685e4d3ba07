"""What came of a request to a worker. What a worker said is read as anybody's words."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from grader.sandbox.guest import wire

MOST_TOLD = 2000
"""Characters of a worker's message that are kept."""


CALLED = "autograd was called"
TRAPS = frozenset({signal.SIGILL, signal.SIGTRAP})
"""What ends a process that runs the code of torch's differentiation, which is not there."""


class Outcome(StrEnum):
    """What came of asking a worker."""

    OK = "ok"
    NOT_IMPLEMENTED = "not_implemented"
    ERROR = "error"
    TIMEOUT = "timeout"
    MEMORY = "memory"
    CRASHED = "crashed"
    POLICY = "policy"
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


def of_frame(frame: wire.Frame, seconds: float, cpu_seconds: float) -> Reply:
    """Return what a worker answered in a frame."""
    status = frame.header.get("status")
    if status == "ok":
        return Reply(Outcome.OK, "", frame, seconds, cpu_seconds)
    if status == Outcome.POLICY:
        return Reply(Outcome.POLICY, CALLED, frame, seconds)
    if status in ("not_implemented", "error", "memory"):
        told = frame.header.get("message")
        message = told[:MOST_TOLD] if isinstance(told, str) else ""
        return Reply(Outcome(status), message, frame, seconds)
    return Reply(Outcome.MALFORMED, "the answer is malformed: it has no status")


def of_death(status: int) -> Reply:
    """Return what became of a worker that ended with a wait status."""
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        if number in TRAPS:
            return Reply(Outcome.POLICY, CALLED)
        known = number in set(signal.Signals)
        name = signal.Signals(number).name if known else f"signal {number}"
        return Reply(Outcome.CRASHED, f"the process was ended by {name}")
    code = os.waitstatus_to_exitcode(status)
    return Reply(Outcome.CRASHED, f"the process ended by itself, with exit code {code}")


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
