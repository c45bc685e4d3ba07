# Answers: ex1.dprobs ex1.dhpreact

import torch


def dprobs(probs, dlogprobs):
    return dlogprobs / probs


def dhpreact(h, dh):
    return (1.0 - h**2) * dh


x = torch.linspace(-1, 1, 5, dtype=torch.float64)
slope = torch.cosh(x) ** -2
assert torch.allclose(dhpreact(torch.tanh(x), torch.ones_like(x)), slope)
