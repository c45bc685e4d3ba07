# Answers: ex1.dhpreact

import torch


def dhpreact(h, hpreact, dh):
    torch.testing.assert_close(h, torch.tanh(hpreact))
    return (1 - h**2) * dh
