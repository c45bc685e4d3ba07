"""Rows 1 and 2: what a command costs that is started anew, beside the least it could cost."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.figures import Figure
from benchmarks.pairs import interleaved, ran, ratios
from grader.options import ROOT

GRADER = (sys.executable, "-m", "grader.cli")
FIRST_THREE = ("ex1", "ex2", "ex3")


def measure_help(pairs: int) -> Iterator[Figure]:
    """Compare help and a hint with a Python that does nothing."""
    with tempfile.TemporaryDirectory() as folder:
        state = str(Path(folder) / "state.json")
        calls = {
            "nothing": lambda: ran([sys.executable, "-c", "pass"]),
            "grader --help": lambda: ran([*GRADER, "--help"]),
            "grader hint": lambda: ran([*GRADER, "hint", "dcounts"], BACKPROP_NINJA_STATE=state),
        }
        times = interleaved(pairs, calls)
    for name in ("grader --help", "grader hint"):
        found = ratios(times[name], times["nothing"])
        yield Figure("help", f"`{name}` / `python -c pass`", "x", found, 4.0)
    yield Figure("help", "`python -c pass`", "ms", [1e3 * t for t in times["nothing"]])


def measure_check(pairs: int) -> Iterator[Figure]:
    """Compare a cold check of exercises 1 to 3 with the import of torch alone."""
    solutions = str(ROOT / "solutions")
    calls = {
        "import": lambda: ran([sys.executable, "-c", "import torch"]),
        "check": lambda: ran([*GRADER, "check", *FIRST_THREE, "--path", solutions]),
    }
    times = interleaved(pairs, calls)
    found = ratios(times["check"], times["import"])
    what = 'cold `grader check ex1 ex2 ex3` / `python -c "import torch"`'
    yield Figure("check", what, "x", found, 1.35)
    yield Figure("check", '`python -c "import torch"`', "ms", [1e3 * t for t in times["import"]])
    yield Figure(
        "check", "cold `grader check ex1 ex2 ex3`", "ms", [1e3 * t for t in times["check"]]
    )
