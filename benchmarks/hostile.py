"""The row `hostile`: what hostile inputs cost the trusted process, and the size of what it writes.

Each input is read, and most are graded and shown, in a process of its own. What its functions cost
themselves is not counted: they run in workers.
"""

from __future__ import annotations

import io
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.figures import Figure
from benchmarks.hostile_inputs import GRADED, READ
from benchmarks.memory import peak_of
from grader.errors import UnreadableSubmission

PATIENCE = 180.0
"""Seconds after which a measurement is given up, and counts as so long."""


def measure(pairs: int) -> Iterator[Figure]:
    """Measure every input once: what they cost is far above the noise, or nothing."""
    for name in (*READ, *GRADED):
        found = measured(name)
        yield Figure("hostile", f"{name}: processor time", "s", [found["seconds"]], 10.0)
        yield Figure("hostile", f"{name}: memory", "MiB", [found["MiB"]])
        if "report" in found:
            yield Figure("hostile", f"{name}: report and page", "MB", [found["report"]], 4.0)


def measured(name: str) -> dict[str, float]:
    """Return what an input costs, from a process of its own."""
    command = [sys.executable, "-m", "benchmarks.hostile", name]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=PATIENCE
        )
    except subprocess.TimeoutExpired:
        return {"seconds": PATIENCE, "MiB": float("nan")}
    if done.returncode:
        raise RuntimeError(f"{name}: ended with {done.returncode}: {done.stderr[-1000:]}")
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def cost(name: str) -> dict[str, float]:
    """Read an input in this process, grade and show it if that is wanted, and return the cost."""
    from grader.submission import read_for_course

    with tempfile.TemporaryDirectory() as place:
        path = {**READ, **GRADED}[name](Path(place))
        with open("/proc/self/clear_refs", "w") as file:  # what making it took does not count
            file.write("5")
        started, size = time.process_time(), 0.0
        try:
            submission = read_for_course(path)
        except UnreadableSubmission as error:
            print(f"refused: {error}"[:300], file=sys.stderr)
        else:
            if name in GRADED:
                size = _graded(submission)
        seconds = time.process_time() - started
    found = {"seconds": round(seconds, 2), "MiB": round(peak_of("self"), 1)}
    return {**found, "report": size} if name in GRADED else found


def _graded(submission) -> float:  # type: ignore[no-untyped-def]
    """Grade a submission and show it in several forms; return the MB of its report and its page."""
    from rich.console import Console

    from grader import grade
    from grader.options import Options
    from grader.render import gradescope, html, junit, terminal
    from grader.sandbox.host.zygote import Zygote

    with Zygote("best") as zygote:
        report = grade.grade_one(submission, zygote, Options("hostile"))
    terminal.show(report, Console(file=io.StringIO(), width=80))
    junit.render(report)
    gradescope.render(report)
    page = html.render(report)
    text = report.as_json()
    return round((len(text.encode()) + len(page.encode())) / 1e6, 2)


if __name__ == "__main__":
    print(json.dumps(cost(sys.argv[1])))
