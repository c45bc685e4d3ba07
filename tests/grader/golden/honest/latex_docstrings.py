# Answers: ex1.dhpreact ex1.dprobs

def dhpreact(h, dh):
    r"""The slope of tanh.

    .. math:: \frac{\partial L}{\partial x} = (1 - \tanh^2 x) \frac{\partial L}{\partial h}
    """
    return (1 - h**2) * dh


def dprobs(probs, dlogprobs):
    """$\\partial \\log p / \\partial p = 1 / p$ (∂L/∂p = ∂L/∂ℓ · 1/p)."""
    return dlogprobs / probs
