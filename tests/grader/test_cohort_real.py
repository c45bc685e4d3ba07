"""A cohort with real processes: on this machine by the command line, and on a Dask cluster."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import zipfile

import pytest

from grader.cohort import crew as crews
from grader.cohort import index as indices
from grader.cohort import ledger, publish, roster
from grader.cohort.conditions import Conditions
from grader.cohort.judgements import Judgements
from grader.cohort.schedule import Run
from grader.options import ROOT, Options

RIGHT = "def db2(dlogits):\n    print(object())\n    return dlogits.sum(0)\n"
WRONG = "def db2(dlogits):\n    return dlogits.sum(1)\n"
HANGS = "def db2(dlogits):\n    while True:\n        pass\n"
CHEATS = "def db2(dlogits):\n    dlogits.sum().backward()\n    return dlogits.sum(0)\n"
SUSPECT = (
    "def slope(f, x, h=1e-4):\n    return (f(x + h) - f(x)) / h\n"
    "def dh(W2, dlogits):\n    slope\n    return dlogits @ W2.T\n"
)
OPTIONS = ("--task", "ex1.db2", "--task", "dh")
EXPECTED = {
    "ada": ("graded", 1.0),
    "bob": ("graded", 0.0),
    "cyd": ("timeout", 0.0),
    "dan": ("policy", 0.0),
    "eve": ("unreadable", None),
    "fay": ("graded", 1.0),
}


def command(submissions, out, *more):
    """Start `grader cohort` in a session of its own."""
    arguments = ["--out", out, *OPTIONS, *more]
    if not {"--workers", "--scheduler"} & set(more):
        arguments += ["--workers", "1"]
    return subprocess.Popen(
        [sys.executable, "-m", "grader.cli", "cohort", submissions, *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def cohort(*arguments, code=0):
    """Run `grader cohort` to its end; return what it printed."""
    run = command(*arguments)
    told, errors = run.communicate()
    assert run.returncode == code, told + errors
    return told + errors


def results(out):
    """Return outcome and score by id."""
    return {entry.id: (entry.outcome, entry.score) for entry in indices.load(out).entries}


@pytest.fixture(scope="module")
def first_run(tmp_path_factory):
    """Six submissions: good, bad, hostile and broken ones, two of them equal; and their ledger."""
    folder = tmp_path_factory.mktemp("cohort")
    submissions, out = folder / "submissions", folder / "out"
    submissions.mkdir()
    for name, text in {"bob": WRONG, "cyd": HANGS, "dan": CHEATS, "fay": RIGHT}.items():
        (submissions / f"{name}.py").write_text(text)
    with zipfile.ZipFile(submissions / "ada.zip", "w") as archive:
        archive.writestr("work/submission.py", RIGHT)
    (submissions / "eve.zip").write_bytes(b"PK\3\4 and then nothing")
    told = cohort(submissions, out, "--workers", "2", "--seed", "autumn")
    assert "6 submissions: 3 graded, 1 timeout, 1 policy, 1 unreadable" in told
    assert "eve: unreadable" in told
    return folder


@pytest.fixture
def cohort_folder(first_run, tmp_path):
    """A copy of the first run, for one test alone."""
    return shutil.copytree(first_run, tmp_path / "cohort")


@pytest.fixture
def submissions(cohort_folder):
    """The submissions of a test's own copy."""
    return cohort_folder / "submissions"


@pytest.fixture
def out(cohort_folder):
    """The ledger of a test's own copy."""
    return cohort_folder / "out"


def test_a_folder_of_submissions_becomes_reports_an_index_and_pages(out):
    """Each with the outcome and the score that it deserves, whatever the others do."""
    index = indices.load(out)
    assert results(out) == EXPECTED
    by_id = {entry.id: entry for entry in index.entries}
    assert by_id["ada"].report == by_id["fay"].report
    assert index.report_of(by_id["fay"]).submission.name == "fay"
    assert "object at 0x..." in "".join(task.output for task in index.reports()["ada"].tasks)
    page = (out / "index.html").read_text(encoding="utf-8")
    for id_ in index.reports():
        link = f"{publish.PAGES}/{publish.file_name(id_)}.html"
        assert link in page
        assert (out / link).is_file()
    assert index.times().keys() == index.reports().keys()


def test_the_same_again_grades_nothing(submissions, out):
    """Nor does it change a byte."""
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    told = cohort(submissions, out)  # without --seed, the ledger's own is used
    after = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    assert before.pop(out / ledger.LOCK) != after.pop(out / ledger.LOCK)
    assert after == before
    assert "moved" not in told


