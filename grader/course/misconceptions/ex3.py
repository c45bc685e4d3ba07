# mypy: disable-error-code="no-untyped-def"
"""Misconceptions about exercise 3: batch norm in one step."""

from grader.course.misconceptions import wrong


@wrong(
    "ex3.dhprebn",
    "mean-term-missing",
    says="The way through the mean is missing: each example also shifts the mean of its batch.",
    nudge="Add the same number to a feature in the whole batch: what should the gradient sum to?",
)
def _(dhpreact, bngain, bnraw, bnvar_inv, n):
    along = (dhpreact * bnraw).sum(0, keepdim=True) / (n - 1)
    return bngain * bnvar_inv * (dhpreact - bnraw * along)


@wrong(
    "ex3.dhprebn",
    "variance-term-missing",
    says="The way through the variance is missing: each example also changes its batch's spread.",
    nudge="Scale a feature in the whole batch: what does batch norm make of that?",
)
def _(dhpreact, bngain, bnvar_inv):
    return bngain * bnvar_inv * (dhpreact - dhpreact.mean(0, keepdim=True))


@wrong(
    "ex3.dhprebn",
    "statistics-held-constant",
    says="Mean and variance are treated as constants, but they are made of hprebn.",
    nudge="How many ways lead from one entry of hprebn to the output?",
)
def _(dhpreact, bngain, bnvar_inv):
    return bngain * bnvar_inv * dhpreact


@wrong(
    "ex3.dhprebn",
    "diagonal-alone",
    says="Only each example's effect on itself is counted: the rest of the Jacobian is missing.",
    nudge="If one example moves, which examples of the batch change in the output?",
)
def _(dhpreact, bngain, bnraw, bnvar_inv, n):
    return bngain * bnvar_inv * dhpreact * (1.0 - 1.0 / n - bnraw**2 / (n - 1))


@wrong(
    "ex3.dhprebn",
    "variance-sum-missing",
    says="In the variance's term the index of the sum is taken for that of the entry.",
    nudge="On paper, do the two indices in the variance's term run over the same examples?",
)
def _(dhpreact, bngain, bnraw, bnvar_inv, n):
    mean = dhpreact.mean(0, keepdim=True)
    return bngain * bnvar_inv * (dhpreact - mean - bnraw * (dhpreact * bnraw) / (n - 1))


@wrong(
    "ex3.dhprebn",
    "bessel-missing",
    says="Bessel's correction is missing: this is the gradient for the biased variance.",
    nudge="By what does the forward pass divide when it takes the variance?",
)
def _(dhpreact, bngain, bnraw, bnvar_inv):
    mean = dhpreact.mean(0, keepdim=True)
    along = (dhpreact * bnraw).mean(0, keepdim=True)
    return bngain * bnvar_inv * (dhpreact - mean - bnraw * along)


@wrong(
    "ex3.dhprebn",
    "bessel-in-the-mean",
    says="Bessel's correction is applied to the mean as well; only the variance has it.",
    nudge="By what does the forward pass divide when it takes the mean?",
)
def _(dhpreact, bngain, bnraw, bnvar_inv, n):
    mean = dhpreact.sum(0, keepdim=True) / (n - 1)
    along = (dhpreact * bnraw).sum(0, keepdim=True) / (n - 1)
    return bngain * bnvar_inv * (dhpreact - mean - bnraw * along)


@wrong(
    "ex3.dhprebn",
    "bessel-swapped",
    says="n and n - 1 have changed places between the mean's term and the variance's.",
    nudge="Which of the two statistics of the forward pass has Bessel's correction?",
)
def _(dhpreact, bngain, bnraw, bnvar_inv, n):
    mean = dhpreact.sum(0, keepdim=True) / (n - 1)
    along = (dhpreact * bnraw).sum(0, keepdim=True) / n
    return bngain * bnvar_inv * (dhpreact - mean - bnraw * along)


@wrong(
    "ex3.dhprebn",
    "value-for-upstream",
    says="In the variance's term hpreact stands where its gradient belongs.",
    nudge="Compare the names in your formula: do all three terms contain the upstream gradient?",
)
def _(dhpreact, hpreact, bngain, bnraw, bnvar_inv, n):
    mean = dhpreact.mean(0, keepdim=True)
    along = (hpreact * bnraw).sum(0, keepdim=True) / (n - 1)
    return bngain * bnvar_inv * (dhpreact - mean - bnraw * along)


