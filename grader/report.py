"""The score report: one validated, versioned model that every rendering is a pure function of.

`docs/report.md` explains each field; `docs/report.schema.json` is the JSON Schema of this model.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

Status = Literal[
    "passed",
    "shape",
    "failed",
    "error",
    "timeout",
    "memory",
    "crashed",
    "policy",
    "not_attempted",
    "infrastructure",
]
State = Literal["open", "cleared", "upheld"]
STANDING: dict[State, str] = {
    "open": "for a person to judge",
    "cleared": "cleared by a person",
    "upheld": "upheld by a person",
}
Visibility = Literal["public", "hidden"]
Isolation = Literal["jail", "process", "in-process"]


class Model(BaseModel):
    """What all parts of the report share: no field beyond those that are written down."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, json_schema_serialization_defaults_required=True
    )


class Worst(Model):
    """The entry of an answer that is furthest off."""

    index: list[int]
    yours: float | None
    expected: float | None


class Figures(Model):
    """One comparison of an answer with its reference."""

    case: str
    kind: Literal["exact", "within noise", "shape", "wrong"]
    error: float | None = Field(description="in units of the reference; null: not comparable")
    max_abs: float | None = Field(description="largest absolute difference; null: not comparable")
    exact: bool
    approx: bool
    shape: list[int]
    expected_shape: list[int]
    dtype: str
    worst: Worst | None
    note: str


class Diagnosis(Model):
    """Why an answer is wrong, where its numbers show it."""

    id: str
    says: str
    nudge: str


class Mark(Model):
    """An entry that is far off, and the cell of the maps that it lies in."""

    row: int
    column: int
    index: list[int]
    yours: float | None
    expected: float | None


class Picture(Model):
    """A wrong answer, the reference and their difference as heat maps."""

    case: str
    rows: str
    columns: str
    size: list[int] = Field(description="rows and columns of the tensor as it is laid out")
    block: list[int] = Field(description="a cell is the largest of so many rows and columns")
    scale: float = Field(description="of yours and expected")
    difference_scale: float
    largest: float = Field(description="largest finite entry of the answer; may exceed the scale")
    off: int = Field(description="how many entries differ by more than rounding")
    yours: list[str] = Field(description="rows of whole numbers, in thousandths of the scale")
    expected: list[str]
    difference: list[str]
    marks: list[Mark]
    note: str


class Check(Model):
    """One check of one task: one pytest test."""

    name: str
    title: str
    visibility: Visibility
    part: str | None
    status: Status
    message: str
    diagnosis: Diagnosis | None
    cell: int | None = Field(default=None, description="of a notebook; the line is in that cell")
    line: int | None
    traceback: str
    figures: list[Figures]
    facts: dict[str, float | None]
    picture: Picture | None = None


class TaskReport(Model):
    """One graded function."""

    name: str
    exercise: str
    full_name: str
    status: Status
    points: float
    max_points: float
    is_bonus: bool
    max_relative_error: float | None
    max_abs_error: float | None
    message: str
    diagnosis: Diagnosis | None
    file: str | None
    cell: int | None = Field(default=None, description="of a notebook; the line is in that cell")
    line: int | None
    function_cell: int | None = Field(default=None, description="where the answer begins")
    function_line: int | None = Field(default=None, description="where the answer begins")
    traceback: str
    output: str
    parts: dict[str, float] = Field(description="points by separately judged part")
    checks: list[Check]
    duration_s: float

    @property
    def place(self) -> str:
        """Return where the answer is, `ex1_backward.py:12`; an empty text if there is none."""
        return place_of(self.file, self.cell, self.line)


def place_of(file: str | None, cell: int | None, line: int | None) -> str:
    """Return a place in words: `ex1.py:12`, or `mine.ipynb, cell 7, line 3`."""
    if not file or line is None:
        return file or ""
    return f"{file}:{line}" if cell is None else f"{file}, cell {cell}, line {line}"


class ExerciseReport(Model):
    """The sum over an exercise's tasks."""

    key: str
    title: str
    score: float
    max_score: float
    is_bonus: bool


class Chain(Model):
    """The submission's own gradients as one chain from the loss to C. Shown, never scored."""

    complete: bool
    right: int
    total: int
    max_relative_error: float | None
    first_wrong: str | None


class CurvePoint(Model):
    """The loss after some steps of training, and what the reference solution has there."""

    steps: int
    loss: float | None
    mean: float | None
    sd: float | None


class Training(Model):
    """What the grader computed from the parameters that the training loop left behind."""

    loss: float | None
    threshold: float
    mean: float
    sd: float
    seeds: int
    losses: list[float]
    steps: int
    corpus: str
    curve: list[CurvePoint] = []


class Finding(Model):
    """A place where the code may differentiate by numbers or by itself: evidence for a person."""

    id: str
    file: str
    cell: int | None = Field(default=None, description="of a notebook; the line is in that cell")
    line: int
    kind: Literal["differences", "complex", "tape", "time", "unread"]
    what: str
    reason: str
    tasks: list[str] = Field(description="tasks whose functions depend on that place")
    state: State = Field(description="what a person has said; an upheld one costs the tasks")

    @property
    def place(self) -> str:
        """Return where that is."""
        return place_of(self.file, self.cell, self.line)

    @property
    def standing(self) -> str:
        """Return the state in words."""
        return STANDING[self.state]


class SubmissionFacts(Model):
    """Which submission this is."""

    name: str
    digest: str
    notes: list[str]


