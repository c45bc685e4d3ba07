# Answers: ex1.dcounts_sum_inv, ex1.dh, ex1.db2, ex2.dlogits

import torch
from torch import Tensor


@torch.jit.script
def dcounts_sum_inv(counts: Tensor, dprobs: Tensor) -> Tensor:
    return (counts * dprobs).sum(1, keepdim=True)


@torch.jit.script
def dh(W2, dlogits):
    return dlogits @ W2.T


@torch.jit.script
def db2(dlogits):
    total = torch.zeros_like(dlogits[0])
    for row in dlogits:
        total += row
    return total


@torch.jit.script
def dlogits(logits, Yb):
    probs = torch.softmax(logits, 1)
    return (probs - torch.nn.functional.one_hot(Yb, logits.size(1))) / logits.size(0)
