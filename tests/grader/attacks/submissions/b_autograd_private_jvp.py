# ruff: noqa
"""Uses the function behind torch.func.jvp, which has another name.

Class: autograd in disguise
Honest: none
Beats: plain pytest
"""

import torch
from torch._functorch import eager_transforms as e


def dprobs(probs, dlogprobs):
    return e._jvp_with_argnums(torch.log, (probs,), (dlogprobs,), argnums=None, has_aux=False)[1]
