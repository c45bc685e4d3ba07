# ruff: noqa
"""Pulls the upstream gradient back with a vjp that was imported by name.

Class: autograd in disguise
Honest: none
Beats: plain pytest
"""

import torch
from torch.func import vjp as pull


def dnorm_logits(norm_logits, dcounts):
    _, back = pull(torch.exp, norm_logits)
    return back(dcounts)[0]
