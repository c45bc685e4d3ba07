"""The network in a few calls: the forward lines of exercise 1, put together for training.

Nothing is written down here that the forward lines do not say, so a student may read all of it.
X (n, block_size) are contexts; p holds the parameters by name.
"""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from grader.course import ex1_backward as lines
from grader.course import ex3_batchnorm


def features(X: Tensor, p: Mapping[str, Tensor]) -> Tensor:
    """Return what batch norm reads: hprebn (n, hidden)."""
    return lines.hprebn(lines.embcat(lines.emb(p["C"], X)), p["W1"], p["b1"])


def logits(X: Tensor, p: Mapping[str, Tensor]) -> Tensor:
    """Return the logits (n, vocab) of a minibatch, with the statistics of that minibatch."""
    return _scores(ex3_batchnorm.hpreact(features(X, p), p["bngain"], p["bnbias"]), p)


def statistics(X: Tensor, p: Mapping[str, Tensor]) -> tuple[Tensor, Tensor]:
    """Return what the lines bnmeani and bnvar make of all of X, each (1, hidden)."""
    hprebn = features(X, p)
    bnmeani = lines.bnmeani(hprebn)
    return bnmeani, lines.bnvar(lines.bndiff2(lines.bndiff(hprebn, bnmeani)))


def logits_calibrated(X: Tensor, p: Mapping[str, Tensor]) -> Tensor:
    """Return the logits (n, vocab) with the fixed statistics `bnmean` and `bnvar` of p."""
    bnraw = lines.bnraw(lines.bndiff(features(X, p), p["bnmean"]), lines.bnvar_inv(p["bnvar"]))
    return _scores(lines.hpreact(p["bngain"], bnraw, p["bnbias"]), p)


def _scores(hpreact: Tensor, p: Mapping[str, Tensor]) -> Tensor:
    return lines.logits(lines.h(hpreact), p["W2"], p["b2"])
