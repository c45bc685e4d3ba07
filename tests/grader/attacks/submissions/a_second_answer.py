"""Sends two answers to one question, and lets the second stand for the next question.

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
    said = json.dumps({"status": "ok", "tensors": [["float32", list(counts.shape)]]}).encode()
    os.write(4, (struct.pack("!IQ", len(said), len(body)) + said + body) * 2)
    return counts


def dprobs(probs, dlogprobs):
    return dlogprobs / probs
