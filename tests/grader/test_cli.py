"""The command line as students and staff use it, in processes of their own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time

import jsonschema
import pytest

from grader.options import ROOT

SCHEMA = json.loads((ROOT / "docs" / "report.schema.json").read_text(encoding="utf-8"))
PATIENCE = 300
"""Seconds to wait for the first worker of a command."""

HALF_RIGHT = """
def dlogprobs(logprobs, Yb):
    raise NotImplementedError

def dprobs(probs, dlogprobs):
    return dlogprobs * probs

def dcounts_sum_inv(counts, dprobs):
    return (counts * dprobs).sum(1, keepdim=True)

def dcounts_sum(counts_sum, dcounts_sum_inv)
    return counts_sum
"""


@pytest.fixture(scope="module")
def half_right(tmp_path_factory):
    """A submission with one right, one wrong, one untouched and one broken function."""
    path = tmp_path_factory.mktemp("half_right") / "ex1_backward.py"
    path.write_text(HALF_RIGHT, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def graded(grader, half_right, tmp_path_factory):
    """What grading it on the seed s with a bar below its score shows, and the report as text."""
    out = tmp_path_factory.mktemp("graded") / "report.json"
    shown = grader("grade", half_right, "--json", out, "--seed", "s", "--fail-under", "1")
    return shown, out.read_text(encoding="utf-8")


def test_staff_grade_a_file_and_get_a_report_that_validates(graded):
    """One submission goes in, a score report comes out that the schema in the repository admits."""
    shown, text = graded
    report = json.loads(text)
    jsonschema.validate(report, SCHEMA)
    statuses = {task["full_name"]: task["status"] for task in report["tasks"]}
    assert statuses["ex1.dlogprobs"] == "not_attempted"
    assert statuses["ex1.dprobs"] == "failed"
    assert statuses["ex1.dcounts_sum_inv"] == "passed"
    assert statuses["ex1.dcounts_sum"] == "error"
    assert (report["score"], report["max_score"], report["seed"]) == (2.0, 100.0, "s")
    assert "SyntaxError" in shown
    assert "line 11" in shown
    wrong = next(task for task in report["tasks"] if task["full_name"] == "ex1.dprobs")
    assert wrong["diagnosis"]["id"].startswith("ex1.dprobs/")
    assert wrong["max_relative_error"] > 1e-5


def test_the_same_seed_gives_the_same_report(grader, half_right, graded, tmp_path):
    """But for times, a report depends on submission, course and seed alone."""
    grader("grade", half_right, "--json", tmp_path / "again.json", "--seed", "s")
    again = (tmp_path / "again.json").read_text(encoding="utf-8")
    _, text = graded
    assert without_times(json.loads(text)) == without_times(json.loads(again))


def without_times(report):
    """Return a report without what it took."""
    report.pop("duration_s")
    for task in report["tasks"]:
        task.pop("duration_s")
    return report


def test_a_students_view_tells_nothing_of_hidden_checks_but_their_results(
    grader, half_right, tmp_path
):
    """The student's projection has no seed, no hidden figures and no hidden messages."""
    out = tmp_path / "student.json"
    grader("grade", half_right, "--json", out, "--seed", "canary-seed", "--view", "student")
    text = out.read_text(encoding="utf-8")
    report = json.loads(text)
    jsonschema.validate(report, SCHEMA)
    assert "canary-seed" not in text
    hidden = [c for task in report["tasks"] for c in task["checks"] if c["visibility"] == "hidden"]
    assert hidden
    assert all(check["figures"] == [] and check["traceback"] == "" for check in hidden)
    told = {check["message"].replace(check["title"], "TITLE") for check in hidden}
    assert told == {"", "a hidden check failed: TITLE"}
    assert all(check["title"] for check in hidden)


def test_public_only_never_pretends_that_hidden_checks_passed(grader, half_right, tmp_path):
    """Hidden totals read 'withheld' where hidden checks were not run."""
    out = tmp_path / "public.json"
    shown = grader("grade", half_right, "--json", out, "--public-only")
    report = json.loads(out.read_text(encoding="utf-8"))
    jsonschema.validate(report, SCHEMA)
    assert report["hidden"] == {"run": False, "passed": None, "total": "withheld"}
    assert "hidden withheld" in shown


def test_a_student_sees_the_table_the_progress_and_the_next_hint(grader, half_right):
    """`grader check` shows what is done, what is wrong and where to go on."""
    shown = grader("check", "ex1", "--path", half_right)
    assert "1/26" in shown
    assert "maxdiff" in shown
    assert "worst at [" in shown
    assert "next: ex1.dlogprobs" in shown
    assert max(map(len, shown.splitlines())) <= 80


