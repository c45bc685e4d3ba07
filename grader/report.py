"""The score report: one validated, versioned model that every rendering is a pure function of.

`docs/report.md` explains each field; `docs/report.schema.json` is the JSON Schema of this model.
"""

from __future__ import annotations

import json
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

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
Visibility = Literal["public", "hidden"]
Isolation = Literal["jail", "process", "in-process"]


class Model(BaseModel):
    """What all parts of the report share: no field beyond those that are written down."""

    model_config = ConfigDict(extra="forbid", frozen=True)


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


class Check(Model):
    """One check of one task: one pytest test."""

    name: str
    title: str
    visibility: Visibility
    part: str | None
    status: Status
    message: str
    diagnosis: Diagnosis | None
    line: int | None
    traceback: str
    figures: list[Figures]
    facts: dict[str, float | None]


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
    line: int | None
    traceback: str
    output: str
    parts: dict[str, float] = Field(description="points by separately judged part")
    checks: list[Check]
    duration_s: float


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


class Finding(Model):
    """A place where the code leaves the course's contract, for a person to judge."""

    id: str
    file: str
    line: int
    rule: str
    what: str
    reason: str
    tasks: list[str] = Field(description="tasks whose functions depend on that place")
    bars: bool = Field(description="those tasks earn nothing until a person allows it")
    allowed: bool = Field(description="a person has looked at it and allowed it")


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

    schema_version: Literal["1.0"] = "1.0"
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
    policy: list[Finding]
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
    return Report.model_json_schema()


def for_student(report: Report) -> Report:
    """Return the student's projection: of a hidden check, no more than its title and its result.

    The task's own figures, message and diagnosis are those of the public checks.
    """
    tasks = [_task_for_student(task) for task in report.tasks]
    training = report.training
    if training is not None:
        training = training.model_copy(update={"loss": _public_loss(report)})
    update = {"view": "student", "seed": None, "tasks": tasks, "training": training}
    return report.model_copy(update=update)


def _public_loss(report: Report) -> float | None:
    checks = [check for task in report.tasks for check in task.checks]
    losses = [c.facts.get("loss") for c in checks if c.visibility == "public"]
    return next((loss for loss in losses if loss is not None), None)


def _task_for_student(task: TaskReport) -> TaskReport:
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
    if task.status in ("policy", "infrastructure"):
        shown |= {"diagnosis": None, "traceback": ""}
        if task.status == "infrastructure":
            shown["message"] = "the grader failed here; this is not your fault"
    elif task.status != "passed":
        shown |= _told(public + hidden)
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
    fields = ("status", "message", "diagnosis", "line", "traceback")
    return {field: getattr(telling, field) for field in fields}


def largest(figures: list[float | None]) -> float | None:
    """Return the largest figure; None if one of them cannot be given, or if there is none."""
    if not figures or any(figure is None for figure in figures):
        return None
    return max(figure for figure in figures if figure is not None)


def schema_text() -> str:
    """Return the JSON Schema as the file that is kept of it."""
    return json.dumps(schema(), indent=2) + "\n"
