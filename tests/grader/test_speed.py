"""The bonus tasks that are about cost: which results are right, and which times are affordable.

But for two ways that are 50 times apart nothing here is timed: where times decide, they are made
up.
"""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader import grade, speed
from grader.cohort import canonical
from grader.course import catalogue
from grader.in_process import InProcess
from grader.judge import CheckFailed, Judge, Record
from grader.options import ROOT, Options
from grader.report import TaskReport
from grader.speed import SlowWay
from grader.submission import Submission

FILE = "ex5_leaky_abstraction.py"
TASK = "ex5.train_fast"
SOURCE = (ROOT / "solutions" / FILE).read_text(encoding="utf-8")
EXERCISE_4 = (ROOT / "solutions" / "ex4_training.py").read_text(encoding="utf-8")
OPTIONS = Options("speed", public_only=True, tasks=(TASK,))
SECONDS = st.lists(st.floats(1e-3, 10.0), min_size=speed.TURNS, max_size=speed.TURNS)

UPDATE = "C.index_add_(0, characters, dembcat.view(-1, C.shape[1]), alpha=-learning_rate)"
BUGS = {
    "rows that repeat are overwritten": (
        UPDATE,
        "C[characters] -= learning_rate * dembcat.view(-1, C.shape[1])",
    ),
    "the table is not trained": (UPDATE, "pass"),
    "rows that were not looked up move": (UPDATE, f"{UPDATE}\n        C *= 0.999"),
    "other draws": ("(batch_size,), generator=generator)", "(batch_size,))"),
    "Bessel's correction missing": ("dbngain / (n - 1)", "dbngain / n"),
    "slope of tanh missing": ("(1.0 - h**2) * ", ""),
    "the learning rate never decays": ("if i < decay_at else 0.01", "if i < steps else 0.01"),
}
WIDTH_OF_THE_LECTURE = ("dembcat.view(-1, C.shape[1])", "dembcat.view(-1, 10)")

LATE_STEPS_IN_GROUPS = '''

def train_fast(
    X, Y, C, W1, b1, W2, b2, bngain, bnbias, generator, steps, batch_size, decay_at
):
    """Takes the steps after decay_at in groups, at the same parameters."""
    parameters, done = (C, W1, b1, W2, b2, bngain, bnbias), 0
    while done < steps:
        group = 1 if done < decay_at else min(GROUP, steps - done)
        draws = [
            torch.randint(0, X.shape[0], (batch_size,), generator=generator) for _ in range(group)
        ]
        found = [backward(X[ix], Y[ix], *parameters) for ix in draws]
        for gradients in found:
            for parameter, gradient in zip(parameters, gradients):
                parameter -= (0.1 if done < decay_at else 0.01) * gradient
        done += group
    return parameters
'''

UPDATES_THAT_WAIT = '''

def train_fast(
    X, Y, C, W1, b1, W2, b2, bngain, bnbias, generator, steps, batch_size, decay_at
):
    """Updates C only now and then after decay_at, and everything else in every step."""
    parameters, waiting = (W1, b1, W2, b2, bngain, bnbias), torch.zeros_like(C)
    for i in range(steps):
        ix = torch.randint(0, X.shape[0], (batch_size,), generator=generator)
        dC, *gradients = backward(X[ix], Y[ix], C, *parameters)
        rate = 0.1 if i < decay_at else 0.01
        waiting += rate * dC
        if i < decay_at or i % 10 == 9 or i == steps - 1:
            C -= waiting
            waiting.zero_()
        for parameter, gradient in zip(parameters, gradients):
            parameter -= rate * gradient
    return (C, *parameters)
'''


def graded(zygote, source: str, *, public_only: bool = True) -> TaskReport:
    """Grade a submission of the one file on the one task."""
    submission = Submission("fast", {FILE: source.encode()}, "0" * 64)
    options = dataclasses.replace(OPTIONS, public_only=public_only)
    (task,) = grade.grade_one(submission, zygote, options).tasks
    return task


