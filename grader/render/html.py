"""HTML: a report as one page that loads nothing, for screens of any width, for print, for ears.

Whatever a submission wrote reaches the page as text: it is escaped, and what would steer a terminal
or turn a line around is shown by name. The page's policy lets its own style and script run, which
are named by their digests, and nothing else.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import re
from functools import cache
from pathlib import Path
from typing import Any, get_args

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from grader.excerpts import NOT_TEXT
from grader.render.pictures.curve import curve
from grader.render.pictures.maps import entries, panels
from grader.render.pictures.strip import strip
from grader.report import Check, Report, Status, TaskReport

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
    "policy": "Autograd was called, or a person has upheld evidence: the task earns nothing.",
    "infrastructure": "The grader itself failed here: this is no score.",
}
ISOLATION = {
    "jail": "the code ran without files, network or other processes",
    "process": "limits on memory and time only: not for hostile submissions",
    "in-process": "none: a self-check",
}

COLOUR_CODE = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]")


def render(report: Report) -> str:
    """Return a report as an HTML page: equal reports give equal pages."""
    style = source("report.css") + source("pictures.css")
    script = source("sortable.js") + source("report.js")
    page = environment().get_template("report.html.j2")
    return page.render(
        report=report,
        tasks={e.key: [t for t in report.tasks if t.exercise == e.key] for e in report.exercises},
        public=_counted(report, "public"),
        faulty=[task.full_name for task in report.tasks if task.status == "infrastructure"],
        strip=strip(report.training) if report.training else None,
        curve=curve(report.training) if report.training else None,
        style=Markup(style),
        script=Markup(script),
        policy=content_policy(style, script),
    )


@cache
def source(name: str) -> str:
    """Return a style or a script of the templates."""
    return (TEMPLATES / name).read_text(encoding="utf-8")


def content_policy(style: str, script: str) -> Markup:
    """Return the page's Content-Security-Policy: its own style and script, by digest."""
    sources = [base64.b64encode(hashlib.sha256(s.encode()).digest()) for s in (style, script)]
    allowed = [f"'sha256-{source.decode()}'" for source in sources]
    return Markup(
        f"default-src 'none'; style-src {allowed[0]}; script-src {allowed[1]}; "
        "base-uri 'none'; form-action 'none'"
    )


@cache
def environment() -> Environment:
    """Return what fills templates: every expression is escaped, and shown as plain text."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.filters |= {
        "figure": figure,
        "number": _number,
        "shape": _shape,
        "facts": _facts,
        "brief": _brief,
        "loss": lambda value: f"{value:.4f}",
        "brief_number": lambda value: f"{value:.3g}",
        "percent": lambda part, whole: f"{100 * part / whole if whole else 0:.2f}%",
    }
    made.globals |= {
        "label": lambda status: LABELS.get(status, status),
        "mark": lambda status: MARKS.get(status, "✗"),
        "meanings": MEANINGS,
        "isolation": ISOLATION,
        "gravity": get_args(Status).index,
        "shown_traceback": _own_traceback,
        "panels": panels,
        "entries": entries,
    }
    return made


def _shown(value: Any) -> Any:
    """Return what an expression of the template puts on the page."""
    return plain(value) if isinstance(value, str) and not isinstance(value, Markup) else value


@functools.lru_cache(maxsize=512)
def plain(text: str) -> str:
    """Return a text without colour codes, its other control characters shown by their names. A page
    that has to fit a size is made several times, of the same texts.
    """
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
    """Return in one line why a task is not right, or what is to be noted of one that is."""
    told = task.diagnosis.says if task.diagnosis else task.message
    told = f"Note: {told}" if told and task.status == "passed" else told
    told = " ".join(told.split())
    return told if len(told) <= length else told[:length].rstrip() + "…"


def _own_traceback(check: Check, task: TaskReport) -> str:
    return check.traceback if check.traceback != task.traceback else ""


def _counted(report: Report, visibility: str) -> tuple[int, int]:
    checks = [c for task in report.tasks for c in task.checks if c.visibility == visibility]
    return sum(check.status == "passed" for check in checks), len(checks)
