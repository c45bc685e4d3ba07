"""Long training runs: in pieces, by a submission or by autograd, to their end or to Ctrl-C."""

from __future__ import annotations

import functools
import json
import math
import os
import re
import shutil
import signal
import subprocess
import sys

import pytest
import torch
from matplotlib import image

from grader import cases, examination, long_training, training
from grader.course import catalogue, ex4_training
from grader.course.network import PARAMETERS
from grader.examination import Examination
from grader.options import ROOT
from grader.submission import read_for_course


@pytest.fixture(scope="module")
def splits():
    """The default corpus."""
    return cases.splits_of("names")


@pytest.fixture(scope="module")
def by_solution(zygote):
    """What trains with the reference solution in a worker."""
    submission = read_for_course(ROOT / "solutions")
    inspection, told = examination.inspect(zygote, submission)
    assert inspection is not None, told
    exam = Examination(zygote, submission, catalogue.course(), inspection)
    yield long_training.by_submission(exam)
    exam.end()


def finished(plan, splits, trainer):
    """Return a run that came to its end."""
    run = long_training.Run(plan, splits, trainer)
    steps = [step for step, _ in run.pieces()]
    assert steps[-1] == plan.steps
    return run


def test_autograd_and_the_solution_take_the_same_way(splits, by_solution):
    """After 50 steps every parameter and every loss agree to 1e-3."""
    plan = long_training.Plan(steps=50, hidden=24)
    ours = finished(plan, splits, by_solution)
    autograds = finished(plan, splits, long_training.by_autograd)
    for name in PARAMETERS:
        assert (ours.parameters[name] - autograds.parameters[name]).abs().max() < 1e-3
    for (step, loss), (other_step, other) in zip(ours.curve, autograds.curve, strict=True):
        assert step == other_step
        assert loss == pytest.approx(other, abs=1e-3)
    ends = [long_training.outcomes(run) for run in (ours, autograds)]
    assert ends[0].train_loss == pytest.approx(ends[1].train_loss, abs=1e-3)
    assert ends[0].validation_loss == pytest.approx(ends[1].validation_loss, abs=1e-3)


def test_all_steps_at_once_are_one_long_run_bit_for_bit(splits, by_solution):
    """One call with the run's own seed, and nothing that the pieces would change."""
    plan = long_training.Plan(steps=40, hidden=16, seed=7, at_once=True)
    run = finished(plan, splits, by_solution)
    once = by_solution(splits.train, plan.start(), 7, steps=40, batch_size=32, decay_at=20)
    assert all(torch.equal(run.parameters[name], once[name]) for name in PARAMETERS)
    assert [step for step, _ in run.curve] == [0, 40]


def test_pieces_add_up_to_the_run_with_the_decay_in_its_place(splits):
    """Each piece gets its steps, its own seed, and the decay counted from its first step."""
    asked = []

    def trainer(data, parameters, seed, **plan):
        asked.append((seed, plan["steps"], plan["decay_at"]))
        return parameters

    plan = long_training.Plan(steps=45, hidden=8, seed=3)
    finished(plan, splits, trainer)
    assert [(steps, decay_at) for _, steps, decay_at in asked] == [
        (10, 10),
        (10, 10),
        (10, 2),
        (10, 0),
        (5, 0),
    ]
    seeds = [seed for seed, _, _ in asked]
    assert seeds[0] == 3
    assert len(set(seeds)) == 5
    assert seeds == [long_training.seed_of(3, piece) for piece in range(5)]


def test_figures_are_those_of_the_course(splits):
    """Calibration and losses in slices, and names one by one, are the course's own."""
    run = finished(long_training.Plan(steps=30, hidden=12), splits, long_training.by_autograd)
    found = long_training.outcomes(run, names=6)
    assert found.validation_loss == pytest.approx(
        training.validation_loss(run.parameters, splits), abs=1e-9
    )
    whole = training.split_loss(run.parameters, splits.train, splits.train)
    assert found.train_loss == pytest.approx(whole, abs=1e-9)
    wide = {name: value.double() for name, value in run.parameters.items()}
    calibrated = {**wide, **long_training.calibrate(splits.train[0], wide)}
    calibrated["b2"][0] += 2.0  # names end long before they would be cut off
    generator = torch.Generator().manual_seed(5)
    drawn = [name for _ in range(6) for name in long_training.sample(calibrated, generator, 1, 3)]
    generator = torch.Generator().manual_seed(5)
    right = ex4_training.sample(
        **calibrated, generator=generator, count=6, block_size=3, alphabet=long_training.ALPHABET
    )
    assert drawn == right


