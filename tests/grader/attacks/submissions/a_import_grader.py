"""Imports the grader and asks it for the solution of its own question.

Class: reading expected values
Honest: ex1.dprobs
Beats: plain pytest
"""

# ruff: noqa

import inspect


def dcounts(counts, dprobs, counts_sum_inv, dcounts_sum):
    from grader import options

    source = (options.ROOT / "solutions" / "ex1_backward.py").read_text()
    names = {}
    exec(source, names)
    return names["dcounts"](counts_sum_inv, dprobs, dcounts_sum)


def dprobs(probs, dlogprobs):
    return dlogprobs / probs
