"""A run and its ledger: nothing is lost, nothing is graded twice, nobody harms anybody."""

from __future__ import annotations

import errno
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter

import cohort_on_paper as paper
import pytest

from grader.cohort import index as indices
from grader.cohort import ledger, schedule
from grader.cohort.index import OUTCOMES
from grader.cohort.ledger import LedgerBusy, LedgerError
from grader.options import ROOT

WORDS = (
    "passed failed timeout memory crashed policy refused fault stranger infrastructure passed"
).split()


@pytest.fixture
def submissions(tmp_path):
    """A submission for each word; the last is equal to the first, but for its name."""
    folder = tmp_path / "submissions"
    folder.mkdir()
    for number, word in enumerate(WORDS):
        (folder / f"s{number:02}").mkdir()
        (folder / f"s{number:02}" / "work.py").write_text(f"# {word}\n")
    (folder / "s99.zip").write_bytes(b"no archive")
    return folder


def graded(submissions, out, crew=None, **more):
    """Grade on paper; return the index."""
    with ledger.opened(out) as book:
        return paper.grade(submissions, book, crew or paper.Paper(), **more)


def contents(out):
    """Return every file of a ledger that has to be the same in every run, with its bytes."""
    varies = {indices.TIMES, ledger.LOCK}
    found = [path for path in out.rglob("*") if path.is_file() and path.name not in varies]
    return {path.relative_to(out).as_posix(): path.read_bytes() for path in found}


def test_every_outcome_stays_what_it_is(submissions, tmp_path):
    """Graded, and what went wrong, by name; without a score where there is none to have."""
    index = graded(submissions, tmp_path / "out")
    assert [entry.outcome for entry in index.entries] == [
        "graded",
        "graded",
        "timeout",
        "memory",
        "crashed",
        "policy",
        "unreadable",
        "infrastructure",
        "infrastructure",
        "infrastructure",
        "graded",
        "unreadable",
    ]
    for entry in index.entries:
        scored = entry.outcome not in ("unreadable", "infrastructure")
        assert scored == (entry.score is not None) == (entry.report is not None)
        assert bool(entry.message) == (entry.outcome != "graded")
    assert index.entries[2].message == "ex1.d1: why timeout"
    assert index.entries[2].statuses == {"passed": 1, "timeout": 1}
    assert index.entries[-1].message.startswith("is not a readable archive")


def test_equal_submissions_are_graded_once(submissions, tmp_path):
    """Both students have the same report, each under the own name."""
    crew = paper.Paper()
    index = graded(submissions, tmp_path / "out", crew)
    digests = Counter(job.digest for job in crew.asked)
    first, last = index.entries[0], index.entries[10]
    assert digests[first.digest] == 1
    assert (first.digest, first.report) == (last.digest, last.report)
    names = [index.report_of(entry).submission.name for entry in (first, last)]
    assert names == ["s00", "s10"]
    assert index.sources_of(last) == {"work.py": b"# passed\n"}
    assert set(index.reports()) == {f"s{number:02}" for number in (0, 1, 2, 3, 4, 5, 10)}
    assert index.times()["s10"] == 1.0


def test_a_fault_of_the_grader_is_tried_again_within_bounds(submissions, tmp_path):
    """It is no entry of the ledger: the next run tries again, and only that."""
    crew = paper.Paper()
    index = graded(submissions, tmp_path / "out", crew)
    faulty = [e.digest for e in index.entries if e.outcome == "infrastructure" and e.digest]
    asked = Counter(job.digest for job in crew.asked)
    assert {asked[digest] for digest in faulty[:2]} == {schedule.ATTEMPTS}
    again = paper.Paper(answer=paper.result)
    healed = graded(submissions, tmp_path / "out", again)
    assert {job.digest for job in again.asked} == set(faulty)
    assert [entry.outcome for entry in healed.entries[7:10]] == ["graded"] * 3
    kept = [entry.report for entry in index.entries[:6]]
    assert kept == [entry.report for entry in healed.entries[:6]]


def test_the_result_depends_on_neither_company_order_nor_workers(submissions, tmp_path):
    """A report graded alone is the report graded in a crowd."""
    together = graded(submissions, tmp_path / "together", paper.Paper(size=7))
    for entry in together.entries:
        for other in submissions.iterdir():
            if other.name != entry.path:
                other.rename(tmp_path / other.name)
        alone = graded(submissions, tmp_path / f"alone-{entry.id}", paper.Paper(size=1))
        assert alone.entries == [entry]
        for other in tmp_path.glob("s[0-9]*"):
            other.rename(submissions / other.name)


