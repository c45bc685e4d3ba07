# mypy: disable-error-code="no-untyped-def"
"""Misconceptions about exercise 1, in the order of the backward pass."""

import torch
from torch.nn import functional

from grader.course.misconceptions import wrong

# dlogprobs


@wrong(
    "ex1.dlogprobs",
    "sign-missing",
    says="The minus of the negative log-likelihood is missing.",
    nudge="If a label's log-probability rises, does the loss rise or fall?",
)
def _(logprobs, Yb, n):
    dlogprobs = torch.zeros_like(logprobs)
    dlogprobs[torch.arange(n), Yb] = 1.0 / n
    return dlogprobs


@wrong(
    "ex1.dlogprobs",
    "mean-missing",
    says="The mean over the batch is treated as a sum.",
    nudge="Write the loss out for a batch of three: with what weight does each label enter?",
)
def _(logprobs, Yb, n):
    dlogprobs = torch.zeros_like(logprobs)
    dlogprobs[torch.arange(n), Yb] = -1.0
    return dlogprobs


@wrong(
    "ex1.dlogprobs",
    "vocab-for-n",
    says="The mean is divided by the size of the vocabulary, not by that of the batch.",
    nudge="How many numbers does the indexing pick out before the mean is taken?",
)
def _(logprobs, Yb, n, vocab):
    dlogprobs = torch.zeros_like(logprobs)
    dlogprobs[torch.arange(n), Yb] = -1.0 / vocab
    return dlogprobs


@wrong(
    "ex1.dlogprobs",
    "mean-over-all-entries",
    says="The mean is taken over every entry of logprobs, but only the labels' entries are in it.",
    nudge="What is the shape of what `.mean()` is called on?",
)
def _(logprobs, Yb, n):
    dlogprobs = torch.zeros_like(logprobs)
    dlogprobs[torch.arange(n), Yb] = -1.0 / logprobs.numel()
    return dlogprobs


@wrong(
    "ex1.dlogprobs",
    "every-entry",
    says="Every entry gets a gradient, also those that the indexing leaves out of the loss.",
    nudge="Change one log-probability that belongs to no label: does the loss move?",
)
def _(logprobs, n):
    return torch.full_like(logprobs, -1.0 / n)


@wrong(
    "ex1.dlogprobs",
    "whole-columns",
    says="`[:, Yb]` selects whole columns, not one entry a row.",
    nudge="Count the entries of the gradient that are not zero: how many should there be?",
)
def _(logprobs, Yb, n):
    dlogprobs = torch.zeros_like(logprobs)
    dlogprobs[:, Yb] = -1.0 / n
    return dlogprobs


@wrong(
    "ex1.dlogprobs",
    "prediction-for-label",
    says="The gradient goes to the most probable character of each row, not to its label.",
    nudge="Which integer tensor does the line of the loss read, and where does it come from?",
)
def _(logprobs, n):
    dlogprobs = torch.zeros_like(logprobs)
    dlogprobs[torch.arange(n), logprobs.argmax(1)] = -1.0 / n
    return dlogprobs


@wrong(
    "ex1.dlogprobs",
    "reciprocal",
    says="The slope of a logarithm is used here, but the logarithm is taken one line earlier.",
    nudge="Which operations does the line of the loss itself contain?",
)
def _(logprobs):
    return 1.0 / logprobs


@wrong(
    "ex1.dlogprobs",
    "labels-alone",
    says="The gradient has one entry a label, not the shape of logprobs.",
    nudge="What shape must the gradient of a tensor have, whatever part of it is used?",
)
def _(logprobs, n):
    return torch.full_like(logprobs[:, 0], -1.0 / n)


@wrong(
    "ex1.dlogprobs",
    "only-one-hot-of-labels-seen",
    says="Without `num_classes`, one_hot makes no columns beyond the batch's last label.",
    nudge="What is the shape of the result for a batch in which the last character never occurs?",
)
def _(logprobs, Yb, n):
    return -functional.one_hot(Yb).to(logprobs.dtype) / n


@wrong(
    "ex1.dlogprobs",
    "only-batch-of-32",
    says="The batch size is written out as 32.",
    nudge="Where could the batch size be read from, for a batch of any size?",
)
def _(logprobs, Yb):
    dlogprobs = torch.zeros_like(logprobs)
    dlogprobs[range(32), Yb] = -1.0 / 32
    return dlogprobs


# dprobs


@wrong(
    "ex1.dprobs",
    "multiplied",
    says="The upstream gradient is multiplied by the probabilities: that is the slope of exp.",
    nudge="Is the logarithm steep or flat near 0, and should small probabilities weigh little?",
)
def _(probs, dlogprobs):
    return probs * dlogprobs


@wrong(
    "ex1.dprobs",
    "upstream-missing",
    says="Only the local derivative is returned: the upstream gradient is missing.",
    nudge="What does the chain rule do with a local derivative?",
)
def _(probs):
    return 1.0 / probs


@wrong(
    "ex1.dprobs",
    "passed-through",
    says="The upstream gradient is passed through as if the logarithm were not there.",
    nudge="By how much does log(x) move when x moves a little, at x = 0.01 and at x = 1?",
)
def _(dlogprobs):
    return dlogprobs.clone()


@wrong(
    "ex1.dprobs",
    "output-for-input",
    says="The upstream gradient is divided by the output of the logarithm, not by its input.",
    nudge="The derivative of a function is evaluated where: at what goes in or at what comes out?",
)
def _(logprobs, dlogprobs):
    return dlogprobs / logprobs


@wrong(
    "ex1.dprobs",
    "slope-of-reciprocal",
    says="This is the derivative of 1/x: the logarithm has been differentiated once too often.",
    nudge="Which function does the forward line apply, and which one did you differentiate?",
)
def _(probs, dlogprobs):
    return -dlogprobs / probs**2


@wrong(
    "ex1.dprobs",
    "sign-extra",
    says="A minus is added that this line does not have; the loss has handed its own down already.",
    nudge="Is the logarithm a rising or a falling function?",
)
def _(probs, dlogprobs):
    return -dlogprobs / probs


@wrong(
    "ex1.dprobs",
    "in-place-upstream",
    says="The upstream gradient is divided in place and is lost for everyone else.",
    nudge="Print dlogprobs after the call: is it still the gradient that came in?",
)
def _(probs, dlogprobs):
    dlogprobs /= probs
    return dlogprobs


# dcounts_sum_inv


@wrong(
    "ex1.dcounts_sum_inv",
    "sum-missing",
    says="The sum that undoes the broadcast is missing.",
    nudge="Compare the shapes of counts and counts_sum_inv: how often is each inverse used?",
)
def _(counts, dprobs):
    return counts * dprobs


@wrong(
    "ex1.dcounts_sum_inv",
    "wrong-axis",
    says="The sum runs over the batch, but the broadcast ran along the row.",
    nudge="Which dimension of counts_sum_inv has size 1?",
)
def _(counts, dprobs):
    return (counts * dprobs).sum(0, keepdim=True)


@wrong(
    "ex1.dcounts_sum_inv",
    "summed-before-product",
    says="Both factors are summed first; a sum of products is not a product of sums.",
    nudge="Write the gradient of one inverse out for a row of two entries.",
)
def _(counts, dprobs):
    return counts.sum(1, keepdim=True) * dprobs.sum(1, keepdim=True)


@wrong(
    "ex1.dcounts_sum_inv",
    "mean-for-sum",
    says="The uses of a broadcast tensor are averaged; their gradients add up.",
    nudge="If a number is used twice, is its effect on the loss the mean of the two effects?",
)
def _(counts, dprobs):
    return (counts * dprobs).mean(1, keepdim=True)


@wrong(
    "ex1.dcounts_sum_inv",
    "local-derivative-missing",
    says="The upstream gradient is summed without the factor that the inverse was multiplied by.",
    nudge="In c = a * b, what does the derivative with respect to b depend on?",
)
def _(dprobs):
    return dprobs.sum(1, keepdim=True)


@wrong(
    "ex1.dcounts_sum_inv",
    "own-factor",
    says="The upstream gradient is multiplied by counts_sum_inv itself, not by the other factor.",
    nudge="In c = a * b, is dc/db made of a or of b?",
)
def _(counts_sum_inv, dprobs):
    return (counts_sum_inv * dprobs).sum(1, keepdim=True)


# dcounts_sum


@wrong(
    "ex1.dcounts_sum",
    "sign-missing",
    says="The minus of the derivative of 1/x is missing.",
    nudge="When a positive x grows, does 1/x grow?",
)
def _(counts_sum, dcounts_sum_inv):
    return counts_sum**-2 * dcounts_sum_inv


