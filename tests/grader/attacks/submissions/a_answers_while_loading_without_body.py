"""Says twice that it has been loaded, and dies: the second time stands for an answer.

Class: forged frames
Honest: none
Beats: nothing, because it has no wire
"""

# ruff: noqa

import os
import struct

said = b'{"status": "ok", "failures": [], "tensors": []}'
os.write(4, (struct.pack("!IQ", len(said), 0) + said) * 20)
os._exit(0)


def dcounts(counts):
    return counts
