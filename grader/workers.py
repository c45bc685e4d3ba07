"""Which process answers for which task of a submission.

Each task has a worker of its own, so that what the code of one task does to its process cannot help
or hurt another. The tasks of a file whose code can do nothing of the kind share one, as long as it
lives; see `grader/sandbox/plain.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from grader.course.catalogue import Task
from grader.course.vocabulary import vocabulary
from grader.matching import Definition
from grader.sandbox import client
from grader.sandbox.client import Zygote
from grader.sandbox.conversation import Outcome, Reply, Worker

Early = tuple[str, Worker]
"""A file, and a worker that was started on it while the submission was still being read."""


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
    _hanging: dict[str, Reply] = field(default_factory=dict)
    _shared: Worker | None = None
    _shared_loaded: dict[str, Reply] = field(default_factory=dict)
    _served: set[str] = field(default_factory=set)

    def at_work_on(self, task: Task) -> bool:
        """Tell whether the worker of a task is the current one."""
        return self.current is not None and self.task == task.full_name

    def engage(self, task: Task) -> tuple[Worker, Reply]:
        """Return the worker of a task and what came of loading its file. It becomes the current
        one; the one before has to be let go first.
        """
        definition = self.matched[task.full_name]
        if not self.at_work_on(task):
            if self._shares(definition):
                self._loaded = self._load_shared(definition.file)
                self.current = self._shared
                self._served.add(task.full_name)
            else:
                self.prepare(task)
                self.current = self._prepared.pop(task.full_name)
                self._loaded = self._load_own(definition.file, self.current)
            self.task = task.full_name
        assert self.current is not None
        assert self._loaded is not None
        return self.current, self._loaded

    def prepare(self, task: Task) -> None:
        """Start the worker of a task that is about to be examined, while another one is."""
        definition = self.matched.get(task.full_name)
        if definition is None or self._shares(definition) or task.full_name in self._prepared:
            return
        part: dict[str, Any] | None = None
        if definition.form != "function":
            names = ("form", "name", "line", "task")
            part = {name: getattr(definition, name) for name in names}
            part["words"] = vocabulary()
        worker = client.start(self.zygote, self.files, definition.file, part)
        self._prepared[task.full_name] = worker

    def give_up(self) -> bool:
        """Ask the current worker no more: if it is shared, the other tasks get a new one, while it
        stays this task's, as dead as it is. Tell whether another task may have been its undoing.
        """
        if self.current is not self._shared:
            return False
        self._shared = None
        return self._served != {self.task}

    def let_go(self, *, end: bool = False) -> bytes:
        """Leave the current task; return what it printed. Its worker ends unless it is a shared
        one, or in any case.
        """
        worker, self.current, self.task, self._loaded = self.current, None, "", None
        if worker is None:
            return b""
        if end and worker is self._shared:
            self._shared = None
        if worker is not self._shared:
            worker.close()
        return worker.take_output()

    def end(self) -> None:
        """End every worker but the current one."""
        left = [*self._prepared.values(), self._shared, self.early[1] if self.early else None]
        for worker in left:
            if worker is not None:
                worker.close()
        self._prepared.clear()
        self._shared = self.early = None

    def _shares(self, definition: Definition) -> bool:
        return definition.form == "function" and definition.file in self.plain

    def _load_own(self, file: str, worker: Worker) -> Reply:
        loaded = self._hanging.get(file) or client.loaded(worker)
        if loaded.outcome is Outcome.TIMEOUT:
            # It would hang for the other tasks of this file, too.
            self._hanging[file] = loaded
        return loaded

    def _load_shared(self, file: str) -> Reply:
        """Return what came of running a file in the shared worker: in a new one, if the one that
        has run other files is dead, or cannot run this one as a whole. It may lack the memory.
        """
        if self._shared is not None and file not in self._shared_loaded:
            loaded = client.load_too(self._shared, file)
            self._shared_loaded[file] = loaded
            if loaded.outcome is not Outcome.OK or loaded.header.get("failures"):
                self._shared.close()
                self._shared = None
        if self._shared is None:
            self._shared = self._started(file)
            self._shared_loaded = {file: client.loaded(self._shared)}
            self._served = set()
        return self._shared_loaded[file]

    def _started(self, file: str) -> Worker:
        early, self.early = self.early, None
        if early is not None and early[0] == file:
            return early[1]
        if early is not None:
            early[1].close()
        return client.start(self.zygote, self.files, file)
