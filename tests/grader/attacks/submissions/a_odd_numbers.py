"""Sends numbers that JSON or a report cannot hold, and half characters.

Class: forged frames
Honest: ex1.dprobs
Beats: nothing, because it has no wire
"""

# ruff: noqa

import os
import struct


def say(text):
    said = text.encode("utf-8", "surrogatepass")
    os.write(4, struct.pack("!IQ", len(said), 0) + said)


def dcounts(counts):
    say('{"status": "error", "line": 1%s, "message": "\\ud800\\u0000"}' % ("0" * 4000))


def dhpreact(dh):
    say('{"status": "error", "line": -1, "message": NaN, "type": Infinity, "traceback": 1e999}')


def dlogits(dnorm_logits, dlogit_maxes):
    say('{"status": "error", "message": "\ud800", "message": "dtype"}')


def dC(C):
    say('{"status": "error", "line": 1%s}' % ("0" * 5000))


def dprobs(probs, dlogprobs):
    return dlogprobs / probs
