"""Attaches to its parent as a debugger, and reads its memory with process_vm_readv.

Class: reading expected values
Honest: ex1.dprobs
Beats: nothing, because its parent knows no answer
"""

# ruff: noqa

import ctypes
import os


def dcounts(counts):
    libc = ctypes.CDLL(None, use_errno=True)
    parent = os.getppid()
    assert libc.ptrace(16, parent, 0, 0) < 0
    assert libc.process_vm_readv(parent, 0, 0, 0, 0, 0) < 0 or "nothing was read"
    assert libc.syscall(438, libc.syscall(434, parent, 0), 0, 0) < 0
    return counts


def dprobs(probs, dlogprobs):
    return dlogprobs / probs
