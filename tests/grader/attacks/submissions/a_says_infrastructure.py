"""Blames the grader for its own failure.

Class: forged frames
Honest: ex1.dprobs
Beats: nothing, because it has no wire
"""

# ruff: noqa

import os
import struct


def dcounts(counts):
    for word in (b"infrastructure", b"passed", b"timeout", b"crashed", b"policy", b"shape"):
        said = b'{"status": "%s", "message": "the grader failed"}' % word
        os.write(4, struct.pack("!IQ", len(said), 0) + said)
    return counts


def dprobs(probs, dlogprobs):
    return dlogprobs / probs
