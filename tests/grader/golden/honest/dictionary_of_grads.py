# Answers: ex1.dW2 ex1.db2 ex1.dh

grads = {}


def linear_backward(h, W2, dlogits):
    grads["W2"] = h.T @ dlogits
    grads["b2"] = dlogits.sum(0)
    grads["h"] = dlogits @ W2.T


def dW2(h, W2, dlogits):
    linear_backward(h, W2, dlogits)
    return grads["W2"]


def db2(h, W2, dlogits):
    linear_backward(h, W2, dlogits)
    return grads["b2"]


def dh(h, W2, dlogits):
    linear_backward(h, W2, dlogits)
    return grads.get("h")
