# ruff: noqa
"""Guesses that upstream gradients are a multiple of those of the true chain.

Class: memorised answers
Honest: none
Beats: plain pytest
"""

import torch


def dlogits(probs, Yb, logits, dnorm_logits, dlogit_maxes):
    guess = probs.clone()
    guess[torch.arange(len(Yb)), Yb] -= 1.0
    return guess / len(Yb)
