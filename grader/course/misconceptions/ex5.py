# mypy: disable-error-code="no-untyped-def"
"""Misconceptions about exercise 5: the leaky abstraction."""

import itertools

import torch
from torch.nn import functional

from grader.course.misconceptions import wrong

# dhprebn, for the biased variance


def _standardised(hprebn):
    """Return the inverse deviation and the normalised features, for the biased variance."""
    inverse = (hprebn.var(0, keepdim=True, unbiased=False) + 1e-5) ** -0.5
    return inverse, (hprebn - hprebn.mean(0, keepdim=True)) * inverse


@wrong(
    "ex5.dhprebn",
    "unbiased-variance",
    says="This is the gradient of exercise 3, for the unbiased variance.",
    nudge="Which of the factors in exercise 3 came from Bessel's correction?",
)
def _(hprebn, bngain, dhpreact_biased, n):
    inverse = (hprebn.var(0, keepdim=True, unbiased=True) + 1e-5) ** -0.5
    raw = (hprebn - hprebn.mean(0, keepdim=True)) * inverse
    mean = dhpreact_biased.mean(0, keepdim=True)
    along = (dhpreact_biased * raw).sum(0, keepdim=True) / (n - 1)
    return bngain * inverse * (dhpreact_biased - mean - raw * along)


@wrong(
    "ex5.dhprebn",
    "bessel-left-in-sum",
    says="The variance's term still has the n - 1 of exercise 3.",
    nudge="What does the biased variance divide its sum of squares by?",
)
def _(hprebn, bngain, dhpreact_biased, n):
    inverse, raw = _standardised(hprebn)
    mean = dhpreact_biased.mean(0, keepdim=True)
    along = (dhpreact_biased * raw).sum(0, keepdim=True) / (n - 1)
    return bngain * inverse * (dhpreact_biased - mean - raw * along)


@wrong(
    "ex5.dhprebn",
    "bessel-left-in-variance",
    says="The variance is recomputed with torch's default, which is the unbiased one.",
    nudge="What does `var` divide by unless it is told otherwise?",
)
def _(hprebn, bngain, dhpreact_biased):
    inverse = (hprebn.var(0, keepdim=True) + 1e-5) ** -0.5
    raw = (hprebn - hprebn.mean(0, keepdim=True)) * inverse
    mean = dhpreact_biased.mean(0, keepdim=True)
    along = (dhpreact_biased * raw).mean(0, keepdim=True)
    return bngain * inverse * (dhpreact_biased - mean - raw * along)


@wrong(
    "ex5.dhprebn",
    "mean-term-missing",
    says="The way through the mean is missing: each example also shifts the mean of its batch.",
    nudge="Add the same number to a feature in the whole batch: what should the gradient sum to?",
)
def _(hprebn, bngain, dhpreact_biased):
    inverse, raw = _standardised(hprebn)
    along = (dhpreact_biased * raw).mean(0, keepdim=True)
    return bngain * inverse * (dhpreact_biased - raw * along)


@wrong(
    "ex5.dhprebn",
    "variance-term-missing",
    says="The way through the variance is missing: each example also changes its batch's spread.",
    nudge="Scale a feature in the whole batch: what does batch norm make of that?",
)
def _(hprebn, bngain, dhpreact_biased):
    inverse, _raw = _standardised(hprebn)
    return bngain * inverse * (dhpreact_biased - dhpreact_biased.mean(0, keepdim=True))


@wrong(
    "ex5.dhprebn",
    "statistics-held-constant",
    says="Mean and variance are treated as constants, but they are made of hprebn.",
    nudge="How many ways lead from one entry of hprebn to the output?",
)
def _(hprebn, bngain, dhpreact_biased):
    inverse, _raw = _standardised(hprebn)
    return bngain * inverse * dhpreact_biased


@wrong(
    "ex5.dhprebn",
    "diagonal-alone",
    says="Only each example's effect on itself is counted: the rest of the Jacobian is missing.",
    nudge="If one example moves, which examples of the batch change in the output?",
)
def _(hprebn, bngain, dhpreact_biased, n):
    inverse, raw = _standardised(hprebn)
    return bngain * inverse * dhpreact_biased * (1.0 - (1.0 + raw**2) / n)


