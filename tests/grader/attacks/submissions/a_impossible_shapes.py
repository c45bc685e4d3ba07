"""Describes tensors whose size overflows, is negative, or does not fill the body.

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


def shaped(shape, dtype="float32", body=b""):
    said = json.dumps({"status": "ok", "tensors": [[dtype, shape]]}).encode()
    talk([(said, body)] * 9)


def dcounts(counts):
    shaped([2**32, 2**32, 0])


def dhpreact(dh):
    shaped([-1, -4], body=bytes(16))


def dlogits(dnorm_logits, dlogit_maxes):
    shaped([2**62, 4], body=bytes(16))


def dC(C):
    shaped([32, 27], "float32; import os", bytes(4))


def dbnraw(dhpreact):
    shaped([0] * 16)


def dprobs(probs, dlogprobs):
    return dlogprobs / probs
