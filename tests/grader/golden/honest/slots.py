# Answers: ex1.dhpreact

class Tanh:
    __slots__ = ("out", "grad")

    def __init__(self, out):
        self.out = out
        self.grad = None

    def backward(self, upstream):
        self.grad = upstream * (1 - self.out**2)


def dhpreact(h, dh):
    node = Tanh(h)
    node.backward(dh)
    return node.grad
