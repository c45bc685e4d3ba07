"""Let a worker run files of a submission, so that it can be asked to call their functions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from grader.sandbox.guest import wire
from grader.sandbox.host.occupancy import Allowance
from grader.sandbox.host.reply import Reply
from grader.sandbox.host.worker import Worker
from grader.sandbox.host.zygote import Zygote


def start(
    worker: Worker, files: Mapping[str, bytes], file: str, part: Mapping[str, Any] | None = None
) -> None:
    """Tell a new worker to run one file of a submission, without waiting for that.

    part: which function or answer of a notebook is all that is to be run; None: the whole file.
    The first answer is that of the loading.
    """
    asked = {"op": "load", "file": file, "form": "function", **(part or {})}
    worker.post(asked, before=wire.pack_sources("examine", files))


def load_too(worker: Worker, file: str, allowance: Allowance) -> Reply:
    """Let a worker that has run a file of a submission run another one; return what came of it."""
    asked = {"op": "load", "file": file, "form": "function"}
    return worker.ask(asked, allowance=allowance, max_body=0)


def load(
    zygote: Zygote, files: Mapping[str, bytes], file: str, seconds: float = 10.0
) -> tuple[Worker, Reply]:
    """Fork a worker and let it run one file of a submission; the caller has to close it."""
    worker = zygote.fork()
    start(worker, files, file)
    return worker, loaded(worker, Allowance(seconds))


def loaded(worker: Worker, allowance: Allowance) -> Reply:
    """Return what came of the loading that a worker was started with."""
    return worker.receive(allowance, max_body=0)
