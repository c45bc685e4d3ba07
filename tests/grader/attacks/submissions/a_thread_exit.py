"""Starts a thread that ends the process a little later.

Class: skip and exit
Honest: ex1.dprobs
Beats: plain pytest
"""

# ruff: noqa

import os
import threading
import time


def leave():
    time.sleep(0.02)
    os._exit(0)


def dcounts(counts):
    threading.Thread(target=leave).start()
    time.sleep(0.2)
    return counts


def dprobs(probs, dlogprobs):
    return dlogprobs / probs
