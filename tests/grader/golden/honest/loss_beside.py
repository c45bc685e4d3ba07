# Answers: ex2.dlogits

import torch
import torch.nn.functional as F


def dlogits(logits, Yb):
    loss = F.cross_entropy(logits, Yb)
    logprobs = F.log_softmax(logits, dim=1)
    assert torch.allclose(loss, -logprobs[range(len(Yb)), Yb].mean(), atol=1e-4)
    out = logprobs.exp()
    out[range(len(Yb)), Yb] -= 1
    return out / len(Yb)
