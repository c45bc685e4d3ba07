# ruff: noqa
"""Never gets as far as being asked.

Class: resource exhaustion
Honest: none
Beats: nothing, because it is ended with it
"""

def dprobs(probs, dlogprobs):
    return dlogprobs / probs


while dprobs:
    pass
