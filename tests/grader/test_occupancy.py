"""How long a submission may keep a machine busy: processor time decides, and there is an end."""

from __future__ import annotations

from dataclasses import replace

import pytest

from grader import examination, grade
from grader.course import catalogue
from grader.examination import Examination
from grader.options import Options
from grader.sandbox.host import occupancy, reader
from grader.sandbox.host.occupancy import Allowance, Meter
from grader.sandbox.host.worker import Worker
from grader.sandbox.host.zygote import Zygote
from grader.submission import Submission

DOCUMENTED = 150.0
"""Seconds of processor time, and as many asleep, that `docs/security.md` promises as the most."""

FILE = "ex1_backward.py"
RIGHT = """
import torch


def dlogprobs(logprobs, Yb):
    n = logprobs.shape[0]
    d = torch.zeros_like(logprobs)
    d[range(n), Yb] = -1.0 / n
    return d


def dnorm_logits(counts, dcounts):
    return counts * dcounts
"""
SPINS = "while True:\n        pass"
SLEEPS = "time.sleep(10**6)"
SLOW = ("dprobs", "dcounts_sum_inv", "dcounts_sum", "dh")


def slow(body, *, plain, head=""):
    """Return a submission of two right functions and four that never answer."""
    # A list at the top of a file could keep something, so every task has a process of its own.
    lines = [RIGHT, "" if plain else "import time\nKEPT = []\n", head]
    lines += [f"def {name}({name[1:]}):\n    {body}\n" for name in SLOW]
    return "\n\n".join(lines)


@pytest.fixture
def examined(zygote, monkeypatch):
    """Grades a source with half a second for each task; returns the tasks that it attempts."""

    def graded(source, tasks=()):
        course = catalogue.read()
        hasty = replace(course, tasks=tuple(replace(task, deadline_s=0.3) for task in course.tasks))
        monkeypatch.setattr(catalogue, "course", lambda: hasty)
        submission = Submission("slow", {FILE: source.encode()}, "0" * 64)
        inspection = grade.inspected(submission, zygote)
        exam = Examination(zygote, submission, hasty, inspection)
        asked = Options(seed="occupancy", tasks=tasks)
        report = grade.grade_exam(exam, asked)
        return {task.name: task for task in report.tasks if task.status != "not_attempted"}

    return graded


def test_the_allowances_add_up_to_what_is_documented():
    """Reading, and loading and calling for every task: nothing else runs anything of it."""
    each = [task.deadline_s for task in catalogue.course().tasks]

    assert reader.READING + sum(each) <= DOCUMENTED
    assert min(each) > 0


WAYS = {
    "spins in a process of its own": slow(SPINS, plain=False),
    "spins in a process that is shared": slow(SPINS, plain=True),
    "sleeps": slow(SLEEPS, plain=False),
    "sleeps and spins": slow("time.sleep(0.15)\n    while True:\n        pass", plain=False),
}


@pytest.mark.parametrize("source", WAYS.values(), ids=WAYS)
def test_slow_functions_take_nothing_from_others(source, examined):
    """Four that never answer have used up their own time, and the functions after them pass."""
    found = examined(source)

    assert {name: found.pop(name).status for name in SLOW} == dict.fromkeys(SLOW, "timeout")
    assert {name: task.status for name, task in found.items()} == {
        "dlogprobs": "passed",
        "dnorm_logits": "passed",
    }


@pytest.mark.parametrize("head", ["while True: pass", "time.sleep(10**6)"])
def test_a_file_that_never_ends_costs_each_task_its_own_time(head, examined, monkeypatch):
    """All tasks of the file are late, by their own limits; none of them is asked anything."""
    asked, post = [], Worker.post

    def noted(worker, header, *parts, **more):
        asked.append(header["op"])
        post(worker, header, *parts, **more)

    monkeypatch.setattr(Worker, "post", noted)
    found = examined(slow(SPINS, plain=False, head=head), tasks=("ex1.dprobs", "ex1.dlogprobs"))

    assert {task.status for task in found.values()} == {"timeout"}
    assert "load" in asked
    assert "call" not in asked
    assert all("could not be loaded" in task.message for task in found.values())


