"""What the syntax trees of a submission tell: nothing of it is run. Standard library only."""
