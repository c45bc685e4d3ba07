"""The exercise notebook, and the check of its cells."""

from __future__ import annotations

import itertools
import linecache
import re
import subprocess
import sys
import types
from contextlib import contextmanager
from pathlib import Path

import nbformat
import pytest
import torch

from grader import grade, sync
from grader.course import catalogue, forward
from grader.notebook import (
    building,
    check,
    checking,
    hint,
    lecture_batch,
    load_ipython_extension,
    progress,
    reading,
)
from grader.options import ROOT, Options
from grader.submission import Submission

_numbers = itertools.count()


@pytest.fixture(autouse=True)
def fresh(monkeypatch, tmp_path):
    """Every test begins a session of its own."""
    monkeypatch.setattr(checking, "_session", {})
    monkeypatch.setenv("BACKPROP_NINJA_STATE", str(tmp_path / "state.json"))


class Kernel(dict):
    """The variables of a notebook; cells run as IPython runs them, with their source at hand."""

    def __init__(self, *cells: str) -> None:
        super().__init__(__name__="__main__", torch=torch, check=check)
        for cell in cells:
            self.run(cell)

    def run(self, cell: str) -> None:
        """Run a cell."""
        name = f"<cell {next(_numbers)}>"
        linecache.cache[name] = (len(cell), None, cell.splitlines(keepends=True), name)
        exec(compile(cell, name, "exec"), self)

    def check(self, what: object) -> object:
        """Check what a cell of this notebook would."""
        return checking.check(what, self)


@pytest.fixture
def flat() -> Kernel:
    """A notebook in the lecture's own style, after its forward pass."""
    names = ("Xb", "Yb", "C", "W1", "b1", "W2", "b2", "bngain", "bnbias")
    kernel = Kernel()
    kernel.update(zip(names, lecture_batch(), strict=True))
    for name in names[2:]:
        kernel[name].requires_grad_()
    kernel.run("\n".join(line.text for line in forward.spec("ex1").lines.values()))
    kernel.run("n = 32\ndlogprobs = torch.zeros_like(logprobs)\ndlogprobs[range(n), Yb] = -1.0 / n")
    kernel.run("dprobs = dlogprobs / probs")
    kernel.run("dcounts_sum_inv = (counts * dprobs).sum(1, keepdim=True)")
    kernel.run("dcounts_sum = -counts_sum**-2 * dcounts_sum_inv")
    return kernel


MISSING_BRANCH = (
    "def dcounts(counts_sum_inv, dprobs, dcounts_sum):\n    return counts_sum_inv * dprobs"
)
RIGHT = MISSING_BRANCH + " + dcounts_sum"


# The notebook itself


def sources(folder: str) -> dict[str, str]:
    return {path.name: path.read_text() for path in (ROOT / folder).glob("*.py")}


def test_the_notebook_is_what_sync_generates():
    """The committed file is valid and has no drift."""
    path = ROOT / "exercises" / sync.NOTEBOOK
    text = path.read_text(encoding="utf-8")
    assert sync.generated()[path] == text
    nbformat.validate(nbformat.reads(text, as_version=4))
    assert building.notebook(sources("exercises")) == text


def test_every_task_has_a_text_a_stub_and_a_check():
    """Ids follow from the names of the tasks, and nothing has been run."""
    made = nbformat.reads(building.notebook(sources("exercises")), as_version=4)
    cells = {cell.id: cell for cell in made.cells}
    assert len(cells) == len(made.cells)
    for task in catalogue.course().tasks:
        own = f"{task.exercise.key}-{task.name}"
        assert f"def {task.name}(" in cells[own].source
        assert "raise NotImplementedError" in cells[own].source
        assert task.hints[0] in cells[f"{own}-text"].source
        assert cells[f"{own}-check"].source == f'check("{task.label}")'
        for line in forward.readers(task):
            assert line.text in cells[f"{own}-text"].source
    assert all(not cell.outputs for cell in made.cells if cell.cell_type == "code")


def test_a_change_of_one_task_changes_its_cell_alone():
    """Differences between two versions of the notebook stay small."""
    files = sources("exercises")
    before = building.notebook(files)
    name = "ex1_backward.py"
    changed = {**files, name: files[name].replace("def dh(W2", "def dh(logits, W2")}
    after = building.notebook(changed)
    pairs = zip(before.split("\n"), after.split("\n"), strict=True)
    assert sum(one != other for one, other in pairs) == 1


