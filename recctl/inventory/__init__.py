"""What recordings there are, kept in an index, and where the one for a request is, or why there is none."""
