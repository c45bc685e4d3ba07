"""Takes the gradient that autograd left on its input.

Class: reading expected values
Honest: ex1.dprobs
Beats: plain pytest
"""

# ruff: noqa


def dcounts(counts):
    return counts.grad.clone()


def dlogits(logits, dnorm_logits, dlogit_maxes):
    return logits.grad * 1.0


def dprobs(probs, dlogprobs):
    return dlogprobs / probs
