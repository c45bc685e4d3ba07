# Answers: ex1.dprobs, ex1.db2

import pytest
import torch
import hypothesis
from hypothesis import given, strategies as st


@pytest.fixture
def probs():
    return torch.rand(3, 4)


@pytest.mark.parametrize("n", [1, 2, 3])
def test_probs(n):
    p = torch.rand(n, 4, requires_grad=True)
    p.log().sum().backward()
    assert torch.allclose(p.grad, dprobs(p.detach(), torch.ones(n, 4)))


@given(st.integers(1, 5))
def test_b2(n):
    assert db2(torch.ones(n, 3)).tolist() == [n] * 3


def dprobs(probs, dlogprobs):
    return dlogprobs / probs


def db2(dlogits):
    return dlogits.sum(0)
