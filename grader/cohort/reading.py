"""Read what students handed in, in a process of its own, one after another.

What makes reading slow, or ends the process, costs its own submission alone. The process is one of
this machine even where a cluster grades: others do not see these files.
"""

from __future__ import annotations

import faulthandler
import multiprocessing
import os
from collections.abc import Callable
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import resource_tracker
from typing import Any, TypeVar

from grader.cohort import intake, worker
from grader.cohort.roster import Student
from grader.errors import UnreadableSubmission
from grader.sandbox.host.zygote import uninterrupted
from grader.submission import Submission

Returned = TypeVar("Returned")

MEMORY = 3 << 30
"""Bytes that the process may use: a notebook of 256 MiB takes less than one of these GiB."""

STUCK = 300.0
"""Seconds after which the process ends itself. Processor time has a limit of its own, a tenth of
this; what remains is a disk that does not answer."""


def spawning(
    executor: Executor, call: Callable[..., Returned], *arguments: Any
) -> Future[Returned]:
    """Hand over a call. Ctrl-C does not reach a process that is started for it."""
    resource_tracker.ensure_running()  # which would let Ctrl-C through
    with uninterrupted():
        return executor.submit(call, *arguments)


class Reading:
    """A process that reads. It is started when it is needed, and again after it has ended."""

    def __init__(self) -> None:
        self._executor: ProcessPoolExecutor | None = None

    def read(self, student: Student) -> Future[Submission]:
        """Hand over a student; see `read`. Only one at a time, or nobody knows who ended it."""
        try:
            return spawning(self._started(), read, student)
        except BrokenProcessPool:
            self.dismiss()
            return spawning(self._started(), read, student)

    def _started(self) -> ProcessPoolExecutor:
        if self._executor is None:
            context = multiprocessing.get_context("spawn")
            self._executor = ProcessPoolExecutor(1, mp_context=context, initializer=start)
        return self._executor

    def dismiss(self) -> None:
        """Let the process go."""
        if self._executor is not None:
            self._executor.shutdown(wait=False, cancel_futures=True)
        self._executor = None


def has_ended(error: BaseException) -> bool:
    """Tell whether an error of a future means that the process ended under what it read."""
    return isinstance(error, BrokenProcessPool)


def start() -> None:
    """Make a process one that reads."""
    import resource

    worker.start()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))


def read(student: Student) -> Submission:
    """Read what a student handed in. Raises UnreadableSubmission, whatever is wrong with it."""
    with open(os.devnull, "w") as nowhere:
        faulthandler.dump_traceback_later(STUCK, exit=True, file=nowhere)
        try:
            return intake.noted(student, intake.read(student))
        except MemoryError:
            raise UnreadableSubmission(
                f"{student.path}: reading it takes more than {MEMORY >> 30} GiB of memory"
            ) from None
        finally:
            faulthandler.cancel_dump_traceback_later()
