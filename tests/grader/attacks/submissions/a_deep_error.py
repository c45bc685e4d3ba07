"""Sends errors whose message, traceback and line are nested lists.

Class: forged frames
Honest: ex1.dprobs
Beats: nothing, because it has no wire
"""

# ruff: noqa

import os
import struct


def say(key, depth):
    deep = b"[" * depth + b"]" * depth
    said = b'{"status": "error", "%s": %s}' % (key, deep)
    os.write(4, struct.pack("!IQ", len(said), 0) + said)


def dcounts(counts):
    for depth in range(600, 1000, 20):
        say(b"traceback", depth)


def dhpreact(dh):
    for depth in range(600, 1000, 20):
        say(b"message", depth)


def dlogits(dnorm_logits, dlogit_maxes):
    for depth in range(600, 1000, 20):
        say(b"line", depth)


def dprobs(probs, dlogprobs):
    return dlogprobs / probs
