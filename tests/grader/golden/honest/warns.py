# Answers: ex1.dprobs

import warnings


def dprobs(probs, dlogprobs):
    if (probs == 0).any():
        warnings.warn("a probability is zero")
    return dlogprobs / probs
