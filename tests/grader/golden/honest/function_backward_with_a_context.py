# Answers: ex1.dhpreact, ex1.dbnraw

import torch
from torch.autograd import Function


class Tanh(Function):
    @staticmethod
    def forward(ctx, x):
        y = torch.tanh(x)
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx, grad_output):
        (y,) = ctx.saved_tensors
        return grad_output * (1 - y * y)


class FakeCtx:
    def __init__(self, *tensors):
        self.saved_tensors = tensors


def dhpreact(h, dh):
    return Tanh.backward(FakeCtx(h), dh)


def dbnraw(bngain, dhpreact):
    return bngain * dhpreact
