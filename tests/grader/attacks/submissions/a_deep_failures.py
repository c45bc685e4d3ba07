"""Says while loading that it failed in ways that are hard to print.

Class: forged frames
Honest: none
Beats: nothing, because it has no wire
"""

# ruff: noqa

import os
import struct

for depth in range(900, 700, -10):
    deep = b"[" * depth + b"]" * depth
    said = b'{"status": "ok", "failures": [{"line": %s, "message": %s}]}' % (deep, deep)
    os.write(4, struct.pack("!IQ", len(said), 0) + said)


def dcounts(counts):
    raise ValueError
