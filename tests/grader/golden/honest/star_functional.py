# Answers: ex2.dlogits

import torch
from torch.nn.functional import *


def dlogits(logits, Yb):
    n, c = logits.shape
    return (softmax(logits, dim=1) - one_hot(Yb, c)) / n
