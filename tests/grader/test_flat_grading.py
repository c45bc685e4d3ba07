"""Flat notebooks, graded in the sandbox from the file to the report."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Sequence
from pathlib import Path

import flat_notebooks as notebooks
import nbformat
import pytest
from flat_notebooks import lines, whole
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from grader import grade
from grader.judge import TRUE_CHAIN_ONLY
from grader.options import Options
from grader.report import Report, TaskReport
from grader.submission import Submission, read_for_course

FEW = ("ex1.dlogits", "ex1.dh", "ex1.dW2", "ex1.db2")


def written(path: Path, cells: Sequence[str]) -> Path:
    """Write cells into a notebook's file, below a text and with an output; return its path."""
    made = [new_code_cell(cell.strip()) for cell in cells]
    made[-1]["outputs"] = [nbformat.v4.new_output("stream", text="exact: True")]
    notebook = new_notebook(cells=[new_markdown_cell("# Becoming a ninja"), *made])
    path.write_text(json.dumps(notebook), encoding="utf-8")
    return path


def graded(zygote, cells: Sequence[str], tasks: Sequence[str], **options) -> Report:
    """Grade cells on some tasks."""
    chosen = Options(seed="flat", tasks=tuple(tasks), **options)
    return grade.grade_one(notebooks.submission(cells), zygote, chosen)


def statuses(report: Report) -> dict[str, str]:
    """Return the status of each task."""
    return {task.full_name: task.status for task in report.tasks}


def failing(report: Report) -> list[str]:
    """Return the tasks that did not pass."""
    return [name for name, status in statuses(report).items() if status != "passed"]


def test_a_whole_notebook_earns_full_marks(zygote, tmp_path):
    """A notebook's file, with magics, a shell line, leftovers and a training loop, earns every
    point of exercises 1 to 3 and of the two tasks about training.
    """
    leftovers = ["cmp('loss', loss, loss)", "plt.imshow(logits)", "loss.backward()", "dlogits[0]"]
    cells = [*whole(), *leftovers, notebooks.training_loop(), notebooks.SAMPLES]
    tasks = (*notebooks.TASKS, "ex4.train", "ex4.backward")
    options = Options(seed="flat", tasks=tasks, public_only=True)
    submission = read_for_course(written(tmp_path / "ninja.ipynb", cells))
    report = grade.grade_one(submission, zygote, options)
    assert failing(report) == []
    assert report.score == report.max_score == 90.0


def test_hidden_checks_know_notebooks(zygote):
    """The hidden checks agree on what is right, right with a note, and wrong."""
    changed = {
        "ex1.dcounts_sum_inv": "dcounts_sum_inv = (counts * dprobs)[range(n), Yb].view(n, 1)",
        "ex1.dbnvar": lines()["ex1.dbnvar"].replace(" + 1e-05", ""),
        "ex1.dbngain": "dbngain = (bnraw * dhpreact).sum(0)",
        "ex2.dlogits": "dlogits = (F.softmax(logits, 1) - F.one_hot(Yb)) / n",
    }
    report = graded(zygote, whole(changed), (*changed, "ex3.dhprebn"))
    assert failing(report) == ["ex1.dbnvar", "ex2.dlogits"]
    noted = {task.full_name: {c.message for c in task.checks} - {""} for task in report.tasks}
    assert noted["ex1.dcounts_sum_inv"] == {TRUE_CHAIN_ONLY}
    assert noted["ex1.dbngain"] == {"the numbers are right; the shape is (64,), not (1, 64)"}


def test_the_levels_agree(zygote):
    """Grading in-process and in the jail come to the same verdicts, messages and points."""
    changed = {
        "ex1.dlogits": lines()["ex1.dlogits"].replace("dnorm_logits.clone()", "dnorm_logits"),
        "ex1.dW2": "dW2 = dlogits.T @ h",
        "ex1.db2": "db2 = undefined.sum(0)",
    }
    cells = [*whole(changed), notebooks.training_loop()]
    tasks = (*FEW, "ex4.backward")
    jailed = graded(zygote, cells, tasks, public_only=True)
    options = Options(seed="flat", tasks=tasks, public_only=True)
    inside = grade.grade_inline(notebooks.submission(cells), options)
    assert failing(jailed) == list(changed)

    def told(task: TaskReport) -> tuple[object, ...]:
        return task.full_name, task.status, task.points, task.message, task.diagnosis

    assert [told(task) for task in jailed.tasks] == [told(task) for task in inside.tasks]


# The contract


def test_training_by_autograd_is_told(zygote):
    """A call of autograd has its place in the words of the notebook."""
    loop = notebooks.training_loop().replace("grads = [", "loss.backward()\n        grads = [")
    cells = [*notebooks.before(), loop.strip()]
    (task,) = graded(zygote, cells, ("ex4.backward",), public_only=True).tasks
    line = next(at for at, text in enumerate(cells[-1].split("\n"), 1) if "backward()" in text)
    place = f"{notebooks.FILE}, cell {len(cells)}, line {line}"
    assert task.status == "policy"
    assert task.message == f"autograd was called ({place})"


