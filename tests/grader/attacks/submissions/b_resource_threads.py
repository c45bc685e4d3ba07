# ruff: noqa
"""Starts threads for as long as it can.

Class: resource exhaustion
Honest: ex1.dnorm_logits
Beats: plain pytest
"""

import threading


def spin():
    while True:
        pass


def dprobs(probs, dlogprobs):
    for _ in range(200):
        threading.Thread(target=spin, daemon=True).start()
    return dlogprobs / probs


def dnorm_logits(counts, dcounts):
    return counts * dcounts
