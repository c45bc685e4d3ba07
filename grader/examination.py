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
from grader.sandbox.guest import wire
from grader.sandbox.host.occupancy import Allowance
from grader.sandbox.host.pool import Early, Pool
from grader.sandbox.host.reader import Reader
from grader.sandbox.host.reply import Outcome, Reply, names_of, plain, texts_of
from grader.sandbox.host.worker import Worker
from grader.sandbox.host.zygote import Isolation, Zygote
from grader.submission import Submission

MIN_ANSWER = 1 << 20
"""An answer may have this many bytes in any case: a wrong shape is to be seen, not only refused."""


ORDINARY = frozenset({Outcome.OK, Outcome.NOT_IMPLEMENTED, Outcome.ERROR})
"""After any other outcome a shared worker is not asked again."""

MOST_LINES = 10**6
"""No submission has a line of this number."""

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

    header, parts: the request. started: the clocks of a call that is timed.
    """

    examination: Examination
    task: Task
    wanted: Wanted
    allowance: Allowance
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
    """Asks the functions of one submission, each in the worker of its task.

    early: see `Pool`.
    """

    zygote: Zygote
    submission: Submission
    course: Catalogue
    inspection: Inspection
    matched: Mapping[str, Definition] = field(init=False)
    outputs: dict[str, str] = field(default_factory=dict)
    early: Early | None = None
    _pool: Pool = field(init=False)
    _waiting: deque[Question] = field(default_factory=deque)
    _allowances: dict[str, Allowance] = field(default_factory=dict)
    _hidden: bool = False

    def __post_init__(self) -> None:
        found = self.inspection
        self.matched = matching.match(found.definitions, self.course, found.failures)
        files = self.submission.files
        self._pool = Pool(self.zygote, files, self.matched, found.plain, vocabulary(), self.early)

    @property
    def isolation(self) -> Isolation:
        """Return how the workers are isolated."""
        return self.zygote.isolation

    def close(self) -> None:
        """Keep what the current task printed, and end its worker if it is not a shared one."""
        task = self._pool.task
        # Nobody wants to know the answers to questions that are left, and they would be in the way.
        told = self._pool.let_go(end=bool(self._waiting)).decode("utf-8", "replace")
        self._waiting.clear()
        if task:
            self.outputs[task] = self.outputs.get(task, "") + told

    def end(self) -> None:
        """End every worker."""
        self.close()
        self._pool.end()

    def turn_to(self, visibility: str) -> None:
        """Ask public or hidden questions from now on; see `Examiner.turn_to`."""
        while self._waiting:
            self._receive()
        hidden = visibility == "hidden"
        if hidden != self._hidden and (self._hidden or self._pool.is_shared):
            self.close()
        self._hidden = hidden

    def ask(
        self,
        task: Task,
        inputs: Mapping[str, Value],
        wanted: Wanted = TENSOR,
        *,
        seconds: float | None = None,
        padded: bool = False,
        twice: bool = False,
        expect_bytes: int = 0,
    ) -> Answer:
        """Call the task's function in its worker; see `Examiner.ask`."""
        while self._waiting:  # or the processor time of the answer would be that of several
            self._receive()
        asked = self._question(task, inputs, wanted, padded, twice, expect_bytes)
        if seconds is not None:
            asked.allowance = Allowance(seconds)
        return self._asked(asked, timed=True).answer()

    def pose(
        self,
        task: Task,
        inputs: Mapping[str, Value],
        wanted: Wanted = TENSOR,
        *,
        padded: bool = False,
        twice: bool = False,
    ) -> Asked:
        """Ask and go on; see `Examiner.pose`."""
        return self._asked(self._question(task, inputs, wanted, padded, twice, 0))

    def _question(
        self,
        task: Task,
        inputs: Mapping[str, Value],
        wanted: Wanted,
        padded: bool,
        twice: bool,
        expect_bytes: int,
    ) -> Question:
        allowance = self._allowances.setdefault(task.full_name, Allowance(task.deadline_s))
        definition = self.matched.get(task.full_name)
        if definition is None or matching.missing(task, definition):
            return Question(self, task, wanted, allowance, known=self.unanswerable(task))
        cap = max(MIN_ANSWER, 4 * expect_bytes)
        frame = request(definition, inputs, wanted, padded, cap, twice=twice)
        return Question(self, task, wanted, allowance, *frame)

    def _asked(self, asked: Question, *, timed: bool = False) -> Question:
        """Send a question to the task's worker, unless its answer is known. Return the question."""
        if asked.known is None and asked.allowance.exceeded:
            asked.known = Answer(Outcome.TIMEOUT, asked.allowance.exceeded)
        if asked.known is not None:
            return asked
        if self._pool.task != asked.task.full_name:
            self.close()
        worker, loaded = self._engaged(asked)
        if loaded.outcome is not Outcome.OK:
            file = self.matched[asked.task.full_name].file
            asked.known = self._failed(loaded, f"{file} could not be loaded: ")
        else:
            # Before the request is out: a short one is answered before anyone waits for it.
            asked.started = worker.clocks() if timed else None
            worker.post(asked.header, asked.parts)
            self._waiting.append(asked)
        return asked

    def _engaged(self, asked: Question) -> tuple[Worker, Reply]:
        return self._pool.engage(asked.task.full_name, self._hidden, asked.allowance)

    def _receive(self) -> None:
        """Receive the answer to the question that has waited the longest."""
        asked = self._waiting[0]
        worker, loaded = self._engaged(asked)
        cap = asked.header["max_body"]
        reply = worker.receive(asked.allowance, max_body=cap, started=asked.started)
        blameless = reply.outcome not in ORDINARY and self._pool.give_up()
        if blameless and reply.outcome in EXHAUSTED:
            self._ask_again()
            return
        self._waiting.popleft()
        if reply.outcome is Outcome.OK:
            asked.known = self._answer(worker, reply, asked.wanted)
        else:
            told = reply.header.get("type") in ("LookupError", "NameError")
            asked.known = self._failed(reply, self._load_errors(loaded) if told else "")

    def _ask_again(self) -> None:
        """Put what has not been answered to a new worker: perhaps an earlier task has used up what
        this one lacks.
        """
        waiting = list(self._waiting)
        self.close()
        for asked in waiting:
            self._asked(asked, timed=asked.started is not None)

    def prepare(self, task: Task) -> None:
        """Start the worker of a task that is about to be examined, while another one is."""
        self._pool.prepare(task.full_name)

    def _answer(self, worker: Worker, reply: Reply, wanted: Wanted) -> Answer:
        assert reply.frame is not None
        try:
            tensors = wire.tensors_from_frame(reply.frame)
            expected = {"tensor": 1, "texts": 0}.get(wanted.kind, len(wanted.names))
            if len(tensors) != expected:
                raise wire.WireError(f"it has {len(tensors)} tensors in place of {expected}")
        except wire.WireError as error:
            refused = worker.refuse(f"the answer is malformed: {error}")
            self._pool.give_up()
            return Answer(refused.outcome, refused.message)
        header = reply.header
        return Answer(
            Outcome.OK,
            tensors=tensors,
            texts=texts_of(header),
            changed=names_of(header, "changed"),
            aliased=names_of(header, "aliased"),
            seconds=reply.seconds,
            cpu_seconds=reply.cpu_seconds,
        )

    @staticmethod
    def _load_errors(loaded: Reply) -> str:
        """Return the first error that running the file met; it may explain what comes after."""
        failures = loaded.header.get("failures")
        if not isinstance(failures, list) or not failures or not isinstance(failures[0], dict):
            return ""
        line, told = (plain(failures[0].get(key)) for key in ("line", "message"))
        return f"(line {line[:20]}: {told[:200]}) "

    def _failed(self, reply: Reply, context: str) -> Answer:
        header = reply.header
        line, kind, told = header.get("line"), header.get("type"), reply.message
        if reply.outcome is Outcome.POLICY:
            told += self._place(header.get("file"), line)
        elif isinstance(kind, str) and kind:
            told = f"{kind[:200]}: {told}"
        return Answer(
            reply.outcome,
            context + told,
            traceback=plain(header.get("traceback", "")),
            line=line if type(line) is int else None,
            seconds=reply.seconds,
            cpu_seconds=reply.cpu_seconds,
        )

    def _place(self, file: object, line: object) -> str:
        """Return where something was in a file of the submission, as far as a worker tells it."""
        if (
            not isinstance(file, str)
            or file not in self.submission.files
            or type(line) is not int
            or not 0 < line < MOST_LINES
        ):
            return ""
        return f" ({file}, line {line})"
