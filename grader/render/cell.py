"""The output of a notebook's cell: one task as a fragment of HTML, or as text.

A notebook has a page of its own, so that the fragment brings its colours along and no style sheet;
they are legible on light and on dark pages. Nothing in it loads or runs anything.
"""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from grader.render import html
from grader.render.pictures import maps
from grader.report import Figures, Picture, TaskReport

LABELS = {"not_attempted": "to do", "infrastructure": "grader's fault", "": "not checked yet"}
MARKS = {"passed": "✓", "shape": "~", "not_attempted": "·", "": " "}
COLOURS = {"passed": "#1f883d", "shape": "#9a6700", "not_attempted": "#6e7781", "": "#6e7781"}
WRONG = "#cf222e"
FILLS = dict(
    zip(
        ("up1", "up2", "up3", "up4", "up5", "down1", "down2", "down3", "down4", "down5", "broken"),
        "#fbdfd0 #f3a988 #de7259 #bb3438 #850f29 #d5e6f2 #a2cae2 #5ea3cc #2b71b1 #12417b "
        "#ffd54d".split(),
        strict=True,
    )
)
CHARACTERS = {
    "": " ",
    **dict(zip(("up1", "up2", "up3", "up4", "up5"), "'+*##", strict=True)),
    **dict(zip(("down1", "down2", "down3", "down4", "down5"), ",-=@@", strict=True)),
    "broken": "?",
}
WIDTH = 72

Titled = Sequence[tuple[str, Sequence[tuple[str, str]]]]
"""Exercises by title, with their tasks: full name and status."""


def as_html(task: TaskReport, hint: str, notes: Sequence[str]) -> str:
    """Return a task's report as HTML. hint: the one that the student is at. notes: sentences."""
    return (
        html.environment()
        .get_template("cell.html.j2")
        .render(
            task=task,
            shown=_figures(task),
            picture=_picture(task),
            diagnosis=task.diagnosis,
            hint=hint,
            notes=notes,
            label=LABELS.get(task.status, task.status),
            mark=MARKS.get(task.status, "✗"),
            colour=COLOURS.get(task.status, WRONG),
            fills=FILLS,
        )
    )


def progress_as_html(exercises: Titled) -> str:
    """Return the state of all tasks as HTML."""
    return (
        html.environment()
        .get_template("progress.html.j2")
        .render(
            exercises=[
                (title, sum(status == "passed" for _, status in tasks), tasks)
                for title, tasks in exercises
            ],
            labels=LABELS,
            marks=MARKS,
            colours=COLOURS,
            wrong=WRONG,
        )
    )


def said_as_html(text: str) -> str:
    """Return a text as HTML, line for line."""
    return html.environment().get_template("said.html.j2").render(text=text)


def _figures(task: TaskReport) -> Figures | None:
    """Return the comparison to show: the first one that is not right, or the first."""
    listed = [figure for check in task.checks for figure in check.figures]
    wrong = [figure for figure in listed if figure.kind in ("wrong", "shape")]
    return next(iter([*wrong, *listed]), None)


def _picture(task: TaskReport) -> Picture | None:
    return next((check.picture for check in task.checks if check.picture), None)


def as_text(task: TaskReport, hint: str, notes: Sequence[str]) -> RenderableType:
    """Return a task's report for a terminal, with the lecture's own line of `cmp`."""
    label = LABELS.get(task.status, task.status)
    parts: list[RenderableType] = [
        Text(f"{MARKS.get(task.status, 'x')} {task.full_name}  {label}", style="bold")
    ]
    shown = _figures(task)
    if shown is not None:
        parts.append(Text(cmp(task.name, shown)))
    told = [task.message, task.traceback.rstrip()]
    if task.diagnosis is not None:
        told += [task.diagnosis.says, task.diagnosis.nudge]
    told += [f"note: {note}" for note in notes]
    told += [f"hint: {hint}"] if hint else []
    parts += [_indented(text) for text in told if text]
    picture = _picture(task)
    if picture is not None:
        parts += [Text(), *_map(picture)]
    return Group(*parts)


def cmp(name: str, shown: Figures) -> str:
    """Return a comparison as the lecture's `cmp` prints it."""
    maxdiff = "nan or inf" if shown.max_abs is None else f"{shown.max_abs:.6g}"
    return (
        f"{name:15s} | exact: {shown.exact!s:5s} | approximate: {shown.approx!s:5s} "
        f"| maxdiff: {maxdiff}"
    )


def _indented(text: str) -> RenderableType:
    return Padding(Text(html.plain(text)), (0, 0, 0, 2))


def _map(picture: Picture) -> list[RenderableType]:
    """Return the difference in characters: what is positive as `'+*#`, negative as `,-=@`."""
    rows = ["".join(CHARACTERS[maps.colour(c)] for c in row.split()) for row in picture.difference]
    pieces = [row[at : at + WIDTH] for row in rows for at in range(0, len(row), WIDTH)]
    across = f"{picture.columns or 'entries'} ({picture.size[1]})"
    down = f"down {picture.rows} ({picture.size[0]}), " if picture.rows else ""
    scale = f"positive '+*#, negative ,-=@, up to {picture.difference_scale:.3g}"
    return [
        Text(f"yours minus expected, {down}across {across}"),
        *(Text(f"|{piece}|") for piece in pieces),
        Text(scale),
    ]


def progress_as_text(exercises: Titled) -> RenderableType:
    """Return the state of all tasks for a terminal."""
    lines = []
    for title, tasks in exercises:
        done = sum(status == "passed" for _, status in tasks)
        lines.append(Text(f"{title} {done}/{len(tasks)}", style="bold"))
        lines += [
            Text(f"  {MARKS.get(status, 'x')} {name:26} {LABELS.get(status, status)}")
            for name, status in tasks
        ]
    return Group(*lines)
