"""The bonus task that is judged by its speed: what decides, and what no speed makes up for.

Nothing here is timed: where times decide, they are made up.
"""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterator
from itertools import chain, repeat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader import cases, grade, speed
from grader.cohort import canonical
from grader.course import catalogue
from grader.in_process import InProcess
from grader.judge import CheckFailed, Judge, Record
from grader.options import ROOT, Options
from grader.report import TaskReport
from grader.submission import Submission

FILE = "ex5_leaky_abstraction.py"
TASK = "ex5.train_fast"
SOURCE = (ROOT / "solutions" / FILE).read_text(encoding="utf-8")

BUGS = {
    "the table keeps the last step": ("dC.zero_().index_add_", "dC.index_add_"),
    "other draws": (", generator=generator, out=ix", ", out=ix"),
    "Bessel's correction missing": ("value=-1 / (n - 1)", "value=-1 / n"),
    "the division by n never comes": ("0.01) / n)", "0.01))"),
    "slope of tanh missing": ("dh, value=-1.0)", "dh, value=0.0)"),
    "a place is taken too early": (
        "    torch.mm(embcat.T, dh, out=dW1)\n",
        "    torch.mm(dh, W1.T, out=embcat)\n    torch.mm(embcat.T, dh, out=dW1)\n",
    ),
    "W2 moves too early": (
        "    torch.mm(dlogits, W2.T, out=dh)\n",
        "    W2.sub_(dW2, alpha=0.1 / n)\n    torch.mm(dlogits, W2.T, out=dh)\n",
    ),
}
LECTURE_ONLY = ("0.01) / n)", "0.01) / 32)")
OPTIONS = Options("speed", public_only=True, tasks=(TASK,))
LIMIT = 1 / 2.1
SECONDS = st.floats(1e-3, 10.0)


def graded(zygote, source: str, *, public_only: bool = True) -> TaskReport:
    """Grade a submission of the one file on the one task."""
    submission = Submission("fast", {FILE: source.encode()}, "0" * 64)
    options = dataclasses.replace(OPTIONS, public_only=public_only)
    (task,) = grade.grade_one(submission, zygote, options).tasks
    return task


def loosely(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every race take one round, and let no time be too long."""
    monkeypatch.setattr(speed, "ROUNDS", 1)
    monkeypatch.setattr(speed, "SPEED_UP", 1e-6)


# Results


@pytest.mark.parametrize("bug", BUGS)
def test_what_is_fast_and_wrong_earns_nothing(zygote, monkeypatch, bug):
    """However fast a loop is, its results have to be those of autograd."""
    loosely(monkeypatch)
    before, after = BUGS[bug]
    assert SOURCE.count(before) == 1
    task = graded(zygote, SOURCE.replace(before, after))
    assert (task.status, task.points) == ("failed", 0)
    assert "off the way that it takes with autograd" in task.message


def test_sizes_may_not_be_written_out(zygote, monkeypatch):
    """What works at the sizes of the lecture alone passes the public check and no more."""
    loosely(monkeypatch)
    source = SOURCE.replace(*LECTURE_ONLY)
    assert source != SOURCE
    assert graded(zygote, source).status == "passed"
    task = graded(zygote, source, public_only=False)
    found = {check.name: check.status for check in task.checks}
    assert found["test_race_from_other_starts"] == "passed"
    assert found["test_fast_training_at_other_sizes"] == "failed"
    assert task.points == 0


def test_a_loop_that_keeps_its_results_gains_nothing(zygote, monkeypatch):
    """Every run starts elsewhere: what was returned before is wrong the next time."""
    loosely(monkeypatch)
    monkeypatch.setattr(speed, "ROUNDS", 2)
    source = SOURCE.replace("def train_fast(", "def slow(")
    source += (
        "\n\nkept = []\n\n\ndef train_fast(X, Y, C, W1, b1, W2, b2, bngain, bnbias, generator, "
    )
    source += (
        "steps, batch_size, decay_at):\n    given = (X, Y, C, W1, b1, W2, b2, bngain, bnbias)\n"
    )
    source += "    if not kept:\n"
    source += "        kept.append(slow(*given, generator, steps, batch_size, decay_at))\n"
    source += "    return kept[0]\n"
    task = graded(zygote, source)
    assert task.status == "failed"
    assert "off the way" in task.message


# Times


def raced(monkeypatch: pytest.MonkeyPatch, times: Iterator[tuple[float, float]]) -> Record:
    """Run a race whose rounds take these seconds, yours and autograd's; return its record."""
    monkeypatch.setattr(speed, "_turn", lambda *told: next(times))
    task = catalogue.course().resolve(TASK)
    judge = Judge(InProcess(catalogue.course(), lambda: None), task, Record(TASK))
    with contextlib.suppress(CheckFailed):
        speed.race(judge, cases.splits_of("names"), "seed")
    return judge.record


def test_a_clear_race_is_short(monkeypatch):
    """A loop that is four times as fast in the first rounds need not run in the others."""
    times = iter([(0.025, 0.1)] * speed.ROUNDS)
    assert raced(monkeypatch, times).status == "passed"
    assert len(list(times)) == speed.ROUNDS - speed.LOOKS[0]


@pytest.mark.parametrize("quiet", range(speed.ROUNDS))
def test_one_quiet_round_is_enough(monkeypatch, quiet):
    """On a busy machine a fast loop takes too long in all rounds but one, and that one counts."""
    times = [(0.1, 0.11)] * speed.ROUNDS
    times[quiet] = (0.03, 0.1)
    assert raced(monkeypatch, iter(times)).status == "passed"


def test_a_disturbed_reference_does_not_decide(monkeypatch):
    """A loop that is too slow does not pass because autograd was disturbed in the first rounds."""
    disturbed = [(0.05, 0.12)] * (speed.LOOKS[-1] + 1)
    record = raced(monkeypatch, chain(disturbed, repeat((0.05, 0.1))))
    assert record.status == "failed"
    assert record.facts == {speed.SHARE: 0.5, f"{speed.SHARE} limit": LIMIT}
    assert "your loop takes 50 ms of processor time and autograd 100 ms" in record.message
    assert "2.1 times as fast" in record.message


@given(st.lists(st.tuples(SECONDS, SECONDS), min_size=12, max_size=12))
def test_the_best_of_both_decides(times):
    """Whatever the times are: who passes is fast enough in the best rounds up to there."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        record = raced(monkeypatch, iter(times))
    best = min(own for own, _ in times) / min(other for _, other in times)
    share = record.facts[speed.SHARE]
    assert (record.status == "passed") == (share <= LIMIT)
    ends = (*speed.LOOKS, speed.ROUNDS)
    shares = [min(o for o, _ in times[:n]) / min(a for _, a in times[:n]) for n in ends]
    assert share in shares
    assert share == best or share <= LIMIT / speed.CLEAR * (1 + 1e-9)


def test_a_report_in_the_ledger_does_not_say_how_fast(zygote, monkeypatch):
    """Equal submissions have equal reports: the ratio goes where times go, note and all."""
    loosely(monkeypatch)
    submission = Submission("fast", {FILE: SOURCE.encode()}, "0" * 64)
    report = grade.grade_one(submission, zygote, OPTIONS)
    assert "times as fast as with autograd" in report.tasks[0].message
    kept, times = canonical.split(report)
    (check,) = kept.tasks[0].checks
    assert (check.message, kept.tasks[0].message) == ("", "")
    assert check.facts[speed.SHARE] is None
    (measured,) = times["facts"].values()
    assert measured[speed.SHARE] > 0
