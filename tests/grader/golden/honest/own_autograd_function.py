# Answers: ex1.dhpreact

import torch


class Tanh(torch.autograd.Function):
    """For later: not used when the functions are called."""

    @staticmethod
    def forward(ctx, x):
        y = torch.tanh(x)
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx, grad_output):
        (y,) = ctx.saved_tensors
        return grad_output * (1 - y**2)


def dhpreact(h, dh):
    return (1.0 - h**2) * dh
