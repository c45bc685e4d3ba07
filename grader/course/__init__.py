"""What is taught: the forward lines, the tasks that follow from them, and the mistakes people make.

`exN_*.py` are specifications; `forward.py` derives from them; `tasks.toml` adds points and hints.
"""
