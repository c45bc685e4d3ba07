"""What the checks need of an examination: one who puts questions to a submission's functions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from grader import matching
from grader.course import forward
from grader.course.catalogue import Catalogue, Task
from grader.matching import Definition
from grader.question import TENSOR, Answer, Value, Wanted
from grader.sandbox.host.reply import Outcome, plain
from grader.sandbox.host.zygote import Isolation
from grader.submission import Submission


@dataclass
class Inspection:
    """What reading a submission's syntax trees told: functions, syntax errors, findings, and which
    files cannot leave anything behind in their process.
    """

    definitions: list[Definition]
    failures: list[dict[str, Any]]
    findings: list[dict[str, Any]]
    plain: frozenset[str] = frozenset()

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> Inspection:
        """Build one from what a reader told. Raises KeyError, TypeError or ValueError if that is
        malformed.
        """
        return cls(
            [Definition.from_plain(item) for item in plain["definitions"]],
            [dict(item) for item in plain["failures"]],
            [dict(item) for item in plain["findings"]],
            frozenset(str(name) for name in plain["plain"]),
        )


class Asked(Protocol):
    """A question that was asked."""

    def answer(self) -> Answer:
        """Wait for the answer, and return it; always the same one."""


@dataclass
class Answered:
    """A question whose answer is known."""

    known: Answer

    def answer(self) -> Answer:
        """Return it."""
        return self.known


class Examiner:
    """What the checks need of an examination, and what it says without asking anything."""

    submission: Submission
    course: Catalogue
    inspection: Inspection
    matched: Mapping[str, Definition]
    outputs: dict[str, str]

    @property
    def isolation(self) -> Isolation:
        """Return how the submission's code is isolated."""
        raise NotImplementedError

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
        """Call the task's function with what it asks for.

        inputs: everything on offer, by the course's own names. padded: hand matrices over as
        non-contiguous views. twice: call it twice with the same tensors, and answer with what it
        returns then. seconds: what this call may take, in place of what is left of the task's own
        time. expect_bytes: the size of a right answer.
        """
        raise NotImplementedError

    def turn_to(self, visibility: str) -> None:
        """Ask `public` or `hidden` questions from now on. What the submission says to public ones
        is shown to students, so no process is asked one after it has received a hidden one, and
        every public one is answered before.
        """

    def pose(
        self,
        task: Task,
        inputs: Mapping[str, Value],
        wanted: Wanted = TENSOR,
        *,
        padded: bool = False,
        twice: bool = False,
    ) -> Asked:
        """Ask without waiting for the answer, where that is possible; see `ask`. Its
        processor time is not told, as it cannot be told from that of other questions.
        """
        return Answered(self.ask(task, inputs, wanted, padded=padded, twice=twice))

    def prepare(self, task: Task) -> None:
        """Get ready for a task that is about to be examined."""

    def is_flat(self, task: Task) -> bool:
        """Tell whether the answer to a task is a variable at the top level of a notebook."""
        definition = self.matched.get(task.full_name)
        return definition is not None and definition.form == "flat"

    def close(self) -> None:
        """Let go of what the current task needed."""

    def end(self) -> None:
        """Let go of everything."""
        self.close()

    def unanswerable(self, task: Task) -> Answer:
        """Say why a task cannot be asked: no function, one that does not parse, or one that asks
        for what is not on offer.
        """
        definition = self.matched.get(task.full_name)
        if definition is not None:
            lacking = matching.missing(task, definition)
            return Answer(Outcome.ERROR, _not_on_offer(task, lacking), line=definition.line)
        failure = matching.failure_of(task, self.inspection.failures, self.course)
        if failure is not None:
            line = failure.get("line")
            return Answer(
                Outcome.ERROR,
                plain(failure.get("message")),
                traceback=plain(failure.get("traceback")),
                line=line if type(line) is int else None,
            )
        return Answer(Outcome.NOT_IMPLEMENTED, f"there is no function {task.name}")


def _not_on_offer(task: Task, lacking: Sequence[str]) -> str:
    names = ", ".join(f"'{name}'" for name in lacking)
    upstream = ", ".join(forward.upstream_names(task)) or "none"
    others = [name for name in forward.offers(task) if name not in forward.upstream_names(task)]
    return (
        f"{task.name} asks for {names}, which is not on offer. On offer are the upstream gradients "
        f"({upstream}) and {', '.join(others)}."
    )