def test_a_network_that_never_ends_a_name_is_cut_off(splits):
    """Sampling ends whatever the parameters are."""
    plan = long_training.Plan(steps=1, hidden=4)
    parameters = {name: value.double() for name, value in plan.start().items()}
    parameters["b2"][0] = -1e9
    calibrated = {**parameters, **long_training.calibrate(splits.train[0][:50], parameters)}
    (name,) = long_training.sample(calibrated, torch.Generator().manual_seed(1), 1, 3)
    assert len(name) == long_training.LONGEST_NAME


@pytest.mark.parametrize("spoilt", [math.nan, math.inf])
def test_a_run_that_diverges_stops_and_says_when(splits, spoilt):
    """The last finite state and its curve are kept."""

    def trainer(data, parameters, seed, **plan):
        factor = 1.0 if seed == 3 else spoilt
        return {name: value * factor for name, value in parameters.items()}

    run = long_training.Run(long_training.Plan(steps=60, hidden=8, seed=3), splits, trainer)
    assert [step for step, _ in run.pieces()] == [10]
    assert "training diverged between steps 10 and 20" in run.diverged
    assert "inf or nan" in run.diverged
    assert all(math.isfinite(loss) for _, loss in run.curve)


# The command

FIRST = "    parameters = (C, W1, b1, W2, b2, bngain, bnbias)\n"


def command(*arguments):
    """Return the command line of a short run."""
    return [sys.executable, "-m", "grader.cli", "train", *map(str, arguments), "--hidden", "16"]


@pytest.fixture
def train(grader):
    """Run `grader train`; return what it printed."""
    return functools.partial(grader, "train", "--hidden", 16)


def figures(folder):
    """Return the figures that a run wrote."""
    return json.loads((folder / "training.json").read_text(encoding="utf-8"))


def loop(tmp_path, old, new):
    """Return the solutions with one change in their training loop."""
    folder = tmp_path / "changed"
    shutil.copytree(ROOT / "solutions", folder, ignore=shutil.ignore_patterns("__pycache__"))
    path = folder / "ex4_training.py"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return folder


def test_a_short_run_from_end_to_end(train, tmp_path):
    """60 steps on the default corpus give figures, names and a curve, beside autograd's."""
    out = tmp_path / "new" / "folder"
    shown = train("--solution", "--steps", 60, "--compare", "--out", out)
    found = figures(out)
    assert (found["steps"], found["steps_done"], found["decay_at"]) == (60, 60, 30)
    assert (found["trained_by"], found["corpus"], found["stopped"]) == ("solutions", "names", None)
    losses = [loss for _, loss in found["running_loss"]]
    assert all(math.isfinite(loss) for loss in losses)
    assert losses[-1] < losses[0] - 0.1
    for name in ("train_loss", "validation_loss"):
        assert losses[-1] - 0.5 < found[name] < losses[0]
        assert found[name] == pytest.approx(found["compared_with"][name], abs=1e-3)
    assert len(found["names"]) == 20
    assert all(re.fullmatch("[a-z]*", name) for name in found["names"])
    assert image.imread(out / "loss.png").std() > 0.05
    assert f"{found['validation_loss']:.4f}" in shown
    assert "solutions: step 60/60" in shown
    assert "\x1b" not in shown


def test_autograd_alone_needs_no_submission(train, tmp_path):
    """The same figures come out for the same plan; the seed is the command's own."""
    for out in ("a", "b"):
        train("--autograd", "--steps", 20, "--seed", 5, "--out", tmp_path / out)
    found = [figures(tmp_path / out) for out in ("a", "b")]
    assert found[0]["names"] == found[1]["names"]
    assert found[0]["running_loss"] == found[1]["running_loss"]
    assert (found[0]["trained_by"], found[0]["seed"]) == ("autograd", 5)


