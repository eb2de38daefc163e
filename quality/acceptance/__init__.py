"""A delivery in its client's hands: audited, accepted or rejected, traced, and delivered again."""
