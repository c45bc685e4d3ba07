# Answers: ex1.dW2 ex1.db2

import torch
from torch import nn


class Linear(nn.Module):
    def __init__(self, n_in, n_out):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(n_in, n_out), requires_grad=False)
        self.bias = nn.Parameter(torch.zeros(n_out), requires_grad=False)

    def backward(self, x, grad_out):
        self.weight.grad = x.T @ grad_out
        self.bias.grad = grad_out.sum(0)


def dW2(h, dlogits):
    layer = Linear(h.shape[1], dlogits.shape[1])
    layer.backward(h, dlogits)
    return layer.weight.grad


def db2(h, dlogits):
    layer = Linear(h.shape[1], dlogits.shape[1])
    layer.backward(h, dlogits)
    return layer.bias.grad
