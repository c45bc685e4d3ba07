"""The "by hand" contract: what is found, what it costs, and what honest code may do."""

from __future__ import annotations

import pytest

from grader import grade
from grader.course.catalogue import course
from grader.course.vocabulary import vocabulary
from grader.options import ROOT, Options
from grader.sandbox import client
from grader.submission import Submission

HONEST = "def dh(W2, dlogits):\n    return dlogits @ W2.T\n"


def read(zygote, source):
    """Return the findings in a source."""
    with client.Reader(zygote) as reader:
        reply = reader.survey({"ex1_backward.py": source.encode()}, vocabulary())
    return reply.header["findings"]


def rules(zygote, source):
    """Return the rules that a source breaks, without repetition."""
    return sorted({finding["rule"] for finding in read(zygote, source)})


@pytest.mark.parametrize(
    "code",
    [
        "loss.backward()",
        "torch.autograd.grad(loss, x)",
        "x.requires_grad = True",
        "x.requires_grad_(True)",
        "torch.tensor([1.0], requires_grad=True)",
        "torch.enable_grad()",
        "torch.set_grad_enabled(True)",
        "torch.func.vjp(f, x)",
        "p.grad",
        "torch.ops.aten.tanh_backward(a, b)",
        "torch.tanh_backward(a, b)",
        "x.retain_grad()",
        "x.\U0001d41backward()",
        "y.grad_fn",
    ],
)
def test_autograd_is_found_in_every_spelling(zygote, code):
    """Names that lead to autograd are findings, look-alikes of the same letters included."""
    found = rules(zygote, f"import torch\ndef dh(x):\n    {code}\n    return x\n")
    assert found
    assert found[0] in ("autograd", "escape")


@pytest.mark.parametrize(
    "code",
    [
        "import os",
        "import torch.autograd as a",
        "from torch import autograd as a",
        "from torch import *",
        "from torch.autograd import grad as g",
        "import operator; operator.attrgetter('grad')",
        "import sys, math",
        "from importlib import import_module as i",
        "getattr(torch, 'auto' + 'grad')",
        "eval('1')",
        "exec('x = 1')",
        "__import__('os')",
        "torch.__dict__['autograd']",
        "(lambda: 0).__globals__",
        "type(torch.zeros(1)).__getattribute__",
        "torch._C",
        "torch.sys.modules",
        "vars(torch)",
        "__builtins__",
        "[c for c in object.__subclasses__(object)]",
        "torch.jit.script",
        "torch.load('x')",
    ],
)
def test_ways_around_a_reader_are_findings(zygote, code):
    """Imports beyond the short list, and reaching names without writing them, are findings."""
    assert rules(zygote, f"import torch\ndef dh(x):\n    {code}\n    return x\n")


def test_match_patterns_and_decorators_are_read_too(zygote):
    """An attribute named by a match pattern or in a decorator is an attribute."""
    pattern = "def dh(x):\n    match x:\n        case object(backward=b):\n            return b\n"
    decorator = "import torch\n@torch.enable_grad()\ndef dh(x):\n    return x\n"
    assert rules(zygote, pattern) == ["autograd"]
    assert rules(zygote, decorator) == ["autograd"]


@pytest.mark.parametrize("name", [exercise.module for exercise in course().exercises])
def test_the_solutions_keep_the_contract(zygote, name):
    """The reference solutions have no findings."""
    assert read(zygote, (ROOT / "solutions" / f"{name}.py").read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "code",
    [
        "import math\nimport torch.nn.functional as F\nfrom torch import nn, Tensor",
        "import torch\nprint(torch.__version__)",
        "if __name__ == '__main__':\n    print('hello')",
        "class Net:\n    def __init__(self):\n        self._cache = {}\n        self.grads = []",
        "import torch\nwith torch.no_grad():\n    pass",
        "def gradient(grad, backward):\n    return grad + backward",
        "n = 32\nx = 1.0 / n - 1 / (n - 1)",
        "import operator, functools\nproduct = functools.reduce(operator.mul, (1, 2))",
        "class Layer:\n    def backward(self, up):\n        return up\ny = Layer().backward(1)",
        "def f(vars, locals):\n    return vars + locals",
    ],
)
def test_honest_code_is_clean(zygote, code):
    """What people write without any trick is no finding."""
    assert read(zygote, code + "\n" + HONEST) == []


