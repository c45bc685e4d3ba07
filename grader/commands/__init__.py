"""The commands: each parses, calls and prints. What a command does is elsewhere."""
