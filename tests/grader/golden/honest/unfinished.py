# Answers: ex1.dprobs

import torch


def dprobs(probs, dlogprobs):
    return dlogprobs / probs


def dcounts(counts_sum_inv, dprobs, dcounts_sum):
    raise NotImplementedError


def dlogits(logits, logit_maxes, dnorm_logits, dlogit_maxes):
    pass  # TODO


def dW1(embcat, dhprebn):
    ...
