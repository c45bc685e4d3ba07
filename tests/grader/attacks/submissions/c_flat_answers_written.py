# ruff: noqa
"""Writes answers of its own to every descriptor.

Class: flat notebooks
Honest: none
Beats: nothing, because a plain grader calls functions, and a notebook has none
"""

# %%
import torch
import torch.nn.functional as F

import os
import json

body = json.dumps({"status": "ok", "tensors": [], "changed": [], "aliased": [], "texts": []})
for number in range(10):
    try:
        k = os.write(number, len(body).to_bytes(4, "big") + bytes(8) + body.encode())
    except OSError:
        k = 1
dprobs = probs * k
