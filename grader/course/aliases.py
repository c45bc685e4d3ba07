"""Other spellings of the course's names, as they are in use elsewhere, and how to read them."""

from __future__ import annotations

from collections.abc import Container, Iterable

SPELLINGS = {
    "count_sum": "counts_sum",
    "count_sum_inv": "counts_sum_inv",
    "counts_suminv": "counts_sum_inv",
    "logits_max": "logit_maxes",
    "logits_maxes": "logit_maxes",
    "logit_max": "logit_maxes",
    "norm_logit": "norm_logits",
    "log_probs": "logprobs",
    "logprob": "logprobs",
    "prob": "probs",
    "h_preact": "hpreact",
    "h_pre_act": "hpreact",
    "h_prebn": "hprebn",
    "h_pre_bn": "hprebn",
    "hpre_bn": "hprebn",
    "bn_gain": "bngain",
    "bnorm_gain": "bngain",
    "bn_bias": "bnbias",
    "bnorm_bias": "bnbias",
    "bn_raw": "bnraw",
    "bn_var": "bnvar",
    "bn_var_inv": "bnvar_inv",
    "bnvarinv": "bnvar_inv",
    "bn_diff": "bndiff",
    "bn_diff2": "bndiff2",
    "bndiff_2": "bndiff2",
    "bn_meani": "bnmeani",
    "bn_mean": "bnmeani",
    "bnmean": "bnmeani",
    "emb_cat": "embcat",
    "xb": "Xb",
    "yb": "Yb",
}


def canonical(name: str, known: Container[str]) -> str:
    """Return the course's own spelling of `name`, which may be a tensor or a gradient.

    `known` holds the names that are right as they are; a name that is neither known nor another
    spelling of one is returned unchanged.
    """
    if name in known:
        return name
    if name in SPELLINGS:
        return SPELLINGS[name]
    if name.startswith("d"):
        tensor = name[1:].removeprefix("_")
        gradient = "d" + SPELLINGS.get(tensor, tensor)
        if gradient in known:
            return gradient
    return name


def spellings(names: Iterable[str]) -> dict[str, str]:
    """Return every spelling of these names, of tensors or of gradients, with the course's own."""
    found = {}
    for name in names:
        found[name] = name
        for other, own in SPELLINGS.items():
            if own == name:
                found[other] = name
            elif f"d{own}" == name:
                found[f"d{other}"] = found[f"d_{other}"] = name
        if name.startswith("d"):
            found[f"d_{name[1:]}"] = name
    return found
