# Answers: ex1.dprobs

import warnings

warnings.filterwarnings("ignore")
warnings.simplefilter("ignore", category=UserWarning)


def dprobs(probs, dlogprobs):
    return dlogprobs / probs
