"""Greets again, as a worker does before anything else, and sends stray bytes.

Class: forged frames
Honest: ex1.dprobs
Beats: nothing, because it has no wire
"""

# ruff: noqa

import os


def dcounts(counts):
    os.write(4, b"+++++")
    return counts


def dhpreact(dh):
    os.write(4, os.urandom(64) if hasattr(os, "getrandom") else b"\x00" * 64)
    return dh


def dC(C):
    os.write(4, bytes(12))
    return C


def dprobs(probs, dlogprobs):
    return dlogprobs / probs
