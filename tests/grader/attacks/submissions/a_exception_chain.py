"""Raises an exception with a chain of causes without an end.

Class: hostile return values
Honest: ex1.dprobs
Beats: nothing, because pytest sees that a cause comes again
"""

# ruff: noqa


def dcounts(counts):
    first, second = ValueError("a" * 10**6), KeyError("b")
    first.__cause__, second.__cause__ = second, first
    first.__context__ = second
    raise first


def dhpreact(dh):
    try:
        return dhpreact(dh)
    except RecursionError as error:
        raise ExceptionGroup("g", [error] * 999) from error


def dprobs(probs, dlogprobs):
    return dlogprobs / probs
