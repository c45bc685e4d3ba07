# ruff: noqa
"""Returns at once and loops when its garbage is collected.

Class: resource exhaustion
Honest: ex1.dnorm_logits
Beats: plain pytest
"""


class Sticky:
    def __del__(self):
        while True:
            pass


def dprobs(probs, dlogprobs):
    sticky = Sticky()
    return dlogprobs / probs


def dnorm_logits(counts, dcounts):
    return counts * dcounts