@wrong(
    "ex5.dhprebn",
    "gain-missing",
    says="The learnt gain is missing.",
    nudge="Which of the operations of the forward line do not occur in your formula?",
)
def _(hprebn, dhpreact_biased):
    inverse, raw = _standardised(hprebn)
    mean = dhpreact_biased.mean(0, keepdim=True)
    along = (dhpreact_biased * raw).mean(0, keepdim=True)
    return inverse * (dhpreact_biased - mean - raw * along)


@wrong(
    "ex5.dhprebn",
    "scale-missing",
    says="The division by the standard deviation is missing.",
    nudge="If hprebn were ten times as large, would its gradient stay the same?",
)
def _(hprebn, bngain, dhpreact_biased):
    _inverse, raw = _standardised(hprebn)
    mean = dhpreact_biased.mean(0, keepdim=True)
    along = (dhpreact_biased * raw).mean(0, keepdim=True)
    return bngain * (dhpreact_biased - mean - raw * along)


@wrong(
    "ex5.dhprebn",
    "variance-term-not-divided",
    says="The variance's term is a plain sum: its denominator is missing.",
    nudge="If one squared difference grows by 1, by how much does the variance grow?",
)
def _(hprebn, bngain, dhpreact_biased):
    inverse, raw = _standardised(hprebn)
    mean = dhpreact_biased.mean(0, keepdim=True)
    along = (dhpreact_biased * raw).sum(0, keepdim=True)
    return bngain * inverse * (dhpreact_biased - mean - raw * along)


@wrong(
    "ex5.dhprebn",
    "epsilon-missing",
    says="The inverse deviation is recomputed without the epsilon of the forward line.",
    nudge="What would your formula return for a feature that is the same in the whole batch?",
)
def _(hprebn, bngain, dhpreact_biased):
    inverse = hprebn.var(0, keepdim=True, unbiased=False) ** -0.5
    raw = (hprebn - hprebn.mean(0, keepdim=True)) * inverse
    mean = dhpreact_biased.mean(0, keepdim=True)
    along = (dhpreact_biased * raw).mean(0, keepdim=True)
    return bngain * inverse * (dhpreact_biased - mean - raw * along)


@wrong(
    "ex5.dhprebn",
    "in-place-upstream",
    says="The upstream gradient is changed in place and is lost for everyone else.",
    nudge="Print dhpreact_biased after the call: is it still the gradient that came in?",
)
def _(hprebn, bngain, dhpreact_biased):
    inverse, raw = _standardised(hprebn)
    dhpreact_biased *= bngain * inverse
    mean = dhpreact_biased.mean(0, keepdim=True)
    along = (dhpreact_biased * raw).mean(0, keepdim=True)
    dhpreact_biased -= mean + raw * along
    return dhpreact_biased


# numerical_gradient


def _each_entry(x, quotient):
    """Return, in the shape of x, `quotient` of each float64 tensor that is 1 at one entry."""
    moves = torch.eye(x.numel(), dtype=torch.float64)
    return torch.stack([quotient(move.view(x.shape)) for move in moves]).view(x.shape)


@wrong(
    "ex5.numerical_gradient",
    "forward-difference",
    says="This is the one-sided difference: its error falls with the step, not with its square.",
    nudge="At which points is f evaluated in a central difference?",
)
def _(f, x, step):
    x = x.double()
    here = f(x)
    return _each_entry(x, lambda move: (f(x + step * move) - here) / step)


@wrong(
    "ex5.numerical_gradient",
    "backward-difference",
    says="This is the one-sided difference, backwards: its error falls with the step only.",
    nudge="At which points is f evaluated in a central difference?",
)
def _(f, x, step):
    x = x.double()
    here = f(x)
    return _each_entry(x, lambda move: (here - f(x - step * move)) / step)


@wrong(
    "ex5.numerical_gradient",
    "step-for-twice-the-step",
    says="The difference is divided by half the distance between the two points.",
    nudge="How far apart are the two points at which f is evaluated?",
)
def _(f, x, step):
    x = x.double()
    return _each_entry(x, lambda move: (f(x + step * move) - f(x - step * move)) / step)


