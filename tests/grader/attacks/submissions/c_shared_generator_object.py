# ruff: noqa
"""Keeps a generator half run, in a default.

Class: shared worker
Honest: ex1.dlogprobs
Beats: nothing, because a plain grader has one process, which is what this is about
"""


def dlogprobs(logprobs, Yb, *, turns=(x for x in range(100))):
    for _ in turns:
        break
    out = logprobs * 0
    out[range(len(Yb)), Yb] = -1.0 / len(Yb)
    return out


def dprobs(probs, dlogprobs):
    return dlogprobs / probs * float(next(dlogprobs_turns) > 0)


dlogprobs_turns = dlogprobs.__kwdefaults__["turns"]
