# Answers: ex1.dprobs ex1.dcounts

class ShapeError(Exception):
    """Two shapes that do not fit."""


def checked(a, b):
    if a.shape != b.shape:
        raise ShapeError(f"{a.shape} and {b.shape}")


def dprobs(probs, dlogprobs):
    try:
        checked(probs, dlogprobs)
    except ShapeError as error:
        print(error)
        raise
    else:
        return dlogprobs / probs
    finally:
        pass


def dcounts(counts_sum_inv, dprobs, dcounts_sum):
    return counts_sum_inv * dprobs + dcounts_sum