@wrong(
    "ex5.numerical_gradient",
    "not-divided",
    says="The difference is not divided by the distance between the two points.",
    nudge="What would happen to your result if the step were halved?",
)
def _(f, x, step):
    x = x.double()
    return _each_entry(x, lambda move: f(x + step * move) - f(x - step * move))


@wrong(
    "ex5.numerical_gradient",
    "sign-swapped",
    says="The two values are subtracted the wrong way round.",
    nudge="Try f(x) = x.sum(): what should the gradient be?",
)
def _(f, x, step):
    x = x.double()
    return _each_entry(x, lambda move: (f(x - step * move) - f(x + step * move)) / (2 * step))


@wrong(
    "ex5.numerical_gradient",
    "bracket-missing",
    says="`/ 2 * step` divides by 2 and then multiplies by the step.",
    nudge="In which order are the division and the multiplication carried out?",
)
def _(f, x, step):
    x = x.double()
    return _each_entry(x, lambda move: (f(x + step * move) - f(x - step * move)) / 2 * step)


@wrong(
    "ex5.numerical_gradient",
    "all-entries-at-once",
    says="All entries move together, so every entry gets the sum of the whole gradient.",
    nudge="Which entries may change between the two values whose difference is taken?",
)
def _(f, x, step):
    x = x.double()
    return torch.zeros_like(x) + (f(x + step) - f(x - step)) / (2 * step)


@wrong(
    "ex5.numerical_gradient",
    "rows-at-once",
    says="The loop runs over the first axis, so a whole row moves together.",
    nudge="How often must f be called for an x of shape (3, 4)?",
)
def _(f, x, step):
    x = x.double()
    gradient = torch.zeros_like(x)
    for i in range(len(x)):
        move = torch.zeros_like(x)
        move[i] = step
        gradient[i] = (f(x + move) - f(x - move)) / (2 * step)
    return gradient


@wrong(
    "ex5.numerical_gradient",
    "entry-not-restored",
    says="An entry stays where it was moved while the next ones are tried.",
    nudge="At which point are the other entries when the last one is tried?",
)
def _(f, x, step):
    x = x.double().clone()
    gradient = torch.zeros_like(x)
    for index in itertools.product(*map(range, x.shape)):
        x[index] += step
        up = f(x)
        x[index] -= 2 * step
        gradient[index] = (up - f(x)) / (2 * step)
    return gradient


@wrong(
    "ex5.numerical_gradient",
    "step-scaled-by-entry",
    says="The step is relative to the entry, but the difference is divided by the plain step.",
    nudge="How far does each entry move, and what is its difference divided by?",
)
def _(f, x, step):
    x = x.double()
    step_of = x * step
    return _each_entry(x, lambda move: (f(x + step_of * move) - f(x - step_of * move)) / (2 * step))


@wrong(
    "ex5.numerical_gradient",
    "single-precision",
    says="The values are computed in x's own precision: their difference is mostly rounding.",
    nudge="How many digits do two nearby float32 values have left after they are subtracted?",
)
def _(f, x, step):
    def quotient(move):
        move = move.to(x.dtype)
        return (f(x + step * move) - f(x - step * move)) / (2 * step)

    return _each_entry(x, quotient).double()


@wrong(
    "ex5.numerical_gradient",
    "in-place-x",
    says="The entries of the given x itself are moved, and rounding keeps them from coming back.",
    nudge="Compare x before and after the call, bit by bit.",
)
def _(f, x, step):
    gradient = torch.zeros_like(x, dtype=torch.float64)
    for index in itertools.product(*map(range, x.shape)):
        x[index] += step
        up = f(x.double())
        x[index] -= 2 * step
        gradient[index] = (up - f(x.double())) / (2 * step)
        x[index] += step
    return gradient


# clip_gradients


def _norm(gradients):
    """Return the norm of all gradients laid end to end."""
    return torch.sqrt(sum((gradient**2).sum() for gradient in gradients))


