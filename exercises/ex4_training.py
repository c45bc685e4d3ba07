"""Exercise 4: training without autograd.

Replace each `raise NotImplementedError` by your own code, without autograd. A function
gets what it asks for by name: change the parameters if you want other tensors. Then run
`grader check`, and `grader hint TASK` where you are stuck.
"""

import torch
from torch import Generator, Tensor
from torch.nn import functional


def backward(
    Xb: Tensor,
    Yb: Tensor,
    C: Tensor,
    W1: Tensor,
    b1: Tensor,
    W2: Tensor,
    b2: Tensor,
    bngain: Tensor,
    bnbias: Tensor,
) -> tuple[Tensor, ...]:
    """Gradients of the loss with respect to all seven parameters, for one minibatch.

    Run the forward pass in its compact form (embedding, linear, batch norm with the n - 1 variance
    and epsilon 1e-5, tanh, linear, cross-entropy), then go back by hand with the formulas of
    exercises 1 to 3.

    Xb is (n, block_size), Yb is (n,). Return `dC, dW1, db1, dW2, db2, dbngain, dbnbias`, each in
    the shape of its parameter.
    """
    raise NotImplementedError


def train(
    X: Tensor,
    Y: Tensor,
    C: Tensor,
    W1: Tensor,
    b1: Tensor,
    W2: Tensor,
    b2: Tensor,
    bngain: Tensor,
    bnbias: Tensor,
    generator: Generator,
    steps: int,
    batch_size: int,
    decay_at: int,
) -> tuple[Tensor, ...]:
    """Train for `steps` steps of stochastic gradient descent and return the seven parameters.

    Step i, for i = 0 .. steps - 1:

    1. draw the minibatch with one call,
       `torch.randint(0, X.shape[0], (batch_size,), generator=generator)`, and take those rows of
       X (N, block_size) and Y (N,);
    2. compute the gradients of that minibatch by hand;
    3. subtract learning rate times gradient from every parameter; the learning rate is 0.1 while
       i < decay_at and 0.01 from then on.

    Draw nothing else from the generator. Return `C, W1, b1, W2, b2, bngain, bnbias`; changing the
    given tensors in place is allowed.
    """
    raise NotImplementedError


def calibrate_batchnorm(X: Tensor, C: Tensor, W1: Tensor, b1: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and variance of each feature before batch norm, over the whole training set.

    After training these two take the place of the minibatch's own statistics. X is (N, block_size);
    the variance is the unbiased one (N - 1). Return `bnmean, bnvar`, each (1, hidden).
    """
    raise NotImplementedError


def evaluate(
    X: Tensor,
    Y: Tensor,
    C: Tensor,
    W1: Tensor,
    b1: Tensor,
    W2: Tensor,
    b2: Tensor,
    bngain: Tensor,
    bnbias: Tensor,
    bnmean: Tensor,
    bnvar: Tensor,
) -> Tensor:
    """Mean cross-entropy of a split, with calibrated batch-norm statistics.

    X is (N, block_size), Y is (N,), bnmean and bnvar are (1, hidden); epsilon is 1e-5. Return one
    number: a tensor without dimensions or a float.
    """
    raise NotImplementedError


def sample(
    C: Tensor,
    W1: Tensor,
    b1: Tensor,
    W2: Tensor,
    b2: Tensor,
    bngain: Tensor,
    bnbias: Tensor,
    bnmean: Tensor,
    bnvar: Tensor,
    generator: Generator,
    count: int,
    block_size: int,
    alphabet: str,
) -> list[str]:
    """Draw `count` names from the trained model, one character at a time.

    A name starts from a context of block_size zeros. Each character is one draw,
    `torch.multinomial(probs, num_samples=1, generator=generator)`, from the softmax of the logits
    of the current context, with calibrated batch-norm statistics (epsilon 1e-5). Index 0 ends the
    name; any other index i is the character `alphabet[i]`, and the context moves on by one. Return
    the names as a list of strings, without the end marker.
    """
    raise NotImplementedError
