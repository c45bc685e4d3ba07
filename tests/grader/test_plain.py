"""Code that cannot leave anything behind shares a process; any other has one for each task."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import replace

import pytest

from grader import examination, grade
from grader.course import catalogue
from grader.examination import Examination
from grader.options import ROOT, Options
from grader.report import Report
from grader.sandbox.guest.source import side_effects
from grader.sandbox.host.zygote import Zygote
from grader.submission import Submission, read_for_course

FILES = sorted((ROOT / "solutions").glob("ex[1-4]_*.py"))
HARMLESS = "import torch\nfrom torch import Tensor\n\n\ndef dprobs(probs, dlogprobs):\n    {body}\n"
TASKS = ("ex1.dlogprobs", "ex1.dprobs", "ex1.dh", "ex2.dlogits")


def is_plain(source: str) -> bool:
    """Tell whether a source is plain."""
    return side_effects.is_plain(ast.parse(source).body)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_solutions_are_plain(path) -> None:
    """What an honest person writes is on the list of harmless names."""
    assert is_plain(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "body",
    [
        "return dlogprobs / probs",
        "out = torch.zeros_like(probs)\n    out[range(3), 0] += 1.0\n    return out",
        "with torch.no_grad():\n        return [x for x in probs][0].sum(dim=1, keepdim=True)",
        "return torch.randint(0, 5, (3,), generator=probs)",
        "out: Tensor = probs\n    return out if isinstance(out, Tensor) else None",
        "def slope(x: Tensor, y: float | None = None) -> tuple[Tensor, ...]:\n        return x, y\n"
        "    return slope(probs)[0]",
        "rows = [row for row in probs]\n    return sum(row for row in rows)",
        "def slope(x):\n        return 1 - x**2\n    return slope(probs)",
        "try:\n        return probs\n    except ValueError as error:\n        print(error)",
    ],
)
def test_ordinary_bodies_are_plain(body: str) -> None:
    """Arithmetic, local variables, loops, helpers, draws from a given generator."""
    assert is_plain(HARMLESS.format(body=body))


@pytest.mark.parametrize(
    "body",
    [
        "torch.manual_seed(0)",
        "torch.set_default_dtype(torch.float64)",
        "torch.sum = None",
        "torch.Tensor.sum = None",
        "probs.note = 1",
        "dprobs.kept = probs",
        "global kept\n    kept = probs",
        "import math\n    return math.pi",
        "return torch.empty(3)",
        "return torch.empty_like(probs)",
        "return probs.new_empty(3)",
        "return probs.resize_(100)",
        "return torch.rand(3)",
        "return torch.randint(0, 5, (3,))",
        "draw = torch.randint\n    return draw(0, 5, (3,))",
        "return torch.manual_seed(0, generator=None)",
        "return probs.uniform_()",
        "return open('x')",
        "return __import__('torch')",
        "return getattr(torch, 'sum')",
        "return probs.__class__",
        "return '{0.__class__}'.format(probs)",
        "yield probs",
        "class Kept:\n        pass",
        "def inner(kept=[]):\n        kept.append(1)\n    return inner()",
        "return (lambda kept=[]: kept)()",
        "with torch.autocast('cpu'):\n        return probs",
        "match probs:\n        case x:\n            return x",
        "return torch.ops",
        "del torch.sum",
        "return unknown(probs)",
        "return Tensor(3)",
        "make = [Tensor]\n    return make[0](3)",
        "return torch.no_grad()(dprobs)",
        "[type for type in ()]\n    return type(probs)",
        "(lambda open: open)(0)\n    return open('x')",
        "def inner(id):\n        return id\n    return id(probs)",
        "def inner(x: (kept := [])):\n        return x\n    return inner(kept)",
        "try:\n        return probs\n    finally:\n        print('compiled twice')",
    ],
)
def test_what_could_be_left_behind_is_not_plain(body: str) -> None:
    """Settings, seeds, attributes, globals, memory that was not written, names off the list."""
    assert not is_plain(HARMLESS.format(body=body))


@pytest.mark.parametrize(
    "statement",
    [
        "KEPT = []",
        "KEPT = {}",
        "KEPT = torch.zeros(3)",
        "KEPT, OTHER = 1, 2",
        "import os",
        "from os import *",
        "from torch import manual_seed",
        "from . import other",
        "for i in range(3):\n    pass",
        "print('hello')",
        "@torch.no_grad()\ndef f():\n    pass",
        "def f(kept=[]):\n    pass",
        "class Kept:\n    pass",
        "X = 9**9**9",
        "X = 'a' * 10**9",
        "X = 1 << 10**9",
        "def f(x: (kept := [])):\n    pass",
        "def f(x) -> print('loaded'):\n    pass",
        "torch.sum = None",
        "if True:\n    X = 1",
        "async def f():\n    pass",
    ],
)
def test_what_a_module_may_hold(statement: str) -> None:
    """At the top level only functions, harmless imports and constants are plain."""
    assert not is_plain(f"import torch\n{statement}\n")
    assert is_plain("'''About.'''\nimport torch\nEPS = 10**-5\nSHAPE = (3, -1)\n")


STARS = "from math import *\nfrom torch import *\nfrom torch.nn.functional import *\n"


@pytest.mark.parametrize(
    ("body", "plain"),
    [
        ("return zeros_like(x) + exp(x) * sqrt(2) + one_hot(x, 3) + sum(x) + pi", True),
        ("return randn(3, generator=g)", True),
        ("return isinstance(x, Tensor)", True),
        ("return randn(3)", False),
        ("return Tensor(3)", False),
        ("return empty(3)", False),
        ("manual_seed(3)\n    return x", False),
        ("set_default_dtype(x)\n    return x", False),
        ("return os.getcwd()", False),
    ],
)
def test_names_of_a_star_import_are_judged_as_attributes(body: str, plain: bool) -> None:
    """A name that is harmless as `torch.NAME` is so without the `torch`, and no other name is."""
    assert is_plain(f"{STARS}def f(x, g):\n    {body}\n") == plain
    assert not is_plain("def f(x):\n    return exp(x)\n")


def graded(zygote: Zygote, submission: Submission, forked: Callable[[], int]) -> tuple[Report, int]:
    """Grade a few tasks; return the report and how many processes that took."""
    before = forked()
    options = Options(seed="plain", tasks=TASKS)
    return grade.grade_one(submission, zygote, options), forked() - before


@pytest.fixture
def forked(zygote: Zygote, monkeypatch: pytest.MonkeyPatch) -> Callable[[], int]:
    """Count the processes that are forked."""
    count = [0]
    fork = Zygote.fork

    def counted(self: Zygote) -> object:
        count[0] += 1
        return fork(self)

    monkeypatch.setattr(Zygote, "fork", counted)
    return lambda: count[0]


def timeless(report: Report) -> dict[str, object]:
    """Return a report without its times and digests."""
    plain_report = report.model_dump(mode="json")
    plain_report["duration_s"] = None
    for task in plain_report["tasks"]:
        task["duration_s"] = None
    return plain_report


def test_sharing_a_process_changes_no_report(zygote, forked, monkeypatch) -> None:
    """One process for reading, one for all public and one for all hidden questions; the report is
    that of one process a task.
    """
    solutions = read_for_course(ROOT / "solutions")
    shared, few = graded(zygote, solutions, forked)
    inspect = examination.inspect

    def alone(*args):
        inspection, told = inspect(*args)
        return replace(inspection, plain=frozenset()), told

    monkeypatch.setattr(examination, "inspect", alone)
    separate, many = graded(zygote, solutions, forked)

    assert (few, many) == (3, 1 + len(TASKS))
    assert timeless(separate) == timeless(shared)
    assert shared.score == sum(task.max_points for task in shared.tasks)


HANGING = """
def dlogprobs(logprobs, Yb):
    print("first")
    out = logprobs * 0
    out[range(len(Yb)), Yb] = -1.0 / len(Yb)
    return out


