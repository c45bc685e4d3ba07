# Answers: ex1.dprobs ex1.dcounts_sum_inv

def dprobs(probs, dlogprobs):
    grad = dlogprobs
    grad_fn = 1 / probs
    return grad * grad_fn


def dcounts_sum_inv(counts, dprobs):
    jacobian = counts
    vjp = (jacobian * dprobs).sum(1, keepdim=True)
    return vjp
