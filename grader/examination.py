"""An examination: one submission, its functions, and the questions that are put to them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from grader import matching
from grader.course.catalogue import Catalogue, Task
from grader.course.vocabulary import vocabulary
from grader.examiner import Examiner, Inspection
from grader.matching import Definition
from grader.question import TENSOR, Answer, Value, Wanted, request
from grader.sandbox import client, wire
from grader.sandbox.client import Isolation, Zygote
from grader.sandbox.conversation import Outcome, Reply, Worker
from grader.submission import Submission

MIN_ANSWER = 1 << 20
"""An answer may have this many bytes in any case: a wrong shape is to be seen, not only refused."""


BUDGET = 150.0
"""Seconds that all calls of one submission may take together: what hangs everywhere ends, too."""

ORDINARY = frozenset({Outcome.OK, Outcome.NOT_IMPLEMENTED, Outcome.ERROR})
"""After any other outcome a shared worker is not asked again."""

EXHAUSTED = frozenset({Outcome.MEMORY, Outcome.CRASHED})


def inspect(zygote: Zygote, submission: Submission) -> tuple[Inspection | None, str]:
    """Read a submission in a worker. Without an inspection, the text says what went wrong."""
    reply = client.survey(zygote, submission.files, vocabulary())
    if reply.outcome is not Outcome.OK:
        return None, reply.message
    try:
        return Inspection.from_plain(reply.header), ""
    except (KeyError, TypeError, ValueError):
        return None, "the answer of the reader is malformed"


@dataclass
class Examination(Examiner):
    """Asks the functions of one submission. Each task has a worker of its own, so that what the
    code of one task does to its process cannot help or hurt another; the tasks of a file whose code
    can do nothing of the kind (`grader/sandbox/plain.py`) share one, as long as it lives.
    """

    zygote: Zygote
    submission: Submission
    course: Catalogue
    inspection: Inspection
    matched: Mapping[str, Definition] = field(init=False)
    outputs: dict[str, str] = field(default_factory=dict)
    budget: float = BUDGET
    _prepared: dict[str, Worker] = field(default_factory=dict)
    _hanging: dict[str, Reply] = field(default_factory=dict)
    _worker: Worker | None = None
    _task: str = ""
    _loaded: Reply | None = None
    _shared: Worker | None = None
    _shared_loaded: dict[str, Reply] = field(default_factory=dict)
    _served: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.matched = matching.match(
            self.inspection.definitions, self.course, self.inspection.failures
        )

    @property
    def isolation(self) -> Isolation:
        """Return how the workers are isolated."""
        return self.zygote.isolation

    def close(self) -> None:
        """Keep what the current task printed, and end its worker if it is not a shared one."""
        if self._worker is not None:
            if self._worker is not self._shared:
                self._worker.close()
            told = self._worker.take_output().decode("utf-8", "replace")
            self.outputs[self._task] = self.outputs.get(self._task, "") + told
        self._worker, self._task, self._loaded = None, "", None

    def end(self) -> None:
        """End every worker."""
        self.close()
        for worker in self._prepared.values():
            worker.close()
        self._prepared.clear()
        if self._shared is not None:
            self._shared.close()
        self._shared = None

    def ask(
        self,
        task: Task,
        inputs: Mapping[str, Value],
        wanted: Wanted = TENSOR,
        *,
        seconds: float | None = None,
        padded: bool = False,
        expect_bytes: int = 0,
    ) -> Answer:
        """Call the task's function in its worker; see `Examiner.ask`."""
        definition = self.matched.get(task.full_name)
        if definition is None or matching.missing(task, definition):
            return self.unanswerable(task)
        worker, loaded = self._worker_for(task)
        if loaded.outcome is not Outcome.OK:
            return _failed(loaded, f"{definition.file} could not be loaded: ")
        if self.budget <= 0:
            return Answer(Outcome.TIMEOUT, f"all calls together took more than {BUDGET:g} s")
        cap = max(MIN_ANSWER, 4 * expect_bytes)
        header, parts = request(definition, inputs, wanted, padded, cap)
        limit = seconds or task.deadline_s
        reply = worker.ask(header, parts, seconds=limit, max_body=cap)
        self.budget -= reply.seconds
        if worker is self._shared and reply.outcome not in ORDINARY:
            # It stays this task's, as dead as it is; the others get a new one.
            self._shared = None
            if reply.outcome in EXHAUSTED and self._served != {task.full_name}:
                # Perhaps an earlier task has used up what this one lacks.
                worker.close()
                self.close()
                return self.ask(
                    task, inputs, wanted, seconds=seconds, padded=padded, expect_bytes=expect_bytes
                )
        if reply.outcome is not Outcome.OK:
            told = reply.header.get("type") in ("LookupError", "NameError")
            return _failed(reply, self._load_errors(loaded) if told else "")
        return self._answer(worker, reply, wanted)

    def prepare(self, task: Task) -> None:
        """Start the worker of a task that is about to be examined, while another one is."""
        definition = self.matched.get(task.full_name)
        if definition is None or self._shares(definition):
            return
        if task.full_name not in self._prepared:
            part: dict[str, Any] | None = None
            if definition.form != "function":
                names = ("form", "name", "line", "task")
                part = {name: getattr(definition, name) for name in names}
                part["words"] = vocabulary()
            worker = client.start(self.zygote, self.submission.files, definition.file, part)
            self._prepared[task.full_name] = worker

    def _worker_for(self, task: Task) -> tuple[Worker, Reply]:
        definition = self.matched[task.full_name]
        if self._shares(definition):
            return self._shared_worker_for(task, definition.file)
        if self._worker is None or self._loaded is None or self._task != task.full_name:
            self.close()
            self.prepare(task)
            self._task, self._worker = task.full_name, self._prepared.pop(task.full_name)
            file = definition.file
            self._loaded = self._hanging.get(file) or client.loaded(self._worker)
            if self._loaded.outcome is Outcome.TIMEOUT:
                # It would hang for the other tasks of this file, too.
                self._hanging[file] = self._loaded
        return self._worker, self._loaded

    def _shares(self, definition: Definition) -> bool:
        return definition.form == "function" and definition.file in self.inspection.plain

    def _shared_worker_for(self, task: Task, file: str) -> tuple[Worker, Reply]:
        if self._worker is None or self._loaded is None or self._task != task.full_name:
            self.close()
            self._loaded = self._load_shared(file)
            assert self._shared is not None
            self._worker, self._task = self._shared, task.full_name
            self._served.add(self._task)
        return self._worker, self._loaded

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
            self._shared = client.start(self.zygote, self.submission.files, file)
            self._shared_loaded = {file: client.loaded(self._shared)}
            self._served = set()
        return self._shared_loaded[file]

    def _answer(self, worker: Worker, reply: Reply, wanted: Wanted) -> Answer:
        assert reply.frame is not None
        try:
            tensors = wire.tensors_from_frame(reply.frame)
            expected = {"tensor": 1, "texts": 0}.get(wanted.kind, len(wanted.names))
            if len(tensors) != expected:
                raise wire.WireError(f"it has {len(tensors)} tensors in place of {expected}")
        except wire.WireError as error:
            refused = worker.refuse(f"the answer is malformed: {error}")
            if worker is self._shared:  # dead: the others get a new one
                self._shared = None
            return Answer(refused.outcome, refused.message)
        header = reply.header
        return Answer(
            Outcome.OK,
            tensors=tensors,
            texts=client.texts_of(header),
            changed=client.names_of(header, "changed"),
            aliased=client.names_of(header, "aliased"),
            seconds=reply.seconds,
            cpu_seconds=reply.cpu_seconds,
        )

    @staticmethod
    def _load_errors(loaded: Reply) -> str:
        """Return the first error that running the file met; it may explain what comes after."""
        failures = loaded.header.get("failures")
        if not isinstance(failures, list) or not failures or not isinstance(failures[0], dict):
            return ""
        line, told = (client.plain(failures[0].get(key)) for key in ("line", "message"))
        return f"(line {line[:20]}: {told[:200]}) "


def _failed(reply: Reply, context: str) -> Answer:
    header = reply.header
    line = header.get("line")
    kind = header.get("type")
    told = f"{kind[:200]}: {reply.message}" if isinstance(kind, str) and kind else reply.message
    return Answer(
        reply.outcome,
        context + told,
        traceback=client.plain(header.get("traceback", "")),
        line=line if type(line) is int else None,
        seconds=reply.seconds,
        cpu_seconds=reply.cpu_seconds,
    )
