"""Returns an object that is no tensor, and answers for one through __torch_function__.

Class: hostile return values
Honest: ex1.dprobs
Beats: plain pytest
"""

# ruff: noqa


class Duck:
    shape, dtype, layout = (32, 27), "float32", "strided"

    @classmethod
    def __torch_function__(cls, function, types, args=(), kwargs=None):
        return True

    def __getattr__(self, name):
        return lambda *a, **k: self


def dcounts(counts):
    return Duck()


def dprobs(probs, dlogprobs):
    return dlogprobs / probs
