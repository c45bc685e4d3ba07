"""Which process answers for which task of a submission.

Each task has a worker of its own, so that what the code of one task does to its process cannot help
or hurt another. The tasks of a file whose code can do nothing of the kind share one, as long as it
lives; see `grader/sandbox/guest/source/side_effects.py`.

No worker is asked a public question after a hidden one: what it says to public ones is shown to
students. A task's own worker is asked its public questions first; of shared workers there are two.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from grader.sandbox.host import loading
from grader.sandbox.host.occupancy import Allowance
from grader.sandbox.host.reply import Outcome, Reply
from grader.sandbox.host.worker import Worker
from grader.sandbox.host.zygote import Zygote

Early = tuple[str, Worker]
"""A file, and a worker that was started on it while the submission was still being read."""


class Location(Protocol):
    """Where a task is answered: a function, or the answer of a notebook, that its worker runs."""

    @property
    def name(self) -> str:
        """Its name in the file."""

    @property
    def file(self) -> str:
        """The file that it is in."""

    @property
    def line(self) -> int:
        """The line that it begins in."""

    @property
    def form(self) -> str:
        """`function` of a module, function in a `cell`, or `flat` for an answer at the top."""

    @property
    def task(self) -> str:
        """The full name of the task of a flat answer."""


@dataclass
class Shared:
    """A worker of several tasks: what came of running each file, and the tasks it has served."""

    worker: Worker
    loaded: dict[str, Reply]
    served: set[str] = field(default_factory=set)


@dataclass
class Pool:
    """The workers of one submission, one of which is at work.

    matched: where each task is answered, by the task's full name. plain: the files whose tasks
    share a worker. words: see `Reader.survey`. early: is used if its file turns out to be one of
    them.
    """

    zygote: Zygote
    files: Mapping[str, bytes]
    matched: Mapping[str, Location]
    plain: frozenset[str]
    words: Mapping[str, Any]
    early: Early | None = None
    current: Worker | None = None
    task: str = ""
    _loaded: Reply | None = None
    _prepared: dict[str, Worker] = field(default_factory=dict)
    _hanging: dict[str, Allowance] = field(default_factory=dict)
    _shared: dict[bool, Shared] = field(default_factory=dict)

    def engage(self, task: str, hidden: bool, allowance: Allowance) -> tuple[Worker, Reply]:
        """Return the worker of a task for hidden or for public questions, and what came of loading
        its file, which is charged to the allowance. It becomes the current one; one of another task
        has to be let go first.
        """
        if self.current is None:
            definition = self.matched[task]
            if self._shares(definition):
                shared = self._load_shared(definition.file, hidden, allowance)
                shared.served.add(task)
                self.current, self._loaded = shared.worker, shared.loaded[definition.file]
            else:
                self.prepare(task)
                self.current = self._prepared.pop(task)
                self._loaded = self._load_own(definition, self.current, allowance)
            self.task = task
        assert self._loaded is not None
        return self.current, self._loaded

    def prepare(self, task: str) -> None:
        """Fork the worker of a task that is about to be examined, while another one is examined. It
        runs nothing of the submission before somebody waits for it.
        """
        definition = self.matched.get(task)
        if definition is None or self._shares(definition) or task in self._prepared:
            return
        self._prepared[task] = self.zygote.fork()

    def give_up(self) -> bool:
        """Ask the current worker no more: if it is shared, the other tasks get a new one, while it
        stays this task's, as dead as it is. Tell whether another task may have been its undoing.
        """
        place = self._place()
        return place is not None and self._shared.pop(place).served != {self.task}

    def let_go(self, *, end: bool = False) -> bytes:
        """Leave the current task; return what it printed. Its worker ends unless it is a shared
        one, or in any case.
        """
        worker, place = self.current, self._place()
        self.current, self.task, self._loaded = None, "", None
        if worker is None:
            return b""
        if end and place is not None:
            del self._shared[place]
        if end or place is None:
            worker.close()
        return worker.take_output()

    @property
    def is_shared(self) -> bool:
        """Tell whether the current worker serves other tasks, too."""
        return self._place() is not None

    def end(self) -> None:
        """End every worker but the current one."""
        left = [*self._prepared.values(), *(shared.worker for shared in self._shared.values())]
        for worker in [*left, *([self.early[1]] if self.early else [])]:
            worker.close()
        self._prepared.clear()
        self._shared.clear()
        self.early = None

    def _place(self) -> bool | None:
        """Return for which questions the current worker is shared, if it is."""
        found = (hidden for hidden, s in self._shared.items() if s.worker is self.current)
        return next(found, None)

    def _shares(self, definition: Location) -> bool:
        return definition.form == "function" and definition.file in self.plain

    def _load_own(self, definition: Location, worker: Worker, allowance: Allowance) -> Reply:
        file, part = definition.file, None
        if definition.form != "function":
            names = ("form", "name", "line", "task")
            part = {name: getattr(definition, name) for name in names}
            part["words"] = self.words
        else:
            known = self._hanging.get(file)
            if known is not None and allowance.seconds <= known.seconds:
                told = replace(known, seconds=allowance.seconds).exceeded
                return Reply(Outcome.TIMEOUT, told)
        loading.start(worker, self.files, file, part)
        loaded = loading.loaded(worker, allowance)
        if loaded.outcome is Outcome.TIMEOUT and part is None:
            # It would hang for the other tasks of this file, too.
            self._hanging[file] = allowance
        return loaded

    def _load_shared(self, file: str, hidden: bool, allowance: Allowance) -> Shared:
        """Run a file in the shared worker, unless it has: in a new one, if the one that has run
        other files is dead, or cannot run this one as a whole. It may lack the memory.
        """
        shared = self._shared.get(hidden)
        if shared is not None and file not in shared.loaded:
            loaded = shared.loaded[file] = loading.load_too(shared.worker, file, allowance)
            if loaded.outcome is not Outcome.OK or loaded.header.get("failures"):
                self._shared.pop(hidden).worker.close()
                shared = None
        if shared is None:
            worker = self._started(file)
            shared = Shared(worker, {file: loading.loaded(worker, allowance)})
            self._shared[hidden] = shared
        return shared

    def _started(self, file: str) -> Worker:
        early, self.early = self.early, None
        if early is not None and early[0] == file:
            return early[1]
        if early is not None:
            early[1].close()
        worker = self.zygote.fork()
        loading.start(worker, self.files, file)
        return worker
