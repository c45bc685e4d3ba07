# Answers: ex1.dprobs

import matplotlib.pyplot as plt
from matplotlib import cm


def dprobs(probs, dlogprobs):
    answer = dlogprobs / probs
    fig, ax = plt.subplots(1, 2)
    plt.hist(answer.flatten().tolist(), 50)
    plt.title("dprobs")
    plt.close("all")
    return answer
