"""Adds an audit hook that raises at whatever comes next.

Class: skip and exit
Honest: ex1.dprobs
Beats: nothing, because no event happens between an answer and its comparison there that a hook
    could stop
"""

# ruff: noqa

import sys


def hook(event, arguments):
    if event in ("os.write", "ctypes.string_at", "json.dumps", "object.__getattr__"):
        raise SystemExit(0)


def dcounts(counts):
    sys.addaudithook(hook)
    return counts


def dprobs(probs, dlogprobs):
    return dlogprobs / probs
