"""Flat notebooks, as the lecture's own, made of the course's forward lines and solutions."""

from __future__ import annotations

import ast
import functools
import inspect
import re
import textwrap
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from grader import cases
from grader.course import catalogue, forward
from grader.course.catalogue import Task
from grader.course.vocabulary import FLAT_EXERCISES, vocabulary
from grader.in_process import InProcess
from grader.judge import CheckFailed, Judge, Record
from grader.notebook.cells import Cell
from grader.notebook.percent import to_source
from grader.options import ROOT
from grader.sandbox.guest import callables
from grader.sandbox.guest.flat.names import Vocabulary
from grader.sandbox.guest.flat.reading import Reading
from grader.sandbox.guest.source.parse import parse
from grader.submission import Submission

FILE = "flat.ipynb"
COURSE = catalogue.course()
TASKS = {t.full_name: t for t in COURSE.tasks if t.exercise.key in FLAT_EXERCISES}
EX1 = tuple(name for name in TASKS if name.startswith("ex1."))

SETUP = """
import torch
import torch.nn.functional as F
import matplotlib.pyplot as plt
%matplotlib inline
!pip install torch
"""

DATA = """
words = open("names.txt").read().splitlines()
itos = dict(enumerate(sorted(set(".".join(words)))))
vocab_size, n_embd, n_hidden, block_size = len(itos), 10, 64, 3
Xtr, Ytr = contexts_and_labels(words)
"""

START = """
g = torch.Generator().manual_seed(2147483647)
C = torch.randn((vocab_size, n_embd), generator=g)
W1 = torch.randn((n_embd * block_size, n_hidden), generator=g)
b1 = torch.randn(n_hidden, generator=g)
W2 = torch.randn((n_hidden, vocab_size), generator=g)
b2 = torch.randn(vocab_size, generator=g)
bngain, bnbias = torch.ones((1, n_hidden)), torch.zeros((1, n_hidden))
parameters = [C, W1, b1, W2, b2, bngain, bnbias]
for p in parameters:
    p.requires_grad = True
batch_size = n = 32
ix = torch.randint(0, Xtr.shape[0], (batch_size,), generator=g)
Xb, Yb = Xtr[ix], Ytr[ix]
"""

CMP = """
def cmp(name, mine, tensor):
    print(name, torch.all(mine == tensor.grad).item(), (mine - tensor.grad).abs().max().item())
"""

LOOP = """
max_steps = 200000
lossi = []
with torch.no_grad():
    for i in range(max_steps):
        ix = torch.randint(0, Xtr.shape[0], (batch_size,), generator=g)
        Xb, Yb = Xtr[ix], Ytr[ix]
BACKWARD
        grads = [dC, dW1, db1, dW2, db2, dbngain, dbnbias]
        lr = 0.1 if i < 100000 else 0.01
        for p, grad in zip(parameters, grads):
            p.data += -lr * grad
"""

SAMPLES = """
for _ in range(20):
    context = [0] * block_size
    while True:
        emb = C[torch.tensor([context])]
        h = torch.tanh(emb.view(1, -1) @ W1)
        logits = h @ W2 + b2
        probs = F.softmax(logits, dim=1)
        break
"""


def inlined(source: str, result: str) -> str:
    """Return the body of a function as statements that leave what it returns in `result`."""
    function = ast.parse(textwrap.dedent(source)).body[0]
    assert isinstance(function, ast.FunctionDef)
    lines = []
    for statement in function.body:
        if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
            continue  # the docstring
        text = ast.unparse(statement)
        if isinstance(statement, ast.Return):
            assert statement.value is not None
            value = ast.unparse(statement.value)
            text = "" if value == result else f"{result} = {value}"
        lines.append(text.replace("functional.", "F."))
    return "\n".join(line for line in lines if line)


@functools.cache
def solved(file: str, name: str) -> str:
    """Return the source of a solution's function."""
    text = (ROOT / "solutions" / file).read_text(encoding="utf-8")
    for node in ast.parse(text).body:
        if isinstance(node, ast.FunctionDef) and node.name == name:
            return ast.get_source_segment(text, node) or ""
    raise LookupError(name)