def test_nothing_of_the_solutions_is_in_it():
    """Cells of tasks are the stubs of the files, to the letter."""
    text = to_text(building.notebook(sources("exercises")))
    assert "index_add_" not in text
    assert text.count("raise NotImplementedError") == len(catalogue.course().tasks) + 1


def to_text(notebook: str) -> str:
    return reading.to_source(reading.read(notebook.encode(), "x.ipynb"))


def test_the_solution_version_scores_full_marks(zygote):
    """Made by the same function from the solutions, it earns every point there is: what its cells
    import and check does not leave the contract.
    """
    text = to_text(building.notebook(sources("solutions")))
    text = re.sub(r'check\("(?:ex\d\.)?(\w+)"\)', r"check(\1)", text)
    submission = Submission("solved", {"solved.py": text.encode()}, "0")
    report = grade.grade_one(submission, zygote, Options("s", public_only=True))
    not_passed = [task.full_name for task in report.tasks if task.status != "passed"]
    assert not_passed == []
    assert (report.score, report.bonus) == (report.max_score, report.max_bonus)


EXTRA = [
    "import torch, grader.notebook as ours\ntorch.set_num_threads(2)",
    "def db2(dlogits):\n    print('once')\n    return dlogits.sum(0)",
    "%check db2",
    "def db2(dlogits):\n    return dlogits.mean(0)",
    "%check db2",
    "%hint",
    "%progress",
    "print(torch.get_num_threads(), torch.is_grad_enabled())",
]


def test_it_runs_from_top_to_bottom_in_a_kernel(tmp_path, monkeypatch):
    """Untouched stubs are to do; the magics work; the kernel's settings are what they were."""
    nbclient = pytest.importorskip("nbclient")
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    made = nbformat.reads(building.notebook(sources("exercises")), as_version=4)
    course = len(made.cells)
    made.cells += [nbformat.v4.new_code_cell(source) for source in EXTRA]
    place = {"metadata": {"path": str(tmp_path)}}
    nbclient.NotebookClient(made, timeout=300, kernel_name="python3", resources=place).execute()
    checks = [cell for cell in made.cells[:course] if str(cell.id).endswith("-check")]
    assert len(checks) == len(catalogue.course().tasks)
    for cell in checks:
        (output,) = cell.outputs
        assert output.output_type == "execute_result"
        assert "to do" in output.data["text/plain"].split("\n")[0]
        assert "to do" in output.data["text/html"]
    right, _, wrong, hinted, states, settings = made.cells[course + 2 :]
    printed, shown = right.outputs
    assert printed.text == "once\n"
    assert shown.data["text/plain"].startswith("✓ ex1.db2  passed")
    assert wrong.outputs[0].data["text/plain"].startswith("x ex1.db2  failed")
    assert "<svg" in wrong.outputs[0].data["text/html"]
    assert hinted.outputs[0].data["text/plain"].startswith("ex1.db2\n1. ")
    assert "x ex1.db2" in states.outputs[0].data["text/plain"]
    assert settings.outputs[0].text == "2 True\n"


# The check of a function


def test_a_function_is_checked_by_name_and_as_it_is():
    """`check("dcounts")`, `check(dcounts)` and another spelling mean the same."""
    kernel = Kernel(RIGHT)
    for what in ("dcounts", "ex1.dcounts", "counts", kernel["dcounts"]):
        assert kernel.check(what).report.status == "passed"


def test_check_finds_the_variables_of_its_own_notebook():
    """Without IPython the caller's variables are the notebook's."""
    kernel = Kernel(RIGHT, "result = check('dcounts')")
    assert kernel["result"].report.full_name == "ex1.dcounts"
    assert kernel["result"].report.status == "passed"