@wrong(
    "ex1.dcounts_sum",
    "square-missing",
    says="The derivative of 1/x is taken to be -1/x: the exponent has not moved.",
    nudge="What does the power rule do to the exponent?",
)
def _(counts_sum, dcounts_sum_inv):
    return -(counts_sum**-1) * dcounts_sum_inv


@wrong(
    "ex1.dcounts_sum",
    "value-for-slope",
    says="1/x itself is used as its own derivative; it is the derivative of the logarithm.",
    nudge="Apply the power rule to the exponent of the forward line.",
)
def _(counts_sum, dcounts_sum_inv):
    return counts_sum**-1 * dcounts_sum_inv


@wrong(
    "ex1.dcounts_sum",
    "exponent-raised",
    says="The exponent is raised by one where the power rule lowers it, so counts_sum drops out.",
    nudge="Check the power rule on x squared: in which direction does the exponent move?",
)
def _(dcounts_sum_inv):
    return -dcounts_sum_inv


@wrong(
    "ex1.dcounts_sum",
    "exponent-positive",
    says="The square has the wrong sign in its exponent: large sums get large gradients.",
    nudge="Is the curve of 1/x steeper at x = 1 or at x = 100?",
)
def _(counts_sum, dcounts_sum_inv):
    return -(counts_sum**2) * dcounts_sum_inv


@wrong(
    "ex1.dcounts_sum",
    "upstream-missing",
    says="Only the local derivative is returned: the upstream gradient is missing.",
    nudge="What does the chain rule do with a local derivative?",
)
def _(counts_sum):
    return -(counts_sum**-2)


@wrong(
    "ex1.dcounts_sum",
    "counts-for-sum",
    says="The derivative is evaluated at the single counts, not at their sum.",
    nudge="Which tensor does the line of counts_sum_inv read?",
)
def _(counts, dcounts_sum_inv):
    return -(counts**-2) * dcounts_sum_inv


# dcounts


@wrong(
    "ex1.dcounts",
    "sum-branch-missing",
    says="The branch through counts_sum is missing: counts is read by two lines.",
    nudge="Which lines of the forward pass have counts on their right-hand side?",
)
def _(counts_sum_inv, dprobs):
    return counts_sum_inv * dprobs


@wrong(
    "ex1.dcounts",
    "quotient-branch-overwritten",
    says="Only the branch through counts_sum is left: the one through probs is overwritten.",
    nudge="When a second gradient arrives at the same tensor, does it replace the first?",
)
def _(counts, dcounts_sum):
    return dcounts_sum.expand_as(counts).clone()


@wrong(
    "ex1.dcounts",
    "own-factor",
    says="In the branch through probs the upstream gradient is multiplied by counts itself.",
    nudge="In c = a * b, is dc/da made of a or of b?",
)
def _(counts, dprobs, dcounts_sum):
    return counts * dprobs + dcounts_sum


@wrong(
    "ex1.dcounts",
    "local-derivative-missing",
    says="The branch through probs passes its gradient on without the factor of the product.",
    nudge="What was counts multiplied by to make probs?",
)
def _(dprobs, dcounts_sum):
    return dprobs + dcounts_sum


@wrong(
    "ex1.dcounts",
    "sum-branch-weighted",
    says="The branch through counts_sum is weighted by the terms of the sum.",
    nudge="If one term of a sum grows by 1, by how much does the sum grow?",
)
def _(counts, counts_sum_inv, dprobs, dcounts_sum):
    return counts_sum_inv * dprobs + counts * dcounts_sum


@wrong(
    "ex1.dcounts",
    "sum-branch-averaged",
    says="The gradient of the sum is shared out among the entries, as a mean would do.",
    nudge="If one term of a sum grows by 1, by how much does the sum grow?",
)
def _(counts_sum_inv, dprobs, dcounts_sum, vocab):
    return counts_sum_inv * dprobs + dcounts_sum / vocab


@wrong(
    "ex1.dcounts",
    "sum-branch-subtracted",
    says="The branch through counts_sum is subtracted; its sign is in dcounts_sum already.",
    nudge="In which function did the minus of 1/x enter?",
)
def _(counts_sum_inv, dprobs, dcounts_sum):
    return counts_sum_inv * dprobs - dcounts_sum


@wrong(
    "ex1.dcounts",
    "branches-multiplied",
    says="The two branches are multiplied; gradients that meet at one tensor add up.",
    nudge="If a number moves the loss along two ways, how do the two effects combine?",
)
def _(counts_sum_inv, dprobs, dcounts_sum):
    return counts_sum_inv * dprobs * dcounts_sum


@wrong(
    "ex1.dcounts",
    "in-place-counts",
    says="`dcounts = counts` is a second name, not a copy: the forward tensor is overwritten.",
    nudge="A line further up still needs counts: what will it find there?",
)
def _(counts, counts_sum_inv, dprobs, dcounts_sum):
    dcounts = counts
    dcounts.fill_(1.0)
    dcounts *= dcounts_sum
    dcounts += counts_sum_inv * dprobs
    return dcounts


@wrong(
    "ex1.dcounts",
    "in-place-upstream",
    says="The upstream gradient dprobs is changed in place and is lost for everyone else.",
    nudge="Print dprobs after the call: is it still the gradient that came in?",
)
def _(counts_sum_inv, dprobs, dcounts_sum):
    dprobs *= counts_sum_inv
    dprobs += dcounts_sum
    return dprobs


# dnorm_logits


@wrong(
    "ex1.dnorm_logits",
    "passed-through",
    says="The upstream gradient is passed through as if the exponential were not there.",
    nudge="What is the slope of exp at 0, and at -5?",
)
def _(dcounts):
    return dcounts.clone()


@wrong(
    "ex1.dnorm_logits",
    "upstream-missing",
    says="Only the local derivative is returned: the upstream gradient is missing.",
    nudge="What does the chain rule do with a local derivative?",
)
def _(counts):
    return counts.clone()


@wrong(
    "ex1.dnorm_logits",
    "input-for-output",
    says="The upstream gradient is multiplied by the input of exp, not by its derivative there.",
    nudge="Which function is its own derivative, and which tensor holds its values?",
)
def _(norm_logits, dcounts):
    return norm_logits * dcounts


@wrong(
    "ex1.dnorm_logits",
    "divided",
    says="The upstream gradient is divided: that is the slope of the logarithm.",
    nudge="Does exp get steeper or flatter as its value grows?",
)
def _(counts, dcounts):
    return dcounts / counts


@wrong(
    "ex1.dnorm_logits",
    "power-rule",
    says="The power rule is applied to the exponential, whose variable is in the exponent.",
    nudge="Is e to the x a power of x?",
)
def _(norm_logits, dcounts):
    return norm_logits * (norm_logits - 1.0).exp() * dcounts


@wrong(
    "ex1.dnorm_logits",
    "probs-for-counts",
    says="The normalised probabilities stand where the output of exp belongs.",
    nudge="Which tensor does the line with exp make?",
)
def _(probs, dcounts):
    return probs * dcounts


@wrong(
    "ex1.dnorm_logits",
    "shift-missing",
    says="exp is evaluated at logits, before the maximum was subtracted.",
    nudge="Which tensor does the line with exp read?",
)
def _(logits, dcounts):
    return logits.exp() * dcounts


@wrong(
    "ex1.dnorm_logits",
    "in-place-counts",
    says="`dnorm_logits = counts` is a second name, not a copy, so `*=` overwrites counts.",
    nudge="Print counts after the call: is it still what the forward pass made?",
)
def _(counts, dcounts):
    dnorm_logits = counts
    dnorm_logits *= dcounts
    return dnorm_logits


# dlogit_maxes


@wrong(
    "ex1.dlogit_maxes",
    "sign-missing",
    says="The minus of the subtraction is missing.",
    nudge="When a row's maximum grows, do the shifted logits grow?",
)
def _(dnorm_logits):
    return dnorm_logits.sum(1, keepdim=True)


@wrong(
    "ex1.dlogit_maxes",
    "sum-missing",
    says="The sum that undoes the broadcast is missing.",
    nudge="From how many entries of its row was each maximum subtracted?",
)
def _(dnorm_logits):
    return -dnorm_logits


@wrong(
    "ex1.dlogit_maxes",
    "wrong-axis",
    says="The sum runs over the batch, but the broadcast ran along the row.",
    nudge="Which dimension of logit_maxes has size 1?",
)
def _(dnorm_logits):
    return -dnorm_logits.sum(0, keepdim=True)


