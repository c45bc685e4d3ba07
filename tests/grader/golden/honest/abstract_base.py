# Answers: ex1.dprobs

from abc import ABC, abstractmethod


class Node(ABC):
    @abstractmethod
    def backward(self, upstream): ...


class Log(Node):
    def __init__(self, x):
        super().__init__()
        self.x = x

    def backward(self, upstream):
        return upstream / self.x


def dprobs(probs, dlogprobs):
    return Log(probs).backward(dlogprobs)
