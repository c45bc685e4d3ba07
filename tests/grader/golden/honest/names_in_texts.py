# Answers: ex1.dprobs ex1.dbnbias

"""The backward pass without torch.autograd: no loss.backward(), no x.grad, no getattr."""


def dprobs(probs, dlogprobs):
    "Not torch.autograd.grad(logprobs, probs)."
    return dlogprobs / probs


def dbnbias(dhpreact):
    note = "eval(exec) __import__('torch').autograd"
    return dhpreact.sum(0, keepdim=True)
