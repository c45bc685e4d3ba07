"""The pytest plugin: tasks become parameters, checks become records.

A check is a test with the marker `law(selection, part=None, scored=True, form="function")`. It runs
once for each task that the selection names: `"gradients"` for every gradient, an exercise's key, or
the full name of a task. `form` says for which answers: functions, lines of a `"flat"` notebook, or
`"any"`. Checks in `tests/hidden` are hidden, all others are public.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest
from torch import Tensor

from grader import cases, drawn
from grader.cases import Case
from grader.course import forward
from grader.course.catalogue import Catalogue, Task
from grader.examiner import Examiner
from grader.judge import PROPERTY, Judge, Record
from grader.question import Answer

if TYPE_CHECKING:
    from grader.corpus import Splits

MARKER = (
    'law(*selection, part=None, scored=True, form="function"): a check that runs for each of '
    "these tasks"
)


def selected(task: Task, selection: tuple[str, ...]) -> bool:
    """Tell whether a selection names a task."""
    is_gradient = forward.tensor_of(task) is not None
    return (
        ("gradients" in selection and is_gradient)
        or task.exercise.key in selection
        or task.full_name in selection
    )


class CoursePlugin:
    """Serves the checks of one examination."""

    def __init__(
        self,
        examination: Examiner,
        *,
        seed: str,
        corpus: str,
        tasks: tuple[Task, ...] | None = None,
        on_task: Callable[[Task], None] | None = None,
    ) -> None:
        self._examination = examination
        self._tasks = examination.course.tasks if tasks is None else tasks
        self._seed = seed
        self._corpus = corpus
        self._on_task = on_task or (lambda task: None)
        self._answers: dict[tuple[str, str], Answer] = {}
        self._drawn: set[str] = set()
        self._links: dict[str, Tensor] = {}
        self._following: dict[str, Task] = {}
        self._splits: Splits | None = None

    # Collection

    def pytest_configure(self, config: pytest.Config) -> None:
        """Make the marker known."""
        config.addinivalue_line("markers", MARKER)

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """Run a check once for every task that it selects."""
        marker = metafunc.definition.get_closest_marker("law")
        if marker is None:
            return
        form = marker.kwargs.get("form", "function")
        tasks = [
            task
            for task in self._tasks
            if selected(task, marker.args)
            and form in ("any", "flat" if self._examination.is_flat(task) else "function")
        ]
        metafunc.parametrize("task", tasks, ids=[task.label for task in tasks])

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Group the checks by task: each task has one worker, and a chain needs this order."""
        place = {task.full_name: index for index, task in enumerate(self._tasks)}
        self._following = dict(zip(place, self._tasks[1:], strict=False))

        def order(item: pytest.Item) -> int:
            task = _task_of(item)
            return place[task.full_name] if task else -1

        items.sort(key=order)

    # Running

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(
        self, item: pytest.Item, nextitem: pytest.Item | None
    ) -> Iterator[None]:
        """Start the next task's worker early; after a task's last check, let go of its own."""
        task, following = _task_of(item), _task_of(nextitem) if nextitem else None
        if task and task.full_name in self._following:
            self._examination.prepare(self._following[task.full_name])
        result = yield
        if task and (following is None or following.full_name != task.full_name):
            self._examination.close()
            self._answers.clear()
            self._on_task(task)
        return result

    # Fixtures

    @pytest.fixture
    def judge(self, request: pytest.FixtureRequest, task: Task) -> Iterator[Judge]:
        """A judge for the task; its record becomes a property of the test."""
        marker = request.node.get_closest_marker("law")
        hidden = request.path.parent.name == "hidden"
        record = Record(task=task.full_name)
        # A check that ends in any other way than by the judge's word is the grader's fault.
        record.status = "infrastructure"
        about = {
            "law": request.node.originalname,
            "title": (request.function.__doc__ or "").strip().split("\n")[0],
            "part": marker.kwargs.get("part"),
            "scored": marker.kwargs.get("scored", True),
            "visibility": "hidden" if hidden else "public",
        }
        # One picture a task is enough: that of the first check that fails.
        draws = task.full_name not in self._drawn
        yield Judge(self._examination, task, record, self._answers, draws)
        if record.picture is not None:
            self._drawn.add(task.full_name)
        request.node.user_properties.append((PROPERTY, {**about, **record.as_dict()}))

    @pytest.hookimpl(wrapper=True)
    def pytest_pyfunc_call(self, pyfuncitem: pytest.Function) -> Iterator[None]:
        """A check that returns has passed; nothing else makes a record say so."""
        result = yield
        judge = pyfuncitem.funcargs.get("judge")
        if isinstance(judge, Judge):
            judge.record.status = "passed"
        return result

    @pytest.fixture
    def draw(self, task: Task) -> Callable[..., Case]:
        """Draw a case for the task's exercise from the run's seed, once for all of its tasks."""
        return functools.partial(drawn.case, self._seed, task.exercise.key)

    @pytest.fixture
    def public(self, task: Task) -> Callable[..., Case]:
        """Draw a case from a seed that is the same in every run."""
        return functools.partial(drawn.case, drawn.PUBLIC, task.exercise.key)

    @pytest.fixture
    def chain(self, task: Task) -> Callable[..., Case]:
        """Draw a true chain from the run's seed."""
        return functools.partial(drawn.chain, self._seed, task.exercise.key)

    @pytest.fixture
    def public_chain(self, task: Task) -> Callable[..., Case]:
        """Draw a true chain from a seed that is the same in every run."""
        return functools.partial(drawn.chain, drawn.PUBLIC, task.exercise.key)

    @pytest.fixture
    def lecture(self, task: Task) -> Case:
        """The lecture's batch, on the true chain."""
        return drawn.lecture(self._corpus, task.exercise.key)

    @pytest.fixture
    def links(self) -> dict[str, Tensor]:
        """The submission's own gradients so far, for the chain from the loss to C."""
        return self._links

    @pytest.fixture
    def splits(self) -> Splits:
        """The corpus of the run as contexts and labels."""
        if self._splits is None:
            self._splits = cases.splits_of(self._corpus)
        return self._splits

    @pytest.fixture
    def seed(self) -> str:
        """The run's seed: the staff's, or a fresh one."""
        return self._seed

    @pytest.fixture
    def corpus(self) -> str:
        """The name of the run's corpus."""
        return self._corpus

    @pytest.fixture
    def course(self) -> Catalogue:
        """The catalogue of tasks, with its limits."""
        return self._examination.course


def _task_of(item: pytest.Item) -> Task | None:
    task = getattr(item, "callspec", None) and item.callspec.params.get("task")  # type: ignore[attr-defined]
    return task if isinstance(task, Task) else None
