"""HTML: a report as one page that loads nothing, for screens of any width, for print, for ears.

Whatever a submission wrote reaches the page as text: it is escaped, and what would steer a terminal
or turn a line around is shown by name. The page's policy lets its own style and script run, which
are named by their digests, and nothing else.
"""

from __future__ import annotations

import base64
import hashlib
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any, get_args

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from grader.report import Check, Report, Status, TaskReport, Training

TEMPLATES = Path(__file__).parent / "templates"
LABELS = {
    "shape": "shape differs",
    "memory": "out of memory",
    "not_attempted": "to do",
    "infrastructure": "grader's fault",
}
MARKS = {"passed": "✓", "shape": "~", "not_attempted": "·", "infrastructure": "!", "policy": "!"}
MEANINGS = {
    "shape": "Right numbers in another shape earn half the points.",
    "memory": "The function asked for more memory than there is.",
    "crashed": "The process that ran the function ended.",
    "timeout": "The function gave no answer within its time limit.",
    "policy": "A policy finding bars this task: it earns nothing until a person has allowed it.",
    "infrastructure": "The grader itself failed here: this is no score.",
}
ISOLATION = {
    "jail": "the code ran without files, network or other processes",
    "process": "limits on memory and time only: not for hostile submissions",
    "in-process": "none: a self-check",
}

COLOUR_CODE = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]")
NOT_TEXT = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    "\ud800-\udfff\ufeff\ufffe\uffff\U000e0000-\U000e007f]"
)


def render(report: Report) -> str:
    """Return a report as an HTML page: equal reports give equal pages."""
    style, script = _source("report.css"), _source("report.js")
    page = _environment().get_template("report.html.j2")
    return page.render(
        report=report,
        tasks={e.key: [t for t in report.tasks if t.exercise == e.key] for e in report.exercises},
        public=_counted(report, "public"),
        faulty=[task.full_name for task in report.tasks if task.status == "infrastructure"],
        strip=_strip(report.training) if report.training else None,
        style=Markup(style),
        script=Markup(script),
        policy=_policy(style, script),
    )


@cache
def _source(name: str) -> str:
    return (TEMPLATES / name).read_text(encoding="utf-8")


def _policy(style: str, script: str) -> Markup:
    """Return the page's Content-Security-Policy: its own style and script, by digest."""
    sources = [base64.b64encode(hashlib.sha256(s.encode()).digest()) for s in (style, script)]
    allowed = [f"'sha256-{source.decode()}'" for source in sources]
    return Markup(
        f"default-src 'none'; style-src {allowed[0]}; script-src {allowed[1]}; "
        "base-uri 'none'; form-action 'none'"
    )


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {
        "figure": figure,
        "number": _number,
        "shape": _shape,
        "facts": _facts,
        "brief": _brief,
        "percent": lambda part, whole: f"{100 * part / whole if whole else 0:.2f}%",
    }
    environment.globals |= {
        "label": lambda status: LABELS.get(status, status),
        "mark": lambda status: MARKS.get(status, "✗"),
        "meanings": MEANINGS,
        "isolation": ISOLATION,
        "gravity": get_args(Status).index,
        "shown_traceback": _own_traceback,
    }
    return environment


def _shown(value: Any) -> Any:
    """Return what an expression of the template puts on the page."""
    return plain(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def plain(text: str) -> str:
    """Return a text without colour codes, its other control characters shown by their names."""
    text = COLOUR_CODE.sub("", text).replace("\r\n", "\n")
    return NOT_TEXT.sub(lambda found: f"⟨U+{ord(found[0]):04X}⟩", text)


def figure(value: float | None) -> str:
    """Return an error or a difference with two digits."""
    if value is None:
        return ""
    return "0" if value == 0 else f"{value:.1e}"


def _number(value: float | None) -> str:
    return "nan or inf" if value is None else f"{value:.6g}"


def _shape(sizes: list[int]) -> str:
    return str(tuple(sizes))


def _facts(check: Check) -> list[tuple[str, float | None, float | None]]:
    """Return a check's other figures by name, each with its limit if it has one."""
    facts = check.facts
    return [
        (name, value, facts.get(f"{name} limit"))
        for name, value in facts.items()
        if not (name.endswith(" limit") and name.removesuffix(" limit") in facts)
    ]


def _brief(task: TaskReport, length: int = 110) -> str:
    """Return in one line why a task is not right."""
    told = task.diagnosis.says if task.diagnosis else task.message
    told = " ".join(told.split())
    return told if len(told) <= length else told[:length].rstrip() + "…"


def _own_traceback(check: Check, task: TaskReport) -> str:
    return check.traceback if check.traceback != task.traceback else ""


def _counted(report: Report, visibility: str) -> tuple[int, int]:
    checks = [c for task in report.tasks for c in task.checks if c.visibility == visibility]
    return sum(check.status == "passed" for check in checks), len(checks)


@dataclass(frozen=True)
class Mark:
    """A place on the strip of losses: how far along in per cent, and how its label is set."""

    x: float
    text: str

    @property
    def anchor(self) -> str:
        """Return how to set the label, so that it does not leave the picture."""
        return "start" if self.x < 20 else "end" if self.x > 80 else "middle"


@dataclass(frozen=True)
class Strip:
    """The losses of the calibration on a line, with the threshold and the submission's own loss."""

    dots: list[tuple[float, int]]
    threshold: Mark
    own: Mark | None
    ticks: list[Mark]
    rows: int


def _strip(training: Training) -> Strip:
    """Lay out the losses; a loss far off the others stands at the edge that it lies beyond."""
    known = [*training.losses, training.threshold]
    low, high = min(known), max(known)
    reach = 1.5 * ((high - low) or 1.0)
    loss = training.loss if training.loss is not None and math.isfinite(training.loss) else None
    shown = None if loss is None else min(max(loss, low - reach), high + reach)
    if shown is not None:
        low, high = min(low, shown), max(high, shown)
    width = (high - low) or 1.0

    def place(value: float) -> float:
        return round(4 + 92 * (value - low) / width, 2)

    dots = list(_stacked([place(value) for value in sorted(training.losses)]))
    return Strip(
        dots=dots,
        threshold=Mark(place(training.threshold), f"threshold {training.threshold:.4f}"),
        own=None if loss is None or shown is None else Mark(place(shown), _own(loss, shown)),
        ticks=[Mark(place(value), f"{value:.10g}") for value in _ticks(low, high)],
        rows=max((row for _, row in dots), default=0) + 1,
    )


def _own(loss: float, shown: float) -> str:
    return f"this loss {loss:.4f}" if shown == loss else f"this loss {loss:.4g}, off the scale"


def _stacked(places: list[float], width: float = 2.6) -> Iterator[tuple[float, int]]:
    """Yield each place with the lowest row in which it covers no dot before it."""
    ends: list[float] = []
    for place in places:
        free = (row for row, end in enumerate(ends) if place >= end)
        row = next(free, len(ends))
        ends[row : row + 1] = [place + width]
        yield place, row


def _ticks(low: float, high: float) -> list[float]:
    """Return two to five round numbers between two others."""
    wanted = (high - low or 1.0) / 4
    power = 10.0 ** math.floor(math.log10(wanted))
    sizes = [factor * power for factor in (1, 2, 5, 10)]
    step = next(b for a, b in pairwise([0.0, *sizes]) if b >= wanted or a == sizes[-2])
    first, last = math.ceil(low / step), math.floor(high / step)
    return [round(n * step, 12) for n in range(first, last + 1)]