@functools.cache
def lines() -> Mapping[str, str]:
    """Return the statements that answer each task of exercises 1 to 3, by its full name."""
    return {
        full: inlined(solved(task.exercise.file, task.name), task.name)
        for full, task in TASKS.items()
    }


def of_formula(formula: Callable[..., Any], result: str) -> str:
    """Return a formula of the bank of misconceptions as statements."""
    source = inspect.getsource(formula)
    text = inlined(source[source.index("def _(") :], result)
    return re.sub(r"\bvocab\b", "vocab_size", re.sub(r"\bhidden\b", "n_hidden", text))


def forward_pass() -> str:
    """Return the forward pass, line by line."""
    return "\n".join(line.text for line in forward.spec(forward.BASE).lines.values())


def training_loop() -> str:
    """Return a training loop with the reference solution's backward pass in it."""
    source = inlined(solved("ex4_training.py", "backward"), "_")
    kept = [line for line in source.split("\n") if not line.startswith("_ = ")]
    return LOOP.replace("BACKWARD", textwrap.indent("\n".join(kept), " " * 8))


def backward_pass(changed: Mapping[str, str] | None = None) -> list[str]:
    """Return a cell for each task of exercises 1 to 3. changed: other statements for some tasks."""
    return [*{**lines(), **(changed or {})}.values()]


def before() -> list[str]:
    """Return the cells before the backward pass."""
    return [SETUP, DATA, CMP, START, forward_pass()]


def whole(changed: Mapping[str, str] | None = None) -> list[str]:
    """Return all cells of a notebook without its training loop."""
    return [*before(), *backward_pass(changed)]


def source(cells: Iterable[str]) -> str:
    """Return cells as the one source that a notebook is read as."""
    numbered = [Cell(number, "code", text.strip()) for number, text in enumerate(cells, 1)]
    return to_source(numbered, prose=False)


def submission(cells: Iterable[str]) -> Submission:
    """Return a submission that is one notebook."""
    return Submission("a notebook", {FILE: source(cells).encode()}, "digest")


def read(text: str) -> Reading:
    """Read a source as a flat notebook."""
    words = Vocabulary.from_plain(vocabulary())
    return Reading(parse(FILE, text)[0], words)


@dataclass
class InFlat(InProcess):
    """Asks an answer at the top level of a notebook, in this process."""

    def is_flat(self, task: Task) -> bool:
        """It is none of a function."""
        return True


@functools.cache
def cases_of(exercise: str) -> tuple[list[cases.Case], list[cases.Case]]:
    """Return cases with random upstream gradients, one of them with small variances, and true
    chains.
    """
    weak = {"W1": lambda weights: weights * 0.01}
    random = [cases.draw(exercise, "flat", "a case")]
    random.append(cases.draw(exercise, "flat", "small variance", edits=weak))
    return random, [cases.true_chain(exercise, "flat", f"chain {label}") for label in "abc"]


def judged(text: str, tasks: Sequence[str] = tuple(TASKS)) -> dict[str, Record]:
    """Judge the answers in a source as the checks do; an answer that is missing has no record."""
    reading = read(text)
    answered = {answer.task for answer in reading.answers()}
    return {
        name: _judged(reading, TASKS[name]) for name in tasks if name in answered and name in TASKS
    }


def _judged(reading: Reading, task: Task) -> Record:
    record = Record(task.full_name)
    line = callables.answer(FILE, reading, task.full_name)
    judge = Judge(InFlat(COURSE, line), task, record)
    random, chains = cases_of(task.exercise.key)
    try:
        judge.line(random, chains)
        judge.keeps_inputs(random[0])
        judge.settle()
    except CheckFailed:
        assert record.status != "passed"
    return record


def wrong(text: str, tasks: Sequence[str] = tuple(TASKS)) -> list[str]:
    """Return the tasks that a source answers wrongly or not at all."""
    records = judged(text, tasks)
    return [name for name in tasks if name not in records or records[name].status != "passed"]
