"""One submission, one seed, one report: neither load nor luck moves a status or a point."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from dataclasses import replace

import pytest

from grader import grade
from grader.cohort import canonical
from grader.course import catalogue
from grader.options import Options
from grader.submission import Submission

TROUBLE = """
import torch
KEPT


def dlogprobs(logprobs, Yb):
    total = 0
    for _ in range(20_000):
        total += 1
    out = logprobs * 0
    out[range(len(Yb)), Yb] = -1.0 / len(Yb)
    print(total, torch.rand(1, generator=None).item())
    return out


def dprobs(probs, dlogprobs):
    while True:
        pass


def dcounts_sum(counts_sum, dcounts_sum_inv):
    def deeper(x):
        return deeper(x)

    return deeper(counts_sum)


def dnorm_logits(counts, dcounts):
    return counts * dcounts if counts.shape[0] == 32 else counts


def dh(W2, dlogits):
    return torch.zeros(10**10)


def dW2(h, dlogits):
    print(len(h))
    return h.T @ dlogits


def db2(dlogits):
    raise ValueError(dlogits.shape)
"""
NAMES = "dlogprobs dprobs dcounts_sum dnorm_logits dh dW2 db2".split()
BUSY = "while True: pass"


@contextlib.contextmanager
def loaded():
    """A machine that has more to do than it has processors."""
    busy = [subprocess.Popen([sys.executable, "-S", "-c", BUSY]) for _ in range(2)]
    try:
        yield
    finally:
        for process in busy:
            process.kill()
            process.wait()


@pytest.mark.parametrize("kept", ["", "KEPT = []"], ids=["one process", "a process for each task"])
def test_a_loaded_machine_gives_the_same_report(kept, zygote, monkeypatch):
    """Right, wrong, endless, failing and greedy functions: nothing differs but times."""
    course = catalogue.read()
    hasty = replace(course, tasks=tuple(replace(task, deadline_s=0.5) for task in course.tasks))
    monkeypatch.setattr(catalogue, "course", lambda: hasty)
    source = TROUBLE.replace("KEPT", kept).encode()
    submission = Submission("trouble", {"ex1_backward.py": source}, "0" * 64)
    tasks = tuple(task.full_name for task in course.tasks if task.name in NAMES)
    options = Options(seed="the same", tasks=tasks)
    quiet, _ = canonical.split(grade.grade_one(submission, zygote, options))
    with loaded():
        busy, _ = canonical.split(grade.grade_one(submission, zygote, options))

    assert quiet == busy
    statuses = {task.name: task.status for task in quiet.tasks if task.exercise == "ex1"}
    assert [statuses[name] for name in NAMES] == [
        "passed", "timeout", "error", "failed", "memory", "passed", "error",
    ]  # fmt: skip
