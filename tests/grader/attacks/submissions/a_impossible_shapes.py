"""Describes tensors whose size overflows, is negative, or does not fill the body.

Class: forged frames
Honest: ex1.dprobs
Beats: nothing, because it has no wire
"""

# ruff: noqa

import json
import os
import struct


def say(shape, dtype="float32", body=b""):
    said = json.dumps({"status": "ok", "tensors": [[dtype, shape]]}).encode()
    os.write(4, struct.pack("!IQ", len(said), len(body)) + said + body)


def dcounts(counts):
    say([2**32, 2**32, 0])


def dhpreact(dh):
    say([-1, -4], body=bytes(16))


def dlogits(dnorm_logits, dlogit_maxes):
    say([2**62, 4], body=bytes(16))


def dC(C):
    say([32, 27], "float32; import os", bytes(4))


def dbnraw(dhpreact):
    say([0] * 16)


def dprobs(probs, dlogprobs):
    return dlogprobs / probs
