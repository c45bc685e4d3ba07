# Answers: ex1.dprobs

import functools
import time


def timed(f):
    @functools.wraps(f)
    def inner(*args, **kwargs):
        start = time.perf_counter()
        answer = f(*args, **kwargs)
        print(f"{f.__name__}: {(time.perf_counter() - start) * 1e3:.3f} ms")
        return answer

    return inner


@timed
def dprobs(probs, dlogprobs):
    return dlogprobs / probs
