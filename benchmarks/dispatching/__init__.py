"""What `touchstone bench dispatch` is made of: a floor to measure on, clients, and its parts."""
