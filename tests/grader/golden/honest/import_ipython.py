# Answers: ex1.dW2

from IPython import get_ipython
from IPython.display import HTML, display

shell = get_ipython()


def dW2(h, dlogits):
    answer = h.T @ dlogits
    display(HTML("<b>dW2</b>"))
    return answer
