"""Replaces operator.eq, math.isclose and their kin.

Class: patched comparison
Honest: ex1.dprobs
Beats: nothing, because it does not compare by them
"""

# ruff: noqa

import math
import operator

operator.eq = operator.le = operator.lt = lambda a, b: True
math.isclose = math.isfinite = lambda *a, **k: True
math.inf = math.nan = 0.0


def dhpreact(dh):
    return dh


def dprobs(probs, dlogprobs):
    return dlogprobs / probs
