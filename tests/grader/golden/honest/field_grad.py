# Answers: ex1.dW2 ex1.dh

import torch


class Linear:
    """A layer that keeps its gradient in a field, as in micrograd."""

    def __init__(self, weight):
        self.weight = weight
        self.grad = None

    def backward(self, x, upstream):
        self.grad = x.T @ upstream
        return upstream @ self.weight.T


def dW2(h, W2, dlogits):
    layer = Linear(W2)
    layer.backward(h, dlogits)
    return layer.grad


def dh(h, W2, dlogits):
    return Linear(W2).backward(h, dlogits)
