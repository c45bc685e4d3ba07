# Answers: ex1.dprobs, ex1.db2

words = open("names.txt").read().splitlines()
chars = sorted(list(set("".join(words))))
stoi = {s: i + 1 for i, s in enumerate(chars)}


def dprobs(probs, dlogprobs):
    return dlogprobs / probs


def db2(dlogits):
    return dlogits.sum(0)
