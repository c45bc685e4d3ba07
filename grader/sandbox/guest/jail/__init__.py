"""What a worker is locked in with, and what tries to get out."""
