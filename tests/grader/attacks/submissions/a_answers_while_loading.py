"""Writes answers ahead of time, while the file is still being run.

Class: forged frames
Honest: none
Beats: nothing, because it has no wire
"""

# ruff: noqa

import json
import os
import struct

body = bytes(32 * 27 * 4)
said = json.dumps({"status": "ok", "tensors": [["float32", [32, 27]]], "failures": []}).encode()
for _ in range(8):
    os.write(4, struct.pack("!IQ", len(said), len(body)) + said + body)


def dcounts(counts):
    return counts
