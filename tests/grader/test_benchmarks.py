"""The benchmarks with tiny settings: that they measure what they say, never how long it takes."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
import torch
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from benchmarks import __main__ as command
from benchmarks import (
    cohorts,
    figures,
    memory,
    overhead,
    pairs,
    rows,
    simulation,
    table,
    training,
    watching,
)
from benchmarks.figures import Figure
from grader import checks, grade, submission
from grader.options import ROOT, Options
from grader.sandbox.host.worker import Worker

SAMPLES = st.lists(st.floats(1e-6, 1e6), min_size=1, max_size=9)
FAST = Figure("fast", "a / b", "x", [1.0, 3.0, 2.0], 2.5)


@pytest.fixture(autouse=True)
def threads():
    """Leave torch as it was: some rows pin its threads and switch oneDNN off."""
    before, fused = torch.get_num_threads(), torch.backends.mkldnn.enabled
    yield
    torch.set_num_threads(before)
    torch.backends.mkldnn.set_flags(fused)


# Pairs and figures


def test_calls_take_turns_and_each_begins_once():
    """Whoever comes first in one turn does not in the next; the first turn is for warming up."""
    order = []

    def call(name):
        return lambda: order.append(name) or float(len(order))

    times = pairs.interleaved(2, {name: call(name) for name in "abc"})
    assert [order[:3], order[3:6], order[6:]] == [list("cab"), list("abc"), list("bca")]
    assert times == {"a": [4.0, 9.0], "b": [5.0, 7.0], "c": [6.0, 8.0]}
    assert pairs.ratios(times["a"], times["b"]) == [4 / 5, 9 / 7]


def test_a_command_that_fails_is_no_measurement():
    """What a command said is in the error, and no time is returned."""
    with pytest.raises(RuntimeError, match=r"ended with code 3:\nno such thing"):
        pairs.ran([sys.executable, "-c", "import sys; print('no such thing'); sys.exit(3)"])


@given(SAMPLES, st.floats(1e-6, 1e6))
def test_a_target_is_met_on_one_side(samples, target):
    """The median lies in the spread, and is within a bound from above or within one from below."""
    above = Figure("row", "what", "x", samples, target)
    below = Figure("row", "what", "x", samples, target, at_most=False)
    low, high = above.spread
    assert low <= above.median <= high
    assert above.met or below.met
    assert (above.met and below.met) == (above.median == target)
    assert Figure("row", "what", "x", samples).met is None


def test_figures_are_kept_row_by_row(tmp_path):
    """A run of one row replaces the figures of that row and of no other."""
    path = tmp_path / "folder" / "latest.json"
    other = Figure("other", "c", "ms", [5.0])
    figures.write(path, [FAST, other], {"cores": 2})
    assert figures.read(path) == [FAST, other]
    faster = Figure("fast", "a / b", "x", [1.0], 2.5)
    figures.write(path, [faster], {"cores": 2})
    assert figures.read(path) == [other, faster]
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace('"version": 1', '"version": 0'), encoding="utf-8")
    assert figures.read(path) == []
    assert figures.read(tmp_path / "none.json") == []


def test_the_table_tells_target_and_change():
    """A missed target, a change beyond the spread of the last run and one within it are told."""
    screen = Console(width=120, record=True, file=open("/dev/null", "w"))  # noqa: SIM115
    slow = Figure("fast", "c / d", "x", [9.0], 2.5, at_most=False)
    before = [Figure("fast", "a / b", "x", [1.9, 2.1]), Figure("fast", "c / d", "x", [6.0, 6.1])]
    screen.print(
        table.table([FAST, slow, Figure("x", "e", "ms", [150.4])], {f.name: f for f in before})
    )
    lines = [" ".join(line.split()) for line in screen.export_text().splitlines()]
    assert lines == [
        "row figure median spread target before",
        "fast a / b 2 x 1 - 3 ≤ 2.5 met 2, +0% (noise)",
        "c / d 9 x ≥ 2.5 met 6.05, +49%",
        "x e 150 ms -",
    ]
    missed = Figure("fast", "a / b", "x", [3.0], 2.5)
    assert [str(cell) for cell in table._cells(missed, None)] == ["3 x", "", "≤ 2.5", "missed", "-"]


def test_the_command_compares_with_the_last_run(tmp_path, monkeypatch):
    """The first run compares with nothing, the second with the first; --against names another."""
    for name in pairs.ONE_THREAD:
        monkeypatch.setenv(name, "1")
    asked = []

    def measure(self, count, **more):
        asked.append((self.name, count, more))
        yield Figure(self.name, "a / b", "x", [1.0 + len(asked)], 2.0)

    monkeypatch.setattr(rows.Row, "measure", measure)
    out = tmp_path / "latest.json"
    monkeypatch.setattr(command, "BASELINE", tmp_path / "baseline.json")
    first, second = (
        CliRunner().invoke(
            command.main, ["help", "memory", "--long", "--pairs", "3", "--out", str(out)]
        )
        for _ in range(2)
    )
    assert (first.exit_code, second.exit_code) == (0, 0)
    assert asked[:2] == [("help", 3, {}), ("memory", 3, {"many": 1000})]
    assert "compared with nothing" in " ".join(first.output.split())
    assert "compared with latest.json" in " ".join(second.output.split())
    assert "2, +100%" in second.output
    assert [one["samples"] for one in json.loads(out.read_text())["figures"]] == [[4.0], [5.0]]


def test_a_file_that_holds_no_figures_is_named(tmp_path):
    """Before anything is measured it is said what cannot be compared with, and what to do."""
    junk = tmp_path / "junk.json"
    junk.write_bytes(bytes(range(256)))
    done = CliRunner().invoke(command.main, ["help", "--against", str(junk)])
    assert done.exit_code == 1
    assert "junk.json: holds no figures of a run" in " ".join(done.output.split())
    missing = CliRunner().invoke(command.main, ["help", "--against", str(tmp_path / "none.json")])
    assert missing.exit_code == 2
    assert "none.json' does not exist" in " ".join(missing.output.split())


@pytest.mark.parametrize("row", rows.ROWS, ids=lambda row: row.name)
def test_every_row_can_be_measured(row):
    """Each row names a function that is there."""
    module = __import__(f"benchmarks.{row.module}", fromlist=[row.function])
    assert callable(getattr(module, row.function))


# What the rows measure


@pytest.mark.parametrize("hidden", training.HIDDEN)
def test_all_loops_do_the_same_training(hidden):
    """What is compared in speed has the same results: NumPy and the slow loop, too."""
    loops = training.loops_to_compare()
    found = training.off_course(loops, hidden, 30)
    assert set(found) == set(loops)
    assert max(found.values()) < checks.TRAJECTORY_BOUND


def test_training_has_its_targets():
    """Of each width the readable and the tuned loop have a target, for steps a second."""
    found = list(training.measure(1, steps=3))
    targets = {figure.what: figure.target for figure in found if figure.target}
    assert targets == {
        f"hidden {hidden}: {name} / autograd": bound
        for hidden in (64, 200)
        for name, bound in (("readable", 1.2), ("tuned", 2.2))
    }
    assert not any(figure.at_most for figure in found if figure.target)
    assert len({figure.name for figure in found}) == len(found)


def test_nested_work_counts_once():
    """A reference that calls another one is measured as a whole, and only then."""
    watch = overhead.Stopwatch()
    inner = watch.around("inner", lambda: 1)
    outer = watch.around("outer", lambda: inner() + 1)
    assert outer() == 2
    assert set(watch.seconds) == {"outer"}
    assert inner() == 1
    assert set(watch.seconds) == {"outer", "inner"}


def test_the_parts_of_a_grading_are_told_apart(zygote):
    """Functions, references and comparisons each take some time, and together not all of it; after
    that nothing is watched any more.
    """
    ask = Worker.ask
    found = submission.read_for_course(ROOT / "solutions")
    options = Options("parts of a grading", tasks=("ex1.dh", "ex4.evaluate"))
    with overhead.watched() as watch:
        report = grade.grade_one(found, zygote, options)
    assert {task.status for task in report.tasks} == {"passed"}
    assert set(watch.seconds) == {"functions", "references", "comparison"}
    assert min(watch.seconds.values()) > 0
    assert sum(watch.seconds.values()) < report.duration_s
    assert Worker.ask is ask


def test_a_save_has_the_verdicts_that_are_timed(tmp_path):
    """Saving a file with one function edited has its verdict first; with everything forgotten, a
    save has all 28.
    """
    desk = watching.Desk(tmp_path, zygote=None)
    try:
        assert [desk.save(everything=True)[1], desk.save(everything=False)[1]] == [28, 1]
    finally:
        desk.close()


def test_the_bare_calls_are_those_of_the_checks():
    """Each of the 28 tasks is called on two cases, which have a reference each, those of ex1 once
    more in the chain, where that is another question, and each once more to see what it keeps.
    """
    bare = watching.Bare()
    assert 28 * 3 + 28 * 2 <= len(bare) < 28 * 3 + 26 + 28 * 2
    bare.run()


def test_submissions_of_the_cohort_are_different_and_right(tmp_path):
    """No two have the same digest or the same code, whatever is done about comments."""
    made = cohorts.distinct(tmp_path, 3)
    read = [submission.read_for_course(path) for path in made]
    assert len({one.digest for one in read}) == 3
    codes = [compile(one.files["ex4_training.py"], "x", "exec").co_consts for one in read]
    assert (
        len({str([c.co_varnames for c in code if hasattr(c, "co_varnames")]) for code in codes})
        == 3
    )
    report = grade.grade_inline(
        read[2], Options("public", public_only=True, tasks=("ex4.backward",))
    )
    assert report.tasks[0].status == "passed"


@pytest.mark.parametrize(("added", "code"), [("", 0), ("def dlogits(logits): return logits\n", 1)])
def test_plain_pytest_judges_as_the_grader_does(tmp_path, added, code):
    """The same checks, public and hidden, run in a process that imports the submission."""
    file = "ex2_cross_entropy.py"
    source = (ROOT / "solutions" / file).read_text(encoding="utf-8")
    (tmp_path / file).write_text(source + added, encoding="utf-8")
    ours = watching.plain(tmp_path, [t for t in watching.tasks() if t.full_name == "ex2.dlogits"])
    done = subprocess.run(
        [*ours, "--hidden"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == code, done.stdout + done.stderr
    assert ("failed" in done.stdout) == bool(code)


def test_the_peak_of_a_process():
    """This process has needed memory at some time; one that is gone cannot be asked."""
    assert memory.peak_of("self") > 10
    child = subprocess.Popen([sys.executable, "-c", "pass"])
    child.wait()
    with pytest.raises(OSError, match="No such file"):
        memory.peak_of(child.pid)


# The simulation of a cluster


@given(
    st.integers(1, 60),
    st.integers(1, 9),
    st.lists(st.floats(0.5, 5.0), min_size=1, max_size=9),
    st.floats(0.0, 0.5),
)
def test_a_simulated_cluster_is_no_faster_than_it_can_be(cohort, workers, times, dispatch):
    """It takes at least what the workers, and what the scheduler, have to do; and without deaths no
    more than if everybody waited for the slowest.
    """
    found = simulation.simulated(cohort, workers, times, dispatch, start=1.0, life=1e12)
    assert found.seconds >= max(cohort * dispatch, cohort * min(times) / workers)
    assert found.seconds <= 1.0 + cohort * dispatch + -(-cohort // workers) * max(times) + 1e-6
    assert 0 < found.efficiency <= 1
    assert (found.again, found.busy <= 1) == (0, True)


def test_a_simulated_worker_that_dies_costs_time_and_no_submission():
    """Where machines live for a minute, some submissions are graded again, and all are graded."""
    steady = simulation.simulated(500, 4, [2.0], 0.01, life=1e12)
    shaky = simulation.simulated(500, 4, [2.0], 0.01, life=60.0)
    assert shaky.again > 10
    assert shaky.seconds > steady.seconds
    assert shaky.efficiency < steady.efficiency


def test_the_scheduler_is_measured_by_what_it_really_does(tmp_path):
    """Each submission is read, scheduled and kept in a ledger; nobody grades it."""
    assert simulation.dispatch_seconds(cohorts.distinct(tmp_path, 3)) > 0
