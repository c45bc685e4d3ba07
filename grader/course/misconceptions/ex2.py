# mypy: disable-error-code="no-untyped-def"
"""Misconceptions about exercise 2: cross-entropy in one step."""

import torch
from torch.nn import functional

from grader.course.misconceptions import wrong


@wrong(
    "ex2.dlogits",
    "label-missing",
    says="The label's own pull is missing: every logit is only pushed down.",
    nudge="What should the entries of one row of the gradient sum to?",
)
def _(logits, n):
    return functional.softmax(logits, 1) / n


@wrong(
    "ex2.dlogits",
    "mean-missing",
    says="The mean over the batch is treated as a sum.",
    nudge="By what is the sum over the examples divided in the forward pass?",
)
def _(logits, Yb, vocab):
    return functional.softmax(logits, 1) - functional.one_hot(Yb, vocab)


@wrong(
    "ex2.dlogits",
    "label-pushed-down",
    says="The label's entry has the wrong sign: its logit is pushed down with the others.",
    nudge="If the logit of the label rises, does the loss rise or fall?",
)
def _(logits, Yb, n, vocab):
    return (functional.softmax(logits, 1) + functional.one_hot(Yb, vocab)) / n


@wrong(
    "ex2.dlogits",
    "sign-swapped",
    says="The whole gradient has the wrong sign: this is the step, not the gradient.",
    nudge="In which direction does a gradient point, and in which does a step go?",
)
def _(logits, Yb, n, vocab):
    return (functional.one_hot(Yb, vocab) - functional.softmax(logits, 1)) / n


@wrong(
    "ex2.dlogits",
    "vocab-for-n",
    says="The mean is divided by the size of the vocabulary, not by that of the batch.",
    nudge="How many examples does the mean run over?",
)
def _(logits, Yb, vocab):
    return (functional.softmax(logits, 1) - functional.one_hot(Yb, vocab)) / vocab


@wrong(
    "ex2.dlogits",
    "mean-over-all-entries",
    says="The mean is taken over every entry, but each example has one loss only.",
    nudge="How many numbers does the mean of the forward pass run over?",
)
def _(logits, Yb, vocab):
    return (functional.softmax(logits, 1) - functional.one_hot(Yb, vocab)) / logits.numel()


@wrong(
    "ex2.dlogits",
    "label-alone-divided",
    says="Only the label's entry is divided by the batch size.",
    nudge="Is one part of an example's gradient outside the mean?",
)
def _(logits, Yb, n, vocab):
    return functional.softmax(logits, 1) - functional.one_hot(Yb, vocab) / n


@wrong(
    "ex2.dlogits",
    "probabilities-alone-divided",
    says="The division by the batch size binds before the label's 1 is subtracted.",
    nudge="In which order are the subtraction and the division carried out?",
)
def _(logits, Yb, n, vocab):
    return functional.softmax(logits, 1) / n - functional.one_hot(Yb, vocab)


@wrong(
    "ex2.dlogits",
    "softmax-over-batch",
    says="The softmax runs over the batch, but one example's scores compete along its row.",
    nudge="Which axis of the probabilities must sum to 1?",
)
def _(logits, Yb, n, vocab):
    return (functional.softmax(logits, 0) - functional.one_hot(Yb, vocab)) / n


@wrong(
    "ex2.dlogits",
    "softmax-missing",
    says="The label is subtracted from the logits themselves: the softmax is missing.",
    nudge="Between which bounds can an entry of the gradient lie?",
)
def _(logits, Yb, n, vocab):
    return (logits - functional.one_hot(Yb, vocab)) / n


@wrong(
    "ex2.dlogits",
    "normalisation-missing",
    says="The exponentials are not normalised: they are counts, not probabilities.",
    nudge="What does a row of your probabilities sum to?",
)
def _(logits, Yb, n, vocab):
    return (logits.exp() - functional.one_hot(Yb, vocab)) / n


@wrong(
    "ex2.dlogits",
    "normalised-over-everything",
    says="The exponentials are divided by the sum over the whole batch, not over their row.",
    nudge="What does a row of your probabilities sum to?",
)
def _(logits, Yb, n, vocab):
    counts = logits.exp()
    return (counts / counts.sum() - functional.one_hot(Yb, vocab)) / n


@wrong(
    "ex2.dlogits",
    "log-softmax-for-softmax",
    says="Log-probabilities stand where the probabilities belong.",
    nudge="Between which bounds can an entry of the gradient lie?",
)
def _(logits, Yb, n, vocab):
    return (functional.log_softmax(logits, 1) - functional.one_hot(Yb, vocab)) / n


@wrong(
    "ex2.dlogits",
    "prediction-for-label",
    says="The 1 is subtracted at the most probable character, not at the label.",
    nudge="Where do the labels enter your formula?",
)
def _(logits, n, vocab):
    return (functional.softmax(logits, 1) - functional.one_hot(logits.argmax(1), vocab)) / n


@wrong(
    "ex2.dlogits",
    "labels-entry-alone",
    says="Only the label's logit gets a gradient, but the softmax ties it to its whole row.",
    nudge="Raise the logit of another character: does the label's probability stay the same?",
)
def _(logits, Yb, n, vocab):
    return (functional.softmax(logits, 1) - 1.0) * functional.one_hot(Yb, vocab) / n


@wrong(
    "ex2.dlogits",
    "whole-columns",
    says="`[:, Yb]` selects whole columns, not one entry a row.",
    nudge="From how many entries should 1 be subtracted?",
)
def _(logits, Yb, n):
    dlogits = functional.softmax(logits, 1)
    dlogits[:, Yb] -= 1.0
    return dlogits / n


@wrong(
    "ex2.dlogits",
    "squared-error",
    says="The factor 2 belongs to a squared error; cross-entropy has none.",
    nudge="Which loss does the forward pass compute?",
)
def _(logits, Yb, n, vocab):
    return 2.0 * (functional.softmax(logits, 1) - functional.one_hot(Yb, vocab)) / n


@wrong(
    "ex2.dlogits",
    "in-place-logits",
    says="The softmax is computed in place of the logits, which are lost for everyone else.",
    nudge="Print logits after the call: are they still what the forward pass made?",
)
def _(logits, Yb, n):
    dlogits = logits
    dlogits -= dlogits.max(1, keepdim=True).values
    dlogits.exp_()
    dlogits /= dlogits.sum(1, keepdim=True)
    dlogits[torch.arange(n), Yb] -= 1.0
    dlogits /= n
    return dlogits


@wrong(
    "ex2.dlogits",
    "only-small-logits",
    says="exp is taken without subtracting the row's maximum: large logits overflow.",
    nudge="What does your softmax return for a row with a logit of 10000?",
)
def _(logits, Yb, n, vocab):
    counts = logits.exp()
    probs = counts / counts.sum(1, keepdim=True)
    return (probs - functional.one_hot(Yb, vocab)) / n


@wrong(
    "ex2.dlogits",
    "only-one-hot-of-labels-seen",
    says="Without `num_classes`, one_hot makes no columns beyond the batch's last label.",
    nudge="What is the shape of the one-hot labels if the last character never occurs among them?",
)
def _(logits, Yb, n):
    return (functional.softmax(logits, 1) - functional.one_hot(Yb)) / n


@wrong(
    "ex2.dlogits",
    "only-batch-of-32",
    says="The batch size is written out as 32.",
    nudge="Where could the batch size be read from, for a batch of any size?",
)
def _(logits, Yb):
    dlogits = functional.softmax(logits, 1)
    dlogits[range(32), Yb] -= 1.0
    return dlogits / 32
