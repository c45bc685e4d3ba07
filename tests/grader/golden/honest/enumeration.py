# Answers: ex1.db2 ex1.dlogit_maxes

from enum import Enum, IntEnum, auto


class Axis(IntEnum):
    ROWS = 0
    COLUMNS = 1


class Mode(Enum):
    FORWARD = auto()
    BACKWARD = auto()


mode = Mode.BACKWARD


def db2(dlogits):
    return dlogits.sum(int(Axis.ROWS))


def dlogit_maxes(dnorm_logits):
    sign = -1 if mode is Mode.BACKWARD else 1
    return sign * dnorm_logits.sum(Axis.COLUMNS, keepdim=True)
