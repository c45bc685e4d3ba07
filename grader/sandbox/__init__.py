"""Where student code runs: a separate process that is asked questions and answers in bytes.

`host` is the trusted side. `guest` is all that the other side consists of: it imports the standard
library, torch and itself, and nothing else of `grader`.
"""