def test_ctrl_c_keeps_what_there_is(tmp_path):
    """Interrupted after the first piece: exit code 130, with curve, losses and names."""
    line = command("--solution", "--steps", 1_000_000, "--out", tmp_path)
    with subprocess.Popen(
        line, cwd=ROOT, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        start_new_session=True,
    ) as running:  # fmt: skip
        assert "step 500/1000000" in running.stderr.readline()
        os.killpg(running.pid, signal.SIGINT)
        shown, told = running.communicate(timeout=120)
    assert running.returncode == 130, told
    assert "interrupted after" in told
    found = figures(tmp_path)
    assert 500 <= found["steps_done"] < 1_000_000
    assert found["stopped"].startswith("interrupted after")
    assert math.isfinite(found["validation_loss"])
    assert len(found["names"]) == 20
    assert "validation loss" in shown
    assert image.imread(tmp_path / "loss.png").std() > 0.05


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (FIRST, f"    raise ValueError('no way')\n{FIRST}", "ValueError: no way (line"),
        (FIRST, f"    raise NotImplementedError\n{FIRST}", "not written yet"),
        ("    return parameters\n", "    return W1, b1\n", "return C, W1, b1, W2"),
        (
            "    return parameters\n",
            "    return C, W1.T, b1, W2, b2, bngain, bnbias\n",
            "returns W1 as (16, 30)",
        ),
    ],
    ids=["error", "not written", "not all", "shape"],
)
def test_a_broken_loop_is_told_in_a_sentence(train, old, new, told, tmp_path):
    """The exit code is 1, and there is nothing to write where there are no parameters."""
    folder, out = loop(tmp_path, old, new), tmp_path / "out"
    shown = " ".join(train(folder, "--steps", 20, "--out", out, code=1).split())
    assert told in shown
    assert "nothing was written" in shown
    assert not list(out.iterdir())


def test_a_loop_that_breaks_later_leaves_what_was_learnt_before(train, tmp_path):
    """The pieces that were done are shown and written; the exit code is 1 all the same."""
    new = "    CALLS.append(i := 0)\n    if len(CALLS) > 2: raise ValueError('tired')\n"
    folder = loop(tmp_path, "    for i in range(steps):", new + "    for i in range(steps):")
    with (folder / "ex4_training.py").open("a", encoding="utf-8") as file:
        file.write("\n\nCALLS = []\n")
    shown = train(folder, "--steps", 40, "--out", tmp_path / "out", code=1)
    assert "tired" in shown
    assert figures(tmp_path / "out")["steps_done"] == 20
    assert (tmp_path / "out" / "loss.png").is_file()


def test_a_loop_that_diverges_is_told_so(train, tmp_path):
    """A run without a finite end writes its curve and no losses, and exits with 1."""
    new = "    CALLS.append(0)\n    if len(CALLS) > 1: W2 *= float('nan')\n"
    folder = loop(tmp_path, "    for i in range(steps):", new + "    for i in range(steps):")
    with (folder / "ex4_training.py").open("a", encoding="utf-8") as file:
        file.write("\n\nCALLS = []\n")
    shown = train(folder, "--steps", 40, "--out", tmp_path / "out", code=1)
    assert "training diverged between steps 10 and 20" in shown
    found = figures(tmp_path / "out")
    assert found["validation_loss"] is None
    assert "diverged" in found["stopped"]
    assert image.imread(tmp_path / "out" / "loss.png").std() > 0.02


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (("--solution", "--autograd"), 2, "name one of"),
        (("exercises", "--solution"), 2, "name one of"),
        (("--autograd", "--compare"), 2, "leave --autograd out"),
        (("--steps", 0), 2, "--steps"),
        (("--autograd", "--out", "LICENSE"), 2, "cannot be written"),
        (("--autograd", "--corpus", "nope"), 3, "there is no corpus"),
        (("no-such-folder",), 3, "there is no such file or folder"),
        ((), 1, "train is not written yet; nothing was written"),
    ],
)
def test_a_mistake_says_what_was_wrong_and_exits_with_its_code(
    train, arguments, code, told, tmp_path
):
    """An error names what was wrong, and the exit code is the documented one."""
    out = () if "--out" in arguments else ("--out", tmp_path)
    assert told in " ".join(train(*arguments, *out, code=code).split())
