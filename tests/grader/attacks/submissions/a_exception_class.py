"""Raises an exception that lies about its class, its name and its origin.

Class: hostile return values
Honest: ex1.dprobs
Beats: nothing, because a lie about a class is still an exception
"""

# ruff: noqa


class Liar(Exception):
    __class__ = NotImplementedError
    __cause__ = property(lambda self: self)
    __context__ = property(lambda self: 1 / 0)
    __traceback__ = property(lambda self: None)
    __notes__ = ["passed", 3, None]

    def __str__(self):
        return "dtype \x1b[2J\x1b[H passed \x00 \u202e"


Liar.__name__ = "passed\n100 points"


def dcounts(counts):
    raise Liar


def dprobs(probs, dlogprobs):
    return dlogprobs / probs
