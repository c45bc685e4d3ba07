# ruff: noqa
"""Makes dual numbers by a private function of torch.

Class: torch's differentiation
Honest: none
Beats: plain pytest
"""

import torch

make, split = torch._VF._make_dual, torch._VF._unpack_dual
enter = torch.autograd.forward_ad.enter_dual_level


def dprobs(probs, dlogprobs):
    on = torch._C._InferenceMode(False)
    level = torch.autograd.forward_ad._current_level
    if level < 0:
        level = enter()
    return split(make(probs * 1, dlogprobs * 1, level=level).log(), level=level)[1]
