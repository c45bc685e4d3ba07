"""Why an answer is wrong: general relations, and silence where nothing fits."""

from __future__ import annotations

import ast

import pytest
import torch

from grader import cases, diagnosis, reference
from grader.course import catalogue, misconceptions
from grader.course.network import Sizes
from grader.options import ROOT
from grader.question import Answer
from grader.sandbox.host.reply import Outcome

CASE = cases.draw("ex1", "diagnosis", "a", sizes=Sizes(n=12, vocab=9, n_embd=4, hidden=6))


def told(name, change):
    """Return the diagnosis of an answer that is the right one, changed."""
    task = catalogue.course().resolve(name)
    case = CASE
    if task.exercise.key != "ex1":
        case = cases.draw(task.exercise.key, "diagnosis", "a", sizes=CASE.sizes)
    right = reference.gradient(task, case)
    answer = Answer(Outcome.OK, tensors=[change(right.value.float())])
    found = diagnosis.of_gradient(task, case, answer, right)
    return found and found.id, found and found.says


def spoil_rows(right):
    """Return a gradient with two wrong rows."""
    right = right.clone()
    right[[3, 7]] += 1.0
    return right


def spoil_entry(right):
    """Return a gradient with one entry that is not a number."""
    right = right.clone()
    right[2, 1] = float("nan")
    return right


@pytest.mark.parametrize(
    ("task", "change", "name", "says"),
    [
        ("dW2", torch.zeros_like, "zeros", "Every entry is zero"),
        ("dW2", lambda right: right.long(), "dtype", "int64"),
        ("dW2", lambda right: right * 12, "relation/constant-factor", "n times"),
        ("dW2", lambda right: right / 11, "relation/constant-factor", "1/(n - 1) times"),
        ("dW2", lambda right: right * 3.7, "relation/constant-factor", "3.7 times"),
        ("ex3.dhprebn", lambda right: -2 * right, "relation/constant-factor", "-2 times"),
        ("demb", lambda right: -right, "relation/sign", "sign"),
        ("dW1", lambda right: right.T, "relation/transposed", "swapped"),
        ("dW1", spoil_rows, "relation/few-rows", "3, 7"),
        ("dW1", spoil_entry, "relation/not-finite", "nan at [2, 1]"),
        (
            "dbngain",
            lambda right: (right / 12).expand(12, 6),
            "relation/not-summed",
            "sum over axis 0 is missing",
        ),
        (
            "dbngain",
            lambda right: torch.ones(12, 1),
            "relation/wrong-axis",
            "sum over axis 1",
        ),
    ],
)
def test_a_relation_is_named_where_it_holds(task, change, name, says):
    """Factor, sign, transposition, reduction, rows, nan: each is told by name and figure."""
    found, sentence = told(task, change)
    assert found is not None
    assert found == name or found.startswith("ex")  # the bank may know the very formula
    if found == name:
        assert says in sentence


@pytest.mark.parametrize("name", [t.full_name for t in catalogue.course().of_exercise("ex1")])
def test_nothing_is_guessed_about_noise(name):
    """Random numbers in the right shape have no diagnosis."""
    generator = torch.Generator().manual_seed(5)
    found, _ = told(name, lambda right: torch.randn(right.shape, generator=generator))
    assert found is None


def test_a_missing_branch_is_named_by_its_line():
    """A gradient that is right through all readers but one names the one."""
    task = catalogue.course().resolve("dbndiff")
    without = CASE.tensors["bnvar_inv"] * CASE.upstream["dbnraw"]
    right = reference.gradient(task, CASE)
    answer = Answer(Outcome.OK, tensors=[without])
    found = diagnosis.of_gradient(task, CASE, answer, right)
    assert found is not None
    assert "bndiff2" in found.says or "squar" in found.says


def test_neither_nudges_nor_hints_contain_the_right_answer():
    """No nudge and no hint spells out what a solution returns."""
    answers = {}
    for exercise in catalogue.course().exercises:
        source = (ROOT / "solutions" / exercise.file).read_text(encoding="utf-8")
        for node in ast.parse(source).body:
            if isinstance(node, ast.FunctionDef) and isinstance(node.body[-1], ast.Return):
                returned = ast.unparse(node.body[-1].value).replace(" ", "")
                answers[f"{exercise.key}.{node.name}"] = returned
    for entry in misconceptions.bank():
        assert not tells(entry.nudge, answers[entry.task]), entry.id
    for task in catalogue.course().tasks:
        for hint in task.hints:
            assert not tells(hint, answers[task.full_name]), (task.full_name, hint)


def tells(text, answer):
    """Tell whether a text contains an expression; a bare name is no answer."""
    return not answer.isidentifier() and answer in text.replace(" ", "")
