"""Replaces stdout and stderr by objects that raise.

Class: skip and exit
Honest: ex1.dprobs
Beats: nothing, because pytest has put streams of its own in their place, and restores them
"""

# ruff: noqa

import sys


class Broken:
    def __getattr__(self, name):
        raise SystemExit(0)


def dcounts(counts):
    sys.stdout = sys.stderr = Broken()
    return counts


def dprobs(probs, dlogprobs):
    return dlogprobs / probs
