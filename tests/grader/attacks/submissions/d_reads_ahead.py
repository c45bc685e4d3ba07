"""Reads the questions that wait behind its own, and answers them all with its own answer.

Class: forged frames
Honest: ex1.dprobs
Beats: nothing, because it has no wire
"""

# ruff: noqa

import json
import os
import select
import struct


def ahead():
    """Return the headers of all questions that are there already."""
    found, raw = [], b""
    while select.select([3], [], [], 0.05)[0]:
        piece = os.read(3, 1 << 20)
        if not piece:
            break
        raw += piece
    while len(raw) >= 12:
        header, body = struct.unpack("!IQ", raw[:12])
        found.append(json.loads(raw[12 : 12 + header]))
        raw = raw[12 + header + body :]
    return found


def answered(ticket, value):
    told = {
        "status": "ok",
        "changed": [],
        "aliased": [],
        "texts": [],
        "seconds": 0.0,
        "ticket": ticket,
        "tensors": [["float32", list(value.shape)]],
    }
    encoded, body = json.dumps(told).encode(), value.numpy().tobytes()
    return struct.pack("!IQ", len(encoded), len(body)) + encoded + body


def dcounts_sum(counts_sum, dcounts_sum_inv):
    value = -(counts_sum**-2) * dcounts_sum_inv * 0
    os.write(4, b"".join(answered(header["ticket"], value) for header in ahead()))
    return value


def dlogits(norm_logits, dnorm_logits, dlogit_maxes):
    # Before its own answer, which is thereby the one to a later question.
    os.write(4, b"".join(answered(header["ticket"], dnorm_logits) for header in ahead()))
    return dnorm_logits


def dprobs(probs, dlogprobs):
    return dlogprobs / probs
