# Answers: ex1.dprobs

import random

import numpy as np
import torch

SEED = 42
random.seed(SEED)
np.random.seed(SEED)
torch.manual_seed(SEED)
torch.use_deterministic_algorithms(False)


def dprobs(probs, dlogprobs):
    return dlogprobs / probs