@pytest.fixture
def patient(monkeypatch):
    """Let no time be too long, so that results alone decide."""
    monkeypatch.setattr(speed, "QUARTER", 1e9)


# Results


@pytest.mark.parametrize("bug", BUGS)
def test_what_is_wrong_earns_nothing(zygote, patient, bug):
    """However fast a loop is, its results have to be those of autograd."""
    before, after = BUGS[bug]
    assert SOURCE.count(before) == 1
    task = graded(zygote, SOURCE.replace(before, after))
    assert (task.status, task.points) == ("failed", 0)
    assert "off the way that it takes with autograd" in task.message


@pytest.mark.parametrize(
    "trick",
    [*(LATE_STEPS_IN_GROUPS.replace("GROUP", size) for size in "248"), UPDATES_THAT_WAIT],
    ids=["by two", "by four", "by eight", "updates that wait"],
)
def test_steps_that_are_not_taken_one_by_one_earn_nothing(zygote, patient, trick):
    """Late steps move little, and to take several at the same parameters is seen all the same."""
    task = graded(zygote, EXERCISE_4 + trick)
    assert (task.status, task.points) == ("failed", 0)
    assert "off the way that it takes with autograd" in task.message


def test_sizes_may_not_be_written_out(zygote, patient):
    """What works at the widths of the lecture alone passes the public checks and no more."""
    source = SOURCE.replace(*WIDTH_OF_THE_LECTURE)
    assert source != SOURCE
    assert graded(zygote, source).status == "passed"
    task = graded(zygote, source, public_only=False)
    found = {check.name: check.status for check in task.checks}
    assert found["test_another_large_table"] == "passed"
    assert found["test_fast_training_at_other_sizes"] == "error"
    assert task.points == 0


def test_a_loop_that_keeps_its_results_gains_nothing(zygote, patient):
    """Every run starts elsewhere: what was returned before is wrong the next time."""
    source = SOURCE.replace("def train_fast(", "def slow(")
    source += "\n\nkept = {}\n\n\ndef train_fast("
    source += "X, Y, C, W1, b1, W2, b2, bngain, bnbias, generator, steps, batch_size, decay_at):\n"
    source += "    if steps not in kept:\n"
    source += "        given = (X, Y, C, W1, b1, W2, b2, bngain, bnbias, generator)\n"
    source += "        kept[steps] = slow(*given, steps, batch_size, decay_at)\n"
    source += "    return kept[steps]\n"
    assert graded(zygote, source).status == "passed"
    task = graded(zygote, source, public_only=False)
    found = {check.name: check.message for check in task.checks if check.status == "failed"}
    assert list(found) == ["test_another_large_table"]
    assert "off the way" in found["test_another_large_table"]


@pytest.mark.parametrize("inside", [False, True], ids=["in the jail", "in-process"])
def test_a_table_that_lacks_rows_is_told_apart_from_a_wrong_one(zygote, inside):
    """Of a large table only some rows come back; a table without them is no answer."""
    source = SOURCE.replace("return (C, *parameters)", "return (C[:600], *parameters)")
    assert source != SOURCE
    submission = Submission("fast", {FILE: source.encode()}, "0" * 64)
    report = (
        grade.grade_inline(submission, OPTIONS)
        if inside
        else grade.grade_one(submission, zygote, OPTIONS)
    )
    found = {check.name: check.status for check in report.tasks[0].checks}
    assert found == {"test_same_training": "passed", "test_large_table": "error"}
    assert "IndexError" in report.tasks[0].message


# Growth


