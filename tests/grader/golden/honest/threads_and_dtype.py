# Answers: ex1.dprobs

import torch

torch.set_num_threads(1)
torch.set_default_dtype(torch.float32)


def dprobs(probs, dlogprobs):
    return dlogprobs / probs
