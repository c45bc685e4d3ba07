"""A plain pytest grader to compare with: one process a submission, which it imports.

It runs the same checks with the same judge, in the way that most graders do: `pytest` with its
usual plugins, the submission in the same process, and nothing between them.
"""
