# Answers: ex1.dprobs ex1.dhpreact

import torch


def dprobs(probs, dlogprobs):
    with torch.no_grad():
        return dlogprobs / probs


def dhpreact(h, dh):
    with torch.no_grad():
        out = dh.clone()
        out *= 1 - h**2
    return out
