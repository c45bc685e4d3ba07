# Answers: ex1.dprobs ex1.dW2

def dprobs(probs, dlogprobs):
    return dlogprobs.data / probs.data


def dW2(h, dlogits):
    return (h.data.T @ dlogits.data).data
