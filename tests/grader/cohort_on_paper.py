"""A cohort that is graded in no time: reports are made up, everything else is real.

Run as a program (SUBMISSIONS OUT SECONDS LARGEST) it grades a folder, for tests that kill it or
allow it no files of more than LARGEST bytes.
"""

from __future__ import annotations

import copy
import os
import resource
import sys
import time
from concurrent.futures import Future
from pathlib import Path

from grader.cohort import ledger, publish, reading, roster, worker
from grader.cohort.conditions import Conditions, Machine
from grader.cohort.crew import Local
from grader.cohort.judgements import Judgements
from grader.cohort.schedule import Run
from grader.cohort.worker import Result
from grader.report import Report

MACHINE = Machine(course="c", grader="1", sources="s", environment={"torch": "2"})
CONDITIONS = Conditions(
    seed="s",
    corpus="names",
    corpus_sha256="x",
    public_only=False,
    tasks=[],
    isolation="jail",
    machine=MACHINE,
)


def result(job, statuses=("passed",), machine=MACHINE):
    """Return a report with a task for each status, worth a point if it is passed."""
    tasks = [
        {
            "name": f"d{number}",
            "exercise": "ex1",
            "full_name": f"ex1.d{number}",
            "status": status,
            "points": float(status == "passed"),
            "max_points": 1.0,
            "is_bonus": False,
            "max_relative_error": None,
            "max_abs_error": None,
            "message": f"why {status}",
            "diagnosis": None,
            "file": None,
            "line": None,
            "traceback": "",
            "output": "",
            "parts": {},
            "checks": [],
            "duration_s": 0.0,
        }
        for number, status in enumerate(statuses)
    ]
    about = {"state": "open", "tasks": ["ex1.d0"], "reason": "why"}
    where = {"id": job.digest, "file": "work.py", "line": 1, "kind": "tape", "what": "a class"}
    report = Report.model_validate(
        {
            "view": "staff",
            "score": float(statuses.count("passed")),
            "max_score": float(len(statuses)),
            "bonus": 0.0,
            "max_bonus": 0.0,
            "exercises": [],
            "tasks": tasks,
            "hidden": {"run": True, "passed": 0, "total": 0},
            "chain": {
                "complete": False,
                "right": 0,
                "total": 0,
                "max_relative_error": None,
                "first_wrong": None,
            },
            "training": None,
            "isolation": "jail",
            "sandbox": {"layers": [], "missing": []},
            "findings": [{**where, **about}] if "passed" in statuses[1:] else [],
            "submission": {"name": "submission", "digest": job.digest, "notes": []},
            "environment": {
                "grader": "1",
                "course": "c",
                "python": "3",
                "torch": "2",
                "system": "",
                "machine": "",
            },
            "seed": job.options.seed,
            "duration_s": 0.0,
        }
    )
    return Result(machine, report=report.as_json(), times={"seconds": 1.0, "tasks": {}})


def by_word(job):
    """Return what a submission asks for: its source is the status that its only task is to have,
    or another end of its grading.
    """
    word = next(iter(job.files.values())).decode().split()[1]
    if word == "refused":
        return Result(MACHINE, unreadable="too deep", times={"seconds": 1.0, "tasks": {}})
    if word == "fault":
        return Result(fault="SandboxError: no")
    if word == "stranger":
        return result(job, machine=MACHINE.model_copy(update={"course": "another"}))
    return result(job, ["passed", word])


class Paper:
    """A crew that grades at once, in this process. It remembers what it was asked."""

    def __init__(self, answer=by_word, seconds=0.0, size=2):
        self.size, self.answer, self.seconds = size, answer, seconds
        self.asked = []

    def read(self, student):
        """Read at once."""
        future = Future()
        try:
            future.set_result(reading.read(student))
        except Exception as error:
            future.set_exception(error)
        return future

    def submit(self, call, job):
        """Answer."""
        assert call is worker.graded
        self.asked.append(job)
        time.sleep(self.seconds)
        future = Future()
        future.set_result(self.answer(job))
        return future

    def has_died(self, error):
        """Paper does not die."""
        return False

    def renew(self):
        """Nothing to renew."""

    def dismiss(self):
        """Nobody to dismiss."""


class Mortal(Local):
    """Real processes. Under a submission with the word `kill` the process ends."""

    def __init__(self, size):
        super().__init__(size)
        self.asked, self.renewals = [], 0

    def submit(self, call, job):
        """Hand over a call."""
        self.asked.append(job)
        if b"kill" in b"".join(job.files.values()):
            return super().submit(os._exit, 3)
        return super().submit(copy.copy, by_word(job))

    def renew(self):
        """Count."""
        self.renewals += 1
        super().renew()


def grade(submissions, book, crew, said=None, conditions=CONDITIONS, on_settled=None):
    """Grade a folder into an open ledger; return its index."""
    people = roster.read(submissions)
    told = on_settled or (lambda entry, fresh: None)
    judgements = Judgements(book.judgements(), said or {})
    run = Run(people.students, book, conditions, judgements, crew, told)
    index = publish.index_of(run.grade(), people.notes, conditions, judgements)
    book.keep_judgements(judgements.kept)
    book.keep_index(index)
    return index.located(book.folder)


if __name__ == "__main__":
    if int(sys.argv[4]):
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[4]), int(sys.argv[4])))
    with ledger.opened(Path(sys.argv[2])) as book:
        print("begun", flush=True)
        grade(Path(sys.argv[1]), book, Paper(seconds=float(sys.argv[3])))
