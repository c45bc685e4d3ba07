# Answers: ex1.dW2

import numpy as np

np.set_printoptions(precision=3, suppress=True)
rng = np.random.default_rng(0)


def dW2(h, dlogits):
    return h.T @ dlogits
