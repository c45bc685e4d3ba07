"""Behind the closed jail: nothing is imported, and what cannot be read costs one statement.

A worker has no files. What Python fetches when it is first needed must have been fetched before.
"""

# The expected value comes first in a comparison.
# ruff: noqa: SIM300

from __future__ import annotations

import ast
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import odd_sources
import pytest

from grader import cases, examination, reference, verdict
from grader.course import aliases, catalogue
from grader.course.vocabulary import vocabulary
from grader.examination import Examination, Outcome
from grader.sandbox.guest import worker
from grader.sandbox.guest.flat.names import Vocabulary
from grader.sandbox.guest.source import dependencies, guard, survey
from grader.sandbox.host.reader import Reader
from grader.sandbox.host.zygote import Zygote
from grader.submission import Submission

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the sandbox needs Linux")

COURSE = catalogue.course()
CASE = cases.draw("ex1", "sandbox", "odd")
SANDBOX = Path(__file__).parents[2] / "grader" / "sandbox"

# A zygote whose only child does what readers and workers do, and tells what it looked for. It is
# started as the grader starts one, and imports nothing that a zygote would not import itself.
WATCHED = """
import json, os, socket, sys
sys.path.insert(0, sys.argv[1])
from guest import zygote
zygote.forget_package()
sources, words, calls = json.loads(sys.stdin.read())
sought, ended = [], []

def watch(event, arguments):
    if event == "import" and arguments[0] not in sys.modules:
        sought.append(arguments[0])

def serve(requests, answers):
    sys.addaudithook(watch)
    inner = zygote.worker
    vocabulary = inner.Vocabulary.from_plain(words)
    inner.survey.survey(sources, vocabulary)
    inner.fingerprints.survey(sources)
    inner.stand_ins.install(sources)
    for file, text in sources.items():
        ended.extend(inner.loader.run_statements(file, text, {"__name__": file}))
    for call in calls:
        try:
            exec(call, {"torch": zygote.torch, "x": zygote.torch.ones(3, 4), "__name__": "call"})
        except BaseException as error:
            ended.append(inner.loader.failure(error, ["<string>"]))
    told = {"imports": sought + zygote.guard.MISSING.take(), "errors": len(ended)}
    inner.send(answers, json.dumps(told).encode())

zygote.worker.serve = serve
zygote.prepare()
read, write = os.pipe()
requests, output = os.open(os.devnull, os.O_RDONLY), os.open(os.devnull, os.O_WRONLY)
untrapped = zygote.without_differentiation("")
jailer = zygote.Jailer("jail", untrapped, zygote.derivatives.few())
zygote.worker.prepare()
pid = jailer.fork([requests, write, output], socket.socketpair()[0])
with os.fdopen(read, "rb") as pipe:
    told = json.loads(pipe.read().removeprefix(zygote.HELLO))
print(json.dumps({"level": jailer.level, "status": jailer.reap(pid), **told}))
"""

