"""Checks of recordings: `run` applies them, `finding` has the values, each family is a module."""
