# Answers: ex1.dprobs

import torch

# loss.backward()
# for p in parameters:
#     p.data += -lr * p.grad


def dprobs(probs, dlogprobs):
    # torch.autograd.grad(probs.log(), probs, dlogprobs)
    return dlogprobs / probs
