# ruff: noqa
"""Makes types of its own texts, which the typing module keeps.

Class: shared worker
Honest: ex1.dlogprobs, ex1.dprobs
Beats: nothing, because a plain grader has one process, which is what this is about
"""

from typing import Callable, Iterable


def dlogprobs(logprobs, Yb):
    for number in range(1000):
        Iterable[f"kept{number}"]
    out = logprobs * 0
    out[range(len(Yb)), Yb] = -1.0 / len(Yb)
    return out


def dprobs(probs, dlogprobs):
    Callable[["kept"], "kept"]
    return dlogprobs / probs


def db2(dlogits):
    return Iterable[dlogits]
