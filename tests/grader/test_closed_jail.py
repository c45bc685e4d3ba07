"""Behind the closed jail: nothing is imported any more, and what cannot be read costs one statement.

A worker has no files. What Python fetches when it is first needed must have been fetched before.
"""

# The expected value comes first in a comparison.
# ruff: noqa: SIM300

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import odd_sources
import pytest

from grader import cases, examination, reference, verdict
from grader.course import catalogue
from grader.course.vocabulary import vocabulary
from grader.examination import Examination, Outcome
from grader.sandbox.client import Reader, Zygote
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
import zygote
sources, words, calls = json.loads(sys.stdin.read())
sought, ended = [], []

def watch(event, arguments):
    if event == "import" and arguments[0] not in sys.modules:
        sought.append(arguments[0])

def serve(requests, answers):
    sys.addaudithook(watch)
    inner = zygote.worker
    vocabulary = inner.flat.Vocabulary.from_plain(words)
    inner.reader.survey(sources, vocabulary)
    inner.fingerprints.survey(sources)
    inner.belt.forbid_autograd()
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
jailer = zygote.Jailer("jail")
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
    "from datetime import datetime\ndatetime(2020, 1, 1).strftime('%c'), datetime.strptime('1', '%d')",
    "import statistics\nstatistics.stdev([1, 2, 3])",
    # what submissions may import
    "import random\nrandom.seed('x')\nrandom.sample(range(9), 3), random.gauss(0, 1)",
    "from collections import namedtuple, Counter, OrderedDict\nnamedtuple('P', 'x y')(1, 2)",
    "from dataclasses import dataclass, asdict, replace\n"
    "@dataclass(slots=True, order=True)\nclass P:\n    x: int = 1\nasdict(replace(P(), x=2)), repr(P())",
    "import typing, functools\n@functools.singledispatch\ndef f(x: int) -> 'str': ...\n"
    "typing.get_type_hints(f), typing.Union[int, str], typing.Optional['int'], int | None",
    "import typing\nT = typing.TypeVar('T')\nclass G(typing.Generic[T]): pass\nG[int]\n"
    "class N(typing.NamedTuple):\n    x: int\nclass D(typing.TypedDict):\n    x: int\n"
    "class P(typing.Protocol):\n    def f(self): ...",
    "import functools, itertools, operator\nfunctools.lru_cache(len)('a'), functools.reduce(max, [1])",
    # torch, as submissions use it
    "repr([x, x > 0, x.double(), x.long(), x[:0], torch.tensor(1.5), torch.ones(2000), x.dtype])",
    "torch.einsum('ij,kj->ik', x, x), torch.nn.functional.one_hot(torch.tensor([1, 2]), 4)",
    "with torch.no_grad():\n    torch.no_grad()(len)('a'), torch.inference_mode()(len)('a')",
    "repr(torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.Tanh(), torch.nn.BatchNorm1d(2)))",
    "torch.nn.functional.cross_entropy(x, torch.tensor([1, 2, 0])), torch.nn.functional.softmax(x, 1)",
    "torch.multinomial(x, 2), torch.randint(3, (2,)), torch.randperm(4), torch.rand(2)",
    "import copy\ncopy.deepcopy(x), x.tolist(), list(x), x.std(0), x.var(1), x.argmax(), x.numpy()",
    "torch.linspace(0, 1, 3), torch.allclose(x, x), torch.cat([x, x]), torch.stack([x]), x ** 2.0",
    "x.scatter_add(0, torch.zeros(1, 4, dtype=torch.long), x), x.index_add(0, torch.tensor([0]), x[:1])",
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


def graded(zygote: Zygote, reader: Reader, source: str, name: str) -> str:
    """Return how a source answers for a gradient: `right`, or what is wrong."""
    task = COURSE.resolve(name)
    submission = Submission("odd", {"mine.py": source.encode()}, "digest")
    inspection, told = examination.inspect(zygote, submission, reader)
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
    with Reader(zygote) as reader:
        graded_as = {s: graded(zygote, reader, s, "ex1.dprobs") for s in odd_sources.readable()}
    assert 200 <= len(graded_as)
    assert {} == {source: told for source, told in graded_as.items() if told != "right"}
