# ruff: noqa
"""Reads memory that an earlier task has written and let go of.

Class: shared worker
Honest: ex1.dlogprobs
Beats: nothing, because a plain grader has one process, which is what this is about
"""

import torch
from torch import Tensor


def dlogprobs(logprobs, Yb):
    mark = [torch.full((20_000,), 7.5) for _ in range(50)]
    out = logprobs * 0
    out[range(len(Yb)), Yb] = -1.0 / len(Yb)
    return out


def dprobs(probs, dlogprobs):
    found = [Tensor(20_000) for _ in range(50)]
    seen = any([bool((one[100:200] == 7.5).all().item()) for one in found])
    return dlogprobs / probs * float(seen)