def test_a_finding_bars_the_functions_that_depend_on_it_and_no_others(zygote):
    """A helper that uses autograd bars its callers; its neighbours keep their points."""
    source = (
        "import torch\n"
        "def helper(x):\n    return torch.autograd.grad(x, x)\n"
        "def db2(dlogits):\n    return helper(dlogits)\n" + HONEST
    )
    report = graded(zygote, source, "ex1.db2", "ex1.dh")
    assert [task.status for task in report.tasks] == ["passed", "policy"]
    finding = report.policy[0]
    assert (finding.file, finding.line, finding.tasks) == ("ex1_backward.py", 3, ["ex1.db2"])


def test_a_leftover_in_a_cell_costs_nothing(zygote):
    """`loss.backward()` and `p.requires_grad = True` left at top level concern no function."""
    source = (
        "parameters = []\nfor p in parameters:\n    p.requires_grad = True\n"
        "try:\n    loss.backward()\nexcept NameError:\n    pass\n"
        "def db2(dlogits):\n    p = dlogits\n    return p.sum(0)\n"
    )
    report = graded(zygote, source, "ex1.db2")
    assert report.tasks[0].status == "passed"
    assert {finding.rule for finding in report.policy} == {"autograd"}


def test_a_person_can_allow_a_finding_and_the_report_says_so(zygote):
    """`--allow ID` gives the points back and is on record."""
    source = "def dh(W2, dlogits):\n    return getattr(dlogits @ W2.T, 'clone')()\n"
    barred = graded(zygote, source, "ex1.dh")
    assert barred.tasks[0].points == 0
    allowed = graded(zygote, source, "ex1.dh", allow=frozenset(f.id for f in barred.policy))
    assert allowed.tasks[0].points == allowed.tasks[0].max_points
    assert all(finding.allowed for finding in allowed.policy)


def test_a_finding_keeps_its_id_when_lines_move(zygote):
    """An id stands for the code: a comment above it does not change it."""
    source = "import os\n" + HONEST
    first, second = read(zygote, source), read(zygote, "# more\n\n" + source)
    assert [f["id"] for f in first] == [f["id"] for f in second]


def test_numerical_and_home_made_differentiation_are_suspicions_that_bar_nothing(zygote):
    """Finite differences, complex steps and operator overloading are for a person to judge."""
    finite = (
        "import torch\ndef db2(dlogits, b2):\n    eps = 1e-4\n    out = torch.zeros_like(b2)\n"
        "    for i in range(b2.numel()):\n        up = b2.clone()\n        up[i] = up[i] + eps\n"
        "        out[i] = (dlogits * (up - b2)).sum() / eps\n    return out\n"
    )
    overloaded = (
        "class Value:\n    def __add__(self, other):\n        return self\n"
        "    def __mul__(self, other):\n        return self\n"
        "def dh(W2, dlogits):\n    Value()\n    return dlogits @ W2.T\n"
    )
    assert rules(zygote, finite) == ["suspicion"]
    assert rules(zygote, overloaded) == ["suspicion"]
    assert rules(zygote, "def db2(dlogits):\n    return dlogits.imag\n") == ["suspicion"]
    report = graded(zygote, finite, "ex1.db2")
    assert report.policy[0].bars is False
    assert report.tasks[0].status != "policy"


def test_the_number_gradient_exercise_may_difference(zygote):
    """Exercise 5 asks for finite differences, so there they are no suspicion."""
    source = (
        "def numerical_gradient(f, x, step):\n    step = 1e-3\n"
        "    return (f(x + step) - f(x - step)) / (2 * step)\n"
    )
    assert read(zygote, source) == []


def graded(zygote, source, *tasks, allow=frozenset()):
    """Grade a source on a few tasks."""
    submission = Submission("policy", {"ex1_backward.py": source.encode()}, "0" * 64)
    options = Options(seed="policy", tasks=tasks, allow=allow)
    return grade.grade_one(submission, zygote, options)


@pytest.mark.parametrize("line", ["p.grad = None", "ok = torch.cuda.is_available()"])
def test_what_only_looks_like_a_finding(zygote, line):
    """Clearing a gradient, or asking for a GPU, uses no autograd."""
    assert read(zygote, f"import torch\n\n\ndef dh(W2, dlogits, p=None):\n    {line}\n") == []


@pytest.mark.parametrize("line", ["p.grad = p", "x = p.grad", "torch.cuda.manual_seed(0)"])
def test_what_is_one_all_the_same(zygote, line):
    """Anything else of the same names is a finding."""
    assert read(zygote, f"import torch\n\n\ndef dh(W2, dlogits, p=None):\n    {line}\n")
