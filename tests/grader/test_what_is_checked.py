"""Whether a check runs, and what it looks at, is no matter of what a submission says or patches."""

from __future__ import annotations

import pytest

from grader import grade
from grader.options import Options
from grader.submission import Submission

CHANGES = """
import gc
import sys
import torch

BEFORE


def dprobs(probs, dlogprobs):
    DURING
    dlogprobs.div_(probs)
    return dlogprobs.clone()
"""
PATCHES = {
    "nothing": ("", ""),
    "where memory lies": (
        "torch.Tensor.untyped_storage = lambda t: torch.zeros(1)\n"
        "torch.Tensor.data_ptr = lambda t: 0",
        "",
    ),
    "what a copy is": (
        "torch.Tensor.detach = torch.Tensor.contiguous = torch.Tensor.clone = lambda t: t",
        "",
    ),
    "how tensors compare": (
        "torch.equal = torch.allclose = lambda *a, **k: True\ntorch.Tensor.__eq__ = torch.equal",
        "",
    ),
    "all of torch's functions": (
        "class Mode(torch.overrides.TorchFunctionMode):\n"
        "    def __torch_function__(self, function, types, args=(), kwargs=None):\n"
        "        return function(*args, **(kwargs or {}))\n"
        "Mode().__enter__()",
        "",
    ),
    "the worker": (
        "",
        "frame = sys._getframe(1)\n"
        "    own = frame.f_globals.get('memory')\n"
        "    own.snapshot = own.address = lambda t: 0",
    ),
    "the worker's variables": ("", "sys._getframe(1).f_locals['watched'].clear()"),
}


def checks(zygote, source):
    """Return the checks of the one task that a source attempts, with whatever it imports."""
    submission = Submission("patches", {"ex1_backward.py": source.encode()}, "0" * 64)
    inspection = grade.inspected(submission, zygote)
    options = Options(seed="patches", tasks=("ex1.dprobs",))
    report = grade.grade_one(submission, zygote, options, inspection=inspection)
    return report.tasks[0].checks


@pytest.mark.parametrize(("before", "during"), PATCHES.values(), ids=PATCHES)
def test_a_changed_input_is_seen_whatever_is_patched(before, during, zygote):
    """The function is right, and changes what other gradients need: it has not passed."""
    source = CHANGES.replace("BEFORE", before).replace("DURING", during or "pass")
    kept = [check for check in checks(zygote, source) if check.name == "test_inputs_are_kept"]

    assert [(check.visibility, check.status) for check in kept] == [
        ("public", "failed"),
        ("hidden", "failed"),
    ]


def test_a_function_that_only_reads_keeps_its_inputs(zygote):
    """Called twice with the same tensors, it answers the same, with patches beside it, too."""
    source = "import torch\nTABLE = []\n\n\ndef dprobs(probs, dlogprobs):\n    TABLE.append(1)\n"
    source += "    return dlogprobs / probs\n"

    assert {check.status for check in checks(zygote, source)} == {"passed"}


REFUSES = """
import torch


def dprobs(probs, dlogprobs):
    if probs.dtype == torch.float64:
        OTHERWISE
    return dlogprobs / probs * (1.0 if len(probs) != 41 else WORTH)
"""
WORDS = (
    'raise RuntimeError("dtype")',
    'raise RuntimeError("expected scalar type Double but found Float")',
    'raise ValueError("no")',
    "assert False",
    "probs @ torch.zeros(probs.shape[1], 1, dtype=torch.float32)",
)


@pytest.mark.parametrize(("worth", "expected"), [("1.0", "passed"), ("1.001", "failed")])
def test_the_words_of_an_exception_decide_nothing(worth, expected, zygote):
    """Who does without float64 has to be right on a case of other sizes, whatever is raised."""
    found = []
    for words in WORDS:
        source = REFUSES.replace("OTHERWISE", words).replace("WORTH", worth)
        found.append({c.name: c.status for c in checks(zygote, source)}["test_float64"])

    assert found == [expected] * len(WORDS)


def test_what_is_no_answer_in_float64_is_wrong(zygote):
    """Only who raises is asked about another case: a function that returns has answered."""
    for returned in ("None", "[probs]", "probs.repeat(1000, 100)"):
        source = REFUSES.replace("OTHERWISE", f"return {returned}").replace("WORTH", "1.0")
        found = {check.name: check.status for check in checks(zygote, source)}
        assert found.pop("test_float64") in ("error", "failed")
        assert set(found.values()) == {"passed"}
