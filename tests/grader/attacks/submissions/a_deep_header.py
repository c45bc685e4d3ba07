"""Sends headers nested as deep as JSON goes, wherever the grader may look at them.

Class: forged frames
Honest: ex1.dprobs
Beats: nothing, because it has no wire
"""

# ruff: noqa

import os
import struct


def say(key, depth):
    deep = b"[" * depth + b"]" * depth
    said = b'{"status": "ok", "tensors": [["float32", [1]]], "%s": [%s]}' % (key, deep)
    os.write(4, struct.pack("!IQ", len(said), 4) + said + bytes(4))


def dcounts(counts):
    for depth in range(600, 1000, 20):
        say(b"changed", depth)


def dhpreact(dh):
    for depth in range(700, 1000, 10):
        say(b"aliased", depth)


def dC(C):
    say(b"tensors", 100_000)


def dprobs(probs, dlogprobs):
    return dlogprobs / probs
