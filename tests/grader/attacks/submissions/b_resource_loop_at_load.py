# ruff: noqa
"""Never gets as far as being asked.

Class: resource exhaustion
Honest: none
Beats: plain pytest
"""


def dprobs(probs, dlogprobs):
    return dlogprobs / probs


while dprobs:
    pass
