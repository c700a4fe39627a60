"""The command line: options in, exit codes out; all else is done by the core."""