def dprobs(probs, dlogprobs):
    while True:
        pass


def dh(W2, dlogits):
    print("third")
    return dlogits @ W2.T
"""


def test_a_process_that_hangs_is_replaced(zygote, forked, monkeypatch) -> None:
    """A hanging function costs its own task, once; what each printed is told apart."""
    course = catalogue.course()
    hasty = replace(course, tasks=tuple(replace(task, deadline_s=0.5) for task in course.tasks))
    monkeypatch.setattr(catalogue, "course", lambda: hasty)
    submission = Submission("hanging", {"ex1_backward.py": HANGING.encode()}, "0" * 64)
    assert is_plain(HANGING)
    options = Options(seed="plain", tasks=TASKS, public_only=True)
    before = forked()
    report = grade.grade_one(submission, zygote, options)
    tasks = {task.name: task for task in report.tasks if task.exercise == "ex1"}

    assert forked() - before == 3
    assert [task.status for task in tasks.values()] == ["passed", "timeout", "passed"]
    assert set(tasks["dlogprobs"].output.split()) == {"first"}
    assert set(tasks["dh"].output.split()) == {"third"}


GREEDY = """
import torch


def dlogprobs(logprobs, Yb):
    large = torch.zeros(400_000_000)

    def kept():
        return kept, large

    out = logprobs * 0
    out[range(len(Yb)), Yb] = -1.0 / len(Yb)
    return out


def dprobs(probs, dlogprobs):
    large = torch.zeros(300_000_000)
    return dlogprobs / probs + 0 * large[0]
"""


def test_memory_that_one_task_keeps_does_not_cost_another(zygote, monkeypatch) -> None:
    """A function whose memory is not freed at once takes nothing from the next task."""
    course = catalogue.course()
    patient = replace(course, tasks=tuple(replace(task, deadline_s=60) for task in course.tasks))
    monkeypatch.setattr(catalogue, "course", lambda: patient)
    assert is_plain(GREEDY)
    submission = Submission("greedy", {"ex1_backward.py": GREEDY.encode()}, "0" * 64)
    options = Options(seed="plain", tasks=("ex1.dlogprobs", "ex1.dprobs"), public_only=True)
    report = grade.grade_one(submission, zygote, options)

    assert report.tasks[1].status == "passed"


def test_what_is_not_plain_has_a_process_for_each_task(zygote) -> None:
    """One statement off the list is enough."""
    text = {"ex1_backward.py": b"KEPT = []\n" + HANGING.encode()}
    submission = Submission("kept", text, "0" * 64)
    inspection, _ = examination.inspect(zygote, submission)
    exam = Examination(zygote, submission, catalogue.course(), inspection)

    assert exam.inspection.plain == frozenset()
