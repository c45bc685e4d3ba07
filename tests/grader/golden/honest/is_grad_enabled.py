# Answers: ex1.dprobs ex1.dW1

import torch

if torch.is_grad_enabled():
    print("gradients are on")


def dprobs(probs, dlogprobs):
    return dlogprobs / probs


def dW1(embcat, dhprebn):
    return embcat.T @ dhprebn
