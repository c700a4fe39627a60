"""What recordings there are, where the one for a request is, or why there is none; how lost ones return."""
