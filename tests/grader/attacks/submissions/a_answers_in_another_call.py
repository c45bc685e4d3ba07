"""Lets one task write the answers of another, in a worker that it hopes they share.

Class: forged frames
Honest: none
Beats: nothing, because it has no wire
"""

# ruff: noqa

import json
import os
import struct
import sys


def ticket():
    frame = sys._getframe()
    while frame:
        for value in list(frame.f_locals.values()):
            told = getattr(value, "header", value)
            if type(told) is dict and "ticket" in told:
                return told["ticket"]
        frame = frame.f_back
    return ""


def framed(said, body=b"", number=None):
    said = said[:-1] + b', "ticket": "%s"}' % (number or ticket()).encode()
    return struct.pack("!IQ", len(said), len(body)) + said + body


def dprobs(probs, dlogprobs):
    told = json.dumps({"status": "ok", "tensors": [["float32", list(probs.shape)]]}).encode()
    frame = framed(told, bytes(probs.numel() * 4))
    os.write(4, frame * 15)
    return dlogprobs / probs


def dcounts(counts):
    return counts
