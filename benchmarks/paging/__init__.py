"""Parts of `touchstone bench pages`: what ninety days and millions of events leave to be read."""
