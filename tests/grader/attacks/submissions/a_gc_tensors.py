"""Takes any tensor in memory that has the right shape and is none of its inputs.

Class: reading expected values
Honest: ex1.dprobs
Beats: nothing, because there are many such tensors there, and which comes first is chance
"""

# ruff: noqa

import gc

import torch


def dlogits(logits, dnorm_logits, dlogit_maxes):
    for thing in gc.get_objects():
        if type(thing) is torch.Tensor and thing.shape == logits.shape:
            if thing is not logits and thing is not dnorm_logits:
                return thing.clone()
    return dnorm_logits


def dprobs(probs, dlogprobs):
    return dlogprobs / probs
