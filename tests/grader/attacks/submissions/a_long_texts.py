"""Sends as much text as a header may have in place of an error.

Class: forged frames
Honest: ex1.dprobs
Beats: nothing, because it has no wire
Known: a message from a forged frame is kept whole: up to 256 KiB in each check of a task
"""

# ruff: noqa

import json
import os
import struct


def dcounts(counts):
    told = {"status": "error", "message": "x" * 250_000, "type": "E"}
    said = json.dumps(told).encode()
    os.write(4, (struct.pack("!IQ", len(said), 0) + said) * 12)


def dprobs(probs, dlogprobs):
    return dlogprobs / probs
