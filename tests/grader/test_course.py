"""What follows from the forward lines, and that a new line is enough for a new task."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from grader import cases
from grader.course import aliases, catalogue, forward, network
from grader.errors import UnknownTask
from grader.options import ROOT

TWENTY_SIX = (
    "logprobs probs counts_sum_inv counts_sum counts norm_logits logit_maxes logits h W2 b2 "
    "hpreact bngain bnbias bnraw bnvar_inv bnvar bndiff2 bndiff bnmeani hprebn embcat W1 b1 emb C"
).split()


def test_exercise_1_has_the_26_gradients_in_the_order_of_the_backward_pass():
    """The tasks of exercise 1 are the lecture's 26 gradients, in its order."""
    names = [task.name for task in catalogue.course().of_exercise("ex1")]
    assert names == [f"d{tensor}" for tensor in TWENTY_SIX]


def test_a_tensor_that_two_lines_read_has_two_upstream_gradients():
    """Offers follow from who reads a tensor."""
    task = catalogue.course().resolve("dcounts")
    assert set(forward.upstream_names(task)) == {"dprobs", "dcounts_sum"}
    assert forward.depends_on(task) == ("ex1.dcounts_sum", "ex1.dprobs")


def test_references_agree_with_autograd_through_the_whole_network():
    """Line by line, from the loss down, gives what autograd gives for the whole network at once."""
    case = cases.draw("ex1", 1, "whole")
    leaves = {name: case.tensors[name].double() for name in network.PARAMETERS}
    leaves = {name: value.requires_grad_() for name, value in leaves.items()}
    batch = {name: case.tensors[name] for name in ("Xb", "Yb")}
    loss = forward.run("ex1", {**leaves, **batch})["loss"]
    whole = torch.autograd.grad(loss, list(leaves.values()))
    wide = {
        name: value.double() if value.is_floating_point() else value
        for name, value in case.tensors.items()
    }
    chain = forward.chain(forward.run("ex1", {n: wide[n] for n in (*leaves, *batch)}))
    for name, gradient in zip(leaves, whole, strict=True):
        torch.testing.assert_close(chain[f"d{name}"], gradient, rtol=1e-10, atol=1e-15)


def test_the_same_seed_draws_the_same_case():
    """A case depends on its seed and its label and on nothing else."""
    first, again = cases.draw("ex1", "s", "a"), cases.draw("ex1", "s", "a")
    other = cases.draw("ex1", "s", "b")
    assert all(torch.equal(first.tensors[name], again.tensors[name]) for name in first.tensors)
    assert not torch.equal(first.tensors["C"], other.tensors["C"])


@pytest.mark.parametrize(
    ("spelling", "full"),
    [
        ("dcounts", "ex1.dcounts"),
        ("counts", "ex1.dcounts"),
        ("ex2.dlogits", "ex2.dlogits"),
        ("dcount_sum_inv", "ex1.dcounts_sum_inv"),
        ("dlogits_max", "ex1.dlogit_maxes"),
        ("d_h_preact", "ex1.dhpreact"),
        ("train", "ex4.train"),
    ],
)
def test_a_task_goes_by_its_full_name_its_short_name_and_other_spellings(spelling, full):
    """People name tasks as they are used to."""
    assert catalogue.course().resolve(spelling).full_name == full


def test_a_short_name_that_two_exercises_share_is_refused_with_both_full_names():
    """An ambiguous name is not guessed at."""
    with pytest.raises(UnknownTask, match=r"ex1\.dlogits, ex2\.dlogits"):
        catalogue.course().resolve("dlogits")


def test_a_misspelt_task_is_answered_with_what_was_probably_meant():
    """An unknown name comes back with its nearest neighbours."""
    with pytest.raises(UnknownTask, match="Did you mean"):
        catalogue.course().resolve("dcuonts")


