# Answers: ex1.dprobs ex1.dcounts

import torch


@torch.no_grad()
def dprobs(probs, dlogprobs):
    return dlogprobs / probs


@torch.no_grad
def dcounts(counts_sum_inv, dprobs, dcounts_sum):
    return counts_sum_inv * dprobs + dcounts_sum
