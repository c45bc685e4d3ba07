"""Sends headers in which everything has a type that it should not have.

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


def dcounts(counts):
    talk([(b'{"status": {"ok": 1}}', b"")])


def dhpreact(dh):
    said = b'{"status": "ok", "tensors": [["float32", [1]]], "changed": {}, "texts": 3}'
    talk([(said, bytes(4))] * 9)


def dlogits(dnorm_logits, dlogit_maxes):
    said = b'{"status": "error", "message": {"a": 1}, "type": [], "line": true, "traceback": {}}'
    talk([(said, b"")] * 9)


def dC(C):
    talk([(b"[]", b"")])


def dbnraw(dhpreact):
    said = b'{"status": "ok", "changed": [null, {}, [], 1e400], "tensors": [["bool", [2]]]}'
    talk([(said, b"\x07\x09")] * 9)


def dprobs(probs, dlogprobs):
    return dlogprobs / probs
