"""The student's distribution: what is in it, how its files differ from the staff's, and the scan
that finds whatever of the withheld files has got into it.
"""
