# ruff: noqa
"""Names and prints halves of characters, which no report can hold.

Class: shared worker
Honest: ex1.dprobs
Beats: nothing, because a plain grader has one process, which is what this is about
"""


def dlogprobs(logprobs, Yb):
    try:
        print("\ud800")
    except ValueError:
        pass
    raise KeyError("\udfff\ud800")


def dprobs(probs, dlogprobs):
    return dlogprobs / probs
