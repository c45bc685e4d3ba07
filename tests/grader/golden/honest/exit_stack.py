# Answers: ex1.dprobs

from contextlib import ExitStack

import torch


def dprobs(probs, dlogprobs):
    with ExitStack() as stack:
        stack.enter_context(torch.no_grad())
        return dlogprobs / probs
