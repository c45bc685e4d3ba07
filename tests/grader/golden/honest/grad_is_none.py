# Answers: ex1.dW2 ex1.dprobs

import torch


def dW2(h, W2, dlogits):
    W2.grad = None
    grad = h.T @ dlogits
    return grad


def dprobs(probs, dlogprobs):
    return dlogprobs / probs