@wrong(
    "ex1.dlogit_maxes",
    "mean-for-sum",
    says="The uses of a broadcast tensor are averaged; their gradients add up.",
    nudge="If a number is used many times, is its effect on the loss the mean of the effects?",
)
def _(dnorm_logits):
    return -dnorm_logits.mean(1, keepdim=True)


@wrong(
    "ex1.dlogit_maxes",
    "zero-by-cancellation",
    says="Zero is what remains after softmax; this line alone does not know what comes after it.",
    nudge="What would this line have to return for an arbitrary upstream gradient?",
)
def _(logit_maxes):
    return torch.zeros_like(logit_maxes)


@wrong(
    "ex1.dlogit_maxes",
    "maximum-for-sum",
    says="The largest upstream gradient of each row is taken, as if the maximum were undone here.",
    nudge="Which line takes the maximum, and which line is this function the gradient of?",
)
def _(dnorm_logits):
    return -dnorm_logits.max(1, keepdim=True).values


@wrong(
    "ex1.dlogit_maxes",
    "entry-of-the-maximum-alone",
    says="Only the entry with the maximum is counted, but it is subtracted from its whole row.",
    nudge="Which entries of norm_logits change when one logit_maxes does?",
)
def _(logits, dnorm_logits):
    return -dnorm_logits.gather(1, logits.argmax(1, keepdim=True))


# dlogits


@wrong(
    "ex1.dlogits",
    "max-branch-missing",
    says="The branch through logit_maxes is missing: logits is read by two lines.",
    nudge="That branch cancels only behind softmax; which lines read logits here?",
)
def _(dnorm_logits):
    return dnorm_logits.clone()


@wrong(
    "ex1.dlogits",
    "direct-branch-overwritten",
    says="Only the branch through logit_maxes is left: the direct one is overwritten.",
    nudge="When a second gradient arrives at the same tensor, does it replace the first?",
)
def _(logits, dlogit_maxes):
    dlogits = torch.zeros_like(logits)
    dlogits[torch.arange(logits.shape[0]), logits.argmax(1)] = dlogit_maxes.squeeze(1)
    return dlogits


@wrong(
    "ex1.dlogits",
    "max-branch-to-every-entry",
    says="The maximum's gradient is broadcast over its row, as that of a sum would be.",
    nudge="Move a logit that is not the largest of its row: does the maximum move?",
)
def _(dnorm_logits, dlogit_maxes):
    return dnorm_logits + dlogit_maxes


@wrong(
    "ex1.dlogits",
    "whole-columns",
    says="`[:, indices]` selects whole columns, not one entry a row.",
    nudge="Count the entries that differ from dnorm_logits: how many should there be?",
)
def _(logits, dnorm_logits, dlogit_maxes):
    dlogits = dnorm_logits.clone()
    dlogits[:, logits.max(1).indices] += dlogit_maxes
    return dlogits


@wrong(
    "ex1.dlogits",
    "label-for-maximum",
    says="The maximum's gradient goes to the labels, not to where the maximum was attained.",
    nudge="Does the line of logit_maxes read the labels?",
)
def _(Yb, dnorm_logits, dlogit_maxes, n):
    dlogits = dnorm_logits.clone()
    dlogits[torch.arange(n), Yb] += dlogit_maxes.squeeze(1)
    return dlogits


@wrong(
    "ex1.dlogits",
    "maximum-over-batch",
    says="The mask marks the largest entry of each column, but the maximum is taken along the row.",
    nudge="Which axis does the forward pass give to max?",
)
def _(logits, dnorm_logits, dlogit_maxes):
    return dnorm_logits + (logits == logits.max(0, keepdim=True).values) * dlogit_maxes


@wrong(
    "ex1.dlogits",
    "maximum-assigned",
    says="At the maximum the gradient is assigned, so the direct branch is lost for that entry.",
    nudge="How many ways lead from the largest logit of a row to the loss?",
)
def _(logits, dnorm_logits, dlogit_maxes, n):
    dlogits = dnorm_logits.clone()
    dlogits[torch.arange(n), logits.argmax(1)] = dlogit_maxes.squeeze(1)
    return dlogits


@wrong(
    "ex1.dlogits",
    "max-branch-subtracted",
    says="The branch through logit_maxes is subtracted; its minus is in dlogit_maxes already.",
    nudge="In which function did the minus of the subtraction enter?",
)
def _(logits, dnorm_logits, dlogit_maxes, n):
    dlogits = dnorm_logits.clone()
    dlogits[torch.arange(n), logits.argmax(1)] -= dlogit_maxes.squeeze(1)
    return dlogits


@wrong(
    "ex1.dlogits",
    "max-branch-upstream-missing",
    says="The maximum's branch adds its local derivative alone, without the upstream gradient.",
    nudge="What is the one-hot mask to be multiplied by?",
)
def _(logits, dnorm_logits, vocab):
    return dnorm_logits + functional.one_hot(logits.argmax(1), vocab)


@wrong(
    "ex1.dlogits",
    "in-place-upstream",
    says="Without a copy, the maximum's branch is added into dnorm_logits itself.",
    nudge="Print dnorm_logits after the call: is it still the gradient that came in?",
)
def _(logits, dnorm_logits, dlogit_maxes, n):
    dlogits = dnorm_logits
    dlogits[torch.arange(n), logits.argmax(1)] += dlogit_maxes.squeeze(1)
    return dlogits


@wrong(
    "ex1.dlogits",
    "only-one-maximum-a-row",
    says="The mask marks every entry equal to the maximum: at a tie the gradient counts twice.",
    nudge="What do the entries of your mask sum to in a row whose maximum occurs twice?",
)
def _(logits, logit_maxes, dnorm_logits, dlogit_maxes):
    return dnorm_logits + (logits == logit_maxes) * dlogit_maxes


@wrong(
    "ex1.dlogits",
    "only-one-hot-of-maxima-seen",
    says="Without `num_classes`, one_hot makes no columns beyond the last maximum.",
    nudge="What is the shape of the mask if no row has its maximum in the last column?",
)
def _(logits, dnorm_logits, dlogit_maxes):
    return dnorm_logits + functional.one_hot(logits.argmax(1)) * dlogit_maxes


@wrong(
    "ex1.dlogits",
    "only-vocabulary-of-27",
    says="The size of the vocabulary is written out as 27.",
    nudge="Where could the number of columns be read from, for a vocabulary of any size?",
)
def _(logits, dnorm_logits, dlogit_maxes):
    return dnorm_logits + functional.one_hot(logits.argmax(1), 27) * dlogit_maxes


# dh


@wrong(
    "ex1.dh",
    "reshaped-for-transposed",
    says="W2 is reshaped, not transposed: the shapes fit, but the numbers are in other places.",
    nudge="Try both on a matrix of 2 by 3 and look at where each number goes.",
)
def _(W2, dlogits):
    return dlogits @ W2.reshape(W2.shape[1], W2.shape[0])


@wrong(
    "ex1.dh",
    "result-transposed",
    says="The product is taken the other way round, so the result is transposed.",
    nudge="What shape must the gradient of h have?",
)
def _(W2, dlogits):
    return W2 @ dlogits.T


@wrong(
    "ex1.dh",
    "summed-before-product",
    says="Weights and gradients are summed over the vocabulary apart; the products must be summed.",
    nudge="Write one entry of h @ W2 out: with which weight does h enter which logit?",
)
def _(W2, dlogits):
    return dlogits.sum(1, keepdim=True) * W2.sum(1)


@wrong(
    "ex1.dh",
    "upstream-missing",
    says="The weights are summed without the upstream gradient: every logit counts as 1.",
    nudge="Which gradient has already arrived at the logits?",
)
def _(W2, n):
    return W2.sum(1).expand(n, -1).clone()


@wrong(
    "ex1.dh",
    "divided-by-n",
    says="The result is divided by the batch size once more; the loss has done so already.",
    nudge="Does the line of logits take a mean over the batch?",
)
def _(W2, dlogits, n):
    return dlogits @ W2.T / n


@wrong(
    "ex1.dh",
    "slope-of-tanh-included",
    says="The slope of tanh is applied already: this is the gradient one line further up.",
    nudge="Does the line of logits contain the tanh?",
)
def _(h, W2, dlogits):
    return (1.0 - h**2) * (dlogits @ W2.T)


# dW2


