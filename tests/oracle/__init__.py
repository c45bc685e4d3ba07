"""The oracle: what the command line writes of known submissions, frozen, for those who move code.

    python -m tests.oracle check [--sample] [--keep DIR]
    python -m tests.oracle freeze [--sample]

It runs `grader` on submissions of every form with a fixed seed, takes out what may vary, and
compares digests with those in `frozen.json`. `--keep` leaves the texts in DIR: run it on two
commits, and compare the folders to see what changed.
"""
