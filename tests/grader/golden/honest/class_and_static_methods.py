# Answers: ex1.dprobs ex1.dnorm_logits

class Slopes:
    @staticmethod
    def log(x):
        return 1 / x

    @classmethod
    def exp(cls, x, y):
        return y


def dprobs(probs, dlogprobs):
    return Slopes.log(probs) * dlogprobs


def dnorm_logits(norm_logits, counts, dcounts):
    return Slopes.exp(norm_logits, counts) * dcounts
