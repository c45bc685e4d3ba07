"""Measure side by side: calls take turns, and each turn begins with another one."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence

from grader.options import ROOT

Call = Callable[[], float]
"""Something to measure; it returns its own time in s."""

ONE_THREAD = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


def interleaved(pairs: int, calls: Mapping[str, Call], warm_up: int = 1) -> dict[str, list[float]]:
    """Return the times of each call, one a pair. The first `warm_up` turns are not counted."""
    times: dict[str, list[float]] = {name: [] for name in calls}
    names = list(calls)
    for turn in range(-warm_up, pairs):
        shift = turn % len(names)
        for name in (*names[shift:], *names[:shift]):
            seconds = calls[name]()
            if turn >= 0:
                times[name].append(seconds)
    return times


def ratios(above: Sequence[float], below: Sequence[float]) -> list[float]:
    """Return the ratio of each pair."""
    return [a / b for a, b in zip(above, below, strict=True)]


def timed(call: Callable[[], object]) -> float:
    """Return the seconds that a call takes."""
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


def ran(command: Sequence[str], **environment: str) -> float:
    """Return the seconds that a command takes. Raises RuntimeError if it fails."""
    started = time.perf_counter()
    done = subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, **ONE_THREAD, **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    seconds = time.perf_counter() - started
    if done.returncode:
        told = (done.stderr or done.stdout)[-2000:]
        raise RuntimeError(f"{' '.join(command)} ended with code {done.returncode}:\n{told}")
    return seconds
