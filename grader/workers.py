"""Which process answers for which task of a submission.

Each task has a worker of its own, so that what the code of one task does to its process cannot help
or hurt another. The tasks of a file whose code can do nothing of the kind share one, as long as it
lives; see `grader/sandbox/plain.py`.

No worker is asked a public question after a hidden one: what it says to public ones is shown to
students. A task's own worker is asked its public questions first; of shared workers there are two.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from grader.course.catalogue import Task
from grader.course.vocabulary import vocabulary
from grader.matching import Definition
from grader.sandbox import client
from grader.sandbox.client import Zygote
from grader.sandbox.conversation import Outcome, Reply, Worker
from grader.sandbox.occupancy import Allowance

Early = tuple[str, Worker]
"""A file, and a worker that was started on it while the submission was still being read."""


@dataclass
class Shared:
    """A worker of several tasks: what came of running each file, and the tasks it has served."""

    worker: Worker
    loaded: dict[str, Reply]
    served: set[str] = field(default_factory=set)


@dataclass
class Workers:
    """The workers of one submission, one of which is at work.

    matched: the definition of each task, by its full name. plain: the files whose tasks share a
    worker. early: is used if its file turns out to be one of them.
    """

    zygote: Zygote
    files: Mapping[str, bytes]
    matched: Mapping[str, Definition]
    plain: frozenset[str]
    early: Early | None = None
    current: Worker | None = None
    task: str = ""
    _loaded: Reply | None = None
    _prepared: dict[str, Worker] = field(default_factory=dict)
    _hanging: dict[str, Allowance] = field(default_factory=dict)
    _shared: dict[bool, Shared] = field(default_factory=dict)

    def engage(self, task: Task, hidden: bool, allowance: Allowance) -> tuple[Worker, Reply]:
        """Return the worker of a task for hidden or for public questions, and what came of loading
        its file, which is charged to the allowance. It becomes the current one; one of another task
        has to be let go first.
        """
        if self.current is None:
            definition = self.matched[task.full_name]
            if self._shares(definition):
                shared = self._load_shared(definition.file, hidden, allowance)
                shared.served.add(task.full_name)
                self.current, self._loaded = shared.worker, shared.loaded[definition.file]
            else:
                self.prepare(task)
                self.current = self._prepared.pop(task.full_name)
                self._loaded = self._load_own(definition, self.current, allowance)
            self.task = task.full_name
        assert self._loaded is not None
        return self.current, self._loaded

    def prepare(self, task: Task) -> None:
        """Fork the worker of a task that is about to be examined, while another one is examined. It
        runs nothing of the submission before somebody waits for it.
        """
        definition = self.matched.get(task.full_name)
        if definition is None or self._shares(definition) or task.full_name in self._prepared:
            return
        self._prepared[task.full_name] = self.zygote.fork()

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

    def _shares(self, definition: Definition) -> bool:
        return definition.form == "function" and definition.file in self.plain

    def _load_own(self, definition: Definition, worker: Worker, allowance: Allowance) -> Reply:
        file, part = definition.file, None
        if definition.form != "function":
            names = ("form", "name", "line", "task")
            part = {name: getattr(definition, name) for name in names}
            part["words"] = vocabulary()
        else:
            known = self._hanging.get(file)
            if known is not None and allowance.seconds <= known.seconds:
                told = replace(known, seconds=allowance.seconds).exceeded
                return Reply(Outcome.TIMEOUT, told)
        client.start(worker, self.files, file, part)
        loaded = client.loaded(worker, allowance)
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
            loaded = shared.loaded[file] = client.load_too(shared.worker, file, allowance)
            if loaded.outcome is not Outcome.OK or loaded.header.get("failures"):
                self._shared.pop(hidden).worker.close()
                shared = None
        if shared is None:
            worker = self._started(file)
            shared = Shared(worker, {file: client.loaded(worker, allowance)})
            self._shared[hidden] = shared
        return shared

    def _started(self, file: str) -> Worker:
        early, self.early = self.early, None
        if early is not None and early[0] == file:
            return early[1]
        if early is not None:
            early[1].close()
        worker = self.zygote.fork()
        client.start(worker, self.files, file)
        return worker
