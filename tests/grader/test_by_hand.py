"""The "by hand" contract: autograd that is called earns nothing, and evidence is for a person."""

from __future__ import annotations

import contextlib
import functools
import json
import re
import sys
from pathlib import Path

import pytest
import torch

from grader import grade
from grader.course.catalogue import course
from grader.judgement import judged, states
from grader.notebook import checking, functions
from grader.options import ROOT, Options
from grader.report import for_student
from grader.sandbox.guest import no_autograd
from grader.sandbox.host.zygote import Zygote
from grader.submission import Submission

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the sandbox needs Linux")

FILE = "ex1_backward.py"
HONEST = "def dh(W2, dlogits):\n    return dlogits @ W2.T\n"


def submitted(source: str, digest: str = "0" * 64) -> Submission:
    """Return a submission of one file."""
    return Submission("somebody", {FILE: source.encode()}, digest)


def graded(zygote, source: str, *tasks: str, digest: str = "0" * 64):
    """Grade a source on a few tasks."""
    return grade.grade_one(submitted(source, digest), zygote, Options(seed="hand", tasks=tasks))


# What is called

CALLS = {
    "backward": "probs.requires_grad_()\n    probs.log().sum().backward()\n    return probs.grad",
    "grad": "return torch.autograd.grad(probs.log().sum(), probs)[0]",
    "functional": "return torch.autograd.functional.vjp(torch.log, probs, dlogprobs)[1]",
    "func.grad": "return torch.func.grad(lambda p: (p.log() * dlogprobs).sum())(probs)",
    "func.vjp": "return torch.func.vjp(torch.log, probs)[1](dlogprobs)[0]",
    "func.jacrev": "return torch.func.jacrev(lambda p: p.log().sum())(probs)",
    "forward mode": "return torch.autograd.forward_ad.make_dual(probs, dlogprobs)",
    "func.jvp": "return torch.func.jvp(torch.log, (probs,), (dlogprobs,))[1]",
    "an operator": "return torch.ops.aten.tanh_backward(dlogprobs, probs)",
    "its overload": "return torch.ops.aten.tanh_backward.default(dlogprobs, probs)",
    "enabled": "with torch.enable_grad():\n        probs.log().sum().backward()",
    "behind another error": (
        "try:\n        probs.sum().backward()\n    except RuntimeError as e:\n"
        "        raise ValueError('no') from e"
    ),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_a_call_of_autograd_is_named_with_its_place(zygote, call) -> None:
    """The task earns nothing, the place is told, and the task beside it keeps its points."""
    source = f"import torch\n\ndef dprobs(probs, dlogprobs):\n    {call}\n\n{HONEST}"
    report = graded(zygote, source, "ex1.dprobs", "ex1.dh")
    called, honest = report.tasks
    assert (called.status, called.points, honest.status) == ("policy", 0, "passed")
    assert called.message.startswith(f"autograd was called ({FILE}, line ")
    assert called.line is not None
    assert called.line > 3
    assert report.findings == []


def test_what_a_submission_says_of_it_is_not_repeated(zygote) -> None:
    """An exception of this kind may be raised by anyone, with any text: only its place is told."""
    source = (
        "import torch\ndef dprobs(probs, dlogprobs):\n    try:\n        probs.backward()\n"
        "    except RuntimeError as error:\n        error.args = (str(probs.sum()),)\n"
        "        raise\n"
    )
    task = graded(zygote, source, "ex1.dprobs").tasks[0]
    assert task.message == f"autograd was called ({FILE}, line 4)"


def test_a_process_that_ends_in_a_trap_called_autograd() -> None:
    """The code of torch's differentiation is overwritten with what ends a process. Other
    signals are crashes, and the tasks beside it keep their points.
    """
    source = "import signal\n" + HONEST
    for name, signal in (("dprobs", "ILL"), ("dnorm_logits", "TRAP"), ("dW2", "SEGV")):
        source += f"def {name}():\n    signal.raise_signal(signal.SIG{signal})\n"
    names = ("ex1.dprobs", "ex1.dnorm_logits", "ex1.dW2", "ex1.dh")
    with Zygote("process") as zygote:
        report = graded(zygote, source, *names)
    said = {task.name: (task.status, task.message) for task in report.tasks}
    assert said["dprobs"] == said["dnorm_logits"] == ("policy", "autograd was called")
    assert said["dW2"][0] == "crashed"
    assert said["dh"][0] == "passed"


def inline(source: str, *tasks: str):
    """Grade a source in this process."""
    return grade.grade_inline(submitted(source), Options("public", public_only=True, tasks=tasks))


def test_in_process_the_same_is_said_and_autograd_is_there_again() -> None:
    """Also after an exception, and for the references of the next task."""
    source = f"import torch\ndef dprobs(probs, dlogprobs):\n    {CALLS['grad']}\n\n{HONEST}"
    report = inline(source, "ex1.dprobs", "ex1.dh")
    called, honest = report.tasks
    assert (called.status, honest.status) == ("policy", "passed")
    assert called.message == f"autograd was called ({FILE}, line 3)"
    assert torch.is_grad_enabled()
    x = torch.ones(2, requires_grad=True)
    x.exp().sum().backward()
    assert torch.equal(x.grad, x.detach().exp())


def test_in_a_notebook_the_same_is_said() -> None:
    """A cell that calls autograd is told so, and the kernel has autograd as before."""

    def dprobs(probs, dlogprobs):
        probs.requires_grad_()
        probs.log().backward(dlogprobs)
        return probs.grad

    report = functions.check(course().resolve("dprobs"), "dprobs", dprobs)
    assert report.status == "policy"
    assert report.message.startswith("autograd was called (")
    assert torch.is_grad_enabled()
    assert checking.check("dprobs", {"dprobs": dprobs}).report.status == "policy"
    assert torch.func.grad(torch.sin)(torch.zeros(())) == 1


def changes() -> list[object]:
    """Return what stands at the places that are changed."""
    return [getattr(owner, name, None) for owner, name in [
        (torch.Tensor, "backward"), (torch.Tensor, "retain_grad"), (torch, "compile"),
        (torch, "enable_grad"), (torch.autograd, "grad"), (torch.func, "grad"),
        (torch.autograd.grad_mode, "set_grad_enabled"), (torch._ops.OpOverload, "__call__"),
    ]]  # fmt: skip


def test_autograd_comes_back_as_it_was() -> None:
    """Nested, after an exception, and with gradients switched off before."""
    before = changes()
    with (
        contextlib.suppress(no_autograd.AutogradIsOffError),
        torch.no_grad(),
        no_autograd.installed(),
    ):
        with no_autograd.installed():
            pass
        assert changes() != before
        torch.zeros(1).backward()
        pytest.fail("it was not refused")
    assert before == changes()
    assert torch.is_grad_enabled()
    with torch.no_grad():
        with no_autograd.installed():
            pass
        assert not torch.is_grad_enabled()


# What may differentiate by itself

SHOWN = {
    "central": "return (f(x + eps) - f(x - eps)) / (2 * eps)",
    "a number": "return (f(x + 1e-4) - f(x)) / 1e-4",
    "twice the number": "return (f(x + 1e-4) - f(x - 1e-4)) / 2e-4",
    "a constant of the module": "return (f(x + STEP) - f(x)) / STEP",
    "a power": "h = 10**-4\n    return (f(x + h) - f(x)) / h",
    "no quotient": "up, down = f(x + eps), f(x - eps)\n    return (up - down) * 5000",
    "a library's function": "return (torch.log(x + eps) - torch.log(x - eps)) * 500",
    "entry by entry": (
        "out = torch.zeros_like(x)\n    for i in range(x.numel()):\n        up = x.clone()\n"
        "        up.view(-1)[i] += eps\n        out.view(-1)[i] = (f(up) - f(x)) * 1000\n"
        "    return out"
    ),
    "in place": (
        "for i in range(3):\n        x[i] += eps\n        a = f(x)\n        x[i] -= 2 * eps\n"
        "        b = f(x)\n        x[i] += eps\n        g = (a - b) * 1000\n    return g"
    ),
    "values that are kept": (
        "found = []\n    for i in range(3):\n        up = x.clone()\n        up[i] += eps\n"
        "        found.append(f(up))\n    return torch.stack(found)"
    ),
    "imag": "return f(x + 1e-20j).imag",
    "torch.imag": "return torch.imag(f(torch.complex(x, x)))",
    "view_as_real": "return torch.view_as_real(f(x.to(torch.complex128)))[..., 1]",
    "by name": "return getattr(f(x), 'imag')",
    "a tape of functions": (
        "tape = []\n    y = x * x\n    tape.append(lambda g: 2 * x * g)\n"
        "    for back in reversed(tape):\n        y = back(y)\n    return y"
    ),
    "functions that are attached": (
        "y = x.exp()\n    def back(up):\n        return up * y\n    y.pull = back\n    return y"
    ),
    "a dictionary of functions": "backs = {}\n    backs[id(x)] = lambda up: up * x\n    return x",
    "the product rule": "return x * f, x * eps + eps * f",
}
CLASSES = {
    "operators": (
        "class Value:\n    def __add__(self, o):\n        return self\n"
        "    def __mul__(self, o):\n        return self\n"
    ),
    "assigned operators": "class Value:\n    __mul__ = lambda a, b: a\n    __sub__ = __mul__\n",
    "operators by name": "Value = type('Value', (), {'__mul__': max, '__add__': min})\n",
    "torch functions": (
        "class Value:\n    @classmethod\n    def __torch_function__(cls, f, t, a=(), k=None):\n"
        "        return f(*a)\n"
    ),
    "a table of rules": (
        "Value = lambda: walk\n"
        "RULES = {'mul': lambda g, a, b: (g * b, g * a), 'neg': lambda g: -g}\n"
        "def walk(tape, g):\n    for name, *inputs in reversed(tape):\n"
        "        g = RULES[name](g, *inputs)\n    return g\n"
    ),
    "pairs": (
        "def Value():\n    return exp\ndef exp(x):\n    y = x.exp()\n"
        "    return y, lambda g: g * y\n"
        "def log(x):\n    return x.log(), lambda g: g / x\n"
    ),
}
KINDS = {name: f"def helper(f, x, eps=1e-4):\n    {text}\n" for name, text in SHOWN.items()}
HELPED = "def dh(W2, dlogits):\n    helper\n    return dlogits @ W2.T\n"
EVIDENCE = {name: f"import torch\nSTEP = 1e-4\n{text}\n{HELPED}" for name, text in KINDS.items()}
EVIDENCE |= {n: f"{text}\n{HELPED.replace('helper', 'Value()')}" for n, text in CLASSES.items()}


@pytest.mark.parametrize("source", EVIDENCE.values(), ids=EVIDENCE)
def test_what_may_differentiate_is_shown_and_costs_nothing(zygote, source) -> None:
    """The finding is open, names the tasks that depend on its place, and they keep their points."""
    report = graded(zygote, f"{source}\ndef db2(dlogits):\n    return dlogits.sum(0)\n")
    points = {task.full_name: task.status for task in report.tasks if task.points}
    assert points == {"ex1.dh": "passed", "ex1.db2": "passed"}
    assert report.findings
    for finding in report.findings:
        assert (finding.state, finding.tasks) == ("open", ["ex1.dh"])


NUMERICAL = sorted((Path(__file__).parent / "attacks" / "submissions").glob("b_numerical_*.py"))


@pytest.mark.parametrize("path", NUMERICAL, ids=[path.stem for path in NUMERICAL])
def test_what_the_attacks_do_without_autograd_is_shown(zygote, path) -> None:
    """Their numbers are right, so a person has to see how they come about."""
    source = path.read_text(encoding="utf-8")
    honest = re.search(r"^Honest: (.+)$", source, re.MULTILINE)
    assert honest is not None
    report = graded(zygote, source, *honest[1].split(", "))
    shown = {name for finding in report.findings for name in finding.tasks}
    assert shown == set(honest[1].split(", "))


@pytest.mark.parametrize("name", [exercise.module for exercise in course().exercises])
def test_the_solutions_show_nothing(zygote, name) -> None:
    """There is nothing to judge in the reference solutions, the numerical gradient included."""
    text = (ROOT / "solutions" / f"{name}.py").read_text(encoding="utf-8")
    submission = Submission("solutions", {f"{name}.py": text.encode()}, "0" * 64)
    found = grade.inspected(submission, zygote)
    assert found.findings == [] or name == "ex5_leaky_abstraction"
    tasks = tuple(task.full_name for task in course().of_exercise(name[:3]) if name[:3] == "ex5")
    report = grade.grade_one(submission, zygote, Options("s", tasks=tasks or ("ex1.dh",)))
    assert report.findings == []


def test_the_numerical_gradient_shows_where_another_task_uses_it(zygote) -> None:
    """The course says for which task evidence is silent; its function is no hiding place."""
    text = (ROOT / "solutions" / "ex5_leaky_abstraction.py").read_text(encoding="utf-8")
    source = f"{text}\ndef dh(W2, dlogits):\n    numerical_gradient\n    return dlogits @ W2.T\n"
    report = graded(zygote, source, "ex1.dh", "ex5.numerical_gradient")
    assert [finding.tasks for finding in report.findings] == [["ex1.dh"]]


def test_a_name_that_is_looked_up_hides_nothing(zygote) -> None:
    """Who finds functions without naming them may depend on any of them."""
    source = KINDS["central"] + (
        "def dh(W2, dlogits):\n    globals()['hel' + 'per']\n    return dlogits @ W2.T\n"
    )
    assert [finding.tasks for finding in graded(zygote, source, "ex1.dh").findings] == [["ex1.dh"]]


LENDERS = {
    "a module": ("import helper", "helper.helper", True),
    "a name": ("from helper import helper", "helper", True),
    "another name": ("from helper import helper as h", "h", True),
    "everything": ("from helper import *", "helper", True),
    "through a constant": ("from helper import TABLE", "TABLE", True),
    "at the top": ("import helper\nhelper.share()", "dlogits", True),
    "what is harmless": ("from helper import total", "total", False),
    "nothing of it": ("import helper", "dlogits", False),
}


@pytest.mark.parametrize(("statement", "used", "shown"), LENDERS.values(), ids=LENDERS)
def test_what_comes_from_another_file_is_shown_where_it_is_used(
    zygote, statement, used, shown
) -> None:
    """A task depends on what it borrows, and not on what stands beside that."""
    helper = (
        KINDS["central"] + "TABLE = [helper]\ndef share():\n    pass\ndef total(x):\n    pass\n"
    )
    source = f"{statement}\ndef dh(W2, dlogits):\n    {used}\n    return dlogits @ W2.T\n"
    files = {FILE: source.encode(), "helper.py": helper.encode()}
    report = grade.grade_one(
        Submission("two", files, "0" * 64), zygote, Options("s", tasks=("ex1.dh",))
    )
    assert [finding.tasks for finding in report.findings] == [["ex1.dh"]] * shown


# What a person says

SUSPECT = EVIDENCE["central"]


def test_a_person_clears_or_upholds_a_finding(zygote) -> None:
    """A cleared one changes nothing but its state; an upheld one costs the tasks concerned."""
    report = graded(zygote, SUSPECT + "def db2(dlogits):\n    return dlogits.sum(0)\n")
    [finding] = report.findings
    cleared = judged(report, states([finding.id], []))
    upheld = judged(report, states([], [finding.id]))
    statuses = {task.name: (task.status, task.points) for task in upheld.tasks}
    dh = course().resolve("dh")

    assert (cleared.findings[0].state, cleared.score) == ("cleared", report.score)
    assert cleared.tasks == report.tasks
    assert upheld.findings[0].state == "upheld"
    assert statuses["dh"] == ("policy", 0)
    assert statuses["db2"][0] == "passed"
    assert upheld.score == report.score - dh.points
    assert sum(one.score for one in upheld.exercises if not one.is_bonus) == upheld.score
    assert judged(upheld, {}).findings[0].state == "open"


def test_a_student_is_told_of_what_was_upheld_and_of_nothing_else(zygote) -> None:
    """A finding that nobody has judged would read as an accusation."""
    report = graded(zygote, SUSPECT, "ex1.dh")
    [finding] = report.findings
    assert for_student(report).findings == []
    assert for_student(judged(report, {finding.id: "cleared"})).findings == []
    told = for_student(judged(report, {finding.id: "upheld"}))
    assert [finding.id] == [one.id for one in told.findings]
    assert "a person has looked at it" in told.tasks[0].message


def test_a_finding_is_of_one_submission(zygote) -> None:
    """The same statement in a submission that differs elsewhere has another id: a judgement does
    not outlive the code that it was passed on.
    """
    ids = {
        graded(zygote, SUSPECT, "ex1.dh", digest=digest).findings[0].id
        for digest in ("a", "a", "b")
    }
    assert len(ids) == 2


@pytest.fixture
def folder(tmp_path):
    """A folder with one file in which there is something to judge."""
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / FILE).write_text(SUSPECT)
    return tmp_path / "work"


def test_grade_takes_the_word_of_a_person(grader, folder) -> None:
    """`--uphold` and `--allow` take ids; a wrong one is refused with those that there are."""
    run = functools.partial(grader, "grade", folder, "--seed", "s", "--json", "-", "--public-only")
    report = json.loads(run())
    [finding] = report["findings"]
    upheld = json.loads(run("--uphold", finding["id"]))
    cleared = json.loads(run("--allow", finding["id"]))
    wrong = run("--uphold", "0123", code=2)
    run("--uphold", finding["id"], "--allow", finding["id"], code=2)

    assert report["score"] > 0
    assert (upheld["score"], upheld["findings"][0]["state"]) == (0, "upheld")
    assert (cleared["score"], cleared["findings"][0]["state"]) == (report["score"], "cleared")
    assert finding["id"] in wrong
