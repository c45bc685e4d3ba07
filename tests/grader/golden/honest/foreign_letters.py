# Answers: ex1.dprobs ex1.dhpreact

# Rückwärts durch den Logarithmus: Kettenregel
def ableitung(größe):
    return 1 / größe


def dprobs(probs, dlogprobs):
    δ = dlogprobs
    return δ * ableitung(probs)


def dhpreact(h, dh):
    return (1.0 - h**2) * dh
