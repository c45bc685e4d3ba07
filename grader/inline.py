"""Examine a submission in the grader's own process: for its author, never for a score.

There is no isolation whatsoever, so `breakpoint()` works, and so do machines that cannot fork.
Staff never grade like this.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

from grader import matching
from grader.course.catalogue import Catalogue, Task
from grader.course.vocabulary import vocabulary
from grader.examiner import Examiner, Inspection
from grader.in_process import InProcess
from grader.matching import Definition
from grader.question import TENSOR, Answer, Value, Wanted, arguments
from grader.sandbox.guest import callables, loader, no_autograd, stand_ins
from grader.sandbox.guest.flat.names import Vocabulary
from grader.sandbox.guest.flat.reading import Reading
from grader.sandbox.guest.source.parse import parse
from grader.sandbox.guest.source.survey import survey
from grader.sandbox.host.reply import Outcome
from grader.sandbox.host.zygote import Isolation
from grader.submission import Submission

ISOLATION = Isolation("in-process", (), ("any isolation: the code runs in the grader",), {})


def inspect(submission: Submission) -> Inspection:
    """Read a submission's syntax trees in this process."""
    texts = {name: text.decode() for name, text in submission.files.items()}
    return Inspection.from_plain(survey(texts, Vocabulary.from_plain(vocabulary())))


@dataclass
class Inline(Examiner):
    """Calls the functions of a submission directly."""

    submission: Submission
    course: Catalogue
    inspection: Inspection
    matched: Mapping[str, Definition] = field(init=False)
    outputs: dict[str, str] = field(default_factory=dict)
    _modules: dict[str, ModuleType] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.matched = matching.match(
            self.inspection.definitions, self.course, self.inspection.failures
        )

    @property
    def isolation(self) -> Isolation:
        """No isolation at all."""
        return ISOLATION

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
        """Call the task's function with what it asks for; there is no deadline."""
        definition = self.matched.get(task.full_name)
        if definition is None or matching.missing(task, definition):
            return self.unanswerable(task)
        with no_autograd.installed(), self._importing():
            function = self._function(definition)
        if function is None:
            return Answer(Outcome.ERROR, f"{definition.name} was not defined when the file was run")
        positional, keyword = arguments(definition, inputs)

        @no_autograd.installed()
        def called(**given: Any) -> Any:
            named = {name: given[own] for name, own in keyword.items()}
            return function(*(given[own] for own in positional), **named)

        own = {name: inputs[name] for name in (*positional, *keyword.values())}
        with self._importing():
            asked = InProcess(self.course, called, tuple(self.submission.files))
            return asked.ask(task, own, wanted, twice=twice)

    @contextlib.contextmanager
    def _importing(self) -> Iterator[None]:
        """Let the submission's files import each other, and what is not there."""
        texts = {name: text.decode() for name, text in self.submission.files.items()}
        siblings = loader.Siblings(texts)
        sys.meta_path.insert(0, siblings)
        try:
            with stand_ins.installed(texts):
                yield
        finally:
            sys.meta_path.remove(siblings)
            for name, module in list(sys.modules.items()):
                if getattr(module, "__loader__", None) is siblings:
                    del sys.modules[name]

    @contextlib.contextmanager
    def _running(self, module: ModuleType) -> Iterator[None]:
        """Let others know a module by its name while it is run: decorators look it up."""
        before = sys.modules.get(module.__name__)
        sys.modules[module.__name__] = module
        try:
            yield
        finally:
            del sys.modules[module.__name__]
            sys.modules.update({module.__name__: before} if before else {})

    def _function(self, definition: Definition) -> Callable[..., Any] | None:
        if definition.form != "function":
            return self._of_notebook(definition)
        if definition.file not in self._modules:
            module = ModuleType(definition.file.removesuffix(".py"))
            self._modules[definition.file] = module
            text = self.submission.files[definition.file].decode()
            with self._running(module):
                loader.run_statements(definition.file, text, vars(module))
        found = vars(self._modules[definition.file]).get(definition.name)
        return found if callable(found) else None

    def _of_notebook(self, definition: Definition) -> Callable[..., Any] | None:
        file = definition.file
        text = self.submission.files[file].decode()
        loader.remember(file, text)
        words = Vocabulary.from_plain(vocabulary())
        reading = Reading(parse(file, text)[0], words)
        if definition.form == "flat":
            return callables.answer(file, reading, definition.task)
        found, _ = callables.function(file, reading, definition.name, definition.line, {})
        return found if callable(found) else None
