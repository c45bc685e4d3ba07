"""Honest submissions that look like something else: none loses a point, none is accused.

Each file in `golden/honest/` says in its first line which tasks it answers, all of them rightly.
What it uses besides (classes with a field `grad`, gradients switched off, self-tests with
autograd, plots, clocks, NumPy) is what students write around their answers.
"""

# The expected value comes first in a comparison.
# ruff: noqa: SIM300

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from grader import grade
from grader.course import catalogue
from grader.options import Options
from grader.sandbox.host.zygote import Zygote
from grader.submission import read_for_course

FILES = sorted((Path(__file__).parent / "golden" / "honest").glob("*.py"))


def answered(path: Path) -> tuple[str, ...]:
    """Return the tasks that a file says it answers."""
    first = path.read_text(encoding="utf-8").partition("\n")[0]
    names = set(re.findall(r"ex\d\.\w+", first))
    return tuple(task.full_name for task in catalogue.course().tasks if task.full_name in names)


def test_there_are_honest_submissions_of_many_kinds() -> None:
    """There are enough of them, and each answers something."""
    assert len(FILES) >= 119
    assert [] == [path.name for path in FILES if not answered(path)]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_honest_work_earns_its_points_and_is_not_accused(zygote: Zygote, path: Path) -> None:
    """Right answers earn full points whatever stands around them, and nobody is told of them."""
    submission = read_for_course(path)
    report = grade.grade_one(submission, zygote, Options(seed="honest", tasks=answered(path)))
    told = [f"{task.full_name}: {task.status}: {task.message}" for task in report.tasks]

    assert {"passed"} == {task.status for task in report.tasks}, told
    assert all(task.points == task.max_points > 0 for task in report.tasks), told
    assert [] == report.findings


IN_PROCESS = """
import os, sys
from pathlib import Path
from grader import grade
from grader.options import Options
from grader.submission import read_for_course

def checked(path, *tasks):
    options = Options("public", public_only=True, tasks=tasks, isolation="in-process")
    report = grade.grade_inline(read_for_course(Path(path)), options)
    return [task.message for task in report.tasks if task.status != "passed"]

for argument in sys.argv[1:]:
    if (child := os.fork()) == 0:
        told = os.dup(1)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        wrong = ["it ended"]
        try:
            wrong = checked(*argument.split(" "))
        finally:
            os.write(told, f"{argument}: {wrong}\\n".encode() if wrong else b"")
            os._exit(0)
    os.waitpid(child, 0)
"""
OF_THE_MACHINE = {"import_tensorboard"}
"""What a machine has, and asks for what it does not have: there it is nobody's stand-in."""


@pytest.mark.skipif(sys.platform == "win32", reason="each file has a process of its own")
def test_honest_work_passes_in_process_too(tmp_path: Path) -> None:
    """Other spellings, decorators that look their module up, files that import each other, what is
    not there: who checks own work without a sandbox gets the same points.
    """
    files = [path for path in FILES if path.stem not in OF_THE_MACHINE]
    asked = [" ".join([str(path), *answered(path)]) for path in files]
    package = tmp_path / "two_files"
    package.mkdir()
    (package / "ex1_backward.py").write_text(
        "from own import *\n\ndef dcounts(count_sum_inv, /, dprobs, dcount_sum, *, scale=1):\n"
        "    return scale * added(count_sum_inv * dprobs, dcount_sum)\n"
    )
    (package / "own.py").write_text("def added(a, b):\n    return a + b\n")
    command = [sys.executable, "-c", IN_PROCESS, *asked, f"{package} ex1.dcounts"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (0, "") == (done.returncode, done.stdout), done.stderr[-2000:]