CALLS = [
    # errors, and what Python says about them
    *("1 / 0", "lenn", "torch.onse", "''.uper()", "import mathh", "from math import sinn", "x[9]"),
    *("{}['k']", "int('x')", "x @ x", "x + torch.ones(5)", "'\\ud800'.encode()", "[].pop()"),
    *(
        "f(",
        "x = 1 2",
        "print 1",
        "a = 1\n  b = 2",
        "'open",
        "f'{x!z}'",
        "x = (1,",
        "whille x:\n 1",
    ),
    *(
        "def f(): f()\nf()",
        "raise ExceptionGroup('g', [ValueError(1), KeyError()])",
        "assert x, 'no'",
    ),
    "e = ValueError('noted')\ne.add_note('a note')\nraise e from KeyError('cause')",
    "try:\n    1 / 0\nexcept ZeroDivisionError:\n    [].nothing",
    "class E(Exception):\n    def __str__(self): return 1 / 0\nraise E",
    "import warnings\nwarnings.warn('said')",
    "x = 1 is 1\ny = '\\d'\nassert (x, 'always')",
    "async def f(): pass\nf()",
    "class D:\n    def __del__(self): 1 / 0\nD()",
    "breakpoint_hook = 1\nraise SystemExit(3)",
    # numbers, texts and their formats
    "'{:n} {:,} {:.2%} {!r:>9}'.format(1, 2, 3.0, 'x'), f'{1e300:_.3f}', '%s %5.1f' % (1, 2)",
    "'ß'.upper().casefold().title().isidentifier(), 'é'.encode('ascii', 'namereplace')",
    "[('aé\\\\n'.encode(c), b'ab'.decode(c)) for c in ('ascii', 'latin-1')]",
    "[codec for codec in map('é'.encode, 'utf-8 utf-16 utf-32 utf-8-sig cp1252 idna'.split())]",
    "'\\N{BULLET}\\n'.encode('unicode_escape').decode('raw_unicode_escape')",
    "7**3000, hash(1.5), round(2.5, 1), int('9' * 99), float('nan'), divmod(7, 2), 1e400, 3 + 4j",
    "from decimal import Decimal\nf'{Decimal(1) / 3:.3n}'",
    "from fractions import Fraction\nFraction('1/3') + Fraction(0.5)",
    "import locale\nlocale.localeconv(), locale.getlocale()",
    "from datetime import datetime\ndatetime.strptime('1', '%d').strftime('%c')",
    "import statistics\nstatistics.stdev([1, 2, 3])",
    # what submissions may import
    "import random\nrandom.seed('x')\nrandom.sample(range(9), 3), random.gauss(0, 1)",
    "from collections import namedtuple, Counter, OrderedDict\nnamedtuple('P', 'x y')(1, 2)",
    "from dataclasses import dataclass, asdict, replace\n"
    "@dataclass(slots=True, order=True)\nclass P:\n    x: int = 1\nasdict(replace(P(), x=2))",
    "import typing, functools\n@functools.singledispatch\ndef f(x: int) -> 'str': ...\n"
    "typing.get_type_hints(f), typing.Union[int, str], typing.Optional['int'], int | None",
    "import typing\nT = typing.TypeVar('T')\nclass G(typing.Generic[T]): pass\nG[int]\n"
    "class N(typing.NamedTuple):\n    x: int\nclass D(typing.TypedDict):\n    x: int\n"
    "class P(typing.Protocol):\n    def f(self): ...",
    "import functools, operator\nfunctools.lru_cache(len)('a'), functools.reduce(max, [1])",
    # torch, as submissions use it
    "repr([x, x > 0, x.double(), x.long(), x[:0], torch.tensor(1.5), torch.ones(2000), x.dtype])",
    "torch.einsum('ij,kj->ik', x, x), torch.nn.functional.one_hot(torch.tensor([1, 2]), 4)",
    "with torch.no_grad():\n    torch.no_grad()(len)('a'), torch.inference_mode()(len)('a')",
    "repr(torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.Tanh(), torch.nn.BatchNorm1d(2)))",
    "torch.nn.functional.cross_entropy(x, torch.tensor([1, 2, 0])), x.softmax(1)",
    "torch.multinomial(x, 2), torch.randint(3, (2,)), torch.randperm(4), torch.rand(2)",
    "import copy\ncopy.deepcopy(x), x.tolist(), list(x), x.std(0), x.var(1), x.argmax(), x.numpy()",
    "torch.linspace(0, 1, 3), torch.allclose(x, x), torch.cat([x, x]), torch.stack([x]), x ** 2.0",
    "x.scatter_add(0, torch.zeros(1, 4).long(), x), x.index_add(0, torch.tensor([0]), x[:1])",
    "torch.autograd.grad(x.sum(), x)",
]
"""What a submission may do when it is called."""


def test_nothing_is_imported_after_the_jail_has_closed() -> None:
    """Whatever a jailed child reads, runs and reports, it finds all modules in memory already."""
    sources = {f"odd{n}.py": text for n, text in enumerate(odd_sources.readable())}
    given = json.dumps([sources, vocabulary(), CALLS])
    flags = ("-s", "-P", "-B", "-c", WATCHED, str(SANDBOX))
    done = subprocess.run(
        [sys.executable, *flags],
        input=given,
        env={"PYTHONHASHSEED": "0"},
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
    )
    assert 0 == done.returncode, done.stderr[-2000:]
    told = json.loads(done.stdout)

    assert ("jail", 0) == (told["level"], told["status"])
    assert told["errors"] > len(CALLS) / 3  # they went as far as their errors
    assert ["mathh", "mathh"] == told["imports"]


