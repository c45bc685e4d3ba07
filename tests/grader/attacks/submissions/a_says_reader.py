"""Answers as the reader of syntax trees would: with definitions, and without findings.

Class: forged frames
Honest: ex1.dprobs
Beats: nothing, because it has no wire
"""

# ruff: noqa

import json
import os
import struct


def dcounts(counts):
    definition = {"name": "dcounts", "file": "a.py", "line": 1, "end": 1, "positional": []}
    told = {"status": "ok", "definitions": [definition], "failures": [], "findings": []}
    said = json.dumps(told).encode()
    os.write(4, struct.pack("!IQ", len(said), 0) + said)
    return counts


def dprobs(probs, dlogprobs):
    return dlogprobs / probs
