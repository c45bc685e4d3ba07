# ruff: noqa
"""Names a variable of a comprehension as a built-in function is called.

Class: shared worker
Honest: ex1.dlogprobs
Beats: nothing, because a plain grader has one process, which is what this is about
"""

import torch


def dlogprobs(logprobs, Yb):
    [globals for globals in ()]
    globals()["kept"] = torch.ones(())
    out = logprobs * 0
    out[range(len(Yb)), Yb] = -1.0 / len(Yb)
    return out


def dprobs(probs, dlogprobs):
    [globals for globals in ()]
    return dlogprobs / probs * globals().get("kept", 0.0)
