"""Workers that read a submission's syntax trees and run nothing of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from grader.sandbox.guest import wire
from grader.sandbox.host.occupancy import Allowance
from grader.sandbox.host.reply import Outcome, Reply
from grader.sandbox.host.worker import Worker
from grader.sandbox.host.zygote import Zygote

READING = 10.0
"""Seconds for reading a submission's syntax trees."""


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

        words: the names by which answers in notebooks are known; see `flat.names.Vocabulary`.
        """
        self._worker = self._worker or self.zygote.fork()
        sources = wire.pack_sources("survey", files)
        self._worker.post({"op": "survey", "words": words}, before=sources)
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
        worker.post({"op": "fingerprints"}, before=wire.pack_sources("fingerprints", files))
        return worker.receive(Allowance(READING), max_body=0)
