"""Watch mode: a file is saved, and the verdict is there.

The process stays warm, and a save costs no more than it can have changed: tasks whose files have
the same bytes keep their results, and the functions that were edited are graded before the others.
"""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import watchfiles

from grader import grade, matching, submission
from grader.course import aliases, forward
from grader.course.catalogue import Catalogue, Task
from grader.errors import SandboxError
from grader.examiner import Inspection
from grader.options import Options
from grader.report import Report, TaskReport
from grader.sandbox.host import loading
from grader.sandbox.host.pool import Early
from grader.sandbox.host.reader import Reader
from grader.sandbox.host.zygote import Zygote
from grader.submission import Submission

SOURCES = (".py", submission.NOTEBOOK)
STEP, MOST = 3, 300
"""Milliseconds without a change after which a burst of saves is over, and the most to wait."""

TICK = 500
"""Milliseconds after which files are looked at even if the system told of no change."""

SETTLE = 0.15
"""Seconds to wait for the content of a file that was just emptied: half of a save."""

FEW = 3
"""So many edited functions are graded before all others."""

Prints = dict[str, tuple[int, int, int]]


# What was saved


def prints(path: Path) -> Prints:
    """Return what tells one state of the sources below a path from the next one, by name."""
    found: Prints = {}
    waiting = [path]
    while waiting and len(found) < submission.MAX_ENTRIES:
        here = waiting.pop()
        with suppress(OSError):  # gone, or on its way: the next look will tell
            if not here.is_dir():
                facts = here.stat()
                found[str(here)] = facts.st_mtime_ns, facts.st_size, facts.st_ino
                continue
            for entry in os.scandir(here):
                hidden = entry.name.startswith(".") or entry.name in submission.IGNORED_FOLDERS
                if not hidden and (entry.is_dir() or entry.name.endswith(SOURCES)):
                    waiting.append(here / entry.name)
    return found


class Saves(threading.Thread):
    """Tells of every change of the sources below a path, which may vanish and come back.

    The system's notices only say when to look. Where they fail (a network's file system, a folder
    in place of another), the files are looked at twice a second all the same.
    """

    def __init__(self, path: Path, tell: Callable[[], None]) -> None:
        super().__init__(name="saves", daemon=True)
        self._path = path
        self._single = path.suffix in SOURCES and not path.is_dir()
        self._tell = tell
        self._ended = threading.Event()
        self._last = prints(path)

    def run(self) -> None:
        """Follow the path until `end` is called."""
        while not self._ended.is_set():
            with suppress(
                OSError, RuntimeError
            ):  # the folder went just now, or no notices are left
                self._follow()
            self._look()
            self._ended.wait(TICK / 1000 / 4)

    def end(self) -> None:
        """Stop, and wait until it has."""
        self._ended.set()
        self.join(5)

    def _look(self, told: bool = False) -> None:
        now = prints(self._path)
        if told or now != self._last:
            self._last = now
            self._tell()

    def _follow(self) -> None:
        """Follow one folder for as long as it is the one that has this name."""
        folder = self._path.parent if self._single else self._path
        home = folder.stat()
        for changes in watchfiles.watch(
            folder,
            watch_filter=lambda change, name: name.endswith(SOURCES),
            debounce=MOST,
            step=STEP,
            rust_timeout=TICK,
            yield_on_timeout=True,
            stop_event=self._ended,
            raise_interrupt=False,
            recursive=not self._single,
        ):
            self._look(told=bool(changes))
            now = folder.stat()
            if (now.st_ino, now.st_dev) != (home.st_ino, home.st_dev):
                return


# What it can have changed


def affected(
    before: Mapping[str, bytes],
    after: Mapping[str, bytes],
    tasks: Sequence[Task],
    course: Catalogue,
) -> list[Task]:
    """Return the tasks whose answers can differ between two states of a submission.

    A file serves the exercise that it is named after, or any exercise. What mentions a changed file
    may import it, so it has changed, too.
    """
    changed = {name for name in after if after[name] != before.get(name)}
    waiting = list(changed)
    while waiting:
        word = re.compile(rb"\b%s\b" % re.escape(waiting.pop().removesuffix(".py")).encode())
        importing = {name for name in after if word.search(after[name])} - changed
        changed |= importing
        waiting += importing
    homes = {matching.exercise_of_file(name, course) for name in changed}
    return [task for task in tasks if None in homes or task.exercise.key in homes]


def edited(
    before: Mapping[str, bytes],
    after: Mapping[str, bytes],
    tasks: Sequence[Task],
    course: Catalogue,
) -> list[Task]:
    """Return the tasks whose own functions read differently, in files that were there before."""
    found = []
    for name in after:
        if name in before and after[name] != before[name]:
            old = set(_functions(before[name]))
            heads = [head for head, text in _functions(after[name]) if (head, text) not in old]
            home = matching.exercise_of_file(name, course)
            near = [task for task in tasks if home in (None, task.exercise.key)]
            known = {task.name for task in near}
            functions = {aliases.canonical(head, known) for head in heads}
            found += [task for task in near if task.name in functions]
    return found


def _functions(source: bytes) -> Iterator[tuple[str, str]]:
    """Yield the name and the text of every top-level function, whether the source parses or not."""
    for text in re.split(r"^(?=[^\s#)\]}])", source.decode(), flags=re.MULTILINE):
        head = re.match(r"def\s+(\w+)", text)
        if head:
            yield head[1], text.rstrip()


def is_done(result: TaskReport | None) -> bool:
    """Tell whether a task has passed."""
    return result is not None and result.status == "passed"


# Grading it again


