"""Pictures: gradients, activations and loss curves, as PNG files and in the characters of a
terminal.

`subject.py` decides what is to be seen; `png.py` and `characters.py` only draw it. The cases are
public ones: a picture shows every number of a tensor.
"""
