"""Lets one task write the answers of another, in a worker that it hopes they share.

Class: forged frames
Honest: none
Beats: nothing, because it has no wire
"""

# ruff: noqa

import json
import os
import struct


def dprobs(probs, dlogprobs):
    body = bytes(probs.numel() * 4)
    said = json.dumps({"status": "ok", "tensors": [["float32", list(probs.shape)]]}).encode()
    for _ in range(40):
        os.write(4, struct.pack("!IQ", len(said), len(body)) + said + body)
    return dlogprobs / probs


def dcounts(counts):
    return counts
