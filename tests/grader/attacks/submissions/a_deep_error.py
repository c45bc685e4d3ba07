"""Sends errors whose message, traceback and line are nested lists.

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
        yield b'{"status": "error", "%s": %s}' % (key, deep), b""


def dcounts(counts):
    talk(nested(b"traceback"))


def dhpreact(dh):
    talk(nested(b"message"))


def dlogits(dnorm_logits, dlogit_maxes):
    talk(nested(b"line"))


def dprobs(probs, dlogprobs):
    return dlogprobs / probs
