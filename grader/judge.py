"""The judge: what a check may do. It asks, compares with the reference, and keeps the record.

A check is a pytest test. It gets a judge for one task, and either the judge finds everything right
or it raises `CheckFailed`. The record is what the score report is built from.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from grader import diagnosis, heat_map, reference, verdict, wording
from grader.cases import Case
from grader.course import forward
from grader.course.catalogue import Task
from grader.course.network import Sizes
from grader.examiner import Answered, Asked, Examiner
from grader.question import Answer, Value, Wanted
from grader.reference import Reference
from grader.sandbox.host.reply import Outcome
from grader.verdict import Kind, Verdict, squeezed

STATUS_OF_OUTCOME = {
    Outcome.NOT_IMPLEMENTED: "not_attempted",
    Outcome.ERROR: "error",
    Outcome.TIMEOUT: "timeout",
    Outcome.MEMORY: "memory",
    Outcome.CRASHED: "crashed",
    Outcome.POLICY: "policy",
    Outcome.MALFORMED: "error",
}

PROPERTY = "backprop_ninja"
"""The property of a test under which its record is kept."""

CHAIN_BOUND = 1e-4
"""Largest error that is still rounding after up to 20 links, in units of the largest entry."""

TRUE_CHAIN_ONLY = (
    "right here, but it holds only because of what arrives on the chain from this loss (dprobs, "
    "for one, is zero but for the labels): for any other upstream gradient it is wrong"
)

LARGE_BATCH, SLOW = 200, 1.0
"""At this batch size honest Python loops take 0.2 s; finite differences take many seconds."""


class CheckFailed(Exception):
    """A check that a submission did not pass: the grader works as it should."""


@dataclass
class Record:
    """What one check found out about one task."""

    task: str
    status: str = "passed"
    message: str = ""
    line: int | None = None
    traceback: str = ""
    diagnosis: dict[str, str] | None = None
    verdicts: list[dict[str, Any]] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)
    picture: dict[str, Any] | None = None
    curve: dict[int, float | None] = field(default_factory=dict)
    suspicion: str = ""
    note: str = ""
    seconds: float = 0.0

    def as_dict(self) -> dict[str, Any]:
        """Return the record as plain data."""
        return dict(vars(self))


@dataclass
class Judge:
    """Puts one task of one submission to the test.

    What needs an answer is put off until `settle`, as far as possible: meanwhile the submission's
    worker computes, and references are computed here.

    asked: what was asked so far, by task and case; other judges of the task use it, too. draws:
    pictures of a wrong answer, and curves, are kept for the report.
    """

    examination: Examiner
    task: Task
    record: Record
    asked: dict[tuple[str, str], Asked] = field(default_factory=dict)
    draws: bool = False
    _put_off: list[Callable[[], object]] = field(default_factory=list)

    def settle(self) -> None:
        """Judge what was put off, in its order. Raises CheckFailed if something is wrong."""
        while self._put_off:
            self._put_off.pop(0)()

    def _later(self, name: str, step: Callable[[], object]) -> None:
        """Put off a step of a check; `name` is that of its case, if it has one."""
        self._put_off.append(step)

    def fail(self, status: str, message: str) -> None:
        """End the check. Raises CheckFailed."""
        self.record.status, self.record.message = status, message
        raise CheckFailed(message)

    # Gradients

    def gradient(self, case: Case) -> None:
        """Check the task's gradient on a case: numbers, shape and dtype.

        It fails if it is wrong, or right in a shape that differs by size-1 dimensions.
        """
        self._pose(case)
        self._later(case.name, lambda: self._compared(case))

    def _compared(self, case: Case) -> None:
        answer = self._gradient(case)
        self._flag_if_slow(case, answer)
        expected = self._reference(case)
        found = verdict.compare(answer.tensors[0], expected, self.examination.course.bound)
        self._keep(case.name, found)
        if found.kind is Kind.SHAPE:
            self.fail("shape", wording.of_verdict(found))
        if not found.kind.right:
            self._wrong(case, answer, found)

    def line(self, random: Sequence[Case], chains: Sequence[Case]) -> None:
        """Check an answer at the top level of a notebook: it is right for random upstream
        gradients, or else on every one of several true chains, which is what a notebook is. A chain
        on which the gradient vanishes shows nothing.

        A shape that differs by size-1 dimensions is no more than a note: there is no function that
        promises one, and broadcasting makes up for it.
        """
        for case in random:
            self._pose(case)
        self._later("", lambda: self._line(random, chains))

    def _line(self, random: Sequence[Case], chains: Sequence[Case]) -> None:
        wrong = self._first_wrong(random)
        if wrong is not None:
            telling = [case for case in chains if not self._vanishes(case)]
            if not telling or self._first_wrong(telling) is not None:
                self._wrong(*wrong)
            self.record.note = TRUE_CHAIN_ONLY
        shapes = [v for v in self.record.verdicts if v["kind"] == Kind.SHAPE.value]
        if shapes and not self.record.note:
            shape, expected = (tuple(shapes[0][key]) for key in ("shape", "expected_shape"))
            self.record.note = f"the numbers are right; the shape is {shape}, not {expected}"

    def _vanishes(self, case: Case) -> bool:
        """Tell whether zeros would be right on a case."""
        expected = self._reference(case)
        zeros = torch.zeros_like(expected.value)
        return verdict.compare(zeros, expected, self.examination.course.bound).kind.right

    def _first_wrong(self, several: Sequence[Case]) -> tuple[Case, Answer, Verdict] | None:
        """Return the first case on which the answer is wrong. Raises CheckFailed without one."""
        for case in several:
            answer = self._gradient(case)
            expected = self._reference(case)
            found = verdict.compare(answer.tensors[0], expected, self.examination.course.bound)
            self._keep(case.name, found)
            if not (found.kind.right or found.kind is Kind.SHAPE):
                return case, answer, found
        return None

    def _wrong(self, case: Case, answer: Answer, found: Verdict) -> None:
        """Say why an answer is wrong, and end the check. Raises CheckFailed."""
        expected = self._reference(case)
        told = diagnosis.of_gradient(self.task, case, answer, expected)
        self.record.diagnosis = told.as_dict() if told else None
        self._draw(case.name, found, answer.tensors[0], expected, case.sizes)
        self.fail("failed", wording.of_verdict(found))

    def _flag_if_slow(self, case: Case, answer: Answer) -> None:
        """Note a gradient that takes as long as finite differences would, at a large batch."""
        if case.sizes.n >= LARGE_BATCH and answer.cpu_seconds > SLOW:
            self.record.suspicion = (
                f"takes more than {SLOW:g} s of processor time at a batch of {case.sizes.n}"
            )

    def keeps_inputs(self, case: Case) -> None:
        """Check that a call changes none of its inputs and returns memory of its own.

        Whether an input was changed is what the submission's process says, and shows in its
        numbers: it is called again with the same tensors, and has to answer the same.
        """
        self._pose(case)
        inputs = self._given(case)
        again = self.examination.pose(self.task, inputs, padded=case.padded, twice=True)
        self._later(case.name, lambda: self._kept(case, again.answer()))

    def _kept(self, case: Case, again: Answer) -> None:
        answer = self._gradient(case)
        changed = answer.changed or again.changed
        if changed:
            self.record.diagnosis = diagnosis.in_place(changed).as_dict()
            names = ", ".join(changed)
            self.fail("failed", f"{names} was changed in place: other gradients still need it")
        bound = self.examination.course.bound * self._reference(case).unit
        same = verdict.same(self._good(again).tensors[0], answer.tensors[0], bound)
        self.require(same, "called again with the same tensors, it returns something else")
        promises = not self.examination.is_flat(self.task)
        if promises and answer.aliased and not reference.may_alias(self.task, case):
            names = ", ".join(answer.aliased)
            self.fail("failed", f"the answer shares its memory with {names}: return a new tensor")

    def follows_dtype(self, case: Case, narrow: Case) -> None:
        """Check the gradient in float64. Code that insists on float32 buffers is no mistake in the
        gradient: where it raises, whatever it says, it has to be right on `narrow` instead, a case
        of other sizes and other numbers.
        """
        self._pose(case)
        self._later(case.name, lambda: self._compared(narrow if self._raises(case) else case))

    def _raises(self, case: Case) -> bool:
        """Tell whether the function raised; one that returns what is no answer has no such line."""
        answer = self._answer(case)
        return answer.outcome is Outcome.ERROR and answer.line is not None

    def link(self, case: Case, links: dict[str, Tensor]) -> None:
        """Add the task's own answer to the chain of answers, and compare it with the true gradient.

        links: the submission's own gradients so far, by name, that take the place of the case's.
        """
        upstream = {name: links.get(name) for name in forward.upstream_names(self.task)}
        upstream["dloss"] = case.upstream["dloss"] if "dloss" in upstream else None
        lacking = [name for name in forward.upstream_names(self.task) if upstream[name] is None]
        if lacking:
            self.fail("not_attempted", f"the chain ends before, at {', '.join(lacking)}")
        own = {name: value for name, value in upstream.items() if value is not None}
        if all(_same(value, case.upstream[name]) for name, value in own.items()):
            # It was asked just that.
            self._pose(case)
            self._later("", lambda: self._linked(case, links, self._answer(case)))
            return
        asked = self.examination.pose(self.task, {**self._given(case), **own})
        self._later("", lambda: self._linked(case, links, asked.answer()))

    def _linked(self, case: Case, links: dict[str, Tensor], answer: Answer) -> None:
        self._good(answer)
        links[self.task.name] = answer.tensors[0]
        found = verdict.compare(answer.tensors[0], self._reference(case), CHAIN_BOUND)
        self._keep("chain", found)
        if found.kind is Kind.WRONG:
            self.fail("failed", wording.of_verdict(found))

    def _given(self, case: Case) -> dict[str, Value]:
        is_flat = self.examination.is_flat(self.task)
        return dict(case.flat_inputs(self.task) if is_flat else case.inputs(self.task))

    def _gradient(self, case: Case) -> Answer:
        return self._good(self._answer(case))

    def _pose(self, case: Case) -> None:
        """Ask about a case, without waiting for the answer."""
        key = (self.task.full_name, case.name)
        if key not in self.asked and case.sizes.n < LARGE_BATCH:
            inputs = self._given(case)
            self.asked[key] = self.examination.pose(self.task, inputs, padded=case.padded)
            self._reference(case)  # while the worker is at it

    def _answer(self, case: Case) -> Answer:
        key = (self.task.full_name, case.name)
        if key not in self.asked:
            told = self.examination.ask(self.task, self._given(case), padded=case.padded)
            self.asked[key] = Answered(told)
        return self.asked[key].answer()

    def _reference(self, case: Case) -> Reference:
        """Return the reference on a case."""
        name = self.task.full_name
        if name not in case.references:
            case.references[name] = reference.gradient(self.task, case)
        known: Reference = case.references[name]
        return known

    # Procedures

    def ask(
        self,
        inputs: Mapping[str, Value],
        kind: str = "tensor",
        names: Sequence[str] = (),
        *,
        expect_bytes: int = 0,
    ) -> Answer:
        """Call the task's function and return its answer. Raises CheckFailed if there is none."""
        wanted = Wanted(kind, tuple(names))
        return self._good(
            self.examination.ask(self.task, inputs, wanted, expect_bytes=expect_bytes)
        )

    def put(
        self, inputs: Mapping[str, Value], kind: str = "tensor", names: Sequence[str] = ()
    ) -> Callable[[], Answer]:
        """Put a question to the task's function, and go on. What is returned waits for the answer
        and returns it; it raises CheckFailed if there is none.
        """
        asked = self.examination.pose(self.task, inputs, Wanted(kind, tuple(names)))
        return lambda: self._good(asked.answer())

    def attempt(
        self, inputs: Mapping[str, Value], names: Sequence[str], expect_bytes: int
    ) -> list[Tensor] | None:
        """Call the task's function for something that is shown and not judged. Return its tensors,
        or None if there is no answer; then later calls get a process of their own.
        """
        wanted = Wanted("tensors", tuple(names))
        answer = self.examination.ask(self.task, inputs, wanted, expect_bytes=expect_bytes)
        if answer.outcome is Outcome.OK:
            return list(answer.tensors)
        self.examination.close()
        return None

    def matches(
        self, name: str, answer: Tensor, value: Tensor, rounded: Tensor, bound: float | None = None
    ) -> Verdict:
        """Check a tensor called `name` against `value` (float64) and the same in float32."""
        unit = reference.unit_of(value, rounded)
        expected = Reference(value, (), unit, rounded)
        found = verdict.compare(answer, expected, bound or self.examination.course.bound)
        self._keep(name, found)
        if found.kind is Kind.SHAPE:
            self.fail("shape", f"{name}: {wording.of_verdict(found)}")
        if not found.kind.right:
            self._draw(name, found, answer, expected, Sizes())
            self.fail("failed", f"{name}: {wording.of_verdict(found)}")
        return found

    def within(self, what: str, figure: float, limit: float, explain: str) -> None:
        """Check that a figure is at most its limit; keep both. `explain` says what it means."""
        self.record.facts[what] = figure if math.isfinite(figure) else None
        self.record.facts[f"{what} limit"] = limit
        if not figure <= limit:
            self.fail("failed", f"{what} is {figure:.4g}, the limit is {limit:.4g}: {explain}")

    def require(self, condition: bool, message: str) -> None:
        """Check anything else. Raises CheckFailed with the message."""
        if not condition:
            self.fail("failed", message)

    def _good(self, answer: Answer) -> Answer:
        self.record.seconds += answer.seconds
        if answer.outcome is not Outcome.OK:
            self.record.line, self.record.traceback = answer.line, answer.traceback
            self.fail(STATUS_OF_OUTCOME[answer.outcome], answer.message)
        return answer

    def _keep(self, name: str, found: Verdict) -> None:
        self.record.verdicts.append({"case": name, **found.as_dict()})

    def _draw(
        self, name: str, found: Verdict, answer: Tensor, expected: Reference, sizes: Sizes
    ) -> None:
        """Keep the heat maps of a wrong answer, if there is anything to be seen on them."""
        comparable = squeezed(found.shape) == squeezed(found.expected_shape)
        if self.draws and comparable and answer.numel() > 1:
            bound = self.examination.course.bound
            self.record.picture = heat_map.for_report(name, answer, expected, bound, sizes)


def _same(one: Tensor, other: Tensor) -> bool:
    return one.dtype == other.dtype and torch.equal(one, other)


def finite(tensors: Sequence[Tensor]) -> bool:
    """Tell whether every entry of every tensor is a finite number."""
    return all(bool(torch.isfinite(tensor).all()) for tensor in tensors)
