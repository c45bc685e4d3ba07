# ruff: noqa
"""Never returns.

Class: resource exhaustion
Honest: ex1.dnorm_logits
Beats: plain pytest
"""


def dprobs(probs, dlogprobs):
    while True:
        pass


def dnorm_logits(counts, dcounts):
    return counts * dcounts
