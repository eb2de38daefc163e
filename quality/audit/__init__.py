"""The audit of a work history from a CSV file: no database, the same measures as the service."""
