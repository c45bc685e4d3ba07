# Answers: ex1.dprobs

import os

os.environ["CUDA_VISIBLE_DEVICES"] = ""
os.environ.setdefault("OMP_NUM_THREADS", "1")
HOME = os.environ.get("HOME", "/")


def dprobs(probs, dlogprobs):
    return dlogprobs / probs
