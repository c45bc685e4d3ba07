# Answers: ex1.dprobs

import torch
import numpy as np
import pickle, io
from tqdm import tqdm
torch.use_deterministic_algorithms(True)
torch.set_default_device("cpu")
tqdm.pandas()
def dprobs(probs, dlogprobs):
    tqdm.write("a", file=None)
    np.unique([1, 1]); np.median([1.0, 2.0]); np.polynomial.Polynomial([1]); np.char.upper(["a"])
    pickle.loads(pickle.dumps(probs))
    buffer = io.BytesIO(); torch.save(probs, buffer); buffer.seek(0); torch.load(buffer)
    torch.use_deterministic_algorithms(False)
    with torch.device("cpu"):
        torch.zeros(2)
    return dlogprobs / probs
