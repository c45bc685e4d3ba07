# Answers: ex1.dprobs ex1.dbnraw

EPS = 1e-5
print(f"{EPS:>12.3e}|{'x':^5}|{3!r:>4}")


def dprobs(probs, dlogprobs):
    print(f"{probs.mean().item():.4f} {probs.shape[0]:03d} {tuple(probs.shape)!s:>10}")
    return dlogprobs / probs


def dbnraw(bngain, dhpreact):
    width = 20
    print(f"{'dbnraw':<{width}}{bngain.abs().max().item():8.3f}")
    return bngain * dhpreact