@wrong(
    "ex1.dW2",
    "result-transposed",
    says="The product is taken the other way round, so the result is transposed.",
    nudge="What shape must the gradient of W2 have?",
)
def _(h, dlogits):
    return dlogits.T @ h


@wrong(
    "ex1.dW2",
    "reshaped-for-transposed",
    says="h is reshaped, not transposed: the shapes fit, but the numbers are in other places.",
    nudge="Try both on a matrix of 2 by 3 and look at where each number goes.",
)
def _(h, dlogits):
    return h.reshape(h.shape[1], h.shape[0]) @ dlogits


@wrong(
    "ex1.dW2",
    "mean-for-sum",
    says="The examples are averaged; the loss has divided by the batch size already.",
    nudge="Does the line of logits take a mean over the batch?",
)
def _(h, dlogits, n):
    return h.T @ dlogits / n


@wrong(
    "ex1.dW2",
    "input-of-tanh-for-output",
    says="The layer's input is taken before the tanh.",
    nudge="What exactly is multiplied by W2 in the forward pass?",
)
def _(hpreact, dlogits):
    return hpreact.T @ dlogits


@wrong(
    "ex1.dW2",
    "sum-missing",
    says="There is one gradient for every example: the sum over the batch is missing.",
    nudge="How many weights are there, and how many examples share them?",
)
def _(h, dlogits):
    return h[:, :, None] * dlogits[:, None, :]


@wrong(
    "ex1.dW2",
    "summed-before-product",
    says="Inputs and gradients are summed over the batch apart; the products must be summed.",
    nudge="Can the input of one example meet the gradient of another?",
)
def _(h, dlogits):
    return torch.outer(h.sum(0), dlogits.sum(0))


@wrong(
    "ex1.dW2",
    "descent-sign",
    says="The minus of gradient descent is put into the gradient; it belongs into the update.",
    nudge="In which direction does a gradient point, and in which does a step go?",
)
def _(h, dlogits):
    return -(h.T @ dlogits)


# db2


@wrong(
    "ex1.db2",
    "sum-missing",
    says="The sum that undoes the broadcast is missing.",
    nudge="To how many rows is the same bias added?",
)
def _(dlogits):
    return dlogits.clone()


@wrong(
    "ex1.db2",
    "wrong-axis",
    says="The sum runs along the row, but the bias was broadcast down the batch.",
    nudge="How many entries does b2 have, and how many does your result have?",
)
def _(dlogits):
    return dlogits.sum(1)


@wrong(
    "ex1.db2",
    "mean-for-sum",
    says="The examples are averaged; the loss has divided by the batch size already.",
    nudge="If a number is used many times, is its effect on the loss the mean of the effects?",
)
def _(dlogits):
    return dlogits.mean(0)


@wrong(
    "ex1.db2",
    "summed-over-everything",
    says="The sum without an axis mixes all biases into one number.",
    nudge="How many different biases are there?",
)
def _(dlogits):
    return dlogits.sum()


@wrong(
    "ex1.db2",
    "multiplied-by-bias",
    says="The gradient is multiplied by the bias, which is added in the forward pass.",
    nudge="What is the derivative of a + b with respect to b?",
)
def _(b2, dlogits):
    return dlogits.sum(0) * b2


# dhpreact


@wrong(
    "ex1.dhpreact",
    "input-for-output",
    says="The slope is computed from the input of tanh; 1 - x^2 holds for the output.",
    nudge="For large inputs a slope must tend to 0: does yours?",
)
def _(hpreact, dh):
    return (1.0 - hpreact**2) * dh


@wrong(
    "ex1.dhpreact",
    "plus-for-product",
    says="Upstream gradient and local derivative are added; the chain rule multiplies them.",
    nudge="Where in backpropagation do gradients add up, and is this one of those places?",
)
def _(h, dh):
    return (1.0 - h**2) + dh


@wrong(
    "ex1.dhpreact",
    "square-missing",
    says="The square in the slope of tanh is missing.",
    nudge="tanh is symmetric about 0: does your slope treat h and -h alike?",
)
def _(h, dh):
    return (1.0 - h) * dh


@wrong(
    "ex1.dhpreact",
    "slope-of-sigmoid",
    says="This is the slope of the logistic sigmoid, not that of tanh.",
    nudge="How steep is tanh at 0, and what does your formula give there?",
)
def _(h, dh):
    return h * (1.0 - h) * dh


@wrong(
    "ex1.dhpreact",
    "slope-of-relu",
    says="This is the slope of a rectifier, not that of tanh.",
    nudge="Which non-linearity does the forward pass use?",
)
def _(hpreact, dh):
    return (hpreact > 0) * dh


@wrong(
    "ex1.dhpreact",
    "upstream-missing",
    says="Only the local derivative is returned: the upstream gradient is missing.",
    nudge="What does the chain rule do with a local derivative?",
)
def _(h):
    return 1.0 - h**2


@wrong(
    "ex1.dhpreact",
    "passed-through",
    says="The upstream gradient is passed through as if the tanh were not there.",
    nudge="How much gets through a unit that is saturated?",
)
def _(dh):
    return dh.clone()


@wrong(
    "ex1.dhpreact",
    "sign-swapped",
    says="The slope of tanh is negative in this formula.",
    nudge="Is tanh a rising or a falling function?",
)
def _(h, dh):
    return (h**2 - 1.0) * dh


@wrong(
    "ex1.dhpreact",
    "bracket-missing",
    says="A bracket is missing: the product binds before the subtraction from 1.",
    nudge="In which order are the minus and the multiplication carried out?",
)
def _(h, dh):
    return 1.0 - h**2 * dh


@wrong(
    "ex1.dhpreact",
    "tanh-twice",
    says="tanh is applied to h, which has been through it already.",
    nudge="Is h the input or the output of tanh?",
)
def _(h, dh):
    return (1.0 - torch.tanh(h) ** 2) * dh


@wrong(
    "ex1.dhpreact",
    "differentiated-twice",
    says="The slope 1 - h^2 is differentiated once more.",
    nudge="How often does the backward pass differentiate one forward line?",
)
def _(h, dh):
    return -2.0 * h * dh


@wrong(
    "ex1.dhpreact",
    "hyperbolic-secant-not-squared",
    says="The slope of tanh is the square of the hyperbolic secant; the square is missing.",
    nudge="Compare your slope at 1 with (tanh(1.001) - tanh(1)) / 0.001.",
)
def _(hpreact, dh):
    return dh / torch.cosh(hpreact)


@wrong(
    "ex1.dhpreact",
    "in-place-activations",
    says="The slope is computed in place of h, which other lines still need.",
    nudge="Print h after the call: is it still what the forward pass made?",
)
def _(h, dh):
    return h.pow_(2).neg_().add_(1.0).mul_(dh)


@wrong(
    "ex1.dhpreact",
    "in-place-upstream",
    says="The upstream gradient dh is changed in place and is lost for everyone else.",
    nudge="Print dh after the call: is it still the gradient that came in?",
)
def _(h, dh):
    dh *= 1.0 - h**2
    return dh


# dbngain


@wrong(
    "ex1.dbngain",
    "sum-missing",
    says="The sum that undoes the broadcast is missing.",
    nudge="Compare the shapes of bngain and hpreact: how many examples share one gain?",
)
def _(bnraw, dhpreact):
    return bnraw * dhpreact


@wrong(
    "ex1.dbngain",
    "wrong-axis",
    says="The sum runs over the features, but the gain was broadcast down the batch.",
    nudge="Which dimension of bngain has size 1?",
)
def _(bnraw, dhpreact):
    return (bnraw * dhpreact).sum(1, keepdim=True)


@wrong(
    "ex1.dbngain",
    "mean-for-sum",
    says="The examples are averaged; the loss has divided by the batch size already.",
    nudge="If a number is used many times, is its effect on the loss the mean of the effects?",
)
def _(bnraw, dhpreact):
    return (bnraw * dhpreact).mean(0, keepdim=True)


@wrong(
    "ex1.dbngain",
    "local-derivative-missing",
    says="The factor that the gain multiplies is missing: this is the gradient of the shift.",
    nudge="In which way do gain and shift enter the line of hpreact?",
)
def _(dhpreact):
    return dhpreact.sum(0, keepdim=True)


@wrong(
    "ex1.dbngain",
    "own-factor",
    says="The upstream gradient is multiplied by the gain itself, not by the other factor.",
    nudge="In c = a * b, is dc/da made of a or of b?",
)
def _(bngain, dhpreact):
    return (bngain * dhpreact).sum(0, keepdim=True)


