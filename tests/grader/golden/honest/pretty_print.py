# Answers: ex1.dprobs

from pprint import pprint

facts = {"task": "dprobs", "formula": "dlogprobs / probs"}


def dprobs(probs, dlogprobs):
    pprint(facts)
    return dlogprobs / probs
