"""What runs in the processes that grade, on this machine or on a cluster's.

A job holds the sources themselves, for machines that share no disk. Each process keeps one warm
zygote for its life and grades one submission at a time.
"""

from __future__ import annotations

import faulthandler
import os
import signal
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from grader import excerpts
from grader.cohort import canonical, conditions
from grader.cohort.conditions import Machine
from grader.errors import SandboxError, UnreadableSubmission
from grader.options import Options
from grader.sandbox.host.zygote import Zygote
from grader.submission import Submission

STUCK = 900.0
"""Seconds after which a process that grades ends itself: every limit of a submission is lower."""


@dataclass(frozen=True)
class Job:
    """One submission to grade."""

    key: str
    digest: str
    files: Mapping[str, bytes]
    options: Options


@dataclass(frozen=True)
class Result:
    """What came of a job: a report without times as JSON, or why it cannot be read, or a fault of
    the grader.
    """

    machine: Machine | None = None
    report: str = ""
    unreadable: str = ""
    fault: str = ""
    times: Mapping[str, Any] = field(default_factory=dict)


_one_at_a_time = threading.Lock()
_zygotes: dict[str, Zygote] = {}


def start() -> None:
    """Make a local process a good one: it leaves Ctrl-C to the one that started it, and ends when
    that ends, however that ends.
    """
    from multiprocessing import parent_process

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = parent_process()

    def follow() -> None:
        if parent is not None:
            parent.join()
            os._exit(1)

    threading.Thread(target=follow, daemon=True).start()


def ready(options: Options) -> Machine:
    """Start this process's zygote, and return what the process grades with.

    Raises SandboxError if the machine does not give the isolation that is asked for.
    """
    with _one_at_a_time:
        _zygote(options)
        return conditions.machine()


def graded(job: Job) -> Result:
    """Grade one submission. Whatever goes wrong comes back as a result."""
    with _one_at_a_time:
        faulthandler.dump_traceback_later(STUCK, exit=True)
        started = time.monotonic()
        try:
            return _graded(job, started)
        except UnreadableSubmission as error:
            told = str(error).removeprefix(f"{canonical.NAME}: ")
            times = {"seconds": round(time.monotonic() - started, 3), "tasks": {}, "facts": {}}
            return Result(conditions.machine(), unreadable=excerpts.masked(told), times=times)
        except Exception as error:
            # Also a broken sandbox: the next job gets a new one.
            _forget()
            return Result(fault=f"{type(error).__name__}: {error}"[:2000])
        finally:
            faulthandler.cancel_dump_traceback_later()


def _graded(job: Job, started: float) -> Result:
    from grader import grade

    submission = Submission(canonical.NAME, dict(job.files), job.digest)
    report = grade.grade_one(submission, _zygote(job.options), job.options)
    if report.has_infrastructure_faults():
        told = next(task for task in report.tasks if task.status == "infrastructure")
        _forget()
        return Result(fault=f"{told.full_name}: {told.message}")
    kept, times = canonical.split(report)
    return Result(
        conditions.machine(),
        report=kept.as_json(),
        times={**times, "seconds": round(time.monotonic() - started, 3)},
    )


def _zygote(options: Options) -> Zygote:
    zygote = _zygotes.get(options.isolation)
    if zygote is None:
        zygote = Zygote(options.isolation)
        try:
            _ = zygote.isolation
            _warm_up(zygote, options)
        except BaseException:
            zygote.close()
            raise
        _zygotes[options.isolation] = zygote
    return zygote


def _warm_up(zygote: Zygote, options: Options) -> None:
    """Grade nothing once. What torch imports and allocates at its first gradient takes a second,
    and deadlines follow the time of references: the first submission would get other deadlines.
    """
    from grader import grade

    nothing = Submission(canonical.NAME, {"ex1_backward.py": b""}, "")
    grade.grade_one(nothing, zygote, options)


def _forget() -> None:
    while _zygotes:
        _zygotes.popitem()[1].close()


def fault_of(error: BaseException) -> str:
    """Return what an exception that a job's future raised says about the grader."""
    if isinstance(error, SandboxError):
        return f"the sandbox does not work: {error}"
    return f"{type(error).__name__}: {error}"[:2000]