@wrong(
    "ex1.dbngain",
    "centred-for-normalised",
    says="The centred features bndiff stand where the normalised ones belong.",
    nudge="Which tensor does the gain multiply in the forward pass?",
)
def _(bndiff, dhpreact):
    return (bndiff * dhpreact).sum(0, keepdim=True)


@wrong(
    "ex1.dbngain",
    "value-for-upstream",
    says="hpreact is used where its gradient belongs.",
    nudge="Compare the names: which of hpreact and dhpreact belongs into a backward pass?",
)
def _(bnraw, hpreact):
    return (bnraw * hpreact).sum(0, keepdim=True)


@wrong(
    "ex1.dbngain",
    "summed-before-product",
    says="Both factors are summed first, and a normalised feature sums to 0 over its batch.",
    nudge="Can the feature of one example meet the gradient of another?",
)
def _(bnraw, dhpreact):
    return bnraw.sum(0, keepdim=True) * dhpreact.sum(0, keepdim=True)


@wrong(
    "ex1.dbngain",
    "matrix-product",
    says="A matrix product mixes every feature with every other; the gain works entry by entry.",
    nudge="Does the forward line use `*` or `@`?",
)
def _(bnraw, dhpreact):
    return bnraw.T @ dhpreact


# dbnbias


@wrong(
    "ex1.dbnbias",
    "sum-missing",
    says="The sum that undoes the broadcast is missing.",
    nudge="Compare the shapes of bnbias and hpreact: how many examples share one shift?",
)
def _(dhpreact):
    return dhpreact.clone()


@wrong(
    "ex1.dbnbias",
    "wrong-axis",
    says="The sum runs over the features, but the shift was broadcast down the batch.",
    nudge="Which dimension of bnbias has size 1?",
)
def _(dhpreact):
    return dhpreact.sum(1, keepdim=True)


@wrong(
    "ex1.dbnbias",
    "mean-for-sum",
    says="The examples are averaged; the loss has divided by the batch size already.",
    nudge="If a number is used many times, is its effect on the loss the mean of the effects?",
)
def _(dhpreact):
    return dhpreact.mean(0, keepdim=True)


@wrong(
    "ex1.dbnbias",
    "scaled-by-gain",
    says="The gain is applied, but the shift is added after the gain.",
    nudge="Which operations lie on the way from bnbias to hpreact?",
)
def _(bngain, dhpreact):
    return (bngain * dhpreact).sum(0, keepdim=True)


@wrong(
    "ex1.dbnbias",
    "gradient-of-gain",
    says="The normalised feature is multiplied in: this is the gradient of the gain.",
    nudge="In which way do gain and shift enter the line of hpreact?",
)
def _(bnraw, dhpreact):
    return (bnraw * dhpreact).sum(0, keepdim=True)


# dbnraw


@wrong(
    "ex1.dbnraw",
    "passed-through",
    says="The upstream gradient is passed through without the gain.",
    nudge="What is bnraw multiplied by in the forward pass?",
)
def _(dhpreact):
    return dhpreact.clone()


@wrong(
    "ex1.dbnraw",
    "upstream-missing",
    says="Only the local derivative is returned: the upstream gradient is missing.",
    nudge="What does the chain rule do with a local derivative?",
)
def _(bngain, bnraw):
    return bngain.expand_as(bnraw).clone()


@wrong(
    "ex1.dbnraw",
    "divided",
    says="The gain is divided out, as if the forward line were to be inverted.",
    nudge="If the gain of a feature doubles, does that feature matter more or less to the loss?",
)
def _(bngain, dhpreact):
    return dhpreact / bngain


@wrong(
    "ex1.dbnraw",
    "forward-line-repeated",
    says="The shift is added to the gradient: this is the forward line, applied to a gradient.",
    nudge="Does the derivative of a * x + b with respect to x know about b?",
)
def _(bngain, bnbias, dhpreact):
    return bngain * dhpreact + bnbias


@wrong(
    "ex1.dbnraw",
    "summed-over-batch",
    says="A sum over the batch is taken, but bnraw was not broadcast.",
    nudge="Which of the two factors has a dimension of size 1?",
)
def _(bngain, dhpreact):
    return (bngain * dhpreact).sum(0, keepdim=True)


@wrong(
    "ex1.dbnraw",
    "own-factor",
    says="The upstream gradient is multiplied by bnraw itself, not by the other factor.",
    nudge="In c = a * b, is dc/db made of a or of b?",
)
def _(bnraw, dhpreact):
    return bnraw * dhpreact


@wrong(
    "ex1.dbnraw",
    "in-place-upstream",
    says="The upstream gradient dhpreact is changed in place and is lost for everyone else.",
    nudge="The gradients of gain and shift need dhpreact as well: what will they find there?",
)
def _(bngain, dhpreact):
    dhpreact *= bngain
    return dhpreact


# dbnvar_inv


@wrong(
    "ex1.dbnvar_inv",
    "sum-missing",
    says="The sum that undoes the broadcast is missing.",
    nudge="Compare the shapes of bnvar_inv and bnraw: how many examples share one factor?",
)
def _(bndiff, dbnraw):
    return bndiff * dbnraw


@wrong(
    "ex1.dbnvar_inv",
    "wrong-axis",
    says="The sum runs over the features, but the factor was broadcast down the batch.",
    nudge="Which dimension of bnvar_inv has size 1?",
)
def _(bndiff, dbnraw):
    return (bndiff * dbnraw).sum(1, keepdim=True)


@wrong(
    "ex1.dbnvar_inv",
    "mean-for-sum",
    says="The uses of a broadcast tensor are averaged; their gradients add up.",
    nudge="If a number is used many times, is its effect on the loss the mean of the effects?",
)
def _(bndiff, dbnraw):
    return (bndiff * dbnraw).mean(0, keepdim=True)


@wrong(
    "ex1.dbnvar_inv",
    "local-derivative-missing",
    says="The upstream gradient is summed without the factor that bnvar_inv was multiplied by.",
    nudge="In c = a * b, what does the derivative with respect to b depend on?",
)
def _(dbnraw):
    return dbnraw.sum(0, keepdim=True)


@wrong(
    "ex1.dbnvar_inv",
    "own-factor",
    says="The upstream gradient is multiplied by bnvar_inv itself, not by the other factor.",
    nudge="In c = a * b, is dc/db made of a or of b?",
)
def _(bnvar_inv, dbnraw):
    return (bnvar_inv * dbnraw).sum(0, keepdim=True)


@wrong(
    "ex1.dbnvar_inv",
    "output-for-factor",
    says="The product, bnraw, is used where the other factor, bndiff, belongs.",
    nudge="What was bnvar_inv multiplied by in the forward pass?",
)
def _(bnraw, dbnraw):
    return (bnraw * dbnraw).sum(0, keepdim=True)


@wrong(
    "ex1.dbnvar_inv",
    "summed-before-product",
    says="Both factors are summed first, and a centred feature sums to 0 over its batch.",
    nudge="Can the feature of one example meet the gradient of another?",
)
def _(bndiff, dbnraw):
    return bndiff.sum(0, keepdim=True) * dbnraw.sum(0, keepdim=True)


# dbnvar


@wrong(
    "ex1.dbnvar",
    "sign-missing",
    says="The minus that the power rule brings down is missing.",
    nudge="When the variance grows, does one over the standard deviation grow?",
)
def _(bnvar, dbnvar_inv):
    return 0.5 * (bnvar + 1e-5) ** -1.5 * dbnvar_inv


@wrong(
    "ex1.dbnvar",
    "half-missing",
    says="The size of the exponent, which the power rule brings down as a factor, is missing.",
    nudge="What two things does the power rule do with an exponent?",
)
def _(bnvar, dbnvar_inv):
    return -((bnvar + 1e-5) ** -1.5) * dbnvar_inv


@wrong(
    "ex1.dbnvar",
    "exponent-kept",
    says="The exponent has not moved: it is still that of the forward line.",
    nudge="What two things does the power rule do with an exponent?",
)
def _(bnvar, dbnvar_inv):
    return -0.5 * (bnvar + 1e-5) ** -0.5 * dbnvar_inv


@wrong(
    "ex1.dbnvar",
    "exponent-raised",
    says="The exponent is raised by one where the power rule lowers it.",
    nudge="Check the power rule on x squared: in which direction does the exponent move?",
)
def _(bnvar, dbnvar_inv):
    return -0.5 * (bnvar + 1e-5) ** 0.5 * dbnvar_inv


