"""Parts of `touchstone bench quality`: ours beside what others have, on the same data."""
