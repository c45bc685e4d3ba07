# Answers: ex1.dprobs ex1.dnorm_logits

import torch


def dprobs(probs, dlogprobs):
    return dlogprobs / probs


def dnorm_logits(counts, dcounts):
    return counts * dcounts


def check_with_autograd(f, x, upstream, mine):
    x = x.clone().requires_grad_(True)
    with torch.enable_grad():
        f(x).backward(upstream)
    print("ok" if torch.allclose(x.grad, mine) else "WRONG")
