# ruff: noqa
"""Takes the class of tensors out of a list to make memory that is not written.

Class: shared worker
Honest: ex1.dlogprobs
Beats: nothing, because a plain grader has one process, which is what this is about
"""

import torch
from torch import Tensor


def dlogprobs(logprobs, Yb):
    mark = [torch.full((10_000,), 7.5) for _ in range(50)]
    out = logprobs * 0
    out[range(len(Yb)), Yb] = -1.0 / len(Yb)
    return out


def dprobs(probs, dlogprobs):
    make = [Tensor]
    found = [make[0](10_000) for _ in range(50)]
    return dlogprobs / probs * float(any([one[200].item() == 7.5 for one in found]))
