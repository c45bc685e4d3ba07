"""Ends the process with exit code 0 while the file is run.

Class: skip and exit
Honest: none
Beats: plain pytest
"""

# ruff: noqa

import os


def dprobs(probs, dlogprobs):
    return dlogprobs


os._exit(0)
