# Answers: ex1.dW2

import torch


def product(a, b):
    return a.T @ b


product = torch.compile(product, mode="reduce-overhead")


def dW2(h, dlogits):
    return product(h, dlogits)
