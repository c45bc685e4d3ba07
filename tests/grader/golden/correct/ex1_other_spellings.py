# ruff: noqa
"""Names as they are spelled elsewhere, both of functions and of what they ask for."""

import torch
import torch.nn.functional as F


def dlog_probs(log_probs, yb):
    out = torch.zeros_like(log_probs)
    out[range(len(yb)), yb] = -1.0 / len(yb)
    return out


def dprob(prob, dlogprob):
    return dlogprob / prob


def dcount_sum_inv(counts, dprob):
    return (counts * dprob).sum(1, keepdim=True)


def dcount_sum(count_sum, dcount_sum_inv):
    return -(count_sum**-2) * dcount_sum_inv


def dcounts(count_sum_inv, dprob, dcount_sum):
    return count_sum_inv * dprob + dcount_sum


def dnorm_logit(norm_logit, dcounts):
    return norm_logit.exp() * dcounts


def dlogits_max(dnorm_logit):
    return -dnorm_logit.sum(1, keepdim=True)


def d_logits(logits, logits_max, dnorm_logit, dlogits_maxes):
    first = F.one_hot(logits.max(1).indices, num_classes=logits.shape[1])
    assert torch.equal(logits.gather(1, first.argmax(1, keepdim=True)), logits_max)
    return dnorm_logit + first * dlogits_maxes


def dh(W2, d_logits):
    return d_logits @ W2.T


def dW2(h, d_logits):
    return h.T @ d_logits


def db2(d_logits):
    return d_logits.sum(0)


def dh_preact(h_preact, dh):
    return (1 - h_preact.tanh() ** 2) * dh


def dbnorm_gain(bn_raw, dh_preact):
    return (bn_raw * dh_preact).sum(0, keepdim=True)


def dbn_bias(dh_preact):
    return dh_preact.sum(0, keepdim=True)


def dbn_raw(bn_gain, dh_preact):
    return bn_gain * dh_preact


def dbn_var_inv(bn_diff, dbn_raw):
    return (bn_diff * dbn_raw).sum(0, keepdim=True)


def dbn_var(bn_var, dbn_var_inv):
    return -0.5 * (bn_var + 1e-5) ** -1.5 * dbn_var_inv


def dbn_diff2(bn_diff2, dbn_var):
    return torch.ones_like(bn_diff2) * dbn_var / (bn_diff2.shape[0] - 1)


def dbn_diff(bn_diff, bnvarinv, dbn_raw, dbn_diff2):
    return bnvarinv * dbn_raw + 2 * bn_diff * dbn_diff2


def dbn_meani(dbn_diff):
    return -dbn_diff.sum(0, keepdim=True)


def dh_prebn(h_prebn, dbn_diff, dbn_meani):
    return dbn_diff + dbn_meani / h_prebn.shape[0]


def demb_cat(W1, dh_prebn):
    return dh_prebn @ W1.T


def dW1(emb_cat, dh_prebn):
    return emb_cat.T @ dh_prebn


def db1(dh_prebn):
    return dh_prebn.sum(0)


def demb(emb, demb_cat):
    return demb_cat.view(emb.shape)


def dC(C, xb, demb):
    out = torch.zeros_like(C)
    out.index_add_(0, xb.flatten(), demb.flatten(0, 1))
    return out
