# Answers: ex1.dW2

import torch

device = torch.device("cpu")
mps = getattr(torch.backends, "mps", None)


def dW2(h, dlogits):
    return (h.to(device).T @ dlogits.to(device=device)).contiguous()
