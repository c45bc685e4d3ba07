"""Hidden checks of exercise 5, the bonus: other seeds and shapes."""

import pytest

from grader import checks, speed


@pytest.mark.law("ex5.numerical_gradient")
def test_numerical_gradient_of_other_shapes(judge, seed):
    """The gradient is the central difference for tensors of other shapes."""
    checks.numerical_gradient(judge, seed, (17,))
    checks.numerical_gradient(judge, seed, (2, 3, 4))


@pytest.mark.law("ex5.clip_gradients")
def test_clipping_of_other_gradients(judge, seed):
    """Other gradients are clipped by their common norm."""
    checks.clipping(judge, seed)


@pytest.mark.law("ex5.saturation")
def test_saturation_of_other_layers(judge, seed):
    """Both fractions are right for layers of other sizes."""
    checks.saturation(judge, seed, n=200, hidden=30)
    checks.saturation(judge, seed, n=3, hidden=5)


@pytest.mark.law("ex5.embedding_backward")
def test_embedding_of_other_batches(judge, seed):
    """Other batches accumulate too."""
    speed.embedding(judge, seed)


@pytest.mark.law("ex5.train_fast")
def test_fast_training_at_other_sizes(judge, splits, seed):
    """The results are right from other starts and at other sizes, too."""
    speed.other_sizes(judge, splits, seed)


@pytest.mark.law("ex5.train_fast")
def test_another_large_table(judge, seed):
    """In another large table other rows are touched, and no more than those."""
    speed.large_table(judge, seed)