def test_a_student_checks_one_task(grader, half_right):
    """A task's name restricts the check to it."""
    shown = grader("check", "dcounts_sum_inv", "--path", half_right)
    assert "1/1" in shown
    assert "dprobs" not in shown


def test_an_input_that_is_not_on_offer_is_answered_with_what_is(grader, tmp_path):
    """Asking for something else is a clear error that lists what a task has on offer."""
    path = tmp_path / "ex1_backward.py"
    path.write_text("def dprobs(probs, dcounts):\n    return probs\n", encoding="utf-8")
    shown = grader("check", "dprobs", "--path", path)
    assert "asks for 'dcounts', which is not on offer" in " ".join(shown.split())
    assert "dlogprobs" in shown


def test_hints_come_one_at_a_time(grader, tmp_path):
    """A student gets one hint, and one more for the asking; the count is remembered."""
    assert "2." not in grader("hint", "dcounts", cwd=tmp_path)
    assert "2." in grader("hint", "dcounts", "--more", cwd=tmp_path)
    assert "2." in grader("hint", "dcounts", cwd=tmp_path)
    (tmp_path / ".state.json").write_text("{broken", encoding="utf-8")
    assert "2." not in grader("hint", "dcounts", cwd=tmp_path)


def test_all_tasks_are_listed(grader):
    """`grader list` names every task by its full name."""
    shown = grader("list")
    assert "ex1.dlogprobs" in shown
    assert "ex5.embedding_backward" in shown


def test_a_submission_beside_the_solutions(grader, half_right):
    """`grader compare` shows error, time and points beside the reference."""
    shown = grader("compare", half_right, "--seed", "s")
    assert "solution's" in shown
    assert "(solutions 100)" in shown


def test_a_score_below_the_bar_turns_the_exit_code(grader, half_right, graded):
    """CI can demand a score: 2 points pass a bar of 1."""
    shown, _ = graded
    assert "below" not in shown.splitlines()[-1]
    assert "below 50" in grader("grade", half_right, "--brief", "--fail-under", "50", code=1)


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (("grade", "no-such-folder"), 3, "there is no such file or folder"),
        (("grade", "LICENSE"), 3, "expected a folder or one of .py"),
        (("grade", "data"), 3, "holds no .py file"),
        (("grade", "solutions", "--corpus", "nope"), 3, "there is no corpus 'nope'"),
        (("check", "dlogits"), 2, "say one of ex1.dlogits, ex2.dlogits"),
        (("hint", "nothing"), 2, "there is no task"),
        (("grade",), 2, "Missing argument"),
        (("calibrate", "--seeds", "3"), 2, "fewer than 20 seeds"),
        (("data", "import", "LICENSE"), 3, "is not the lecture's names.txt"),
        (("grade", "solutions", "--json", "no/such/folder/x.json", "--public-only"), 2, "written"),
    ],
)
def test_a_mistake_in_a_command_says_what_was_wrong_and_exits_with_its_code(
    grader, arguments, code, told
):
    """An error names what was wrong, and the exit code is the documented one."""
    assert told in grader(*arguments, code=code)


def test_help_names_every_exit_code(grader):
    """`grader --help` documents the exit codes."""
    shown = grader("--help")
    for code in ("0 ", "1 ", "2 ", "3 ", "4 ", "130 "):
        assert f"\n    {code}" in shown


def test_ctrl_c_ends_cleanly_and_leaves_no_report(tmp_path):
    """Interrupted grading exits with 130 and writes nothing."""
    slow = tmp_path / "ex1_backward.py"
    text = "def dlogprobs(logprobs):\n    while True: pass\n"
    slow.write_text(text, encoding="utf-8")
    out = tmp_path / "report.json"
    command = [sys.executable, "-m", "grader.cli", "grade", str(slow), "--json", str(out)]
    with subprocess.Popen(
        command, cwd=ROOT, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as running:
        wait_for_child(running.pid)
        os.killpg(running.pid, signal.SIGINT)
        _, told = running.communicate(timeout=60)
    assert running.returncode == 130, told
    assert "interrupted" in told
    assert not out.exists()


def wait_for_child(pid):
    """Return once a worker of the process is busy: its zygote has a child of its own."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if any(_children(child) for child in _children(pid)):
            return
        time.sleep(0.005)
    raise AssertionError("no worker was ever started")


def _children(pid):
    try:
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
            return [int(child) for child in file.read().split()]
    except FileNotFoundError:
        return []