@wrong(
    "ex3.dhprebn",
    "gain-missing",
    says="The learnt gain is missing.",
    nudge="Which of the operations of the forward line do not occur in your formula?",
)
def _(dhpreact, bnraw, bnvar_inv, n):
    mean = dhpreact.mean(0, keepdim=True)
    along = (dhpreact * bnraw).sum(0, keepdim=True) / (n - 1)
    return bnvar_inv * (dhpreact - mean - bnraw * along)


@wrong(
    "ex3.dhprebn",
    "scale-missing",
    says="The division by the standard deviation is missing.",
    nudge="If hprebn were ten times as large, would its gradient stay the same?",
)
def _(dhpreact, bngain, bnraw, n):
    mean = dhpreact.mean(0, keepdim=True)
    along = (dhpreact * bnraw).sum(0, keepdim=True) / (n - 1)
    return bngain * (dhpreact - mean - bnraw * along)


@wrong(
    "ex3.dhprebn",
    "root-missing",
    says="The gradient is divided by the variance, not by its root.",
    nudge="By what does the forward pass divide the centred features?",
)
def _(dhpreact, bngain, bnraw, bnvar, n):
    mean = dhpreact.mean(0, keepdim=True)
    along = (dhpreact * bnraw).sum(0, keepdim=True) / (n - 1)
    return bngain / (bnvar + 1e-5) * (dhpreact - mean - bnraw * along)


@wrong(
    "ex3.dhprebn",
    "gain-on-direct-term-alone",
    says="The gain is applied to the direct term only, but all three ways go through it.",
    nudge="Is there a way from hprebn to the output that goes around the gain?",
)
def _(dhpreact, bngain, bnraw, bnvar_inv, n):
    mean = dhpreact.mean(0, keepdim=True)
    along = (dhpreact * bnraw).sum(0, keepdim=True) / (n - 1)
    return bnvar_inv * (bngain * dhpreact - mean - bnraw * along)


@wrong(
    "ex3.dhprebn",
    "sums-swapped",
    says="The sums of the mean's term and of the variance's have changed places.",
    nudge="Which of the two terms must be the same for every example of the batch?",
)
def _(dhpreact, bngain, bnraw, bnvar_inv, n):
    mean = (dhpreact * bnraw).sum(0, keepdim=True) / n
    along = dhpreact.sum(0, keepdim=True) / (n - 1)
    return bngain * bnvar_inv * (dhpreact - mean - bnraw * along)


@wrong(
    "ex3.dhprebn",
    "mean-term-not-divided",
    says="The mean's term is a sum: its 1/n is missing.",
    nudge="If one example grows by 1, by how much does the mean grow?",
)
def _(dhpreact, bngain, bnraw, bnvar_inv, n):
    mean = dhpreact.sum(0, keepdim=True)
    along = (dhpreact * bnraw).sum(0, keepdim=True) / (n - 1)
    return bngain * bnvar_inv * (dhpreact - mean - bnraw * along)


@wrong(
    "ex3.dhprebn",
    "variance-term-not-divided",
    says="The variance's term is a plain sum: its denominator is missing.",
    nudge="If one squared difference grows by 1, by how much does the variance grow?",
)
def _(dhpreact, bngain, bnraw, bnvar_inv):
    mean = dhpreact.mean(0, keepdim=True)
    along = (dhpreact * bnraw).sum(0, keepdim=True)
    return bngain * bnvar_inv * (dhpreact - mean - bnraw * along)


@wrong(
    "ex3.dhprebn",
    "direct-term-not-multiplied",
    says="With 1/n pulled out to the front, the direct term lacks the n that makes up for it.",
    nudge="Multiply your bracket out: what is left of the direct term?",
)
def _(dhpreact, bngain, bnraw, bnvar_inv, n):
    total = dhpreact.sum(0, keepdim=True)
    along = n / (n - 1) * (dhpreact * bnraw).sum(0, keepdim=True)
    return bngain * bnvar_inv / n * (dhpreact - total - bnraw * along)


@wrong(
    "ex3.dhprebn",
    "factor-n-left",
    says="The bracket is written for a 1/n in front of it, and that 1/n is missing.",
    nudge="Multiply your bracket out: how large is the direct term?",
)
def _(dhpreact, bngain, bnraw, bnvar_inv, n):
    total = dhpreact.sum(0, keepdim=True)
    along = n / (n - 1) * (dhpreact * bnraw).sum(0, keepdim=True)
    return bngain * bnvar_inv * (n * dhpreact - total - bnraw * along)


