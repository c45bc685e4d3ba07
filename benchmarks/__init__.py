"""How fast the grader is, in ratios: `make bench`, or `python -m benchmarks ROW ...`.

What is compared is measured side by side in one run, in turns, so that whatever else the machine
does falls on both. A row is one module with a function `measure`; `rows.py` lists them.
"""
