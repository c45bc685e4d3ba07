# Answers: ex1.dprobs ex1.dnorm_logits

def backward(upstream, local):
    """The chain rule."""
    return upstream * local


def dprobs(probs, dlogprobs):
    return backward(dlogprobs, 1 / probs)


def dnorm_logits(counts, dcounts):
    return backward(dcounts, counts)