@wrong(
    "ex3.dhprebn",
    "outer-bnraw-missing",
    says="The variance's term is the same for the whole batch: its own example's bnraw is missing.",
    nudge="Does an example close to the mean change the variance as much as one far from it?",
)
def _(dhpreact, bngain, bnraw, bnvar_inv, n):
    mean = dhpreact.mean(0, keepdim=True)
    along = (dhpreact * bnraw).sum(0, keepdim=True) / (n - 1)
    return bngain * bnvar_inv * (dhpreact - mean - along)


@wrong(
    "ex3.dhprebn",
    "inner-bnraw-missing",
    says="In the variance's term the upstream gradient is summed without its bnraw.",
    nudge="By how much does each output change when the inverse deviation does?",
)
def _(dhpreact, bngain, bnraw, bnvar_inv, n):
    mean = dhpreact.mean(0, keepdim=True)
    along = dhpreact.sum(0, keepdim=True) / (n - 1)
    return bngain * bnvar_inv * (dhpreact - mean - bnraw * along)


@wrong(
    "ex3.dhprebn",
    "centred-for-normalised",
    says="The centred features bndiff stand where the normalised ones belong.",
    nudge="How many factors of the inverse deviation does each bnraw of your formula contain?",
)
def _(dhpreact, bngain, bndiff, bnvar_inv, n):
    mean = dhpreact.mean(0, keepdim=True)
    along = (dhpreact * bndiff).sum(0, keepdim=True) / (n - 1)
    return bngain * bnvar_inv * (dhpreact - mean - bndiff * along)


@wrong(
    "ex3.dhprebn",
    "wrong-axis",
    says="The sums run over the features, but batch norm takes its statistics down the batch.",
    nudge="Over which axis does the forward pass take mean and variance?",
)
def _(dhpreact, bngain, bnraw, bnvar_inv, n):
    mean = dhpreact.mean(1, keepdim=True)
    along = (dhpreact * bnraw).sum(1, keepdim=True) / (n - 1)
    return bngain * bnvar_inv * (dhpreact - mean - bnraw * along)


@wrong(
    "ex3.dhprebn",
    "variance-term-added",
    says="The variance's term has the wrong sign, as if the inverse root grew with the variance.",
    nudge="When one example moves away from the mean, do the others grow or shrink?",
)
def _(dhpreact, bngain, bnraw, bnvar_inv, n):
    mean = dhpreact.mean(0, keepdim=True)
    along = (dhpreact * bnraw).sum(0, keepdim=True) / (n - 1)
    return bngain * bnvar_inv * (dhpreact - mean + bnraw * along)


@wrong(
    "ex3.dhprebn",
    "half-of-power-rule-kept",
    says="The variance's term is halved: the 1/2 of the root and the 2 of the square cancel.",
    nudge="Which two operations does the way through the variance differentiate?",
)
def _(dhpreact, bngain, bnraw, bnvar_inv, n):
    mean = dhpreact.mean(0, keepdim=True)
    along = 0.5 * (dhpreact * bnraw).sum(0, keepdim=True) / (n - 1)
    return bngain * bnvar_inv * (dhpreact - mean - bnraw * along)


@wrong(
    "ex3.dhprebn",
    "epsilon-missing",
    says="The inverse deviation is recomputed without the epsilon of the forward line.",
    nudge="What would your formula return for a feature that is the same in the whole batch?",
)
def _(dhpreact, bngain, bndiff, bnvar, n):
    inverse = bnvar**-0.5
    raw = bndiff * inverse
    mean = dhpreact.mean(0, keepdim=True)
    along = (dhpreact * raw).sum(0, keepdim=True) / (n - 1)
    return bngain * inverse * (dhpreact - mean - raw * along)


@wrong(
    "ex3.dhprebn",
    "in-place-upstream",
    says="The upstream gradient dhpreact is changed in place and is lost for everyone else.",
    nudge="The gradients of gain and shift need dhpreact as well: what will they find there?",
)
def _(dhpreact, bngain, bnraw, bnvar_inv, n):
    dhpreact *= bngain * bnvar_inv
    mean = dhpreact.mean(0, keepdim=True)
    along = (dhpreact * bnraw).sum(0, keepdim=True) / (n - 1)
    dhpreact -= mean + bnraw * along
    return dhpreact


@wrong(
    "ex3.dhprebn",
    "only-batch-of-32",
    says="The batch size is written out as 32.",
    nudge="Where could the batch size be read from, for a batch of any size?",
)
def _(dhpreact, bngain, bnraw, bnvar_inv):
    along = (dhpreact * bnraw).sum(0) / 31
    return bngain * bnvar_inv * (dhpreact - dhpreact.sum(0) / 32 - bnraw * along)
