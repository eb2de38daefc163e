"""Judging: what submitted answers are worth, by one path for gold and ordinary work."""
