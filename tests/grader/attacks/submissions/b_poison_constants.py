# ruff: noqa
"""Changes the constants of its own module between calls.

Class: poisoned global state
Honest: ex1.dnorm_logits, ex1.db2
Beats: plain pytest
"""

import torch

SCALE = [0.0]
TABLE = torch.zeros(3)


def dprobs(probs, dlogprobs):
    SCALE[0] += 1.0
    TABLE.add_(1.0)
    return dlogprobs / probs * SCALE[0]


def dnorm_logits(counts, dcounts):
    return counts * dcounts + TABLE.sum() * 1.0


def db2(dlogits):
    return dlogits.sum(0) * (1.0 + SCALE[0])
