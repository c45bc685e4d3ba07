# Answers: ex1.dprobs ex1.dW2 ex1.db2

import itertools
import operator
from collections import Counter, defaultdict, deque
from functools import reduce

calls = defaultdict(int)


def dprobs(probs, dlogprobs):
    calls["dprobs"] += 1
    return operator.truediv(dlogprobs, probs)


def dW2(h, dlogits):
    return operator.matmul(h.T, dlogits)


def db2(dlogits):
    return reduce(operator.add, itertools.chain(dlogits))
