# ruff: noqa
"""Raises an exception whose text takes forever.

Class: resource exhaustion
Honest: ex1.dnorm_logits
Beats: plain pytest
"""


class Endless(Exception):
    def __str__(self):
        while True:
            pass


def dprobs(probs, dlogprobs):
    raise Endless


def dnorm_logits(counts, dcounts):
    return counts * dcounts