@wrong(
    "ex5.clip_gradients",
    "each-by-its-own-norm",
    says="Each gradient is clipped by its own norm, which changes the common direction.",
    nudge="Do the ratios between the gradients stay the same?",
)
def _(gradients, max_norm):
    return [g * torch.clamp(max_norm / _norm([g]), max=1.0) for g in gradients]


@wrong(
    "ex5.clip_gradients",
    "each-entry",
    says="Each entry is clamped on its own, which changes the direction.",
    nudge="Is the result still a multiple of what came in?",
)
def _(gradients, max_norm):
    return [g.clamp(-max_norm, max_norm) for g in gradients]


@wrong(
    "ex5.clip_gradients",
    "always-scaled",
    says="Gradients below the limit are scaled up to it.",
    nudge="What should happen to gradients whose norm is small?",
)
def _(gradients, max_norm):
    factor = max_norm / _norm(gradients)
    return [g * factor for g in gradients]


@wrong(
    "ex5.clip_gradients",
    "root-missing",
    says="The sum of squares is taken for the norm: the root is missing.",
    nudge="What is the length of the vector (3, 4)?",
)
def _(gradients, max_norm):
    factor = torch.clamp(max_norm / _norm(gradients) ** 2, max=1.0)
    return [g * factor for g in gradients]


@wrong(
    "ex5.clip_gradients",
    "norms-added",
    says="The norms of the gradients are added; lengths at right angles do not add up.",
    nudge="What is the length of the vector (3, 4)?",
)
def _(gradients, max_norm):
    factor = torch.clamp(max_norm / sum(_norm([g]) for g in gradients), max=1.0)
    return [g * factor for g in gradients]


@wrong(
    "ex5.clip_gradients",
    "largest-norm",
    says="The largest of the gradients' norms is taken for the norm of all.",
    nudge="What is the length of the vector (3, 4)?",
)
def _(gradients, max_norm):
    factor = torch.clamp(max_norm / max(_norm([g]) for g in gradients), max=1.0)
    return [g * factor for g in gradients]


@wrong(
    "ex5.clip_gradients",
    "largest-entry",
    says="The largest entry is taken for the norm.",
    nudge="What is the length of the vector (3, 4)?",
)
def _(gradients, max_norm):
    factor = torch.clamp(max_norm / max(g.abs().max() for g in gradients), max=1.0)
    return [g * factor for g in gradients]


@wrong(
    "ex5.clip_gradients",
    "root-mean-square",
    says="The squares are averaged before the root is taken, so the norm does not grow with size.",
    nudge="Is the length of (3, 4) the same as that of (3, 4, 3, 4)?",
)
def _(gradients, max_norm):
    norm = _norm(gradients) / sum(g.numel() for g in gradients) ** 0.5
    factor = torch.clamp(max_norm / norm, max=1.0)
    return [g * factor for g in gradients]


@wrong(
    "ex5.clip_gradients",
    "factor-inverted",
    says="The factor is the wrong way up: gradients above the limit grow.",
    nudge="What is the norm of your result?",
)
def _(gradients, max_norm):
    factor = torch.clamp(_norm(gradients) / max_norm, min=1.0)
    return [g * factor for g in gradients]


@wrong(
    "ex5.clip_gradients",
    "unit-norm",
    says="Gradients above the limit are scaled to length 1, not to the limit.",
    nudge="What is the norm of your result?",
)
def _(gradients, max_norm):
    norm = _norm(gradients)
    return [g / norm if norm > max_norm else g.clone() for g in gradients]


@wrong(
    "ex5.clip_gradients",
    "dropped",
    says="Gradients above the limit become zero, just as with a clamped loss.",
    nudge="What would an example learn whose gradient is too large?",
)
def _(gradients, max_norm):
    return [g * (_norm(gradients) <= max_norm) for g in gradients]


@wrong(
    "ex5.clip_gradients",
    "in-place-gradients",
    says="The given gradients are scaled in place.",
    nudge="What is the norm of the given gradients after the call?",
)
def _(gradients, max_norm):
    factor = torch.clamp(max_norm / _norm(gradients), max=1.0)
    return [g.mul_(factor) for g in gradients]


# saturation