def test_a_changed_submission_is_graded_and_the_others_are_not(submissions, tmp_path):
    """And whoever is gone or new since the last run is nobody's loss."""
    graded(submissions, tmp_path / "out")
    (submissions / "s01" / "work.py").write_text("# crashed #2\n")
    (submissions / "s02" / "work.py").unlink()
    (submissions / "new.py").write_text("# memory #2\n")
    crew = paper.Paper()
    index = graded(submissions, tmp_path / "out", crew)
    by_id = {entry.id: entry for entry in index.entries}
    fresh = {job.digest for job in crew.asked if b"#2" in b"".join(job.files.values())}
    assert fresh == {by_id["s01"].digest, by_id["new"].digest}
    assert (by_id["s01"].outcome, by_id["new"].outcome) == ("crashed", "memory")
    assert (by_id["s02"].outcome, by_id["s02"].score) == ("unreadable", None)


def test_a_judgement_concerns_those_who_have_the_finding(submissions, tmp_path):
    """Nothing is graded again, everybody else keeps the report, and it need not be said twice."""
    before = graded(submissions, tmp_path / "out")
    finding = before.entries[0].digest
    crew = paper.Paper()
    upheld = graded(submissions, tmp_path / "out", crew, said={finding: "upheld"})
    later = graded(submissions, tmp_path / "out", crew)
    cleared = graded(submissions, tmp_path / "out", crew, said={finding: "cleared"})
    first = [index.entries[0] for index in (before, upheld, later, cleared)]

    assert [(entry.outcome, entry.score) for entry in first] == [
        ("graded", 2.0), ("policy", 1.0), ("policy", 1.0), ("graded", 2.0)
    ]  # fmt: skip
    assert [entry.findings for entry in first] == [
        {"open": 1}, {"upheld": 1}, {"upheld": 1}, {"cleared": 1}
    ]  # fmt: skip
    assert (later.uphold, later.allow) == ([finding], [])
    assert upheld.report_of(first[1]).findings[0].state == "upheld"
    assert upheld.times()["s00"] == before.times()["s00"]
    others = [e for e in before.entries if e.digest != finding]
    assert others == [e for e in upheld.entries if e.digest != finding]
    assert not [job for job in crew.asked if job.digest == finding]


def test_a_changed_submission_is_open_again(submissions, tmp_path):
    """What was said about the one before is said of that alone."""
    before = graded(submissions, tmp_path / "out")
    finding = before.entries[0].digest
    graded(submissions, tmp_path / "out", said={finding: "upheld"})
    (submissions / "s00" / "work.py").write_text("# passed #2\n")
    after = graded(submissions, tmp_path / "out")
    assert (after.entries[0].outcome, after.entries[0].findings) == ("graded", {"open": 1})


# Killed, full, taken


