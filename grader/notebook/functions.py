"""Check a function that a notebook defines: in the notebook's own process, by the public checks.

There is no isolation whatsoever, so `breakpoint()` works and helpers of other cells are there. A
score never comes from here.
"""

from __future__ import annotations

import contextlib
import dis
import inspect
import io
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

import torch

from grader import grade, inline, matching
from grader.course import aliases, catalogue, forward
from grader.course.catalogue import Catalogue, Task
from grader.examiner import Examiner, Inspection
from grader.in_process import InProcess
from grader.matching import Definition
from grader.options import Options
from grader.question import TENSOR, Answer, Value, Wanted
from grader.report import TaskReport
from grader.sandbox.guest import loader, no_autograd
from grader.sandbox.host.reply import Outcome
from grader.sandbox.host.zygote import Isolation
from grader.submission import Submission

PLAIN = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


class Calls:
    """Calls a function by its own spelling of what is on offer, and remembers how it failed.

    What it prints is shown once: the checks call a function several times.
    """

    def __init__(self, function: FunctionType, task: Task) -> None:
        offered = set(forward.offers(task))
        asked = inspect.signature(function).parameters.values()
        own = {aliases.canonical(p.name, offered): p.name for p in asked if p.kind in PLAIN}
        self._own = {name: spelt for name, spelt in own.items() if name in offered}
        self._function = function
        self._stdout = sys.stdout
        self.failure: loader.Failure = {}
        self.__signature__ = inspect.Signature(
            [inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY) for name in self._own]
        )

    def __call__(self, **given: Any) -> Any:
        """Call the function, with autograd off as it is when it is graded."""
        shown, self._stdout = self._stdout, io.StringIO()
        try:
            with contextlib.redirect_stdout(shown), no_autograd.installed():
                return self._function(**{self._own[name]: value for name, value in given.items()})
        except NotImplementedError:
            raise
        except (Exception, SystemExit) as error:
            self.failure = loader.failure(error, [self._function.__code__.co_filename])
            if isinstance(error, SystemExit):
                raise RuntimeError("the function tried to end the notebook's process") from None
            raise


@dataclass
class InNotebook(Examiner):
    """Asks one function of a notebook about one task."""

    function: FunctionType
    task: Task
    definition: Definition
    submission: Submission
    course: Catalogue
    inspection: Inspection
    matched: Mapping[str, Definition]
    outputs: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._calls = Calls(self.function, self.task)

    @property
    def isolation(self) -> Isolation:
        """No isolation at all."""
        return inline.ISOLATION

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
        """Call the function with what it asks for; there is no deadline."""
        if matching.missing(task, self.definition):
            return self.unanswerable(task)
        asked = InProcess(self.course, self._calls)
        answer = asked.ask(task, inputs, wanted, padded=padded, twice=twice)
        failure = self._calls.failure
        if answer.outcome not in (Outcome.ERROR, Outcome.POLICY) or not failure:
            return answer
        told = answer.message
        if answer.outcome is Outcome.POLICY and failure["line"]:
            told += f" ({self.definition.file}, line {failure['line']})"
        return replace(answer, message=told, traceback=failure["traceback"], line=failure["line"])


def check(task: Task, name: str, function: FunctionType) -> TaskReport:
    """Run the public checks of a task on a function that a notebook calls `name`.

    Raises KeyboardInterrupt if the notebook is interrupted, SandboxError if the checks themselves
    do not run.
    """
    found = definition(name, function)
    exam = InNotebook(
        function=function,
        task=task,
        definition=found,
        submission=Submission("notebook", {}, ""),
        course=catalogue.course(),
        inspection=Inspection([found], [], []),
        matched={task.full_name: found},
    )
    options = Options("public", public_only=True, tasks=(task.full_name,))
    return grade.grade_exam(exam, options).tasks[0]


def definition(name: str, function: FunctionType) -> Definition:
    """Return a function as its signature shows it."""
    asked = [p for p in inspect.signature(function).parameters.values() if p.kind in PLAIN]
    keyword_only = inspect.Parameter.KEYWORD_ONLY
    line = function.__code__.co_firstlineno
    return Definition(
        name=name,
        file=_home(name, function),
        line=line,
        end=line,
        positional=tuple(p.name for p in asked if p.kind is not keyword_only),
        keyword=tuple(p.name for p in asked if p.kind is keyword_only),
        required=tuple(p.name for p in asked if p.default is inspect.Parameter.empty),
    )


def _home(name: str, function: FunctionType) -> str:
    """Return the file that a function is from, or in words the cell."""
    file = Path(function.__code__.co_filename)
    is_cell = function.__module__ == "__main__" or file.suffix != ".py"
    return f"the cell of {name}" if is_cell else file.name


def borrowed(task: Task, function: FunctionType) -> list[str]:
    """Return the names on offer that a function takes from the notebook, not from its parameters.

    When the function is graded, such a variable is not there, or is that of another batch.
    """
    sizes_and_tensors = set(forward.offers(task)) - {"loss"}
    return sorted(
        name
        for name in set(_globals_of(function.__code__))
        if aliases.canonical(name, sizes_and_tensors) in sizes_and_tensors
        and isinstance(function.__globals__.get(name), (torch.Tensor, int))
    )


def _globals_of(code: CodeType) -> Iterator[str]:
    for instruction in dis.get_instructions(code):
        if instruction.opname == "LOAD_GLOBAL":
            yield str(instruction.argval)
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _globals_of(constant)


def fitting(name: str, function: Callable[..., Any]) -> list[Task]:
    """Return the tasks that a function of this name can be meant for, told by what it asks for."""
    course = catalogue.course()
    if not isinstance(function, FunctionType):
        return []
    matched = matching.match([definition(name, function)], course)
    return [task for task in course.tasks if task.full_name in matched]
