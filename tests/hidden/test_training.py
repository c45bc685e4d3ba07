"""Hidden checks of exercise 4: other starts, other sizes, other data."""

import dataclasses

import pytest

from grader import checks
from grader.course.network import Sizes


@pytest.mark.law("ex4.backward")
def test_backward_at_other_sizes(judge, draw):
    """All seven gradients are right for other sizes and other data."""
    checks.backward(judge, draw("backward"))
    odd = Sizes(n=19, vocab=33, n_embd=7, block_size=5, hidden=21)
    checks.backward(judge, draw("backward at other sizes", sizes=odd, tokens=6))


@pytest.mark.law("ex4.backward")
def test_backward_with_small_variance(judge, draw):
    """All seven gradients are right where features vary so little that epsilon matters."""
    case = draw("backward with small variance")
    weak = case.tensors["W1"] * 0.01
    checks.backward(judge, dataclasses.replace(case, tensors={**case.tensors, "W1": weak}))


@pytest.mark.law("ex4.backward", form="flat")
def test_first_step_from_another_start(judge, splits, seed):
    """All seven gradients of the training loop's first step are right."""
    checks.first_step(judge, splits, seed)


@pytest.mark.law("ex4.train", part="trajectory", form="any")
def test_trajectory_from_another_start(judge, splits, seed):
    """The first steps follow those of autograd from another start."""
    checks.trajectory(judge, splits, seed)


@pytest.mark.law("ex4.train", part="learning", form="any")
def test_learning_from_another_start(judge, splits, seed, course, corpus):
    """Training goes the right way and ends below the loss threshold from another start."""
    checks.learning(judge, splits, seed, course, corpus)


@pytest.mark.law("ex4.calibrate_batchnorm")
def test_calibration_of_other_parameters(judge, splits, seed):
    """Mean and unbiased variance are right for other parameters and data."""
    checks.calibration(judge, splits.test[0], seed)
    checks.calibration(judge, splits.test[0][:7], seed)


@pytest.mark.law("ex4.evaluate")
def test_evaluation_of_other_parameters(judge, splits, seed):
    """The loss is right for other parameters and another split."""
    checks.evaluation(judge, splits, splits.test, seed)


@pytest.mark.law("ex4.sample")
def test_sampling_from_other_parameters(judge, splits, seed):
    """The documented draws give the documented names from other parameters."""
    checks.sampling(judge, splits, seed, draws=12)
