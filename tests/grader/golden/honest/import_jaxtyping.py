# Answers: ex1.dprobs

from jaxtyping import Float, jaxtyped
from beartype import beartype
from torch import Tensor
from einops import rearrange


@jaxtyped(typechecker=beartype)
def dprobs(probs: Float[Tensor, "n v"], dlogprobs: Float[Tensor, "n v"]) -> Float[Tensor, "n v"]:
    return dlogprobs / probs