def test_who_has_used_up_its_time_gets_no_other_process(zygote, monkeypatch):
    """Neither hidden checks nor another question of the task start anew."""
    task = replace(catalogue.course().resolve("ex1.dprobs"), deadline_s=0.3)
    submission = Submission("slow", {FILE: slow(SPINS, plain=False).encode()}, "0" * 64)
    inspection, _ = examination.inspect(zygote, submission)
    exam = Examination(zygote, submission, catalogue.course(), inspection)
    first = exam.ask(task, {"probs": 1})
    exam.close()
    forked = []
    monkeypatch.setattr(Zygote, "fork", forked.append)
    exam.turn_to("hidden")
    second = exam.ask(task, {"probs": 1})
    exam.end()

    assert forked == []
    told = "no answer within the limit of 0.3 s of processor time"
    assert [(a.outcome, a.message) for a in (first, second)] == [("timeout", told)] * 2


# The clocks of a process, with a kernel that says what a story needs


class Clocks:
    """Stands in for the kernel: the time, and a process's times on a processor and in queues."""

    def __init__(self, monkeypatch):
        self.wall = self.cpu = self.queued = 0.0
        monkeypatch.setattr(occupancy.time, "monotonic", lambda: self.wall)
        monkeypatch.setattr(occupancy, "queue_time", lambda pid: self.queued)
        monkeypatch.setattr(occupancy, "processor_time", lambda pid: self.cpu)

    def go_on(self, wall, *, cpu=0.0, queued=0.0):
        """Let time pass."""
        self.wall, self.cpu, self.queued = self.wall + wall, self.cpu + cpu, self.queued + queued


@pytest.fixture
def clocks(monkeypatch):
    """A kernel for stories."""
    return Clocks(monkeypatch)


def test_waiting_for_a_processor_makes_nobody_late(clocks):
    """On a machine that is a hundred times too small, an answer of a second is in time."""
    allowance, meter = Allowance(2.5), Meter(1)
    meter.charge(allowance, waiting=True)
    for _ in range(100):
        clocks.go_on(1.0, cpu=0.01, queued=0.99)
        meter.charge(allowance, waiting=True)

    assert pytest.approx((allowance.cpu, allowance.asleep)) == (1.0, 0.0)
    assert allowance.exceeded == ""


def test_sleeping_counts_while_somebody_waits(clocks):
    """A process that waits for a question sleeps at nobody's expense."""
    allowance, meter = Allowance(2.5), Meter(1)
    clocks.go_on(100.0)
    meter.charge(allowance, waiting=False)
    clocks.go_on(100.0)
    meter.charge(allowance, waiting=True)
    assert (allowance.cpu, allowance.asleep) == (0.0, 0.0)
    clocks.go_on(2.0, cpu=0.5)
    meter.charge(allowance, waiting=False)

    assert pytest.approx((allowance.cpu, allowance.asleep)) == (0.5, 1.5)
    assert pytest.approx(allowance.left) == 1.0


def test_all_that_a_process_ran_is_charged_once(clocks):
    """From its beginning on, also what it ran while nobody looked, to whoever it works for then."""
    first, second, meter = Allowance(2.5), Allowance(2.5), Meter(1)
    clocks.go_on(0.1, cpu=0.1)
    meter.charge(first, waiting=False)
    clocks.go_on(5.0, cpu=3.0)
    meter.charge(second, waiting=True)
    meter.charge(second, waiting=False)

    assert pytest.approx((first.cpu, second.cpu)) == (0.1, 3.0)
    assert "processor time" in second.exceeded


def test_without_a_clock_of_processes_only_waiting_counts(clocks):
    """On other systems all the time that somebody waits is bounded, and no other."""
    allowance, meter = Allowance(2.5), Meter(1)
    clocks.cpu = None
    for waiting in (False, True, False, False):
        meter.charge(allowance, waiting=waiting)
        clocks.wall += 3.0

    assert (allowance.cpu, allowance.asleep) == (0.0, 3.0)
    assert "asleep" in allowance.exceeded


def test_without_proc_time_in_queues_is_not_told(monkeypatch):
    """Then all time that is not on a processor counts as asleep, and nothing fails."""

    def refuse(*arguments, **named):
        raise FileNotFoundError

    monkeypatch.setattr("builtins.open", refuse)
    assert occupancy.queue_time(1) == 0.0
    assert Meter(1).is_idle()
