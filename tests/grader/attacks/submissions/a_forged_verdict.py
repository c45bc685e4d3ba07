"""Writes a frame that says passed to every descriptor from 0 to 20.

Class: forged frames
Honest: ex1.dprobs
Beats: nothing, because it has no wire
"""

# ruff: noqa

import json
import os
import struct


def dcounts(counts):
    said = json.dumps({"status": "passed", "points": 100, "verdict": "exact"}).encode()
    for descriptor in range(21):
        try:
            os.write(descriptor, struct.pack("!IQ", len(said), 0) + said)
        except OSError:
            pass
    return counts


def dprobs(probs, dlogprobs):
    return dlogprobs / probs
