"""The laws of the course, one test each, and what a broken law looks like."""

from __future__ import annotations

import pytest

from grader import grade, laws, trial
from grader.course import catalogue, forward, misconceptions
from grader.errors import SandboxError
from grader.judge import Judge
from grader.options import ROOT, Options
from grader.submission import read_for_course


@pytest.mark.parametrize("law", [laws.names, laws.hints, laws.points, laws.derivation, laws.files])
def test_law_of_the_catalogue(law):
    """The catalogue of tasks is in order."""
    assert law() == []


def test_solutions_earn_everything(zygote):
    """The reference solutions earn 100 points and the whole bonus."""
    report = laws.graded(zygote, ROOT / "solutions")
    assert laws.unless_full(report) == []
    assert (report.score, report.max_score) == (100.0, 100.0)
    assert report.bonus == report.max_bonus
    assert report.chain.complete
    assert report.chain.right == 26


def test_stubs_earn_nothing(zygote):
    """Untouched exercises earn nothing, and no task counts as attempted."""
    report = laws.graded(zygote, ROOT / "exercises")
    assert report.score == report.bonus == 0
    assert {task.status for task in report.tasks} == {"not_attempted"}


@pytest.mark.parametrize("public_only", [True, False])
def test_zeros_earn_nothing(zygote, public_only):
    """Zeros of the right shape earn nothing, not even in the public checks alone."""
    options = Options(seed="zeros", public_only=public_only)
    report = grade.grade_one(laws.zeros_submission(), zygote, options)
    assert laws.unless_zero(report) == []


@pytest.mark.parametrize(
    "step", [8, pytest.param(1, marks=pytest.mark.exhaustive)], ids=["some", "all"]
)
def test_every_misconception_is_caught_and_named(step):
    """Every wrong formula of the bank fails its task's checks, and gradients are told its name."""
    bank = misconceptions.bank()[::step]
    caught = {entry.id: laws.fate(entry) for entry in bank}
    assert [name for name, record in caught.items() if record is None] == []
    unnamed = []
    for entry in bank:
        record = caught[entry.id]
        is_gradient = forward.tensor_of(catalogue.course().resolve(entry.task)) is not None
        if not is_gradient or record.status == "error":
            continue  # procedures are judged by their own messages; an error names itself
        if record.diagnosis is None or record.diagnosis["id"] not in (
            entry.id,
            "in-place",
            "zeros",
        ):
            unnamed.append((entry.id, record.diagnosis))
    assert unnamed == []
    assert len(caught) > 200 / step


def test_every_gradient_that_takes_work_has_four_misconceptions():
    """The bank knows at least four ways to get a gradient wrong, and 120 in all."""
    counted = {task.full_name: 0 for task in catalogue.course().tasks}
    for entry in misconceptions.bank():
        counted[entry.task] += 1
    gradients = [t.full_name for t in catalogue.course().tasks if forward.tensor_of(t)]
    assert [name for name in gradients if counted[name] < 4] == []
    assert sum(counted.values()) >= 120


def test_misconception_ids_are_unique():
    """No two entries bear the same name."""
    ids = [entry.id for entry in misconceptions.bank()]
    assert len(ids) == len(set(ids))


def test_a_record_that_is_lost_is_the_graders_fault(zygote, monkeypatch):
    """What cannot be written as JSON is dropped on its way through pytest: then there is no report,
    and neither a zero nor a pass.
    """
    monkeypatch.setattr(trial.Trial, "as_dict", lambda tried: {"law": object()})
    with pytest.raises(SandboxError, match="dh: the grader lost what its checks found"):
        grade.grade_one(laws.zeros_submission(), zygote, Options(seed="s", tasks=("ex1.dh",)))


def test_a_check_that_breaks_costs_its_own_record_alone(zygote, monkeypatch):
    """A fault of the grader in one check is told as such, and the other checks are as they were."""

    def breaking(judge, case, narrow):
        raise ZeroDivisionError("out of luck")

    monkeypatch.setattr(Judge, "follows_dtype", breaking)
    report = grade.grade_one(
        read_for_course(ROOT / "solutions"), zygote, Options(seed="s", tasks=("ex1.dh",))
    )
    (task,) = report.tasks
    broken = [check for check in task.checks if check.status != "passed"]
    assert [check.name for check in broken] == ["test_float64"]
    assert "the grader failed: ZeroDivisionError: out of luck" in broken[0].message
    assert task.status == "infrastructure"
    assert len(task.checks) > 5
