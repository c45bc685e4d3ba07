# Answers: ex1.dprobs

try:
    import google.colab

    IN_COLAB = True
except ImportError:
    IN_COLAB = False


def dprobs(probs, dlogprobs):
    return dlogprobs / probs
