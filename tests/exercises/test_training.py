"""Public checks of exercise 4: the training loop without autograd."""

import pytest

from grader import cases, checks


@pytest.mark.law("ex4.backward")
def test_backward(judge, lecture):
    """All seven gradients of one minibatch are right."""
    checks.backward(judge, lecture)


@pytest.mark.law("ex4.backward", form="flat")
def test_first_step(judge, splits):
    """All seven gradients of the training loop's first step are right."""
    checks.first_step(judge, splits, "public")


@pytest.mark.law("ex4.train", part="trajectory", form="any")
def test_trajectory(judge, splits):
    """The first steps follow those of autograd, minibatch by minibatch."""
    checks.trajectory(judge, splits, "public")


@pytest.mark.law("ex4.train", part="learning", form="any")
def test_learning(judge, splits, course, corpus):
    """Training goes the right way and ends below the loss threshold."""
    checks.learning(judge, splits, "public", course, corpus, curve=True)


@pytest.mark.law("ex4.calibrate_batchnorm")
def test_calibration(judge, splits):
    """Mean and unbiased variance are right, over many examples and over few."""
    checks.calibration(judge, splits.train[0][:20000], "public")
    checks.calibration(judge, splits.train[0][:9], "public")


@pytest.mark.law("ex4.evaluate")
def test_evaluation(judge, splits):
    """The loss is right with calibrated statistics, for a split and for a single example."""
    checks.evaluation(judge, splits, splits.validation, "public")
    checks.evaluation(judge, splits, tuple(part[:1] for part in splits.validation), "public")


@pytest.mark.law("ex4.sample")
def test_sampling(judge):
    """The documented draws give the documented names."""
    # Whatever corpus is trained on: this is about the draws.
    checks.sampling(judge, cases.splits_of("names"), "public", draws=11)
