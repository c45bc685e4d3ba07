"""Exercise 3: batch norm in one step.

Replace each `raise NotImplementedError` by your own code, without autograd. A function
gets what it asks for by name: change the parameters if you want other tensors. Then run
`grader check`, and `grader hint TASK` where you are stuck.
"""

from torch import Tensor


def dhprebn(dhpreact: Tensor, bngain: Tensor, bnraw: Tensor, bnvar_inv: Tensor) -> Tensor:
    """Gradient of the loss with respect to hprebn (n, hidden).

    The forward pass reads it in:

        mean, var = hprebn.mean(0, keepdim=True), hprebn.var(0, keepdim=True, unbiased=True)
        hpreact = bngain * (hprebn - mean) * (var + 1e-5) ** -0.5 + bnbias  # (n, hidden)

    Given:

        dhpreact   (n, hidden)
        bngain     (1, hidden)
        bnraw      (n, hidden)
        bnvar_inv  (1, hidden)
    """
    raise NotImplementedError
