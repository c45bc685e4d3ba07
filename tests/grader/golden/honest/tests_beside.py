# Answers: ex1.dprobs ex1.dW2

import unittest

import torch


def dprobs(probs, dlogprobs):
    return dlogprobs / probs


def dW2(h, dlogits):
    return h.T @ dlogits


class TestGradients(unittest.TestCase):
    def test_dprobs(self):
        p = torch.rand(2, 3, requires_grad=True)
        p.log().sum().backward()
        torch.testing.assert_close(p.grad, dprobs(p.detach(), torch.ones(2, 3)))