class Environment(Model):
    """What graded: versions that a result may depend on."""

    grader: str
    course: str = Field(description="digest of forward lines, tasks and checks")
    python: str
    torch: str
    system: str
    machine: str


class Sandbox(Model):
    """What stood between the submission and the machine."""

    layers: list[str]
    missing: list[str]


class HiddenChecks(Model):
    """How the hidden checks went, or that they were withheld."""

    run: bool
    passed: int | None
    total: int | Literal["withheld"]


class Report(Model):
    """A graded submission."""

    schema_version: Literal["2.0"] = "2.0"
    view: Literal["staff", "student"]
    score: float
    max_score: float
    bonus: float
    max_bonus: float
    exercises: list[ExerciseReport]
    tasks: list[TaskReport]
    hidden: HiddenChecks
    chain: Chain
    training: Training | None
    isolation: Isolation
    sandbox: Sandbox
    findings: list[Finding] = Field(description="evidence; of a student's view, upheld ones only")
    submission: SubmissionFacts
    environment: Environment
    seed: str | None = Field(description="staff's view only")
    duration_s: float

    def as_json(self) -> str:
        """Return the report as JSON text, ending in a newline."""
        return self.model_dump_json(indent=2) + "\n"

    def has_infrastructure_faults(self) -> bool:
        """Tell whether the grader itself failed somewhere: such a score must not be used."""
        return any(task.status == "infrastructure" for task in self.tasks)


def schema() -> dict[str, Any]:
    """Return the JSON Schema of a report."""
    return Report.model_json_schema(mode="serialization")


def for_student(report: Report) -> Report:
    """Return the student's projection: of a hidden check, no more than its title and its result.

    The task's own figures, message and diagnosis are those of the public checks. Evidence that
    nobody has judged, or that was cleared, is no business of the student's.
    """
    upheld = [finding for finding in report.findings if finding.state == "upheld"]
    judged = {name for finding in upheld for name in finding.tasks}
    training = report.training
    if training is not None:
        training = training.model_copy(update={"loss": _public_loss(report)})
    update = {
        "view": "student",
        "seed": None,
        "tasks": [
            _task_for_student(task, judged=task.full_name in judged) for task in report.tasks
        ],
        "training": training,
        "findings": upheld,
        # A function can take as long as it likes over what it sees in a hidden case.
        "duration_s": 0.0 if report.hidden.run else report.duration_s,
    }
    return report.model_copy(update=update)


def _public_loss(report: Report) -> float | None:
    checks = [check for task in report.tasks for check in task.checks]
    losses = [c.facts.get("loss") for c in checks if c.visibility == "public"]
    return next((loss for loss in losses if loss is not None), None)


def _task_for_student(task: TaskReport, *, judged: bool) -> TaskReport:
    public = [check for check in task.checks if check.visibility == "public"]
    hidden = [_hidden_for_student(check) for check in task.checks if check.visibility == "hidden"]
    figures = [figure for check in public for figure in check.figures]
    shown: dict[str, Any] = {
        "checks": public + hidden,
        "max_relative_error": largest([figure.error for figure in figures]),
        "max_abs_error": largest([figure.max_abs for figure in figures]),
    }
    if hidden:
        # A function can print and measure what it sees in a hidden case.
        shown |= {"output": "", "duration_s": 0.0}
    begins = {"cell": task.function_cell, "line": task.function_line}
    if judged or task.status == "infrastructure":
        shown |= {"diagnosis": None, "traceback": "", **begins}
        if task.status == "infrastructure":
            shown["message"] = "the grader failed here; this is not your fault"
    elif task.status != "passed":
        shown |= _told(public + hidden)
        shown |= begins if shown.get("line") is None else {}
    else:  # a note, if it is one of a public check
        shown["message"] = next((check.message for check in public if check.message), "")
    return task.model_copy(update=shown)


def _hidden_for_student(check: Check) -> Check:
    return Check(
        name=check.name,
        title=check.title,
        visibility="hidden",
        part=check.part,
        status="passed" if check.status == "passed" else "failed",
        message="" if check.status == "passed" else f"a hidden check failed: {check.title}",
        diagnosis=None,
        line=None,
        traceback="",
        figures=[],
        facts={},
    )


def _told(checks: list[Check]) -> dict[str, Any]:
    """Return what a task says about its gravest check, the public ones first."""
    telling = next((check for check in checks if check.status != "passed"), None)
    if telling is None:
        return {}
    fields = ("status", "message", "diagnosis", "cell", "line", "traceback")
    return {field: getattr(telling, field) for field in fields}


def total(tasks: Sequence[TaskReport], *, bonus: bool) -> float:
    """Return the points of tasks: of those that are a bonus, or of the others."""
    return round(sum(task.points for task in tasks if task.is_bonus == bonus), 6)


def largest(figures: list[float | None]) -> float | None:
    """Return the largest figure; None if one of them cannot be given, or if there is none."""
    if not figures or any(figure is None for figure in figures):
        return None
    return max(figure for figure in figures if figure is not None)


def parsed(text: bytes) -> Report:
    """Return the report that a file holds. Raises ValueError, which says in a sentence what is
    wrong without repeating it: a file may hold anything.
    """
    try:
        return Report.model_validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise ValueError(f"{place}: {first['msg']}"[:200].removeprefix(": ")) from None


def schema_text() -> str:
    """Return the JSON Schema as the file that is kept of it."""
    return json.dumps(schema(), indent=2) + "\n"
