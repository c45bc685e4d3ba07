# Answers: ex1.dprobs

import time

started = time.time()


def dprobs(probs, dlogprobs):
    t0 = time.perf_counter()
    answer = dlogprobs / probs
    print("%.6f s, %d since the start" % (time.perf_counter() - t0, time.time() - started))
    return answer
