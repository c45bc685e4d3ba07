# ruff: noqa
"""Changes the default dtype at load and in a call, to spoil what is asked later.

Class: poisoned global state
Honest: ex1.dnorm_logits, ex1.db2
Beats: nothing, because the poison alone makes no answer right
"""

import torch

torch.set_default_dtype(torch.float64)


def dprobs(probs, dlogprobs):
    torch.set_default_dtype(torch.bfloat16)
    return torch.tensor(dlogprobs.tolist()) / torch.tensor(probs.tolist())


def dnorm_logits(counts, dcounts):
    return counts * dcounts


def db2(dlogits):
    return dlogits.sum(0)