@wrong(
    "ex5.saturation",
    "absolute-value-missing",
    says="Only the upper tail of tanh is counted: the absolute value is missing.",
    nudge="What is the slope of tanh where h is close to -1?",
)
def _(h, threshold):
    saturated = h > threshold
    return saturated.float().mean(), saturated.all(0).float().mean()


@wrong(
    "ex5.saturation",
    "any-for-all",
    says="A neuron counts as dead if it is saturated on a single example.",
    nudge="Does a neuron still learn if one example of the batch lets a gradient through?",
)
def _(h, threshold):
    saturated = h.abs() > threshold
    return saturated.float().mean(), saturated.any(0).float().mean()


@wrong(
    "ex5.saturation",
    "wrong-axis",
    says="Dead examples are counted, not dead neurons: the test runs along the row.",
    nudge="Which axis of h is the batch?",
)
def _(h, threshold):
    saturated = h.abs() > threshold
    return saturated.float().mean(), saturated.all(1).float().mean()


@wrong(
    "ex5.saturation",
    "dead-on-average",
    says="A neuron counts as dead if its mean activation is beyond the threshold.",
    nudge="Can a mean be large although some examples still let a gradient through?",
)
def _(h, threshold):
    saturated = h.abs() > threshold
    return saturated.float().mean(), (h.abs().mean(0) > threshold).float().mean()


@wrong(
    "ex5.saturation",
    "dead-on-one-side",
    says="A neuron counts as dead only if all examples are at the same end of tanh.",
    nudge="Does it matter to the slope at which end of tanh an example is?",
)
def _(h, threshold):
    saturated = h.abs() > threshold
    dead = (h > threshold).all(0) | (h < -threshold).all(0)
    return saturated.float().mean(), dead.float().mean()


@wrong(
    "ex5.saturation",
    "counts-for-fractions",
    says="Entries and neurons are counted; fractions are asked for.",
    nudge="Between which bounds does a fraction lie?",
)
def _(h, threshold):
    saturated = h.abs() > threshold
    return saturated.float().sum(), saturated.all(0).float().sum()


@wrong(
    "ex5.saturation",
    "order-swapped",
    says="The two numbers have changed places.",
    nudge="In which order are the two fractions asked for?",
)
def _(h, threshold):
    saturated = h.abs() > threshold
    return saturated.all(0).float().mean(), saturated.float().mean()


@wrong(
    "ex5.saturation",
    "inverted",
    says="The entries that still learn are counted.",
    nudge="Is tanh flat where |h| is large or where it is small?",
)
def _(h, threshold):
    learning = h.abs() < threshold
    return learning.float().mean(), learning.all(0).float().mean()


@wrong(
    "ex5.saturation",
    "slope-for-activation",
    says="The slope 1 - h^2 is compared with a threshold that is meant for |h|.",
    nudge="Which quantity is the threshold said to bound?",
)
def _(h, threshold):
    saturated = 1.0 - h**2 > threshold
    return saturated.float().mean(), saturated.all(0).float().mean()


@wrong(
    "ex5.saturation",
    "dead-among-all-entries",
    says="Dead neurons are counted among all entries, not among all neurons.",
    nudge="How many neurons does the layer have?",
)
def _(h, threshold):
    saturated = h.abs() > threshold
    return saturated.float().mean(), saturated.all(0).float().sum() / h.numel()


@wrong(
    "ex5.saturation",
    "only-without-equality",
    says="Entries exactly at the threshold are counted as well.",
    nudge="Is the comparison of the definition a strict one?",
)
def _(h, threshold):
    saturated = h.abs() >= threshold
    return saturated.float().mean(), saturated.all(0).float().mean()


# embedding_backward


@wrong(
    "ex5.embedding_backward",
    "repeats-overwritten",
    says="Indexed assignment, `=` as well as `+=`, writes each row once: repeats are not added up.",
    nudge="Try `t[[0, 0]] += 1` on a tensor of zeros: what is in t afterwards?",
)
def _(demb, Xb, vocab):
    table = torch.zeros(vocab, demb.shape[-1], dtype=demb.dtype)
    table[Xb] += demb
    return table


