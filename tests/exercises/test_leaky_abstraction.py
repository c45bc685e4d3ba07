"""Public checks of exercise 5, the bonus."""

import pytest

from grader import checks, speed


@pytest.mark.law("ex5.numerical_gradient")
def test_numerical_gradient(judge):
    """The gradient is the central difference in float64, and x stays as it was."""
    checks.numerical_gradient(judge, "public", (3, 4))


@pytest.mark.law("ex5.clip_gradients")
def test_clipping(judge):
    """The common norm is clipped, the direction stays, and an outlier still pulls."""
    checks.clipping(judge, "public")


@pytest.mark.law("ex5.saturation")
def test_saturation(judge):
    """Both fractions are right for a layer with saturated units and a dead neuron."""
    checks.saturation(judge, "public", n=40, hidden=12)


@pytest.mark.law("ex5.embedding_backward")
def test_embedding(judge):
    """Repeated characters accumulate, in a quarter of the time of a Python loop."""
    speed.embedding(judge, "public")


@pytest.mark.law("ex5.train_fast")
def test_same_training(judge, splits):
    """The results are those of training with autograd."""
    speed.same_training(judge, splits, "public")


@pytest.mark.law("ex5.train_fast")
def test_large_table(judge):
    """With a million rows the results are right, and a step touches only those that it looks up."""
    speed.large_table(judge, "public")
