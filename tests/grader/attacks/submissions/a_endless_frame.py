"""Announces frames far larger than memory.

Class: forged frames
Honest: ex1.dprobs
Beats: nothing, because it has no wire
"""

# ruff: noqa

import os
import struct


def dcounts(counts):
    os.write(4, struct.pack("!IQ", 2, 2**64 - 1) + b"{}")


def dhpreact(dh):
    os.write(4, struct.pack("!IQ", 2**32 - 1, 0) + b"{}")


def dprobs(probs, dlogprobs):
    return dlogprobs / probs