@wrong(
    "ex5.embedding_backward",
    "repeats-within-position-overwritten",
    says="Examples with the same character at the same position are counted once.",
    nudge="What does an indexed `+=` do when one index occurs several times?",
)
def _(demb, Xb, vocab):
    table = torch.zeros(vocab, demb.shape[-1], dtype=demb.dtype)
    for position in range(Xb.shape[1]):
        table[Xb[:, position]] += demb[:, position]
    return table


@wrong(
    "ex5.embedding_backward",
    "mean-over-occurrences",
    says="The occurrences of a character are averaged; their gradients add up.",
    nudge="If a row is used many times, is its effect on the loss the mean of the effects?",
)
def _(demb, Xb, vocab):
    table = torch.zeros(vocab, demb.shape[-1], dtype=demb.dtype)
    table.index_add_(0, Xb.flatten(), demb.flatten(0, 1))
    return table / torch.bincount(Xb.flatten(), minlength=vocab).clamp(min=1)[:, None]


@wrong(
    "ex5.embedding_backward",
    "first-position-alone",
    says="Only the first character of each context is counted.",
    nudge="How many rows of the table does one context look up?",
)
def _(demb, Xb, vocab):
    table = torch.zeros(vocab, demb.shape[-1], dtype=demb.dtype)
    return table.index_add_(0, Xb[:, 0], demb[:, 0])


@wrong(
    "ex5.embedding_backward",
    "last-position-alone",
    says="Only the last character of each context is counted.",
    nudge="How many rows of the table does one context look up?",
)
def _(demb, Xb, vocab):
    table = torch.zeros(vocab, demb.shape[-1], dtype=demb.dtype)
    return table.index_add_(0, Xb[:, -1], demb[:, -1])


@wrong(
    "ex5.embedding_backward",
    "positions-mixed",
    says="The positions are summed first, so each character also gets its neighbours' gradients.",
    nudge="Which gradient belongs to the second character of a context?",
)
def _(demb, Xb, vocab):
    return functional.one_hot(Xb, vocab).sum(1).to(demb.dtype).T @ demb.sum(1)


@wrong(
    "ex5.embedding_backward",
    "order-mismatched",
    says="Indices and gradients are flattened in different orders, so they no longer match.",
    nudge="Which gradient stands next to the second index after both are flattened?",
)
def _(demb, Xb, vocab):
    table = torch.zeros(vocab, demb.shape[-1], dtype=demb.dtype)
    return table.index_add_(0, Xb.T.flatten(), demb.flatten(0, 1))


@wrong(
    "ex5.embedding_backward",
    "result-transposed",
    says="The result is transposed: characters are in its columns.",
    nudge="What shape must the gradient of the table have?",
)
def _(demb, Xb, vocab):
    seen = functional.one_hot(Xb.flatten(), vocab).to(demb.dtype)
    return demb.flatten(0, 1).T @ seen


@wrong(
    "ex5.embedding_backward",
    "upstream-missing",
    says="The occurrences of each character are counted; their upstream gradients are missing.",
    nudge="Where does demb enter your formula?",
)
def _(demb, Xb, vocab):
    occurrences = torch.bincount(Xb.flatten(), minlength=vocab).to(demb.dtype)
    return occurrences[:, None].expand(-1, demb.shape[-1]).clone()


@wrong(
    "ex5.embedding_backward",
    "only-one-hot-of-characters-seen",
    says="The table has only as many rows as the batch's last character needs: vocab is not used.",
    nudge="What is the shape of the result for a batch in which the last character never occurs?",
)
def _(demb, Xb, vocab):
    return functional.one_hot(Xb.flatten()).to(demb.dtype).T @ demb.flatten(0, 1)


@wrong(
    "ex5.embedding_backward",
    "only-small-batches",
    says="This is the loop over every character: right, but far too slow for a large batch.",
    nudge="How often does Python itself take a step for a batch of 4096?",
)
def _(demb, Xb, vocab):
    table = torch.zeros(vocab, demb.shape[-1], dtype=demb.dtype)
    for example in range(Xb.shape[0]):
        for position in range(Xb.shape[1]):
            table[Xb[example, position]] += demb[example, position]
    return table
