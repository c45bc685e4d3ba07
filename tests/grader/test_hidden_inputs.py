"""What a submission learns of hidden inputs reaches no student, however it looks for them."""

from __future__ import annotations

import functools
import struct
from dataclasses import replace

import pytest

from grader import grade, trial
from grader.commands import exporting
from grader.course import catalogue
from grader.examiner import Examiner
from grader.givens import Givens
from grader.options import Options
from grader.question import TENSOR, Answer
from grader.report import Finding, for_student
from grader.sandbox.host.reply import Outcome
from grader.submission import Submission
from grader.trial import Court

SEED = "canary-52b1f0"
TASKS = ("ex1.dprobs", "ex1.dlogprobs")
CLASSROOM = "CLASSROOM ASSIGNMENT SUBMISSION_TAG COMMIT_URL RELEASE_URL REVIEW_URL"
BEGINNING = 32
"""Bytes at the beginning of each question's tensors that are looked for."""

PEEK = f"""
import os
import select
import struct
import torch

SEEN = []


def peek(given):
    waiting = select.poll()
    waiting.register(3, select.POLLIN)
    held = b""
    while waiting.poll(20):
        held += os.read(3, 1 << 20)
    while len(held) >= 12:
        header, body = struct.unpack_from("!IQ", held)
        SEEN.append(held[12 + header : 12 + header + min(body, {BEGINNING})].hex())
        held = held[12 + header + body :]
    SEEN.extend(struct.pack("<8f", *t.flatten()[:8].float().tolist()).hex() for t in given)
    return "SEEN " + " ".join(SEEN[-24:])


def dlogprobs(logprobs, Yb):
    told = peek([logprobs])
    print(told, flush=True)
    OTHERWISE


def dprobs(probs, dlogprobs):
    told = peek([probs])
    print(told, flush=True)
    OTHERWISE
"""
REMEMBERS = PEEK.replace("    while waiting", "    while False and waiting").replace(
    "OTHERWISE", "raise ValueError(told)"
)
WAYS = {
    "raises it": "raise ValueError(told)",
    "names an exception after it": "raise type(told, (Exception,), {})()",
    "leaves with it": "raise SystemExit(told)",
    "prints it": "return torch.zeros(1)",
    "leaves the process": "os._exit(3)",
}
PLAIN = """
import torch


def dlogprobs(logprobs, Yb):
    raise ValueError(f"SEEN {logprobs.flatten()[:8].tolist()}")


def dprobs(probs, dlogprobs):
    print(probs.flatten()[:8].tolist())
    assert False, f"SEEN {probs.flatten()[:8].tolist()}"
"""


class Overheard(Examiner):
    """Answers nothing, and keeps the first numbers of all that it is asked about."""

    def __init__(self):
        self.course = catalogue.course()
        self.asked = {"public": set(), "hidden": set()}
        self.now = "public"

    def turn_to(self, visibility):
        """Keep the two kinds apart."""
        self.now = visibility

    def is_flat(self, task):
        """A function is asked for."""
        return False

    def ask(self, task, inputs, wanted=TENSOR, **how):
        """Keep the beginning of each tensor."""
        for value in inputs.values():
            if hasattr(value, "flatten") and value.is_floating_point():
                self.asked[self.now].add(tuple(value.flatten()[:8].tolist()))
        return Answer(Outcome.ERROR, "nobody is here")


@pytest.fixture(scope="module")
def asked():
    """The first numbers of each tensor of the public and of the hidden questions of this seed."""
    overheard = Overheard()
    court = Court(overheard, Givens(SEED, "names"))
    for name in TASKS:
        task = overheard.course.resolve(name)
        court.tried(task, [law for law in trial.every_law() if law.holds_for(task)])
    hidden = overheard.asked["hidden"] - overheard.asked["public"]
    assert len(hidden) > 10
    return overheard.asked["public"], hidden


def spellings(numbers):
    """Return how a submission of these stories may write numbers down."""
    return {str([*numbers]), struct.pack(f"<{len(numbers)}f", *numbers).hex()}