def test_a_copy_of_train_does_not_earn_it(zygote):
    """Exercise 4's loop is right and updates a million rows in each step: it takes 50 times the
    limit. The solution takes a fifth of it.
    """
    start, end = EXERCISE_4.index("def train("), EXERCISE_4.index("def calibrate_batchnorm(")
    copy = EXERCISE_4[start:end].replace("def train(", "def train_fast(")
    task = graded(zygote, EXERCISE_4[:start] + copy)
    assert {check.name: check.status for check in task.checks} == {
        "test_same_training": "passed",
        "test_large_table": "failed",
    }
    assert "share of the time of updates of the whole table is" in task.message
    assert "for 100 steps with a table of 1,000,000 rows, of which a step looks up 24" in (
        task.message
    )
    assert graded(zygote, SOURCE).status == "passed"


# Times


def judged(own: Sequence[float], slow: Sequence[float]) -> tuple[Record, int, int]:
    """Judge an answer that takes these seconds in turn, where the slow way takes those. Return the
    record, and how often each was measured.
    """
    course = catalogue.course()
    judge = Judge(InProcess(course, lambda: None), course.resolve(TASK), Record(TASK))
    turns: list[int] = []
    measured = iter(slow)
    way = SlowWay("a slow way", lambda: next(measured))

    def ask(turn: int) -> float:
        turns.append(turn)
        return own[turn]

    with contextlib.suppress(CheckFailed):
        speed.affordable(judge, way, ask, "for this")
    return judge.record, len(turns), len(slow) - len(list(measured))


def test_what_is_clear_is_measured_once():
    """Far within the limit, or far beyond it, one turn decides."""
    for seconds, status in ((0.01, "passed"), (2.0, "failed")):
        record, turns, measured = judged([seconds] * speed.TURNS, [1.0] * speed.TURNS)
        assert (record.status, turns, measured) == (status, 1, 1)


@pytest.mark.parametrize("quiet", range(speed.TURNS))
def test_one_quiet_turn_is_enough(quiet):
    """On a busy machine a right answer takes too long in all turns but one, and that one counts."""
    times = [0.8] * speed.TURNS
    times[quiet] = 0.1
    record, turns, _ = judged(times, [1.0] * speed.TURNS)
    assert (record.status, turns) == ("passed", quiet + 1)


def test_a_disturbed_measure_does_not_decide():
    """A loop that is too slow does not pass because the slow way was disturbed at first."""
    course = catalogue.course()
    judge = Judge(InProcess(course, lambda: None), course.resolve(TASK), Record(TASK))
    way = SlowWay("a slow way", lambda: 1.0, seconds=5.0)  # of somebody who was graded before
    with pytest.raises(CheckFailed, match="share of the time of a slow way is 1, the limit is"):
        speed.affordable(judge, way, lambda turn: 1.0, "for this")
    assert way.seconds == 1.0


@given(SECONDS, SECONDS)
def test_the_best_of_both_decides(own, slow):
    """Whatever the times are: who passes is within the limit in the best turns up to there."""
    record, turns, measured = judged(own, slow)
    share = min(own[:turns]) / min(slow[:measured])
    assert record.facts["share of the time of a slow way"] == share
    assert (record.status == "passed") == (share <= speed.QUARTER)
    assert turns == speed.TURNS or not speed.QUARTER < share <= speed.CLEAR * speed.QUARTER


def test_a_report_in_the_ledger_does_not_say_how_fast(zygote, patient):
    """Equal submissions have equal reports: shares of time go where times go."""
    submission = Submission("fast", {FILE: SOURCE.encode()}, "0" * 64)
    tasks = (TASK, "ex5.embedding_backward")
    report = grade.grade_one(submission, zygote, dataclasses.replace(OPTIONS, tasks=tasks))
    kept, times = canonical.split(report)
    assert len(times["facts"]) == len(tasks)
    for measured in times["facts"].values():
        assert all(value > 0 for value in measured.values())
    facts = [check.facts for task in kept.tasks for check in task.checks if check.facts]
    assert len(facts) == len(tasks)
    for fact in facts:
        assert [fact[name] for name in canonical.TIMED & fact.keys()] == [None]
