"""What a notebook shows below a cell: as HTML where there is HTML, else as text.

Whatever the student's code wrote reaches the page as text: it is escaped.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

from grader.course.catalogue import Task
from grader.render import cell
from grader.report import TaskReport

if TYPE_CHECKING:
    from rich.console import RenderableType


@dataclass(frozen=True, repr=False)
class Result:
    """The report on one task, the hint that the student is at, and what else there is to say."""

    report: TaskReport
    hint: str
    notes: tuple[str, ...]

    def __repr__(self) -> str:
        return _text(cell.as_text(self.report, self.hint, self.notes))

    def _repr_html_(self) -> str:
        return cell.as_html(self.report, self.hint, self.notes)


@dataclass(frozen=True, repr=False)
class Progress:
    """Every task with its status in this session; empty where it was not checked yet."""

    rows: tuple[tuple[Task, str], ...]

    def __repr__(self) -> str:
        return _text(cell.progress_as_text(self._plain()))

    def _repr_html_(self) -> str:
        return cell.progress_as_html(self._plain())

    def _plain(self) -> list[tuple[str, list[tuple[str, str]]]]:
        """Return the title of every exercise with its tasks: full name and status."""
        titles = {task.exercise.key: task.exercise.title for task, _ in self.rows}
        return [
            (title, [(t.full_name, s) for t, s in self.rows if t.exercise.key == key])
            for key, title in titles.items()
        ]


@dataclass(frozen=True, repr=False)
class Said:
    """A text for the student."""

    text: str

    def __repr__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        return cell.said_as_html(self.text)


def _text(shown: RenderableType) -> str:
    """Return what a terminal of 80 columns without colours shows."""
    from rich.console import Console

    file = io.StringIO()
    # In a kernel, rich would send an output of its own.
    plain = {"highlight": False, "color_system": None, "force_jupyter": False}
    Console(file=file, width=80, **plain).print(shown)  # type: ignore[arg-type]
    return "\n".join(line.rstrip() for line in file.getvalue().rstrip().split("\n"))
