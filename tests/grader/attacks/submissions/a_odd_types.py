"""Sends headers in which everything has a type that it should not have.

Class: forged frames
Honest: ex1.dprobs
Beats: nothing, because it has no wire
"""

# ruff: noqa

import os
import struct


def say(said, body=b""):
    os.write(4, struct.pack("!IQ", len(said), len(body)) + said + body)


def dcounts(counts):
    say(b'{"status": ["ok"], "tensors": {}}')
    say(b'{"status": {"ok": 1}}')


def dhpreact(dh):
    say(b'{"status": "ok", "tensors": [["float32", [true]]], "changed": {}}', bytes(4))
    say(b'{"status": "ok", "tensors": [["float32", ["1"]]], "texts": 3}', bytes(4))


def dlogits(dnorm_logits, dlogit_maxes):
    say(b'{"status": "error", "message": {"a": 1}, "type": [], "line": true, "traceback": {}}')


def dC(C):
    say(b"[]")


def dbnraw(dhpreact):
    say(
        b'{"status": "ok", "changed": [null, {}, [], 1e400], "tensors": [["bool", [2]]]}',
        b"\x07\x09",
    )


def dprobs(probs, dlogprobs):
    return dlogprobs / probs