def program(submissions, out, seconds, largest=0):
    """Start a run in a process of its own, whose files have at most `largest` bytes."""
    arguments = map(str, (paper.__file__, submissions, out, seconds, largest))
    return subprocess.Popen(
        [sys.executable, *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize(
    "kills", [2, pytest.param(8, marks=pytest.mark.exhaustive)], ids=["some", "many"]
)
def test_killed_at_any_moment_and_resumed_it_writes_the_same_bytes(kills, tmp_path):
    """Nothing is graded twice but what was under way, and nothing is lost."""
    folder = tmp_path / "submissions"
    folder.mkdir()
    for number in range(15 * kills):
        (folder / f"s{number:02}.py").write_text(f"# {WORDS[number % 6]} #{number}\n")
    undisturbed, disturbed = tmp_path / "undisturbed", tmp_path / "disturbed"
    graded(folder, undisturbed)
    chance = random.Random(6)
    kept = 0
    for _ in range(kills):
        run = program(folder, disturbed, 0.02)
        while len(list(disturbed.glob("reports/*.json"))) < kept + 3:
            assert run.poll() is None, run.communicate()
            time.sleep(0.005)
        time.sleep(chance.uniform(0, 0.05))
        run.send_signal(signal.SIGKILL)
        run.communicate()
        kept = len(list(disturbed.glob("reports/*.json")))
    crew = paper.Paper()
    graded(folder, disturbed, crew)
    assert len(crew.asked) == 15 * kills - kept
    assert contents(disturbed) == contents(undisturbed)
    keys = set(indices.timings(disturbed))
    assert keys == {path.stem for path in disturbed.glob("reports/*.json")}


def test_a_broken_report_is_graded_again(submissions, tmp_path):
    """Whoever broke it: what cannot be read does not count."""
    index = graded(submissions, tmp_path / "out")
    whole = contents(tmp_path / "out")
    (tmp_path / "out" / index.entries[0].report).write_text('{"score": 100')
    crew = paper.Paper()
    graded(submissions, tmp_path / "out", crew)
    assert index.entries[0].digest in {job.digest for job in crew.asked}
    assert contents(tmp_path / "out") == whole


@pytest.mark.parametrize("place", ["fsync", "replace"])
def test_a_full_disk_stops_the_run_and_harms_nothing(submissions, tmp_path, monkeypatch, place):
    """What was graded before stays; with room again, the run goes on to the same bytes."""
    graded(submissions, tmp_path / "undisturbed")
    left, real = [7], getattr(os, place)

    def full(*arguments):
        left[0] -= 1
        if left[0] < 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real(*arguments)

    with monkeypatch.context() as patched:
        patched.setattr(os, place, full)
        with pytest.raises(LedgerError, match=r"No space left .* run the same command again"):
            graded(submissions, tmp_path / "out")
    whole = contents(tmp_path / "undisturbed")
    kept = contents(tmp_path / "out")
    assert 0 < len(kept) < len(whole)
    assert kept.items() <= whole.items()
    graded(submissions, tmp_path / "out")
    assert contents(tmp_path / "out") == whole


def test_a_write_that_ends_half_way_leaves_no_half_a_file(submissions, tmp_path):
    """The system itself refuses to make files larger than a few hundred bytes."""
    graded(submissions, tmp_path / "undisturbed")
    run = program(submissions, tmp_path / "out", 0, largest=700)
    _, told = run.communicate()
    assert run.returncode == 1
    assert "File too large. What was graded before is safe" in told
    whole = contents(tmp_path / "undisturbed")
    kept = contents(tmp_path / "out")
    assert kept.items() < whole.items()
    assert [name for name in kept if name.startswith("sources/")]
    graded(submissions, tmp_path / "out")
    assert contents(tmp_path / "out") == whole


def test_two_runs_on_one_ledger_are_refused(submissions, tmp_path):
    """The second is told which process has it; a killed one holds nothing."""
    run = program(submissions, tmp_path / "out", 5)
    assert run.stdout.readline() == "begun\n"
    with pytest.raises(LedgerBusy, match=f"process {run.pid} "):
        graded(submissions, tmp_path / "out")
    run.kill()
    run.communicate()
    assert len(graded(submissions, tmp_path / "out").entries) == len(WORDS) + 1


def test_a_folder_with_other_things_in_it_is_no_ledger(submissions):
    """A slip of the hand does not strew files among the submissions."""
    before = sorted(submissions.rglob("*"))
    with pytest.raises(LedgerError, match="holds other files"):
        graded(submissions, submissions)
    assert sorted(submissions.rglob("*")) == before


# Processes that die


def test_a_submission_that_kills_its_process_harms_nobody_else(submissions, tmp_path):
    """It is told from those that were graded beside it, and has no score."""
    for name in ("s03", "s06"):
        (submissions / name / "work.py").write_text(f"# kill #{name}\n")
    crew = paper.Mortal(2)
    try:
        index = graded(submissions, tmp_path / "out", crew)
    finally:
        crew.dismiss()
    whole = graded(submissions, tmp_path / "whole", paper.Paper(answer=_survived))
    plain = {"message": ""}
    assert [entry.model_copy(update=plain) for entry in index.entries] == [
        entry.model_copy(update=plain) for entry in whole.entries
    ]
    assert crew.renewals >= 2 * schedule.DEATHS
    for place in (3, 6):
        assert "2 processes that had nothing else to grade" in index.entries[place].message


def _survived(job):
    if b"kill" in b"".join(job.files.values()):
        return paper.Result(fault="killed")
    return paper.by_word(job)


def test_every_student_is_told_of_once_and_counted(submissions, tmp_path):
    """Progress adds up, and only what took time counts for the speed."""
    told = []
    for expected in (7, 0):
        told.clear()
        graded(submissions, tmp_path / "out", on_settled=lambda *one: told.append(one))
        assert sorted(entry.id for entry, _ in told) == sorted({entry.id for entry, _ in told})
        assert len(told) == len(WORDS) + 1
        assert {entry.outcome for entry, _ in told} == set(OUTCOMES)
        unfailing = [fresh for entry, fresh in told if entry.outcome != "infrastructure"]
        assert sum(unfailing) == expected