def test_another_seed_is_refused_unless_scores_may_move(submissions, out):
    """A regrade says whose did, and why."""
    told = cohort(submissions, out, "--seed", "winter", code=2)
    assert "was graded with another seed" in told
    assert "--regrade" in told
    assert indices.load(out).seed == "autumn"
    (submissions / "bob.py").write_text(RIGHT)
    told = cohort(submissions, out, "--seed", "winter", "--regrade")
    assert "bob: 0 -> 1; submission changed, seed changed" in told
    assert "ex1.db2: failed 0 -> passed 1" in told
    assert "\n1 moved\n" in told
    assert indices.load(out).seed == "winter"


def test_a_judgement_is_remembered(submissions, out):
    """Said once, the next run need not be told again; an id that is none is refused."""
    (submissions / "gil.py").write_text(SUSPECT)
    assert "1 new" in cohort(submissions, out)
    index = indices.load(out)
    gil = next(entry for entry in index.entries if entry.id == "gil")
    [finding] = index.report_of(gil).findings
    assert (gil.outcome, finding.state, gil.findings) == ("graded", "open", {"open": 1})

    told = cohort(submissions, out, "--uphold", finding.id)
    assert f"gil: {gil.score:g} -> 0 policy; judgements changed" in told
    wrong = cohort(submissions, out, "--allow", "0123", code=2)
    assert "there is no finding 0123" in wrong
    assert finding.id in wrong
    cohort(submissions, out)
    assert results(out)["gil"] == ("policy", 0.0)
    cohort(submissions, out, "--allow", finding.id)
    assert results(out)["gil"] == ("graded", gil.score)


def test_what_cannot_be_run_is_refused_at_once(submissions, out, tmp_path):
    """A ledger in use, a folder of other things, a cluster that is not there: each is said."""
    with ledger.opened(out):
        assert f"process {os.getpid()} is grading" in cohort(submissions, out, code=2)
    assert "no such folder" in cohort(tmp_path / "none", tmp_path / "out", code=3)
    told = cohort(submissions, tmp_path / "new", "--scheduler", "nonsense", code=4)
    assert "write tcp://HOST:PORT" in told


def test_interrupted_it_leaves_a_ledger_and_no_process(submissions, tmp_path):
    """Ctrl-C reaches every process of a terminal; exit code 130, and what is there is whole."""
    run = command(submissions, tmp_path / "out")
    while not list(tmp_path.glob("out/reports/*.json")):
        assert run.poll() is None, run.communicate()
        time.sleep(0.05)
    os.killpg(run.pid, signal.SIGINT)
    told, errors = run.communicate()
    assert run.returncode == 130, told + errors
    assert "interrupted; the same command goes on from here" in errors
    for path in tmp_path.glob("out/reports/*.json"):
        assert json.loads(path.read_text())["score"] >= 0
    deadline = time.monotonic() + 60
    while _alive(run.pid):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def _alive(group):
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_cluster_that_loses_a_worker_loses_no_submission(tmp_path):
    """A scheduler and two worker processes; one is killed in the middle. The reports are those of
    this machine's own processes.
    """
    distributed = pytest.importorskip("distributed")
    folder = tmp_path / "submissions"
    folder.mkdir()
    for number in range(8):
        (folder / f"s{number}.py").write_text(RIGHT.replace("object()", str(number)))
    options = Options(seed="autumn", tasks=("ex1.db2",))
    people = roster.read(folder)

    def run(out, crew, on_settled=lambda entry, fresh: None):
        with ledger.opened(out) as book:
            conditions = Conditions.of(options, crews.muster(crew, options))
            entries = Run(people.students, book, conditions, Judgements(), crew, on_settled).grade()
        reports = {path.name: path.read_bytes() for path in (out / "reports").iterdir()}
        return entries, reports

    local = crews.Local(1)
    try:
        expected = run(tmp_path / "local", local)
    finally:
        local.dismiss()
    with distributed.LocalCluster(
        n_workers=2,
        threads_per_worker=1,
        processes=True,
        host="127.0.0.1",
        dashboard_address=None,
        silence_logs="CRITICAL",
    ) as cluster:
        crew = crews.recruited(2, cluster.scheduler_address)
        with distributed.Client(cluster) as client:
            victims = list(client.run(os.getpid).values())
        killed = []

        def kill_one(entry, fresh):
            if not killed:
                killed.append(victims[0])
                os.kill(victims[0], signal.SIGKILL)

        try:
            found = run(tmp_path / "cluster", crew, kill_one)
        finally:
            crew.dismiss()
    assert killed
    assert found == expected
    assert [entry.score for entry in found[0]] == [1.0] * 8
