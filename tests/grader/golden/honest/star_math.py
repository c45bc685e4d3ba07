# Answers: ex1.dprobs ex1.dhpreact

from math import *

half = sqrt(0.25)


def dprobs(probs, dlogprobs):
    return dlogprobs / probs


def dhpreact(h, dh):
    return (1 - pow(1, 2) * h * h) * dh * (half / 0.5)
