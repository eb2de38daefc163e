"""The labeller's desk: its JSON and its page."""
