"""A figure: what was measured in each pair, its median and spread, and the target if there is one.

Figures are kept in a JSON file, which a later run is compared with.
"""

from __future__ import annotations

import json
import os
import platform
import statistics
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

VERSION = 1


@dataclass(frozen=True)
class Figure:
    """One line of the table.

    samples: one a pair, in `unit`. target: a bound on the median, from above if `at_most`; None
    for what is shown for orientation.
    """

    row: str
    what: str
    unit: str
    samples: Sequence[float]
    target: float | None = None
    at_most: bool = True

    @property
    def name(self) -> str:
        """Return what tells this figure from all others."""
        return f"{self.row}: {self.what}"

    @property
    def median(self) -> float:
        """Return the median of the samples."""
        return statistics.median(self.samples)

    @property
    def spread(self) -> tuple[float, float]:
        """Return the smallest and the largest sample."""
        return min(self.samples), max(self.samples)

    @property
    def met(self) -> bool | None:
        """Tell whether the median is within the target; None without one."""
        if self.target is None:
            return None
        return self.median <= self.target if self.at_most else self.median >= self.target


def machine() -> dict[str, Any]:
    """Return what figures depend on beside the code, and how busy the machine was."""
    import torch

    return {
        "python": platform.python_version(),
        "torch": str(torch.__version__),
        "system": f"{platform.system()} {platform.machine()}",
        "cores": len(os.sched_getaffinity(0)),
        "load": round(os.getloadavg()[0], 2),
        "date": time.strftime("%Y-%m-%d"),
    }


def write(path: Path, figures: Sequence[Figure], on: Mapping[str, Any]) -> None:
    """Write figures to a file. Those of rows that were not measured this time stay as they are."""
    measured = {figure.row for figure in figures}
    kept = [figure for figure in read(path) if figure.row not in measured]
    listed = [{**asdict(figure), "samples": list(figure.samples)} for figure in (*kept, *figures)]
    told = {"version": VERSION, "machine": dict(on), "figures": listed}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")


def read(path: Path) -> list[Figure]:
    """Read the figures of a file; none if there is no such file, or one of another version."""
    if not path.is_file():
        return []
    told = json.loads(path.read_text(encoding="utf-8"))
    if told.get("version") != VERSION:
        return []
    return [Figure(**one) for one in told["figures"]]
