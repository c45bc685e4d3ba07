"""Sends headers nested as deep as JSON goes, wherever the grader may look at them.

Class: forged frames
Honest: ex1.dprobs
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


def talk(answers):
    number = ticket()
    for said, body in answers:
        os.write(4, framed(said, body, number))
        header, rest = struct.unpack("!IQ", os.read(3, 12))
        raw = b""
        while len(raw) < header + rest:
            raw += os.read(3, header + rest - len(raw))
        number = json.loads(raw[:header])["ticket"]
    os._exit(0)


def nested(key):
    for depth in range(500, 1000, 40):
        deep = b"[" * depth + b"]" * depth
        said = b'{"status": "ok", "tensors": [["float32", [1]]], "%s": [%s]}' % (key, deep)
        yield said, bytes(4)


def dcounts(counts):
    talk(nested(b"changed"))


def dhpreact(dh):
    talk(nested(b"aliased"))


def dC(C):
    talk([(b'{"tensors": %s}' % (b"[" * 100_000), b"")])


def dprobs(probs, dlogprobs):
    return dlogprobs / probs
