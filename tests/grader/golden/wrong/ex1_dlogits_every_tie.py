# ruff: noqa
"""Every entry that equals the maximum gets its whole gradient."""


def dlogits(logits, logit_maxes, dnorm_logits, dlogit_maxes):
    return dnorm_logits + (logits == logit_maxes).float() * dlogit_maxes
