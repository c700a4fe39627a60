"""What is known of the tests: read off their sources, from a list, from a run."""
