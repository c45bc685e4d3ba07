"""Begins a frame and never ends it.

Class: forged frames
Honest: ex1.dprobs
Beats: nothing, because it has no wire
"""

# ruff: noqa

import os
import struct
import time


def dcounts(counts):
    os.write(4, struct.pack("!IQ", 100, 0) + b'{"status": "ok"')
    while True:
        time.sleep(0.3)
        os.write(4, b" ")


def dprobs(probs, dlogprobs):
    return dlogprobs / probs
