"""Writes answers ahead of time, while the file is still being run.

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


told = b'{"status": "ok", "tensors": [["float32", [32, 27]]], "failures": []}'
os.write(4, framed(b'{"status": "ok", "failures": []}'))
for _ in range(8):
    os.write(4, framed(told, bytes(32 * 27 * 4)))


def dcounts(counts):
    return counts
