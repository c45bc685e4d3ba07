# ruff: noqa
"""Catches every exception in an endless loop: what is raised in it is lost.

Class: shared worker
Honest: ex1.dprobs
Beats: plain pytest
"""


def dlogprobs(logprobs, Yb):
    while True:
        try:
            logprobs.item()
        except:
            continue


def dprobs(probs, dlogprobs):
    return dlogprobs / probs
