# Answers: ex1.dW2

import contextlib
import io


def dW2(h, dlogits):
    with contextlib.redirect_stdout(io.StringIO()) as text:
        print("quiet", h.shape)
    assert "quiet" in text.getvalue()
    return h.T @ dlogits