def test_a_wrong_function_is_told_why_in_both_forms():
    """The line of cmp, the diagnosis, the next hint and the difference are all there."""
    result = Kernel(MISSING_BRANCH).check("dcounts")
    assert result.report.diagnosis.id == "ex1.dcounts/sum-branch-missing"
    says = "The branch through counts_sum is missing"
    hinted = catalogue.course().resolve("dcounts").hints[0]
    text, html = repr(result), result._repr_html_()
    for form in (" ".join(text.split()), html):
        assert says in form
        assert hinted in form
        assert "exact: False" in form
        assert "maxdiff: 0.0058" in form or "maxdiff: 5.8e-03" in form or "0.00576" in form
    assert html.count("<svg") == 3
    assert "yours minus expected" in text
    assert max(map(len, text.split("\n"))) <= 80


def test_what_is_right_needs_no_hint():
    """A right answer shows its figures and nothing else."""
    result = Kernel(RIGHT).check("dcounts")
    assert (result.hint, result.notes) == ("", ())
    assert "✓ ex1.dcounts" in repr(result)
    assert "<svg" not in result._repr_html_()


def test_an_exception_shows_its_place_in_the_cell():
    """The traceback is that of the student's own lines."""
    result = Kernel("def db2(dlogits):\n    x = 1\n    return dlogits.summ(0)").check("db2")
    assert (result.report.status, result.report.line) == ("error", 3)
    assert "return dlogits.summ(0)" in repr(result)
    assert "in_process" not in repr(result)


def test_names_in_other_spellings_are_given():
    """A function may ask for `dcount_sum` and `count_sum_inv`."""
    cell = (
        "def dcounts(count_sum_inv, dprob, *, dcount_sum):\n"
        "    return count_sum_inv * dprob + dcount_sum"
    )
    assert Kernel(cell).check("dcounts").report.status == "passed"


def test_functions_of_one_name_are_told_apart_by_what_they_ask_for():
    """Exercises 1 and 2 both have a dlogits; what was asked for by its exercise has to be it."""
    kernel = Kernel(
        "def dlogits(logits, Yb):\n"
        "    p = logits.softmax(1)\n"
        "    p[torch.arange(len(Yb)), Yb] -= 1\n"
        "    return p / len(Yb)"
    )
    assert kernel.check("dlogits").report.full_name == "ex2.dlogits"
    assert kernel.check("ex2.dlogits").report.status == "passed"
    other = kernel.check("ex1.dlogits")
    assert other.report.status == "error"
    assert "is that of ex2.dlogits" in other.report.message


def test_autograd_is_told_as_it_will_be_when_graded():
    """A call ends in a notebook, too, with the line in the cell."""
    cell = "def db2(dlogits):\n    s = dlogits.sum()\n    s.backward()\n    return dlogits.sum(0)"
    result = Kernel(cell).check("db2")
    assert result.report.status == "policy"
    assert result.report.message == "autograd was called (the cell of db2, line 3)"


def test_variables_of_the_notebook_are_pointed_out():
    """What is right here by a variable of the notebook would fail when it is graded."""
    kernel = Kernel(
        "n = 32\ndef dlogprobs(logprobs, Yb):\n"
        "    d = torch.zeros_like(logprobs)\n    d[range(n), Yb] = -1 / n\n    return d"
    )
    result = kernel.check("dlogprobs")
    assert result.report.status == "passed"
    assert any("reads n from the notebook" in note for note in result.notes)


def test_helpers_of_other_cells_are_there():
    """A function runs in its own notebook."""
    kernel = Kernel(
        "def over_rows(x):\n    return x.sum(0)", "db2 = lambda dlogits: over_rows(dlogits)"
    )
    assert kernel.check("db2").report.status == "passed"


def test_what_a_function_prints_is_shown_once(capsys):
    """The checks call it several times."""
    Kernel("def db2(dlogits):\n    print('here')\n    return dlogits.sum(0)").check("db2")
    assert capsys.readouterr().out == "here\n"


def test_a_function_that_ends_the_process_does_not():
    """`exit()` in a cell is an error of that cell."""
    result = Kernel("def db2(dlogits):\n    raise SystemExit").check("db2")
    assert result.report.status == "error"
    assert "end the notebook's process" in result.report.message


@pytest.mark.parametrize(
    ("what", "told"),
    [
        ("dlogits", "there is no dlogits yet"),
        ("ex3.dhprebn", "there is no dhprebn yet"),
        ("dloggits", "there is no task 'dloggits'"),
        (3, "not an int"),
        (None, "not a NoneType"),
    ],
)
def test_what_cannot_be_checked_says_what_to_do(what, told):
    """A missing cell, a wrong name and no name at all are answered in a sentence."""
    assert told in " ".join(repr(Kernel().check(what)).split())