def test_other_spellings_of_names():
    """The seeds' spellings are read as the lecture's."""
    known = {"counts_sum_inv", "dlogit_maxes", "dhpreact", "Yb"}
    assert aliases.canonical("count_sum_inv", known) == "counts_sum_inv"
    assert aliases.canonical("dlogits_maxes", known) == "dlogit_maxes"
    assert aliases.canonical("d_h_preact", known) == "dhpreact"
    assert aliases.canonical("yb", known) == "Yb"
    assert aliases.canonical("unheard_of", known) == "unheard_of"


NEW_LINE = '''

def hrelu(hpreact: Tensor) -> Tensor:
    """Another non-linearity."""
    return hpreact.clamp(min=0)
'''
NEW_SOLUTION = '''

def dhpreact(hpreact: Tensor, dhrelu: Tensor) -> Tensor:
    """The slope is 1 where the unit is on and 0 where it is off."""
    return (hpreact > 0) * dhrelu
'''
NEW_ENTRY = """
[tasks."ex5.dhpreact"]
points = 2
hints = ["Where is the line flat?", "What does a flat line pass back?", "A mask, times something."]
"""


def test_one_line_one_solution_and_one_entry_make_a_new_graded_task(tmp_path):
    """Three edits make a task with a stub, hints and checks, and touch nothing else."""
    names = ("grader", "solutions", "exercises", "tests", "data", "docs")
    for name in names:
        shutil.copytree(
            ROOT / name,
            tmp_path / name,
            ignore=shutil.ignore_patterns("__pycache__", "lecture.txt"),
        )
    course = tmp_path / "grader" / "course"
    _append(course / "ex5_leaky_abstraction.py", NEW_LINE)
    _append(tmp_path / "solutions" / "ex5_leaky_abstraction.py", NEW_SOLUTION)
    toml = course / "tasks.toml"
    text = toml.read_text(encoding="utf-8")
    place = text.index("# How `train` is judged")
    toml.write_text(text[:place] + NEW_ENTRY.lstrip() + "\n" + text[place:], encoding="utf-8")

    told = _grader(
        tmp_path,
        ("sync",),
        ("hint", "ex5.dhpreact"),
        ("grade", "solutions", "--json", "solved.json"),
        ("grade", "exercises", "--json", "stubs.json"),
        ("sync", "--check"),
    )
    stub = (tmp_path / "exercises" / "ex5_leaky_abstraction.py").read_text(encoding="utf-8")
    assert "def dhpreact(hpreact: Tensor, dhrelu: Tensor) -> Tensor:" in stub
    assert "hrelu = hpreact.clamp(min=0)  # (n, hidden)" in stub
    assert told[1].startswith("1. Where is the line flat?")
    solved, untouched = (
        json.loads((tmp_path / name).read_text(encoding="utf-8"))
        for name in ("solved.json", "stubs.json")
    )
    task = next(task for task in solved["tasks"] if task["full_name"] == "ex5.dhpreact")
    assert (task["status"], task["points"]) == ("passed", 2)
    assert {check["visibility"] for check in task["checks"]} == {"public", "hidden"}
    assert solved["score"] == 100
    assert untouched["score"] == untouched["bonus"] == 0
    assert told[-1].strip() == "everything is up to date"


def _append(path, text):
    path.write_text(path.read_text(encoding="utf-8") + text, encoding="utf-8")


# What runs the commands of a copy, one after another, in one process with one zygote.
COMMANDS = """
import json, sys
from pathlib import Path
from command_line import CommandLine
from grader.sandbox.host.zygote import Zygote

with Zygote() as zygote:
    grader = CommandLine(lambda name: zygote)
    print(json.dumps([grader(*command, cwd=Path.cwd()) for command in json.loads(sys.argv[1])]))
"""


def _grader(root, *commands):
    done = subprocess.run(
        [sys.executable, "-c", COMMANDS, json.dumps(commands)],
        cwd=root,
        env={"PYTHONPATH": f"{root}:{Path(__file__).parent}", "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)
