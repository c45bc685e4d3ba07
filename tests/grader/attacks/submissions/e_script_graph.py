# ruff: noqa
"""Writes a graph in the text of the intermediate language.

Class: torch's differentiation
Honest: none
Beats: plain pytest
"""

import torch

graph = torch._C.parse_ir(
    (
        "graph(%g : Tensor, %y : Tensor):\n"
        "  %r : Tensor = aten::tanh_backward(%g, %y)\n"
        "  return (%r)\n"
    )
)
call = torch._C._create_function_from_graph("call", graph)


def dhpreact(h, dh):
    return call(dh, h)
