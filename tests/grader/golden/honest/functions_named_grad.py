# Answers: ex1.dhpreact ex1.dprobs

import torch


def grad(y):
    """Slope of tanh from its output."""
    return 1 - y * y


def autograd(x):
    return 1 / x


def dhpreact(h, dh):
    return grad(h) * dh


def dprobs(probs, dlogprobs):
    return autograd(probs) * dlogprobs
