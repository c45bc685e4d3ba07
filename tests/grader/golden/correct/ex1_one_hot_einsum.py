# ruff: noqa
"""Einstein sums wherever something is summed."""

import torch
import torch.nn.functional as F


def dcounts_sum_inv(counts, dprobs):
    return torch.einsum("nv,nv->n", counts, dprobs).unsqueeze(1)


def dh(W2, dlogits):
    return torch.einsum("nv,hv->nh", dlogits, W2)


def dW2(h, dlogits):
    return torch.einsum("nh,nv->hv", h, dlogits)


def db2(dlogits):
    return torch.einsum("nv->v", dlogits)


def dbngain(bnraw, dhpreact):
    return torch.einsum("nh,nh->h", bnraw, dhpreact)[None, :]


def dbnvar_inv(bndiff, dbnraw):
    return torch.einsum("nh,nh->h", bndiff, dbnraw).view(1, -1)


def dembcat(W1, dhprebn):
    return torch.einsum("nh,eh->ne", dhprebn, W1)


def dW1(embcat, dhprebn):
    return torch.einsum("ne,nh->eh", embcat, dhprebn)


def dC(Xb, demb, vocab):
    hot = F.one_hot(Xb, num_classes=vocab).to(demb.dtype)
    return torch.einsum("nbv,nbe->ve", hot, demb)
