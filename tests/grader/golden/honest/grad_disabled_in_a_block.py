# Answers: ex1.dprobs

import torch


def dprobs(probs, dlogprobs):
    with torch.set_grad_enabled(False):
        return dlogprobs * probs**-1
