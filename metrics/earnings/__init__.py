"""What people earn: work from the roll-ups, by the rates that held, settled in statements."""
