# ruff: noqa
"""Helper functions, defaults, keyword-only parameters, imports inside, a name defined twice."""

import math

import torch


def unbroadcast(gradient, like):
    """Sum a gradient over every axis along which `like` was broadcast."""
    for axis, size in enumerate(like.shape):
        if size == 1:
            gradient = gradient.sum(axis, keepdim=True)
    return gradient


def linear_backward(x, W, dout):
    return dout @ W.T, x.T @ dout, dout.sum(0)


def dlogprobs(logprobs, Yb, weight=-1.0):
    n = len(Yb)
    out = torch.zeros_like(logprobs)
    out[torch.arange(n), Yb] = weight / n
    return out


def dcounts_sum_inv(counts, counts_sum_inv, dprobs):
    return unbroadcast(counts * dprobs, counts_sum_inv)


def dcounts_sum(dcounts_sum_inv, counts_sum, power=-1):
    return power * counts_sum ** (power - 1) * dcounts_sum_inv


def dlogit_maxes(logit_maxes, dnorm_logits):
    return unbroadcast(-dnorm_logits, logit_maxes)


def dlogits(*, dnorm_logits, dlogit_maxes, logits, dim=1):
    from torch.nn import functional as F

    return dnorm_logits + dlogit_maxes * F.one_hot(logits.max(dim).indices, logits.shape[dim])


def dh(h, W2, dlogits):
    return linear_backward(h, W2, dlogits)[0]


def dW2(h, W2, dlogits):
    return linear_backward(h, W2, dlogits)[1]


def db2(h, W2, dlogits):
    return linear_backward(h, W2, dlogits)[2]


def dhpreact(h, dh):
    raise NotImplementedError


def dhpreact(h, dh):
    return (1 - h) * (1 + h) * dh


def dbngain(bngain, bnraw, dhpreact):
    return unbroadcast(bnraw * dhpreact, bngain)


def dbnbias(bnbias, dhpreact):
    return unbroadcast(dhpreact, bnbias)


def dbnvar(bnvar, dbnvar_inv, eps=1e-5, power=-0.5):
    return power * torch.pow(bnvar + eps, power - 1) * dbnvar_inv


def dbndiff2(bndiff2, dbnvar, correction=1):
    return torch.ones_like(bndiff2) * (dbnvar / (bndiff2.shape[0] - correction))


def dbnmeani(bnmeani, dbndiff):
    return unbroadcast(-dbndiff, bnmeani)


def dhprebn(dbndiff, dbnmeani, batch_size):
    return dbndiff + dbnmeani / batch_size


def dembcat(embcat, W1, dhprebn):
    return linear_backward(embcat, W1, dhprebn)[0]


def dW1(embcat, W1, dhprebn):
    return linear_backward(embcat, W1, dhprebn)[1]


def db1(embcat, W1, dhprebn):
    return linear_backward(embcat, W1, dhprebn)[2]


def dC(Xb, demb, vocab_size, n_embd):
    dC = torch.zeros(vocab_size, n_embd)
    assert math.prod(Xb.shape) == math.prod(demb.shape[:-1])
    for position in range(Xb.shape[1]):
        dC.index_add_(0, Xb[:, position], demb[:, position])
    return dC
