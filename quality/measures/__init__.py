"""Measures of labelling quality: pure functions from arrays to arrays."""
