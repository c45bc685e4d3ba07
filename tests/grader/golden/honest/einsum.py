# Answers: ex1.dW2 ex1.dh ex1.dembcat

import torch


def dW2(h, dlogits):
    return torch.einsum("nh,nv->hv", h, dlogits)


def dh(W2, dlogits):
    return torch.einsum("nv,hv->nh", dlogits, W2)


def dembcat(W1, dhprebn):
    return torch.einsum("...j,ij->...i", dhprebn, W1)
