"""Answers with a generator, a coroutine and a function.

Class: hostile return values
Honest: ex1.dprobs
Beats: nothing, because torch.allclose takes no such thing
"""

# ruff: noqa


def dcounts(counts):
    yield counts


def dlogits(dnorm_logits, dlogit_maxes):
    return lambda: dnorm_logits


def dhpreact(dh):
    async def later():
        return dh

    return later()


def dprobs(probs, dlogprobs):
    return dlogprobs / probs
