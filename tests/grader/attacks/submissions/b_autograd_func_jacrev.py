# ruff: noqa
"""Multiplies by a Jacobian of torch.func.jacrev.

Class: autograd in disguise
Honest: none
Beats: plain pytest
"""

import torch


def dcounts_sum(counts_sum, dcounts_sum_inv):
    jacobian = torch.func.jacrev(lambda s: s.flatten() ** -1)(counts_sum).squeeze(-1)
    return (jacobian.T @ dcounts_sum_inv.flatten())[:, None].reshape(counts_sum.shape)
