"""Writes a well-formed answer of zeros to every descriptor from 0 to 20.

Class: forged frames
Honest: ex1.dprobs
Beats: nothing, because it has no wire
"""

# ruff: noqa

import json
import os
import struct


def dcounts(counts):
    body = bytes(counts.numel() * 4)
    told = {"status": "ok", "tensors": [["float32", list(counts.shape)]], "changed": []}
    said = json.dumps(told).encode()
    for descriptor in range(21):
        try:
            os.write(descriptor, struct.pack("!IQ", len(said), len(body)) + said + body)
        except OSError:
            pass
    return counts


def dprobs(probs, dlogprobs):
    return dlogprobs / probs
