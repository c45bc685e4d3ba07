"""An examination: one submission, its functions, and the questions that are put to them."""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from grader import matching
from grader.course.catalogue import Catalogue, Task
from grader.course.vocabulary import vocabulary
from grader.examiner import Asked, Examiner, Inspection
from grader.matching import Definition
from grader.question import TENSOR, Answer, Value, Wanted, request
from grader.sandbox import client, wire
from grader.sandbox.client import Isolation, Reader, Zygote
from grader.sandbox.conversation import Outcome, Reply, Worker
from grader.submission import Submission

MIN_ANSWER = 1 << 20
"""An answer may have this many bytes in any case: a wrong shape is to be seen, not only refused."""


BUDGET = 150.0
"""Seconds that all calls of one submission may take together: what hangs everywhere ends, too."""

ORDINARY = frozenset({Outcome.OK, Outcome.NOT_IMPLEMENTED, Outcome.ERROR})
"""After any other outcome a shared worker is not asked again."""

EXHAUSTED = frozenset({Outcome.MEMORY, Outcome.CRASHED})


def inspect(
    zygote: Zygote, submission: Submission, kept: Reader | None = None
) -> tuple[Inspection | None, str]:
    """Read a submission in a worker: in one of its own, or in a reader that is kept. Without an
    inspection, the text says what went wrong.
    """
    with contextlib.nullcontext(kept) if kept else Reader(zygote) as reader:
        reply = reader.survey(submission.files, vocabulary())
    if reply.outcome is not Outcome.OK:
        return None, reply.message
    try:
        return Inspection.from_plain(reply.header), ""
    except (KeyError, TypeError, ValueError):
        return None, "the answer of the reader is malformed"


@dataclass
class Question:
    """A question to the worker of a task, and its answer once it is known.

    header, parts: the request. limit: seconds to wait. started: the clocks of a call that is timed.
    """

    examination: Examination
    task: Task
    wanted: Wanted
    limit: float
    header: dict[str, Any] = field(default_factory=dict)
    parts: list[bytes] = field(default_factory=list)
    known: Answer | None = None
    started: tuple[float, float] | None = None

    def answer(self) -> Answer:
        """Wait for the answer, and for those to the questions before."""
        while self.known is None:
            self.examination._receive()
        return self.known


@dataclass
class Examination(Examiner):
    """Asks the functions of one submission. Each task has a worker of its own, so that what the
    code of one task does to its process cannot help or hurt another; the tasks of a file whose code
    can do nothing of the kind (`grader/sandbox/plain.py`) share one, as long as it lives.

    early: a file and a worker that was started on it while the submission was still being read; it
    is used if the file turns out to be one that shares.
    """

    zygote: Zygote
    submission: Submission
    course: Catalogue
    inspection: Inspection
    matched: Mapping[str, Definition] = field(init=False)
    outputs: dict[str, str] = field(default_factory=dict)
    budget: float = BUDGET
    early: tuple[str, Worker] | None = None
    _prepared: dict[str, Worker] = field(default_factory=dict)
    _hanging: dict[str, Reply] = field(default_factory=dict)
    _worker: Worker | None = None
    _task: str = ""
    _loaded: Reply | None = None
    _shared: Worker | None = None
    _shared_loaded: dict[str, Reply] = field(default_factory=dict)
    _served: set[str] = field(default_factory=set)
    _waiting: deque[Question] = field(default_factory=deque)

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
        if self._waiting and self._worker is not None:  # nobody wants to know any more
            self._worker.close()
            self._shared = None if self._worker is self._shared else self._shared
        self._waiting.clear()
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
        if self.early is not None:
            self.early[1].close()
        self.early = None

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
        while self._waiting:  # or the processor time of the answer would be that of several
            self._receive()
        asked = self._question(task, inputs, wanted, padded, expect_bytes)
        asked.limit = seconds or task.deadline_s
        return self._asked(asked, timed=True).answer()

    def pose(self, task: Task, inputs: Mapping[str, Value], *, padded: bool = False) -> Asked:
        """Ask for a tensor and go on; see `Examiner.pose`."""
        return self._asked(self._question(task, inputs, TENSOR, padded, 0))

    def _question(
        self,
        task: Task,
        inputs: Mapping[str, Value],
        wanted: Wanted,
        padded: bool,
        expect_bytes: int,
    ) -> Question:
        definition = self.matched.get(task.full_name)
        if definition is None or matching.missing(task, definition):
            return Question(self, task, wanted, task.deadline_s, known=self.unanswerable(task))
        cap = max(MIN_ANSWER, 4 * expect_bytes)
        frame = request(definition, inputs, wanted, padded, cap)
        return Question(self, task, wanted, task.deadline_s, *frame)

    def _asked(self, asked: Question, *, timed: bool = False) -> Question:
        """Send a question to the task's worker, unless its answer is known. Return the question."""
        if asked.known is not None:
            return asked
        file = self.matched[asked.task.full_name].file
        worker, loaded = self._worker_for(asked.task)
        if loaded.outcome is not Outcome.OK:
            asked.known = _failed(loaded, f"{file} could not be loaded: ")
        elif self.budget <= 0:
            told = f"all calls together took more than {BUDGET:g} s"
            asked.known = Answer(Outcome.TIMEOUT, told)
        else:
            # Before the request is out: a short one is answered before anyone waits for it.
            asked.started = worker.clocks() if timed else None
            worker.post(asked.header, asked.parts)
            self._waiting.append(asked)
        return asked

    def _receive(self) -> None:
        """Receive the answer to the question that has waited the longest."""
        asked, worker, loaded = self._waiting[0], self._worker, self._loaded
        assert worker is not None
        assert loaded is not None
        limit, cap = asked.limit, asked.header["max_body"]
        reply = worker.receive(seconds=limit, max_body=cap, started=asked.started)
        self.budget -= reply.seconds
        if worker is self._shared and reply.outcome not in ORDINARY:
            # It stays this task's, as dead as it is; the others get a new one.
            self._shared = None
            if reply.outcome in EXHAUSTED and self._served != {asked.task.full_name}:
                self._ask_again(worker)
                return
        self._waiting.popleft()
        if reply.outcome is Outcome.OK:
            asked.known = self._answer(worker, reply, asked.wanted)
        else:
            told = reply.header.get("type") in ("LookupError", "NameError")
            asked.known = _failed(reply, self._load_errors(loaded) if told else "")

    def _ask_again(self, worker: Worker) -> None:
        """Put what has not been answered to a new worker: perhaps an earlier task has used up what
        this one lacks.
        """
        waiting = list(self._waiting)
        worker.close()
        self.close()
        for asked in waiting:
            self._asked(asked, timed=asked.started is not None)

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
        return client.start(self.zygote, self.submission.files, file)

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
