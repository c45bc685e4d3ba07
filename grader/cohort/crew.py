"""The processes that grade: of this machine, or of a Dask cluster. Both take the same calls."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable
from concurrent.futures import CancelledError, Executor, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Any, Protocol, TypeVar

from grader.cohort import worker
from grader.cohort.conditions import Machine
from grader.cohort.reading import Reading, spawning
from grader.cohort.roster import Student
from grader.errors import SandboxError
from grader.options import Options
from grader.submission import Submission

Returned = TypeVar("Returned")

CONNECT = 20.0
"""Seconds in which a scheduler and a first worker have to answer."""
SCHEMES = ("tcp://", "tls://", "ws://", "wss://")


class CrewLost(Exception):
    """There is nobody left to grade: says why, and what to do."""


class Crew(Protocol):
    """Processes behind an executor, that may be replaced when they die."""

    @property
    def size(self) -> int:
        """Return how many processes there are."""

    def read(self, student: Student) -> Future[Submission]:
        """Have a student's submission read, one at a time; see `grader.cohort.reading`."""

    def submit(self, call: Callable[..., Returned], *arguments: Any) -> Future[Returned]:
        """Hand over a call."""

    def has_died(self, error: BaseException) -> bool:
        """Tell whether an error of a future means that a process died. Raises CrewLost if nobody is
        left.
        """

    def renew(self) -> None:
        """Replace processes of which one has died."""

    def dismiss(self) -> None:
        """Let everybody go, without waiting for what is under way."""


def cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class Local:
    """Processes of this machine. They are spawned, so that nothing of torch is ever forked."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._executor: Executor = self._hired()
        self._reading = Reading()

    @property
    def size(self) -> int:
        """Return how many processes there are, once there is enough to do."""
        return self._size

    def _hired(self) -> Executor:
        context = multiprocessing.get_context("spawn")
        return ProcessPoolExecutor(self._size, mp_context=context, initializer=worker.start)

    def read(self, student: Student) -> Future[Submission]:
        """Have a student's submission read."""
        return self._reading.read(student)

    def submit(self, call: Callable[..., Returned], *arguments: Any) -> Future[Returned]:
        """Hand over a call. A pool that broke since the last one is replaced."""
        try:
            return spawning(self._executor, call, *arguments)
        except BrokenProcessPool:
            self.renew()
            return spawning(self._executor, call, *arguments)

    def has_died(self, error: BaseException) -> bool:
        """Tell whether a process of the pool died: all calls under way fail with it."""
        return isinstance(error, BrokenProcessPool)

    def renew(self) -> None:
        """Begin a new pool: one that lost a process takes no more calls."""
        self._executor.shutdown(cancel_futures=True)
        self._executor = self._hired()

    def dismiss(self) -> None:
        """End the processes, whatever they are doing: their zygotes end with them."""
        for process in multiprocessing.active_children():
            process.terminate()
        self._reading.dismiss()
        self._executor.shutdown(cancel_futures=True)


class Cluster:
    """Workers of a Dask scheduler, through the executor that Dask itself offers. A worker that dies
    is replaced by its nanny, and what it had is given to others.
    """

    def __init__(self, address: str) -> None:
        try:
            from distributed import Client
        except ImportError:
            raise CrewLost(
                "--scheduler needs Dask: pip install 'backprop-ninja[cluster]', here and on every "
                "worker"
            ) from None
        if not address.startswith(SCHEMES):
            raise CrewLost(f"{address}: is no scheduler's address; write tcp://HOST:PORT")
        try:
            self._client = Client(address, timeout=CONNECT, set_as_default=False)
            self._client.wait_for_workers(1, timeout=CONNECT)
        except (OSError, ValueError) as error:
            raise CrewLost(
                f"{address}: no scheduler with a worker answers there: {error}"
            ) from None
        self._address = address
        self._executor = self._client.get_executor()
        self._reading = Reading()

    @property
    def size(self) -> int:
        """Return how many workers there are now: they may come and go."""
        return max(1, len(self._client.scheduler_info(n_workers=-1)["workers"]))

    def read(self, student: Student) -> Future[Submission]:
        """Have a student's submission read on this machine."""
        return self._reading.read(student)

    def submit(self, call: Callable[..., Returned], *arguments: Any) -> Future[Returned]:
        """Hand over a call."""
        future: Future[Returned] = self._executor.submit(call, *arguments)
        return future

    def has_died(self, error: BaseException) -> bool:
        """Tell whether a call's workers died, one after another.

        Raises CrewLost if the scheduler is gone.
        """
        from distributed import KilledWorker

        if isinstance(error, CancelledError):
            raise CrewLost(f"{self._address}: the scheduler is gone; run the same command again")
        return isinstance(error, KilledWorker)

    def renew(self) -> None:
        """Nothing to do: nannies replace what died."""

    def dismiss(self) -> None:
        """Leave the cluster to others."""
        self._reading.dismiss()
        self._client.close(timeout=2)


def recruited(workers: int, scheduler: str | None) -> Crew:
    """Return the processes that grade. Raises CrewLost if a scheduler does not answer."""
    return Cluster(scheduler) if scheduler else Local(workers)


def muster(crew: Crew, options: Options) -> Machine:
    """Start the processes and return what they grade with.

    Raises SandboxError if that is not the isolation that is asked for, CrewLost if they die or
    differ.
    """
    calls = [crew.submit(worker.ready, options) for _ in range(crew.size)]
    found = []
    for call in calls:
        try:
            found.append(call.result())
        except SandboxError:
            raise
        except Exception as error:
            crew.has_died(error)
            raise CrewLost(
                f"a process that grades could not start: {type(error).__name__}: {error}"
            ) from None
    if any(one != found[0] for one in found):
        raise CrewLost(
            "the machines that grade have different versions of grader, course, Python or torch; "
            "install the same everywhere"
        )
    return found[0]
