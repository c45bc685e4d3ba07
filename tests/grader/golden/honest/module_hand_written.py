# Answers: ex1.dhpreact

import torch
from torch import nn


class MyTanh(nn.Module):
    def forward(self, x):
        self.y = torch.tanh(x)
        return self.y

    def backward(self, grad_output):
        return grad_output * (1 - self.y * self.y)


tanh = MyTanh()


def dhpreact(hpreact, dh):
    tanh(hpreact)
    return tanh.backward(dh)
