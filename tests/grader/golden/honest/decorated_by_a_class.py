# Answers: ex1.dprobs

import functools


class Counted:
    def __init__(self, f):
        functools.update_wrapper(self, f)
        self.f, self.calls = f, 0

    def __call__(self, *args, **kwargs):
        self.calls += 1
        return self.f(*args, **kwargs)


@Counted
def helper(x):
    return 1 / x


def dprobs(probs, dlogprobs):
    return helper(probs) * dlogprobs
