"""The first hour: what a newcomer sees, in a terminal of 80 columns and a folder of both forms.

A student's folder has the exercises as files and as a notebook. Whoever works on the files leaves
the notebook untouched, and the other way round.
"""

from __future__ import annotations

import io
import json
import re
import shutil

import pytest
from click.testing import CliRunner
from rich.console import Console

from grader import grade, hints, submission
from grader.audit.evidence import Place
from grader.cli import main
from grader.course import catalogue
from grader.options import ROOT, Options
from grader.render import github, telling, terminal
from grader.report import Finding, Report, TaskReport, for_student

STUB = "    raise NotImplementedError\n"
RIGHT = """\
    grad = torch.zeros_like(logprobs)
    grad[range(len(Yb)), Yb] = -1 / len(Yb)
    return grad
"""
OPTIONS = Options("public", public_only=True, tasks=("ex1.dlogprobs", "ex1.dprobs"))


@pytest.fixture
def exercises(tmp_path):
    """A student's folder: the untouched files and the untouched notebook."""
    return shutil.copytree(ROOT / "exercises", tmp_path / "exercises")


def begin(exercises, body: str) -> None:
    """Write the body of the first function, dlogprobs, in the file."""
    file = exercises / "ex1_backward.py"
    file.write_text(file.read_text().replace(STUB, body, 1))


def begin_in_notebook(exercises, body: str) -> None:
    """Write the body of the first function in the notebook."""
    file = exercises / "backprop_ninja.ipynb"
    notebook = json.loads(file.read_text())
    for cell in notebook["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] == "code" and "def dlogprobs(" in source:
            cell["source"] = source.replace(STUB.rstrip("\n"), body.rstrip("\n"))
    file.write_text(json.dumps(notebook))


def graded(zygote, folder) -> dict[str, TaskReport]:
    """Return what came of the first two tasks, by name."""
    report = grade.grade_one(submission.read_for_course(folder), zygote, OPTIONS)
    return {task.name: task for task in for_student(report).tasks}


def test_the_form_that_was_begun_counts(exercises, zygote):
    """Work in the files counts beside an untouched notebook, and the other way round."""
    assert graded(zygote, exercises)["dlogprobs"].status == "not_attempted"
    begin_in_notebook(exercises, RIGHT)
    assert graded(zygote, exercises)["dlogprobs"].status == "passed"
    begin(exercises, RIGHT)
    (exercises / "backprop_ninja.ipynb").write_bytes(
        (ROOT / "exercises" / "backprop_ninja.ipynb").read_bytes()
    )
    assert graded(zygote, exercises)["dlogprobs"].status == "passed"


def test_a_slip_in_a_file_is_told_though_the_notebook_is_untouched(exercises, zygote):
    """A syntax error is an error with its place; the stub of the notebook does not hide it."""
    begin(exercises, RIGHT.replace("    return", "  return"))
    tasks = graded(zygote, exercises)
    assert tasks["dlogprobs"].status == "error"
    assert "IndentationError" in tasks["dlogprobs"].message
    assert "ex1_backward.py" in tasks["dlogprobs"].message
    assert tasks["dprobs"].status == "not_attempted"


def test_a_slip_in_a_notebook_is_told_by_cell(exercises, zygote):
    """An exception in a notebook has the cell and the line in it, in the student's view, too."""
    begin_in_notebook(exercises, "    return logprobs / 0 + missing\n")
    task = graded(zygote, exercises)["dlogprobs"]
    cells = json.loads((exercises / "backprop_ninja.ipynb").read_text())["cells"]
    lines = "".join(cells[(task.cell or 0) - 1]["source"]).splitlines()
    assert task.place.startswith("backprop_ninja.ipynb, cell ")
    assert lines[(task.line or 0) - 1] == "    return logprobs / 0 + missing"
    assert lines[(task.function_line or 0) - 1].startswith("def dlogprobs(")
    assert (task.cell, task.line) == (task.checks[0].cell, task.checks[0].line)


def test_exports_and_audit_tell_a_notebook_by_cell():
    """A place in a notebook is a cell and a line in it, and no line of the notebook's JSON."""
    at = {"file": "mine.ipynb", "cell": 7, "line": 3}
    task = example().tasks[0].model_copy(update=at)
    report = example().model_copy(update={"tasks": [task]})
    (annotation,) = github.annotated(report)
    assert telling.where(task) == "mine.ipynb, cell 7, line 3"
    assert annotation.startswith("::error file=mine.ipynb,title=")
    assert "cell 7%2C line 3::" in annotation
    assert Place("ada", **at, what="", told="").place == "mine.ipynb, cell 7, line 3"
    own = task.model_copy(update={"file": "ex1.py", "cell": None})
    (annotation,) = github.annotated(report.model_copy(update={"tasks": [own]}))
    assert annotation.startswith("::error file=ex1.py,line=3,title=")


# In 80 columns


def shown(renderable) -> list[str]:
    """Return what is printed in a terminal of 80 columns, without colours, line by line."""
    screen = Console(file=io.StringIO(), width=80, highlight=False)
    screen.print(renderable)
    return [line.rstrip() for line in screen.file.getvalue().splitlines()]


def example() -> Report:
    """Return the report that docs/report.md shows."""
    page = (ROOT / "docs" / "report.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"^```json\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    return Report.model_validate_json(block)


def test_long_facts_wrap_beside_their_names():
    """A finding, a note and the chain go on below their own text, never below their names."""
    finding = Finding(
        id="0a1b2c", file="ex1_backward.py", line=3, kind="differences", what="f(x) / step",
        reason="may be a finite difference", tasks=["ex1.dh"],
        state="open",
    )  # fmt: skip
    right = example().tasks[0].model_copy(update={"status": "passed", "message": "a note " * 20})
    chain = example().chain.model_copy(update={"right": 3, "max_relative_error": 0.25})
    update = {"findings": [finding], "tasks": [right], "chain": chain}
    lines = shown(terminal.summary(example().model_copy(update=update)))
    names = [line[:11].strip() for line in lines]
    assert [n for n in names if n] == [
        "score", "checks", "chain", "isolation", "seed", "evidence", "note",
    ]  # fmt: skip
    assert names.count("") >= 4
    assert all(len(line) <= 80 for line in lines)


def test_a_message_is_said_once():
    """A traceback that ends with the message does not say it again."""
    told = {"message": "NameError: no x", "traceback": '  File "ex1.py", line 3\nNameError: no x\n'}
    task = example().tasks[0].model_copy(update={"status": "error", "diagnosis": None, **told})
    lines = shown(terminal.explanation(task))
    assert [line.strip() for line in lines].count("NameError: no x") == 1
    assert '    File "ex1.py", line 3' in lines


@pytest.mark.parametrize("task", catalogue.course().tasks, ids=lambda task: task.full_name)
def test_hints_fit_into_80_columns(task, tmp_path, monkeypatch):
    """Hints are wrapped between words, with nothing lost, and square brackets stay."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    for _ in task.hints:
        told = CliRunner().invoke(main, ["hint", task.full_name, "--more"]).output
    assert all(len(line) <= 80 for line in told.splitlines())
    assert all(" ".join(hint.split()) in " ".join(told.split()) for hint in task.hints)
    following = example().tasks[0].model_copy(update={"full_name": task.full_name})
    step = " ".join(" ".join(shown(terminal.next_step(following, task.hints[-1]))).split())
    assert " ".join(hints.next_hint(task.full_name).split()) in step
