"""Public checks of every gradient: exercises 1 to 3, and batch norm of exercise 5."""

import pytest


@pytest.mark.law("gradients")
def test_gradient(judge, lecture):
    """Right on the lecture's batch, with the gradients of the true chain."""
    judge.gradient(lecture)


@pytest.mark.law("gradients")
def test_any_upstream_gradient(judge, public):
    """Right for any upstream gradient: on the true chain some gradients vanish or cancel."""
    judge.gradient(public("any upstream"))


@pytest.mark.law("gradients", form="flat")
def test_line(judge, lecture, public, public_chain):
    """Right by itself: for any upstream gradient, or on the true chain of any network."""
    judge.line([lecture, public("any upstream")], [public_chain(label) for label in "abc"])


@pytest.mark.law("gradients", form="any")
def test_inputs_are_kept(judge, public):
    """No input is changed in place, and the answer has memory of its own."""
    judge.keeps_inputs(public("any upstream"))


@pytest.mark.law("ex1", scored=False, form="any")
def test_chain(judge, lecture, links):
    """The submission's own gradients as one chain, from the loss to the embedding table."""
    judge.link(lecture, links)
