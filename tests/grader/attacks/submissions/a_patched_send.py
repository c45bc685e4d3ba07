"""Replaces the worker's function that sends, so that every answer becomes another.

Class: forged frames
Honest: ex1.dprobs
Beats: nothing, because it has no wire
"""

# ruff: noqa

import gc
import json
import os
import struct
import types


def dcounts(counts):
    body = bytes(counts.numel() * 4)
    said = json.dumps({"status": "ok", "tensors": [["float32", list(counts.shape)]]}).encode()
    frame = struct.pack("!IQ", len(said), len(body)) + said + body
    for thing in gc.get_objects():
        if isinstance(thing, types.FunctionType) and thing.__name__ == "send":
            thing.__globals__["send"] = lambda descriptor, _: os.write(4, frame)
    return counts


def dprobs(probs, dlogprobs):
    return dlogprobs / probs
