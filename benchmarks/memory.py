"""Row 7: the most memory that each kind of process ever had, after one submission and after many.

The grading takes place in a process of its own, so that nothing else is counted. The many are
graded on exercises 1 to 3: what piles up piles up there, too, in seconds and not in an hour.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from unittest import mock

from benchmarks.figures import Figure
from grader.options import ROOT

MANY, LONG = 40, 1000
FEW = ("ex1", "ex2", "ex3")


def measure(pairs: int, many: int = MANY) -> Iterator[Figure]:
    """Grade one submission, then many, and tell what each process needed at most."""
    command = [sys.executable, "-m", "benchmarks.memory", str(many)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} failed:\n{done.stderr[-2000:]}")
    for count, peaks in json.loads(done.stdout.splitlines()[-1]).items():
        for process, peak in peaks.items():
            submissions = "1 submission" if count == "1" else f"{count} submissions"
            yield Figure("memory", f"{process}, after {submissions}", "MiB", [peak])


def peak_of(pid: int | str) -> float:
    """Return the most memory that a process had at any time in MiB. Raises OSError if it is gone,
    ValueError if it has ended.
    """
    found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    if found is None:
        raise ValueError(f"{pid}: has ended")
    return int(found[1]) / 1024


def peaks(many: int) -> dict[int, dict[str, float]]:
    """Grade in this process; return the peaks of each kind of process by number of submissions."""
    from grader import grade
    from grader.course import catalogue
    from grader.options import Options
    from grader.sandbox.host.worker import Worker
    from grader.sandbox.host.zygote import Zygote
    from grader.submission import read_for_course

    largest = {"a worker": 0.0}
    close = Worker.close

    def closing(worker: Worker) -> None:
        with suppress(OSError, ValueError):
            largest["a worker"] = max(largest["a worker"], peak_of(worker.child.pid))
        close(worker)

    def told() -> dict[str, float]:
        trusted, forking = peak_of("self"), peak_of(zygote._process.pid)
        listed = {"trusted process": trusted, "process that forks": forking, **largest}
        return {name: round(peak, 1) for name, peak in listed.items()}

    few = tuple(t.full_name for t in catalogue.course().tasks if t.exercise.key in FEW)
    submission = read_for_course(ROOT / "solutions")
    with Zygote("best") as zygote, mock.patch.object(Worker, "close", closing):
        grade.grade_one(submission, zygote, Options("memory"))
        found = {1: told()}
        for number in range(1, many):
            grade.grade_one(submission, zygote, Options(f"memory {number}", tasks=few))
        found[many] = told()
    return found


if __name__ == "__main__":
    print(json.dumps(peaks(int(sys.argv[1]))))