def test_what_is_neither_function_nor_tensor_is_refused():
    """A float is no gradient."""
    result = Kernel("dlogits = 0.5").check("dlogits")
    assert result.report.status == "error"
    assert "dlogits is a float" in result.report.message


HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>"


@pytest.mark.parametrize(
    "cell",
    [
        f"def db2(dlogits):\n    raise ValueError('{HOSTILE}')",
        f"def db2(dlogits):\n    return '{HOSTILE}'",
        f"class T:\n    pass\nT.__name__ = '{HOSTILE}'\ndb2 = T()",
    ],
)
def test_what_the_student_wrote_is_text_on_the_page(cell):
    """Messages, values and names are escaped."""
    page = Kernel(cell).check("db2")._repr_html_()
    assert "<script" not in page
    assert "<img" not in page
    assert "&lt;script&gt;" in page


def test_names_that_are_no_tasks_are_text_on_the_page():
    """A sentence about a name escapes it."""
    said = Kernel().check(HOSTILE)
    assert HOSTILE in repr(said)
    assert "<script" not in said._repr_html_()


@contextmanager
def settings_of_a_student():
    """Other settings than the checks have."""
    before = torch.get_default_dtype(), torch.get_num_threads(), torch.is_grad_enabled()
    onednn = torch.backends.mkldnn.set_flags(True)[0]
    try:
        torch.set_default_dtype(torch.float64)
        torch.set_num_threads(2)
        yield
    finally:
        torch.set_default_dtype(before[0])
        torch.set_num_threads(before[1])
        torch.set_grad_enabled(before[2])
        torch.backends.mkldnn.set_flags(onednn)


def test_the_kernel_is_left_as_it_was():
    """Threads, dtype, gradients, random numbers and oneDNN are the student's own business."""
    with settings_of_a_student():
        random = torch.get_rng_state()
        cell = "def db2(dlogits):\n    torch.rand(3)\n    return dlogits.sum(0)"
        assert Kernel(cell).check("db2").report.status == "passed"
        assert torch.get_default_dtype() == torch.float64
        assert torch.get_num_threads() == 2
        assert torch.is_grad_enabled()
        assert torch.equal(torch.get_rng_state(), random)
        assert torch.backends.mkldnn.set_flags(True)[0]


# The check of a tensor


def test_a_tensor_is_compared_as_cmp_does(flat):
    """A notebook in the lecture's style is checked line by line, by name or by value."""
    for what in ("dlogprobs", "dprobs", flat["dprobs"], "counts_sum_inv"):
        result = flat.check(what)
        assert result.report.status == "passed"
        assert "approximate: True" in repr(result)


def test_a_wrong_tensor_is_told_why(flat):
    """The diagnosis is that of functions, with the notebook's own numbers."""
    flat.run("dcounts = counts_sum_inv * dprobs")
    result = flat.check("dcounts")
    assert result.report.diagnosis.id == "ex1.dcounts/sum-branch-missing"
    assert "<svg" in result._repr_html_()


def test_a_line_after_the_mistake_is_not_blamed(flat):
    """It is right for what it was given, and says which gradient was not."""
    flat.run("dcounts = counts_sum_inv * dprobs\ndnorm_logits = counts * dcounts")
    result = flat.check("dnorm_logits")
    assert result.report.status == "failed"
    assert result.report.diagnosis is None
    assert any("the mistake is before it: dcounts" in note for note in result.notes)


def test_a_shape_that_only_broadcasting_saves_is_a_note(flat):
    """The lecture's own notebook has one; in this style it costs nothing."""
    flat.run("dcounts_sum = dcounts_sum.squeeze()")
    result = flat.check("dcounts_sum")
    assert result.report.status == "passed"
    assert any("should be (32, 1)" in note for note in result.notes)


def test_a_gradient_that_cancels_is_said_to_do_so(flat):
    """On the true chain zeros are almost right for logit_maxes: the student is told."""
    flat.run("dlogit_maxes = torch.zeros(32, 1)")
    result = flat.check("dlogit_maxes")
    assert result.report.status == "passed"
    assert any("zero but for rounding" in note for note in result.notes)


