"""Nobody honest is accused: what people write beside a gradient costs and shows nothing."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from grader import grade
from grader.options import Options
from grader.sandbox.host import loading
from grader.submission import Submission

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the sandbox needs Linux")

ANSWER = """
def dprobs(probs, dlogprobs):
    return dlogprobs / probs
"""


def variations() -> dict[str, str]:
    """Return sources by name: what stands before the answer, or a whole file with another one."""
    text = Path(__file__).with_name("honest.txt").read_text(encoding="utf-8")
    found = {}
    for part in text.removeprefix("## ").split("\n## "):
        name, _, code = part.partition("\n")
        found[name.removesuffix(", whole")] = code if name.endswith(", whole") else code + ANSWER
    return found


VARIATIONS = variations()


def graded(zygote, text: str, *tasks: str):
    """Grade a source on a few tasks."""
    submission = Submission("somebody", {"ex1_backward.py": text.encode()}, "0" * 64)
    options = Options(seed="honest", tasks=tasks or ("ex1.dprobs",))
    return grade.grade_one(submission, zygote, options)


@pytest.mark.parametrize("text", VARIATIONS.values(), ids=VARIATIONS)
def test_honest_work_passes_and_shows_nothing(zygote, text) -> None:
    """Whatever stands around a right gradient, it passes, and there is no finding."""
    report = graded(zygote, text)
    assert [(task.status, task.message) for task in report.tasks] == [("passed", "")]
    assert report.findings == []


@pytest.mark.parametrize("name", [name for name in VARIATIONS if name != "a leftover that fails"])
def test_what_stands_around_it_runs(zygote, name) -> None:
    """No statement fails where the file is run: what is not there stands in, the rest is real."""
    worker, reply = loading.load(
        zygote, {"ex1_backward.py": VARIATIONS[name].encode()}, "ex1_backward.py"
    )
    worker.close()
    assert reply.header["failures"] == []