@dataclass
class Bench:
    """The last result of every task, and what is needed to renew it without delay.

    moved: the tasks that pass since the last save, and those that no longer do. own: the tasks
    whose functions that save edited.
    """

    path: Path
    course: Catalogue
    tasks: Sequence[Task]
    corpus: str
    zygote: Zygote | None
    results: dict[str, TaskReport] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)
    moved: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())
    own: Sequence[Task] = ()
    submission: Submission | None = None
    _files: dict[str, bytes] = field(default_factory=dict)
    _inspected: tuple[str, Inspection] | None = None
    _reader: Reader | None = None

    def close(self) -> None:
        """End every process that was started."""
        if self.zygote is not None:
            self.zygote.close()

    def read(self, wait: Callable[[float], object]) -> Submission:
        """Read the submission. A file that was emptied a moment ago gets the time to be filled.

        Raises UnreadableSubmission.
        """
        found = submission.read_for_course(self.path)
        if any(not text and self._files.get(name) for name, text in found.files.items()):
            wait(SETTLE)
            found = submission.read_for_course(self.path)
        return found

    def forget(self) -> None:
        """Take everything for changed."""
        self._files = {}

    def missing(self) -> list[str]:
        """Return the files that are gone, and whose results are kept until they come back."""
        here = self.submission.files if self.submission else {}
        homes = {result.file for result in self.results.values()}
        return [name for name in self._files if name not in here and name in homes]

    def check(
        self, found: Submission, here: str | None, on_task: Callable[[Task], None]
    ) -> Iterator[list[Task]]:
        """Grade what a save can have changed, in up to two steps; yield the tasks of each.

        here: the task that the student is at. The functions that were edited come first.
        """
        stale = affected(self._files, found.files, self.tasks, self.course)
        self.own = edited(self._files, found.files, stale, self.course)
        at = [task for task in stale if task.full_name == here and not is_done(self.of(task))]
        first = [task for task in stale if task in self.own or task in at]
        if not self._files or len(first) > FEW:
            first = []
        self.submission, before = found, dict(self.results)
        steps = [first, [task for task in stale if task not in first]]
        for step in filter(None, steps):
            self._grade(found, step, on_task)
            self.moved = self._moved(before)
            yield step
        if not stale:
            self.moved = ((), ())
        self._files |= found.files

    def of(self, task: Task) -> TaskReport | None:
        """Return the last result of a task."""
        return self.results.get(task.full_name)

    def needs(self, task: Task) -> tuple[str, ...]:
        """Return the tasks that come before this one in the backward pass and are not done."""
        return tuple(n for n in forward.depends_on(task) if not is_done(self.results.get(n)))

    def first_unfinished(self) -> Task | None:
        """Return the first task to do whose upstream gradients are done, else the first to do."""
        unfinished = [task for task in self.tasks if not is_done(self.of(task))]
        ready = [task for task in unfinished if not self.needs(task)]
        return next(iter(ready or unfinished), None)

    def _grade(
        self, found: Submission, tasks: Sequence[Task], on_task: Callable[[Task], None]
    ) -> None:
        names = tuple(task.full_name for task in tasks)
        isolation = "best" if self.zygote else "in-process"
        options = Options("public", self.corpus, True, names, isolation=isolation)
        if self.zygote is None:
            report = grade.grade_inline(found, options, on_task)
        else:
            try:
                report = self._graded(found, self.zygote, options, on_task)
            except SandboxError:  # it can have been killed, by a machine short of memory
                self.zygote.close()
                self.zygote = Zygote("best")
                report = self._graded(found, self.zygote, options, on_task)
        self.results |= {task.full_name: task for task in report.tasks}

    def _graded(
        self, found: Submission, zygote: Zygote, options: Options, on_task: Callable[[Task], None]
    ) -> Report:
        early = None
        if self._inspected is None or self._inspected[0] != found.digest:
            if self._reader is None or self._reader.zygote is not zygote:
                self._reader = Reader(zygote)
            early = self._head_start(found, zygote, options.tasks[0])
            try:
                self._inspected = found.digest, grade.inspected(found, zygote, self._reader)
            except BaseException:
                if early is not None:
                    early[1].close()
                raise
            self._read(self._inspected[1])
        inspection = self._inspected[1]
        return grade.grade_one(
            found, zygote, options, on_task, inspection, early=early, run=grade.at_once
        )

    def _head_start(self, found: Submission, zygote: Zygote, task: str) -> Early | None:
        """Start a worker on the file of a task while the submission is read: most likely it shares
        one, as it did before the save.
        """
        file = self.course.resolve(task).exercise.file
        if self._inspected is None or file not in self._inspected[1].plain & found.files.keys():
            return None
        worker = zygote.fork()
        loading.start(worker, found.files, file)
        return file, worker

    def _read(self, inspection: Inspection) -> None:
        """Note the syntax errors: of each file the first one. The lines of a docstring at its top
        are told as errors of their own when anything else in the file does not parse.
        """
        files = self.submission.files if self.submission else {}
        told: dict[str, str] = {}
        for failure in inspection.failures:
            file, line = str(failure.get("file")), failure.get("line")
            top = re.match(rb'\s*("""|\'\'\').*?\1', files.get(file, b""), re.DOTALL)
            if not top or not isinstance(line, int) or line > top[0].count(b"\n") + 1:
                told.setdefault(file, str(failure.get("message"))[:300])
        self.failures = list(told.values())

    def _moved(self, before: Mapping[str, TaskReport]) -> tuple[tuple[str, ...], tuple[str, ...]]:
        known = [name for name in self.results if name in before]
        gained = [n for n in known if is_done(self.results[n]) and not is_done(before[n])]
        lost = [n for n in known if is_done(before[n]) and not is_done(self.results[n])]
        return tuple(gained), tuple(lost)
