"""What a student's report tells of hidden checks: their titles and results, and nothing else."""

from __future__ import annotations

import io
import json
import re

import pytest
from rich.console import Console

from grader import grade
from grader.options import Options
from grader.render import terminal
from grader.report import for_student
from grader.submission import Submission

SEED = "canary-d41d8cd98f"
TELLTALE = """
import torch

def dprobs(probs, dlogprobs):
    seen = f"CANARY{dlogprobs.flatten()[0].item():.9e}"
    print(seen, probs.shape)
    %s

def dh(W2, dlogits):
    seen = f"CANARY{W2.flatten()[0].item():.9e}"
    if W2.shape == (64, 27) and dlogits.shape[0] == 32:
        return dlogits @ W2.T
    raise type(seen, (Exception,), {})(seen)

def dbnbias(dhpreact):
    return dhpreact.sum(0, keepdim=True) + (dhpreact.shape[0] != 32)
"""
WAYS = {
    "raises what it saw": "raise ValueError(seen)",
    "names its exception after what it saw": "raise type(seen, (Exception,), {})()",
    "returns what it saw": "return dlogprobs",
    "leaves with what it saw": "import sys; sys.exit(seen)",
    "asks for more memory than there is": "return torch.ones(1 << 40)",
}


@pytest.fixture(scope="module", params=list(WAYS))
def both_views(request, zygote):
    """The staff's and the student's report of a submission that tells what it sees."""
    source = TELLTALE % WAYS[request.param]
    submission = Submission("telltale", {"ex1_backward.py": source.encode()}, "0" * 64)
    tasks = ("ex1.dprobs", "ex1.dh", "ex1.dbnbias")
    report = grade.grade_one(submission, zygote, Options(seed=SEED, tasks=tasks))
    return report, for_student(report)


def tokens(text):
    """Return every canary in a text, and every number with many digits."""
    return set(re.findall(r"CANARY[-+.\de]+|\d\.\d{6,}(?:e[-+]\d+)?", text))


def hidden_tokens(report):
    """Return what only hidden checks of the staff's report contain."""
    public, hidden = set(), set()
    for task in report.tasks:
        for check in task.checks:
            told = tokens(check.model_dump_json())
            (public if check.visibility == "public" else hidden).update(told)
    return hidden - public


def rendered(report):
    """Return every rendering of a report that a student may get."""
    screen = Console(file=io.StringIO(), width=80)
    terminal.show(report, screen)
    return report.as_json() + screen.file.getvalue()


def test_the_staff_sees_what_hidden_checks_found(both_views):
    """The canaries are real: the staff's report does contain them."""
    staff, _ = both_views
    assert hidden_tokens(staff)


def test_no_student_output_contains_a_canary_of_a_hidden_case(both_views):
    """No hidden value, seed or message is in any output for students."""
    staff, student = both_views
    text = rendered(student)
    leaked = {token for token in hidden_tokens(staff) if token in text}
    assert leaked == set()
    assert SEED not in text


def test_no_student_output_shows_what_was_printed_where_hidden_checks_ran(both_views):
    """A function sees its hidden inputs, so what it prints is withheld."""
    _, student = both_views
    assert {task.output for task in student.tasks} == {""}


def test_a_student_learns_which_hidden_check_failed_by_its_title(both_views):
    """A task that is right in public learns the title of the hidden check that it failed."""
    _, student = both_views
    task = next(task for task in student.tasks if task.name == "dbnbias")
    assert task.status == "failed"
    assert task.message.startswith("a hidden check failed: Right for any batch size")
    assert task.diagnosis is None


def test_hidden_failures_all_look_the_same_to_a_student(both_views):
    """Wrong, raised or dead: a hidden check that failed has failed."""
    _, student = both_views
    hidden = [c for task in student.tasks for c in task.checks if c.visibility == "hidden"]
    assert {check.status for check in hidden} <= {"passed", "failed"}
    assert all(check.traceback == "" and check.line is None for check in hidden)


def test_the_student_view_is_a_report_like_any_other(both_views):
    """A projection validates against the same model."""
    _, student = both_views
    again = type(student).model_validate(json.loads(student.as_json()))
    assert again == student
    assert again.view == "student"