def found(numbers, text):
    """Return which of several beginnings of tensors a text holds."""
    return {each for each in numbers if any(told in text for told in spellings(each))}


def handed_out(grader, folder, source):
    """Return all that the commands write for students about a submission, by file."""
    command = functools.partial(grader, **dict.fromkeys(CLASSROOM.split(), "submit/1"))
    work, out, graded = folder / "class" / "ada", folder / "out", folder / "graded"
    work.mkdir(parents=True)
    out.mkdir()
    (work / "ex1_backward.py").write_text(source, encoding="utf-8")
    exports = [f"--export={name}={out / name}" for name in exporting.FORMATS]
    pages = ["--json", out / "ada.json", "--html", out / "ada.html"]
    screen = command("grade", work, "--view", "student", "--seed", SEED, *exports, *pages)
    log = command("export", "github", out / "ada.json", "-o", out / "summary")
    tasks = [argument for task in TASKS for argument in ("--task", task)]
    where = [folder / "class", "--out", graded, "--student-pages", "--workers", "1"]
    command("cohort", *where, "--seed", SEED, *tasks)
    files = [*out.iterdir(), *(graded / "students").iterdir()]
    written = {path.name: path.read_text(encoding="utf-8") for path in files}
    return written | {"screen": screen, "log": log}


SOURCES = {how: PEEK.replace("OTHERWISE", way) for how, way in WAYS.items()} | {
    "remembers it": REMEMBERS,
    "has a process in common": PLAIN,
}


@pytest.mark.parametrize("source", SOURCES.values(), ids=SOURCES)
def test_public_checks_tell_nothing_hidden(source, asked, zygote, monkeypatch):
    """There is nothing hidden to read or to remember before the last of them is answered."""
    public, hidden = asked
    course = catalogue.course()
    hasty = replace(course, tasks=tuple(replace(task, deadline_s=1) for task in course.tasks))
    monkeypatch.setattr(catalogue, "course", lambda: hasty)
    submission = Submission("peek", {"ex1_backward.py": source.encode()}, "0" * 64)
    report = grade.grade_one(submission, zygote, Options(seed=SEED, tasks=TASKS))
    checks = [check for task in report.tasks for check in task.checks]
    told = {
        visibility: "".join(c.message + c.traceback for c in checks if c.visibility == visibility)
        for visibility in ("public", "hidden")
    }
    printed = "".join(task.output for task in report.tasks)

    assert found(public, told["public"] + printed), "what it sees, it tells"
    assert set() == found(hidden, told["public"])
    assert set() == found(hidden, for_student(report).as_json())
    if source in (REMEMBERS, PLAIN):
        assert found(hidden, told["hidden"]), "hidden inputs are what they are taken for"


@pytest.mark.parametrize("source", [SOURCES["raises it"], REMEMBERS])
def test_no_output_for_students_holds_a_hidden_input(grader, source, asked, tmp_path):
    """Report, page, every platform's format, the terminal, and the pages of a cohort."""
    _, hidden = asked
    written = handed_out(grader, tmp_path, source)

    assert {name: set() for name in written} == {
        name: found(hidden, text) for name, text in written.items()
    }
    assert any("SEEN" in text for text in written.values()), "what is public is shown"
    assert SEED not in "".join(written.values())


def test_no_time_of_a_hidden_case_is_shown(zygote):
    """Neither how long a function took, nor that of the whole, nor that it was slow."""
    files = {"ex1_backward.py": PLAIN.encode()}
    options = Options(seed=SEED, tasks=("ex1.dprobs",))
    report = grade.grade_one(Submission("slow", files, "0" * 64), zygote, options)
    measured = Finding(
        id="0" * 20,
        file="ex1_backward.py",
        line=5,
        kind="time",
        what="ex1.dprobs",
        reason="takes long",
        tasks=["ex1.dprobs"],
        state="open",
    )
    student = for_student(report.model_copy(update={"findings": [measured]}))

    assert (student.duration_s, [task.duration_s for task in student.tasks]) == (0.0, [0.0])
    assert student.findings == []
    assert "execution_time" not in exporting.rendered(
        "gradescope", report, exporting.context(False)
    )
