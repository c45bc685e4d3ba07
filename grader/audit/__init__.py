"""Evidence about a graded cohort, for staff to look at: what is alike, and what is unusual.

Nothing in here is a verdict. Two students who learnt from the same page write the same lines.
"""
