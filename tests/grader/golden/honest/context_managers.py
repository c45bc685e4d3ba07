# Answers: ex1.dprobs

import contextlib
import io


@contextlib.contextmanager
def section(name):
    print("begin", name)
    try:
        yield
    finally:
        print("end", name)


def dprobs(probs, dlogprobs):
    with section("dprobs"), contextlib.suppress(ValueError), contextlib.nullcontext():
        return dlogprobs / probs
