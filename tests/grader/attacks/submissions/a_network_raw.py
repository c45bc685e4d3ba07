"""Makes sockets of every kind by system call, and connects without the socket module.

Class: reading expected values
Honest: ex1.dprobs
Beats: nothing, because it is network_canary by other words
"""

# ruff: noqa

import ctypes
import struct


def dcounts(counts):
    libc = ctypes.CDLL(None, use_errno=True)
    address = struct.pack("!2sH4s8x", b"\x02\x00", 47811, bytes([127, 0, 0, 1]))
    for family, kind in ((2, 1), (2, 2), (10, 1), (1, 1), (16, 3), (17, 3)):
        descriptor = libc.socket(family, kind, 0)
        libc.connect(descriptor, address, 16)
        libc.sendto(descriptor, b"hello", 5, 0, address, 16)
    for descriptor in range(3, 16):
        libc.connect(descriptor, address, 16)
    return counts


def dprobs(probs, dlogprobs):
    return dlogprobs / probs
