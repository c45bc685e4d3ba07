# ruff: noqa
"""Prints 200 MB and answers rightly.

Class: resource exhaustion
Honest: ex1.dprobs, ex1.dnorm_logits
Beats: nothing, because its numbers are right
"""


def dprobs(probs, dlogprobs):
    if len(probs) == 2:
        for _ in range(200):
            print("x" * 1_000_000)
    return dlogprobs / probs


def dnorm_logits(counts, dcounts):
    return counts * dcounts