def test_what_enters_the_jail_imports_itself_only_at_the_start() -> None:
    """A module of the guest names others at its top: later they cannot be imported any more."""
    files = sorted((SANDBOX / "guest").rglob("*.py"))
    trees = [(file, ast.parse(file.read_text(encoding="utf-8"))) for file in files]
    own = {
        (file.name, node)
        for file, tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.level
    }
    at_the_top = {(file.name, node) for file, tree in trees for node in tree.body}

    assert len(own) >= 30
    assert set() == own - at_the_top


def graded(zygote: Zygote, kept: Reader, source: str, name: str) -> str:
    """Return how a source answers for a gradient: `right`, or what is wrong."""
    task = COURSE.resolve(name)
    submission = Submission("odd", {"mine.py": source.encode()}, "digest")
    inspection, told = examination.inspect(zygote, submission, kept)
    if inspection is None:
        return told
    exam = Examination(zygote, submission, COURSE, inspection)
    answer = exam.ask(task, CASE.inputs(task))
    exam.end()
    if Outcome.OK != answer.outcome:
        return answer.message
    kind = verdict.compare(answer.tensors[0], reference.gradient(task, CASE), COURSE.bound).kind
    findings = [f"{finding['what']} {finding['reason']}" for finding in inspection.findings]
    return "; ".join([*findings, "right" if kind.right else kind.value])


def test_odd_sources_are_graded_alike(zygote: Zygote) -> None:
    """A right answer is right in whatever syntax this Python reads, and nobody is accused."""
    with Reader(zygote) as kept:
        graded_as = {s: graded(zygote, kept, s, "ex1.dprobs") for s in odd_sources.readable()}
    assert 200 <= len(graded_as)
    assert {} == {source: told for source, told in graded_as.items() if told != "right"}


BYSTANDER = """
def dlogprobs(logprobs, Yb):
    return -(torch.arange(logprobs.shape[1]) == Yb[:, None]).to(logprobs) / len(Yb)
"""


def test_sources_of_another_python_cost_their_own_function(zygote: Zygote) -> None:
    """Of a file in the syntax of another version, what this one understands is right."""
    sources = [f"import torch\n{BYSTANDER}{text}" for text in odd_sources.unreadable()]
    with Reader(zygote) as kept:
        graded_as = {s: graded(zygote, kept, s, "ex1.dlogprobs") for s in sources}
    assert sources
    assert {} == {source: told for source, told in graded_as.items() if told != "right"}


FOUND = "def f(x):\n    print(x.grad)\n    return {}\n"
"""A function that the reader writes down, because there is something to find in it."""

DEMANDING = {
    "terms": FOUND.format(" + ".join(["x"] * 340)),
    "digits": FOUND.format("0x" + "f" * 6000),
    "more digits": FOUND.format("0x" + "f" * 300_000),
    "attributes": FOUND.format("x" + ".a" * 900),
    "negations": FOUND.format("not " * 900 + "x"),
    "branches": "if a:\n    pass\n" + "elif a:\n    b = a.grad\n" * 900,
    "half a character": FOUND.format("'\\ud800'"),
    "functions": "".join(f"def f{n}(x):\n    return x\n" for n in range(1000)),
    "stubs": "".join(f"def f{n}(x):\n    raise NotImplementedError\n" for n in range(1000)),
    "assignments": "x = y = 1\n" * 5000,
    "lambdas": "f, g = lambda x: x, lambda x: x.grad; h = lambda x: x.grad\n",
    "parameters": f"def f({', '.join(f'a{n}' for n in range(20_000))}): pass\n",
    "names": f"def {'f' * 200_000}(x): pass\nfrom a import {'b' * 200_000}\n",
    "errors": "def f(:\n" * 1000,
    "a long error": f"def f({'a' * 300_000}, {'a' * 300_000}): pass\n",
}


