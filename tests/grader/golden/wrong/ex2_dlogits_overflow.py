# ruff: noqa
"""exp without the maximum: large logits overflow."""


def dlogits(logits, Yb):
    counts = logits.exp()
    probs = counts / counts.sum(1, keepdim=True)
    probs[range(len(Yb)), Yb] -= 1
    return probs / len(Yb)
