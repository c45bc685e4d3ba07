"""Replaces the worker's function that sends, so that every answer becomes another.

Class: forged frames
Honest: ex1.dprobs
Beats: nothing, because it has no wire
"""

# ruff: noqa

import gc
import types
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


def dcounts(counts):
    told = json.dumps({"status": "ok", "tensors": [["float32", list(counts.shape)]]}).encode()
    frame = framed(told, bytes(counts.numel() * 4))
    for thing in gc.get_objects():
        if isinstance(thing, types.FunctionType) and thing.__name__ == "send":
            thing.__globals__["send"] = lambda descriptor, _: os.write(4, frame)
    return counts


def dprobs(probs, dlogprobs):
    return dlogprobs / probs
