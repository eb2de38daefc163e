"""Judging a model's detections from files, without a database."""