@wrong(
    "ex1.dbnvar",
    "exponent-positive",
    says="The exponent has lost its minus: large variances get large gradients.",
    nudge="Is the curve of one over a square root steeper at 1 or at 100?",
)
def _(bnvar, dbnvar_inv):
    return -0.5 * (bnvar + 1e-5) ** 1.5 * dbnvar_inv


@wrong(
    "ex1.dbnvar",
    "slope-of-root",
    says="This is the derivative of the square root: the reciprocal has been left out.",
    nudge="Read the exponent of the forward line again, with its sign.",
)
def _(bnvar, dbnvar_inv):
    return 0.5 * (bnvar + 1e-5) ** -0.5 * dbnvar_inv


@wrong(
    "ex1.dbnvar",
    "slope-of-reciprocal",
    says="This is the derivative of 1/x: the square root has been left out.",
    nudge="Read the exponent of the forward line again, with its size.",
)
def _(bnvar, dbnvar_inv):
    return -((bnvar + 1e-5) ** -2) * dbnvar_inv


@wrong(
    "ex1.dbnvar",
    "inverse-for-variance",
    says="The derivative is evaluated at bnvar_inv, the output of the line, not at its input.",
    nudge="The derivative of a function is evaluated where: at what goes in or at what comes out?",
)
def _(bnvar_inv, dbnvar_inv):
    return -0.5 * bnvar_inv**-1.5 * dbnvar_inv


@wrong(
    "ex1.dbnvar",
    "epsilon-missing",
    says="The epsilon of the forward line is missing under the power.",
    nudge="What would your formula return for a feature that is the same in the whole batch?",
)
def _(bnvar, dbnvar_inv):
    return -0.5 * bnvar**-1.5 * dbnvar_inv


@wrong(
    "ex1.dbnvar",
    "upstream-missing",
    says="Only the local derivative is returned: the upstream gradient is missing.",
    nudge="What does the chain rule do with a local derivative?",
)
def _(bnvar):
    return -0.5 * (bnvar + 1e-5) ** -1.5


# dbndiff2


@wrong(
    "ex1.dbndiff2",
    "n-for-n-minus-1",
    says="Bessel's correction is missing: the forward pass does not divide by n.",
    nudge="Is the variance of the forward pass the biased or the unbiased one?",
)
def _(bndiff2, dbnvar, n):
    return dbnvar.expand_as(bndiff2) / n


@wrong(
    "ex1.dbndiff2",
    "denominator-missing",
    says="The denominator of the variance is missing: it is treated as a plain sum.",
    nudge="If one squared difference grows by 1, by how much does the variance grow?",
)
def _(bndiff2, dbnvar):
    return dbnvar.expand_as(bndiff2).clone()


@wrong(
    "ex1.dbndiff2",
    "broadcast-missing",
    says="The gradient is not broadcast: it has one row, but bndiff2 has one for every example.",
    nudge="What shape must the gradient of bndiff2 have, and how many numbers are in it?",
)
def _(dbnvar, n):
    return dbnvar / (n - 1)


@wrong(
    "ex1.dbndiff2",
    "bracket-missing",
    says="A bracket is missing: 1/n - 1 is not one over n - 1.",
    nudge="In which order are the division and the subtraction carried out?",
)
def _(bndiff2, dbnvar, n):
    return (1.0 / n - 1) * torch.ones_like(bndiff2) * dbnvar


@wrong(
    "ex1.dbndiff2",
    "hidden-for-n",
    says="The denominator counts the features, not the examples.",
    nudge="Over which axis does the forward pass sum, and how long is that axis?",
)
def _(bndiff2, dbnvar, hidden):
    return dbnvar.expand_as(bndiff2) / (hidden - 1)


@wrong(
    "ex1.dbndiff2",
    "value-for-slope",
    says="bndiff2 is multiplied in: the slope of a sum is taken for its terms.",
    nudge="If one term of a sum grows by 1, by how much does the sum grow?",
)
def _(bndiff2, dbnvar, n):
    return bndiff2 * dbnvar / (n - 1)


@wrong(
    "ex1.dbndiff2",
    "slope-of-square-included",
    says="The slope of the square is applied already: that belongs one line further up.",
    nudge="Does the line of bnvar contain the square?",
)
def _(bndiff, dbnvar, n):
    return 2.0 * bndiff * dbnvar / (n - 1)


@wrong(
    "ex1.dbndiff2",
    "upstream-missing",
    says="Only the local derivative is returned: the upstream gradient is missing.",
    nudge="What does the chain rule do with a local derivative?",
)
def _(bndiff2, n):
    return torch.full_like(bndiff2, 1.0 / (n - 1))


@wrong(
    "ex1.dbndiff2",
    "only-batch-of-32",
    says="The denominator is written out as 31, for a batch of 32.",
    nudge="Where could the batch size be read from, for a batch of any size?",
)
def _(bndiff2, dbnvar):
    return dbnvar.expand_as(bndiff2) / 31


# dbndiff


@wrong(
    "ex1.dbndiff",
    "variance-branch-missing",
    says="The branch through bndiff2 is missing: bndiff is read by two lines.",
    nudge="Which lines of the forward pass have bndiff on their right-hand side?",
)
def _(bnvar_inv, dbnraw):
    return bnvar_inv * dbnraw


@wrong(
    "ex1.dbndiff",
    "scale-branch-overwritten",
    says="Only the branch through bndiff2 is left: the one through bnraw is overwritten.",
    nudge="When a second gradient arrives at the same tensor, does it replace the first?",
)
def _(bndiff, dbndiff2):
    return 2.0 * bndiff * dbndiff2


@wrong(
    "ex1.dbndiff",
    "plus-for-product",
    says="In the branch through bndiff2 the upstream gradient is added, not multiplied.",
    nudge="Where in backpropagation do gradients add up, and where are they multiplied?",
)
def _(bndiff, bnvar_inv, dbnraw, dbndiff2):
    return bnvar_inv * dbnraw + (2.0 * bndiff + dbndiff2)


@wrong(
    "ex1.dbndiff",
    "factor-2-missing",
    says="The exponent of the square, which the power rule brings down as a factor, is missing.",
    nudge="What two things does the power rule do with an exponent?",
)
def _(bndiff, bnvar_inv, dbnraw, dbndiff2):
    return bnvar_inv * dbnraw + bndiff * dbndiff2


@wrong(
    "ex1.dbndiff",
    "slope-of-square-constant",
    says="The slope of the square is taken to be 2 everywhere.",
    nudge="Is a parabola equally steep at every point?",
)
def _(bnvar_inv, dbnraw, dbndiff2):
    return bnvar_inv * dbnraw + 2.0 * dbndiff2


@wrong(
    "ex1.dbndiff",
    "exponent-kept",
    says="The square is still a square: the power rule has not lowered the exponent.",
    nudge="What two things does the power rule do with an exponent?",
)
def _(bndiff2, bnvar_inv, dbnraw, dbndiff2):
    return bnvar_inv * dbnraw + 2.0 * bndiff2 * dbndiff2


@wrong(
    "ex1.dbndiff",
    "normalised-for-centred",
    says="The slope of the square is evaluated at bnraw, not at bndiff.",
    nudge="Which tensor is squared in the forward pass?",
)
def _(bnraw, bnvar_inv, dbnraw, dbndiff2):
    return bnvar_inv * dbnraw + 2.0 * bnraw * dbndiff2


@wrong(
    "ex1.dbndiff",
    "scale-missing",
    says="The branch through bnraw passes its gradient on without the factor of the product.",
    nudge="What was bndiff multiplied by to make bnraw?",
)
def _(bndiff, dbnraw, dbndiff2):
    return dbnraw + 2.0 * bndiff * dbndiff2


@wrong(
    "ex1.dbndiff",
    "own-factor",
    says="In the branch through bnraw the upstream gradient is multiplied by bndiff itself.",
    nudge="In c = a * b, is dc/da made of a or of b?",
)
def _(bndiff, dbnraw, dbndiff2):
    return bndiff * dbnraw + 2.0 * bndiff * dbndiff2


@wrong(
    "ex1.dbndiff",
    "branches-subtracted",
    says="The branch through bndiff2 is subtracted; its sign is in dbndiff2 already.",
    nudge="In which function did the minus of the inverse root enter?",
)
def _(bndiff, bnvar_inv, dbnraw, dbndiff2):
    return bnvar_inv * dbnraw - 2.0 * bndiff * dbndiff2


