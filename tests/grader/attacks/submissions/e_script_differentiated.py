# ruff: noqa
"""Has a graph differentiated by the formulas of TorchScript.

Class: torch's differentiation
Honest: none
Beats: plain pytest
"""

import torch

graph = torch._C.parse_ir(
    ("graph(%x : Float(32, 64)):\n  %r : Float(32, 64) = aten::tanh(%x)\n  return (%r)\n")
)
back = torch._C._create_function_from_graph("back", torch._C._jit_differentiate(graph).df)


def dhpreact(h, dh):
    return back(dh, h)[0]
