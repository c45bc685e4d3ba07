# Answers: ex1.dprobs

import torch


def dprobs(probs, dlogprobs):
    return dlogprobs / probs


if __name__ == "__main__":
    p = torch.rand(3, 4, requires_grad=True)
    up = torch.rand(3, 4)
    (true,) = torch.autograd.grad(p.log(), p, up)
    assert torch.allclose(true, dprobs(p.detach(), up))
