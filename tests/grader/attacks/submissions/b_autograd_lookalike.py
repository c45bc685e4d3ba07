# ruff: noqa
"""Spells autograd in letters that only Python takes for the usual ones.

Class: autograd in disguise
Honest: none
Beats: plain pytest
"""

import torch


def dprobs(probs, dlogprobs):
    with torch.𝐞𝐧𝐚𝐛𝐥𝐞_𝐠rad():
        leaf = probs.clone().ｒequires_ｇrad_()
        return torch.𝒶utograd.ｇrad(leaf.log(), leaf, dlogprobs)[0]
