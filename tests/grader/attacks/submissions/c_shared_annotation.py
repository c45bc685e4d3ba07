# ruff: noqa
"""Wants to keep a list that an annotation makes. Annotations are not evaluated: this is an error.

Class: shared worker
Honest: none
Beats: nothing, because a plain grader has one process, which is what this is about
"""


def dlogprobs(logprobs, Yb: (kept := [])):
    kept.append(1)
    out = logprobs * 0
    out[range(len(Yb)), Yb] = -1.0 / len(Yb)
    return out


def dprobs(probs, dlogprobs):
    seen = [kept for kept in ()]
    return dlogprobs / probs * (len(kept) > 0)
