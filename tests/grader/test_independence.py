"""Tasks do not touch each other: neither their order nor their company changes what they earn."""

from __future__ import annotations

import dataclasses

from grader import grade
from grader.course import catalogue
from grader.options import Options
from grader.submission import Submission

POISONOUS = """
import math
import random
import torch
from torch.nn import functional

SHARED = {"calls": 0}

def dlogprobs(logprobs, Yb):
    SHARED["calls"] += 1
    torch.manual_seed(0)
    random.seed(0)
    torch.set_default_dtype(torch.float64)
    torch.set_num_threads(2)
    torch.exp = torch.sum = torch.zeros_like = None
    functional.softmax = None
    math.pi = 3
    n = Yb.shape[0]
    out = logprobs * 0
    out[torch.arange(n), Yb] = -1.0 / n
    return out

def dprobs(probs, dlogprobs):
    if SHARED["calls"]:
        return probs
    return dlogprobs / probs

def dh(W2, dlogits):
    while True:
        pass

def db2(dlogits):
    assert torch.zeros_like is not None and math.pi > 3.1
    return dlogits.sum(0)
"""
TASKS = ("ex1.dlogprobs", "ex1.dprobs", "ex1.dh", "ex1.db2")
ENDLESS = "ex1.dh"
IMPATIENT = 0.5
"""Deadline in seconds of the call that never ends; all others keep theirs."""


def impatient():
    """Return the course with a short deadline for what never ends."""
    course = catalogue.read()
    tasks = [
        dataclasses.replace(task, deadline_s=IMPATIENT) if task.full_name == ENDLESS else task
        for task in course.tasks
    ]
    return dataclasses.replace(course, tasks=tuple(tasks))


def earned(zygote, *tasks):
    """Grade a few tasks of the submission; return their states and points."""
    submission = Submission("poisonous", {"ex1_backward.py": POISONOUS.encode()}, "0" * 64)
    report = grade.grade_one(submission, zygote, Options(seed="independence", tasks=tasks))
    return {task.full_name: (task.status, task.points) for task in report.tasks}


def test_a_task_earns_the_same_alone_and_in_company(zygote, monkeypatch):
    """Patched functions, seeds, default dtypes and globals of one task do not reach another."""
    course = impatient()
    monkeypatch.setattr(catalogue, "course", lambda: course)
    together = earned(zygote, *TASKS)
    alone: dict[str, tuple[str, float]] = {}
    for task in reversed(TASKS):
        alone |= earned(zygote, task)
    assert alone == together
    assert together["ex1.dprobs"] == ("passed", 1.0)
    assert together["ex1.db2"] == ("passed", 1.0)
    assert together["ex1.dh"] == ("timeout", 0.0)
