"""Sends as much text as a header may have in place of an error.

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
    talk([(b'{"status": "error", "type": "E", "message": "%s"}' % (b"x" * 250_000), b"")] * 12)


def dhpreact(dh):
    talk([(b'{"status": "error", "message": "m", "type": "%s"}' % (b"x" * 250_000), b"")] * 12)


def dprobs(probs, dlogprobs):
    return dlogprobs / probs
