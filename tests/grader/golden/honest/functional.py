# Answers: ex2.dlogits

import torch
import torch.nn.functional as F


def dlogits(logits, Yb):
    n = len(Yb)
    out = F.softmax(logits, 1)
    out[range(n), Yb] -= 1
    return out / n
