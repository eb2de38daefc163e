"""When batches will be complete and what they will have cost, by simulation over observed days."""
