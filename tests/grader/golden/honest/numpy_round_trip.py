# Answers: ex1.dlogprobs ex1.dprobs

import numpy as np
import torch


def dlogprobs(logprobs, Yb):
    out = np.zeros(tuple(logprobs.shape))
    out[np.arange(len(Yb)), Yb.numpy()] = -1.0 / len(Yb)
    return torch.from_numpy(out).to(logprobs.dtype)


def dprobs(probs, dlogprobs):
    return torch.as_tensor(dlogprobs.numpy() / probs.numpy())
