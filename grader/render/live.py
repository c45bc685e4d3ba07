"""The screen of watch mode: a view becomes the lines of a screen, or a block of plain text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from types import TracebackType

from rich.columns import Columns
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from grader.render import terminal
from grader.report import TaskReport

KEYS = "n next  p previous  h hint  d draw  l list  r run again  q quit"
MOST_PRINTED = 5
"""How many of the last lines that a function printed are shown."""


@dataclass(frozen=True)
class View:
    """What there is to see. `current` is the task that the student is at.

    hint: its text, its number and how many there are. moved: full names of the tasks that pass
    since the last save, and of those that no longer do. problems: what concerns no task alone.
    """

    name: str
    tasks: tuple[TaskReport, ...] = ()
    current: TaskReport | None = None
    needs: tuple[str, ...] = ()
    hint: tuple[str, int, int] = ("", 0, 0)
    moved: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())
    problems: tuple[str, ...] = ()
    status: str = ""
    listing: bool = False
    picture: RenderableType | None = None


def block(view: View, console: Console) -> None:
    """Print a view as plain lines, for pipes and logs."""
    console.print(f"--- {view.name}  {view.status}".rstrip(), markup=False)
    console.print(Group(*_body(replace(view, listing=False, picture=None), console)))


def frame(view: View, console: Console) -> list[str]:
    """Return the lines of a screen: as many as fit, with the keys in the last one."""
    width, height = console.width - 1, console.height  # a full line would wrap on some terminals
    title = Text.assemble((f"Backprop Ninja: {view.name}", "bold"), "   ", (view.status, "dim"))
    title.truncate(width, overflow="ellipsis")
    head = _lines([title], console, width)
    keys = _lines([Text(KEYS, style="dim")], console, width)
    body = _lines(_body(view, console), console, width)
    room = max(1, height - len(head) - len(keys) - 1)
    if len(body) > room:
        left = len(body) - room + 1
        body = [*body[: room - 1], f"... {left} more lines: make the window higher"[:width]]
    return [*head, *body, "", *keys][:height]


def _lines(parts: Sequence[RenderableType], console: Console, width: int) -> list[str]:
    with console.capture() as capture:
        console.print(Group(*parts), width=width)
    return capture.get().rstrip("\n").split("\n")


def _body(view: View, console: Console) -> list[RenderableType]:
    unicode = "utf" in (console.encoding or "").lower()
    parts: list[RenderableType] = []
    if view.tasks:
        parts.append(progress(view.tasks))
    parts += [Text(problem, style="red") for problem in view.problems]
    gained, lost = view.moved
    if gained:
        parts.append(Text(f"now right: {', '.join(gained)}", style="green"))
    if lost:
        parts.append(Text(f"right before, not now: {', '.join(lost)}", style="red"))
    if view.picture is not None:
        return [*parts, Text(), view.picture]
    if view.listing:
        return [*parts, *_list(view, unicode)]
    if view.current is not None:
        parts += [Text(), *_task(view.current, view.needs), *_hint(view)]
    if view.tasks and all(task.status == "passed" for task in view.tasks):
        parts += [Text(), Text("Everything here is done.", style="bold green")]
    return parts


def progress(tasks: Sequence[TaskReport], width: int = 40) -> Text:
    """Return how many tasks are done, as a bar and as `n/total`; a bonus does not count."""
    counted = [task for task in tasks if not task.is_bonus] or tasks
    done = sum(task.status == "passed" for task in counted)
    filled = width * done // len(counted)
    bar = ("#" * filled, "green"), "-" * (width - filled)
    return Text.assemble("[", *bar, f"] {done}/{len(counted)}")


def _list(view: View, unicode: bool) -> list[RenderableType]:
    """Return all tasks, exercise by exercise, with the current one pointed at."""
    parts: list[RenderableType] = []
    for exercise in dict.fromkeys(task.exercise for task in view.tasks):
        names = []
        for task in view.tasks:
            if task.exercise == exercise:
                here = view.current is not None and task.full_name == view.current.full_name
                mark = (terminal._mark(task.status, unicode), terminal._style(task.status))
                name = (task.name, "bold" if here else "")
                names.append(Text.assemble(">" if here else " ", mark, " ", name))
        parts += [Text(), Text(exercise, style="bold cyan"), Columns(names, column_first=True)]
    return parts


def _task(task: TaskReport, needs: Sequence[str]) -> list[RenderableType]:
    """Return what there is to say about the task that the student is at."""
    parts: list[RenderableType] = []
    if task.status in ("passed", "not_attempted"):
        where = f"  {task.place}" if task.line else ""
        status = (
            f"  {terminal.LABELS.get(task.status, task.status)}",
            terminal._style(task.status),
        )
        parts.append(Text.assemble((task.full_name, "bold"), status, (where, "dim")))
        if task.file is None:
            parts.append(_indented(task.message))
    else:
        parts.append(terminal.explanation(task))
    figures = terminal._figures(task)
    if figures is not None:
        parts.append(_indented(_cmp(figures.exact, figures.approx, figures.max_abs)))
    if needs and task.status != "passed":
        parts.append(_indented(f"needs first: {', '.join(needs)}", "dim"))
    printed = task.output.rstrip().splitlines()
    if printed:
        parts.append(_indented("\n".join(["printed:", *printed[-MOST_PRINTED:]]), "dim"))
    return parts


def _cmp(exact: bool, approx: bool, maxdiff: float | None) -> str:
    """Return the row of the lecture's cmp."""
    told = f"{maxdiff:.1e}" if maxdiff is not None else "-"
    return (
        f"exact: {'yes' if exact else 'no'} | approx: {'yes' if approx else 'no'} | maxdiff: {told}"
    )


def _hint(view: View) -> list[RenderableType]:
    text, number, count = view.hint
    if not text or view.current is None or view.current.status == "passed":
        return []
    return [Text(), Text.assemble((f"hint {number} of {count}  ", "cyan"), text)]


def _indented(text: str, style: str = "") -> RenderableType:
    return Padding(Text(text, style=style), (0, 0, 0, 2))


class Screen:
    """A screen of its own beside the terminal's, as an editor has one. A frame is written at once
    and over the last one, without clearing: nothing flickers.
    """

    def __init__(self, console: Console) -> None:
        self.console = console
        self._stream = console.file
        self._shown: list[str] = []

    def __enter__(self) -> Screen:
        self.open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: object, trace: TracebackType | None
    ) -> None:
        self.close()

    def open(self) -> None:
        """Switch to the screen and hide the cursor."""
        self._shown = []
        self._write("\x1b[?1049h\x1b[?25l\x1b[H\x1b[2J")

    def close(self) -> None:
        """Give the terminal back as it was."""
        self._write("\x1b[?25h\x1b[?1049l")

    def show(self, view: View) -> None:
        """Draw a view, unless it is there already."""
        lines = frame(view, self.console)
        if lines != self._shown:
            self._shown = lines
            text = "\n".join(f"{line}\x1b[K" for line in lines)
            self._write(f"\x1b[?2026h\x1b[H{text}\x1b[J\x1b[?2026l")

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()
