"""Parts of `touchstone bench metrics`: made history, the peers, claims beside an increment."""
