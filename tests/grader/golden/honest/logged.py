# Answers: ex1.dprobs ex1.dW1

import logging

logging.basicConfig(level=logging.INFO)
log = logging.getLogger(__name__)


def dprobs(probs, dlogprobs):
    log.debug("shape %s", tuple(probs.shape))
    log.info("dprobs")
    return dlogprobs / probs


def dW1(embcat, dhprebn):
    log.warning("product of %s and %s", embcat.shape, dhprebn.shape)
    return embcat.T @ dhprebn