def test_a_forward_tensor_of_another_batch_is_pointed_out(flat):
    """A cell that was not run again after another one leaves a trace."""
    flat.run("probs = probs * 1.5")
    assert any(note.startswith("probs is not what") for note in flat.check("dlogprobs").notes)


def test_other_spellings_of_forward_tensors_are_found(flat):
    """`count_sum_inv` stands for `counts_sum_inv`, in tensors and in gradients."""
    flat["count_sum_inv"], flat["bn_gain"] = flat.pop("counts_sum_inv"), flat.pop("bngain")
    flat["dcount_sum_inv"] = flat.pop("dcounts_sum_inv")
    assert flat.check("dcounts_sum_inv").report.status == "passed"


@pytest.mark.parametrize("cell", ["del C", "W1 = W1[:5]"])
def test_without_a_forward_pass_there_is_nothing_to_compare_with(flat, cell):
    """The message says what is missing and what to run."""
    flat.run(cell)
    result = flat.check("dlogprobs")
    assert result.report.status == "error"
    assert "run" in result.report.message


def test_what_has_to_be_a_function_says_so(flat):
    """A tensor answers no task of exercise 4."""
    flat.run("train = torch.zeros(3)")
    assert "has to be a function" in flat.check("train").report.message


@pytest.mark.parametrize(
    "wrong", ["torch.zeros(3, 3)", "torch.ones(32, 27, dtype=torch.int64)", "probs * torch.nan"]
)
def test_odd_tensors_are_wrong_and_shown_all_the_same(flat, wrong):
    """Shape, dtype and nan are told in words."""
    flat.run(f"dprobs = {wrong}")
    result = flat.check("dprobs")
    assert result.report.status == "failed"
    assert repr(result)
    assert result._repr_html_()


# Hints, progress, magics


def test_hints_come_one_at_a_time():
    """Every call shows one more, for the task that was checked last."""
    Kernel(MISSING_BRANCH).check("dcounts")
    hints = catalogue.course().resolve("dcounts").hints
    for count in range(1, len(hints) + 1):
        said = repr(hint())
        assert [text in said for text in hints] == [k < count for k in range(len(hints))]
    assert "no more" in repr(hint("dcounts"))
    assert "no task 'x'" in repr(hint("x"))


def test_progress_shows_what_was_checked_in_this_session():
    """Every task has a row, with its state."""
    Kernel(MISSING_BRANCH).check("dcounts")
    Kernel("def db2(dlogits):\n    return dlogits.sum(0)").check("db2")
    text = repr(progress())
    for task in catalogue.course().tasks:
        assert task.full_name in text
    assert "✓ ex1.db2" in text
    assert "x ex1.dcounts" in text
    assert "1/26" in progress()._repr_html_()


class Shell:
    """What the extension uses of IPython."""

    def __init__(self, kernel: Kernel) -> None:
        self.user_ns = kernel
        self.magics: dict[str, object] = {}

    def register_magic_function(self, function, kind, name):
        """Keep a magic."""
        assert kind == "line"
        self.magics[name] = function


def test_the_extension_brings_the_magics(monkeypatch):
    """%check, %hint and %progress do what the functions do."""
    shell = Shell(Kernel(MISSING_BRANCH, "def db2(dlogits):\n    return dlogits.sum(0)"))
    load_ipython_extension(shell)
    displayed = []
    module = types.SimpleNamespace(display=displayed.append)
    monkeypatch.setitem(sys.modules, "IPython.display", module)
    assert shell.magics["check"](" dcounts db2 ").report.status == "passed"
    assert [shown.report.status for shown in displayed] == ["failed"]
    assert repr(shell.magics["hint"]("")).startswith("ex1.dcounts\n1. ")
    assert "✓ ex1.db2" in repr(shell.magics["progress"](""))
    assert "✓ ex1.db2" in repr(shell.magics["check"](""))


def test_importing_it_is_light_and_needs_no_ipython():
    """`from grader.notebook import check` loads neither torch nor IPython."""
    code = (
        "import sys; sys.modules['IPython'] = None\n"
        "from grader.notebook import check, hint, lecture_batch, load_ipython_extension, progress\n"
        "assert not {'torch', 'pydantic', 'nbformat', 'rich'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parent)
