"""Hidden checks of every gradient: what an answer has to hold for beyond the lecture's batch."""

import pytest
import torch

from grader.course.network import Sizes

SMALL = Sizes(n=2, vocab=5, n_embd=3, block_size=2, hidden=7)
ODD = Sizes(n=41, vocab=23, n_embd=5, block_size=4, hidden=18)
LARGE = Sizes(n=257, vocab=60, n_embd=4, block_size=8, hidden=16)


@pytest.mark.law("gradients")
def test_other_sizes(judge, draw):
    """Right for any batch size from 2 up, any vocabulary, width and context."""
    judge.gradient(draw("small sizes", sizes=SMALL))


@pytest.mark.law("gradients")
def test_ties(judge, draw):
    """Right where the largest logit of a row occurs more than once."""
    judge.gradient(draw("ties", edits={"logits": tied}))


@pytest.mark.law("gradients")
def test_extremes(judge, draw):
    """Right for a confident network, features that hardly vary, and characters that are missing."""
    judge.gradient(draw("extremes", **EXTREME))


@pytest.mark.law("ex2.dlogits")
def test_extreme_logits(judge, draw):
    """Right, without inf or nan, for logits of plus and minus 10,000."""
    judge.gradient(draw("extreme", edits={"logits": extreme}))


@pytest.mark.law("gradients")
def test_large_views(judge, draw):
    """Right for a large batch of few characters, whose tensors are views of wider ones."""
    judge.gradient(draw("padded", sizes=LARGE, tokens=3, padded=True))


@pytest.mark.law("gradients")
def test_float64(judge, draw):
    """Right in float64 too."""
    judge.follows_dtype(draw("float64", dtype=torch.float64), draw("narrow", sizes=ODD))


@pytest.mark.law("gradients", form="flat")
def test_line_from_other_seeds(judge, draw, chain):
    """Right by itself from other seeds, also where a character is rare or a variance small."""
    # A notebook may compute any forward tensor itself, so only the parameters are unusual.
    rare = draw("last class unlikely", tokens=20, edits={"b2": last_bias_low})
    weak = draw("weak weights", edits={"W1": nearly_constant})
    judge.line([draw("random"), draw("random too"), rare, weak], [chain(x) for x in "abc"])


@pytest.mark.law("gradients")
def test_inputs_are_kept(judge, draw):
    """No input is changed in place, and the answer has memory of its own."""
    judge.keeps_inputs(draw("extremes", **EXTREME))


@pytest.mark.law("gradients", form="flat")
def test_line_keeps_inputs(judge, draw):
    """No input is changed in place."""
    judge.keeps_inputs(draw("random"))


def last_bias_low(b2):
    """Return the bias b2 (vocab,) so that the last character is no row's maximum."""
    b2 = b2.clone()
    b2[-1] -= 20.0
    return b2


def tied(logits):
    """Return the logits (n, vocab) with every row's maximum in two or more places."""
    logits = (logits * 2).round() / 2
    top = logits.max(1, keepdim=True).values
    logits[:, 1] = top[:, 0]
    logits[:, 3] = top[:, 0]
    return logits


def spread_out(logits):
    """Return the logits (n, vocab) stretched so that probabilities go down to 1e-17, with a last
    column that is no row's maximum.
    """
    logits = logits / logits.abs().max() * 20.0
    logits[:, -1] = logits.min() - 1.0
    return logits


def saturating(hpreact):
    """Return the pre-activations (n, hidden) stretched into the flat tails of tanh."""
    return hpreact * 3.0


def nearly_constant(tensor):
    """Return features (n, hidden), or the weights that make them, shrunk so that the features have
    a standard deviation of about 0.02.
    """
    return tensor * 0.01


def extreme(logits):
    """Return logits (n, vocab) of plus and minus 10,000, and everything between."""
    stretched = logits / logits.abs().max() * 1e4
    stretched[0], stretched[1] = 1e4, -1e4
    return stretched


EXTREME = {
    "tokens": 20,
    "edits": {"logits": spread_out, "hpreact": saturating, "hprebn": nearly_constant},
}
"""A confident network whose features hardly vary, and a batch in which characters are missing."""
