"""All that enters the jail. Its modules name each other relative to this package: in the jail it is
not a part of `grader`.
"""
