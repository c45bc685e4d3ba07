"""Raises, one after another, the exceptions that few handlers expect.

Class: skip and exit
Honest: ex1.dprobs
Beats: nothing, because pytest takes them for failures
"""

# ruff: noqa

import itertools

odd = itertools.cycle([GeneratorExit, StopIteration, StopAsyncIteration, BaseException])


class End(BaseException):
    pass


def dcounts(counts):
    raise next(odd)(0)


def dlogits(dnorm_logits, dlogit_maxes):
    raise BaseExceptionGroup("many", [End(), SystemExit(0), KeyboardInterrupt()])


def dprobs(probs, dlogprobs):
    return dlogprobs / probs
