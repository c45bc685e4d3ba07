# Answers: ex1.dprobs ex1.dW2

def dprobs(probs, dlogprobs):
    print("probs", probs.shape, probs.dtype, probs.min().item(), probs.max().item())
    print(dlogprobs)
    return dlogprobs / probs


def dW2(h, dlogits):
    print("h=%s dlogits=%s" % (tuple(h.shape), tuple(dlogits.shape)))
    print("{:>10} {!r}".format("norm", h.norm().item()))
    return h.T @ dlogits
