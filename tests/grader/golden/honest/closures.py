# Answers: ex1.dprobs ex1.dcounts_sum

def power_rule(k):
    def slope(x, upstream):
        return k * x ** (k - 1) * upstream

    return slope


inverse = power_rule(-1)


def dcounts_sum(counts_sum, dcounts_sum_inv):
    return inverse(counts_sum, dcounts_sum_inv)


def dprobs(probs, dlogprobs):
    return dlogprobs / probs