@pytest.mark.parametrize("demanding", DEMANDING.values(), ids=DEMANDING.keys())
def test_what_is_hard_to_read_costs_nothing_else(zygote: Zygote, demanding: str) -> None:
    """Before and after code that asks much of the reader, a right answer is found and is right."""
    for source in (f"{BYSTANDER}{demanding}", f"{demanding}{BYSTANDER}"):
        with Reader(zygote) as kept:
            told = graded(zygote, kept, f"import torch\n{source}", "ex1.dlogprobs")
        assert "right" == told.split("; ")[-1]


def test_two_answers_on_one_line_of_a_cell_are_two(zygote: Zygote) -> None:
    """Each of two functions of a notebook that begin in the same line can be asked."""
    line = "dprobs = lambda probs, dlogprobs: dlogprobs / probs; dh = lambda dlogits, W2: dlogits @"
    with Reader(zygote) as kept:
        for name in ("ex1.dprobs", "ex1.dh"):
            assert "right" == graded(zygote, kept, f"# %%\n{line} W2.T\n", name)


def surveyed(text: str) -> dict[str, Any]:
    """Return what the reader tells of one file, in this process."""
    words = Vocabulary.from_plain(vocabulary())
    return survey.survey({"mine.py": text}, words)


def test_what_cannot_be_read_at_all_costs_one_statement(monkeypatch: pytest.MonkeyPatch) -> None:
    """A module that the reader lacks for one statement is named, and the others are read."""
    monkeypatch.setattr(sys, "meta_path", [*sys.meta_path, guard.MISSING])
    bound_names = dependencies.bound_names

    def lacking(statement: ast.stmt) -> set[str]:
        if getattr(statement, "name", "") == "dh":
            __import__("_no_such_module")
        return bound_names(statement)

    monkeypatch.setattr(dependencies, "bound_names", lacking)
    told = surveyed(f"{BYSTANDER}\n\ndef dh(dlogits, W2):\n    return dlogits @ W2.T\n")
    (failure,) = told["failures"]
    assert ["dlogprobs"] == [definition["name"] for definition in told["definitions"]]
    assert (["dh"], 6, 7) == (failure["names"], failure["first"], failure["last"])
    assert "this statement cannot be read: ModuleNotFoundError" in failure["message"]
    assert "missing in the sandbox: _no_such_module" in failure["message"]


def test_statements_that_cannot_be_read_together_cost_their_file(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """If the reader copes with each statement and not with all, each is a failure, and it ends."""

    def together(file: str, text: str, statements: list[ast.stmt], *_: object) -> Any:
        if len(statements) > 1:
            raise LookupError("too many")
        return before(file, text, statements, *_)

    before = survey._read
    monkeypatch.setattr(survey, "_read", together)
    told = surveyed("a = 1\nb = 2\n")
    assert [1, 2] == [failure["line"] for failure in told["failures"]]


@pytest.mark.parametrize(
    ("error", "status", "message"),
    [
        (MemoryError(), "memory", "out of memory"),
        (LookupError("unknown encoding: x"), "error", "LookupError: unknown encoding: x"),
    ],
)
def test_a_reader_that_fails_says_why(error: Exception, status: str, message: str) -> None:
    """What ends the reading of a submission is told, in place of an exit code."""

    def failing() -> dict[str, Any]:
        raise error

    assert {"status": status, "message": message} == worker.reading(failing)


def test_a_reader_that_is_killed_says_how(zygote: Zygote) -> None:
    """The signal is named to whoever waits for the answer."""
    with Reader(zygote) as kept:
        kept.survey({"mine.py": b""}, vocabulary())
        os.kill(kept._worker.child.pid, signal.SIGKILL)
        told = kept.survey({"mine.py": b""}, vocabulary()).message
    assert "the process was ended by SIGKILL" == told


def test_whatever_may_answer_a_task_is_told() -> None:
    """The names that a reader tells of are those that a task is matched by, in every spelling."""
    asked = set(vocabulary()["functions"])
    tasks = {task.name for task in COURSE.tasks}
    spelled = {f"{d}{name}" for name in aliases.SPELLINGS for d in ("", "d", "d_")}
    matched = {name for name in spelled if aliases.canonical(name, tasks) in tasks}
    assert matched | tasks <= asked
