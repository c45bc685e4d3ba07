# ruff: noqa
"""`dnorm_logits = counts` is no copy."""


def dnorm_logits(counts, dcounts):
    dnorm_logits = counts
    dnorm_logits *= dcounts
    return dnorm_logits
