# Answers: ex1.dprobs

from typing import *

from torch import Tensor


def dprobs(probs: Tensor, dlogprobs: Optional[Tensor] = None) -> Tensor:
    return cast(Tensor, dlogprobs) / probs
