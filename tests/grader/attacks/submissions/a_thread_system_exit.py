"""Raises SystemExit in a thread and returns zeros.

Class: skip and exit
Honest: ex1.dprobs
Beats: nothing, because a thread's SystemExit ends that thread alone
"""

# ruff: noqa

import threading


def leave():
    raise SystemExit(0)


def dcounts(counts):
    thread = threading.Thread(target=leave)
    thread.start()
    thread.join()
    return counts * 0


def dprobs(probs, dlogprobs):
    return dlogprobs / probs