def test_loss_backward_in_the_loop_is_told(zygote):
    """A call of autograd that was left in the training loop ends both tasks about it, and a call
    that was left in the setup ends nothing.
    """
    loop = notebooks.training_loop().replace("grads = [", "loss.backward()\n        grads = [")
    cells = [*whole(), "loss.backward()", loop]
    report = graded(zygote, cells, ("ex1.dh", "ex4.backward", "ex4.train"), public_only=True)
    expected = {"ex1.dh": "passed", "ex4.train": "policy", "ex4.backward": "policy"}
    assert statuses(report) == expected


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("dh = h.grad.clone()", "error"),
        ("slope = h.grad\ndh = slope * 1", "error"),
        ("dh = torch.autograd.grad(logits.sum(), h)[0]", "policy"),
        ("slopes = torch.autograd.grad(logits.sum(), h)\ndh = slopes[0]", "policy"),
    ],
)
def test_a_line_that_wants_autograd_fails_alone(zygote, text, status):
    """What is not there is None, what is called is refused, and no other line pays for it."""
    report = graded(zygote, whole({"ex1.dh": text}), FEW, public_only=True)
    assert {name: status for name, status in statuses(report).items() if status != "passed"} == {
        "ex1.dh": status
    }


# Hostile cells


@pytest.mark.parametrize(
    ("helper", "status", "told"),
    [
        ("while True:\n    zero = 0", "timeout", ""),
        ("zero = torch.ones(10**9, 10**3).sum() * 0", "error", "allocate"),
        ("zero = [].pop()", "error", "IndexError: pop from empty list"),
    ],
    ids=["loop", "memory", "error"],
)
def test_a_hostile_helper_costs_what_depends_on_it(zygote, helper, status, told):
    """A helper that hangs, asks for too much memory or fails costs the answer that needs it, and
    its own error is told.
    """
    changed = {"ex1.dh": f"{helper}\ndh = dlogits @ W2.T + zero"}
    report = graded(zygote, whole(changed), FEW, public_only=True)
    expected = {**dict.fromkeys(FEW, "passed"), "ex1.dh": status}
    assert statuses(report) == expected
    assert told in next(t.message for t in report.tasks if t.full_name == "ex1.dh")


def test_leaving_the_process_costs_its_own_answer(zygote):
    """A line that ends the process ends its own worker."""
    changed = {"ex1.dh": "import os\ndh = dlogits @ W2.T + (os._exit(0) or 0)"}
    report = graded(zygote, whole(changed), FEW, public_only=True)
    assert failing(report) == ["ex1.dh"]


def test_what_nothing_depends_on_is_not_run(zygote):
    """Cells that would hang, leave or write files cost nothing: they are not run at all."""
    cells = ["while True:\n    pass", "import os\nos._exit(1)", "open('x', 'w')", *whole()]
    assert failing(graded(zygote, cells, FEW, public_only=True)) == []


# Other forms


def test_functions_and_lines_in_one_notebook(zygote):
    """Where a notebook has a function and a line for a task, the function is graded."""
    function = "def dh(W2, dlogits):\n    return dlogits @ W2.T"
    bad = {"ex1.dh": "dh = dlogits @ W2"}
    both = [*whole(bad), function]
    assert failing(graded(zygote, both, FEW, public_only=True)) == []
    alone = [*whole({"ex1.dh": ""}), function]
    assert failing(graded(zygote, alone, FEW, public_only=True)) == []
    stub = "def dh(W2, dlogits):\n    raise NotImplementedError"
    assert failing(graded(zygote, [*whole(), stub], FEW, public_only=True)) == []


def test_a_helper_with_the_name_of_a_task(zygote):
    """A function without parameters called `backward` does not stand for the training loop's."""
    helper = "def backward():\n    return [dh, dlogits]"
    cells = [*whole(), helper, notebooks.training_loop()]
    report = graded(zygote, cells, ("ex4.backward",), public_only=True)
    assert statuses(report) == {"ex4.backward": "passed"}


@pytest.mark.parametrize("header", ["# %%", "# In[{}]:"])
def test_scripts_are_read_as_their_notebooks_are(zygote, header):
    """A notebook as a script, in the percent format or by nbconvert, gets the same verdicts."""
    changed = {"ex1.dW2": "dW2 = dlogits.T @ h", "ex1.db2": "db2 = dlogits.sum(0, keepdim=True)"}
    cells = [*whole(changed), "x = undefined +"]
    notebook = graded(zygote, cells, FEW, public_only=True)
    text = "\n\n".join(
        f"{header.format(number)}\n\n{textwrap.dedent(cell).strip()}"
        for number, cell in enumerate(cells, 1)
        if "%" not in cell
    )
    script = Submission("script", {"mine.py": text.encode()}, "digest")
    options = Options(seed="flat", tasks=FEW, public_only=True)
    found = grade.grade_one(script, zygote, options)
    assert statuses(notebook) == statuses(found)
    assert failing(found) == ["ex1.dW2"]
    assert [task.points for task in notebook.tasks] == [task.points for task in found.tasks]