@wrong(
    "ex1.dbndiff",
    "in-place-upstream",
    says="The upstream gradient dbnraw is changed in place and is lost for everyone else.",
    nudge="Print dbnraw after the call: is it still the gradient that came in?",
)
def _(bndiff, bnvar_inv, dbnraw, dbndiff2):
    dbnraw *= bnvar_inv
    dbnraw += 2.0 * bndiff * dbndiff2
    return dbnraw


# dbnmeani


@wrong(
    "ex1.dbnmeani",
    "sign-missing",
    says="The minus of the subtraction is missing.",
    nudge="When the mean grows, do the centred features grow?",
)
def _(dbndiff):
    return dbndiff.sum(0, keepdim=True)


@wrong(
    "ex1.dbnmeani",
    "sum-missing",
    says="The sum that undoes the broadcast is missing.",
    nudge="From how many examples was each mean subtracted?",
)
def _(dbndiff):
    return -dbndiff


@wrong(
    "ex1.dbnmeani",
    "wrong-axis",
    says="The sum runs over the features, but the mean was broadcast down the batch.",
    nudge="Which dimension of bnmeani has size 1?",
)
def _(dbndiff):
    return -dbndiff.sum(1, keepdim=True)


@wrong(
    "ex1.dbnmeani",
    "mean-for-sum",
    says="The 1/n of the mean is applied here, but this line only subtracts the mean.",
    nudge="Which line takes the mean, and whose gradient goes back through it?",
)
def _(dbndiff):
    return -dbndiff.mean(0, keepdim=True)


@wrong(
    "ex1.dbnmeani",
    "sign-missing-and-mean-for-sum",
    says="The mean is differentiated in place of the subtraction: no minus, and a 1/n too early.",
    nudge="Which line reads bnmeani, and which one makes it?",
)
def _(dbndiff):
    return dbndiff.mean(0, keepdim=True)


@wrong(
    "ex1.dbnmeani",
    "zero-by-cancellation",
    says="The mean's way through the variance cancels, but the one through bnraw does not.",
    nudge="What would this line have to return for an arbitrary upstream gradient?",
)
def _(bnmeani):
    return torch.zeros_like(bnmeani)


# dhprebn


@wrong(
    "ex1.dhprebn",
    "mean-branch-missing",
    says="The branch through bnmeani is missing: hprebn is read by two lines.",
    nudge="Which lines of the forward pass have hprebn on their right-hand side?",
)
def _(dbndiff):
    return dbndiff.clone()


@wrong(
    "ex1.dhprebn",
    "direct-branch-overwritten",
    says="Only the branch through bnmeani is left: the direct one is overwritten.",
    nudge="When a second gradient arrives at the same tensor, does it replace the first?",
)
def _(hprebn, dbnmeani, n):
    return dbnmeani.expand_as(hprebn) / n


@wrong(
    "ex1.dhprebn",
    "mean-branch-subtracted",
    says="The branch through bnmeani is subtracted; its minus is in dbnmeani already.",
    nudge="In which function did the minus of the subtraction enter?",
)
def _(dbndiff, dbnmeani, n):
    return dbndiff - dbnmeani / n


@wrong(
    "ex1.dhprebn",
    "denominator-missing",
    says="The 1/n of the mean is missing: it is treated as a sum.",
    nudge="If one example grows by 1, by how much does the mean grow?",
)
def _(dbndiff, dbnmeani):
    return dbndiff + dbnmeani


@wrong(
    "ex1.dhprebn",
    "bessel-in-the-mean",
    says="Bessel's correction is applied to the mean; only the variance has it.",
    nudge="By what does the forward pass divide when it takes the mean?",
)
def _(dbndiff, dbnmeani, n):
    return dbndiff + dbnmeani / (n - 1)


@wrong(
    "ex1.dhprebn",
    "hidden-for-n",
    says="The mean's gradient is divided by the number of features, not by that of examples.",
    nudge="Over which axis does the forward pass take the mean, and how long is that axis?",
)
def _(dbndiff, dbnmeani, hidden):
    return dbndiff + dbnmeani / hidden


@wrong(
    "ex1.dhprebn",
    "diagonal-alone",
    says="Each example is credited with its own share of the mean only; it moves all examples.",
    nudge="If one example grows, which entries of bndiff change?",
)
def _(dbndiff, n):
    return dbndiff * (1.0 - 1.0 / n)


@wrong(
    "ex1.dhprebn",
    "in-place-upstream",
    says="Without a copy, the mean's branch is added into dbndiff itself.",
    nudge="Print dbndiff after the call: is it still the gradient that came in?",
)
def _(dbndiff, dbnmeani, n):
    dhprebn = dbndiff
    dhprebn += dbnmeani / n
    return dhprebn


@wrong(
    "ex1.dhprebn",
    "only-batch-of-32",
    says="The batch size is written out as 32.",
    nudge="Where could the batch size be read from, for a batch of any size?",
)
def _(dbndiff, dbnmeani):
    return dbndiff + dbnmeani / 32


# dembcat


@wrong(
    "ex1.dembcat",
    "reshaped-for-transposed",
    says="W1 is reshaped, not transposed: the shapes fit, but the numbers are in other places.",
    nudge="Try both on a matrix of 2 by 3 and look at where each number goes.",
)
def _(W1, dhprebn):
    return dhprebn @ W1.reshape(W1.shape[1], W1.shape[0])


@wrong(
    "ex1.dembcat",
    "result-transposed",
    says="The product is taken the other way round, so the result is transposed.",
    nudge="What shape must the gradient of embcat have?",
)
def _(W1, dhprebn):
    return W1 @ dhprebn.T


@wrong(
    "ex1.dembcat",
    "summed-before-product",
    says="Weights and gradients are summed over the features apart; the products must be summed.",
    nudge="Write one entry of embcat @ W1 out: with which weight does each input enter?",
)
def _(W1, dhprebn):
    return dhprebn.sum(1, keepdim=True) * W1.sum(1)


@wrong(
    "ex1.dembcat",
    "divided-by-n",
    says="The result is divided by the batch size once more; the loss has done so already.",
    nudge="Does the line of hprebn take a mean over the batch?",
)
def _(W1, dhprebn, n):
    return dhprebn @ W1.T / n


@wrong(
    "ex1.dembcat",
    "unflattened-too-early",
    says="The gradient is in the shape of emb: the reshaping belongs one line further up.",
    nudge="What shape must the gradient of embcat have?",
)
def _(emb, W1, dhprebn):
    return (dhprebn @ W1.T).reshape(emb.shape)


# dW1


@wrong(
    "ex1.dW1",
    "result-transposed",
    says="The product is taken the other way round, so the result is transposed.",
    nudge="What shape must the gradient of W1 have?",
)
def _(embcat, dhprebn):
    return dhprebn.T @ embcat


@wrong(
    "ex1.dW1",
    "reshaped-for-transposed",
    says="embcat is reshaped, not transposed: the shapes fit, but the numbers are in other places.",
    nudge="Try both on a matrix of 2 by 3 and look at where each number goes.",
)
def _(embcat, dhprebn):
    return embcat.reshape(embcat.shape[1], embcat.shape[0]) @ dhprebn


@wrong(
    "ex1.dW1",
    "mean-for-sum",
    says="The examples are averaged; the loss has divided by the batch size already.",
    nudge="Does the line of hprebn take a mean over the batch?",
)
def _(embcat, dhprebn, n):
    return embcat.T @ dhprebn / n


@wrong(
    "ex1.dW1",
    "sum-missing",
    says="There is one gradient for every example: the sum over the batch is missing.",
    nudge="How many weights are there, and how many examples share them?",
)
def _(embcat, dhprebn):
    return embcat[:, :, None] * dhprebn[:, None, :]


@wrong(
    "ex1.dW1",
    "summed-before-product",
    says="Inputs and gradients are summed over the batch apart; the products must be summed.",
    nudge="Can the input of one example meet the gradient of another?",
)
def _(embcat, dhprebn):
    return torch.outer(embcat.sum(0), dhprebn.sum(0))


@wrong(
    "ex1.dW1",
    "embeddings-interleaved",
    says="The embeddings are flattened feature by feature, not position by position.",
    nudge="In which order does embcat hold the numbers of one context?",
)
def _(emb, dhprebn):
    return emb.transpose(1, 2).reshape(emb.shape[0], -1).T @ dhprebn


@wrong(
    "ex1.dW1",
    "descent-sign",
    says="The minus of gradient descent is put into the gradient; it belongs into the update.",
    nudge="In which direction does a gradient point, and in which does a step go?",
)
def _(embcat, dhprebn):
    return -(embcat.T @ dhprebn)


# db1


