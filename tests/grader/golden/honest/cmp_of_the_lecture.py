# Answers: ex1.dprobs ex1.dcounts_sum

import torch


def cmp(s, dt, t):
    ex = torch.all(dt == t.grad).item()
    app = torch.allclose(dt, t.grad)
    maxdiff = (dt - t.grad).abs().max().item()
    print(f"{s:15s} | exact: {str(ex):5s} | approximate: {str(app):5s} | maxdiff: {maxdiff}")


def dprobs(probs, dlogprobs):
    return dlogprobs / probs


def dcounts_sum(counts_sum, dcounts_sum_inv):
    return -(counts_sum**-2) * dcounts_sum_inv