@wrong(
    "ex1.db1",
    "sum-missing",
    says="The sum that undoes the broadcast is missing.",
    nudge="To how many rows is the same bias added?",
)
def _(dhprebn):
    return dhprebn.clone()


@wrong(
    "ex1.db1",
    "wrong-axis",
    says="The sum runs along the row, but the bias was broadcast down the batch.",
    nudge="How many entries does b1 have, and how many does your result have?",
)
def _(dhprebn):
    return dhprebn.sum(1)


@wrong(
    "ex1.db1",
    "mean-for-sum",
    says="The examples are averaged; the loss has divided by the batch size already.",
    nudge="If a number is used many times, is its effect on the loss the mean of the effects?",
)
def _(dhprebn):
    return dhprebn.mean(0)


@wrong(
    "ex1.db1",
    "zero-by-cancellation",
    says="Zero is what batch norm makes of it; this line alone does not know what comes after it.",
    nudge="What would this line have to return for an arbitrary upstream gradient?",
)
def _(b1):
    return torch.zeros_like(b1)


@wrong(
    "ex1.db1",
    "summed-over-everything",
    says="The sum without an axis mixes all biases into one number.",
    nudge="How many different biases are there?",
)
def _(dhprebn):
    return dhprebn.sum()


# demb


@wrong(
    "ex1.demb",
    "positions-before-examples",
    says="The numbers are read as if all first positions came first, then all second ones.",
    nudge="Which numbers of one row of embcat belong to the first character of the context?",
)
def _(emb, dembcat):
    examples, positions, features = emb.shape
    return dembcat.reshape(positions, examples, features).transpose(0, 1)


@wrong(
    "ex1.demb",
    "features-before-positions",
    says="Within a row the numbers are read feature by feature, not position by position.",
    nudge="In which order does embcat hold the numbers of one context?",
)
def _(emb, dembcat):
    examples, positions, features = emb.shape
    return dembcat.reshape(examples, features, positions).transpose(1, 2)


@wrong(
    "ex1.demb",
    "axes-swapped",
    says="Positions and features have changed places in the shape.",
    nudge="Print the shape of emb: which of its axes is the context?",
)
def _(emb, dembcat):
    examples, positions, features = emb.shape
    return dembcat.reshape(examples, features, positions)


@wrong(
    "ex1.demb",
    "columns-before-rows",
    says="The gradient is transposed before it is reshaped, which mixes the examples.",
    nudge="Does the first row of dembcat still end up in the first example?",
)
def _(emb, dembcat):
    return dembcat.T.reshape(emb.shape)


@wrong(
    "ex1.demb",
    "reshape-missing",
    says="The gradient still has the shape of embcat.",
    nudge="What shape must the gradient of emb have?",
)
def _(dembcat):
    return dembcat.clone()


@wrong(
    "ex1.demb",
    "summed-over-positions",
    says="The positions of the context are summed; laying tensors side by side adds nothing up.",
    nudge="How many entries of embcat does one entry of emb become?",
)
def _(emb, dembcat):
    return dembcat.reshape(emb.shape).sum(1)


@wrong(
    "ex1.demb",
    "only-lecture-sizes",
    says="The shape is written out as (32, 3, 10).",
    nudge="Which tensor has the right shape for any batch and any context?",
)
def _(dembcat):
    return dembcat.reshape(32, 3, 10)


# dC


@wrong(
    "ex1.dC",
    "repeats-overwritten",
    says="Indexed assignment, `=` as well as `+=`, writes each row once: repeats are not added up.",
    nudge="Try `t[[0, 0]] += 1` on a tensor of zeros: what is in t afterwards?",
)
def _(C, Xb, demb):
    dC = torch.zeros_like(C)
    dC[Xb] += demb
    return dC


@wrong(
    "ex1.dC",
    "repeats-within-context-overwritten",
    says="A character that occurs twice in one context is counted once.",
    nudge="What does an indexed `+=` do for the context of a name's first character?",
)
def _(C, Xb, demb):
    dC = torch.zeros_like(C)
    for example in range(Xb.shape[0]):
        dC[Xb[example]] += demb[example]
    return dC


@wrong(
    "ex1.dC",
    "repeats-within-position-overwritten",
    says="Examples with the same character at the same position are counted once.",
    nudge="What does an indexed `+=` do when one index occurs several times?",
)
def _(C, Xb, demb):
    dC = torch.zeros_like(C)
    for position in range(Xb.shape[1]):
        dC[Xb[:, position]] += demb[:, position]
    return dC


@wrong(
    "ex1.dC",
    "mean-over-occurrences",
    says="The occurrences of a character are averaged; their gradients add up.",
    nudge="If a row is used many times, is its effect on the loss the mean of the effects?",
)
def _(C, Xb, demb):
    dC = torch.zeros_like(C).index_add_(0, Xb.flatten(), demb.flatten(0, 1))
    occurrences = torch.bincount(Xb.flatten(), minlength=C.shape[0])
    return dC / occurrences.clamp(min=1)[:, None]


@wrong(
    "ex1.dC",
    "first-position-alone",
    says="Only the first character of each context is counted.",
    nudge="How many rows of the table does one context look up?",
)
def _(C, Xb, demb):
    return torch.zeros_like(C).index_add_(0, Xb[:, 0], demb[:, 0])


@wrong(
    "ex1.dC",
    "last-position-alone",
    says="Only the last character of each context is counted.",
    nudge="How many rows of the table does one context look up?",
)
def _(C, Xb, demb):
    return torch.zeros_like(C).index_add_(0, Xb[:, -1], demb[:, -1])


@wrong(
    "ex1.dC",
    "row-by-position",
    says="The rows are indexed by the position in the context, not by the character there.",
    nudge="What do the rows of the embedding table stand for?",
)
def _(C, demb):
    dC = torch.zeros_like(C)
    for position in range(demb.shape[1]):
        dC[position] += demb[:, position].sum(0)
    return dC


@wrong(
    "ex1.dC",
    "positions-mixed",
    says="The positions are summed first, so each character also gets its neighbours' gradients.",
    nudge="Which gradient belongs to the second character of a context?",
)
def _(C, Xb, demb):
    seen = functional.one_hot(Xb, C.shape[0]).sum(1).to(demb.dtype)
    return seen.T @ demb.sum(1)


@wrong(
    "ex1.dC",
    "labels-for-contexts",
    says="The gradients go to the rows of the labels, not to those of the contexts.",
    nudge="Which integer tensor does the line of emb read?",
)
def _(C, Yb, demb):
    return torch.zeros_like(C).index_add_(0, Yb, demb.sum(1))


@wrong(
    "ex1.dC",
    "scatter-missing",
    says="The gradient of the looked-up rows is returned, not that of the table.",
    nudge="What shape must the gradient of C have?",
)
def _(demb):
    return demb.clone()


@wrong(
    "ex1.dC",
    "started-from-table",
    says="The gradients are added onto the table itself, not onto zeros.",
    nudge="What should the gradient be for a character that does not occur in the batch?",
)
def _(C, Xb, demb):
    return C.clone().index_add_(0, Xb.flatten(), demb.flatten(0, 1))


@wrong(
    "ex1.dC",
    "order-mismatched",
    says="Indices and gradients are flattened in different orders, so they no longer match.",
    nudge="Which gradient stands next to the second index after both are flattened?",
)
def _(C, Xb, demb):
    return torch.zeros_like(C).index_add_(0, Xb.T.flatten(), demb.flatten(0, 1))


@wrong(
    "ex1.dC",
    "in-place-table",
    says="`dC = C` is a second name, not a copy: the embedding table is overwritten.",
    nudge="Print C after the call: is it still the table of the forward pass?",
)
def _(C, Xb, demb):
    dC = C
    dC.zero_()
    return dC.index_add_(0, Xb.flatten(), demb.flatten(0, 1))


@wrong(
    "ex1.dC",
    "only-one-hot-of-characters-seen",
    says="Without `num_classes`, one_hot makes no rows beyond the batch's last character.",
    nudge="What is the shape of the result for a batch in which the last character never occurs?",
)
def _(Xb, demb):
    seen = functional.one_hot(Xb.flatten()).to(demb.dtype)
    return seen.T @ demb.flatten(0, 1)


@wrong(
    "ex1.dC",
    "only-lecture-sizes",
    says="The loops are written out for a batch of 32 and a context of 3.",
    nudge="Where could the bounds of the loops be read from?",
)
def _(C, Xb, demb):
    dC = torch.zeros_like(C)
    for example in range(32):
        for position in range(3):
            dC[Xb[example, position]] += demb[example, position]
    return dC
